/*
 * refgate disable - the kill switch: every hook whose configuration is in that directory accepts
 * every push, and says so in syslog and the audit log.
 */
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/utf8.h"
#include "command/command.h"
#include "command/kill_switch.h"
#include "policy/config.h"

#define REASON_MAX 200
#define MEMORY ((size_t)1024 * 1024)

bool kill_switch_paths(const struct arguments *args, struct kill_switch *out)
{
    struct error err = {0};
    if (config_locate(argument(args, "config"), out->config, sizeof out->config, &err)) {
        command_trouble(args, "%s", err.text);
        return false;
    }
    const char *slash = strrchr(out->config, '/');
    int directory = slash ? (int)(slash - out->config) : 0;
    int written = snprintf(out->path, sizeof out->path, "%.*s/" CONFIG_DISABLED_NAME, directory,
                           out->config);
    if (written < 0 || (size_t)written >= sizeof out->path) {
        command_trouble(args, "the path of the configuration is too long");
        return false;
    }
    return true;
}

/* One line of plain text: it is read in logs and on terminals. */
static const char *reason_problem(struct text reason)
{
    if (!text_trim(reason).size)
        return "--reason TEXT is needed: what is going on, for whoever reads the logs";
    if (reason.size > REASON_MAX)
        return "--reason has at most 200 bytes";
    if (!utf8_valid(reason))
        return "--reason is not valid UTF-8";
    for (size_t i = 0; i < reason.size; i++)
        if ((unsigned char)reason.at[i] < ' ' || reason.at[i] == 0x7f)
            return "--reason has control characters; it is one line of text";
    return NULL;
}

static enum command_exit write_switch(const struct arguments *args, const char *path,
                                      struct text reason)
{
    char now[CLOCK_TEXT_SIZE];
    clock_format(clock_now_ms(), true, now);
    const struct passwd *user = getpwuid(getuid());
    struct buffer content;
    buffer_init(&content, 4096);
    buffer_printf(&content, "reason: %.*s\nby: ", TEXT_ARG(reason));
    buffer_escaped(&content, text_of(user ? user->pw_name : "unknown"), 100, false);
    buffer_printf(&content, " (uid %ju)\nsince: %s\n", (uintmax_t)getuid(), now);
    struct error err = {0};
    enum status status = content.failed ? error_set(&err, STATUS_MEMORY, "out of memory")
                                        : file_replace(path, buffer_view(&content), 0644, &err);
    buffer_free(&content);
    return status ? command_trouble(args, "%s", err.text) : EXIT_YES;
}

/* What a hook will make of the file. */
static enum command_exit check_switch(const struct arguments *args, const struct kill_switch *paths)
{
    struct arena arena;
    struct text reason;
    struct error err = {0};
    struct stat st;
    arena_init(&arena, MEMORY);
    enum answer answer = config_disabled(paths->config, &arena, &reason, &err);
    arena_free(&arena);
    if (answer != ANSWER_YES) {
        command_trouble(args, "warning: hooks will not believe %s and go on judging: %s",
                        paths->path, err.text);
        return EXIT_NO;
    }
    if (stat(paths->path, &st) == 0 && st.st_uid != 0)
        command_trouble(args,
                        "warning: only hooks that run as uid %ju believe this file, since it does "
                        "not belong to root",
                        (uintmax_t)st.st_uid);
    if (stat(paths->config, &st) != 0)
        command_trouble(args,
                        "warning: there is no configuration %s; is this the directory that "
                        "the hook uses? (--config)",
                        paths->config);
    return EXIT_YES;
}

static enum command_exit run(const struct arguments *args)
{
    static struct kill_switch paths;
    struct text reason = text_of(argument(args, "reason"));
    const char *problem = reason_problem(reason);
    if (problem)
        return command_trouble(args, "%s", problem);
    if (!kill_switch_paths(args, &paths))
        return EXIT_TROUBLE;
    struct stat st;
    bool already = lstat(paths.path, &st) == 0;
    enum command_exit status = write_switch(args, paths.path, text_trim(reason));
    if (status != EXIT_YES)
        return status;
    status = check_switch(args, &paths);
    if (status == EXIT_YES)
        printf("%s: %s\nEvery push is accepted by hooks that use %s, until 'refgate enable'.\n",
               already ? "already disabled, with a new reason now" : "disabled", paths.path,
               paths.config);
    return status;
}

static const struct option_spec options[] = {
    {"reason", "TEXT", "why; goes to syslog and the audit log with each push", false},
    OPTION_CONFIG,
};

const struct command command_disable = {
    .name = "disable",
    .summary = "make the hooks accept every push (kill switch)",
    .operands = "",
    .details = "Writes refgate.disabled beside the configuration. The hooks go on recording that\n"
               "they accept because of it. Without --config it is the configuration that this\n"
               "program finds; a hook that has its own beside it needs --config.",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .run = run,
};
