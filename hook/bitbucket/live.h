/*
 * live.h - a source that asks a live Bitbucket and writes each answer to a journal; what an earlier,
 * interrupted crawl has in its journal is not asked for again.
 */
#ifndef REFGATE_BITBUCKET_LIVE_H
#define REFGATE_BITBUCKET_LIVE_H

#include "bitbucket/client.h"
#include "bitbucket/journal.h"
#include "bitbucket/recording.h"
#include "bitbucket/source.h"

struct live;

/* All three are the caller's and must outlive it. `earlier` may be NULL; it is the recording of the
 * journal's own directory as it was before it was resumed. */
enum status live_new(struct client *client, struct journal *journal, struct recording *earlier,
                     size_t slots, struct live **out, struct error *err) MUST_CHECK;
void live_free(struct live *live); /* NULL is fine */
struct answer_source live_source(struct live *live);
uint64_t live_reused(const struct live *live); /* answers that came from `earlier` */

#endif
