#include "faults/scene.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

#define SCENE_FILE_MAX ((size_t)4 * 1024 * 1024)

static bool read_whole(const char *path, struct buffer *out)
{
    struct error err;
    buffer_init(out, SIZE_MAX);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool read = fd >= 0 && file_read_all(fd, SCENE_FILE_MAX, out, &err) == STATUS_OK;
    if (fd >= 0)
        close(fd);
    if (!read)
        printf("# cannot read %s\n", path);
    return read;
}

static bool write_whole(const char *path, const struct buffer *content, mode_t mode)
{
    struct error err;
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    bool wrote = fd >= 0 && !fchmod(fd, mode) &&
                 file_write_all(fd, content->data, content->size, &err) == STATUS_OK;
    if (fd >= 0)
        close(fd);
    if (!wrote)
        printf("# cannot write %s\n", path);
    return wrote;
}

/* ------------------------------------------------------------------ reading */

static bool add(struct scene_list *list, char *value)
{
    if (list->count == SCENE_LIST_MAX)
        return false;
    list->items[list->count++] = value;
    return true;
}

static bool set_key(struct scene *scene, const char *key, char *value)
{
    const struct {
        const char *key;
        struct scene_list *list;
        char **word;
        bool *flag;
    } keys[] = {
        {"arg", &scene->arguments, NULL, NULL},     {"env", &scene->environment, NULL, NULL},
        {"weaker", &scene->weaker, NULL, NULL},     {"strict", &scene->strict, NULL, NULL},
        {"refusal", &scene->refusal, NULL, NULL},   {"history", &scene->history, NULL, NULL},
        {"cwd", NULL, &scene->directory, NULL},     {"stdin", NULL, &scene->input, NULL},
        {"audit", NULL, &scene->audit, NULL},       {"approvals", NULL, &scene->approvals, NULL},
        {"verdict", NULL, &scene->verdict, NULL},   {"secret", NULL, &scene->secret, NULL},
        {"required", NULL, NULL, &scene->required}, {"lenient", NULL, NULL, &scene->lenient},
    };
    if (!strcmp(key, "exit")) {
        scene->exit = (int)strtol(value, NULL, 10);
        return true;
    }
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (strcmp(key, keys[i].key) != 0)
            continue;
        if (keys[i].list)
            return add(keys[i].list, value);
        if (keys[i].word)
            *keys[i].word = value;
        if (keys[i].flag)
            *keys[i].flag = !strcmp(value, "yes");
        return true;
    }
    return false;
}

static bool keep_approvals(struct scene *scene)
{
    DIR *stream = opendir(scene->approvals);
    const struct dirent *entry;
    bool good = stream != NULL;
    while (good && (entry = readdir(stream))) {
        struct scene_file *file = &scene->files[scene->file_count];
        char path[4096];
        if (entry->d_name[0] == '.')
            continue;
        good = scene->file_count < SCENE_FILES_MAX;
        if (!good)
            break;
        snprintf(file->name, sizeof file->name, "%s", entry->d_name);
        snprintf(path, sizeof path, "%s/%s", scene->approvals, entry->d_name);
        good = read_whole(path, &file->content);
        scene->file_count++;
    }
    if (stream)
        closedir(stream);
    return good;
}

bool scene_read(const char *path, struct scene *out)
{
    struct buffer bytes;
    if (!read_whole(path, &bytes) || !bytes.size)
        return false;
    for (char *line = bytes.data, *end; *line; line = end + 1) {
        end = strchr(line, '\n');
        char *value = strchr(line, ' ');
        if (!end || !value || value > end) {
            printf("# %s: not a line of a scene: %.40s\n", path, line);
            return false;
        }
        *end = *value = '\0';
        if (!set_key(out, line, value + 1)) {
            printf("# %s: what is %s?\n", path, line);
            return false;
        }
    }
    if (!out->directory || !out->input || !out->verdict || !out->audit || !out->secret) {
        printf("# %s: something is missing\n", path);
        return false;
    }
    return read_whole(out->audit, &out->log) && (!out->approvals || keep_approvals(out));
}

/* ------------------------------------------------------------------ before each run */

static bool clear_directory(const char *path)
{
    DIR *stream = opendir(path);
    const struct dirent *entry;
    while (stream && (entry = readdir(stream)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            unlinkat(dirfd(stream), entry->d_name, 0);
    return stream && !closedir(stream);
}

bool scene_restore(const struct scene *scene)
{
    bool good = write_whole(scene->audit, &scene->log, 0640);
    if (scene->approvals)
        good = clear_directory(scene->approvals) && good;
    for (size_t i = 0; i < scene->file_count; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", scene->approvals, scene->files[i].name);
        good = write_whole(path, &scene->files[i].content, 0644) && good;
    }
    return good;
}
