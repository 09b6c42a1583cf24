/* bitbucket/gate.h: a snapshot that lost much is not let through. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <string.h>

#include "bitbucket/gate.h"

static const struct {
    const char *what;
    enum layout_count count;
    uint64_t before, now;
    unsigned percent;
    const char *line; /* "": it is fit */
} rows[] = {
    {"nothing lost", COUNT_REPOSITORIES, 100, 100, 20, ""},
    {"more than before", COUNT_REPOSITORIES, 100, 5000, 0, ""},
    {"exactly so many percent", COUNT_REPOSITORIES, 100, 80, 20, ""},
    {"one more", COUNT_REPOSITORIES, 100, 79, 20,
     "repositories: 100 before, 79 now (21.0% fewer)\n"},
    {"a fraction more", COUNT_REPOSITORIES, 52000, 41599, 20,
     "repositories: 52000 before, 41599 now (20.0% fewer)\n"},
    {"a fraction less", COUNT_REPOSITORIES, 52001, 41601, 20, ""},
    {"as the manual has it", COUNT_REPOSITORIES, 52000, 41000, 20,
     "repositories: 52000 before, 41000 now (21.2% fewer)\n"},
    {"the only one", COUNT_REPOSITORIES, 1, 0, 20,
     "repositories: 1 before, 0 now (100.0% fewer)\n"},
    {"there was nothing", COUNT_REPOSITORIES, 0, 0, 0, ""},
    {"there was nothing, now there is", COUNT_GRANTS, 0, 7, 0, ""},
    {"0 percent: any loss", COUNT_GRANTS, 1000000, 999999, 0,
     "grants: 1000000 before, 999999 now (0.0% fewer)\n"},
    {"100 percent: no loss", COUNT_GRANTS, 1000, 0, 100, ""},
    {"more than 100 percent is 100", COUNT_GRANTS, 1000, 0, 1000, ""},
    {"few users", COUNT_USERS, 9, 0, 20, ""},
    {"ten users", COUNT_USERS, 10, 0, 20, "users: 10 before, 0 now (100.0% fewer)\n"},
    {"few of many restrictions", COUNT_RESTRICTIONS, 10, 1, 20, ""},
    {"ten restrictions of twenty", COUNT_RESTRICTIONS, 20, 10, 20,
     "restrictions: 20 before, 10 now (50.0% fewer)\n"},
    {"ten of fifty", COUNT_KEYS, 50, 40, 20, ""},
    {"groups", COUNT_GROUPS, 40, 20, 20, "groups: 40 before, 20 now (50.0% fewer)\n"},
    {"projects", COUNT_PROJECTS, 40, 20, 20, "projects: 40 before, 20 now (50.0% fewer)\n"},
    {"fewer marks are good", COUNT_INCOMPLETE_GROUPS, 400, 0, 0, ""},
    {"of places, too", COUNT_INCOMPLETE_PLACES, 400, 0, 0, ""},
    {"service users are the administrator's", COUNT_SERVICES, 400, 0, 0, ""},
    {"numbers that do not fit into a product", COUNT_GRANTS, UINT64_MAX, UINT64_MAX / 5 * 4, 20,
     ""},
    {"nor here", COUNT_GRANTS, UINT64_MAX, UINT64_MAX / 5 * 4 - 1, 20,
     "grants: 18446744073709551615 before, 14757395258967641291 now (20.0% fewer)\n"},
};

static void each_count_by_itself(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t before[LAYOUT_COUNTS], now[LAYOUT_COUNTS];
        struct buffer lines;
        for (size_t k = 0; k < LAYOUT_COUNTS; k++)
            before[k] = now[k] = 123;
        before[rows[i].count] = rows[i].before;
        now[rows[i].count] = rows[i].now;
        buffer_init(&lines, SIZE_MAX);
        bool fit = gate_shrink(before, now, rows[i].percent, &lines);
        if (fit != !*rows[i].line || !text_equal(buffer_view(&lines), text_of(rows[i].line)))
            fail_msg("%s: %s", rows[i].what, lines.data ? lines.data : "fit");
        buffer_free(&lines);
    }
}

static void every_count_that_shrank_is_said_once(void **state)
{
    (void)state;
    uint64_t before[LAYOUT_COUNTS], now[LAYOUT_COUNTS] = {0};
    struct buffer lines;
    size_t count = 0;
    for (size_t k = 0; k < LAYOUT_COUNTS; k++)
        before[k] = 1000;
    buffer_init(&lines, SIZE_MAX);
    buffer_string(&lines, "before this\n"); /* is appended to */
    assert_false(gate_shrink(before, now, 20, &lines));
    assert_true(text_starts(buffer_view(&lines), TEXT("before this\nusers: 1000 before, 0 now")));
    for (size_t i = 0; i < lines.size; i++)
        count += lines.data[i] == '\n';
    assert_int_equal(count, 1 + 7);
    buffer_free(&lines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_count_by_itself),
        cmocka_unit_test(every_count_that_shrank_is_said_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
