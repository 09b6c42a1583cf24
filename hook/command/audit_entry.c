#include "command/audit_entry.h"

#include <stdlib.h>

#include "base/glob.h"
#include "base/utf8.h"
#include "record/audit_line.h"

#define NAME_MOST ((size_t)200)
#define REF_MOST ((size_t)300)
#define TEXT_MOST ((size_t)2000)
#define CHANGES_MOST 20 /* that --verbose lists */

json_t *entry_parse(struct text line)
{
    json_error_t error;
    json_t *record = json_loadb(line.at, line.size, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL,
                                &error);
    if (entry_is_decision(record))
        return record;
    json_decref(record);
    return NULL;
}

bool entry_is_decision(const json_t *record)
{
    return json_is_object(record) && json_is_string(json_object_get(record, "time")) &&
           !json_object_get(record, "type");
}

bool entry_is_rotation(struct text line)
{
    return text_starts(line, TEXT(AUDIT_ROTATION_START));
}

static struct text text_value(const json_t *value)
{
    if (!json_is_string(value))
        return TEXT("");
    return (struct text){json_string_value(value), json_string_length(value)};
}

struct text entry_text(const json_t *record, const char *key, const char *inner)
{
    const json_t *value = json_object_get(record, key);
    return text_value(inner ? json_object_get(value, inner) : value);
}

bool entry_has_repository(const json_t *record, struct text pattern)
{
    struct buffer name;
    buffer_init(&name, SIZE_MAX);
    buffer_text(&name, entry_text(record, "push", "project"));
    buffer_string(&name, "/");
    buffer_text(&name, entry_text(record, "push", "repository"));
    bool has = !name.failed && glob_name_match(pattern, buffer_view(&name));
    buffer_free(&name);
    return has;
}

bool entry_has_ref(const json_t *record, struct text pattern)
{
    const json_t *changes = json_object_get(record, "changes");
    for (size_t i = 0; i < json_array_size(changes); i++)
        if (glob_ref_match(pattern, entry_text(json_array_get(changes, i), "ref", NULL)))
            return true;
    return false;
}

static bool reasons_have_rule(const json_t *reasons, struct text rule)
{
    for (size_t i = 0; i < json_array_size(reasons); i++)
        if (text_equal(entry_text(json_array_get(reasons, i), "rule", NULL), rule))
            return true;
    return false;
}

bool entry_has_rule(const json_t *record, struct text rule)
{
    if (reasons_have_rule(json_object_get(record, "reasons"), rule))
        return true;
    const json_t *changes = json_object_get(record, "changes");
    for (size_t i = 0; i < json_array_size(changes); i++)
        if (reasons_have_rule(json_object_get(json_array_get(changes, i), "reasons"), rule))
            return true;
    return false;
}

void entry_json(const json_t *record, struct text line, const struct audit_style *style,
                struct buffer *out)
{
    char *ascii = style->ascii ? json_dumps(record, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
    if (style->ascii && !ascii)
        out->failed = true;
    else if (ascii)
        buffer_string(out, ascii);
    else
        buffer_text(out, line);
    buffer_string(out, "\n");
    free(ascii);
}

/* ------------------------------------------------------------------ text */

/* Escaped, then blanks up to `width` columns and two more. */
static void add_column(struct buffer *out, struct text t, size_t most, size_t width)
{
    size_t before = out->size;
    buffer_escaped(out, t, most, false);
    if (out->failed)
        return;
    size_t columns = utf8_columns((struct text){out->data + before, out->size - before});
    buffer_printf(out, "%*s", (int)(columns < width ? width - columns + 2 : 2), "");
}

/* What became of the push, in one word. */
static const char *outcome(const json_t *record, const char **colour)
{
    struct text verdict = entry_text(record, "verdict", NULL);
    bool accepted = json_integer_value(json_object_get(record, "exit")) == 0 &&
                    json_is_integer(json_object_get(record, "exit"));
    *colour = "";
    if (json_object_get(record, "disabled")) {
        *colour = "33";
        return "disabled";
    }
    bool rejects = text_equal(verdict, TEXT("reject")) ||
                   text_equal(verdict, TEXT("require-approval"));
    if (rejects || !accepted) {
        *colour = accepted ? "33" : "31";
        return accepted ? "would-reject" : "reject";
    }
    *colour = "32";
    static const char *const others[] = {"accept", "note", "annotate"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (text_equal(verdict, text_of(others[i])))
            return others[i];
    return "?";
}

static void add_outcome(const json_t *record, const struct audit_style *style, struct buffer *out)
{
    const char *colour, *word = outcome(record, &colour);
    bool paint = style->colour && *colour;
    if (paint)
        buffer_printf(out, "\033[%sm", colour);
    buffer_printf(out, "%-12s", word);
    buffer_string(out, paint ? "\033[0m  " : "  ");
}

static void add_repository(const json_t *record, struct buffer *out)
{
    struct buffer name;
    buffer_init(&name, SIZE_MAX);
    struct text project = entry_text(record, "push", "project");
    buffer_text(&name, project);
    if (project.size)
        buffer_string(&name, "/");
    buffer_text(&name, entry_text(record, "push", "repository"));
    add_column(out, name.size ? buffer_view(&name) : TEXT("-"), NAME_MOST, 16);
    buffer_free(&name);
}

static struct text or_dash(struct text t)
{
    return t.size ? t : TEXT("-");
}

/* "refs/heads/main update (+2)" */
static void add_changes(const json_t *record, struct buffer *out)
{
    const json_t *changes = json_object_get(record, "changes");
    const json_t *first = json_array_get(changes, 0);
    json_int_t total = json_integer_value(json_object_get(record, "changes_total"));
    if (total <= 0)
        total = (json_int_t)json_array_size(changes);
    if (!first) {
        buffer_string(out, "no refs");
        return;
    }
    buffer_escaped(out, entry_text(first, "ref", NULL), REF_MOST, false);
    buffer_string(out, " ");
    buffer_escaped(out, or_dash(entry_text(first, "kind", NULL)), NAME_MOST, false);
    if (total > 1)
        buffer_printf(out, " (+%lld)", (long long)(total - 1));
}

static void add_proof(const json_t *reason, struct buffer *out)
{
    const json_t *proof = json_object_get(reason, "proof");
    for (size_t i = 0; i < json_array_size(proof); i++) {
        buffer_string(out, i ? " " : " [");
        buffer_escaped(out, text_value(json_array_get(proof, i)), NAME_MOST, false);
    }
    if (json_array_size(proof))
        buffer_string(out, "]");
}

/* "    reject rule keys-stay-off-main: TEXT [refgate.conf:41 key/158]" */
static void add_reasons(const json_t *holder, const char *indent, struct buffer *out)
{
    const json_t *reasons = json_object_get(holder, "reasons");
    for (size_t i = 0; i < json_array_size(reasons); i++) {
        const json_t *reason = json_array_get(reasons, i);
        buffer_string(out, indent);
        if (json_is_true(json_object_get(reason, "monitored")))
            buffer_string(out, "(monitored) ");
        buffer_escaped(out, or_dash(entry_text(reason, "verdict", NULL)), NAME_MOST, false);
        buffer_string(out, " ");
        buffer_escaped(out, or_dash(entry_text(reason, "type", NULL)), NAME_MOST, false);
        struct text name = entry_text(reason, "rule", NULL);
        if (!name.size)
            name = entry_text(reason, "restriction", NULL);
        buffer_string(out, name.size ? " " : "");
        buffer_escaped(out, name, NAME_MOST, false);
        buffer_string(out, ": ");
        buffer_escaped(out, entry_text(reason, "text", NULL), TEXT_MOST, false);
        add_proof(reason, out);
        buffer_string(out, "\n");
    }
}

static void add_change(const json_t *change, struct buffer *out)
{
    buffer_string(out, "    ");
    buffer_escaped(out, entry_text(change, "ref", NULL), REF_MOST, false);
    static const char *const fields[] = {"kind", "old", "new", "verdict"};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        bool id = i == 1 || i == 2;
        buffer_string(out, i == 2 ? ".." : "  ");
        struct text field = or_dash(entry_text(change, fields[i], NULL));
        if (id && field.size > 12)
            field.size = 12;
        buffer_escaped(out, field, NAME_MOST, false);
    }
    buffer_string(out, "\n");
    add_reasons(change, "      ", out);
}

/* "    approval ID of root (uid 0): REASON" for each that was used. */
static void add_approvals(const json_t *record, struct buffer *out)
{
    const json_t *used = json_object_get(json_object_get(record, "approval"), "used");
    for (size_t i = 0; i < json_array_size(used); i++) {
        const json_t *approval = json_array_get(used, i);
        const json_t *approver = json_object_get(approval, "approver");
        struct text sudo_user = entry_text(approver, "sudo_user", NULL);
        buffer_string(out, "    approval ");
        buffer_escaped(out, or_dash(entry_text(approval, "id", NULL)), NAME_MOST, false);
        buffer_string(out, " of ");
        buffer_escaped(out, or_dash(entry_text(approver, "name", NULL)), NAME_MOST, false);
        buffer_printf(out, " (uid %" JSON_INTEGER_FORMAT,
                      json_integer_value(json_object_get(approver, "uid")));
        buffer_string(out, sudo_user.size ? ", sudo from " : "");
        buffer_escaped(out, sudo_user, NAME_MOST, false);
        buffer_string(out, "): ");
        buffer_escaped(out, entry_text(approval, "reason", NULL), TEXT_MOST, false);
        buffer_string(out, "\n");
    }
}

static void add_details(const json_t *record, struct buffer *out)
{
    static const char *const fields[][2] = {
        {"confidence", "credential"}, {"label", "credential"}, {"evidence", "credential"}};
    buffer_string(out, "    credential ");
    buffer_escaped(out, or_dash(entry_text(record, "credential", "class")), NAME_MOST, false);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        struct text value = entry_text(record, fields[i][1], fields[i][0]);
        if (!value.size)
            continue;
        buffer_printf(out, ", %s ", fields[i][0]);
        buffer_escaped(out, value, NAME_MOST, false);
    }
    buffer_string(out, "\n");
    add_approvals(record, out);
    add_reasons(record, "    ", out);
    const json_t *changes = json_object_get(record, "changes");
    size_t count = json_array_size(changes);
    for (size_t i = 0; i < count && i < CHANGES_MOST; i++)
        add_change(json_array_get(changes, i), out);
    if (count > CHANGES_MOST)
        buffer_printf(out, "    ... and %zu more changes (--format json lists them)\n",
                      count - CHANGES_MOST);
}

void entry_render(const json_t *record, const struct audit_style *style, struct buffer *out)
{
    add_column(out, entry_text(record, "time", NULL), NAME_MOST, 24);
    add_column(out, or_dash(entry_text(record, "host", NULL)), NAME_MOST, 6);
    add_column(out, or_dash(entry_text(record, "id", NULL)), NAME_MOST, 26);
    add_outcome(record, style, out);
    add_repository(record, out);
    add_column(out, or_dash(entry_text(record, "pusher", "name")), NAME_MOST, 16);
    add_column(out, or_dash(entry_text(record, "credential", "class")), NAME_MOST, 12);
    add_changes(record, out);
    buffer_string(out, "\n");
    if (style->verbose)
        add_details(record, out);
}
