/*
 * refgate snapshot rollback - the snapshot that was in use before the last sync, in use again.
 *
 * Sync keeps it as a second link, FILE.1. It takes the newer one's place by a rename, and the newer one
 * becomes FILE.1: the same command again goes forward. Only a file that is whole, trusted and of the
 * same instance gets into use; nothing is asked of the newer one, which may be why one goes back.
 */
#include <jansson.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "command/snapshot_dump.h"
#include "command/snapshot_file.h"
#include "command/sync_lock.h"
#include "model/instance_url.h"
#include "snapshot/publish.h"
#include "snapshot/verify.h"

#define DIGEST_SHOWN 12

struct rollback {
    const struct arguments *args;
    struct snapshot_file file; /* large */
    char older_path[PATH_MAX];
    struct snapshot *current, *older; /* current NULL: `trouble` says why */
    struct error trouble;
    bool dry_run, json;
};

/* YES: it may get into use. NO: it must not. Both with a sentence for NO and for trouble. */
static enum command_exit examine(struct rollback *r, struct error *err)
{
    enum status status = publication_older(r->file.path, r->older_path, err);
    if (status == STATUS_OK)
        status = snapshot_file_open(&r->file, r->older_path, &r->older, err);
    if (status == STATUS_OK)
        status = snapshot_verify(r->older, NULL, NULL, err);
    if (status == STATUS_NOT_FOUND)
        error_prefix(err, "there is no older snapshot to go back to");
    if (status == STATUS_FORMAT || status == STATUS_UNSUPPORTED) {
        error_prefix(err, "the older snapshot is of no use, nothing was changed");
        return EXIT_NO;
    }
    if (status != STATUS_OK)
        return EXIT_TROUBLE;
    if (snapshot_file_open(&r->file, r->file.path, &r->current, &r->trouble) != STATUS_OK)
        return EXIT_YES;
    if (instance_url_same(snapshot_meta_record(r->current)->meta.base_url,
                          snapshot_meta_record(r->older)->meta.base_url))
        return EXIT_YES;
    error_set(
        err, STATUS_USAGE,
        "the older snapshot is of another instance, nothing was changed: see refgate snapshot "
        "info --file %s",
        r->older_path);
    return EXIT_NO;
}

static void print_one(const char *what, const char *path, const struct meta_record *meta,
                      const char *trouble)
{
    printf("%-8s", what);
    command_escaped(stdout, text_of(path), SIZE_MAX);
    if (!meta) {
        printf(": ");
        command_escaped(stdout, text_of(trouble), SIZE_MAX);
        putchar('\n');
        return;
    }
    char time[CLOCK_TEXT_SIZE];
    clock_format(meta->meta.generated_ms, true, time);
    struct text digest = meta->meta.digest;
    digest.size = digest.size < DIGEST_SHOWN ? digest.size : DIGEST_SHOWN;
    printf(": generated %s, format %u, digest ", time, (unsigned)meta->format);
    command_escaped(stdout, digest, SIZE_MAX);
    putchar('\n');
}

/* A rollback makes the snapshot older; that may matter at once. */
static bool is_stale(const struct rollback *r, int64_t age_ms)
{
    int64_t most = r->file.instance.policy.max_age_ms; /* 0: no configuration was read */
    return most && age_ms > most;
}

static void print_text(const struct rollback *r, const struct meta_record *current,
                       const struct meta_record *older, int64_t age_ms)
{
    char age[64];
    clock_format_duration(age_ms, age, sizeof age);
    if (r->dry_run)
        printf("nothing was changed (--dry-run); without it:\n");
    print_one("in use", r->file.path, older, "");
    print_one("kept", r->older_path, current, r->trouble.text);
    printf("%-8swhat it says is %s old%s\n", "age", age,
           is_stale(r, age_ms) ? ", more than [freshness] max-age: it is stale" : "");
    printf(
        "%-8sthe next refgate sync publishes a new one: stop its timer if it must not; the same\n"
        "%-8scommand again undoes this one\n",
        "next", "");
}

static json_t *one_json(const char *path, const struct meta_record *meta, const char *trouble)
{
    json_t *out = meta ? snapshot_dump_meta(meta) : json_pack("{s:s}", "problem", trouble);
    json_object_set_new(out, "file", json_string(path));
    return out;
}

static void print_json(const struct rollback *r, const struct meta_record *current,
                       const struct meta_record *older, int64_t age_ms)
{
    json_t *out = json_pack("{s:b,s:o,s:o,s:I,s:b}", "changed", !r->dry_run, "in_use",
                            one_json(r->file.path, older, ""), "kept",
                            one_json(r->older_path, current, r->trouble.text), "age_s",
                            (json_int_t)(age_ms / 1000), "stale", is_stale(r, age_ms));
    json_dumpf(out, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(out);
}

static enum command_exit go_back(struct rollback *r)
{
    struct error err = {STATUS_OK, ""};
    bool swapped = false;
    enum command_exit result = examine(r, &err);
    if (result == EXIT_YES && !r->dry_run &&
        publication_swap(r->file.path, &swapped, &err) != STATUS_OK)
        result = EXIT_TROUBLE;
    if (result != EXIT_YES) {
        command_trouble(r->args, "%s", err.text);
        return result;
    }
    const struct meta_record *older = snapshot_meta_record(r->older);
    const struct meta_record *current = r->current ? snapshot_meta_record(r->current) : NULL;
    int64_t age_ms = clock_now_ms() - older->meta.started_ms;
    (r->json ? print_json : print_text)(r, current, older, age_ms > 0 ? age_ms : 0);
    return EXIT_YES;
}

static enum command_exit run(const struct arguments *args)
{
    static struct rollback rollback;
    struct error err = {STATUS_OK, ""};
    enum command_exit result = EXIT_TROUBLE;
    int lock = -1;
    rollback = (struct rollback){.args = args, .dry_run = argument_flag(args, "dry-run")};
    if (!argument_json(args, &rollback.json))
        return EXIT_TROUBLE;
    if (snapshot_file_find(args, "file", &rollback.file)) {
        /* A sync that is about to publish would take this for its own older one. */
        if (sync_lock_take(rollback.file.path, clock_now_ms(), &lock, &err) == STATUS_OK)
            result = go_back(&rollback);
        else
            command_trouble(args, "%s", err.text);
    }
    if (lock >= 0)
        close(lock);
    snapshot_close(rollback.current);
    snapshot_close(rollback.older);
    snapshot_file_free(&rollback.file);
    return result;
}

static const struct option_spec options[] = {
    {"file", "FILE", "the snapshot (default: what the configuration names)", false},
    {"dry-run", NULL, "say what would be done, and change nothing", false},
    OPTION_CONFIG,
    OPTION_FORMAT,
};

const struct command command_snapshot_rollback = {
    .name = "rollback",
    .summary = "put the snapshot before this one (FILE.1) into use again",
    .operands = "",
    .details = "The one in use becomes FILE.1: the same command again undoes it. Exit status:\n"
               "0 done; 1 the older one is damaged, of a format that is not read, or of another\n"
               "instance: nothing was changed; 2 there is none, or it could not be done.",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .run = run,
};
