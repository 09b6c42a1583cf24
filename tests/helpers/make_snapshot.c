/*
 * make_snapshot - a snapshot of any size from a seed, for benchmarks and tests. --help says what is in
 * it. The same arguments give the same file but for its times.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "snapshot/builder.h"
#include "snapshot/reader.h"

static const char help[] =
    "usage: make_snapshot [OPTION...] FILE\n"
    "\n"
    "Writes a snapshot of made-up projects PNNNNN, repositories rNNNNN, users uNNNNN and\n"
    "groups gNNNNN. Besides, in every snapshot:\n"
    "\n"
    "  project BENCH (id 1), base URL https://bitbucket.example.com, with\n"
    "  repository bench (id 1)  default branch refs/heads/main; 20 restrictions, ids 1 to 20:\n"
    "                           PATTERN release-N/* (no-deletes, fast-forward-only, read-only,\n"
    "                           pull-request-only in turn), exempting group bench-exempt; none\n"
    "                           of them matches main or topic; access key 1 `bench-key`\n"
    "  repository heavy (id 2)  2,000 restrictions, ids 10001 to 12000: PATTERN heavy-N/*,\n"
    "                           each exempting five users and two groups; 500 group grants\n"
    "  user bench-user          id 1, licensed, REPO_WRITE on bench and heavy directly\n"
    "  user heavy-user          id 2, licensed, in groups heavy-group-0 to -499, which are\n"
    "                           granted REPO_WRITE on heavy\n"
    "\n"
    "  --preset NAME        tiny (10 repositories) or xlarge (52,000 repositories, 25,000\n"
    "                       projects, 25,000 users, 5,000 groups, 1,000,000 grants,\n"
    "                       1,000,000 restrictions, 50,000 keys); the options below change it\n"
    "  --repositories N --projects N --users N --groups N --grants N --restrictions N\n"
    "  --keys N             sizes of the bulk (BENCH comes on top)\n"
    "  --members N          memberships in groups (default: 10 a user)\n"
    "  --heavy-restrictions N --heavy-groups N\n"
    "                       other numbers for BENCH/heavy and heavy-user (who without a group is\n"
    "                       granted REPO_WRITE directly)\n"
    "  --seed N             another arrangement (default 1)\n"
    "  --now TIME           time of the snapshot (default: now)\n"
    "  --reload OLD         no bulk: all from the snapshot OLD but project BENCH, told anew as a\n"
    "                       part at TIME\n"
    "  --incomplete         as if --allow-partial had done without the access keys of bench, the\n"
    "                       branching model and restrictions of heavy, and global grants\n"
    "  --claim-format N     say that it is of format N, with the right checksum\n";

enum size { PROJECTS, REPOSITORIES, USERS, GROUPS, GRANTS, RESTRICTIONS, KEYS, MEMBERS, SIZES };
static const char *const size_names[SIZES] = {"projects", "repositories", "users",   "groups",
                                              "grants",   "restrictions", "keys", "members"};
static const struct {
    const char *name;
    uint64_t size[SIZES];
} presets[] = {
    {"tiny", {5, 10, 20, 5, 100, 50, 10, 200}},
    {"xlarge", {25000, 52000, 25000, 5000, 1000000, 1000000, 50000, 250000}},
};

/* Bulk ids start above those of BENCH. */
#define FIRST_ID UINT64_C(100000)
#define HEAVY_RESTRICTIONS 2000
#define HEAVY_GROUPS 500
#define BASE_URL "https://bitbucket.example.com"

static struct builder *builder;
static struct error error;
static uint64_t random_state;
static uint64_t heavy_restrictions = HEAVY_RESTRICTIONS, heavy_groups = HEAVY_GROUPS;

static void must(enum status status)
{
    if (status == STATUS_OK)
        return;
    fprintf(stderr, "make_snapshot: %s\n", error.text);
    exit(2);
}

static uint64_t random_below(uint64_t limit) /* splitmix64 */
{
    uint64_t z = (random_state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (z ^ (z >> 31)) % (limit ? limit : 1);
}

/* "PREFIX" and a number; one of a few static buffers in turn. */
static struct text name_of(const char *prefix, uint64_t number)
{
    static char room[8][64];
    static unsigned next;
    char *at = room[next++ % 8];
    int size = snprintf(at, sizeof room[0], "%s%05" PRIu64, prefix, number);
    return (struct text){at, (size_t)size};
}
static struct text heavy_group(uint64_t number)
{
    static char room[4][64];
    static unsigned next;
    char *at = room[next++ % 4];
    int size = snprintf(at, sizeof room[0], "heavy-group-%" PRIu64, number);
    return (struct text){at, (size_t)size};
}

static void add_user(uint64_t id, struct text name)
{
    char email[96];
    int size = snprintf(email, sizeof email, "%.*s@example.com", TEXT_ARG(name));
    must(builder_user(builder,
                      &(struct builder_user){.id = id,
                                             .name = name,
                                             .email = {email, (size_t)size},
                                             .active = true,
                                             .listed = true},
                      &error));
}

static void add_restriction(struct place place, uint64_t id, enum restriction_type type,
                            struct text pattern, const struct exemptions *exempt)
{
    struct builder_restriction row = {
        .head = {.id = id,
                 .of_project = place.scope == GRANT_PROJECT,
                 .type = type,
                 .matcher = MATCHER_PATTERN,
                 .matcher_id = pattern,
                 .matcher_active = true},
        .exempt = *exempt,
    };
    must(builder_restriction(builder, place, &row, &error));
}

static enum restriction_type type_in_turn(uint64_t number)
{
    static const enum restriction_type types[] = {
        RESTRICTION_NO_DELETES, RESTRICTION_FAST_FORWARD_ONLY, RESTRICTION_READ_ONLY,
        RESTRICTION_PULL_REQUEST_ONLY};
    return types[number % 4];
}

static void add_key(uint64_t id, struct text label)
{
    must(builder_key(builder,
                     &(struct builder_key){.id = id,
                                           .label = label,
                                           .algorithm = TEXT("ED25519"),
                                           .fingerprint = TEXT("Cbg38rGDCiNHqBk6Y1BKOEvufFBqhFWIE"),
                                           .bits = 256,
                                           .created_known = true,
                                           .created_ms = INT64_C(1700000000000),
                                           .use_known = true,
                                           .expiry_known = true},
                     &error));
}

static void add_repository(uint64_t id, uint64_t project, struct text slug)
{
    must(builder_repository(
        builder, &(struct builder_repository){.id = id, .project_id = project, .slug = slug},
        &error));
    must(builder_default_branch(builder, id, TEXT("refs/heads/main"), &error));
}

/* ------------------------------------------------------------------ BENCH */

static void add_heavy(struct place heavy)
{
    if (!heavy_groups)
        must(builder_grant_user(builder, heavy, 2, PERMISSION_REPO_WRITE, &error));
    for (uint64_t i = 0; i < heavy_groups; i++) {
        must(builder_group(builder, heavy_group(i), false, &error));
        must(builder_member(builder, heavy_group(i), 2, &error));
        must(builder_grant_group(builder, heavy, heavy_group(i), PERMISSION_REPO_WRITE, &error));
    }
    for (uint64_t i = 0; i < heavy_restrictions; i++) {
        char pattern[32];
        int size = snprintf(pattern, sizeof pattern, "heavy-%" PRIu64 "/*", i);
        struct exempt_user users[5];
        struct exempt_group groups[2];
        for (uint64_t k = 0; k < 5; k++)
            users[k] = (struct exempt_user){1000 + i * 5 + k, name_of("x", i * 5 + k)};
        for (uint64_t k = 0; k < 2; k++)
            groups[k] = (struct exempt_group){.name = heavy_group((i + k) % HEAVY_GROUPS)};
        const struct exemptions exempt = {
            .users = users, .user_count = 5, .groups = groups, .group_count = 2};
        add_restriction(heavy, 10001 + i, type_in_turn(i),
                        (struct text){pattern, (size_t)size}, &exempt);
    }
}

static void add_bench(void)
{
    const struct place bench = {GRANT_REPOSITORY, 1}, heavy = {GRANT_REPOSITORY, 2};
    must(builder_project(builder, &(struct builder_project){.id = 1, .key = TEXT("BENCH")},
                         &error));
    add_repository(1, 1, TEXT("bench"));
    add_repository(2, 1, TEXT("heavy"));
    add_user(1, TEXT("bench-user"));
    add_user(2, TEXT("heavy-user"));
    for (uint64_t id = 1; id <= 2; id++)
        must(builder_grant_user(builder, (struct place){GRANT_GLOBAL, 0}, id,
                                PERMISSION_LICENSED_USER, &error));
    must(builder_group(builder, TEXT("bench-exempt"), false, &error));
    must(builder_grant_user(builder, bench, 1, PERMISSION_REPO_WRITE, &error));
    must(builder_grant_user(builder, heavy, 1, PERMISSION_REPO_WRITE, &error));
    add_key(1, TEXT("bench-key"));
    must(builder_grant_key(builder, bench, 1, PERMISSION_REPO_WRITE, &error));
    const struct exempt_group group = {.name = TEXT("bench-exempt")};
    const struct exemptions exempt = {.groups = &group, .group_count = 1};
    for (uint64_t i = 0; i < 20; i++) {
        char pattern[32];
        int size = snprintf(pattern, sizeof pattern, "release-%" PRIu64 "/*", i);
        add_restriction(bench, 1 + i, type_in_turn(i), (struct text){pattern, (size_t)size},
                        &exempt);
    }
    add_heavy(heavy);
}

/* ------------------------------------------------------------------ bulk */

static void add_people(const uint64_t size[SIZES])
{
    for (uint64_t i = 0; i < size[USERS]; i++)
        add_user(FIRST_ID + i, name_of("u", i));
    for (uint64_t i = 0; i < size[GROUPS]; i++)
        must(builder_group(builder, name_of("g", i), false, &error));
    for (uint64_t i = 0; size[GROUPS] && size[USERS] && i < size[MEMBERS]; i++)
        must(builder_member(builder, name_of("g", random_below(size[GROUPS])),
                            FIRST_ID + random_below(size[USERS]), &error));
    if (size[GROUPS])
        must(builder_grant_group(builder, (struct place){GRANT_GLOBAL, 0}, name_of("g", 0),
                                 PERMISSION_LICENSED_USER, &error));
}

static void add_places(const uint64_t size[SIZES])
{
    for (uint64_t i = 0; i < size[PROJECTS]; i++)
        must(builder_project(
            builder, &(struct builder_project){.id = FIRST_ID + i, .key = name_of("P", i)},
            &error));
    for (uint64_t i = 0; size[PROJECTS] && i < size[REPOSITORIES]; i++)
        add_repository(FIRST_ID + i, FIRST_ID + random_below(size[PROJECTS]), name_of("r", i));
}

static struct place random_place(const uint64_t size[SIZES])
{
    if (random_below(4) == 0)
        return (struct place){GRANT_PROJECT, FIRST_ID + random_below(size[PROJECTS])};
    return (struct place){GRANT_REPOSITORY, FIRST_ID + random_below(size[REPOSITORIES])};
}
static enum permission write_level(struct place place)
{
    return place.scope == GRANT_PROJECT ? PERMISSION_PROJECT_WRITE : PERMISSION_REPO_WRITE;
}

static void add_grants(const uint64_t size[SIZES])
{
    for (uint64_t i = 0; size[USERS] && size[GROUPS] && i < size[GRANTS]; i++) {
        struct place place = random_place(size);
        if (random_below(3) == 0)
            must(builder_grant_group(builder, place, name_of("g", random_below(size[GROUPS])),
                                     write_level(place), &error));
        else
            must(builder_grant_user(builder, place, FIRST_ID + random_below(size[USERS]),
                                    write_level(place), &error));
    }
    for (uint64_t i = 0; i < size[KEYS]; i++) {
        struct place place = random_place(size);
        add_key(FIRST_ID + i, name_of("key-", i));
        must(builder_grant_key(builder, place, FIRST_ID + i, write_level(place), &error));
    }
}

static void add_restrictions(const uint64_t size[SIZES])
{
    for (uint64_t i = 0; i < size[RESTRICTIONS]; i++) {
        char pattern[48];
        int length = snprintf(pattern, sizeof pattern, "release-%" PRIu64 "/*", random_below(100));
        struct exempt_user user = {FIRST_ID + random_below(size[USERS]), TEXT_NONE};
        user.name = name_of("u", user.id - FIRST_ID);
        struct exempt_group group = {.name = name_of("g", random_below(size[GROUPS]))};
        const struct exemptions exempt = {
            .users = &user, .user_count = 1, .groups = &group, .group_count = 1};
        add_restriction(random_place(size), FIRST_ID + i, type_in_turn(i),
                        (struct text){pattern, (size_t)length}, &exempt);
    }
}

static void mark_incomplete(void)
{
    must(builder_incomplete(builder, (struct place){GRANT_REPOSITORY, 1}, INCOMPLETE_KEYS, &error));
    must(builder_incomplete(builder, (struct place){GRANT_REPOSITORY, 2},
                            INCOMPLETE_MODEL | INCOMPLETE_RESTRICTIONS, &error));
    must(builder_incomplete(builder, (struct place){GRANT_GLOBAL, 0}, INCOMPLETE_GRANTS, &error));
}

/* Gives when the crawl of the old one began. */
static int64_t reload(const char *path, int64_t now)
{
    struct snapshot *old;
    must(builder_part(builder, (struct place){GRANT_PROJECT, 1}, now, &error));
    /* The bulk's global grants: they are in no part. */
    must(builder_incomplete(builder, (struct place){GRANT_GLOBAL, 0}, INCOMPLETE_GRANTS, &error));
    must(snapshot_open_mode(path, NULL, 0, SNAPSHOT_MAPPED, &old, &error));
    must(builder_reload(builder, old, &error));
    int64_t started = snapshot_meta_record(old)->meta.started_ms;
    snapshot_close(old);
    return started;
}

/* ------------------------------------------------------------------ main */

static uint64_t number(const char *text)
{
    uint64_t value;
    if (text_parse_u64(text_of(text), UINT32_MAX, false, &value))
        return value;
    fprintf(stderr, "make_snapshot: %s is not a number\n", text);
    exit(2);
}

static void use_preset(const char *name, uint64_t size[SIZES])
{
    for (size_t i = 0; i < sizeof presets / sizeof presets[0]; i++)
        if (!strcmp(presets[i].name, name)) {
            memcpy(size, presets[i].size, sizeof presets[i].size);
            return;
        }
    fprintf(stderr, "make_snapshot: no preset %s\n", name);
    exit(2);
}

/* As a version of refgate to come might have written it: only its first field is another. */
static void claim(const char *path, uint32_t format)
{
    struct snapshot *snapshot;
    struct text key, body;
    uint32_t position = 0;
    must(snapshot_open_mode(path, NULL, 0, SNAPSHOT_MAPPED, &snapshot, &error));
    do
        must(snapshot_next(snapshot, &position, &key, &body, &error));
    while (!text_equal(key, TEXT("meta")));
    char *copy = malloc(body.size + LAYOUT_RECORD_HEADER);
    if (!copy)
        exit(2);
    memcpy(copy + LAYOUT_RECORD_HEADER, body.at, body.size);
    unsigned char *value = (unsigned char *)copy;
    layout_store32(value + LAYOUT_RECORD_HEADER, format);
    layout_store32(value, layout_crc(key, (struct text){copy + LAYOUT_RECORD_HEADER, body.size}));
    long at = (long)position - (long)(body.size + LAYOUT_RECORD_HEADER);
    snapshot_close(snapshot);
    FILE *file = fopen(path, "r+");
    if (!file || fseek(file, at, SEEK_SET) ||
        fwrite(copy, body.size + LAYOUT_RECORD_HEADER, 1, file) != 1 || fclose(file)) {
        fprintf(stderr, "make_snapshot: cannot change %s\n", path);
        exit(2);
    }
    free(copy);
}

int main(int argc, char **argv)
{
    enum {
        OPTION_PRESET = SIZES,
        OPTION_SEED,
        OPTION_NOW,
        OPTION_RELOAD,
        OPTION_INCOMPLETE,
        OPTION_CLAIM,
        OPTION_HEAVY_RESTRICTIONS,
        OPTION_HEAVY_GROUPS,
        OPTION_HELP,
        OPTIONS
    };
    struct option options[OPTIONS + 1] = {
        [OPTION_PRESET] = {"preset", required_argument, NULL, OPTION_PRESET},
        [OPTION_SEED] = {"seed", required_argument, NULL, OPTION_SEED},
        [OPTION_NOW] = {"now", required_argument, NULL, OPTION_NOW},
        [OPTION_RELOAD] = {"reload", required_argument, NULL, OPTION_RELOAD},
        [OPTION_INCOMPLETE] = {"incomplete", no_argument, NULL, OPTION_INCOMPLETE},
        [OPTION_CLAIM] = {"claim-format", required_argument, NULL, OPTION_CLAIM},
        [OPTION_HEAVY_RESTRICTIONS] = {"heavy-restrictions", required_argument, NULL,
                                       OPTION_HEAVY_RESTRICTIONS},
        [OPTION_HEAVY_GROUPS] = {"heavy-groups", required_argument, NULL, OPTION_HEAVY_GROUPS},
        [OPTION_HELP] = {"help", no_argument, NULL, OPTION_HELP},
    };
    uint64_t size[SIZES];
    int64_t now = clock_now_ms(), started;
    const char *old = NULL, *claimed = NULL;
    bool incomplete = false;
    int choice;
    use_preset("tiny", size);
    random_state = 1;
    for (int i = 0; i < SIZES; i++)
        options[i] = (struct option){size_names[i], required_argument, NULL, i};
    while ((choice = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (choice >= 0 && choice < SIZES)
            size[choice] = number(optarg);
        else if (choice == OPTION_PRESET)
            use_preset(optarg, size);
        else if (choice == OPTION_SEED)
            random_state = number(optarg);
        else if (choice == OPTION_RELOAD)
            old = optarg;
        else if (choice == OPTION_CLAIM)
            claimed = optarg;
        else if (choice == OPTION_HEAVY_RESTRICTIONS)
            heavy_restrictions = number(optarg);
        else if (choice == OPTION_HEAVY_GROUPS)
            heavy_groups = number(optarg);
        else if (choice == OPTION_INCOMPLETE)
            incomplete = true;
        else if (choice == OPTION_NOW && clock_parse(text_of(optarg), &now))
            continue;
        else {
            fputs(help, choice == OPTION_HELP ? stdout : stderr);
            return choice == OPTION_HELP ? 0 : 2;
        }
    }
    if (argc - optind != 1) {
        fputs(help, stderr);
        return 2;
    }
    bool places = size[PROJECTS] && size[REPOSITORIES];
    if ((size[GRANTS] || size[KEYS] || size[RESTRICTIONS]) &&
        (!places || !size[USERS] || !size[GROUPS])) {
        fputs("make_snapshot: grants, keys and restrictions need projects, repositories, users and "
              "groups\n",
              stderr);
        return 2;
    }
    must(builder_new(NULL, &builder, &error));
    add_bench();
    if (incomplete)
        mark_incomplete();
    started = now;
    if (old) {
        started = reload(old, now);
    } else {
        add_people(size);
        add_places(size);
        add_grants(size);
        add_restrictions(size);
    }
    struct builder_summary summary;
    const struct builder_header header = {.base_url = TEXT(BASE_URL),
                                          .bitbucket_version = TEXT("9.4.2"),
                                          .started_ms = started,
                                          .generated_ms = now};
    must(builder_finish(builder, &header, argv[optind], 0, NULL, &summary, &error));
    builder_free(builder);
    if (claimed)
        claim(argv[optind], (uint32_t)number(claimed));
    printf("%s %" PRIu64 " bytes\n", summary.digest.hex, summary.size);
    return 0;
}
