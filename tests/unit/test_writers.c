/*
 * command/writers.h: who may write, in random instances. Whoever was judged for his peers has the
 * standing that he has when he is judged himself, and nobody is left out (semantics 3 and 4).
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "command/writers.h"
#include "policy/config.h"
#include "snapshot/names.h"
#include "support/builder_case.h"

#define INSTANCES 60
#define USERS 24
#define GROUPS 7
#define FIRST_USER UINT64_C(1000)

static uint64_t random_state;

static uint64_t below(uint64_t limit) /* splitmix64 */
{
    uint64_t z = (random_state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (z ^ (z >> 31)) % limit;
}

static bool chance(uint64_t percent)
{
    return below(100) < percent;
}

static struct text numbered(const char *what, uint64_t number)
{
    static char room[16][32];
    static unsigned next;
    char *at = room[next++ % 16];
    int size = snprintf(at, sizeof room[0], "%s%d", what, (int)number);
    return (struct text){at, (size_t)size};
}

/* ------------------------------------------------------------------ an instance */

static void add_people(struct builder *b)
{
    for (uint64_t g = 0; g < GROUPS; g++)
        GOOD(builder_group(b, numbered("group", g), chance(8), &error));
    for (uint64_t i = 0; i < USERS; i++) {
        /* One name that the hook refuses, and one that looks like a key's. */
        struct text name = i == 3   ? TEXT("bell\a")
                           : i == 4 ? TEXT("0123456789abcdef")
                                    : numbered("User", i);
        GOOD(builder_user(b,
                          &(struct builder_user){.id = FIRST_USER + i,
                                                 .name = name,
                                                 .slug = name,
                                                 .active = !chance(8),
                                                 .listed = true},
                          &error));
        for (uint64_t g = 0; g < GROUPS; g++)
            if (chance(g ? 20 : 85))
                GOOD(builder_member(b, numbered("group", g), FIRST_USER + i, &error));
    }
    GOOD(builder_grant_group(b, everywhere, TEXT("group0"), PERMISSION_LICENSED_USER, &error));
    if (chance(30))
        GOOD(builder_grant_group(b, everywhere, numbered("group", below(GROUPS)), PERMISSION_ADMIN,
                                 &error));
    for (int i = 0; i < 2; i++)
        GOOD(builder_grant_user(b, everywhere, FIRST_USER + below(USERS),
                                chance(50) ? PERMISSION_LICENSED_USER : PERMISSION_SYS_ADMIN,
                                &error));
}

static void add_places(struct builder *b)
{
    bool personal = chance(30);
    GOOD(builder_project(
        b,
        &(struct builder_project){.id = 2,
                                  .key = personal ? TEXT("~OWNER") : TEXT("PRJ"),
                                  .personal = personal,
                                  .is_public = chance(20),
                                  .owner_id = personal ? FIRST_USER + below(USERS) : 0},
        &error));
    GOOD(builder_repository(b,
                            &(struct builder_repository){.id = 84,
                                                         .project_id = 2,
                                                         .slug = TEXT("app"),
                                                         .archived = chance(5),
                                                         .is_public = chance(20)},
                            &error));
    if (chance(80))
        GOOD(builder_default_branch(b, 84, TEXT("refs/heads/main"), &error));
    if (chance(30))
        GOOD(builder_default_permission(
            b, 2, chance(50) ? PERMISSION_PROJECT_WRITE : PERMISSION_PROJECT_READ, &error));
}

static void add_grants(struct builder *b)
{
    static const enum permission of_repository[] = {PERMISSION_REPO_READ, PERMISSION_REPO_WRITE,
                                                    PERMISSION_REPO_ADMIN};
    static const enum permission of_project[] = {PERMISSION_PROJECT_READ, PERMISSION_PROJECT_WRITE,
                                                 PERMISSION_PROJECT_ADMIN};
    for (int i = 0; i < 10; i++) {
        bool own = chance(50);
        struct place place = own ? app : prj;
        enum permission level = own ? of_repository[below(3)] : of_project[below(3)];
        if (chance(40))
            GOOD(builder_grant_group(b, place, numbered("group", 1 + below(GROUPS - 1)), level,
                                     &error));
        else
            GOOD(builder_grant_user(b, place, FIRST_USER + below(USERS), level, &error));
    }
    for (uint64_t id = 1; id <= 4; id++) {
        GOOD(builder_key(b, &(struct builder_key){.id = id, .label = numbered("key", id / 2)},
                         &error));
        struct place place = chance(50) ? app : prj;
        bool own = place.scope == GRANT_REPOSITORY, writes = chance(70);
        GOOD(builder_grant_key(b, place, id,
                               own      ? writes ? PERMISSION_REPO_WRITE : PERMISSION_REPO_READ
                               : writes ? PERMISSION_PROJECT_WRITE
                                        : PERMISSION_PROJECT_READ,
                               &error));
    }
    if (chance(40))
        GOOD(builder_service(b, TEXT("feedfacefeedface"), 2, &error));
}

static void add_restrictions(struct builder *b)
{
    static const enum restriction_type types[] = {
        RESTRICTION_READ_ONLY, RESTRICTION_PULL_REQUEST_ONLY, RESTRICTION_FAST_FORWARD_ONLY,
        RESTRICTION_NO_DELETES, RESTRICTION_NO_CREATES};
    for (uint64_t i = 0; i < 6; i++) {
        struct exempt_user user = {FIRST_USER + below(USERS), TEXT_NONE};
        struct exempt_group group = {.name = numbered("group", below(GROUPS))};
        user.name = numbered("User", user.id - FIRST_USER);
        if (chance(30))
            user.id = 0; /* known by name alone */
        struct builder_restriction row = {
            .head = {.id = 10 + i,
                     .of_project = chance(50),
                     .type = types[below(5)],
                     .matcher = MATCHER_PATTERN,
                     .matcher_id = chance(60) ? TEXT("main") : TEXT("release/*"),
                     .matcher_active = !chance(10)},
        };
        if (chance(60))
            row.exempt.users = &user, row.exempt.user_count = 1;
        if (chance(60))
            row.exempt.groups = &group, row.exempt.group_count = 1;
        GOOD(builder_restriction(b, row.head.of_project ? prj : app, &row, &error));
    }
}

static void add_marks(struct builder *b)
{
    static const struct place *const places[] = {&everywhere, &prj, &app};
    for (size_t i = 0; i < 3; i++) {
        unsigned what = places[i]->scope == GRANT_GLOBAL ? INCOMPLETE_GRANTS : 1u << below(4);
        if (chance(8))
            GOOD(builder_incomplete(b, *places[i], what, &error));
    }
}

/* ------------------------------------------------------------------ the question */

static const char rules[] =
    "[refgate]\nmode = enforce\n"
    "[service-account \"user7\"]\nrefs = main\nchanges = update\n"
    "[rule \"by-group\"]\naction = reject\ngroups = group2, group5\nexcept-users = USER9\n"
    "refs = release/\n"
    "[rule \"by-name\"]\naction = annotate\nusers = user1, user2\nchanges = create\n"
    "[rule \"approved\"]\naction = require-approval\nexcept-groups = group1\n"
    "changes = delete\nrefs = main\n";

struct asked {
    struct arguments args;
    struct instance instance;
    struct standing_question question;
    struct writers writers;
};

static void begin(struct asked *asked, bool with_rules, char *ref)
{
    struct builder *b = new_builder();
    struct builder_summary summary;
    const struct builder_header header = {.base_url = TEXT("https://bitbucket.example.com"),
                                          .bitbucket_version = TEXT("9.4.2"),
                                          .started_ms = SMALL_NOW,
                                          .generated_ms = SMALL_NOW};
    struct config_errors errors;
    add_people(b);
    add_places(b);
    add_grants(b);
    add_restrictions(b);
    add_marks(b);
    GOOD(builder_finish(b, &header, at("snapshot.cdb"), 0, NULL, &summary, &error));
    builder_free(b);
    *asked = (struct asked){.args = {.command = &command_who_can, .path = "test"}};
    struct instance *instance = &asked->instance;
    arena_init(&instance->arena, SIZE_MAX);
    config_errors_init(&errors);
    GOOD(config_parse_kept(text_of(with_rules ? rules : ""), "refgate.conf", &instance->arena,
                           &instance->policy, &errors, NULL));
    config_errors_free(&errors);
    GOOD(snapshot_open_mode(at("snapshot.cdb"), NULL, 0, SNAPSHOT_MAPPED, &instance->snapshot,
                            &error));
    instance->view = snapshot_view(instance->snapshot, &instance->arena);
    struct snapshot_project found;
    bool shared = instance->view.project(instance->view.self, TEXT("PRJ"), &found, NULL) ==
                  STATUS_OK;
    GOOD(standing_prepare(&asked->args, instance, shared ? "PRJ/app" : "~OWNER/app", &ref, 1,
                          KIND_ALL, false, &asked->question, &error));
    GOOD(writers_find(&asked->question, &asked->writers, &error));
}

static void end(struct asked *asked)
{
    writers_free(&asked->writers);
    instance_close(&asked->instance);
}

static const struct standing *listed(const struct asked *asked, enum principal_type type,
                                     uint64_t id)
{
    const struct standing *found = NULL;
    for (size_t i = 0; i < asked->writers.count; i++) {
        const struct writer *writer = &asked->writers.items[i];
        if (writer->principal.type != type || writer->principal.id != id)
            continue;
        assert_null(found); /* once */
        found = writer->standing;
    }
    return found;
}

static void same_changes(const struct standing *a, const struct standing *b)
{
    assert_int_equal(a->change_count, b->change_count);
    for (size_t i = 0; i < a->change_count; i++) {
        const struct standing_change *x = &a->changes[i], *y = &b->changes[i];
        assert_int_equal(x->kind, y->kind);
        assert_int_equal(x->verdict, y->verdict);
        assert_int_equal(x->answer, y->answer);
        assert_int_equal(x->reason_count, y->reason_count);
        for (size_t k = 0; k < x->reason_count; k++)
            assert_true(text_equal(x->reasons[k]->text, y->reasons[k]->text));
    }
}

static void same_grants(const struct effective *a, const struct effective *b)
{
    assert_int_equal(a->grant_count, b->grant_count);
    for (size_t i = 0; i < a->grant_count; i++) {
        const struct effective_grant *x = &a->grants[i], *y = &b->grants[i];
        assert_int_equal(x->source, y->source);
        assert_int_equal(x->scope, y->scope);
        assert_int_equal(x->applies, y->applies);
        assert_int_equal(x->granted, y->granted);
        assert_true(text_equal(x->group_name, y->group_name));
    }
}

/* Each user of the snapshot by himself, against what his peers got. Counts them. */
static void compare(struct asked *asked, size_t *may, size_t *open, size_t * not )
{
    struct view *view = &asked->instance.view;
    for (uint64_t i = 0; i < USERS; i++) {
        struct principal principal;
        struct snapshot_user user;
        struct standing own;
        struct text name = names_user(asked->instance.snapshot, FIRST_USER + i, NULL);
        GOOD(view->user(view->self, name, &user, &error));
        GOOD(principal_user(user.name, user.id, &asked->instance.arena, &principal, &error));
        GOOD(standing_find(&asked->question, &principal, NULL, &own, &error));
        const struct standing *theirs = listed(asked, PRINCIPAL_USER, user.id);
        *(own.may_write == ANSWER_YES ? may : own.may_write == ANSWER_NO ? not : open) += 1;
        assert_int_equal(theirs != NULL, own.may_write != ANSWER_NO);
        if (!theirs)
            continue;
        assert_int_equal(theirs->may_write, own.may_write);
        assert_int_equal(theirs->least, own.least);
        assert_int_equal(theirs->most, own.most);
        same_changes(theirs, &own);
        same_grants(&theirs->effective, &own.effective);
    }
}

static void peers_have_the_standing_that_each_has_by_himself(void **state)
{
    static char main_branch[] = "main", release[] = "release/1", tag[] = "refs/tags/main";
    static char *const refs[] = {main_branch, release, tag};
    size_t may = 0, open = 0, not = 0, judged = 0;
    (void)state;
    for (uint64_t seed = 1; seed <= INSTANCES; seed++) {
        struct asked asked;
        random_state = seed;
        begin(&asked, seed % 3 != 0, refs[seed % 3]);
        judged += asked.writers.judged;
        compare(&asked, &may, &open, &not );
        end(&asked);
    }
    /* All kinds of people were there, and few of them were judged by themselves. */
    assert_true(may > INSTANCES * 3 && open > INSTANCES && not > INSTANCES * 3);
    assert_true(judged < (size_t)INSTANCES * (USERS + 3));
}

/* semantics 3: of a key the highest of its grants; which key it is, the hook knows by the map of
 * service users, else by its label. */
static void keys_and_tokens_are_listed(void **state)
{
    size_t mapped = 0, labelled = 0;
    (void)state;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        static char ref[] = "main";
        struct asked asked;
        random_state = seed;
        begin(&asked, false, ref);
        bool archived = asked.question.repository.archived;
        assert_int_equal(listed(&asked, PRINCIPAL_REPOSITORY_TOKEN, 84) != NULL, !archived);
        assert_int_equal(listed(&asked, PRINCIPAL_PROJECT_TOKEN, 2) != NULL, !archived);
        size_t keys = 0;
        for (size_t i = 0; i < asked.writers.count; i++) {
            const struct writer *writer = &asked.writers.items[i];
            if (writer->principal.type != PRINCIPAL_KEY)
                continue;
            keys++;
            if (writer->principal.mapped) {
                mapped++;
                assert_string_equal(writer->principal.user_name, "feedfacefeedface");
                assert_int_equal(writer->principal.id, 2);
                assert_int_equal(writer->standing->same_label, 0);
            }
            labelled += writer->standing->same_label > 1;
        }
        assert_int_equal(keys + asked.writers.keys_closed, 4);
        end(&asked);
    }
    assert_true(mapped && labelled);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(peers_have_the_standing_that_each_has_by_himself,
                                        builder_set_up, builder_tear_down),
        cmocka_unit_test_setup_teardown(keys_and_tokens_are_listed, builder_set_up,
                                        builder_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
