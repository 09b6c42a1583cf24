/*
 * lookup_probe - what one decision reads of the snapshot.
 *
 * usage: lookup_probe CONFIGURATION <ref updates     the environment is a hook's
 *
 * Decides as the hook does (the same functions, the same way of reading) and prints, tabs between: lookups
 * (reads of the file's hash tables), reads in all, pages of 4 KiB that they touched, bytes, and the
 * verdict. The reads are counted here: this program's pread(2) is in front of libc's.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "model/verdict.h"
#include "policy/config.h"
#include "policy/decide.h"
#include "push/environment.h"
#include "push/git_history.h"
#include "push/location.h"
#include "push/updates.h"
#include "snapshot/configured.h"
#include "snapshot/reader.h"

#define PAGE 4096
#define INPUT_MOST ((uint64_t)64 * 1024 * 1024)

static struct {
    bool on;
    uint64_t tables_at, lookups, reads, bytes, pages;
    unsigned char seen[LAYOUT_SIZE_MAX / PAGE / 8 + 1];
} counted;

static void count_read(uint64_t at, size_t size)
{
    counted.reads++;
    counted.bytes += size;
    counted.lookups += counted.tables_at && at >= counted.tables_at;
    for (uint64_t page = at / PAGE; size && page <= (at + size - 1) / PAGE; page++) {
        unsigned char bit = (unsigned char)(1u << page % 8);
        counted.pages += !(counted.seen[page / 8] & bit);
        counted.seen[page / 8] |= bit;
    }
}

static ssize_t read_counted(int fd, void *to, size_t size, off_t at)
{
    ssize_t got = syscall(SYS_pread64, fd, to, size, at);
    if (counted.on && got > 0) {
        if (!at && got >= 4) /* the first table's place: all tables lie behind it */
            counted.tables_at = layout_load32(to);
        count_read((uint64_t)at, (size_t)got);
    }
    return got;
}

/* The names that <unistd.h> has for it, with and without bounds of the buffer. */
ssize_t probe_pread(int fd, void *to, size_t size, off_t at) __asm__("pread");
ssize_t probe_pread64(int fd, void *to, size_t size, off_t at) __asm__("pread64");
ssize_t probe_pread_chk(int fd, void *to, size_t size, off_t at,
                        size_t room) __asm__("__pread_chk");
ssize_t probe_pread64_chk(int fd, void *to, size_t size, off_t at,
                          size_t room) __asm__("__pread64_chk");

ssize_t probe_pread(int fd, void *to, size_t size, off_t at)
{
    return read_counted(fd, to, size, at);
}
ssize_t probe_pread64(int fd, void *to, size_t size, off_t at)
{
    return read_counted(fd, to, size, at);
}
ssize_t probe_pread_chk(int fd, void *to, size_t size, off_t at, size_t room)
{
    return size <= room ? read_counted(fd, to, size, at) : -1;
}
ssize_t probe_pread64_chk(int fd, void *to, size_t size, off_t at, size_t room)
{
    return size <= room ? read_counted(fd, to, size, at) : -1;
}

static struct error error;
static struct arena arena;

static void must(enum status status)
{
    if (status == STATUS_OK)
        return;
    fprintf(stderr, "lookup_probe: %s\n", error.text);
    exit(2);
}

static void read_push(const struct policy *policy, struct push *push, struct location *location,
                      struct buffer *input)
{
    const struct environment env = environment_of_process();
    const struct updates_limits limits = {policy->max_refs, policy->max_line, INPUT_MOST, 0};
    struct updates updates;
    push->now_ms = clock_now_ms();
    must(environment_read(&env, false, NULL, push, &error));
    must(location_find(&env, NULL, &arena, location, &error));
    push->storage_id_known = location->storage_id_known;
    push->storage_id = location->storage_id;
    must(updates_read(STDIN_FILENO, &limits, input, &error));
    must(updates_parse(buffer_view(input), &limits, &arena, &updates, &error));
    push->changes = updates.changes;
    push->change_count = updates.count;
    push->stdin_digest = updates.digest;
}

int main(int argc, char **argv)
{
    static struct policy policy;
    static struct push push;
    static struct decision decision;
    struct location location = {0};
    struct buffer input;
    struct config_errors errors;
    struct snapshot *snapshot = NULL;
    struct git_history *git = NULL;
    if (argc != 2) {
        fprintf(stderr, "usage: lookup_probe CONFIGURATION <ref updates\n");
        return 2;
    }
    arena_init(&arena, SIZE_MAX);
    buffer_init(&input, SIZE_MAX);
    config_errors_init(&errors);
    if (config_load(argv[1], &arena, &policy, &errors) != STATUS_OK) {
        fprintf(stderr, "lookup_probe: %s",
                errors.lines.data ? errors.lines.data : "configuration\n");
        return 2;
    }
    read_push(&policy, &push, &location, &input);
    counted.on = true;
    struct view view = snapshot_configured(&policy, NULL, SNAPSHOT_READ, &arena, &snapshot, &error);
    if (view.problem)
        must(error_set(&error, view.problem_code, "%s", view.problem));
    must(git_history_new(&location, policy.history_commits, 0, &git, &error));
    const struct history history = git_history_interface(git);
    must(decide(&policy, &push, &view, &history, NULL, &arena, &decision, &error));
    counted.on = false;
    printf("%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%s\n", counted.lookups,
           counted.reads, counted.pages, counted.bytes, verdict_name(decision.verdict));
    return fflush(stdout) ? 2 : 0;
}
