/*
 * The whole hook: a configuration, the environment (NAME=VALUE lines) and what stdin holds, with a line
 * "%%" after each; then bytes: how, when, what the history answers, and edits of the small snapshot
 * (snapshots.h). The steps of hook/refgate-hook.c, without its files, and what must hold of any push:
 *
 * - nothing accepts but a verdict that accepts, monitor mode or the kill switch; what failed rejects;
 * - a rule that rejects everything is never overridden (semantics 2: the strongest verdict counts);
 * - the order of the refs, somebody who watches (--explain), and a lack of memory accept nothing more;
 * - the record is one line of JSON, the report is printable and bounded.
 */
#include <jansson.h>
#include <string.h>

#include "fuzz/snapshots.h"
#include "policy/config.h"
#include "policy/decide.h"
#include "push/environment.h"
#include "push/updates.h"
#include "record/audit.h"
#include "record/record.h"
#include "record/report.h"
#include "unit/small_snapshot.h"

#define MEMORY ((size_t)64 * 1024 * 1024)
#define REJECT_ALL "\n[rule \"fuzz-reject-all\"]\naction = reject\n"
#define ID "01JD9Z0000000000000000FUZZ"

enum how { DISABLED = 1, NATIVE = 2, NO_SNAPSHOT = 4, STORAGE = 8 };

struct scene { /* what does not change between the runs over one input */
    struct text config, environment, updates, history;
    struct buffer strings; /* the environment's, each with its NUL */
    unsigned how;
    int64_t now_ms;
    struct snapshot *snapshot; /* NULL: there is none that can be opened */
};

struct twist { /* how one run differs from the plain one */
    const char *more_config;
    size_t memory; /* 0: enough */
    bool backwards, watched;
};

struct run {
    struct arena arena;
    struct policy policy;
    bool loaded, read, judged, format; /* format: stdin is malformed */
    struct push push;
    struct error detail;
    struct decision decision;
    size_t watched;
};

/* ------------------------------------------------------------------ the world around */

static const char *lookup(void *self, const char *name)
{
    const struct scene *s = self;
    size_t size = strlen(name);
    for (size_t at = 0; at < s->strings.size; at += strlen(s->strings.data + at) + 1) {
        const char *one = s->strings.data + at;
        if (!strncmp(one, name, size) && one[size] == '=')
            return one + size + 1;
    }
    return NULL;
}

/* By the ids alone, so that the order of the changes makes no difference. */
static unsigned answer_of(const struct scene *s, const struct change *change)
{
    unsigned at = (unsigned char)change->new_id[0] + 3U * (unsigned char)change->old_id[0];
    return s->history.size ? (unsigned char)s->history.at[at % s->history.size] : 0;
}

static enum history_trouble trouble_of(unsigned answer, const char **why)
{
    *why = "the input says so";
    return answer % 8 == 6 ? HISTORY_UNAVAILABLE : answer % 8 == 7 ? HISTORY_LIMIT : HISTORY_FINE;
}

static enum answer descends(void *self, const struct change *change, enum history_trouble *trouble,
                            const char **why)
{
    unsigned answer = answer_of(self, change);
    *trouble = trouble_of(answer, why);
    return *trouble ? ANSWER_CANNOT_TELL : answer & 1 ? ANSWER_NO : ANSWER_YES;
}

static enum history_trouble new_commits(void *self, const struct change *change,
                                        bool (*visit)(void *context,
                                                      const struct history_commit *commit),
                                        void *context, const char **why)
{
    static const struct text addresses[] = {TEXT("jane@example.com"), TEXT("Admin@Example.com"),
                                            TEXT("\x1b[31m@\xff"), TEXT("")};
    unsigned answer = answer_of(self, change);
    for (unsigned i = 0; i < answer / 64; i++) {
        const struct history_commit commit = {.id = change_new(change),
                                              .author_email = addresses[answer / 8 % 4],
                                              .committer_email = addresses[(answer / 16 + i) % 4],
                                              .merge = i == 1};
        if (!visit(context, &commit))
            return HISTORY_FINE;
    }
    return trouble_of(answer, why);
}

static void watch(void *self, const struct trace_entry *entry)
{
    struct run *r = self;
    r->watched++;
    fuzz_tell_text(entry->why);
}

static void make_scene(struct scene *s, struct input *in)
{
    struct text rest, line;
    uint64_t size;
    *s = (struct scene){.config = input_section(in)};
    rest = s->environment = input_section(in);
    s->updates = input_section(in);
    s->how = input_byte(in);
    s->now_ms = SMALL_NOW + ((int)input_byte(in) - 20) * CLOCK_HOUR;
    s->history = input_bytes(in, 8);
    buffer_init(&s->strings, SIZE_MAX);
    while (text_next_field(&rest, '\n', &line))
        if (!memchr(line.at ? line.at : "", '\0', line.size)) {
            buffer_text(&s->strings, line);
            buffer_add(&s->strings, "", 1);
        }
    int fd = snapshots_edited(in, &size);
    if (snapshot_open_fd(fd, size, 0, SNAPSHOT_READ, &s->snapshot, NULL) != STATUS_OK)
        s->snapshot = NULL;
}

/* ------------------------------------------------------------------ the steps of the hook */

static bool fail(struct run *r, bool monitorable, const char *text)
{
    decision_failure(r->loaded ? &r->policy : NULL, &r->push, monitorable, text, &r->arena,
                     &r->decision);
    return false;
}

static bool configure(const struct scene *s, struct run *r, const char *more)
{
    struct config_errors errors;
    struct buffer text;
    config_errors_init(&errors);
    buffer_init(&text, SIZE_MAX);
    buffer_text(&text, s->config);
    buffer_string(&text, more ? more : "");
    enum status status = config_parse(buffer_view(&text), "refgate.conf", &r->arena, &r->policy,
                                      &errors);
    r->loaded = status == STATUS_OK;
    REQUIRE(status != STATUS_OK || errors.count == 0);
    REQUIRE(status != STATUS_FORMAT || errors.count > 0);
    buffer_free(&text);
    config_errors_free(&errors);
    return r->loaded || fail(r, false, "the configuration is invalid");
}

static bool read_changes(const struct scene *s, struct run *r, const struct environment *env)
{
    const struct updates_limits limits = {r->policy.max_refs, r->policy.max_line,
                                          r->policy.memory_bytes / 2, 0};
    struct change *change = arena_alloc(&r->arena, 1, sizeof *change);
    struct updates updates;
    if (!change)
        return fail(r, true, "out of memory");
    if (r->push.dry_run) {
        if (environment_dry_run_change(env, &r->arena, change, &r->detail) != STATUS_OK)
            return fail(r, true, r->detail.text);
        r->push.changes = change;
        r->push.change_count = 1;
        r->push.stdin_digest = digest_of(TEXT(""));
        return true;
    }
    enum status status = updates_parse(s->updates, &limits, &r->arena, &updates, &r->detail);
    r->format = status == STATUS_FORMAT;
    if (status != STATUS_OK)
        return fail(r, !r->format, r->detail.text);
    r->push.changes = updates.changes;
    r->push.change_count = updates.count;
    r->push.stdin_digest = updates.digest;
    return true;
}

static bool read_push(struct scene *s, struct run *r)
{
    const struct environment env = {lookup, s};
    const char *variable = r->policy.resolvers & RESOLVER_ENVIRONMENT
                               ? r->policy.credential_variable.at
                               : NULL;
    if (environment_read(&env, s->how & NATIVE, variable, &r->push, &r->detail) != STATUS_OK)
        return fail(r, true, r->detail.text);
    r->push.storage_id_known = s->how & STORAGE;
    r->push.storage_id = 84 + (s->how >> 6);
    if (r->policy.needs_local_time)
        r->push.local = clock_local(r->push.now_ms, r->policy.timezone.at);
    return read_changes(s, r, &env);
}

static void turn_round(struct run *r)
{
    size_t count = r->push.change_count;
    struct change *changes = arena_alloc(&r->arena, count, sizeof *changes);
    if (!changes)
        return;
    for (size_t i = 0; i < count; i++)
        changes[i] = r->push.changes[count - 1 - i];
    r->push.changes = changes;
}

static void judge(struct scene *s, struct run *r, const struct twist *twist)
{
    const struct history history = {s, descends, new_commits};
    const struct trace trace = {r, watch};
    bool missing = !s->snapshot || s->how & NO_SNAPSHOT;
    struct view view = missing ? snapshot_view_missing(STATUS_NOT_FOUND, "there is no snapshot")
                               : snapshot_view(s->snapshot, &r->arena);
    if (twist->backwards)
        turn_round(r);
    r->judged = true;
    if (decide(&r->policy, &r->push, &view, &history, twist->watched ? &trace : NULL, &r->arena,
               &r->decision, &r->detail) != STATUS_OK)
        fail(r, true, "out of memory");
}

/* With the policy of a run that was like this one so far, if there is one. */
static void run(struct scene *s, const struct twist *twist, const struct run *like, struct run *r)
{
    *r = (struct run){.push = {.now_ms = s->now_ms, .trigger = TRIGGER_UNKNOWN},
                      .decision = {.verdict = VERDICT_REJECT, .exit_code = 2}};
    arena_init(&r->arena, twist->memory ? twist->memory : MEMORY);
    if (like && like->loaded) {
        r->policy = like->policy;
        r->loaded = true;
    } else {
        configure(s, r, twist->more_config);
    }
    r->read = r->loaded && read_push(s, r);
    if (s->how & DISABLED)
        decision_disabled(r->loaded ? &r->policy : NULL, &r->push, TEXT("work"), &r->arena,
                          &r->decision);
    else if (r->read)
        judge(s, r, twist);
}

/* ------------------------------------------------------------------ what must hold */

static void check_record(const struct run *r)
{
    struct buffer record;
    struct error err = {STATUS_OK, ""};
    const struct record_frame frame = {ID, "0", 1};
    buffer_init(&record, AUDIT_LINE_MAX);
    enum status status = record_json(&frame, &r->push, &r->decision, r->loaded ? &r->policy : NULL,
                                     &record, &err);
    REQUIRE(status == STATUS_OK && record.size < AUDIT_LINE_MAX);
    fuzz_require_plain(buffer_view(&record), false, false);
    json_t *read = json_loadb(record.data, record.size, JSON_REJECT_DUPLICATES, NULL);
    REQUIRE(json_is_object(read));
    REQUIRE(json_integer_value(json_object_get(read, "exit")) == r->decision.exit_code);
    json_decref(read);
    fuzz_tell_text(buffer_view(&record));
    buffer_free(&record);
}

static void check_report(const struct run *r)
{
    struct buffer report;
    buffer_init(&report, 2 * REPORT_BYTES_MAX);
    report_render(&r->decision, &r->push, r->loaded ? &r->policy : NULL, ID, &report);
    REQUIRE(!report.failed && report.size <= REPORT_BYTES_MAX);
    REQUIRE(!report.size || report.data[report.size - 1] == '\n');
    /* Whoever is refused is told so. */
    REQUIRE(report.size || r->decision.exit_code == 0);
    fuzz_require_plain(buffer_view(&report), true, true);
    fuzz_tell_text(buffer_view(&report));
    buffer_free(&report);
}

static void check_exit(const struct scene *s, const struct run *r)
{
    const struct decision *d = &r->decision;
    bool monitor = r->loaded && r->policy.mode == MODE_MONITOR;
    enum verdict strongest = VERDICT_ACCEPT;
    REQUIRE(d->exit_code >= 0 && d->exit_code <= 2);
    fuzz_tell_number((uint64_t)d->exit_code);
    if (s->how & DISABLED) {
        REQUIRE(d->exit_code == 0 && d->disabled);
        return;
    }
    REQUIRE(!d->disabled);
    for (size_t i = 0; d->changes && i < d->change_count; i++)
        strongest = verdict_stronger(strongest, d->changes[i].verdict);
    REQUIRE(verdict_stronger(d->verdict, strongest) == d->verdict);
    REQUIRE(d->exit_code != 0 || monitor ||
            (r->judged && verdict_accepts(d->verdict) && verdict_accepts(strongest)));
    REQUIRE(!r->judged || monitor || verdict_accepts(d->verdict) == (d->exit_code == 0));
    /* The two failures that not even monitor mode accepts, and all others (semantics 8). */
    REQUIRE(r->loaded || d->exit_code == 2);
    REQUIRE(!r->format || d->exit_code == 2);
    REQUIRE(r->read || d->exit_code == (monitor && !r->format ? 0 : 2));
    REQUIRE(!r->judged || !d->changes || d->change_count == r->push.change_count);
}

static bool accepts(const struct run *r)
{
    return verdict_accepts(r->decision.verdict);
}

static void check_twists(struct scene *s, const struct run *plain, size_t little)
{
    static const struct twist twists[] = {{.backwards = true}, {.watched = true}};
    struct run other;
    for (size_t i = 0; i < sizeof twists / sizeof twists[0]; i++) {
        run(s, &twists[i], plain, &other);
        REQUIRE(other.decision.verdict == plain->decision.verdict);
        REQUIRE(other.decision.exit_code == plain->decision.exit_code);
        REQUIRE(other.decision.count_reject == plain->decision.count_reject);
        REQUIRE(!twists[i].watched || !other.judged || other.watched);
        arena_free(&other.arena);
    }
    run(s, &(struct twist){.more_config = REJECT_ALL}, NULL, &other);
    if (other.judged)
        REQUIRE(other.decision.verdict == VERDICT_REJECT || !other.decision.changes);
    REQUIRE(!accepts(&other));
    arena_free(&other.arena);
    run(s, &(struct twist){.memory = little}, NULL, &other);
    REQUIRE(!accepts(&other) || accepts(plain));
    check_exit(s, &other);
    check_record(&other);
    check_report(&other);
    arena_free(&other.arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct scene s;
    struct input in = {data, size};
    struct run plain;
    make_scene(&s, &in);
    run(&s, &(struct twist){.memory = 0}, NULL, &plain);
    check_exit(&s, &plain);
    check_record(&plain);
    check_report(&plain);
    if (!(s.how & DISABLED))
        check_twists(&s, &plain, 1024 + 512 * (size % 200));
    arena_free(&plain.arena);
    snapshot_close(s.snapshot);
    buffer_free(&s.strings);
    return 0;
}
