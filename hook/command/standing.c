#include "command/standing.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/table.h"
#include "policy/decide.h"

#define WORK_MEMORY ((size_t)512 * 1024 * 1024)

static const struct name_value answers[] = {
    {"yes", STANDING_YES},
    {"annotated", STANDING_ANNOTATED},
    {"needs-approval", STANDING_APPROVAL},
    {"cannot-tell", STANDING_CANNOT_TELL},
    {"no", STANDING_NO},
};

const char *standing_answer_name(enum standing_answer answer)
{
    const char *name = table_name(answers, TABLE_COUNT(answers), (int)answer);
    return name ? name : "no";
}

bool standing_may(enum standing_answer answer)
{
    return answer == STANDING_YES || answer == STANDING_ANNOTATED;
}

enum standing_answer standing_best(const struct standing *standing)
{
    enum standing_answer best = STANDING_NO;
    for (size_t i = 0; i < standing->change_count; i++)
        if (standing->changes[i].answer > best)
            best = standing->changes[i].answer;
    return best;
}

/* ------------------------------------------------------------------ the question */

static const struct {
    unsigned bit;
    const char *name;
} kinds[] = {{KIND_CREATE, "create"},
             {KIND_UPDATE, "update"},
             {KIND_REWRITE, "rewrite"},
             {KIND_DELETE, "delete"}};
#define KIND_COUNT (sizeof kinds / sizeof kinds[0])

/* The changes of one kind, between those of the others: refs x kinds. */
static enum status add_kind(struct standing_question *q, const char *kind, char *const *refs,
                            size_t ref_count, size_t at, size_t step, struct change *changes,
                            enum change_kind *stated, struct error *err)
{
    struct check_case one = {.stated = NULL};
    one.field[CHECK_KIND] = kind;
    enum status status = check_case_operands(&one, refs, ref_count, &q->instance->arena, err);
    for (size_t i = 0; i < ref_count && status == STATUS_OK; i++) {
        changes[i * step + at] = one.push.changes[i];
        stated[i * step + at] = one.stated[i];
    }
    return status;
}

static enum status add_changes(struct standing_question *q, char *const *refs, size_t ref_count,
                               struct error *err)
{
    struct arena *arena = &q->instance->arena;
    size_t step = 0, at = 0;
    for (size_t i = 0; i < KIND_COUNT; i++)
        step += (q->kinds & kinds[i].bit) != 0;
    struct change *changes = arena_alloc(arena, ref_count * step, sizeof *changes);
    enum change_kind *stated = arena_alloc(arena, ref_count * step, sizeof *stated);
    char **full = arena_alloc(arena, ref_count, sizeof *full);
    if (!changes || !stated || !full)
        return error_set(err, STATUS_MEMORY, "out of memory");
    for (size_t i = 0; i < ref_count; i++) {
        bool whole = text_starts(text_of(refs[i]), TEXT("refs/"));
        full[i] = arena_printf(arena, "%s%s", whole ? "" : "refs/heads/", refs[i]);
        if (!full[i])
            return error_set(err, STATUS_MEMORY, "out of memory");
    }
    enum status status = STATUS_OK;
    for (size_t i = 0; i < KIND_COUNT && status == STATUS_OK; i++)
        if (q->kinds & kinds[i].bit)
            status = add_kind(q, kinds[i].name, full, ref_count, at++, step, changes, stated, err);
    q->check.stated = stated;
    q->check.push.changes = changes;
    q->check.push.change_count = ref_count * step;
    return status;
}

static enum status find_repository(struct standing_question *q, const char *repository,
                                   struct error *err)
{
    const struct view *view = &q->instance->view;
    q->project_key = text_of(q->check.project_key);
    q->slug = text_of(q->check.slug);
    enum status status = view->meta(view->self, &q->meta, err);
    if (status == STATUS_OK)
        status = view->repository(view->self, q->project_key, q->slug, &q->repository, err);
    if (status == STATUS_NOT_FOUND)
        return error_set(err, status,
                         "the snapshot has no repository %s: it is younger, was renamed or moved, "
                         "or its name is wrong",
                         repository);
    return status;
}

enum status standing_prepare(const struct arguments *args, struct instance *instance,
                             const char *repository, char *const *refs, size_t ref_count,
                             unsigned wanted, bool merge, struct standing_question *out,
                             struct error *err)
{
    struct check_case *check = &out->check;
    const char *trigger = argument(args, "trigger");
    *out = (struct standing_question){
        .args = args, .instance = instance, .merge = merge, .kinds = wanted};
    check->field[CHECK_REPO] = repository;
    check->field[CHECK_AT] = argument(args, "at");
    check->field[CHECK_CREDENTIAL] = argument(args, "credential");
    check->field[CHECK_TRIGGER] = trigger ? trigger : merge ? "pull-request-merge" : "push";
    check->field[CHECK_USER] = "nobody"; /* each principal says */
    enum status status = check_case_prepare(check, &instance->policy, &instance->arena, err);
    if (status == STATUS_OK && merge && !check->push.merge)
        status = error_set(err, STATUS_USAGE, "a merge has a trigger of its own, not %s", trigger);
    if (status == STATUS_OK)
        status = find_repository(out, repository, err);
    if (status == STATUS_OK && ref_count)
        status = add_changes(out, refs, ref_count, err);
    return status;
}

/* ------------------------------------------------------------------ permission */

static struct text why_open(const struct effective *effective)
{
    if (effective->user_known == ANSWER_YES && effective->user.licensed == ANSWER_CANNOT_TELL)
        return TEXT("cannot tell whether the user has a licence: the sync could not read it");
    if (effective->unread != PERMISSION_NONE)
        return TEXT("the sync could not read all grants");
    return TEXT("the sync could not read all members of a group");
}

static struct text why_closed(const struct principal *principal, const struct effective *effective,
                              enum permission most)
{
    const struct snapshot_user *user = &effective->user;
    if (principal->type == PRINCIPAL_USER && effective->user_known != ANSWER_YES)
        return TEXT("the snapshot does not know the user");
    if (principal->type == PRINCIPAL_USER && !user->active)
        return TEXT("the account is inactive");
    if (principal->type == PRINCIPAL_USER && user->licensed == ANSWER_NO && !user->global_unsure)
        return TEXT("the user has no licence");
    if (most == PERMISSION_NONE)
        return principal->type == PRINCIPAL_KEY ? TEXT("the key is not granted here")
                                                : TEXT("no permission here");
    return most < PERMISSION_REPO_WRITE ? TEXT("may only read") : TEXT_NONE;
}

static void set_permission(const struct principal *principal, struct standing *out)
{
    const struct effective *effective = &out->effective;
    out->least = effective->least;
    out->most = effective->most;
    if (principal->permission)
        out->least = out->most = PERMISSION_REPO_WRITE;
    out->closed = why_closed(principal, effective, out->most);
    if (!text_absent(out->closed)) {
        out->may_write = ANSWER_NO;
    } else if (effective->repository.archived) {
        out->may_write = ANSWER_NO;
        out->closed = TEXT("the repository is archived");
    } else if (out->least < PERMISSION_REPO_WRITE) {
        out->may_write = ANSWER_CANNOT_TELL;
        out->closed = why_open(effective);
    } else {
        out->may_write = ANSWER_YES;
    }
}

/* What points into the arena of one question goes; the texts are in the map. */
static enum status keep_effective(const struct standing_question *q, struct effective *effective,
                                  struct error *err)
{
    struct effective_grant *grants = arena_alloc(&q->instance->arena, effective->grant_count,
                                                 sizeof *grants);
    if (!grants)
        return error_set(err, STATUS_MEMORY, "out of memory");
    if (effective->grant_count)
        memcpy(grants, effective->grants, effective->grant_count * sizeof *grants);
    effective->grants = grants;
    effective->repository = q->repository;
    effective->user.groups = NULL;
    effective->user.group_count = 0;
    return STATUS_OK;
}

static enum status find_permission(struct standing_question *q, const struct principal *principal,
                                   const struct view *view, struct arena *work,
                                   struct standing *out, struct error *err)
{
    struct effective *effective = &out->effective;
    enum status status = STATUS_OK;
    if (principal->type == PRINCIPAL_USER)
        status = effective_of_user(view, q->project_key, q->slug, text_of(principal->user_name),
                                   work, effective, err);
    else if (principal->type == PRINCIPAL_KEY)
        status = effective_of_key(view, q->project_key, q->slug, principal->id, work, effective,
                                  err);
    else
        *effective = (struct effective){.user_known = ANSWER_NO};
    if (status == STATUS_OK)
        status = keep_effective(q, effective, err);
    if (status == STATUS_OK)
        set_permission(principal, out);
    return status;
}

/* ------------------------------------------------------------------ verdicts */

/* Whether a restriction blocks, or whether the pusher may write, is open: Bitbucket knows. A rule
 * that is open says what it does then. */
static bool leaves_open(const struct reason *reason)
{
    return reason->type == REASON_UNDECIDED && !reason->source.line;
}

static bool shown(const struct reason *reason)
{
    return !reason->monitored && (reason->verdict == VERDICT_ANNOTATE ||
                                  !verdict_accepts(reason->verdict) || leaves_open(reason));
}

static enum standing_answer answer_of(const struct standing_change *change, enum answer may_write)
{
    bool open = may_write != ANSWER_YES, sure = false;
    for (size_t i = 0; i < change->reason_count; i++) {
        const struct reason *reason = change->reasons[i];
        open = open || leaves_open(reason);
        sure = sure || (reason->verdict == change->verdict && reason->type != REASON_UNDECIDED);
    }
    if (may_write == ANSWER_NO || (change->verdict == VERDICT_REJECT && sure))
        return STANDING_NO;
    if (!verdict_accepts(change->verdict) && !sure)
        return STANDING_CANNOT_TELL;
    if (open)
        return STANDING_CANNOT_TELL;
    if (!verdict_accepts(change->verdict))
        return change->verdict == VERDICT_REQUIRE_APPROVAL ? STANDING_APPROVAL : STANDING_NO;
    return change->verdict == VERDICT_ANNOTATE ? STANDING_ANNOTATED : STANDING_YES;
}

struct kept_reasons { /* copies, once each: changes share them */
    const struct reason **from, **to;
    size_t count;
};

static const struct reason *copy_reason(struct arena *arena, const struct reason *reason)
{
    struct reason *copy = arena_alloc(arena, 1, sizeof *copy);
    struct text *proof = arena_alloc(arena, reason->proof.count, sizeof *proof);
    if (!copy || !proof)
        return NULL;
    *copy = *reason;
    copy->text = arena_text(arena, reason->text);
    copy->restriction_type = arena_text(arena, reason->restriction_type);
    copy->proof = (struct text_list){proof, reason->proof.count};
    for (size_t i = 0; i < reason->proof.count; i++) {
        proof[i] = arena_text(arena, reason->proof.items[i]);
        if (!proof[i].at)
            return NULL;
    }
    return copy->text.at && copy->restriction_type.at ? copy : NULL;
}

static const struct reason *keep_reason(struct kept_reasons *kept, struct arena *arena,
                                        const struct reason *reason)
{
    for (size_t i = 0; i < kept->count; i++)
        if (kept->from[i] == reason)
            return kept->to[i];
    const struct reason *copy = copy_reason(arena, reason);
    if (!copy)
        return NULL;
    kept->from[kept->count] = reason;
    kept->to[kept->count++] = copy;
    return copy;
}

static size_t count_links(const struct reason_link *link)
{
    size_t count = 0;
    for (; link; link = link->next)
        count++;
    return count;
}

/* Those of the change and those of the push as a whole, strongest first as each list is. */
static enum status keep_reasons(struct kept_reasons *kept, struct arena *arena,
                                const struct reason_link *of_change,
                                const struct reason_link *of_push, struct standing_change *out,
                                struct error *err)
{
    size_t room = count_links(of_change) + count_links(of_push);
    const struct reason **list = arena_alloc(arena, room, sizeof(struct reason *));
    if (!list)
        return error_set(err, STATUS_MEMORY, "out of memory");
    while (of_change || of_push) {
        bool first = of_change && (!of_push || verdict_stronger(of_change->reason->verdict,
                                                                of_push->reason->verdict) ==
                                                   of_change->reason->verdict);
        const struct reason *reason = first ? of_change->reason : of_push->reason;
        if (shown(reason)) {
            list[out->reason_count] = keep_reason(kept, arena, reason);
            if (!list[out->reason_count++])
                return error_set(err, STATUS_MEMORY, "out of memory");
        }
        if (first)
            of_change = of_change->next;
        else
            of_push = of_push->next;
    }
    out->reasons = list;
    return STATUS_OK;
}

static enum verdict push_verdict(const struct decision *decision)
{
    enum verdict verdict = VERDICT_ACCEPT;
    for (const struct reason_link *link = decision->push_reasons; link; link = link->next)
        if (!link->reason->monitored)
            verdict = verdict_stronger(verdict, link->reason->verdict);
    return verdict;
}

static enum status take_decision(const struct standing_question *q, const struct decision *decision,
                                 struct arena *work, struct standing *out, struct error *err)
{
    size_t room = count_links(decision->push_reasons);
    for (size_t i = 0; i < decision->change_count; i++)
        room += count_links(decision->changes[i].reasons);
    struct kept_reasons kept = {arena_alloc(work, room, sizeof(struct reason *)),
                                arena_alloc(work, room, sizeof(struct reason *)), 0};
    if (!kept.from || !kept.to)
        return error_set(err, STATUS_MEMORY, "out of memory");
    enum verdict of_push = push_verdict(decision);
    enum status status = STATUS_OK;
    for (size_t i = 0; i < decision->change_count && status == STATUS_OK; i++) {
        struct standing_change *change = &out->changes[i];
        change->verdict = verdict_stronger(of_push, decision->changes[i].verdict);
        status = keep_reasons(&kept, &q->instance->arena, decision->changes[i].reasons,
                              decision->push_reasons, change, err);
        change->answer = answer_of(change, out->may_write);
    }
    const struct credential *credential = &decision->credential;
    if (credential->class == CREDENTIAL_ACCESS_KEY && credential->candidate_count > 1)
        out->same_label = credential->candidate_count;
    return status;
}

/* The hook refuses a name that it cannot read, with code 2. */
static enum status refuse(const struct standing_question *q, const struct error *why,
                          struct standing *out, struct error *err)
{
    char text[ERROR_TEXT_SIZE + 32];
    snprintf(text, sizeof text, "the hook refuses this name: %s", why->text);
    const struct reason reason = {
        .type = REASON_FAILURE, .verdict = VERDICT_REJECT, .text = text_of(text)};
    const struct reason_link link = {&reason, NULL};
    const struct reason *from[1], *to[1];
    struct kept_reasons kept = {from, to, 0};
    enum status status = STATUS_OK;
    for (size_t i = 0; i < out->change_count && status == STATUS_OK; i++) {
        struct standing_change *change = &out->changes[i];
        change->verdict = VERDICT_REJECT;
        change->answer = STANDING_NO;
        status = keep_reasons(&kept, &q->instance->arena, &link, NULL, change, err);
    }
    return status;
}

static enum status begin_changes(const struct standing_question *q, struct standing *out,
                                 struct error *err)
{
    const struct push *push = &q->check.push;
    out->change_count = push->change_count;
    out->changes = arena_alloc(&q->instance->arena, push->change_count, sizeof *out->changes);
    if (!out->changes)
        return error_set(err, STATUS_MEMORY, "out of memory");
    for (size_t i = 0; i < push->change_count; i++)
        out->changes[i] = (struct standing_change){.ref = push->changes[i].ref,
                                                   .kind = q->check.stated[i],
                                                   .verdict = VERDICT_REJECT,
                                                   .answer = STANDING_NO};
    return STATUS_OK;
}

static enum status judge(struct standing_question *q, const struct principal *principal,
                         const struct trace *trace, const struct view *view, struct arena *work,
                         struct standing *out, struct error *err)
{
    struct check_case check = q->check;
    struct decision decision;
    struct error why;
    check.field[CHECK_USER] = principal->user_name;
    check.field[CHECK_DISPLAY_NAME] = principal->display_name;
    check.field[CHECK_PERMISSION] = principal->permission;
    int64_t now = q->check.push.now_ms; /* one time for all */
    enum status status = check_case_prepare(&check, &q->instance->policy, work, &why);
    if (status == STATUS_FORMAT)
        return refuse(q, &why, out, err);
    if (status != STATUS_OK)
        return error_set(err, status, "%s", why.text);
    check.push.now_ms = now;
    check.push.local = q->check.push.local;
    check.push.host = q->instance->host;
    if (text_absent(check.push.base_url))
        check.push.base_url = q->meta.base_url;
    struct history history = check_case_history(&check);
    status = decide(&q->instance->policy, &check.push, view, &history, trace, work, &decision, err);
    return status == STATUS_OK ? take_decision(q, &decision, work, out, err) : status;
}

enum status standing_find(struct standing_question *question, const struct principal *principal,
                          const struct trace *trace, struct standing *out, struct error *err)
{
    struct arena work;
    arena_init(&work, WORK_MEMORY);
    struct view view = instance_view(question->instance, &work);
    struct standing found = {.number = question->found};
    enum status status = view.problem ? error_set(err, view.problem_code, "%s", view.problem)
                                      : begin_changes(question, &found, err);
    if (status == STATUS_OK)
        status = find_permission(question, principal, &view, &work, &found, err);
    if (status == STATUS_OK)
        status = judge(question, principal, trace, &view, &work, &found, err);
    if (status == STATUS_OK) {
        *out = found;
        question->found++;
    }
    arena_free(&work);
    return status;
}
