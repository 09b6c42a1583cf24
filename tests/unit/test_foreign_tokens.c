/* decide(): a token of another repository in a repository that was moved (semantics.md 5). */
#include "support/scene.h"

static void contradicted_by_the_wrapper(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    scene_add_repository(&s, "OTHER", "lib", 85, 8);
    s.push.storage_id = 85; /* PRJ/app now, OTHER/lib to the snapshot */
    s.push.user_name = TEXT("access-token-user/2/84");
    assert_decides(&s, VERDICT_REJECT); /* the path confirms that the repository is 85 */
    assert_exit(&s, 1);
    s.policy.resolvers |= RESOLVER_ENVIRONMENT;
    s.push.credential_value = TEXT("user-token:17"); /* what a wrapper says lifts nothing */
    assert_decides(&s, VERDICT_REJECT);
    s.push.credential_value = TEXT("nonsense");
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 1);
    assert_true(s.decision.credential.foreign_token);
    /* a project's token, whatever the wrapper says: the repository may have gone to that project */
    s.push.user_name = TEXT("access-token-user/1/9");
    assert_decides(&s, VERDICT_ANNOTATE);
    scene_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"semantics 5: a wrapper's nonsense does not make a foreign token unconfirmed",
         contradicted_by_the_wrapper, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests_name("foreign tokens", tests, NULL, NULL);
}
