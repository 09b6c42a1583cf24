/*
 * policy.h - what refgate.conf says, parsed and checked. Filled by policy/config.c, read by decide().
 *
 * All texts and arrays live in the arena that the policy was loaded into.
 */
#ifndef REFGATE_POLICY_POLICY_H
#define REFGATE_POLICY_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/text.h"
#include "model/change.h"
#include "model/credential.h"
#include "model/verdict.h"

struct text_list {
    const struct text *items;
    size_t count; /* 0: the condition is absent */
};

enum mode { MODE_ENFORCE = 0x35, MODE_MONITOR = 0x5a };

enum identity_want { IDENTITY_ANY = 0, IDENTITY_PUSHER, IDENTITY_KNOWN_USER };

struct freeze {
    /* All that are set must hold for the condition to match. */
    bool
        time_set; /* HH:MM .. HH:MM, the end excluded; may wrap midnight; days count at the start */
    int after_minute, before_minute; /* 0..1439; absent side: 0 resp. 1440 */
    unsigned days;                   /* bit 0 = Monday; 0: absent */
    bool from_set, until_set;        /* dates: first and last day included, as yyyymmdd */
    int from_date, until_date;
};

struct source {
    struct text file; /* base name of the file: what people see, never a server's path */
    unsigned line;    /* of the section's header */
};

struct rule {
    struct text name;
    struct source source;
    enum verdict action; /* REJECT, REQUIRE_APPROVAL, ANNOTATE */
    enum mode mode;
    unsigned credentials, except_credentials; /* class bits; 0: absent */
    enum confidence confidence;               /* NONE: absent */
    struct text_list projects, repos, refs, triggers;
    unsigned kinds;                              /* KIND_ bits; 0: absent */
    struct text_list users, groups, access_keys; /* access keys: ids or labels */
    struct text_list except_users, except_groups, except_access_keys;
    enum identity_want committer, author; /* the rule matches when a new commit does NOT satisfy */
    bool freeze_set;
    struct freeze freeze;
    struct text message;
    struct text_list controls;
};

struct service_account {
    struct text name; /* user name, without ASCII case */
    struct source source;
    struct text_list repos, refs;
    unsigned credentials, kinds; /* 0: absent */
    struct text owner;
    struct text_list controls;
};

struct access_key_policy {
    struct source source;
    enum verdict push; /* ACCEPT, ANNOTATE, REJECT */
    struct text_list refs;
    unsigned kinds;                                         /* 0: all */
    int64_t max_age_ms, max_idle_ms, warn_before_expiry_ms; /* 0: not set */
    uint32_t min_rsa_bits;                                  /* 0: not set */
    struct text_list algorithms;
    enum verdict shared; /* ACCEPT, ANNOTATE, REJECT */
};

enum resolver { RESOLVER_NAME = 1, RESOLVER_ENVIRONMENT = 2, RESOLVER_ACCESS_LOG = 4 }; /* bits */
enum foreign_token { FOREIGN_CONFIRMED = 1, FOREIGN_REJECT, FOREIGN_ANNOTATE };
enum sandbox_use { SANDBOX_OFF = 1, SANDBOX_TRY, SANDBOX_REQUIRE };
enum syslog_what { SYSLOG_OFF = 1, SYSLOG_NOTES, SYSLOG_ALL };

struct policy {
    /* [refgate] */
    enum mode mode;
    struct text contact;  /* whom to ask; may be absent */
    struct text timezone; /* NUL-terminated; default "UTC" */
    struct text link;     /* further help, an URL; may be absent */
    /* [snapshot] */
    struct text snapshot_file; /* NUL-terminated absolute path */
    uint64_t snapshot_max_size;
    uint32_t snapshot_format; /* for sync; 0: the newest */
    /* [trust] */
    const uint32_t *owners;
    size_t owner_count;
    /* [failure] */
    enum verdict no_snapshot, unknown_repo, unknown_user, undecided, undecided_restriction;
    /* [freshness] */
    int64_t max_age_ms;
    enum verdict when_stale;
    /* [permissions], [restrictions], [refs]: ACCEPT stands for `off` / `accept` */
    enum verdict permissions_check, restrictions_check, other_refs;
    bool admins_exempt;
    /* [credential] */
    unsigned resolvers;
    struct text credential_variable; /* NUL-terminated; only used with RESOLVER_ENVIRONMENT */
    struct text access_log;          /* NUL-terminated absolute path; may be absent */
    enum foreign_token foreign_token;
    /* [access-keys] */
    struct access_key_policy access_keys;
    /* [identity] */
    struct text_list
        extra_emails; /* accepted as pusher's and as known user's: address or *@domain */
    bool excuse_merges, excuse_service_accounts;
    /* [audit] */
    struct text audit_file; /* NUL-terminated absolute path; absent: no audit log */
    bool audit_required, audit_sync;
    enum syslog_what syslog;
    struct text syslog_socket; /* NUL-terminated absolute path */
    /* [approvals] */
    struct text approvals_directory; /* NUL-terminated absolute path; absent: no approvals */
    /* [limits] */
    int64_t deadline_ms;
    uint64_t memory_bytes;
    uint64_t max_refs, max_line, history_commits;
    /* [sandbox] */
    enum sandbox_use sandbox;

    const struct rule *rules;
    size_t rule_count;
    const struct service_account *service_accounts;
    size_t service_account_count;

    struct digest digest;  /* of the file's bytes */
    struct text file_name; /* base name */
    bool needs_local_time; /* some rule has a freeze */
};

#endif
