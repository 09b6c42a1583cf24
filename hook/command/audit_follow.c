#include "command/audit_follow.h"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "record/audit_line.h"
#include "record/audit_series.h"

#define LOOK_EVERY_MS 250

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
    (void)signal;
    stopped = 1;
}

static void stop_on_signals(void)
{
    struct sigaction action = {.sa_handler = stop}; /* without SA_RESTART: waiting ends */
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

/* false: nobody reads what we write, or a signal says that it is enough. */
static bool wait_a_little(void)
{
    struct pollfd out = {.fd = STDOUT_FILENO}; /* tells POLLERR and POLLHUP without being asked */
    return poll(&out, 1, LOOK_EVERY_MS) <= 0 && !stopped;
}

/* ------------------------------------------------------------------ rotations */

static bool take(struct audit_source *source, struct audit_reader *reader, const char *path)
{
    audit_read_close(source->reader);
    source->reader = reader;
    source->path = path;
    return true;
}

/* Does this file go on after the last line that was read? `empty`: what to say of one without lines. */
static bool goes_on(const struct audit_source *source, struct audit_reader *reader, bool empty)
{
    struct audit_line line;
    struct audit_seal seal;
    enum status status = audit_read_next(reader, &line, NULL);
    bool yes = status == STATUS_NOT_FOUND
                   ? empty
                   : status == STATUS_OK && audit_line_read(line.text, &seal) &&
                         text_equal(seal.prev, text_of(source->head.hex));
    return audit_read_rewind(reader) && (yes || !*source->head.hex);
}

/* The rotated file that goes on after our last line: several rotations may have passed since we
 * looked. NULL: none does. */
static struct audit_reader *find_next(const struct audit_source *source, const char *log)
{
    struct audit_series series = {0};
    struct audit_reader *found = NULL;
    if (audit_series_list(log, &series, NULL) != STATUS_OK)
        return NULL;
    for (size_t i = series.count; i > 0 && !found; i--) {
        if (audit_read_open(series.paths[i - 1], &found, NULL) != STATUS_OK)
            continue;
        if (!goes_on(source, found, false)) {
            audit_read_close(found);
            found = NULL;
        }
    }
    audit_series_free(&series);
    return found;
}

/* To the file that comes next. It need not be the log: then the same happens at its end again. */
static bool move_on(struct audit_source *source, const char *log)
{
    struct audit_reader *reader = NULL;
    struct error err = {STATUS_OK, ""};
    enum status status = audit_read_open(log, &reader, &err);
    if (status == STATUS_NOT_FOUND)
        return true; /* between two names; it will be there when we look again */
    if (status != STATUS_OK) {
        command_trouble(source->args, "%s: %s", log, err.text);
        return false;
    }
    if (goes_on(source, reader, true))
        return take(source, reader, log);
    struct audit_reader *next = find_next(source, log);
    if (next) {
        audit_read_close(reader);
        return take(source, next, log);
    }
    command_trouble(source->args, "%s: it was replaced by one that does not go on from it", log);
    return take(source, reader, log);
}

/* ------------------------------------------------------------------ following */

enum step { STEP_WAIT, STEP_READ, STEP_MOVE, STEP_CUT };

static enum step look(struct audit_source *source, const char *log)
{
    /* First the name: what was added before the log lost it is still read from the old one. */
    enum answer same = audit_read_names(source->reader, log);
    switch (audit_read_grow(source->reader)) {
    case AUDIT_GREW:
        return STEP_READ;
    case AUDIT_CUT:
        return STEP_CUT;
    case AUDIT_SAME:
        break;
    }
    return same == ANSWER_NO ? STEP_MOVE : STEP_WAIT;
}

static bool read_again(struct audit_source *source, const char *log)
{
    struct audit_reader *reader = NULL;
    struct error err = {STATUS_OK, ""};
    command_trouble(source->args, "%s: it was cut: read from its beginning again", log);
    if (audit_read_open(log, &reader, &err) == STATUS_OK)
        return take(source, reader, log);
    command_trouble(source->args, "%s: %s", log, err.text);
    return false;
}

bool audit_follow(struct audit_source *source, const char *log,
                  bool (*show)(void *self, const struct audit_source *source), void *self)
{
    stop_on_signals();
    while (!stopped) {
        while (!stopped && audit_source_read(source))
            if (!show(self, source))
                return true;
        if (source->trouble)
            return false;
        enum step step = look(source, log);
        if (step == STEP_WAIT && !wait_a_little())
            return true;
        if ((step == STEP_MOVE && !move_on(source, log)) ||
            (step == STEP_CUT && !read_again(source, log)))
            return false;
    }
    return true;
}
