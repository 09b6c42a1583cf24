/*
 * doctor_log.c - can the hook write the audit log, and what did it write last?
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "command/audit_entry.h"
#include "command/doctor_path.h"
#include "record/audit.h"
#include "record/audit_line.h"

#define MIB ((uint64_t)1024 * 1024)
#define LOG_LARGE (1024 * MIB)
#define FREE_LEAST (16 * MIB)
#define FREE_GOOD (256 * MIB)
#define TAIL_SIZE (2 * AUDIT_LINE_MAX) /* one whole line at least */
#define LAST 100                       /* decisions that are counted */
#define QUIET_LONG (7 * CLOCK_DAY)
/* statfs(2) */
#define MAGIC_NFS 0x6969UL
#define MAGIC_SMB 0x517bUL
#define MAGIC_CIFS 0xff534d42UL
#define MAGIC_SMB2 0xfe534d42UL

struct log {
    struct doctor *d;
    const char *path;
    enum doctor_mark mark; /* of what keeps records from being written */
    int fd;
    uint64_t size;
};

/* ------------------------------------------------------------------ can it be written? */

/* Rules of record/audit.c: its owner is root or the runner, and not everybody may write. */
static bool check_owner(struct log *log, const struct stat *st)
{
    struct doctor *d = log->d;
    if (!S_ISREG(st->st_mode)) /* a symbolic link, too: it is not followed */
        doctor_say(d, log->mark, "audit log", "name a file in [audit] file",
                   "%s is no regular file", log->path);
    else if (st->st_uid != 0 && st->st_uid != d->runner.uid)
        doctor_say(d, log->mark, "audit log", "chown it to the user that runs Bitbucket",
                   "%s belongs to another user (uid %ju) than %s", log->path, (uintmax_t)st->st_uid,
                   d->runner.name);
    else if (st->st_mode & S_IWOTH)
        doctor_say(d, log->mark, "audit log", "chmod o-w", "everybody may write %s", log->path);
    else
        return true;
    return false;
}

/* false: nothing can be read. */
static bool check_file(struct log *log)
{
    struct doctor *d = log->d;
    struct stat st;
    const struct doctor_path path = {"audit log",    log->path, FILE_READ | FILE_WRITE,
                                     DOCTOR_ANYBODY, log->mark, NULL};
    if (lstat(log->path, &st)) {
        if (errno == ENOENT)
            doctor_say(d, DOCTOR_OK, "audit log", NULL, "%s is not there yet: the hook makes it",
                       log->path);
        else
            doctor_say(d, DOCTOR_WARN, "audit log", "run doctor as root", "cannot look at %s: %s",
                       log->path, strerror(errno));
        return errno == ENOENT;
    }
    log->size = (uint64_t)st.st_size;
    if (!check_owner(log, &st) || !doctor_path(d, &path, false))
        return S_ISREG(st.st_mode);
    if (log->size > LOG_LARGE)
        doctor_say(d, DOCTOR_WARN, "audit log", "rotate it every day: refgate-audit(8)",
                   "%s has %s", log->path, doctor_size(log->size).text);
    return true;
}

/* The hook makes the log, but not its directory. */
static bool check_directory(struct log *log, const char *directory)
{
    struct doctor *d = log->d;
    struct stat st;
    const struct doctor_path path = {
        "audit log",
        directory,
        FILE_WRITE | FILE_PASS,
        DOCTOR_ANYBODY,
        log->mark,
        "make it, for the user that runs Bitbucket (install -d -o USER -m 0750)"};
    if (stat(log->path, &st) && errno == ENOENT && !doctor_path(d, &path, true))
        return false;
    if (!stat(directory, &st) && (st.st_mode & S_IWOTH) && !(st.st_mode & S_ISVTX))
        doctor_say(d, log->mark, "audit log", "chmod o-w", "everybody may write %s", directory);
    return true;
}

static void check_file_system(struct log *log, const char *directory)
{
    struct doctor *d = log->d;
    struct statfs fs;
    struct statvfs room;
    if (!statfs(directory, &fs)) {
        unsigned long type = (unsigned long)fs.f_type & 0xffffffffUL;
        if (type == MAGIC_NFS || type == MAGIC_SMB || type == MAGIC_CIFS || type == MAGIC_SMB2)
            doctor_say(d, DOCTOR_WARN, "audit disk", "give each node a log on its own disk",
                       "%s is on a network: appending there is not atomic, and may hang",
                       directory);
    }
    static const char advice[] = "make room, or put the log on another file system";
    if (statvfs(directory, &room)) {
        doctor_say(d, DOCTOR_WARN, "audit disk", NULL, "%s: %s", directory, strerror(errno));
        return;
    }
    uint64_t left = (uint64_t)room.f_bavail * room.f_frsize;
    if (room.f_files && !room.f_favail)
        doctor_say(d, log->mark, "audit disk", advice, "no inode is free in %s", directory);
    else if (left < FREE_GOOD)
        doctor_say(d, left < FREE_LEAST ? log->mark : DOCTOR_WARN, "audit disk", advice,
                   "only %s free in %s", doctor_size(left).text, directory);
    else
        doctor_say(d, DOCTOR_OK, "audit disk", NULL, "%s free in %s", doctor_size(left).text,
                   directory);
}

/* ------------------------------------------------------------------ what was written last */

struct tail {
    char *bytes; /* malloc'ed */
    struct text lines[LAST];
    size_t count;    /* of lines; the ring's next is count % LAST */
    bool unfinished; /* no line feed at the end */
};

static bool read_tail(struct log *log, struct tail *tail)
{
    size_t most = log->size < TAIL_SIZE ? (size_t)log->size : TAIL_SIZE, got = 0;
    off_t from = (off_t)(log->size - most);
    tail->bytes = malloc(most + 1);
    while (tail->bytes && got < most) {
        ssize_t n = pread(log->fd, tail->bytes + got, most - got, from + (off_t)got);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        got += (size_t)n;
    }
    if (!tail->bytes)
        return false;
    struct text rest = {tail->bytes, got}, line;
    tail->unfinished = got && tail->bytes[got - 1] != '\n';
    if (from) /* the first line begins before this */
        (void)text_next_field(&rest, '\n', &line);
    while (text_next_field(&rest, '\n', &line))
        if (line.size)
            tail->lines[tail->count++ % LAST] = line;
    return true;
}

static struct text line_at(const struct tail *tail, size_t back) /* 0: the last */
{
    return tail->lines[(tail->count - 1 - back) % LAST];
}

static void check_seal(struct doctor *d, const struct tail *tail)
{
    struct audit_seal seal;
    if (tail->unfinished)
        doctor_say(d, DOCTOR_WARN, "audit chain", "refgate audit verify; is the disk full?",
                   "the last line is not finished: the machine may have gone down while writing");
    else if (!audit_line_read(line_at(tail, 0), &seal) || !audit_line_genuine(&seal))
        doctor_say(d, DOCTOR_FAIL, "audit chain", "refgate audit verify shows where it breaks",
                   "the last line is not as the hook wrote it");
    else
        doctor_say(d, DOCTOR_OK, "audit chain", NULL, "the last line is whole");
}

struct tally {
    size_t exits[3], count;
    int64_t newest_ms;
    long newest_exit;
    char reason[256];
};

/* What the record says went wrong. */
static void keep_reason(struct tally *tally, const json_t *record)
{
    const json_t *first = json_array_get(json_object_get(record, "reasons"), 0);
    struct text why = entry_text(first, "text", NULL);
    snprintf(tally->reason, sizeof tally->reason, "%.*s", TEXT_ARG(why));
}

static void count_line(struct tally *tally, struct text line)
{
    json_t *record = entry_parse(line);
    const json_t *code = json_object_get(record, "exit");
    int64_t ms;
    if (record && json_is_integer(code) && clock_parse(entry_text(record, "time", NULL), &ms)) {
        json_int_t exit = json_integer_value(code);
        exit = exit >= 0 && exit <= 2 ? exit : 2;
        tally->exits[exit]++;
        if (!tally->count++) {
            tally->newest_ms = ms;
            tally->newest_exit = (long)exit;
            keep_reason(tally, record);
        }
    }
    json_decref(record);
}

static void say_tally(struct doctor *d, const struct tally *t)
{
    static const char *const words[] = {"accepted", "rejected", "failed"};
    int64_t age = clock_now_ms() - t->newest_ms;
    char ago[64];
    clock_format_duration(age > 0 ? age : 0, ago, sizeof ago);
    if (t->newest_exit == 2)
        doctor_say(d, DOCTOR_WARN, "decisions", "refgate audit show --limit 1 --verbose",
                   "the last push, %s ago, was rejected because something was wrong: %s", ago,
                   t->reason);
    else if (age > QUIET_LONG)
        doctor_say(d, DOCTOR_WARN, "decisions", "is the hook still registered?",
                   "the last push was %s %s ago, and none since", words[t->newest_exit], ago);
    else
        doctor_say(d, DOCTOR_OK, "decisions", NULL,
                   "the last push was %s %s ago; of %zu: %zu accepted, %zu rejected, %zu failed",
                   words[t->newest_exit], ago, t->count, t->exits[0], t->exits[1], t->exits[2]);
}

static void check_decisions(struct doctor *d, const struct tail *tail)
{
    struct tally tally = {.count = 0};
    size_t kept = tail->count < LAST ? tail->count : LAST;
    bool rotated = false;
    for (size_t i = 0; i < kept; i++) {
        rotated = rotated || entry_is_rotation(line_at(tail, i));
        count_line(&tally, line_at(tail, i));
    }
    d->decided_ms = tally.newest_ms;
    if (tally.count)
        say_tally(d, &tally);
    else if (rotated)
        doctor_say(d, DOCTOR_OK, "decisions", NULL, "none since the log was rotated");
    else
        doctor_say(d, DOCTOR_WARN, "decisions", "is the hook registered? Push something",
                   "none yet in this log");
}

static void check_content(struct log *log)
{
    static struct tail tail;
    memset(&tail, 0, sizeof tail);
    if (!read_tail(log, &tail)) {
        doctor_say(log->d, DOCTOR_FAIL, "audit chain", "free some memory and try again",
                   "out of memory");
    } else {
        if (tail.count)
            check_seal(log->d, &tail);
        check_decisions(log->d, &tail);
    }
    free(tail.bytes);
}

void doctor_log(struct doctor *d)
{
    const struct policy *policy = &d->config.policy;
    struct log log = {.d = d,
                      .path = policy->audit_file.at,
                      .mark = policy->audit_required ? DOCTOR_FAIL : DOCTOR_WARN,
                      .fd = -1};
    char directory[PATH_MAX];
    if (!policy->audit_file.size) {
        doctor_say(d, DOCTOR_WARN, "audit log", "name one: [audit] file",
                   "[audit] file = none: no decision is kept");
        return;
    }
    doctor_directory(log.path, directory);
    if (!check_directory(&log, directory))
        return;
    check_file_system(&log, directory);
    if (!check_file(&log))
        return;
    log.fd = open(log.path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    if (log.fd < 0 && errno != ENOENT)
        doctor_say(d, DOCTOR_SKIP, "decisions", "run doctor as root", "cannot read %s: %s",
                   log.path, strerror(errno));
    else
        check_content(&log);
    if (log.fd >= 0)
        close(log.fd);
}
