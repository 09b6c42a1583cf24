/* install_native.c - refgate install native: hooks/pre-receive.d of a repository's own directory. */
#include "command/install.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUFFIX "_refgate"
#define BITBUCKETS_ORDER 20 /* 20_bitbucket_callback */

static bool trouble(struct install *in, const char *text)
{
    command_trouble(in->args, "%s", text);
    return false;
}

/* A bare repository as Bitbucket lays it out; in any other directory a hook would not run. */
static bool check_repository(struct install *in, const char *path)
{
    static const struct {
        const char *name;
        bool directory;
    } parts[] = {{"HEAD", false}, {"objects", true}, {"refs", true}, {"hooks", true}};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        struct stat st;
        const char *part = arena_printf(&in->arena, "%s/%s", path, parts[i].name);
        if (!part)
            return trouble(in, "out of memory");
        if (stat(part, &st) || (parts[i].directory ? !S_ISDIR(st.st_mode) : !S_ISREG(st.st_mode))) {
            command_trouble(
                in->args,
                "%s is not a bare git repository as Bitbucket has them: there is no %s %s", path,
                parts[i].directory ? "directory" : "file", parts[i].name);
            return false;
        }
    }
    return true;
}

/* Names "NN_refgate" in pre-receive.d; *count of them, at most as many as there are. */
static bool find_ours(struct install *in, const char *directory, const char ***out, size_t *count)
{
    const char **names = arena_alloc(&in->arena, 100, sizeof *names);
    DIR *stream = opendir(directory);
    *count = 0;
    *out = names;
    if (!names)
        return trouble(in, "out of memory");
    if (!stream && errno != ENOENT) {
        command_trouble(in->args, "cannot look into %s: %s", directory, strerror(errno));
        return false;
    }
    for (struct dirent *entry; stream && *count < 100 && (entry = readdir(stream));) {
        const char *name = entry->d_name;
        if (!ascii_digit(name[0]) || !ascii_digit(name[1]) || strcmp(name + 2, SUFFIX) != 0)
            continue;
        names[*count] = arena_printf(&in->arena, "%s/%s", directory, name);
        if (!names[(*count)++]) {
            closedir(stream);
            return trouble(in, "out of memory");
        }
    }
    if (stream)
        closedir(stream);
    return true;
}

static bool choose_order(struct install *in, uint64_t *order)
{
    const char *given = argument(in->args, "order");
    *order = 10;
    if (given && !text_parse_u64(text_of(given), 99, false, order))
        return trouble(in, "--order is a number from 0 to 99");
    if (*order >= BITBUCKETS_ORDER && !in->uninstall)
        install_say(
            in, INSTALL_WARN, "order", "--order 10",
            "runs after Bitbucket's own 20_bitbucket_callback: what is refused then, Bitbucket "
            "has taken for accepted");
    return true;
}

static void warn_of_dispatcher(struct install *in, const char *repository)
{
    const char *path = arena_printf(&in->arena, "%s/hooks/pre-receive", repository);
    if (path && access(path, X_OK))
        install_say(
            in, INSTALL_WARN, "dispatcher", "let Bitbucket make it: push once to the repository",
            "%s does not exist or is not executable: nothing runs what is in pre-receive.d", path);
}

/* The ones of another order go: the hook is to run once. */
static bool plan_repository(struct install *in, const char *repository, uint64_t order)
{
    const char **ours;
    size_t count;
    const char *directory = arena_printf(&in->arena, "%s/hooks/pre-receive.d", repository);
    const char *path = arena_printf(&in->arena, "%s/hooks/pre-receive.d/%02d" SUFFIX, repository,
                                    (int)order);
    if (!directory || !path)
        return trouble(in, "out of memory");
    if (!check_repository(in, repository) || !find_ours(in, directory, &ours, &count))
        return false;
    if (!in->uninstall) {
        warn_of_dispatcher(in, repository);
        struct install_step *step = install_step_add(in, &install_kind_directory, "directory");
        if (!step)
            return trouble(in, "out of memory");
        step->path = directory;
        step->mode = 0755;
        step = install_step_add(in, &install_kind_file, "file");
        if (!step)
            return trouble(in, "out of memory");
        step->path = path;
        step->mode = 0755;
        step->content = in->content;
        step->guarded = true;
    } else if (!count && !install_file_restore(in, path)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!in->uninstall && !strcmp(ours[i], path))
            continue;
        if (!install_file_restore(in, ours[i]))
            return false;
        in->steps[in->step_count - 1].guarded = true;
    }
    return true;
}

enum command_exit install_native(struct install *in)
{
    uint64_t order;
    const char *first;
    if (!install_absolute(in, in->args->operands[0], &first) || !check_repository(in, first) ||
        !install_check_hook(in, in->home ? NULL : first, NULL) || !choose_order(in, &order))
        return EXIT_TROUBLE;
    if (!in->uninstall) {
        install_say(
            in, INSTALL_WARN, "native", "prefer hook-script or external-hooks",
            "Atlassian discourages it, and nothing tells such a hook who pushes: only rules "
            "that ask for neither user nor permission can hold");
        install_check_policy(in);
        in->content = install_script_of(&in->arena, in->hook, in->hook_config, true);
        if (text_absent(in->content) || !install_account_files(in))
            return EXIT_TROUBLE;
    }
    for (size_t i = 0; i < in->args->operand_count; i++) {
        const char *repository;
        if (!install_absolute(in, in->args->operands[i], &repository) ||
            !plan_repository(in, repository, order))
            return EXIT_TROUBLE;
    }
    return install_carry_out(in);
}
