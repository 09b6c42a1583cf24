#include "command/controls.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "posture/posture.h"

#define MAP_NAME "control-map.ini"

/* Types of reasons in a record, and what is behind all of them. */
static const char *const subjects[] = {
    "rule",     "restriction", "permission", "access-key", "service-account",
    "identity", "namespace",   "freshness",  "approval",   "audit",
};

bool controls_subject_known(struct text subject)
{
    static const struct text finding = {"finding:", 8};
    if (text_starts(subject, finding))
        return posture_kind_find(text_skip(subject, finding.size)) != NULL;
    for (size_t i = 0; i < sizeof subjects / sizeof subjects[0]; i++)
        if (text_equal(subject, text_of(subjects[i])))
            return true;
    return false;
}

static bool beside(const char *config_path, char *out, size_t size)
{
    const char *slash = config_path ? strrchr(config_path, '/') : NULL;
    int length = snprintf(out, size, "%.*s%s", slash ? (int)(slash - config_path) + 1 : 0,
                          slash ? config_path : "", MAP_NAME);
    return config_path && length > 0 && (size_t)length < size;
}

/* Bytes that live as long as the arena. */
static bool keep(const struct buffer *bytes, struct arena *arena, struct text *out)
{
    *out = arena_text(arena, buffer_view(bytes));
    return out->at != NULL;
}

static bool parse(const struct arguments *args, const char *path, const struct buffer *bytes,
                  struct arena *arena, struct control_map *out)
{
    struct config_errors errors;
    struct text kept;
    config_errors_init(&errors);
    enum status status = keep(bytes, arena, &kept)
                             ? control_map_parse(kept, config_base_name(path),
                                                 controls_subject_known, arena, out, &errors)
                             : STATUS_MEMORY;
    if (status == STATUS_FORMAT) {
        fputs(errors.lines.data ? errors.lines.data : "", stderr);
        command_trouble(args, "the control map is not usable");
    } else if (status != STATUS_OK) {
        command_trouble(args, "out of memory");
    }
    config_errors_free(&errors);
    return status == STATUS_OK;
}

/* STATUS_NOT_FOUND: not there. Else what is wrong was printed, or *out is filled. */
static enum status load(const struct arguments *args, const char *path, struct arena *arena,
                        struct control_map *out, struct error *err)
{
    struct buffer bytes;
    buffer_init(&bytes, SIZE_MAX);
    enum status status = config_read_file(path, &bytes, err);
    if (status == STATUS_OK && !parse(args, path, &bytes, arena, out))
        status = STATUS_FORMAT;
    else if (status != STATUS_OK && status != STATUS_NOT_FOUND)
        command_trouble(args, "%s", err->text);
    buffer_free(&bytes);
    return status;
}

/* Where it was installed: share/refgate beside the bin that this program is in. */
static bool installed(char *out, size_t size)
{
    char self[PATH_MAX];
    if (file_self_path(self, sizeof self, NULL) != STATUS_OK)
        return false;
    for (int i = 0; i < 2; i++) {
        char *slash = strrchr(self, '/');
        if (!slash)
            return false;
        *slash = '\0';
    }
    int length = snprintf(out, size, "%s/share/refgate/%s", self, MAP_NAME);
    return length > 0 && (size_t)length < size;
}

bool controls_load(const struct arguments *args, const char *config_path, struct arena *arena,
                   struct control_map *out)
{
    struct error err = {STATUS_OK, ""};
    const char *named = argument(args, "control-map");
    char path[PATH_MAX];
    enum status status = STATUS_NOT_FOUND;
    *out = (struct control_map){0};
    if (named) {
        status = load(args, named, arena, out, &err);
        if (status == STATUS_NOT_FOUND)
            command_trouble(args, "%s", err.text);
        return status == STATUS_OK;
    }
    if (beside(config_path, path, sizeof path))
        status = load(args, path, arena, out, &err);
    if (status == STATUS_NOT_FOUND && installed(path, sizeof path))
        status = load(args, path, arena, out, &err);
    return status == STATUS_OK || status == STATUS_NOT_FOUND;
}
