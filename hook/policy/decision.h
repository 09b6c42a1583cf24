/*
 * decision.h - what decide() found, for the texts, the record and the exit code.
 */
#ifndef REFGATE_POLICY_DECISION_H
#define REFGATE_POLICY_DECISION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "model/change.h"
#include "model/credential.h"
#include "model/permission.h"
#include "model/restriction.h"
#include "model/verdict.h"
#include "policy/policy.h"

enum reason_type {
    REASON_RESTRICTION = 1,
    REASON_RULE,
    REASON_PERMISSION,
    REASON_ACCESS_KEY,
    REASON_SERVICE_ACCOUNT,
    REASON_IDENTITY,
    REASON_NAMESPACE,
    REASON_FRESHNESS,
    REASON_UNDECIDED,
    REASON_FAILURE,
};
const char *reason_type_name(enum reason_type t); /* restriction rule permission access-key … */

/* Reasons are shared between changes: a rule that rejects 100,000 refs has one reason. So `text`
 * never names the ref. ASCII, one sentence without a full stop, outside names escaped. */
struct reason {
    enum reason_type type;
    enum verdict verdict; /* what it contributes */
    bool monitored;       /* rule in monitor mode: reported, contributes nothing */
    bool definite;        /* a definite no of policy (exit 1); undecided, unknown, failed: false */
    struct text text;
    struct text message;  /* the administrator's own words (rule message); may be absent */
    struct text rule;     /* name of the rule or section ("access-keys", service account's name) */
    struct source source; /* line 0: none */
    uint64_t restriction_id;
    struct text restriction_type; /* "pull-request-only" */
    bool wants_pull_request;      /* a pull request would be a way out */
    struct text_list proof;       /* "refgate.conf:41", "key/158", "repo/PRJ/app#9" */
    struct text_list controls;
};

struct reason_link {
    const struct reason *reason;
    struct reason_link *next; /* strongest first */
};

struct change_result {
    enum verdict verdict;
    enum change_kind kind; /* after history was asked, if it was */
    bool history_asked;
    const struct reason_link *reasons;
    struct text approval; /* id of the approval that covers it; absent: none */
};

struct approval_outcome; /* policy/approval.h */

struct decision {
    enum verdict verdict; /* of the whole push: what it is, or would be in monitor mode */
    int exit_code;        /* 0 accept, 1 rejected by policy, 2 rejected because of trouble */
    enum mode mode;       /* the global mode */
    bool disabled;        /* by the kill switch */
    struct text disabled_reason; /* with `disabled`: what the file says, escaped */
    const struct reason_link *push_reasons; /* not tied to one change (permission, freshness, …) */
    const struct change_result *changes;    /* as many as push->changes; NULL if judging did not get
                                               that far (failures before) */
    size_t change_count;
    size_t count_reject, count_annotate, count_note, count_accept, count_approval; /* changes */
    /* who, with what, where */
    const char *pusher_type; /* "user", "service", "unknown" */
    struct credential credential;
    bool bitbucket_permission_known, snapshot_permission_known;
    enum permission bitbucket_permission, snapshot_permission; /* repository scale */
    bool repository_known;
    uint64_t repository_id;
    struct text project_key, repository_slug; /* as judged (a moved repository's new name) */
    /* snapshot */
    bool snapshot_known;
    struct text snapshot_digest;
    int64_t snapshot_generated_ms, snapshot_age_ms;
    /* When the repository was read anew, after the rest; 0: it was not, or nobody asked. */
    int64_t snapshot_part_ms;
    /* What approvals did (semantics.md 7); NULL: none was looked for. Where they satisfied what was
     * lacking, the verdicts are what is left without it; the reasons that wanted them stay. */
    const struct approval_outcome *approval;
};

/* Exit code from verdicts and reasons (semantics.md 8 last row), monitor mode included. */
int decision_exit_code(const struct decision *decision);

#endif
