/* push/git_history.h, first question: does the new commit descend from the old one? */
#include "tsv.h"

#include <limits.h>
#include <unistd.h>

#include "base/clock.h"
#include "push/git_history.h"
#include "scratch.h"

#define ZERO "0000000000000000000000000000000000000000"

static char top[PATH_MAX];

/* `c NAME DATE PARENT...`: a commit for git fast-import, and refs/n/NAME. */
#define FAST_IMPORT                                                                        \
    "c() { n=$1 d=$2; shift 2\n"                                                           \
    "  printf 'commit refs/n/%s\\ncommitter J <%s@example.com> %s +0000\\ndata 1\\nx\\n' " \
    "    $n $n $d\n"                                                                       \
    "  w=from; for p; do echo \"$w refs/n/$p\"; w=merge; done; echo; }\n"

static int make(void **state)
{
    (void)state;
    scratch_make(top, sizeof top);
    scratch_sh(top, FAST_IMPORT
               "git init -q --bare r; cd r\n"
               "{ c a1 1000; i=2; while [ $i -le 400 ]; do\n"
               "    c a$i $((1000 + i * 60)) a$((i - 1)); i=$((i + 1)); done\n"
               "  c b1 24460 a390; c b2 24520 b1; c b3 24580 b2\n"
               "  c u1 500; c u2 30000 u1\n"
               "  c octopus 40000 a400 b3 u2\n"
               "  c l1 21000 a400; c r1 21000 a400\n"
               "  c x1 21100 l1 r1; c x2 21100 r1 l1; c y1 21200 x1 x2; c y2 21200 x2 x1\n"
               /* a pusher's clock in 1970, and one in the far future */
               "  c s1 5 a400; c s2 4000000000 s1; c s3 1 s2; c s4 7 s3\n"
               "} | git fast-import --quiet\n"
               "git tag -a -m t t1 refs/n/a400; git tag -a -m t t2 t1\n"
               "git tag -a -m t tree1 refs/n/a1^{tree}\n"
               "git tag -a -m t blob1 $(echo hi | git hash-object -w --stdin)\n"
               "t=t2; i=0; while [ $i -lt 40 ]; do\n"
               "  t=$(printf 'object %s\\ntype tag\\ntag x\\ntagger J <j@x> 1 +0000\\n\\nx\\n' "
               "    $(git rev-parse $t) | git mktag); i=$((i + 1)); done\n"
               "git update-ref refs/tags/deep $t\n"
               "git update-ref refs/n/blob $(git rev-parse blob1^{})");
    return 0;
}

static int unmake(void **state)
{
    (void)state;
    scratch_remove(top);
    return 0;
}

/* ------------------------------------------------------------------ asking */

struct asked {
    enum answer answer;
    enum history_trouble trouble;
    const char *why;
};

struct question {
    const char *repository, *quarantine; /* below top; NULL: none */
    uint64_t budget;                     /* 0: a million */
    int64_t deadline_us;
    const char *const *alternates;
    size_t alternate_count;
};

static struct asked ask_ids(struct question question, const char *old_id, const char *new_id)
{
    char repository[PATH_MAX + 64], quarantine[PATH_MAX + 64];
    snprintf(repository, sizeof repository, "%s/%s", top,
             question.repository ? question.repository : "");
    snprintf(quarantine, sizeof quarantine, "%s/%s", top,
             question.quarantine ? question.quarantine : "");
    const struct location location = {.repository = question.repository ? repository : NULL,
                                      .quarantine = question.quarantine ? quarantine : NULL,
                                      .alternates = question.alternates,
                                      .alternate_count = question.alternate_count};
    const struct change change = {TEXT("refs/heads/main"), old_id, new_id, (uint8_t)strlen(old_id),
                                  CHANGE_MOVE};
    struct git_history *history;
    assert_int_equal(git_history_new(&location, question.budget ? question.budget : 1000000,
                                     question.deadline_us, &history, NULL),
                     STATUS_OK);
    struct history interface = git_history_interface(history);
    struct asked asked = {0, HISTORY_FINE, ""};
    asked.answer = interface.descends(interface.self, &change, &asked.trouble, &asked.why);
    git_history_free(history);
    return asked;
}

static const char *id_in(const char *repository, const char *name)
{
    return scratch_id(top, repository, name);
}

static const char *id(const char *name)
{
    return id_in("r", name);
}

static void is(struct asked asked, enum answer answer, enum history_trouble trouble,
               const char *why, const char *what)
{
    if (asked.answer != answer || asked.trouble != trouble || !strstr(asked.why, why))
        fail_msg("%s: %s, trouble %d, %s", what, answer_name(asked.answer), (int)asked.trouble,
                 asked.why);
    if (trouble != HISTORY_FINE)
        assert_true(asked.why[0] != '\0' && !strchr(asked.why, '/'));
}

static void expect(const char *older, const char *newer, enum answer answer)
{
    const char *o = strchr(older, '/') ? older : NULL;
    char ref[2][64];
    snprintf(ref[0], sizeof ref[0], "%s%s", o ? "" : "refs/n/", older);
    snprintf(ref[1], sizeof ref[1], "%s%s", strchr(newer, '/') ? "" : "refs/n/", newer);
    is(ask_ids((struct question){.repository = "r"}, id(ref[0]), id(ref[1])), answer, HISTORY_FINE,
       "", newer);
}

/* ------------------------------------------------------------------ shapes of history */

static void straight(void **state)
{
    (void)state;
    expect("a1", "a400", ANSWER_YES);
    expect("a399", "a400", ANSWER_YES);
    expect("a400", "a400", ANSWER_YES);
    expect("a400", "a1", ANSWER_NO);
    expect("a400", "a399", ANSWER_NO);
    expect("a400", "b3", ANSWER_NO);
    expect("b3", "a400", ANSWER_NO);
    expect("a390", "b3", ANSWER_YES);
}

static void merges(void **state)
{
    (void)state;
    expect("a1", "octopus", ANSWER_YES);
    expect("a400", "octopus", ANSWER_YES);
    expect("b1", "octopus", ANSWER_YES);
    expect("u1", "octopus", ANSWER_YES);
    expect("octopus", "a400", ANSWER_NO);
    expect("octopus", "x1", ANSWER_NO);
    expect("x1", "octopus", ANSWER_NO);
    expect("l1", "x2", ANSWER_YES);
    expect("r1", "x1", ANSWER_YES);
    expect("x1", "x2", ANSWER_NO);
    expect("x1", "y2", ANSWER_YES);
    expect("y1", "y2", ANSWER_NO);
    expect("a1", "y1", ANSWER_YES);
}

static void unrelated(void **state)
{
    (void)state;
    expect("a400", "u2", ANSWER_NO);
    expect("u2", "a400", ANSWER_NO);
    expect("u1", "a1", ANSWER_NO);
}

static void wrong_clocks(void **state)
{
    (void)state;
    static const char *const chain[] = {"a400", "s1", "s2", "s3", "s4"};
    for (size_t i = 0; i < 5; i++)
        for (size_t j = 0; j < 5; j++)
            expect(chain[i], chain[j], i <= j ? ANSWER_YES : ANSWER_NO);
    expect("a1", "s4", ANSWER_YES);
    expect("b3", "s4", ANSWER_NO);
    expect("s4", "b3", ANSWER_NO);
    expect("s4", "octopus", ANSWER_NO);
}

static void forged_dates_are_cheap(void **state)
{
    (void)state; /* newest first alone would read all of a400's ancestors before s3 */
    is(ask_ids((struct question){.repository = "r", .budget = 160}, id("refs/n/a400"),
               id("refs/n/s4")),
       ANSWER_YES, HISTORY_FINE, "", "s4");
    is(ask_ids((struct question){.repository = "r", .budget = 160}, id("refs/n/s1"),
               id("refs/n/b3")),
       ANSWER_NO, HISTORY_FINE, "", "b3");
}

/* All pairs in a random history with random dates, against reachability as its definition says. */
static void every_pair(void **state)
{
    (void)state;
    enum { COMMITS = 45 };
    static char script[32768];
    static bool reaches[COMMITS][COMMITS]; /* [newer][older] */
    size_t used = (size_t)snprintf(script, sizeof script,
                                   "%sgit init -q --bare random; cd random\n{\n", FAST_IMPORT);
    uint32_t seed = 20261122;
    for (int i = 0; i < COMMITS; i++) {
        seed = seed * 1664525 + 1013904223;
        int parents = i ? (int)(seed >> 28) % 4 : 0; /* now and then another root */
        used += (size_t)snprintf(script + used, sizeof script - used, "c n%d %u", i,
                                 100 + (seed >> 16) % 40 * 60);
        reaches[i][i] = true;
        bool taken[COMMITS] = {false};
        for (int p = 0; p < parents; p++) {
            seed = seed * 1664525 + 1013904223;
            int back = 1 + (int)(seed >> 20) % 6, parent = i - (back > i ? i : back);
            if (taken[parent])
                continue;
            taken[parent] = true;
            used += (size_t)snprintf(script + used, sizeof script - used, " n%d", parent);
            for (int k = 0; k < COMMITS; k++)
                reaches[i][k] = reaches[i][k] || reaches[parent][k];
        }
        used += (size_t)snprintf(script + used, sizeof script - used, "\n");
    }
    snprintf(script + used, sizeof script - used, "} | git fast-import --quiet");
    scratch_sh(top, script);

    char repository[PATH_MAX + 16], name[32];
    snprintf(repository, sizeof repository, "%s/random", top);
    const struct location location = {.repository = repository};
    const char *ids[COMMITS];
    for (int i = 0; i < COMMITS; i++) {
        snprintf(name, sizeof name, "refs/n/n%d", i);
        ids[i] = id_in("random", name);
    }
    for (int row = 0; row < COMMITS; row++) {
        /* One history for many questions: what was read for one serves the next. */
        struct git_history *history;
        assert_int_equal(git_history_new(&location, 100000, 0, &history, NULL), STATUS_OK);
        struct history interface = git_history_interface(history);
        for (int column = 0; column < COMMITS; column++) {
            int newer = (row + column) % COMMITS;
            const struct change change = {TEXT("refs/heads/x"), ids[column], ids[newer], 40,
                                          CHANGE_MOVE};
            enum history_trouble trouble;
            const char *why = "";
            enum answer answer = interface.descends(interface.self, &change, &trouble, &why);
            if (answer != (reaches[newer][column] ? ANSWER_YES : ANSWER_NO))
                fail_msg("n%d -> n%d: %s %s", column, newer, answer_name(answer), why);
        }
        git_history_free(history);
    }
}

/* ------------------------------------------------------------------ other objects */

static void tags(void **state)
{
    (void)state;
    expect("refs/tags/t1", "octopus", ANSWER_YES);
    expect("a400", "refs/tags/t2", ANSWER_YES);
    expect("refs/tags/t1", "refs/tags/t2", ANSWER_YES); /* the same commit */
    expect("refs/tags/t2", "a399", ANSWER_NO);
}

static void no_commits(void **state)
{
    (void)state;
    expect("refs/tags/tree1", "a1", ANSWER_NO);
    expect("a1", "refs/tags/blob1", ANSWER_NO);
    expect("refs/n/blob", "refs/tags/tree1", ANSWER_NO);
    expect("refs/n/blob", "refs/n/blob", ANSWER_YES);
}

static void tags_of_tags(void **state)
{
    (void)state;
    is(ask_ids((struct question){.repository = "r"}, id("refs/n/a1"), id("refs/tags/deep")),
       ANSWER_CANNOT_TELL, HISTORY_LIMIT, "too many tags", "deep");
}

/* ------------------------------------------------------------------ what cannot be answered */

static void nothing_to_ask(void **state)
{
    (void)state;
    const char *a = id("refs/n/a1"), *b = id("refs/n/a2");
    is(ask_ids((struct question){0}, a, b), ANSWER_CANNOT_TELL, HISTORY_UNAVAILABLE,
       "not on this host", "no repository");
    is(ask_ids((struct question){0}, a, a), ANSWER_YES, HISTORY_FINE, "", "equal ids");
    is(ask_ids((struct question){.repository = "none"}, a, b), ANSWER_CANNOT_TELL,
       HISTORY_UNAVAILABLE, "cannot be opened", "no such directory");
    is(ask_ids((struct question){.repository = "r"}, ZERO, b), ANSWER_CANNOT_TELL,
       HISTORY_UNAVAILABLE, "no old", "create");
    is(ask_ids((struct question){.repository = "r"}, a, ZERO), ANSWER_CANNOT_TELL,
       HISTORY_UNAVAILABLE, "no old", "delete");
    is(ask_ids((struct question){.repository = "r"},
               "1111111111111111111111111111111111111111111111111111111111111111",
               "2222222222222222222222222222222222222222222222222222222222222222"),
       ANSWER_CANNOT_TELL, HISTORY_UNAVAILABLE, "SHA-1", "64 digits");
}

static void missing(void **state)
{
    (void)state;
    static const char nowhere[] = "1111111111111111111111111111111111111111";
    is(ask_ids((struct question){.repository = "r"}, nowhere, id("refs/n/a2")), ANSWER_CANNOT_TELL,
       HISTORY_UNAVAILABLE, "missing", "old");
    is(ask_ids((struct question){.repository = "r"}, id("refs/n/a2"), nowhere), ANSWER_CANNOT_TELL,
       HISTORY_UNAVAILABLE, "missing", "new");
}

static void shallow(void **state)
{
    (void)state;
    scratch_sh(top, "git -C r update-ref refs/heads/main refs/n/a400\n"
                    "git clone -q --bare --depth 5 --branch main \"file://$PWD/r\" shallow\n"
                    "cd shallow; git update-ref refs/n/extra \\\n"
                    "  $(git commit-tree -m root $(git mktree </dev/null))");
    const struct question q = {.repository = "shallow"};
    is(ask_ids(q, id("refs/n/a398"), id("refs/n/a400")), ANSWER_YES, HISTORY_FINE, "", "inside");
    is(ask_ids(q, id_in("shallow", "refs/n/extra"), id("refs/n/a400")), ANSWER_CANNOT_TELL,
       HISTORY_UNAVAILABLE, "not complete", "across the edge");
    is(ask_ids(q, id("refs/n/a1"), id("refs/n/a400")), ANSWER_CANNOT_TELL, HISTORY_UNAVAILABLE,
       "missing", "beyond the edge");
    /* What is missing is below the older commit as well: it cannot lead to it. */
    is(ask_ids(q, id("refs/n/a400"), id("refs/n/a398")), ANSWER_NO, HISTORY_FINE, "", "back");
}

static void formats(void **state)
{
    (void)state;
    static const struct {
        const char *setting;
        bool works;
        const char *why;
    } rows[] = {
        {"extensions.preciousObjects true", true, ""},
        {"extensions.worktreeConfig true", true, ""},
        {"extensions.noop true", true, ""},
        {"extensions.objectFormat sha1", true, ""},
        {"extensions.refStorage reftable", false, "extension"},
        {"extensions.partialClone origin", false, "extension"},
        {"extensions.objectFormat sha256", false, "SHA-1"},
        {"extensions.frobnicate true", false, "extension"},
        {"core.repositoryFormatVersion 9", false, "cannot be opened"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char script[512];
        snprintf(script, sizeof script,
                 "rm -rf f; cp -r r f\n"
                 "git --git-dir=f config core.repositoryFormatVersion 1\n"
                 "git config --file f/config %s",
                 rows[i].setting);
        scratch_sh(top, script);
        struct asked asked = ask_ids((struct question){.repository = "f"}, id("refs/n/a1"),
                                     id("refs/n/a3"));
        is(asked, rows[i].works ? ANSWER_YES : ANSWER_CANNOT_TELL,
           rows[i].works ? HISTORY_FINE : HISTORY_UNAVAILABLE, rows[i].why, rows[i].setting);
    }
}

static void corrupt(void **state)
{
    (void)state;
    const char *broken[] = {
        "f=$(find c/objects/?? -type f); for x in $f; do chmod u+w $x; echo junk >$x; done",
        "f=$(find c/objects/?? -type f); for x in $f; do chmod u+w $x; : >$x; done",
        "rm -rf c/objects/??; mkdir c/objects/pack/x.idx",
        "echo '[core' >c/config",
    };
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        scratch_sh(top, "rm -rf c; git init -q --bare c; cd c; t=$(git mktree </dev/null)\n"
                        "a=$(git commit-tree -m a $t); b=$(git commit-tree -m b -p $a $t)\n"
                        "git update-ref refs/n/a $a; git update-ref refs/n/b $b");
        const char *a = id_in("c", "refs/n/a"), *b = id_in("c", "refs/n/b");
        is(ask_ids((struct question){.repository = "c"}, a, b), ANSWER_YES, HISTORY_FINE, "", "ok");
        scratch_sh(top, broken[i]);
        is(ask_ids((struct question){.repository = "c"}, a, b), ANSWER_CANNOT_TELL,
           HISTORY_UNAVAILABLE, "", broken[i]);
    }
}

/* ------------------------------------------------------------------ limits */

static void budget(void **state)
{
    (void)state;
    is(ask_ids((struct question){.repository = "r", .budget = 50}, id("refs/n/a1"),
               id("refs/n/a400")),
       ANSWER_CANNOT_TELL, HISTORY_LIMIT, "history-commits", "50");
    is(ask_ids((struct question){.repository = "r", .budget = 50}, id("refs/n/a400"),
               id("refs/n/u2")),
       ANSWER_CANNOT_TELL, HISTORY_LIMIT, "history-commits", "50, unrelated");
    is(ask_ids((struct question){.repository = "r", .budget = 500}, id("refs/n/a1"),
               id("refs/n/a400")),
       ANSWER_YES, HISTORY_FINE, "", "500");
    /* A rewrite near the tip must not cost more than the commits on both sides. */
    is(ask_ids((struct question){.repository = "r", .budget = 30}, id("refs/n/a400"),
               id("refs/n/b3")),
       ANSWER_NO, HISTORY_FINE, "", "near");
}

static void deadline(void **state)
{
    (void)state;
    is(ask_ids((struct question){.repository = "r", .deadline_us = 1}, id("refs/n/a1"),
               id("refs/n/a400")),
       ANSWER_CANNOT_TELL, HISTORY_LIMIT, "deadline", "past");
    is(ask_ids((struct question){.repository = "r",
                                 .deadline_us = clock_monotonic_us() + 600 * 1000000LL},
               id("refs/n/a1"), id("refs/n/a400")),
       ANSWER_YES, HISTORY_FINE, "", "far");
}

static void huge_commit(void **state)
{
    (void)state;
    scratch_sh(top,
               "git clone -q --bare r h; cd h; p=$(git -C ../r rev-parse refs/n/a400)\n"
               "{ printf 'tree %s\\nparent %s\\n' $(git mktree </dev/null) $p\n"
               "  printf 'author J <j@x> 1 +0000\\ncommitter J <j@x> 1 +0000\\n\\n'\n"
               "  head -c 34000000 /dev/zero | tr '\\0' x; } >../huge\n"
               "git update-ref refs/n/huge $(git hash-object -t commit -w --stdin <../huge)\n"
               "cp -r ../r/objects/pack/* objects/pack/ 2>/dev/null || :\n"
               "t=$(git mktree </dev/null)\n"
               "{ echo tree $t; i=0; while [ $i -lt 3000 ]; do echo parent $p; i=$((i + 1)); done\n"
               "  printf 'author J <j@x> 1 +0000\\ncommitter J <j@x> 1 +0000\\n\\nx'; } >../wide\n"
               "git update-ref refs/n/wide $(git hash-object -t commit -w --literally \\\n"
               "  --stdin <../wide)");
    is(ask_ids((struct question){.repository = "h"}, id("refs/n/a1"), id_in("h", "refs/n/huge")),
       ANSWER_CANNOT_TELL, HISTORY_LIMIT, "too large", "huge");
    is(ask_ids((struct question){.repository = "h", .budget = 2000}, id("refs/n/a399"),
               id_in("h", "refs/n/wide")),
       ANSWER_CANNOT_TELL, HISTORY_LIMIT, "history-commits", "wide");
    is(ask_ids((struct question){.repository = "h", .budget = 4000}, id("refs/n/a400"),
               id_in("h", "refs/n/wide")),
       ANSWER_YES, HISTORY_FINE, "", "wide, with a budget");
}

/* ------------------------------------------------------------------ nothing from outside */

static void environment(void **state)
{
    (void)state;
    static const char *const names[] = {"GIT_DIR",
                                        "GIT_OBJECT_DIRECTORY",
                                        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
                                        "GIT_QUARANTINE_PATH",
                                        "GIT_COMMON_DIR",
                                        "GIT_WORK_TREE",
                                        "GIT_INDEX_FILE",
                                        "GIT_CEILING_DIRECTORIES",
                                        "GIT_NAMESPACE",
                                        "GIT_CONFIG_GLOBAL",
                                        "GIT_CONFIG_SYSTEM",
                                        "GIT_SHALLOW_FILE",
                                        "GIT_REPLACE_REF_BASE",
                                        "XDG_CONFIG_HOME",
                                        "GIT_CONFIG"};
    const char *home = getenv("HOME");
    char *home_before = home ? strdup(home) : NULL;
    scratch_sh(top, "printf '[core\\n junk' >.gitconfig; mkdir -p git; cp .gitconfig git/config");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        setenv(names[i], top, 1);
    setenv("HOME", top, 1);
    setenv("GIT_CONFIG_COUNT", "1", 1);
    struct asked asked = ask_ids((struct question){.repository = "r"}, id("refs/n/a1"),
                                 id("refs/n/a400"));
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        unsetenv(names[i]);
    unsetenv("GIT_CONFIG_COUNT");
    if (home_before)
        setenv("HOME", home_before, 1);
    free(home_before);
    scratch_sh(top, "rm -rf .gitconfig git");
    is(asked, ANSWER_YES, HISTORY_FINE, "", "environment");
}

static void replaced(void **state)
{
    (void)state; /* refs/replace/ can be pushed: it must not make a rewrite look like an update */
    scratch_sh(top, "cp -r r replaced; cd replaced; a=$(git rev-parse refs/n/b3)\n"
                    "git replace --graft $a refs/n/a400\n"
                    "git merge-base --is-ancestor refs/n/a400 refs/n/b3");
    is(ask_ids((struct question){.repository = "replaced"}, id("refs/n/a400"), id("refs/n/b3")),
       ANSWER_NO, HISTORY_FINE, "", "replace");
}

static void other_owner(void **state)
{
    (void)state;
    if (geteuid() != 0)
        SKIP("only root can give a repository away");
    scratch_sh(top, "cp -r r given; chown -R 12345 given");
    is(ask_ids((struct question){.repository = "given"}, id("refs/n/a1"), id("refs/n/a400")),
       ANSWER_YES, HISTORY_FINE, "", "another owner");
}

/* ------------------------------------------------------------------ where objects are */

/* fork: its own commit on top of its origin's, which it has by an alternate. */
static void alternates(void **state)
{
    (void)state;
    scratch_sh(top, "git init -q --bare fork; cd fork; t=$(git mktree </dev/null)\n"
                    "mkdir -p objects/info; echo ../../r/objects >objects/info/alternates\n"
                    "git update-ref refs/n/f $(git commit-tree -m f -p $(\n"
                    "  git -C ../r rev-parse refs/n/a400) $t)");
    const char *f = id_in("fork", "refs/n/f");
    is(ask_ids((struct question){.repository = "fork"}, id("refs/n/a390"), f), ANSWER_YES,
       HISTORY_FINE, "", "info/alternates");
    scratch_sh(top, "rm fork/objects/info/alternates");
    is(ask_ids((struct question){.repository = "fork"}, id("refs/n/a390"), f), ANSWER_CANNOT_TELL,
       HISTORY_UNAVAILABLE, "missing", "no alternate");
    char objects[PATH_MAX + 16];
    snprintf(objects, sizeof objects, "%s/r/objects", top);
    const char *const list[] = {"/nonexistent", objects, objects};
    is(ask_ids((struct question){.repository = "fork", .alternates = list, .alternate_count = 3},
               id("refs/n/a390"), f),
       ANSWER_YES, HISTORY_FINE, "", "the environment's alternate");
}

/* q: a directory of objects like a quarantine, which knows the rest by an alternate only here. */
static void quarantine(void **state)
{
    (void)state;
    scratch_sh(top, "git init -q --bare q; cd q; t=$(git mktree </dev/null); p=refs/n/a400\n"
                    "p=$(git -C ../r rev-parse $p)\n"
                    "export GIT_ALTERNATE_OBJECT_DIRECTORIES=$PWD/../r/objects; i=1\n"
                    "while [ $i -le 5 ]; do p=$(git commit-tree -m $i -p $p $t)\n"
                    "  git update-ref refs/n/q$i $p; i=$((i + 1)); done\n"
                    "git update-ref refs/n/m $(git commit-tree -m m -p $p -p $(\n"
                    "  git -C ../r rev-parse refs/n/b3) $t)");
    const struct question in = {.repository = "r", .quarantine = "q/objects"};
    const char *q5 = id_in("q", "refs/n/q5"), *m = id_in("q", "refs/n/m");
    is(ask_ids(in, id("refs/n/a400"), q5), ANSWER_YES, HISTORY_FINE, "", "fast-forward");
    is(ask_ids(in, id("refs/n/a399"), q5), ANSWER_YES, HISTORY_FINE, "", "beyond the quarantine");
    is(ask_ids(in, id("refs/n/b3"), q5), ANSWER_NO, HISTORY_FINE, "", "rewrite");
    is(ask_ids(in, id("refs/n/b3"), m), ANSWER_YES, HISTORY_FINE, "", "second parent");
    is(ask_ids(in, id("refs/n/u2"), m), ANSWER_NO, HISTORY_FINE, "", "unrelated");
    is(ask_ids(in, q5, id("refs/n/a400")), ANSWER_NO, HISTORY_FINE, "", "back");
    is(ask_ids((struct question){.repository = "r"}, id("refs/n/a400"), q5), ANSWER_CANNOT_TELL,
       HISTORY_UNAVAILABLE, "missing", "quarantine not passed on");
    is(ask_ids((struct question){.repository = "r", .quarantine = "none"}, id("refs/n/a400"), q5),
       ANSWER_CANNOT_TELL, HISTORY_UNAVAILABLE, "missing", "quarantine not on this host");
    /* From the new objects alone, even where the repository's are out of reach. */
    is(ask_ids((struct question){.quarantine = "q/objects"}, id("refs/n/a400"), q5), ANSWER_YES,
       HISTORY_FINE, "", "no repository");
    is(ask_ids((struct question){.quarantine = "q/objects"}, id("refs/n/a399"), q5),
       ANSWER_CANNOT_TELL, HISTORY_UNAVAILABLE, "not on this host", "no repository, further back");
    is(ask_ids((struct question){.repository = "r", .quarantine = "q/objects", .budget = 3},
               id("refs/n/a400"), q5),
       ANSWER_CANNOT_TELL, HISTORY_LIMIT, "history-commits", "3");
    /* The pusher sent it: what cannot be read of it is no excuse. */
    scratch_sh(top, "o=$(git -C q rev-parse refs/n/q3 | sed 's,^..,q/objects/&/,')\n"
                    "chmod u+w $o; echo junk >$o");
    is(ask_ids(in, id("refs/n/a400"), q5), ANSWER_CANNOT_TELL, HISTORY_LIMIT,
       "of this push cannot be read", "damaged");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"semantics 1: update if new descends from old, else rewrite", straight, NULL, NULL, NULL},
        {"octopus and criss-cross merges", merges, NULL, NULL, NULL},
        {"unrelated histories", unrelated, NULL, NULL, NULL},
        {"wrong clocks change no answer", wrong_clocks, NULL, NULL, NULL},
        {"forged dates do not make the walk long", forged_dates_are_cheap, NULL, NULL, NULL},
        {"every pair of a random history with random dates", every_pair, NULL, NULL, NULL},
        {"annotated tags are peeled", tags, NULL, NULL, NULL},
        {"a ref that names no commit is rewritten", no_commits, NULL, NULL, NULL},
        {"tags of tags are bounded", tags_of_tags, NULL, NULL, NULL},
        {"no repository, no old id, SHA-256: cannot be answered", nothing_to_ask, NULL, NULL, NULL},
        {"missing objects cannot be answered", missing, NULL, NULL, NULL},
        {"shallow history is not taken for a rewrite", shallow, NULL, NULL, NULL},
        {"extensions of the repository: harmless ones pass, others are said", formats, NULL, NULL,
         NULL},
        {"damaged objects and configuration cannot be answered", corrupt, NULL, NULL, NULL},
        {"semantics 8: the commit budget is a limit", budget, NULL, NULL, NULL},
        {"semantics 8: the deadline is a limit", deadline, NULL, NULL, NULL},
        {"a commit of 34 MB or with 3,000 parents meets a limit", huge_commit, NULL, NULL, NULL},
        {"nothing is taken from the environment", environment, NULL, NULL, NULL},
        {"replaced objects do not count", replaced, NULL, NULL, NULL},
        {"the repository may belong to somebody else", other_owner, NULL, NULL, NULL},
        {"alternates: of the repository, and of the environment", alternates, NULL, NULL, NULL},
        {"new commits are found in the quarantine", quarantine, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests(tests, make, unmake);
}
