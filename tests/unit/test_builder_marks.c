/* snapshot/builder.h: what changes while an instance is read (moved, gone), what could not be read, what
 * was read anew; and the builder that only checks. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "snapshot/reader.h"
#include "snapshot/rows.h"
#include "snapshot/verify.h"
#include "support/builder_case.h"

static const struct builder_header header = {.base_url = TEXT("https://bitbucket.example.com"),
                                             .bitbucket_version = TEXT("9.4.2"),
                                             .started_ms = SMALL_NOW,
                                             .generated_ms = SMALL_NOW};
static struct builder_summary finish(struct builder *b, const char *path)
{
    struct builder_summary summary = {0};
    if (builder_finish(b, &header, path, 0, NULL, &summary, &error) != STATUS_OK)
        fail_msg("%s", error.text);
    builder_free(b);
    return summary;
}

static enum status fails(struct builder *b)
{
    struct builder_summary summary;
    enum status status = builder_finish(b, &header, at("x"), 0, NULL, &summary, &error);
    builder_free(b);
    return status;
}

static struct view open_view(const char *path, struct snapshot **snapshot)
{
    if (snapshot_open(path, NULL, 0, snapshot, &error) != STATUS_OK)
        fail_msg("%s", error.text);
    return snapshot_view(*snapshot, &arena);
}

static void project(struct builder *b, uint64_t id, const char *key, bool current)
{
    GOOD(builder_project(
        b, &(struct builder_project){.id = id, .key = text_of(key), .current = current}, &error));
}
static void repository(struct builder *b, uint64_t id, uint64_t project_id, const char *slug,
                       bool current)
{
    const struct builder_repository row = {
        .id = id, .project_id = project_id, .slug = text_of(slug), .current = current};
    GOOD(builder_repository(b, &row, &error));
}

/* ------------------------------------------------------------------ told anew */

static void tell_places(struct builder *b)
{
    small_fill(b, false);
    GOOD(builder_default_permission(b, 2, PERMISSION_PROJECT_READ, &error));
}

static void what_was_told_before_a_place_was_told_anew_does_not_count(void **state)
{
    (void)state;
    struct snapshot *snapshot;
    struct snapshot_repository r;
    struct builder *b = new_builder();
    tell_places(b);
    const struct digest want = finish(b, at("once")).digest;
    /* What is told in between is of another place. */
    b = new_builder();
    tell_places(b);
    GOOD(builder_grant_user(b, prj, 103, PERMISSION_PROJECT_ADMIN, &error));
    GOOD(builder_default_permission(b, 2, PERMISSION_PROJECT_ADMIN, &error));
    GOOD(builder_anew(b, app, &error));
    GOOD(builder_grant_user(b, app, 103, PERMISSION_REPO_ADMIN, &error));
    GOOD(builder_grant_key(b, app, 160, PERMISSION_REPO_WRITE, &error));
    GOOD(builder_default_branch(b, 84, TEXT("refs/heads/a"), &error));
    GOOD(builder_incomplete(b, app, INCOMPLETE_GRANTS, &error));
    GOOD(builder_anew(b, app, &error));
    GOOD(builder_anew(b, prj, &error));
    tell_places(b);
    assert_string_equal(finish(b, at("twice")).digest.hex, want.hex);
    /* And what is not told again is not there. */
    b = small_builder();
    GOOD(builder_anew(b, app, &error));
    finish(b, at("less"));
    struct view v = open_view(at("less"), &snapshot);
    GOOD(v.repository(v.self, TEXT("PRJ"), TEXT("app"), &r, &error));
    assert_int_equal(r.group_count, 0);
    assert_false(r.default_branch_known);
    assert_int_equal(r.restriction_count, 2); /* its project's */
    snapshot_close(snapshot);
    b = new_builder();
    assert_int_equal(builder_anew(b, everywhere, &error), STATUS_USAGE);
    builder_free(b);
}

/* ------------------------------------------------------------------ only checking */

static void tell_everything(struct builder *b)
{
    small_fill(b, false);
    GOOD(builder_gone(b, app, &error));
    GOOD(builder_incomplete(b, prj, INCOMPLETE_KEYS, &error));
    GOOD(builder_part(b, prj, 1, &error));
    GOOD(builder_note(b, TEXT("noted"), &error));
}

static void one_that_checks_keeps_nothing_and_cannot_be_finished(void **state)
{
    (void)state;
    struct builder *b;
    GOOD(builder_new_checking(NULL, &b, &error));
    for (int i = 0; i < 3; i++)
        tell_everything(b);
    const struct rows *rows[] = {
        &b->users,         &b->groups,          &b->members,       &b->projects,
        &b->repositories,  &b->user_grants,     &b->group_grants,  &b->key_grants,
        &b->levels,        &b->branches,        &b->models,        &b->restrictions,
        &b->keys,          &b->services,        &b->notes,         &b->marks,
        &b->parts,         &b->gone_projects,   &b->gone_repositories,
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_null(rows[i]->at);
    assert_null(b->listed.slots);
    assert_null(b->pool.slots);
    assert_null(b->pool.bytes.data);
    assert_null(b->blobs.data);
    assert_int_equal(fails(b), STATUS_USAGE);
    assert_int_not_equal(access(at("x"), F_OK), 0);
}

static void one_that_checks_still_refuses(void **state)
{
    (void)state;
    static char longest[LAYOUT_TEXT_MAX + 1];
    struct builder *b;
    memset(longest, 'a', sizeof longest);
    const struct text t = {longest, sizeof longest};
    const struct builder_user user = {.id = 1, .name = t, .listed = true};
    const struct builder_restriction restriction = {
        .head = {.type = RESTRICTION_READ_ONLY, .matcher = MATCHER_PATTERN, .matcher_id = t}};
    const struct branch_model model = {.development = t};
    GOOD(builder_new_checking(NULL, &b, &error));
    assert_int_equal(builder_user(b, &user, &error), STATUS_LIMIT);
    assert_int_equal(builder_group(b, t, false, &error), STATUS_LIMIT);
    assert_int_equal(builder_member(b, t, 1, &error), STATUS_LIMIT);
    assert_int_equal(builder_project(b, &(struct builder_project){.key = t}, &error), STATUS_LIMIT);
    assert_int_equal(builder_repository(b, &(struct builder_repository){.slug = t}, &error),
                     STATUS_LIMIT);
    assert_int_equal(builder_grant_user(b, app, 1, PERMISSION_ADMIN, &error), STATUS_FORMAT);
    assert_int_equal(builder_grant_group(b, prj, t, PERMISSION_PROJECT_READ, &error), STATUS_LIMIT);
    assert_int_equal(builder_grant_key(b, prj, 1, PERMISSION_REPO_READ, &error), STATUS_FORMAT);
    assert_int_equal(builder_default_permission(b, 2, PERMISSION_REPO_READ, &error), STATUS_FORMAT);
    assert_int_equal(builder_default_branch(b, 84, t, &error), STATUS_LIMIT);
    assert_int_equal(builder_model(b, prj, &model, &error), STATUS_LIMIT);
    assert_int_equal(builder_restriction(b, prj, &restriction, &error), STATUS_LIMIT);
    assert_int_equal(builder_key(b, &(struct builder_key){.label = t}, &error), STATUS_LIMIT);
    assert_int_equal(builder_service(b, t, 1, &error), STATUS_LIMIT);
    assert_int_equal(builder_note(b, t, &error), STATUS_LIMIT);
    assert_int_equal(builder_gone(b, everywhere, &error), STATUS_USAGE);
    assert_int_equal(builder_incomplete(b, prj, 16, &error), STATUS_USAGE);
    assert_int_equal(builder_part(b, everywhere, 1, &error), STATUS_USAGE);
    builder_free(b);
}

static void one_that_checks_can_be_interrupted(void **state)
{
    (void)state;
    struct builder *b;
    static volatile sig_atomic_t cancel;
    const struct builder_restriction restriction = {
        .head = {.type = RESTRICTION_READ_ONLY, .matcher = MATCHER_PATTERN}};
    const struct branch_model model = {0};
    cancel = 0;
    GOOD(builder_new_checking(&cancel, &b, &error));
    GOOD(builder_group(b, TEXT("g"), false, &error));
    cancel = 1;
    assert_int_equal(builder_group(b, TEXT("g"), false, &error), STATUS_DEADLINE);
    assert_int_equal(builder_grant_user(b, app, 1, PERMISSION_REPO_READ, &error), STATUS_DEADLINE);
    assert_int_equal(builder_restriction(b, app, &restriction, &error), STATUS_DEADLINE);
    assert_int_equal(builder_model(b, app, &model, &error), STATUS_DEADLINE);
    assert_int_equal(builder_gone(b, app, &error), STATUS_DEADLINE);
    builder_free(b);
}

/* ------------------------------------------------------------------ moved */

static void where_a_repository_was_found_by_name_counts_before_lists(void **state)
{
    (void)state;
    for (int order = 0; order < 2; order++) {
        struct snapshot *snapshot;
        struct snapshot_repository found;
        struct builder *b = small_builder();
        project(b, 3, "NEW", false);
        repository(b, 84, order ? 3 : 2, order ? "moved" : "app", order);
        repository(b, 84, order ? 2 : 3, order ? "app" : "moved", !order);
        repository(b, 99, 2, "app", false); /* another one has the name now */
        finish(b, at("x"));
        struct view v = open_view(at("x"), &snapshot);
        GOOD(v.repository(v.self, TEXT("NEW"), TEXT("moved"), &found, &error));
        assert_int_equal(found.id, 84);
        assert_int_equal(found.group_count, 1); /* with what was told of it */
        GOOD(v.repository(v.self, TEXT("PRJ"), TEXT("app"), &found, &error));
        assert_int_equal(found.id, 99);
        assert_int_equal(found.group_count, 0);
        snapshot_close(snapshot);
    }
}

static void so_does_where_a_project_was_found(void **state)
{
    (void)state;
    struct snapshot *snapshot;
    struct snapshot_repository found;
    struct builder *b = small_builder();
    project(b, 2, "RENAMED", true);
    project(b, 9, "PRJ", false);
    finish(b, at("x"));
    struct view v = open_view(at("x"), &snapshot);
    GOOD(v.repository(v.self, TEXT("renamed"), TEXT("app"), &found, &error));
    assert_int_equal(found.project.id, 2);
    assert_int_equal(v.repository(v.self, TEXT("PRJ"), TEXT("app"), &found, NULL),
                     STATUS_NOT_FOUND);
    snapshot_close(snapshot);
}

/* ------------------------------------------------------------------ gone */

static void a_repository_that_is_gone_leaves_with_all_that_was_told_of_it(void **state)
{
    (void)state;
    struct snapshot *snapshot;
    struct snapshot_repository found;
    struct builder *b = small_builder();
    GOOD(builder_key(b, &(struct builder_key){.id = 7, .label = TEXT("only there")}, &error));
    GOOD(builder_grant_key(b, app, 7, PERMISSION_REPO_READ, &error));
    GOOD(builder_grant_group(b, app, TEXT("named nowhere else"), PERMISSION_REPO_READ, &error));
    GOOD(builder_incomplete(b, app, INCOMPLETE_KEYS, &error));
    GOOD(builder_part(b, app, SMALL_NOW + 1, &error));
    GOOD(builder_gone(b, app, &error));
    GOOD(builder_gone(b, app, &error));
    struct builder_summary gone = finish(b, at("x"));
    struct view v = open_view(at("x"), &snapshot);
    assert_int_equal(v.repository(v.self, TEXT("PRJ"), TEXT("app"), &found, NULL),
                     STATUS_NOT_FOUND);
    GOOD(v.repository(v.self, TEXT("PRJ"), TEXT("old"), &found, &error));
    snapshot_close(snapshot);
    assert_int_equal(gone.counts[COUNT_REPOSITORIES], 1);
    assert_int_equal(gone.counts[COUNT_KEYS], 2); /* both are granted on the project, too */
    assert_int_equal(gone.counts[COUNT_GROUPS], 2);
    assert_int_equal(gone.counts[COUNT_GRANTS], 7);
    assert_int_equal(gone.counts[COUNT_RESTRICTIONS], 2);
    assert_int_equal(gone.counts[COUNT_INCOMPLETE_PLACES], 0);
}

static void a_project_that_is_gone_takes_its_repositories_but_not_one_that_moved(void **state)
{
    (void)state;
    struct snapshot *snapshot;
    struct snapshot_repository found;
    struct builder *b = small_builder();
    repository(b, 85, 4, "old", true); /* to the personal project */
    repository(b, 86, 2, "listed-twice", false);
    repository(b, 86, 4, "listed-twice", false);
    GOOD(builder_gone(b, prj, &error));
    struct builder_summary summary = finish(b, at("x"));
    struct view v = open_view(at("x"), &snapshot);
    GOOD(v.repository(v.self, TEXT("~JDOE"), TEXT("old"), &found, &error));
    GOOD(v.repository(v.self, TEXT("~JDOE"), TEXT("listed-twice"), &found, &error));
    snapshot_close(snapshot);
    assert_int_equal(summary.counts[COUNT_PROJECTS], 1);
    assert_int_equal(summary.counts[COUNT_REPOSITORIES], 2);
    assert_int_equal(summary.counts[COUNT_GRANTS], 2); /* the global ones */
    assert_int_equal(summary.counts[COUNT_RESTRICTIONS], 0);
    assert_int_equal(summary.counts[COUNT_KEYS], 0);
}

static void what_is_gone_need_not_have_been_told_and_contradicts_nothing(void **state)
{
    (void)state;
    struct builder *b = small_builder();
    struct builder_summary plain = small_write(at("y"), false, SMALL_NOW);
    repository(b, 200, 77, "r", false); /* of a project that nobody listed */
    GOOD(builder_grant_user(b, (struct place){GRANT_REPOSITORY, 200}, 12345,
                            PERMISSION_REPO_ADMIN, &error));
    repository(b, 201, 2, "APP", false); /* the name of another one */
    GOOD(builder_gone(b, (struct place){GRANT_PROJECT, 77}, &error));
    GOOD(builder_gone(b, (struct place){GRANT_REPOSITORY, 201}, &error));
    GOOD(builder_gone(b, (struct place){GRANT_REPOSITORY, 202}, &error));
    assert_string_equal(finish(b, at("x")).digest.hex, plain.digest.hex);
}

/* ------------------------------------------------------------------ incomplete */

static void marks_of_places_are_kept(void **state)
{
    (void)state;
    struct snapshot *snapshot;
    struct snapshot_repository found;
    struct builder *b = small_builder();
    GOOD(builder_incomplete(b, prj, INCOMPLETE_MODEL, &error));
    GOOD(builder_incomplete(b, app, INCOMPLETE_GRANTS, &error));
    GOOD(builder_incomplete(b, app, INCOMPLETE_KEYS | INCOMPLETE_RESTRICTIONS, &error));
    GOOD(builder_incomplete(b, (struct place){GRANT_REPOSITORY, 85}, 0, &error));
    struct builder_summary summary = finish(b, at("x"));
    assert_int_equal(summary.counts[COUNT_INCOMPLETE_PLACES], 2);
    struct view v = open_view(at("x"), &snapshot);
    GOOD(v.repository(v.self, TEXT("PRJ"), TEXT("app"), &found, &error));
    assert_int_equal(found.incomplete,
                     INCOMPLETE_GRANTS | INCOMPLETE_RESTRICTIONS | INCOMPLETE_KEYS);
    assert_int_equal(found.project.incomplete, INCOMPLETE_MODEL);
    assert_true(found.default_branch_known);
    assert_false(found.archived);
    GOOD(v.repository(v.self, TEXT("PRJ"), TEXT("old"), &found, &error));
    assert_int_equal(found.incomplete, 0);
    assert_true(found.archived);
    snapshot_close(snapshot);
}

static void a_mark_changes_the_digest_and_needs_its_place(void **state)
{
    (void)state;
    struct builder_summary plain = small_write(at("y"), false, SMALL_NOW);
    struct builder *b = small_builder();
    GOOD(builder_incomplete(b, app, INCOMPLETE_KEYS, &error));
    assert_string_not_equal(finish(b, at("x")).digest.hex, plain.digest.hex);
    b = small_builder();
    GOOD(builder_incomplete(b, (struct place){GRANT_REPOSITORY, 4711}, INCOMPLETE_KEYS, &error));
    assert_int_equal(fails(b), STATUS_FORMAT);
}

static void without_the_global_grants_a_licence_counts_only_if_it_is_known(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum answer licensed;
    } users[] = {{"Admin", ANSWER_YES}, {"jdoe", ANSWER_YES}, {"outsider", ANSWER_CANNOT_TELL}};
    struct snapshot *snapshot;
    struct snapshot_user user;
    struct builder *b = small_builder();
    GOOD(builder_incomplete(b, everywhere, INCOMPLETE_GRANTS, &error));
    struct builder_summary summary = finish(b, at("x"));
    assert_int_equal(summary.counts[COUNT_INCOMPLETE_PLACES], 1);
    struct view v = open_view(at("x"), &snapshot);
    for (size_t i = 0; i < 3; i++) {
        GOOD(v.user(v.self, text_of(users[i].name), &user, &error));
        assert_true(user.global_unsure);
        assert_int_equal(user.licensed, users[i].licensed);
    }
    const struct group_grant *groups;
    size_t count;
    GOOD(v.global_groups(v.self, &groups, &count, &error));
    assert_int_equal(count, 1);
    snapshot_close(snapshot);
    finish(small_builder(), at("y"));
    v = open_view(at("y"), &snapshot);
    GOOD(v.user(v.self, TEXT("outsider"), &user, &error));
    assert_false(user.global_unsure);
    snapshot_close(snapshot);
}

/* ------------------------------------------------------------------ parts */

static int64_t part_of(const struct view *v, const char *key, const char *slug)
{
    int64_t started = -1;
    enum status status = v->part(v->self, text_of(key), text_of(slug), &started, &error);
    assert_true(status == STATUS_OK || status == STATUS_NOT_FOUND);
    return status == STATUS_OK ? started - SMALL_NOW : -1;
}

static void the_newer_of_a_repositorys_and_its_projects_part_counts(void **state)
{
    (void)state;
    struct snapshot *snapshot;
    struct builder *b = small_builder();
    const struct place personal = {GRANT_PROJECT, 4}, old = {GRANT_REPOSITORY, 85};
    repository(b, 86, 4, "mine", false);
    GOOD(builder_part(b, app, SMALL_NOW + 30, &error));
    GOOD(builder_part(b, prj, SMALL_NOW + 20, &error));
    GOOD(builder_part(b, prj, SMALL_NOW + 10, &error)); /* twice: the later one */
    GOOD(builder_part(b, old, SMALL_NOW + 15, &error)); /* its project was read later */
    GOOD(builder_part(b, personal, SMALL_NOW, &error)); /* as old as the rest */
    finish(b, at("x"));
    struct view v = open_view(at("x"), &snapshot);
    assert_int_equal(part_of(&v, "prj", "App"), 30);
    assert_int_equal(part_of(&v, "PRJ", "old"), 20);
    assert_int_equal(part_of(&v, "PRJ", "not there"), 20);
    assert_int_equal(part_of(&v, "~jdoe", "mine"), -1);
    assert_int_equal(part_of(&v, "OTHER", "app"), -1);
    struct layout_key key;
    struct text body;
    struct cursor parts;
    uint32_t count;
    layout_key_name(&key, "parts", TEXT(""), false);
    GOOD(snapshot_find(snapshot, &key, &arena, &body, &error));
    assert_true(decode_parts(body, &parts, &count));
    assert_int_equal(count, 2);
    snapshot_close(snapshot);
}

static void parts_are_not_in_the_digest_and_a_full_crawl_has_none(void **state)
{
    (void)state;
    struct snapshot *snapshot;
    struct builder_summary plain = small_write(at("y"), false, SMALL_NOW);
    struct builder *b = small_builder();
    GOOD(builder_part(b, app, SMALL_NOW + 1, &error));
    assert_string_equal(finish(b, at("x")).digest.hex, plain.digest.hex);
    struct view v = open_view(at("y"), &snapshot);
    assert_int_equal(part_of(&v, "PRJ", "app"), -1);
    snapshot_close(snapshot);
}

static void a_part_of_what_is_not_there_is_refused(void **state)
{
    (void)state;
    struct builder *b = small_builder();
    GOOD(builder_part(b, (struct place){GRANT_PROJECT, 4711}, SMALL_NOW + 1, &error));
    assert_int_equal(fails(b), STATUS_FORMAT);
}

static void a_list_of_parts_cannot_be_cut(void **state)
{
    (void)state;
    struct buffer body;
    struct cursor parts;
    uint32_t count;
    buffer_init(&body, 4096);
    put_u32(&body, 2);
    for (size_t i = 0; i < 2; i++) {
        put_text(&body, TEXT("PRJ"));
        put_text(&body, i ? TEXT("app") : TEXT(""));
        put_i64(&body, SMALL_NOW + 1);
    }
    assert_true(decode_parts(buffer_view(&body), &parts, &count));
    assert_int_equal(count, 2);
    for (size_t cut = 0; cut < body.size; cut++)
        assert_false(decode_parts((struct text){body.data, cut}, &parts, &count));
    put_u8(&body, 0);
    assert_false(decode_parts(buffer_view(&body), &parts, &count));
    buffer_free(&body);
}

/* Puts other bytes of the same size into the record `parts`, with a checksum that fits. */
static void patch_parts(const char *path, size_t offset, const void *bytes, size_t size)
{
    struct buffer file;
    int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    buffer_init(&file, SIZE_MAX);
    GOOD(file_read_all(fd, 1 << 24, &file, &error));
    unsigned char *start = (unsigned char *)file.data, *found = NULL;
    for (size_t i = LAYOUT_HEADER_SIZE; !found && i + 13 < file.size; i++)
        if (layout_load32(start + i) == 5 && !memcmp(start + i + 8, "parts", 5))
            found = start + i;
    assert_non_null(found);
    size_t value_size = layout_load32(found + 4);
    unsigned char *value = found + 13;
    memcpy(value + LAYOUT_RECORD_HEADER + offset, bytes, size);
    layout_store32(value, layout_crc(TEXT("parts"),
                                     (struct text){(char *)value + LAYOUT_RECORD_HEADER,
                                                   value_size - LAYOUT_RECORD_HEADER}));
    assert_int_equal(pwrite(fd, file.data, file.size, 0), file.size);
    close(fd);
    buffer_free(&file);
}

static void verify_looks_at_parts(void **state)
{
    (void)state;
    /* count; 3 PRJ, 0, time; 3 PRJ, 3 app, time */
    static const struct {
        size_t offset;
        const char *bytes, *finding; /* "": good */
        size_t size;
    } rows[] = {
        {4, "\3\0PRJ", "", 5},
        {4, "\3\0prj", "", 5}, /* names without case */
        {4, "\3\0ZZZ", "record parts names a place that does not exist", 5},
        {4, "\3\0PRJ\3\0appTTTTTTT\0" "\3\0PRJ\0\0TTTTTTT\0",
         "record parts lists its parts out of order", 33},
        {24, "\0\0TTTTTTT\0", "record parts is malformed", 10}, /* bytes are left */
        {11, "\0\0\0\0\0\0\0\0", "record parts names a part that is no newer than the rest", 8},
        {0, "\1\0\0\0", "record parts is malformed", 4},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct snapshot *snapshot;
        struct builder *b = small_builder();
        GOOD(builder_part(b, prj, SMALL_NOW + 1, &error));
        GOOD(builder_part(b, app, SMALL_NOW + 2, &error));
        finish(b, at("x"));
        patch_parts(at("x"), rows[i].offset, rows[i].bytes, rows[i].size);
        GOOD(snapshot_open_mode(at("x"), NULL, 0, SNAPSHOT_MAPPED, &snapshot, &error));
        error = (struct error){STATUS_OK, ""};
        enum status status = snapshot_verify(snapshot, NULL, NULL, &error);
        snapshot_close(snapshot);
        assert_int_equal(status, *rows[i].finding ? STATUS_FORMAT : STATUS_OK);
        if (!strstr(error.text, rows[i].finding))
            fail_msg("%s: %s", rows[i].finding, error.text);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, builder_set_up, builder_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(what_was_told_before_a_place_was_told_anew_does_not_count),
        TEST(one_that_checks_keeps_nothing_and_cannot_be_finished),
        TEST(one_that_checks_still_refuses),
        TEST(one_that_checks_can_be_interrupted),
        TEST(where_a_repository_was_found_by_name_counts_before_lists),
        TEST(so_does_where_a_project_was_found),
        TEST(a_repository_that_is_gone_leaves_with_all_that_was_told_of_it),
        TEST(a_project_that_is_gone_takes_its_repositories_but_not_one_that_moved),
        TEST(what_is_gone_need_not_have_been_told_and_contradicts_nothing),
        TEST(marks_of_places_are_kept),
        TEST(a_mark_changes_the_digest_and_needs_its_place),
        TEST(without_the_global_grants_a_licence_counts_only_if_it_is_known),
        TEST(the_newer_of_a_repositorys_and_its_projects_part_counts),
        TEST(parts_are_not_in_the_digest_and_a_full_crawl_has_none),
        TEST(a_part_of_what_is_not_there_is_refused),
        TEST(a_list_of_parts_cannot_be_cut),
        TEST(verify_looks_at_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
