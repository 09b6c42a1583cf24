/* install_addon.c - refgate install external-hooks: the External Hooks add-on. */
#include "command/install.h"

#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "policy/config.h"

#define HOOK_NAME "refgate-hook"
#define SETTINGS "external-hooks"

static const char *const kind_names[] = {
    [ADDON_PRE_RECEIVE] = "pre-receive", [ADDON_MERGE_CHECK] = "merge-check"};

static bool trouble(struct install *in, const char *text)
{
    command_trouble(in->args, "%s", text);
    return false;
}

/* ---------------------------------------------------------------- settings */

static json_t *remembered(struct install *in, bool make, struct hook_place place)
{
    const char *key = install_place_key(in, place);
    return install_state_at(
        in, make,
        (const char *const[]){SETTINGS, client_base_url(in->client), *key ? key : "*", NULL});
}

static enum status setting_there(struct install *in, const struct install_step *step,
                                 struct addon_hook *out, struct error *err)
{
    enum status status = addon_hook_get(in->client, step->addon, step->place, out, err);
    if (status == STATUS_UNSUPPORTED)
        return error_set(err, status,
                         step->place.project
                             ? "the External Hooks add-on is not installed"
                             : "the External Hooks add-on is not installed, or older "
                               "than 12: that has no global hooks, name projects");
    return status;
}

/* A setting of a wider place that is inherited is not one of this place. */
static bool is_set(const struct install_step *step, const struct addon_hook *there)
{
    return there->enabled && there->scope == install_place_scope(step->place);
}

static bool is_same(const struct addon_hook *a, const struct addon_hook *b)
{
    return !strcmp(a->exe, b->exe) && !strcmp(a->params, b->params) && a->safe_path == b->safe_path;
}

/* Parameters are not shown: those of another's program may hold a secret. */
static enum status look_at_setting(struct install *in, struct install_step *step, struct error *err)
{
    static struct addon_hook there; /* large */
    const struct addon_hook *want = &step->setting;
    enum status status = setting_there(in, step, &there, err);
    if (status != STATUS_OK)
        return status;
    bool set = is_set(step, &there);
    const char *kind = kind_names[step->addon];
    bool theirs = set && !install_program_ours(there.exe) && !is_same(&there, want) && !in->replace;
    if (theirs && !step->restored)
        return error_set(err, STATUS_USAGE,
                         "the %s hook runs %s there: give --replace if that shall go", kind,
                         there.exe);
    if (theirs)
        step->is = arena_printf(&in->arena, "%s: runs %s, which refgate did not set: it stays",
                                kind, there.exe);
    else if (!want->enabled && !set)
        step->is = arena_printf(&in->arena, "%s: switched off", kind);
    else if (!want->enabled)
        step->todo = arena_printf(&in->arena, "%s: switch it off (now %s)", kind, there.exe);
    else if (set && is_same(&there, want))
        step->is = arena_printf(&in->arena, "%s: runs %s", kind, there.exe);
    else
        step->todo = arena_printf(&in->arena, "%s: %s %s%s%s%s", kind,
                                  step->restored ? "bring back" : "run", want->exe,
                                  want->safe_path ? " of shared/external-hooks" : "",
                                  set ? ", now " : "", set ? there.exe : "");
    return STATUS_OK;
}

static enum status remember(struct install *in, const struct install_step *step, struct error *err)
{
    static struct addon_hook there; /* large */
    const char *kind = kind_names[step->addon];
    json_t *object = remembered(in, true, step->place), *was;
    if (object && json_object_get(object, kind))
        return STATUS_OK;
    enum status status = setting_there(in, step, &there, err);
    if (status != STATUS_OK)
        return status;
    was = there.scope == install_place_scope(step->place) && *there.exe
              ? json_pack("{s:b, s:s, s:s, s:b}", "enabled", there.enabled, "exe", there.exe,
                          "params", there.params, "safe_path", there.safe_path)
              : json_null();
    if (!object || !was || json_object_set_new(object, kind, was))
        return error_set(err, STATUS_MEMORY, "out of memory");
    return install_state_save(in, err);
}

static enum status apply_setting(struct install *in, struct install_step *step, struct error *err)
{
    enum status status = step->restored ? STATUS_OK : remember(in, step, err);
    /* Without one before, a repository goes by its project again. */
    bool inherits = step->restored && step->place.slug && !*step->setting.exe;
    if (status == STATUS_OK && inherits)
        status = addon_hook_inherit(in->client, step->addon, step->place, err);
    else if (status == STATUS_OK)
        status = addon_hook_set(in->client, step->addon, step->place, &step->setting, err);
    json_t *object = step->restored ? remembered(in, false, step->place) : NULL;
    if (status != STATUS_OK || !object || json_object_del(object, kind_names[step->addon]))
        return status;
    return install_state_save(in, err);
}

static const struct install_kind kind_setting = {look_at_setting, apply_setting};

static struct install_step *add_setting(struct install *in, enum addon_kind kind,
                                        struct hook_place place)
{
    struct install_step *step = install_step_add(in, &kind_setting, install_place_label(in, place));
    if (step) {
        step->addon = kind;
        step->place = place;
    }
    return step;
}

/* ---------------------------------------------------------------- files */

static const char *hooks_directory(struct install *in)
{
    return in->home ? arena_printf(&in->arena, "%s/shared/external-hooks", in->home) : NULL;
}

static bool add_file(struct install *in, const char *directory, const char *name, int fd,
                     mode_t mode)
{
    struct buffer bytes;
    struct error err = {STATUS_OK, ""};
    buffer_init(&bytes, SIZE_MAX);
    bool good = file_read_all(fd, HOOK_CONTENT_MAX, &bytes, &err) == STATUS_OK;
    struct install_step *step = good ? install_step_add(in, &install_kind_file, "file") : NULL;
    if (step) {
        step->path = arena_printf(&in->arena, "%s/%s", directory, name);
        step->content = arena_text(&in->arena, buffer_view(&bytes));
        step->mode = mode;
    }
    buffer_free(&bytes);
    if (!good)
        return trouble(in, err.text);
    return (step && step->path && !text_absent(step->content)) || trouble(in, "out of memory");
}

/* The configuration that is copied must be one that nobody else can write, either. */
static bool add_config(struct install *in, const char *directory)
{
    struct error err = {STATUS_OK, ""};
    int fd = -1;
    if (!argument(in->args, "with-config"))
        return true;
    if (file_open_trusted(in->config, NULL, &fd, NULL, &err) != STATUS_OK)
        return trouble(in, err.text);
    bool good = add_file(in, directory, "refgate.conf", fd, 0644);
    close(fd);
    return good;
}

static bool add_files(struct install *in)
{
    const char *directory = hooks_directory(in);
    if (!directory)
        return true;
    struct install_step *step = install_step_add(in, &install_kind_directory, "directory");
    if (!step)
        return trouble(in, "out of memory");
    step->path = directory;
    step->mode = 0755;
    return add_file(in, directory, HOOK_NAME, in->hook_fd, 0755) && add_config(in, directory);
}

/* ---------------------------------------------------------------- what is wanted */

/* What the add-on starts: its parameters are one a line. */
static bool choose_setting(struct install *in, struct addon_hook *out)
{
    *out = (struct addon_hook){.enabled = true, .safe_path = in->home != NULL};
    const char *exe = in->home ? HOOK_NAME : in->hook;
    int size = snprintf(out->exe, sizeof out->exe, "%s", exe);
    if (size < 0 || (size_t)size >= sizeof out->exe || strpbrk(exe, "\r\n"))
        return trouble(in,
                       "the add-on cannot start a program of that name: it is too long, or has a "
                       "line end in it");
    if (!in->hook_config)
        return true;
    size = snprintf(out->params, sizeof out->params, "--config=%s", in->hook_config);
    if (size < 0 || (size_t)size >= sizeof out->params || strpbrk(in->hook_config, "\r\n"))
        return trouble(in,
                       "the add-on cannot pass a configuration of that name: it is too long, or "
                       "has a line end in it");
    return true;
}

static void warn_of_gaps(struct install *in, bool merges)
{
    size_t repositories = 0;
    for (size_t i = 0; i < in->place_count; i++)
        repositories += in->places[i].slug != NULL;
    if (!merges)
        install_say(
            in, INSTALL_WARN, "merges", "leave out --no-merge-check",
            "merges of pull requests are not covered: they change branches without the hook");
    if (repositories)
        install_say(in, INSTALL_WARN, "scope",
                    "use the project's scope, or --global, for what must hold",
                    "whoever administers a repository can switch the hook off there: this scope is "
                    "no enforcement");
    if (!in->everywhere && repositories < in->place_count)
        install_say(in, INSTALL_NOTE, "scope", NULL,
                    "whoever administers a project can switch the hook off there");
    if (!in->everywhere)
        install_say(in, INSTALL_WARN, "scope", "--global covers all (add-on 12 and later)",
                    "only these places are covered: not other projects, and not personal forks");
}

static bool add_install(struct install *in, struct hook_place place, bool merges,
                        const struct addon_hook *setting)
{
    for (int kind = ADDON_PRE_RECEIVE; kind <= (merges ? ADDON_MERGE_CHECK : ADDON_PRE_RECEIVE);
         kind++) {
        struct install_step *step = add_setting(in, (enum addon_kind)kind, place);
        if (!step)
            return trouble(in, "out of memory");
        step->setting = *setting;
    }
    return true;
}

static bool plan_install(struct install *in)
{
    static struct addon_hook setting; /* large */
    bool merges = !argument_flag(in->args, "no-merge-check");
    if (!in->place_count && !in->everywhere)
        return trouble(in, "where? Name projects or repositories, or give --global");
    if (!choose_setting(in, &setting))
        return false;
    warn_of_gaps(in, merges);
    install_check_policy(in);
    if (!install_account_files(in) || !add_files(in))
        return false;
    if (in->everywhere)
        return add_install(in, (struct hook_place){NULL, NULL}, merges, &setting);
    for (size_t i = 0; i < in->place_count; i++)
        if (!add_install(in, in->places[i], merges, &setting))
            return false;
    return true;
}

/* ---------------------------------------------------------------- taking away */

static bool restore_setting(struct install *in, enum addon_kind kind, struct hook_place place)
{
    json_t *was = json_object_get(remembered(in, false, place), kind_names[kind]);
    struct install_step *step = add_setting(in, kind, place);
    if (!step)
        return trouble(in, "out of memory");
    const char *exe = json_string_value(json_object_get(was, "exe"));
    const char *params = json_string_value(json_object_get(was, "params"));
    step->restored = true;
    step->setting.enabled = json_is_true(json_object_get(was, "enabled"));
    step->setting.safe_path = json_is_true(json_object_get(was, "safe_path"));
    snprintf(step->setting.exe, sizeof step->setting.exe, "%s", exe ? exe : "");
    snprintf(step->setting.params, sizeof step->setting.params, "%s", params ? params : "");
    return true;
}

static bool restore_both(struct install *in, struct hook_place place)
{
    return restore_setting(in, ADDON_PRE_RECEIVE, place) &&
           restore_setting(in, ADDON_MERGE_CHECK, place);
}

/* What the state knows of this Bitbucket. */
static bool restore_known(struct install *in)
{
    const char *key;
    json_t *was;
    json_t *all = install_state_at(
        in, false, (const char *const[]){SETTINGS, client_base_url(in->client), NULL});
    json_object_foreach(all, key, was)
    {
        char *copy = arena_printf(&in->arena, "%s", key);
        char *slash = copy ? strchr(copy, '/') : NULL;
        struct hook_place place = {copy && strcmp(copy, "*") != 0 ? copy : NULL,
                                   slash ? slash + 1 : NULL};
        if (slash)
            *slash = '\0';
        if (!copy)
            return trouble(in, "out of memory");
        if (json_object_size(was) && !restore_both(in, place))
            return false;
    }
    return true;
}

/* Without a state: where our program is set, globally and in each project that can be seen. */
static bool remove_found(struct install *in, struct hook_place place)
{
    static struct addon_hook there; /* large */
    struct error err = {STATUS_OK, ""};
    for (int kind = ADDON_PRE_RECEIVE; kind <= ADDON_MERGE_CHECK; kind++) {
        struct install_step look = {.addon = (enum addon_kind)kind, .place = place};
        enum status status = addon_hook_get(in->client, look.addon, place, &there, &err);
        if (status == STATUS_UNSUPPORTED && !place.project)
            return true;
        if (status != STATUS_OK)
            return trouble(in, err.text);
        if (is_set(&look, &there) && install_program_ours(there.exe) &&
            !restore_setting(in, look.addon, place))
            return false;
    }
    return true;
}

static bool find_all(struct install *in)
{
    install_say(in, INSTALL_NOTE, "state", NULL,
                "there is no %s: what was there before refgate is not known, and repositories with "
                "settings of their own have to be named",
                in->state.path);
    in->everywhere = true;
    if (!remove_found(in, (struct hook_place){NULL, NULL}) || !install_places(in))
        return false;
    for (size_t i = 0; i < in->place_count; i++)
        if (!remove_found(in, in->places[i]))
            return false;
    return true;
}

static bool plan_uninstall(struct install *in)
{
    const char *directory = hooks_directory(in);
    if (in->everywhere && !restore_both(in, (struct hook_place){NULL, NULL}))
        return false;
    for (size_t i = 0; i < in->place_count; i++)
        if (!restore_both(in, in->places[i]))
            return false;
    if (in->everywhere || in->place_count) {
        install_say(in, INSTALL_NOTE, "file", NULL,
                    "the program stays: without places --uninstall with --home removes it, too");
        return true;
    }
    if (in->state.found ? !restore_known(in) : !find_all(in))
        return false;
    if (!directory) {
        install_say(in, INSTALL_NOTE, "file", NULL,
                    "without --home, files in shared/external-hooks stay");
        return true;
    }
    static const char *const names[] = {HOOK_NAME, "refgate.conf"};
    json_t *files = install_state_at(in, false, (const char *const[]){"files", NULL});
    for (size_t i = 0; i < 2; i++) {
        const char *path = arena_printf(&in->arena, "%s/%s", directory, names[i]);
        if (!path)
            return trouble(in, "out of memory");
        /* A configuration that somebody else put there is theirs. */
        if ((i == 0 || json_object_get(files, path)) && !install_file_restore(in, path))
            return false;
    }
    return true;
}

enum command_exit install_external_hooks(struct install *in)
{
    in->everywhere = argument_flag(in->args, "global");
    const char *config = argument(in->args, "with-config");
    if (config && (!in->home || in->hook_config)) {
        command_trouble(in->args, "--with-config needs --home, and --hook-config contradicts it");
        return EXIT_TROUBLE;
    }
    if (config && !install_absolute(in, config, &in->hook_config))
        return EXIT_TROUBLE;
    if (!install_check_hook(in, NULL, hooks_directory(in)))
        return EXIT_TROUBLE;
    if (config) /* it will be beside the program, where the hook finds it by itself */
        in->hook_config = NULL;
    if (in->everywhere && in->args->operand_count) {
        command_trouble(in->args, "--global, or projects and repositories: not both");
        return EXIT_TROUBLE;
    }
    bool global = in->everywhere;
    in->everywhere = false; /* no list of projects */
    if (!install_connect(in, false) || !install_places(in))
        return EXIT_TROUBLE;
    in->everywhere = global;
    bool planned = in->uninstall ? plan_uninstall(in) : plan_install(in);
    return planned ? install_carry_out(in) : EXIT_TROUBLE;
}
