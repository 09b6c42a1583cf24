/*
 * registry_probe.c - calls bitbucket/hook_registry and, with a method, bitbucket/client itself, as
 * `refgate install` does, and says what came.
 *
 * usage: registry_probe [--attempts N] [--answer-ms N] URL AUTH-FILE
 *
 * Lines on stdin, fields separated by tabs; "-" is no text, a place is PRJ, PRJ/app or "-":
 *
 *   scripts PLACE            get ID             content ID         find NAME [PLACE]...
 *   create NAME TEXT CONTENT                    update ID NAME TEXT CONTENT
 *   delete ID                enable ID PLACE TRIGGERS              disable ID PLACE
 *   addon KIND PLACE         addon-set KIND PLACE on|off EXE PARAMS safe|any
 *   projects                 GET|PUT|POST|DELETE|plain PATH [BODY]
 *
 * CONTENT is the text itself, or @FILE. What goes wrong is said with its status; the next line
 * follows all the same.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "bitbucket/hook_registry.h"

#define FIELDS_MAX 9

struct line {
    char *fields[FIELDS_MAX];
    size_t count;
};

static const char *status_name(enum status status)
{
    static const char *const names[] = {"ok",       "not-found",   "io",    "memory",
                                        "format",   "limit",       "trust", "usage",
                                        "deadline", "unsupported", "busy"};
    return -status < (int)(sizeof names / sizeof names[0]) ? names[-status] : "?";
}

static const char *field(const struct line *line, size_t at)
{
    return at < line->count && strcmp(line->fields[at], "-") != 0 ? line->fields[at] : NULL;
}

static uint64_t number(const struct line *line, size_t at)
{
    return at < line->count ? strtoull(line->fields[at], NULL, 10) : 0;
}

/* Cuts at the slash, in place. */
static struct hook_place place(const struct line *line, size_t at)
{
    struct hook_place made = {.project = field(line, at)};
    char *slash = made.project ? strchr(line->fields[at], '/') : NULL;
    if (slash) {
        *slash = '\0';
        made.slug = slash + 1;
    }
    return made;
}

/* The receiver frees out->data. */
static enum status read_content(const struct line *line, size_t at, struct buffer *out,
                                struct error *err)
{
    const char *given = field(line, at);
    buffer_init(out, 2 * HOOK_CONTENT_MAX);
    if (!given || given[0] != '@') {
        if (given)
            buffer_string(out, given);
        return STATUS_OK;
    }
    int fd = open(given + 1, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_set(err, STATUS_IO, "cannot open the content");
    enum status status = file_read_all(fd, 2 * HOOK_CONTENT_MAX, out, err);
    close(fd);
    return status;
}

static void show_script(const struct hook_script *script)
{
    printf("%" PRIu64 " %s \"%s\" \"%s\" %s v%" PRIu64, script->id, script->pre ? "PRE" : "POST",
           script->name, script->description, script->plugin, script->version);
}

static enum status show_found(enum status status, const struct hook_script *script)
{
    if (status == STATUS_OK) {
        show_script(script);
        putchar('\n');
    }
    return status;
}

static enum status do_scripts(struct client *client, const struct line *line, struct error *err)
{
    static const char *const scopes[] = {"GLOBAL", "PROJECT", "REPOSITORY"};
    struct hook_script_use *uses = NULL;
    size_t count = 0;
    enum status status = hook_scripts_of(client, place(line, 1), &uses, &count, err);
    for (size_t i = 0; i < count; i++) {
        char triggers[HOOK_TEXT_MAX];
        hook_triggers_format(uses[i].triggers, triggers, sizeof triggers);
        show_script(&uses[i].script);
        printf(" %s [%s]%s\n", scopes[uses[i].scope], triggers,
               uses[i].other_triggers ? " and others" : "");
    }
    if (status == STATUS_OK)
        printf("%zu scripts\n", count);
    free(uses);
    return status;
}

static enum status do_get(struct client *client, const struct line *line, struct error *err)
{
    struct hook_script script;
    return show_found(hook_script_get(client, number(line, 1), &script, err), &script);
}

static enum status do_content(struct client *client, const struct line *line, struct error *err)
{
    char *content = NULL;
    size_t size = 0;
    enum status status = hook_script_content(client, number(line, 1), &content, &size, err);
    if (status == STATUS_OK) {
        fwrite(content, 1, size, stdout);
        printf("\n%zu bytes\n", size);
    }
    free(content);
    return status;
}

static enum status do_find(struct client *client, const struct line *line, struct error *err)
{
    struct hook_place places[FIELDS_MAX];
    struct hook_script script;
    size_t count = 0;
    for (size_t i = 2; i < line->count; i++)
        places[count++] = place(line, i);
    return show_found(hook_script_find(client, line->fields[1], places, count, &script, err),
                      &script);
}

static enum status do_create(struct client *client, const struct line *line, struct error *err)
{
    struct hook_script script;
    struct buffer content;
    enum status status = read_content(line, 3, &content, err);
    if (status == STATUS_OK)
        status = hook_script_create(client, line->fields[1], field(line, 2), buffer_view(&content),
                                    &script, err);
    buffer_free(&content);
    return show_found(status, &script);
}

static enum status do_update(struct client *client, const struct line *line, struct error *err)
{
    struct hook_script script;
    struct buffer content;
    enum status status = read_content(line, 4, &content, err);
    struct text text = field(line, 4) ? buffer_view(&content) : TEXT_NONE;
    if (status == STATUS_OK)
        status = hook_script_update(client, number(line, 1), field(line, 2), field(line, 3), text,
                                    &script, err);
    buffer_free(&content);
    return show_found(status, &script);
}

static enum status do_delete(struct client *client, const struct line *line, struct error *err)
{
    return hook_script_delete(client, number(line, 1), err);
}

static enum status do_enable(struct client *client, const struct line *line, struct error *err)
{
    char unknown[HOOK_NAME_MAX];
    unsigned triggers;
    if (!hook_triggers_parse(line->count > 3 ? line->fields[3] : "", &triggers, unknown))
        return error_set(err, STATUS_USAGE, "no such trigger: %s", unknown);
    return hook_script_enable(client, number(line, 1), place(line, 2), triggers, err);
}

static enum status do_disable(struct client *client, const struct line *line, struct error *err)
{
    return hook_script_disable(client, number(line, 1), place(line, 2), err);
}

static enum addon_kind kind_of(const struct line *line)
{
    return !strcmp(line->fields[1], "merge") ? ADDON_MERGE_CHECK : ADDON_PRE_RECEIVE;
}

static enum status do_addon(struct client *client, const struct line *line, struct error *err)
{
    static const char *const scopes[] = {"GLOBAL", "PROJECT", "REPOSITORY"};
    struct addon_hook hook;
    enum status status = addon_hook_get(client, kind_of(line), place(line, 2), &hook, err);
    if (status != STATUS_OK)
        return status;
    for (char *at = hook.params; *at; at++)
        *at = *at == '\n' ? '|' : *at;
    printf("%s %s \"%s\" \"%s\" %s %s\n", hook.enabled ? "on" : "off", scopes[hook.scope], hook.exe,
           hook.params, hook.safe_path ? "safe" : "any", hook.version[0] ? hook.version : "-");
    return STATUS_OK;
}

static enum status do_addon_set(struct client *client, const struct line *line, struct error *err)
{
    struct addon_hook hook = {.enabled = !strcmp(line->fields[3], "on"),
                              .safe_path = line->count > 6 && !strcmp(line->fields[6], "safe")};
    const char *exe = field(line, 4), *params = field(line, 5);
    snprintf(hook.exe, sizeof hook.exe, "%s", exe ? exe : "");
    snprintf(hook.params, sizeof hook.params, "%s", params ? params : "");
    for (char *at = hook.params; *at; at++)
        *at = *at == '|' ? '\n' : *at;
    return addon_hook_set(client, kind_of(line), place(line, 2), &hook, err);
}

static enum status do_projects(struct client *client, const struct line *line, struct error *err)
{
    char **keys = NULL;
    size_t count = 0;
    (void)line;
    enum status status = hook_projects(client, &keys, &count, err);
    for (size_t i = 0; i < count; i++) {
        printf("%s ", keys[i]);
        free(keys[i]);
    }
    free(keys);
    return status;
}

static enum status do_request(struct client *client, const struct line *line, struct error *err)
{
    static const char *const methods[] = {"GET", "PUT", "POST", "DELETE"};
    struct client_request request = {.url = line->fields[1],
                                     .plain = !strcmp(line->fields[0], "plain"),
                                     .body = text_of(field(line, 2)),
                                     .admin = true};
    struct client_answer answer;
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        if (!strcmp(line->fields[0], methods[i]))
            request.method = (enum client_method)i;
    enum status status = client_get(client, &request, &answer, err);
    if (status != STATUS_OK)
        return status;
    printf("%d %zu %s\n", answer.status, answer.raw.size, answer.body ? "JSON" : "-");
    json_decref(answer.body);
    free(answer.location);
    return STATUS_OK;
}

typedef enum status action(struct client *client, const struct line *line, struct error *err);
static const struct {
    const char *name;
    size_t least; /* fields, this one included */
    action *run;
} actions[] = {
    {"scripts", 2, do_scripts},     {"get", 2, do_get},
    {"content", 2, do_content},     {"find", 2, do_find},
    {"create", 4, do_create},       {"update", 5, do_update},
    {"delete", 2, do_delete},       {"enable", 3, do_enable},
    {"disable", 3, do_disable},     {"addon", 3, do_addon},
    {"addon-set", 4, do_addon_set}, {"projects", 1, do_projects},
    {"GET", 2, do_request},         {"PUT", 2, do_request},
    {"POST", 2, do_request},        {"DELETE", 2, do_request},
    {"plain", 2, do_request},
};

static void run_line(struct client *client, char *text)
{
    struct line line = {.count = 0};
    struct error err = {.code = STATUS_OK};
    enum status status = STATUS_USAGE;
    error_set(&err, STATUS_USAGE, "no such line");
    for (char *at = text; at && line.count < FIELDS_MAX; line.count++) {
        char *tab = strchr(at, '\t');
        if (tab)
            *tab = '\0';
        line.fields[line.count] = at;
        at = tab ? tab + 1 : NULL;
    }
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++)
        if (!strcmp(line.fields[0], actions[i].name) && line.count >= actions[i].least)
            status = actions[i].run(client, &line, &err);
    if (status == STATUS_OK)
        puts("ok");
    else
        printf("%s: %s\n", status_name(status), err.text);
    fflush(stdout);
}

static int complain(const struct error *err)
{
    fprintf(stderr, "%s\n", err->text);
    return 2;
}

int main(int argc, char **argv)
{
    struct credentials credentials;
    struct client_options options = {.slots = 1, .credentials = &credentials};
    struct client *client = NULL;
    struct error err = {.code = STATUS_OK};
    char line[65536];
    int at = 1;
    for (; at + 1 < argc && argv[at][0] == '-'; at += 2) {
        unsigned long value = strtoul(argv[at + 1], NULL, 10);
        if (!strcmp(argv[at], "--attempts"))
            options.attempts = (unsigned)value;
        else if (!strcmp(argv[at], "--answer-ms"))
            options.answer_timeout_ms = (int64_t)value;
    }
    if (argc - at != 2)
        return 2;
    signal(SIGPIPE, SIG_IGN);
    options.base_url = argv[at];
    if (credentials_read_file(argv[at + 1], &credentials, &err) != STATUS_OK ||
        client_new(&options, &client, &err) != STATUS_OK)
        return complain(&err);
    credentials_wipe(&credentials);
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        run_line(client, line);
    }
    client_free(client);
    return 0;
}
