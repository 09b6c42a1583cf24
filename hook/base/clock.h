/*
 * clock.h - time as it comes from outside the pure core.
 *
 * Times are signed 64-bit milliseconds since 1970 UTC (Bitbucket's own unit, rest-api.md 1.1).
 * Local time is needed for change freezes only, in the zone that refgate.conf names.
 */
#ifndef REFGATE_BASE_CLOCK_H
#define REFGATE_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"

#define CLOCK_SECOND INT64_C(1000)
#define CLOCK_MINUTE (60 * CLOCK_SECOND)
#define CLOCK_HOUR (60 * CLOCK_MINUTE)
#define CLOCK_DAY (24 * CLOCK_HOUR)
#define CLOCK_TEXT_SIZE 25 /* 2026-11-22T04:10:00.123Z and a NUL */

struct local_time {
    bool known;           /* false: the zone's file is missing, damaged or not trusted */
    int year, month, day; /* 2026, 1..12, 1..31 */
    int weekday;          /* 0 = Monday .. 6 = Sunday */
    int minute_of_day;    /* 0..1439 */
};

int64_t clock_now_ms(void);       /* wall clock */
int64_t clock_monotonic_us(void); /* for durations */
/* "2026-11-22T04:10:00.123Z"; without milliseconds if `seconds_only`. Out of range (years 1970 to
 * 9999): "invalid". */
void clock_format(int64_t ms, bool seconds_only, char out[CLOCK_TEXT_SIZE]);
/* ISO 8601 as above (fraction and seconds optional, Z or +hh:mm), or a plain date (midnight UTC).
 * false if it is not one. */
bool clock_parse(struct text t, int64_t *ms);
/* "90s", "15m", "24h", "7d", "2w" -> ms; a bare number is refused, except 0. */
bool clock_parse_duration(struct text t, int64_t *ms);
/* "3m", "2h 5m", "3d 4h": two units at most, for messages. */
void clock_format_duration(int64_t ms, char *out, size_t size);
/* Local time in ZONE ("Europe/Berlin", "UTC"). .known=false when the zone's file in the system's
 * zoneinfo directory is missing, not trusted (base/file.h) or none (glibc would silently use UTC). */
struct local_time clock_local(int64_t ms, const char *zone);

#endif
