/* decide(): the pusher's permission (semantics.md 3). */
#include "support/scene.h"
#include "tsv.h"

static const struct name_of {
    const char *name;
    enum permission permission;
} names[] = {
    {"NONE", PERMISSION_NONE},
    {"REPO_READ", PERMISSION_REPO_READ},
    {"REPO_WRITE", PERMISSION_REPO_WRITE},
    {"REPO_ADMIN", PERMISSION_REPO_ADMIN},
};

static enum permission parse(struct text name)
{
    enum permission permission = PERMISSION_NONE;
    if (!text_equal(name, TEXT("NONE")) && !permission_parse(name, &permission))
        fail_msg("%.*s is no permission", TEXT_ARG(name));
    return permission;
}

static const struct group_grant *one_grant(struct group_grant *list, uint32_t group,
                                           bool incomplete, enum permission permission)
{
    list[0] = (struct group_grant){group, incomplete, permission};
    return list;
}

/* Gives jdoe one grant, in the way that the table names. */
static void give(struct scene *s, struct text how, enum permission permission)
{
    struct snapshot_repository *repository = &s->repositories[0];
    if (text_equal(how, TEXT("repo-user")))
        scene_add_grant(s, GRANT_REPOSITORY, "JDoe", permission);
    else if (text_equal(how, TEXT("project-user")))
        scene_add_grant(s, GRANT_PROJECT, "jdoe", permission);
    else if (text_equal(how, TEXT("global-user")))
        s->users[0].global = permission;
    else if (text_equal(how, TEXT("repo-group"))) {
        repository->groups = one_grant(s->repository_groups, GROUP_DEVS, false, permission);
        repository->group_count = 1;
    } else if (text_equal(how, TEXT("other-group"))) {
        repository->groups = one_grant(s->repository_groups, GROUP_ADMINS, false, permission);
        repository->group_count = 1;
    } else if (text_equal(how, TEXT("project-group"))) {
        repository->project.groups = one_grant(s->project_groups, GROUP_DEVS, false, permission);
        repository->project.group_count = 1;
    } else if (text_equal(how, TEXT("global-group"))) {
        one_grant(s->global_groups, GROUP_DEVS, false, permission);
        s->global_group_count = 1;
    } else if (text_equal(how, TEXT("project-default")))
        repository->project.default_permission = permission;
    else if (text_equal(how, TEXT("public-repo")))
        repository->is_public = true;
    else if (text_equal(how, TEXT("public-project")))
        repository->project.is_public = true;
    else if (text_equal(how, TEXT("owner-id"))) {
        repository->project.personal = true;
        repository->project.owner_id = 101;
        repository->project.owner_name = TEXT("renamed");
    } else if (text_equal(how, TEXT("owner-name"))) {
        repository->project.personal = true;
        repository->project.owner_name = TEXT("JDOE");
    } else if (text_equal(how, TEXT("owner-other-id"))) {
        repository->project.personal = true;
        repository->project.owner_id = 999;
        repository->project.owner_name = TEXT("jdoe");
    } else if (text_equal(how, TEXT("owner-not-personal"))) {
        repository->project.owner_id = 101;
    } else {
        assert_true(text_equal(how, TEXT("none")));
    }
}

static void each_grant(void **state)
{
    (void)state;
    struct tsv tsv;
    tsv_open(&tsv, "tests/unit/data/decide/grants.tsv");
    while (tsv_next(&tsv)) { /* how, permission, pusher, effective */
        struct scene s;
        scene_init(&s);
        assert_int_equal(tsv.fields, 4);
        s.grant_count = 0;
        give(&s, tsv.field[0], parse(tsv.field[1]));
        if (text_equal(tsv.field[2], TEXT("unlicensed")))
            s.users[0].licensed = ANSWER_NO;
        else if (text_equal(tsv.field[2], TEXT("inactive")))
            s.users[0].active = false;
        else
            assert_true(text_equal(tsv.field[2], TEXT("licensed")));
        scene_decide(&s);
        enum permission expected = parse(tsv.field[3]);
        if (!s.decision.snapshot_permission_known || s.decision.snapshot_permission != expected)
            fail_msg("%s:%d: %s, not %s", tsv.path, tsv.line,
                     s.decision.snapshot_permission_known
                         ? permission_name(s.decision.snapshot_permission)
                         : "unknown",
                     permission_name(expected));
        scene_free(&s);
    }
}

static void the_highest_counts(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    give(&s, TEXT("project-group"), PERMISSION_PROJECT_READ);
    give(&s, TEXT("public-repo"), PERMISSION_NONE);
    scene_decide(&s);
    assert_int_equal(s.decision.snapshot_permission, PERMISSION_REPO_WRITE);
    give(&s, TEXT("global-group"), PERMISSION_ADMIN);
    scene_decide(&s);
    assert_int_equal(s.decision.snapshot_permission, PERMISSION_REPO_ADMIN);
    scene_free(&s);
}

static void check_setting(void **state)
{
    (void)state;
    static const enum verdict settings[] = {VERDICT_ACCEPT, VERDICT_NOTE, VERDICT_ANNOTATE,
                                            VERDICT_REJECT};
    struct scene s;
    scene_init(&s);
    s.push.user_permission = TEXT("REPO_READ");
    s.grants[0].permission = PERMISSION_REPO_READ;
    for (size_t i = 0; i < 4; i++) {
        s.policy.permissions_check = settings[i];
        assert_decides(&s, settings[i]);
    }
    assert_exit(&s, 1); /* a definite no */
    s.push.user_permission = TEXT("REPO_WRITE");
    s.grants[0].permission = PERMISSION_REPO_WRITE;
    assert_decides(&s, VERDICT_ACCEPT);
    scene_free(&s);
}

static void bitbuckets_word_counts(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    s.policy.permissions_check = VERDICT_REJECT;
    s.grants[0].permission = PERMISSION_REPO_READ; /* older than Bitbucket's word */
    assert_decides(&s, VERDICT_NOTE);
    assert_text_has(scene_reason(&s, REASON_PERMISSION)->text, "drift");
    s.push.user_permission = TEXT("REPO_READ");
    s.grants[0].permission = PERMISSION_REPO_ADMIN;
    assert_decides(&s, VERDICT_REJECT);
    assert_int_equal(s.decision.bitbucket_permission, PERMISSION_REPO_READ);
    assert_int_equal(s.decision.snapshot_permission, PERMISSION_REPO_ADMIN);
    s.policy.permissions_check = VERDICT_ACCEPT; /* with off there is no drift either */
    assert_decides(&s, VERDICT_ACCEPT);
    scene_free(&s);
}

static void one_scale(void **state)
{
    (void)state;
    static const char *const admins[] = {"REPO_ADMIN", "PROJECT_ADMIN", "ADMIN", "SYS_ADMIN"};
    struct scene s;
    scene_init(&s);
    s.grants[0].permission = PERMISSION_REPO_ADMIN;
    for (size_t i = 0; i < 4; i++) {
        s.push.user_permission = text_of(admins[i]);
        assert_decides(&s, VERDICT_ACCEPT); /* no drift between words for the same */
        assert_int_equal(s.decision.bitbucket_permission, PERMISSION_REPO_ADMIN);
    }
    /* these speak of the instance, not of the repository */
    s.push.user_permission = TEXT("LICENSED_USER");
    assert_decides(&s, VERDICT_ACCEPT);
    assert_false(s.decision.bitbucket_permission_known);
    s.push.user_permission = TEXT("nonsense");
    assert_decides(&s, VERDICT_ACCEPT);
    assert_false(s.decision.bitbucket_permission_known);
    scene_free(&s);
}

static void neither_known(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    s.push.user_permission = TEXT_NONE;
    s.push.user_name = TEXT("access-token-user/2/84");
    assert_decides(&s, VERDICT_NOTE);
    s.policy.permissions_check = VERDICT_REJECT;
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 2);
    s.policy.undecided = VERDICT_ANNOTATE;
    assert_decides(&s, VERDICT_ANNOTATE);
    s.push.user_permission = TEXT("REPO_WRITE"); /* a token's comes from Bitbucket */
    assert_decides(&s, VERDICT_ACCEPT);
    assert_false(s.decision.snapshot_permission_known);
    scene_free(&s);
}

static void archived(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    s.repositories[0].archived = true;
    assert_decides(&s, VERDICT_NOTE);
    s.policy.permissions_check = VERDICT_REJECT;
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 1);
    assert_text_has(scene_reason(&s, REASON_PERMISSION)->text, "archived");
    s.policy.permissions_check = VERDICT_ACCEPT;
    assert_decides(&s, VERDICT_ACCEPT);
    scene_free(&s);
}

static void of_access_keys(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    s.push.user_permission = TEXT_NONE;
    s.policy.permissions_check = VERDICT_REJECT;
    scene_add_key(&s, 158, "ci", PERMISSION_REPO_READ);
    scene_push_with_key(&s, "Access Key User - ci");
    s.services[s.service_count].name = "3adc96b3b93443e4";
    s.services[s.service_count++].key = 158;
    assert_decides(&s, VERDICT_REJECT);
    assert_int_equal(s.decision.snapshot_permission, PERMISSION_REPO_READ);
    /* the highest of the key's permissions on the repository and on its project */
    s.keys[s.key_count++] = (struct repository_key){158, TEXT("ci"), PERMISSION_PROJECT_WRITE,
                                                    true};
    assert_decides(&s, VERDICT_ACCEPT);
    assert_int_equal(s.decision.snapshot_permission, PERMISSION_REPO_WRITE);
    /* a mapped key that the snapshot does not let in: known, with permission none */
    s.services[0].key = 777;
    s.push.user_permission = TEXT("REPO_WRITE");
    assert_decides(&s, VERDICT_NOTE);
    assert_true(s.decision.snapshot_permission_known);
    assert_int_equal(s.decision.snapshot_permission, PERMISSION_NONE);
    assert_text_has(scene_reason(&s, REASON_PERMISSION)->text, "drift");
    scene_free(&s);
}

static void incomplete_group_leaves_it_open(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    s.policy.permissions_check = VERDICT_REJECT;
    s.push.user_permission = TEXT_NONE;
    s.grants[0].permission = PERMISSION_REPO_READ;
    s.users[0].groups_complete = ANSWER_CANNOT_TELL;
    s.repositories[0].groups = one_grant(s.repository_groups, GROUP_VAGUE, true,
                                         PERMISSION_REPO_WRITE);
    s.repositories[0].group_count = 1;
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 2);
    assert_false(s.decision.snapshot_permission_known);
    s.repository_groups[0].permission = PERMISSION_REPO_READ; /* it gives nothing new */
    assert_decides(&s, VERDICT_REJECT);
    assert_exit(&s, 1);
    s.repository_groups[0].permission = PERMISSION_REPO_ADMIN; /* write is sure */
    s.grants[0].permission = PERMISSION_REPO_WRITE;
    assert_decides(&s, VERDICT_ACCEPT);
    scene_free(&s);
}

static void stranger_has_none_known(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    s.push.user_name = TEXT("newcomer");
    assert_decides(&s, VERDICT_NOTE);
    assert_false(s.decision.snapshot_permission_known);
    assert_true(s.decision.bitbucket_permission_known);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) /* the scale, as it is printed */
        assert_string_equal(permission_name(names[i].permission), names[i].name);
    scene_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"semantics 3: each grant, and what it implies", each_grant, NULL, NULL, NULL},
        {"semantics 3: the highest of all grants counts", the_highest_counts, NULL, NULL, NULL},
        {"semantics 3: [permissions] check", check_setting, NULL, NULL, NULL},
        {"semantics 3: drift is a note, and Bitbucket's word counts", bitbuckets_word_counts, NULL,
         NULL, NULL},
        {"semantics 3: levels are compared on the repository's scale", one_scale, NULL, NULL, NULL},
        {"semantics 3: neither Bitbucket nor the snapshot knows", neither_known, NULL, NULL, NULL},
        {"semantics 3: an archived repository takes no pushes", archived, NULL, NULL, NULL},
        {"semantics 3, 5: access keys on repository and project", of_access_keys, NULL, NULL, NULL},
        {"semantics 1: a group that is not complete leaves it open",
         incomplete_group_leaves_it_open, NULL, NULL, NULL},
        {"semantics 3: of a stranger only Bitbucket's word is known", stranger_has_none_known, NULL,
         NULL, NULL},
    };
    return cmocka_run_group_tests_name("decide permissions", tests, NULL, NULL);
}
