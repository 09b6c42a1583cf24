/*
 * posture_case.h - an instance to find things in: a snapshot that a case builds fact by fact, facts for
 * reports, an audit log, a configuration; and questions about what was found.
 *
 * In the beginning there are: the administrator `admin` (1), the group `all` (LICENSED_USER) with the
 * users u10 to u29 (10 to 29), project PRJ (2) with the repository app (84; default branch main). The
 * time is SMALL_NOW, the snapshot's, too.
 */
#ifndef REFGATE_TESTS_UNIT_POSTURE_CASE_H
#define REFGATE_TESTS_UNIT_POSTURE_CASE_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "policy/config.h"
#include "posture/inquiry.h"
#include "posture/kinds.h"
#include "builder_case.h"

static struct builder *b;
static struct buffer facts, audit_log;
static const char *configuration;
static struct inquiry inquiry;
static struct posture posture;
static struct policy policy;
static struct arena found_arena;
static struct snapshot *snapshot;
static char names[64][16];

#define DAYS_AGO(days) (SMALL_NOW - (days)*CLOCK_DAY)

static inline void add_user(uint64_t id, const char *name, bool active)
{
    GOOD(builder_user(
        b,
        &(struct builder_user){.id = id, .name = text_of(name), .active = active, .listed = true},
        &error));
}

static inline void add_member(const char *group, uint64_t id)
{
    GOOD(builder_member(b, text_of(group), id, &error));
}

static inline void add_group(const char *group)
{
    GOOD(builder_group(b, text_of(group), false, &error));
}

static inline void add_project(uint64_t id, const char *key)
{
    GOOD(builder_project(b, &(struct builder_project){.id = id, .key = text_of(key)}, &error));
}

static inline void add_repository(uint64_t id, uint64_t project, const char *slug)
{
    GOOD(builder_repository(
        b, &(struct builder_repository){.id = id, .project_id = project, .slug = text_of(slug)},
        &error));
    GOOD(builder_default_branch(b, id, TEXT("refs/heads/main"), &error));
}

static inline void grant_user(struct place place, uint64_t user, enum permission permission)
{
    GOOD(builder_grant_user(b, place, user, permission, &error));
}

static inline void grant_group(struct place place, const char *group, enum permission permission)
{
    GOOD(builder_grant_group(b, place, text_of(group), permission, &error));
}

static inline void restrict_refs(struct place place, uint64_t id, enum restriction_type type,
                                 enum matcher_type matcher, const char *match,
                                 const struct exemptions *exempt)
{
    struct builder_restriction row = {.head = {.id = id,
                                               .of_project = place.scope == GRANT_PROJECT,
                                               .type = type,
                                               .type_text = TEXT("future-type"),
                                               .matcher = matcher,
                                               .matcher_type_text = TEXT("FUTURE"),
                                               .matcher_id = text_of(match),
                                               .matcher_active = true}};
    if (exempt)
        row.exempt = *exempt;
    GOOD(builder_restriction(b, place, &row, &error));
}

static inline int posture_set_up(void **state)
{
    builder_set_up(state);
    arena_init(&found_arena, (size_t)256 << 20);
    buffer_init(&facts, SIZE_MAX);
    buffer_init(&audit_log, SIZE_MAX);
    configuration = "";
    inquiry = (struct inquiry){.now_ms = SMALL_NOW,
                               .window_ms = 90 * CLOCK_DAY,
                               .stale_ms = 90 * CLOCK_DAY,
                               .old_ms = 365 * CLOCK_DAY,
                               .expiring_ms = 30 * CLOCK_DAY,
                               .broad_percent = 50,
                               .hook = TEXT("*refgate*"),
                               .least = SEVERITY_INFO};
    b = new_builder();
    add_user(1, "admin", true);
    grant_user(everywhere, 1, PERMISSION_SYS_ADMIN);
    add_group("all");
    grant_group(everywhere, "all", PERMISSION_LICENSED_USER);
    for (unsigned i = 10; i < 30; i++) {
        snprintf(names[i], sizeof names[i], "u%u", i);
        add_user(i, names[i], true);
        add_member("all", i);
    }
    add_project(2, "PRJ");
    add_repository(84, 2, "app");
    return 0;
}

static inline int posture_tear_down(void **state)
{
    snapshot_close(snapshot);
    snapshot = NULL;
    builder_free(b);
    buffer_free(&facts);
    buffer_free(&audit_log);
    arena_free(&found_arena);
    return builder_tear_down(state);
}

/* For the rows of a table: as if a new case began. */
static inline void posture_again(void **state)
{
    posture_tear_down(state);
    posture_set_up(state);
}

static inline struct text kept_path(const char *name)
{
    struct text path = arena_text(&found_arena, text_of(at(name)));
    assert_non_null(path.at);
    return path;
}

static inline void write_evidence(const struct builder_summary *summary)
{
    static const char *logs[1];
    if (facts.size) {
        struct buffer all;
        buffer_init(&all, SIZE_MAX);
        buffer_printf(&all, "{\"kind\":\"facts\",\"format\":1,\"base_url\":"
                            "\"https://bitbucket.example.com\",\"started_ms\":1}\n");
        buffer_text(&all, buffer_view(&facts));
        buffer_printf(&all, "{\"kind\":\"end\",\"facts\":1,\"snapshot\":\"%s\"}\n",
                      summary->digest.hex);
        GOOD(file_replace(at("facts"), buffer_view(&all), 0600, &error));
        buffer_free(&all);
        inquiry.facts_path = kept_path("facts").at;
    }
    if (audit_log.size) {
        GOOD(file_replace(at("log"), buffer_view(&audit_log), 0600, &error));
        logs[0] = kept_path("log").at;
        inquiry.logs = logs;
        inquiry.log_count = 1;
    }
}

static inline void parse_configuration(void)
{
    struct config_errors errors;
    config_errors_init(&errors);
    if (config_parse(text_of(configuration), "refgate.conf", &found_arena, &policy, &errors) !=
        STATUS_OK)
        fail_msg("%s", errors.lines.data);
    config_errors_free(&errors);
}

static inline void inquire(void)
{
    const struct builder_header header = {.base_url = TEXT("https://bitbucket.example.com"),
                                          .bitbucket_version = TEXT("9.4.2"),
                                          .started_ms = SMALL_NOW,
                                          .generated_ms = SMALL_NOW};
    struct builder_summary summary;
    if (builder_finish(b, &header, at("s.cdb"), 0, NULL, &summary, &error) != STATUS_OK)
        fail_msg("%s", error.text);
    GOOD(snapshot_open_mode(at("s.cdb"), NULL, 0, SNAPSHOT_MAPPED, &snapshot, &error));
    write_evidence(&summary);
    parse_configuration();
    inquiry.policy = &policy;
    inquiry.snapshot = snapshot;
    if (posture_inquire(&inquiry, &found_arena, &posture, &error) != STATUS_OK)
        fail_msg("%s", error.text);
}

/* ------------------------------------------------------------------ evidence to add */

static inline void add_push(const char *slug, const char *user, const char *ref, int days_ago)
{
    char time[CLOCK_TEXT_SIZE];
    clock_format(DAYS_AGO(days_ago), false, time);
    buffer_printf(&audit_log,
                  "{\"id\":\"X\",\"time\":\"%s\",\"verdict\":\"accept\",\"exit\":0,\"push\":{"
                  "\"project\":\"PRJ\",\"repository\":\"%s\",\"dry_run\":false},\"pusher\":{"
                  "\"name\":\"%s\"},\"credential\":{\"class\":\"user\",\"candidates\":[]},"
                  "\"reasons\":[],\"changes\":[{\"ref\":\"%s\",\"kind\":\"update\"}]}\n",
                  time, slug, user, ref);
}

/* By an access key; `candidates` as in JSON. */
static inline void add_key_push(const char *slug, const char *candidates, int days_ago)
{
    char time[CLOCK_TEXT_SIZE];
    clock_format(DAYS_AGO(days_ago), false, time);
    buffer_printf(&audit_log,
                  "{\"time\":\"%s\",\"verdict\":\"accept\",\"exit\":0,\"push\":{\"project\":"
                  "\"PRJ\",\"repository\":\"%s\"},\"pusher\":{\"name\":\"3adc96b3b93443e4\"},"
                  "\"credential\":{\"class\":\"access-key\",\"candidates\":[%s]},\"changes\":[]}\n",
                  time, slug, candidates);
}

/* ------------------------------------------------------------------ questions */

static inline const struct posture_finding *found(enum posture_kind_row kind, const char *where)
{
    for (size_t i = 0; i < posture.finding_count; i++)
        if (posture.findings[i].kind == &posture_kinds[kind] &&
            text_equal(posture.findings[i].where, text_of(where)))
            return &posture.findings[i];
    return NULL;
}

static inline size_t count_of(enum posture_kind_row kind)
{
    size_t count = 0;
    for (size_t i = 0; i < posture.finding_count; i++)
        count += posture.findings[i].kind == &posture_kinds[kind];
    return count;
}

static inline bool has_part(struct text whole, const char *part)
{
    return memmem(whole.at, whole.size, part, strlen(part)) != NULL;
}

static inline bool has_evidence(const struct posture_finding *finding, const char *evidence)
{
    for (size_t i = 0; i < finding->evidence.count; i++)
        if (text_equal(finding->evidence.items[i], text_of(evidence)))
            return true;
    return false;
}

static inline bool has_note(const char *part)
{
    for (size_t i = 0; i < posture.notes.count; i++)
        if (has_part(posture.notes.items[i], part))
            return true;
    return false;
}

static inline bool not_looked(enum posture_kind_row kind)
{
    for (size_t i = 0; i < posture.not_looked_at.count; i++)
        if (text_equal(posture.not_looked_at.items[i], text_of(posture_kinds[kind].name)))
            return true;
    return false;
}

#define assert_found(kind, where)                                         \
    do {                                                                  \
        if (!found((kind), (where)))                                      \
            fail_msg("no %s at %s", posture_kinds[(kind)].name, (where)); \
    } while (0)
#define assert_not_found(kind, where)                                       \
    do {                                                                    \
        if (found((kind), (where)))                                         \
            fail_msg("%s at %s: %.*s", posture_kinds[(kind)].name, (where), \
                     TEXT_ARG(found((kind), (where))->what));               \
    } while (0)
#define assert_none(kind) assert_int_equal(count_of(kind), 0)
#define assert_says(kind, where, part)                                \
    do {                                                              \
        assert_found((kind), (where));                                \
        if (!has_part(found((kind), (where))->what, (part)))          \
            fail_msg("%.*s", TEXT_ARG(found((kind), (where))->what)); \
    } while (0)

#define CASE(name) cmocka_unit_test_setup_teardown(name, posture_set_up, posture_tear_down)

#endif
