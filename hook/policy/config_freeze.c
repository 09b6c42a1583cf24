/* The types of config_value.h that say when: after, before, days. What they say together is checked
 * when the rule ends. */
#include "policy/config_value.h"

#include <string.h>

#include "policy/policy.h"

#define MINUTES_A_DAY 1440

static bool two_digits(const char *at, int *out)
{
    if (!ascii_digit(at[0]) || !ascii_digit(at[1]))
        return false;
    *out = (at[0] - '0') * 10 + (at[1] - '0');
    return true;
}

/* HH:MM, 00:00 to 24:00. */
static bool parse_time(struct text t, int *minute)
{
    int h, m;
    if (t.size != 5 || t.at[2] != ':' || !two_digits(t.at, &h) || !two_digits(t.at + 3, &m) ||
        m > 59 || h * 60 + m > MINUTES_A_DAY)
        return false;
    *minute = h * 60 + m;
    return true;
}

/* YYYY-MM-DD of a day that exists, as the number yyyymmdd. */
static bool parse_date(struct text t, int *date)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int century, year, month, day;
    if (t.size != 10 || t.at[4] != '-' || t.at[7] != '-' || !two_digits(t.at, &century) ||
        !two_digits(t.at + 2, &year) || !two_digits(t.at + 5, &month) ||
        !two_digits(t.at + 8, &day))
        return false;
    year += century * 100;
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    if (year < 1970 || month < 1 || month > 12 || day < 1 ||
        day > days[month - 1] + (month == 2 && leap))
        return false;
    *date = year * 10000 + month * 100 + day;
    return true;
}

static void not_a_time(struct config_context *c, const struct config_key *key,
                       const struct config_value *value)
{
    config_problem(c->problems, value->lines[0],
                   "%s is a time of day (HH:MM) or a date (YYYY-MM-DD), not %s", key->name,
                   config_quoted(c->problems, value->parts[0]));
}

static void set_after(struct config_context *c, const struct config_key *key,
                      const struct config_value *value, void *field)
{
    struct freeze *freeze = field;
    int number;
    if (parse_time(value->parts[0], &number) && number < MINUTES_A_DAY) {
        freeze->time_set = true;
        freeze->after_minute = number;
    } else if (parse_date(value->parts[0], &number)) {
        freeze->from_set = true;
        freeze->from_date = number;
    } else {
        not_a_time(c, key, value);
    }
}

static void set_before(struct config_context *c, const struct config_key *key,
                       const struct config_value *value, void *field)
{
    struct freeze *freeze = field;
    int number;
    if (parse_time(value->parts[0], &number)) {
        freeze->time_set = true;
        freeze->before_minute = number;
    } else if (parse_date(value->parts[0], &number)) {
        freeze->until_set = true;
        freeze->until_date = number;
    } else {
        not_a_time(c, key, value);
    }
}

/* "mon" -> 0 … "sun" -> 6 */
static bool parse_day(struct text t, unsigned *day)
{
    static const char names[] = "montuewedthufrisatsun";
    for (unsigned i = 0; i < 7; i++)
        if (text_equal_fold(t, (struct text){names + 3 * i, 3})) {
            *day = i;
            return true;
        }
    return false;
}

/* One day, or FIRST-LAST, which may go over the end of the week: fri-mon. */
static bool parse_days(struct text t, unsigned *bits)
{
    unsigned first, last;
    if (t.size == 7 && t.at[3] == '-') {
        if (!parse_day((struct text){t.at, 3}, &first) || !parse_day(text_skip(t, 4), &last))
            return false;
    } else if (parse_day(t, &first)) {
        last = first;
    } else {
        return false;
    }
    *bits |= 1u << last;
    for (unsigned day = first; day != last; day = (day + 1) % 7)
        *bits |= 1u << day;
    return true;
}

static void set_days(struct config_context *c, const struct config_key *key,
                     const struct config_value *value, void *field)
{
    unsigned bits = 0;
    bool bad = false;
    for (size_t i = 0; i < value->count; i++) {
        struct text rest = value->parts[i], item;
        while (text_next_item(&rest, &item))
            if (!parse_days(item, &bits)) {
                config_problem(c->problems, value->lines[i],
                               "%s has mon, tue, wed, thu, fri, sat, sun and ranges such as "
                               "mon-fri, not %s",
                               key->name, config_quoted(c->problems, item));
                bad = true;
            }
    }
    if (!bits && !bad)
        config_problem(c->problems, value->lines[0],
                       "%s is an empty list; leave the key out instead", key->name);
    if (bits && !bad)
        ((struct freeze *)field)->days = bits;
}

#define TYPE(id, goes_on, text) \
    const struct config_type config_type_##id = {#id, text, goes_on, set_##id}
TYPE(after, false, "HH:MM or YYYY-MM-DD");
TYPE(before, false, "HH:MM or YYYY-MM-DD");
TYPE(days, true, "mon to sun, and ranges of them");

void config_freeze_check(struct config_context *c, unsigned line, struct rule *rule)
{
    const struct freeze *freeze = &rule->freeze;
    bool dates = freeze->from_set || freeze->until_set;
    if (freeze->time_set && dates)
        config_problem(c->problems, line, "after and before are both times of day or both dates");
    else if (freeze->time_set && freeze->after_minute == freeze->before_minute)
        config_problem(c->problems, line,
                       "after and before are the same time, so the rule would "
                       "never match; leave both out for the whole day");
    else if (freeze->from_set && freeze->until_set && freeze->from_date > freeze->until_date)
        config_problem(c->problems, line,
                       "after is a later date than before, so the rule would "
                       "never match");
    rule->freeze_set = freeze->time_set || dates || freeze->days;
}
