/*
 * journal.h - a recording that is being written (recording.h has the format): the answers of a crawl,
 * in the order in which they came, so that a crawl that was interrupted goes on where it was.
 *
 * A line is written with one write(2), so that a killed process leaves whole lines and at most one
 * that was cut, which journal_resume() cuts off. Secrets are removed (redact.h). The directory is
 * for its owner only.
 */
#ifndef REFGATE_BITBUCKET_JOURNAL_H
#define REFGATE_BITBUCKET_JOURNAL_H

#include <stdint.h>
#include <jansson.h>

#include "base/error.h"
#include "base/text.h"
#include "bitbucket/source.h"

struct journal; /* locked as long as it is open: STATUS_BUSY for others */

/* DIR is created, or must be an empty directory of ours. STATUS_USAGE if something is in it. */
enum status journal_create(const char *directory, struct text base_url, int64_t started_ms,
                           struct journal **out, struct error *err) MUST_CHECK;
/* Goes on with an unfinished one. STATUS_NOT_FOUND if there is none, STATUS_FORMAT if it is of
 * another instance, finished, or damaged, STATUS_TRUST for links and for what others could change. */
enum status journal_resume(const char *directory, struct text base_url, struct journal **out,
                           struct error *err) MUST_CHECK;
/* Is a journal that is only read, a finished one, ours alone? As journal_resume(): STATUS_NOT_FOUND;
 * STATUS_TRUST for links and for what others could change. */
enum status journal_check(const char *directory, struct error *err) MUST_CHECK;
int64_t journal_started(const struct journal *journal);
/* One answer. `raw` are the bytes that Bitbucket sent, `body` the same, parsed; NULL: none. After an
 * error nothing more can be added; what was added before is whole. */
enum status journal_add(struct journal *journal, const struct question *question, int status,
                        const char *location, struct text raw, const json_t *body,
                        struct error *err) MUST_CHECK;
/* Makes it a complete recording: syncs it, and recording.json says when it was finished. */
enum status journal_finish(struct journal *journal, int64_t finished_ms,
                           struct error *err) MUST_CHECK;
uint64_t journal_size(const struct journal *journal); /* bytes of answers */
void journal_close(struct journal *journal); /* NULL is fine; what is there stays */
/* Removes a journal that nobody has open, and its directory: only files that a journal has. Missing:
 * STATUS_OK. STATUS_USAGE if something else is in it: then nothing is removed. */
enum status journal_remove(const char *directory, struct error *err) MUST_CHECK;

#endif
