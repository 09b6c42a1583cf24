#include "push/environment.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "model/ref.h"

/* Far above what Bitbucket stores (names and keys at most 255 characters), far below what could
 * hurt: the environment of a process is at most a few MiB. */
#define VARIABLE_MAX 1024
#define URL_MAX 2048

static const char *process_get(void *self, const char *name)
{
    (void)self;
    return getenv(name);
}

struct environment environment_of_process(void)
{
    return (struct environment){process_get, NULL};
}

enum {              /* properties of a variable */
       NEEDED = 1,  /* missing or empty: the environment is incomplete */
       KEYLIKE = 2, /* valid UTF-8 without blanks or slashes: it becomes a key in the snapshot */
       RAW = 4,     /* typed by a person; control bytes are theirs, and are escaped at output */
};

struct variable {
    const char *name;
    size_t offset; /* of a struct text in struct push */
    size_t max;
    unsigned properties;
};
#define INTO(field) offsetof(struct push, field)

/* Set for every hook script, since 6.2 (Atlassian, "Using hook scripts"). */
static const struct variable bitbucket_variables[] = {
    {"BB_PROJECT_KEY", INTO(project_key), VARIABLE_MAX, NEEDED | KEYLIKE},
    {"BB_REPO_SLUG", INTO(repository_slug), VARIABLE_MAX, NEEDED | KEYLIKE},
    {"BB_USER_NAME", INTO(user_name), VARIABLE_MAX, NEEDED},
    {"BB_USER_DISPLAY_NAME", INTO(user_display_name), VARIABLE_MAX, RAW},
    {"BB_USER_EMAIL", INTO(user_email), VARIABLE_MAX, RAW},
    {"BB_USER_PERMISSION", INTO(user_permission), VARIABLE_MAX, 0},
    {"BB_HOOK_TRIGGER_ID", INTO(trigger_text), VARIABLE_MAX, 0},
    {"BB_BASE_URL", INTO(base_url), URL_MAX, 0},
    {"BB_PULL_REQUEST_ID", INTO(pull_request_id), VARIABLE_MAX, 0},
};

static struct text get(const struct environment *env, const char *name)
{
    return text_of(env->get(env->self, name));
}

static bool has_control(struct text t)
{
    for (size_t i = 0; i < t.size; i++)
        if ((unsigned char)t.at[i] < 0x20 || t.at[i] == 0x7f)
            return true;
    return false;
}

/* Project keys (also personal ones, ~jdoe) and slugs: what Bitbucket allows is narrower; what is
 * refused here could change the meaning of a record's key, a pattern KEY/SLUG or a log line. */
static bool key_valid(struct text t)
{
    uint32_t point;
    for (size_t at = 0; at < t.size;) {
        size_t width = utf8_next(t.at + at, t.size - at, &point);
        if (!width || point <= ' ' || point == 0x7f || (point >= 0x80 && point < 0xa0) ||
            point == '/')
            return false;
        at += width;
    }
    return true;
}

static enum status check(const struct variable *variable, struct text value, struct error *err)
{
    if ((variable->properties & NEEDED) && !value.size)
        return error_set(err, STATUS_FORMAT,
                         "%s is not set: the hook must be started by Bitbucket as a hook script "
                         "(or with --native as a plain git hook)",
                         variable->name);
    if (value.size > variable->max)
        return error_set(err, STATUS_FORMAT, "%s is longer than %zu bytes", variable->name,
                         variable->max);
    if ((variable->properties & KEYLIKE) && !key_valid(value))
        return error_set(err, STATUS_FORMAT,
                         "%s is not a valid key: it holds blanks, slashes, control bytes or bytes "
                         "that are not UTF-8",
                         variable->name);
    if (!(variable->properties & RAW) && has_control(value))
        return error_set(err, STATUS_FORMAT, "%s holds control bytes", variable->name);
    return STATUS_OK;
}

static struct text base_url_or_none(struct text url)
{
    url = text_without_slashes(url);
    return url.size ? url : TEXT_NONE;
}

/* "null": how a Java launcher writes a pusher without an address (service users have none). */
static struct text email_or_none(struct text email)
{
    return email.size && !text_equal(email, TEXT("null")) ? email : TEXT_NONE;
}

/* semantics.md 4.1: the two triggers of a merge; an unknown trigger that brings a pull request's
 * variables is a merge that a later Bitbucket calls by a new name. */
static bool is_merge(const struct environment *env, const struct push *push)
{
    switch (push->trigger) {
    case TRIGGER_PULL_REQUEST_MERGE:
    case TRIGGER_MERGE:
        return true;
    case TRIGGER_UNKNOWN:
        return get(env, "BB_MERGE_HASH").size || push->pull_request_id.size;
    case TRIGGER_PUSH:
    case TRIGGER_BRANCH_CREATE:
    case TRIGGER_BRANCH_DELETE:
    case TRIGGER_TAG_CREATE:
    case TRIGGER_TAG_DELETE:
    case TRIGGER_FILE_EDIT:
        break;
    }
    return false;
}

static enum status read_bitbucket(const struct environment *env, struct push *push,
                                  struct error *err)
{
    for (size_t i = 0; i < sizeof(bitbucket_variables) / sizeof(bitbucket_variables[0]); i++) {
        const struct variable *variable = &bitbucket_variables[i];
        struct text value = get(env, variable->name);
        enum status status = check(variable, value, err);
        if (status)
            return status;
        struct text *field = (struct text *)(void *)((char *)push + variable->offset);
        *field = value.size ? value : TEXT_NONE;
    }
    push->base_url = base_url_or_none(push->base_url);
    push->user_email = email_or_none(push->user_email);
    push->trigger = trigger_parse(push->trigger_text);
    push->merge = is_merge(env, push);
    push->dry_run = text_equal(get(env, "BB_IS_DRY_RUN"), TEXT("true"));
    return STATUS_OK;
}

enum status environment_read(const struct environment *env, bool native,
                             const char *credential_variable, struct push *push, struct error *err)
{
    struct push read = *push;
    read.native = native;
    read.dry_run = read.merge = false;
    read.trigger = TRIGGER_UNKNOWN;
    read.trigger_text = read.base_url = read.project_key = read.repository_slug = TEXT_NONE;
    read.user_name = read.user_display_name = read.user_email = read.user_permission = TEXT_NONE;
    read.pull_request_id = read.credential_value = TEXT_NONE;

    /* A native git hook may inherit BB_* of whatever started the service: it says nothing. */
    enum status status = native ? STATUS_OK : read_bitbucket(env, &read, err);
    if (status)
        return status;
    if (credential_variable) {
        const struct variable wrapper = {credential_variable, 0, VARIABLE_MAX, 0};
        read.credential_value = get(env, credential_variable);
        status = check(&wrapper, read.credential_value, err);
        if (status)
            return status;
    }
    *push = read;
    return STATUS_OK;
}

static enum status dry_run_id(const struct environment *env, const char *name, struct text *id,
                              struct error *err)
{
    struct text value = get(env, name);
    if (!value.size)
        return error_set(err, STATUS_FORMAT, "%s is not set in a dry run (merge check)", name);
    if (!object_id_valid(value) || object_id_zero(value))
        return error_set(err, STATUS_FORMAT,
                         "%s is not an object id (40 or 64 lower-case hex digits)", name);
    *id = value;
    return STATUS_OK;
}

enum status environment_dry_run_change(const struct environment *env, struct arena *arena,
                                       struct change *out, struct error *err)
{
    struct text old_id, new_id, ref = get(env, "BB_TO_REF");
    enum status status = dry_run_id(env, "BB_TO_HASH", &old_id, err);
    if (!status)
        status = dry_run_id(env, "BB_FROM_HASH", &new_id, err);
    if (status)
        return status;
    if (old_id.size != new_id.size)
        return error_set(err, STATUS_FORMAT, "BB_FROM_HASH and BB_TO_HASH differ in length");
    if (!ref.size || ref.size > VARIABLE_MAX)
        return error_set(err, STATUS_FORMAT,
                         ref.size ? "BB_TO_REF is longer than %d bytes"
                                  : "BB_TO_REF is not set in a dry run (merge check; at most %d "
                                    "bytes)",
                         VARIABLE_MAX);
    /* Bitbucket gives the short name ("master"); pull requests go to branches only. */
    bool full = text_starts(ref, TEXT("refs/"));
    const char *name = arena_printf(arena, "%s%.*s", full ? "" : "refs/heads/", TEXT_ARG(ref));
    struct text old_copy = arena_text(arena, old_id), new_copy = arena_text(arena, new_id);
    if (!name || !old_copy.at || !new_copy.at)
        return error_set(err, STATUS_MEMORY, "out of memory");
    if (!ref_name_valid(text_of(name)))
        return error_set(err, STATUS_FORMAT, "BB_TO_REF is not a valid name of a ref");
    *out = (struct change){.ref = text_of(name),
                           .old_id = old_copy.at,
                           .new_id = new_copy.at,
                           .id_size = (uint8_t)old_id.size};
    out->kind = change_kind_without_history(out);
    return STATUS_OK;
}
