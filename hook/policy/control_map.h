/*
 * control_map.h - which controls of which framework a rule or a finding is evidence for
 * (config/control-map.ini).
 *
 *     [control "soc2:CC6.1"]
 *     title  = Logical access security
 *     reason = Who may push to what is decided by ...
 *     covers = rule, restriction, access-key, finding:write-by-default
 *
 * A control that no framework of ours has is an error, and so is a subject that nothing has.
 */
#ifndef REFGATE_POLICY_CONTROL_MAP_H
#define REFGATE_POLICY_CONTROL_MAP_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "policy/config.h"

struct control {
    struct text id; /* "soc2:CC6.1", "iso27001:A.8.4", "iso42001:A.6.2.8", "gdpr:32", "ai-act:12",
                       "nist:AC-6" */
    struct text title, reason;
    struct text_list covers; /* subjects: a reason's type ("rule", "restriction", "permission", …:
                                policy/decision.h), or "finding:NAME" (posture/posture.h) */
};

struct control_map {
    const struct control *controls; /* in the order of the file */
    size_t count;
};

/* Is it an identifier of a framework that we know? (A table of frameworks and their ranges.) */
bool control_known(struct text id);
/* "SOC 2", "ISO/IEC 27001:2022", … of a known identifier; NULL. */
const char *control_framework(struct text id);

/* Parses the bytes (which must outlive the map). subject_known says which names in `covers` there are.
 * STATUS_FORMAT with lines in `errors`, STATUS_MEMORY. */
enum status control_map_parse(struct text bytes, const char *file_name,
                              bool (*subject_known)(struct text subject), struct arena *arena,
                              struct control_map *out, struct config_errors *errors) MUST_CHECK;
/* The ids of all controls that cover the subject, in the order of the file; an empty list if none
 * do. false: out of memory. */
bool control_map_of(const struct control_map *map, struct text subject, struct arena *arena,
                    struct text_list *out) MUST_CHECK;
const struct control *control_map_find(const struct control_map *map, struct text id); /* NULL */

#endif
