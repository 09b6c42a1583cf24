#include "model/ref.h"

/*
 * One table and one pass: this runs for each ref of a push, 100,000 times in a large one. A byte
 * is ordinary, forbidden, or one that needs a look at its neighbours. git-check-ref-format(1)
 * numbers the rules; so do the comments below.
 */
enum ref_byte {
    ORDINARY = 0,
    FORBIDDEN, /* 4, 5, 10: control characters, DEL, space ~ ^ : ? * [ \ */
    SLASH,
    DOT,
    BRACE, /* 8: "@{" */
};

static const unsigned char ref_bytes[256] = {
    [0x00] = FORBIDDEN, [0x01] = FORBIDDEN, [0x02] = FORBIDDEN, [0x03] = FORBIDDEN,
    [0x04] = FORBIDDEN, [0x05] = FORBIDDEN, [0x06] = FORBIDDEN, [0x07] = FORBIDDEN,
    [0x08] = FORBIDDEN, [0x09] = FORBIDDEN, [0x0a] = FORBIDDEN, [0x0b] = FORBIDDEN,
    [0x0c] = FORBIDDEN, [0x0d] = FORBIDDEN, [0x0e] = FORBIDDEN, [0x0f] = FORBIDDEN,
    [0x10] = FORBIDDEN, [0x11] = FORBIDDEN, [0x12] = FORBIDDEN, [0x13] = FORBIDDEN,
    [0x14] = FORBIDDEN, [0x15] = FORBIDDEN, [0x16] = FORBIDDEN, [0x17] = FORBIDDEN,
    [0x18] = FORBIDDEN, [0x19] = FORBIDDEN, [0x1a] = FORBIDDEN, [0x1b] = FORBIDDEN,
    [0x1c] = FORBIDDEN, [0x1d] = FORBIDDEN, [0x1e] = FORBIDDEN, [0x1f] = FORBIDDEN,
    [' '] = FORBIDDEN,  ['~'] = FORBIDDEN,  ['^'] = FORBIDDEN,  [':'] = FORBIDDEN,
    ['?'] = FORBIDDEN,  ['*'] = FORBIDDEN,  ['['] = FORBIDDEN,  ['\\'] = FORBIDDEN,
    [0x7f] = FORBIDDEN, ['/'] = SLASH,      ['.'] = DOT,        ['{'] = BRACE,
};

static bool ends_in_lock(const char *start, const char *end)
{
    return end - start >= 5 && !memcmp(end - 5, ".lock", 5);
}

bool ref_name_valid(struct text ref)
{
    struct text top = TEXT("refs/");
    /* The prefix is ours (hooks only see full names); with it come rules 2 (a slash) and 9 ("@"
     * alone), and every byte below has one before it. */
    if (ref.size <= top.size || !text_starts(ref, top))
        return false;
    const char *end = ref.at + ref.size;
    const char *component = ref.at + top.size;
    for (const char *at = component; at < end; at++) {
        switch (ref_bytes[(unsigned char)*at]) {
        case ORDINARY:
            break;
        case SLASH: /* 6: no empty component; 1: none that ends in ".lock" */
            if (at == component || ends_in_lock(component, at))
                return false;
            component = at + 1;
            break;
        case DOT: /* 1: no component begins with a dot; 3: no ".." */
            if (at == component || at[-1] == '.')
                return false;
            break;
        case BRACE:
            if (at[-1] == '@')
                return false;
            break;
        default:
            return false;
        }
    }
    /* 6: no slash at the end; 7: no dot there */
    return component < end && end[-1] != '.' && !ends_in_lock(component, end);
}

static bool is_below(struct text ref, struct text prefix)
{
    return ref.size > prefix.size && text_starts(ref, prefix);
}

bool ref_is_branch(struct text ref)
{
    return is_below(ref, TEXT("refs/heads/"));
}

bool ref_is_tag(struct text ref)
{
    return is_below(ref, TEXT("refs/tags/"));
}

bool ref_is_internal(struct text ref)
{
    return is_below(ref, TEXT("refs/pull-requests/")) || is_below(ref, TEXT("refs/changes/")) ||
           is_below(ref, TEXT("refs/stash-refs/"));
}

static bool is_hex_digit(char c)
{
    return ascii_digit(c) || (c >= 'a' && c <= 'f');
}

bool object_id_valid(struct text id)
{
    if (id.size != 40 && id.size != 64)
        return false;
    for (size_t i = 0; i < id.size; i++)
        if (!is_hex_digit(id.at[i]))
            return false;
    return true;
}

bool object_id_zero(struct text id)
{
    for (size_t i = 0; i < id.size; i++)
        if (id.at[i] != '0')
            return false;
    return id.size > 0;
}
