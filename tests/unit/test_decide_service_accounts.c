/* decide(): service accounts stay in their scope (semantics.md 5.2). */
#include "support/scene.h"

static struct service_account *scene_with_account(struct scene *s)
{
    scene_init(s);
    struct service_account *account = scene_account(s, "JDoe"); /* names have no case */
    account->owner = TEXT("team build");
    account->controls = LIST(TEXT("soc2:CC6.1"));
    return account;
}

static void a_name_alone_says_nothing(void **state)
{
    (void)state;
    struct scene s;
    scene_with_account(&s);
    assert_decides(&s, VERDICT_ACCEPT);
    scene_free(&s);
}

static void repos(void **state)
{
    (void)state;
    struct scene s;
    struct service_account *account = scene_with_account(&s);
    account->repos = LIST(TEXT("OPS/*"), TEXT("prj/APP"));
    assert_decides(&s, VERDICT_ACCEPT);
    account->repos = LIST(TEXT("OPS/*"));
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 1);
    const struct reason *reason = scene_reason(&s, REASON_SERVICE_ACCOUNT);
    assert_text_has(reason->text, "service account \"JDoe\" may not push to this repository");
    assert_text_has(reason->text, "team build");
    assert_true(text_equal(reason->rule, TEXT("JDoe")));
    assert_int_equal(reason->controls.count, 1);
    s.push.user_name = TEXT("other");
    assert_decides(&s, VERDICT_NOTE); /* drift only */
    scene_free(&s);
}

static void refs_are_anchored(void **state)
{
    (void)state;
    struct scene s;
    struct service_account *account = scene_with_account(&s);
    account->refs = LIST(TEXT("main"));
    assert_decides(&s, VERDICT_ACCEPT);
    scene_set_change(&s, 0, "refs/heads/x/main", CHANGE_UPDATE);
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 1);
    scene_set_change(&s, 0, "refs/tags/main", CHANGE_CREATE);
    assert_decides(&s, VERDICT_REJECT);
    scene_set_change(&s, 0, "refs/notes/x", CHANGE_CREATE); /* every ref of a push is judged */
    assert_decides(&s, VERDICT_REJECT);
    scene_free(&s);
}

static void credentials(void **state)
{
    (void)state;
    struct scene s;
    struct service_account *account = scene_with_account(&s);
    account->credentials = 1u << CREDENTIAL_USER_TOKEN;
    assert_decides(&s, VERDICT_REJECT); /* by what means is not known */
    assert_exit(&s, 2);
    s.policy.undecided = VERDICT_ANNOTATE;
    assert_decides(&s, VERDICT_ANNOTATE);
    s.policy.resolvers |= RESOLVER_ENVIRONMENT;
    s.push.credential_value = TEXT("user-token:5");
    assert_decides(&s, VERDICT_ACCEPT);
    s.push.credential_value = TEXT("user-password");
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 1);
    s.push.credential_value = TEXT_NONE;
    scene_set_trigger(&s, "file-edit", false); /* a machine does not click */
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 1);
    /* an allow-list is not satisfied by somebody who may only call himself a key */
    scene_set_trigger(&s, "push", false);
    scene_add_key(&s, 158, "ci", PERMISSION_REPO_WRITE);
    scene_push_with_key(&s, "Access Key User - ci");
    account->name = s.push.user_name;
    account->credentials = 1u << CREDENTIAL_ACCESS_KEY;
    assert_decides(&s, VERDICT_ACCEPT);
    s.push.user_email = TEXT("evil@example.com");
    assert_decides(&s, VERDICT_ANNOTATE);
    scene_free(&s);
}

static void changes(void **state)
{
    (void)state;
    struct scene s;
    struct service_account *account = scene_with_account(&s);
    account->kinds = KIND_CREATE | KIND_UPDATE;
    assert_decides(&s, VERDICT_ACCEPT);
    scene_set_change(&s, 0, "refs/heads/main", CHANGE_REWRITE);
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 1);
    s.trouble = HISTORY_UNAVAILABLE;
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 2);
    scene_free(&s);
}

static void moved_repository_needs_both_names(void **state)
{
    (void)state;
    struct scene s;
    struct service_account *account = scene_with_account(&s);
    s.push.project_key = TEXT("NEW"); /* the storage path still says 84 */
    account->repos = LIST(TEXT("PRJ/app"));
    assert_decides(&s, VERDICT_REJECT);
    account->repos = LIST(TEXT("NEW/app"));
    assert_decides(&s, VERDICT_REJECT);
    account->repos = LIST(TEXT("NEW/app"), TEXT("PRJ/*"));
    assert_decides(&s, VERDICT_NOTE);
    scene_free(&s);
}

static void native_cannot_tell(void **state)
{
    (void)state;
    struct scene s;
    struct service_account *account = scene_with_account(&s);
    s.push.native = true;
    s.push.user_name = s.push.project_key = s.push.repository_slug = TEXT_NONE;
    account->refs = LIST(TEXT("main"));
    assert_decides(&s, VERDICT_NOTE);
    scene_set_change(&s, 0, "refs/heads/other", CHANGE_UPDATE);
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 2);
    scene_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"semantics 5.2: what is not set does not limit", a_name_alone_says_nothing, NULL, NULL,
         NULL},
        {"semantics 5.2: repos", repos, NULL, NULL, NULL},
        {"semantics 5.2, 4.4: refs are anchored", refs_are_anchored, NULL, NULL, NULL},
        {"semantics 5.2: credentials", credentials, NULL, NULL, NULL},
        {"semantics 5.2: changes", changes, NULL, NULL, NULL},
        {"semantics 8: a moved repository must be permitted by both names",
         moved_repository_needs_both_names, NULL, NULL, NULL},
        {"semantics 8: a native hook cannot tell", native_cannot_tell, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests_name("decide service accounts", tests, NULL, NULL);
}
