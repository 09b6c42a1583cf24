#include "base/glob.h"

#include <string.h>

#include "base/utf8.h"

/*
 * How it stays linear. A pattern is a row of segments; `**` segments cut it into chunks of segments
 * that must match without a gap. Only the last `**` is ever taken back (the leftmost place of a
 * chunk is as good as any later one), and within a segment only the last `*`. So a byte of the
 * pattern meets a byte of the ref once for each place of its chunk and of its run, and one place
 * is all that brings these two together: at most pattern x ref comparisons in all. The recursive
 * globs take exponential time on the same patterns.
 *
 * Most patterns have no `**` but the one in front that suffix matching puts there. They fix how
 * many segments at the end of the ref take part, so those are compared from the end, and the last
 * byte alone throws most pairs out.
 *
 * `steps`, when not NULL, counts the bytes looked at: tests assert the bound. Inlined away otherwise.
 */
#define ALWAYS_INLINE static inline __attribute__((always_inline))

/* The part of a pattern or a ref that is not matched yet: whole segments. None left is not the same
 * as one empty segment, hence `left`. */
struct segments {
    const char *at, *end;
    bool left;
};

/* One character at `at`: a code point, or a byte that is not valid UTF-8. */
static size_t unit_width(const char *at, const char *end)
{
    uint32_t point;
    size_t width = (unsigned char)*at < 0x80 ? 1 : utf8_next(at, (size_t)(end - at), &point);
    return width ? width : 1;
}

/* The literal at `p` against what is at `r`: bytes to go on by, 0 if they differ. Characters are
 * compared whole, so that a `?` or `*` after it never starts in the middle of one. */
ALWAYS_INLINE size_t literal_match(const char *p, const char *pattern_end, const char *r,
                                   const char *ref_end, bool fold)
{
    if (*p != *r && !(fold && ascii_lower(*p) == ascii_lower(*r)))
        return 0;
    if ((unsigned char)*p < 0x80)
        return 1;
    size_t width = unit_width(p, pattern_end);
    return width == unit_width(r, ref_end) && !memcmp(p, r, width) ? width : 0;
}

/* One segment of a pattern against one of a ref; neither holds a slash. */
ALWAYS_INLINE bool segment_match(const char *p, const char *pattern_end, const char *r,
                                 const char *ref_end, bool fold, size_t *steps)
{
    const char *star = NULL, *star_took = NULL; /* behind the last `*`, and behind what it took */
    if (p == pattern_end)
        return false; /* an empty segment is no valid pattern: it matches nothing */
    while (r < ref_end) {
        if (steps)
            ++*steps;
        size_t width = 0;
        if (p < pattern_end && *p == '*') {
            if (++p == pattern_end)
                return true;
            star = p;
            star_took = r;
            continue;
        }
        if (p < pattern_end)
            width = *p == '?' ? unit_width(r, ref_end)
                              : literal_match(p, pattern_end, r, ref_end, fold);
        if (width) {
            p += *p == '?' ? 1 : width;
            r += width;
            continue;
        }
        if (!star)
            return false;
        star_took += unit_width(star_took, ref_end);
        p = star;
        r = star_took;
    }
    while (p < pattern_end && *p == '*')
        p++;
    return p == pattern_end;
}

ALWAYS_INLINE const char *first_slash(const char *at, const char *end, size_t *steps) /* or end */
{
    const char *slash = memchr(at, '/', (size_t)(end - at));
    if (!slash)
        slash = end;
    if (steps)
        *steps += (size_t)(slash - at);
    return slash;
}

ALWAYS_INLINE const char *last_segment(const char *at, const char *end, size_t *steps)
{
    const char *start = end;
    while (start > at && start[-1] != '/')
        start--;
    if (steps)
        *steps += (size_t)(end - start);
    return start;
}

static bool is_any_segments(const char *at, const char *end)
{
    return end - at == 2 && at[0] == '*' && at[1] == '*';
}

static void drop_first(struct segments *s, const char *segment_end)
{
    s->left = segment_end < s->end;
    s->at = s->left ? segment_end + 1 : s->end;
}

static void drop_last(struct segments *s, const char *segment)
{
    s->left = segment > s->at;
    s->end = s->left ? segment - 1 : s->at;
}

enum tail { TAIL_DIFFERS, TAIL_MATCHES, TAIL_ANY_SEGMENTS };

/* Compares from the end until the pattern is used up or its last `**` is reached (and dropped). */
ALWAYS_INLINE enum tail match_tail(struct segments *pattern, struct segments *ref, size_t *steps)
{
    while (pattern->left) {
        const char *p = last_segment(pattern->at, pattern->end, steps);
        const char *pattern_end = pattern->end;
        bool any = is_any_segments(p, pattern_end);
        if (!any) {
            if (!ref->left)
                return TAIL_DIFFERS;
            const char *r = last_segment(ref->at, ref->end, steps);
            if (!segment_match(p, pattern_end, r, ref->end, false, steps))
                return TAIL_DIFFERS;
            drop_last(ref, r);
        }
        drop_last(pattern, p);
        if (any)
            return TAIL_ANY_SEGMENTS;
    }
    return TAIL_MATCHES;
}

/* Compares segments from the front until the pattern is used up or stands at a `**`. */
ALWAYS_INLINE bool match_chunk(struct segments *pattern, struct segments *ref, size_t *steps)
{
    while (pattern->left) {
        const char *pattern_end = first_slash(pattern->at, pattern->end, steps);
        if (is_any_segments(pattern->at, pattern_end))
            return true;
        if (!ref->left)
            return false;
        const char *ref_end = first_slash(ref->at, ref->end, steps);
        if (!segment_match(pattern->at, pattern_end, ref->at, ref_end, false, steps))
            return false;
        drop_first(pattern, pattern_end);
        drop_first(ref, ref_end);
    }
    return true;
}

/* The first byte tells most places apart from the one that is looked for. */
ALWAYS_INLINE bool may_begin(struct segments pattern, struct segments ref)
{
    if (pattern.at == pattern.end || ref.at == ref.end)
        return true; /* match_chunk() knows */
    return *pattern.at == *ref.at || *pattern.at == '*' || *pattern.at == '?';
}

/* The pattern against a beginning of the ref: what follows is `**`. `floating`: `**` is in front
 * of it, too. */
ALWAYS_INLINE bool match_front(struct segments pattern, struct segments ref, bool floating,
                               size_t *steps)
{
    for (;;) {
        while (pattern.left) {
            const char *end = first_slash(pattern.at, pattern.end, steps);
            if (!is_any_segments(pattern.at, end))
                break;
            floating = true;
            drop_first(&pattern, end);
        }
        if (!pattern.left)
            return true;
        struct segments chunk = pattern, place = ref;
        while (!may_begin(pattern, ref) || !match_chunk(&chunk, &place, steps)) {
            if (!floating || !ref.left)
                return false;
            drop_first(&ref, first_slash(ref.at, ref.end, steps));
            chunk = pattern;
            place = ref;
        }
        pattern = chunk;
        ref = place;
    }
}

/* Both ends anchored; with `floating` as if `**` and a slash were in front of the pattern. */
ALWAYS_INLINE bool match(struct text pattern, struct text ref, bool floating, size_t *steps)
{
    if (!pattern.size || !ref.size || pattern.size > GLOB_PATTERN_MAX)
        return false;
    struct segments p = {pattern.at, pattern.at + pattern.size, true};
    struct segments r = {ref.at, ref.at + ref.size, true};
    char last = p.end[-1];
    if (last == '/') {
        p.end--;
        if (p.end == p.at)
            return false;
        return match_front(p, r, floating, steps);
    }
    if (last != '*' && last != '?' && last != r.end[-1])
        return false;
    switch (match_tail(&p, &r, steps)) {
    case TAIL_MATCHES:
        return floating || !r.left;
    case TAIL_ANY_SEGMENTS:
        return match_front(p, r, floating, steps);
    case TAIL_DIFFERS:
        break;
    }
    return false;
}

static struct text without_leading_slash(struct text pattern)
{
    return pattern.size && pattern.at[0] == '/' ? text_skip(pattern, 1) : pattern;
}

bool glob_ref_match(struct text pattern, struct text ref)
{
    return match(without_leading_slash(pattern), ref, true, NULL);
}

bool glob_ref_match_counted(struct text pattern, struct text ref, size_t *steps)
{
    return match(without_leading_slash(pattern), ref, true, steps);
}

bool glob_ref_match_anchored(struct text pattern, struct text ref)
{
    struct text branches = TEXT("refs/heads/");
    pattern = without_leading_slash(pattern);
    if (!text_starts(pattern, TEXT("refs/"))) {
        if (!text_starts(ref, branches))
            return false;
        ref = text_skip(ref, branches.size);
    }
    return match(pattern, ref, false, NULL);
}

/* Surely nothing that is looked for below, eight bytes at a time: a repository may have thousands of
 * patterns. */
static bool is_ordinary(struct text pattern)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = UINT64_C(0x8080808080808080);
    uint64_t odd = 0;
    if (pattern.size < 9 || pattern.size > GLOB_PATTERN_MAX || (unsigned char)*pattern.at < 0x20 ||
        *pattern.at == 0x7f)
        return false;
    for (size_t at = 0; at < pattern.size - 1; at += 8) {
        uint64_t word, next;
        if (at > pattern.size - 9)
            at = pattern.size - 9; /* some bytes twice */
        memcpy(&word, pattern.at + at, 8);
        memcpy(&next, pattern.at + at + 1, 8);
        /* A top bit remains where a byte is below 0x20, is 0x7f, and where two slashes meet. */
        uint64_t deleted = next ^ ones * 0x7f;
        uint64_t slashes = (word ^ ones * '/') | (next ^ ones * '/');
        odd |= ((next - ones * 0x20) & ~next) | ((deleted - ones) & ~deleted) |
               ((slashes - ones) & ~slashes);
    }
    return !(odd & tops);
}

const char *glob_ref_problem(struct text pattern)
{
    if (is_ordinary(pattern))
        return NULL;
    if (!pattern.size)
        return "the pattern is empty";
    if (pattern.size > GLOB_PATTERN_MAX)
        return "the pattern is longer than 4096 bytes";
    for (size_t i = 0; i < pattern.size; i++) {
        unsigned char byte = (unsigned char)pattern.at[i];
        if (byte < 0x20 || byte == 0x7f)
            return "the pattern holds a control character";
    }
    if (pattern.size == 1 && pattern.at[0] == '/')
        return "the pattern is only a slash; write ** for every ref";
    for (size_t i = 1; i < pattern.size; i++)
        if (pattern.at[i] == '/' && pattern.at[i - 1] == '/')
            return "the pattern has an empty segment (two slashes side by side)";
    return NULL;
}

bool glob_name_match(struct text pattern, struct text name)
{
    if (!pattern.size || pattern.size > GLOB_PATTERN_MAX || !name.size)
        return false;
    struct segments p = {pattern.at, pattern.at + pattern.size, true};
    struct segments n = {name.at, name.at + name.size, true};
    while (p.left && n.left) {
        const char *pattern_end = first_slash(p.at, p.end, NULL);
        const char *name_end = first_slash(n.at, n.end, NULL);
        if (!segment_match(p.at, pattern_end, n.at, name_end, true, NULL))
            return false;
        drop_first(&p, pattern_end);
        drop_first(&n, name_end);
    }
    return !p.left && !n.left;
}
