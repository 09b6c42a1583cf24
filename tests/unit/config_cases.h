/*
 * config_cases.h - files of small configurations and what is said about them.
 *
 *     === NAME
 *     configuration
 *     ---
 *     LINE: sentence        (one for each finding, in order; none: the configuration is good)
 *
 * Lines before the first === are comments.
 */
#ifndef REFGATE_TESTS_UNIT_CONFIG_CASES_H
#define REFGATE_TESTS_UNIT_CONFIG_CASES_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "policy/config.h"

struct config_case {
    char name[128];
    int line; /* of its === in the file of cases */
    struct buffer config, expected;
};

struct config_cases {
    FILE *file;
    const char *path;
    char text[4096];
    int line, count;
    struct config_case now;
};

static inline void cases_open(struct config_cases *cases, const char *path)
{
    *cases = (struct config_cases){.file = fopen(path, "r"), .path = path};
    if (!cases->file)
        fail_msg("%s cannot be opened: run from the top of the tree", path);
    while (fgets(cases->text, (int)sizeof cases->text, cases->file)) {
        cases->line++;
        if (!strncmp(cases->text, "=== ", 4))
            return;
    }
    fail_msg("%s holds no case", path);
}

/* The next case; false (and closed) at the end. */
static inline bool cases_next(struct config_cases *cases)
{
    struct config_case *now = &cases->now;
    buffer_free(&now->config);
    buffer_free(&now->expected);
    if (strncmp(cases->text, "=== ", 4) != 0) {
        fclose(cases->file);
        return false;
    }
    buffer_init(&now->config, SIZE_MAX);
    buffer_init(&now->expected, SIZE_MAX);
    snprintf(now->name, sizeof now->name, "%.*s", (int)strcspn(cases->text + 4, "\n"),
             cases->text + 4);
    now->line = cases->line;
    cases->text[0] = '\0';
    struct buffer *into = &now->config;
    cases->count++;
    while (fgets(cases->text, (int)sizeof cases->text, cases->file)) {
        cases->line++;
        if (!strncmp(cases->text, "=== ", 4))
            return true;
        if (!strcmp(cases->text, "---\n"))
            into = &now->expected;
        else if (into == &now->config || strcmp(cases->text, "\n") != 0)
            buffer_string(into, cases->text);
        cases->text[0] = '\0';
    }
    if (into != &now->expected)
        fail_msg("%s:%d: the last case has no ---", cases->path, now->line);
    return true;
}

/* "refgate.conf:12: sentence" lines against "12: sentence" lines. */
static inline void case_check(const struct config_cases *cases, const struct config_errors *errors)
{
    struct buffer got;
    struct text rest = buffer_view(&errors->lines), line;
    buffer_init(&got, SIZE_MAX);
    while (text_next_field(&rest, '\n', &line)) {
        if (text_starts(line, TEXT("refgate.conf:")))
            line = text_skip(line, 13);
        if (line.size) {
            buffer_text(&got, line.at[0] == ' ' ? text_skip(line, 1) : line);
            buffer_string(&got, "\n");
        }
    }
    if (!text_equal(buffer_view(&got), buffer_view(&cases->now.expected)))
        fail_msg("%s:%d: %s\n# expected:\n%.*s# got:\n%.*s", cases->path, cases->now.line,
                 cases->now.name, TEXT_ARG(buffer_view(&cases->now.expected)),
                 TEXT_ARG(buffer_view(&got)));
    buffer_free(&got);
}

#endif
