/* doctor_path.h - one line about a path that the hook reads or writes, judged for who runs the hook. */
#ifndef REFGATE_COMMAND_DOCTOR_PATH_H
#define REFGATE_COMMAND_DOCTOR_PATH_H

#include "command/doctor.h"

/* From whom the hook believes it: anybody; root and itself; these and who is in [trust] owners, which
 * holds for the snapshot only. */
enum doctor_trust { DOCTOR_ANYBODY, DOCTOR_TRUSTED, DOCTOR_OWNERS };

struct doctor_path {
    const char *check, *path;
    unsigned wanted; /* FILE_READ and the like */
    enum doctor_trust trusted;
    enum doctor_mark mark; /* of what is not as it should be */
    const char *missing;   /* what to do if it is not there */
};

/* true: all is well. `quiet`: only what is not is said. */
bool doctor_path(struct doctor *d, const struct doctor_path *path, bool quiet);

#endif
