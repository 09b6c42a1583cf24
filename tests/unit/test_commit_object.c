/* push/commit_object.h: commits and tags, as leniently as git reads them. */
#include "tsv.h"

#include "push/commit_object.h"

#define T "tree 1111111111111111111111111111111111111111\n"
#define P1 "parent 2222222222222222222222222222222222222222\n"
#define P2 "parent 3333333333333333333333333333333333333333\n"
#define PEOPLE \
    "author A <a@example.com> 1600000000 +0200\ncommitter C <c@example.com> 1700000000 +0000\n"

static void read_well(void **state)
{
    (void)state;
    static const struct {
        struct text bytes;
        size_t parents;
        int64_t date;
        const char *author, *committer;
    } rows[] = {
        {TEXT(T PEOPLE "\nhi\n"), 0, 1700000000, "a@example.com", "c@example.com"},
        {TEXT(T P1 PEOPLE "\nhi\n"), 1, 1700000000, "a@example.com", "c@example.com"},
        {TEXT(T P1 P2 PEOPLE "\n"), 2, 1700000000, "a@example.com", "c@example.com"},
        {TEXT(T P1 P1 PEOPLE), 2, 1700000000, "a@example.com", "c@example.com"},
        /* no people, no dates: git reads it all the same */
        {TEXT(T "\n"), 0, 0, "", ""},
        {TEXT(T P1 "x"), 1, 0, "", ""},
        {TEXT(T "author A <a@example.com>\n\n"), 0, 0, "a@example.com", ""},
        {TEXT(T "committer C <c> 5"), 0, 5, "", "c"},
        {TEXT(T "committer C <c> -5 +0000\n"), 0, 0, "", "c"},
        {TEXT(T "committer C <c> 99999999999999999999 +0000\n"), 0, 0, "", "c"},
        {TEXT(T "committer C <c> 9223372036854775807 +0000\n"), 0, INT64_MAX, "", "c"},
        {TEXT(T "committer C <c> x\n"), 0, 0, "", "c"},
        {TEXT(T "committer C <c>\n"), 0, 0, "", "c"},
        {TEXT(T "committer C c> 7\n"), 0, 7, "", ""},
        {TEXT(T "committer C <c 7\n"), 0, 0, "", ""},
        {TEXT(T "committer C <> 7\n"), 0, 7, "", ""},
        {TEXT(T "committer <\n"), 0, 0, "", ""},
        {TEXT(T "committer "), 0, 0, "", ""},
        /* the first address is the one that git shows; the date is behind the last '>' */
        {TEXT(T "author A <a@x> <b@x> 9 +0000\n"), 0, 0, "a@x", ""},
        {TEXT(T "committer A <a@x> <b@x> 9 +0000\n"), 0, 9, "", "a@x"},
        /* given twice: nobody can say who it was */
        {TEXT(T "author A <a@x> 1 +0000\nauthor B <b@x> 1 +0000\ncommitter C <c@x> 2 +0000\n\n"), 0,
         2, "", "c@x"},
        {TEXT(T "committer C <c@x> 2 +0000\ncommitter D <d@x> 3 +0000\n\n"), 0, 2, "", ""},
        {TEXT(T "author A <a> 1\nauthor A <a> 1\nauthor A <a> 1\n"), 0, 0, "", ""},
        /* behind the header, and in continued lines, nothing counts */
        {TEXT(T PEOPLE "\nauthor E <e@x> 1 +0000\n" P1), 0, 1700000000, "a@example.com",
         "c@example.com"},
        {TEXT(T PEOPLE "gpgsig x\n author E <e@x> 1 +0000\n\n"), 0, 1700000000, "a@example.com",
         "c@example.com"},
        {TEXT(T PEOPLE P1 "\n"), 0, 1700000000, "a@example.com", "c@example.com"},
        {TEXT(T "parent 22222222222222222222222222222222222222\n"), 0, 0, "", ""}, /* as git: */
        {TEXT(T "author A <a\0b> 1\n"), 0, 0, "a\0b", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct commit_header header;
        if (!commit_header_parse(rows[i].bytes, &header))
            fail_msg("row %zu is refused", i);
        if (header.parent_count != rows[i].parents || header.date != rows[i].date)
            fail_msg("row %zu: %zu parents, date %lld", i, header.parent_count,
                     (long long)header.date);
        size_t size = i + 1 == sizeof rows / sizeof rows[0] ? 3 : strlen(rows[i].author);
        if (!text_equal(header.author_email, (struct text){rows[i].author, size}) ||
            !text_equal(header.committer_email, text_of(rows[i].committer)))
            fail_msg("row %zu: %.*s %.*s", i, TEXT_ARG(header.author_email),
                     TEXT_ARG(header.committer_email));
    }
}

static void damaged(void **state)
{
    (void)state;
    static const struct text rows[] = {
        TEXT(""),
        TEXT("tree"),
        TEXT("tree 1111111111111111111111111111111111111111"),
        TEXT("tree 111111111111111111111111111111111111111g\n\n"),
        TEXT("Tree 1111111111111111111111111111111111111111\n\n"),
        TEXT("tree 11111111111111111111111111111111111111111\n\n"),
        TEXT(P1 T PEOPLE),
        TEXT(T "parent 222222222222222222222222222222222222222g\n\n"),
        TEXT(T "parent 22222222222222222222222222222222222222222\n\n"),
        TEXT(T P1 "parent 3333333333333333333333333333333333333333 \n\n"),
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct commit_header header;
        if (commit_header_parse(rows[i], &header))
            fail_msg("row %zu is taken", i);
    }
}

static void parents(void **state)
{
    (void)state;
    struct commit_header header;
    char hex[40];
    static const char input[] = T P1 "parent ABCDEFabcdef0123456789ABCDEFabcdef012345\n" PEOPLE
                                     "\nhi\n";
    assert_true(commit_header_parse(text_of(input), &header));
    struct object_id id = commit_parent(&header, 0);
    object_id_format(&id, hex);
    assert_memory_equal(hex, "2222222222222222222222222222222222222222", 40);
    id = commit_parent(&header, 1); /* git takes upper case, and so must we */
    object_id_format(&id, hex);
    assert_memory_equal(hex, "abcdefabcdef0123456789abcdefabcdef012345", 40);
    static const struct object_id none;
    id = commit_parent(&header, 2);
    assert_memory_equal(&id, &none, sizeof id);
}

static void tags(void **state)
{
    (void)state;
    struct object_id id = {{0}};
    assert_true(tag_target_parse(
        TEXT("object 2222222222222222222222222222222222222222\ntype commit\n"), &id));
    assert_int_equal(id.bytes[19], 0x22);
    assert_false(tag_target_parse(TEXT("object 2222222222222222222222222222222222222222"), &id));
    assert_false(tag_target_parse(TEXT("object 22\n"), &id));
    assert_false(tag_target_parse(TEXT(""), &id));
    assert_false(tag_target_parse(TEXT("tag x\n"), &id));
}

/* Each prefix of a commit, and each with one byte changed, at the end of its memory. */
static void every_prefix(void **state)
{
    (void)state;
    static const char input[] = T P1 P2 PEOPLE "gpgsig -----\n x\n\nhi\n";
    for (size_t size = 0; size < sizeof input; size++)
        for (unsigned byte = 0; byte < 256; byte += 5) {
            char *copy = malloc(size ? size : 1);
            struct commit_header header;
            memcpy(copy, input, size);
            if (size)
                copy[size * 7 % size] = (char)byte;
            if (commit_header_parse((struct text){copy, size}, &header))
                for (size_t i = 0; i < header.parent_count; i++)
                    (void)commit_parent(&header, i);
            free(copy);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"commits are read as git reads them", read_well, NULL, NULL, NULL},
        {"what git would not read is damaged", damaged, NULL, NULL, NULL},
        {"parents, in digits of either case", parents, NULL, NULL, NULL},
        {"the object that a tag names", tags, NULL, NULL, NULL},
        {"no byte behind the end is looked at", every_prefix, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
