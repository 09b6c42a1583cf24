/*
 * doctor_local.c - what can be told without the server: where the snapshot is to go, and the one that
 * is there.
 */
#include "command/doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "command/sync_lock.h"
#include "snapshot/reader.h"

#define FUTURE_TOLERANCE CLOCK_MINUTE /* as the hook's, policy/freshness.c */
#define MIB ((uint64_t)1024 * 1024)
#define JOURNAL_BYTES_A_REQUEST 1536
#define FREE_WITHOUT_SNAPSHOT (1024 * MIB) /* less is worth a word when nothing is known */

struct doctor_size doctor_size(uint64_t bytes)
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
    struct doctor_size out;
    double value = (double)bytes / 1024;
    size_t unit = 0;
    while (value >= 1000 && unit < 3) {
        value /= 1024;
        unit++;
    }
    snprintf(out.text, sizeof out.text, "%.1f %s", value, units[unit]);
    return out;
}

/* A symbolic link is followed when a snapshot is published: its target's directory counts. */
static void find_target(struct doctor *d)
{
    char resolved[PATH_MAX];
    const char *path = realpath(d->file.path, resolved) ? resolved : d->file.path;
    snprintf(d->target, sizeof d->target, "%s", path);
}

void doctor_directory(const char *path, char out[PATH_MAX])
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        snprintf(out, PATH_MAX, ".");
    else if (slash == path)
        snprintf(out, PATH_MAX, "/");
    else
        snprintf(out, PATH_MAX, "%.*s", (int)(slash - path), path);
}

/* ------------------------------------------------------------------ directory and disk */

/* /var/lib/refgate belongs to the sync's account: giving it to root would stop the sync. */
static const char *untrusted(const struct doctor *d)
{
    return d->whole && !d->configured
               ? "mend the configuration first: whom [trust] owners names is not known"
               : "the hook reads no snapshot from there: name the sync's account in [trust] owners, "
                 "or change owner or mode";
}

static bool check_directory(struct doctor *d, const char *directory)
{
    struct error err = {STATUS_OK, ""};
    int fd;
    enum status status = file_open_trusted_directory(directory, &d->owners, &fd, &err);
    if (status != STATUS_OK) {
        doctor_say(d, DOCTOR_FAIL, "directory",
                   status == STATUS_NOT_FOUND
                       ? "make it, for the user that runs sync, writable for nobody else"
                   : status == STATUS_TRUST ? untrusted(d)
                                            : "run doctor as the user that runs sync",
                   "%s", err.text);
        return false;
    }
    bool writable = !faccessat(fd, ".", W_OK | X_OK, AT_EACCESS);
    int why = errno;
    close(fd);
    if (writable)
        doctor_say(d, DOCTOR_OK, "directory", NULL, "%s is trusted and writable", directory);
    else
        doctor_say(d, DOCTOR_FAIL, "directory",
                   "run doctor and sync as a user that may write there", "%s cannot be written: %s",
                   directory, strerror(why));
    return writable;
}

/* The old snapshot, its copy of before and the new one are there at once, and the journal. */
static void check_disk(struct doctor *d, const char *directory)
{
    struct statvfs fs;
    if (statvfs(directory, &fs)) {
        doctor_say(d, DOCTOR_FAIL, "disk", "run doctor as the user that runs sync", "%s: %s",
                   directory, strerror(errno));
        return;
    }
    uint64_t free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
    uint64_t journal = doctor_requests(d) * JOURNAL_BYTES_A_REQUEST;
    uint64_t good = d->known ? 3 * d->size + journal : FREE_WITHOUT_SNAPSHOT;
    uint64_t least = d->known ? d->size + journal : 0;
    static const char advice[] = "make room, or put the snapshot on another file system";
    if (fs.f_files && !fs.f_favail)
        doctor_say(d, DOCTOR_FAIL, "disk", advice, "no inode is free in %s", directory);
    else if (free_bytes < least)
        doctor_say(d, DOCTOR_FAIL, "disk", advice, "%s free in %s, a sync needs about %s",
                   doctor_size(free_bytes).text, directory, doctor_size(good).text);
    else if (free_bytes < good)
        doctor_say(d, DOCTOR_WARN, "disk", advice, "only %s free in %s%s",
                   doctor_size(free_bytes).text, directory,
                   d->known ? ", which will be tight" : "");
    else
        doctor_say(d, DOCTOR_OK, "disk", NULL, "%s free in %s, %s%s", doctor_size(free_bytes).text,
                   directory, d->known ? "a sync needs about " : "more than ",
                   doctor_size(good).text);
}

/* ------------------------------------------------------------------ the snapshot */

static void check_age(struct doctor *d, const struct snapshot_meta *meta)
{
    int64_t now = clock_now_ms();
    int64_t from = meta->started_ms > 0 ? meta->started_ms : meta->generated_ms;
    int64_t age = now - from;
    char text[64], limit[64];
    clock_format_duration(age > 0 ? age : 0, text, sizeof text);
    clock_format_duration(d->max_age_ms, limit, sizeof limit);
    if (age < -FUTURE_TOLERANCE || meta->generated_ms > now + FUTURE_TOLERANCE)
        doctor_say(d, DOCTOR_FAIL, "age", "set this machine's clock, then: " DOCTOR_SYNC,
                   "the snapshot is from the future, or this machine's clock is wrong");
    else if (d->max_age_ms > 0 && age > d->max_age_ms)
        doctor_say(d, DOCTOR_FAIL, "age", DOCTOR_SYNC "; is its timer on?",
                   "%s old, and [freshness] max-age is %s", text, limit);
    else if (d->max_age_ms > 0 && age > d->max_age_ms / 2)
        doctor_say(d, DOCTOR_WARN, "age", "sync more often than that: is its timer on?",
                   "%s old, more than half of [freshness] max-age, %s", text, limit);
    else
        doctor_say(d, DOCTOR_OK, "age", NULL, "%s old%s%s", text,
                   d->max_age_ms > 0 ? ", [freshness] max-age is " : "",
                   d->max_age_ms > 0 ? limit : "");
}

static void keep(struct doctor *d, const struct snapshot *snapshot)
{
    const struct meta_record *meta = snapshot_meta_record(snapshot);
    d->known = true;
    d->size = snapshot_size(snapshot);
    memcpy(d->counts, meta->counts, sizeof d->counts);
    d->base_url = strndup(meta->meta.base_url.at ? meta->meta.base_url.at : "",
                          meta->meta.base_url.size);
}

static void check_snapshot(struct doctor *d)
{
    struct snapshot *snapshot = NULL;
    struct error err = {STATUS_OK, ""};
    enum status status = snapshot_open(d->file.path, &d->owners,
                                       d->file.instance.policy.snapshot_max_size, &snapshot, &err);
    if (status == STATUS_NOT_FOUND) {
        doctor_say(d, DOCTOR_WARN, "snapshot", DOCTOR_SYNC, "%s is not there yet", d->file.path);
        return;
    }
    if (status != STATUS_OK) {
        doctor_say(d, DOCTOR_FAIL, "snapshot",
                   status == STATUS_FORMAT ? DOCTOR_SYNC ", which puts a new one in its place"
                   : status == STATUS_UNSUPPORTED
                       ? "upgrade what is older, or sync the older format: refgate-upgrade(7)"
                   : status == STATUS_LIMIT ? "raise [snapshot] max-size"
                   : status == STATUS_TRUST
                       ? untrusted(d)
                       : "the hook would not read it either: change owner or mode",
                   "%s", err.text);
        return;
    }
    const struct meta_record *meta = snapshot_meta_record(snapshot);
    keep(d, snapshot);
    doctor_say(d, DOCTOR_OK, "snapshot", NULL,
               "%s: %.*s, %" PRIu64 " projects, %" PRIu64 " repositories, %" PRIu64 " users, %s",
               d->file.path, TEXT_ARG(meta->meta.base_url), d->counts[COUNT_PROJECTS],
               d->counts[COUNT_REPOSITORIES], d->counts[COUNT_USERS], doctor_size(d->size).text);
    check_age(d, &meta->meta);
    snapshot_close(snapshot);
}

/* ------------------------------------------------------------------ what a sync leaves */

/* Looks at the lock, takes nothing: true if another process holds it. */
static bool check_lock(struct doctor *d)
{
    char path[PATH_MAX + 8], content[64];
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    snprintf(path, sizeof path, "%s.lock", d->target);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 && errno == ENOENT) {
        doctor_say(d, DOCTOR_OK, "lock", NULL, "no sync is running");
        return false;
    }
    if (fd < 0 || fcntl(fd, F_OFD_GETLK, &lock)) {
        doctor_say(d, DOCTOR_FAIL, "lock", "run doctor as the user that runs sync", "%s: %s", path,
                   strerror(errno));
        if (fd >= 0)
            close(fd);
        return false;
    }
    ssize_t size = pread(fd, content, sizeof content, 0);
    close(fd);
    uint64_t process;
    int64_t since_ms;
    char since[CLOCK_TEXT_SIZE];
    if (lock.l_type == F_UNLCK)
        doctor_say(d, DOCTOR_OK, "lock", NULL, "no sync is running");
    else if (size > 0 &&
             sync_lock_parse((struct text){content, (size_t)size}, &process, &since_ms)) {
        clock_format(since_ms, true, since);
        doctor_say(d, DOCTOR_OK, "lock", NULL, "a sync is at work: process %" PRIu64 ", since %s",
                   process, since);
    } else {
        doctor_say(d, DOCTOR_OK, "lock", NULL, "a sync is at work");
    }
    return lock.l_type != F_UNLCK;
}

static void check_journal(struct doctor *d, bool running)
{
    char path[PATH_MAX + 8];
    struct stat st;
    char since[64];
    snprintf(path, sizeof path, "%s.crawl", d->target);
    if (running || lstat(path, &st))
        return;
    int64_t age = clock_now_ms() - (int64_t)st.st_mtime * 1000;
    clock_format_duration(age > 0 ? age : 0, since, sizeof since);
    if (S_ISDIR(st.st_mode))
        doctor_say(d, DOCTOR_WARN, "journal", "refgate sync --resume goes on with it",
                   "an interrupted sync left %s, begun %s ago", path, since);
    else
        doctor_say(d, DOCTOR_FAIL, "journal", "remove it: sync keeps what it reads under that name",
                   "%s is no directory", path);
}

static void check_metrics(struct doctor *d)
{
    const char *path = argument(d->args, "metrics");
    char directory[PATH_MAX];
    struct stat st;
    if (!path)
        return;
    doctor_directory(path, directory);
    if (stat(directory, &st) || !S_ISDIR(st.st_mode))
        doctor_say(d, DOCTOR_FAIL, "metrics", "make it, or name another file",
                   "%s is no directory that can be seen", directory);
    else if (faccessat(AT_FDCWD, directory, W_OK | X_OK, AT_EACCESS))
        doctor_say(d, DOCTOR_FAIL, "metrics", "run doctor and sync as a user that may write there",
                   "%s cannot be written: %s", directory, strerror(errno));
    else
        doctor_say(d, DOCTOR_OK, "metrics", NULL, "%s is writable", directory);
}

void doctor_local(struct doctor *d)
{
    char directory[PATH_MAX];
    find_target(d);
    doctor_directory(d->target, directory);
    check_snapshot(d);
    if (check_directory(d, directory)) {
        check_disk(d, directory);
        check_journal(d, check_lock(d));
    }
    check_metrics(d);
}
