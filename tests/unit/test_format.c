/* snapshot/format.h: which program reads and writes which snapshot; and the builder does as told. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <string.h>

#include "base/table.h"
#include "scratch.h"
#include "small_snapshot.h"
#include "snapshot/format.h"
#include "snapshot/reader.h"

/* One more than syslog keeps of a field (refgate-hook.c). */
#define FIELD_MAX 300

static void who_reads_what(void **state)
{
    static const struct {
        uint32_t format;
        struct format_range range;
        const char *said; /* NULL: it is read */
    } rows[] = {
        {1, {1, 1}, NULL},
        {1, {1, 3}, NULL},
        {2, {1, 3}, NULL},
        {3, {1, 3}, NULL},
        {4,
         {1, 3},
         "format 4, and refgate " REFGATE_VERSION " on this node reads formats 1 to 3: "
         "upgrade refgate-hook here first"},
        {4, {1, 3}, "--snapshot-format 3, or [snapshot] format = 3"},
        {2, {1, 1}, "has format 2, and refgate " REFGATE_VERSION " on this node reads format 1:"},
        {1,
         {2, 3},
         "has format 1, and refgate " REFGATE_VERSION " on this node reads formats 2 to 3: "
         "run refgate sync of this version"},
        {0, {1, 1}, "format 0"},
        {UINT32_MAX, {1, 1}, "format 4294967295"},
    };
    (void)state;
    for (size_t i = 0; i < TABLE_COUNT(rows); i++) {
        struct error err = {STATUS_OK, ""};
        enum status status = format_check(rows[i].format, rows[i].range, &err);
        assert_int_equal(status, rows[i].said ? STATUS_UNSUPPORTED : STATUS_OK);
        if (rows[i].said && !strstr(err.text, rows[i].said))
            fail_msg("row %zu: \"%s\"", i, err.text);
        assert_true(strlen(err.text) < FIELD_MAX);
    }
}

static void who_writes_what(void **state)
{
    static const struct {
        uint64_t wanted;
        struct format_range range;
        uint32_t format; /* 0: refused */
    } rows[] = {
        {0, {1, 1}, 1}, {1, {1, 1}, 1}, {0, {1, 3}, 3}, {1, {1, 3}, 1},
        {2, {1, 3}, 2}, {4, {1, 3}, 0}, {1, {2, 3}, 0}, {UINT64_MAX, {1, 3}, 0},
    };
    (void)state;
    for (size_t i = 0; i < TABLE_COUNT(rows); i++) {
        struct error err = {STATUS_OK, ""};
        uint32_t format = 0;
        enum status status = format_choose(rows[i].wanted, rows[i].range, "--x", &format, &err);
        assert_int_equal(status, rows[i].format ? STATUS_OK : STATUS_USAGE);
        assert_int_equal(format, rows[i].format);
        if (status != STATUS_OK)
            assert_non_null(strstr(err.text, "--x asks for format "));
    }
}

static void the_range_of_this_program(void **state)
{
    (void)state;
    assert_true(LAYOUT_FORMAT_OLDEST >= 1 && LAYOUT_FORMAT_OLDEST <= LAYOUT_FORMAT);
    assert_int_equal(format_known.oldest, LAYOUT_FORMAT_OLDEST);
    assert_int_equal(format_known.newest, LAYOUT_FORMAT);
}

/* Every format that is written is read back, and says of itself what was asked for. */
static void what_is_asked_for_is_written(void **state)
{
    char directory[256];
    (void)state;
    scratch_make(directory, sizeof directory);
    const char *file = scratch_path(directory, "s.cdb");
    for (uint32_t format = 0; format <= LAYOUT_FORMAT + 1; format++) {
        struct builder *builder = NULL;
        struct builder_summary summary;
        struct snapshot *snapshot = NULL;
        struct error err = {STATUS_OK, ""};
        const struct builder_header header = {.base_url = TEXT("https://bitbucket.example.com"),
                                              .started_ms = SMALL_NOW,
                                              .format = format};
        assert_int_equal(builder_new(NULL, &builder, &err), STATUS_OK);
        small_fill(builder, false);
        enum status status = builder_finish(builder, &header, file, 0, NULL, &summary, &err);
        builder_free(builder);
        bool known = !format || format_within(format, format_known);
        assert_int_equal(status, known ? STATUS_OK : STATUS_USAGE);
        if (!known)
            continue;
        assert_int_equal(snapshot_open(file, NULL, 0, &snapshot, &err), STATUS_OK);
        assert_int_equal(snapshot_meta_record(snapshot)->format, format ? format : LAYOUT_FORMAT);
        snapshot_close(snapshot);
    }
    scratch_remove(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_reads_what),
        cmocka_unit_test(who_writes_what),
        cmocka_unit_test(the_range_of_this_program),
        cmocka_unit_test(what_is_asked_for_is_written),
    };
    return cmocka_run_group_tests_name("format", tests, NULL, NULL);
}
