/* decide(): questions that stay open and on which more than one thing hangs (semantics.md 1, 2, 4.2). */
#include "support/scene.h"

static struct restriction *of_default_branch(struct scene *s, uint64_t id)
{
    return scene_restrict(s, id, "read-only", "DEFAULT_BRANCH", "#");
}

/* Which branch it is nobody knows; if it is this one, the other restriction lifts the type. */
static void default_branch_is_one_question(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    s.repositories[0].default_branch_known = false;
    of_default_branch(&s, 1);
    assert_decides(&s, VERDICT_ANNOTATE);
    scene_exempt_user(&s, of_default_branch(&s, 2), 0, "jdoe");
    assert_decides(&s, VERDICT_ACCEPT);
    s.policy.undecided_restriction = VERDICT_REJECT;
    assert_decides(&s, VERDICT_ACCEPT);
    /* each unknown matcher is a question of its own */
    s.restrictions[0].matcher = MATCHER_UNKNOWN;
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 2);
    scene_free(&s);
}

static enum answer not_available(void *self, const struct change *change,
                                 enum history_trouble *trouble, const char **why)
{
    (void)self, (void)change;
    *trouble = HISTORY_UNAVAILABLE;
    *why = "objects are missing";
    return ANSWER_CANNOT_TELL;
}

/* The commits were too many for a rule that is only monitored; what the other rule asks is another
 * question. */
static void limit_of_a_monitored_rule(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    s.trouble = HISTORY_LIMIT; /* of new commits */
    s.history.descends = not_available;
    struct rule *first = scene_rule(&s, "watched", VERDICT_REJECT);
    first->mode = MODE_MONITOR;
    first->committer = IDENTITY_PUSHER;
    struct rule *second = scene_rule(&s, "noted", VERDICT_ANNOTATE);
    second->kinds = KIND_REWRITE;
    assert_decides(&s, VERDICT_ANNOTATE);
    const struct rule swapped = *first; /* the order never matters */
    *first = *second;
    *second = swapped;
    assert_decides(&s, VERDICT_ANNOTATE);
    s.rules[1].mode = MODE_ENFORCE;
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 2);
    scene_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"semantics 1: who is exempt if it is the default branch is not blocked if it is not",
         default_branch_is_one_question, NULL, NULL, NULL},
        {"semantics 2: a limit that a monitored rule met does not reject by another rule",
         limit_of_a_monitored_rule, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests_name("open questions", tests, NULL, NULL);
}
