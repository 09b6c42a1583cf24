/* command/sheet.h, policy_cases.h, test_instance.h, apply_danger.h: files of policy tests, what is
 * wrong with them, the instance that they describe; and configurations that reject every push. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <stdlib.h>

#include "base/clock.h"
#include "command/apply_danger.h"
#include "command/policy_cases.h"
#include "command/test_instance.h"

#define MEMORY ((size_t)64 * 1024 * 1024)

static struct arena arena;
static struct config_problems problems;
static struct config_errors errors;
static struct policy_cases cases;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, MEMORY);
    config_problems_init(&problems, &arena);
    config_errors_init(&errors);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    config_errors_free(&errors);
    arena_free(&arena);
    return 0;
}

static const char *said(void)
{
    config_problems_print(&problems, TEXT("t"), &errors);
    return errors.lines.data ? errors.lines.data : "";
}

static void read_good(const char *file)
{
    policy_cases_read(text_of(file), &arena, &problems, &cases);
    assert_string_equal(said(), "");
}

/* ---------------------------------------------------------------- lists */

static void items(void **state)
{
    (void)state;
    static const struct {
        const char *list, *items; /* joined by | */
    } table[] = {
        {"", ""},
        {" , ,", ""},
        {"a", "a"},
        {"a,b , c", "a|b|c"},
        {"create refs/heads/x, delete refs/tags/y", "create refs/heads/x|delete refs/tags/y"},
        {"\"Doe, Jane\":REPO_WRITE, x", "\"Doe, Jane\":REPO_WRITE|x"},
        {"\"Doe, Jane\"", "Doe, Jane"},
        {"\"a", "\"a"},
        {"\"\", b", "b"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct text rest = text_of(table[i].list), item;
        struct buffer got;
        buffer_init(&got, 1000);
        while (sheet_next(&rest, &item)) {
            buffer_string(&got, got.size ? "|" : "");
            buffer_text(&got, item);
        }
        assert_string_equal(got.data ? got.data : "", table[i].items);
        buffer_free(&got);
    }
}

static void splits(void **state)
{
    (void)state;
    static const struct {
        const char *item, *left, *right; /* NULL: no split */
    } table[] = {
        {"jdoe:REPO_WRITE", "jdoe", "REPO_WRITE"},
        {"a:b:REPO_WRITE", "a:b", "REPO_WRITE"},
        {"\"a:b\" : REPO_WRITE", "a:b", "REPO_WRITE"},
        {"PRJ/app:REPO_WRITE", "PRJ/app", "REPO_WRITE"},
        {"\"a:b\"", NULL, NULL},
        {"jdoe", NULL, NULL},
        {"jdoe:", NULL, NULL},
        {":REPO_WRITE", NULL, NULL},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct text left, right;
        bool split = sheet_split(text_of(table[i].item), ':', &left, &right);
        assert_int_equal(split, table[i].left != NULL);
        if (!split)
            continue;
        assert_true(text_equal(left, text_of(table[i].left)));
        assert_true(text_equal(right, text_of(table[i].right)));
    }
}

/* ---------------------------------------------------------------- what is wrong */

#define INSTANCE "[instance]\n[user \"jdoe\"]\n[project \"PRJ\"]\n[repository \"PRJ/app\"]\n" /* 4 */
#define DEFAULTS "[defaults]\nrepo = PRJ/app\nuser = jdoe\n"
#define PUSH "[push \"x\"]\nchanges = update refs/heads/main\nexpect = accept\n"

static const struct {
    const char *file, *problem; /* the first one, or a part of it */
} wrong[] = {
    {"", "t: the file has no section [push \"NAME\"]"},
    {"[pusch \"x\"]\n", "t:1: there is no section \"pusch\" (did you mean push?)"},
    {"[push]\n", "t:1: [push \"NAME\"] needs a name"},
    {"[push \"\"]\n", "t:1: [push \"NAME\"] needs a name"},
    {"[push x]\n", "t:1: a section is [NAME] or [NAME \"...\"], not \"push x\""},
    {"[instance \"x\"]\n", "t:1: [instance] has no name"},
    {"[push \"a\" b]\n", "t:1: a section is [NAME] or [NAME \"...\"]"},
    {"repo = PRJ/app\n", "t:1: \"repo\" stands before the first [SECTION]"},
    {DEFAULTS PUSH PUSH, "t:7: [push \"x\"] is on line 4 already"},
    {"[instance]\n[instance]\n", "t:2: [instance] is on line 1 already"},
    {DEFAULTS PUSH "expect = note\n", "t:7: expect is on line 6 already"},
    {DEFAULTS PUSH "exspect = note\n", "t:7: [push] has no key \"exspect\" (did you mean expect?)"},
    {DEFAULTS "[push \"x\"]\nexpect = accept\n", "t:4: the push has no changes"},
    {DEFAULTS "[push \"x\"]\nchanges = update refs/heads/x\n", "t:4: the push has no expect"},
    {PUSH, "t:1: the push has no user"},
    {DEFAULTS PUSH "rule =\n", "t:7: rule has no value; leave the key out instead"},
    {DEFAULTS PUSH "exit = 3\n", "t:7: exit is 0, 1 or 2, not \"3\""},
    {DEFAULTS PUSH "expect-changes = accept, reject\n",
     "t:7: expect-changes has 2 entries for 1 changes"},
    {DEFAULTS PUSH "because = restrictions 9\n", "t:7: because is a list of restriction"},
    {DEFAULTS PUSH "because = rule x\n", "t:7: because is a list of restriction"},
    {DEFAULTS PUSH "storage-id = app\n", "t:7: storage-id is a number, not \"app\""},
    {DEFAULTS PUSH "merge-commit = true\n", "t:7: merge-commit is yes or no, not \"true\""},
    {DEFAULTS PUSH "message = a\n b\n", "t:8: message has one line"},
    {DEFAULTS "[push \"x\"]\nchanges = move refs/heads/x\nexpect = accept\n",
     "t:5: changes is a list of KIND REF"},
    {DEFAULTS "[push \"x\"]\nchanges = update\nexpect = accept\n",
     "t:5: changes is a list of KIND REF"},
    {"[defaults]\nrepo = PRJ/app\nuser = jdoe\nexpect = acept\n[push \"x\"]\nchanges = "
     "create refs/heads/x\n[push \"y\"]\nchanges = create refs/heads/x\n",
     "t:4: expect is accept or note or annotate or require-approval or reject or undecided, not "
     "\"acept\" (did you mean accept?)\n"},
    /* An instance of its own: names that it does not know. */
    {"[user \"jdoe\"]\n" DEFAULTS PUSH,
     "t:1: [user] is part of an instance, and there is no section [instance]"},
    {INSTANCE "[defaults]\nrepo = PRJ/ap\nuser = jdoe\n" PUSH,
     "t:6: the instance has no repo \"PRJ/ap\"; if that is meant, say unknown = repo"},
    {INSTANCE DEFAULTS PUSH "unknown = user\n",
     "t:7: the instance has the user \"jdoe\", though unknown says that it has not"},
    {INSTANCE DEFAULTS PUSH "unknown = group\n", "t:11: unknown is a list of user and repo"},
    {INSTANCE "groups = x\n" DEFAULTS PUSH, "t:5: groups is a list of NAME:LEVEL, not \"x\""},
    {INSTANCE "users = jodoe:REPO_WRITE\n" DEFAULTS PUSH,
     "t:5: there is no section [user \"jodoe\"] (did you mean jdoe?)"},
    {INSTANCE "users = jdoe:PROJECT_WRITE\n" DEFAULTS PUSH,
     "t:5: the level here is REPO_READ, REPO_WRITE or REPO_ADMIN, not \"PROJECT_WRITE\""},
    {INSTANCE "default-branch = main\n" DEFAULTS PUSH,
     "t:5: default-branch is the full name of a branch, not \"main\""},
    {INSTANCE "[repository \"OPS/x\"]\n" DEFAULTS PUSH, "t:5: there is no section [project \"OPS\"]"},
    {INSTANCE "[repository \"x\"]\n" DEFAULTS PUSH, "t:5: a repository is known as KEY/SLUG"},
    {INSTANCE "[access-key \"x\"]\nlabel = a\n" DEFAULTS PUSH,
     "t:5: access-key is known by its number, not \"x\""},
    {INSTANCE "[access-key \"1\"]\n" DEFAULTS PUSH, "t:5: [access-key \"1\"] has no label"},
    {INSTANCE "[access-key \"1\"]\nlabel = a\ncreated = soon\n" DEFAULTS PUSH,
     "t:7: created is a time such as 2026-01-31, never or unknown, not \"soon\""},
    {INSTANCE "[restriction \"1\"]\nwhere = PRJ\ntype = readonly\nmatcher = any\n" DEFAULTS PUSH,
     "t:7: type is read-only, pull-request-only"},
    {INSTANCE "[restriction \"1\"]\nwhere = PRJ\ntype = read-only\nmatcher = branch\n" DEFAULTS PUSH,
     "t:8: matcher is branch REF"},
    {INSTANCE "[restriction \"1\"]\nwhere = PRJ\ntype = read-only\nmatcher = any x\n" DEFAULTS PUSH,
     "t:8: matcher is branch REF"},
    {INSTANCE "owner = jdoe\n" DEFAULTS PUSH, "t:5: [repository] has no key \"owner\""},
    {INSTANCE "[project \"X\"]\nowner = jdoe\n" DEFAULTS PUSH, "t:6: only a personal project"},
    {"[instance]\n[user \"jdoe\"]\nid = 7\n[user \"rroe\"]\nid = 7\n",
     "t:5: the id 7 is on line 3 already"},
    {INSTANCE "id = 0\n" DEFAULTS PUSH, "t:5: id is a number from 1 to 999999, not \"0\""},
    {"[instance]\nat = noon\n", "t:2: at is a time such as"},
    {INSTANCE "incomplete = keys, more\n" DEFAULTS PUSH, "t:5: incomplete is grants, restrictions"},
};

static void problems_of_each_kind(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct snapshot *snapshot = NULL;
        struct error err = {STATUS_OK, ""};
        set_up(NULL);
        policy_cases_read(text_of(wrong[i].file), &arena, &problems, &cases);
        if (cases.described &&
            test_instance_open(&cases.sheet, &arena, &problems, &snapshot, &err) != STATUS_OK)
            fail_msg("%zu: %s", i, err.text);
        assert_null(snapshot);
        if (!strstr(said(), wrong[i].problem))
            fail_msg("%zu: \"%s\" does not contain \"%s\"", i, said(), wrong[i].problem);
        tear_down(NULL);
    }
}

/* What is wrong in [defaults] is said once, not for each push. */
static void defaults_once(void **state)
{
    (void)state;
    policy_cases_read(TEXT("[defaults]\nrepo = PRJ/app\nuser = jdoe\nexit = 9\n" PUSH
                           "[push \"y\"]\nchanges = update refs/heads/x\nexpect = note\n"),
                      &arena, &problems, &cases);
    assert_string_equal(said(), "t:4: exit is 0, 1 or 2, not \"9\"\n");
}

/* ---------------------------------------------------------------- what is read */

static void one_push(void **state)
{
    (void)state;
    read_good(DEFAULTS "at = 2026-01-01\n"
                       "[push \"x\"]\n"
                       "user = \"lead\" ; comment\n"
                       "changes = create refs/heads/a,\n"
                       "    unknown refs/heads/b\n"
                       "expect = accept or note\n"
                       "expect-changes = accept, undecided\n"
                       "exit = 0\n"
                       "rule = a, b\n"
                       "because = restriction 9, restriction no-deletes, freshness\n");
    assert_int_equal(cases.count, 1);
    const struct policy_case *test = &cases.items[0];
    assert_string_equal(test->field[CHECK_REPO], "PRJ/app");
    assert_string_equal(test->field[CHECK_AT], "2026-01-01");
    assert_null(test->field[CHECK_EMAIL]);
    assert_int_equal(test->change_count, 2);
    assert_int_equal(test->changes[0].kind, CHANGE_CREATE);
    assert_int_equal(test->changes[1].kind, CHANGE_UNKNOWN);
    assert_string_equal(test->changes[1].ref, "refs/heads/b");
    assert_int_equal(test->changes[1].expect, EXPECT_UNDECIDED);
    assert_int_equal(test->expect, EXPECT_ACCEPT | EXPECT_NOTE);
    assert_int_equal(test->exit_code, 0);
    assert_int_equal(test->rules.count, 2);
    assert_int_equal(test->because.count, 3);
    assert_false(cases.described);
    assert_int_equal(test->line, 5);
}

static void every_expectation_has_a_name(void **state)
{
    (void)state;
    char text[EXPECTATIONS_TEXT];
    expectation_text(~0u, text);
    assert_string_equal(text,
                        "accept or note or annotate or require-approval or reject or undecided");
    expectation_text(EXPECT_UNDECIDED, text);
    assert_string_equal(text, "undecided");
    expectation_text(0, text);
    assert_string_equal(text, "");
}

/* ---------------------------------------------------------------- the instance */

#define GOOD(call) assert_int_equal((call), STATUS_OK)

static const char described[] =
    "[instance]\nbase-url = https://b.example.com/\nat = 2026-02-03T04:05:06Z\n"
    "[group \"devs\"]\n[group \"half\"]\nincomplete = yes\n"
    "[user \"Jdoe\"]\nid = 7\ngroups = DEVS\nemail = j@example.com\n"
    "[user \"gone\"]\nactive = no\n[user \"guest\"]\nglobal = none\n"
    "[project \"PRJ\"]\nid = 2\ndefault = PROJECT_READ\ngroups = devs:PROJECT_WRITE\n"
    "development = refs/heads/dev\ncategories = RELEASE:release/\n"
    "[repository \"PRJ/app\"]\nid = 84\narchived = yes\ndefault-branch = refs/heads/main\n"
    "users = jdoe:REPO_ADMIN\n"
    "[access-key \"158\"]\nlabel = ci\nalgorithm = RSA\nbits = 2048\ncreated = unknown\n"
    "last-used = never\nexpires = 2027-01-01\nplaces = PRJ/app:REPO_WRITE, PRJ:PROJECT_READ\n"
    "[service-user \"1111222233334444\"]\nkey = 158\n"
    "[restriction \"9\"]\nwhere = PRJ/app\ntype = no-deletes\nmatcher = pattern release/*\n"
    "users = jdoe\ngroups = devs, half\nkeys = 158\n" DEFAULTS PUSH;

static void check_people(const struct view *view)
{
    struct snapshot_user user;
    struct error err;
    GOOD(view->user(view->self, TEXT("jDOE"), &user, &err));
    assert_int_equal(user.id, 7);
    assert_true(text_equal(user.email, TEXT("j@example.com")));
    assert_int_equal(user.group_count, 1);
    assert_int_equal(user.licensed, ANSWER_YES);
    GOOD(view->user(view->self, TEXT("gone"), &user, &err));
    assert_false(user.active);
    GOOD(view->user(view->self, TEXT("guest"), &user, &err));
    assert_int_equal(user.licensed, ANSWER_NO);
    assert_int_equal(view->user(view->self, TEXT("nobody"), &user, &err), STATUS_NOT_FOUND);
    uint64_t key;
    GOOD(view->service(view->self, TEXT("1111222233334444"), &key, &err));
    assert_int_equal(key, 158);
}

static void check_repository(const struct view *view)
{
    struct snapshot_repository r;
    struct error err;
    struct exemptions exempt;
    GOOD(view->repository(view->self, TEXT("PRJ"), TEXT("app"), &r, &err));
    assert_int_equal(r.id, 84);
    assert_true(r.archived);
    assert_true(text_equal(r.default_branch, TEXT("refs/heads/main")));
    assert_int_equal(r.project.default_permission, PERMISSION_PROJECT_READ);
    assert_true(text_equal(r.model.development, TEXT("refs/heads/dev")));
    assert_int_equal(r.restriction_count, 1);
    assert_int_equal(r.restrictions[0].type, RESTRICTION_NO_DELETES);
    assert_int_equal(r.restrictions[0].matcher, MATCHER_PATTERN);
    assert_true(text_equal(r.restrictions[0].matcher_id, TEXT("release/*")));
    GOOD(view->exemptions(view->self, &r.restrictions[0], &exempt, &err));
    assert_int_equal(exempt.user_count, 1);
    assert_int_equal(exempt.users[0].id, 7);
    assert_int_equal(exempt.group_count, 2);
    assert_int_equal(exempt.groups[0].incomplete + exempt.groups[1].incomplete, 1);
    assert_int_equal(exempt.access_keys[0], 158);
}

static void check_key(const struct view *view)
{
    struct snapshot_key key;
    struct error err;
    GOOD(view->access_key(view->self, 158, &key, &err));
    assert_true(text_equal(key.label, TEXT("ci")));
    assert_int_equal(key.bits, 2048);
    assert_false(key.created_known);
    assert_int_equal(key.ever_used, ANSWER_NO);
    assert_int_equal(key.expires, ANSWER_YES);
    assert_int_equal(key.places, 2);
}

static void an_instance(void **state)
{
    (void)state;
    struct snapshot *snapshot = NULL;
    struct error err = {STATUS_OK, ""};
    read_good(described);
    assert_true(cases.described);
    if (test_instance_open(&cases.sheet, &arena, &problems, &snapshot, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    assert_string_equal(said(), "");
    assert_non_null(snapshot);
    struct view view = snapshot_view(snapshot, &arena);
    struct snapshot_meta meta;
    char at[CLOCK_TEXT_SIZE];
    GOOD(view.meta(view.self, &meta, &err));
    assert_true(text_equal(meta.base_url, TEXT("https://b.example.com")));
    clock_format(meta.started_ms, true, at);
    assert_string_equal(at, "2026-02-03T04:05:06Z");
    assert_string_equal(cases.items[0].field[CHECK_AT], "2026-02-03T04:05:06.000Z");
    check_people(&view);
    check_repository(&view);
    check_key(&view);
    snapshot_close(snapshot);
}

/* ---------------------------------------------------------------- what rejects every push */

static void dangers(void **state)
{
    (void)state;
    static const struct {
        const char *config, *danger; /* NULL: none */
    } table[] = {
        {"[rule \"x\"]\naction = reject\n", "rule \"x\" (line 1) matches every push and rejects it"},
        {"[rule \"x\"]\naction = require-approval\n", "wants an approval for it"},
        {"[rule \"x\"]\naction = annotate\n", NULL},
        {"[rule \"x\"]\naction = reject\nmode = monitor\n", NULL},
        {"[refgate]\nmode = monitor\n[rule \"x\"]\naction = reject\n", NULL},
        {"[rule \"x\"]\naction = reject\nrefs = **\n", "matches every push"},
        {"[rule \"x\"]\naction = reject\nrefs = refs/heads/\n", "matches every push"},
        {"[rule \"x\"]\naction = reject\nrefs = main\n", NULL},
        {"[rule \"x\"]\naction = reject\nprojects = *\n", "matches every push"},
        {"[rule \"x\"]\naction = reject\nrepos = */*\nchanges = create, update\n",
         "matches every push"},
        {"[rule \"x\"]\naction = reject\nrepos = PRJ/*\n", NULL},
        {"[rule \"x\"]\naction = reject\nchanges = delete\n", NULL},
        {"[rule \"x\"]\naction = reject\nusers = jdoe\n", NULL},
        {"[rule \"x\"]\naction = reject\nexcept-groups = a\n", NULL},
        {"[rule \"x\"]\naction = reject\ncredentials = access-key\n", NULL},
        {"[audit]\nfile = /no-such-directory/audit\nrequired = yes\n",
         "the directory of the audit log does not exist: /no-such-directory"},
        {"[audit]\nfile = /no-such-directory/audit\n", NULL},
        {"[audit]\nfile = /audit\nrequired = yes\n", NULL},
    };
    const struct view view = {.problem = NULL};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct policy policy;
        struct buffer out;
        buffer_init(&out, 10000);
        GOOD(config_parse(text_of(table[i].config), "c", &arena, &policy, &errors));
        size_t count = apply_dangers(&policy, &view, 0, &out);
        assert_int_equal(count, table[i].danger != NULL);
        if (table[i].danger && !strstr(out.data, table[i].danger))
            fail_msg("%zu: %s", i, out.data);
        buffer_free(&out);
    }
}

static enum status meta_of_day_one(void *self, struct snapshot_meta *out, struct error *err)
{
    (void)self, (void)err;
    *out = (struct snapshot_meta){.started_ms = CLOCK_DAY};
    return STATUS_OK;
}

static void dangers_of_the_snapshot(void **state)
{
    (void)state;
    struct policy policy;
    struct buffer out;
    const struct view none = {.problem = "there is none"}, old = {.meta = meta_of_day_one};
    buffer_init(&out, 10000);
    GOOD(config_parse(TEXT(""), "c", &arena, &policy, &errors));
    assert_int_equal(apply_dangers(&policy, &none, 0, &out), 1);
    assert_string_equal(out.data, "there is none, and [failure] no-snapshot = reject\n");
    policy.no_snapshot = VERDICT_ANNOTATE;
    assert_int_equal(apply_dangers(&policy, &none, 0, &out), 0);
    assert_int_equal(apply_dangers(&policy, &old, 9 * CLOCK_DAY, &out), 0);
    policy.when_stale = VERDICT_REJECT;
    assert_int_equal(apply_dangers(&policy, &old, 9 * CLOCK_DAY, &out), 1);
    assert_int_equal(apply_dangers(&policy, &old, 2 * CLOCK_DAY, &out), 0);
    buffer_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items),
        cmocka_unit_test(splits),
        cmocka_unit_test(problems_of_each_kind),
        cmocka_unit_test_setup_teardown(defaults_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_push, set_up, tear_down),
        cmocka_unit_test(every_expectation_has_a_name),
        cmocka_unit_test_setup_teardown(an_instance, set_up, tear_down),
        cmocka_unit_test_setup_teardown(dangers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(dangers_of_the_snapshot, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
