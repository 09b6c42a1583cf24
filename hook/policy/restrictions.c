/*
 * restrictions.c - Bitbucket's branch restrictions (semantics.md 4).
 *
 * For one change and one type: all restrictions of the type whose matcher matches, from project and
 * repository together; if one of them exempts the pusher the type does not block. In three-valued
 * logic, over the restrictions i with matcher m and exemption x:
 *
 *     blocked = OR(m[i] AND NOT x[i])  AND NOT  OR(m[i] AND x[i])
 *
 * so that a restriction with an unreadable matcher that exempts the pusher blocks in no case.
 *
 * Where the sync could not read the restrictions of the repository or of its project
 * (--allow-partial), there may be more of any type, also of types that refgate does not know. Taken
 * exactly, nothing is sure then: one that is not known could block, and one that is not known could
 * exempt the pusher from all of its type. Ours: only the first counts. A restriction that is known
 * blocks as if all were known, because an exemption that nobody has shown must not lift what is
 * there: a missing permission of the sync's account would open each protected branch. So what was
 * rejected stays rejected, and what was accepted is undecided, unless the pusher is an administrator
 * whom all restrictions exempt. A known restriction that exempts the pusher settles its own type (4.2:
 * any of them lifts the type), but not the types that are not known.
 */
#include "policy/exemption.h"
#include "policy/judge.h"

struct limit { /* one restriction, as it stands for this push */
    const struct restriction *restriction;
    const struct exemption *exemption; /* once a ref has matched */
    bool usable;                       /* its matcher can be evaluated */
};

struct limit_group { /* of one type */
    enum restriction_type type;
    unsigned kinds; /* what the type blocks in the column of this push */
    struct limit *limits;
    size_t count;
};

struct limit_reason { /* reasons are shared by the changes that the same restrictions block */
    const struct limit_group *group;
    uint64_t id;
    size_t count;
    unsigned questions;
    bool pull_request;
    const struct reason *reason;
    struct limit_reason *next;
};
#define REASON_BUCKETS 64
#define NAMED_MAX \
    10 /* restrictions of one type that a text counts: so there are not too many texts */

struct restriction_set {
    struct limit_group *groups;
    size_t group_count;
    struct limit_reason *reasons[REASON_BUCKETS];
    const char *unread_where; /* whose could not be read; NULL: all could */
    const struct reason *unread;
};

/* semantics.md 4.1. A type that is not known could block anything. */
static const struct {
    enum restriction_type type;
    unsigned kinds, merge_kinds;
    const char *text;
} types[] = {
    {RESTRICTION_READ_ONLY, KIND_ALL, KIND_ALL, "no changes allowed"},
    {RESTRICTION_PULL_REQUEST_ONLY, KIND_ALL, 0, "pull requests only"},
    {RESTRICTION_FAST_FORWARD_ONLY, KIND_REWRITE, 0, "history may not be rewritten"},
    {RESTRICTION_NO_DELETES, KIND_DELETE, 0, "may not be deleted"},
    {RESTRICTION_NO_CREATES, KIND_CREATE, 0, "may not be created"},
    {RESTRICTION_UNKNOWN, KIND_ALL, KIND_ALL, "restricted"},
};
#define TYPE_COUNT (sizeof types / sizeof types[0])

/* ------------------------------------------------------------------ once a push */

static size_t type_index(enum restriction_type type)
{
    size_t i = 0;
    while (i < TYPE_COUNT - 1 && types[i].type != type)
        i++;
    return i;
}

/* The web interface's own ways to create and delete are let through (semantics.md 4.1). */
static bool web_may(const struct push *push)
{
    return push->trigger == TRIGGER_BRANCH_CREATE || push->trigger == TRIGGER_BRANCH_DELETE ||
           push->trigger == TRIGGER_TAG_CREATE || push->trigger == TRIGGER_TAG_DELETE;
}

static unsigned column_kinds(const struct push *push, size_t type)
{
    if (types[type].type == RESTRICTION_PULL_REQUEST_ONLY && web_may(push))
        return 0;
    return push->merge ? types[type].merge_kinds : types[type].kinds;
}

/* What cannot count for this push is left out, unless somebody wants to see it. */
static bool counts(const struct judge *j, const struct restriction *restriction)
{
    return j->trace ||
           (restriction->matcher_active && column_kinds(j->push, type_index(restriction->type)));
}

/* A push of more refs wants more restrictions, and would match each pattern twice. */
#define CHOOSING_CHANGES_MAX 4

static bool can_matter(const void *asker, const struct restriction *restriction)
{
    const struct judge *j = asker;
    unsigned kinds = column_kinds(j->push, type_index(restriction->type));
    for (size_t i = 0; restriction->matcher_active && i < j->push->change_count; i++) {
        const struct change *change = &j->push->changes[i];
        if ((kind_bits(change->kind) & kinds) && matcher_may_match(restriction, change->ref))
            return true;
    }
    return false;
}

void restrictions_choose(struct judge *j)
{
    if (j->snapshot_usable && j->view->choose_restrictions && !j->trace &&
        j->push->change_count <= CHOOSING_CHANGES_MAX)
        j->view->choose_restrictions(j->view->self, can_matter, j);
}

void restrictions_choose_all(struct judge *j)
{
    if (j->snapshot_usable && j->view->choose_restrictions)
        j->view->choose_restrictions(j->view->self, NULL, NULL);
}

static void begin_group(struct judge *j, struct restriction_set *set, size_t type,
                        struct limit *limits, size_t count)
{
    if (count)
        set->groups[set->group_count++] = (struct limit_group){
            types[type].type, column_kinds(j->push, type), limits, count};
}

/* Each type that is not known is a type of its own. */
static void group_unknown(struct judge *j, struct restriction_set *set, struct limit *limits,
                          size_t count)
{
    for (size_t start = 0, end; start < count; start = end) {
        struct text name = limits[start].restriction->type_text;
        end = start + 1;
        for (size_t i = end; i < count; i++)
            if (text_equal(limits[i].restriction->type_text, name)) {
                struct limit other = limits[end];
                limits[end++] = limits[i];
                limits[i] = other;
            }
        begin_group(j, set, TYPE_COUNT - 1, limits + start, end - start);
    }
}

static void group_by_type(struct judge *j, struct restriction_set *set, struct limit *limits,
                          const size_t *first)
{
    size_t next[TYPE_COUNT];
    memcpy(next, first, sizeof next);
    for (size_t i = 0; i < j->repository.restriction_count; i++) {
        const struct restriction *restriction = &j->repository.restrictions[i];
        if (counts(j, restriction))
            limits[next[type_index(restriction->type)]++] = (struct limit){
                .restriction = restriction, .usable = matcher_usable(restriction)};
    }
    for (size_t t = 0; t < TYPE_COUNT - 1; t++)
        begin_group(j, set, t, limits + first[t], next[t] - first[t]);
    group_unknown(j, set, limits + first[TYPE_COUNT - 1],
                  next[TYPE_COUNT - 1] - first[TYPE_COUNT - 1]);
}

/* A native hook knows neither pusher nor repository. Who installs it so has chosen that, and is not
 * told at each push, unless he says that an undecided restriction rejects. */
static void note_native(struct judge *j)
{
    enum verdict check = j->policy->restrictions_check;
    enum verdict verdict = j->policy->undecided_restriction == VERDICT_REJECT ? check
                                                                              : VERDICT_NOTE;
    findings_add(j, &j->findings,
                 reason_new(j, REASON_UNDECIDED, verdict, false,
                            "branch restrictions are not judged: a native git hook is told neither "
                            "pusher nor repository"),
                 check);
}

/* Restrictions that nobody could read matter to everyone but those whom each of them exempts. */
static const char *unread_where(const struct judge *j)
{
    bool own = j->repository.incomplete & INCOMPLETE_RESTRICTIONS;
    bool of_project = j->repository.project.incomplete & INCOMPLETE_RESTRICTIONS;
    if ((!own && !of_project) || j->admin == ANSWER_YES)
        return NULL;
    return !of_project ? "the repository" : own ? "the repository and its project" : "the project";
}

void restrictions_prepare(struct judge *j)
{
    if (j->policy->restrictions_check == VERDICT_ACCEPT) {
        judge_trace(j, TRACE_RESTRICTION, TRACE_PUSH_LEVEL, ANSWER_NO, VERDICT_ACCEPT,
                    "branch restrictions", "", "switched off ([restrictions] check)");
        return;
    }
    if (j->push->native) {
        note_native(j);
        return;
    }
    if (j->repository_known != ANSWER_YES) /* reported where it was looked for */
        return;
    size_t first[TYPE_COUNT + 1] = {0};
    for (size_t i = 0; i < j->repository.restriction_count; i++)
        if (counts(j, &j->repository.restrictions[i]))
            first[type_index(j->repository.restrictions[i].type) + 1]++;
    size_t unknown = first[TYPE_COUNT];
    for (size_t t = 0; t < TYPE_COUNT; t++)
        first[t + 1] += first[t];
    const char *where = unread_where(j);
    if (!first[TYPE_COUNT] && !where)
        return;
    struct restriction_set *set = judge_alloc(j, 1, sizeof *set);
    struct limit *limits = judge_alloc(j, first[TYPE_COUNT], sizeof *limits);
    struct limit_group *groups = judge_alloc(j, TYPE_COUNT - 1 + unknown, sizeof *groups);
    if (!set || !limits || !groups)
        return;
    set->groups = groups;
    set->unread_where = where;
    group_by_type(j, set, limits, first);
    j->restrictions = set;
}

/* ------------------------------------------------------------------ reasons */

struct tally { /* of one group for one change */
    enum answer blocked;
    unsigned questions;
    const struct restriction *named; /* the one with the lowest id that counts */
    size_t count;
};

static void name_restriction(struct tally *tally, const struct restriction *restriction)
{
    if (!tally->count || restriction->id < tally->named->id)
        tally->named = restriction;
    if (tally->count < NAMED_MAX)
        tally->count++;
}

static const char *restriction_key(struct judge *j, const struct restriction *restriction)
{
    struct text key = j->repository.project_key, slug = j->repository.slug;
    unsigned long long id = restriction->id;
    if (restriction->of_project)
        return judge_printf(j, "project/%.*s#%llu", TEXT_ARG(key), id);
    return judge_printf(j, "repo/%.*s/%.*s#%llu", TEXT_ARG(key), TEXT_ARG(slug), id);
}

static struct text type_text(const struct restriction *restriction)
{
    return restriction->type_text.size ? restriction->type_text
                                       : text_of(restriction_type_name(restriction->type));
}

static struct reason *blocking_reason(struct judge *j, const struct limit_group *group,
                                      const struct tally *tally)
{
    const char *more = tally->count < 2 ? ""
                       : tally->count == NAMED_MAX
                           ? ", and many more"
                           : judge_printf(j, ", and %zu more", tally->count - 1);
    return reason_new(j, REASON_RESTRICTION, j->policy->restrictions_check, true,
                      "%s (restriction %llu, %s%s; snapshot of %s ago)",
                      types[type_index(group->type)].text, (unsigned long long)tally->named->id,
                      tally->named->of_project ? "project" : "repository", more,
                      restriction_age(j));
}

static enum verdict undecided_verdict(const struct judge *j)
{
    return verdict_weaker(j->policy->undecided_restriction, j->policy->restrictions_check);
}

static struct reason *undecided_reason(struct judge *j, const struct tally *tally)
{
    bool history = (tally->questions & QUESTION_KIND) && j->history_why;
    return reason_new(j, REASON_UNDECIDED, undecided_verdict(j), false,
                      "cannot tell %s%s%s (restriction %llu, %s, %s)",
                      question_words(tally->questions), history ? ": " : "",
                      history ? j->history_why : "", (unsigned long long)tally->named->id,
                      judge_name(j, type_text(tally->named)),
                      tally->named->of_project ? "project" : "repository");
}

static const struct reason *unread_reason(struct judge *j)
{
    struct restriction_set *set = j->restrictions;
    if (set->unread)
        return set->unread;
    struct reason *reason = reason_new(
        j, REASON_UNDECIDED, undecided_verdict(j), false,
        "cannot tell which branch restrictions there are: the sync could not read those of %s",
        set->unread_where);
    if (reason)
        reason_prove(j, reason, "repo/%.*s/%.*s", TEXT_ARG(j->repository.project_key),
                     TEXT_ARG(j->repository.slug));
    set->unread = reason;
    return reason;
}

static const struct reason *reason_of(struct judge *j, const struct limit_group *group,
                                      const struct tally *tally, bool pull_request)
{
    unsigned questions = tally->blocked == ANSWER_YES ? 0 : tally->questions;
    struct limit_reason **bucket =
        &j->restrictions->reasons[(tally->named->id * 31 + tally->count) % REASON_BUCKETS];
    for (struct limit_reason *kept = *bucket; kept; kept = kept->next)
        if (kept->group == group && kept->id == tally->named->id && kept->count == tally->count &&
            kept->questions == questions && kept->pull_request == pull_request)
            return kept->reason;
    struct reason *reason = tally->blocked == ANSWER_YES ? blocking_reason(j, group, tally)
                                                         : undecided_reason(j, tally);
    struct limit_reason *kept = judge_alloc(j, 1, sizeof *kept);
    if (!reason || !kept)
        return NULL;
    reason->restriction_id = tally->named->id;
    reason->restriction_type = type_text(tally->named);
    reason->wants_pull_request = pull_request;
    reason_prove(j, reason, "%s", restriction_key(j, tally->named));
    *kept = (struct limit_reason){group,        tally->named->id, tally->count, questions,
                                  pull_request, reason,           *bucket};
    *bucket = kept;
    return reason;
}

/* ------------------------------------------------------------------ each change */

static enum answer limit_matches(struct change_judge *c, const struct limit *limit,
                                 unsigned *questions)
{
    if (!limit->restriction->matcher_active)
        return ANSWER_NO;
    if (limit->usable)
        return matcher_matches(c, limit->restriction, questions);
    *questions |= QUESTION_MATCHER;
    return ANSWER_CANNOT_TELL;
}

static const struct exemption *exemption_of(struct judge *j, struct limit *limit)
{
    if (!limit->exemption)
        limit->exemption = exemption_find(j, limit->restriction);
    return limit->exemption;
}

/* The formula at the top, for each key that the pusher's may be; the strictest counts. */
static struct tally judge_matchers(struct change_judge *c, struct limit_group *group)
{
    struct judge *j = c->judge;
    enum answer blocks[EXEMPTION_VARIANTS], lifted[EXEMPTION_VARIANTS];
    struct tally sure = {.blocked = ANSWER_YES, .named = group->limits[0].restriction};
    struct tally open = {.blocked = ANSWER_CANNOT_TELL, .named = sure.named};
    size_t variants = exemption_variants(j);
    for (size_t v = 0; v < variants; v++)
        blocks[v] = lifted[v] = ANSWER_NO;
    for (size_t i = 0; i < group->count; i++) {
        struct limit *limit = &group->limits[i];
        enum answer matches = limit_matches(c, limit, &open.questions);
        if (matches == ANSWER_NO)
            continue;
        const struct exemption *exemption = exemption_of(j, limit);
        bool may_block = false, surely_blocks = false;
        open.questions |= exemption->questions;
        for (size_t v = 0; v < variants; v++) {
            enum answer here = answer_and(matches, answer_not(exemption->answer[v]));
            blocks[v] = answer_or(blocks[v], here);
            lifted[v] = answer_or(lifted[v], answer_and(matches, exemption->answer[v]));
            may_block = may_block || here != ANSWER_NO;
            surely_blocks = surely_blocks || here == ANSWER_YES;
        }
        if (may_block)
            name_restriction(&open, limit->restriction);
        if (surely_blocks)
            name_restriction(&sure, limit->restriction);
    }
    enum answer blocked = ANSWER_NO;
    for (size_t v = 0; v < variants; v++)
        blocked = answer_or(blocked, answer_and(blocks[v], answer_not(lifted[v])));
    if (blocked == ANSWER_YES)
        return sure;
    open.blocked = blocked;
    return open;
}

/* Which branch is the default one is a single question: restrictions of one type that hang on it match
 * together or not at all. Does the type block in neither case? */
static bool never_blocks(struct change_judge *c, struct limit_group *group)
{
    if (c->is_default != ANSWER_CANNOT_TELL)
        return false;
    struct change_judge there = *c;
    there.is_default = ANSWER_YES;
    bool never = judge_matchers(&there, group).blocked == ANSWER_NO;
    there.is_default = ANSWER_NO;
    return never && judge_matchers(&there, group).blocked == ANSWER_NO;
}

static struct tally judge_group(struct change_judge *c, struct limit_group *group)
{
    struct tally tally = {.blocked = ANSWER_NO, .named = group->limits[0].restriction};
    if (!kind_possible(c, group->kinds))
        return tally;
    tally = judge_matchers(c, group);
    if (tally.blocked == ANSWER_CANNOT_TELL && (tally.questions & QUESTION_DEFAULT_BRANCH) &&
        never_blocks(c, group))
        tally.blocked = ANSWER_NO;
    if (tally.blocked == ANSWER_NO)
        return tally;
    if (group->type == RESTRICTION_UNKNOWN) {
        tally.blocked = ANSWER_CANNOT_TELL;
        tally.questions |= QUESTION_TYPE;
    }
    enum answer kind = kind_in(c, group->kinds);
    if (kind == ANSWER_CANNOT_TELL)
        tally.questions |= QUESTION_KIND;
    tally.blocked = answer_and(tally.blocked, kind);
    return tally;
}

static void trace_limit(struct change_judge *c, const struct limit_group *group,
                        struct limit *limit, const struct tally *tally)
{
    struct judge *j = c->judge;
    const struct restriction *restriction = limit->restriction;
    unsigned questions = 0;
    enum answer matches = limit_matches(c, limit, &questions), applies = ANSWER_NO;
    const char *why = "the ref does not match";
    if (!restriction->matcher_active) {
        why = "its matcher is not active";
    } else if (matches != ANSWER_NO && !kind_possible(c, group->kinds)) {
        why = "does not block this kind of change";
    } else if (matches != ANSWER_NO) {
        const struct exemption *exemption = exemption_of(j, limit);
        applies = answer_and(matches, answer_not(exemption->answer[0]));
        if (exemption->answer[0] == ANSWER_YES)
            why = judge_printf(j, "the pusher is exempt%s", exemption->why);
        else if (tally->blocked == ANSWER_NO)
            why = "another restriction of this type exempts the pusher";
        else
            why = "blocks";
        applies = tally->blocked == ANSWER_NO ? ANSWER_NO : answer_and(applies, tally->blocked);
        if (applies == ANSWER_CANNOT_TELL)
            why = judge_printf(j, "cannot tell %s", question_words(tally->questions));
    }
    judge_trace(j, TRACE_RESTRICTION, c->index, applies,
                applies == ANSWER_CANNOT_TELL ? undecided_verdict(j)
                                              : j->policy->restrictions_check,
                judge_printf(j, "restriction %llu %.*s", (unsigned long long)restriction->id,
                             TEXT_ARG(type_text(restriction))),
                restriction_key(j, restriction), "%s", why);
}

/* A merge would be let through, and there is a branch to merge into. */
static bool pull_request_helps(const struct change_judge *c)
{
    return c->branch && !c->judge->push->merge && !c->read_only &&
           !kind_possible(c, KIND_CREATE | KIND_DELETE);
}

/* read-only blocks every kind of change, merges too, and nobody knows what a type that is not known
 * does: there is no change of a branch or a tag that an unread restriction could not be about. */
static void judge_unread(struct change_judge *c)
{
    struct judge *j = c->judge;
    if (!j->restrictions->unread_where)
        return;
    const struct reason *reason = unread_reason(j);
    if (c->traced && reason)
        judge_trace(j, TRACE_RESTRICTION, c->index, ANSWER_CANNOT_TELL, reason->verdict,
                    "restrictions that were not read", "", "%.*s", TEXT_ARG(reason->text));
    findings_add(j, c->findings, reason, j->policy->restrictions_check);
}

void restrictions_change(struct change_judge *c)
{
    struct judge *j = c->judge;
    struct restriction_set *set = j->restrictions;
    if (!set || (!c->branch && !c->tag))
        return;
    for (size_t i = 0; i < set->group_count; i++) { /* read-only comes first */
        struct limit_group *group = &set->groups[i];
        struct tally tally = judge_group(c, group);
        if (c->traced)
            for (size_t k = 0; k < group->count; k++)
                trace_limit(c, group, &group->limits[k], &tally);
        if (tally.blocked == ANSWER_NO)
            continue;
        if (group->type == RESTRICTION_READ_ONLY)
            c->read_only = true;
        bool pull_request = group->type == RESTRICTION_PULL_REQUEST_ONLY && pull_request_helps(c);
        findings_add(j, c->findings, reason_of(j, group, &tally, pull_request),
                     j->policy->restrictions_check);
    }
    judge_unread(c);
}
