/*
 * audit_line.h - how one line of the audit log is sealed.
 *
 *     {"id":…,"prev":"<64 hex>","hash":"<64 hex>"}
 *      `------- hashed -------'
 *
 * prev is the hash of the line before, 64 zeros in the first line. The seal stands at the very end
 * of the line in exactly this form, so that it is found and checked without parsing JSON.
 */
#ifndef REFGATE_RECORD_AUDIT_LINE_H
#define REFGATE_RECORD_AUDIT_LINE_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/digest.h"
#include "base/text.h"

/* How the record of a rotation begins (record/audit_rotate.h); a decision begins with its id. */
#define AUDIT_ROTATION_START "{\"type\":\"rotation\","
#define AUDIT_SEAL_SIZE ((size_t)150) /* more than `,"prev":"…","hash":"…"}` and a newline */

struct audit_seal {
    struct text body;       /* what is hashed: the line up to `,"hash"` */
    struct text prev, hash; /* 64 digits each */
};

struct digest audit_hash_none(void);  /* 64 zeros */
bool audit_hash_valid(struct text t); /* 64 lower-case hex digits */
/* Adds the sealed line, without newline, to `out`. `record` is a JSON object that is not empty. */
void audit_line_seal(struct text record, const struct digest *prev, struct buffer *out,
                     struct digest *hash);
/* The seal of a line (no newline); false if it has none. Says nothing about whether it is right. */
bool audit_line_read(struct text line, struct audit_seal *out);
/* Only the hash: also of a line whose beginning is not there. */
bool audit_line_hash(struct text line, struct text *hash);
/* Is the hash in the line the hash of the line? */
bool audit_line_genuine(const struct audit_seal *seal);

#endif
