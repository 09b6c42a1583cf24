/* snapshot/builder.h, builder_reload(): made-up instances by seed, of which one part changes. The old
 * snapshot with the part told anew is the same as a snapshot of all new facts. */
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

#include "base/file.h"
#include "support/top.h"
#include "snapshot/builder.h"
#include "snapshot/reader.h"

#define SEEDS 40
#define STEPS 4

enum { USERS = 12, LISTED = 9, GROUPS = 7, PROJECTS = 4, REPOSITORIES = 9, KEYS = 6, RULES = 3 };

struct rule {
    uint64_t id; /* 0: none */
    unsigned pattern, type, user, group, key;
};
struct content {
    unsigned user[USERS], group[GROUPS], key[KEYS]; /* 0 none, 1 read, 2 write, 3 admin */
    unsigned model, marks;
    struct rule rules[RULES];
};
struct project {
    uint64_t id; /* 0: none */
    unsigned name, flags, level;
    struct content content;
};
struct repository {
    uint64_t id; /* 0: none */
    unsigned project, name, flags, branch;
    struct content content;
};
struct instance {
    struct {
        unsigned name, active, email;
    } users[USERS]; /* from LISTED on: only mentioned */
    struct {
        unsigned there, incomplete, members;
    } groups[GROUPS]; /* the last one is in no list */
    unsigned keys[KEYS];
    unsigned global_user[USERS], global_group[GROUPS];
    struct project projects[PROJECTS];
    struct repository repositories[REPOSITORIES];
    uint64_t next_id;
};

static struct error error;
static uint64_t random_state;
#define GOOD(call) assert_int_equal((call), STATUS_OK)

static unsigned below(unsigned limit) /* splitmix64 */
{
    uint64_t z = (random_state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (unsigned)((z ^ (z >> 31)) % limit);
}
static bool one_in(unsigned many)
{
    return !below(many);
}

/* ------------------------------------------------------------------ making it up */

/* Who stands in no list is rarely named, so that it happens that nobody names him any more. */
static bool named(unsigned user, unsigned many)
{
    return one_in(user < LISTED ? many : 20 * many);
}
static unsigned some_members(void)
{
    unsigned members = 0;
    for (unsigned i = 0; i < USERS; i++)
        members |= named(i, 2) ? 1U << i : 0;
    return members;
}

static void make_content(struct instance *in, struct content *c)
{
    *c = (struct content){.model = below(3), .marks = one_in(6) ? below(16) : 0};
    for (unsigned i = 0; i < USERS; i++)
        c->user[i] = named(i, 4) ? 1 + below(3) : 0;
    for (unsigned i = 0; i < GROUPS; i++)
        c->group[i] = one_in(4) ? 1 + below(3) : 0;
    for (unsigned i = 0; i < KEYS; i++)
        c->key[i] = one_in(5) ? 1 + below(2) : 0;
    for (unsigned i = 0; i < RULES; i++)
        if (one_in(2))
            c->rules[i] = (struct rule){in->next_id++, below(4),        below(6),
                                        below(USERS),  below(GROUPS + 2), below(KEYS + 2)};
}

static void make_repository(struct instance *in, unsigned at, unsigned project)
{
    struct repository *r = &in->repositories[at];
    *r = (struct repository){.id = in->next_id++,
                             .project = project,
                             .name = 10 * at + below(10),
                             .flags = below(4),
                             .branch = below(3)};
    make_content(in, &r->content);
}

static void make_instance(struct instance *in)
{
    *in = (struct instance){.next_id = 100};
    for (unsigned i = 0; i < USERS; i++) {
        in->users[i].name = below(3);
        in->users[i].active = !one_in(4);
        in->users[i].email = below(4);
        in->global_user[i] = named(i, 3) ? 1 + below(4) : 0;
    }
    for (unsigned i = 0; i < GROUPS; i++) {
        in->groups[i].there = i != GROUPS - 1 && !one_in(4);
        in->groups[i].incomplete = one_in(5);
        in->groups[i].members = some_members();
        in->global_group[i] = one_in(4) ? 1 + below(4) : 0;
    }
    for (unsigned i = 0; i < KEYS; i++)
        in->keys[i] = below(8);
    for (unsigned i = 0; i < PROJECTS; i++) {
        in->projects[i] = (struct project){
            .id = in->next_id++, .name = below(3), .flags = below(4), .level = below(4)};
        make_content(in, &in->projects[i].content);
    }
    for (unsigned i = 0; i < REPOSITORIES - 2; i++)
        make_repository(in, i, below(PROJECTS));
}

/* ------------------------------------------------------------------ telling it */

struct telling {
    struct builder *b;
    const struct instance *in;
    bool all;                  /* else a part: */
    unsigned users, groups;    /* bits: whom it names */
    bool leave_out_addresses;
};

static struct text name_of(const char *prefix, unsigned number, unsigned variant)
{
    static char room[16][40];
    static unsigned next;
    char *at = room[next++ % 16];
    int size = snprintf(at, sizeof room[0], "%s%u%c", prefix, number, "xYz"[variant % 3]);
    return (struct text){at, (size_t)size};
}
static struct text group_name(unsigned i)
{
    return name_of(i % 2 ? "Group" : "a-group", i, 0);
}

static void tell_user(struct telling *t, unsigned i, bool listed)
{
    char address[40];
    const struct builder_user user = {
        .id = 1 + i,
        .name = name_of("user", i, t->in->users[i].name),
        .email = {address, (size_t)snprintf(address, sizeof address, "U%u@x", t->in->users[i].email)},
        .active = t->in->users[i].active,
        .listed = listed,
    };
    struct builder_user shown = user;
    if (!t->in->users[i].email || (t->leave_out_addresses && i < LISTED && !listed))
        shown.email = TEXT_NONE;
    GOOD(builder_user(t->b, &shown, &error));
}

static void tell_group(struct telling *t, unsigned i)
{
    if (!t->in->groups[i].there)
        return;
    GOOD(builder_group(t->b, group_name(i), t->in->groups[i].incomplete, &error));
    for (unsigned k = 0; k < USERS; k++)
        if (t->in->groups[i].members >> k & 1) {
            GOOD(builder_member(t->b, group_name(i), 1 + k, &error));
            t->users |= 1U << k;
        }
}

static enum permission level_of(enum grant_scope scope, unsigned level)
{
    static const enum permission levels[][5] = {
        [GRANT_GLOBAL] = {0, PERMISSION_LICENSED_USER, PERMISSION_PROJECT_CREATE, PERMISSION_ADMIN,
                          PERMISSION_SYS_ADMIN},
        [GRANT_PROJECT] = {0, PERMISSION_PROJECT_READ, PERMISSION_PROJECT_WRITE,
                           PERMISSION_PROJECT_ADMIN, 0},
        [GRANT_REPOSITORY] = {0, PERMISSION_REPO_READ, PERMISSION_REPO_WRITE, PERMISSION_REPO_ADMIN,
                              0},
    };
    return levels[scope][level];
}

static void tell_grants(struct telling *t, struct place place, const unsigned *users,
                        const unsigned *groups)
{
    for (unsigned i = 0; i < USERS; i++)
        if (users[i]) {
            GOOD(builder_grant_user(t->b, place, 1 + i, level_of(place.scope, users[i]), &error));
            t->users |= 1U << i;
        }
    for (unsigned i = 0; i < GROUPS; i++)
        if (groups[i])
            GOOD(builder_grant_group(t->b, place, group_name(i), level_of(place.scope, groups[i]),
                                     &error));
}

static void tell_rule(struct telling *t, struct place place, const struct rule *rule, bool of_project)
{
    const struct exempt_user user = {1 + rule->user, name_of("user", rule->user, 0)};
    const struct exempt_group group = {.name = group_name(rule->group)};
    const uint64_t key = 1 + rule->key;
    struct builder_restriction row = {
        .head = {.id = rule->id,
                 .of_project = of_project,
                 .type = RESTRICTION_READ_ONLY + (enum restriction_type)rule->type,
                 .type_text = TEXT("future"),
                 .matcher = rule->pattern == 3 ? MATCHER_UNKNOWN : MATCHER_PATTERN,
                 .matcher_type_text = TEXT("FUTURE"),
                 .matcher_id = name_of("release/", rule->pattern, 0),
                 .matcher_active = rule->pattern != 2},
    };
    row.exempt = (struct exemptions){&user, &group, &key, rule->user % 2, rule->group < GROUPS + 1,
                                     rule->key < KEYS};
    GOOD(builder_restriction(t->b, place, &row, &error));
    if (rule->group < GROUPS)
        t->groups |= 1U << rule->group;
}

static void tell_content(struct telling *t, struct place place, const struct content *c)
{
    const struct branch_model model = {.configured = true,
                                       .development_set = c->model > 1,
                                       .development = TEXT("refs/heads/develop"),
                                       .category = {{TEXT("BUGFIX"), TEXT("bugfix/"), true}},
                                       .category_count = c->model};
    tell_grants(t, place, c->user, c->group);
    for (unsigned i = 0; i < GROUPS; i++)
        t->groups |= c->group[i] ? 1U << i : 0;
    for (unsigned i = 0; i < KEYS; i++) {
        const struct builder_key key = {.id = 1 + i,
                                        .label = name_of("key", i, t->in->keys[i]),
                                        .use_known = true,
                                        .used = t->in->keys[i] & 1,
                                        .last_used_ms = t->in->keys[i]};
        if (!c->key[i])
            continue;
        GOOD(builder_key(t->b, &key, &error));
        GOOD(builder_grant_key(t->b, place, key.id, level_of(place.scope, c->key[i]), &error));
    }
    if (c->model)
        GOOD(builder_model(t->b, place, &model, &error));
    for (unsigned i = 0; i < RULES; i++)
        if (c->rules[i].id)
            tell_rule(t, place, &c->rules[i], place.scope == GRANT_PROJECT);
    GOOD(builder_incomplete(t->b, place, c->marks, &error));
}

static void tell_project(struct telling *t, unsigned at)
{
    const struct project *p = &t->in->projects[at];
    const struct builder_project row = {.id = p->id,
                                        .key = name_of(p->flags & 2 ? "~P" : "P", at, p->name),
                                        .personal = p->flags & 2,
                                        .is_public = p->flags & 1,
                                        .owner_id = p->flags & 2 ? 1 + at : 0,
                                        .owner_name = p->flags & 2 ? TEXT("owner") : TEXT("")};
    GOOD(builder_project(t->b, &row, &error));
    t->users |= p->flags & 2 ? 1U << at : 0;
}

static void tell_repository(struct telling *t, unsigned at)
{
    const struct repository *r = &t->in->repositories[at];
    const struct project *p = &t->in->projects[r->project];
    const struct builder_repository row = {.id = r->id,
                                           .project_id = p->id,
                                           .origin_id = r->flags & 2 ? 7 : 0,
                                           .slug = name_of("r", r->name, 0),
                                           .archived = r->flags & 1};
    const struct place place = {GRANT_REPOSITORY, r->id};
    GOOD(builder_repository(t->b, &row, &error));
    if (r->branch)
        GOOD(builder_default_branch(t->b, r->id, name_of("refs/heads/", r->branch, 0), &error));
    tell_content(t, place, &r->content);
    for (unsigned i = 0; i < RULES; i++) /* a repository lists its project's restrictions, too */
        if (p->content.rules[i].id)
            tell_rule(t, place, &p->content.rules[i], true);
}

static void tell_project_content(struct telling *t, unsigned at)
{
    const struct project *p = &t->in->projects[at];
    tell_content(t, (struct place){GRANT_PROJECT, p->id}, &p->content);
    if (p->level)
        GOOD(builder_default_permission(t->b, p->id, level_of(GRANT_PROJECT, p->level), &error));
}

/* What an answer names, it describes. */
static void tell_named(struct telling *t)
{
    for (unsigned i = 0; i < GROUPS; i++)
        if (t->all || t->groups >> i & 1)
            tell_group(t, i);
    tell_grants(t, (struct place){GRANT_GLOBAL, 0}, t->in->global_user, t->in->global_group);
    for (unsigned i = 0; i < USERS; i++)
        if (t->users >> i & 1)
            tell_user(t, i, false);
}

static void tell_all(struct builder *b, const struct instance *in)
{
    struct telling t = {.b = b, .in = in, .all = true};
    for (unsigned i = 0; i < LISTED; i++)
        tell_user(&t, i, true);
    for (unsigned i = 0; i < PROJECTS; i++) {
        tell_project(&t, i);
        tell_project_content(&t, i);
    }
    for (unsigned i = 0; i < REPOSITORIES; i++)
        if (in->repositories[i].id)
            tell_repository(&t, i);
    tell_named(&t);
    GOOD(builder_service(b, TEXT("service"), 1, &error));
    GOOD(builder_note(b, TEXT("a note"), &error));
}

/* ------------------------------------------------------------------ changing a part */

/* Who is named in a part is told anew with it, and may be another than before. */
static void change_named(struct instance *in, const struct content *c)
{
    for (unsigned i = 0; i < GROUPS; i++)
        if (c->group[i] && one_in(2)) {
            in->groups[i].there = i != GROUPS - 1;
            in->groups[i].incomplete = one_in(5);
            in->groups[i].members = some_members();
        }
    for (unsigned i = 0; i < USERS; i++)
        if (c->user[i] && one_in(3)) {
            in->users[i].active = !in->users[i].active;
            in->users[i].name++;
        }
    for (unsigned i = 0; i < KEYS; i++)
        if (c->key[i] && one_in(2))
            in->keys[i] = below(8);
}

static void change_repository(struct instance *in, unsigned at, bool another)
{
    struct repository *r = &in->repositories[at];
    unsigned name = r->name;
    uint64_t id = r->id;
    make_repository(in, at, r->project);
    if (another)
        in->repositories[at].name = name; /* another repository of the same name */
    else if (id)
        in->repositories[at].id = id;
    change_named(in, &in->repositories[at].content);
}

static void change_project(struct instance *in, unsigned at)
{
    struct project *p = &in->projects[at];
    if (one_in(5))
        p->id = in->next_id++; /* deleted, and another one of the name made */
    else if (one_in(2))
        p->name++;
    p->level = below(4);
    p->flags ^= below(2);
    make_content(in, &p->content);
    change_named(in, &p->content);
    for (unsigned i = 0; i < REPOSITORIES; i++) {
        struct repository *r = &in->repositories[i];
        bool elsewhere = !r->id || r->project != at;
        if (elsewhere && !one_in(6))
            continue;
        r->project = at; /* moved here, or a new one */
        if (!elsewhere && one_in(5))
            *r = (struct repository){.id = 0};
        else
            change_repository(in, i, !elsewhere && one_in(3));
    }
    for (unsigned i = 0; i < GROUPS; i++)
        in->global_group[i] = one_in(4) ? 1 + below(4) : 0;
}

/* ------------------------------------------------------------------ comparing */

static struct builder *new_builder(void)
{
    struct builder *b;
    GOOD(builder_new(NULL, &b, &error));
    return b;
}

static struct builder_summary finish(struct builder *b, const char *name)
{
    const struct builder_header header = {.base_url = TEXT("https://bitbucket.example.com/"),
                                          .bitbucket_version = TEXT("9.4.2"),
                                          .started_ms = 1000,
                                          .generated_ms = 2000};
    struct builder_summary summary = {0};
    if (builder_finish(b, &header, scratch_path(top, name), 0, NULL, &summary, &error) != STATUS_OK)
        fail_msg("%s", error.text);
    builder_free(b);
    return summary;
}

static void reload(struct builder *b, const char *name)
{
    struct snapshot *old;
    GOOD(snapshot_open_mode(scratch_path(top, name), NULL, 0, SNAPSHOT_MAPPED, &old, &error));
    if (builder_reload(b, old, &error) != STATUS_OK)
        fail_msg("%s", error.text);
    snapshot_close(old);
}

static struct buffer content(const char *name)
{
    struct buffer bytes;
    int fd = open(scratch_path(top, name), O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    buffer_init(&bytes, SIZE_MAX);
    GOOD(file_read_all(fd, 1 << 24, &bytes, &error));
    close(fd);
    return bytes;
}

/* Nothing told but that the global grants could not be read: all is as it was, byte by byte. */
static void assert_reloads_as_it_is(const char *name)
{
    struct builder *b = new_builder();
    GOOD(builder_incomplete(b, (struct place){GRANT_GLOBAL, 0}, INCOMPLETE_GRANTS, &error));
    reload(b, name);
    finish(b, "same");
    struct buffer was = content(name), is = content("same");
    assert_true(text_equal(buffer_view(&was), buffer_view(&is)));
    buffer_free(&was);
    buffer_free(&is);
}

static void change_and_reload(struct instance *in, uint64_t seed, unsigned step)
{
    struct telling t = {.b = new_builder(), .in = in, .leave_out_addresses = one_in(2)};
    unsigned project = below(PROJECTS), repository = below(REPOSITORIES);
    bool of_project = one_in(2) || !in->repositories[repository].id;
    if (of_project)
        change_project(in, project);
    else
        change_repository(in, repository, one_in(3));
    if (!of_project)
        project = in->repositories[repository].project;
    tell_project(&t, project);
    if (of_project)
        tell_project_content(&t, project);
    for (unsigned i = 0; i < REPOSITORIES; i++)
        if (in->repositories[i].id &&
            (of_project ? in->repositories[i].project == project : i == repository))
            tell_repository(&t, i);
    tell_named(&t);
    const struct place part = of_project
                                  ? (struct place){GRANT_PROJECT, in->projects[project].id}
                                  : (struct place){GRANT_REPOSITORY, in->repositories[repository].id};
    GOOD(builder_part(t.b, part, 1000 + (int64_t)step + 1, &error));
    reload(t.b, "old");
    struct builder_summary changed = finish(t.b, "old"), whole;
    struct builder *b = new_builder();
    tell_all(b, in);
    whole = finish(b, "whole");
    if (strcmp(changed.digest.hex, whole.digest.hex) != 0)
        fail_msg("seed %llu step %u: the digests differ", (unsigned long long)seed, step);
    assert_memory_equal(changed.counts, whole.counts, sizeof whole.counts);
}

static void a_part_told_anew_gives_the_same_as_all_facts_told_anew(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        static struct instance in;
        random_state = seed * 1000;
        make_instance(&in);
        struct builder *b = new_builder();
        tell_all(b, &in);
        finish(b, "old");
        for (unsigned step = 0; step < STEPS; step++) {
            assert_reloads_as_it_is("old");
            change_and_reload(&in, seed, step);
        }
        assert_reloads_as_it_is("old");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_part_told_anew_gives_the_same_as_all_facts_told_anew,
                                        set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
