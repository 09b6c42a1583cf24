/*
 * refgate-hook - decides one push. Started by Bitbucket as a hook script (or by git itself, with
 * --native); githooks(5), Atlassian "Using hook scripts".
 *
 * Exit codes: 0 accepted, 1 rejected by policy, 2 rejected because something was wrong. main() is a
 * checklist: each step either succeeds or leaves a decision that rejects; exit code 0 comes from one
 * place, and from nowhere unless a decision that was recorded says so.
 */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/emergency.h"
#include "base/file.h"
#include "base/sandbox.h"
#include "base/ulid.h"
#include "base/version.h"
#include "policy/config.h"
#include "policy/decide.h"
#include "push/environment.h"
#include "push/git_history.h"
#include "push/location.h"
#include "push/login_observer.h"
#include "push/updates.h"
#include "record/approval_grant.h"
#include "record/audit.h"
#include "record/record.h"
#include "record/report.h"
#include "record/syslog.h"
#include "snapshot/configured.h"
#include "snapshot/format.h"

#define HOOK_PATH_MAX 4096
#define DEFAULT_DEADLINE_MS (10 * CLOCK_SECOND) /* until the configuration says otherwise */
#define WATCHDOG_GRACE_MS (2 * CLOCK_SECOND)    /* after the deadline that steps look at */
#define AUDIT_GRACE_US INT64_C(1000000)         /* to record a push that ran out of time */
#define DEFAULT_MEMORY ((size_t)256 * 1024 * 1024)
#define SYSLOG_FIELD_MAX 300
#define MALFORMED_TEXT "the ref updates cannot be read: "

struct hook {
    const char *config_option;
    bool native;
    int64_t started_us;
    int64_t deadline_us;
    char config_path[HOOK_PATH_MAX];
    struct arena arena;
    struct policy policy;
    bool policy_loaded;
    struct push push;
    struct buffer input; /* what stdin held */
    struct location location;
    struct login_observer logins;
    struct snapshot *snapshot;
    struct git_history *history;
    struct text disabled_reason; /* what the kill switch's file says */
    struct decision decision;
    struct approval_holds approvals; /* uses that were taken for it */
    struct ulid id;
    struct error detail;          /* what went wrong, for syslog */
    struct error sandbox_trouble; /* so that it does not stand in the way of anything else */
};

static const struct policy *hook_policy(const struct hook *hook)
{
    return hook->policy_loaded ? &hook->policy : NULL;
}

/* A step failed: the decision is a rejection with code 2 and this text. Always false, so that a step
 * can `return hook_fail(…)`. */
static bool hook_fail(struct hook *hook, bool monitorable, const char *text)
{
    decision_failure(hook_policy(hook), &hook->push, monitorable, text, &hook->arena,
                     &hook->decision);
    return false;
}

static bool hook_fail_with(struct hook *hook, bool monitorable, const char *prefix)
{
    const char *text = arena_printf(&hook->arena, "%s%s", prefix, hook->detail.text);
    return hook_fail(hook, monitorable, text ? text : "out of memory");
}

static int print_help(void)
{
    printf(
        "usage: refgate-hook [--config FILE] [--native]\n\n"
        "Decides one push: a pre-receive hook script for Bitbucket Data Center. Reads ref\n"
        "updates from stdin and BB_* variables from the environment; see refgate-hook(8).\n\n"
        "  --config FILE   configuration (default: refgate.conf beside this program, then\n"
        "                  /etc/refgate/refgate.conf)\n"
        "  --native        started by git itself: pusher and repository are not known\n"
        "  --version       show the version, the build, its libraries, and which formats of the\n"
        "                  snapshot it reads, and what it can use to restrict itself\n"
        "  --help          show this help\n\n"
        "Exit codes: 0 accepted, 1 rejected by policy, 2 rejected because something was\n"
        "wrong.\n");
    return fflush(stdout) ? 2 : 0;
}

/* The first line is for programs. */
static int print_version(void)
{
    char formats[FORMAT_RANGE_SIZE];
    char offer[SANDBOX_TEXT_SIZE];
    int printed = printf("refgate-hook %s\n%s%ssnapshot: reads %s\nsandbox: %s\n", REFGATE_VERSION,
                         version_build, version_hook, format_range_text(format_known, formats),
                         sandbox_offer(offer));
    return printed < 0 || fflush(stdout) ? 2 : 0;
}

static bool hook_arguments(struct hook *hook, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--native"))
            hook->native = true;
        else if (!strncmp(argv[i], "--config=", 9))
            hook->config_option = argv[i] + 9;
        else if (!strcmp(argv[i], "--config") && i + 1 < argc)
            hook->config_option = argv[++i];
        else
            return hook_fail(hook, false, "refgate-hook was installed with an unknown argument");
    }
    return true;
}

/* The kill switch is read before the configuration, so that it works when that is broken. */
static bool hook_disabled(struct hook *hook)
{
    struct text reason = TEXT_NONE;
    if (config_locate(hook->config_option, hook->config_path, sizeof hook->config_path,
                      &hook->detail) != STATUS_OK)
        return false;
    enum answer disabled = config_disabled(hook->config_path, &hook->arena, &reason, &hook->detail);
    if (disabled == ANSWER_CANNOT_TELL)
        syslog_send(SYSLOG_SOCKET_DEFAULT, SYSLOG_WARNING, text_of(hook->detail.text), NULL);
    if (disabled != ANSWER_YES)
        return false;
    hook->disabled_reason = reason;
    return true;
}

static bool hook_configure(struct hook *hook)
{
    struct config_errors errors;
    config_errors_init(&errors);
    enum status status = config_load(hook->config_path, &hook->arena, &hook->policy, &errors);
    hook->policy_loaded = status == STATUS_OK;
    if (!hook->policy_loaded)
        error_set(&hook->detail, status, "%.400s",
                  errors.lines.data ? errors.lines.data : "configuration cannot be loaded");
    config_errors_free(&errors);
    return hook->policy_loaded ||
           hook_fail(hook, false,
                     "the configuration of refgate is missing, invalid or not trusted");
}

static void hook_limits(struct hook *hook, bool disabled)
{
    const struct policy *policy = &hook->policy;
    hook->deadline_us = hook->started_us + policy->deadline_ms * 1000;
    if (policy->deadline_ms != DEFAULT_DEADLINE_MS)
        emergency_watchdog(policy->deadline_ms, WATCHDOG_GRACE_MS);
    const char *contact = "";
    if (policy->contact.size) {
        struct buffer line;
        buffer_init(&line, 1024);
        buffer_string(&line, "\nquestions: ");
        buffer_escaped(&line, policy->contact, 200, true);
        buffer_string(&line, "\n");
        struct text kept = arena_text(&hook->arena, buffer_view(&line));
        contact = kept.at ? kept.at : "";
        buffer_free(&line);
    }
    emergency_set_exit(disabled || policy->mode == MODE_MONITOR ? 0 : 2, contact);
    hook->arena.cap = policy->memory_bytes;
#ifndef __SANITIZE_ADDRESS__ /* its shadow memory is counted too */
    const struct rlimit memory = {policy->memory_bytes, policy->memory_bytes};
    struct rlimit now; /* a lower limit that is in force already stays: root could raise it */
    if (!getrlimit(RLIMIT_DATA, &now) && now.rlim_cur > memory.rlim_cur)
        setrlimit(RLIMIT_DATA, &memory);
#endif
}

/* From here on the hook can do little but read and judge. A kernel that offers less is silence, unless
 * more is required. */
static bool hook_restrict(struct hook *hook)
{
    const struct policy *policy = &hook->policy;
    const struct sandbox_needs needs = {
        .log = policy->audit_file.at,
        .directory = policy->approvals_directory.at,
        .syslog = policy->syslog != SYSLOG_OFF,
    };
    struct error why = {STATUS_OK, ""};
    enum status status = policy->sandbox == SANDBOX_OFF ? STATUS_OK : sandbox_enter(&needs, &why);
    if (status == STATUS_OK)
        return true;
    if (status != STATUS_UNSUPPORTED || policy->sandbox == SANDBOX_REQUIRE)
        hook->sandbox_trouble = why;
    return policy->sandbox != SANDBOX_REQUIRE ||
           hook_fail(hook, true, "refgate could not restrict itself as its configuration requires");
}

static bool hook_read_environment(struct hook *hook)
{
    const struct policy *policy = &hook->policy;
    struct environment env = environment_of_process();
    const char *variable = policy->resolvers & RESOLVER_ENVIRONMENT ? policy->credential_variable.at
                                                                    : NULL;
    if (environment_read(&env, hook->native, variable, &hook->push, &hook->detail) != STATUS_OK)
        return hook_fail_with(hook, true, "");
    if (location_find(&env, NULL, &hook->arena, &hook->location, &hook->detail) != STATUS_OK)
        return hook_fail_with(hook, true, "");
    hook->push.late = &emergency_late;
    hook->push.storage_id_known = hook->location.storage_id_known;
    hook->push.storage_id = hook->location.storage_id;
    if (policy->needs_local_time)
        hook->push.local = clock_local(hook->push.now_ms, policy->timezone.at);
    return true;
}

static bool hook_read_dry_run(struct hook *hook)
{
    struct environment env = environment_of_process();
    struct change *change = arena_alloc(&hook->arena, 1, sizeof *change);
    if (!change)
        return hook_fail(hook, true, "out of memory");
    if (environment_dry_run_change(&env, &hook->arena, change, &hook->detail) != STATUS_OK)
        return hook_fail_with(hook, true, "");
    hook->push.changes = change;
    hook->push.change_count = 1;
    hook->push.stdin_digest = digest_of(TEXT(""));
    return true;
}

static bool hook_read_changes(struct hook *hook)
{
    if (hook->push.dry_run)
        return hook_read_dry_run(hook);
    const struct policy *policy = &hook->policy;
    const struct updates_limits limits = {policy->max_refs, policy->max_line,
                                          policy->memory_bytes / 2, hook->deadline_us};
    struct updates updates;
    enum status status = updates_read(STDIN_FILENO, &limits, &hook->input, &hook->detail);
    if (status == STATUS_OK)
        status = updates_parse(buffer_view(&hook->input), &limits, &hook->arena, &updates,
                               &hook->detail);
    if (status == STATUS_FORMAT) /* the one failure besides the configuration that monitor mode
                                    does not accept */
        return hook_fail_with(hook, false, MALFORMED_TEXT);
    if (status != STATUS_OK)
        return hook_fail_with(hook, true, MALFORMED_TEXT);
    hook->push.changes = updates.changes;
    hook->push.change_count = updates.count;
    hook->push.stdin_digest = updates.digest;
    return true;
}

/* The access log is opened only if somebody asks. */
static void hook_watch(struct hook *hook)
{
    if (hook->policy.resolvers & RESOLVER_ACCESS_LOG)
        hook->push.observer = login_observer_init(&hook->logins, hook->policy.access_log.at,
                                                  &hook->detail);
}

/* Back at the guard, out of the middle of whatever it was. */
static void hook_interrupted(struct hook *hook)
{
    switch (emergency_cause()) {
    case EMERGENCY_MEMORY:
        error_set(&hook->detail, STATUS_MEMORY, "out of memory in libgit2");
        hook_fail(hook, true, "out of memory");
        break;
    case EMERGENCY_TIME:
        error_set(&hook->detail, STATUS_DEADLINE, "libgit2 worked past [limits] deadline");
        hook_fail(hook, true, "the decision took too long ([limits] deadline)");
        break;
    case EMERGENCY_DISK:
    default:
        error_set(&hook->detail, STATUS_IO, "SIGBUS: a mapped file ended early or its disk failed");
        hook_fail(hook, true, "a file could not be read to its end (disk error?)");
    }
}

static void hook_judge(struct hook *hook)
{
    if (emergency_guard()) {
        hook_interrupted(hook);
        return;
    }
    hook_watch(hook);
    struct view view = snapshot_configured(&hook->policy, NULL, SNAPSHOT_READ, &hook->arena,
                                           &hook->snapshot, &hook->detail);
    /* Fails for lack of memory only, which is not the same as a repository without history. */
    enum status status = git_history_new(&hook->location, hook->policy.history_commits,
                                         hook->deadline_us, &hook->history, &hook->detail);
    if (status == STATUS_OK) {
        const struct history history = git_history_interface(hook->history);
        status = decide(&hook->policy, &hook->push, &view, &history, NULL, &hook->arena,
                        &hook->decision, &hook->detail);
    }
    /* Also where memory was missed by what can do without an answer: it is a limit, whatever [failure]
     * says. */
    if (status == STATUS_DEADLINE)
        hook_fail(hook, true, "the decision took too long ([limits] deadline)");
    else if (status != STATUS_OK || hook->detail.code == STATUS_MEMORY)
        hook_fail(hook, true, "out of memory");
    emergency_unguard();
}

/* The last question, when all else has accepted: what was approved (semantics.md 7). */
static void hook_approve(struct hook *hook)
{
    const struct approval_request request = {&hook->policy,     &hook->push,  hook->id.text,
                                             hook->deadline_us, &hook->arena, false};
    approval_grant_held(&request, &hook->decision, &hook->approvals, &hook->detail);
}

/* Everything up to the decision. */
static void hook_decide(struct hook *hook, int argc, char **argv)
{
    if (!hook_arguments(hook, argc, argv))
        return;
    bool disabled = hook_disabled(hook);
    if (disabled)
        emergency_set_exit(0, ""); /* the kill switch accepts everything, also what gets stuck */
    if (!hook_configure(hook) && !disabled)
        return;
    if (hook->policy_loaded)
        hook_limits(hook, disabled);
    bool restricted = hook->policy_loaded && hook_restrict(hook);
    bool read = hook->policy_loaded && (restricted || disabled) && hook_read_environment(hook) &&
                hook_read_changes(hook);
    if (disabled)
        decision_disabled(hook_policy(hook), &hook->push, hook->disabled_reason, &hook->arena,
                          &hook->decision);
    else if (read) {
        hook_judge(hook);
        hook_approve(hook);
    }
}

/* NAME="VALUE"; a quote in the value becomes an apostrophe, so that nobody's name can pass for a
 * field. syslog_send() escapes the rest. */
static void add_field(struct buffer *line, const char *name, struct text value)
{
    struct text part;
    if (text_absent(value))
        value = TEXT("");
    value.size = value.size < SYSLOG_FIELD_MAX ? value.size : SYSLOG_FIELD_MAX;
    buffer_printf(line, " %s=", name);
    for (const char *quote = "\""; text_next_field(&value, '"', &part); quote = "'") {
        buffer_string(line, quote);
        buffer_text(line, part);
    }
    buffer_string(line, "\"");
}

static void hook_syslog(const struct hook *hook, const struct digest *head, const char *trouble)
{
    const struct decision *decision = &hook->decision;
    enum syslog_what what = hook->policy_loaded ? hook->policy.syslog : SYSLOG_NOTES;
    bool notable = decision->verdict != VERDICT_ACCEPT || decision->disabled || trouble;
    if (what == SYSLOG_OFF || (what == SYSLOG_NOTES && !notable))
        return;
    struct buffer line;
    buffer_init(&line, 4096);
    buffer_printf(&line, "decision=%s verdict=%s exit=%d refs=%zu", hook->id.text,
                  decision->disabled ? "disabled" : verdict_name(decision->verdict),
                  decision->exit_code, hook->push.change_count);
    if (head) /* early: a long message is cut */
        buffer_printf(&line, " hash=%s", head->hex);
    add_field(&line, "project", hook->push.project_key);
    add_field(&line, "repository", hook->push.repository_slug);
    add_field(&line, "user", hook->push.user_name);
    const struct reason_link *link = decision->push_reasons;
    for (int i = 0; link && i < 3; i++, link = link->next)
        add_field(&line, "note", link->reason->text);
    if (trouble && *trouble)
        add_field(&line, "trouble", text_of(trouble));
    if (!line.failed)
        syslog_send(hook->policy_loaded ? hook->policy.syslog_socket.at : SYSLOG_SOCKET_DEFAULT,
                    notable ? SYSLOG_WARNING : SYSLOG_INFO, buffer_view(&line), NULL);
    buffer_free(&line);
}

/* Writes the audit log's line; gives its hash in *head. */
static enum status hook_audit(struct hook *hook, struct digest *head, struct error *err)
{
    struct buffer record;
    buffer_init(&record, AUDIT_LINE_MAX);
    const struct record_frame frame = {hook->id.text, REFGATE_VERSION,
                                       clock_monotonic_us() - hook->started_us};
    enum status status = record_json(&frame, &hook->push, &hook->decision, hook_policy(hook),
                                     &record, err);
    int64_t deadline = hook->deadline_us;
    int64_t soon = clock_monotonic_us() + AUDIT_GRACE_US;
    if (status == STATUS_OK)
        status = audit_append(hook->policy.audit_file.at, buffer_view(&record),
                              hook->policy.audit_sync, deadline > soon ? deadline : soon, head,
                              err);
    buffer_free(&record);
    return status;
}

static void hook_record(struct hook *hook)
{
    if (hook->push.dry_run && hook->decision.exit_code == 0 &&
        verdict_accepts(hook->decision.verdict))
        return; /* one runs at each view of a pull request */
    struct digest head;
    bool recorded = false;
    char trouble[ERROR_TEXT_SIZE] = "";
    const struct error *detail = hook->detail.code != STATUS_OK ? &hook->detail
                                                                : &hook->sandbox_trouble;
    if (detail->code != STATUS_OK)
        memcpy(trouble, detail->text, sizeof trouble);
    if (hook->policy_loaded && hook->policy.audit_file.size) {
        struct error err = {STATUS_OK, ""};
        recorded = hook_audit(hook, &head, &err) == STATUS_OK;
        if (!recorded) {
            snprintf(trouble, sizeof trouble, "audit record not written: %.400s", err.text);
            if (hook->policy.audit_required && !hook->decision.disabled &&
                hook->decision.exit_code == 0) /* what policy refuses it refuses in its own words */
                hook_fail(hook, true, "the decision could not be written to the audit log");
        }
    }
    hook_syslog(hook, recorded ? &head : NULL, *trouble ? trouble : NULL);
}

static void hook_print(const struct hook *hook)
{
    struct buffer text;
    buffer_init(&text, 2 * REPORT_BYTES_MAX);
    report_render(&hook->decision, &hook->push, hook_policy(hook), hook->id.text, &text);
    if (text.size && !text.failed) {
        enum status ignored = file_write_all(STDERR_FILENO, text.data, text.size, NULL);
        (void)ignored; /* the pusher has hung up; the decision stands */
    }
    buffer_free(&text);
}

static void hook_init(struct hook *hook)
{
    hook->started_us = clock_monotonic_us();
    hook->deadline_us = hook->started_us + DEFAULT_DEADLINE_MS * 1000;
    arena_init(&hook->arena, DEFAULT_MEMORY);
    buffer_init(&hook->input, SIZE_MAX);
    hook->push.now_ms = clock_now_ms();
    hook->push.trigger = TRIGGER_UNKNOWN;
    hook->id = ulid_new(hook->push.now_ms);
    static struct utsname node;
    if (uname(&node) == 0)
        hook->push.host = text_of(node.nodename);
    /* Start at REJECT. */
    hook->decision = (struct decision){
        .verdict = VERDICT_REJECT, .exit_code = 2, .mode = MODE_ENFORCE, .pusher_type = "unknown"};
}

int main(int argc, char **argv)
{
    static struct hook hook; /* static: it must be whole after a jump out of a fault */

    if (argc == 2 && !strcmp(argv[1], "--version"))
        return print_version();
    if (argc == 2 && !strcmp(argv[1], "--help"))
        return print_help();

    emergency_install();
    emergency_watchdog(DEFAULT_DEADLINE_MS, WATCHDOG_GRACE_MS);
    hook_init(&hook);
    hook_decide(&hook, argc, argv);
    hook_record(&hook);
    /* An accepted push that could not be recorded, and must be, is none: it used nothing. */
    approval_holds_end(&hook.approvals, hook.decision.exit_code == 0);
    hook_print(&hook);

    int code = hook.decision.exit_code;
    /* The decision is out: nothing must change the code now. What is held goes with the process. */
    emergency_done();
    if (code == 0)
        return 0; /* the one place that accepts */
    return code == 1 ? 1 : 2;
}
