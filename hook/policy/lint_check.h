/*
 * lint_check.h - what the parts of lint share. Internal to policy/lint*.c.
 */
#ifndef REFGATE_POLICY_LINT_CHECK_H
#define REFGATE_POLICY_LINT_CHECK_H

#include "policy/config_problem.h"
#include "policy/lint.h"

struct lint {
    const struct lint_input *input;
    const struct policy *policy;
    struct config_problems problems;
    struct error *err;
    enum status status; /* STATUS_FORMAT once the snapshot turned out to be damaged */
};

/* A key of a section: where findings point, and how they are introduced. */
struct lint_place {
    const char *section;
    unsigned section_line; /* 0: not named */
    const char *who;       /* "rule \"x\": " or "" */
};

/* The line of a key, or of its section's header if the file does not set it. */
unsigned lint_line(const struct lint *lint, const struct lint_place *place, const char *key);
void lint_warn(struct lint *lint, const struct lint_place *place, const char *key,
               const char *format, ...) PRINTF_LIKE(4, 5);
/* Is every item of `inner` in `outer`? Without ASCII case if `fold`. */
bool lint_covers(const struct text_list *outer, const struct text_list *inner, bool fold);

void lint_patterns(struct lint *lint, const struct lint_place *place, const struct text_list *refs,
                   bool permits);
void lint_classes(struct lint *lint, const struct lint_place *place, const char *key,
                  unsigned classes);
/* Identifiers that no framework has (control_map.h). */
void lint_controls(struct lint *lint, const struct lint_place *place,
                   const struct text_list *controls);
void lint_rule(struct lint *lint, const struct rule *rule, const struct lint_place *place);
void lint_shadows(struct lint *lint); /* rules that add nothing to another */
void lint_names(struct lint *lint);   /* names that the snapshot does not know */

#endif
