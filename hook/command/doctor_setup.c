/*
 * doctor_setup.c - what is looked at: which program, which configuration, who runs the hook.
 */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/doctor.h"

#define CONFIG_NAME "refgate.conf"
#define CONFIG_SYSTEM "/etc/refgate/" CONFIG_NAME
#define DEFAULTS_MEMORY ((size_t)4 * 1024 * 1024)

/* Without one of these, --output is a question about a sync alone. */
static bool is_whole(const struct arguments *args)
{
    static const char *const options[] = {"config",  "hook", "home", "user",
                                          "project", "repo", "name"};
    bool whole = !argument(args, "output");
    for (size_t i = 0; i < sizeof options / sizeof options[0] && !whole; i++)
        whole = argument(args, options[i]) != NULL;
    return whole;
}

/* ------------------------------------------------------------------ the program */

static bool try_program(struct doctor *d, const char *directory, const char *name)
{
    char path[PATH_MAX + 64], resolved[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    if (!realpath(path, resolved))
        return false;
    snprintf(d->hook, sizeof d->hook, "%s", resolved);
    return true;
}

/* As `refgate install` does. A program that is named need not be there. */
static void find_program(struct doctor *d)
{
    struct error err;
    char self[PATH_MAX], directory[PATH_MAX];
    const char *named = argument(d->args, "hook");
    if (named) {
        char resolved[PATH_MAX];
        snprintf(d->hook, sizeof d->hook, "%s", realpath(named, resolved) ? resolved : named);
        return;
    }
    if (file_self_path(self, sizeof self, &err) != STATUS_OK)
        return;
    doctor_directory(self, directory);
    if (!try_program(d, directory, "../lib/refgate/refgate-hook"))
        (void)try_program(d, directory, "refgate-hook");
}

/* ------------------------------------------------------------------ the configuration */

/* The hook's: beside its program, then the system's; without a program, the tool's own. */
static bool find_configuration(struct doctor *d, char out[PATH_MAX])
{
    struct error err = {STATUS_OK, ""};
    const char *named = argument(d->args, "config");
    struct stat st;
    char directory[PATH_MAX], beside[PATH_MAX + sizeof CONFIG_NAME];
    if (named || !*d->hook) {
        if (config_locate(named, out, PATH_MAX, &err) == STATUS_OK)
            return true;
        command_trouble(d->args, "%s", err.text);
        return false;
    }
    doctor_directory(d->hook, directory);
    snprintf(beside, sizeof beside, "%s/" CONFIG_NAME, directory);
    bool absent = lstat(beside, &st) && (errno == ENOENT || errno == ENOTDIR);
    size_t size = strlen(beside) + 1;
    if (absent || size > PATH_MAX)
        snprintf(out, PATH_MAX, "%s", CONFIG_SYSTEM);
    else
        memcpy(out, beside, size);
    return true;
}

static void no_configuration(struct doctor *d)
{
    arena_init(&d->config.arena, DEFAULTS_MEMORY);
    config_errors_init(&d->config.errors);
    config_errors_init(&d->config.warnings);
}

/* What an empty configuration would say. */
static bool take_defaults(struct doctor *d)
{
    struct config_errors errors;
    config_errors_init(&errors);
    bool good = config_parse(TEXT(""), "defaults", &d->config.arena, &d->config.policy, &errors) ==
                STATUS_OK;
    config_errors_free(&errors);
    if (!good)
        command_trouble(d->args, "out of memory");
    return good;
}

/* One that is not there, or malformed, is a finding, unless it was asked for by name. */
static bool read_configuration(struct doctor *d)
{
    static char path[PATH_MAX];
    struct stat st;
    d->configured = false;
    if (!find_configuration(d, path))
        return false;
    bool absent = !argument(d->args, "config") && lstat(path, &st) && errno == ENOENT;
    enum command_exit result = absent ? EXIT_NO : inspection_read(d->args, path, &d->config);
    if (absent)
        no_configuration(d);
    snprintf(d->config.path, sizeof d->config.path, "%s", path);
    if (result == EXIT_TROUBLE)
        return false;
    d->configured = result == EXIT_YES;
    return d->configured || take_defaults(d);
}

static bool set_paths(struct doctor *d)
{
    const char *output = argument(d->args, "output");
    const struct policy *policy = &d->config.policy;
    struct text path = output ? text_of(output) : policy->snapshot_file;
    d->file.instance.policy = *policy;
    d->max_age_ms = policy->max_age_ms;
    if (!path.size || path.size >= sizeof d->file.path) {
        command_trouble(d->args, "name the snapshot with --output");
        return false;
    }
    snprintf(d->file.path, sizeof d->file.path, "%.*s", TEXT_ARG(path));
    return true;
}

/* ------------------------------------------------------------------ who runs the hook */

static bool use_account(struct doctor *d, const struct passwd *entry)
{
    int count = DOCTOR_GROUPS_MAX;
    if (getgrouplist(entry->pw_name, entry->pw_gid, d->groups, &count) < 0) {
        command_trouble(d->args, "the groups of %s cannot be told", entry->pw_name);
        return false;
    }
    snprintf(d->runner_name, sizeof d->runner_name, "%s", entry->pw_name);
    d->runner = (struct file_user){entry->pw_uid, entry->pw_gid, d->groups, (size_t)count,
                                   d->runner_name};
    return true;
}

/* A number without a name, as in a container. */
static bool use_number(struct doctor *d, uid_t uid, gid_t gid)
{
    const struct passwd *entry = getpwuid(uid);
    if (entry)
        return use_account(d, entry);
    snprintf(d->runner_name, sizeof d->runner_name, "uid %ju", (uintmax_t)uid);
    d->runner = (struct file_user){uid, gid, NULL, 0, d->runner_name};
    return true;
}

static bool use_self(struct doctor *d)
{
    if (!use_number(d, geteuid(), getegid()))
        return false;
    /* What this process has, whatever the system's lists say now. */
    int count = getgroups(DOCTOR_GROUPS_MAX, d->groups);
    d->runner.gid = getegid();
    d->runner.groups = d->groups;
    d->runner.group_count = count > 0 ? (size_t)count : 0;
    return true;
}

static bool find_runner(struct doctor *d)
{
    const char *user = argument(d->args, "user"), *home = argument(d->args, "home");
    struct stat st;
    d->runner_known = user || home;
    if (user) {
        uint64_t number;
        const struct passwd *entry = getpwnam(user);
        if (entry)
            return use_account(d, entry);
        if (text_parse_u64(text_of(user), UINT32_MAX - 1, false, &number))
            return use_number(d, (uid_t)number, (gid_t)number);
        command_trouble(d->args, "--user: there is no user %s here", user);
        return false;
    }
    if (!home)
        return use_self(d);
    if (stat(home, &st) || !S_ISDIR(st.st_mode)) {
        command_trouble(d->args, "--home: %s is no directory that can be seen", home);
        return false;
    }
    return use_number(d, st.st_uid, st.st_gid);
}

void doctor_runner(struct doctor *d)
{
    const char *home = argument(d->args, "home");
    const char *name = d->runner_name;
    if (!d->runner_known)
        doctor_say(d, DOCTOR_WARN, "runner",
                   "give --home, the home directory of Bitbucket, or --user",
                   "not known who runs the hook: judged for %s, who runs doctor", name);
    else if (!argument(d->args, "user") && d->runner.uid == 0)
        doctor_say(d, DOCTOR_WARN, "runner", "name the account that Bitbucket runs as with --user",
                   "%s belongs to root", home);
    else if (argument(d->args, "user"))
        doctor_say(d, DOCTOR_OK, "runner", NULL, "the hook runs as %s", name);
    else
        doctor_say(d, DOCTOR_OK, "runner", NULL, "the hook runs as %s, the owner of %s", name,
                   home);
}

/* ------------------------------------------------------------------ all of it */

static bool check_places(struct doctor *d)
{
    const char *value;
    for (size_t i = 0; (value = argument_nth(d->args, "project", i)); i++)
        if (!*value || strchr(value, '/')) {
            command_trouble(d->args, "--project wants the key of a project, not \"%s\"", value);
            return false;
        }
    for (size_t i = 0; (value = argument_nth(d->args, "repo", i)); i++) {
        const char *slash = strchr(value, '/');
        if (!slash || slash == value || !slash[1] || strchr(slash + 1, '/')) {
            command_trouble(d->args, "--repo wants KEY/SLUG, not \"%s\"", value);
            return false;
        }
    }
    return true;
}

static void set_owners(struct doctor *d)
{
    struct policy *policy = &d->config.policy;
    size_t count = 0;
    d->uids[count++] = d->runner.uid;
    for (size_t i = 0; i < policy->owner_count && count < DOCTOR_OWNERS_MAX; i++)
        d->uids[count++] = policy->owners[i];
    d->owners = (struct file_owners){d->uids, count};
}

bool doctor_setup(struct doctor *d)
{
    d->whole = is_whole(d->args);
    if (!check_places(d) || !find_runner(d))
        return false;
    if (d->whole)
        find_program(d);
    else
        no_configuration(d);
    if (!(d->whole ? read_configuration(d) : take_defaults(d)))
        return false;
    set_owners(d);
    return set_paths(d);
}

void doctor_setup_free(struct doctor *d)
{
    inspection_free(&d->config);
    free(d->base_url);
}
