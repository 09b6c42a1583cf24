/*
 * audit_verify.h - is the chain of an audit log whole? (record/audit_line.h says how it is made.)
 *
 * Finds an edit, a deletion, an insertion, a reordering and a torn line. A chain without a key
 * cannot show a cut tail or a whole rewrite: for that, heads that were kept elsewhere (syslog) are
 * given as anchors.
 */
#ifndef REFGATE_RECORD_AUDIT_VERIFY_H
#define REFGATE_RECORD_AUDIT_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/text.h"

struct audit_reader; /* audit_read.h */

enum audit_damage {
    AUDIT_INTACT = 0,
    AUDIT_NOT_A_RECORD, /* no seal at its end: torn, or not written by refgate */
    AUDIT_EDITED,       /* the hash in the line is not the hash of the line */
    AUDIT_MISSING,      /* the line before it is nowhere: deleted or replaced */
    AUDIT_MOVED,        /* the line before it stands elsewhere in the file (`other`) */
    AUDIT_RESTARTED,    /* a new chain begins in the middle of a file */
    AUDIT_BEHEADED,     /* the file begins in the middle of a chain that no file before it ends */
};
const char *audit_damage_name(enum audit_damage damage); /* "edited", …: stable */
const char *audit_damage_text(enum audit_damage damage); /* a sentence */

#define AUDIT_BREAKS_LISTED 20
#define AUDIT_NAME_MAX ((size_t)255)

struct audit_break {
    enum audit_damage damage;
    uint64_t line, other; /* other: 0 if there is none */
};

struct audit_findings { /* of one file */
    uint64_t lines, breaks;
    struct audit_break listed[AUDIT_BREAKS_LISTED]; /* the first ones; the rest zeroed */
    bool has_head;
    struct digest head; /* hash of the last line that has one */
    /* Of the first line: the hash that it follows (empty: 64 zeros, or it carries none); if it is the
     * record of a rotation, the name of the file that it goes on from (as in the record). */
    struct digest begins_after;
    char continues[AUDIT_NAME_MAX + 1];
    bool dropped; /* begins in the middle of a chain, and a rotation said that this is on purpose */
};

struct audit_verifier {   /* goes from file to file; zero it, then set what is known */
    struct digest *heads; /* caller's array, room for one a file */
    size_t head_count;
    struct digest *dropped; /* likewise; may be NULL: hashes that --keep let a chain begin after */
    size_t dropped_count;
    struct text from;           /* a hash that the first file may begin after; absent: none */
    const struct text *anchors; /* hashes that must be there */
    bool *anchors_found;        /* as many */
    size_t anchor_count;
};

/* Each file is a chain of its own, or goes on where a file before it ended (rotated logs, oldest
 * first). STATUS_NOT_FOUND, STATUS_IO, STATUS_MEMORY, STATUS_FORMAT (a compressed file is damaged):
 * could not be read; *out untouched. */
enum status audit_verify(struct audit_verifier *verifier, const char *path,
                         struct audit_findings *out, struct error *err) MUST_CHECK;
/* The same of a file that is open, from its beginning on; closes it. */
enum status audit_verify_reader(struct audit_verifier *verifier, struct audit_reader *reader,
                                struct audit_findings *out, struct error *err) MUST_CHECK;
/* After the last file: the rotations in them may say that files before this one were deleted on
 * purpose. Then its beginning is no break any more. */
void audit_verify_excuse(const struct audit_verifier *verifier, struct audit_findings *findings);

#endif
