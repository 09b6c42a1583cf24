/* install_script.c - refgate install hook-script: Bitbucket's own hook scripts (6.2 and later). */
#include "command/install.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/utf8.h"

#define DESCRIPTION "refgate: judges each push (made by refgate install)"
#define SCRIPTS "hook-scripts"

/* The state's object of the script, or of the places where it was before. */
static json_t *remembered(struct install *in, bool make, bool places)
{
    return install_state_at(in, make,
                            (const char *const[]){SCRIPTS, client_base_url(in->client), in->name,
                                                  places ? "places" : NULL, NULL});
}

static enum status out_of_memory(struct error *err)
{
    return error_set(err, STATUS_MEMORY, "out of memory");
}

/* ---------------------------------------------------------------- the script */

static enum status find_script(struct install *in, struct error *err)
{
    enum status status = STATUS_NOT_FOUND;
    struct hook_script script;
    json_int_t id = json_integer_value(json_object_get(remembered(in, false, false), "id"));
    if (in->script.id || id > 0)
        status = hook_script_get(in->client, in->script.id ? in->script.id : (uint64_t)id, &script,
                                 err);
    if (status == STATUS_OK && strcmp(script.name, in->name) != 0)
        status = STATUS_NOT_FOUND; /* another one has that number now */
    if (status == STATUS_NOT_FOUND)
        status = hook_script_find(in->client, in->name, in->places, in->place_count, &script, err);
    if (status == STATUS_NOT_FOUND)
        script = (struct hook_script){.id = 0};
    if (status == STATUS_OK || status == STATUS_NOT_FOUND) {
        in->script = script;
        return STATUS_OK;
    }
    if (status == STATUS_UNSUPPORTED)
        return error_set(err, status,
                         "this Bitbucket has no hook scripts: it is older than 6.2, or they are "
                         "switched off (feature.hook.scripts=true in bitbucket.properties)");
    return status;
}

static enum status content_there(struct install *in, struct text *out, struct error *err)
{
    char *content = NULL;
    size_t size = 0;
    enum status status = hook_script_content(in->client, in->script.id, &content, &size, err);
    if (status != STATUS_OK)
        return status;
    *out = arena_text(&in->arena, (struct text){content, size});
    free(content);
    return text_absent(*out) ? out_of_memory(err) : STATUS_OK;
}

static bool is_ours(const struct install *in, struct text content)
{
    return !strcmp(in->script.description, DESCRIPTION) || install_script_ours(content);
}

static enum status not_ours(const struct install *in, struct error *err)
{
    return error_set(err, STATUS_USAGE,
                     "hook script \"%s\" (%ju) is there and not made by refgate: give --replace "
                     "if it shall go, or another --name",
                     in->name, (uintmax_t)in->script.id);
}

static enum status look_at_script(struct install *in, struct install_step *step, struct error *err)
{
    struct text there;
    bool wanted = !text_absent(step->content);
    enum status status = find_script(in, err);
    if (status != STATUS_OK)
        return status;
    if (!in->script.id) {
        const char *text = arena_printf(&in->arena,
                                        wanted ? "make hook script \"%s\" that runs %s"
                                               : "there is no hook script \"%s\"",
                                        in->name, in->hook);
        *(wanted ? &step->todo : &step->is) = text;
        return STATUS_OK;
    }
    status = content_there(in, &there, err);
    if (status != STATUS_OK)
        return status;
    bool same = wanted && text_equal(there, step->content);
    if (!same && !is_ours(in, there) && !in->replace)
        return not_ours(in, err);
    if (same)
        step->is = arena_printf(&in->arena, "hook script \"%s\" (%ju) is there already", in->name,
                                (uintmax_t)in->script.id);
    else if (!wanted)
        step->todo = arena_printf(&in->arena,
                                  "remove hook script \"%s\" (%ju) from wherever it runs", in->name,
                                  (uintmax_t)in->script.id);
    else if (step->restored)
        step->todo = arena_printf(&in->arena, "bring back what hook script \"%s\" (%ju) was before",
                                  in->name, (uintmax_t)in->script.id);
    else
        step->todo = arena_printf(&in->arena, "change hook script \"%s\" (%ju) so that it runs %s",
                                  in->name, (uintmax_t)in->script.id, in->hook);
    return STATUS_OK;
}

/* Another's script, before it is replaced. Ours need not be kept. */
static enum status remember_script(struct install *in, struct error *err)
{
    struct text there = TEXT_NONE;
    enum status status = in->script.id ? content_there(in, &there, err) : STATUS_OK;
    if (status != STATUS_OK)
        return status;
    bool known = remembered(in, false, false) != NULL;
    json_t *object = remembered(in, true, false);
    if (object && !known && in->script.id && !is_ours(in, there))
        json_object_set_new(object, "before",
                            json_pack("{s:s, s:o}", "description", in->script.description,
                                      "content", install_state_bytes(there)));
    if (!object || json_object_set_new(object, "id", json_integer((json_int_t)in->script.id)))
        return out_of_memory(err);
    return install_state_save(in, err);
}

static enum status forget_script(struct install *in, struct error *err)
{
    json_t *all = install_state_at(
        in, false, (const char *const[]){SCRIPTS, client_base_url(in->client), NULL});
    if (!all || json_object_del(all, in->name))
        return STATUS_OK;
    return install_state_save(in, err);
}

static enum status apply_script(struct install *in, struct install_step *step, struct error *err)
{
    struct hook_script now;
    if (text_absent(step->content)) {
        enum status gone = hook_script_delete(in->client, in->script.id, err);
        in->script.id = 0;
        return gone == STATUS_OK || gone == STATUS_NOT_FOUND ? forget_script(in, err) : gone;
    }
    enum status status = step->restored ? STATUS_OK : remember_script(in, err);
    if (status != STATUS_OK)
        return status;
    if (in->script.id)
        status = hook_script_update(in->client, in->script.id, in->name, in->description,
                                    step->content, &now, err);
    else
        status = hook_script_create(in->client, in->name, in->description, step->content, &now,
                                    err);
    if (status != STATUS_OK)
        return status;
    in->script = now;
    return step->restored ? forget_script(in, err) : remember_script(in, err);
}

static const struct install_kind kind_script = {look_at_script, apply_script};

/* ---------------------------------------------------------------- where it runs */

static enum status triggers_there(struct install *in, struct hook_place place, unsigned *triggers,
                                  bool *others, struct error *err)
{
    struct hook_script_use *uses = NULL;
    size_t count = 0;
    enum status status = hook_scripts_of(in->client, place, &uses, &count, err);
    if (status != STATUS_OK)
        return status;
    *triggers = 0;
    *others = false;
    for (size_t i = 0; i < count; i++)
        if (in->script.id && uses[i].script.id == in->script.id &&
            uses[i].scope == install_place_scope(place)) {
            *triggers = uses[i].triggers;
            *others = uses[i].other_triggers;
        }
    free(uses);
    return STATUS_OK;
}

/* For people. */
static const char *triggers_text(unsigned triggers, char out[HOOK_NAME_MAX])
{
    hook_triggers_format(triggers, out, HOOK_NAME_MAX);
    return triggers == HOOK_TRIGGERS_ALL ? "all triggers" : triggers ? out : "no trigger";
}

static enum status look_at_place(struct install *in, struct install_step *step, struct error *err)
{
    unsigned there;
    bool others;
    char wanted_text[HOOK_NAME_MAX], is_text[HOOK_NAME_MAX];
    enum status status = triggers_there(in, step->place, &there, &others, err);
    if (status != STATUS_OK)
        return status;
    const char *wanted = triggers_text(step->triggers, wanted_text);
    const char *is = triggers_text(there, is_text);
    bool same = there == step->triggers && !others;
    if (same)
        step->is = arena_printf(&in->arena, there ? "runs it on %s" : "does not run it", is);
    else if (!step->triggers)
        step->todo = arena_printf(&in->arena, "no longer run it (now on %s)", is);
    else if (there || others)
        step->todo = arena_printf(&in->arena, "run it on %s (now on %s%s)", wanted, is,
                                  others ? " and others" : "");
    else
        step->todo = arena_printf(&in->arena, "run it on %s", wanted);
    return STATUS_OK;
}

static enum status remember_place(struct install *in, const struct install_step *step,
                                  struct error *err)
{
    unsigned there;
    bool others;
    char is[HOOK_NAME_MAX];
    const char *key = install_place_key(in, step->place);
    json_t *places = remembered(in, true, true);
    if (places && json_object_get(places, key))
        return STATUS_OK;
    enum status status = triggers_there(in, step->place, &there, &others, err);
    if (status != STATUS_OK)
        return status;
    hook_triggers_format(there, is, sizeof is);
    if (!places || json_object_set_new(places, key, there ? json_string(is) : json_null()))
        return out_of_memory(err);
    return install_state_save(in, err);
}

static enum status apply_place(struct install *in, struct install_step *step, struct error *err)
{
    enum status status = step->restored ? STATUS_OK : remember_place(in, step, err);
    if (status != STATUS_OK)
        return status;
    status = step->triggers
                 ? hook_script_enable(in->client, in->script.id, step->place, step->triggers, err)
                 : hook_script_disable(in->client, in->script.id, step->place, err);
    json_t *places = step->restored ? remembered(in, false, true) : NULL;
    if (status != STATUS_OK || !places ||
        json_object_del(places, install_place_key(in, step->place)))
        return status;
    return install_state_save(in, err);
}

static const struct install_kind kind_place = {look_at_place, apply_place};

static struct install_step *add_place(struct install *in, struct hook_place place)
{
    struct install_step *step = install_step_add(in, &kind_place, install_place_label(in, place));
    if (step)
        step->place = place;
    return step;
}

/* ---------------------------------------------------------------- what is wanted */

static bool trouble(struct install *in, const char *text)
{
    command_trouble(in->args, "%s", text);
    return false;
}

static bool read_program(struct install *in)
{
    struct buffer bytes;
    struct error err = {STATUS_OK, ""};
    buffer_init(&bytes, SIZE_MAX);
    bool good = file_read_all(in->hook_fd, HOOK_CONTENT_MAX, &bytes, &err) == STATUS_OK;
    if (good)
        in->content = arena_text(&in->arena, buffer_view(&bytes));
    buffer_free(&bytes);
    return good ? !text_absent(in->content) || trouble(in, "out of memory") : trouble(in, err.text);
}

static bool choose_content(struct install *in)
{
    const char *form = argument(in->args, "content");
    bool program = form && !strcmp(form, "program");
    if (form && !program && strcmp(form, "script") != 0)
        return trouble(in, "--content is script or program");
    if (program && in->hook_config)
        return trouble(in,
                       "--content program is started without --config: use --content script, or "
                       "/etc/refgate/refgate.conf");
    if (program)
        return read_program(in);
    in->content = install_script_of(&in->arena, in->hook, in->hook_config, false);
    return !text_absent(in->content) || trouble(in, "out of memory");
}

static bool check_name(struct install *in)
{
    const char *given = argument(in->args, "name");
    struct text name = text_of(given ? given : "refgate");
    bool good = name.size && name.size < HOOK_NAME_MAX && utf8_valid(name);
    for (size_t i = 0; i < name.size; i++)
        good &= (unsigned char)name.at[i] >= ' ' && name.at[i] != '\x7f';
    in->name = name.at;
    in->description = DESCRIPTION;
    return good || trouble(in, "--name is one line of text, of at most 255 bytes");
}

static bool choose_triggers(struct install *in, unsigned *triggers)
{
    char unknown[HOOK_NAME_MAX], missing[HOOK_NAME_MAX];
    const char *given = argument(in->args, "triggers");
    *triggers = HOOK_TRIGGERS_ALL;
    if (given && !hook_triggers_parse(given, triggers, unknown)) {
        command_trouble(in->args, "--triggers: there is no trigger %s", unknown);
        return false;
    }
    if (!*triggers)
        return trouble(in, "--triggers is empty");
    if (!(*triggers & 1U << TRIGGER_PULL_REQUEST_MERGE))
        install_say(
            in, INSTALL_WARN, "triggers", "add pull-request-merge to --triggers",
            "merges of pull requests are not covered: they change branches without the hook");
    unsigned left = HOOK_TRIGGERS_ALL & ~*triggers & ~(1U << TRIGGER_PULL_REQUEST_MERGE);
    hook_triggers_format(left, missing, sizeof missing);
    if (left)
        install_say(in, INSTALL_WARN, "triggers", "leave out --triggers",
                    "what these do passes without the hook: %s", missing);
    return true;
}

static void warn_of_scope(struct install *in)
{
    size_t repositories = 0;
    for (size_t i = 0; i < in->place_count; i++)
        repositories += in->places[i].slug != NULL;
    if (repositories)
        install_say(in, INSTALL_WARN, "scope", "use the project's scope for what must hold",
                    "whoever administers a repository can switch the hook off there: this scope is "
                    "no enforcement");
    if (repositories < in->place_count)
        install_say(in, INSTALL_NOTE, "scope", NULL,
                    "whoever administers a project can switch the hook off there");
    if (in->everywhere)
        install_say(in, INSTALL_WARN, "scope",
                    "run this again from time to time (it does only what is "
                    "missing)",
                    "projects that are made later, personal ones too, are not covered: Bitbucket "
                    "configures no hook script for all at once");
    else
        install_say(in, INSTALL_WARN, "scope", "--all-projects covers those there are",
                    "only these places are covered: not other projects, and not personal forks");
}

/* ---------------------------------------------------------------- installing and taking away */

static bool plan_install(struct install *in)
{
    unsigned triggers;
    if (!choose_triggers(in, &triggers) || !choose_content(in))
        return false;
    if (!in->place_count)
        return trouble(in, "where? Name projects or repositories, or give --all-projects");
    warn_of_scope(in);
    install_check_policy(in);
    if (!install_account_files(in))
        return false;
    struct install_step *step = install_step_add(in, &kind_script, "script");
    if (!step)
        return trouble(in, "out of memory");
    step->content = in->content;
    for (size_t i = 0; i < in->place_count; i++) {
        step = add_place(in, in->places[i]);
        if (!step)
            return trouble(in, "out of memory");
        step->triggers = triggers;
    }
    return true;
}

/* What it ran on before; 0: it did not. */
static bool restore_place(struct install *in, struct hook_place place)
{
    char unknown[HOOK_NAME_MAX];
    struct install_step *step = add_place(in, place);
    const json_t *was = json_object_get(remembered(in, false, true), install_place_key(in, place));
    if (!step)
        return trouble(in, "out of memory");
    step->restored = true;
    if (json_is_string(was) &&
        !hook_triggers_parse(json_string_value(was), &step->triggers, unknown))
        return trouble(in, "the state file has triggers that are none");
    return true;
}

/* The places that the state knows of. */
static bool restore_places(struct install *in)
{
    const char *key;
    json_t *was;
    json_object_foreach(remembered(in, false, true), key, was)
    {
        char *copy = arena_printf(&in->arena, "%s", key);
        char *slash = copy ? strchr(copy, '/') : NULL;
        struct hook_place place = {copy, slash ? slash + 1 : NULL};
        if (slash)
            *slash = '\0';
        if (!copy || !restore_place(in, place))
            return false;
    }
    return true;
}

/* Another's script of that name runs where it runs. */
static bool check_ours(struct install *in)
{
    struct text there;
    struct error err = {STATUS_OK, ""};
    if (!in->script.id || in->replace)
        return true;
    if (content_there(in, &there, &err) == STATUS_OK && !is_ours(in, there))
        (void)not_ours(in, &err);
    return err.code == STATUS_OK || trouble(in, err.text);
}

static bool plan_uninstall(struct install *in)
{
    struct error err = {STATUS_OK, ""};
    if (find_script(in, &err) != STATUS_OK)
        return trouble(in, err.text);
    for (size_t i = 0; i < in->place_count; i++)
        if (!restore_place(in, in->places[i]))
            return false;
    if (in->place_count && !check_ours(in))
        return false;
    if (in->place_count) {
        install_say(in, INSTALL_NOTE, "script", NULL,
                    "the hook script itself stays: without places --uninstall removes it, too");
        return true;
    }
    json_t *before = json_object_get(remembered(in, false, false), "before");
    if (!in->state.found)
        install_say(in, INSTALL_NOTE, "state", NULL,
                    "there is no %s: what was there before refgate is not known", in->state.path);
    if (before && in->script.id && !restore_places(in))
        return false;
    struct install_step *step = install_step_add(in, &kind_script, "script");
    if (!step)
        return trouble(in, "out of memory");
    step->restored = before && in->script.id; /* one that comes in between is looked at */
    if (before && in->script.id) {
        const char *description = json_string_value(json_object_get(before, "description"));
        in->description = description ? description : "";
        if (install_state_text(json_object_get(before, "content"), &in->arena, &step->content,
                               &err) != STATUS_OK)
            return trouble(in, err.text);
    }
    return true;
}

enum command_exit install_hook_script(struct install *in)
{
    in->everywhere = argument_flag(in->args, "all-projects");
    /* Bitbucket keeps a program under a name of its own: beside it there is no configuration. */
    const char *form = argument(in->args, "content");
    const char *beside = form && !strcmp(form, "program") ? "/dev/null" : NULL;
    if (!check_name(in) || !install_check_hook(in, NULL, beside) || !install_connect(in, true) ||
        !install_places(in))
        return EXIT_TROUBLE;
    bool planned = in->uninstall ? plan_uninstall(in) : plan_install(in);
    return planned ? install_carry_out(in) : EXIT_TROUBLE;
}
