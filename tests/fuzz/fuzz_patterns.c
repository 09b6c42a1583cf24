/*
 * "PATTERN", a line feed, "REF": the matchers of base/glob.h against tables that are filled in by the
 * words of semantics 4.4, one segment and one character at a time; and the bound of the work.
 */
#include <string.h>

#include "base/glob.h"
#include "base/utf8.h"
#include "fuzz/support.h"

#define MOST 160 /* characters; the tables are squares of it */

struct characters { /* a byte that is not UTF-8 is one, unlike any code point */
    uint32_t at[MOST];
    size_t count;
};

static bool split(struct text t, struct characters *out)
{
    out->count = 0;
    for (size_t at = 0; at < t.size && out->count < MOST;) {
        uint32_t point;
        size_t width = utf8_next(t.at + at, t.size - at, &point);
        out->at[out->count++] = width ? point : 0x80000000U | (unsigned char)t.at[at];
        at += width ? width : 1;
        if (at >= t.size)
            return true;
    }
    return t.size == 0;
}

static uint32_t folded(uint32_t c, bool fold)
{
    return fold && c >= 'A' && c <= 'Z' ? c + 32 : c;
}

/* good[j]: the pattern up to here matches the first j characters. */
static bool segment(const uint32_t *p, size_t pn, const uint32_t *r, size_t rn, bool fold)
{
    bool good[MOST + 1] = {true};
    if (!pn)
        return false; /* no valid pattern has an empty segment */
    for (size_t i = 0; i < pn; i++) {
        bool next[MOST + 1];
        next[0] = good[0] && p[i] == '*';
        for (size_t j = 1; j <= rn; j++)
            next[j] = p[i] == '*' ? good[j] || next[j - 1]
                                  : good[j - 1] && (p[i] == '?' ||
                                                    folded(p[i], fold) == folded(r[j - 1], fold));
        memcpy(good, next, sizeof good);
    }
    return good[rn];
}

struct segments {
    struct {
        const uint32_t *at;
        size_t count;
    } of[MOST + 2];
    size_t count;
};

static void cut(const struct characters *c, struct segments *out)
{
    size_t start = 0;
    out->count = 0;
    for (size_t i = 0; i <= c->count; i++)
        if (i == c->count || c->at[i] == '/') {
            out->of[out->count].at = c->at + start;
            out->of[out->count++].count = i - start;
            start = i + 1;
        }
}

static bool is_any(const struct segments *p, size_t i)
{
    return p->of[i].count == 2 && p->of[i].at[0] == '*' && p->of[i].at[1] == '*';
}

/* good[j]: the segments up to here match the first j of the ref's. */
static bool matches(const struct segments *p, const struct segments *r, bool any, bool fold)
{
    bool good[MOST + 3] = {true};
    for (size_t i = 0; i < p->count; i++) {
        bool next[MOST + 3];
        bool skips = any && is_any(p, i);
        next[0] = good[0] && skips;
        for (size_t j = 1; j <= r->count; j++)
            next[j] = skips ? good[j] || next[j - 1]
                            : good[j - 1] && segment(p->of[i].at, p->of[i].count, r->of[j - 1].at,
                                                     r->of[j - 1].count, fold);
        memcpy(good, next, sizeof good);
    }
    return good[r->count];
}

/* The pattern with what its ends stand for: both ends, or with any segments before it. */
static bool reference(struct text pattern, struct text ref, bool suffix)
{
    struct buffer whole;
    struct characters p, r;
    struct segments ps, rs;
    bool answer = false;
    buffer_init(&whole, SIZE_MAX);
    if (pattern.at[0] == '/')
        pattern = text_skip(pattern, 1);
    if (suffix)
        buffer_string(&whole, "**/");
    buffer_text(&whole, pattern);
    if (pattern.at[pattern.size - 1] == '/')
        buffer_string(&whole, "**");
    if (split(buffer_view(&whole), &p) && split(ref, &r)) {
        cut(&p, &ps);
        cut(&r, &rs);
        answer = matches(&ps, &rs, true, false);
    }
    buffer_free(&whole);
    return answer;
}

static bool reference_anchored(struct text pattern, struct text ref)
{
    struct text bare = pattern.at[0] == '/' ? text_skip(pattern, 1) : pattern;
    const struct text branches = TEXT("refs/heads/");
    if (text_starts(bare, TEXT("refs/")))
        return reference(pattern, ref, false);
    return text_starts(ref, branches) && ref.size > branches.size &&
           reference(pattern, text_skip(ref, branches.size), false);
}

static void check_name(struct text pattern, struct text name)
{
    struct characters p, r;
    struct segments ps, rs;
    bool expected = false;
    if (!pattern.size || !name.size || !split(pattern, &p) || !split(name, &r))
        return;
    cut(&p, &ps);
    cut(&r, &rs);
    expected = ps.count == rs.count && matches(&ps, &rs, false, true);
    REQUIRE(glob_name_match(pattern, name) == expected);
    fuzz_tell_number(expected);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text rest = {(const char *)data, size}, pattern, ref = TEXT("");
    struct characters room;
    if (!text_next_field(&rest, '\n', &pattern))
        return 0;
    (void)text_next_field(&rest, '\n', &ref);
    const char *problem = glob_ref_problem(pattern);
    fuzz_tell_number(problem != NULL);
    size_t steps = 0;
    bool found = glob_ref_match_counted(pattern, ref, &steps);
    REQUIRE(steps <= 3 * (pattern.size + 1) * (ref.size + 1));
    REQUIRE(found == glob_ref_match(pattern, ref));
    bool anchored = glob_ref_match_anchored(pattern, ref);
    if (pattern.size > MOST - 8 || !split(ref, &room) || !ref.size)
        return 0;
    check_name(pattern, ref);
    if (problem)
        return 0;
    REQUIRE(found == reference(pattern, ref, true));
    REQUIRE(anchored == reference_anchored(pattern, ref));
    /* semantics 4.4: a list that permits never takes in more than one that restricts. */
    REQUIRE(!anchored || found);
    return 0;
}
