#include "record/audit_verify.h"

#include "record/audit_line.h"
#include "record/audit_read.h"

static const struct {
    const char *name, *text;
} damages[] = {
    [AUDIT_INTACT] = {"intact", "the chain is intact"},
    [AUDIT_NOT_A_RECORD] = {"torn", "the line is not a whole record: it was torn (power or disk "
                                    "failed while it was written), or did not come from refgate"},
    [AUDIT_EDITED] = {"edited", "the line was edited: it does not have the hash that it carries"},
    [AUDIT_MISSING] = {"missing", "the line that came before it is gone: deleted or replaced"},
    [AUDIT_MOVED] = {"moved", "lines were inserted or reordered: it does not follow the line "
                              "before it, but line"},
    [AUDIT_RESTARTED] = {"restarted", "a new chain begins in the middle of the file: what came "
                                      "before it is not vouched for"},
    [AUDIT_BEHEADED] = {"beheaded", "the file begins in the middle of a chain: its first lines "
                                    "were deleted, or the file before it was not given"},
};
#define DAMAGES (sizeof damages / sizeof damages[0])

const char *audit_damage_name(enum audit_damage damage)
{
    return (size_t)damage < DAMAGES ? damages[damage].name : "unknown";
}

const char *audit_damage_text(enum audit_damage damage)
{
    return (size_t)damage < DAMAGES ? damages[damage].text : "unknown";
}

static bool is_hash(const struct digest *digest, struct text hash)
{
    return text_equal(text_of(digest->hex), hash);
}

static void note_anchors(struct audit_verifier *verifier, struct text hash)
{
    for (size_t i = 0; i < verifier->anchor_count; i++)
        if (text_equal(verifier->anchors[i], hash))
            verifier->anchors_found[i] = true;
}

/* May a file begin after this hash? */
static bool may_begin_after(const struct audit_verifier *verifier, struct text prev)
{
    struct digest none = audit_hash_none();
    if (is_hash(&none, prev) || (verifier->from.size && text_equal(verifier->from, prev)))
        return true;
    for (size_t i = 0; i < verifier->head_count; i++)
        if (is_hash(&verifier->heads[i], prev))
            return true;
    return false;
}

static enum audit_damage look_at_line(struct audit_verifier *verifier,
                                      const struct audit_findings *so_far,
                                      const struct audit_line *line, struct audit_seal *seal)
{
    if (line->too_long || !audit_line_read(line->text, seal)) {
        *seal = (struct audit_seal){TEXT_NONE, TEXT_NONE, TEXT_NONE};
        return AUDIT_NOT_A_RECORD;
    }
    if (!audit_line_genuine(seal))
        return AUDIT_EDITED;
    note_anchors(verifier, seal->hash);
    if (!so_far->has_head)
        return may_begin_after(verifier, seal->prev) ? AUDIT_INTACT : AUDIT_BEHEADED;
    if (is_hash(&so_far->head, seal->prev))
        return AUDIT_INTACT;
    struct digest none = audit_hash_none();
    return is_hash(&none, seal->prev) ? AUDIT_RESTARTED : AUDIT_MISSING;
}

/* The number of the line with this hash; 0 if there is none, or if a pipe cannot be read again. */
static enum status find_hash(struct audit_reader *reader, const struct digest *hash,
                             uint64_t *number, struct error *err)
{
    *number = 0;
    if (!audit_read_rewind(reader))
        return STATUS_OK;
    for (;;) {
        struct audit_line line;
        enum status status = audit_read_next(reader, &line, err);
        if (status == STATUS_NOT_FOUND)
            return STATUS_OK;
        if (status != STATUS_OK)
            return status;
        struct text found;
        if (audit_line_hash(line.text, &found) && is_hash(hash, found)) {
            *number = line.number;
            return STATUS_OK;
        }
    }
}

static enum status walk(struct audit_verifier *verifier, struct audit_reader *reader,
                        struct audit_findings *out, struct digest *wanted, struct error *err)
{
    struct audit_findings found = {0};
    for (;;) {
        struct audit_line line;
        enum status status = audit_read_next(reader, &line, err);
        if (status == STATUS_NOT_FOUND)
            break;
        if (status != STATUS_OK)
            return status;
        struct audit_seal seal;
        enum audit_damage damage = look_at_line(verifier, &found, &line, &seal);
        found.lines++;
        if (damage != AUDIT_INTACT && !found.breaks++) {
            found.first = damage;
            found.first_line = line.number;
            if (damage == AUDIT_MISSING)
                memcpy(wanted->hex, seal.prev.at, DIGEST_HEX_SIZE - 1);
        }
        if (seal.hash.size) { /* the chain goes on from what the line says it is */
            memcpy(found.head.hex, seal.hash.at, DIGEST_HEX_SIZE - 1);
            found.has_head = true;
        }
    }
    *out = found;
    return STATUS_OK;
}

enum status audit_verify(struct audit_verifier *verifier, const char *path,
                         struct audit_findings *out, struct error *err)
{
    struct audit_reader *reader = NULL;
    enum status status = audit_read_open(path, &reader, err);
    if (status != STATUS_OK)
        return status;
    struct audit_findings found = {0};
    struct digest wanted = {""};
    status = walk(verifier, reader, &found, &wanted, err);
    if (status == STATUS_OK && found.first == AUDIT_MISSING)
        status = find_hash(reader, &wanted, &found.other, err);
    audit_read_close(reader);
    if (status != STATUS_OK)
        return status;
    if (found.other)
        found.first = AUDIT_MOVED;
    if (found.has_head)
        verifier->heads[verifier->head_count++] = found.head;
    *out = found;
    return STATUS_OK;
}
