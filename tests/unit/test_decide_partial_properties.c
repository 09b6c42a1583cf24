/*
 * decide(): what holds for every policy, push and set of marks that a sync with --allow-partial leaves
 * (semantics.md 1). Random ones, from fixed seeds; a failure names the seed.
 */
#include "support/scene_random.h"

#define CASES 6000

static void partial_scene(struct scene *s, uint64_t at)
{
    random_scene(s, at);
    if (one_in(4)) {
        s->services[s->service_count].name = "3adc96b3b93443e4";
        s->services[s->service_count++].key = 158;
    }
}

static void mark(struct scene *s, unsigned marks)
{
    struct snapshot_repository *repository = &s->repositories[0];
    repository->incomplete = marks & below(16);
    repository->project.incomplete = marks & below(16);
    /* Who is known not to be licensed stays so: that he is not is no grant that was not read. */
    if ((marks & INCOMPLETE_GRANTS) && s->users[0].licensed == ANSWER_YES && one_in(3)) {
        s->users[0].global_unsure = true;
        s->users[0].licensed = ANSWER_CANNOT_TELL;
    }
}

/* Whoever rejects what cannot be decided loses nothing to a partial sync. */
static void with_undecided_rejecting_nothing_becomes_acceptable(void **state)
{
    (void)state;
    struct scene s;
    for (EACH_CASE(at, CASES)) {
        partial_scene(&s, at);
        /* A record that is damaged rejects, but only where somebody asks for it, and who cannot tell
         * whether a restriction is about the ref asks for less. */
        s.damaged = NULL;
        s.policy.undecided = s.policy.undecided_restriction = VERDICT_REJECT;
        struct outcome a = outcome_of(&s);
        mark(&s, 15);
        struct outcome b = outcome_of(&s);
        assert_not_milder(&a, &b, at);
        scene_free(&s);
    }
}

/* What is known rejects as if all were known, however undecided questions are settled. */
static void what_is_known_rejects_all_the_same(void **state)
{
    (void)state;
    struct scene s;
    for (EACH_CASE(at, CASES)) {
        partial_scene(&s, at);
        if (s.policy.permissions_check == VERDICT_REJECT) /* that is what grants are for */
            s.policy.permissions_check = VERDICT_ANNOTATE;
        struct outcome a = outcome_of(&s);
        mark(&s, INCOMPLETE_GRANTS | INCOMPLETE_RESTRICTIONS | INCOMPLETE_KEYS);
        struct outcome b = outcome_of(&s);
        assert_not_milder(&a, &b, at);
        scene_free(&s);
    }
}

/* What the marks stand for: something that is there was not read. */
static void lose(struct scene *s)
{
    struct snapshot_repository *repository = &s->repositories[0];
    unsigned lost = repository->incomplete | repository->project.incomplete;
    if (lost & INCOMPLETE_RESTRICTIONS)
        for (size_t i = s->restriction_count; i > 0; i--)
            if (one_in(2)) {
                s->restrictions[i - 1] = s->restrictions[s->restriction_count - 1];
                s->restriction_count--;
            }
    if ((lost & INCOMPLETE_GRANTS) || s->users[0].global_unsure)
        s->grant_count = 0;
    if (lost & INCOMPLETE_MODEL)
        repository->model = (struct branch_model){0};
    if (lost & INCOMPLETE_KEYS)
        s->key_count = below((unsigned)s->key_count + 1);
}

static bool says(const struct reason_link *link, enum reason_type one, enum reason_type other)
{
    for (; link; link = link->next)
        if (link->reason->type == one || link->reason->type == other)
            return true;
    return false;
}

static bool says_undecided(const struct reason_link *link)
{
    return says(link, REASON_UNDECIDED, REASON_FAILURE);
}

/* More history than is allowed rejects whatever asks for it, also a restriction that would only annotate:
 * without it nobody asks, and nothing is left that could reject. */
static bool over_limit(const struct scene *s)
{
    for (size_t i = 0; i < s->push.change_count; i++)
        if (says(s->decision.changes[i].reasons, REASON_FAILURE, REASON_FAILURE))
            return true;
    return false;
}

/* If all that there is would reject, a partial snapshot rejects or says that it cannot tell. */
static void what_was_not_read_is_never_accepted_in_silence(void **state)
{
    (void)state;
    struct scene s;
    size_t met = 0;
    for (EACH_CASE(at, CASES)) {
        partial_scene(&s, at);
        if (s.policy.no_snapshot != VERDICT_REJECT)
            s.policy.no_snapshot = VERDICT_REJECT;
        /* lose() takes exemptions away with their restriction. */
        if (s.damaged && !strcmp(s.damaged, "exemptions"))
            s.damaged = NULL;
        struct outcome whole = outcome_of(&s);
        bool left_out = verdict_accepts(whole.verdict) || over_limit(&s);
        mark(&s, 15);
        lose(&s);
        struct outcome partial = outcome_of(&s);
        if (left_out || !verdict_accepts(partial.verdict)) {
            scene_free(&s);
            continue;
        }
        met++;
        bool said = says_undecided(s.decision.push_reasons);
        for (size_t i = 0; i < s.push.change_count; i++) {
            bool here = says_undecided(s.decision.changes[i].reasons);
            if (!verdict_accepts(whole.each[i]) && !here && !said)
                fail_msg("SEED=%llu, change %zu", (unsigned long long)at, i);
            said = said || here;
        }
        if (!said)
            fail_msg("SEED=%llu", (unsigned long long)at);
        scene_free(&s);
    }
    assert_met(met, CASES, 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(with_undecided_rejecting_nothing_becomes_acceptable),
        cmocka_unit_test(what_is_known_rejects_all_the_same),
        cmocka_unit_test(what_was_not_read_is_never_accepted_in_silence),
    };
    return cmocka_run_group_tests_name("decide with a partial snapshot: properties", tests, NULL,
                                       NULL);
}
