/*
 * config_renamed.h - keys of refgate.conf that have another name now.
 *
 * An old name is taken for one version: nobody's pushes stop because a package was upgraded before the
 * configuration. `refgate policy lint` (and `apply`, `show`) warns of it with the new name; the hook
 * says nothing at each push. From the version on that `gone` names, it is an error that says the new
 * name. Both names in one file are an error at once: which of them counts would be a guess.
 *
 * A section that loses its last key stays in config_keys.c without keys until its old names are gone.
 * Keys of named sections (rule, service-account) are renamed within their section.
 */
#ifndef REFGATE_POLICY_CONFIG_RENAMED_H
#define REFGATE_POLICY_CONFIG_RENAMED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"
#include "policy/config.h"
#include "policy/config_keys.h"

struct config_renamed {
    const char *section, *key;         /* as it was */
    const char *new_section, *new_key; /* as it is; both in the table of config_keys.h */
    const char *since;                 /* the version that renamed it, "0.2.0" */
    const char *gone;                  /* the version that does not take the old name any more */
};

struct config_renames {
    const struct config_renamed *list;
    size_t count;        /* at most CONFIG_RENAMES_MAX */
    const char *version; /* of this program */
};
#define CONFIG_RENAMES_MAX 32
extern const struct config_renames config_renames; /* of this version */

/* NULL: was never called so. */
const struct config_renamed *config_renamed_find(const struct config_renames *renames,
                                                 const struct config_section *section,
                                                 struct text key);
/* Is the old name still taken by this version? */
bool config_renamed_taken(const struct config_renames *renames,
                          const struct config_renamed *renamed);
/* The key by its name of today. */
const struct config_key *config_renamed_key(const struct config_renamed *renamed);
/* Has this key come from another section? */
bool config_renamed_moved(const struct config_renames *renames, const struct config_key *key);
/* -1, 0 or 1, by the numbers between the dots; what is missing is 0. */
int config_version_compare(const char *a, const char *b);

/* config_parse_kept() with another table of renamed keys: for tests. */
enum status config_parse_renamed(struct text bytes, const char *file_name, struct arena *arena,
                                 struct policy *out, struct config_errors *errors,
                                 struct config_listing *listing,
                                 const struct config_renames *renames) MUST_CHECK;

#endif
