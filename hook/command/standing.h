/*
 * standing.h - what one principal may do to some refs of a repository: create, update, rewrite,
 * delete, or merge. The permission and the grants that it comes from are policy/effective.h's, the
 * verdicts are decide()'s, as for a push by that principal with one change for each ref and kind.
 */
#ifndef REFGATE_COMMAND_STANDING_H
#define REFGATE_COMMAND_STANDING_H

#include "command/check_case.h"
#include "command/instance.h"
#include "command/principal.h"
#include "policy/decision.h"
#include "policy/effective.h"
#include "policy/trace.h"

enum standing_answer {
    STANDING_NO = 1,
    STANDING_CANNOT_TELL, /* the snapshot or the configuration leaves it open */
    STANDING_APPROVAL,    /* with an approval (semantics.md 7) */
    STANDING_ANNOTATED,   /* yes, and the pusher is told something */
    STANDING_YES,
};
const char *standing_answer_name(enum standing_answer answer); /* yes annotated needs-approval … */
bool standing_may(enum standing_answer answer);                /* YES, ANNOTATED */

struct standing_change {
    struct text ref;
    enum change_kind kind;
    enum verdict verdict; /* what `refgate check` says of a push of this change alone */
    enum standing_answer answer;
    /* What the answer is due to, strongest first. */
    const struct reason *const *reasons;
    size_t reason_count;
};

struct standing {
    size_t number; /* among the standings of one run, for who keeps something of each */
    struct effective effective;
    enum permission least, most;     /* repository scale; of a token: what it is taken to have */
    enum answer may_write;           /* by permission, licence, archive */
    struct text closed;              /* why not, or why nobody can tell; absent: it may */
    size_t same_label;               /* keys that the hook takes it for, if more than one */
    struct standing_change *changes; /* refs x kinds, in the order that was asked */
    size_t change_count;
};

/* What all questions of one run of the program have in common. */
struct standing_question {
    const struct arguments *args;
    struct instance *instance;
    struct text project_key, slug; /* as asked */
    bool merge;
    unsigned kinds; /* KIND_ bits */
    struct check_case check;
    struct snapshot_meta meta;
    struct snapshot_repository repository;
    size_t found; /* standings so far */
};

/* Options of both commands: --at, --trigger, --credential. */
#define STANDING_OPTIONS                                                                   \
    {"at", "TIME", "judge as of this time (default: now)", false},                         \
        {"trigger", "ID", "as in BB_HOOK_TRIGGER_ID (default: push)", false},              \
        {"credential", "CLASS[:ID]", "what the `environment` resolver would read", false}, \
        {"snapshot", "FILE", "use this snapshot instead of the configured one", false},    \
        OPTION_FORMATS, OPTION_CONFIG


/* KEY/SLUG, options and refs; a ref without refs/ is a branch. `instance` is open and has a snapshot.
 * Fails with STATUS_USAGE, STATUS_NOT_FOUND (no such repository) and what reading can fail with. */
enum status standing_prepare(const struct arguments *args, struct instance *instance,
                             const char *repository, char *const *refs, size_t ref_count,
                             unsigned kinds, bool merge, struct standing_question *out,
                             struct error *err) MUST_CHECK;
/* `trace` may be NULL. What `out` points to lives in the instance's arena. */
enum status standing_find(struct standing_question *question, const struct principal *principal,
                          const struct trace *trace, struct standing *out,
                          struct error *err) MUST_CHECK;
/* The strongest answer of the changes. */
enum standing_answer standing_best(const struct standing *standing);

#endif
