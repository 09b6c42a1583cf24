/*
 * config_keys.h - the table of everything that refgate.conf may say.
 *
 * One entry a key: parser, defaults, `policy show`, the tests of refgate.conf(5) and of the shipped
 * config/refgate.conf all read this table. A key that is not here does not exist.
 */
#ifndef REFGATE_POLICY_CONFIG_KEYS_H
#define REFGATE_POLICY_CONFIG_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/table.h"
#include "base/text.h"

struct config_context;
struct config_key;

/* What a key's value is made of. */
struct config_value {
    const struct text *parts; /* one a line; more than one only if the type continues */
    const unsigned *lines;
    size_t count;
};

struct config_type {
    const char *name; /* "duration" */
    const char *form; /* for people: "a number and s, m, h, d or w" */
    bool continues;   /* lists and texts may go on in lines that begin with a blank */
    /* Checks the value and stores it at `field`; reports a problem and stores nothing if it is not
     * one. */
    void (*set)(struct config_context *context, const struct config_key *key,
                const struct config_value *value, void *field);
};

struct config_key {
    const char *name;
    const struct config_type *type;
    size_t offset;        /* in struct policy, or in struct rule, struct service_account */
    const char *fallback; /* the default, as it would be written; NULL: not set */
    const char *help;     /* one sentence */
    const struct name_value *words; /* of types that choose from words */
    size_t word_count;
    uint64_t least, most; /* of numbers, sizes and durations (in ms); length of texts */
    bool may_be_none;     /* "none" is a value: not set */
    bool required;
};

enum config_holder { HOLDER_POLICY = 1, HOLDER_RULE, HOLDER_SERVICE_ACCOUNT };

struct config_section {
    const char *name;
    bool named; /* [rule "NAME"]: any number of them */
    enum config_holder holder;
    const char *help;
    const struct config_key *keys;
    size_t key_count;
};

extern const struct config_section config_sections[];
extern const size_t config_section_count;

const struct config_section *config_section_find(struct text name); /* NULL: unknown */
const struct config_key *config_key_find(const struct config_section *section, struct text name);
#define CONFIG_KEYS_MAX 32     /* at most, in one section */
#define CONFIG_SECTIONS_MAX 20 /* at most, kinds of section */

#endif
