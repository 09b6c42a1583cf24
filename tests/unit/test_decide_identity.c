/* decide(): whose work is it (semantics.md 5.3). */
#include "support/scene.h"

static void commit(struct scene *s, const char *author, const char *committer)
{
    s->commits[s->commit_count++] = (struct history_commit){TEXT(NEW_ID), text_of(author),
                                                            text_of(committer), false};
}

static struct rule *scene_with_rule(struct scene *s, enum identity_want committer,
                                    enum identity_want author)
{
    scene_init(s);
    struct rule *rule = scene_rule(s, "own-work", VERDICT_REJECT);
    rule->committer = committer;
    rule->author = author;
    return rule;
}

static void committer_is_the_pusher(void **state)
{
    (void)state;
    struct scene s;
    scene_with_rule(&s, IDENTITY_PUSHER, IDENTITY_ANY);
    assert_decides(&s, VERDICT_ACCEPT); /* no new commit */
    commit(&s, "anybody@else", "JDoe@Example.COM");
    assert_decides(&s, VERDICT_ACCEPT);
    commit(&s, "jdoe@example.com", "other@example.com");
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 1);
    const struct reason *reason = scene_reason(&s, REASON_IDENTITY);
    assert_text_has(reason->text, "not the pusher's work");
    assert_true(text_equal(reason->rule, TEXT("own-work")));
    scene_free(&s);
}

static void author_and_committer(void **state)
{
    (void)state;
    struct scene s;
    struct rule *rule = scene_with_rule(&s, IDENTITY_PUSHER, IDENTITY_KNOWN_USER);
    commit(&s, "other@example.com", "jdoe@example.com");
    assert_decides(&s, VERDICT_ACCEPT);
    s.commits[0].author_email = TEXT("stranger@example.com");
    assert_decides(&s, VERDICT_REJECT);
    rule->author = IDENTITY_ANY;
    assert_decides(&s, VERDICT_ACCEPT);
    scene_free(&s);
}

static void both_of_the_pushers_addresses(void **state)
{
    (void)state;
    struct scene s;
    scene_with_rule(&s, IDENTITY_PUSHER, IDENTITY_ANY);
    s.push.user_email = TEXT("new@example.com");
    commit(&s, "", "new@example.com");
    commit(&s, "", "jdoe@example.com");
    assert_decides(&s, VERDICT_ACCEPT);
    scene_free(&s);
}

static void an_empty_address_is_nobodys(void **state)
{
    (void)state;
    struct scene s;
    scene_with_rule(&s, IDENTITY_PUSHER, IDENTITY_ANY);
    s.push.user_email = TEXT_NONE;
    s.users[0].email = TEXT("");
    commit(&s, "", "");
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 1);
    scene_free(&s);
}

static void extra_emails(void **state)
{
    (void)state;
    struct scene s;
    struct rule *rule = scene_with_rule(&s, IDENTITY_PUSHER, IDENTITY_ANY);
    s.policy.extra_emails = LIST(TEXT("bot@example.com"), TEXT("*@corp.example"));
    commit(&s, "", "BOT@example.com");
    commit(&s, "", "who@Corp.Example");
    assert_decides(&s, VERDICT_ACCEPT);
    rule->committer = IDENTITY_KNOWN_USER;
    assert_decides(&s, VERDICT_ACCEPT);
    static const char *const others[] = {"@corp.example", "who@evil-corp.example",
                                         "who@corp.example.evil", "xbot@example.com"};
    for (size_t i = 0; i < 4; i++) {
        s.commits[0].committer_email = text_of(others[i]);
        assert_decides(&s, VERDICT_REJECT);
    }
    scene_free(&s);
}

static void keys_have_no_address(void **state)
{
    (void)state;
    struct scene s;
    struct rule *rule = scene_with_rule(&s, IDENTITY_PUSHER, IDENTITY_ANY);
    scene_add_key(&s, 158, "ci", PERMISSION_REPO_WRITE);
    scene_push_with_key(&s, "Access Key User - ci");
    commit(&s, "jdoe@example.com", "jdoe@example.com");
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 1);
    rule->committer = IDENTITY_KNOWN_USER;
    assert_decides(&s, VERDICT_ACCEPT);
    scene_free(&s);
}

static void a_stranger_without_address(void **state)
{
    (void)state;
    struct scene s;
    scene_with_rule(&s, IDENTITY_PUSHER, IDENTITY_ANY);
    s.push.user_name = TEXT("newcomer");
    s.push.user_email = TEXT_NONE;
    commit(&s, "", "newcomer@example.com");
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 2);
    assert_text_has(scene_reason(&s, REASON_UNDECIDED)->text, "whose work");
    s.commits[0].committer_email = TEXT(""); /* nobody's, so not his */
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 1);
    s.commits[0].committer_email = TEXT("newcomer@example.com");
    s.push.user_email = TEXT("newcomer@example.com");
    assert_decides(&s, VERDICT_NOTE);
    scene_free(&s);
}

static void asked_last_and_once(void **state)
{
    (void)state;
    struct scene s;
    struct rule *rule = scene_with_rule(&s, IDENTITY_PUSHER, IDENTITY_ANY);
    commit(&s, "", "other@example.com");
    rule->groups = LIST(TEXT("admins"));
    assert_decides(&s, VERDICT_ACCEPT);
    assert_int_equal(s.commits_asked, 0);
    rule->groups = (struct text_list){NULL, 0};
    *scene_rule(&s, "again", VERDICT_REJECT) = *rule;
    assert_decides(&s, VERDICT_REJECT);
    assert_int_equal(s.commits_asked, 1);
    scene_set_change(&s, 0, "refs/heads/main", CHANGE_DELETE); /* brings nothing */
    assert_decides(&s, VERDICT_ACCEPT);
    assert_int_equal(s.commits_asked, 1);
    scene_free(&s);
}

static void excused(void **state)
{
    (void)state;
    struct scene s;
    scene_with_rule(&s, IDENTITY_PUSHER, IDENTITY_ANY);
    commit(&s, "", "server@example.com");
    s.commits[0].merge = true;
    s.policy.excuse_merges = true;
    assert_decides(&s, VERDICT_REJECT); /* a merge that somebody pushes is not the server's */
    scene_set_trigger(&s, "pull-request-merge", true);
    assert_decides(&s, VERDICT_ACCEPT);
    s.policy.excuse_merges = false;
    assert_decides(&s, VERDICT_REJECT);
    scene_set_trigger(&s, "push", false);
    scene_account(&s, "JDOE");
    assert_decides(&s, VERDICT_REJECT);
    s.policy.excuse_service_accounts = true;
    assert_decides(&s, VERDICT_ACCEPT);
    scene_free(&s);
}

static void history_trouble(void **state)
{
    (void)state;
    struct scene s;
    scene_with_rule(&s, IDENTITY_PUSHER, IDENTITY_ANY);
    s.trouble = HISTORY_UNAVAILABLE;
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 2);
    commit(&s, "", "other@example.com"); /* what was seen counts */
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 1);
    s.commit_count = 0;
    s.policy.undecided = VERDICT_NOTE;
    s.trouble = HISTORY_LIMIT;
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 2);
    assert_non_null(scene_reason(&s, REASON_FAILURE));
    s.no_history = true;
    assert_decides(&s, VERDICT_NOTE);
    scene_free(&s);
}

static void a_monitored_rule_loses_no_push(void **state)
{
    (void)state;
    struct scene s;
    struct rule *rule = scene_with_rule(&s, IDENTITY_PUSHER, IDENTITY_ANY);
    rule->mode = MODE_MONITOR;
    s.trouble = HISTORY_LIMIT;
    assert_decides(&s, VERDICT_ACCEPT);
    assert_true(scene_reason(&s, REASON_FAILURE)->monitored);
    rule->committer = IDENTITY_ANY;
    rule->kinds = KIND_REWRITE;
    assert_decides(&s, VERDICT_ACCEPT);
    assert_int_equal(s.descends_asked, 1);
    /* one that is enforced asks the same: now it counts */
    scene_rule(&s, "enforced", VERDICT_ANNOTATE)->kinds = KIND_REWRITE;
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 2);
    scene_free(&s);
}

static void damaged_index_of_emails(void **state)
{
    (void)state;
    struct scene s;
    scene_with_rule(&s, IDENTITY_KNOWN_USER, IDENTITY_ANY);
    commit(&s, "", "who@example.com");
    s.damaged = "email_user";
    s.policy.no_snapshot = VERDICT_ANNOTATE;
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 2);
    scene_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"semantics 5.3: committer = pusher", committer_is_the_pusher, NULL, NULL, NULL},
        {"semantics 5.3: author and committer", author_and_committer, NULL, NULL, NULL},
        {"semantics 5.3: Bitbucket's address and the snapshot's", both_of_the_pushers_addresses,
         NULL, NULL, NULL},
        {"semantics 5.3: an empty address is nobody's", an_empty_address_is_nobodys, NULL, NULL,
         NULL},
        {"semantics 5.3: [identity] extra-emails", extra_emails, NULL, NULL, NULL},
        {"semantics 5.3: keys and tokens have no address", keys_have_no_address, NULL, NULL, NULL},
        {"semantics 1: the address of a stranger is not known", a_stranger_without_address, NULL,
         NULL, NULL},
        {"semantics 1: new commits are asked for last, and once", asked_last_and_once, NULL, NULL,
         NULL},
        {"semantics 5.3: merges of the server and service accounts", excused, NULL, NULL, NULL},
        {"semantics 8: trouble with the history", history_trouble, NULL, NULL, NULL},
        {"semantics 2: what only a monitored rule cannot read loses no push",
         a_monitored_rule_loses_no_push, NULL, NULL, NULL},
        {"semantics 8: a damaged index", damaged_index_of_emails, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests_name("decide identity", tests, NULL, NULL);
}
