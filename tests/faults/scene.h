/*
 * scene.h - one push, as the hook would be started for it, and what must come of it when nothing fails.
 *
 * A scene is a text file, `KEY VALUE` a line; tests/faults/scenes.sh writes them:
 *
 *   arg A          an argument of the hook (again for each)
 *   env NAME=VALUE a variable (again for each); nothing else is in the environment
 *   cwd DIR, stdin FILE
 *   secret TEXT    must not be shown to the pusher: where things are on the server; without digits
 *   audit FILE     the audit log; before each run it is as it was when the scene was read
 *   approvals DIR  likewise the files in it
 *   exit N, verdict WORD   without a fault
 *   required yes   [audit] required
 *   lenient yes    exit code 0 whatever fails (monitor mode, kill switch), but for what `strict` says
 *   strict TEXT    … unless stderr has this: the configuration, malformed stdin
 *   weaker TEXT    documented (semantics.md 8): with a reason that has this in its text, the push may
 *                  be let through with another record, or although it is refused without a fault
 *   refusal TEXT   policy says no (code 1) where this is told: no approval was asked for
 *   history TEXT   libgit2 takes less than it asked for as an error: a reason that has this in its text
 *                  may come of it
 */
#ifndef REFGATE_TESTS_FAULTS_SCENE_H
#define REFGATE_TESTS_FAULTS_SCENE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/error.h"

#define SCENE_LIST_MAX 64
#define SCENE_FILES_MAX 32

struct scene_list {
    char *items[SCENE_LIST_MAX + 1]; /* NULL at the end */
    size_t count;
};

struct scene_file { /* one of the approvals */
    char name[256];
    struct buffer content;
};

struct scene {
    struct scene_list arguments, environment, weaker, strict, history, refusal;
    char *directory, *input, *audit, *approvals, *verdict, *secret;
    int exit;
    bool required, lenient;
    struct buffer log; /* what the audit log held */
    struct scene_file files[SCENE_FILES_MAX];
    size_t file_count;
};

/* Reads a scene and what it names; false: said why on stdout. What it holds stays for good. */
bool scene_read(const char *path, struct scene *out);
/* The audit log and the approvals are again as they were. */
bool scene_restore(const struct scene *scene);

#endif
