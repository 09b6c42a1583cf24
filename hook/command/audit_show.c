/*
 * refgate audit show - the decisions of one or several nodes' audit logs, merged by time.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/glob.h"
#include "command/audit.h"
#include "command/audit_entry.h"
#include "model/verdict.h"
#include "record/audit_read.h"

#define LIMIT_MAX 100000

struct filter { /* absent text, 0 time: any */
    struct text user, repository, ref, rule, verdict, id;
    bool since_set, until_set;
    int64_t since_ms, until_ms;
};

struct source { /* one file, and the decision in it that comes next */
    const char *path;
    struct audit_reader *reader;
    json_t *record; /* NULL at the end */
    struct text line;
    const char *time;
};

struct show {
    const struct arguments *args;
    struct audit_files files;
    struct source sources[AUDIT_FILES_MAX];
    struct filter filter;
    struct audit_style style;
    bool json, trouble;
    /* --limit N: only the last N, kept in a ring until all is read */
    uint64_t limit, matched;
    char **ring;
};

/* ------------------------------------------------------------------ options */

static bool time_option(struct show *show, const char *name, bool *set, int64_t *ms)
{
    const char *value = argument(show->args, name);
    int64_t ago;
    *set = value != NULL;
    if (!value || clock_parse(text_of(value), ms))
        return true;
    if (clock_parse_duration(text_of(value), &ago)) {
        *ms = clock_now_ms() - ago;
        return true;
    }
    command_trouble(show->args,
                    "--%s wants a time like 2026-11-22T04:10:00Z, a date or an age "
                    "like 24h, not %s",
                    name, value);
    return false;
}

static bool show_options(struct show *show)
{
    const struct arguments *args = show->args;
    struct filter *filter = &show->filter;
    filter->user = text_of(argument(args, "user"));
    filter->repository = text_of(argument(args, "repo"));
    filter->ref = text_of(argument(args, "ref"));
    filter->rule = text_of(argument(args, "rule"));
    filter->verdict = text_of(argument(args, "verdict"));
    filter->id = text_of(argument(args, "id"));
    show->style = (struct audit_style){.verbose = argument_flag(args, "verbose"),
                                       .colour = command_colour(stdout),
                                       .ascii = isatty(STDOUT_FILENO) == 1};
    const char *limit = argument(args, "limit");
    if (limit &&
        (!text_parse_u64(text_of(limit), LIMIT_MAX, false, &show->limit) || !show->limit)) {
        command_trouble(args, "--limit wants a number from 1 to %d", LIMIT_MAX);
        return false;
    }
    enum verdict verdict;
    if (filter->verdict.at && !verdict_parse(filter->verdict, &verdict)) {
        command_trouble(args,
                        "--verdict is accept, note, annotate, require-approval or reject, "
                        "not %s",
                        filter->verdict.at);
        return false;
    }
    const char *problem = filter->ref.at ? glob_ref_problem(filter->ref) : NULL;
    if (problem) {
        command_trouble(args, "--ref %s: %s", filter->ref.at, problem);
        return false;
    }
    return argument_json(args, &show->json) &&
           time_option(show, "since", &filter->since_set, &filter->since_ms) &&
           time_option(show, "until", &filter->until_set, &filter->until_ms);
}

/* ------------------------------------------------------------------ which */

static bool wanted(const struct filter *filter, const json_t *record)
{
    if (filter->id.at && !text_starts(entry_text(record, "id", NULL), filter->id))
        return false;
    if (filter->verdict.at && !text_equal(entry_text(record, "verdict", NULL), filter->verdict))
        return false;
    if (filter->user.at && !text_equal_fold(entry_text(record, "pusher", "name"), filter->user))
        return false;
    int64_t time = 0;
    if ((filter->since_set || filter->until_set) &&
        !clock_parse(entry_text(record, "time", NULL), &time))
        return false;
    if ((filter->since_set && time < filter->since_ms) ||
        (filter->until_set && time >= filter->until_ms))
        return false;
    return (!filter->repository.at || entry_has_repository(record, filter->repository)) &&
           (!filter->ref.at || entry_has_ref(record, filter->ref)) &&
           (!filter->rule.at || entry_has_rule(record, filter->rule));
}

/* ------------------------------------------------------------------ reading */

/* Moves to the next record. Lines that are none are told on stderr: the answer lacks them. */
static void source_next(struct show *show, struct source *source)
{
    json_decref(source->record);
    source->record = NULL;
    while (!source->record) {
        struct audit_line line;
        struct error err = {STATUS_OK, ""};
        enum status status = audit_read_next(source->reader, &line, &err);
        if (status == STATUS_NOT_FOUND)
            return;
        if (status != STATUS_OK) {
            command_trouble(show->args, "%s: %s", source->path, err.text);
            show->trouble = true;
            return;
        }
        /* Ids are letters and digits: a line without these bytes is not the one, and need not be
         * parsed. */
        const struct text *id = &show->filter.id;
        if (id->size && !memmem(line.text.at, line.text.size, id->at, id->size))
            continue;
        source->line = line.text;
        source->record = line.too_long ? NULL : entry_parse(line.text);
        if (!source->record)
            command_trouble(show->args,
                            "%s:%llu is not a decision, left out (see: refgate audit "
                            "verify)",
                            source->path, (unsigned long long)line.number);
    }
    source->time = entry_text(source->record, "time", NULL).at;
}

/* The source whose decision is the oldest; the first of several. NULL: all are at the end. Times
 * are ISO 8601 of one form, so that their order is that of their bytes. */
static struct source *oldest(struct show *show)
{
    struct source *first = NULL;
    for (size_t i = 0; i < show->files.count; i++) {
        struct source *source = &show->sources[i];
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

static bool show_entry(struct show *show, const struct source *source)
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
    else if (show->limit)
        good = keep(show, buffer_view(&text));
    else
        good = fwrite(text.data, 1, text.size, stdout) == text.size;
    show->matched++;
    buffer_free(&text);
    return good;
}

static bool open_sources(struct show *show)
{
    for (size_t i = 0; i < show->files.count; i++) {
        struct source *source = &show->sources[i];
        struct error err = {STATUS_OK, ""};
        source->path = show->files.paths[i];
        if (audit_read_open(source->path, &source->reader, &err) != STATUS_OK) {
            command_trouble(show->args, "%s: %s", source->path, err.text);
            return false;
        }
        source_next(show, source);
    }
    return !show->trouble;
}

static void print_ring(const struct show *show)
{
    uint64_t kept = show->matched < show->limit ? show->matched : show->limit;
    for (uint64_t i = show->matched - kept; i < show->matched; i++)
        fputs(show->ring[i % show->limit], stdout);
}

static enum command_exit show_all(struct show *show)
{
    if (show->limit) {
        show->ring = calloc((size_t)show->limit, sizeof *show->ring);
        if (!show->ring)
            return command_trouble(show->args, "out of memory");
    }
    if (!open_sources(show))
        return EXIT_TROUBLE;
    struct source *source;
    while ((source = oldest(show))) {
        if (wanted(&show->filter, source->record) && !show_entry(show, source))
            return EXIT_TROUBLE;
        source_next(show, source);
    }
    if (show->limit)
        print_ring(show);
    if (show->trouble)
        return EXIT_TROUBLE;
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
    for (size_t i = 0; i < show->files.count; i++) {
        json_decref(show->sources[i].record);
        audit_read_close(show->sources[i].reader);
    }
    for (uint64_t i = 0; show->ring && i < show->limit; i++)
        free(show->ring[i]);
    free(show->ring);
    arena_free(&show->files.arena);
    free(show);
    return status;
}

static const struct option_spec show_option[] = {
    {"id", "ID", "the decision with this id, or whose id begins so", false},
    {"user", "NAME", "pushes of this user", false},
    {"repo", "KEY/SLUG", "pushes to these repositories (* and ? allowed)", false},
    {"ref", "PATTERN", "pushes that changed a ref that matches", false},
    {"rule", "NAME", "decisions in which this rule had a say", false},
    {"verdict", "VERDICT", "accept, note, annotate, require-approval or reject", false},
    {"since", "TIME", "not before: 2026-11-22T04:10:00Z, a date, or an age (24h, 7d)", false},
    {"until", "TIME", "before", false},
    {"limit", "N", "only the last N of them", false},
    {"verbose", NULL, "with the changes and the reasons of each", false},
    OPTION_CONFIG,
    OPTION_FORMAT,
};

const struct command command_audit_show = {
    .name = "show",
    .summary = "print decisions, oldest first",
    .operands = "[FILE...]",
    .details = "Without FILE, the log that the configuration names; - is stdin. The files of\n"
               "several nodes are merged by time. --format json prints the lines as they are.\n"
               "Exit code: 0 something was found, 1 nothing was, 2 could not be read.",
    .options = show_option,
    .option_count = sizeof show_option / sizeof show_option[0],
    .operands_max = SIZE_MAX,
    .run = run_show,
};
