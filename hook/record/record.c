#include "record/record.h"

#include <sys/random.h>

#include "model/credential.h"
#include "record/audit.h"
#include "record/record_approval.h"
#include "record/record_json.h"

/* What a record may take, in bytes of JSON, so that all of it together stays below AUDIT_LINE_MAX:
 * the rest (names, snapshot, seal) is below 64 KiB. */
#define CHANGES_BYTES_MAX ((size_t)1536 * 1024)
#define PUSH_REASONS_BYTES_MAX ((size_t)256 * 1024)
#define CHANGE_REASONS_BYTES_MAX ((size_t)64 * 1024)
#define REASONS_MAX 64
/* No change can take more (ref and reasons at their limits), so that a few are not measured. */
#define CHANGE_BYTES_MAX (CHANGE_REASONS_BYTES_MAX + 6 * RECORD_REF_MAX + 4096)
#define CHANGES_UNMEASURED (CHANGES_BYTES_MAX / CHANGE_BYTES_MAX)

_Static_assert(CHANGES_BYTES_MAX + PUSH_REASONS_BYTES_MAX + 128 * 1024 <= AUDIT_LINE_MAX,
               "a record must fit into a line of the audit log");

static json_t *time_of(int64_t ms, bool seconds_only)
{
    char text[CLOCK_TEXT_SIZE];
    clock_format(ms, seconds_only, text);
    return json_string(text);
}

static json_t *name_of(struct text t)
{
    return json_text(t, RECORD_NAME_MAX, NULL);
}

static json_t *word_of(const char *word) /* NULL gives null */
{
    return word ? json_string_nocheck(word) : json_null();
}

/* ------------------------------------------------------------------ reasons */

static json_t *reason_json(struct record_maker *maker, const struct reason *reason)
{
    json_t *object = json_object();
    json_put(maker, object, "type", word_of(reason_type_name(reason->type)));
    if (reason->type == REASON_RESTRICTION || reason->restriction_id) {
        json_put(maker, object, "id", json_number(reason->restriction_id));
        json_put(maker, object, "restriction", name_of(reason->restriction_type));
    }
    if (!text_absent(reason->rule))
        json_put(maker, object, "rule", name_of(reason->rule));
    json_put(maker, object, "verdict", word_of(verdict_name(reason->verdict)));
    if (reason->monitored)
        json_put(maker, object, "monitored", json_true());
    json_put(maker, object, "text", json_text(reason->text, RECORD_TEXT_MAX, NULL));
    if (!text_absent(reason->message))
        json_put(maker, object, "message", json_text(reason->message, RECORD_TEXT_MAX, NULL));
    json_put(maker, object, "proof", json_list(maker, &reason->proof));
    json_put(maker, object, "controls", json_list(maker, &reason->controls));
    return object;
}

/* Strongest first, as they come; *omitted: how many found no room. */
static json_t *reasons_json(struct record_maker *maker, const struct reason_link *link,
                            size_t most_bytes, size_t *omitted)
{
    json_t *array = json_array();
    size_t count = 0, bytes = 0;
    *omitted = 0;
    for (; link; link = link->next) {
        if (count >= REASONS_MAX || *omitted) {
            ++*omitted;
            continue;
        }
        json_t *reason = reason_json(maker, link->reason);
        bytes += json_size(reason) + 1;
        if (bytes > most_bytes) {
            json_decref(reason);
            ++*omitted;
        } else {
            json_append(maker, array, reason);
            count++;
        }
    }
    return array;
}

/* ------------------------------------------------------------------ changes */

/* `result` is NULL when judging did not get that far. */
static json_t *change_json(struct record_maker *maker, const struct change *change,
                           const struct change_result *result, enum verdict verdict)
{
    json_t *object = json_object();
    bool escaped = false;
    json_put(maker, object, "ref", json_text(change->ref, RECORD_REF_MAX, &escaped));
    if (escaped)
        json_put(maker, object, "ref_escaped", json_true());
    if (change->ref.size > RECORD_REF_MAX)
        json_put(maker, object, "ref_cut", json_true());
    json_put(maker, object, "old", name_of(change_old(change)));
    json_put(maker, object, "new", name_of(change_new(change)));
    enum change_kind kind = result ? result->kind : change->kind;
    json_put(maker, object, "kind", word_of(change_kind_name(kind)));
    if (kind == CHANGE_MOVE)
        json_put(maker, object, "history", json_string_nocheck("not-asked"));
    json_put(maker, object, "verdict", word_of(verdict_name(result ? result->verdict : verdict)));
    if (result && result->approval.size)
        json_put(maker, object, "approval", name_of(result->approval));
    size_t omitted;
    json_put(
        maker, object, "reasons",
        reasons_json(maker, result ? result->reasons : NULL, CHANGE_REASONS_BYTES_MAX, &omitted));
    if (omitted)
        json_put(maker, object, "reasons_omitted", json_number(omitted));
    return object;
}

static const enum verdict strongest_first[] = {VERDICT_REJECT, VERDICT_REQUIRE_APPROVAL,
                                               VERDICT_ANNOTATE, VERDICT_NOTE, VERDICT_ACCEPT};
#define VERDICTS (sizeof strongest_first / sizeof strongest_first[0])

/* Place in strongest_first; what is no verdict counts as REJECT (verdict.h). */
static size_t verdict_rank(enum verdict v)
{
    for (size_t i = 0; i < VERDICTS; i++)
        if (strongest_first[i] == v)
            return i;
    return 0;
}

/* NULL when judging did not get that far. */
static const struct change_result *result_of(const struct decision *decision, size_t i)
{
    return decision->changes && i < decision->change_count ? &decision->changes[i] : NULL;
}

static size_t change_rank(const struct decision *decision, size_t i)
{
    const struct change_result *result = result_of(decision, i);
    return verdict_rank(result ? result->verdict : decision->verdict);
}

struct change_list {
    json_t *array;
    size_t listed, bytes;
    bool full;
};

static void list_changes_of_rank(struct record_maker *maker, const struct push *push,
                                 const struct decision *decision, size_t rank,
                                 struct change_list *list)
{
    for (size_t i = 0; i < push->change_count && !list->full; i++) {
        if (change_rank(decision, i) != rank)
            continue;
        const struct change_result *result = result_of(decision, i);
        json_t *change = change_json(maker, &push->changes[i], result, decision->verdict);
        size_t size = push->change_count > CHANGES_UNMEASURED ? json_size(change) + 1 : 0;
        list->full = list->listed >= RECORD_CHANGES_MAX || list->bytes + size > CHANGES_BYTES_MAX;
        if (list->full) {
            json_decref(change);
            return;
        }
        list->bytes += size;
        list->listed++;
        json_append(maker, list->array, change);
    }
}

/* For the changes that are not listed: how many of each verdict, and what git said on stdin. */
static void put_omitted(struct record_maker *maker, json_t *record, const struct push *push,
                        const struct decision *decision, size_t listed)
{
    size_t counts[VERDICTS] = {0};
    for (size_t i = 0; i < push->change_count; i++)
        counts[change_rank(decision, i)]++;
    json_put(maker, record, "changes_total", json_number(push->change_count));
    json_put(maker, record, "changes_omitted", json_number(push->change_count - listed));
    json_t *object = json_object();
    for (size_t i = 0; i < VERDICTS; i++)
        json_put(maker, object, verdict_name(strongest_first[i]), json_number(counts[i]));
    json_put(maker, record, "counts", object);
    json_put(maker, record, "stdin", json_string(push->stdin_digest.hex));
}

static void put_changes(struct record_maker *maker, json_t *record, const struct push *push,
                        const struct decision *decision)
{
    struct change_list list = {.array = json_array()};
    for (size_t rank = 0; rank < VERDICTS && !list.full; rank++)
        list_changes_of_rank(maker, push, decision, rank, &list);
    json_put(maker, record, "changes", list.array);
    if (list.full)
        put_omitted(maker, record, push, decision, list.listed);
}

/* ------------------------------------------------------------------ the rest */

static json_t *push_json(struct record_maker *maker, const struct push *push,
                         const struct decision *decision)
{
    json_t *object = json_object();
    json_put(maker, object, "project", name_of(push->project_key));
    json_put(maker, object, "repository", name_of(push->repository_slug));
    json_put(maker, object, "repository_id",
             decision->repository_known ? json_number(decision->repository_id) : json_null());
    struct text trigger = push->trigger_text;
    if (text_absent(trigger))
        trigger = text_of(trigger_name(push->trigger));
    json_put(maker, object, "trigger", name_of(trigger));
    json_put(maker, object, "dry_run", json_boolean(push->dry_run));
    if (push->merge)
        json_put(maker, object, "merge", json_true());
    if (push->storage_id_known)
        json_put(maker, object, "storage_id", json_number(push->storage_id));
    if (push->native)
        json_put(maker, object, "native", json_true());
    /* A renamed repository that the snapshot knows by another name. */
    if (decision->project_key.size && decision->repository_slug.size &&
        (!text_equal_fold(decision->project_key, push->project_key) ||
         !text_equal_fold(decision->repository_slug, push->repository_slug))) {
        json_t *judged = json_object();
        json_put(maker, judged, "project", name_of(decision->project_key));
        json_put(maker, judged, "repository", name_of(decision->repository_slug));
        json_put(maker, object, "judged_as", judged);
    }
    return object;
}

static json_t *level_json(bool known, enum permission level)
{
    return known ? word_of(permission_name(level)) : json_null();
}

static json_t *pusher_json(struct record_maker *maker, const struct push *push,
                           const struct decision *decision)
{
    json_t *object = json_object(), *permission = json_object();
    json_put(maker, permission, "bitbucket",
             level_json(decision->bitbucket_permission_known, decision->bitbucket_permission));
    json_put(maker, permission, "snapshot",
             level_json(decision->snapshot_permission_known, decision->snapshot_permission));
    json_put(maker, object, "name", name_of(push->user_name));
    json_put(maker, object, "type",
             word_of(decision->pusher_type ? decision->pusher_type : "unknown"));
    json_put(maker, object, "permission", permission);
    /* What a key is recognised by, so that `audit replay` sees what was seen; of people it is not
     * kept. */
    if (decision->pusher_type && strcmp(decision->pusher_type, "user") != 0) {
        json_put(maker, object, "display_name", name_of(push->user_display_name));
        json_put(maker, object, "has_email", json_boolean(push->user_email.size > 0));
    }
    return object;
}

static json_t *credential_json(struct record_maker *maker, const struct credential *credential)
{
    json_t *object = json_object(), *candidates = json_array();
    size_t count = credential->candidate_count;
    for (size_t i = 0; i < count && i < RECORD_LIST_MAX; i++)
        json_append(maker, candidates, json_number(credential->candidates[i]));
    json_put(maker, object, "class", word_of(credential_class_name(credential->class)));
    json_put(maker, object, "id",
             count == 1 && !credential->candidates_open ? json_number(credential->candidates[0])
                                                        : json_null());
    json_put(maker, object, "label", name_of(credential->label));
    if (credential->token_known)
        json_put(maker, object, "token_id", json_number(credential->token_id));
    json_put(maker, object, "confidence", word_of(confidence_name(credential->confidence)));
    json_put(maker, object, "evidence", json_text(credential->evidence, RECORD_TEXT_MAX, NULL));
    json_put(maker, object, "candidates", candidates);
    if (count > RECORD_LIST_MAX)
        json_put(maker, object, "candidates_total", json_number(count));
    if (credential->candidates_open)
        json_put(maker, object, "candidates_open", json_true());
    return object;
}

static json_t *snapshot_json(struct record_maker *maker, const struct decision *decision)
{
    if (!decision->snapshot_known)
        return json_null();
    json_t *object = json_object();
    json_put(maker, object, "digest", name_of(decision->snapshot_digest));
    json_put(maker, object, "generated", time_of(decision->snapshot_generated_ms, true));
    json_put(maker, object, "age_s", json_integer(decision->snapshot_age_ms / CLOCK_SECOND));
    if (decision->snapshot_part_ms) {
        json_t *part = json_object();
        json_put(maker, part, "read", time_of(decision->snapshot_part_ms, true));
        json_put(maker, object, "part", part);
    }
    return object;
}

static json_t *policy_json(struct record_maker *maker, const struct policy *policy)
{
    if (!policy)
        return json_null();
    json_t *object = json_object();
    json_put(maker, object, "digest", json_string(policy->digest.hex));
    return object;
}

static void put_head(struct record_maker *maker, json_t *record, const struct record_frame *frame,
                     const struct push *push, const struct decision *decision)
{
    json_put(maker, record, "id", name_of(text_of(frame->id)));
    json_put(maker, record, "time", time_of(push->now_ms, false));
    json_put(maker, record, "host", name_of(push->host));
    json_put(maker, record, "version", name_of(text_of(frame->version)));
    json_put(maker, record, "mode",
             word_of(decision->mode == MODE_MONITOR ? "monitor" : "enforce"));
    json_put(maker, record, "verdict", word_of(verdict_name(decision->verdict)));
    json_put(maker, record, "exit", json_integer(decision->exit_code));
    if (decision->disabled) {
        /* The first reason of a decision by the kill switch is what the administrator wrote. */
        const struct reason_link *why = decision->push_reasons;
        struct text text = why ? why->reason->text : TEXT("");
        json_put(maker, record, "disabled", json_text(text, RECORD_TEXT_MAX, NULL));
    }
    json_put(maker, record, "duration_us", json_integer(frame->duration_us));
}

static json_t *whole_record(struct record_maker *maker, const struct record_frame *frame,
                            const struct push *push, const struct decision *decision,
                            const struct policy *policy)
{
    json_t *record = json_object();
    put_head(maker, record, frame, push, decision);
    json_put(maker, record, "push", push_json(maker, push, decision));
    json_put(maker, record, "pusher", pusher_json(maker, push, decision));
    json_put(maker, record, "credential", credential_json(maker, &decision->credential));
    size_t omitted;
    json_put(maker, record, "reasons",
             reasons_json(maker, decision->push_reasons, PUSH_REASONS_BYTES_MAX, &omitted));
    if (omitted)
        json_put(maker, record, "reasons_omitted", json_number(omitted));
    put_changes(maker, record, push, decision);
    json_put(maker, record, "snapshot", snapshot_json(maker, decision));
    json_put(maker, record, "policy", policy_json(maker, policy));
    json_put(maker, record, "approval", record_approval_json(maker, decision->approval));
    return record;
}

static int add_bytes(const char *bytes, size_t size, void *buffer)
{
    buffer_add(buffer, bytes, size);
    return ((struct buffer *)buffer)->failed ? -1 : 0;
}

/* jansson would open and read /dev/urandom for the seed of its hash tables, which costs the hook more
 * than a small record. A seed that was set before stays. */
static void seed_jansson(void)
{
    size_t seed = 0;
    if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) == (ssize_t)sizeof seed)
        json_object_seed(seed);
}

enum status record_json(const struct record_frame *frame, const struct push *push,
                        const struct decision *decision, const struct policy *policy,
                        struct buffer *out, struct error *err)
{
    struct record_maker maker = {false};
    seed_jansson();
    json_t *record = whole_record(&maker, frame, push, decision, policy);
    if (!maker.failed && json_dump_callback(record, add_bytes, out, JSON_COMPACT))
        maker.failed = true;
    json_decref(record);
    if (maker.failed || out->failed)
        return error_set(err, STATUS_MEMORY, "out of memory while writing the decision down");
    return STATUS_OK;
}
