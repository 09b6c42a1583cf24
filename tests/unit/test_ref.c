/* model/ref.h: names of refs and object ids. */
#include "tsv.h"

#include <errno.h>
#include <spawn.h>
#include <sys/wait.h>

#include "model/ref.h"

/* What git says about a name; -1 when there is no git to ask. */
static int ask_git(struct text name)
{
    char argument[256];
    snprintf(argument, sizeof argument, "%.*s", TEXT_ARG(name));
    if (strlen(argument) != name.size)
        return -1; /* a NUL cannot be said on a command line */
    static char *const environment[] = {NULL};
    char git[] = "git", command[] = "check-ref-format";
    char *const arguments[] = {git, command, argument, NULL};
    pid_t child;
    if (posix_spawnp(&child, git, NULL, NULL, arguments, environment)) /* says nothing itself */
        return -1;
    int status;
    while (waitpid(child, &status, 0) < 0)
        assert_int_equal(errno, EINTR);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status) == 127 ? -1 : WEXITSTATUS(status) == 0;
}

static void table(void **state)
{
    (void)state;
    struct tsv tsv;
    bool git = ask_git(TEXT("refs/heads/main")) == 1;
    tsv_open(&tsv, "tests/unit/data/ref-names.tsv");
    while (tsv_next(&tsv)) {
        bool expected = text_equal(tsv.field[1], TEXT("1"));
        assert_true(expected || text_equal(tsv.field[1], TEXT("0")));
        if (ref_name_valid(tsv.field[0]) != expected)
            fail_msg("%s:%d: should be %d", tsv.path, tsv.line, expected);
        if (git && ask_git(tsv.field[0]) != expected)
            fail_msg("%s:%d: git does not say %d", tsv.path, tsv.line, expected);
    }
}

static void only_full_names(void **state)
{
    (void)state;
    static const char *const names[] = {"",
                                        "r",
                                        "refs",
                                        "refs/",
                                        "HEAD",
                                        "main",
                                        "heads/a",
                                        "/refs/heads/a",
                                        "refs/.",
                                        "REFS/heads/a",
                                        " refs/heads/a",
                                        "@",
                                        "@{-1}",
                                        "refsx/heads/a"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (ref_name_valid(text_of(names[i])))
            fail_msg("\"%s\" is no full name", names[i]);
    assert_false(ref_name_valid(TEXT_NONE));
    assert_false(ref_name_valid((struct text){"refs/heads/a\0b", 14}));
    assert_false(ref_name_valid((struct text){"refs/heads/a\0", 13}));
}

/* Names made of the pieces that the rules are about, in every order of three. */
static void same_as_git(void **state)
{
    (void)state;
    static const char *const pieces[] = {"a", ".", "/", "@", "{", ".lock", "~", "\xc3\xa9"};
    const size_t count = sizeof pieces / sizeof pieces[0];
    if (ask_git(TEXT("refs/heads/main")) != 1)
        SKIP("no git here");
    for (size_t i = 0; i < count * count * count; i++) {
        char name[64];
        snprintf(name, sizeof name, "refs/x%s%s%s", pieces[i % count], pieces[i / count % count],
                 pieces[i / count / count]);
        int expected = ask_git(text_of(name));
        if (expected >= 0 && ref_name_valid(text_of(name)) != expected)
            fail_msg("%s: git says %d", name, expected);
    }
}

static void every_byte(void **state)
{
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        char name[] = "refs/heads/aXb";
        name[12] = (char)byte;
        bool expected = byte > 0x20 && byte != 0x7f && !strchr("~^:?*[\\", byte);
        if (ref_name_valid((struct text){name, 14}) != expected)
            fail_msg("byte 0x%02x should be %d", (unsigned)byte, expected);
    }
}

static void namespaces(void **state)
{
    (void)state;
    static const struct {
        const char *ref;
        bool branch, tag, internal;
    } rows[] = {
        {"refs/heads/a", true, false, false},
        {"refs/heads/", false, false, false},
        {"refs/heads", false, false, false},
        {"refs/headsx/a", false, false, false},
        {"refs/tags/a/b", false, true, false},
        {"refs/tags/", false, false, false},
        {"refs/pull-requests/1/from", false, false, true},
        {"refs/pull-requests/", false, false, false},
        {"refs/pull-request/1/from", false, false, false},
        {"refs/changes/1", false, false, true},
        {"refs/stash-refs/1", false, false, true},
        {"refs/stash", false, false, false},
        {"refs/notes/commits", false, false, false},
        {"refs/heads/refs/tags/a", true, false, false},
        {"Refs/heads/a", false, false, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct text ref = text_of(rows[i].ref);
        if (ref_is_branch(ref) != rows[i].branch || ref_is_tag(ref) != rows[i].tag ||
            ref_is_internal(ref) != rows[i].internal)
            fail_msg("%s", rows[i].ref);
    }
}

static void object_ids(void **state)
{
    (void)state;
    char id[66];
    for (size_t size = 0; size <= 65; size++) {
        memset(id, '0', sizeof id);
        struct text t = {id, size};
        bool valid = size == 40 || size == 64;
        assert_true(object_id_valid(t) == valid);
        if (!valid)
            continue;
        assert_true(object_id_zero(t));
        id[size - 1] = 'f';
        assert_true(object_id_valid(t));
        assert_false(object_id_zero(t));
        for (const char *bad = "gF/:` @G"; *bad; bad++) {
            id[size - 1] = *bad;
            assert_false(object_id_valid(t));
        }
        id[size - 1] = '\0';
        assert_false(object_id_valid(t));
        id[size - 1] = '0';
        id[0] = '1';
        assert_false(object_id_zero(t));
    }
    assert_false(object_id_valid(TEXT_NONE));
    assert_false(object_id_zero(TEXT_NONE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"git-check-ref-format: each of its rules, and what git says", table, 0, 0, 0},
        {"a hook sees full names only", only_full_names, 0, 0, 0},
        {"names of all pieces are judged as git judges them", same_as_git, 0, 0, 0},
        {"each of the 256 bytes in a name", every_byte, 0, 0, 0},
        {"semantics 4: branches, tags, Bitbucket's own namespaces", namespaces, 0, 0, 0},
        {"semantics 1: object ids are 40 or 64 lower-case hex digits", object_ids, 0, 0, 0},
    };
    return cmocka_run_group_tests_name("ref", tests, NULL, NULL);
}
