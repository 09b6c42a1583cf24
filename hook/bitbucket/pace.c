#include "bitbucket/pace.h"

#define SECOND_US 1000000
#define RATE_LEAST 0.2     /* requests a second that 429s never go below */
#define RATE_USUAL 5.0     /* nor this, unless they come at this rate, too */
#define RECOVERY 0.25      /* of a learned rate, what it gains in a second, */
#define RECOVERY_LEAST 2.0 /* and at least so many requests a second */
#define RECOVERY_MOST 2.0  /* seconds of it at once: nothing is learned while nobody asks */
#define WINDOW_LEAST 0.25  /* seconds: how fast the first few answers came says little */
#define BACKOFF_FIRST_MS 1000
#define BACKOFF_MOST_MS (60 * 1000)

void pace_init(struct pace *pace, int64_t now_us)
{
    *pace = (struct pace){.filled_us = now_us, .window_us = now_us};
}

void pace_limit(struct pace *pace, double capacity, double fill_per_s, int64_t now_us)
{
    pace->told = fill_per_s > 0;
    pace->fill_per_s = pace->told ? fill_per_s : 0;
    pace->capacity = capacity >= 1 ? capacity : 1;
    pace->tokens = pace->capacity;
    pace->filled_us = now_us > pace->not_before_us ? now_us : pace->not_before_us;
}

static double seconds(int64_t us)
{
    return us > 0 ? (double)us / SECOND_US : 0;
}

static void refill(struct pace *pace, int64_t now_us)
{
    if (now_us <= pace->filled_us)
        return;
    pace->tokens += seconds(now_us - pace->filled_us) * pace->fill_per_s;
    if (pace->tokens > pace->capacity)
        pace->tokens = pace->capacity;
    pace->filled_us = now_us;
}

int64_t pace_take(struct pace *pace, int64_t now_us)
{
    if (now_us < pace->not_before_us)
        return pace->not_before_us - now_us;
    if (pace->fill_per_s > 0) {
        refill(pace, now_us);
        if (pace->tokens < 1)
            return (int64_t)((1 - pace->tokens) / pace->fill_per_s * SECOND_US) + 1;
        pace->tokens -= 1;
    }
    return 0;
}

/* The rate that the server did not bear: of the last whole second, or of the one that began. */
static double borne(const struct pace *pace, int64_t now_us)
{
    double window = seconds(now_us - pace->window_us), known = pace->fill_per_s;
    bool begun = pace->observed_per_s <= 0 && window < 1;
    if (begun && known > 0)
        return known; /* too soon after another 429 to say more */
    double least = begun ? WINDOW_LEAST : 1;
    double rate = (double)pace->window_count / (window > least ? window : least);
    if (rate < pace->observed_per_s)
        rate = pace->observed_per_s;
    return known > 0 && known < rate ? known : rate;
}

static void slow_down(struct pace *pace, int64_t now_us)
{
    double rate = borne(pace, now_us) / 2;
    bool usual = pace->fill_per_s > 0 && pace->fill_per_s <= RATE_USUAL;
    double least = usual ? RATE_LEAST : RATE_USUAL;
    pace->fill_per_s = rate > least ? rate : least;
    pace->capacity = pace->fill_per_s > 1 ? pace->fill_per_s : 1;
}

void pace_throttled(struct pace *pace, int64_t retry_after_ms, int64_t now_us)
{
    int64_t wait_ms = retry_after_ms < 0 ? PACE_RETRY_DEFAULT_MS : retry_after_ms;
    if (wait_ms < PACE_RETRY_LEAST_MS)
        wait_ms = PACE_RETRY_LEAST_MS;
    if (wait_ms > PACE_RETRY_MOST_MS)
        wait_ms = PACE_RETRY_MOST_MS;
    pace->throttled++;
    /* Requests that were under way together are refused together: that is one lesson, not many. */
    if (now_us >= pace->not_before_us && !pace->told)
        slow_down(pace, now_us);
    int64_t until = now_us + wait_ms * 1000;
    int64_t from = now_us > pace->not_before_us ? now_us : pace->not_before_us;
    if (until > from) {
        pace->waited_us += until - from;
        pace->not_before_us = until;
    }
    /* The server's bucket was empty; it holds a little when the wait is over. */
    pace->tokens = 1;
    pace->filled_us = pace->not_before_us;
    pace->raised_us = pace->not_before_us;
    pace->window_us = pace->not_before_us;
    pace->window_count = 0;
    pace->observed_per_s = 0;
}

static void count(struct pace *pace, int64_t now_us)
{
    double window = seconds(now_us - pace->window_us);
    if (now_us < pace->window_us) /* it was under way when another got a 429 */
        return;
    if (window >= 1) {
        pace->observed_per_s = (double)pace->window_count / window;
        pace->window_us = now_us;
        pace->window_count = 0;
    }
    pace->window_count++;
}

void pace_answered(struct pace *pace, int64_t now_us)
{
    count(pace, now_us);
    if (pace->told || pace->fill_per_s <= 0 || now_us < pace->raised_us + SECOND_US)
        return;
    refill(pace, now_us);
    double quiet = seconds(now_us - pace->raised_us), step = pace->fill_per_s * RECOVERY;
    if (step < RECOVERY_LEAST)
        step = RECOVERY_LEAST;
    pace->fill_per_s += step * (quiet < RECOVERY_MOST ? quiet : RECOVERY_MOST);
    pace->capacity = pace->fill_per_s > 1 ? pace->fill_per_s : 1;
    pace->raised_us = now_us;
}

int64_t backoff_ms(unsigned attempt, uint32_t random)
{
    if (attempt < 2)
        return 0;
    unsigned doublings = attempt - 2;
    int64_t whole = doublings < 10 ? (int64_t)BACKOFF_FIRST_MS << doublings : BACKOFF_MOST_MS;
    if (whole > BACKOFF_MOST_MS)
        whole = BACKOFF_MOST_MS;
    return whole / 2 + (whole - whole / 2) * (int64_t)random / UINT32_MAX;
}
