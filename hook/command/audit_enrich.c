/*
 * refgate audit enrich - ties decisions to credentials by Bitbucket's access logs.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

#include "base/clock.h"
#include "base/table.h"
#include "command/audit.h"
#include "command/audit_source.h"
#include "command/enrich.h"

#define READ_SIZE (256 * 1024)
#define PIECE_SIZE (64 * 1024)


struct run {
    const struct arguments *args;
    enum output_format format;
    struct audit_files files;
    struct enrich enrich;
    bool cut; /* the line that is being read is too long: its end is passed over */
    char room[ACCESS_LINE_MAX + PIECE_SIZE];
};

static bool set_zone(const struct arguments *args)
{
    const char *zone = argument(args, "timezone");
    if (!zone) { /* this machine's */
        tzset();
        return true;
    }
    if (clock_local(clock_now_ms(), zone).known) /* sets TZ */
        return true;
    command_trouble(args, "--timezone: this machine does not know the zone %s", zone);
    return false;
}

static bool options_good(struct run *run)
{
    if (!argument(run->args, "access-log")) {
        command_trouble(run->args, "--access-log is missing: Bitbucket's access log, or several");
        return false;
    }
    return argument_format(run->args, &run->format) &&
           audit_filter_options(run->args, &run->enrich.filter) && set_zone(run->args);
}

/* ------------------------------------------------------------------ reading */

static bool out_of_memory(const struct run *run)
{
    if (run->enrich.out_of_memory)
        command_trouble(run->args, "out of memory");
    return run->enrich.out_of_memory;
}

static bool read_decisions(struct run *run)
{
    struct audit_source source = {.args = run->args,
                                  .filter = &run->enrich.filter,
                                  .paths = run->files.paths,
                                  .count = run->files.count,
                                  .log = audit_files_take(&run->files)};
    bool good = audit_source_open(&source);
    if (good)
        audit_source_next(&source);
    while (good && source.record) {
        if (audit_filter_wants(&run->enrich.filter, source.record))
            enrich_add(&run->enrich, source.record);
        good = !out_of_memory(run);
        audit_source_next(&source);
    }
    good = good && !source.trouble;
    audit_source_close(&source);
    return good;
}

/* All whole lines of what was read, `held` bytes; gives how many of them begin a line that goes on. A
 * NUL is a byte like others: a line that has one must not take the next one along. */
static size_t take_lines(struct run *run, size_t held)
{
    struct text rest = {run->room, held};
    const char *end;
    while (rest.size && (end = memchr(rest.at, '\n', rest.size))) {
        size_t size = (size_t)(end - rest.at);
        if (!run->cut && size <= ACCESS_LINE_MAX)
            enrich_line(&run->enrich, (struct text){rest.at, size});
        run->cut = false;
        rest = text_skip(rest, size + 1);
    }
    run->cut = run->cut || rest.size > ACCESS_LINE_MAX;
    if (run->cut)
        return 0;
    memmove(run->room, rest.at, rest.size);
    return rest.size;
}

/* Compressed or not: zlib looks. A line without an end is not finished yet. */
static bool read_access_log(struct run *run, const char *path)
{
    gzFile file = gzopen(path, "rb");
    if (!file) {
        command_trouble(run->args, "%s: cannot open the access log: %s", path,
                        errno ? strerror(errno) : "out of memory");
        return false;
    }
    gzbuffer(file, READ_SIZE);
    run->cut = false;
    int got;
    for (size_t held = 0;
         !run->enrich.out_of_memory && (got = gzread(file, run->room + held, PIECE_SIZE)) > 0;)
        held = take_lines(run, held + (size_t)got);
    int code = Z_OK;
    const char *trouble = gzerror(file, &code);
    bool good = code == Z_OK || code == Z_STREAM_END;
    if (!good)
        command_trouble(run->args, "%s: cannot read the access log: %s", path,
                        code == Z_ERRNO ? strerror(errno) : trouble);
    return gzclose(file) == Z_OK && good && !out_of_memory(run);
}

static bool read_all(struct run *run)
{
    const char *path;
    if (!audit_files(run->args, &run->files) || !read_decisions(run))
        return false;
    enrich_sort(&run->enrich);
    for (size_t i = 0; (path = argument_nth(run->args, "access-log", i)); i++)
        if (!read_access_log(run, path))
            return false;
    enrich_conclude(&run->enrich);
    return true;
}

/* ------------------------------------------------------------------ the command */

static bool print(struct run *run)
{
    if (run->format == OUTPUT_JSON)
        return enrich_print_json(&run->enrich, stdout);
    if (run->format == OUTPUT_CSV)
        return enrich_print_csv(&run->enrich, stdout);
    enrich_print_text(&run->enrich, stdout);
    return !run->enrich.out_of_memory;
}

static enum command_exit enrich(struct run *run)
{
    size_t shared;
    if (!options_good(run))
        return EXIT_TROUBLE;
    if (!enrich_init(&run->enrich))
        return command_trouble(run->args, "out of memory");
    if (!read_all(run))
        return EXIT_TROUBLE;
    if (!print(run) || !enrich_shared(&run->enrich, &shared))
        return command_trouble(run->args, "out of memory, or the output cannot be written");
    return shared || run->enrich.stray_count ? EXIT_NO : EXIT_YES;
}

static enum command_exit run_enrich(const struct arguments *args)
{
    struct run *run = calloc(1, sizeof *run);
    if (!run)
        return command_trouble(args, "out of memory");
    run->args = args;
    enum command_exit status = enrich(run);
    enrich_free(&run->enrich);
    audit_files_free(&run->files);
    free(run);
    return status;
}

static const struct option_spec options[] = {
    {"access-log", "FILE", "an access log of Bitbucket, compressed or not", true},
    {"timezone", "ZONE", "the server's time zone (default: this machine's)", false},
    {"user", "NAME", "only pushes of this user", false},
    {"repo", "KEY/SLUG", "only pushes to these repositories (* and ? allowed)", false},
    {"since", "TIME", "not before: 2026-11-22T04:10:00Z, a date, or an age (24h, 7d)", false},
    {"until", "TIME", "before", false},
    OPTION_FORMATS,
    OPTION_CONFIG,
};

const struct command command_audit_enrich = {
    .name = "enrich",
    .summary = "tie decisions to credentials by the access log",
    .operands = "[FILE...]",
    .details =
        "Without FILE, the audit log that the configuration names. Give the access logs of\n"
        "all nodes, oldest first of each. A decision and a finished push fit if user,\n"
        "repository and time do.\n"
        "Exit code: 0 nothing to look into, 1 credentials that are shared or pushes without\n"
        "a decision, 2 could not be read.\n\n"
        "  refgate audit enrich --access-log atlassian-bitbucket-access.log --since 7d",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .operands_max = SIZE_MAX,
    .run = run_enrich,
};
