/*
 * refgate audit show - the decisions of one or several nodes' audit logs, merged by time.
 */
#include <errno.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <unistd.h>

#include "command/audit.h"
#include "command/audit_entry.h"
#include "command/audit_follow.h"

#define LIMIT_MAX 100000

struct show {
    const struct arguments *args;
    struct audit_files files;
    struct audit_source *sources; /* one a log */
    size_t source_count;
    struct audit_filter filter;
    struct audit_style style;
    bool json, follow, trouble;
    bool coming;      /* what is shown now is new: --limit was about what was there */
    bool pipe_closed; /* nobody reads stdout any more */
    /* --limit N: only the last N, kept in a ring until all is read */
    uint64_t limit, matched;
    char **ring;
};

/* ------------------------------------------------------------------ options */

static bool show_options(struct show *show)
{
    const struct arguments *args = show->args;
    show->style = (struct audit_style){.verbose = argument_flag(args, "verbose"),
                                       .colour = command_colour(stdout),
                                       .ascii = isatty(STDOUT_FILENO) == 1};
    show->follow = argument_flag(args, "follow");
    const char *limit = argument(args, "limit");
    if (limit &&
        (!text_parse_u64(text_of(limit), LIMIT_MAX, false, &show->limit) || !show->limit)) {
        command_trouble(args, "--limit wants a number from 1 to %d", LIMIT_MAX);
        return false;
    }
    bool one_file = args->operand_count == 1 && strcmp(args->operands[0], "-") != 0;
    if (show->follow && args->operand_count && !one_file) {
        command_trouble(args, "--follow wants one log");
        return false;
    }
    return argument_json(args, &show->json) && audit_filter_options(args, &show->filter);
}

/* ------------------------------------------------------------------ reading */

/* The source whose decision is the oldest; the first of several. NULL: all are at the end. Times
 * are ISO 8601 of one form, so that their order is that of their bytes. */
static struct audit_source *oldest(struct show *show)
{
    struct audit_source *first = NULL;
    for (size_t i = 0; i < show->source_count; i++) {
        struct audit_source *source = &show->sources[i];
        if (source->record &&
            (!first || text_compare(text_of(source->time), text_of(first->time)) < 0))
            first = source;
    }
    return first;
}

static bool keep(struct show *show, struct text text)
{
    char **slot = &show->ring[show->matched % show->limit];
    free(*slot);
    *slot = strndup(text.at, text.size);
    if (!*slot)
        command_trouble(show->args, "out of memory");
    return *slot != NULL;
}

static bool show_entry(struct show *show, const struct audit_source *source)
{
    struct buffer text;
    buffer_init(&text, SIZE_MAX);
    if (show->json)
        entry_json(source->record, source->line, &show->style, &text);
    else
        entry_render(source->record, &show->style, &text);
    bool good = !text.failed;
    if (!good)
        command_trouble(show->args, "out of memory");
    else if (show->limit && !show->coming)
        good = keep(show, buffer_view(&text));
    else
        good = fwrite(text.data, 1, text.size, stdout) == text.size;
    show->matched++;
    buffer_free(&text);
    return good;
}

/* A log with its rotated files is one source, files that were named are one each. With --follow and
 * nothing to print first, only the log itself is gone through. */
static bool open_sources(struct show *show, bool only_log)
{
    struct audit_files *files = &show->files;
    bool each = !files->of_one_log;
    size_t count = each ? files->count : 1, first = only_log ? files->count - 1 : 0;
    show->sources = calloc(count, sizeof *show->sources);
    if (!show->sources) {
        command_trouble(show->args, "out of memory");
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        struct audit_source *source = &show->sources[show->source_count++];
        *source = (struct audit_source){.args = show->args,
                                        .filter = &show->filter,
                                        .paths = files->paths + (each ? i : first),
                                        .count = each ? 1 : files->count - first,
                                        .log = each ? NULL : audit_files_take(files)};
        if (!audit_source_open(source))
            return false;
        audit_source_next(source);
        show->trouble |= source->trouble;
    }
    return !show->trouble;
}

static void print_ring(const struct show *show)
{
    uint64_t kept = show->matched < show->limit ? show->matched : show->limit;
    for (uint64_t i = show->matched - kept; i < show->matched; i++)
        fputs(show->ring[i % show->limit], stdout);
}

/* What is there already. false: trouble was printed, or stdout cannot be written. */
static bool show_past(struct show *show, bool silent)
{
    struct audit_source *source;
    while ((source = oldest(show))) {
        if (!silent && audit_filter_wants(&show->filter, source->record) &&
            !show_entry(show, source))
            return false;
        audit_source_next(source);
        show->trouble |= source->trouble;
    }
    if (show->limit)
        print_ring(show);
    return !show->trouble;
}

/* ------------------------------------------------------------------ following */

static bool flush(struct show *show)
{
    if (!fflush(stdout))
        return true;
    show->pipe_closed = errno == EPIPE;
    return false;
}

static bool show_new(void *self, const struct audit_source *source)
{
    struct show *show = self;
    if (!audit_filter_wants(&show->filter, source->record))
        return true;
    bool shown = show_entry(show, source), flushed = flush(show);
    show->trouble |= !shown && !show->pipe_closed;
    return shown && flushed;
}

static enum command_exit show_coming(struct show *show)
{
    const char *log = show->files.paths[show->files.count - 1];
    show->coming = true;
    bool good = flush(show) && audit_follow(&show->sources[0], log, show_new, show);
    if (!show->pipe_closed)
        return good && !show->trouble ? EXIT_YES : EXIT_TROUBLE;
    /* Who reads a pipe has seen enough when he closes it. */
    clearerr(stdout);
    __fpurge(stdout);
    return EXIT_YES;
}

/* ------------------------------------------------------------------ all of it */

static void show_free(struct show *show)
{
    for (size_t i = 0; i < show->source_count; i++)
        audit_source_close(&show->sources[i]);
    for (uint64_t i = 0; show->ring && i < show->limit; i++)
        free(show->ring[i]);
    free(show->ring);
    free(show->sources);
    audit_files_free(&show->files);
    free(show);
}

static enum command_exit show_all(struct show *show)
{
    if (show->limit) {
        show->ring = calloc((size_t)show->limit, sizeof *show->ring);
        if (!show->ring)
            return command_trouble(show->args, "out of memory");
    }
    bool only_coming = show->follow && !show->limit && !show->filter.since_set;
    if (!open_sources(show, only_coming) || !show_past(show, only_coming))
        return EXIT_TROUBLE;
    if (show->follow)
        return show_coming(show);
    return show->matched ? EXIT_YES : EXIT_NO;
}

static enum command_exit run_show(const struct arguments *args)
{
    struct show *show = calloc(1, sizeof *show);
    if (!show)
        return command_trouble(args, "out of memory");
    show->args = args;
    enum command_exit status = EXIT_TROUBLE;
    if (show_options(show) && audit_files(args, &show->files))
        status = show_all(show);
    show_free(show);
    return status;
}

static const struct option_spec show_option[] = {
    AUDIT_FILTER_OPTIONS,
    {"limit", "N", "only the last N of them", false},
    {"verbose", NULL, "with the changes and the reasons of each", false},
    {"follow", NULL, "and those that come, until it is interrupted", false},
    OPTION_CONFIG,
    OPTION_FORMAT,
};

const struct command command_audit_show = {
    .name = "show",
    .summary = "print decisions, oldest first",
    .operands = "[FILE...]",
    .details = "Without FILE, the log that the configuration names, with its rotated files; - is\n"
               "stdin. The files of several nodes are merged by time. --follow prints what comes\n"
               "from now on; with --limit or --since, first what is there. --format json prints\n"
               "the lines as they are.\n"
               "Exit code: 0 something was found (--follow: it was ended), 1 nothing was, 2 could\n"
               "not be read.",
    .options = show_option,
    .option_count = sizeof show_option / sizeof show_option[0],
    .operands_max = SIZE_MAX,
    .run = run_show,
};
