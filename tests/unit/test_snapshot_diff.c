/* snapshot/diff.h: each single change that a builder can be told is found, as what it is; and nothing
 * that could not be read is taken for gone. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "snapshot/diff.h"
#include "support/builder_case.h"

/* ------------------------------------------------------------------ a small world */

/* One instance; each case changes one field. What is 0 or NULL is not told. */
struct world {
    const char *version;
    const char *jdoe, *jdoe_email;
    bool jdoe_gone, jdoe_inactive, unlicensed, newcomer;
    bool other_group, no_group, member, admin_member;
    uint64_t service;
    enum permission global_user, global_group;
    const char *project_key;
    bool no_project, project_public;
    uint64_t owner;
    enum permission everybody, project_user, project_group, project_key_level;
    const char *slug;
    uint64_t of_project;
    bool no_repository, archived, is_public, fork;
    const char *default_branch;
    const char *development;
    enum permission user, group, key;
    const char *label, *fingerprint;
    int64_t expires;
    bool never_expires;
    bool no_restriction, inactive;
    enum restriction_type type;
    enum matcher_type matcher;
    const char *match;
    bool exempt_user, exempt_group, exempt_key;
    unsigned unread, unread_project, unread_global;
    bool unread_members;
};

static const struct world base = {
    .version = "9.4.2",
    .jdoe = "jdoe",
    .jdoe_email = "jane@example.com",
    .service = 158,
    .project_key = "PRJ",
    .owner = 101,
    .slug = "app",
    .of_project = 2,
    .default_branch = "refs/heads/main",
    .label = "ci-deploy",
    .fingerprint = "aaaa",
    .expires = INT64_C(1800000000000),
    .type = RESTRICTION_PULL_REQUEST_ONLY,
    .matcher = MATCHER_BRANCH,
    .match = "refs/heads/main",
};

static void user(struct builder *b, uint64_t id, const char *name, const char *email, bool active)
{
    const struct builder_user row = {id, text_of(name), TEXT_NONE, text_of(email), active, true};
    GOOD(builder_user(b, &row, &error));
}

static void people(struct builder *b, const struct world *w)
{
    user(b, 1, "admin", "admin@example.com", true);
    user(b, 102, "rroe", "rroe@example.com", true);
    if (!w->jdoe_gone)
        user(b, 101, w->jdoe, w->jdoe_email, !w->jdoe_inactive);
    if (w->newcomer)
        user(b, 103, "newcomer", NULL, true);
    GOOD(builder_group(b, TEXT("owners"), false, &error));
    GOOD(builder_group(b, TEXT("licensed"), false, &error));
    if (!w->no_group)
        GOOD(builder_group(b, TEXT("devs"), w->unread_members, &error));
    if (w->other_group)
        GOOD(builder_group(b, TEXT("AAA"), false, &error));
    GOOD(builder_member(b, TEXT("licensed"), 1, &error));
    if (!w->unlicensed)
        GOOD(builder_member(b, TEXT("licensed"), 102, &error));
    if (w->member)
        GOOD(builder_member(b, TEXT("devs"), 102, &error));
    if (w->admin_member)
        GOOD(builder_member(b, TEXT("owners"), 102, &error));
    if (w->service)
        GOOD(builder_service(b, TEXT("3adc96b3b93443e4"), w->service, &error));
    GOOD(builder_grant_group(b, everywhere, TEXT("licensed"), PERMISSION_LICENSED_USER, &error));
    if (w->global_user)
        GOOD(builder_grant_user(b, everywhere, 102, w->global_user, &error));
    if (w->global_group)
        GOOD(builder_grant_group(b, everywhere, TEXT("devs"), w->global_group, &error));
    if (w->unread_global)
        GOOD(builder_incomplete(b, everywhere, w->unread_global, &error));
}

static void projects(struct builder *b, const struct world *w)
{
    const struct place other = {GRANT_PROJECT, 3};
    const struct builder_project rows[] = {
        {.id = 2, .key = text_of(w->project_key), .is_public = w->project_public},
        {.id = 3, .key = TEXT("OPS")},
        {.id = 4,
         .key = TEXT("~JDOE"),
         .personal = true,
         .owner_id = w->owner,
         .owner_name = w->owner == 101 ? TEXT("jdoe") : TEXT("rroe")},
        {.id = 5, .key = TEXT("NEW"), .is_public = true},
    };
    for (size_t i = 0; i < 3u + !w->no_project; i++)
        GOOD(builder_project(b, &rows[i], &error));
    GOOD(builder_grant_group(b, other, TEXT("owners"), PERMISSION_PROJECT_ADMIN, &error));
    if (w->everybody)
        GOOD(builder_default_permission(b, 2, w->everybody, &error));
    if (w->project_user)
        GOOD(builder_grant_user(b, prj, 102, w->project_user, &error));
    if (w->project_group)
        GOOD(builder_grant_group(b, prj, TEXT("devs"), w->project_group, &error));
    if (w->project_key_level)
        GOOD(builder_grant_key(b, prj, 158, w->project_key_level, &error));
    if (w->unread_project)
        GOOD(builder_incomplete(b, prj, w->unread_project, &error));
}

static void restriction_of(struct builder *b, const struct world *w)
{
    const struct exempt_user users[] = {{102, TEXT("rroe")}};
    const struct exempt_group groups[] = {{.name = TEXT("licensed")}, {.name = TEXT("owners")}};
    const uint64_t keys[] = {158};
    const struct builder_restriction row = {
        .head = {.id = 9,
                 .type = w->type,
                 .matcher = w->matcher,
                 .matcher_id = text_of(w->match),
                 .matcher_active = !w->inactive},
        .exempt = {users, groups, keys, w->exempt_user, 1u + w->exempt_group, w->exempt_key},
    };
    if (!w->no_restriction)
        GOOD(builder_restriction(b, app, &row, &error));
}

static void repositories(struct builder *b, const struct world *w)
{
    const struct builder_repository rows[] = {
        {.id = 84,
         .project_id = w->of_project,
         .slug = text_of(w->slug),
         .archived = w->archived,
         .is_public = w->is_public,
         .origin_id = w->fork ? 85 : 0},
        {.id = 85, .project_id = 3, .slug = TEXT("lib")},
        {.id = 86, .project_id = 3, .slug = TEXT("newrepo")},
    };
    for (size_t i = 0; i < 2u + !w->no_repository; i++)
        GOOD(builder_repository(b, &rows[i], &error));
    if (w->default_branch)
        GOOD(builder_default_branch(b, 84, text_of(w->default_branch), &error));
    const struct branch_model model = {
        .configured = true, .development_set = true, .development = text_of(w->development)};
    if (w->development)
        GOOD(builder_model(b, app, &model, &error));
    if (w->user)
        GOOD(builder_grant_user(b, app, 102, w->user, &error));
    if (w->group)
        GOOD(builder_grant_group(b, app, TEXT("devs"), w->group, &error));
    if (w->key)
        GOOD(builder_grant_key(b, app, 158, w->key, &error));
    if (!w->no_repository)
        GOOD(builder_grant_user(b, (struct place){GRANT_REPOSITORY, 86}, 1, PERMISSION_REPO_READ,
                                &error));
    restriction_of(b, w);
    if (w->unread)
        GOOD(builder_incomplete(b, app, w->unread, &error));
}

/* 158 is granted somewhere, so that it has a record. */
static void keys_of(struct builder *b, const struct world *w)
{
    const struct builder_key row = {.id = 158,
                                    .label = text_of(w->label),
                                    .algorithm = TEXT("RSA"),
                                    .fingerprint = text_of(w->fingerprint),
                                    .bits = 4096,
                                    .expiry_known = true,
                                    .expires = !w->never_expires,
                                    .expires_ms = w->never_expires ? 0 : w->expires};
    GOOD(builder_key(b, &row, &error));
    GOOD(builder_key(b, &(struct builder_key){.id = 160, .label = TEXT("other")}, &error));
}

static struct snapshot *write_world(const struct world *w, const char *name)
{
    const struct builder_header header = {.base_url = TEXT("https://bitbucket.example.com"),
                                          .bitbucket_version = text_of(w->version),
                                          .started_ms = SMALL_NOW,
                                          .generated_ms = SMALL_NOW};
    struct builder_summary summary;
    struct snapshot *snapshot = NULL;
    struct builder *b = new_builder();
    people(b, w);
    projects(b, w);
    repositories(b, w);
    keys_of(b, w);
    if (builder_finish(b, &header, at(name), 0, NULL, &summary, &error) != STATUS_OK)
        fail_msg("%s", error.text);
    builder_free(b);
    if (snapshot_open_mode(at(name), NULL, 0, SNAPSHOT_MAPPED, &snapshot, &error) != STATUS_OK)
        fail_msg("%s", error.text);
    return snapshot;
}

/* ------------------------------------------------------------------ the cases */

struct diff_case {
    const char *title;
    struct world (*change)(struct world w);
    enum diff_kind kind;
    enum severity severity, back; /* of the mirror */
    const char *where;
    size_t beside; /* other changes that come with it, at the most */
};

#define CHANGE(name, assignment)             \
    static struct world name(struct world w) \
    {                                        \
        assignment;                          \
        return w;                            \
    }
CHANGE(version, w.version = "9.5.0")
CHANGE(newcomer, w.newcomer = true)
CHANGE(renamed_user, w.jdoe = "jane")
CHANGE(inactive_user, w.jdoe_inactive = true)
CHANGE(email, w.jdoe_email = "j@example.com")
CHANGE(unlicensed, w.unlicensed = true)
CHANGE(other_group, w.other_group = true)
CHANGE(no_group, w.no_group = true)
CHANGE(member, w.member = true)
CHANGE(admin_member, w.admin_member = true)
CHANGE(no_service, w.service = 0)
CHANGE(other_service, w.service = 160)
CHANGE(global_user, w.global_user = PERMISSION_PROJECT_CREATE)
CHANGE(global_admin, w.global_user = PERMISSION_SYS_ADMIN)
CHANGE(global_group, w.global_group = PERMISSION_ADMIN)
CHANGE(project_key, w.project_key = "MOVED")
CHANGE(no_project, w.no_project = true)
CHANGE(project_public, w.project_public = true)
CHANGE(owner, w.owner = 102)
CHANGE(everybody_reads, w.everybody = PERMISSION_PROJECT_READ)
CHANGE(everybody_administers, w.everybody = PERMISSION_PROJECT_ADMIN)
CHANGE(everybody_writes, w.everybody = PERMISSION_PROJECT_WRITE)
CHANGE(project_user, w.project_user = PERMISSION_PROJECT_ADMIN)
CHANGE(project_group, w.project_group = PERMISSION_PROJECT_WRITE)
CHANGE(project_read_key, w.project_key_level = PERMISSION_PROJECT_READ)
CHANGE(project_write_key, w.project_key_level = PERMISSION_PROJECT_WRITE)
CHANGE(renamed, w.slug = "application")
CHANGE(moved, w.of_project = 3)
CHANGE(no_repository, w.no_repository = true)
CHANGE(archived, w.archived = true)
CHANGE(is_public, w.is_public = true)
CHANGE(forked, w.fork = true)
CHANGE(branch, w.default_branch = "refs/heads/dev")
CHANGE(no_branch, w.default_branch = NULL)
CHANGE(model, w.development = "refs/heads/dev")
CHANGE(user_reads, w.user = PERMISSION_REPO_READ)
CHANGE(user_writes, w.user = PERMISSION_REPO_WRITE)
CHANGE(user_administers, w.user = PERMISSION_REPO_ADMIN)
CHANGE(group_writes, w.group = PERMISSION_REPO_WRITE)
CHANGE(read_key, w.key = PERMISSION_REPO_READ)
CHANGE(write_key, w.key = PERMISSION_REPO_WRITE)
CHANGE(label, w.label = "ci")
CHANGE(fingerprint, w.fingerprint = "bbbb")
CHANGE(later, w.expires += 1000)
CHANGE(never, w.never_expires = true)
CHANGE(no_restriction, w.no_restriction = true)
CHANGE(deactivated, w.inactive = true)
CHANGE(stronger_type, w.type = RESTRICTION_READ_ONLY)
CHANGE(other_type, w.type = RESTRICTION_NO_DELETES)
CHANGE(any_ref, (w.matcher = MATCHER_ANY_REF, w.match = "ANY_REF_MATCHER_ID"))
CHANGE(pattern, w.match = "refs/heads/other")
CHANGE(exempt_user, w.exempt_user = true)
CHANGE(exempt_group, w.exempt_group = true)
CHANGE(exempt_key, w.exempt_key = true)
CHANGE(unread, w.unread = INCOMPLETE_RESTRICTIONS)
CHANGE(unread_members, w.unread_members = true)

CHANGE(much, (w.user = PERMISSION_REPO_WRITE, w.group = PERMISSION_REPO_WRITE,
              w.key = PERMISSION_REPO_WRITE, w.project_user = PERMISSION_PROJECT_WRITE,
              w.everybody = PERMISSION_PROJECT_WRITE, w.global_user = PERMISSION_ADMIN,
              w.member = true, w.development = "refs/heads/dev"))

#define INFO SEVERITY_INFO
#define LOW SEVERITY_LOW
#define MEDIUM SEVERITY_MEDIUM
#define HIGH SEVERITY_HIGH
#define CRITICAL SEVERITY_CRITICAL

static const struct diff_case cases[] = {
    {"version", version, DIFF_VERSION_CHANGED, INFO, INFO, "instance", 0},
    {"new user", newcomer, DIFF_USER_ADDED, INFO, INFO, "user newcomer", 0},
    {"renamed user", renamed_user, DIFF_USER_RENAMED, LOW, LOW, "user jane", 0},
    {"inactive user", inactive_user, DIFF_USER_DEACTIVATED, INFO, LOW, "user jdoe", 0},
    {"address", email, DIFF_USER_EMAIL_CHANGED, LOW, LOW, "user jdoe", 0},
    {"unlicensed", unlicensed, DIFF_USER_UNLICENSED, INFO, LOW, "user rroe", 1},
    {"new group", other_group, DIFF_GROUP_ADDED, INFO, INFO, "group AAA", 0},
    {"group gone", no_group, DIFF_GROUP_REMOVED, INFO, INFO, "group devs", 0},
    {"member", member, DIFF_MEMBER_ADDED, LOW, INFO, "group devs", 0},
    {"member of an admin group", admin_member, DIFF_MEMBER_ADDED, HIGH, INFO, "group owners", 0},
    {"service user", no_service, DIFF_SERVICE_REMOVED, LOW, LOW, "instance", 0},
    {"service user's key", other_service, DIFF_SERVICE_CHANGED, MEDIUM, MEDIUM, "instance", 0},
    {"global user", global_user, DIFF_GLOBAL_USER_GRANTED, MEDIUM, INFO, "instance", 0},
    {"global admin", global_admin, DIFF_GLOBAL_USER_GRANTED, CRITICAL, CRITICAL, "instance", 0},
    {"global group", global_group, DIFF_GLOBAL_GROUP_GRANTED, CRITICAL, CRITICAL, "instance", 0},
    {"project renamed", project_key, DIFF_PROJECT_RENAMED, LOW, LOW, "project MOVED", 0},
    {"project gone", no_project, DIFF_PROJECT_DELETED, MEDIUM, INFO, "project NEW", 1},
    {"project public", project_public, DIFF_MADE_PUBLIC, HIGH, INFO, "project PRJ", 0},
    {"owner", owner, DIFF_PROJECT_OWNER_CHANGED, HIGH, HIGH, "project ~JDOE", 0},
    {"all may read", everybody_reads, DIFF_DEFAULT_PERMISSION_GRANTED, MEDIUM, INFO, "project PRJ",
     0},
    {"all may write", everybody_writes, DIFF_DEFAULT_PERMISSION_GRANTED, HIGH, INFO, "project PRJ",
     0},
    {"project admin", project_user, DIFF_USER_GRANTED, HIGH, INFO, "project PRJ", 0},
    {"project group", project_group, DIFF_GROUP_GRANTED, MEDIUM, INFO, "project PRJ", 0},
    {"project read key", project_read_key, DIFF_KEY_GRANTED, MEDIUM, INFO, "project PRJ", 0},
    {"project write key", project_write_key, DIFF_KEY_GRANTED, HIGH, INFO, "project PRJ", 0},
    {"repository renamed", renamed, DIFF_REPOSITORY_RENAMED, LOW, LOW, "PRJ/application", 0},
    {"repository moved", moved, DIFF_REPOSITORY_MOVED, MEDIUM, MEDIUM, "OPS/app", 0},
    {"repository gone", no_repository, DIFF_REPOSITORY_DELETED, MEDIUM, INFO, "OPS/newrepo", 0},
    {"archived", archived, DIFF_ARCHIVED, INFO, LOW, "PRJ/app", 0},
    {"public", is_public, DIFF_MADE_PUBLIC, HIGH, INFO, "PRJ/app", 0},
    {"fork", forked, DIFF_FORK_ORIGIN_CHANGED, LOW, LOW, "PRJ/app", 0},
    {"default branch", branch, DIFF_DEFAULT_BRANCH_CHANGED, MEDIUM, MEDIUM, "PRJ/app", 0},
    {"default branch not known", no_branch, DIFF_DEFAULT_BRANCH_CHANGED, MEDIUM, MEDIUM, "PRJ/app",
     0},
    {"model", model, DIFF_BRANCH_MODEL_CHANGED, MEDIUM, MEDIUM, "PRJ/app", 0},
    {"user reads", user_reads, DIFF_USER_GRANTED, LOW, INFO, "PRJ/app", 0},
    {"user writes", user_writes, DIFF_USER_GRANTED, MEDIUM, INFO, "PRJ/app", 0},
    {"user administers", user_administers, DIFF_USER_GRANTED, HIGH, INFO, "PRJ/app", 0},
    {"group writes", group_writes, DIFF_GROUP_GRANTED, MEDIUM, INFO, "PRJ/app", 0},
    {"read key", read_key, DIFF_KEY_GRANTED, LOW, INFO, "PRJ/app", 0},
    {"write key", write_key, DIFF_KEY_GRANTED, MEDIUM, INFO, "PRJ/app", 0},
    {"label", label, DIFF_KEY_LABEL_CHANGED, MEDIUM, MEDIUM, "access key 158", 0},
    {"another key", fingerprint, DIFF_KEY_REPLACED, HIGH, HIGH, "access key 158", 0},
    {"expires later", later, DIFF_KEY_EXPIRY_EXTENDED, MEDIUM, INFO, "access key 158", 0},
    {"never expires", never, DIFF_KEY_EXPIRY_EXTENDED, MEDIUM, INFO, "access key 158", 0},
    {"restriction gone", no_restriction, DIFF_RESTRICTION_REMOVED, HIGH, INFO, "PRJ/app", 0},
    {"restriction off", deactivated, DIFF_RESTRICTION_DEACTIVATED, HIGH, INFO, "PRJ/app", 0},
    {"stronger type", stronger_type, DIFF_RESTRICTION_TYPE_CHANGED, INFO, HIGH, "PRJ/app", 0},
    {"weaker type", other_type, DIFF_RESTRICTION_TYPE_CHANGED, HIGH, INFO, "PRJ/app", 0},
    {"any ref", any_ref, DIFF_RESTRICTION_MATCHER_CHANGED, INFO, HIGH, "PRJ/app", 0},
    {"another pattern", pattern, DIFF_RESTRICTION_MATCHER_CHANGED, MEDIUM, MEDIUM, "PRJ/app", 0},
    {"exempt user", exempt_user, DIFF_USER_EXEMPTED, MEDIUM, INFO, "PRJ/app", 0},
    {"exempt group", exempt_group, DIFF_GROUP_EXEMPTED, HIGH, INFO, "PRJ/app", 0},
    {"exempt key", exempt_key, DIFF_KEY_EXEMPTED, HIGH, INFO, "PRJ/app", 0},
    {"unread", unread, DIFF_UNREAD_NOW, MEDIUM, INFO, "PRJ/app", 0},
    {"unread members", unread_members, DIFF_UNREAD_NOW, MEDIUM, INFO, "group devs", 0},
};
#define CASES (sizeof cases / sizeof cases[0])

/* ------------------------------------------------------------------ comparing */

static struct diff diff;

static void compare(struct snapshot *before, struct snapshot *after, enum severity least,
                    const char *repository)
{
    const struct diff_options options = {least, text_of(repository)};
    diff_free(&diff);
    if (diff_snapshots(before, after, &options, &diff, &error) != STATUS_OK)
        fail_msg("%s", error.text);
}

static const struct diff_change *found(enum diff_kind kind)
{
    for (size_t i = 0; i < diff.count; i++)
        if (diff.changes[i].kind == kind)
            return &diff.changes[i];
    return NULL;
}

static void show(void)
{
    for (size_t i = 0; i < diff.count; i++) {
        struct buffer text;
        buffer_init(&text, SIZE_MAX);
        diff_sentence(&diff.changes[i], &text);
        print_message("  %s %.*s: %s\n", diff_kinds[diff.changes[i].kind].name,
                      TEXT_ARG(diff.changes[i].where), text.data);
        buffer_free(&text);
    }
}

static void expect(const struct diff_case *c, enum diff_kind kind, enum severity severity,
                   size_t most, bool place)
{
    const struct diff_change *change = found(kind);
    if (!change || diff.count > most || change->severity != severity || change->unsure ||
        (place && !text_equal(change->where, text_of(c->where)))) {
        show();
        fail_msg("%s: %s expected", c->title, diff_kinds[kind].name);
    }
}

/* With `shifted`, the new snapshot has one more group, so that the numbers of all others differ. */
static void each_change(bool shifted)
{
    struct snapshot *before = write_world(&base, "before");
    for (size_t i = 0; i < CASES; i++) {
        const struct diff_case *c = &cases[i];
        struct world w = c->change(base);
        if (shifted && w.other_group)
            continue;
        w.other_group = w.other_group || shifted;
        struct snapshot *after = write_world(&w, "after");
        compare(before, after, (enum severity)0, NULL);
        expect(c, c->kind, c->severity, 1 + c->beside + shifted, true);
        compare(after, before, (enum severity)0, NULL);
        expect(c, diff_kinds[c->kind].mirror, c->back, 1 + c->beside + shifted, false);
        snapshot_close(after);
    }
    snapshot_close(before);
}

static void test_each_change(void **state)
{
    (void)state;
    each_change(false);
}

static void test_group_numbers_do_not_matter(void **state)
{
    (void)state;
    each_change(true);
}

/* From one level to another: what is widened one way is narrowed the other. */
static void test_levels(void **state)
{
    static const struct {
        struct world (*lower)(struct world), (*higher)(struct world);
        enum diff_kind widened;
        enum severity severity;
    } levels[] = {
        {user_reads, user_writes, DIFF_USER_WIDENED, MEDIUM},
        {user_writes, user_administers, DIFF_USER_WIDENED, HIGH},
        {read_key, write_key, DIFF_KEY_WIDENED, MEDIUM},
        {project_read_key, project_write_key, DIFF_KEY_WIDENED, HIGH},
        {everybody_reads, everybody_writes, DIFF_DEFAULT_PERMISSION_WIDENED, HIGH},
        {everybody_writes, everybody_administers, DIFF_DEFAULT_PERMISSION_WIDENED, CRITICAL},
        {global_user, global_admin, DIFF_GLOBAL_USER_WIDENED, CRITICAL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        const struct world a = levels[i].lower(base), b = levels[i].higher(base);
        struct snapshot *before = write_world(&a, "before"), *after = write_world(&b, "after");
        compare(before, after, (enum severity)0, NULL);
        assert_int_equal(diff.count, 1);
        assert_int_equal(diff.changes[0].kind, levels[i].widened);
        assert_int_equal(diff.changes[0].severity, levels[i].severity);
        compare(after, before, (enum severity)0, NULL);
        assert_int_equal(diff.count, 1);
        assert_int_equal(diff.changes[0].kind, diff_kinds[levels[i].widened].mirror);
        snapshot_close(before);
        snapshot_close(after);
    }
}

/* Who comes into a group that administers the instance administers it: it matters as a grant does. */
static void test_member_of_instance_admins(void **state)
{
    const struct world a = global_group(base), w = member(a);
    struct snapshot *before = write_world(&a, "before"), *after = write_world(&w, "after");
    (void)state;
    compare(before, after, (enum severity)0, NULL);
    assert_int_equal(diff.count, 1);
    assert_int_equal(diff.changes[0].kind, DIFF_MEMBER_ADDED);
    assert_int_equal(diff.changes[0].severity, CRITICAL);
    assert_true(text_equal(diff.changes[0].after, TEXT("ADMIN")));
    compare(after, before, (enum severity)0, NULL);
    assert_int_equal(diff.count, 1);
    assert_int_equal(diff.changes[0].severity, CRITICAL);
    snapshot_close(before);
    snapshot_close(after);
}

/* A group that gives the licence is not one without grants. */
static void test_member_of_licensed(void **state)
{
    const struct world w = unlicensed(base);
    struct snapshot *before = write_world(&base, "before"), *after = write_world(&w, "after");
    bool found = false;
    (void)state;
    compare(before, after, (enum severity)0, NULL);
    for (size_t i = 0; i < diff.count; i++)
        found = found || (diff.changes[i].kind == DIFF_MEMBER_REMOVED &&
                          text_equal(diff.changes[i].before, TEXT("LICENSED_USER")));
    assert_true(found);
    snapshot_close(before);
    snapshot_close(after);
}

static void test_nothing_changed(void **state)
{
    const struct world w = much(exempt_group(exempt_key(exempt_user(base))));
    struct snapshot *before = write_world(&w, "before"), *after = write_world(&w, "after");
    (void)state;
    compare(before, after, (enum severity)0, NULL);
    assert_int_equal(diff.count, 0);
    compare(before, before, (enum severity)0, NULL);
    assert_int_equal(diff.count, 0);
    snapshot_close(before);
    snapshot_close(after);
}

/* Each kind is in the table once, and its mirror's mirror is itself. */
static void test_kinds(void **state)
{
    (void)state;
    for (size_t i = 0; i < DIFF_KINDS; i++) {
        const struct diff_kind_row *row = &diff_kinds[i];
        assert_non_null(row->name);
        assert_non_null(row->sentence);
        assert_non_null(severity_name(row->severity));
        assert_int_equal(diff_kinds[row->mirror].mirror, i);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(row->name, diff_kinds[j].name);
    }
}

/* ------------------------------------------------------------------ what could not be read */

#define ALL_UNREAD \
    (INCOMPLETE_GRANTS | INCOMPLETE_RESTRICTIONS | INCOMPLETE_MODEL | INCOMPLETE_KEYS)

static struct world unread_everywhere(struct world w)
{
    w.unread = w.unread_project = ALL_UNREAD;
    w.unread_global = INCOMPLETE_GRANTS;
    w.unread_members = true;
    return w;
}

static void test_unread_is_not_removed(void **state)
{
    const struct world a = much(base), b = unread_everywhere(no_restriction(base));
    struct snapshot *before = write_world(&a, "before"), *after = write_world(&b, "after");
    (void)state;
    compare(before, after, (enum severity)0, NULL);
    for (size_t i = 0; i < diff.count; i++)
        if (diff.changes[i].kind != DIFF_UNREAD_NOW) {
            show();
            fail_msg("what could not be read is not known to be gone");
        }
    assert_int_equal(diff.count, 4 + 4 + 1 + 1);
    /* The other way round it is there, and perhaps it was before. */
    compare(after, before, (enum severity)0, NULL);
    static const enum diff_kind kinds[] = {DIFF_USER_GRANTED,
                                           DIFF_GROUP_GRANTED,
                                           DIFF_KEY_GRANTED,
                                           DIFF_MEMBER_ADDED,
                                           DIFF_GLOBAL_USER_GRANTED,
                                           DIFF_RESTRICTION_ADDED,
                                           DIFF_DEFAULT_PERMISSION_GRANTED};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        assert_non_null(found(kinds[i]));
        assert_true(found(kinds[i])->unsure);
    }
    assert_null(found(DIFF_BRANCH_MODEL_CHANGED));
    snapshot_close(before);
    snapshot_close(after);
}

/* ------------------------------------------------------------------ choosing, order, names */

static void test_choosing(void **state)
{
    const struct world a = base, b = much(is_public(newcomer(base)));
    struct snapshot *before = write_world(&a, "before"), *after = write_world(&b, "after");
    (void)state;
    compare(before, after, (enum severity)0, NULL);
    size_t all = diff.count, counted = 0;
    for (size_t i = 0; i < SEVERITY_COUNT; i++)
        counted += diff.by_severity[i];
    assert_int_equal(counted, all);
    assert_int_equal(diff.changes[0].severity, SEVERITY_CRITICAL);
    for (size_t i = 1; i < all; i++) {
        const struct diff_change *x = &diff.changes[i - 1], *y = &diff.changes[i];
        assert_true(x->severity >= y->severity);
        assert_true(x->severity > y->severity || text_compare(x->where, y->where) <= 0);
    }
    compare(before, after, SEVERITY_HIGH, NULL);
    assert_true(diff.count > 0 && diff.count < all);
    for (size_t i = 0; i < diff.count; i++)
        assert_true(diff.changes[i].severity >= SEVERITY_HIGH);
    compare(before, after, (enum severity)0, "prj/a*");
    assert_non_null(found(DIFF_MADE_PUBLIC));
    assert_non_null(found(DIFF_DEFAULT_PERMISSION_GRANTED)); /* of its project */
    assert_null(found(DIFF_USER_ADDED));
    compare(before, after, (enum severity)0, "OPS/*");
    assert_int_equal(diff.count, 0);
    snapshot_close(before);
    snapshot_close(after);
}

CHANGE(hostile, (w.label = "x\033[2Jy\nz\"\xe2\x80\xae", w.development = "refs/heads/\xff\x01",
                 w.match = "\033]0;owned\a", w.jdoe_email = "a\r@b"))

static void test_hostile_names(void **state)
{
    const struct world w = hostile(write_key(base));
    struct snapshot *before = write_world(&base, "before"), *after = write_world(&w, "after");
    (void)state;
    compare(before, after, (enum severity)0, NULL);
    assert_int_equal(diff.count, 5);
    for (size_t i = 0; i < diff.count; i++) {
        struct buffer text;
        buffer_init(&text, SIZE_MAX);
        diff_sentence(&diff.changes[i], &text);
        for (size_t at_byte = 0; at_byte < text.size; at_byte++)
            assert_true((unsigned char)text.data[at_byte] >= 0x20 &&
                        (unsigned char)text.data[at_byte] < 0x7f);
        buffer_free(&text);
    }
    snapshot_close(before);
    snapshot_close(after);
}

/* Whatever byte is changed: an answer or "damaged", never a crash (the sanitizers look on). */
static void test_damaged(void **state)
{
    const struct world w = much(base);
    struct snapshot *before = write_world(&base, "before"), *after;
    const struct diff_options options = {.least = (enum severity)0};
    size_t refused = 0;
    (void)state;
    snapshot_close(write_world(&w, "after"));
    int fd = open(at("after"), O_RDWR | O_CLOEXEC);
    for (off_t place = lseek(fd, 0, SEEK_END) - 40; place > LAYOUT_HEADER_SIZE; place -= 53) {
        char byte, other;
        assert_int_equal(pread(fd, &byte, 1, place), 1);
        other = (char)(byte ^ 0x55);
        assert_int_equal(pwrite(fd, &other, 1, place), 1);
        if (snapshot_open_mode(at("after"), NULL, 0, SNAPSHOT_MAPPED, &after, &error) ==
            STATUS_OK) {
            diff_free(&diff);
            enum status status = diff_snapshots(before, after, &options, &diff, &error);
            assert_true(status == STATUS_OK || status == STATUS_FORMAT);
            refused += status == STATUS_FORMAT;
            snapshot_close(after);
        }
        assert_int_equal(pwrite(fd, &byte, 1, place), 1);
    }
    close(fd);
    assert_true(refused > 10);
    snapshot_close(before);
}

static int finish(void **state)
{
    diff_free(&diff);
    return builder_tear_down(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_each_change),
        cmocka_unit_test(test_group_numbers_do_not_matter),
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_member_of_instance_admins),
        cmocka_unit_test(test_member_of_licensed),
        cmocka_unit_test(test_nothing_changed),
        cmocka_unit_test(test_unread_is_not_removed),
        cmocka_unit_test(test_choosing),
        cmocka_unit_test(test_hostile_names),
        cmocka_unit_test(test_damaged),
    };
    return cmocka_run_group_tests(tests, builder_set_up, finish);
}
