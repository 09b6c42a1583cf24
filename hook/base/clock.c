#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"

#define ZONEINFO "/usr/share/zoneinfo/"
#define ZONE_NAME_MAX 64

#define FIRST_YEAR 1970
#define LAST_YEAR 9999
#define DURATION_MAX (365000 * CLOCK_DAY) /* a thousand years: sums with a time cannot overflow */

int64_t clock_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_monotonic_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* The calendar is computed here: gmtime_r(3) reads the machine's zone files first. */

static bool is_leap_year(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_of_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && is_leap_year(year));
}

/* Days from 1970-01-01 to January 1st of the year. */
static int64_t days_before_year(int year)
{
    int past = year - 1, epoch = FIRST_YEAR - 1;
    int leaps = (past / 4 - past / 100 + past / 400) - (epoch / 4 - epoch / 100 + epoch / 400);
    return (int64_t)(year - FIRST_YEAR) * 365 + leaps;
}

static int64_t days_before(int year, int month, int day)
{
    int64_t days = days_before_year(year) + day - 1;
    for (int m = 1; m < month; m++)
        days += days_of_month(year, m);
    return days;
}

void clock_format(int64_t ms, bool seconds_only, char out[CLOCK_TEXT_SIZE])
{
    if (ms < 0 || ms >= days_before_year(LAST_YEAR + 1) * CLOCK_DAY) {
        snprintf(out, CLOCK_TEXT_SIZE, "invalid");
        return;
    }
    int64_t days = ms / CLOCK_DAY;
    int year = FIRST_YEAR + (int)(days / 366); /* not too late; a few steps too early */
    while (days_before_year(year + 1) <= days)
        year++;
    int day = (int)(days - days_before_year(year)), month = 1;
    while (day >= days_of_month(year, month))
        day -= days_of_month(year, month++);
    unsigned rest = (unsigned)(ms % CLOCK_DAY);
    unsigned hour = rest / 3600000, minute = rest / 60000 % 60, second = rest / 1000 % 60;
    int used = snprintf(out, CLOCK_TEXT_SIZE, "%04d-%02d-%02dT%02u:%02u:%02u", year, month, day + 1,
                        hour, minute, second);
    if (used < 0 || used >= CLOCK_TEXT_SIZE)
        used = 0;
    if (seconds_only)
        snprintf(out + used, CLOCK_TEXT_SIZE - (size_t)used, "Z");
    else
        snprintf(out + used, CLOCK_TEXT_SIZE - (size_t)used, ".%03uZ", rest % 1000);
}

/* Cuts `count` digits off the front; false if they are not there or make less than `least` or more
 * than `most`. */
static bool take_number(struct text *t, size_t count, int least, int most, int *out)
{
    uint64_t value;
    if (!t->at || t->size < count ||
        !text_parse_u64((struct text){t->at, count}, (uint64_t)most, false, &value) ||
        (int)value < least)
        return false;
    *t = text_skip(*t, count);
    *out = (int)value;
    return true;
}

static bool take_byte(struct text *t, char byte)
{
    if (!t->size || t->at[0] != byte)
        return false;
    *t = text_skip(*t, 1);
    return true;
}

/* ".123": milliseconds; further digits are cut. */
static bool take_fraction(struct text *t, int *ms)
{
    int value = 0, digits = 0;
    for (; t->size && ascii_digit(t->at[0]); *t = text_skip(*t, 1))
        if (digits++ < 3)
            value = value * 10 + (t->at[0] - '0');
    for (int i = digits; i < 3; i++)
        value *= 10;
    *ms = value;
    return digits > 0 && digits <= 9;
}

/* "Z" or "+hh:mm", which is what local time is ahead of UTC. */
static bool take_zone(struct text *t, int64_t *ahead_ms)
{
    *ahead_ms = 0;
    if (take_byte(t, 'Z'))
        return true;
    int hours, minutes, sign = take_byte(t, '-') ? -1 : take_byte(t, '+') ? 1 : 0;
    if (!sign || !take_number(t, 2, 0, 23, &hours) || !take_byte(t, ':') ||
        !take_number(t, 2, 0, 59, &minutes))
        return false;
    *ahead_ms = sign * (hours * CLOCK_HOUR + minutes * CLOCK_MINUTE);
    return true;
}

bool clock_parse(struct text t, int64_t *ms)
{
    int year, month, day, hour = 0, minute = 0, second = 0, fraction = 0;
    int64_t ahead = 0;
    if (!take_number(&t, 4, FIRST_YEAR, LAST_YEAR, &year) || !take_byte(&t, '-') ||
        !take_number(&t, 2, 1, 12, &month) || !take_byte(&t, '-') ||
        !take_number(&t, 2, 1, days_of_month(year, month), &day))
        return false;
    if (t.size) {
        if (!take_byte(&t, 'T') || !take_number(&t, 2, 0, 23, &hour) || !take_byte(&t, ':') ||
            !take_number(&t, 2, 0, 59, &minute))
            return false;
        if (take_byte(&t, ':') && (!take_number(&t, 2, 0, 59, &second) ||
                                   (take_byte(&t, '.') && !take_fraction(&t, &fraction))))
            return false;
        if (!take_zone(&t, &ahead) || t.size)
            return false;
    }
    int64_t value = days_before(year, month, day) * CLOCK_DAY + hour * CLOCK_HOUR +
                    minute * CLOCK_MINUTE + second * CLOCK_SECOND + fraction - ahead;
    if (value < 0 || value >= days_before_year(LAST_YEAR + 1) * CLOCK_DAY)
        return false;
    *ms = value;
    return true;
}

bool clock_parse_duration(struct text t, int64_t *ms)
{
    static const struct {
        char letter;
        int64_t ms;
    } units[] = {{'s', CLOCK_SECOND},
                 {'m', CLOCK_MINUTE},
                 {'h', CLOCK_HOUR},
                 {'d', CLOCK_DAY},
                 {'w', 7 * CLOCK_DAY}};
    if (text_equal(t, TEXT("0"))) {
        *ms = 0;
        return true;
    }
    if (t.size < 2)
        return false;
    struct text number = {t.at, t.size - 1};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        uint64_t count;
        if (t.at[t.size - 1] != units[i].letter)
            continue;
        if (!text_parse_u64(number, (uint64_t)(DURATION_MAX / units[i].ms), false, &count))
            return false;
        *ms = (int64_t)count * units[i].ms;
        return true;
    }
    return false;
}

void clock_format_duration(int64_t ms, char *out, size_t size)
{
    static const struct {
        char letter;
        int64_t ms;
    } units[] = {{'d', CLOCK_DAY}, {'h', CLOCK_HOUR}, {'m', CLOCK_MINUTE}, {'s', CLOCK_SECOND}};
    const size_t last = sizeof units / sizeof units[0] - 1;
    const char *sign = ms < 0 ? "-" : "";
    if (ms < 0)
        ms = ms == INT64_MIN ? INT64_MAX : -ms;
    size_t i = 0;
    while (i < last && ms < units[i].ms)
        i++;
    long long first = (long long)(ms / units[i].ms);
    long long second = i < last ? (long long)(ms % units[i].ms / units[i + 1].ms) : 0;
    if (second)
        snprintf(out, size, "%s%lld%c %lld%c", sign, first, units[i].letter, second,
                 units[i + 1].letter);
    else
        snprintf(out, size, "%s%lld%c", first ? sign : "", first, units[i].letter);
}

/* A name below the zoneinfo directory and nothing else. */
static bool zone_name_valid(const char *zone)
{
    struct text t = text_of(zone);
    if (!t.size || t.size > ZONE_NAME_MAX || t.at[0] == '/')
        return false;
    for (size_t i = 0; i < t.size; i++) {
        char c = t.at[i];
        if (!ascii_digit(c) && !(ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') && c != '_' &&
            c != '+' && c != '-' && c != '/')
            return false; /* no dot, so no ".." */
    }
    return true;
}

/* glibc opens it again: that the file and what is above it are trusted is what keeps it the same. */
static bool is_zone_file(const char *path)
{
    int fd;
    char magic[4]; /* RFC 8536 */
    if (file_open_trusted(path, NULL, &fd, NULL, NULL) != STATUS_OK)
        return false;
    size_t got = 0;
    for (;;) {
        ssize_t more = read(fd, magic + got, sizeof magic - got);
        if (more < 0 && errno == EINTR)
            continue;
        if (more <= 0)
            break;
        got += (size_t)more;
    }
    close(fd);
    return got == sizeof magic && !memcmp(magic, "TZif", sizeof magic);
}

struct local_time clock_local(int64_t ms, const char *zone)
{
    const struct local_time unknown = {.known = false};
    char setting[sizeof ":" ZONEINFO + ZONE_NAME_MAX];
    if (!zone)
        return unknown;
    if (!strcmp(zone, "UTC")) {
        snprintf(setting, sizeof setting, "UTC0");
    } else {
        if (!zone_name_valid(zone))
            return unknown;
        /* The whole path: glibc would look for a mere name where TZDIR of the environment says. */
        snprintf(setting, sizeof setting, ":" ZONEINFO "%s", zone);
        if (!is_zone_file(setting + 1))
            return unknown;
    }
    if (setenv("TZ", setting, 1))
        return unknown;
    tzset();
    time_t seconds = (time_t)(ms / 1000 - (ms % 1000 < 0));
    struct tm tm;
    /* A damaged zone file leaves glibc with a zone that has no name. */
    if (!localtime_r(&seconds, &tm) || !tm.tm_zone || !tm.tm_zone[0])
        return unknown;
    return (struct local_time){
        .known = true,
        .year = tm.tm_year + 1900,
        .month = tm.tm_mon + 1,
        .day = tm.tm_mday,
        .weekday = (tm.tm_wday + 6) % 7,
        .minute_of_day = tm.tm_hour * 60 + tm.tm_min,
    };
}
