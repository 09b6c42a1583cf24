/* policy/freeze.h: change freezes (semantics.md 6). */
#include "tsv.h"

#include "policy/freeze.h"

static int number(struct text t)
{
    uint64_t value;
    if (!text_parse_u64(t, 99999999, false, &value))
        fail_msg("%.*s is no number", TEXT_ARG(t));
    return (int)value;
}

/* "HHMM" */
static int minute(struct text t)
{
    int hhmm = number(t);
    return hhmm / 100 * 60 + hhmm % 100;
}

static unsigned days(struct text t)
{
    static const char names[] = "montuewedthufrisatsun";
    unsigned bits = 0;
    struct text item;
    while (text_next_item(&t, &item))
        for (unsigned i = 0; i < 7; i++)
            if (text_equal(item, (struct text){names + 3 * i, 3}))
                bits |= 1u << i;
    assert_true(bits != 0);
    return bits;
}

static bool given(struct text t)
{
    return !text_equal(t, TEXT("-"));
}

static void table(void **state)
{
    (void)state;
    struct tsv tsv;
    tsv_open(&tsv, "tests/unit/data/decide/freezes.tsv");
    while (tsv_next(&tsv)) { /* after, before, days, from, until, weekday, date, HHMM[=answer] */
        struct freeze freeze = {.before_minute = 1440};
        const struct text *f = tsv.field;
        assert_int_equal(tsv.fields, 8);
        freeze.time_set = given(f[0]) || given(f[1]);
        if (given(f[0]))
            freeze.after_minute = minute(f[0]);
        if (given(f[1]))
            freeze.before_minute = minute(f[1]);
        if (given(f[2]))
            freeze.days = days(f[2]);
        if ((freeze.from_set = given(f[3])))
            freeze.from_date = number(f[3]);
        if ((freeze.until_set = given(f[4])))
            freeze.until_date = number(f[4]);
        struct text rest = f[7], time, answer;
        assert_true(text_next_field(&rest, '=', &time) && text_next_field(&rest, '=', &answer));
        int date = number(f[6]);
        unsigned weekday = days(f[5]);
        struct local_time now = {true, date / 10000, date / 100 % 100, date % 100, 0, minute(time)};
        while (weekday >>= 1)
            now.weekday++;
        enum answer holds = freeze_holds(&freeze, &now);
        if (!text_equal(text_of(answer_name(holds)), answer))
            fail_msg("%s:%d: %s", tsv.path, tsv.line, answer_name(holds));
        now.known = false;
        assert_int_equal(freeze_holds(&freeze, &now), ANSWER_CANNOT_TELL);
    }
}

/* Each minute of a week, against the rule in words: the window began on a day that is listed. */
static void a_whole_week(void **state)
{
    (void)state;
    const struct freeze freeze = {
        .time_set = true, .after_minute = 18 * 60, .before_minute = 6 * 60, .days = 0x1f};
    for (int at = 0; at < 7 * 1440; at++) {
        struct local_time now = {true, 2026, 11, 16 + at / 1440, at / 1440, at % 1440};
        bool in = false;
        for (int day = 0; day < 5; day++) /* mon-fri 18:00, twelve hours each */
            in = in || (at >= day * 1440 + 1080 && at < day * 1440 + 1080 + 720);
        if ((freeze_holds(&freeze, &now) == ANSWER_YES) != in)
            fail_msg("day %d, minute %d", at / 1440, at % 1440);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"semantics 6: times, days and dates", table, NULL, NULL, NULL},
        {"semantics 6: a window that wraps midnight, minute by minute", a_whole_week, NULL, NULL,
         NULL},
    };
    return cmocka_run_group_tests_name("freeze", tests, NULL, NULL);
}
