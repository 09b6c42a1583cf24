#include "push/commit_object.h"

#define HEX_SIZE ((size_t)2 * OBJECT_ID_SIZE)
#define TREE_LINE (sizeof("tree ") - 1 + HEX_SIZE + 1)
#define PARENT_LINE (sizeof("parent ") - 1 + HEX_SIZE + 1)

/* Value of a hex digit, plus one; 0: not one. */
static const uint8_t hex_value[256] = {
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
    ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
};

bool object_id_parse(struct text hex, struct object_id *out)
{
    struct object_id id;
    bool good = hex.size == HEX_SIZE;
    for (size_t i = 0; good && i < OBJECT_ID_SIZE; i++) {
        unsigned high = hex_value[(unsigned char)hex.at[2 * i]];
        unsigned low = hex_value[(unsigned char)hex.at[2 * i + 1]];
        good = high && low;
        id.bytes[i] = (uint8_t)((high - 1) << 4 | ((low - 1) & 15));
    }
    if (good)
        *out = id;
    return good;
}

void object_id_format(const struct object_id *id, char hex[2 * OBJECT_ID_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < OBJECT_ID_SIZE; i++) {
        hex[2 * i] = digits[id->bytes[i] >> 4];
        hex[2 * i + 1] = digits[id->bytes[i] & 15];
    }
}

/* `WORD <40 digits> LF` at the beginning of t. */
static bool id_line(struct text t, struct text word, struct object_id *id)
{
    size_t size = word.size + HEX_SIZE + 1;
    return t.size >= size && text_starts(t, word) && t.at[size - 1] == '\n' &&
           object_id_parse((struct text){t.at + word.size, HEX_SIZE}, id);
}

/* The address in `NAME <ADDRESS> TIME ZONE`: between the first '<' and the '>' that follows, which
 * is what git, and with it Bitbucket, shows. */
static struct text ident_email(struct text ident)
{
    const char *open = ident.size ? memchr(ident.at, '<', ident.size) : NULL;
    if (!open)
        return TEXT("");
    struct text rest = text_skip(ident, (size_t)(open - ident.at) + 1);
    const char *close = rest.size ? memchr(rest.at, '>', rest.size) : NULL;
    return close ? (struct text){rest.at, (size_t)(close - rest.at)} : TEXT("");
}

/* The number behind the last '>'. It orders a walk and decides nothing, so 0 is good enough for
 * what cannot be read. */
static int64_t ident_date(struct text ident)
{
    const char *close = memrchr(ident.at, '>', ident.size);
    uint64_t date;
    if (!close)
        return 0;
    struct text rest = text_trim(text_skip(ident, (size_t)(close - ident.at) + 1));
    size_t digits = 0;
    while (digits < rest.size && ascii_digit(rest.at[digits]))
        digits++;
    rest.size = digits;
    return text_parse_u64(rest, INT64_MAX, false, &date) ? (int64_t)date : 0;
}

/* Author and committer. A header that is there twice says nothing: programs differ in which they
 * show. */
static void read_people(struct text rest, struct commit_header *out)
{
    const struct text author = TEXT("author "), committer = TEXT("committer ");
    struct text line;
    unsigned authors = 0, committers = 0;
    out->author_email = out->committer_email = TEXT("");
    while (text_next_field(&rest, '\n', &line) && line.size) {
        if (text_starts(line, author)) {
            out->author_email = ident_email(text_skip(line, author.size));
            authors += authors < 2;
        } else if (text_starts(line, committer)) {
            out->committer_email = ident_email(text_skip(line, committer.size));
            out->date = committers ? out->date : ident_date(line);
            committers += committers < 2;
        }
    }
    if (authors > 1)
        out->author_email = TEXT("");
    if (committers > 1)
        out->committer_email = TEXT("");
}

bool commit_header_parse(struct text bytes, struct commit_header *out)
{
    const struct text parent = TEXT("parent ");
    struct object_id id;
    if (bytes.size <= TREE_LINE || !id_line(bytes, TEXT("tree "), &id))
        return false;
    struct text rest = text_skip(bytes, TREE_LINE);
    struct commit_header header = {.parents = rest};
    while (rest.size >= PARENT_LINE && text_starts(rest, parent)) {
        if (!id_line(rest, parent, &id))
            return false;
        rest = text_skip(rest, PARENT_LINE);
        header.parent_count++;
    }
    read_people(rest, &header);
    *out = header;
    return true;
}

struct object_id commit_parent(const struct commit_header *header, size_t index)
{
    struct object_id id = {{0}};
    size_t at = index * PARENT_LINE;
    if (index < header->parent_count)
        /* checked by commit_header_parse() */
        (void)!id_line(text_skip(header->parents, at), TEXT("parent "), &id);
    return id;
}

bool tag_target_parse(struct text bytes, struct object_id *out)
{
    return id_line(bytes, TEXT("object "), out);
}
