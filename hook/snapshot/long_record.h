/*
 * long_record.h - the record of a project or repository with very many restrictions, of which few matter.
 *
 * Each page of memory that a program touches for the first time takes microseconds on a virtual machine,
 * even when it was asked for together with others: most of what reading 300 KB at once costs. So such
 * a record is read piece by piece through one small buffer, its checksum computed on the way, and only
 * those restrictions are kept that somebody wants: what comes out is the record as if it had no others.
 */
#ifndef REFGATE_SNAPSHOT_LONG_RECORD_H
#define REFGATE_SNAPSHOT_LONG_RECORD_H

#include "policy/view.h"
#include "snapshot/decode.h"
#include "snapshot/index.h"

#define LONG_RECORD_SIZE ((uint64_t)32 * 1024) /* shorter ones are read as they are */

struct restriction_choice {
    restriction_wanted *wanted; /* NULL: all are */
    const void *asker;
};

/* KEY's record, whose value has `size` bytes from `at` on; *body lies in the arena. Copies of a project's
 * restrictions are kept in any case: they count against the project's own. false, if anything at all
 * is unusual (malformed, another checksum, memory): read it as any other record, which will tell. */
bool long_record_choose(const struct file_bytes *file, struct text key, uint64_t at, uint64_t size,
                        enum place_kind kind, const struct restriction_choice *choice,
                        struct arena *arena, struct text *body);

#endif
