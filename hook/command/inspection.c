#include "command/inspection.h"

#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "policy/lint.h"

#define MEMORY ((size_t)1024 * 1024 * 1024)

void inspection_free(struct inspection *in)
{
    arena_free(&in->arena);
    config_errors_free(&in->errors);
    config_errors_free(&in->warnings);
}

/* The hook would refuse a file that others can write: say so while it still does no harm. */
static void check_trust(struct inspection *in)
{
    struct error err = {0};
    int fd = -1;
    if (!in->in_use)
        return;
    if (file_open_trusted(in->path, NULL, &fd, NULL, &err) == STATUS_OK) {
        close(fd);
        return;
    }
    buffer_printf(&in->warnings.lines,
                  "%s: warning: the hook would not believe this file: ", in->name);
    buffer_escaped(&in->warnings.lines, text_of(err.text), sizeof err.text, false);
    buffer_string(&in->warnings.lines, "\n");
    in->warnings.count++;
}

static enum command_exit read_bytes(const struct arguments *args, const char *path,
                                    struct inspection *in)
{
    struct error err = {0};
    struct buffer bytes;
    buffer_init(&bytes, CONFIG_SIZE_MAX + 1);
    enum status status = config_read_file(path, &bytes, &err);
    if (status == STATUS_OK)
        in->bytes = arena_text(&in->arena, buffer_view(&bytes));
    buffer_free(&bytes);
    if (status != STATUS_OK)
        return command_trouble(args, "%s", err.text);
    return text_absent(in->bytes) ? command_trouble(args, "out of memory") : EXIT_YES;
}

enum command_exit inspection_read(const struct arguments *args, const char *file,
                                  struct inspection *in)
{
    struct error err = {0};
    arena_init(&in->arena, MEMORY);
    config_errors_init(&in->errors);
    config_errors_init(&in->warnings);
    in->in_use = !file;
    if (!file && config_locate(argument(args, "config"), in->path, sizeof in->path, &err))
        return command_trouble(args, "%s", err.text);
    const char *path = file ? file : in->path;
    in->name = strcmp(path, "-") ? config_base_name(path) : "standard input";
    if (read_bytes(args, path, in) != EXIT_YES)
        return EXIT_TROUBLE;
    enum status status = config_parse_kept(in->bytes, in->name, &in->arena, &in->policy,
                                           &in->errors, &in->listing);
    if (status == STATUS_MEMORY)
        return command_trouble(args, "out of memory");
    check_trust(in);
    return status ? EXIT_NO : EXIT_YES;
}

enum command_exit inspection_lint(const struct arguments *args, struct inspection *in,
                                  const struct view *view)
{
    struct error err = {0};
    const struct lint_input input = {
        .policy = &in->policy,
        .listing = &in->listing,
        .view = view,
        .timezone_known = clock_local(clock_now_ms(), in->policy.timezone.at).known,
    };
    return lint_policy(&input, &in->arena, &in->warnings, &err)
               ? command_trouble(args, "%s", err.text)
               : EXIT_YES;
}
