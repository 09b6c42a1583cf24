/* push/git_history.h when something fails in the middle: memory, libgit2, the clock, the budget. Each
 * question is asked with each fault at each place: the answer is the right one, or there is none. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <git2.h>
#include <git2/sys/errors.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "push/git_history.h"
#include "push/object_store.h"
#include "scratch.h"

#define ZERO "0000000000000000000000000000000000000000"
#define PLACES_MAX 5000
#define PLACES_SHORT 8 /* of each fault and question, unless LONG is set: the first, then some */

/* ------------------------------------------------------------------ faults */

enum fault {
    FAULT_NONE,
    FAULT_MALLOC, /* libgit2's */
    FAULT_CALLOC, /* ours */
    FAULT_REALLOC,
    FAULT_CLOCK, /* the deadline is over */
    FAULT_INIT,
    FAULT_ODB_NEW,
    FAULT_ODB_OPEN,
    FAULT_ODB_ADD,
    FAULT_REPOSITORY,
    FAULT_READ,
    FAULT_HEADER,
    FAULT_EXISTS,
    FAULT_REF,
    FAULT_REFS,
    FAULT_NEXT_REF,
    FAULTS,
};

static const char *const fault_names[FAULTS] = {
    "none",       "malloc",           "calloc",         "realloc",         "clock", "init",
    "odb new",    "odb open",         "odb add",        "repository open", "read",  "read header",
    "odb exists", "reference lookup", "reference list", "reference next"};

static struct {
    enum fault fault;
    int at, seen;
    bool memory; /* how libgit2 says it */
} faulty;

static bool is_time(enum fault fault)
{
    return fault == faulty.fault && ++faulty.seen == faulty.at;
}

static bool libgit2_fails(enum fault fault)
{
    if (!is_time(fault))
        return false;
    if (faulty.memory)
        git_error_set_oom();
    else
        git_error_set_str(GIT_ERROR_OS, "Too many open files");
    return true;
}

/* tests/flags.mk: all of these come here first. */
#define WRAP(type, name, parameters, arguments, fault, failed) \
    type __real_##name parameters;                             \
    type __wrap_##name parameters;                             \
    type __wrap_##name parameters                              \
    {                                                          \
        return fault ? (failed) : __real_##name arguments;     \
    }
WRAP(void *, malloc, (size_t size), (size), is_time(FAULT_MALLOC), NULL)
WRAP(void *, calloc, (size_t count, size_t size), (count, size), is_time(FAULT_CALLOC), NULL)
WRAP(void *, realloc, (void *old, size_t size), (old, size), is_time(FAULT_REALLOC), NULL)
WRAP(int, git_libgit2_init, (void), (), libgit2_fails(FAULT_INIT), -1)
WRAP(int, git_odb_new, (git_odb * *out), (out), libgit2_fails(FAULT_ODB_NEW), -1)
WRAP(int, git_odb_open, (git_odb * *out, const char *path), (out, path),
     libgit2_fails(FAULT_ODB_OPEN), -1)
WRAP(int, git_odb_add_disk_alternate, (git_odb * odb, const char *path), (odb, path),
     libgit2_fails(FAULT_ODB_ADD), -1)

/* libgit2 1.9.0 does not look whether it got memory for each line of .git/config and each ref, and falls:
 * the hook turns that into a refusal (base/emergency.h), this test leaves it out. */
static enum fault spare(void)
{
    enum fault fault = faulty.fault;
    if (fault == FAULT_MALLOC || fault == FAULT_REALLOC)
        faulty.fault = FAULT_NONE;
    return fault;
}

#define WRAP_SPARED(name, parameters, arguments, fails)                   \
    int __real_##name parameters;                                         \
    int __wrap_##name parameters;                                         \
    int __wrap_##name parameters                                          \
    {                                                                     \
        enum fault fault = spare();                                       \
        int failed = libgit2_fails(fails) ? -1 : __real_##name arguments; \
        faulty.fault = fault;                                             \
        return failed;                                                    \
    }
WRAP_SPARED(git_repository_open_ext,
            (git_repository * *out, const char *path, unsigned flags, const char *ceiling),
            (out, path, flags, ceiling), FAULT_REPOSITORY)
WRAP_SPARED(git_reference_lookup, (git_reference * *out, git_repository *in, const char *name),
            (out, in, name), FAULT_REF)
WRAP_SPARED(git_reference_iterator_new, (git_reference_iterator * *out, git_repository *in),
            (out, in), FAULT_REFS)
WRAP_SPARED(git_reference_next, (git_reference * *out, git_reference_iterator *of), (out, of),
            FAULT_NEXT_REF)
WRAP(int, git_odb_read, (git_odb_object * *out, git_odb *odb, const git_oid *id), (out, odb, id),
     libgit2_fails(FAULT_READ), -1)
WRAP(int, git_odb_read_header, (size_t * size, git_object_t *type, git_odb *odb, const git_oid *id),
     (size, type, odb, id), libgit2_fails(FAULT_HEADER), -1)
WRAP(int, git_odb_exists_ext, (git_odb * odb, const git_oid *id, unsigned flags), (odb, id, flags),
     libgit2_fails(FAULT_EXISTS), 0)
int64_t __real_clock_monotonic_us(void);
int64_t __wrap_clock_monotonic_us(void);
int64_t __wrap_clock_monotonic_us(void)
{
    if (faulty.fault != FAULT_CLOCK)
        return __real_clock_monotonic_us();
    return ++faulty.seen >= faulty.at ? INT64_MAX : 1;
}

/* ------------------------------------------------------------------ the scene */

/* What libgit2 loses when it fails is not looked for here. */
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
    return 1;
}

static char top[PATH_MAX];

/*
 * r: main is a1 to a40; tags on tags, of a tree, of something that is damaged; refs that are symbolic,
 * broken, of a blob. r/objects/in came with a push: n1 to n3 on a40, a merge, an octopus, tags, objects
 * that are none; besides c1, which r held although no ref reaches it, and a25, which main reaches.
 */
static int make(void **state)
{
    (void)state;
    scratch_make(top, sizeof top);
    scratch_sh(
        top,
        "git init -q --bare r; cd r\n"
        "c() { n=$1 d=$2; shift 2\n"
        "  printf 'commit refs/n/%s\\ncommitter J <%s@example.com> %s +0000\\ndata 1\\nx\\n' \\\n"
        "    $n $n $d\n"
        "  w=from; for p; do echo \"$w refs/n/$p\"; w=merge; done; echo; }\n"
        "{ c a1 1000; i=2; while [ $i -le 40 ]; do\n"
        "    c a$i $((1000 + i * 60)) a$((i - 1)); i=$((i + 1)); done\n"
        "  c b1 2500 a20; c b2 2600 b1; c s1 5 a40; c c1 9000 a40; c c2 9100 c1; } |\n"
        "  git fast-import --quiet\n"
        "git update-ref refs/heads/main refs/n/a40; git update-ref refs/heads/side refs/n/b2\n"
        "git tag -a -m t t1 refs/n/a40; git tag -a -m t t2 t1\n"
        "git tag -a -m t tree refs/n/a1^{tree}\n"
        "for n in a10 a25 a30 a39 a40 b2 s1 c1 c2; do git rev-parse refs/n/$n >../$n; done\n"
        "git rev-parse refs/tags/t2 >../t2; git rev-parse refs/tags/tree >../tree\n"
        "git for-each-ref --format='delete %(refname)' refs/n | git update-ref --stdin\n"
        "git symbolic-ref refs/heads/sym refs/heads/main\n"
        "git update-ref refs/x/blob $(echo hi | git hash-object -w --stdin)\n"
        "echo 1234567812345678123456781234567812345678 >refs/heads/broken\n"
        "literal() { git hash-object -w --literally -t $1 --stdin; }\n"
        "echo nonsense | literal commit >../bad-held\n"
        "mkdir objects/in; export GIT_OBJECT_DIRECTORY=$PWD/objects/in \\\n"
        "  GIT_ALTERNATE_OBJECT_DIRECTORIES=$PWD/objects\n"
        "k() { n=$1; t=$(git mktree </dev/null); shift; p=; for x; do p=\"$p -p $(cat ../$x)\"; done\n"
        "  echo $n | GIT_AUTHOR_EMAIL=$n@example.com git commit-tree $p $t >../$n; }\n"
        "k n1 a40; k n2 n1; k n3 n2; k merge n3 b2; k octopus n3 b2 a30; k root; k two root\n"
        "k onc c1; k on25 a25\n"
        "tag() { printf 'object %s\\ntype %s\\ntag x\\ntagger J <j@x> 1 +0000\\n\\nx\\n' \\\n"
        "  $(cat ../$2) $3 | literal tag >../$1; }\n"
        "tag tag-n n3 commit; tag tag-tag tag-n tag; tag tag-tree tree tag\n"
        "t=$(cat ../tag-n); i=1; while [ $i -le 33 ]; do i=$((i + 1))\n"
        "  t=$(printf 'object %s\\ntype tag\\ntag x\\ntagger J <j@x> 1 +0000\\n\\nx\\n' $t |\n"
        "    git hash-object -w --literally -t tag --stdin); done; echo $t >../deep\n"
        "echo nonsense | literal tag >../bad-tag; echo nonsense2 | literal commit >../bad\n"
        "echo 'tree '$(git mktree </dev/null) | cat - ../n1 | sed '2s/^/parent x/' |\n"
        "  literal commit >../bad-parent\n"
        "p=$(cat ../bad); printf 'tree %s\\nparent %s\\nauthor a <a> 1 +0000\\n\\nx\\n' \\\n"
        "  $(git mktree </dev/null) $p | literal commit >../on-bad\n"
        "printf 'tree %s\\nparent %s\\n\\nx\\n' $(git mktree </dev/null) \\\n"
        "  1234567812345678123456781234567812345679 | literal commit >../on-nothing\n"
        "for n in c1 a25; do f=$(cut -c 1-2 ../$n)/$(cut -c 3-40 ../$n)\n"
        "  mkdir -p objects/in/${f%/*}; cp objects/$f objects/in/$f; done");
    return 0;
}

static int unmake(void **state)
{
    (void)state;
    scratch_remove(top);
    return 0;
}

static const char *id(const char *name)
{
    static struct {
        char name[16], hex[41];
    } known[64];
    char path[PATH_MAX + 32];
    size_t i = 0;
    if (!strcmp(name, "0"))
        return ZERO;
    if (strlen(name) >= 40)
        return name;
    while (known[i].name[0] && strcmp(known[i].name, name) != 0)
        i++;
    assert_true(i + 1 < sizeof known / sizeof known[0]);
    if (!known[i].name[0]) {
        snprintf(path, sizeof path, "%s/%s", top, name);
        FILE *file = fopen(path, "r");
        assert_non_null(file);
        assert_int_equal(fread(known[i].hex, 1, 40, file), 40);
        fclose(file);
        snprintf(known[i].name, sizeof known[i].name, "%s", name);
    }
    return known[i].hex;
}

/* ------------------------------------------------------------------ asking */

struct question {
    const char *older, *newer, *ref;
    bool quarantine, commits; /* commits: which are new? */
    const char *want;         /* a part of the answer */
};

static const struct question questions[] = {
    {"a10", "a40", "main", false, false, "yes"},
    {"a40", "a10", "main", false, false, "no"},
    {"a40", "b2", "main", false, false, "no"},
    {"s1", "a40", "main", false, false, "no"},
    {"t2", "s1", "main", false, false, "yes"},
    {"tree", "a40", "main", false, false, "no"},
    {"a40", "bad-held", "main", false, false,
     "unavailable: an object of the repository is damaged"},
    {"a40", "n3", "main", true, false, "yes"},
    {"a39", "merge", "main", true, false, "yes"},
    {"b2", "octopus", "side", true, false, "yes"},
    {"n3", "a40", "main", true, false, "no"},
    {"a10", "tag-tag", "main", true, false, "yes"},
    {"a10", "root", "main", true, false, "no"},
    {"a10", "deep", "main", true, false, "limit: too many tags"},
    {"a10", "bad-tag", "main", true, false, "limit: an object of this push cannot be read"},
    {"a10", "bad", "main", true, false, "limit: an object of this push"},
    {"a10", "bad-parent", "main", true, false, "limit: an object of this push"},
    {"a10", "on-nothing", "main", true, false, "unavailable: the history is not complete"},
    {"0", "a40", "main", false, false, "unavailable: the change has no old or no new object"},
    {"zz", "a40", "main", false, false, "unavailable: the change has no old"},
    {"a40", "zz", "main", false, false, "unavailable: the change has no old"},
    {"a40", "0", "main", false, true, "fine:"},
    {"a40", "zz", "main", false, true, "unavailable: the new id is malformed"},
    {"0", "n3", "topic", true, true, "fine: n3 n2 n1"},
    {"a40", "n3", "main", true, true, "fine: n3 n2 n1"},
    {"a39", "merge", "main", true, true, "fine: merge n3 n2 n1"},
    {"0", "octopus", "topic", true, true, "fine: octopus n3 n2 n1"},
    {"0", "two", "topic", true, true, "fine: two root"},
    {"0", "tag-tag", "topic", true, true, "fine: n3 n2 n1"},
    {"0", "tag-tree", "topic", true, true, "fine:"},
    {"0", "onc", "topic", true, true, "fine: onc c1"},
    {"0", "onc", "blob", true, true, "fine: onc c1"},
    {"a40", "onc", "main", true, true, "fine: onc c1"},
    {"0", "onc", "sym", true, true, "fine: onc c1"}, /* what a symbolic ref names is not asked */
    {"0", "on25", "topic", true, true, "fine: on25"},
    {"a30", "on25", "broken", true, true, "fine: on25"},
    {"0", "a40", "topic", true, true, "fine:"},
    {"0", "on-bad", "topic", true, true, "limit: an object of this push"},
    {"0", "on-nothing", "topic", true, true, "unavailable: the history is not complete"},
    {"0", "c2", "topic", false, true, "fine: c2 c1"},
    {"a40", "c2", "main", false, true, "fine: c2 c1"},
    {"s1", "c1", "sym", false, true, "fine: c1"},
    {"tree", "c1", "topic", false, true, "fine: c1"},
    {"zz", "c1", "topic", false, true, "fine: c1"},
    {"0", "a40", "main", false, true, "fine:"},
    {"0", "a40", "topic", false, true, "fine:"},
    {"0", "tree", "topic", false, true, "fine:"},
};

struct answer_text {
    char text[2048];
    size_t size;
};

static bool note_commit(void *context, const struct history_commit *commit)
{
    struct answer_text *out = context;
    const struct text end = TEXT("@example.com");
    struct text email = commit->author_email.size ? commit->author_email : commit->committer_email;
    size_t size = email.size > end.size ? email.size - end.size : 0;
    assert_true(out->size + size + 2 < sizeof out->text);
    out->text[out->size++] = ' ';
    memcpy(out->text + out->size, email.at, size);
    out->size += size;
    out->text[out->size] = '\0';
    return true;
}

static void ask(const struct question *question, uint64_t budget, int64_t deadline_us,
                struct answer_text *out)
{
    static const char *const troubles[] = {
        [HISTORY_FINE] = "fine", [HISTORY_UNAVAILABLE] = "unavailable", [HISTORY_LIMIT] = "limit"};
    char repository[PATH_MAX + 8], quarantine[PATH_MAX + 16], ref[64];
    snprintf(repository, sizeof repository, "%s/r", top);
    snprintf(quarantine, sizeof quarantine, "%s/r/objects/in", top);
    snprintf(ref, sizeof ref, "refs/heads/%s", question->ref);
    const char *older = id(strcmp(question->older, "zz") ? question->older : ZERO "0");
    const char *newer = id(strcmp(question->newer, "zz") ? question->newer : ZERO "0");
    if (strlen(older) > 40) /* 40 digits that are none */
        older = "zz00000000000000000000000000000000000000";
    if (strlen(newer) > 40)
        newer = "zz00000000000000000000000000000000000000";
    const struct location location = {.repository = repository,
                                      .quarantine = question->quarantine ? quarantine : NULL};
    const struct change change = {text_of(ref), older, newer, 40, CHANGE_MOVE};
    struct answer_text seen = {.size = 0};
    struct git_history *history = NULL;
    const char *why = "";
    enum history_trouble trouble = HISTORY_FINE;
    enum answer answer = ANSWER_CANNOT_TELL;
    bool there = git_history_new(&location, budget, deadline_us, &history, NULL) == STATUS_OK;
    if (there && question->commits) {
        struct history interface = git_history_interface(history);
        trouble = interface.new_commits(interface.self, &change, note_commit, &seen, &why);
    } else if (there) {
        struct history interface = git_history_interface(history);
        answer = interface.descends(interface.self, &change, &trouble, &why);
    }
    git_history_free(history);
    faulty.fault = FAULT_NONE;
    if (!there)
        snprintf(out->text, sizeof out->text, "limit: nothing was asked");
    else if (trouble != HISTORY_FINE || question->commits)
        snprintf(out->text, sizeof out->text, "%s:%s%.2000s", troubles[trouble],
                 trouble == HISTORY_FINE ? "" : " ", trouble == HISTORY_FINE ? seen.text : why);
    else
        snprintf(out->text, sizeof out->text, "%s", answer_name(answer));
    assert_true(trouble == HISTORY_FINE || (*why && !strchr(why, '/')));
}

static bool is_trouble(const char *answer)
{
    return !strncmp(answer, "limit: ", 7) || !strncmp(answer, "unavailable: ", 13);
}

#define MANY UINT64_C(1000000)
#define COUNT (sizeof questions / sizeof questions[0])

static struct answer_text right[COUNT];

/* Each question without any fault. */
static void as_it_should_be(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        ask(&questions[i], MANY, 0, &right[i]);
        if (strncmp(right[i].text, questions[i].want, strlen(questions[i].want)) != 0)
            fail_msg("question %zu, %s..%s: \"%s\"", i, questions[i].older, questions[i].newer,
                     right[i].text);
    }
}

/* More commits are new than should be, and none is left out. libgit2 says of an object that it is not
 * there, too, when there was no memory to look for it; a ref to it then reaches nothing. Nobody gains
 * by that: conditions on new commits only ever forbid. */
static bool is_stricter(const char *got, const char *right_one)
{
    struct text rest = text_of(right_one), name;
    if (strncmp(got, "fine: ", 6) != 0 || strncmp(right_one, "fine:", 5) != 0)
        return false;
    while (text_next_field(&rest, ' ', &name))
        if (name.size && !memmem(got, strlen(got), name.at, name.size))
            return false;
    return true;
}

static void check(size_t i, const char *fault, int at, const struct answer_text *got)
{
    if (strcmp(got->text, right[i].text) != 0 && !is_trouble(got->text) &&
        !is_stricter(got->text, right[i].text))
        fail_msg("question %zu, %s..%s, %s fails at %d: \"%s\", but right is \"%s\"", i,
                 questions[i].older, questions[i].newer, fault, at, got->text, right[i].text);
}

static bool is_long(void)
{
    static int answer = -1;
    if (answer < 0)
        answer = getenv("LONG") != NULL;
    return answer;
}

static int next_place(int at)
{
    const int most = is_long() ? PLACES_MAX : PLACES_SHORT;
    return at < most ? at + 1 : at + 1 + at / 2;
}

static void each_fault(bool memory)
{
    int cases = 0, troubles = 0;
    /* How libgit2 says it matters only where it is libgit2 that says it. */
    for (enum fault fault = memory ? FAULT_MALLOC : FAULT_INIT; fault < FAULTS; fault++)
        for (size_t i = is_long() ? 0 : (size_t)fault % 4; i < COUNT; i += is_long() ? 1 : 4)
            for (int at = 1; at < PLACES_MAX; at = next_place(at)) {
                struct answer_text got;
                memset(&faulty, 0, sizeof faulty);
                faulty.memory = memory;
                faulty.at = at;
                faulty.fault = fault;
                ask(&questions[i], MANY, fault == FAULT_CLOCK ? INT64_MAX - 1 : 0, &got);
                check(i, fault_names[fault], at, &got);
                cases++;
                troubles += is_trouble(got.text);
                if (faulty.seen < at)
                    break;
            }
    print_message("# %d faults, %d of them without an answer\n", cases, troubles);
    assert_true(troubles > 100);
}

static void out_of_memory(void **state)
{
    (void)state;
    each_fault(true);
}

static void out_of_something_else(void **state)
{
    (void)state;
    each_fault(false);
}

static void each_budget(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT; i += is_long() ? 1 : 3) {
        bool enough = false;
        for (uint64_t budget = 0; budget < 400 && !enough;
             budget = (uint64_t)next_place((int)budget)) {
            struct answer_text got;
            ask(&questions[i], budget, 0, &got);
            check(i, "budget", (int)budget, &got);
            enough = !strcmp(got.text, right[i].text);
        }
        assert_true(enough);
    }
}

static void a_deadline_that_is_over(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        struct answer_text got;
        ask(&questions[i], MANY, 1, &got);
        check(i, "deadline", 1, &got);
    }
}

/* What is claimed to have been there before cannot be read: which commits are new cannot be told. */
static void a_damaged_old_commit(void **state)
{
    (void)state;
    static const struct question question = {"bad-held", "c1", "topic", false, true, ""};
    struct answer_text got;
    ask(&question, MANY, 0, &got);
    assert_string_equal(got.text, "unavailable: an object of the repository is damaged");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"what is right", as_it_should_be, 0, 0, 0},
        {"an old commit that is damaged", a_damaged_old_commit, 0, 0, 0},
        {"semantics 8: out of memory: the right answer, or none", out_of_memory, 0, 0, 0},
        {"semantics 8: libgit2 fails: the right answer, or none", out_of_something_else, 0, 0, 0},
        {"semantics 8: each budget of commits: the right answer, or none", each_budget, 0, 0, 0},
        {"semantics 8: a deadline that is over: the right answer, or none", a_deadline_that_is_over,
         0, 0, 0},
    };
    return cmocka_run_group_tests_name("history_faults", tests, make, unmake);
}
