/* bitbucket/properties.h: one key of bitbucket.properties, as Java reads it. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <limits.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/table.h"
#include "bitbucket/properties.h"
#include "unit/scratch.h"

#define KEY "feature.hook.scripts"

static void values(void **state)
{
    (void)state;
    static const struct {
        const char *file, *want; /* NULL: not set */
        unsigned line;
    } rows[] = {
        {"", NULL, 0},
        {KEY "=true", "true", 1},
        {KEY "=true\n", "true", 1},
        {KEY " = true\n", "true", 1},
        {KEY ": true\n", "true", 1},
        {KEY " true\n", "true", 1},
        {KEY "\t\f=\f true\n", "true", 1},
        {KEY "\n", "", 1},
        {KEY "=", "", 1},
        {KEY "==true", "=true", 1},
        {KEY ":=true", "=true", 1},
        {KEY "=true ", "true ", 1},
        {KEY "=true # why", "true # why", 1},
        {"#" KEY "=true\n", NULL, 0},
        {"  ! " KEY "=true\n", NULL, 0},
        {"#comment\\\n" KEY "=true\n", "true", 2},
        {"\n\r\n\r" KEY "=true\n", "true", 4},
        {"a=b\\\n" KEY "=true\n", NULL, 0},     /* the second line belongs to the first */
        {"a=b\\\\\n" KEY "=true\n", "true", 2}, /* a backslash, then the end of the line */
        {"a=b\\\\\\\n" KEY "=true\n", NULL, 0},
        {"feature.hook\\\r\n   .scripts=tr\\\n\tue\n", "true", 1},
        {KEY "\\\n=\\\n  true\n", "true", 1},
        {KEY "=true\n" KEY "=false\n", "false", 2},
        {KEY "=false\nx=y\n" KEY "=true\n", "true", 3},
        {"Feature.Hook.Scripts=true\n", NULL, 0},
        {"x" KEY "=true\n", NULL, 0},
        {KEY "x=true\n", NULL, 0},
        {"feature\\.hook\\u002escripts=\\t\\u0074\\rrue\\q", "\tt\rrueq", 1},
        {"feature\\ hook=x\n" KEY "=\\u00e9\\u20ac", "\xc3\xa9\xe2\x82\xac", 2},
        {KEY "=true\\", "true", 1}, /* a backslash at the end of the file */
        {"=x\n:y\n" KEY "=true", "true", 3},
    };
    for (size_t i = 0; i < TABLE_COUNT(rows); i++) {
        struct buffer value;
        struct error err = {STATUS_OK, ""};
        unsigned line = 0;
        buffer_init(&value, SIZE_MAX);
        enum status status = properties_get(text_of(rows[i].file), TEXT(KEY), &value, &line, &err);
        if (status != (rows[i].want ? STATUS_OK : STATUS_NOT_FOUND) || line != rows[i].line ||
            (rows[i].want && !text_equal(buffer_view(&value), text_of(rows[i].want))))
            fail_msg("row %zu: status %d, line %u, \"%.*s\", %s", i, (int)status, line,
                     TEXT_ARG(buffer_view(&value)), err.text);
        buffer_free(&value);
    }
}

static void malformed(void **state)
{
    (void)state;
    static const char *const rows[] = {"a=\\u12", "a=\\u12x4\n" KEY "=true\n", "\\u=x",
                                       "x=y\n" KEY "=true\\u"};
    for (size_t i = 0; i < TABLE_COUNT(rows); i++) {
        struct buffer value;
        struct error err = {STATUS_OK, ""};
        buffer_init(&value, SIZE_MAX);
        enum status status = properties_get(text_of(rows[i]), TEXT(KEY), &value, NULL, &err);
        if (status != STATUS_FORMAT || strncmp(err.text, "line ", 5) != 0)
            fail_msg("row %zu: status %d, %s", i, (int)status, err.text);
        buffer_free(&value);
    }
}

/* NUL and other bytes are data; a short buffer is never read over its end (for the sanitizers: the
 * bytes are on the heap, exactly as long as they are). */
static void any_bytes(void **state)
{
    (void)state;
    static const char pieces[] = "\\u=: \t\f\r\n#!a0\0";
    unsigned seed = 7;
    for (int round = 0; round < 20000; round++) {
        struct buffer value;
        size_t size = (size_t)round % 24;
        char *bytes = malloc(size + !size);
        assert_non_null(bytes);
        for (size_t i = 0; i < size; i++) {
            seed = seed * 1103515245U + 12345U;
            bytes[i] = pieces[(seed >> 16) % sizeof pieces];
        }
        buffer_init(&value, SIZE_MAX);
        enum status status = properties_get((struct text){bytes, size}, TEXT("a"), &value, NULL,
                                            NULL);
        assert_true(status == STATUS_OK || status == STATUS_NOT_FOUND || status == STATUS_FORMAT);
        buffer_free(&value);
        free(bytes);
    }
}

static void feature(void **state)
{
    (void)state;
    static const struct {
        const char *file; /* NULL: there is none */
        enum answer want;
        const char *says;
    } rows[] = {
        {KEY "=true\n", ANSWER_YES, "line 1 of "},
        {"x=y\n" KEY "=TRUE\n", ANSWER_YES, "line 2 of "},
        {KEY "=false\n", ANSWER_NO, "=false, not true"},
        {KEY "=1\n", ANSWER_NO, "=1, not true"},
        {KEY "=\n", ANSWER_NO, "=, not true"},
        {"jdbc.password=hunter2\n", ANSWER_NO, "does not set " KEY},
        {NULL, ANSWER_NO, "does not exist"},
        {KEY "=true \n", ANSWER_CANNOT_TELL, "blanks after"},
        {"jdbc.password=\\ux\n" KEY "=true\n", ANSWER_CANNOT_TELL, "line 1: "},
    };
    char home[PATH_MAX];
    scratch_make(home, sizeof home);
    struct error why = {STATUS_OK, ""};
    assert_int_equal(properties_feature_hook_scripts(home, &why), ANSWER_CANNOT_TELL);
    assert_non_null(strstr(why.text, "is that Bitbucket's home?"));
    scratch_sh(home, "mkdir shared");
    for (size_t i = 0; i < TABLE_COUNT(rows); i++) {
        why = (struct error){STATUS_OK, ""};
        scratch_sh(home, "rm -f shared/bitbucket.properties");
        if (rows[i].file)
            assert_int_equal(file_replace(scratch_path(home, "shared/bitbucket.properties"),
                                          text_of(rows[i].file), 0600, &why),
                             STATUS_OK);
        enum answer got = properties_feature_hook_scripts(home, &why);
        if (got != rows[i].want || !strstr(why.text, rows[i].says) || strstr(why.text, "hunter2"))
            fail_msg("row %zu: %s, %s", i, answer_name(got), why.text);
    }
    scratch_sh(home, "rm shared/bitbucket.properties; mkdir shared/bitbucket.properties");
    assert_int_equal(properties_feature_hook_scripts(home, &why), ANSWER_CANNOT_TELL);
    scratch_sh(home, "rmdir shared/bitbucket.properties; mkfifo shared/bitbucket.properties");
    assert_int_equal(properties_feature_hook_scripts(home, &why), ANSWER_CANNOT_TELL);
    assert_non_null(strstr(why.text, "is not a regular file"));
    scratch_remove(home);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values),
        cmocka_unit_test(malformed),
        cmocka_unit_test(any_bytes),
        cmocka_unit_test(feature),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
