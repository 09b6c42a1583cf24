/* posture/reach.h agrees with decide() on who may write and who administers: for each user and each
 * repository of instances that were thrown together at random. */
#include "support/posture_case.h"

#include "policy/decide.h"
#include "posture/reach.h"

#define ROUNDS 60
#define USERS 12
#define GROUPS 4
#define PROJECTS 3
#define REPOSITORIES 6

static uint64_t seed;

static unsigned below(unsigned most) /* xorshift64* */
{
    seed ^= seed >> 12;
    seed ^= seed << 25;
    seed ^= seed >> 27;
    return (unsigned)((seed * UINT64_C(2685821657736338717)) >> 33) % most;
}

static const char *const group_names[GROUPS] = {"g0", "g1", "g2", "g3"};
static const char *const slugs[REPOSITORIES] = {"r0", "r1", "r2", "r3", "r4", "r5"};
static const enum permission levels[3][4] = {
    {PERMISSION_LICENSED_USER, PERMISSION_PROJECT_CREATE, PERMISSION_ADMIN, PERMISSION_SYS_ADMIN},
    {PERMISSION_PROJECT_READ, PERMISSION_PROJECT_WRITE, PERMISSION_REPO_CREATE,
     PERMISSION_PROJECT_ADMIN},
    {PERMISSION_REPO_READ, PERMISSION_REPO_WRITE, PERMISSION_REPO_WRITE, PERMISSION_REPO_ADMIN},
};

static void random_grants(void)
{
    for (unsigned i = 0; i < 24; i++) {
        unsigned scope = below(8) == 0 ? 0 : 1 + below(2);
        struct place place = everywhere;
        if (scope == 1)
            place = (struct place){GRANT_PROJECT, 200 + below(PROJECTS)};
        else if (scope == 2)
            place = (struct place){GRANT_REPOSITORY, 300 + below(REPOSITORIES)};
        enum permission level = levels[scope][below(4)];
        if (below(2))
            grant_user(place, 100 + below(USERS), level);
        else
            grant_group(place, group_names[below(GROUPS)], level);
    }
    if (below(3) == 0)
        GOOD(builder_default_permission(
            b, 200 + below(PROJECTS), below(2) ? PERMISSION_PROJECT_READ : PERMISSION_PROJECT_WRITE,
            &error));
}

static void random_instance(void)
{
    for (unsigned i = 0; i < USERS; i++) {
        snprintf(names[i], sizeof names[i], "u%u", 100 + i);
        add_user(100 + i, names[i], below(6) != 0);
        if (below(5))
            grant_user(everywhere, 100 + i, PERMISSION_LICENSED_USER);
    }
    for (unsigned i = 0; i < GROUPS; i++)
        add_group(group_names[i]);
    for (unsigned i = 0; i < 16; i++)
        add_member(group_names[below(GROUPS)], 100 + below(USERS));
    add_project(200, "P0");
    add_project(201, "P1");
    GOOD(builder_project(b,
                         &(struct builder_project){.id = 202,
                                                   .key = TEXT("~U102"),
                                                   .personal = true,
                                                   .owner_id = 102,
                                                   .owner_name = TEXT("u102")},
                         &error));
    for (unsigned i = 0; i < REPOSITORIES; i++)
        add_repository(300 + i, 200 + i % PROJECTS, slugs[i]);
    random_grants();
}

static enum permission by_decide(struct text user, struct text project, struct text slug)
{
    struct arena memory;
    struct decision decision;
    const struct change change = {.ref = TEXT("refs/heads/x"),
                                  .old_id = "1111111111111111111111111111111111111111",
                                  .new_id = "2222222222222222222222222222222222222222",
                                  .id_size = 40,
                                  .kind = CHANGE_UPDATE};
    arena_init(&memory, 1 << 24);
    const struct view view = snapshot_view(snapshot, &memory);
    const struct push push = {.trigger = TRIGGER_PUSH,
                              .trigger_text = TEXT("push"),
                              .project_key = project,
                              .repository_slug = slug,
                              .user_name = user,
                              .changes = &change,
                              .change_count = 1,
                              .now_ms = SMALL_NOW};
    GOOD(decide(&policy, &push, &view, NULL, NULL, &memory, &decision, &error));
    assert_true(decision.snapshot_permission_known);
    enum permission permission = decision.snapshot_permission;
    arena_free(&memory);
    return permission;
}

static void compare_repository(const struct inventory *inventory, uint32_t at,
                               const struct reach *reach, const struct reach *everyone)
{
    struct repository_record repository;
    assert_true(decode_repository(inventory->repositories[at].body, &repository));
    for (uint32_t u = 0; u < inventory->user_count; u++) {
        enum permission permission = by_decide(inventory->users[u].name, repository.key,
                                               repository.slug);
        bool admin = reach_has(reach->admin, u) || reach_has(everyone->write, u);
        if (reach_has(reach->write, u) != (permission >= PERMISSION_REPO_WRITE) ||
            admin != (permission >= PERMISSION_REPO_ADMIN))
            fail_msg("seed %llu: %.*s on %.*s/%.*s is %s", (unsigned long long)seed,
                     TEXT_ARG(inventory->users[u].name), TEXT_ARG(repository.key),
                     TEXT_ARG(repository.slug), permission_name(permission));
    }
}

static void compare_all(void)
{
    struct inventory inventory;
    struct reach everyone, of_project, of_repository;
    GOOD(inventory_read(snapshot, &found_arena, &inventory, &error));
    assert_true(reach_make(&inventory, &found_arena, &everyone));
    assert_true(reach_make(&inventory, &found_arena, &of_project));
    assert_true(reach_make(&inventory, &found_arena, &of_repository));
    reach_everywhere(&inventory, &everyone);
    for (uint32_t p = 0; p < inventory.project_count; p++) {
        struct project_record project;
        uint32_t from, until;
        assert_true(decode_project(inventory.projects[p].body, &project));
        inventory_repositories(&inventory, p, &from, &until);
        reach_project(&inventory, &project, &everyone, &of_project);
        for (uint32_t at = from; at < until; at++) {
            struct repository_record repository;
            assert_true(decode_repository(inventory.repositories[at].body, &repository));
            reach_repository(&inventory, &repository.place, &of_project, &of_repository);
            compare_repository(&inventory, at, &of_repository, &everyone);
        }
    }
}

static void test_agrees_with_decide(void **state)
{
    for (uint64_t round = 1; round <= ROUNDS; round++) {
        posture_again(state);
        seed = round * UINT64_C(0x9e3779b97f4a7c15);
        random_instance();
        inquire();
        compare_all();
    }
}

/* Projects whose keys are beginnings of each other, in an order of their own. */
static void test_repositories_of_projects(void **state)
{
    struct inventory inventory;
    uint32_t from, until;
    (void)state;
    add_project(7, "PRJ-2");
    add_project(8, "PRJ0");
    add_project(9, "EMPTY");
    add_repository(90, 7, "a");
    add_repository(91, 8, "b");
    add_repository(92, 2, "zz");
    inquire();
    GOOD(inventory_read(snapshot, &found_arena, &inventory, &error));
    static const struct {
        const char *key;
        uint32_t count;
    } rows[] = {{"PRJ", 2}, {"prj-2", 1}, {"PRJ0", 1}, {"EMPTY", 0}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint32_t at = inventory_project_by_name(&inventory, text_of(rows[i].key));
        assert_int_not_equal(at, INVENTORY_NONE);
        inventory_repositories(&inventory, at, &from, &until);
        assert_int_equal(until - from, rows[i].count);
    }
    assert_int_equal(inventory_project_by_name(&inventory, TEXT("NO")), INVENTORY_NONE);
    uint32_t at = inventory_repository_by_name(&inventory, TEXT("prj"), TEXT("ZZ"));
    assert_int_not_equal(at, INVENTORY_NONE);
    assert_int_equal(at, inventory_repository_by_id(&inventory, 92));
    assert_int_equal(inventory_repository_by_name(&inventory, TEXT("prj/zz"), TEXT("")),
                     INVENTORY_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_agrees_with_decide),
        CASE(test_repositories_of_projects),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
