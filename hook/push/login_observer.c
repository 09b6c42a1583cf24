#include "push/login_observer.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "push/access_log.h"

#define PATH_SIZE 4096
#define FOLDER_ENTRIES_MAX 20000 /* a folder of logs has hundreds */
#define OPEN_MAX_COUNT 64        /* pushes of one user to one repository at one time */
#define LOGINS_MAX 16
#define REQUEST_ID_MAX 96
#define CHUNK_SIZE ((size_t)64 * 1024)

struct open_push { /* an SSH push that has begun */
    char id[REQUEST_ID_MAX];
    size_t id_size;
    int64_t time_ms;
};

struct login { /* a way in over HTTP, and when it was last used */
    enum access_credential credential;
    uint64_t token;
    int64_t time_ms;
};

struct watch {
    const struct push *push;
    struct open_push open[OPEN_MAX_COUNT];
    size_t open_count;
    struct login logins[LOGINS_MAX];
    size_t login_count;
    bool overflow;
    bool timed; /* a line had a time */
    int64_t oldest_ms, newest_ms;
    int64_t written_ms; /* the newest line was, as the file system says */
    /* A piece of the log, read over and over: fresh memory would cost more than looking at it. */
    char room[ACCESS_LINE_MAX + CHUNK_SIZE];
};

struct log { /* an open file */
    int fd;
    struct stat st;
};

/* ------------------------------------------------------------------ what lines say */

static bool same_request(const struct open_push *push, struct text id)
{
    return text_equal((struct text){push->id, push->id_size}, id);
}

static void note_ssh(struct watch *watch, const struct access_line *line)
{
    size_t at = 0;
    while (at < watch->open_count && !same_request(&watch->open[at], line->request_id))
        at++;
    if (line->ended && at < watch->open_count) {
        watch->open[at] = watch->open[--watch->open_count];
    } else if (!line->ended && at == watch->open_count) {
        if (at == OPEN_MAX_COUNT || line->request_id.size > REQUEST_ID_MAX) {
            watch->overflow = true;
            return;
        }
        struct open_push *push = &watch->open[watch->open_count++];
        memcpy(push->id, line->request_id.at, line->request_id.size);
        push->id_size = line->request_id.size;
        push->time_ms = line->time_ms;
    }
}

static void note_http(struct watch *watch, const struct access_line *line)
{
    if (!line->ended || line->action != ACCESS_ADVERTISE ||
        (line->details && line->status != 200 && line->status >= 0))
        return; /* no push follows what was refused */
    struct login login = {.time_ms = line->time_ms};
    struct text label;
    login.credential = access_line_credential(line, &login.token, &label);
    size_t at = 0;
    while (at < watch->login_count && (watch->logins[at].credential != login.credential ||
                                       watch->logins[at].token != login.token))
        at++;
    if (at == LOGINS_MAX) {
        watch->overflow = true;
        return;
    }
    watch->logins[at] = login;
    if (at == watch->login_count)
        watch->login_count++;
}

static void note_line(struct watch *watch, struct text text)
{
    struct access_line line;
    struct text user;
    if (!access_line_user(text, &user) || !text_equal_fold(user, watch->push->user_name) ||
        !access_line_parse(text, &line) ||
        !access_line_about(&line, watch->push->project_key, watch->push->repository_slug))
        return;
    if (line.protocol == ACCESS_SSH)
        note_ssh(watch, &line);
    else
        note_http(watch, &line);
}

/* Whole lines: looks at those with the word in them. */
static void scan(struct watch *watch, struct text lines)
{
    const char *word;
    while (lines.size &&
           (word = memmem(lines.at, lines.size, ACCESS_PUSH_WORD, sizeof ACCESS_PUSH_WORD - 1))) {
        const char *before = memrchr(lines.at, '\n', (size_t)(word - lines.at));
        const char *start = before ? before + 1 : lines.at;
        const char *end = memchr(word, '\n', lines.size - (size_t)(word - lines.at));
        if (!end)
            return;
        note_line(watch, (struct text){start, (size_t)(end - start)});
        lines = text_skip(lines, (size_t)(end - lines.at) + 1);
    }
}

/* ------------------------------------------------------------------ times */

static bool line_time(struct text text, int64_t *ms)
{
    struct access_line line;
    if (!access_line_parse(text, &line))
        return false;
    *ms = line.time_ms;
    return true;
}

/* Of whole lines, the first and the last that have a time. */
static void note_times(struct watch *watch, struct text lines)
{
    struct text rest = lines, line;
    while (!watch->timed && text_next_field(&rest, '\n', &line))
        watch->timed = line_time(line, &watch->oldest_ms);
    rest = lines;
    while (rest.size) {
        rest.size--; /* the newline */
        const char *before = memrchr(rest.at, '\n', rest.size);
        size_t start = before ? (size_t)(before - rest.at) + 1 : 0;
        if (line_time(text_skip(rest, start), &watch->newest_ms))
            return;
        rest.size = start;
    }
}

/* What the server's wall clock shows now. */
static int64_t log_clock(const struct watch *watch)
{
    int64_t idle = watch->push->now_ms - watch->written_ms;
    return watch->newest_ms + (idle > 0 ? idle : 0);
}

static bool within(int64_t now, int64_t time, int64_t most)
{
    return now - time <= most && time - now <= most;
}

/* ------------------------------------------------------------------ reading */

static enum status open_log(const char *path, struct log *log, struct error *err)
{
    return file_open_trusted(path, NULL, &log->fd, &log->st, err);
}

/* The file ends early if somebody makes it shorter: then that is its end. */
static enum status read_piece(const struct log *log, off_t from, char *to, size_t size, size_t *got,
                              struct error *err)
{
    ssize_t count;
    do
        count = pread(log->fd, to, size, from);
    while (count < 0 && errno == EINTR);
    if (count < 0)
        return error_errno(err, STATUS_IO, errno, "cannot read the access log");
    *got = (size_t)count;
    return STATUS_OK;
}

/* Reads the last `most` bytes of what the file held when it was opened, line by line. A line at either
 * end that is not whole is passed over, and so is one that is too long. */
static enum status read_tail(struct watch *watch, const struct log *log, size_t most,
                             struct error *err)
{
    off_t at = log->st.st_size > (off_t)most ? log->st.st_size - (off_t)most : 0;
    bool skip = at > 0; /* up to the next newline */
    size_t held = 0;    /* of a line that goes on */
    while (at < log->st.st_size) {
        size_t got, size = CHUNK_SIZE;
        if (log->st.st_size - at < (off_t)size)
            size = (size_t)(log->st.st_size - at);
        enum status status = read_piece(log, at, watch->room + held, size, &got, err);
        if (status != STATUS_OK || !got)
            return status;
        at += (off_t)got;
        struct text piece = {watch->room, held + got};
        const char *last = memrchr(piece.at + held, '\n', got);
        const char *first = skip ? memchr(piece.at, '\n', piece.size) : NULL;
        if (last && (!skip || first < last)) {
            struct text lines = text_skip(piece, first ? (size_t)(first - piece.at) + 1 : 0);
            lines.size = (size_t)(last + 1 - lines.at);
            scan(watch, lines);
            note_times(watch, lines);
        }
        skip = skip && !last;
        held = last ? piece.size - (size_t)(last + 1 - piece.at) : piece.size;
        if (held > ACCESS_LINE_MAX)
            skip = true;
        held = skip ? 0 : held;
        if (held)
            memmove(watch->room, watch->room + piece.size - held, held);
    }
    return STATUS_OK;
}

static void forget(struct watch *watch)
{
    watch->open_count = watch->login_count = 0;
    watch->overflow = watch->timed = false;
}

static int64_t written(const struct log *log)
{
    return (int64_t)log->st.st_mtim.tv_sec * 1000 + log->st.st_mtim.tv_nsec / 1000000;
}

/* ------------------------------------------------------------------ rolled over */

/* Is it a name of Bitbucket's for a log that was rolled over, as
 * atlassian-bitbucket-access-2026-11-22.0.log is for atlassian-bitbucket-access.log? Compressed ones
 * are old. */
static bool is_dated(struct text name, struct text base)
{
    struct text end = TEXT(".log");
    if (base.size < end.size || !text_equal(text_skip(base, base.size - end.size), end))
        return false;
    base.size -= end.size;
    return name.size > base.size + 1 + end.size && text_starts(name, base) &&
           name.at[base.size] == '-' && ascii_digit(name.at[base.size + 1]) &&
           text_equal(text_skip(name, name.size - end.size), end);
}

/* logrotate(8)'s name for it. */
static bool is_numbered(struct text name, struct text base)
{
    return text_starts(name, base) && text_equal(text_skip(name, base.size), TEXT(".1"));
}

/* The path of the log that was rolled over last: by the date in its name, and by the number behind
 * it, as a number. false: there is none. */
static bool newest_rolled(const char *path, char out[PATH_SIZE])
{
    const char *slash = strrchr(path, '/');
    if (!slash || (size_t)(slash - path) + NAME_MAX + 2 > PATH_SIZE)
        return false;
    size_t folder = (size_t)(slash - path) + 1;
    memcpy(out, path, folder);
    out[folder] = '\0';
    DIR *dir = opendir(out);
    const struct dirent *entry;
    struct text base = text_of(slash + 1);
    for (int i = 0; dir && i < FOLDER_ENTRIES_MAX && (entry = readdir(dir)); i++) {
        struct text name = text_of(entry->d_name);
        bool later = !is_dated(text_of(out + folder), base) ||
                     strverscmp(entry->d_name, out + folder) > 0;
        if ((is_dated(name, base) && later) || (is_numbered(name, base) && !out[folder]))
            memcpy(out + folder, name.at, name.size + 1);
    }
    if (dir)
        closedir(dir);
    return out[folder] != '\0';
}

/* The log was begun so lately that lines of this push may be in the one before. */
static bool rolled_lately(const struct watch *watch, const struct log *log)
{
    if (log->st.st_size >= (off_t)LOGIN_TAIL_MAX)
        return false;
    return !watch->timed || (!watch->open_count && !watch->login_count) ||
           within(log_clock(watch), watch->oldest_ms, LOGIN_HTTP_AGE_MS);
}

/* Reads both, the end of the older one first. One that cannot be read says nothing. */
static enum status read_both(struct watch *watch, const struct log *log, const struct log *older,
                             struct error *err)
{
    bool same = older->st.st_dev == log->st.st_dev && older->st.st_ino == log->st.st_ino;
    struct error unread = {STATUS_OK, ""};
    if (same) /* it was rolled over in between */
        return STATUS_OK;
    forget(watch);
    if (read_tail(watch, older, LOGIN_TAIL_MAX - (size_t)log->st.st_size, &unread) != STATUS_OK)
        forget(watch);
    if (!log->st.st_size)
        watch->written_ms = written(older);
    return read_tail(watch, log, LOGIN_TAIL_MAX, err);
}

static enum status read_logs(struct watch *watch, const char *path, struct error *err)
{
    struct log log, older;
    char rolled[PATH_SIZE];
    enum status status = open_log(path, &log, err);
    if (status != STATUS_OK)
        return status;
    watch->written_ms = written(&log);
    status = read_tail(watch, &log, LOGIN_TAIL_MAX, err);
    if (status == STATUS_OK && rolled_lately(watch, &log) && newest_rolled(path, rolled) &&
        open_log(rolled, &older, NULL) == STATUS_OK) {
        status = read_both(watch, &log, &older, err);
        close(older.fd);
    }
    close(log.fd);
    return status;
}

/* ------------------------------------------------------------------ what follows from it */

enum { WAY_SSH = 1, WAY_TOKEN = 2, WAY_PASSWORD = 4, WAY_UNKNOWN = 8 };

static unsigned ways_in(const struct watch *watch, int64_t now, const struct login **token)
{
    static const unsigned ways[] = {[ACCESS_CREDENTIAL_NONE] = WAY_PASSWORD,
                                    [ACCESS_CREDENTIAL_TOKEN] = WAY_TOKEN,
                                    [ACCESS_CREDENTIAL_UNKNOWN] = WAY_UNKNOWN,
                                    [ACCESS_CREDENTIAL_SSH_KEY] = WAY_UNKNOWN};
    unsigned found = watch->overflow ? WAY_UNKNOWN : 0, tokens = 0;
    for (size_t i = 0; i < watch->open_count; i++)
        if (within(now, watch->open[i].time_ms, LOGIN_SSH_AGE_MS))
            found |= WAY_SSH;
    for (size_t i = 0; i < watch->login_count; i++)
        if (within(now, watch->logins[i].time_ms, LOGIN_HTTP_AGE_MS)) {
            found |= ways[watch->logins[i].credential];
            if (watch->logins[i].credential == ACCESS_CREDENTIAL_TOKEN) {
                *token = &watch->logins[i];
                tokens++;
            }
        }
    if (tokens != 1)
        *token = NULL;
    return found;
}

static void conclude(const struct watch *watch, struct observation *out)
{
    static const struct {
        unsigned ways;
        enum credential_class class;
        struct text evidence;
    } table[] = {
        {WAY_SSH, CREDENTIAL_USER_SSH_KEY,
         TEXT("access log: an SSH push of this user to this repository is under way")},
        {WAY_TOKEN, CREDENTIAL_USER_TOKEN,
         TEXT("access log: this user began a push to this repository with a token")},
        {WAY_PASSWORD, CREDENTIAL_USER_PASSWORD,
         TEXT("access log: this user began a push to this repository over HTTP without a token")},
        {0, CREDENTIAL_USER, TEXT("an ordinary user; the access log does not show by what means")},
    };
    const struct login *token = NULL;
    unsigned ways = watch->timed ? ways_in(watch, log_clock(watch), &token) : 0;
    *out = (struct observation){
        .class = CREDENTIAL_USER,
        .evidence = TEXT("an ordinary user; the access log shows several means, or none clearly")};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (ways == table[i].ways) {
            out->class = table[i].class;
            out->evidence = table[i].evidence;
        }
    if (token && out->class == CREDENTIAL_USER_TOKEN) {
        out->id_known = true;
        out->id = token->token;
    }
}

static void observe(void *self, const struct push *push, struct observation *out)
{
    struct login_observer *logins = self;
    struct error trouble = {STATUS_OK, ""};
    struct watch *watch = malloc(sizeof *watch);
    *out = (struct observation){
        .class = CREDENTIAL_USER,
        .evidence = TEXT("an ordinary user; the access log cannot be read")};
    if (!watch)
        error_set(&trouble, STATUS_MEMORY, "out of memory for the access log");
    if (watch) {
        forget(watch);
        watch->push = push;
        if (read_logs(watch, logins->path, &trouble) == STATUS_OK)
            conclude(watch, out);
    }
    free(watch);
    if (trouble.code != STATUS_OK && logins->trouble->code == STATUS_OK)
        *logins->trouble = trouble;
}

const struct observer *login_observer_init(struct login_observer *out, const char *path,
                                           struct error *trouble)
{
    *out = (struct login_observer){path, {out, observe}, trouble};
    return &out->observer;
}
