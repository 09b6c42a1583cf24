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
    for (int i = 0; i < 2000; i++)
        assert_true(pace_take(&pace, now + i * MS) == 0); /* 1000 a second, for two */
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

static void a_learned_rate(void **state)
{
    (void)state;
    struct pace pace;
    int64_t now = START;
    pace_init(&pace, now);
    for (int i = 0; i < 100; i++)
        assert_true(pace_take(&pace, now) == 0);
    pace_throttled(&pace, 1000, now);
    double first = pace.fill_per_s;
    assert_true(first > 49 && first < 51);
    now += SECOND;
    int asked = ask_for(&pace, &now, 2);
    assert_true(asked >= 95 && asked <= 105);
    pace_throttled(&pace, 1000, now);
    double second = pace.fill_per_s;
    assert_true(second > 23 && second < 27);
    /* Twenty quiet seconds double it; a second at a time. */
    now = pace.not_before_us;
    for (int i = 0; i < 20 * 10; i++) {
        now += 100 * MS;
        double before = pace.fill_per_s;
        pace_answered(&pace, now);
        assert_true(pace.fill_per_s >= before && pace.fill_per_s <= before + second / 10);
    }
    assert_true(pace.fill_per_s > 1.9 * second && pace.fill_per_s < 2.1 * second);
    /* An hour without a request teaches nothing. */
    double before = pace.fill_per_s;
    pace_answered(&pace, now + 3600 * SECOND);
    assert_true(pace.fill_per_s <= before + second / 2 + 0.01);
}

static void a_rate_never_ends(void **state)
{
    (void)state;
    struct pace pace;
    int64_t now = START;
    pace_init(&pace, now);
    for (int i = 0; i < 60; i++) {
        assert_true(pace_take(&pace, now) == 0);
        pace_throttled(&pace, 1000, now);
        now = pace.not_before_us + 10 * SECOND;
    }
    assert_true(pace.fill_per_s >= 0.2);
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
        {"without a limit, a 429 halves the rate and time raises it", a_learned_rate, 0, 0, 0},
        {"however many 429s, some requests are left", a_rate_never_ends, 0, 0, 0},
        {"a told limit stays what it is after a 429", a_told_limit_is_kept_after_429, 0, 0, 0},
        {"a limit told during a wait does not end it", told_while_waiting, 0, 0, 0},
        {"backoff is exponential, bounded, and spread by chance", backoff, 0, 0, 0},
    };
    return cmocka_run_group_tests_name("pace", tests, NULL, NULL);
}
