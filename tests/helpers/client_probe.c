/*
 * client_probe.c - asks a server through bitbucket/client, as `refgate sync` does, and says what came.
 *
 * usage: client_probe [OPTION VALUE]... URL
 *
 *   --auth FILE (else REFGATE_TOKEN, …)  --cacert PATH  --cert FILE  --key FILE  --proxy URL
 *   --slots N  --attempts N  --throttled N  --rate N  --answer-max BYTES
 *   --connect-ms N  --stall-ms N  --answer-ms N  --allow-http yes  --body yes
 *
 * Lines on stdin: [admin|anonymous] /rest/PATH. Of each answer: PATH STATUS BYTES USER LOCATION, and
 * with --body the JSON; of an error its status and sentence. At the end: what it cost. SIGTERM cancels.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bitbucket/client.h"

static volatile sig_atomic_t cancelled;
static char *asked[CLIENT_SLOTS_MAX];
static const char *auth_file;
static bool show_body;

static void cancel(int number)
{
    cancelled = number;
}

static const char *status_name(enum status status)
{
    static const char *const names[] = {"ok",    "not-found", "io",       "memory",      "format", "limit",
                                        "trust", "usage",     "deadline", "unsupported", "busy"};
    return -status < (int)(sizeof names / sizeof names[0]) ? names[-status] : "?";
}

static int complain(const struct error *err)
{
    printf("error %s: %s\n", status_name(err->code), err->text);
    fflush(stdout);
    return 2;
}

static void parse_option(struct client_options *o, const char *name, const char *value)
{
    const struct {
        const char *name, **text;
    } texts[] = {{"--cacert", &o->cacert}, {"--cert", &o->client_cert}, {"--key", &o->client_key},
                 {"--proxy", &o->proxy},   {"--auth", &auth_file}};
    const struct {
        const char *name;
        int64_t *number;
    } numbers[] = {{"--connect-ms", &o->connect_timeout_ms},
                   {"--stall-ms", &o->stall_timeout_ms},
                   {"--answer-ms", &o->answer_timeout_ms}};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (!strcmp(name, texts[i].name))
            *texts[i].text = value;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        if (!strcmp(name, numbers[i].name))
            *numbers[i].number = strtoll(value, NULL, 10);
    unsigned long n = strtoul(value, NULL, 10);
    if (!strcmp(name, "--slots"))
        o->slots = n;
    else if (!strcmp(name, "--attempts"))
        o->attempts = (unsigned)n;
    else if (!strcmp(name, "--throttled"))
        o->throttled_most = (unsigned)n;
    else if (!strcmp(name, "--answer-max"))
        o->answer_max = n;
    else if (!strcmp(name, "--rate"))
        o->rate = strtod(value, NULL);
    else if (!strcmp(name, "--allow-http"))
        o->allow_http = true;
    else if (!strcmp(name, "--body"))
        show_body = true;
}

static void show(const char *path, struct client_answer *answer)
{
    printf("%s %d %zu %s", path, answer->status, answer->raw.size, answer->user[0] ? answer->user : "-");
    if (answer->location)
        printf(" %s", answer->location);
    if (show_body && answer->body) {
        char *text = json_dumps(answer->body, JSON_COMPACT | JSON_SORT_KEYS);
        printf(" %s", text ? text : "?");
        free(text);
    }
    putchar('\n');
    fflush(stdout);
    json_decref(answer->body);
    free(answer->location);
}

static int wait_for_one(struct client *client)
{
    struct client_answer answer;
    struct error err = {0};
    size_t slot;
    if (client_wait(client, &slot, &answer, &err) != STATUS_OK)
        return complain(&err);
    show(asked[slot], &answer);
    free(asked[slot]);
    asked[slot] = NULL;
    return 0;
}

/* -1: nothing is free. */
static int free_slot(size_t slots)
{
    for (size_t i = 0; i < slots; i++)
        if (!asked[i])
            return (int)i;
    return -1;
}

static int ask(struct client *client, size_t slots, char *line, size_t *under_way)
{
    struct error err = {0};
    char *path = strchr(line, '/');
    struct client_request request = {.url = path ? path : line,
                                     .admin = !strncmp(line, "admin ", 6),
                                     .anonymous = !strncmp(line, "anonymous ", 10)};
    int code = 0;
    if (*under_way == slots) {
        code = wait_for_one(client);
        (*under_way)--;
    }
    int slot = code ? -1 : free_slot(slots);
    if (slot < 0)
        return code;
    if (client_ask(client, (size_t)slot, &request, &err) != STATUS_OK)
        return complain(&err);
    asked[slot] = strdup(request.url);
    (*under_way)++;
    return 0;
}

/* The first error ends it, as it ends a crawl. */
static int run(struct client *client, size_t slots)
{
    char line[9000];
    size_t under_way = 0;
    int code = 0;
    while (!code && fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        code = ask(client, slots, line, &under_way);
    }
    for (; !code && under_way; under_way--)
        code = wait_for_one(client);
    const struct client_stats *s = client_stats(client);
    printf("requests %" PRIu64 " answers %" PRIu64 " retries %" PRIu64 " throttled %" PRIu64
           " errors %" PRIu64 " connections %" PRIu64 " http %d\n",
           s->requests, s->answers, s->retries, s->throttled, s->errors, s->connections,
           s->http_version);
    printf("accounts %s %s\n", client_account(client, true)[0] ? client_account(client, true) : "-",
           client_account(client, false)[0] ? client_account(client, false) : "-");
    return code;
}

int main(int argc, char **argv)
{
    struct credentials credentials;
    struct client_options options = {.slots = 1, .cancel = &cancelled, .credentials = &credentials};
    struct client *client = NULL;
    struct error err = {0};
    signal(SIGPIPE, SIG_IGN);
    signal(SIGTERM, cancel);
    for (int i = 1; i + 1 < argc; i += 2)
        parse_option(&options, argv[i], argv[i + 1]);
    options.base_url = argv[argc - 1];
    credentials_protect_process();
    if ((auth_file ? credentials_read_file(auth_file, &credentials, &err)
                   : credentials_read_environment(&credentials, &err)) != STATUS_OK)
        return complain(&err);
    enum status status = client_new(&options, &client, &err);
    credentials_wipe(&credentials);
    if (status != STATUS_OK)
        return complain(&err);
    int code = run(client, options.slots);
    client_free(client);
    for (size_t i = 0; i < CLIENT_SLOTS_MAX; i++)
        free(asked[i]);
    return code;
}
