#include "record/audit_line.h"

#define PREV_KEY ",\"prev\":\""
#define HASH_KEY ",\"hash\":\""
#define HASH_DIGITS (DIGEST_HEX_SIZE - 1)

struct digest audit_hash_none(void)
{
    struct digest none;
    memset(none.hex, '0', HASH_DIGITS);
    none.hex[HASH_DIGITS] = '\0';
    return none;
}

bool audit_hash_valid(struct text t)
{
    if (t.size != HASH_DIGITS)
        return false;
    for (size_t i = 0; i < t.size; i++)
        if (!ascii_digit(t.at[i]) && !(t.at[i] >= 'a' && t.at[i] <= 'f'))
            return false;
    return true;
}

void audit_line_seal(struct text record, const struct digest *prev, struct buffer *out,
                     struct digest *hash)
{
    struct text body = {record.at, record.size - 1}; /* without the closing brace */
    struct text pieces[] = {body, TEXT(PREV_KEY), text_of(prev->hex), TEXT("\"")};
    *hash = digest_of_parts(pieces, sizeof pieces / sizeof pieces[0]);
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++)
        buffer_text(out, pieces[i]);
    buffer_string(out, HASH_KEY);
    buffer_string(out, hash->hex);
    buffer_string(out, "\"}");
}

/* Cuts KEY, 64 digits and CLOSE from the end of *line. */
static bool cut_hash(struct text *line, struct text key, struct text close, struct text *hash)
{
    size_t size = key.size + HASH_DIGITS + close.size;
    if (line->size < size)
        return false;
    const char *at = line->at + line->size - size;
    struct text digits = {at + key.size, HASH_DIGITS};
    if (memcmp(at, key.at, key.size) || memcmp(digits.at + HASH_DIGITS, close.at, close.size) ||
        !audit_hash_valid(digits))
        return false;
    line->size -= size;
    *hash = digits;
    return true;
}

bool audit_line_hash(struct text line, struct text *hash)
{
    return cut_hash(&line, TEXT(HASH_KEY), TEXT("\"}"), hash);
}

bool audit_line_read(struct text line, struct audit_seal *out)
{
    struct audit_seal seal;
    if (!line.size || line.at[0] != '{' ||
        !cut_hash(&line, TEXT(HASH_KEY), TEXT("\"}"), &seal.hash))
        return false;
    seal.body = line;
    if (!cut_hash(&line, TEXT(PREV_KEY), TEXT("\""), &seal.prev))
        return false;
    *out = seal;
    return true;
}

bool audit_line_genuine(const struct audit_seal *seal)
{
    struct digest hash = digest_of(seal->body);
    return text_equal(text_of(hash.hex), seal->hash);
}
