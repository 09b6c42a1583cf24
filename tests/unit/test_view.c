/* snapshot/view.c: what the policy is told, from the small snapshot and from the acme recording. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "scratch.h"
#include "small_snapshot.h"
#include "snapshot/reader.h"

static char top[PATH_MAX];
static struct snapshot *small, *acme;
static struct arena arena;
static struct view v; /* of the small one */
static struct view a; /* of acme */

#define same(text, literal) assert_string_equal(as_string(text), literal)
static const char *as_string(struct text t)
{
    static char out[4][256];
    static int next;
    char *at = out[next++ % 4];
    snprintf(at, sizeof out[0], "%.*s", TEXT_ARG(t));
    return at;
}

static struct snapshot *open_file(const char *path)
{
    struct snapshot *snapshot = NULL;
    struct error err;
    if (snapshot_open(path, NULL, 0, &snapshot, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    return snapshot;
}

static int set_up(void **state)
{
    char path[PATH_MAX + 16];
    struct builder_summary summary;
    struct error err;
    (void)state;
    scratch_make(top, sizeof top);
    arena_init(&arena, (size_t)64 * 1024 * 1024);
    snprintf(path, sizeof path, "%s/small.cdb", top);
    small_write(path, false, SMALL_NOW);
    small = open_file(path);
    snprintf(path, sizeof path, "%s/acme.cdb", top);
    if (small_replay("tests/fixtures/acme", path, false, &summary, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    acme = open_file(path);
    v = snapshot_view(small, &arena);
    a = snapshot_view(acme, &arena);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    snapshot_close(small);
    snapshot_close(acme);
    arena_free(&arena);
    scratch_remove(top);
    return 0;
}

static void meta_names_instance_times_and_digest(void **state)
{
    struct snapshot_meta meta;
    (void)state;
    assert_int_equal(v.meta(v.self, &meta, NULL), STATUS_OK);
    same(meta.base_url, "https://bitbucket.example.com"); /* without the slash */
    same(meta.bitbucket_version, "9.4.2");
    assert_int_equal(meta.generated_ms, SMALL_NOW);
    assert_int_equal(meta.started_ms, SMALL_NOW - 5);
    assert_int_equal(meta.digest.size, 64);
}

static void users_are_found_without_case(void **state)
{
    struct snapshot_user user;
    (void)state;
    assert_int_equal(v.user(v.self, TEXT("aDMIN"), &user, NULL), STATUS_OK);
    assert_int_equal(user.id, 1);
    same(user.name, "Admin");
    same(user.email, "Admin@Example.com");
    assert_int_equal(user.global, PERMISSION_SYS_ADMIN);
    assert_int_equal(v.user(v.self, TEXT("nobody"), &user, NULL), STATUS_NOT_FOUND);
    assert_int_equal(v.user(v.self, TEXT(""), &user, NULL), STATUS_NOT_FOUND);
}

static void a_missing_slug_is_the_name(void **state)
{
    struct snapshot_user user;
    (void)state;
    assert_int_equal(v.user(v.self, TEXT("jdoe"), &user, NULL), STATUS_OK);
    same(user.slug, "jdoe");
}

static void licence_semantics_3(void **state)
{
    struct snapshot_user user;
    (void)state;
    assert_int_equal(v.user(v.self, TEXT("jdoe"), &user, NULL), STATUS_OK); /* by group */
    assert_int_equal(user.licensed, ANSWER_YES);
    assert_true(user.active);
    assert_int_equal(v.user(v.self, TEXT("Admin"), &user, NULL), STATUS_OK); /* by SYS_ADMIN */
    assert_int_equal(user.licensed, ANSWER_YES);
    assert_int_equal(v.user(v.self, TEXT("outsider"), &user, NULL), STATUS_OK);
    assert_int_equal(user.licensed, ANSWER_NO); /* the incomplete group has no global grant */
    assert_int_equal(v.user(v.self, TEXT("gone"), &user, NULL), STATUS_OK);
    assert_false(user.active);
    assert_int_equal(a.user(a.self, TEXT("guest"), &user, NULL), STATUS_OK);
    assert_int_equal(user.licensed, ANSWER_NO);
}

static void groups_are_numbers_and_incomplete_ones_are_told(void **state)
{
    struct snapshot_user user;
    struct snapshot_group group;
    struct text name;
    (void)state;
    assert_int_equal(v.group(v.self, TEXT("DEVELOPERS"), &group, NULL), STATUS_OK);
    assert_false(group.incomplete);
    assert_int_equal(v.user(v.self, TEXT("jdoe"), &user, NULL), STATUS_OK);
    assert_int_equal(user.group_count, 1);
    assert_int_equal(user.groups[0], group.group);
    assert_int_equal(user.groups_complete, ANSWER_CANNOT_TELL);
    assert_int_equal(v.group_name(v.self, group.group, &name, NULL), STATUS_OK);
    same(name, "Developers");
    assert_int_equal(v.group(v.self, TEXT("secret"), &group, NULL), STATUS_OK);
    assert_true(group.incomplete);
    assert_int_equal(v.group(v.self, TEXT("no-longer-there"), &group, NULL), STATUS_NOT_FOUND);
    assert_int_equal(v.group_name(v.self, 17, &name, NULL), STATUS_NOT_FOUND);
    assert_int_equal(a.user(a.self, TEXT("lead"), &user, NULL), STATUS_OK);
    assert_int_equal(user.groups_complete, ANSWER_YES);
    assert_int_equal(user.group_count, 3);
    assert_true(user.groups[0] < user.groups[1] && user.groups[1] < user.groups[2]);
}

static void addresses_are_found_without_case_and_the_active_user_counts(void **state)
{
    uint64_t id = 0;
    (void)state;
    assert_int_equal(v.email_user(v.self, TEXT("admin@EXAMPLE.com"), &id, NULL), STATUS_OK);
    assert_int_equal(id, 1);
    assert_int_equal(v.email_user(v.self, TEXT("jane@example.com"), &id, NULL), STATUS_OK);
    assert_int_equal(id, 101); /* 102 has it too and is inactive */
    assert_int_equal(v.email_user(v.self, TEXT(""), &id, NULL), STATUS_NOT_FOUND);
    assert_int_equal(v.email_user(v.self, TEXT("x@example.com"), &id, NULL), STATUS_NOT_FOUND);
}

static void service_names_are_exact(void **state)
{
    uint64_t id = 0;
    (void)state;
    assert_int_equal(v.service(v.self, TEXT("3adc96b3b93443e4"), &id, NULL), STATUS_OK);
    assert_int_equal(id, 158);
    assert_int_equal(v.service(v.self, TEXT("3ADC96B3B93443E4"), &id, NULL), STATUS_NOT_FOUND);
}

static void projects(void **state)
{
    struct snapshot_project project;
    (void)state;
    assert_int_equal(v.project(v.self, TEXT("prj"), &project, NULL), STATUS_OK);
    same(project.key, "PRJ");
    assert_int_equal(project.default_permission, PERMISSION_PROJECT_READ);
    assert_int_equal(project.group_count, 2);
    assert_int_equal(project.groups[0].permission, PERMISSION_PROJECT_WRITE);
    assert_int_equal(project.groups[1].permission, PERMISSION_PROJECT_ADMIN);
    assert_true(project.groups[1].incomplete);
    assert_int_equal(v.project(v.self, TEXT("~jdoe"), &project, NULL), STATUS_OK);
    assert_true(project.personal);
    assert_int_equal(project.owner_id, 101);
    same(project.owner_name, "jdoe");
    assert_int_equal(v.project(v.self, TEXT("NONE"), &project, NULL), STATUS_NOT_FOUND);
    assert_int_equal(a.project(a.self, TEXT("OPS"), &project, NULL), STATUS_OK);
    assert_true(project.is_public);
    assert_int_equal(project.default_permission, PERMISSION_PROJECT_WRITE);
}

static void direct_grants(void **state)
{
    enum permission p;
    (void)state;
    assert_int_equal(v.user_grant(v.self, GRANT_PROJECT, TEXT("PRJ"), TEXT(""), TEXT("JDOE"), &p,
                                  NULL),
                     STATUS_OK);
    assert_int_equal(p, PERMISSION_PROJECT_WRITE);
    assert_int_equal(v.user_grant(v.self, GRANT_REPOSITORY, TEXT("PRJ"), TEXT("app"), TEXT("gone"),
                                  &p, NULL),
                     STATUS_OK);
    assert_int_equal(p, PERMISSION_REPO_ADMIN);
    assert_int_equal(v.user_grant(v.self, GRANT_GLOBAL, TEXT(""), TEXT(""), TEXT("admin"), &p, NULL),
                     STATUS_OK);
    assert_int_equal(p, PERMISSION_SYS_ADMIN);
    assert_int_equal(v.user_grant(v.self, GRANT_REPOSITORY, TEXT("PRJ"), TEXT("app"), TEXT("jdoe"),
                                  &p, NULL),
                     STATUS_NOT_FOUND);
    assert_int_equal(v.user_grant(v.self, GRANT_REPOSITORY, TEXT("PRJ"), TEXT("none"), TEXT("jdoe"),
                                  &p, NULL),
                     STATUS_NOT_FOUND);
}

static void global_group_grants(void **state)
{
    const struct group_grant *groups;
    struct text name;
    size_t count;
    (void)state;
    assert_int_equal(a.global_groups(a.self, &groups, &count, NULL), STATUS_OK);
    assert_int_equal(count, 1);
    assert_int_equal(groups[0].permission, PERMISSION_LICENSED_USER);
    assert_int_equal(a.group_name(a.self, groups[0].group, &name, NULL), STATUS_OK);
    same(name, "stash-users");
}

/* Own 3 and 5, project's 4, and 6 in the repository's words. */
static void restrictions_of_both_levels_each_id_once_and_the_repositorys_copy_wins(void **state)
{
    struct snapshot_repository repository;
    (void)state;
    assert_int_equal(v.repository(v.self, TEXT("PRJ"), TEXT("APP"), &repository, NULL), STATUS_OK);
    assert_int_equal(repository.id, 84);
    assert_int_equal(repository.restriction_count, 4);
    const struct restriction *r = repository.restrictions;
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(r[i].id, 3 + i);
    assert_int_equal(r[0].type, RESTRICTION_PULL_REQUEST_ONLY);
    same(r[0].type_text, "pull-request-only");
    same(r[0].matcher_type_text, "BRANCH");
    assert_false(r[0].of_project);
    assert_true(r[1].of_project);
    assert_int_equal(r[2].type, RESTRICTION_UNKNOWN);
    same(r[2].type_text, "future-type");
    same(r[2].matcher_type_text, "FUTURE_MATCHER");
    assert_false(r[2].matcher_active);
    assert_true(r[0].matcher_active);
    same(r[3].matcher_id, "locked/*");
    assert_int_equal(v.repository(v.self, TEXT("PRJ"), TEXT("old"), &repository, NULL), STATUS_OK);
    assert_true(repository.archived);
    assert_false(repository.default_branch_known);
    assert_int_equal(repository.restriction_count, 2); /* the project's */
    same(repository.restrictions[1].matcher_id, "ANY_REF_MATCHER_ID");
}

static void a_projects_restriction_is_stored_once(void **state)
{
    uint32_t position = 0;
    size_t seen = 0;
    struct text key, body;
    struct snapshot *mapped = NULL;
    char path[PATH_MAX + 16];
    (void)state;
    snprintf(path, sizeof path, "%s/small.cdb", top);
    assert_int_equal(snapshot_open_mode(path, NULL, 0, SNAPSHOT_MAPPED, &mapped, NULL), STATUS_OK);
    while (snapshot_next(mapped, &position, &key, &body, NULL) == STATUS_OK) {
        struct repository_record record;
        if (text_equal(key, TEXT("repo/prj/app"))) {
            assert_true(decode_repository(body, &record));
            assert_int_equal(record.place.restriction_count, 3); /* 3, 5, 6; not 4 */
            seen++;
        }
    }
    assert_int_equal(seen, 1);
    snapshot_close(mapped);
}

static void exemptions_are_read_when_asked_for(void **state)
{
    struct snapshot_repository repository;
    struct exemptions e;
    struct snapshot_group group;
    (void)state;
    assert_int_equal(v.repository(v.self, TEXT("PRJ"), TEXT("app"), &repository, NULL), STATUS_OK);
    assert_int_equal(v.exemptions(v.self, &repository.restrictions[0], &e, NULL), STATUS_OK);
    assert_int_equal(e.user_count, 2);
    assert_int_equal(e.users[0].id, 0);
    same(e.users[0].name, "by-name");
    assert_int_equal(e.users[1].id, 101);
    assert_int_equal(e.group_count, 3);
    assert_int_equal(v.group(v.self, TEXT("developers"), &group, NULL), STATUS_OK);
    same(e.groups[0].name, "developers");
    assert_int_equal(e.groups[0].group, group.group);
    same(e.groups[1].name, "no-longer-there");
    assert_int_equal(e.groups[1].group, GROUP_NONE);
    assert_false(e.groups[1].incomplete);
    assert_true(e.groups[2].incomplete);
    assert_int_equal(e.access_key_count, 2);
    assert_int_equal(e.access_keys[0], 9);
    assert_int_equal(e.access_keys[1], 158);
    assert_int_equal(v.exemptions(v.self, &repository.restrictions[1], &e, NULL), STATUS_OK);
    assert_int_equal(e.user_count + e.group_count + e.access_key_count, 0);
}

static void the_repositorys_own_branch_model_counts_else_its_projects(void **state)
{
    struct snapshot_repository r;
    (void)state;
    assert_int_equal(v.repository(v.self, TEXT("PRJ"), TEXT("app"), &r, NULL), STATUS_OK);
    assert_true(r.model.configured && r.model.development_set && r.model.development_default);
    assert_true(r.model.production_set && !r.model.production_default);
    same(r.model.production, "refs/heads/stable");
    assert_int_equal(r.model.category_count, 1);
    same(r.model.category[0].prefix, "release/");
    same(r.default_branch, "refs/heads/main");
    assert_true(r.default_branch_known);
    assert_int_equal(a.repository(a.self, TEXT("PRJ"), TEXT("lib"), &r, NULL), STATUS_OK);
    same(r.model.development, "refs/heads/develop");
    assert_false(r.model.category[0].enabled);
    assert_int_equal(a.repository(a.self, TEXT("OPS"), TEXT("tools"), &r, NULL), STATUS_OK);
    assert_false(r.model.configured);
}

static void names_by_id(void **state)
{
    struct text key, slug;
    (void)state;
    assert_int_equal(v.repository_name(v.self, 84, &key, &slug, NULL), STATUS_OK);
    same(key, "PRJ");
    same(slug, "app");
    assert_int_equal(v.repository_name(v.self, 2, &key, &slug, NULL), STATUS_NOT_FOUND);
    assert_int_equal(v.project_name(v.self, 4, &key, NULL), STATUS_OK);
    same(key, "~JDOE");
    assert_int_equal(v.project_name(v.self, 84, &key, NULL), STATUS_NOT_FOUND);
}

static void keys_of_a_repository_and_of_its_project(void **state)
{
    const struct repository_key *keys;
    struct snapshot_key key;
    size_t count;
    (void)state;
    assert_int_equal(v.repository_keys(v.self, TEXT("prj"), TEXT("app"), &keys, &count, NULL),
                     STATUS_OK);
    assert_int_equal(count, 3);
    assert_int_equal(keys[0].id, 158);
    assert_int_equal(keys[0].permission, PERMISSION_REPO_WRITE);
    assert_false(keys[0].of_project);
    same(keys[0].label, "ci-deploy");
    assert_true(keys[1].of_project && keys[2].of_project);
    assert_int_equal(keys[2].permission, PERMISSION_PROJECT_WRITE);
    assert_int_equal(v.access_key(v.self, 158, &key, NULL), STATUS_OK);
    assert_int_equal(key.places, 2);
    assert_int_equal(key.bits, 4096);
    same(key.algorithm, "RSA");
    assert_true(key.created_known);
    assert_int_equal(key.ever_used, ANSWER_YES);
    assert_int_equal(key.last_used_ms, 2000);
    assert_int_equal(key.expires, ANSWER_YES);
    assert_int_equal(key.expires_ms, 3000);
    assert_int_equal(v.access_key(v.self, 160, &key, NULL), STATUS_OK);
    assert_false(key.created_known);
    assert_int_equal(key.ever_used, ANSWER_CANNOT_TELL);
    assert_int_equal(key.expires, ANSWER_CANNOT_TELL);
    assert_int_equal(v.access_key(v.self, 1, &key, NULL), STATUS_NOT_FOUND);
    assert_int_equal(a.access_key(a.self, 159, &key, NULL), STATUS_OK);
    assert_int_equal(key.ever_used, ANSWER_NO);
    assert_int_equal(key.expires, ANSWER_NO);
}

static void answers_do_not_depend_on_what_was_asked_before(void **state)
{
    struct snapshot_project project;
    struct snapshot_repository one, two;
    enum permission p;
    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(a.repository(a.self, TEXT("PRJ"), TEXT("app"), &one, NULL), STATUS_OK);
        assert_int_equal(a.repository(a.self, TEXT("OPS"), TEXT("app-fork"), &two, NULL), STATUS_OK);
        assert_int_equal(a.project(a.self, TEXT("none"), &project, NULL), STATUS_NOT_FOUND);
        assert_int_equal(a.user_grant(a.self, GRANT_REPOSITORY, TEXT("PRJ"), TEXT("app"),
                                      TEXT("guest"), &p, NULL),
                         STATUS_OK);
        same(one.slug, "app"); /* texts of an earlier answer stay */
        same(two.slug, "app-fork");
        assert_int_equal(one.restriction_count, 6);
        assert_int_equal(two.restriction_count, 0);
    }
}

static void out_of_memory_is_said(void **state)
{
    struct arena little;
    struct snapshot_repository repository;
    (void)state;
    arena_init(&little, 33000); /* one block, for the view itself */
    struct view w = snapshot_view(small, &little);
    assert_null(w.problem);
    enum status status = STATUS_OK;
    for (int i = 0; i < 200 && status == STATUS_OK; i++)
        status = w.repository(w.self, TEXT("PRJ"), TEXT("app"), &repository, NULL);
    assert_int_equal(status, STATUS_MEMORY);
    arena_free(&little);
}

static void a_view_without_a_snapshot_says_why(void **state)
{
    (void)state;
    struct view missing = snapshot_view_missing(STATUS_TRUST, "not trusted");
    assert_string_equal(missing.problem, "not trusted");
    assert_int_equal(missing.problem_code, STATUS_TRUST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(meta_names_instance_times_and_digest),
        cmocka_unit_test(users_are_found_without_case),
        cmocka_unit_test(a_missing_slug_is_the_name),
        cmocka_unit_test(licence_semantics_3),
        cmocka_unit_test(groups_are_numbers_and_incomplete_ones_are_told),
        cmocka_unit_test(addresses_are_found_without_case_and_the_active_user_counts),
        cmocka_unit_test(service_names_are_exact),
        cmocka_unit_test(projects),
        cmocka_unit_test(direct_grants),
        cmocka_unit_test(global_group_grants),
        cmocka_unit_test(restrictions_of_both_levels_each_id_once_and_the_repositorys_copy_wins),
        cmocka_unit_test(a_projects_restriction_is_stored_once),
        cmocka_unit_test(exemptions_are_read_when_asked_for),
        cmocka_unit_test(the_repositorys_own_branch_model_counts_else_its_projects),
        cmocka_unit_test(names_by_id),
        cmocka_unit_test(keys_of_a_repository_and_of_its_project),
        cmocka_unit_test(answers_do_not_depend_on_what_was_asked_before),
        cmocka_unit_test(out_of_memory_is_said),
        cmocka_unit_test(a_view_without_a_snapshot_says_why),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
