/*
 * decide() on what no parser of refgate's would let through: texts that are absent, values of enums that
 * there are not, numbers that are zero, lists that are long. It neither crashes nor is talked into
 * anything: what is invalid counts as what nobody can tell (semantics.md 1), and a rule that rejects all
 * rejects it. Random ones, from fixed seeds; a failure names the seed.
 */
#include "support/scene_random.h"

#define CASES 6000

/* ------------------------------------------------------------------ what is spoilt */

static enum answer says_nothing(void *self, const struct change *change,
                                enum history_trouble *trouble, const char **why)
{
    (void)self, (void)change;
    *trouble = HISTORY_LIMIT;
    *why = NULL;
    return ANSWER_CANNOT_TELL;
}

static enum status knows_no_repository(void *self, struct text project_key, struct text slug,
                                       struct snapshot_repository *out, struct error *err)
{
    (void)self, (void)project_key, (void)slug, (void)out, (void)err;
    return STATUS_NOT_FOUND;
}

static struct text long_name(void)
{
    static char bytes[700];
    memset(bytes, 'n', sizeof bytes);
    return (struct text){bytes, sizeof bytes};
}

static void spoil_push(struct scene *s)
{
    struct text *texts[] = {&s->push.project_key,      &s->push.repository_slug,
                            &s->push.user_name,        &s->push.user_display_name,
                            &s->push.trigger_text,     &s->push.base_url,
                            &s->push.credential_value, &s->push.user_permission};
    struct text *text = PICK(texts);
    *text = one_in(4) ? long_name() : one_in(2) ? TEXT("") : TEXT_NONE;
    if (one_in(4))
        s->changes[0].kind = (enum change_kind)0x77;
    if (one_in(4))
        s->changes[0].ref = TEXT("");
    if (one_in(6))
        s->push.trigger = (enum trigger)99;
    if (one_in(4))
        s->history.descends = says_nothing;
    if (one_in(8))
        s->push.change_count = 0;
}

static void spoil_repository(struct scene *s)
{
    struct snapshot_repository *repository = &s->repositories[0];
    struct text *texts[] = {&repository->project_key,      &repository->slug,
                            &repository->default_branch,   &repository->project.owner_name,
                            &repository->model.production, &repository->model.category[0].id};
    *PICK(texts) = TEXT_NONE;
    repository->incomplete = below(16);
    repository->project.incomplete = below(16);
    if (one_in(4))
        repository->model.category_count = 9; /* one more than there is room for */
    if (one_in(6))
        s->view.repository = knows_no_repository;
    if (one_in(4))
        s->meta.started_ms = 0;
    if (one_in(4))
        s->users[0].id = 0;
    s->users[0].global_unsure = one_in(4);
    if (one_in(4))
        s->users[0].email = TEXT_NONE;
}

static void spoil_restrictions(struct scene *s)
{
    for (unsigned n = below(14); n > 0; n--) { /* many of one type */
        struct restriction *r = scene_restrict(s, 500 + n, "read-only", "ANY_REF", "x");
        r->of_project = one_in(2);
        if (one_in(8))
            scene_exempt_user(s, r, one_in(2) ? 101 : 0, NULL);
        if (one_in(8))
            scene_exempt_group(s, r, "vague");
    }
    for (size_t i = 0; i < s->restriction_count; i++) {
        struct restriction *r = &s->restrictions[i];
        if (one_in(6))
            r->type_text = TEXT_NONE;
        if (one_in(6))
            r->matcher_id = TEXT_NONE;
        if (one_in(8))
            r->matcher = (enum matcher_type)99;
        if (one_in(8))
            r->type = (enum restriction_type)99;
        if (one_in(8))
            r->id = 500;
    }
}

static void spoil_policy(struct scene *s)
{
    for (unsigned n = one_in(3) ? below(20) : 0; n > 0;
         n--) /* more findings than there is room for */
        scene_rule(s, n % 2 ? "many" : NULL, VERDICT_ANNOTATE)->mode = one_in(2) ? MODE_ENFORCE
                                                                                 : MODE_MONITOR;
    for (size_t i = 0; i < s->policy.rule_count; i++) {
        struct rule *rule = &s->rules[i];
        if (one_in(8))
            rule->name = one_in(2) ? TEXT_NONE : long_name();
        if (one_in(8))
            rule->source.file = TEXT_NONE;
        if (one_in(8))
            rule->source.line = 0;
        if (one_in(12))
            rule->committer = (enum identity_want)7;
        if (one_in(12))
            rule->author = (enum identity_want)7;
        if (one_in(12))
            rule->action = (enum verdict)1;
    }
    for (size_t i = 0; i < s->policy.service_account_count; i++)
        if (one_in(4))
            s->accounts[i].name = TEXT_NONE;
    if (one_in(4))
        s->policy.max_age_ms = 0;
    if (one_in(6))
        s->policy.foreign_token = (enum foreign_token)9;
    if (one_in(6))
        s->policy.undecided = (enum verdict)3;
    if (one_in(6))
        s->policy.extra_emails = (struct text_list){&s->push.credential_value, 1};
}

static void spoilt_scene(struct scene *s, uint64_t at)
{
    random_scene(s, at);
    if (one_in(2))
        spoil_push(s);
    if (one_in(2))
        spoil_repository(s);
    if (one_in(2))
        spoil_restrictions(s);
    if (one_in(2))
        spoil_policy(s);
}

/* ------------------------------------------------------------------ properties */

static void look(void *self, const struct trace_entry *entry)
{
    size_t *entries = self;
    *entries += entry->subject.size > 0;
}

static void it_is_judged_and_explained_alike(void **state)
{
    (void)state;
    struct scene s;
    for (EACH_CASE(at, CASES)) {
        size_t entries = 0;
        const struct trace trace = {&entries, look};
        spoilt_scene(&s, at);
        scene_decide(&s);
        const struct decision plain = s.decision;
        scene_decide_traced(&s, &trace);
        if (!same_findings(&plain, &s.decision) || plain.exit_code != s.decision.exit_code)
            fail_msg("SEED=%llu: %s is explained as %s", (unsigned long long)at,
                     verdict_name(plain.verdict), verdict_name(s.decision.verdict));
        assert_true(entries > 0);
        assert_true((plain.exit_code == 0) == verdict_accepts(plain.verdict));
        if (!s.push.change_count && plain.exit_code == 0)
            fail_msg("SEED=%llu: a push of nothing is accepted", (unsigned long long)at);
        scene_free(&s);
    }
}

static void a_rule_that_rejects_all_rejects_it(void **state)
{
    (void)state;
    struct scene s;
    for (EACH_CASE(at, CASES)) {
        spoilt_scene(&s, at);
        if (s.push.trigger == TRIGGER_PUSH && s.policy.rule_count < SCENE_ITEMS) {
            scene_rule(&s, "no", VERDICT_REJECT);
            scene_decide(&s);
            for (size_t i = 0; i < s.push.change_count; i++)
                if (s.decision.changes[i].verdict != VERDICT_REJECT)
                    fail_msg("SEED=%llu: change %zu", (unsigned long long)at, i);
            if (s.decision.exit_code == 0)
                fail_msg("SEED=%llu: accepted", (unsigned long long)at);
        }
        scene_free(&s);
    }
}

/* What there is not rejects: an action, an outcome. */
static void an_invalid_verdict_rejects(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    scene_rule(&s, "r", (enum verdict)1);
    assert_decides(&s, VERDICT_REJECT);
    s.policy.rule_count = 0;
    s.policy.other_refs = (enum verdict)0;
    scene_set_change(&s, 0, "refs/notes/x", CHANGE_UPDATE);
    assert_decides(&s, VERDICT_REJECT);
    scene_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"semantics 1: invalid input is judged, and explained as it is judged",
         it_is_judged_and_explained_alike, NULL, NULL, NULL},
        {"semantics 2: a rule that rejects all rejects invalid input",
         a_rule_that_rejects_all_rejects_it, NULL, NULL, NULL},
        {"semantics 2: an invalid verdict rejects", an_invalid_verdict_rejects, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests_name("decide: hostile input", tests, NULL, NULL);
}
