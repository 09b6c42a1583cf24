/*
 * json_slab.h - memory for one parsed answer, given back as a whole.
 *
 * Half of the time that jansson takes for an answer goes into malloc() and free() of its many small
 * pieces. While a thread has a slab open, its jansson takes memory from there, one piece after the
 * other; what does not fit, and everything that other threads do, comes from malloc() as ever. So a
 * value is the same whoever made it, but for how it is given back: json_slab_release(). A
 * json_decref() of it is no mistake, either; its slab is only never used again.
 */
#ifndef REFGATE_BITBUCKET_JSON_SLAB_H
#define REFGATE_BITBUCKET_JSON_SLAB_H

#include <jansson.h>

/* Once, before the first thread is started. Without memory for slabs everything comes from malloc(). */
void json_slab_prepare(void);
/* From now on this thread's jansson uses a slab, if one is free. */
void json_slab_open(void);
/* Back to malloc(). `value` is what was made meanwhile and is to be kept; all else was given back.
 * NULL: nothing is kept. */
void json_slab_close(const json_t *value);
/* Gives back a value, with all that is in it: nobody may hold a part of it. Any value; NULL is fine. */
void json_slab_release(json_t *value);

#endif
