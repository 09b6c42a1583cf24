/*
 * recording.h - a directory of recorded answers (refgate-snapshot(5)).
 *
 *     recording.json   {"format": 1, "base_url": "https://…", "started": "2026-…Z",
 *                      "finished": "2026-…Z"}; the times may be left out
 *     *.jsonl          one answer a line: {"url": "/rest/…", "status": 200, "body": …}; a 307 has
 *                      "location" before its body; the second look at a list (source.h) has
 *                      "look=2" at the end of its URL
 *
 * `url` comes first in its line, so that an index can be made without parsing: lines are parsed when
 * they are asked for. Of two answers to one URL the later one counts (files in the order of their
 * names), so that a recorder only ever appends.
 */
#ifndef REFGATE_BITBUCKET_RECORDING_H
#define REFGATE_BITBUCKET_RECORDING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"
#include "bitbucket/source.h"

#define RECORDING_FORMAT 1
#define RECORDING_LINE_MAX ((size_t)64 * 1024 * 1024)
#define RECORDING_META_MAX ((size_t)1024 * 1024)
#define RECORDING_FILES_MAX 4096

struct recording;

/* STATUS_NOT_FOUND, STATUS_IO, STATUS_FORMAT (not a recording, a damaged line, a last line that was
 * cut), STATUS_LIMIT. */
enum status recording_open(const char *directory, struct recording **out,
                           struct error *err) MUST_CHECK;
void recording_close(struct recording *recording); /* NULL is fine */

struct text recording_base_url(const struct recording *recording);
/* false: the recording does not say. */
bool recording_started(const struct recording *recording, int64_t *ms);
/* false: it does not say; the crawl that it is of was interrupted, perhaps. */
bool recording_finished(const struct recording *recording, int64_t *ms);
int64_t recording_duration(const struct recording *recording); /* ms; 0: it does not say */
size_t recording_answers(const struct recording *recording);
/* The answer to one question, now. STATUS_NOT_FOUND if there is none. Release it with
 * recording_release(). */
enum status recording_get(struct recording *recording, const struct question *question,
                          struct response *out, struct error *err) MUST_CHECK;
void recording_release(struct response *response);
/* Answers in the order of the questions, each read ahead by a thread that ends with the recording.
 * One source of a recording at a time: the last one that was made. What wait() gave must have been
 * released when the recording is closed. */
struct answer_source recording_source(struct recording *recording);

#endif
