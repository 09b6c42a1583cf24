#include "command/replay_push.h"

#include <string.h>

#include "command/audit_entry.h"
#include "model/ref.h"

struct recorded_history {
    enum change_kind kind; /* UPDATE, REWRITE, UNKNOWN; MOVE: nobody asked */
    bool limit;            /* what was asked took more than refgate may */
    bool foreign;          /* a rule refused it for whose commits it brings */
    bool doubt;            /* a rule could not tell */
    bool asked;            /* the policy that made the record asks about its commits */
};

/* ------------------------------------------------------------------ pieces */

static bool is_true(const json_t *object, const char *key)
{
    return json_is_true(json_object_get(object, key));
}

/* The text of a member; absent if it is missing, null or no text. */
static struct text member(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_string(value))
        return TEXT_NONE;
    return (struct text){json_string_value(value), json_string_length(value)};
}

/* A name that an environment could have held. */
static bool usable(struct text name)
{
    return name.size && !memchr(name.at, '\0', name.size);
}

static int hex_digit(char c)
{
    if (ascii_digit(c))
        return c - '0';
    c = ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* %XX becomes the byte. */
static struct text unescaped(struct text t, struct arena *arena)
{
    struct text copy = arena_text(arena, t);
    if (!copy.at)
        return copy;
    char *out = arena_alloc(arena, t.size + 1, 1);
    size_t size = 0;
    for (size_t i = 0; out && i < t.size; i++) {
        bool escape = t.at[i] == '%' && i + 2 < t.size && hex_digit(t.at[i + 1]) >= 0 &&
                      hex_digit(t.at[i + 2]) >= 0;
        out[size++] = escape ? (char)(hex_digit(t.at[i + 1]) * 16 + hex_digit(t.at[i + 2]))
                             : t.at[i];
        i += escape ? 2 : 0;
    }
    return (struct text){out, out ? size : 0};
}

/* ------------------------------------------------------------------ changes */

static void read_reasons(const json_t *change, struct recorded_history *out)
{
    const json_t *reasons = json_object_get(change, "reasons");
    out->doubt = json_object_get(change, "reasons_omitted"); /* it may have been one of them */
    for (size_t i = 0; i < json_array_size(reasons); i++) {
        struct text type = member(json_array_get(reasons, i), "type");
        /* The only failure of a single change is history that took too long. */
        out->limit = out->limit || text_equal(type, TEXT("failure"));
        out->foreign = out->foreign || text_equal(type, TEXT("identity"));
        out->doubt = out->doubt || text_equal(type, TEXT("undecided"));
    }
}

static struct recorded_history history_of(const json_t *change)
{
    struct recorded_history history = {.kind = CHANGE_UNKNOWN};
    struct text kind = member(change, "kind");
    static const enum change_kind kinds[] = {CHANGE_UPDATE, CHANGE_REWRITE};
    read_reasons(change, &history);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (text_equal(kind, text_of(change_kind_name(kinds[i]))))
            history.kind = kinds[i];
    if (text_equal(member(change, "history"), TEXT("not-asked")))
        history.kind = CHANGE_MOVE;
    return history;
}

/* false: out of memory. *good: it is a change. */
static bool read_change(const json_t *recorded, struct arena *arena, struct change *out, bool *good)
{
    struct text old_id = member(recorded, "old"), new_id = member(recorded, "new");
    struct text ref = member(recorded, "ref");
    *good = false;
    if (is_true(recorded, "ref_escaped")) {
        ref = unescaped(ref, arena);
        if (!ref.at)
            return false;
    }
    if (!usable(ref) || !ref_name_valid(ref) || !object_id_valid(old_id) ||
        !object_id_valid(new_id) || old_id.size != new_id.size ||
        (object_id_zero(old_id) && object_id_zero(new_id)))
        return true;
    *out = (struct change){
        .ref = ref, .old_id = old_id.at, .new_id = new_id.at, .id_size = (uint8_t)old_id.size};
    out->kind = change_kind_without_history(out);
    *good = true;
    return true;
}

/* A change whose ref was cut is left out, as those that the record leaves out. */
static bool read_changes(const json_t *record, struct arena *arena, struct replay_push *out,
                         bool *good)
{
    const json_t *list = json_object_get(record, "changes");
    size_t count = json_array_size(list), kept = 0;
    struct change *changes = arena_alloc(arena, count + 1, sizeof *changes);
    struct recorded_history *history = arena_alloc(arena, count + 1, sizeof *history);
    *good = count > 0;
    if (!changes || !history)
        return false;
    for (size_t i = 0; i < count && *good; i++) {
        const json_t *recorded = json_array_get(list, i);
        if (is_true(recorded, "ref_cut")) {
            out->partial = true;
            continue;
        }
        if (!read_change(recorded, arena, &changes[kept], good))
            return false;
        history[kept++] = history_of(recorded);
    }
    out->partial = out->partial || json_object_get(record, "changes_omitted");
    out->push.changes = changes;
    out->push.change_count = kept;
    out->history = history;
    *good = *good && kept;
    return true;
}

/* ------------------------------------------------------------------ who, with what */

/* BB_USER_EMAIL of a service user is not recorded, only whether there was one. No commit is compared
 * with it: those are not recorded either. */
static const struct text some_address = TEXT("address-not-recorded");

static bool read_pusher(const json_t *record, struct arena *arena, struct push *push)
{
    const json_t *pusher = json_object_get(record, "pusher");
    push->user_name = member(pusher, "name");
    push->user_display_name = member(pusher, "display_name");
    push->user_permission = member(json_object_get(pusher, "permission"), "bitbucket");
    if (is_true(pusher, "has_email"))
        push->user_email = some_address;
    const json_t *credential = json_object_get(record, "credential");
    struct text label = member(credential, "label");
    if (push->user_display_name.at || !label.at ||
        !text_equal(member(credential, "class"), TEXT("access-key")))
        return true;
    /* Older records lack it: what Bitbucket calls a key's service user. */
    const char *name = arena_printf(arena, "Access Key User - %.*s", TEXT_ARG(label));
    push->user_display_name = text_of(name);
    return name != NULL;
}

static void observe(void *self, const struct push *push, struct observation *out)
{
    const struct replay_push *replay = self;
    (void)push;
    *out = replay->observation;
}

static bool is_specific_user(enum credential_class class)
{
    return class == CREDENTIAL_USER_SSH_KEY || class == CREDENTIAL_USER_TOKEN ||
           class == CREDENTIAL_USER_PASSWORD;
}

/* What a trusted wrapper said then, as its variable says it: "class[:id]". */
static bool told_by_wrapper(const json_t *credential, enum credential_class class,
                            struct arena *arena, struct push *push)
{
    const json_t *id = json_object_get(credential, "id");
    const char *name = credential_class_name(class);
    if (class == CREDENTIAL_UNKNOWN) {
        push->credential_value = TEXT("?"); /* what it said contradicted the name */
        return true;
    }
    const char *value = json_is_integer(id)
                            ? arena_printf(arena, "%s:%llu", name,
                                           (unsigned long long)json_integer_value(id))
                            : arena_printf(arena, "%s", name);
    push->credential_value = text_of(value);
    return value != NULL;
}

static bool read_credential(const json_t *record, struct arena *arena, struct replay_push *out)
{
    const json_t *credential = json_object_get(record, "credential");
    struct text evidence = member(credential, "evidence");
    enum credential_class class = CREDENTIAL_UNKNOWN;
    enum confidence confidence = CONFIDENCE_NONE;
    if (!credential_class_parse(member(credential, "class"), &class) ||
        !confidence_parse(member(credential, "confidence"), &confidence))
        return true;
    if (is_specific_user(class) && confidence == CONFIDENCE_OBSERVED) {
        const json_t *id = json_object_get(credential, "id");
        out->observation = (struct observation){.class = class,
                                                .id_known = json_is_integer(id),
                                                .id = (uint64_t)json_integer_value(id),
                                                .evidence = evidence};
        out->observer = (struct observer){out, observe};
        out->push.observer = &out->observer;
        return true;
    }
    if ((is_specific_user(class) && confidence == CONFIDENCE_CERTAIN) ||
        text_starts(evidence, TEXT("a trusted wrapper")) ||
        text_starts(evidence, TEXT("the wrapper's variable")))
        return told_by_wrapper(credential, class, arena, &out->push);
    return true;
}

/* ------------------------------------------------------------------ the rest */

static void read_where(const json_t *record, struct push *push)
{
    const json_t *where = json_object_get(record, "push");
    const json_t *storage = json_object_get(where, "storage_id");
    push->project_key = member(where, "project");
    push->repository_slug = member(where, "repository");
    push->trigger_text = member(where, "trigger");
    push->trigger = trigger_parse(push->trigger_text);
    push->dry_run = is_true(where, "dry_run");
    push->merge = is_true(where, "merge");
    push->storage_id_known = json_is_integer(storage) && json_integer_value(storage) >= 0;
    push->storage_id = push->storage_id_known ? (uint64_t)json_integer_value(storage) : 0;
    push->host = member(record, "host");
}

static void read_snapshot(const json_t *record, struct replay_push *out)
{
    const json_t *snapshot = json_object_get(record, "snapshot");
    const json_t *age = json_object_get(snapshot, "age_s");
    out->snapshot_known = json_is_object(snapshot);
    out->snapshot_digest = member(snapshot, "digest");
    json_int_t seconds = json_integer_value(age);
    if (seconds < -INT32_MAX || seconds > INT32_MAX)
        seconds = 0;
    out->started_ms = out->push.now_ms - seconds * CLOCK_SECOND;
    if (!clock_parse(member(snapshot, "generated"), &out->generated_ms))
        out->generated_ms = out->started_ms;
}

static bool read_outcome(const json_t *record, struct replay_push *out)
{
    const json_t *exit_code = json_object_get(record, "exit");
    out->id = member(record, "id");
    out->time = member(record, "time");
    out->policy_digest = member(json_object_get(record, "policy"), "digest");
    out->stopped = json_integer_value(exit_code) != 0;
    const json_t *approval = json_object_get(record, "approval");
    out->approved = json_array_size(json_object_get(approval, "used")) > 0;
    return json_is_integer(exit_code) && verdict_parse(member(record, "verdict"), &out->verdict) &&
           clock_parse(out->time, &out->push.now_ms);
}

static enum replay_skip skip_of(const json_t *record)
{
    const json_t *where = json_object_get(record, "push");
    if (json_is_string(json_object_get(record, "type")))
        return REPLAY_OTHER_LINE;
    if (json_object_get(record, "disabled"))
        return REPLAY_SWITCHED_OFF;
    if (!json_is_object(where) || !json_is_object(json_object_get(record, "pusher")))
        return REPLAY_DAMAGED;
    if (is_true(where, "native"))
        return REPLAY_NATIVE;
    /* decision_failure() */
    if (text_equal(member(json_object_get(record, "credential"), "evidence"), TEXT("not judged")))
        return REPLAY_UNJUDGED;
    return REPLAY_NOTHING;
}

enum status replay_push_of(const json_t *record, struct arena *arena, struct replay_push *out,
                           enum replay_skip *skip, struct error *err)
{
    struct push *push = &out->push;
    *out = (struct replay_push){.verdict = VERDICT_REJECT};
    *skip = skip_of(record);
    if (*skip != REPLAY_NOTHING)
        return STATUS_OK;
    bool good = false;
    *skip = REPLAY_DAMAGED;
    read_where(record, push);
    if (!read_outcome(record, out))
        return STATUS_OK;
    read_snapshot(record, out);
    if (!read_pusher(record, arena, push) || !read_credential(record, arena, out) ||
        !read_changes(record, arena, out, &good))
        return error_set(err, STATUS_MEMORY, "out of memory");
    if (good && usable(push->project_key) && usable(push->repository_slug) &&
        usable(push->user_name))
        *skip = REPLAY_NOTHING;
    return STATUS_OK;
}

/* ------------------------------------------------------------------ history */

static enum answer descends(void *self, const struct change *change, enum history_trouble *trouble,
                            const char **why)
{
    struct replay_push *replay = self;
    const struct recorded_history *history = &replay->history[change - replay->push.changes];
    enum change_kind kind = history->kind;
    if (kind == CHANGE_MOVE) {
        replay->asked |= REPLAY_ASKED_KIND;
        kind = !replay->in_world         ? CHANGE_UNKNOWN
               : replay->world.rewritten ? CHANGE_REWRITE
                                         : CHANGE_UPDATE;
    }
    if (kind == CHANGE_UPDATE)
        return ANSWER_YES;
    if (kind == CHANGE_REWRITE)
        return ANSWER_NO;
    *trouble = history->limit ? HISTORY_LIMIT : HISTORY_UNAVAILABLE;
    *why = history->kind == CHANGE_MOVE ? "the record does not say" : "it could not be read then";
    return ANSWER_CANNOT_TELL;
}

/* Are the commits of this change such as a rule refuses? */
static enum answer foreign_commits(struct replay_push *replay, struct recorded_history *history)
{
    bool then = replay->policy == REPLAY_POLICY_THEN;
    history->asked = history->asked || then;
    if (then || (replay->policy == REPLAY_POLICY_LIKE_IT && history->asked))
        return history->foreign ? ANSWER_YES : history->doubt ? ANSWER_CANNOT_TELL : ANSWER_NO;
    replay->asked |= REPLAY_ASKED_COMMITS;
    if (!replay->in_world)
        return ANSWER_CANNOT_TELL;
    return replay->world.foreign ? ANSWER_YES : ANSWER_NO;
}

static enum history_trouble new_commits(void *self, const struct change *change,
                                        bool (*visit)(void *, const struct history_commit *),
                                        void *context, const char **why)
{
    struct replay_push *replay = self;
    struct recorded_history *history = &replay->history[change - replay->push.changes];
    /* Nobody's: no pattern of addresses can match what has no domain. */
    const struct history_commit commit = {.id = change_new(change),
                                          .author_email = TEXT("nobody"),
                                          .committer_email = TEXT("nobody")};
    enum answer foreign = foreign_commits(replay, history);
    if (foreign == ANSWER_YES)
        visit(context, &commit);
    if (!history->limit && foreign != ANSWER_CANNOT_TELL)
        return HISTORY_FINE;
    *why = "the record does not hold the commits";
    return history->limit ? HISTORY_LIMIT : HISTORY_UNAVAILABLE;
}

struct history replay_push_history(struct replay_push *replay)
{
    replay->policy = REPLAY_POLICY_OTHER;
    replay->in_world = false;
    return (struct history){replay, descends, new_commits};
}

struct history replay_push_history_in(struct replay_push *replay, enum replay_policy policy,
                                      struct replay_world world)
{
    replay->policy = policy;
    replay->in_world = true;
    replay->world = world;
    return (struct history){replay, descends, new_commits};
}

unsigned replay_push_asked(struct replay_push *replay)
{
    unsigned asked = replay->asked;
    replay->asked = 0;
    return asked;
}
