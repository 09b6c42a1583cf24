/* push/git_history.h, second question: which commits does a change bring? (semantics.md 5.3,
 * performance.md "New commits of a push"). Real pushes ask while git's quarantine exists. */
#include "tsv.h"

#include <limits.h>
#include <sys/wait.h>
#include <unistd.h>

#include "push/git_history.h"
#include "scratch.h"

#define ZERO "0000000000000000000000000000000000000000"
#define ONES "1111111111111111111111111111111111111111"

static char top[PATH_MAX], probe[PATH_MAX];

/* ------------------------------------------------------------------ real pushes */

/*
 * server.git, whose hook writes what history_probe says to ../told and refuses if ../refuse exists;
 * client, with `main` as pushed. Shell functions for the scripts below: commit MESSAGE [PARENT...]
 * prints a commit with an e-mail address made from the message; told prints the subjects (or the
 * trouble) that the hook of the last push saw.
 */
static const char functions[] =
    "commit() { m=$1; shift; t=$(git mktree </dev/null); p=; for x; do p=\"$p -p $x\"; done\n"
    "  GIT_AUTHOR_EMAIL=$m.a@example.com GIT_COMMITTER_EMAIL=$m.c@example.com \\\n"
    "  git commit-tree -m $m $p $t; }\n"
    "chain() { n=$1 p=$2 k=1; while [ $k -le $3 ]; do p=$(commit $n$k $p); k=$((k + 1)); done\n"
    "  echo $p; }\n"
    "push() { : >../told; git push -q -f ../server.git \"$@\" 2>../out || [ -e ../refuse ]; }\n"
    "told() { awk 'NF == 4 && length($1) == 40 { sub(/\\.a@.*/, \"\", $2); print $2, $4; next }\n"
    "  { print }' ../told; }\n"
    "is() { told | tr '\\n' ' ' | sed 's/ $//; s/ single//g' >../is; [ \"$(cat ../is)\" = \"$1\" ]"
    " || { echo \"wanted: $1\"; echo \"told:   $(cat ../is)\"; cat ../told ../out; exit 1; }; }\n";

static int make(void **state)
{
    (void)state;
    char script[4 * PATH_MAX];
    scratch_program("tests/helpers/history_probe", probe, sizeof probe);
    scratch_make(top, sizeof top);
    snprintf(script, sizeof script,
             "git init -q --bare server.git; git init -q client\n"
             "cat >server.git/hooks/pre-receive <<'EOF'\n"
             "#!/bin/sh\n"
             "cat >../stdin\n"
             "'%s' new <../stdin >>../told 2>&1\n"
             "'%s' descends <../stdin >../descends 2>&1\n"
             "'%s' location >../location 2>&1\n"
             "ls $GIT_QUARANTINE_PATH/pack >../packs 2>/dev/null\n"
             "git verify-pack -v $GIT_QUARANTINE_PATH/pack/*.idx >../pack-content 2>/dev/null\n"
             "[ ! -e ../refuse ]\n"
             "EOF\n"
             "chmod +x server.git/hooks/pre-receive",
             probe, probe, probe);
    scratch_sh(top, script);
    return 0;
}

static int unmake(void **state)
{
    (void)state;
    scratch_remove(top);
    return 0;
}

/* In `client`, with the functions; everything of the server is thrown away first. */
static void scenario(const char *script)
{
    char whole[8192];
    int size = snprintf(whole, sizeof whole,
                        "rm -rf client server.git/refs server.git/objects server.git/packed-refs\n"
                        "rm -f refuse server.git/config; git init -q client\n"
                        "git init -q --bare server.git; cd client\n%s\n%s",
                        functions, script);
    assert_true(size < (int)sizeof whole);
    scratch_sh(top, whole);
}

static void plain_push(void **state)
{
    (void)state;
    scenario("m=$(chain one- '' 0); m=$(commit root); push $m:refs/heads/main; is 'root fine'\n"
             "m=$(commit two $m); m=$(commit three $m); push $m:refs/heads/main\n"
             "is 'three two fine'\n"
             "grep -qx 'yes fine' ../descends\n"
             "grep -q \"^quarantine $PWD/../server.git\" ../location ||\n"
             "  grep -q '^quarantine .*/server.git/objects/' ../location");
}

static void branch_of_old_commits(void **state)
{
    (void)state;
    scenario("m=$(commit root); m=$(commit two $m); push $m:refs/heads/main\n"
             "push $m:refs/heads/again; is 'fine'\n"
             "push $m~1:refs/heads/older; is 'fine'\n"
             "push :refs/heads/older; is 'fine'");
}

static void rewritten(void **state)
{
    (void)state;
    scenario("a=$(commit root); m=$(commit two $a); push $m:refs/heads/main\n"
             "n=$(commit other $a); push $n:refs/heads/main; is 'other fine'\n"
             "grep -qx 'no fine' ../descends");
}

static void merge_of_main(void **state)
{
    (void)state; /* what main brought before is not the topic's */
    scenario("a=$(commit root); m=$(commit two $a); t=$(commit topic $a)\n"
             "push $m:refs/heads/main $t:refs/heads/topic\n"
             "x=$(commit merged $t $m); x=$(commit after $x); push $x:refs/heads/topic\n"
             "is 'after merged merge fine'");
}

static void several_refs(void **state)
{
    (void)state;
    scenario("a=$(commit root); push $a:refs/heads/main\n"
             "x=$(commit x $a); y=$(commit y $x)\n"
             "push $x:refs/heads/x $y:refs/heads/y $a:refs/heads/z :refs/heads/main || :\n"
             "told | sort >../sorted; printf '%s\\n' fine fine fine fine 'x single' 'x single' \\\n"
             "  'y single' | diff - ../sorted");
}

static void annotated_tag(void **state)
{
    (void)state;
    scenario("a=$(commit root); push $a:refs/heads/main; git tag -a -m t t1 $a\n"
             "push refs/tags/t1; is 'fine'\n"
             "b=$(commit tagged $a); git tag -a -m t t2 $b; git tag -a -m t t3 t2\n"
             "push refs/tags/t3; is 'tagged fine'\n"
             "git tag -a -m t t4 $(git mktree </dev/null); push refs/tags/t4; is 'fine'");
}

static void merges_are_marked(void **state)
{
    (void)state;
    scenario(
        "a=$(commit root); b=$(commit b $a); c=$(commit c $a); d=$(commit d $b $c)\n"
        "push $d:refs/heads/main; told | sort >../sorted\n"
        "printf '%s\\n' 'b single' 'c single' 'd merge' fine 'root single' | diff - ../sorted");
}

static void thin_pack(void **state)
{
    (void)state; /* a pack of deltas, which the server completes with objects that it held */
    scenario("git -C ../server.git config receive.unpackLimit 1\n"
             "put() { seq 1 4000 | sed \"s/^$1$/x/\" | git hash-object -w --stdin; }\n"
             "tree() { printf '100644 blob %s\\tf\\n' $1 | git mktree; }\n"
             "export GIT_AUTHOR_EMAIL=old.a@example.com GIT_COMMITTER_EMAIL=old.c@example.com\n"
             "o=$(put 1); a=$(git commit-tree -m a $(tree $o)); push $a:refs/heads/main\n"
             "export GIT_AUTHOR_EMAIL=new.a@example.com GIT_COMMITTER_EMAIL=new.c@example.com\n"
             "n=$(put 2); b=$(git commit-tree -m b -p $a $(tree $n)); push $b:refs/heads/main\n"
             "grep -q ^$o ../pack-content || { echo 'no thin pack was made'; exit 1; }\n"
             "is 'new fine'");
}

static void held_but_not_reached(void **state)
{
    (void)state; /* sent again after its branch was deleted: new, whoever else pushed it before */
    scenario(
        "a=$(commit root); push $a:refs/heads/main; b=$(commit gone $a); c=$(commit go2 $b)\n"
        "push $c:refs/heads/topic; push :refs/heads/topic\n"
        "git -C ../server.git cat-file -e $c\n"
        /* Few objects are unpacked, and git does not write what it holds: nothing is brought. */
        "push $c:refs/heads/again; is 'fine'; push :refs/heads/again\n"
        "git -C ../server.git config receive.unpackLimit 1\n"
        "push $c:refs/heads/again; is 'go2 gone fine'");
}

static void held_and_reached(void **state)
{
    (void)state; /* a ref that the client cannot see: everything is sent again */
    scenario("git -C ../server.git config transfer.hideRefs refs/heads/hidden\n"
             "git -C ../server.git config receive.unpackLimit 1\n"
             "git init -q --bare ../plain; a=$(commit root); b=$(chain n $a 30)\n"
             "git push -q ../server.git $a:refs/heads/main\n"
             "git -C ../server.git fetch -q \"$PWD\" $(git update-ref refs/heads/b $b; echo "
             "refs/heads/b):refs/heads/hidden\n"
             "c=$(commit fresh $b~3); push $c:refs/heads/topic\n"
             "grep -q ^$(git rev-parse $b~3) ../pack-content ||\n"
             "  { echo 'nothing was sent again'; exit 1; }\n"
             "is 'fresh fine'; rm -rf ../plain");
}

static void many_commits(void **state)
{
    (void)state;
    scenario("a=$(commit root); push $a:refs/heads/main; b=$(chain n $a 120)\n"
             "push $b:refs/heads/main; [ -s ../packs ]\n"
             "[ $(told | grep -c single) = 120 ]; told | tail -n 1 | grep -qx fine\n"
             "grep -qx 'yes fine' ../descends");
}

static void refused_push(void **state)
{
    (void)state; /* the quarantine is thrown away: they are new the next time, too */
    scenario("a=$(commit root); push $a:refs/heads/main; b=$(commit b $a); touch ../refuse\n"
             "push $b:refs/heads/main; is 'b fine'\n"
             "push $b:refs/heads/main; is 'b fine'; rm ../refuse\n"
             "push $b:refs/heads/main; is 'b fine'");
}

static void fork_of_origin(void **state)
{
    (void)state;
    scenario("rm -rf ../origin.git; a=$(commit root); b=$(commit b $a)\n"
             "git clone -q --bare ../server.git ../origin.git 2>/dev/null\n"
             "git push -q ../origin.git $b:refs/heads/main\n"
             "echo ../../origin.git/objects >../server.git/objects/info/alternates\n"
             "c=$(commit c $b); push $c:refs/heads/main; is 'c fine'\n"
             "d=$(commit d $c); push $d:refs/heads/main; is 'd fine'\n"
             "grep -qx 'yes fine' ../descends; rm -rf ../origin.git");
}

/* ------------------------------------------------------------------ asked directly */

struct seen {
    char emails[1024]; /* "author/committer " each, "+" for a merge */
    size_t count, stop_after;
};

static bool visit(void *context, const struct history_commit *commit)
{
    struct seen *seen = context;
    size_t used = strlen(seen->emails);
    assert_int_equal(commit->id.size, 40);
    snprintf(seen->emails + used, sizeof seen->emails - used, "%s%.*s/%.*s%s", used ? " " : "",
             TEXT_ARG(commit->author_email), TEXT_ARG(commit->committer_email),
             commit->merge ? "+" : "");
    return ++seen->count != seen->stop_after;
}

struct asked {
    enum history_trouble trouble;
    const char *why;
    struct seen seen;
};

static const char *id(const char *repository, const char *name)
{
    return scratch_id(top, repository, name);
}

/* Several changes of one push, one after the other; the result is the last one's. */
static struct asked ask(const char *repository, const char *quarantine, uint64_t budget,
                        size_t stop_after, const struct change *changes, size_t count)
{
    char repository_path[PATH_MAX + 64], quarantine_path[PATH_MAX + 64];
    snprintf(repository_path, sizeof repository_path, "%s/%s", top, repository);
    snprintf(quarantine_path, sizeof quarantine_path, "%s/%s", top, quarantine ? quarantine : "");
    const struct location location = {.repository = repository_path,
                                      .quarantine = quarantine ? quarantine_path : NULL};
    struct git_history *history;
    assert_int_equal(git_history_new(&location, budget, 0, &history, NULL), STATUS_OK);
    struct history interface = git_history_interface(history);
    struct asked asked = {0};
    for (size_t i = 0; i < count; i++) {
        asked = (struct asked){HISTORY_FINE, "", {"", 0, stop_after}};
        asked.trouble = interface.new_commits(interface.self, &changes[i], visit, &asked.seen,
                                              &asked.why);
    }
    git_history_free(history);
    return asked;
}

static struct change change(const char *ref, const char *old_id, const char *new_id)
{
    return (struct change){text_of(ref), old_id, new_id, (uint8_t)strlen(old_id), CHANGE_MOVE};
}

static void is(struct asked asked, const char *emails)
{
    if (asked.trouble != HISTORY_FINE || strcmp(asked.seen.emails, emails) != 0)
        fail_msg("wanted %s, got %s, trouble %d %s", emails, asked.seen.emails, (int)asked.trouble,
                 asked.why);
}

static void is_trouble(struct asked asked, enum history_trouble trouble, const char *why)
{
    if (asked.trouble != trouble || !strstr(asked.why, why))
        fail_msg("wanted %s, got trouble %d %s (%s)", why, (int)asked.trouble, asked.why,
                 asked.seen.emails);
}

static void without_quarantine(void **state)
{
    (void)state;
    scenario("cd ..; rm -rf after; git init -q --bare after; cd after\n"
             "a=$(commit a); b=$(commit b $a); c=$(commit c $b); t=$(commit t $a)\n"
             "m=$(commit m $t $c); x=$(commit x $m)\n"
             "git update-ref refs/heads/main $c; git update-ref refs/heads/topic $x\n"
             "for n in a b c t m x; do eval git update-ref refs/n/$n \\$$n; done\n"
             "git for-each-ref --format='%(refname) %(objectname)' refs/n >../n-refs\n"
             "git pack-refs --all; git update-ref --stdin <<-E\n"
             "$(sed 's/^\\([^ ]*\\) .*/delete \\1/' ../n-refs)\nE\n");
    /* The names are gone, so that they reach nothing; the ids are in n-refs. */
    char ids[6][41], path[PATH_MAX + 16], name[64];
    snprintf(path, sizeof path, "%s/n-refs", top);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    for (int i = 0; i < 6; i++)
        assert_int_equal(fscanf(file, "%63s %40s", name, ids[i]), 2);
    fclose(file);
    const char *a = ids[0], *b = ids[1], *c = ids[2], *m = ids[3], *t = ids[4], *x = ids[5];

    /* `refgate check` after the push is over: topic names x itself. */
    struct change row = change("refs/heads/topic", t, x);
    is(ask("after", NULL, 1000, 0, &row, 1), "x.a@example.com/x.c@example.com "
                                             "m.a@example.com/m.c@example.com+");
    row = change("refs/heads/topic", ZERO, x);
    is(ask("after", NULL, 1000, 0, &row, 1), "x.a@example.com/x.c@example.com "
                                             "m.a@example.com/m.c@example.com+ "
                                             "t.a@example.com/t.c@example.com");
    row = change("refs/heads/main", a, c); /* topic merged them: they are not new any more */
    is(ask("after", NULL, 1000, 0, &row, 1), "");
    row = change("refs/heads/new", ZERO, m);
    is(ask("after", NULL, 1000, 0, &row, 1), "");
    row = change("refs/heads/new", b, ZERO);
    is(ask("after", NULL, 1000, 0, &row, 1), "");
    row = change("refs/heads/topic", t, x);
    is(ask("after", NULL, 1000, 1, &row, 1), "x.a@example.com/x.c@example.com");
    is_trouble(ask("after", NULL, 2, 0, &row, 1), HISTORY_LIMIT, "history-commits");
}

/* held: a repository whose main is `root`, which holds `seen` and `top` without a ref; resent: the
 * objects of a quarantine with seen, top and next. */
static void make_resent(void)
{
    scenario("cd ..; rm -rf held resent; git init -q --bare held; git init -q --bare resent\n"
             "cd held; a=$(commit root); git update-ref refs/heads/main $a\n"
             "s=$(commit seen $a); u=$(commit top $s); cd ../resent\n"
             "git cat-file commit $s 2>/dev/null || :\n"
             "for o in $s $u; do git -C ../held cat-file commit $o |\n"
             "  git hash-object -t commit -w --stdin --literally; done\n"
             "export GIT_ALTERNATE_OBJECT_DIRECTORIES=$PWD/../held/objects\n"
             "n=$(commit next $u); git update-ref refs/n/root $a; git update-ref refs/n/seen $s\n"
             "git update-ref refs/n/top $u; git update-ref refs/n/next $n");
}

static void claimed_old_id(void **state)
{
    (void)state;
    make_resent();
    const char *const quarantine = "resent/objects";
    setenv("GIT_ALTERNATE_OBJECT_DIRECTORIES", "", 1);
    const char *seen = id("resent", "refs/n/seen"), *tip = id("resent", "refs/n/top"),
               *next = id("resent", "refs/n/next");
    unsetenv("GIT_ALTERNATE_OBJECT_DIRECTORIES");
    /* The old id on stdin is what the client claims; git compares it after the hook, and then only
     * for that one ref. It must not make other commits old. */
    const struct change changes[] = {change("refs/heads/decoy", tip, next),
                                     change("refs/heads/topic", ZERO, tip)};
    is(ask("held", quarantine, 1000, 0, changes, 1), "next.a@example.com/next.c@example.com "
                                                     "top.a@example.com/top.c@example.com "
                                                     "seen.a@example.com/seen.c@example.com");
    is(ask("held", quarantine, 1000, 0, changes, 2), "top.a@example.com/top.c@example.com "
                                                     "seen.a@example.com/seen.c@example.com");
    scratch_sh(top,
               "git -C held update-ref refs/heads/there $(git -C resent rev-parse refs/n/top)");
    is(ask("held", quarantine, 1000, 0, changes, 1), "next.a@example.com/next.c@example.com");
    is(ask("held", quarantine, 1000, 0, changes, 2), "");
    scratch_sh(top, "git -C held pack-refs --all --prune");
    is(ask("held", quarantine, 1000, 0, changes, 1), "next.a@example.com/next.c@example.com");
    const struct change own = change("refs/heads/there", seen, next);
    is(ask("held", quarantine, 1000, 0, &own, 1), "next.a@example.com/next.c@example.com");
}

static void no_such_objects(void **state)
{
    (void)state;
    make_resent();
    static const char nowhere[] = "1111111111111111111111111111111111111111";
    struct change row = change("refs/heads/x", ZERO, nowhere);
    is_trouble(ask("held", "resent/objects", 1000, 0, &row, 1), HISTORY_UNAVAILABLE, "missing");
    row = change("refs/heads/x", ZERO, id("resent", "refs/n/next"));
    is_trouble(ask("held", "none", 1000, 0, &row, 1), HISTORY_UNAVAILABLE, "missing");
    is_trouble(ask("none", "resent/objects", 1000, 0, &row, 1), HISTORY_UNAVAILABLE,
               "cannot be opened");
    is_trouble(ask("held", "resent/objects", 1, 0, &row, 1), HISTORY_LIMIT, "history-commits");
    row = change("refs/heads/main", id("held", "refs/heads/main"), id("held", "refs/heads/main"));
    is_trouble(ask("held", "none", 1000, 0, &row, 1), HISTORY_UNAVAILABLE, "opened");
    row = change("refs/heads/x", "1111111111111111111111111111111111111111111111111111111111111111",
                 "2222222222222222222222222222222222222222222222222222222222222222");
    is_trouble(ask("held", "resent/objects", 1000, 0, &row, 1), HISTORY_UNAVAILABLE, "SHA-1");
    row = change("refs/heads/x", id("resent", "refs/n/next"), ZERO);
    is(ask("none", NULL, 0, 0, &row, 1), "");
}

/* What people can write into a commit, against what is shown of it. */
static void odd_commits(void **state)
{
    (void)state;
    scenario(
        "cd ..; rm -rf odd; git init -q --bare odd; cd odd; t=$(git mktree </dev/null)\n"
        "h() { { echo tree $t; cat; } | git hash-object -t commit -w --stdin --literally; }\n"
        "w() { git update-ref refs/n/$1 $(h); }\n"
        "printf '\\n' | w nobody\n"
        "printf 'author A <a@x> 1 +0\\nauthor B <b@x> 1 +0\\ncommitter C <c@x> 1 +0\\n\\n' |\n"
        "  w twice\n"
        "printf 'author <a@x> <b@x> 1\\ncommitter <> 1\\n\\ncommitter D <d@x> 1\\n' | w angles\n"
        "printf 'author A <A@X> x\\ncommitter C <c x> 99999999999999999999999\\n\\n' | w dates\n"
        "git for-each-ref --format='%(objectname) %(refname)' | while read i r; do\n"
        "  git update-ref -d $r; mkdir -p ../odd-refs/$r; echo $i >../odd-refs/$r/id; done");
    static const struct {
        const char *name, *emails;
    } rows[] = {{"nobody", "/"}, {"twice", "/c@x"}, {"angles", "a@x/"}, {"dates", "A@X/c x"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char path[PATH_MAX + 64], hex[41] = "";
        snprintf(path, sizeof path, "%s/odd-refs/refs/n/%s/id", top, rows[i].name);
        FILE *file = fopen(path, "r");
        assert_non_null(file);
        assert_int_equal(fscanf(file, "%40s", hex), 1);
        fclose(file);
        struct change row = change("refs/heads/x", ZERO, hex);
        is(ask("odd", NULL, 100, 0, &row, 1), rows[i].emails);
    }
}

/* A disk error under a mapped pack comes back to the hook's emergency point by a jump. */
static jmp_buf point;

static bool jump(void *context, const struct history_commit *commit)
{
    (void)context, (void)commit;
    longjmp(point, 1);
}

/* In a process of its own, since what was jumped over is lost. Gives what went wrong, or 0. */
static int jump_out(const struct location *location, const struct change *row)
{
    struct git_history *history;
    if (git_history_new(location, 1000, 0, &history, NULL))
        return 1;
    const struct history interface = git_history_interface(history);
    const struct change move = change("refs/heads/x", row->new_id, ONES);
    enum history_trouble trouble;
    const char *why = "";
    if (!setjmp(point)) {
        (void)interface.new_commits(interface.self, row, jump, NULL, &why);
        return 2;
    }
    if (interface.new_commits(interface.self, row, jump, NULL, &why) != HISTORY_UNAVAILABLE ||
        !strstr(why, "disk error"))
        return 3;
    if (interface.descends(interface.self, &move, &trouble, &why) != ANSWER_CANNOT_TELL ||
        trouble != HISTORY_UNAVAILABLE)
        return 4;
    git_history_free(history); /* must come back */
    return 0;
}

static void jumped_out(void **state)
{
    (void)state;
    make_resent();
    char repository[PATH_MAX + 16];
    snprintf(repository, sizeof repository, "%s/held", top);
    const struct location location = {.repository = repository};
    const struct change row = change("refs/heads/x", ZERO, id("held", "refs/heads/main"));
    scratch_sh(top, "git -C held update-ref -d refs/heads/main");
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (!child) {
        alarm(60);
        _exit(jump_out(&location, &row));
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"a push brings its commits, newest first", plain_push, NULL, NULL, NULL},
        {"a branch of commits that are there brings none", branch_of_old_commits, NULL, NULL, NULL},
        {"a rewrite brings what is new in it", rewritten, NULL, NULL, NULL},
        {"merging main brings the merge, not what main had", merge_of_main, NULL, NULL, NULL},
        {"several refs: each is told what it brings", several_refs, NULL, NULL, NULL},
        {"tags are peeled", annotated_tag, NULL, NULL, NULL},
        {"merge commits are marked", merges_are_marked, NULL, NULL, NULL},
        {"performance.md: a thin pack that is completed with held objects", thin_pack, NULL, NULL,
         NULL},
        {"performance.md: what was held but not reached is new", held_but_not_reached, NULL, NULL,
         NULL},
        {"what is sent again although a ref reaches it is not new", held_and_reached, NULL, NULL,
         NULL},
        {"a push of 120 commits comes as a pack", many_commits, NULL, NULL, NULL},
        {"commits of a refused push are new again", refused_push, NULL, NULL, NULL},
        {"a fork with an alternate", fork_of_origin, NULL, NULL, NULL},
        {"refgate check: without a quarantine, other refs count", without_quarantine, NULL, NULL,
         NULL},
        {"a claimed old id makes no commit old", claimed_old_id, NULL, NULL, NULL},
        {"missing objects, SHA-256 and limits are said", no_such_objects, NULL, NULL, NULL},
        {"a question that was jumped out of is never closed", jumped_out, NULL, NULL, NULL},
        {"commits without people, with two authors, with odd dates", odd_commits, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests(tests, make, unmake);
}
