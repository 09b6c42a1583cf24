/* bitbucket/pace.h: how fast Bitbucket is asked, with made-up times. */
#include "tsv.h"

#include <inttypes.h>

#include "bitbucket/pace.h"

#define MS INT64_C(1000)
#define SECOND INT64_C(1000000)
#define START (INT64_C(5000) * SECOND) /* the machine runs for a while already */

/* Asks as fast as it may for `seconds`; how often that was. */
static int ask_for(struct pace *pace, int64_t *now, int64_t seconds)
{
    int asked = 0;
    int64_t end = *now + seconds * SECOND;
    while (*now < end) {
        int64_t wait = pace_take(pace, *now);
        assert_true(wait >= 0);
        asked += wait == 0;
        *now += wait ? wait : 1;
    }
    return asked;
}

static void no_limit(void **state)
{
    (void)state;
    struct pace pace;
    pace_init(&pace, START);
    for (int i = 0; i < 100000; i++)
        assert_true(pace_take(&pace, START + i) == 0);
    assert_true(pace.throttled == 0 && pace.waited_us == 0);
}

static void a_told_limit(void **state)
{
    (void)state;
    static const struct {
        double capacity, fill;
        int64_t seconds;
        int least, most;
    } rows[] = {
        /* Atlassian's defaults: 60 at once, then 5 a second */
        {60, 5, 10, 109, 110},
        {60, 5, 100, 559, 560},
        {1, 1, 10, 10, 11},
        {1, 0.5, 20, 10, 11},
        {0, 5, 10, 50, 51}, /* a bucket holds at least one */
        {1, 1000, 3, 2997, 3001},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pace pace;
        int64_t now = START;
        pace_init(&pace, now);
        pace_limit(&pace, rows[i].capacity, rows[i].fill, now);
        int asked = ask_for(&pace, &now, rows[i].seconds);
        if (asked < rows[i].least || asked > rows[i].most)
            fail_msg("row %zu: %d requests", i, asked);
    }
}

static void the_wait_is_long_enough(void **state)
{
    (void)state;
    struct pace pace;
    pace_init(&pace, START);
    pace_limit(&pace, 1, 3, START);
    assert_true(pace_take(&pace, START) == 0);
    int64_t wait = pace_take(&pace, START);
    assert_true(wait > 333333 && wait < 333336);
    assert_true(pace_take(&pace, START + wait - 10) > 0);
    assert_true(pace_take(&pace, START + wait) == 0);
}

static void idle_time_is_not_saved_up(void **state)
{
    (void)state;
    struct pace pace;
    int64_t now = START;
    pace_init(&pace, now);
    pace_limit(&pace, 10, 5, now);
    now += 3600 * SECOND;
    int asked = 0;
    while (pace_take(&pace, now) == 0)
        asked++;
    assert_int_equal(asked, 10);
}

static void retry_after(void **state)
{
    (void)state;
    static const struct {
        int64_t said_ms, waited_ms;
    } rows[] = {
        {-1, PACE_RETRY_DEFAULT_MS}, {0, PACE_RETRY_LEAST_MS},   {499, PACE_RETRY_LEAST_MS},
        {1000, 1000},                {5000, 5000},               {600000, 600000},
        {600001, 600000},            {INT64_C(2147483647000), 600000},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pace pace;
        pace_init(&pace, START);
        assert_true(pace_take(&pace, START) == 0);
        pace_throttled(&pace, rows[i].said_ms, START);
        int64_t wait = pace_take(&pace, START);
        if (wait != rows[i].waited_ms * MS)
            fail_msg("row %zu: waits %" PRId64 " us", i, wait);
        assert_true(pace_take(&pace, START + wait - 1) == 1);
        assert_true(pace_take(&pace, START + wait) == 0);
        assert_true(pace.waited_us == wait && pace.throttled == 1);
    }
}

/* 32 requests under way are refused together: one wait, one lesson. */
static void a_burst_of_429(void **state)
{
    (void)state;
    struct pace pace;
    int64_t now = START;
    pace_init(&pace, now);
    for (int i = 0; i < 2000; i++) { /* 1000 a second, for two */
        assert_true(pace_take(&pace, now + i * MS) == 0);
        pace_answered(&pace, now + i * MS);
    }
    now += 2000 * MS;
    for (int i = 0; i < 32; i++)
        pace_throttled(&pace, 5000, now + i * MS);
    assert_true(pace.throttled == 32);
    assert_true(pace.waited_us == 5031 * MS);
    assert_true(pace.not_before_us == now + 5031 * MS);
    assert_true(pace.fill_per_s > 450 && pace.fill_per_s < 550);
    /* A shorter one in between does not end the wait. */
    pace_throttled(&pace, 1000, now + 40 * MS);
    assert_true(pace.not_before_us == now + 5031 * MS);
}

/* Answers that come evenly within `ms`. */
static void answers(struct pace *pace, int64_t *now, int64_t count, int64_t ms)
{
    for (int64_t i = 1; i <= count; i++)
        pace_answered(pace, *now + i * ms * MS / count);
    *now += ms * MS;
}

/* The rate after a 429, by what was answered before. */
static void the_first_429(void **state)
{
    (void)state;
    static const struct {
        int64_t answers, ms;
        double least, most;
    } rows[] = {
        {0, 0, 5, 5},          {0, 10000, 5, 5},      {10, 1, 19, 21}, /* a quarter of a second */
        {100, 250, 195, 205},  {100, 500, 98, 102},   {100, 1000, 49, 51},
        {1000, 10000, 49, 52}, {100, 100000, 5, 5},   {6000, 2000, 1490, 1510},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pace pace;
        int64_t now = START;
        pace_init(&pace, now);
        answers(&pace, &now, rows[i].answers, rows[i].ms);
        pace_throttled(&pace, 1000, now);
        if (pace.fill_per_s < rows[i].least || pace.fill_per_s > rows[i].most)
            fail_msg("row %zu: %g requests a second", i, pace.fill_per_s);
    }
}

static void a_learned_rate(void **state)
{
    (void)state;
    struct pace pace;
    int64_t now = START;
    pace_init(&pace, now);
    answers(&pace, &now, 100, 1000);
    pace_throttled(&pace, 1000, now);
    double first = pace.fill_per_s;
    assert_true(first > 49 && first < 51);
    now += SECOND;
    int asked = ask_for(&pace, &now, 2);
    assert_true(asked >= 95 && asked <= 105);
    /* Another at once, whatever was answered between them: half of it. */
    now = pace.not_before_us;
    answers(&pace, &now, 3, 100);
    pace_throttled(&pace, 1000, now);
    assert_true(pace.fill_per_s == first / 2);
    /* Answers of requests that were under way together with it say nothing. */
    for (int i = 0; i < 1000; i++)
        pace_answered(&pace, now + i);
    assert_true(pace.fill_per_s == first / 2 && pace.window_count == 0);
    /* What is not made use of was not too much: half of what was. */
    now = pace.not_before_us;
    answers(&pace, &now, 15, 1000);
    pace_throttled(&pace, 1000, now);
    assert_true(pace.fill_per_s >= 7 && pace.fill_per_s <= 7.5);
}

/* A second at a time: a quarter more, and at least two. */
static void a_learned_rate_recovers(void **state)
{
    (void)state;
    struct pace pace;
    int64_t now = START;
    pace_init(&pace, now);
    pace_throttled(&pace, 1000, now);
    assert_true(pace.fill_per_s == 5.0);
    now = pace.not_before_us;
    static const double rates[] = {5, 7, 9, 11.25, 14.0625, 17.578125};
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        assert_true(pace.fill_per_s == rates[i]);
        answers(&pace, &now, 5, 1000);
    }
    /* An hour without a request teaches little. */
    double before = pace.fill_per_s;
    pace_answered(&pace, now + 3600 * SECOND);
    assert_true(pace.fill_per_s <= before * 1.5 + 0.01);
}

/* Who is answered 429 whatever he does asks more and more slowly; but some requests are left. */
static void a_rate_never_ends(void **state)
{
    (void)state;
    struct pace pace;
    int64_t now = START;
    double before = 1e9;
    pace_init(&pace, now);
    answers(&pace, &now, 1000, 1000);
    for (int i = 0; i < 60; i++) {
        assert_true(pace_take(&pace, now) == 0);
        pace_throttled(&pace, 1000, now);
        assert_true(pace.fill_per_s < before || pace.fill_per_s == 0.2);
        before = pace.fill_per_s;
        now = pace.not_before_us;
    }
    assert_true(pace.fill_per_s == 0.2);
}

/* A whole crawl, 10 ms a request: 429 to three of the first requests do not make it crawl. */
static void three_429s_of_a_small_crawl(void **state)
{
    (void)state;
    struct pace pace;
    int64_t now = START;
    int answered = 0, throttled = 0;
    pace_init(&pace, now);
    for (int asked = 0; answered < 330; asked++) {
        for (int64_t wait; (wait = pace_take(&pace, now)) > 0;)
            now += wait;
        now += 10 * MS;
        if (asked % 40 == 39 && throttled < 3) {
            throttled++;
            pace_throttled(&pace, 1000, now);
        } else {
            answered++;
            pace_answered(&pace, now);
        }
    }
    if (now - START > 15 * SECOND)
        fail_msg("%" PRId64 " ms", (now - START) / MS);
}

/* A server that bears 5 requests a second, and 60 at once, but does not say so: a bucket of its own. */
static void a_server_that_does_not_tell(void **state)
{
    (void)state;
    struct pace pace;
    int64_t now = START, end = START + 600 * SECOND;
    double bucket = 60;
    int answered = 0, throttled = 0;
    pace_init(&pace, now);
    while (now < end) {
        int64_t wait = pace_take(&pace, now), passed = wait > 0 ? wait : 5 * MS;
        if (wait <= 0 && bucket >= 1) {
            bucket -= 1;
            answered++;
            pace_answered(&pace, now);
        } else if (wait <= 0) {
            throttled++;
            pace_throttled(&pace, 1000, now);
        }
        now += passed;
        bucket = bucket + (double)passed / 1e6 * 5;
        bucket = bucket < 60 ? bucket : 60;
    }
    if (answered < 2500 || throttled > answered / 8)
        fail_msg("%d answered, %d throttled", answered, throttled);
}

static void a_told_limit_is_kept_after_429(void **state)
{
    (void)state;
    struct pace pace;
    pace_init(&pace, START);
    pace_limit(&pace, 60, 5, START);
    for (int i = 0; i < 60; i++)
        assert_true(pace_take(&pace, START) == 0);
    pace_throttled(&pace, 5000, START);
    assert_true(pace.fill_per_s == 5.0);
    int64_t now = START + 5 * SECOND;
    /* Not a bucket full at once, since others share it. */
    int asked = 0;
    while (pace_take(&pace, now) == 0)
        asked++;
    assert_int_equal(asked, 1);
    pace_answered(&pace, now + 30 * SECOND);
    assert_true(pace.fill_per_s == 5.0);
}

/* A limit that is told while a 429 is waited for does not end the wait. */
static void told_while_waiting(void **state)
{
    (void)state;
    struct pace pace;
    pace_init(&pace, START);
    pace_throttled(&pace, 5000, START);
    pace_limit(&pace, 60, 5, START + SECOND);
    assert_true(pace_take(&pace, START + SECOND) == 4 * SECOND);
    pace_limit(&pace, 0, 0, START + SECOND); /* none after all */
    assert_true(pace_take(&pace, START + SECOND) == 4 * SECOND);
    for (int i = 0; i < 1000; i++)
        assert_true(pace_take(&pace, START + 5 * SECOND) == 0);
}

static void backoff(void **state)
{
    (void)state;
    static const struct {
        unsigned attempt;
        int64_t least, most;
    } rows[] = {
        {0, 0, 0},       {1, 0, 0},         {2, 500, 1000},    {3, 1000, 2000},
        {4, 2000, 4000}, {5, 4000, 8000},   {7, 16000, 32000}, {8, 30000, 60000},
        {9, 30000, 60000}, {40, 30000, 60000}, {UINT32_MAX, 30000, 60000},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_true(backoff_ms(rows[i].attempt, 0) == rows[i].least);
        assert_true(backoff_ms(rows[i].attempt, UINT32_MAX) == rows[i].most);
        int64_t middle = backoff_ms(rows[i].attempt, UINT32_MAX / 2);
        int64_t wanted = (rows[i].least + rows[i].most) / 2;
        assert_true(middle >= wanted - 1 && middle <= wanted + 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"without a limit nobody waits", no_limit, 0, 0, 0},
        {"a told limit is kept to", a_told_limit, 0, 0, 0},
        {"who waits as long as was said may ask", the_wait_is_long_enough, 0, 0, 0},
        {"a bucket does not grow over its capacity", idle_time_is_not_saved_up, 0, 0, 0},
        {"rest-api 4.3: Retry-After is obeyed, within bounds", retry_after, 0, 0, 0},
        {"429s that come together count once", a_burst_of_429, 0, 0, 0},
        {"without a limit, the first 429 halves the rate of the answers", the_first_429, 0, 0, 0},
        {"each further 429 halves it", a_learned_rate, 0, 0, 0},
        {"time raises it", a_learned_rate_recovers, 0, 0, 0},
        {"three 429s do not spoil a small crawl", three_429s_of_a_small_crawl, 0, 0, 0},
        {"a limit that is not told is found", a_server_that_does_not_tell, 0, 0, 0},
        {"however many 429s, some requests are left", a_rate_never_ends, 0, 0, 0},
        {"a told limit stays what it is after a 429", a_told_limit_is_kept_after_429, 0, 0, 0},
        {"a limit told during a wait does not end it", told_while_waiting, 0, 0, 0},
        {"backoff is exponential, bounded, and spread by chance", backoff, 0, 0, 0},
    };
    return cmocka_run_group_tests_name("pace", tests, NULL, NULL);
}
