/*
 * text.h - a piece of text that somebody else owns: pointer and length, no NUL needed.
 *
 * Most names, refs and patterns in refgate are views into a file that is mapped or into the
 * buffer that stdin was read into; nobody copies them to ask a question. ASCII helpers do not
 * look at the locale.
 */
#ifndef REFGATE_BASE_TEXT_H
#define REFGATE_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct text {
    const char *at; /* may be NULL only when size is 0; NULL means "absent", "" means "empty" */
    size_t size;
};

#define TEXT_NONE ((struct text){NULL, 0})
#define TEXT(literal) ((struct text){"" literal, sizeof(literal) - 1})
/* For printf: "%.*s", TEXT_ARG(t) - only for text that was checked or escaped. */
#define TEXT_ARG(t) (int)(t).size, ((t).size ? (t).at : "")

static inline struct text text_of(const char *string) /* NULL gives TEXT_NONE */
{
    return (struct text){string, string ? strlen(string) : 0};
}
static inline bool text_absent(struct text t)
{
    return !t.at;
}
static inline bool text_equal(struct text a, struct text b)
{
    return a.size == b.size && (!a.size || !memcmp(a.at, b.at, a.size));
}
static inline bool text_starts(struct text t, struct text prefix)
{
    return t.size >= prefix.size && (!prefix.size || !memcmp(t.at, prefix.at, prefix.size));
}
static inline struct text text_skip(struct text t, size_t bytes) /* bytes <= t.size */
{
    return (struct text){bytes ? t.at + bytes : t.at, t.size - bytes};
}

static inline char ascii_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}
static inline bool ascii_digit(char c)
{
    return c >= '0' && c <= '9';
}
static inline bool ascii_blank(char c)
{
    return c == ' ' || c == '\t';
}
/* Equal without ASCII case, all other bytes exactly (semantics.md 1: users, groups, keys, slugs). */
bool text_equal_fold(struct text a, struct text b);
/* <0, 0, >0 as memcmp, a prefix first. */
int text_compare(struct text a, struct text b);
int text_compare_fold(struct text a, struct text b);
struct text text_trim(struct text t); /* blanks and tabs at both ends */
/* A base URL as everything compares and writes it; absent stays absent. */
static inline struct text text_without_slashes(struct text t)
{
    while (t.size && t.at[t.size - 1] == '/')
        t.size--;
    return t;
}
/* FNV-1a of 64 bits, folded: for names that no pusher chooses. */
uint64_t text_hash(struct text t);

/* Decimal, digits only, no sign, no blank; false if empty, not a number or > max. Leading zeros
 * are allowed unless `strict`, which wants the one way to write a number. */
bool text_parse_u64(struct text t, uint64_t max, bool strict, uint64_t *out);

/* Cuts the next item of a list at any of comma and blank; false at the end. Items are never
 * empty. "a, b  c" gives a, b, c. */
bool text_next_item(struct text *rest, struct text *item);
/* Cuts up to the next `separator` byte or to the end; false at the end. Items may be empty. */
bool text_next_field(struct text *rest, char separator, struct text *field);

#endif
