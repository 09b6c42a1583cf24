/*
 * facts.h - what only reports need: SSH keys and tokens of users, webhooks, hooks, … in one file of
 * JSON lines beside the snapshot, replaced whole (refgate-facts(5)).
 *
 * No secret is ever in it: of a webhook the host, of a token its name and dates.
 */
#ifndef REFGATE_BITBUCKET_FACTS_H
#define REFGATE_BITBUCKET_FACTS_H

#include <stdint.h>
#include <jansson.h>

#include "base/error.h"
#include "base/text.h"

#define FACTS_FORMAT 1

struct facts;

/* Begins a new file for PATH, which stays as it is until facts_publish(). */
enum status facts_begin(const char *path, struct text base_url, int64_t started_ms,
                        struct facts **out, struct error *err) MUST_CHECK;
/* Keeps nothing: for a crawl that only fetches. */
enum status facts_begin_checking(struct facts **out, struct error *err) MUST_CHECK;
/* One line: {"kind": KIND, and the members of `fact`}, which is taken over (also on failure). */
enum status facts_add(struct facts *facts, const char *kind, json_t *fact,
                      struct error *err) MUST_CHECK;
uint64_t facts_count(const struct facts *facts);
/* Writes the last line (the number of facts, and the digest of the snapshot they belong to) and
 * replaces PATH. */
enum status facts_publish(struct facts *facts, const char *snapshot_digest,
                          struct error *err) MUST_CHECK;
void facts_free(struct facts *facts); /* NULL is fine; what was not published is removed */

#endif
