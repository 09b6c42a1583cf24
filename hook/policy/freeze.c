#include "policy/freeze.h"

static bool leap_year(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static void go_back_a_day(struct local_time *t)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    t->weekday = (t->weekday + 6) % 7;
    if (t->day > 1) {
        t->day--;
        return;
    }
    t->month = t->month > 1 ? t->month - 1 : 12;
    if (t->month == 12)
        t->year--;
    t->day = days[t->month - 1] + (t->month == 2 && leap_year(t->year));
}

enum answer freeze_holds(const struct freeze *freeze, const struct local_time *now)
{
    if (!now->known)
        return ANSWER_CANNOT_TELL;
    struct local_time day = *now; /* the day that the window began on */
    if (freeze->time_set) {
        int after = freeze->after_minute, before = freeze->before_minute;
        int minute = now->minute_of_day;
        bool wraps = after >= before;
        if (wraps ? minute < after && minute >= before : minute < after || minute >= before)
            return ANSWER_NO;
        if (wraps && minute < after)
            go_back_a_day(&day);
    }
    int date = day.year * 10000 + day.month * 100 + day.day;
    if (freeze->days && !(freeze->days & 1u << day.weekday))
        return ANSWER_NO;
    if ((freeze->from_set && date < freeze->from_date) ||
        (freeze->until_set && date > freeze->until_date))
        return ANSWER_NO;
    return ANSWER_YES;
}
