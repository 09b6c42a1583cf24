/*
 * doctor_hook.c - what the hook needs on this machine, judged for who runs it.
 */
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "command/apply_danger.h"
#include "command/doctor_path.h"
#include "command/doctor_program.h"
#include "snapshot/configured.h"

#define LINT "refgate policy lint shows where"

/* ------------------------------------------------------------------ the configuration */

/* "refgate.conf:12: sentence\n": the first line, and how many there are. */
static void say_lines(struct doctor *d, enum doctor_mark mark, const struct config_errors *errors,
                      const char *what, const char *advice)
{
    struct text rest = buffer_view(&errors->lines), line = TEXT_NONE;
    (void)text_next_field(&rest, '\n', &line);
    if (errors->count > 1)
        doctor_say(d, mark, "configuration", advice, "%zu %ss, the first: %.*s", errors->count,
                   what, TEXT_ARG(line));
    else
        doctor_say(d, mark, "configuration", advice, "%.*s", TEXT_ARG(line));
}

static void say_dangers(struct doctor *d, const struct view *view)
{
    struct buffer sentences;
    struct text rest, line;
    buffer_init(&sentences, SIZE_MAX);
    apply_dangers(&d->config.policy, view, clock_now_ms(), &sentences);
    rest = buffer_view(&sentences);
    while (text_next_field(&rest, '\n', &line))
        if (line.size)
            doctor_say(d, DOCTOR_FAIL, "every push",
                       "mend it, or write mode = monitor until it is mended",
                       "every push is rejected: %.*s", TEXT_ARG(line));
    buffer_free(&sentences);
}

/* As the hook will see it: with the runner's files trusted. */
static void check_meaning(struct doctor *d)
{
    struct policy policy = d->config.policy;
    struct snapshot *snapshot = NULL;
    policy.owners = d->owners.uids;
    policy.owner_count = d->owners.count;
    struct view view = snapshot_configured(&policy, d->file.path, SNAPSHOT_READ, &d->config.arena,
                                           &snapshot, NULL);
    if (inspection_lint(d->args, &d->config, view.problem ? NULL : &view) != EXIT_YES)
        doctor_say(d, DOCTOR_FAIL, "configuration", LINT, "it could not be looked at as a whole");
    if (d->config.warnings.count)
        say_lines(d, DOCTOR_WARN, &d->config.warnings, "warning", LINT);
    say_dangers(d, &view);
    snapshot_close(snapshot);
}

static void check_configuration(struct doctor *d)
{
    const struct doctor_path path = {
        "configuration", d->config.path,
        FILE_READ,       DOCTOR_TRUSTED,
        DOCTOR_FAIL,     "without it every push is rejected: refgate.conf(5); or --config"};
    if (!doctor_path(d, &path, !d->configured && d->config.errors.count))
        return;
    if (!d->configured) {
        say_lines(d, DOCTOR_FAIL, &d->config.errors, "mistake",
                  "every push is rejected until it is mended: " LINT);
        return;
    }
    check_meaning(d);
    if (d->config.policy.mode == MODE_MONITOR)
        doctor_say(d, DOCTOR_WARN, "mode", "refgate policy apply leads to mode = enforce",
                   "monitor mode: nothing is rejected");
    else
        doctor_say(d, DOCTOR_OK, "mode", NULL, "enforce");
}

/* The tool, too, has a default, and `sync` writes where that says. */
static void check_other(struct doctor *d)
{
    char own[PATH_MAX];
    struct error err;
    struct stat st;
    if (!*d->hook || argument(d->args, "config") ||
        config_locate(NULL, own, sizeof own, &err) != STATUS_OK || !strcmp(own, d->config.path) ||
        lstat(own, &st))
        return;
    doctor_say(d, DOCTOR_WARN, "configuration", "keep one of them, or give refgate --config",
               "the hook reads %s, and refgate %s", d->config.path, own);
}

/* ------------------------------------------------------------------ the kill switch */

static void check_kill_switch(struct doctor *d)
{
    char directory[PATH_MAX], path[PATH_MAX + sizeof CONFIG_DISABLED_NAME];
    struct error why = {STATUS_OK, ""};
    struct text reason = TEXT("why cannot be read");
    doctor_directory(d->config.path, directory);
    snprintf(path, sizeof path, "%s/" CONFIG_DISABLED_NAME, directory);
    switch (file_access_trusted(path, &d->runner, NULL, &why)) {
    case ANSWER_YES:
        (void)config_disabled(d->config.path, &d->config.arena, &reason, &why);
        doctor_say(d, DOCTOR_FAIL, "kill switch", "refgate enable",
                   "every push is accepted because of %s: %.*s", path, TEXT_ARG(reason));
        break;
    case ANSWER_NO:
        if (why.code == STATUS_NOT_FOUND)
            doctor_say(d, DOCTOR_OK, "kill switch", NULL, "not set");
        else
            doctor_say(d, DOCTOR_WARN, "kill switch", "refgate enable, or chown it to root",
                       "hooks will not believe it: %s", why.text);
        break;
    case ANSWER_CANNOT_TELL:
    default:
        doctor_say(d, DOCTOR_WARN, "kill switch", "run doctor as root", "%s", why.text);
        break;
    }
}

/* ------------------------------------------------------------------ what else it reads */

static bool any_approvals(const struct policy *policy)
{
    bool any = false;
    for (size_t i = 0; i < policy->rule_count && !any; i++)
        any = policy->rules[i].action == VERDICT_REQUIRE_APPROVAL;
    return any;
}

static void check_approvals(struct doctor *d)
{
    const struct policy *policy = &d->config.policy;
    bool wanted = any_approvals(policy);
    if (policy->approvals_directory.size) {
        const struct doctor_path path = {"approvals",
                                         policy->approvals_directory.at,
                                         FILE_READ | FILE_WRITE | FILE_PASS,
                                         DOCTOR_TRUSTED,
                                         wanted ? DOCTOR_FAIL : DOCTOR_WARN,
                                         "make it, for the user that runs Bitbucket, mode 0755"};
        (void)doctor_path(d, &path, false);
    } else if (wanted) {
        doctor_say(d, DOCTOR_WARN, "approvals", "name it: [approvals] directory",
                   "a rule wants approvals, and there is no directory for them");
    }
}

static void check_access_log(struct doctor *d)
{
    const struct policy *policy = &d->config.policy;
    const struct doctor_path path = {"access log", policy->access_log.at,
                                     FILE_READ,    DOCTOR_TRUSTED,
                                     DOCTOR_WARN,  "see [credential] access-log"};
    if ((policy->resolvers & RESOLVER_ACCESS_LOG) && policy->access_log.size)
        (void)doctor_path(d, &path, false);
}

/* That there is none yet was said before. */
static void check_snapshot(struct doctor *d)
{
    struct stat st;
    const struct doctor_path path = {"snapshot",    d->file.path, FILE_READ,
                                     DOCTOR_OWNERS, DOCTOR_FAIL,  DOCTOR_SYNC};
    if (!lstat(d->file.path, &st))
        (void)doctor_path(d, &path, false);
}

static void check_syslog(struct doctor *d)
{
    const struct policy *policy = &d->config.policy;
    struct stat st;
    const struct doctor_path path = {
        "syslog",
        policy->syslog_socket.at,
        FILE_WRITE,
        DOCTOR_ANYBODY,
        DOCTOR_WARN,
        "start the machine's log service, name its socket in [audit] syslog-socket, or "
        "write syslog = off"};
    if (policy->syslog == SYSLOG_OFF)
        return;
    if (stat(path.path, &st) || S_ISSOCK(st.st_mode))
        (void)doctor_path(d, &path, false);
    else
        doctor_say(d, DOCTOR_WARN, "syslog", path.missing, "%s is no socket", path.path);
}

static void check_time_zone(struct doctor *d)
{
    const struct policy *policy = &d->config.policy;
    const char *zone = policy->timezone.at;
    if (clock_local(clock_now_ms(), zone).known)
        doctor_say(d, DOCTOR_OK, "time zone", NULL, "%s is known", zone);
    else
        doctor_say(d, policy->needs_local_time ? DOCTOR_FAIL : DOCTOR_WARN, "time zone",
                   "install the time zones of the system (tzdata)", "%s is not known here%s", zone,
                   policy->needs_local_time ? ", so that freezes cannot be decided" : "");
}

/* ------------------------------------------------------------------ all of it */

void doctor_hook(struct doctor *d)
{
    doctor_program(d);
    check_configuration(d);
    check_other(d);
    check_kill_switch(d);
    if (!d->configured) {
        doctor_say(d, DOCTOR_SKIP, "paths", NULL, "which files the hook reads is not known");
        return;
    }
    check_snapshot(d);
    check_approvals(d);
    check_access_log(d);
    doctor_log(d);
    check_syslog(d);
    check_time_zone(d);
}
