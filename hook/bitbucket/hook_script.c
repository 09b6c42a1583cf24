#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bitbucket/hook_ask.h"

#define SCRIPTS "/rest/api/latest/hook-scripts"
#define SYS_ADMIN "SYS_ADMIN"
#define NUMBERS_MOST 2000 /* of scripts, one after the other */
#define GAP_MOST 50       /* numbers in a row that are not there: the end */
#define PARTS_MAX 4
#define USES_MOST 10000 /* in one place; each takes some KiB */
#define SCRIPTS_LACKING                                                                \
    "this Bitbucket runs no hook scripts: it is older than 6.2, or they are switched " \
    "off (feature.hook.scripts in bitbucket.properties, off unless set from 8.18 on)"

/* ------------------------------------------------------------------ triggers */

bool hook_triggers_parse(const char *text, unsigned *triggers, char unknown[HOOK_NAME_MAX])
{
    struct text rest = text_of(text), word;
    unsigned made = 0;
    while (text_next_item(&rest, &word)) {
        unsigned bit = 1U << trigger_parse(word);
        if (!(bit & HOOK_TRIGGERS_ALL)) {
            hook_copy(unknown, HOOK_NAME_MAX, word);
            return false;
        }
        made |= bit;
    }
    *triggers = made;
    return true;
}

void hook_triggers_format(unsigned triggers, char *out, size_t size)
{
    struct buffer text;
    buffer_init(&text, SIZE_MAX);
    for (unsigned t = TRIGGER_PUSH; t < TRIGGER_UNKNOWN; t++)
        if (triggers & 1U << t)
            buffer_printf(&text, "%s%s", text.size ? ", " : "", trigger_name((enum trigger)t));
    hook_copy(out, size, buffer_view(&text));
    buffer_free(&text);
}

/* ------------------------------------------------------------------ answers */

static void read_script(struct fields *f, const json_t *object, struct hook_script *out)
{
    struct text type = field_text(f, object, "type", REQUIRED);
    *out = (struct hook_script){
        .id = field_u64(f, object, "id", REQUIRED, NULL),
        .pre = text_equal(type, TEXT("PRE")),
        .version = field_u64(f, object, "version", OPTIONAL, NULL),
    };
    hook_copy(out->name, sizeof out->name, field_text(f, object, "name", REQUIRED));
    hook_copy(out->description, sizeof out->description,
              field_text(f, object, "description", OPTIONAL));
    hook_copy(out->plugin, sizeof out->plugin, field_text(f, object, "pluginKey", OPTIONAL));
}

static enum hook_scope read_scope(struct fields *f, const json_t *value)
{
    static const struct {
        struct text name;
        enum hook_scope scope;
    } scopes[] = {{{"GLOBAL", 6}, HOOK_GLOBAL},
                  {{"PROJECT", 7}, HOOK_PROJECT},
                  {{"REPOSITORY", 10}, HOOK_REPOSITORY}};
    struct text type = field_text(f, value, "scope.type", REQUIRED);
    for (size_t i = 0; i < sizeof scopes / sizeof scopes[0]; i++)
        if (text_equal(type, scopes[i].name))
            return scopes[i].scope;
    field_fail(f, "scope.type", "is none of GLOBAL, PROJECT and REPOSITORY");
    return HOOK_GLOBAL;
}

static void read_triggers(struct fields *f, const json_t *value, struct hook_script_use *out)
{
    const json_t *ids = field_array(f, value, "triggerIds", OPTIONAL);
    if (!json_array_size(ids)) {
        out->triggers = HOOK_TRIGGERS_ALL;
        out->other_triggers = true;
    }
    for (size_t i = 0; i < json_array_size(ids); i++) {
        const json_t *id = json_array_get(ids, i);
        unsigned bit = 1U << trigger_parse(text_of(json_string_value(id)));
        if (!json_is_string(id))
            field_fail(f, "triggerIds", "is not a list of texts");
        else if (bit & HOOK_TRIGGERS_ALL)
            out->triggers |= bit;
        else
            out->other_triggers = true;
    }
}

struct uses {
    struct hook_script_use *at;
    size_t count, room;
};

static void take_use(void *self, struct fields *f, const json_t *value)
{
    struct uses *uses = self;
    struct hook_script_use use = {.scope = read_scope(f, value)};
    read_script(f, field_object(f, value, "script", REQUIRED), &use.script);
    read_triggers(f, value, &use);
    if (f->status != STATUS_OK)
        return;
    if (uses->count == USES_MOST) {
        f->status = error_set(f->err, STATUS_LIMIT, "%s: more than %d hook scripts", f->where,
                              USES_MOST);
        return;
    }
    if (uses->count == uses->room) {
        size_t room = uses->room ? 2 * uses->room : 8;
        struct hook_script_use *longer = realloc(uses->at, room * sizeof *longer);
        if (!longer) {
            f->status = error_set(f->err, STATUS_MEMORY, "out of memory");
            return;
        }
        uses->at = longer;
        uses->room = room;
    }
    uses->at[uses->count++] = use;
}

/* ------------------------------------------------------------------ reading */

static enum status check_place(struct hook_place place, struct error *err)
{
    if (!place.project || !*place.project || (place.slug && !*place.slug))
        return error_set(err, STATUS_USAGE,
                         "REST has hook scripts of projects and repositories "
                         "only, not of the whole instance");
    return STATUS_OK;
}

enum status hook_scripts_of(struct client *client, struct hook_place place,
                            struct hook_script_use **uses, size_t *count, struct error *err)
{
    struct hook_ask ask;
    struct uses made = {.at = NULL};
    enum status status = check_place(place, err);
    if (status != STATUS_OK)
        return status;
    hook_ask_init(&ask, CLIENT_GET, PLACE_ADMIN);
    hook_ask_place(&ask, place);
    buffer_string(&ask.url, "/hook-scripts");
    status = hook_ask_pages(&ask, client, take_use, &made, err);
    hook_ask_free(&ask);
    if (status == STATUS_NOT_FOUND || status == STATUS_UNSUPPORTED)
        status = hook_place_missing(client, place, SCRIPTS_LACKING, err);
    if (status != STATUS_OK) {
        free(made.at);
        return status;
    }
    *uses = made.at;
    *count = made.count;
    return STATUS_OK;
}

static void begin_script(struct hook_ask *ask, enum client_method method, uint64_t id,
                         const char *needs)
{
    hook_ask_init(ask, method, needs);
    buffer_printf(&ask->url, SCRIPTS "/%" PRIu64, id);
}

/* The script that an answer is, which is released. */
static enum status end_script(struct hook_ask *ask, enum status status,
                              struct client_answer *answer, struct hook_script *out,
                              struct error *err)
{
    struct hook_script made = {.id = 0};
    struct fields f = {.where = ask->url.data, .err = err, .status = status};
    if (status == STATUS_OK)
        read_script(&f, answer->body, &made);
    if (f.status == STATUS_OK && out)
        *out = made;
    json_decref(answer->body);
    hook_ask_free(ask);
    return f.status == STATUS_UNSUPPORTED ? error_set(err, f.status, "%s", SCRIPTS_LACKING)
                                          : f.status;
}

enum status hook_script_get(struct client *client, uint64_t id, struct hook_script *out,
                            struct error *err)
{
    struct hook_ask ask;
    struct client_answer answer = {.body = NULL};
    begin_script(&ask, CLIENT_GET, id, "to administer hook scripts");
    enum status status = hook_ask_send(&ask, client, &answer, err);
    return end_script(&ask, status, &answer, out, err);
}

enum status hook_script_content(struct client *client, uint64_t id, char **content, size_t *size,
                                struct error *err)
{
    struct hook_ask ask;
    struct client_answer answer = {.body = NULL};
    begin_script(&ask, CLIENT_GET, id, SYS_ADMIN);
    buffer_string(&ask.url, "/content");
    ask.request.plain = true;
    enum status status = hook_ask_send(&ask, client, &answer, err);
    hook_ask_free(&ask);
    if (status != STATUS_OK)
        return status;
    json_decref(answer.body);
    char *copy = malloc(answer.raw.size + 1);
    if (!copy)
        return error_set(err, STATUS_MEMORY, "out of memory");
    if (answer.raw.size)
        memcpy(copy, answer.raw.at, answer.raw.size);
    copy[answer.raw.size] = '\0';
    *content = copy;
    *size = answer.raw.size;
    return STATUS_OK;
}

static bool wanted(const struct hook_script *script, const char *name)
{
    return script->pre && !strcmp(script->name, name);
}

static enum status find_in_place(struct client *client, const char *name, struct hook_place place,
                                 struct hook_script *out, struct error *err)
{
    struct hook_script_use *uses = NULL;
    size_t count = 0;
    bool found = false;
    enum status status = hook_scripts_of(client, place, &uses, &count, err);
    if (status != STATUS_OK)
        return status;
    for (size_t i = 0; i < count && !found; i++) {
        found = wanted(&uses[i].script, name);
        if (found)
            *out = uses[i].script;
    }
    free(uses);
    return found ? STATUS_OK : STATUS_NOT_FOUND;
}

/* A name that was cut is HOOK_NAME_MAX - 1 bytes long: none that is asked for is. */
static enum status check_name(const char *name, struct error *err)
{
    size_t size = strlen(name);
    if (!size || size >= HOOK_NAME_MAX - 1)
        return error_set(err, STATUS_USAGE, "the name of a hook script has 1 to %d bytes",
                         HOOK_NAME_MAX - 2);
    return STATUS_OK;
}

enum status hook_script_find(struct client *client, const char *name,
                             const struct hook_place *places, size_t place_count,
                             struct hook_script *out, struct error *err)
{
    struct hook_script script;
    enum status status = check_name(name, err);
    if (status != STATUS_OK)
        return status;
    for (size_t i = 0; i < place_count; i++) {
        struct error why;
        status = find_in_place(client, name, places[i], out, &why);
        if (status == STATUS_OK)
            return STATUS_OK;
        if (status != STATUS_NOT_FOUND)
            return error_set(err, status, "%s", why.text);
    }
    for (uint64_t id = 1, gap = 0; id <= NUMBERS_MOST && gap < GAP_MOST; id++) {
        status = hook_script_get(client, id, &script, err);
        if (status != STATUS_OK && status != STATUS_NOT_FOUND)
            return status;
        gap = status == STATUS_OK ? 0 : gap + 1;
        if (status == STATUS_OK && wanted(&script, name)) {
            *out = script;
            return STATUS_OK;
        }
    }
    return error_set(
        err, STATUS_NOT_FOUND,
        "no hook script has this name, as far as can be asked: REST has no list of them");
}

/* ------------------------------------------------------------------ writing */

struct form {
    struct client_part parts[PARTS_MAX];
    size_t count;
};

static void add_part(struct form *form, const char *name, struct text content, const char *file)
{
    if (!text_absent(content))
        form->parts[form->count++] = (struct client_part){name, content, file};
}

/* NULL and TEXT_NONE are left out. */
static struct form make_form(const char *name, const char *description, const char *type,
                             struct text content)
{
    struct form form = {.count = 0};
    add_part(&form, "name", text_of(name), NULL);
    add_part(&form, "description", text_of(description), NULL);
    add_part(&form, "type", text_of(type), NULL);
    add_part(&form, "content", content, "content");
    return form;
}

static enum status send_form(struct hook_ask *ask, struct client *client, const struct form *form,
                             struct hook_script *out, struct error *err)
{
    struct client_answer answer = {.body = NULL};
    ask->request.parts = form->parts;
    ask->request.part_count = form->count;
    enum status status = hook_ask_send(ask, client, &answer, err);
    return end_script(ask, status, &answer, out, err);
}

static enum status check_form(const char *name, struct text content, struct error *err)
{
    if (content.size > HOOK_CONTENT_MAX)
        return error_set(err, STATUS_LIMIT, "a hook script may have %zu bytes at most",
                         HOOK_CONTENT_MAX);
    return name ? check_name(name, err) : STATUS_OK;
}

enum status hook_script_create(struct client *client, const char *name, const char *description,
                               struct text content, struct hook_script *out, struct error *err)
{
    struct hook_ask ask;
    struct form form = make_form(name, description, "PRE", content);
    enum status status = check_form(name, content, err);
    if (status != STATUS_OK)
        return status;
    hook_ask_init(&ask, CLIENT_POST, SYS_ADMIN);
    buffer_string(&ask.url, SCRIPTS);
    return send_form(&ask, client, &form, out, err);
}

enum status hook_script_update(struct client *client, uint64_t id, const char *name,
                               const char *description, struct text content,
                               struct hook_script *out, struct error *err)
{
    struct hook_ask ask;
    struct form form = make_form(name, description, NULL, content);
    enum status status = form.count ? check_form(name, content, err)
                                    : error_set(err, STATUS_USAGE, "there is nothing to change");
    if (status != STATUS_OK)
        return status;
    begin_script(&ask, CLIENT_PUT, id, SYS_ADMIN);
    return send_form(&ask, client, &form, out, err);
}

/* A DELETE whose answer was lost finds nothing when it is sent again. */
static enum status send_delete(struct hook_ask *ask, struct client *client, struct error *err)
{
    enum status status = hook_ask_send(ask, client, NULL, err);
    hook_ask_free(ask);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status hook_script_delete(struct client *client, uint64_t id, struct error *err)
{
    struct hook_ask ask;
    begin_script(&ask, CLIENT_DELETE, id, SYS_ADMIN);
    return send_delete(&ask, client, err);
}

static void begin_use(struct hook_ask *ask, enum client_method method, struct hook_place place,
                      uint64_t id)
{
    hook_ask_init(ask, method, place.slug ? "REPO_ADMIN" : "PROJECT_ADMIN");
    hook_ask_place(ask, place);
    buffer_printf(&ask->url, "/hook-scripts/%" PRIu64, id);
}

enum status hook_script_enable(struct client *client, uint64_t id, struct hook_place place,
                               unsigned triggers, struct error *err)
{
    struct hook_ask ask;
    json_t *ids = json_array();
    enum status status = check_place(place, err);
    if (status == STATUS_OK && !(triggers & HOOK_TRIGGERS_ALL)) /* Bitbucket takes none for all */
        status = error_set(err, STATUS_USAGE, "a hook script needs a trigger");
    if (status != STATUS_OK) {
        json_decref(ids);
        return status;
    }
    for (unsigned t = TRIGGER_PUSH; t < TRIGGER_UNKNOWN; t++)
        if (triggers & HOOK_TRIGGERS_ALL & 1U << t)
            json_array_append_new(ids, json_string(trigger_name((enum trigger)t)));
    begin_use(&ask, CLIENT_PUT, place, id);
    status = hook_ask_send_json(&ask, client, json_pack("{s:o}", "triggerIds", ids), NULL, err);
    hook_ask_free(&ask);
    return status == STATUS_UNSUPPORTED ? error_set(err, status, "%s", SCRIPTS_LACKING) : status;
}

enum status hook_script_disable(struct client *client, uint64_t id, struct hook_place place,
                                struct error *err)
{
    struct hook_ask ask;
    enum status status = check_place(place, err);
    if (status != STATUS_OK)
        return status;
    begin_use(&ask, CLIENT_DELETE, place, id);
    return send_delete(&ask, client, err);
}
