/*
 * refgate doctor - is everything in place? What fetches the snapshot, what the hook reads and writes,
 * and whether Bitbucket runs the hook where it should.
 */
#include "command/doctor.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "command/connection.h"
#include "command/wrapped.h"

#define MARK_COLUMN 5
#define CHECK_COLUMN 15
#define INDENT (MARK_COLUMN + 1 + CHECK_COLUMN + 1)
#define WIDTH 96 /* columns, about */
#define TEXT_SIZE 4096

/* ------------------------------------------------------------------ one line a check */

static const struct {
    const char *text, *json, *colour;
} marks[DOCTOR_MARKS] = {
    [DOCTOR_OK] = {"ok", "ok", "\033[32m"},
    [DOCTOR_WARN] = {"warn", "warn", "\033[33m"},
    [DOCTOR_FAIL] = {"FAIL", "fail", "\033[1;31m"},
    [DOCTOR_SKIP] = {"skip", "skip", "\033[2m"},
};

static void print_line(const struct doctor *d, enum doctor_mark mark, const char *check,
                       const char *text, const char *advice)
{
    printf("%s%-*s%s %-*s ", d->colour ? marks[mark].colour : "", MARK_COLUMN, marks[mark].text,
           d->colour ? "\033[0m" : "", CHECK_COLUMN, check);
    wrapped_print(text, INDENT, WIDTH);
    if (!advice)
        return;
    printf("%*sdo: ", INDENT, "");
    wrapped_print(advice, INDENT, WIDTH);
}

void doctor_group(struct doctor *d, const char *name, const char *title)
{
    d->group = name;
    d->title = title;
}

static void print_title(struct doctor *d)
{
    size_t before = 0;
    for (size_t i = 0; i < DOCTOR_MARKS; i++)
        before += d->found[i];
    if (d->title && d->whole)
        printf("%s%s%s%s\n", before ? "\n" : "", d->colour ? "\033[1m" : "", d->title,
               d->colour ? "\033[0m" : "");
    d->title = NULL;
}

static void add_line(const struct doctor *d, enum doctor_mark mark, const char *check,
                     const char *text, const char *advice)
{
    json_t *line = json_pack("{s:s, s:s, s:s, s:s, s:s?}", "group", d->group, "check", check,
                             "status", marks[mark].json, "text", text, "advice", advice);
    json_array_append_new(d->list, line); /* NULL adds nothing: found out at the end */
}

void doctor_say(struct doctor *d, enum doctor_mark mark, const char *check, const char *advice,
                const char *format, ...)
{
    char text[TEXT_SIZE];
    struct buffer safe, safe_advice;
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    buffer_init(&safe, SIZE_MAX);
    buffer_init(&safe_advice, SIZE_MAX);
    buffer_escaped(&safe, text_of(text), sizeof text, false);
    buffer_escaped(&safe_advice, text_of(advice), SIZE_MAX, false);
    if (!d->json)
        print_title(d);
    d->found[mark]++;
    (d->json ? add_line : print_line)(d, mark, check, safe.data ? safe.data : "",
                                      advice ? safe_advice.data : NULL);
    buffer_free(&safe);
    buffer_free(&safe_advice);
}

uint64_t doctor_requests(const struct doctor *d)
{
    return d->known ? d->counts[COUNT_PROJECTS] * 8 + d->counts[COUNT_REPOSITORIES] * 6 +
                          d->counts[COUNT_GROUPS]
                    : 0;
}

/* ------------------------------------------------------------------ the command */

static enum command_exit finish(struct doctor *d)
{
    size_t count = 0;
    for (size_t i = 0; i < DOCTOR_MARKS; i++)
        count += d->found[i];
    if (d->json && json_array_size(d->list) != count)
        return command_trouble(d->args, "out of memory");
    if (d->json) {
        json_dumpf(d->list, stdout, JSON_COMPACT);
        putchar('\n');
    } else {
        printf("\n%zu ok, %zu to look at, %zu failed, %zu not checked\n", d->found[DOCTOR_OK],
               d->found[DOCTOR_WARN], d->found[DOCTOR_FAIL], d->found[DOCTOR_SKIP]);
    }
    return d->found[DOCTOR_FAIL] ? EXIT_NO : EXIT_YES;
}

static enum command_exit examine(struct doctor *d)
{
    struct error err = {STATUS_OK, ""};
    struct client *client = NULL;
    enum status status = doctor_connect(d, &client, &err);
    if (status == STATUS_USAGE || status == STATUS_MEMORY)
        return command_trouble(d->args, "%s", err.text);
    doctor_group(d, "sync", "For a sync, on this machine");
    doctor_local(d);
    if (d->whole) {
        doctor_group(d, "hook", "For the hook, on this machine");
        doctor_runner(d);
        doctor_hook(d);
    }
    doctor_group(d, "server", "For a sync, in Bitbucket");
    bool signed_in = doctor_server(d, client, status == STATUS_OK ? NULL : &err);
    if (d->whole) {
        doctor_group(d, "registration", "For the hook, in Bitbucket");
        doctor_registration(d, signed_in ? client : NULL);
    }
    client_free(client);
    return finish(d);
}

static enum command_exit run(const struct arguments *args)
{
    static struct doctor doctor; /* large */
    struct doctor *d = &doctor;
    enum command_exit result = EXIT_TROUBLE;
    d->args = args;
    if (!argument_json(args, &d->json))
        return EXIT_TROUBLE;
    d->colour = command_colour(stdout);
    d->list = d->json ? json_array() : NULL;
    if (doctor_setup(d))
        result = examine(d);
    doctor_setup_free(d);
    json_decref(d->list);
    return result;
}

static const struct option_spec options[] = {
    OPTIONS_CONNECTION,
    {"project", "KEY", "a project where the hook must run", true},
    {"repo", "KEY/SLUG", "a repository where the hook must run", true},
    {"name", "NAME", "the hook script's name (default: refgate)", false},
    {"home", "DIR", "Bitbucket's home; its owner runs the hook", false},
    {"user", "NAME", "who runs the hook", false},
    {"hook", "FILE", "the hook's program (default: ../lib/refgate, or beside)", false},
    {"output", "FILE", "the snapshot (default: what the configuration names)", false},
    {"with-reports", NULL, "also what `sync --with-reports` reads", false},
    {"metrics", "FILE", "where `sync --metrics` is to write", false},
    {"config", "FILE", "the hook's (default: beside it, then /etc/refgate)", false},
    OPTION_FORMAT,
};

const struct command command_doctor = {
    .name = "doctor",
    .summary = "check what hook and sync need, and that Bitbucket runs the hook",
    .operands = "",
    .details = "Changes nothing. Without --url (or REFGATE_URL) only this machine is looked at.\n"
               "What the hook may read and write is judged for the user that runs it: the\n"
               "owner of --home, or --user. Registration: of each --project and --repo, else\n"
               "of the first 50 projects. With --output alone, only what a sync needs.\n"
               "Exit status: 0 nothing fails, 1 something fails, 2 could not be asked.",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .run = run,
};
