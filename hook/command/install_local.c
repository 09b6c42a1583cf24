/* install_local.c - what can be told on this machine: the program, its configuration, its directories. */
#include "command/install.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "command/doctor.h"
#include "command/install_start.h"
#include "policy/config.h"

#define MEMORY ((size_t)512 * 1024 * 1024)
#define CONFIG_NAME "refgate.conf"
#define CONFIG_SYSTEM "/etc/refgate/" CONFIG_NAME
#define SNAPSHOT_SYSTEM "/var/lib/refgate/snapshot.cdb"
#define STATE_NAME "install.json"
#define HOOK_NAME "refgate-hook"

static bool failed(struct install *in, const char *text)
{
    command_trouble(in->args, "%s", text);
    return false;
}

bool install_absolute(struct install *in, const char *path, const char **out)
{
    char here[PATH_MAX];
    if (!*path)
        return failed(in, "the name of a file is empty");
    if (path[0] != '/' && !getcwd(here, sizeof here))
        return failed(in, "cannot tell the current directory");
    const char *absolute = path[0] == '/' ? arena_printf(&in->arena, "%s", path)
                                          : arena_printf(&in->arena, "%s/%s", here, path);
    if (!absolute || strlen(absolute) >= PATH_MAX)
        return failed(in, "the name of a file is too long");
    *out = absolute;
    return true;
}

static bool exists(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

/* ---------------------------------------------------------------- options */

static bool take_path(struct install *in, const char *option, const char **out)
{
    const char *given = argument(in->args, option);
    *out = NULL;
    return !given || install_absolute(in, given, out);
}

/* --hook, else where packages put it, relative to this program: beside bin/ in lib/refgate/; else beside
 * this program, as in a build directory. */
static bool find_hook(struct install *in)
{
    const char *given;
    char self[PATH_MAX];
    struct error err = {STATUS_OK, ""};
    if (!take_path(in, "hook", &given))
        return false;
    if (given) {
        snprintf(in->hook, sizeof in->hook, "%s", given);
        return true;
    }
    if (file_self_path(self, sizeof self, &err) != STATUS_OK)
        return failed(in, err.text);
    *strrchr(self, '/') = '\0';
    const char *slash = strrchr(self, '/');
    int above = slash ? (int)(slash - self) : 0;
    snprintf(in->hook, sizeof in->hook, "%.*s/lib/refgate/" HOOK_NAME, above, self);
    if (exists(in->hook))
        return true;
    const char *beside = arena_printf(&in->arena, "%s/" HOOK_NAME, self);
    if (!beside || !exists(beside)) {
        command_trouble(in->args, "there is neither %s nor %s: give --hook FILE", in->hook,
                        beside ? beside : HOOK_NAME);
        return false;
    }
    snprintf(in->hook, sizeof in->hook, "%s", beside);
    return true;
}

/* Who owns it runs Bitbucket. */
static bool find_runner(struct install *in, const char *path)
{
    struct stat st;
    if (stat(path, &st) || !S_ISDIR(st.st_mode)) {
        command_trouble(in->args, "%s is no directory that can be seen", path);
        return false;
    }
    const struct passwd *user = getpwuid(st.st_uid);
    in->runner.known = true;
    in->runner.uid = st.st_uid;
    in->runner.gid = st.st_gid;
    if (user)
        snprintf(in->runner.name, sizeof in->runner.name, "%s", user->pw_name);
    else
        snprintf(in->runner.name, sizeof in->runner.name, "uid %ju", (uintmax_t)st.st_uid);
    return true;
}

/* The configuration that a hook started from `beside` reads (policy/config.h, config_locate()). */
static bool find_config(struct install *in, const char *beside)
{
    const char *given;
    const char *own = arena_printf(&in->arena, "%s/" CONFIG_NAME, beside);
    if (!own)
        return failed(in, "out of memory");
    const char *found = in->hook_config ? in->hook_config : exists(own) ? own : CONFIG_SYSTEM;
    if (!take_path(in, "config", &given))
        return false;
    if (given && !in->uninstall && strcmp(given, found) != 0)
        install_say(in, INSTALL_WARN, "configuration",
                    "give it as --hook-config, so that the hook is started with it",
                    "the hook will read %s, not %s", found, given);
    in->config = given ? given : found;
    return true;
}

static bool print_errors(struct install *in, const struct config_errors *errors)
{
    struct text rest = buffer_view(&errors->lines), line;
    while (text_next_field(&rest, '\n', &line))
        if (line.size)
            command_trouble(in->args, "%.*s", TEXT_ARG(line));
    command_trouble(in->args,
                    "with the configuration %s the hook would refuse every push: nothing "
                    "was changed",
                    in->config);
    return false;
}

/* With the rights of that account: a link that it put there must not show it, or a log, what root alone
 * may read. */
static enum status read_as_runner(struct install *in, const struct file_owners *owners,
                                  struct buffer *out, struct error *err)
{
    int fd = -1;
    char directory[PATH_MAX];
    struct error why = {STATUS_OK, ""};
    doctor_directory(in->config, directory);
    enum status status = install_act_begin(in, directory, err);
    if (status != STATUS_OK)
        return status;
    status = file_open_trusted(in->config, owners, &fd, NULL, err);
    if (status == STATUS_OK)
        status = file_read_all(fd, CONFIG_SIZE_MAX, out, err);
    if (fd >= 0)
        close(fd);
    return install_act_end(in, &why) == STATUS_OK ? status
                                                  : error_set(err, why.code, "%s", why.text);
}

/* One of the account that runs Bitbucket, as on its home: the hook trusts it, whoever installs. */
static bool load_runners(struct install *in, struct config_errors *errors)
{
    struct buffer bytes;
    struct error err = {STATUS_OK, ""};
    struct config_errors here;
    const uint32_t runner = in->runner.uid;
    const struct file_owners owners = {&runner, 1};
    if (!in->runner.known || geteuid() != 0)
        return false;
    buffer_init(&bytes, CONFIG_SIZE_MAX);
    config_errors_init(&here);
    enum status status = read_as_runner(in, &owners, &bytes, &err);
    if (status == STATUS_OK)
        status = config_parse(buffer_view(&bytes), CONFIG_NAME, &in->arena, &in->policy, &here);
    buffer_free(&bytes);
    in->config_lent = status == STATUS_OK;
    if (here.count) { /* what is wrong with it, not whose it is */
        config_errors_free(errors);
        *errors = here;
    } else {
        config_errors_free(&here);
    }
    return in->config_lent;
}

/* Taking the hook away must work with a configuration that is broken or gone. */
static bool load_config(struct install *in)
{
    struct config_errors errors;
    config_errors_init(&errors);
    enum status status = config_load(in->config, &in->arena, &in->policy, &errors);
    bool good = status == STATUS_OK || (status == STATUS_TRUST && load_runners(in, &errors));
    if (!good && in->uninstall) {
        config_errors_free(&errors);
        config_errors_init(&errors);
        good = config_parse(TEXT(""), CONFIG_NAME, &in->arena, &in->policy, &errors) == STATUS_OK;
    }
    if (!good)
        (void)print_errors(in, &errors);
    config_errors_free(&errors);
    return good;
}

static bool open_state(struct install *in)
{
    const char *path;
    struct error err = {STATUS_OK, ""};
    /* Who owns a configuration does not say where root keeps what it will bring back. */
    struct text snapshot = in->config_lent ? TEXT(SNAPSHOT_SYSTEM) : in->policy.snapshot_file;
    enum status status = STATUS_MEMORY;
    if (!take_path(in, "state", &path))
        return false;
    if (!path) {
        while (snapshot.size && snapshot.at[snapshot.size - 1] != '/')
            snapshot.size--;
        path = arena_printf(&in->arena, "%.*s" STATE_NAME, TEXT_ARG(snapshot));
    }
    if (path)
        status = install_state_open(in, path, &err);
    if (status == STATUS_TRUST)
        command_trouble(
            in->args,
            "no place for what was there before: %s; [trust] owners in %s names users whose "
            "directory may be believed, such as the sync's; --state FILE another place",
            err.text, in->config);
    else if (status != STATUS_OK)
        return failed(in, path ? err.text : "out of memory");
    return status == STATUS_OK;
}

bool install_begin(struct install *in, const struct arguments *args, const char *way)
{
    *in = (struct install){.args = args,
                           .way = way,
                           .hook_fd = -1,
                           .dry_run = argument_flag(args, "dry-run"),
                           .uninstall = argument_flag(args, "uninstall"),
                           .replace = argument_flag(args, "replace"),
                           .state = {.lock = -1}};
    arena_init(&in->arena, MEMORY);
    if (!argument_json(args, &in->json))
        return false;
    in->colour = !in->json && command_colour(stdout);
    in->lines = json_array();
    return take_path(in, "home", &in->home) && take_path(in, "hook-config", &in->hook_config) &&
           (in->uninstall || find_hook(in));
}

void install_end(struct install *in)
{
    install_state_close(&in->state);
    free(in->acting.groups);
    in->acting.groups = NULL;
    json_decref(in->lines);
    free(in->steps);
    client_free(in->client);
    if (in->hook_fd >= 0)
        close(in->hook_fd);
    arena_free(&in->arena);
}

/* ---------------------------------------------------------------- the program */

/* semantics.md 8: whoever can write the program, or a directory above it, decides in refgate's place. */
static bool open_hook(struct install *in)
{
    struct stat st;
    struct error err = {STATUS_OK, ""};
    const uint32_t runner = in->runner.uid;
    const struct file_owners owners = {&runner, in->runner.known ? 1 : 0};
    if (file_open_trusted(in->hook, &owners, &in->hook_fd, &st, &err) != STATUS_OK) {
        command_trouble(in->args, "the hook %s cannot be used: %s", in->hook, err.text);
        return false;
    }
    if (!(st.st_mode & 0111)) {
        command_trouble(in->args, "the hook %s is not executable: chmod 0755", in->hook);
        return false;
    }
    if (st.st_uid != 0 && in->runner.known && st.st_uid != in->runner.uid) {
        command_trouble(in->args,
                        "the hook %s belongs to uid %ju, who is neither root nor %s, the "
                        "account that runs Bitbucket",
                        in->hook, (uintmax_t)st.st_uid, in->runner.name);
        return false;
    }
    if (st.st_uid != 0 && !in->runner.known)
        install_say(in, INSTALL_WARN, "hook", "chown root, or say with --home who runs Bitbucket",
                    "%s belongs to uid %ju, who can replace it", in->hook, (uintmax_t)st.st_uid);
    if ((st.st_mode & 0005) != 0005)
        install_say(in, INSTALL_WARN, "hook", "chmod 0755",
                    "%s can be started by few users only "
                    "(mode %04o)",
                    in->hook, (unsigned)(st.st_mode & 07777));
    return true;
}

/* What is started is the path without links: along that nobody but root, or who runs this, can put another
 * program. */
static bool may_start(const struct install *in, char resolved[PATH_MAX])
{
    struct error why = {STATUS_OK, ""};
    int fd = -1;
    bool good = realpath(in->hook, resolved) &&
                file_open_trusted(resolved, NULL, &fd, NULL, &why) == STATUS_OK;
    if (fd >= 0)
        close(fd);
    return good;
}

static bool start_hook(struct install *in)
{
    char version[256], resolved[PATH_MAX];
    struct error err = {STATUS_OK, ""};
    if (!may_start(in, resolved)) {
        install_say(in, INSTALL_NOTE, "hook", NULL,
                    "%s was not started: it belongs to the account that runs Bitbucket, not to you",
                    in->hook);
        return true;
    }
    if (install_start(resolved, version, sizeof version, &err) != STATUS_OK) {
        command_trouble(in->args, "%s --version: %s: is this refgate's hook?", in->hook, err.text);
        return false;
    }
    version[strcspn(version, "\n")] = '\0';
    if (!text_starts(text_of(version), TEXT(HOOK_NAME " "))) {
        command_trouble(in->args, "%s is no refgate-hook: --version says %.100s", in->hook,
                        version);
        return false;
    }
    install_say(in, INSTALL_OK, "hook", NULL, "%s is trusted and starts (%s)", in->hook, version);
    return true;
}

/* By mode alone: who runs Bitbucket may be in further groups. */
static void check_readable(struct install *in)
{
    struct stat st;
    if (!in->runner.known || in->runner.uid == 0 || stat(in->config, &st))
        return;
    bool readable = (st.st_mode & 0004) || (st.st_uid == in->runner.uid && (st.st_mode & 0400)) ||
                    (st.st_gid == in->runner.gid && (st.st_mode & 0040));
    if (!readable)
        install_say(in, INSTALL_WARN, "configuration", "chmod 0644, or give it to that group",
                    "%s may be unreadable for %s (mode %04o): the hook would refuse every push",
                    in->config, in->runner.name, (unsigned)(st.st_mode & 07777));
}

bool install_check_hook(struct install *in, const char *runner_of, const char *beside)
{
    const char *of = runner_of ? runner_of : in->home;
    if (of && !find_runner(in, of))
        return false;
    if (!in->uninstall && (!open_hook(in) || !start_hook(in)))
        return false;
    const char *directory = beside ? beside : arena_printf(&in->arena, "%s", in->hook);
    if (!directory)
        return failed(in, "out of memory");
    char *slash = beside ? NULL : strrchr(directory, '/');
    if (slash)
        *slash = '\0';
    if (!find_config(in, directory) || !load_config(in))
        return false;
    if (!in->uninstall) {
        install_say(in, INSTALL_OK, "configuration", NULL, "%s can be loaded", in->config);
        check_readable(in);
    }
    return open_state(in);
}

/* ---------------------------------------------------------------- what the configuration says */

/* As the hook will judge it. */
static void check_snapshot_trust(struct install *in)
{
    struct error err = {STATUS_OK, ""};
    const struct policy *policy = &in->policy;
    uint32_t *uids = arena_alloc(&in->arena, policy->owner_count + 1, sizeof *uids);
    int fd = -1;
    if (!uids || !in->runner.known)
        return;
    uids[0] = in->runner.uid;
    for (size_t i = 0; i < policy->owner_count; i++)
        uids[i + 1] = policy->owners[i];
    const struct file_owners owners = {uids, policy->owner_count + 1};
    if (file_open_trusted(policy->snapshot_file.at, &owners, &fd, NULL, &err) == STATUS_TRUST)
        install_say(in, INSTALL_WARN, "snapshot",
                    "name the account of the sync in [trust] owners: refgate-services(7)",
                    "the hook will not believe it: %s", err.text);
    if (fd >= 0)
        close(fd);
}

void install_check_policy(struct install *in)
{
    struct text reason;
    struct error err = {STATUS_OK, ""};
    struct stat st;
    const struct policy *policy = &in->policy;
    if (policy->mode == MODE_MONITOR)
        install_say(in, INSTALL_WARN, "mode",
                    "mode = enforce, once the audit log shows what it expects",
                    "monitor mode: the hook refuses nothing, it only records what it would refuse");
    if (config_disabled(in->config, &in->arena, &reason, &err) == ANSWER_YES)
        install_say(in, INSTALL_WARN, "kill switch", "refgate enable",
                    "the hook is disabled (%.*s): it accepts every push", TEXT_ARG(reason));
    if (stat(policy->snapshot_file.at, &st))
        install_say(in, INSTALL_WARN, "snapshot", DOCTOR_SYNC,
                    "%s: %s: without it the hook "
                    "cannot tell who may do what",
                    policy->snapshot_file.at, strerror(errno));
    else
        check_snapshot_trust(in);
}

/* ---------------------------------------------------------------- where the hook writes */

/* As chown(1) takes it: "uid 2003", for people, is 2003. */
static const char *account(const struct install *in)
{
    const bool number = text_starts(text_of(in->runner.name), TEXT("uid "));
    return in->runner.name + (number ? sizeof "uid " - 1 : 0);
}

/* Nobody shall give away what a link of Bitbucket's account leads to. */
static void warn_of_owner(struct install *in, const char *path, const struct stat *st)
{
    char resolved[PATH_MAX] = "?";
    bool plain = realpath(path, resolved) && !strcmp(path, resolved);
    const char *todo = plain ? arena_printf(&in->arena, "chown %s: %s", account(in), path)
                             : arena_printf(&in->arena, "look whether it should lead to %s",
                                            resolved);
    install_say(in, INSTALL_WARN, "directory", todo,
                "%s belongs to uid %ju, not to %s, who runs the hook: it may be unable to write "
                "there",
                path, (uintmax_t)st->st_uid, in->runner.name);
}

static bool account_directory(struct install *in, const char *path, mode_t mode)
{
    struct stat st;
    if (stat(path, &st) == 0) {
        if (st.st_uid != in->runner.uid && in->runner.uid != 0)
            warn_of_owner(in, path, &st);
        return true;
    }
    if (geteuid() != 0 || in->config_lent) { /* root makes nothing that another's file names */
        const char *todo = arena_printf(&in->arena, "install -d -o %s -m %04o %s", account(in),
                                        (unsigned)mode, path);
        install_say(in, INSTALL_WARN, "directory", todo,
                    "%s is not there: the hook, as %s, cannot write to it", path, in->runner.name);
        return true;
    }
    struct install_step *step = install_step_add(in, &install_kind_directory, "directory");
    if (!step)
        return failed(in, "out of memory");
    step->path = path;
    step->mode = mode;
    step->uid = in->runner.uid;
    step->gid = in->runner.gid;
    return true;
}

bool install_account_files(struct install *in)
{
    const struct policy *policy = &in->policy;
    if (!in->runner.known)
        return true;
    if (policy->audit_file.at) {
        char *directory = arena_printf(&in->arena, "%s", policy->audit_file.at);
        char *slash = directory ? strrchr(directory, '/') : NULL;
        if (!slash)
            return failed(in, "out of memory");
        slash[slash == directory] = '\0';
        if (!account_directory(in, directory, 0750))
            return false;
    }
    return !policy->approvals_directory.at ||
           account_directory(in, policy->approvals_directory.at, 0700);
}
