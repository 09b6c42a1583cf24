/*
 * fact_list.h - what `refgate sync --with-reports` kept beside the snapshot (refgate-facts(5)), as far
 * as findings need it.
 */
#ifndef REFGATE_POSTURE_FACT_LIST_H
#define REFGATE_POSTURE_FACT_LIST_H

#include "base/arena.h"
#include "model/answer.h"
#include "policy/policy.h"

enum fact_kind {
    FACT_USER_SSH_KEY = 1,
    FACT_USER_TOKEN,
    FACT_PROJECT_TOKEN,
    FACT_REPOSITORY_TOKEN,
    FACT_WEBHOOK,
    FACT_HOOK, /* these two only if they match the pattern, else FACT_OTHER */
    FACT_HOOK_SCRIPT,
    FACT_OTHER, /* says no more than that its place was read */
};

struct fact {
    enum fact_kind kind;
    struct text project, repository; /* of its place; repository absent: of a project */
    struct text user;                /* of a user's */
    uint64_t user_id;
    struct text id; /* as text; of a hook its key */
    struct text name;
    int64_t created_ms, used_ms, expires_ms; /* 0: created: not known; used, expires: see there */
    /* user-ssh-key */
    enum answer weak;
    struct text algorithm;
    uint64_t bits;
    /* tokens */
    bool may_write, permissions_known;
    struct text permissions; /* "REPO_WRITE, PROJECT_READ" */
    /* webhook */
    struct text host, scheme;
    bool unverified; /* it does not look at the certificate */
    /* webhook: active; hook: enabled; hook-script: it is switched on, or it would not be there */
    bool active;
};

struct fact_list {
    const struct fact *facts; /* each once, in the order of the file */
    size_t count;
    struct text base_url, snapshot_digest;
};

/* `hook`: the pattern of the names of hooks that matter. STATUS_NOT_FOUND; STATUS_IO; STATUS_FORMAT
 * for a file that is not complete or not one of facts; STATUS_LIMIT; STATUS_MEMORY. */
enum status fact_list_read(const char *path, struct text hook, struct arena *arena,
                           struct fact_list *out, struct error *err) MUST_CHECK;

#endif
