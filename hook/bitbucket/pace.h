/*
 * pace.h - how fast Bitbucket may be asked (Atlassian, "Improving instance stability with rate
 * limiting": a token bucket for each user and node; status 429 with Retry-After when it is empty).
 *
 * A limit that was told (the server's settings, --rate) is kept to. Without one, requests go as fast
 * as they can until the first 429; then at half of the rate at which answers came. Each further 429
 * halves it again, and each second without one raises it by a quarter. Below 5 requests a second, the
 * rate that Bitbucket has by default, it goes only if that is answered 429, too.
 *
 * Pure: times are given (monotonic, microseconds), nothing sleeps here.
 */
#ifndef REFGATE_BITBUCKET_PACE_H
#define REFGATE_BITBUCKET_PACE_H

#include <stdbool.h>
#include <stdint.h>

#define PACE_RETRY_DEFAULT_MS 5000 /* 429 without Retry-After */
#define PACE_RETRY_LEAST_MS 500    /* "Retry-After: 0" is the rest of a second */
#define PACE_RETRY_MOST_MS (10 * 60 * 1000)

struct pace {
    double capacity, fill_per_s; /* fill 0: no limit is known */
    double tokens;
    int64_t filled_us;           /* when tokens was right */
    int64_t not_before_us;       /* nobody asks before */
    uint64_t throttled;          /* answers with 429 */
    int64_t waited_us;           /* that 429 cost */

    bool told;                   /* fill_per_s is a limit that somebody set */
    int64_t raised_us;           /* when a learned rate was raised last */
    double observed_per_s;       /* answers, in the last whole second or more; 0: none since a 429 */
    int64_t window_us;           /* when counting began */
    uint64_t window_count;
};

void pace_init(struct pace *pace, int64_t now_us);
/* What the server's settings say (or the operator). fill 0: none. */
void pace_limit(struct pace *pace, double capacity, double fill_per_s, int64_t now_us);
/* 0: ask now (a token was taken); else how many microseconds to wait before asking again. */
int64_t pace_take(struct pace *pace, int64_t now_us);
/* A 429: nobody asks until it is over, and after it more slowly. retry_after_ms < 0: not said. */
void pace_throttled(struct pace *pace, int64_t retry_after_ms, int64_t now_us);
/* An answer that was not 429: what a 429 slowed down recovers slowly. */
void pace_answered(struct pace *pace, int64_t now_us);

/* Wait before attempt 2, 3, …: exponential, at most a minute, and of that between half and all by
 * `random` (0 .. UINT32_MAX), so that clients do not come back together. */
int64_t backoff_ms(unsigned attempt, uint32_t random);

#endif
