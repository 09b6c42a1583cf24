#include "policy/config_keys.h"

#include "base/clock.h"
#include "policy/config_value.h"
#include "policy/policy.h"

/* Numbers in comments are sections of the design's semantics; refgate.conf(5) tells the same. */

static const struct name_value modes[] = {{"enforce", MODE_ENFORCE}, {"monitor", MODE_MONITOR}};
static const struct name_value reject_annotate[] = {{"reject", VERDICT_REJECT},
                                                    {"annotate", VERDICT_ANNOTATE}};
static const struct name_value note_annotate_reject[] = {
    {"note", VERDICT_NOTE}, {"annotate", VERDICT_ANNOTATE}, {"reject", VERDICT_REJECT}};
static const struct name_value off_note_annotate_reject[] = {{"off", VERDICT_ACCEPT},
                                                             {"note", VERDICT_NOTE},
                                                             {"annotate", VERDICT_ANNOTATE},
                                                             {"reject", VERDICT_REJECT}};
static const struct name_value reject_annotate_off[] = {
    {"reject", VERDICT_REJECT}, {"annotate", VERDICT_ANNOTATE}, {"off", VERDICT_ACCEPT}};
static const struct name_value accept_annotate_reject[] = {
    {"accept", VERDICT_ACCEPT}, {"annotate", VERDICT_ANNOTATE}, {"reject", VERDICT_REJECT}};
static const struct name_value allow_annotate_reject[] = {
    {"allow", VERDICT_ACCEPT}, {"annotate", VERDICT_ANNOTATE}, {"reject", VERDICT_REJECT}};
static const struct name_value rule_actions[] = {{"reject", VERDICT_REJECT},
                                                 {"require-approval", VERDICT_REQUIRE_APPROVAL},
                                                 {"annotate", VERDICT_ANNOTATE}};
static const struct name_value foreign_tokens[] = {
    {"confirmed", FOREIGN_CONFIRMED}, {"reject", FOREIGN_REJECT}, {"annotate", FOREIGN_ANNOTATE}};
static const struct name_value syslogs[] = {
    {"off", SYSLOG_OFF}, {"notes", SYSLOG_NOTES}, {"all", SYSLOG_ALL}};
static const struct name_value sandbox_uses[] = {
    {"try", SANDBOX_TRY}, {"require", SANDBOX_REQUIRE}, {"off", SANDBOX_OFF}};
static const struct name_value wants[] = {
    {"pusher", IDENTITY_PUSHER}, {"known-user", IDENTITY_KNOWN_USER}, {"any", IDENTITY_ANY}};
static const struct name_value confidences[] = {{"certain", CONFIDENCE_CERTAIN},
                                                {"derived", CONFIDENCE_DERIVED},
                                                {"observed", CONFIDENCE_OBSERVED}};

#define WORDS(table) .words = table, .word_count = TABLE_COUNT(table)
#define IN_POLICY(field) .offset = offsetof(struct policy, field)
#define IN_RULE(field) .offset = offsetof(struct rule, field)
#define IN_ACCOUNT(field) .offset = offsetof(struct service_account, field)
#define BETWEEN(low, high) .least = (low), .most = (high)
#define KIB UINT64_C(1024)
#define MIB (KIB * 1024)
#define GIB (MIB * 1024)
#define YEARS (366 * (uint64_t)CLOCK_DAY)

static const struct config_key refgate_keys[] = {
    {"mode", &config_type_word, IN_POLICY(mode), "enforce",
     "Enforce the verdict, or monitor: judge and record, say what would be rejected, accept.",
     WORDS(modes)},
    {"contact", &config_type_text, IN_POLICY(contact), NULL,
     "Whom to ask; shown with each rejection.", BETWEEN(1, 200)},
    {"timezone", &config_type_zone, IN_POLICY(timezone), "UTC",
     "The zone that the times of day, days and dates of change freezes are in."},
    {"link", &config_type_link, IN_POLICY(link), NULL,
     "Where to read more; shown with each rejection.", BETWEEN(1, 500)},
};

static const struct config_key snapshot_keys[] = {
    {"file", &config_type_path, IN_POLICY(snapshot_file), "/var/lib/refgate/snapshot.cdb",
     "The permissions snapshot that refgate sync writes."},
    {"max-size", &config_type_bytes, IN_POLICY(snapshot_max_size), "4G",
     "A larger snapshot is refused.", BETWEEN(MIB, 4 * GIB)},
    {"format", &config_type_format, IN_POLICY(snapshot_format), "newest",
     "The format that refgate sync writes, for hooks that are older than it.", BETWEEN(1, 999)},
};

static const struct config_key trust_keys[] = {
    {"owners", &config_type_owners, IN_POLICY(owners), NULL,
     "Further users, by number or name, who may own the snapshot and its directories."},
};

static const struct config_key failure_keys[] = {
    /* 8 */
    {"no-snapshot", &config_type_word, IN_POLICY(no_snapshot), "reject",
     "There is no snapshot that can be used.", WORDS(reject_annotate)},
    {"unknown-repo", &config_type_word, IN_POLICY(unknown_repo), "note",
     "The snapshot does not know the repository.", WORDS(note_annotate_reject)},
    {"unknown-user", &config_type_word, IN_POLICY(unknown_user), "note",
     "The pusher is neither in the snapshot nor recognised as a key or token.",
     WORDS(note_annotate_reject)},
    {"undecided", &config_type_word, IN_POLICY(undecided), "reject",
     "A rule, the access-key policy or a service account's scope could not be decided.",
     WORDS(reject_annotate)},
    {"undecided-restriction", &config_type_word, IN_POLICY(undecided_restriction), "annotate",
     "A branch restriction could not be decided; Bitbucket enforces its own besides.",
     WORDS(note_annotate_reject)},
};

static const struct config_key freshness_keys[] = {
    /* 8 */
    {"max-age", &config_type_duration, IN_POLICY(max_age_ms), "24h",
     "A snapshot whose oldest part is older than this is stale.", BETWEEN(CLOCK_MINUTE, YEARS)},
    {"when-stale", &config_type_word, IN_POLICY(when_stale), "note",
     "What a stale snapshot, or one from the future, means for a push.",
     WORDS(note_annotate_reject)},
};

static const struct config_key permissions_keys[] = {
    /* 3 */
    {"check", &config_type_word, IN_POLICY(permissions_check), "note",
     "The pusher has no write permission according to the snapshot.",
     WORDS(off_note_annotate_reject)},
};

static const struct config_key restrictions_keys[] = {
    /* 4, 4.2 */
    {"check", &config_type_word, IN_POLICY(restrictions_check), "reject",
     "The most that branch restrictions do, blocks and doubts alike.", WORDS(reject_annotate_off)},
    {"admins-exempt", &config_type_flag, IN_POLICY(admins_exempt), "no",
     "Who administers the repository is exempt from its branch restrictions."},
};

static const struct config_key refs_keys[] = {
    /* 4 */
    {"other", &config_type_word, IN_POLICY(other_refs), "accept",
     "A push changes a ref that is neither a branch nor a tag.", WORDS(accept_annotate_reject)},
};

static const struct config_key credential_keys[] = {
    /* 5 */
    {"resolvers", &config_type_resolvers, IN_POLICY(resolvers), "name",
     "How the kind of credential is found out: name, environment, access-log."},
    {"variable", &config_type_variable, IN_POLICY(credential_variable), "REFGATE_CREDENTIAL",
     "The environment variable that a trusted wrapper sets, for the resolver environment."},
    {"access-log", &config_type_path, IN_POLICY(access_log), NULL,
     "Bitbucket's access log on this node, for the resolver access-log."},
    {"foreign-token", &config_type_word, IN_POLICY(foreign_token), "confirmed",
     "A token of another repository or project pushes.", WORDS(foreign_tokens)},
};

static const struct config_key access_keys_keys[] = {
    /* 5.1 */
    {"push", &config_type_word, IN_POLICY(access_keys.push), "allow",
     "Whether access keys may push at all.", WORDS(allow_annotate_reject)},
    {"refs", &config_type_refs, IN_POLICY(access_keys.refs), NULL,
     "The only refs that access keys may push to."},
    {"changes", &config_type_changes, IN_POLICY(access_keys.kinds),
     "create, update, rewrite, delete", "The only kinds of change that access keys may push."},
    {"max-age", &config_type_duration, IN_POLICY(access_keys.max_age_ms), "none",
     "An access key older than this is rejected.", BETWEEN(CLOCK_MINUTE, 100 * YEARS),
     .may_be_none = true},
    {"max-idle", &config_type_duration, IN_POLICY(access_keys.max_idle_ms), "none",
     "An access key unused for longer than this is annotated, never rejected.",
     BETWEEN(CLOCK_MINUTE, 100 * YEARS), .may_be_none = true},
    {"warn-before-expiry", &config_type_duration, IN_POLICY(access_keys.warn_before_expiry_ms),
     "none", "An access key that expires within this time is annotated.",
     BETWEEN(CLOCK_MINUTE, 100 * YEARS), .may_be_none = true},
    {"min-rsa-bits", &config_type_bits, IN_POLICY(access_keys.min_rsa_bits), "none",
     "A shorter RSA access key is rejected.", BETWEEN(512, 65536), .may_be_none = true},
    {"algorithms", &config_type_words, IN_POLICY(access_keys.algorithms), NULL,
     "The only algorithms that access keys may have, as Bitbucket names them."},
    {"shared", &config_type_word, IN_POLICY(access_keys.shared), "allow",
     "One access key is used for several repositories or projects.", WORDS(allow_annotate_reject)},
};

static const struct config_key identity_keys[] = {
    /* 5.3 */
    {"extra-emails", &config_type_emails, IN_POLICY(extra_emails), NULL,
     "Addresses, or *@DOMAIN, that count as the pusher's and as a known user's."},
    {"excuse-merges", &config_type_flag, IN_POLICY(excuse_merges), "no",
     "Merge commits that the server makes are excused from identity conditions."},
    {"excuse-service-accounts", &config_type_flag, IN_POLICY(excuse_service_accounts), "no",
     "Pushes by service accounts are excused from identity conditions."},
};

static const struct config_key audit_keys[] = {
    /* 8 */
    {"file", &config_type_path, IN_POLICY(audit_file), "/var/log/refgate/audit.jsonl",
     "The audit log, on a local disk of each node; none: no audit log.", .may_be_none = true},
    {"required", &config_type_flag, IN_POLICY(audit_required), "no",
     "Reject a push whose decision cannot be written to the audit log."},
    {"sync", &config_type_flag, IN_POLICY(audit_sync), "no",
     "Wait until the disk has the audit record."},
    {"syslog", &config_type_word, IN_POLICY(syslog), "all",
     "What goes to syslog: nothing, what is not plainly accepted, or every decision.",
     WORDS(syslogs)},
    {"syslog-socket", &config_type_path, IN_POLICY(syslog_socket), "/dev/log",
     "The socket of syslog or of the journal."},
};

static const struct config_key approvals_keys[] = {
    /* 7 */
    {"directory", &config_type_path, IN_POLICY(approvals_directory), NULL,
     "Where refgate approve puts approvals; the hook takes their uses there."},
};

static const struct config_key limits_keys[] = {
    /* 8 */
    {"deadline", &config_type_duration, IN_POLICY(deadline_ms), "10s",
     "A decision that takes longer rejects the push.", BETWEEN(CLOCK_SECOND, 110 * CLOCK_SECOND)},
    {"memory", &config_type_bytes, IN_POLICY(memory_bytes), "256M",
     "A decision that needs more memory rejects the push.", BETWEEN(8 * MIB, 64 * GIB)},
    {"refs", &config_type_number, IN_POLICY(max_refs), "200000", "A push of more refs is rejected.",
     BETWEEN(1, 10000000)},
    {"line", &config_type_bytes, IN_POLICY(max_line), "8K",
     "A ref update with a longer line is rejected.", BETWEEN(256, MIB)},
    {"history-commits", &config_type_number, IN_POLICY(history_commits), "500000",
     "A push that makes the hook look at more commits is rejected.", BETWEEN(1, 1000000000)},
};

static const struct config_key sandbox_keys[] = {
    /* 8 */
    {"use", &config_type_word, IN_POLICY(sandbox), "try",
     "The hook gives up rights that it does not need: as far as the kernel can, or else no push.",
     WORDS(sandbox_uses)},
};

static const struct config_key service_account_keys[] = {
    /* 5.2 */
    {"repos", &config_type_repos, IN_ACCOUNT(repos), NULL,
     "The only repositories it may push to, as KEY/SLUG patterns."},
    {"refs", &config_type_refs, IN_ACCOUNT(refs), NULL, "The only refs it may push to."},
    {"credentials", &config_type_credentials, IN_ACCOUNT(credentials), NULL,
     "The only kinds of credential it may push with."},
    {"changes", &config_type_changes, IN_ACCOUNT(kinds), "create, update, rewrite, delete",
     "The only kinds of change it may push."},
    {"owner", &config_type_text, IN_ACCOUNT(owner), NULL,
     "The team that answers for it; named in messages.", BETWEEN(1, 200)},
    {"controls", &config_type_names, IN_ACCOUNT(controls), NULL,
     "The controls that a rejection is proof of, for the record."},
};

static const struct config_key rule_keys[] = {
    /* 6 */
    {"action", &config_type_word, IN_RULE(action), NULL, "What a match means.", WORDS(rule_actions),
     .required = true},
    {"mode", &config_type_word, IN_RULE(mode), "enforce",
     "Monitor: judge and record this rule, and contribute nothing.", WORDS(modes)},
    {"message", &config_type_text, IN_RULE(message), NULL, "What the pusher reads besides.",
     BETWEEN(1, 1000)},
    {"controls", &config_type_names, IN_RULE(controls), NULL,
     "The controls that a match is proof of, for the record."},
    {"projects", &config_type_projects, IN_RULE(projects), NULL,
     "Project keys; * and ? stand for any characters and one."},
    {"repos", &config_type_repos, IN_RULE(repos), NULL, "Repositories, as KEY/SLUG patterns."},
    {"refs", &config_type_refs, IN_RULE(refs), NULL, "Refs, by patterns that match a suffix."},
    {"changes", &config_type_changes, IN_RULE(kinds), "create, update, rewrite, delete",
     "Kinds of change."},
    {"triggers", &config_type_words, IN_RULE(triggers), NULL,
     "What Bitbucket says started the hook: push, branch-create, pull-request-merge, ..."},
    {"credentials", &config_type_credentials, IN_RULE(credentials), NULL, "Kinds of credential."},
    {"except-credentials", &config_type_credentials, IN_RULE(except_credentials), NULL,
     "Kinds of credential that the rule does not apply to."},
    {"credential-confidence", &config_type_word, IN_RULE(confidence), NULL,
     "How sure the kind of credential must be; if it is less, the rule is undecided.",
     WORDS(confidences)},
    {"users", &config_type_names, IN_RULE(users), NULL, "User names."},
    {"except-users", &config_type_names, IN_RULE(except_users), NULL,
     "Users that the rule does not apply to."},
    {"groups", &config_type_names, IN_RULE(groups), NULL, "Groups of users."},
    {"except-groups", &config_type_names, IN_RULE(except_groups), NULL,
     "Groups whose members the rule does not apply to."},
    {"access-keys", &config_type_names, IN_RULE(access_keys), NULL,
     "Access keys, by number or label."},
    {"except-access-keys", &config_type_names, IN_RULE(except_access_keys), NULL,
     "Access keys that the rule does not apply to."},
    {"committer", &config_type_word, IN_RULE(committer), "any",
     "Matches if a new commit's committer is not the pusher, or not a known user.", WORDS(wants)},
    {"author", &config_type_word, IN_RULE(author), "any",
     "Matches if a new commit's author is not the pusher, or not a known user.", WORDS(wants)},
    {"after", &config_type_after, IN_RULE(freeze), NULL,
     "From this time of day (HH:MM) or this date (YYYY-MM-DD) on."},
    {"before", &config_type_before, IN_RULE(freeze), NULL,
     "Until this time of day (HH:MM, excluded) or this date (YYYY-MM-DD, included)."},
    {"days", &config_type_days, IN_RULE(freeze), NULL,
     "On these days: mon to sun, and ranges such as mon-fri or fri-mon."},
};

#define SECTION(name, keys, help)                                 \
    {                                                             \
        name, false, HOLDER_POLICY, help, keys, TABLE_COUNT(keys) \
    }

const struct config_section config_sections[] = {
    SECTION("refgate", refgate_keys, "The hook as a whole."),
    SECTION("snapshot", snapshot_keys, "The cached permissions."),
    SECTION("trust", trust_keys, "Whose files are believed."),
    SECTION("failure", failure_keys, "What a question without an answer means."),
    SECTION("freshness", freshness_keys, "How old the snapshot may be."),
    SECTION("permissions", permissions_keys, "The pusher's permission on the repository."),
    SECTION("restrictions", restrictions_keys, "Bitbucket's branch restrictions."),
    SECTION("refs", refs_keys, "Refs that are neither branches nor tags."),
    SECTION("credential", credential_keys, "With what somebody pushes."),
    SECTION("access-keys", access_keys_keys, "What SSH access keys may do, all of them."),
    SECTION("identity", identity_keys, "Whose commits they are."),
    SECTION("audit", audit_keys, "What is kept of a decision."),
    SECTION("approvals", approvals_keys, "What satisfies rules that require an approval."),
    SECTION("limits", limits_keys, "How much one push may cost."),
    SECTION("sandbox", sandbox_keys, "What the hook may do on its machine."),
    {"service-account", true, HOLDER_SERVICE_ACCOUNT, "A user that stands for a machine.",
     service_account_keys, TABLE_COUNT(service_account_keys)},
    {"rule", true, HOLDER_RULE, "A rule of the administrator.", rule_keys, TABLE_COUNT(rule_keys)},
};
const size_t config_section_count = TABLE_COUNT(config_sections);
_Static_assert(TABLE_COUNT(config_sections) <= CONFIG_SECTIONS_MAX, "every section has its place");
_Static_assert(TABLE_COUNT(rule_keys) <= CONFIG_KEYS_MAX, "every key has its place");

const struct config_section *config_section_find(struct text name)
{
    for (size_t i = 0; i < config_section_count; i++)
        if (text_equal(text_of(config_sections[i].name), name))
            return &config_sections[i];
    return NULL;
}

const struct config_key *config_key_find(const struct config_section *section, struct text name)
{
    for (size_t i = 0; name.size && i < section->key_count; i++) {
        const char *known = section->keys[i].name;
        /* Keys differ early: cheaper than to measure each of them first. */
        if (known[0] == name.at[0] && !strncmp(known, name.at, name.size) && !known[name.size])
            return &section->keys[i];
    }
    return NULL;
}
