/*
 * config_value.h - the types of values in refgate.conf: how each is written and checked.
 */
#ifndef REFGATE_POLICY_CONFIG_VALUE_H
#define REFGATE_POLICY_CONFIG_VALUE_H

#include "base/arena.h"
#include "model/answer.h"
#include "policy/config_keys.h"
#include "policy/config_problem.h"

/* What a setter works with. The scratch arrays grow as needed and are used again for each key. */
struct config_context {
    struct arena *arena;
    struct config_problems *problems;
    struct text *items;
    size_t item_count, item_room;
};

extern const struct config_type config_type_word; /* enum stored as int */
extern const struct config_type config_type_flag; /* yes, no; bool */
extern const struct config_type config_type_text; /* text: one line to show, may continue */
extern const struct config_type config_type_link;
extern const struct config_type config_type_path;
extern const struct config_type config_type_zone;
extern const struct config_type config_type_variable;
extern const struct config_type config_type_duration;    /* int64_t, ms */
extern const struct config_type config_type_bytes;       /* uint64_t */
extern const struct config_type config_type_number;      /* uint64_t */
extern const struct config_type config_type_bits;        /* uint32_t */
extern const struct config_type config_type_format;      /* uint32_t; newest: 0 */
extern const struct config_type config_type_owners;      /* policy.owners, policy.owner_count */
extern const struct config_type config_type_resolvers;   /* unsigned, bits */
extern const struct config_type config_type_credentials; /* unsigned, bits */
extern const struct config_type config_type_changes;     /* unsigned, bits; all of them: 0 */
extern const struct config_type config_type_names;       /* text_list, split at commas */
extern const struct config_type config_type_emails;      /* text_list */
extern const struct config_type config_type_words;       /* text_list of bare words */
extern const struct config_type config_type_refs;        /* text_list of ref patterns */
extern const struct config_type config_type_projects;    /* text_list of name patterns */
extern const struct config_type config_type_repos;       /* text_list of KEY/SLUG patterns */
extern const struct config_type config_type_after, config_type_before; /* struct freeze */
extern const struct config_type config_type_days;                      /* struct freeze */

/* What after, before and days of a rule say together; sets rule->freeze_set. */
struct rule;
void config_freeze_check(struct config_context *context, unsigned line, struct rule *rule);

/* The uid that /etc/passwd gives this user. NO: it is not there; CANNOT_TELL: the file cannot be read.
 * Reads the file itself: the hook is static and must not load the name service switch. */
enum answer config_user_id(struct text name, uint32_t *uid);

#endif
