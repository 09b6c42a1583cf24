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

struct audit_findings { /* of one file */
    uint64_t lines, breaks;
    enum audit_damage first;    /* AUDIT_INTACT: none */
    uint64_t first_line, other; /* other: 0 if there is none */
    bool has_head;
    struct digest head; /* hash of the last line that has one */
};

struct audit_verifier {   /* goes from file to file; zero it, then set what is known */
    struct digest *heads; /* caller's array, room for one a file */
    size_t head_count;
    struct text from;           /* a hash that the first file may begin after; absent: none */
    const struct text *anchors; /* hashes that must be there */
    bool *anchors_found;        /* as many */
    size_t anchor_count;
};

/* Each file is a chain of its own, or goes on where a file before it ended (rotated logs, oldest
 * first). STATUS_NOT_FOUND, STATUS_IO, STATUS_MEMORY: could not be read; *out untouched. */
enum status audit_verify(struct audit_verifier *verifier, const char *path,
                         struct audit_findings *out, struct error *err) MUST_CHECK;

#endif
