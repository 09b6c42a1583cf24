#include "command/sync_run.h"

#include <stdarg.h>
#include <stdio.h>

static void say(struct sync_run *run, bool warning, const char *format, va_list list)
{
    char text[2048];
    struct buffer safe;
    buffer_init(&safe, SIZE_MAX);
    vsnprintf(text, sizeof text, format, list);
    buffer_escaped(&safe, text_of(text), sizeof text, false);
    sync_progress_clear(&run->progress);
    fprintf(stderr, "%s: %s%s\n", run->args->path, warning ? "warning: " : "",
            safe.data ? safe.data : "");
    if (warning)
        json_array_append_new(run->warnings, json_string(safe.data ? safe.data : ""));
    buffer_free(&safe);
}

void sync_warn(struct sync_run *run, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    say(run, true, format, list);
    va_end(list);
}

void sync_say(struct sync_run *run, const char *format, ...)
{
    va_list list;
    if (run->options.quiet)
        return;
    va_start(list, format);
    say(run, false, format, list);
    va_end(list);
}

enum status sync_path(const struct sync_run *run, const char *suffix, char out[PATH_MAX],
                      struct error *err)
{
    char path[PATH_MAX];
    int size = snprintf(path, sizeof path, "%s%s", run->output.path, suffix);
    if (size < 0 || (size_t)size >= sizeof path)
        return error_set(err, STATUS_IO, "the path of the snapshot is too long");
    memcpy(out, path, (size_t)size + 1);
    return STATUS_OK;
}
