#include "record/audit_verify.h"

#include <jansson.h>
#include <stdlib.h>

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

/* ------------------------------------------------------------------ rotations */

static void copy_hash(struct text hash, struct digest *out)
{
    memcpy(out->hex, hash.at, hash.size);
    out->hex[hash.size] = '\0';
}

/* What a genuine record of a rotation says, at the beginning of a file. */
static void note_rotation(struct audit_verifier *verifier, struct text line,
                          struct audit_findings *found)
{
    json_t *record = json_loadb(line.at, line.size, JSON_REJECT_DUPLICATES, NULL);
    struct text name = text_of(json_string_value(json_object_get(record, "continues")));
    if (name.size && name.size <= AUDIT_NAME_MAX) {
        memcpy(found->continues, name.at, name.size);
        found->continues[name.size] = '\0';
    }
    const json_t *dropped = json_object_get(record, "dropped");
    struct text hash = text_of(json_string_value(json_object_get(dropped, "begins_after")));
    if (verifier->dropped && audit_hash_valid(hash))
        copy_hash(hash, &verifier->dropped[verifier->dropped_count++]);
    json_decref(record);
}

static void note_beginning(struct audit_verifier *verifier, const struct audit_line *line,
                           const struct audit_seal *seal, struct audit_findings *found)
{
    struct digest none = audit_hash_none();
    if (seal->prev.size && !is_hash(&none, seal->prev))
        copy_hash(seal->prev, &found->begins_after);
    if (text_starts(line->text, TEXT(AUDIT_ROTATION_START)) && seal->hash.size &&
        audit_line_genuine(seal))
        note_rotation(verifier, line->text, found);
}

void audit_verify_excuse(const struct audit_verifier *verifier, struct audit_findings *findings)
{
    const struct audit_break *first = &findings->listed[0];
    if (first->damage != AUDIT_BEHEADED || first->line != 1)
        return;
    for (size_t i = 0; i < verifier->dropped_count && !findings->dropped; i++)
        findings->dropped = is_hash(&verifier->dropped[i], text_of(findings->begins_after.hex));
    if (!findings->dropped)
        return;
    findings->breaks--;
    memmove(&findings->listed[0], &findings->listed[1],
            sizeof findings->listed - sizeof findings->listed[0]);
    findings->listed[AUDIT_BREAKS_LISTED - 1] = (struct audit_break){0};
}

/* ------------------------------------------------------------------ the walk */

struct walk {
    struct audit_verifier *verifier;
    struct audit_reader *reader;
    struct audit_findings found;
    struct digest wanted[AUDIT_BREAKS_LISTED]; /* what the lines that lack one follow; else empty */
};

static void note_break(struct walk *walk, enum audit_damage damage, uint64_t line,
                       const struct audit_seal *seal)
{
    uint64_t n = walk->found.breaks++;
    if (n >= AUDIT_BREAKS_LISTED)
        return;
    walk->found.listed[n] = (struct audit_break){damage, line, 0};
    if (damage == AUDIT_MISSING)
        copy_hash(seal->prev, &walk->wanted[n]);
}

static enum status walk_lines(struct walk *walk, struct error *err)
{
    struct audit_findings *found = &walk->found;
    for (;;) {
        struct audit_line line;
        enum status status = audit_read_next(walk->reader, &line, err);
        if (status != STATUS_OK)
            return status == STATUS_NOT_FOUND ? STATUS_OK : status;
        struct audit_seal seal;
        enum audit_damage damage = look_at_line(walk->verifier, found, &line, &seal);
        if (!found->lines++)
            note_beginning(walk->verifier, &line, &seal, found);
        if (damage != AUDIT_INTACT)
            note_break(walk, damage, line.number, &seal);
        if (seal.hash.size) { /* the chain goes on from what the line says it is */
            copy_hash(seal.hash, &found->head);
            found->has_head = true;
        }
    }
}

static bool wants_any(const struct walk *walk)
{
    for (size_t i = 0; i < AUDIT_BREAKS_LISTED; i++)
        if (*walk->wanted[i].hex)
            return true;
    return false;
}

/* What a line follows may stand elsewhere in the file: a second walk finds where. A pipe cannot be
 * read again. */
static enum status find_moved(struct walk *walk, struct error *err)
{
    if (!wants_any(walk) || !audit_read_rewind(walk->reader))
        return STATUS_OK;
    for (;;) {
        struct audit_line line;
        struct text hash;
        enum status status = audit_read_next(walk->reader, &line, err);
        if (status != STATUS_OK)
            return status == STATUS_NOT_FOUND ? STATUS_OK : status;
        if (!audit_line_hash(line.text, &hash))
            continue;
        for (size_t i = 0; i < AUDIT_BREAKS_LISTED; i++)
            if (is_hash(&walk->wanted[i], hash) && !walk->found.listed[i].other) {
                walk->found.listed[i].damage = AUDIT_MOVED;
                walk->found.listed[i].other = line.number;
            }
    }
}

enum status audit_verify(struct audit_verifier *verifier, const char *path,
                         struct audit_findings *out, struct error *err)
{
    struct audit_reader *reader = NULL;
    enum status status = audit_read_open(path, &reader, err);
    return status == STATUS_OK ? audit_verify_reader(verifier, reader, out, err) : status;
}

enum status audit_verify_reader(struct audit_verifier *verifier, struct audit_reader *reader,
                                struct audit_findings *out, struct error *err)
{
    struct walk *walk = calloc(1, sizeof *walk);
    if (!walk) {
        audit_read_close(reader);
        return error_set(err, STATUS_MEMORY, "out of memory");
    }
    walk->verifier = verifier;
    walk->reader = reader;
    enum status status = walk_lines(walk, err);
    if (status == STATUS_OK)
        status = find_moved(walk, err);
    audit_read_close(reader);
    if (status == STATUS_OK) {
        *out = walk->found;
        if (out->has_head)
            verifier->heads[verifier->head_count++] = out->head;
    }
    free(walk);
    return status;
}
