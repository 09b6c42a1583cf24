/* bitbucket/endpoint.h: the table of what is read; the manuals tell all of it, and no more. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "bitbucket/endpoint.h"

static char *snapshot_manual, *sync_manual;

static char *read_manual(const char *path)
{
    char *content = NULL;
    size_t size = 0;
    FILE *file = fopen(path, "r");
    ssize_t got = file ? getdelim(&content, &size, '\0', file) : -1;
    if (file)
        fclose(file);
    if (got <= 0)
        print_error("%s: run from the top of the tree\n", path);
    return content;
}

static int read_manuals(void **state)
{
    (void)state;
    snapshot_manual = read_manual("packaging/man/refgate-snapshot.5");
    sync_manual = read_manual("packaging/man/refgate-sync.8");
    return snapshot_manual && sync_manual ? 0 : -1;
}

static int free_manuals(void **state)
{
    (void)state;
    free(snapshot_manual);
    free(sync_manual);
    return 0;
}

/* ------------------------------------------------------------------ the table itself */

static void table_is_complete(void **state)
{
    (void)state;
    for (size_t i = 0; i < ENDPOINTS; i++) {
        const struct endpoint *e = &endpoints[i];
        assert_non_null(e->name);
        assert_true(!strncmp(e->before, "/rest/", 6) && e->before[strlen(e->before) - 1] == '/');
        assert_int_equal(e->after[0], '/');
        assert_true(*e->version && *e->permission);
        if (e->fallback == ENDPOINTS)
            continue;
        assert_true(endpoints[e->fallback].flags & ENDPOINT_FALLBACK);
        assert_int_equal(endpoints[e->fallback].fallback, ENDPOINTS);
    }
}

/* Tokens are refused where ADMIN is needed (rest-api.md 4.1). */
static void what_needs_admin_is_asked_by_password(void **state)
{
    (void)state;
    for (size_t i = 0; i < ENDPOINTS; i++)
        if (!strcmp(endpoints[i].permission, "ADMIN") != !!(endpoints[i].flags & ENDPOINT_ADMIN))
            fail_msg("%s: ADMIN and ENDPOINT_ADMIN go together", endpoints[i].name);
}

/* ------------------------------------------------------------------ the list in the manual */

static const struct {
    const char *placeholder, *letter;
} letters[] = {
    {"{project}", "K"}, {"{repository}", "R"}, {"{group}", "G"}, {"{user}", "U"}, {"{slug}", "S"},
};

static void add_path(struct buffer *out, const char *after)
{
    while (*after) {
        size_t i = 0, count = sizeof letters / sizeof letters[0];
        while (i < count && strncmp(after, letters[i].placeholder, strlen(letters[i].placeholder)))
            i++;
        if (i == count) {
            buffer_add(out, after++, 1);
        } else {
            buffer_string(out, letters[i].letter);
            after += strlen(letters[i].placeholder);
        }
    }
}

/* "/rest/api/latest/projects/K/ssh *": the address, and what the manual says of it. */
static void line_of(struct buffer *out, const struct endpoint *e)
{
    buffer_printf(out, "%slatest", e->before);
    add_path(out, e->after);
    buffer_printf(out, " %s%s%s%s", e->flags & ENDPOINT_OLD_LACKS ? "*" : "",
                  e->flags & ENDPOINT_ADMIN ? "a" : "", e->flags & ENDPOINT_FALLBACK ? "i" : "",
                  e->flags & ENDPOINT_TWICE ? "2" : "");
}

/* Does the manual have this line, with any number of blanks between its two parts? */
static bool manual_has(const char *wanted)
{
    size_t path = strcspn(wanted, " ");
    for (const char *line = snapshot_manual; (line = strchr(line, '\n'));) {
        line++;
        if (strncmp(line, wanted, path) || (line[path] != ' ' && line[path] != '\n'))
            continue;
        const char *marks = line + path + strspn(line + path, " ");
        size_t size = strcspn(marks, "\n");
        if (size == strlen(wanted + path + 1) && !strncmp(marks, wanted + path + 1, size))
            return true;
    }
    return false;
}

static void manual_lists_every_endpoint(void **state)
{
    (void)state;
    for (size_t i = 0; i < ENDPOINTS; i++) {
        struct buffer line;
        buffer_init(&line, SIZE_MAX);
        line_of(&line, &endpoints[i]);
        assert_false(line.failed);
        if (!manual_has(line.data))
            fail_msg("refgate-snapshot(5) has no line \"%s\"", line.data);
        buffer_free(&line);
    }
}

static void manual_lists_nothing_else(void **state)
{
    (void)state;
    const char *end = strstr(snapshot_manual, "\n.Ss Questions that are in no recording");
    const char *line = strstr(snapshot_manual, "\n.Ss Answers that are read");
    size_t count = 0;
    assert_non_null(end);
    assert_non_null(line);
    while ((line = strstr(line + 1, "\n/rest/")) && line < end)
        count++;
    assert_int_equal(count, ENDPOINTS);
}

/* refgate-sync(8) says for what each permission is needed. */
static void manual_names_every_permission(void **state)
{
    (void)state;
    for (size_t i = 0; i < ENDPOINTS; i++) {
        char item[64];
        size_t size = strcspn(endpoints[i].permission, " "); /* "... on all projects" */
        if (!strcmp(endpoints[i].permission, "none"))
            continue;
        snprintf(item, sizeof item, "\n.It Cm %.*s", (int)size, endpoints[i].permission);
        if (!strstr(sync_manual, item))
            fail_msg("refgate-sync(8) does not tell what %s is for", endpoints[i].permission);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_is_complete),
        cmocka_unit_test(what_needs_admin_is_asked_by_password),
        cmocka_unit_test(manual_lists_every_endpoint),
        cmocka_unit_test(manual_lists_nothing_else),
        cmocka_unit_test(manual_names_every_permission),
    };
    return cmocka_run_group_tests(tests, read_manuals, free_manuals);
}
