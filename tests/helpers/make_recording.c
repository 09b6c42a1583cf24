/*
 * make_recording - a recording of any size from a seed, for benchmarks and tests. --help says what is
 * in it. The same arguments give the same files but for their times.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "bitbucket/journal.h"
#include "bitbucket/redact.h"
#include "bitbucket/url.h"

static const char help[] =
    "usage: make_recording [OPTION...] DIR\n"
    "\n"
    "Writes what a Bitbucket 9.4.2 with made-up projects PNNNNN, repositories rNNNNN, users uNNNNN\n"
    "and groups gNNNNN would have answered to a crawl, as a journal does: refgate sync --replay DIR.\n"
    "DIR must not exist, or be empty.\n"
    "\n"
    "  --preset NAME        tiny (10 repositories) or xlarge (52,000 repositories, 25,000\n"
    "                       projects, 25,000 users, 5,000 groups, 1,000,000 grants,\n"
    "                       1,000,000 restrictions, 50,000 keys: 542,110 answers);\n"
    "                       the options below change it\n"
    "  --repositories N --projects N --users N --groups N --grants N --restrictions N\n"
    "  --keys N --members N sizes; the last four on average\n"
    "  --page N             items of a page at most (default 1000)\n"
    "  --seed N             another arrangement (default 1)\n"
    "  --now TIME           when the crawl began (default: now)\n";

enum size { PROJECTS, REPOSITORIES, USERS, GROUPS, GRANTS, RESTRICTIONS, KEYS, MEMBERS, SIZES };
enum { PAGE = SIZES, SEED, NUMBERS };
static const char *const number_names[NUMBERS] = {"projects",     "repositories", "users",
                                                  "groups",       "grants",       "restrictions",
                                                  "keys",         "members",      "page",
                                                  "seed"};
static const struct {
    const char *name;
    uint64_t size[SIZES];
} presets[] = {
    {"tiny", {5, 10, 20, 5, 100, 50, 10, 200}},
    {"xlarge", {25000, 52000, 25000, 5000, 1000000, 1000000, 50000, 250000}},
};

#define FIRST_ID UINT64_C(100000)
#define BASE_URL "https://bitbucket.example.com"
#define CORE "/rest/api/latest"

static uint64_t numbers[NUMBERS];
static struct journal *journal;
static struct error error;
static struct buffer url, body;

static void must(enum status status)
{
    if (status == STATUS_OK)
        return;
    fprintf(stderr, "make_recording: %s\n", error.text);
    exit(2);
}

/* What is random of one thing does not depend on what was written before it. */
enum about { OF_PROJECT, OF_REPOSITORY, OF_GROUP };
static uint64_t random_state;
static void random_of(enum about about, uint64_t number, unsigned what)
{
    random_state = (numbers[SEED] << 56) ^ ((uint64_t)about << 48) ^ ((uint64_t)what << 40) ^ number;
}
static uint64_t random_below(uint64_t limit) /* splitmix64 */
{
    uint64_t z = (random_state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (z ^ (z >> 31)) % (limit ? limit : 1);
}
/* How many of `all` fall on one of `places`: between none and twice the average. */
static uint64_t random_share(uint64_t all, uint64_t places)
{
    uint64_t twice = places ? all * 2 / places : 0;
    uint64_t rest = places ? all * 2 % places : 0;
    return random_below(twice + 1 + (random_below(places) < rest));
}

/* ------------------------------------------------------------------ answers and pages */

static void write_answer(int status)
{
    json_error_t why;
    json_t *parsed = NULL;
    if (body.failed || url.failed) {
        fputs("make_recording: out of memory\n", stderr);
        exit(2);
    }
    /* The journal copies the bytes, unless there is something to remove. */
    parsed = redact_needed(buffer_view(&body)) ? json_loadb(body.data, body.size, 0, &why) :
                                                 json_true();
    const struct question question = {ENDPOINT_PROPERTIES, url.data, LOOK_FIRST};
    must(journal_add(journal, &question, status, NULL, buffer_view(&body), parsed, &error));
    json_decref(parsed);
}

static void begin(const char *format, const char *key, uint64_t project, uint64_t repository)
{
    url.size = body.size = 0;
    buffer_printf(&url, format, key);
    if (project != UINT64_MAX)
        buffer_printf(&url, "/projects/P%05" PRIu64, project);
    if (repository != UINT64_MAX)
        buffer_printf(&url, "/repos/r%05" PRIu64, repository);
}

struct list { /* a list being written, page by page */
    struct buffer url; /* without `start` */
    uint64_t start, on_page;
};

static void list_page(struct list *list, bool last)
{
    url.size = 0;
    buffer_text(&url, buffer_view(&list->url));
    buffer_printf(&url, "%sstart=%" PRIu64 "&limit=%" PRIu64,
                  strchr(list->url.data, '?') ? "&" : "?", list->start, numbers[PAGE]);
    buffer_printf(&body, "],\"size\":%" PRIu64 ",\"limit\":%" PRIu64 ",\"isLastPage\":%s,\"start\":%" PRIu64,
                  list->on_page, numbers[PAGE], last ? "true" : "false", list->start);
    list->start += list->on_page;
    if (!last)
        buffer_printf(&body, ",\"nextPageStart\":%" PRIu64, list->start);
    buffer_string(&body, "}");
    write_answer(200);
    body.size = 0;
    buffer_string(&body, "{\"values\":[");
    list->on_page = 0;
}
static struct list list_begin(void) /* at `url` */
{
    struct list list = {.start = 0};
    buffer_init(&list.url, SIZE_MAX);
    buffer_text(&list.url, buffer_view(&url));
    body.size = 0;
    buffer_string(&body, "{\"values\":[");
    return list;
}
static void list_item(struct list *list)
{
    if (list->on_page == numbers[PAGE])
        list_page(list, false);
    if (list->on_page++)
        buffer_string(&body, ",");
}
static void list_end(struct list *list)
{
    list_page(list, true);
    buffer_free(&list->url);
}

/* ------------------------------------------------------------------ things */

static void put_user(uint64_t n, bool detailed)
{
    buffer_printf(&body,
                  "{\"name\":\"u%05" PRIu64 "\",\"emailAddress\":\"u%05" PRIu64 "@example.com\","
                  "\"active\":true,\"displayName\":\"User %" PRIu64 "\",\"id\":%" PRIu64
                  ",\"slug\":\"u%05" PRIu64 "\",\"type\":\"NORMAL\",",
                  n, n, n, FIRST_ID + n, n);
    if (detailed)
        buffer_string(&body, "\"directoryName\":\"Bitbucket Internal Directory\",\"deletable\":true,"
                             "\"lastAuthenticationTimestamp\":1795219200000,"
                             "\"mutableDetails\":true,\"mutableGroups\":true,");
    buffer_printf(&body, "\"links\":{\"self\":[{\"href\":\"" BASE_URL "/users/u%05" PRIu64 "\"}]}}", n);
}

static void put_project(uint64_t n)
{
    buffer_printf(&body,
                  "{\"key\":\"P%05" PRIu64 "\",\"id\":%" PRIu64 ",\"name\":\"Project %" PRIu64
                  "\",\"description\":\"What team %" PRIu64 " makes\",\"public\":false,"
                  "\"type\":\"NORMAL\",\"links\":{\"self\":[{\"href\":\"" BASE_URL
                  "/projects/P%05" PRIu64 "\"}]}}",
                  n, FIRST_ID + n, n, n, n);
}

static uint64_t project_of(uint64_t repository)
{
    random_of(OF_REPOSITORY, repository, 0);
    return random_below(numbers[PROJECTS]);
}

static void put_repository(uint64_t n)
{
    uint64_t project = project_of(n);
    buffer_printf(&body,
                  "{\"slug\":\"r%05" PRIu64 "\",\"id\":%" PRIu64 ",\"name\":\"r%05" PRIu64
                  "\",\"hierarchyId\":\"%020" PRIx64 "\",\"scmId\":\"git\",\"state\":\"AVAILABLE\","
                  "\"statusMessage\":\"Available\",\"forkable\":true,\"project\":",
                  n, FIRST_ID + n, n, n * UINT64_C(0x9e3779b97f4a7c15));
    put_project(project);
    buffer_printf(&body,
                  ",\"public\":false,\"archived\":%s,\"links\":{\"clone\":[{\"href\":"
                  "\"ssh://git@bitbucket.example.com:7999/p%05" PRIu64 "/r%05" PRIu64 ".git\","
                  "\"name\":\"ssh\"},{\"href\":\"" BASE_URL "/scm/p%05" PRIu64 "/r%05" PRIu64
                  ".git\",\"name\":\"http\"}],\"self\":[{\"href\":\"" BASE_URL "/projects/P%05" PRIu64
                  "/repos/r%05" PRIu64 "/browse\"}]}}",
                  n % 50 == 49 ? "true" : "false", project, n, project, n, project, n);
}

/* ------------------------------------------------------------------ the instance */

static void write_list(const char *path, uint64_t count, void (*put)(uint64_t n))
{
    begin("%s", path, UINT64_MAX, UINT64_MAX);
    struct list list = list_begin();
    for (uint64_t i = 0; i < count; i++) {
        list_item(&list);
        put(i);
    }
    list_end(&list);
}

static void put_detailed_user(uint64_t n)
{
    put_user(n, true);
}
static void put_group(uint64_t n)
{
    buffer_printf(&body, "{\"name\":\"g%05" PRIu64 "\",\"deletable\":true}", n);
}
static void put_global_user(uint64_t n)
{
    buffer_string(&body, "{\"user\":");
    put_user(n, false);
    buffer_string(&body, ",\"permission\":\"SYS_ADMIN\"}");
}
static void put_global_group(uint64_t n)
{
    buffer_printf(&body, "{\"group\":{\"name\":\"g%05" PRIu64 "\"},\"permission\":\"LICENSED_USER\"}", n);
}

static void write_instance(void)
{
    begin("%s/application-properties", CORE, UINT64_MAX, UINT64_MAX);
    buffer_string(&body, "{\"version\":\"9.4.2\",\"buildNumber\":\"9004002\",\"buildDate\":"
                         "\"1734512345678\",\"displayName\":\"Bitbucket\"}");
    write_answer(200);
    write_list(CORE "/admin/users", numbers[USERS], put_detailed_user);
    write_list(CORE "/admin/permissions/users", numbers[USERS] > 0, put_global_user);
    write_list(CORE "/admin/permissions/groups", numbers[GROUPS] > 0, put_global_group);
    write_list(CORE "/admin/groups", numbers[GROUPS], put_group);
    write_list(CORE "/projects", numbers[PROJECTS], put_project);
    write_list(CORE "/repos?archived=ALL", numbers[REPOSITORIES], put_repository);
}

static void write_groups(void)
{
    for (uint64_t i = 0; i < numbers[GROUPS]; i++) {
        begin("%s/admin/groups/more-members", CORE, UINT64_MAX, UINT64_MAX);
        buffer_printf(&url, "?context=g%05" PRIu64, i);
        struct list list = list_begin();
        random_of(OF_GROUP, i, 0);
        uint64_t count = random_share(numbers[MEMBERS], numbers[GROUPS]);
        for (uint64_t k = 0; numbers[USERS] && k < count; k++) {
            list_item(&list);
            put_user(random_below(numbers[USERS]), true);
        }
        list_end(&list);
    }
}

/* ------------------------------------------------------------------ projects and repositories */

struct place {
    enum about about;
    uint64_t number, project, repository; /* repository: UINT64_MAX of a project */
};

/* Of four things, one is a project's. */
static uint64_t share_of(const struct place *place, enum size what)
{
    uint64_t quarter = numbers[what] / 4;
    return place->about == OF_PROJECT ?
               random_share(quarter, numbers[PROJECTS]) :
               random_share(numbers[what] - quarter, numbers[REPOSITORIES]);
}

static const char *random_level(const struct place *place)
{
    static const char *const levels[2][4] = {
        {"PROJECT_WRITE", "PROJECT_READ", "PROJECT_WRITE", "PROJECT_ADMIN"},
        {"REPO_WRITE", "REPO_READ", "REPO_WRITE", "REPO_ADMIN"}};
    return levels[place->about == OF_REPOSITORY][random_below(4)];
}

static void write_grants(const struct place *place, bool of_groups)
{
    begin("%s", CORE, place->project, place->repository);
    buffer_string(&url, of_groups ? "/permissions/groups" : "/permissions/users");
    struct list list = list_begin();
    random_of(place->about, place->number, 1 + of_groups);
    uint64_t count = share_of(place, GRANTS) * (of_groups ? 1 : 2);
    count = (count + random_below(3)) / 3; /* a third of the grants are of groups */
    if (!numbers[of_groups ? GROUPS : USERS])
        count = 0;
    for (uint64_t i = 0; i < count; i++) {
        list_item(&list);
        buffer_string(&body, of_groups ? "{\"group\":" : "{\"user\":");
        if (of_groups)
            buffer_printf(&body, "{\"name\":\"g%05" PRIu64 "\"}", random_below(numbers[GROUPS]));
        else
            put_user(random_below(numbers[USERS]), false);
        buffer_printf(&body, ",\"permission\":\"%s\"}", random_level(place));
    }
    list_end(&list);
}

static void write_default_permission(const struct place *place)
{
    static const char *const levels[] = {"PROJECT_ADMIN", "REPO_CREATE", "PROJECT_WRITE",
                                         "PROJECT_READ"};
    for (size_t i = 0; i < 4; i++) {
        begin("%s", CORE, place->project, place->repository);
        buffer_printf(&url, "/permissions/%s/all", levels[i]);
        buffer_string(&body, "{\"permitted\":false}");
        write_answer(200);
    }
}

static void put_restrictions(struct list *list, const struct place *place)
{
    static const char *const types[] = {"no-deletes", "fast-forward-only", "read-only",
                                        "pull-request-only"};
    random_of(place->about, place->number, 3);
    uint64_t count = share_of(place, RESTRICTIONS);
    for (uint64_t i = 0; i < count; i++) {
        uint64_t pattern = random_below(100);
        list_item(list);
        buffer_printf(&body,
                      "{\"id\":%" PRIu64 ",\"scope\":{\"type\":\"%s\",\"resourceId\":%" PRIu64
                      "},\"type\":\"%s\",\"matcher\":{\"id\":\"release-%" PRIu64
                      "/*\",\"displayId\":\"release-%" PRIu64 "/*\",\"type\":{\"id\":\"PATTERN\","
                      "\"name\":\"Pattern\"},\"active\":true},\"users\":[",
                      (place->about * numbers[PROJECTS] + place->number) * 1000 + i + 1,
                      place->about == OF_PROJECT ? "PROJECT" : "REPOSITORY",
                      FIRST_ID + place->number, types[i % 4], pattern, pattern);
        if (numbers[USERS])
            put_user(random_below(numbers[USERS]), false);
        buffer_string(&body, "],\"groups\":[");
        if (numbers[GROUPS])
            buffer_printf(&body, "\"g%05" PRIu64 "\"", random_below(numbers[GROUPS]));
        buffer_string(&body, "],\"accessKeys\":[]}");
    }
}

/* A repository's list holds its project's restrictions too, as Bitbucket's does. */
static void write_restrictions(const struct place *place)
{
    begin("%s", "/rest/branch-permissions/latest", place->project, place->repository);
    buffer_string(&url, "/restrictions");
    struct list list = list_begin();
    if (place->about == OF_REPOSITORY)
        put_restrictions(&list, &(struct place){OF_PROJECT, place->project, place->project,
                                                UINT64_MAX});
    put_restrictions(&list, place);
    list_end(&list);
}

static void write_model(const struct place *place)
{
    begin("%s", "/rest/branch-utils/latest", place->project, place->repository);
    buffer_string(&url, "/branchmodel/configuration");
    if (place->number % 2) {
        buffer_string(&body, "{\"errors\":[{\"context\":null,\"message\":\"There is no branch model "
                             "configuration defined. You must enable the branch model first\","
                             "\"exceptionName\":\"com.atlassian.bitbucket.NoSuchEntityException\"}]}");
        write_answer(404);
        return;
    }
    buffer_printf(&body,
                  "{\"development\":{\"refId\":null,\"useDefault\":true},\"types\":["
                  "{\"id\":\"BUGFIX\",\"displayName\":\"Bugfix\","
                  "\"enabled\":true,\"prefix\":\"bugfix/\"},"
                  "{\"id\":\"FEATURE\",\"displayName\":\"Feature\","
                  "\"enabled\":true,\"prefix\":\"feature/\"},"
                  "{\"id\":\"HOTFIX\",\"displayName\":\"Hotfix\","
                  "\"enabled\":true,\"prefix\":\"hotfix/\"},"
                  "{\"id\":\"RELEASE\",\"displayName\":\"Release\","
                  "\"enabled\":true,\"prefix\":\"release/\"}],"
                  "\"scope\":{\"type\":\"%s\",\"resourceId\":%" PRIu64 "}}",
                  place->about == OF_PROJECT ? "PROJECT" : "REPOSITORY", FIRST_ID + place->number);
    write_answer(200);
}

static void write_keys(const struct place *place)
{
    begin("%s", "/rest/keys/latest", place->project, place->repository);
    buffer_string(&url, "/ssh");
    struct list list = list_begin();
    random_of(place->about, place->number, 4);
    uint64_t count = share_of(place, KEYS);
    for (uint64_t i = 0; i < count; i++) {
        uint64_t id = (place->about * numbers[PROJECTS] + place->number) * 1000 + i + 1;
        list_item(&list);
        buffer_printf(&body,
                      "{\"key\":{\"id\":%" PRIu64 ",\"text\":\"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA"
                      "%064" PRIx64 " key-%" PRIu64 "\",\"label\":\"key-%" PRIu64
                      "\",\"algorithmType\":\"ED25519\",\"bitLength\":256,\"fingerprint\":"
                      "\"Cbg38rGDCiNHqBk6Y1BKOEvufFBqhFWIE\",\"createdDate\":1672531200000},",
                      id, id, id, id);
        buffer_string(&body, place->about == OF_PROJECT ? "\"project\":" : "\"repository\":");
        if (place->about == OF_PROJECT)
            put_project(place->number);
        else {
            uint64_t after = random_state;
            put_repository(place->number);
            random_state = after;
        }
        buffer_printf(&body, ",\"permission\":\"%s\"}",
                      place->about == OF_PROJECT ? "PROJECT_WRITE" : "REPO_WRITE");
    }
    list_end(&list);
}

static void write_place(const struct place *place)
{
    write_grants(place, false);
    write_grants(place, true);
    if (place->about == OF_PROJECT)
        write_default_permission(place);
    write_restrictions(place);
    write_model(place);
    if (place->about == OF_REPOSITORY) {
        begin("%s", CORE, place->project, place->repository);
        buffer_string(&url, "/default-branch");
        buffer_string(&body, "{\"id\":\"refs/heads/main\",\"displayId\":\"main\",\"type\":\"BRANCH\"}");
        write_answer(200);
    }
    write_keys(place);
}

static void write_places(void)
{
    for (uint64_t i = 0; i < numbers[PROJECTS]; i++)
        write_place(&(struct place){OF_PROJECT, i, i, UINT64_MAX});
    for (uint64_t i = 0; i < numbers[REPOSITORIES]; i++)
        write_place(&(struct place){OF_REPOSITORY, i, project_of(i), i});
}

/* ------------------------------------------------------------------ main */

static uint64_t number(const char *text)
{
    uint64_t value;
    if (text_parse_u64(text_of(text), UINT32_MAX, false, &value))
        return value;
    fprintf(stderr, "make_recording: %s is not a number\n", text);
    exit(2);
}

static void use_preset(const char *name)
{
    for (size_t i = 0; i < sizeof presets / sizeof presets[0]; i++)
        if (!strcmp(presets[i].name, name)) {
            memcpy(numbers, presets[i].size, sizeof presets[i].size);
            return;
        }
    fprintf(stderr, "make_recording: no preset %s\n", name);
    exit(2);
}

int main(int argc, char **argv)
{
    enum { OPTION_PRESET = NUMBERS, OPTION_NOW, OPTION_HELP, OPTIONS };
    struct option options[OPTIONS + 1] = {
        [OPTION_PRESET] = {"preset", required_argument, NULL, OPTION_PRESET},
        [OPTION_NOW] = {"now", required_argument, NULL, OPTION_NOW},
        [OPTION_HELP] = {"help", no_argument, NULL, OPTION_HELP},
    };
    int64_t now = clock_now_ms();
    int choice;
    use_preset("tiny");
    numbers[PAGE] = 1000;
    numbers[SEED] = 1;
    for (int i = 0; i < NUMBERS; i++)
        options[i] = (struct option){number_names[i], required_argument, NULL, i};
    while ((choice = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (choice >= 0 && choice < NUMBERS)
            numbers[choice] = number(optarg);
        else if (choice == OPTION_PRESET)
            use_preset(optarg);
        else if (choice == OPTION_NOW && clock_parse(text_of(optarg), &now))
            continue;
        else {
            fputs(help, choice == OPTION_HELP ? stdout : stderr);
            return choice == OPTION_HELP ? 0 : 2;
        }
    }
    if (argc - optind != 1 || !numbers[PAGE] || (numbers[REPOSITORIES] && !numbers[PROJECTS])) {
        fputs(help, stderr);
        return 2;
    }
    buffer_init(&url, SIZE_MAX);
    buffer_init(&body, SIZE_MAX);
    must(journal_create(argv[optind], TEXT(BASE_URL), now, &journal, &error));
    write_instance();
    write_groups();
    write_places();
    must(journal_finish(journal, now + 60000, &error));
    printf("%" PRIu64 " bytes of answers\n", journal_size(journal));
    journal_close(journal);
    buffer_free(&url);
    buffer_free(&body);
    return 0;
}
