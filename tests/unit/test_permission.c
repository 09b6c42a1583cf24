/* model/permission.h: levels and what they imply. */
#include "tsv.h"

#include "model/permission.h"

static void implied(void **state)
{
    (void)state;
    struct tsv tsv;
    tsv_open(&tsv, "tests/unit/data/permissions.tsv");
    while (tsv_next(&tsv)) {
        enum permission p = PERMISSION_NONE;
        if (!permission_parse(tsv.field[0], &p) ||
            !text_equal(text_of(permission_name(p)), tsv.field[0]))
            fail_msg("%s:%d: the name", tsv.path, tsv.line);
        if (!text_equal(text_of(permission_name(permission_on_repository(p))), tsv.field[1]))
            fail_msg("%s:%d: it is %s", tsv.path, tsv.line,
                     permission_name(permission_on_repository(p)));
    }
    assert_int_equal(tsv.rows, 11);
}

static void higher(void **state)
{
    (void)state;
    /* Numbers of different scopes are no order: a global level does not beat a repository's. */
    static const struct {
        enum permission a, b, higher;
    } rows[] = {
        {PERMISSION_NONE, PERMISSION_NONE, PERMISSION_NONE},
        {PERMISSION_NONE, PERMISSION_REPO_READ, PERMISSION_REPO_READ},
        {PERMISSION_REPO_READ, PERMISSION_REPO_WRITE, PERMISSION_REPO_WRITE},
        {PERMISSION_REPO_ADMIN, PERMISSION_REPO_WRITE, PERMISSION_REPO_ADMIN},
        {PERMISSION_REPO_WRITE, PERMISSION_PROJECT_READ, PERMISSION_REPO_WRITE},
        {PERMISSION_REPO_ADMIN, PERMISSION_REPO_CREATE, PERMISSION_REPO_ADMIN},
        {PERMISSION_REPO_CREATE, PERMISSION_PROJECT_ADMIN, PERMISSION_REPO_ADMIN},
        {PERMISSION_REPO_WRITE, PERMISSION_LICENSED_USER, PERMISSION_REPO_WRITE},
        {PERMISSION_REPO_READ, PERMISSION_PROJECT_CREATE, PERMISSION_REPO_READ},
        {PERMISSION_LICENSED_USER, PERMISSION_PROJECT_CREATE, PERMISSION_NONE},
        {PERMISSION_REPO_WRITE, PERMISSION_ADMIN, PERMISSION_REPO_ADMIN},
        {PERMISSION_SYS_ADMIN, PERMISSION_NONE, PERMISSION_REPO_ADMIN},
        {(enum permission)99, PERMISSION_REPO_READ, PERMISSION_REPO_READ},
        {(enum permission)15, (enum permission) - 1, PERMISSION_NONE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (permission_higher(rows[i].a, rows[i].b) != rows[i].higher ||
            permission_higher(rows[i].b, rows[i].a) != rows[i].higher)
            fail_msg("row %zu", i);
}

static void unknown_words(void **state)
{
    (void)state;
    static const char *const words[] = {"", "NONE", "repo_write", "REPO_WRITE ", "WRITE", "null"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        enum permission p = PERMISSION_REPO_READ;
        assert_false(permission_parse(text_of(words[i]), &p));
        assert_int_equal(p, PERMISSION_REPO_READ);
    }
    assert_string_equal(permission_name(PERMISSION_NONE), "NONE");
    assert_string_equal(permission_name((enum permission)99), "NONE");
    assert_int_equal(permission_on_repository((enum permission)99), PERMISSION_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"semantics 3: what each level is worth on a repository", implied, 0, 0, 0},
        {"semantics 3: levels are compared on the repository's scale", higher, 0, 0, 0},
        {"what is no level grants nothing", unknown_words, 0, 0, 0},
    };
    return cmocka_run_group_tests_name("permission", tests, NULL, NULL);
}
