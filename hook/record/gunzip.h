/*
 * gunzip.h - a gzip file as the bytes that are in it, piece by piece (zlib does the work).
 *
 * Memory does not depend on what the file claims. Several members one after the other are one text,
 * as gzip(1) has it.
 */
#ifndef REFGATE_RECORD_GUNZIP_H
#define REFGATE_RECORD_GUNZIP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/text.h"

#define GUNZIP_MAGIC_SIZE 2

struct gunzip;

bool gunzip_magic(struct text bytes);    /* do they begin as a gzip file does? */
struct gunzip *gunzip_new(void);         /* NULL: out of memory */
void gunzip_free(struct gunzip *gunzip); /* NULL is fine */
/* Where compressed bytes are to be put next, `*room` of them; only when gunzip_hungry(). */
char *gunzip_input(struct gunzip *gunzip, size_t *room);
void gunzip_fed(struct gunzip *gunzip, size_t bytes); /* so many were put there */
bool gunzip_hungry(const struct gunzip *gunzip);
/* Is what was fed so far a whole file? Else it is cut short. */
bool gunzip_whole(const struct gunzip *gunzip);
/* Up to `room` bytes of the text; *got 0: feed it. STATUS_FORMAT: damaged; STATUS_MEMORY. */
enum status gunzip_read(struct gunzip *gunzip, char *to, size_t room, size_t *got,
                        struct error *err) MUST_CHECK;

#endif
