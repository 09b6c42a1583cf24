/* base/glob.h: the ref patterns of Bitbucket. */
#include "tsv.h"

#include "base/glob.h"
#include "base/utf8.h"

/* ------------------------------------------------------------------ tables */

typedef bool matcher(struct text pattern, struct text name);

static void check_table(const char *path, matcher *match)
{
    struct tsv tsv;
    tsv_open(&tsv, path);
    while (tsv_next(&tsv)) {
        assert_true(tsv.fields >= 3);
        bool expected = text_equal(tsv.field[2], TEXT("1"));
        assert_true(expected || text_equal(tsv.field[2], TEXT("0")));
        if (match(tsv.field[0], tsv.field[1]) != expected)
            fail_msg("%s:%d: %.*s against %.*s should be %d", path, tsv.line,
                     TEXT_ARG(tsv.field[0]), TEXT_ARG(tsv.field[1]), expected);
    }
}

static void documented_examples(void **state)
{
    (void)state;
    check_table("tests/unit/data/branch-pattern-vectors.tsv", glob_ref_match);
}

static void each_sentence(void **state)
{
    (void)state;
    check_table("tests/unit/data/glob.tsv", glob_ref_match);
}

static void permitting_lists(void **state)
{
    (void)state;
    check_table("tests/unit/data/glob-anchored.tsv", glob_ref_match_anchored);
}

static void names(void **state)
{
    (void)state;
    check_table("tests/unit/data/glob-name.tsv", glob_name_match);
}

static void problems(void **state)
{
    (void)state;
    static const struct {
        struct text pattern;
        const char *says; /* part of the sentence; NULL: usable */
    } rows[] = {
        {{"", 0}, "empty"},
        {{"/", 1}, "only a slash"},
        {{"//", 2}, "empty segment"},
        {{"a//b", 4}, "empty segment"},
        {{"a//", 3}, "empty segment"},
        {{"//a", 3}, "empty segment"},
        {{"a\0b", 3}, "control character"},
        {{"a\nb", 3}, "control character"},
        {{"a\x1b[0m", 5}, "control character"},
        {{"a\x7f", 2}, "control character"},
        {{"a", 1}, NULL},
        {{"/a/", 3}, NULL},
        {{"**", 2}, NULL},
        {{"**/", 3}, NULL},
        {{"/**", 3}, NULL},
        {{"[!a]{b}", 7}, NULL},
        {{"caf\xc3\xa9", 5}, NULL},
        {{"\xff", 1}, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *problem = glob_ref_problem(rows[i].pattern);
        if (!rows[i].says != !problem || (problem && !strstr(problem, rows[i].says)))
            fail_msg("row %zu: %s", i, problem ? problem : "no problem found");
    }
}

static void longest_pattern(void **state)
{
    (void)state;
    char pattern[GLOB_PATTERN_MAX + 1];
    memset(pattern, 'a', sizeof pattern);
    struct text most = {pattern, GLOB_PATTERN_MAX}, more = {pattern, GLOB_PATTERN_MAX + 1};
    assert_null(glob_ref_problem(most));
    assert_non_null(strstr(glob_ref_problem(more), "4096"));
    assert_true(glob_ref_match(most, most));
    assert_false(glob_ref_match(more, more));
    assert_false(glob_name_match(more, more));
}

/* ------------------------------------------------------------------ a naive matcher */

#define UNITS_MAX 64

struct units { /* characters as numbers; an invalid byte is its value with a high bit */
    uint32_t at[UNITS_MAX];
    size_t count;
};

static struct units units_of(struct text t)
{
    struct units units = {.count = 0};
    for (size_t at = 0; at < t.size;) {
        uint32_t point;
        size_t width = utf8_next(t.at + at, t.size - at, &point);
        assert_true(units.count < UNITS_MAX);
        units.at[units.count++] = width ? point : 0x80000000u | (unsigned char)t.at[at];
        at += width ? width : 1;
    }
    return units;
}

static bool naive_segment(const uint32_t *p, size_t pn, const uint32_t *r, size_t rn)
{
    if (!pn)
        return !rn;
    if (p[0] == '*')
        return naive_segment(p + 1, pn - 1, r, rn) || (rn && naive_segment(p, pn, r + 1, rn - 1));
    return rn && (p[0] == '?' || p[0] == r[0]) && naive_segment(p + 1, pn - 1, r + 1, rn - 1);
}

static size_t segment_end(const uint32_t *at, size_t count)
{
    size_t end = 0;
    while (end < count && at[end] != '/')
        end++;
    return end;
}

/* `more`: segments are left; an empty one counts. */
static bool naive_segments(const uint32_t *p, size_t pn, bool p_more, const uint32_t *r, size_t rn,
                           bool r_more)
{
    if (!p_more)
        return !r_more;
    size_t pe = segment_end(p, pn), re = segment_end(r, rn);
    bool p_next = pe < pn, r_next = re < rn;
    const uint32_t *p2 = p + pe + p_next, *r2 = r + re + r_next;
    size_t pn2 = pn - pe - p_next, rn2 = rn - re - r_next;
    if (pe == 2 && p[0] == '*' && p[1] == '*')
        return naive_segments(p2, pn2, p_next, r, rn, r_more) ||
               (r_more && naive_segments(p, pn, true, r2, rn2, r_next));
    return r_more && naive_segment(p, pe, r, re) &&
           naive_segments(p2, pn2, p_next, r2, rn2, r_next);
}

/* The rule of semantics 4.4 word by word: a valid pattern, made ready for naive_segments(). */
static struct units naive_pattern(struct text pattern, bool suffix)
{
    char text[UNITS_MAX * 4];
    if (pattern.at[0] == '/')
        pattern = text_skip(pattern, 1);
    bool there = text_starts(pattern, TEXT("**/")) || text_equal(pattern, TEXT("**"));
    int size = snprintf(text, sizeof text, "%s%.*s%s", suffix && !there ? "**/" : "",
                        TEXT_ARG(pattern), pattern.at[pattern.size - 1] == '/' ? "**" : "");
    return units_of((struct text){text, (size_t)size});
}

static bool naive_match(const struct units *p, const struct units *r)
{
    return naive_segments(p->at, p->count, true, r->at, r->count, true);
}

/* ------------------------------------------------------------------ exhaustive comparison */

/* The n-th text over an alphabet, shortest first; false when it is longer than `most` pieces. */
static bool nth_text(size_t n, const char *const *alphabet, size_t letters, size_t most, char *out,
                     struct text *t)
{
    size_t pieces = 1, of_this_size = letters;
    while (n >= of_this_size) {
        n -= of_this_size;
        of_this_size *= letters;
        if (++pieces > most)
            return false;
    }
    size_t size = 0;
    for (size_t i = 0; i < pieces; i++, n /= letters) {
        const char *piece = alphabet[n % letters];
        memcpy(out + size, piece, strlen(piece));
        size += strlen(piece);
    }
    *t = (struct text){out, size};
    return true;
}

struct alphabet {
    const char *const *pieces;
    size_t letters, most;
};

#define PREFIX "refs/heads/"

static void compare_one(struct text pattern, struct text full, const struct units *suffix,
                        const struct units *anchored, const struct units *ref_units,
                        size_t *matched)
{
    struct text ref = text_skip(full, sizeof PREFIX - 1);
    bool expected = suffix && naive_match(suffix, ref_units);
    if (glob_ref_match(pattern, ref) != expected)
        fail_msg("%.*s against %.*s should be %d", TEXT_ARG(pattern), TEXT_ARG(ref), expected);
    *matched += expected;
    expected = anchored && naive_match(anchored, ref_units);
    if (glob_ref_match_anchored(pattern, full) != expected)
        fail_msg("%.*s anchored against %.*s should be %d", TEXT_ARG(pattern), TEXT_ARG(full),
                 expected);
}

static void compare_all(struct alphabet patterns, struct alphabet refs)
{
    char p[64], r[64] = PREFIX;
    struct text pattern, ref;
    const size_t prefix = sizeof PREFIX - 1;
    size_t compared = 0, matched = 0;
    for (size_t j = 0; nth_text(j, refs.pieces, refs.letters, refs.most, r + prefix, &ref); j++)
        compared++;
    struct units *units = test_calloc(compared, sizeof *units);
    for (size_t j = 0; nth_text(j, refs.pieces, refs.letters, refs.most, r + prefix, &ref); j++)
        units[j] = units_of(ref);
    for (size_t i = 0; nth_text(i, patterns.pieces, patterns.letters, patterns.most, p, &pattern);
         i++) {
        struct units suffix, anchored;
        bool valid = !glob_ref_problem(pattern);
        if (valid) {
            suffix = naive_pattern(pattern, true);
            anchored = naive_pattern(pattern, false);
        }
        for (size_t j = 0; nth_text(j, refs.pieces, refs.letters, refs.most, r + prefix, &ref); j++)
            compare_one(pattern, (struct text){r, ref.size + prefix}, valid ? &suffix : NULL,
                        valid ? &anchored : NULL, &units[j], &matched);
    }
    test_free(units);
    assert_true(matched > 100);
}

static void same_as_naive(void **state)
{
    (void)state;
    static const char *const in_pattern[] = {"a", "/", "*", "?"}, *const in_ref[] = {"a", "b", "/"};
    compare_all((struct alphabet){in_pattern, 4, 6}, (struct alphabet){in_ref, 3, 5});
}

static void same_as_naive_long_patterns(void **state)
{
    (void)state;
    static const char *const in_pattern[] = {"a", "/", "*"}, *const in_ref[] = {"a", "/"};
    compare_all((struct alphabet){in_pattern, 3, 7}, (struct alphabet){in_ref, 2, 6});
}

static void same_as_naive_segments(void **state)
{
    (void)state;
    static const char *const in_pattern[] = {"a/", "b/", "**/", "*/", "c"};
    static const char *const in_ref[] = {"a/", "b/", "c"};
    compare_all((struct alphabet){in_pattern, 5, 5}, (struct alphabet){in_ref, 3, 5});
}

static void same_as_naive_code_points(void **state)
{
    (void)state;
    static const char *const in_pattern[] = {"?", "*", "\xc3", "\xa9", "a"};
    static const char *const in_ref[] = {"a", "\xc3", "\xa9", "\xe2\x82\xac"};
    compare_all((struct alphabet){in_pattern, 5, 5}, (struct alphabet){in_ref, 4, 4});
}

static bool naive_name(const char *p, size_t pn, const char *r, size_t rn)
{
    if (!pn)
        return !rn;
    if (p[0] == '*')
        return naive_name(p + 1, pn - 1, r, rn) ||
               (rn && r[0] != '/' && naive_name(p, pn, r + 1, rn - 1));
    return rn && (p[0] == '?' ? r[0] != '/' : ascii_lower(p[0]) == ascii_lower(r[0])) &&
           naive_name(p + 1, pn - 1, r + 1, rn - 1);
}

static void names_same_as_naive(void **state)
{
    (void)state;
    static const char *const in_pattern[] = {"a", "B", "*", "?", "/"};
    static const char *const in_name[] = {"A", "b", "/"};
    char p[16], n[16];
    struct text pattern, name;
    for (size_t i = 0; nth_text(i, in_pattern, 5, 5, p, &pattern); i++)
        for (size_t j = 0; nth_text(j, in_name, 3, 5, n, &name); j++) {
            /* An empty part (a//b, /a, a/) is in no name; there the two may differ. */
            if (name.at[0] == '/' || name.at[name.size - 1] == '/' ||
                memmem(name.at, name.size, "//", 2))
                continue;
            bool expected = naive_name(pattern.at, pattern.size, name.at, name.size);
            if (glob_name_match(pattern, name) != expected)
                fail_msg("%.*s against %.*s should be %d", TEXT_ARG(pattern), TEXT_ARG(name),
                         expected);
        }
}

/* ------------------------------------------------------------------ the bound */

static size_t repeat(char *out, size_t room, const char *piece, int times)
{
    size_t size = 0;
    for (int i = 0; i < times && size + strlen(piece) < room; i++) {
        memcpy(out + size, piece, strlen(piece));
        size += strlen(piece);
    }
    return size;
}

/* Pattern and ref are PIECE repeated, then END. */
static void check_bound(const char *p_piece, int p_times, const char *p_end, const char *r_piece,
                        int r_times, const char *r_end, bool expected)
{
    char p[GLOB_PATTERN_MAX], r[24000];
    size_t pn = repeat(p, sizeof p - strlen(p_end), p_piece, p_times);
    size_t rn = repeat(r, sizeof r - strlen(r_end), r_piece, r_times);
    pn += repeat(p + pn, sizeof p - pn, p_end, 1);
    rn += repeat(r + rn, sizeof r - rn, r_end, 1);
    struct text pattern = {p, pn}, ref = {r, rn};
    size_t steps = 0;
    assert_null(glob_ref_problem(pattern));
    if (glob_ref_match_counted(pattern, ref, &steps) != expected)
        fail_msg("%s x %d %s against %s x %d %s", p_piece, p_times, p_end, r_piece, r_times, r_end);
    assert_true(glob_ref_match(pattern, ref) == expected);
    if (steps > 3 * (pn + 1) * (rn + 1))
        fail_msg("%s x %d: %zu steps for %zu x %zu bytes", p_piece, p_times, steps, pn, rn);
}

static void hostile_patterns_are_linear(void **state)
{
    (void)state;
    check_bound("**/a/", 40, "b", "a/", 1000, "c", false);
    check_bound("**/a/", 40, "b", "a/", 1000, "b", true);
    check_bound("**/a/", 40, "**/b", "a/", 10000, "a", false);
    check_bound("**/a/b/", 40, "**/c", "a/", 10000, "c", false);
    check_bound("**/a*a/", 40, "**/c", "aaaaa/", 10000, "c", true);
    check_bound("**/a*a*b/", 40, "**/c", "aaaaa/", 10000, "c", false);
    check_bound("*a", 100, "b", "a", 20000, "", false);
    check_bound("*a", 100, "b", "a", 20000, "b", true);
    check_bound("a*", 60, "", "a", 20000, "", true);
    check_bound("a*", 60, "b", "a", 20000, "c", false);
    check_bound("a*", 60, "?b", "a", 20000, "c", false);
    check_bound("*?", 60, "b", "a", 20000, "", false);
    check_bound("?*", 100, "/b", "a/", 10000, "b", false);
    check_bound("?", 2000, "", "a", 2001, "", false);
    check_bound("*", 4000, "b", "a", 10000, "", false);
    check_bound("*", 4000, "", "a", 10000, "", true);
    check_bound("*aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", 1, "*", "a", 20000, "", false);
    check_bound("*a", 1000, "*", "a", 999, "", false);
    check_bound("*/", 1000, "a", "a/", 998, "b", false);
    check_bound("**/*/", 500, "b", "a/", 499, "b", false);
    check_bound("a/", 500, "**", "a/", 10000, "b", true);
    check_bound("a/", 500, "b/**", "a/", 10000, "a", false);
    check_bound("\xc3\xa9*", 60, "\xc3", "\xc3\xa9", 10000, "", false);
}

static void steps_grow_with_the_ref_only(void **state)
{
    (void)state;
    /* Twice the ref, at most about twice the steps. */
    char ref[40000];
    size_t steps[2] = {0, 0};
    char pattern[256];
    size_t size = repeat(pattern, sizeof pattern, "**/a/", 40);
    pattern[size++] = 'b';
    for (int i = 0; i < 2; i++) {
        size_t length = repeat(ref, sizeof ref, "a/", i ? 16000 : 8000);
        ref[length++] = 'b';
        ref[length - 3] = 'c'; /* in the way of the last chunk */
        glob_ref_match_counted((struct text){pattern, size}, (struct text){ref, length}, &steps[i]);
    }
    assert_true(steps[0] > 0 && steps[1] <= 2 * steps[0] + 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"semantics 4.4: every documented example of Atlassian's article", documented_examples, 0,
         0, 0},
        {"semantics 4.4: each sentence about patterns", each_sentence, 0, 0, 0},
        {"semantics 4.4: lists that permit are anchored at refs/heads/", permitting_lists, 0, 0, 0},
        {"names match without ASCII case, stars stop at slashes", names, 0, 0, 0},
        {"an unusable pattern says what is wrong with it", problems, 0, 0, 0},
        {"patterns are at most 4096 bytes", longest_pattern, 0, 0, 0},
        {"refs: the same answers as a naive matcher", same_as_naive, 0, 0, 0},
        {"refs: the same for long patterns", same_as_naive_long_patterns, 0, 0, 0},
        {"refs: the same for many segments", same_as_naive_segments, 0, 0, 0},
        {"refs: the same for code points and invalid bytes", same_as_naive_code_points, 0, 0, 0},
        {"names: the same answers as a naive matcher", names_same_as_naive, 0, 0, 0},
        {"hostile patterns cost at most pattern x ref", hostile_patterns_are_linear, 0, 0, 0},
        {"a hostile pattern costs twice as much on twice the ref", steps_grow_with_the_ref_only, 0,
         0, 0},
    };
    return cmocka_run_group_tests_name("glob", tests, NULL, NULL);
}
