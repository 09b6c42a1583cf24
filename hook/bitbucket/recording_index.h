/*
 * recording_index.h - what the files of recording*.c share: where each answer of a recording is.
 *
 * Once a recording is open its index does not change, so that several threads may look things up,
 * each with a reader of its own.
 */
#ifndef REFGATE_BITBUCKET_RECORDING_INDEX_H
#define REFGATE_BITBUCKET_RECORDING_INDEX_H

#include <stdint.h>
#include <jansson.h>

#include "base/buffer.h"
#include "bitbucket/recording.h"

#define RECORDING_LINE_START "{\"url\":"

struct recording_entry { /* one answer: where its line is */
    uint64_t hash;       /* of the normalised URL */
    uint64_t offset;
    uint32_t size; /* 0: an empty slot */
    uint32_t file;
};

struct recording_reader { /* memory that is used again and again; all zero is a new one */
    char *line;
    size_t room;
    struct buffer wanted, other; /* normalised URLs */
};

struct recording_worker; /* recording_source.c */

struct recording {
    json_t *meta;
    struct text base_url;
    bool started_known, finished_known;
    int64_t started_ms, finished_ms;
    char **names;
    int *fds;
    size_t file_count;
    struct recording_entry *slots;
    size_t slot_count, used;
    struct recording_reader reader; /* of the thread that opened it */
    struct recording_worker *worker; /* NULL: nobody asked yet */
};

void recording_reader_init(struct recording_reader *reader);
void recording_reader_free(struct recording_reader *reader);

/* {"url": "/rest/...", -> /rest/... Percent-encoded, so there is nothing to unescape. */
bool recording_line_url(struct text line, struct text *url);
/* The slot of the URL in reader->wanted (its line is in reader->line then), or the empty one where it
 * belongs. */
enum status recording_find(const struct recording *r, struct recording_reader *reader, size_t *slot,
                           struct error *err) MUST_CHECK;
/* recording_get() with a reader. */
enum status recording_read(const struct recording *r, struct recording_reader *reader,
                           const struct question *question, struct response *out,
                           struct error *err) MUST_CHECK;
/* Ends the thread that reads ahead, if there is one; what it has read is given back. */
void recording_stop(struct recording *recording);

#endif
