#include "command/check_case.h"

#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "model/ref.h"
#include "push/updates.h"

#define ID_ZERO "0000000000000000000000000000000000000000"
#define ID_OLD "1111111111111111111111111111111111111111"
#define ID_NEW "2222222222222222222222222222222222222222"
#define ID_DIGITS 40

const char *const check_field_names[CHECK_FIELDS] = {
    [CHECK_REPO] = "repo",
    [CHECK_USER] = "user",
    [CHECK_DISPLAY_NAME] = "display-name",
    [CHECK_EMAIL] = "email",
    [CHECK_PERMISSION] = "permission",
    [CHECK_TRIGGER] = "trigger",
    [CHECK_BASE_URL] = "base-url",
    [CHECK_CREDENTIAL] = "credential",
    [CHECK_OBSERVED] = "observed",
    [CHECK_GIT_DIR] = "git-dir",
    [CHECK_AT] = "at",
    [CHECK_KIND] = "kind",
};

/* The case as an environment, so that the hook's own reader judges what was given. */
static const char *case_variable(void *self, const char *name)
{
    const struct check_case *check = self;
    static const struct {
        const char *variable;
        enum check_field field;
    } table[] = {
        {"BB_USER_NAME", CHECK_USER},    {"BB_USER_DISPLAY_NAME", CHECK_DISPLAY_NAME},
        {"BB_USER_EMAIL", CHECK_EMAIL},  {"BB_USER_PERMISSION", CHECK_PERMISSION},
        {"BB_BASE_URL", CHECK_BASE_URL},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (!strcmp(name, table[i].variable))
            return check->field[table[i].field];
    if (!strcmp(name, "BB_PROJECT_KEY"))
        return check->project_key;
    if (!strcmp(name, "BB_REPO_SLUG"))
        return check->slug;
    if (!strcmp(name, "BB_HOOK_TRIGGER_ID"))
        return check->field[CHECK_TRIGGER] ? check->field[CHECK_TRIGGER] : "push";
    if (!strcmp(name, "BB_HOOK_TYPE"))
        return "PRE";
    if (!strcmp(name, "BB_IS_DRY_RUN"))
        return "false";
    if (check->credential_variable && !strcmp(name, check->credential_variable))
        return check->field[CHECK_CREDENTIAL];
    return NULL;
}

static enum status split_repo(struct check_case *check, struct arena *arena, struct error *err)
{
    const char *repo = check->field[CHECK_REPO];
    if (!repo)
        return error_set(err, STATUS_USAGE, "repo is missing: KEY/SLUG");
    const char *slash = strchr(repo, '/');
    if (!slash || slash == repo || !slash[1] || strchr(slash + 1, '/'))
        return error_set(err, STATUS_USAGE, "repo must be KEY/SLUG, not %s", repo);
    struct text key = arena_text(arena, (struct text){repo, (size_t)(slash - repo)});
    if (!key.at)
        return error_set(err, STATUS_MEMORY, "out of memory");
    check->project_key = key.at;
    check->slug = slash + 1;
    return STATUS_OK;
}

static void stated_observation(void *self, const struct push *push, struct observation *out)
{
    const struct check_case *check = self;
    (void)push;
    *out = check->observation;
}

/* "CLASS[:ID]" of an ordinary user's means. */
static enum status state_observed(struct check_case *check, const struct policy *policy,
                                  struct error *err)
{
    struct observation *seen = &check->observation;
    struct text rest = text_of(check->field[CHECK_OBSERVED]), name;
    unsigned user = 0;
    if (!rest.at)
        return STATUS_OK;
    if (!(policy->resolvers & RESOLVER_ACCESS_LOG))
        return error_set(err, STATUS_USAGE,
                         "observed needs `resolvers = access-log` in [credential]: the hook would "
                         "not look");
    credential_class_set(TEXT("user"), &user);
    bool good = text_next_field(&rest, ':', &name) && credential_class_parse(name, &seen->class) &&
                (user & 1u << seen->class);
    seen->id_known = rest.at != NULL;
    if (!good || (seen->id_known && (seen->class != CREDENTIAL_USER_TOKEN ||
                                     !text_parse_u64(rest, UINT64_MAX, true, &seen->id))))
        return error_set(err, STATUS_USAGE,
                         "observed is user-ssh-key, user-token[:ID], user-password or user, not %s",
                         check->field[CHECK_OBSERVED]);
    seen->evidence = TEXT("said to be observed");
    check->observer = (struct observer){check, stated_observation};
    check->push.observer = &check->observer;
    return STATUS_OK;
}

enum status check_case_prepare(struct check_case *check, const struct policy *policy,
                               struct arena *arena, struct error *err)
{
    enum status status = split_repo(check, arena, err);
    if (status != STATUS_OK)
        return status;
    if (!check->field[CHECK_USER])
        return error_set(err, STATUS_USAGE, "user is missing: the pusher's name");
    if (check->field[CHECK_CREDENTIAL]) {
        if (!(policy->resolvers & RESOLVER_ENVIRONMENT))
            return error_set(err, STATUS_USAGE,
                             "credential needs `resolvers = environment` in [credential]: the hook "
                             "would not look at it");
        check->credential_variable = policy->credential_variable.at;
    }
    struct push *push = &check->push;
    int64_t now = clock_now_ms();
    if (check->field[CHECK_AT] && !clock_parse(text_of(check->field[CHECK_AT]), &now))
        return error_set(err, STATUS_USAGE, "at must be a time like 2026-11-22T04:10:00Z, not %s",
                         check->field[CHECK_AT]);
    const struct environment env = {case_variable, check};
    status = environment_read(&env, false, check->credential_variable, push, err);
    if (status == STATUS_OK)
        status = state_observed(check, policy, err);
    if (status != STATUS_OK)
        return status;
    push->now_ms = now;
    if (policy->needs_local_time)
        push->local = clock_local(now, policy->timezone.at);
    return STATUS_OK;
}

static bool parse_kind(const char *name, enum change_kind *kind)
{
    static const enum change_kind kinds[] = {CHANGE_CREATE, CHANGE_UPDATE, CHANGE_REWRITE,
                                             CHANGE_DELETE, CHANGE_UNKNOWN};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (!strcmp(name, change_kind_name(kinds[i]))) {
            *kind = kinds[i];
            return true;
        }
    return false;
}

static enum status stated_kind(const char *name, enum change_kind *kind, struct error *err)
{
    *kind = CHANGE_MOVE;
    if (!name || parse_kind(name, kind))
        return STATUS_OK;
    return error_set(err, STATUS_USAGE,
                     "kind is create, update, rewrite, delete or unknown, not %s", name);
}

static enum status allocate_changes(struct check_case *check, size_t count, struct arena *arena,
                                    struct change **changes, struct error *err)
{
    *changes = arena_alloc(arena, count, sizeof **changes);
    check->stated = arena_alloc(arena, count, sizeof *check->stated);
    if (!*changes || !check->stated)
        return error_set(err, STATUS_MEMORY, "out of memory");
    for (size_t i = 0; i < count; i++)
        check->stated[i] = CHANGE_MOVE;
    check->push.changes = *changes;
    check->push.change_count = count;
    return STATUS_OK;
}

/* Ids that stand for the kind, where only the ref is named. */
static void placeholder_ids(enum change_kind kind, const char **old_id, const char **new_id)
{
    *old_id = kind == CHANGE_CREATE ? ID_ZERO : ID_OLD;
    *new_id = kind == CHANGE_DELETE ? ID_ZERO : ID_NEW;
}

static enum status set_change(struct change *change, enum change_kind *stated,
                              enum change_kind kind, const char *old_id, const char *new_id,
                              const char *ref, struct error *err)
{
    if (!old_id && !new_id) {
        if (kind == CHANGE_MOVE)
            return error_set(err, STATUS_USAGE, "%s has no ids: say what happens to it with kind",
                             ref);
        placeholder_ids(kind, &old_id, &new_id);
    }
    if (!old_id || !new_id || !object_id_valid(text_of(old_id)) ||
        !object_id_valid(text_of(new_id)) || strlen(old_id) != strlen(new_id))
        return error_set(err, STATUS_USAGE,
                         "%s needs two object ids of 40 or 64 lower-case hex digits", ref);
    if (object_id_zero(text_of(old_id)) && object_id_zero(text_of(new_id)))
        return error_set(err, STATUS_USAGE, "%s has two zero ids", ref);
    if (!ref_name_valid(text_of(ref)))
        return error_set(err, STATUS_USAGE, "%s is not a full name of a ref (refs/...)", ref);
    *change = (struct change){.ref = text_of(ref),
                              .old_id = old_id,
                              .new_id = new_id,
                              .id_size = (uint8_t)strlen(old_id)};
    change->kind = change_kind_without_history(change);
    bool moves = change->kind == CHANGE_MOVE || change->kind == CHANGE_REWRITE;
    bool says_move = kind == CHANGE_UPDATE || kind == CHANGE_REWRITE || kind == CHANGE_UNKNOWN;
    if (kind != CHANGE_MOVE && kind != change->kind && !(moves && says_move))
        return error_set(err, STATUS_USAGE, "%s: kind %s contradicts the object ids", ref,
                         change_kind_name(kind));
    *stated = kind;
    return STATUS_OK;
}

enum status check_case_operands(struct check_case *check, char *const *operands, size_t count,
                                struct arena *arena, struct error *err)
{
    enum change_kind kind;
    struct change *changes;
    enum status status = stated_kind(check->field[CHECK_KIND], &kind, err);
    bool triples = count % 3 == 0 && object_id_valid(text_of(operands[0]));
    size_t step = triples ? 3 : 1;
    if (status == STATUS_OK)
        status = allocate_changes(check, count / step, arena, &changes, err);
    for (size_t i = 0; i < count && status == STATUS_OK; i += step)
        status = set_change(&changes[i / step], &check->stated[i / step], kind,
                            triples ? operands[i] : NULL, triples ? operands[i + 1] : NULL,
                            operands[i + step - 1], err);
    return status;
}

enum status check_case_stdin(struct check_case *check, const struct policy *policy,
                             struct buffer *input, struct arena *arena, struct error *err)
{
    const struct updates_limits limits = {policy->max_refs, policy->max_line,
                                          policy->memory_bytes / 2, 0};
    struct updates updates;
    enum change_kind kind;
    enum status status = stated_kind(check->field[CHECK_KIND], &kind, err);
    if (status == STATUS_OK)
        status = updates_read(STDIN_FILENO, &limits, input, err);
    if (status == STATUS_OK)
        status = updates_parse(buffer_view(input), &limits, arena, &updates, err);
    if (status != STATUS_OK)
        return status;
    struct change *unused;
    status = allocate_changes(check, updates.count, arena, &unused, err);
    if (status != STATUS_OK)
        return status;
    for (size_t i = 0; i < updates.count; i++)
        check->stated[i] = kind;
    check->push.changes = updates.changes;
    check->push.stdin_digest = updates.digest;
    return STATUS_OK;
}

static enum status json_string_copy(const json_t *value, const char *name, struct arena *arena,
                                    const char **out, struct error *err)
{
    if (!json_is_string(value))
        return error_set(err, STATUS_FORMAT, "\"%s\" must be a string", name);
    struct text copy = arena_text(
        arena, (struct text){json_string_value(value), json_string_length(value)});
    if (!copy.at)
        return error_set(err, STATUS_MEMORY, "out of memory");
    if (memchr(copy.at, '\0', copy.size))
        return error_set(err, STATUS_FORMAT, "\"%s\" has a NUL in it", name);
    *out = copy.at;
    return STATUS_OK;
}

/* {"ref":…,"old":…,"new":…,"kind":…}; further members of a record's change are passed over. */
static enum status json_change(struct check_case *check, const json_t *value, struct arena *arena,
                               struct change *change, enum change_kind *stated, struct error *err)
{
    const char *part[4] = {NULL, NULL, NULL, check->field[CHECK_KIND]};
    static const char *const names[4] = {"ref", "old", "new", "kind"};
    if (!json_is_object(value))
        return error_set(err, STATUS_FORMAT, "an entry of \"changes\" must be an object");
    for (size_t i = 0; i < 4; i++) {
        const json_t *member = json_object_get(value, names[i]);
        if (!member)
            continue;
        enum status status = json_string_copy(member, names[i], arena, &part[i], err);
        if (status != STATUS_OK)
            return status;
    }
    if (!part[0])
        return error_set(err, STATUS_FORMAT, "an entry of \"changes\" has no \"ref\"");
    enum change_kind kind;
    enum status status = stated_kind(part[3], &kind, err);
    if (status != STATUS_OK)
        return status;
    return set_change(change, stated, kind, part[1], part[2], part[0], err);
}

enum status check_case_json(struct check_case *check, const json_t *object, struct arena *arena,
                            struct error *err)
{
    const char *name;
    json_t *value, *list = NULL;
    if (!json_is_object(object))
        return error_set(err, STATUS_FORMAT, "a line must hold one JSON object");
    json_object_foreach((json_t *)(uintptr_t)object, name, value)
    {
        size_t field = 0;
        while (field < CHECK_FIELDS && strcmp(name, check_field_names[field]))
            field++;
        if (!strcmp(name, "changes"))
            list = value;
        else if (field == CHECK_FIELDS)
            return error_set(err, STATUS_FORMAT, "unknown member \"%.100s\"", name);
        else if (json_string_copy(value, name, arena, &check->field[field], err) != STATUS_OK)
            return err->code;
    }
    if (!json_is_array(list) || !json_array_size(list))
        return error_set(err, STATUS_FORMAT, "\"changes\" must be a list with at least one entry");
    struct change *changes;
    enum status status = allocate_changes(check, json_array_size(list), arena, &changes, err);
    for (size_t i = 0; i < json_array_size(list) && status == STATUS_OK; i++)
        status = json_change(check, json_array_get(list, i), arena, &changes[i], &check->stated[i],
                             err);
    return status;
}

static enum answer stated_descends(void *self, const struct change *change,
                                   enum history_trouble *trouble, const char **why)
{
    const struct check_case *check = self;
    enum change_kind stated = check->stated[change - check->push.changes];
    if (stated == CHANGE_UPDATE)
        return ANSWER_YES;
    if (stated == CHANGE_REWRITE)
        return ANSWER_NO;
    *trouble = HISTORY_UNAVAILABLE;
    *why = "there is no repository to ask";
    return ANSWER_CANNOT_TELL;
}

static enum history_trouble stated_commits(void *self, const struct change *change,
                                           bool (*visit)(void *, const struct history_commit *),
                                           void *context, const char **why)
{
    (void)self, (void)change, (void)visit, (void)context;
    *why = "there is no repository to ask";
    return HISTORY_UNAVAILABLE;
}

struct history check_case_history(struct check_case *check)
{
    return (struct history){check, stated_descends, stated_commits};
}
