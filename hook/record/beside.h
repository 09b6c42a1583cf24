/* beside.h - files beside another one: made, renamed and removed by name in a directory that is held
 * open. */
#ifndef REFGATE_RECORD_BESIDE_H
#define REFGATE_RECORD_BESIDE_H

#include <sys/stat.h>

#include "base/error.h"

struct beside {
    int directory;    /* of the path; the caller closes it */
    const char *name; /* its last part: points into the path */
};

enum status beside_open(const char *path, struct beside *out, struct error *err) MUST_CHECK;
/* A new, empty file of that name, for reading and writing, with owner and mode of `like`. One that
 * was left over is removed first. *fd is -1 on failure. */
enum status beside_create(const struct beside *place, const char *name, const struct stat *like,
                          int *fd, struct error *err) MUST_CHECK;
/* What was made, renamed and removed is on the disk. */
enum status beside_sync(const struct beside *place, struct error *err) MUST_CHECK;

#endif
