/* base/clock.h: time as it comes from outside the pure core. */
#include "tsv.h"

#include <inttypes.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

static int64_t number(struct text t)
{
    uint64_t value;
    if (!text_parse_u64(t, INT64_MAX, true, &value))
        fail_msg("not a number in a table: %.*s", TEXT_ARG(t));
    return (int64_t)value;
}

static void times(void **state)
{
    (void)state;
    struct tsv tsv;
    tsv_open(&tsv, "tests/unit/data/times.tsv");
    while (tsv_next(&tsv)) {
        int64_t ms = -77;
        char text[CLOCK_TEXT_SIZE];
        bool expected = !text_equal(tsv.field[1], TEXT("-"));
        if (clock_parse(tsv.field[0], &ms) != expected)
            fail_msg("%s:%d: should be %s", tsv.path, tsv.line, expected ? "a time" : "refused");
        if (!expected) {
            assert_true(ms == -77);
            continue;
        }
        if (ms != number(tsv.field[1]))
            fail_msg("%s:%d: %" PRId64, tsv.path, tsv.line, ms);
        clock_format(ms, false, text);
        if (!text_equal(text_of(text), tsv.field[2]))
            fail_msg("%s:%d: printed as %s", tsv.path, tsv.line, text);
    }
}

/* The C library agrees, on every day and an odd time of it. */
static void same_as_the_library(void **state)
{
    (void)state;
    for (int64_t day = 0; day < 40000; day++) {
        int64_t ms = day * CLOCK_DAY + day * 86399 % CLOCK_DAY, again = -1;
        time_t seconds = (time_t)(ms / 1000);
        struct tm tm;
        char expected[64], text[CLOCK_TEXT_SIZE];
        assert_non_null(gmtime_r(&seconds, &tm));
        strftime(expected, sizeof expected, "%Y-%m-%dT%H:%M:%SZ", &tm);
        clock_format(ms, true, text);
        assert_string_equal(text, expected);
        clock_format(ms, false, text);
        assert_true(clock_parse(text_of(text), &again) && again == ms);
    }
}

static void out_of_range(void **state)
{
    (void)state;
    static const int64_t bad[] = {-1, INT64_MIN, INT64_MAX, INT64_C(253402300800000)};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char text[CLOCK_TEXT_SIZE];
        clock_format(bad[i], i % 2, text);
        assert_string_equal(text, "invalid");
    }
}

static void durations(void **state)
{
    (void)state;
    struct tsv tsv;
    tsv_open(&tsv, "tests/unit/data/durations.tsv");
    while (tsv_next(&tsv)) {
        int64_t ms = -77;
        bool expected = !text_equal(tsv.field[1], TEXT("-"));
        if (clock_parse_duration(tsv.field[0], &ms) != expected)
            fail_msg("%s:%d: should be %d", tsv.path, tsv.line, expected);
        if (ms != (expected ? number(tsv.field[1]) : -77))
            fail_msg("%s:%d: %" PRId64, tsv.path, tsv.line, ms);
    }
}

static void durations_for_people(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        const char *text;
    } rows[] = {
        {0, "0s"},
        {999, "0s"},
        {-999, "0s"},
        {1000, "1s"},
        {59999, "59s"},
        {3 * CLOCK_MINUTE, "3m"},
        {709 * CLOCK_SECOND, "11m 49s"},
        {2 * CLOCK_HOUR + 5 * CLOCK_MINUTE, "2h 5m"},
        {2 * CLOCK_HOUR + 59 * CLOCK_SECOND, "2h"},
        {3 * CLOCK_DAY + 4 * CLOCK_HOUR, "3d 4h"},
        {3 * CLOCK_DAY + 4 * CLOCK_HOUR + 59 * CLOCK_MINUTE, "3d 4h"},
        {400 * CLOCK_DAY, "400d"},
        {-(2 * CLOCK_HOUR + 5 * CLOCK_MINUTE), "-2h 5m"},
        {INT64_MAX, "106751991167d 7h"},
        {INT64_MIN, "-106751991167d 7h"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[32];
        clock_format_duration(rows[i].ms, text, sizeof text);
        assert_string_equal(text, rows[i].text);
    }
    char tiny[3] = "";
    clock_format_duration(400 * CLOCK_DAY, tiny, sizeof tiny);
    assert_string_equal(tiny, "40");
}

static void check_local(const char *zone, const char *utc, int year, int month, int day,
                        int weekday, int hour, int minute)
{
    int64_t ms;
    assert_true(clock_parse(text_of(utc), &ms));
    struct local_time local = clock_local(ms, zone);
    if (!local.known || local.year != year || local.month != month || local.day != day ||
        local.weekday != weekday || local.minute_of_day != hour * 60 + minute)
        fail_msg("%s at %s: known %d, %d-%d-%d, weekday %d, minute %d", utc, zone, local.known,
                 local.year, local.month, local.day, local.weekday, local.minute_of_day);
}

static void local_times(void **state)
{
    (void)state;
    check_local("UTC", "2026-11-22T04:10:00Z", 2026, 11, 22, 6, 4, 10); /* a Sunday */
    check_local("UTC", "2026-11-23T00:00:00Z", 2026, 11, 23, 0, 0, 0);
    check_local("UTC", "1970-01-01", 1970, 1, 1, 3, 0, 0);
    if (access("/usr/share/zoneinfo/Europe/Berlin", R_OK))
        SKIP("no zone files here");
    check_local("Europe/Berlin", "2026-01-31T23:30:00Z", 2026, 2, 1, 6, 0, 30);
    check_local("Europe/Berlin", "2026-07-01T22:30:00Z", 2026, 7, 2, 3, 0, 30); /* summer time */
    check_local("Europe/Berlin", "2026-03-29T00:59:59Z", 2026, 3, 29, 6, 1, 59);
    check_local("Europe/Berlin", "2026-03-29T01:00:00Z", 2026, 3, 29, 6, 3, 0); /* no 02:00 */
    check_local("America/New_York", "2026-11-22T04:10:00Z", 2026, 11, 21, 5, 23, 10);
    check_local("Asia/Kolkata", "2026-11-22T20:00:00Z", 2026, 11, 23, 0, 1, 30);
    check_local("UTC", "2026-11-22T04:10:00Z", 2026, 11, 22, 6, 4, 10); /* and back */
}

static void the_environment_names_no_zone_files(void **state)
{
    (void)state;
    if (access("/usr/share/zoneinfo/Europe/Berlin", R_OK))
        SKIP("no zone files here");
    setenv("TZDIR", "/nonexistent", 1);
    setenv("TZ", "America/New_York", 1);
    check_local("Europe/Berlin", "2026-07-01T22:30:00Z", 2026, 7, 2, 3, 0, 30);
    unsetenv("TZDIR");
}

static void before_1970(void **state)
{
    (void)state;
    struct local_time local = clock_local(-1, "UTC");
    assert_true(local.known && local.year == 1969 && local.minute_of_day == 24 * 60 - 1);
    local = clock_local(-1000, "UTC");
    assert_true(local.known && local.year == 1969 && local.minute_of_day == 24 * 60 - 1);
    /* As far as numbers go: any answer, no overflow. */
    assert_true(clock_local(INT64_MAX, "UTC").year != local.year);
    assert_true(clock_local(INT64_MIN, "UTC").year != local.year);
}

static void unknown_zones(void **state)
{
    (void)state;
    static const char *const zones[] = {
        "",
        "Europe/Nowhere",
        "/etc/localtime",
        "/usr/share/zoneinfo/Europe/Berlin",
        "../zoneinfo/Europe/Berlin",
        "Europe/../Europe/Berlin",
        "Europe",
        "Europe/",
        "zone.tab",
        ":Europe/Berlin",
        "CET-1CEST",
        "UTC+1",
        "utc",
        "Europe/Berlin ",
        "Europe/Berlin\n",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
    for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++)
        if (clock_local(INT64_C(1795320600000), zones[i]).known)
            fail_msg("\"%s\" is no zone", zones[i]);
    assert_false(clock_local(0, NULL).known);
}

static void now(void **state)
{
    (void)state;
    int64_t wall = clock_now_ms(), start = clock_monotonic_us();
    int64_t seconds = (int64_t)time(NULL);
    assert_true(wall / 1000 <= seconds && wall / 1000 >= seconds - 5);
    assert_true(start >= 0 && clock_monotonic_us() >= start);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"times are read and printed in one way, others are refused", times, 0, 0, 0},
        {"the calendar is the C library's", same_as_the_library, 0, 0, 0},
        {"times outside 1970 to 9999 are printed as invalid", out_of_range, 0, 0, 0},
        {"durations have a unit", durations, 0, 0, 0},
        {"durations for people have two units at most", durations_for_people, 0, 0, 0},
        {"local time, summer time included", local_times, 0, 0, 0},
        {"TZ and TZDIR of the environment change nothing", the_environment_names_no_zone_files, 0,
         0, 0},
        {"local time before 1970", before_1970, 0, 0, 0},
        {"semantics 6: a zone without file is not known, never UTC", unknown_zones, 0, 0, 0},
        {"the clocks run", now, 0, 0, 0},
    };
    return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
