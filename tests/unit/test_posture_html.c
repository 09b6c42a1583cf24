/* posture/html.h and html_part.h: escaping, numbers and times, charts, sections, limits. What a browser
 * makes of it: tests/cli/report-html.t. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "posture/html.h"
#include "posture/html_part.h"

#define DAY_ONE (INT64_C(20000) * CLOCK_DAY) /* 2024-10-04 */

static size_t times_in(const struct buffer *out, const char *part)
{
    size_t count = 0;
    for (const char *at = out->data; at && (at = strstr(at, part)); at++)
        count++;
    return count;
}

static void escaping(void **state)
{
    (void)state;
    const struct {
        struct text given;
        const char *plain, *text;
    } rows[] = {
        {TEXT(""), "", ""},
        {{NULL, 0}, "", ""},
        {TEXT("PRJ/app"), "PRJ/app", "PRJ/app"},
        {TEXT("<script>"), "&lt;script&gt;", "&lt;script&gt;"},
        {TEXT("\" ' &lt;"), "&quot; &#39; &amp;lt;", "&quot; &#39; &amp;lt;"},
        {TEXT("]]></style>"), "]]&gt;&lt;/style&gt;", "]]&gt;&lt;/style&gt;"},
        {TEXT("a\0b"), "a\\x00b", "a<span class=\"esc\">\\x00</span>b"},
        {TEXT("\xe2\x80\xae<"), "\\u{202e}&lt;", "<span class=\"esc\">\\u{202e}</span>&lt;"},
        {TEXT("\xff\xe2\x82"), "\\xff\\xe2\\x82",
         "<span class=\"esc\">\\xff</span><span class=\"esc\">\\xe2</span>"
         "<span class=\"esc\">\\x82</span>"},
        /* What looks like one of our escapes is not one. */
        {TEXT("\\x00"), "\\x5cx00", "<span class=\"esc\">\\x5c</span>x00"},
        {TEXT("\\"), "\\x5c", "<span class=\"esc\">\\x5c</span>"},
        {TEXT("\xc3\xa9\xe4\xb8\xad"), "\xc3\xa9\xe4\xb8\xad", "\xc3\xa9\xe4\xb8\xad"},
        {TEXT("0123456789abcdef0"), "0123456789abcdef...", "0123456789abcdef..."},
        /* Never cut inside of a character. */
        {TEXT("0123456789abcde\xc3\xa9"), "0123456789abcde...", "0123456789abcde..."},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char want[256];
        struct buffer out;
        buffer_init(&out, SIZE_MAX);
        html_plain(&out, rows[i].given, 16);
        assert_string_equal(out.data ? out.data : "", rows[i].plain);
        buffer_free(&out);
        html_text(&out, rows[i].given, 16);
        snprintf(want, sizeof want, "<bdi>%s</bdi>", rows[i].text);
        assert_string_equal(out.data, want);
        buffer_free(&out);
    }
}

/* Every byte and every pair of a byte with markup: nothing of it can begin a tag or end a value. */
static void each_byte(void **state)
{
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        const char bytes[] = {(char)byte, '<', (char)byte, '"', (char)byte};
        struct buffer out;
        buffer_init(&out, SIZE_MAX);
        html_plain(&out, (struct text){bytes, sizeof bytes}, SIZE_MAX);
        for (size_t i = 0; i < out.size; i++) {
            unsigned char c = (unsigned char)out.data[i];
            assert_true(c >= 0x20 && c < 0x7f && c != '<' && c != '>' && c != '"' && c != '\'');
        }
        buffer_free(&out);
    }
}

static void numbers_and_times(void **state)
{
    (void)state;
    static const struct {
        uint64_t number;
        const char *want;
    } numbers[] = {{0, "0"},
                   {999, "999"},
                   {1000, "1,000"},
                   {123456, "123,456"},
                   {1234567, "1,234,567"},
                   {UINT64_MAX, "18,446,744,073,709,551,615"}};
    static const struct {
        int64_t ms;
        const char *want;
    } times[] = {
        {INT64_C(1795320600000) + 59999, "2026-11-22 04:10 UTC"},
        {0, "unknown"},
        {-1, "unknown"},
        {INT64_MAX, "unknown"},
        {INT64_MIN, "unknown"},
    };
    struct buffer out;
    buffer_init(&out, SIZE_MAX);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        html_number(&out, numbers[i].number);
        assert_string_equal(out.data, numbers[i].want);
        buffer_free(&out);
    }
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        html_time_plain(&out, times[i].ms);
        assert_string_equal(out.data, times[i].want);
        buffer_free(&out);
    }
    html_time(&out, INT64_C(1795320600000));
    html_count(&out, 1, "place", "places");
    html_count(&out, 2000, "place", "places");
    assert_string_equal(out.data, "<time datetime=\"2026-11-22T04:10:00Z\">2026-11-22 04:10 UTC"
                                  "</time>1 place2,000 places");
    buffer_free(&out);
    assert_true(html_sum(UINT64_MAX, 1) == UINT64_MAX && html_sum(1, 2) == 3);
}

static void bars(void **state)
{
    (void)state;
    static const struct html_bar rows[] = {{{"most", 4}, "bar", UINT64_MAX},
                                           {{"half", 4}, "bar", UINT64_MAX / 2 + 1},
                                           {{"least", 5}, "bar", 1},
                                           {{"none", 4}, "bar", 0}};
    struct buffer out;
    buffer_init(&out, SIZE_MAX);
    html_bars(&out, "x", "Title", "things", rows, 4);
    assert_int_equal(times_in(&out, "width=\"100%\"/>"), 1);
    assert_int_equal(times_in(&out, "width=\"50%\"/>"), 1);
    assert_int_equal(times_in(&out, "width=\"0.75%\"/>"), 1); /* something is seen */
    assert_int_equal(times_in(&out, "width=\"0%\"/>"), 1);
    assert_int_equal(times_in(&out, "aria-labelledby=\"x-title x-desc\""), 1);
    buffer_free(&out);
    html_bars(&out, "x", "Title", "things", rows + 3, 1); /* only noughts */
    assert_int_equal(times_in(&out, "width=\"0%\"/>"), 1);
    buffer_free(&out);
    html_bars(&out, "x", "Title", "things", NULL, 0);
    assert_int_equal(times_in(&out, "none.</desc>"), 1);
    buffer_free(&out);
}

/* The highest line of the scale. */
static void scale(void **state)
{
    (void)state;
    static const struct {
        uint64_t most;
        const char *top;
    } rows[] = {{0, ">1<"},     {1, ">1<"},           {4, ">4<"},        {5, ">6<"},
                {9, ">10<"},    {21, ">30<"},         {1499, ">1,500<"}, {3999, ">4k<"},
                {4001, ">6k<"}, {999999, ">1,000k<"}, {2000001, ">3M<"}, {UINT64_MAX, ">20E<"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct posture_day day = {.day_ms = DAY_ONE, .accepted = rows[i].most};
        struct buffer out;
        buffer_init(&out, SIZE_MAX);
        html_days(&out, &day, 1, true);
        const char *end = strstr(out.data, "</svg>");
        const char *top = strstr(out.data, rows[i].top);
        if (!top || top > end || strchr(top, '\n') != strstr(top, "</text>") + 7 ||
            strncmp(strchr(top, '\n'), "\n</svg>", 7) != 0)
            fail_msg("row %zu: %.*s", i, (int)(end - out.data), out.data);
        buffer_free(&out);
    }
}

static void columns(void **state)
{
    (void)state;
    static struct posture_day days[HTML_DAYS_MAX];
    for (size_t i = 0; i < HTML_DAYS_MAX; i++)
        days[i] = (struct posture_day){
            .day_ms = DAY_ONE + (int64_t)i * CLOCK_DAY, .accepted = 1, .rejected = i % 2};
    static const size_t counts[] = {1, 2, 7, 8, 30, HTML_DAYS_MAX};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        struct buffer out;
        buffer_init(&out, SIZE_MAX);
        html_days(&out, days, counts[i], true);
        assert_int_equal(times_in(&out, "<g>"), counts[i]);
        assert_int_equal(times_in(&out, "v-accepted"), counts[i]);
        assert_int_equal(times_in(&out, "v-rejected"), counts[i] / 2);
        assert_int_equal(times_in(&out, "v-failed") + times_in(&out, "class=\"gap\""), 0);
        buffer_free(&out);
        html_days(&out, days, counts[i], false);
        assert_int_equal(times_in(&out, "v-accepted"), 0);
        assert_int_equal(times_in(&out, "v-rejected"), counts[i] / 2);
        buffer_free(&out);
    }
}

/* Days without an entry are not days without a push. */
static void gaps(void **state)
{
    (void)state;
    const struct posture_day days[] = {{.day_ms = DAY_ONE, .accepted = 1},
                                       {.day_ms = DAY_ONE + CLOCK_DAY},
                                       {.day_ms = DAY_ONE + 4 * CLOCK_DAY, .accepted = 1}};
    const struct posture_day backwards[] = {{.day_ms = DAY_ONE, .accepted = 1},
                                            {.day_ms = DAY_ONE - CLOCK_DAY, .accepted = 1}};
    struct buffer out;
    buffer_init(&out, SIZE_MAX);
    assert_true(html_days_have_gaps(days, 3));
    assert_false(html_days_have_gaps(days, 2));
    assert_false(html_days_have_gaps(backwards, 2));
    html_days(&out, days, 3, true);
    assert_int_equal(times_in(&out, "<rect class=\"gap\" x=\"40%\" width=\"40%\""), 1);
    assert_int_equal(times_in(&out, "v-accepted"), 2);
    buffer_free(&out);
    html_days(&out, backwards, 2, true);
    assert_int_equal(times_in(&out, "v-accepted"), 2);
    assert_int_equal(times_in(&out, "class=\"gap\""), 0);
    buffer_free(&out);
}

/* ---------------------------------------------------------------- the document */

static const struct posture_kind kinds[] = {
    {"small", SEVERITY_LOW, "Small <thing>", "Why & how.", "Run `a <b>`, then `c`."},
    {"large", SEVERITY_CRITICAL, "Large thing", "Because.", "Do that."},
};

static struct posture sample(struct posture_finding *findings, size_t count)
{
    struct posture p = {.now_ms = DAY_ONE,
                        .version = "1",
                        .base_url = TEXT("https://bitbucket.example.com"),
                        .findings = findings,
                        .finding_count = count};
    for (size_t i = 0; i < count; i++) {
        p.new_count += findings[i].change == POSTURE_NEW;
        p.gone_count += findings[i].change == POSTURE_GONE;
        p.by_severity[findings[i].severity] += findings[i].change != POSTURE_GONE;
    }
    return p;
}

static void nothing_found(void **state)
{
    (void)state;
    struct posture p = sample(NULL, 0);
    struct buffer out;
    buffer_init(&out, SIZE_MAX);
    posture_html(&p, &out);
    assert_false(out.failed);
    assert_int_equal(times_in(&out, "No findings."), 2);
    assert_int_equal(times_in(&out, "No audit log was given"), 1);
    assert_int_equal(times_in(&out, "could not look at"), 0);
    assert_int_equal(times_in(&out, "id=\"gone\""), 0);
    buffer_free(&out);
    p.audit_read = p.compared = true;
    posture_html(&p, &out);
    assert_int_equal(times_in(&out, "No decision in this time."), 1);
    assert_int_equal(times_in(&out, "Nothing is gone."), 1);
    buffer_free(&out);
}

static void grouped(void **state)
{
    (void)state;
    static struct text shared[] = {{"soc2:CC6.1", 10}, {"nist:AC-6", 9}};
    static struct text other[] = {{"gdpr:32", 7}, {"nist:AC-6", 9}};
    struct posture_finding findings[] = {
        {.kind = &kinds[1],
         .severity = SEVERITY_CRITICAL,
         .change = POSTURE_NEW,
         .where = TEXT("B/1"),
         .controls = {shared, 2}},
        {.kind = &kinds[0],
         .severity = SEVERITY_LOW,
         .where = TEXT("A/1"),
         .controls = {shared, 2}},
        {.kind = &kinds[1], .severity = SEVERITY_LOW, .where = TEXT("B/2"), .controls = {other, 2}},
        {.kind = NULL, .severity = SEVERITY_INFO, .change = POSTURE_GONE, .where = TEXT("C/1")},
    };
    struct posture p = sample(findings, 4);
    struct html_groups groups;
    assert_true(html_groups_make(&p, &groups));
    assert_int_equal(groups.count, 2);
    assert_ptr_equal(groups.items[0].kind, &kinds[1]);
    assert_int_equal(groups.items[0].count, 2);
    assert_int_equal(groups.items[0].new_count, 1);
    assert_int_equal(groups.items[0].worst, SEVERITY_CRITICAL);
    assert_int_equal(groups.items[1].count, 1);
    struct buffer out;
    buffer_init(&out, SIZE_MAX);
    html_findings(&out, &p, &groups);
    free(groups.items);
    assert_int_equal(times_in(&out, "id=\"kind-large\""), 1);
    assert_int_equal(times_in(&out, "<h3>Small &lt;thing&gt;</h3>"), 1);
    assert_int_equal(times_in(&out, "<dd>Because.</dd>"), 1); /* once, not for each place */
    assert_int_equal(times_in(&out, "<dd>Run <code>a &lt;b&gt;</code>, then <code>c</code>.</dd>"),
                     1);
    assert_int_equal(times_in(&out, "nist:AC-6"), 2);
    assert_int_equal(times_in(&out, "gdpr:32"), 1);
    assert_int_equal(times_in(&out, "C/1"), 0);
    assert_true(strstr(out.data, "B/2") < strstr(out.data, "A/1"));
    buffer_free(&out);
    html_gone(&out, &p);
    assert_int_equal(times_in(&out, "C/1"), 1);
    assert_int_equal(times_in(&out, "does not know"), 1);
    buffer_free(&out);
}

static void bounded(void **state)
{
    (void)state;
    static struct posture_finding findings[HTML_ROWS_MAX + 1500];
    static struct text evidence[HTML_LIST_MAX + 5];
    static struct posture_count counts[HTML_COUNTS_MAX + 3];
    const size_t count = sizeof findings / sizeof findings[0];
    for (size_t i = 0; i < count; i++)
        findings[i] = (struct posture_finding){
            .kind = &kinds[0], .severity = SEVERITY_LOW, .evidence = {evidence, HTML_LIST_MAX + 5}};
    struct posture p = sample(findings, count);
    p.writers = counts;
    p.writer_count = HTML_COUNTS_MAX + 3;
    struct buffer out;
    buffer_init(&out, SIZE_MAX);
    posture_html(&p, &out);
    assert_int_equal(times_in(&out, "<li>and 5 more</li>"), HTML_ROWS_MAX);
    assert_int_equal(times_in(&out, "and 1,500 more: see the JSON"), 1);
    assert_int_equal(times_in(&out, "and 3 more: see the JSON"), 1);
    buffer_free(&out);
}

/* "None was found" and "none was looked for" are two answers. */
static void not_looked_at(void **state)
{
    (void)state;
    static struct text names[] = {{"<b>", 3}, {"", 0}};
    struct posture p = sample(NULL, 0);
    struct buffer out;
    names[1] = text_of(posture_kinds[0].name);
    p.not_looked_at = (struct text_list){names, 2};
    buffer_init(&out, SIZE_MAX);
    posture_html(&p, &out);
    assert_int_equal(times_in(&out, "2 kinds of findings</a> could not be looked for everywhere"),
                     1);
    assert_int_equal(times_in(&out, "<li><bdi>&lt;b&gt;</bdi></li>"), 1);
    assert_int_equal(times_in(&out, posture_kinds[0].title), 1);
    assert_int_equal(times_in(&out, "id=\"limits\""), 1);
    assert_int_equal(times_in(&out, "Only some kinds or severities"), 0);
    buffer_free(&out);
    p.filtered = true;
    posture_html(&p, &out);
    assert_int_equal(times_in(&out, "Only some kinds or severities were asked for."), 1);
    buffer_free(&out);
}

/* The same bytes each time; a buffer that is too small says so and is not overrun. */
static void same_bytes(void **state)
{
    (void)state;
    struct posture_finding finding = {.kind = &kinds[0], .severity = SEVERITY_LOW};
    struct posture p = sample(&finding, 1);
    struct buffer one, other;
    buffer_init(&one, SIZE_MAX);
    buffer_init(&other, SIZE_MAX);
    posture_html(&p, &one);
    posture_html(&p, &other);
    assert_true(text_equal(buffer_view(&one), buffer_view(&other)));
    for (size_t cap = 0; cap < one.size; cap += 997) {
        buffer_free(&other);
        buffer_init(&other, cap);
        posture_html(&p, &other);
        assert_true(other.failed && other.size <= cap);
    }
    buffer_free(&one);
    buffer_free(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(escaping),
        cmocka_unit_test(each_byte),
        cmocka_unit_test(numbers_and_times),
        cmocka_unit_test(bars),
        cmocka_unit_test(scale),
        cmocka_unit_test(columns),
        cmocka_unit_test(gaps),
        cmocka_unit_test(nothing_found),
        cmocka_unit_test(grouped),
        cmocka_unit_test(bounded),
        cmocka_unit_test(not_looked_at),
        cmocka_unit_test(same_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
