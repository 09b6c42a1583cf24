/*
 * small_snapshot.h - a small snapshot that has one of everything, and the acme fixture, for the tests
 * of snapshot/ and bitbucket/.
 */
#ifndef REFGATE_TESTS_UNIT_SMALL_SNAPSHOT_H
#define REFGATE_TESTS_UNIT_SMALL_SNAPSHOT_H

#include "bitbucket/crawl.h"
#include "snapshot/builder.h"

#define SMALL_NOW INT64_C(1795320000000) /* 2026-11-22T04:00:00Z */

/* The facts of the small snapshot into a builder; in reverse order if asked. */
void small_fill(struct builder *builder, bool reverse);
/* Builds and publishes it; fails the test if that fails. */
struct builder_summary small_write(const char *path, bool reverse, int64_t now);

/* Replays a recording into PATH. err has the sentence if it fails. */
enum status small_replay(const char *recording, const char *path, bool allow_partial,
                         struct builder_summary *summary, struct error *err);

#endif
