/*
 * check_case.h - one push that is only asked about: from options or from a line of JSON into the same
 * struct push that the hook fills from its environment and stdin.
 */
#ifndef REFGATE_COMMAND_CHECK_CASE_H
#define REFGATE_COMMAND_CHECK_CASE_H

#include <jansson.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "model/push.h"
#include "policy/history.h"
#include "policy/policy.h"
#include "push/environment.h"

/* What the options say. One table (check_case.c) names them for --help, for JSON and for the BB_*
 * variable that each stands for. */
enum check_field {
    CHECK_REPO,
    CHECK_USER,
    CHECK_DISPLAY_NAME,
    CHECK_EMAIL,
    CHECK_PERMISSION,
    CHECK_TRIGGER,
    CHECK_BASE_URL,
    CHECK_CREDENTIAL,
    CHECK_OBSERVED,
    CHECK_GIT_DIR,
    CHECK_AT,
    CHECK_KIND,
    CHECK_FIELDS
};
extern const char *const check_field_names[CHECK_FIELDS];

struct check_case {
    const char *field[CHECK_FIELDS]; /* NULL: not given */
    const char *project_key, *slug;  /* of `repo`, once it was split */
    const char *credential_variable;
    struct observer observer; /* says what `observed` says: the access log is of real pushes */
    struct observation observation;
    struct push push;
    enum change_kind
        *stated; /* what history is said to say, for each change; CHANGE_MOVE: not said */
};

/* Fills case->push from the fields; `base_url` and `now` are used where the case does not say. The
 * changes come from one of the three functions below. */
enum status check_case_prepare(struct check_case *check, const struct policy *policy,
                               struct arena *arena, struct error *err) MUST_CHECK;
/* `OLD NEW REF` triples, or (with `kind`) names of refs. */
enum status check_case_operands(struct check_case *check, char *const *operands, size_t count,
                                struct arena *arena, struct error *err) MUST_CHECK;
enum status check_case_stdin(struct check_case *check, const struct policy *policy,
                             struct buffer *input, struct arena *arena,
                             struct error *err) MUST_CHECK;
/* One line of --batch: the fields and `changes`. Texts are copied into the arena. */
enum status check_case_json(struct check_case *check, const json_t *object, struct arena *arena,
                            struct error *err) MUST_CHECK;

/* A history that answers what `kind` said; for no repository to ask. */
struct history check_case_history(struct check_case *check);

#endif
