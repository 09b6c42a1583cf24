#include "faults/outcome.h"

#include <dirent.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "record/audit.h"
#include "record/audit_line.h"

/* ------------------------------------------------------------------ the record */

/* Times and ages differ from run to run: a text without its digits. */
static void add_text(struct buffer *out, const char *text)
{
    for (; text && *text; text++)
        if (*text < '0' || *text > '9')
            buffer_add(out, text, 1);
}

static void add_member(struct buffer *out, const json_t *object, const char *name)
{
    buffer_string(out, " ");
    add_text(out, json_string_value(json_object_get(object, name)));
}

static void add_reasons(struct buffer *out, const json_t *object)
{
    const json_t *reason;
    size_t i;
    json_array_foreach(json_object_get(object, "reasons"), i, reason)
    {
        buffer_string(out, "\n ");
        add_member(out, reason, "type");
        add_member(out, reason, "rule");
        add_member(out, reason, "verdict");
        add_member(out, reason, "text");
    }
}

static void sign(struct outcome *outcome, const json_t *record)
{
    struct buffer *out = &outcome->signature;
    const json_t *change, *approval = json_object_get(record, "approval");
    size_t i;
    add_member(out, record, "verdict");
    add_member(out, json_object_get(record, "credential"), "class");
    add_reasons(out, record);
    json_array_foreach(json_object_get(record, "changes"), i, change)
    {
        buffer_string(out, "\n change");
        add_member(out, change, "kind");
        add_member(out, change, "verdict");
        add_reasons(out, change);
    }
    outcome->recorded_exit = (int)json_integer_value(json_object_get(record, "exit"));
    outcome->uses_recorded = json_array_size(json_object_get(approval, "used"));
}

/* The line that was added: whole, sealed, behind the one before. */
static const char *read_line(const struct scene *scene, struct text line, struct outcome *out)
{
    struct audit_seal seal;
    struct text before = {scene->log.data, scene->log.size}, hash;
    if (line.at[line.size - 1] != '\n')
        return "the audit log ends in the middle of a line";
    line.size--;
    if (memchr(line.at, '\n', line.size))
        return "more than one line in the audit log";
    if (!audit_line_read(line, &seal) || !audit_line_genuine(&seal))
        return "the line of the audit log is not sealed";
    if (before.size)
        before.size--; /* the newline */
    if (!(audit_line_hash(before, &hash) ? text_equal(seal.prev, hash)
                                         : text_equal(seal.prev, text_of(audit_hash_none().hex))))
        return "the line of the audit log does not follow the one before";
    json_t *record = json_loadb(line.at, line.size, JSON_REJECT_DUPLICATES, NULL);
    if (!record)
        return "the line of the audit log is not JSON";
    int64_t time;
    if (!clock_parse(text_of(json_string_value(json_object_get(record, "time"))), &time) &&
        strcmp(json_string_value(json_object_get(record, "time")), "invalid") != 0)
        return "the record's time is none";
    sign(out, record);
    json_decref(record);
    return NULL;
}

static void collect_audit(const struct scene *scene, struct outcome *out)
{
    struct buffer log;
    struct error err;
    buffer_init(&log, SIZE_MAX);
    int fd = open(scene->audit, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || file_read_all(fd, SIZE_MAX, &log, &err) != STATUS_OK)
        out->damage = "the audit log cannot be read any more";
    else if (log.size < scene->log.size ||
             (log.size && memcmp(log.data, scene->log.data, scene->log.size)))
        out->damage = "the audit log has lost what it held";
    else if (log.size > scene->log.size)
        out->damage = read_line(scene,
                                text_skip((struct text){log.data, log.size}, scene->log.size), out);
    if (fd >= 0)
        close(fd);
    buffer_free(&log);
}

static void collect_approvals(const struct scene *scene, struct outcome *out)
{
    DIR *stream = opendir(scene->approvals);
    const struct dirent *entry;
    while (stream && (entry = readdir(stream))) {
        out->uses += entry->d_name[0] != '.' && strstr(entry->d_name, ".use") != NULL;
        out->strays += !strncmp(entry->d_name, ".refgate-tmp", 12);
    }
    if (stream)
        closedir(stream);
}

void outcome_collect(const struct scene *scene, struct outcome *out)
{
    buffer_init(&out->signature, SIZE_MAX);
    out->recorded_exit = -1;
    collect_audit(scene, out);
    if (scene->approvals)
        collect_approvals(scene, out);
}

void outcome_free(struct outcome *outcome)
{
    buffer_free(&outcome->said);
    buffer_free(&outcome->signature);
}

/* ------------------------------------------------------------------ what may be */

static bool has(const struct buffer *buffer, const char *part)
{
    return buffer->data && strstr(buffer->data, part);
}

static bool has_one(const struct buffer *buffer, const struct scene_list *parts)
{
    for (size_t i = 0; i < parts->count; i++)
        if (has(buffer, parts->items[i]))
            return true;
    return false;
}

static bool same(const struct buffer *left, const struct buffer *right)
{
    return left->size == right->size &&
           (!left->size || !memcmp(left->data, right->data, left->size));
}

/* However it ended, these hold. */
static const char *common_problem(const struct scene *scene, const struct outcome *o)
{
    if (o->hung)
        return "it hung";
    if (o->signal)
        return "it was ended by a signal";
    if (o->exit < 0 || o->exit > 2)
        return o->exit >= 97 ? "a sanitizer's finding" : "an exit code that is not documented";
    if (has(&o->said, "refgate itself failed"))
        return "it crashed";
    if (has(&o->said, "it took too long"))
        return "it hung until its watchdog";
    if (has(&o->said, scene->secret))
        return "it told the pusher a path of the server";
    return NULL;
}

static const char *record_problem(const struct scene *scene, const struct outcome *o,
                                  const struct outcome_fault *fault)
{
    /* Where a line cannot be taken back, `audit verify` says that it is torn. */
    if (o->damage)
        return o->damage;
    if (o->recorded_exit < 0)
        return scene->required && !o->exit && !scene->lenient ? "let through without a record"
                                                              : NULL;
    /* Written, but perhaps not safe: then the push is refused after its record said otherwise. */
    if (o->recorded_exit != o->exit && fault->class != FAULT_SYNC)
        return "the record has another exit code";
    return NULL;
}

static const char *approval_problem(const struct scene *scene, const struct outcome *sound,
                                    const struct outcome *o, const struct outcome_fault *fault)
{
    if (!scene->approvals)
        return NULL;
    if (o->uses > sound->uses)
        return "more uses of an approval than one";
    if (!o->exit && sound->uses && o->uses != sound->uses &&
        !has_one(&o->signature, &scene->weaker))
        return "let through without the use of an approval";
    if (o->recorded_exit >= 0 && o->uses_recorded > o->uses)
        return "the record has a use that is not there";
    /* Taken, and not to be given back: the same push again is free of charge. */
    if (o->exit && o->uses && o->uses_recorded < o->uses && fault->class != FAULT_NAME &&
        o->recorded_exit >= 0)
        return "refused, and the use of an approval is lost";
    if (o->strays && fault->class != FAULT_NAME)
        return "a temporary file is left among the approvals";
    return NULL;
}

/* semantics.md 8: what was refused stays refused; what was let through is refused as trouble (2), or
 * let through for the same reasons. */
static const char *verdict_problem(const struct scene *scene, const struct outcome *sound,
                                   const struct outcome *o, const struct outcome_fault *fault)
{
    /* There may be no record, and then the pusher was told. Memory is a limit, which a pusher chooses:
     * whatever [failure] says; only where it fails once, in zlib, libgit2 does not say so. */
    bool limit = fault->class == FAULT_ALLOC && !(fault->once && scene->history.count);
    bool weaker = !limit &&
                  (has_one(&o->signature, &scene->weaker) || has_one(&o->said, &scene->weaker));
    /* A snapshot that is stale or of the future: a note. */
    weaker = weaker || (fault->class == FAULT_CLOCK && has(&o->signature, "freshness"));
    /* Not even the words for it had room: there was no configuration. */
    bool speechless = fault->class == FAULT_ALLOC && !o->said.size;
    if (scene->lenient)
        return o->exit && !speechless && !has_one(&o->said, &scene->strict)
                   ? "refused although nothing is"
                   : NULL;
    if (sound->exit)
        return o->exit || weaker ? NULL : "LET THROUGH what is refused without a fault";
    /* An approval that ends early is none, and one can be too old. */
    bool none = scene->approvals && fault->silent;
    if (o->exit == 1 && !none && !has_one(&o->said, &scene->refusal))
        return "refused by policy (1), and not as trouble (2)";
    if (!o->exit && o->signature.size && !same(&o->signature, &sound->signature) && !weaker)
        return "let through for other reasons";
    return NULL;
}

const char *outcome_problem(const struct scene *scene, const struct outcome *sound,
                            const struct outcome *o, const struct outcome_fault *fault)
{
    const char *problem = common_problem(scene, o);
    if (!problem)
        problem = record_problem(scene, o, fault);
    if (!problem)
        problem = approval_problem(scene, sound, o, fault);
    if (!problem)
        problem = verdict_problem(scene, sound, o, fault);
    if (!problem && fault->transparent &&
        (o->exit != sound->exit || !same(&o->signature, &sound->signature) ||
         !same(&o->said, &sound->said)) &&
        !(has_one(&o->signature, &scene->history)))
        problem = "something changed";
    return problem;
}
