/* push/location.h: where the repository of a push is (hook contract, "Finding the repository"). */
#include "tsv.h"

#include <limits.h>
#include <unistd.h>

#include "base/buffer.h"
#include "push/location.h"
#include "scratch.h"

/* ------------------------------------------------------------------ an environment as a table */

struct settings {
    const char *quarantine, *objects, *alternates, *git_dir;
};

static const char *settings_get(void *self, const char *name)
{
    const struct settings *settings = self;
    if (!strcmp(name, "GIT_QUARANTINE_PATH"))
        return settings->quarantine;
    if (!strcmp(name, "GIT_OBJECT_DIRECTORY"))
        return settings->objects;
    if (!strcmp(name, "GIT_ALTERNATE_OBJECT_DIRECTORIES"))
        return settings->alternates;
    if (!strcmp(name, "GIT_DIR"))
        return settings->git_dir;
    fail_msg("%s was asked for", name); /* $PWD above all: it is stale in hooks */
    return NULL;
}

static char top[PATH_MAX], origin[PATH_MAX + 32], cwd_before[PATH_MAX];
static struct arena arena;

static const char *in_top(const char *path)
{
    const char *full = arena_printf(&arena, "%s/%s", top, path);
    assert_non_null(full);
    return full;
}

/* A repository 84 with a quarantine, its origin 7, a place with nothing. */
static int make(void **state)
{
    (void)state;
    arena_init(&arena, SIZE_MAX);
    assert_non_null(getcwd(cwd_before, sizeof cwd_before));
    scratch_make(top, sizeof top);
    scratch_sh(top, "for r in repositories/84 repositories/7 app.git 12.git x:y; do\n"
                    "  mkdir -p $r/objects/tmp_objdir-incoming-a1 $r/refs\n"
                    "  echo ref: refs/heads/main >$r/HEAD\n"
                    "done\n"
                    "mkdir -p nothing/objects/incoming-1 half/objects/incoming-1 half/refs\n"
                    "mkdir -p 21/objects 21/refs work/.git/objects work/.git/refs\n"
                    "ln -s refs/heads/none 21/HEAD\n"
                    "mkdir wrong wrong/HEAD wrong/objects wrong/refs; touch nothing/HEAD\n"
                    "echo x >work/.git/HEAD\n"
                    "ln -s repositories/84 link");
    snprintf(origin, sizeof origin, "%s/repositories/7/objects", top);
    assert_int_equal(chdir(in_top("nothing")), 0);
    return 0;
}

static int unmake(void **state)
{
    (void)state;
    assert_int_equal(chdir(cwd_before), 0);
    scratch_remove(top);
    arena_free(&arena);
    return 0;
}

static struct location find(struct settings settings, const char *git_dir)
{
    const struct environment env = {settings_get, &settings};
    struct location location;
    struct error err = {STATUS_OK, ""};
    if (location_find(&env, git_dir, &arena, &location, &err))
        fail_msg("%s", err.text);
    return location;
}

static void is_at(struct location location, const char *path)
{
    const char *want = path ? in_top(path) : NULL;
    if (!location.repository || !want ? location.repository != want
                                      : strcmp(location.repository, want) != 0)
        fail_msg("wanted %s, got %s", want ? want : "none",
                 location.repository ? location.repository : "none");
}

static void has_id(struct location location, uint64_t id) /* 0: none */
{
    assert_int_equal(location.storage_id_known, id != 0);
    assert_int_equal(location.storage_id, id);
}

/* ------------------------------------------------------------------ tests */

static void by_quarantine(void **state)
{
    (void)state;
    const char *quarantine = in_top("repositories/84/objects/tmp_objdir-incoming-a1");
    struct location location = find(
        (struct settings){.quarantine = quarantine,
                          .objects = quarantine,
                          .alternates = in_top("repositories/84/objects")},
        NULL);
    is_at(location, "repositories/84");
    has_id(location, 84);
    assert_string_equal(location.quarantine, quarantine);
    assert_int_equal(location.alternate_count, 1);
    assert_string_equal(location.alternates[0], in_top("repositories/84/objects"));
}

static void as_git_spells_it(void **state)
{
    (void)state; /* with GIT_DIR=. git says "/…/84/./objects/tmp_objdir-…" (seen, git 2.39) */
    struct location location = find(
        (struct settings){
            .quarantine = in_top("repositories/84/./objects//tmp_objdir-incoming-a1/")},
        NULL);
    is_at(location, "repositories/84");
    assert_string_equal(location.quarantine,
                        in_top("repositories/84/objects/tmp_objdir-incoming-a1"));
}

static void origin_first(void **state)
{
    (void)state; /* a fork: what was in the variable before stands in front of the own objects */
    const char *quarantine = in_top("repositories/84/objects/tmp_objdir-incoming-a1");
    const char *both = arena_printf(&arena, "%s:%s", origin, in_top("repositories/84/objects"));
    struct location location = find((struct settings){quarantine, quarantine, both, NULL}, NULL);
    is_at(location, "repositories/84");
    has_id(location, 84);
    assert_int_equal(location.alternate_count, 2);
    assert_string_equal(location.alternates[0], origin);

    /* Without a quarantine that leads there nobody can say which of the two it is: no id. */
    location = find((struct settings){.alternates = both}, NULL);
    is_at(location, "repositories/7");
    has_id(location, 0);
    location = find((struct settings){.alternates = origin}, NULL);
    has_id(location, 7);
}

static void object_directory_only(void **state)
{
    (void)state;
    const char *objects = in_top("repositories/84/objects/tmp_objdir-incoming-a1");
    struct location location = find((struct settings){.objects = objects}, NULL);
    is_at(location, "repositories/84");
    has_id(location, 84);
    assert_string_equal(location.quarantine, objects);
    location = find((struct settings){.objects = in_top("repositories/84/objects")}, NULL);
    is_at(location, "repositories/84");
    assert_null(location.quarantine);
}

static void order(void **state)
{
    (void)state;
    struct settings all = {in_top("nothing/objects/incoming-1"), in_top("half/objects"),
                           in_top("12.git/objects"), in_top("repositories/84")};
    is_at(find(all, NULL), "12.git");
    has_id(find(all, NULL), 12);
    all.alternates = NULL;
    is_at(find(all, NULL), "repositories/84");
    all.git_dir = NULL;
    is_at(find(all, NULL), NULL);
    assert_int_equal(chdir(in_top("repositories/84/refs")), 0);
    is_at(find(all, NULL), "repositories/84");
    has_id(find(all, NULL), 84);
    assert_int_equal(chdir(in_top("nothing")), 0);
}

static void relative(void **state)
{
    (void)state;
    assert_int_equal(chdir(in_top("repositories/84")), 0);
    is_at(find((struct settings){.git_dir = "."}, NULL), "repositories/84");
    struct location location = find(
        (struct settings){.quarantine = "./objects/tmp_objdir-incoming-a1",
                          .alternates = "objects:../7/objects"},
        NULL);
    is_at(location, "repositories/84");
    assert_string_equal(location.quarantine,
                        in_top("repositories/84/objects/tmp_objdir-incoming-a1"));
    assert_string_equal(location.alternates[1], in_top("repositories/7/objects"));
    is_at(find((struct settings){.git_dir = "../../app.git"}, NULL), "app.git");
    assert_int_equal(chdir(in_top("nothing")), 0);
}

static void quoted(void **state)
{
    (void)state;
    const char *entry = arena_printf(&arena, "\"%s\"", in_top("x:y/objects"));
    is_at(find((struct settings){.alternates = entry}, NULL), "x:y");
}

static void not_here(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "/",
        "/nonexistent/objects/incoming-1",
        "//",
        "relative/none",
        "/..",
        "../../../../..",
        "\"",
        ":::",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct location location = find((struct settings){bad[i], bad[i], bad[i], bad[i]}, NULL);
        is_at(location, NULL);
        has_id(location, 0);
    }
    is_at(find((struct settings){0}, NULL), NULL);
    is_at(find((struct settings){.quarantine = in_top("half/objects/incoming-1")}, NULL), NULL);
    is_at(find((struct settings){.quarantine = in_top("wrong/objects")}, NULL), NULL);
    static char deep[3 * PATH_MAX];
    for (size_t i = 0; i + 2 < sizeof deep; i += 2)
        memcpy(deep + i, "/a", 2);
    is_at(find((struct settings){deep, deep, deep, deep}, NULL), NULL);
    deep[PATH_MAX - 1] = '\0';
    is_at(find((struct settings){deep, deep, deep, deep}, NULL), NULL);
}

static void storage_ids(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint64_t id;
    } rows[] = {
        {"1", 1},
        {"84", 84},
        {"084", 0},
        {"0", 0},
        {"84.git", 84},
        {"084.git", 0},
        {".git", 0},
        {"84x", 0},
        {"-1", 0},
        {"+1", 0},
        {"84.git.git", 0},
        {"84 ", 0},
        {"app", 0},
        {"9223372036854775807", INT64_MAX},
        {"9223372036854775808", 0},
        {"99999999999999999999", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *path = arena_printf(&arena, "%s/ids/%s", top, rows[i].name);
        const char *script = arena_printf(
            &arena, "mkdir -p 'ids/%s/objects' 'ids/%s/refs'; echo x >'ids/%s/HEAD'", rows[i].name,
            rows[i].name, rows[i].name);
        scratch_sh(top, script);
        struct location location = find((struct settings){.git_dir = path}, NULL);
        assert_string_equal(location.repository, path);
        if (location.storage_id != rows[i].id || location.storage_id_known != (rows[i].id != 0))
            fail_msg("%s: %llu", rows[i].name, (unsigned long long)location.storage_id);
    }
}

static void symbolic_head(void **state)
{
    (void)state;
    is_at(find((struct settings){.git_dir = in_top("21")}, NULL), "21");
}

static void named_directory(void **state)
{
    (void)state;
    struct settings hook = {in_top("repositories/84/objects/tmp_objdir-incoming-a1"), NULL,
                            in_top("repositories/84/objects"), NULL};
    struct location location = find(hook, in_top("12.git"));
    is_at(location, "12.git");
    has_id(location, 12);
    assert_null(location.quarantine);
    assert_int_equal(location.alternate_count, 0);
    is_at(find(hook, "../app.git/"), "app.git");
    is_at(find(hook, in_top("work/.git")), "work/.git");
    is_at(find(hook, in_top("app.git/refs")), NULL); /* exactly that one */
    is_at(find(hook, in_top("nothing")), NULL);
}

static void many_alternates(void **state)
{
    (void)state;
    struct buffer list;
    buffer_init(&list, SIZE_MAX);
    for (int i = 0; i < 2000; i++)
        buffer_printf(&list, "/nonexistent/%d:", i);
    struct location location = find((struct settings){.alternates = list.data}, NULL);
    assert_true(location.alternate_count <= 64);
    is_at(location, NULL);
    buffer_free(&list);
}

static void no_memory(void **state)
{
    (void)state;
    struct settings settings = {.git_dir = top};
    const struct environment env = {settings_get, &settings};
    struct arena none;
    struct location location = {.storage_id = 5};
    arena_init(&none, 0);
    assert_int_equal(location_find(&env, NULL, &none, &location, NULL), STATUS_MEMORY);
    assert_int_equal(location.storage_id, 5);
}

/* A fork as Bitbucket makes it: git writes its own variables for a real push. */
static void real_push(void **state)
{
    (void)state;
    char dump[PATH_MAX + 16], line[2 * PATH_MAX];
    scratch_sh(top, "unset GIT_DIR; mkdir push; cd push\n"
                    "git init -q --bare 7; git init -q --bare 84\n"
                    "git init -q client; cd client; git checkout -q -b main\n"
                    "git commit -q --allow-empty -m one; git push -q ../7 main\n"
                    "echo ../../7/objects >../84/objects/info/alternates\n"
                    "printf '%s\\n' '#!/bin/sh' 'env >../env' >../84/hooks/pre-receive\n"
                    "chmod +x ../84/hooks/pre-receive\n"
                    "git commit -q --allow-empty -m two; git push -q ../84 main");
    snprintf(dump, sizeof dump, "%s/push/env", top);
    FILE *file = fopen(dump, "r");
    assert_non_null(file);
    struct settings settings = {0};
    while (fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        char *value = strchr(line, '=');
        if (!value)
            continue;
        *value++ = '\0';
        const char *copy = arena_printf(&arena, "%s", value);
        if (!strcmp(line, "GIT_QUARANTINE_PATH"))
            settings.quarantine = copy;
        else if (!strcmp(line, "GIT_OBJECT_DIRECTORY"))
            settings.objects = copy;
        else if (!strcmp(line, "GIT_ALTERNATE_OBJECT_DIRECTORIES"))
            settings.alternates = copy;
    }
    fclose(file);
    assert_non_null(settings.quarantine);
    struct location location = find(settings, NULL); /* GIT_DIR unset, cwd elsewhere */
    is_at(location, "push/84");
    has_id(location, 84);
    assert_non_null(strstr(location.quarantine, "/push/84/objects/"));
    assert_int_equal(location.alternate_count, 1);
    assert_string_equal(location.alternates[0], in_top("push/84/objects"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"hook contract: the quarantine leads to the repository", by_quarantine, NULL, NULL, NULL},
        {"the quarantine as git spells it with GIT_DIR=.", as_git_spells_it, NULL, NULL, NULL},
        {"hook contract: an alternate can be a fork's origin", origin_first, NULL, NULL, NULL},
        {"GIT_OBJECT_DIRECTORY alone leads there too", object_directory_only, NULL, NULL, NULL},
        {"quarantine, objects, alternates, GIT_DIR, cwd: in this order", order, NULL, NULL, NULL},
        {"relative paths are resolved against the current directory", relative, NULL, NULL, NULL},
        {"an alternate with ':' in its name is quoted", quoted, NULL, NULL, NULL},
        {"no repository on this host is no error", not_here, NULL, NULL, NULL},
        {"hook contract: the storage path ends in the repository's id", storage_ids, NULL, NULL,
         NULL},
        {"HEAD may be a symbolic link", symbolic_head, NULL, NULL, NULL},
        {"--git-dir overrides the environment", named_directory, NULL, NULL, NULL},
        {"thousands of alternates are bounded", many_alternates, NULL, NULL, NULL},
        {"out of memory is said", no_memory, NULL, NULL, NULL},
        {"a real push to a fork with alternates", real_push, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests(tests, make, unmake);
}
