#!/bin/sh
# The worst pushes, at a small scale: each has the documented verdict and a reason that names the limit
# (semantics.md 8), and none needs more memory than it may. tests/bench/part-worst.sh has the large ones,
# with figures; tests/push/trouble.t the deadline in other places; tests/long/load.t many refs and commits.
. tests/lib/tap.sh
. tests/lib/push.sh
test_start
server_start
server_repository PRJ/app 84
client_clone "$T/c" PRJ/app
c=$T/c
storage=$(server_storage PRJ/app)
limited() { # LINE of [limits]…; sections before @common as stdin
    {
        cat
        printf '@common\n[limits]\n'
        printf '%s\n' "$@"
    } | server_config
}
# Less than two pushes of git may have together: the hook's own limit is 256 MiB, and what it maps of
# packs counts here, too. Sanitizers take far more.
hook_memory=400000
printf '#!/bin/sh\n%sexec "%s" --config "%s"\n' \
    "$([ "${VARIANT:-}" = asan ] || echo "ulimit -v $hook_memory || exit 3; ")" \
    "$BUILD/refgate-hook" "$CONF" >"$BB/hook"
# The text is folded for a terminal.
said() { printf '%s' "$err" | tr -s '\n ' '  '; }
reason() { audit '[.. | .text? // empty] | join("; ")'; }
rejected() { # DESCRIPTION REASON: the last push, with code 2
    is "$hook_code,$(audit '[.verdict,.exit]|join(",")')" 2,reject,2 "$1: rejected, code 2" || note "$err"
    contains "$(said)" "$2" "$1: the pusher reads why"
    contains "$(reason)" "$2" "$1: and so does who reads the record"
}
accepted() {
    is "$hook_code,$(audit .exit)" 0,0 "$1" || note "$err"
}

# -------------------------------------------------------------- history
# A line of commits, and one that has nothing in common with it.
history() { # REF COUNT FIRST-DATE
    awk -v ref="$1" -v count="$2" -v date="$3" 'BEGIN {
        for (i = 0; i < count; i++)
            printf "commit %s\ncommitter Jane Doe <jane.doe@example.com> %d +0000\ndata 2\n%d\n\n", ref,
                date + i, i % 10
    }'
}
history refs/heads/release/long 3000 1500000000 | git -C "$storage" fast-import --quiet
old=$(git -C "$storage" rev-parse release/long~2000)
tip=$(git -C "$storage" rev-parse release/long)
other=$(git -C "$storage" commit-tree -m other "$tip^{tree}")
echo "GIT_ALTERNATE_OBJECT_DIRECTORIES=$storage/objects" >"$T/objects"
export LAUNCH_EXTRA="$T/objects"
moved() { # OLD NEW
    echo "$1 $2 refs/heads/release/long" >"$T/stdin"
    hook_as rroe push PRJ/app <"$T/stdin"
}
own='[rule "no-rewrites"]
action = reject
changes = rewrite
refs = release/*
[rule "own-work"]
action = reject
committer = pusher
refs = mine/**'
echo "$own" | limited 'history-commits = 2500'
moved "$old" "$tip"
accepted 'semantics 8: an old tip 2,000 commits behind, within the history budget'
is "$(audit '.changes[0].kind')" update 'and it is known that the new one descends from it'
echo "$own" | limited 'history-commits = 1500'
moved "$old" "$tip"
rejected 'semantics 8: an old tip farther behind than the budget' '[limits] history-commits'
moved "$other" "$tip"
rejected 'semantics 8: an unrelated history, larger than the budget' '[limits] history-commits'
moved "$tip" "$other"
is "$hook_code,$(audit '.changes[0].kind')" 1,rewrite \
    'semantics 1: all of it replaced by one unrelated commit is a rewrite, which costs nothing' || note "$err"
# A rule that is only an annotation cannot make it an accepted one either.
printf '%s\n' '[failure]' 'undecided = annotate' 'undecided-restriction = note' "$own" |
    limited 'history-commits = 1500'
moved "$old" "$tip"
rejected 'semantics 8: [failure] does not soften it' '[limits] history-commits'

unset LAUNCH_EXTRA

# -------------------------------------------------------------- whose work are many new commits?
echo "$own" | limited 'history-commits = 1000'
clone_history() { # BRANCH COUNT FIRST-DATE
    history "refs/heads/$1" "$2" "$3" | git -C "$c" fast-import --quiet
}
clone_history most 998 1600000000
pushes 'semantics 5.3: nearly as many new commits as the budget allows' jdoe "$c" -q origin \
    most:refs/heads/mine/most
clone_history more 1001 1610000000
push_as jdoe "$c" -q origin more:refs/heads/mine/more
rejected 'semantics 8: more new commits than the budget allows' '[limits] history-commits'
is "$(server_ref PRJ/app refs/heads/mine/more)" - 'and the ref is not there'

# What the repository held before, and no ref reaches: the refs are asked, within the budget. 20,000 of
# them, all packed, name 3,000 commits.
git -C "$storage" rev-list release/long | awk '{ id[NR] = $1 } END {
    print "# pack-refs with: peeled fully-peeled sorted "
    for (i = 1; i <= 20000; i++) printf "%s refs/heads/topic/%05d\n", id[i % NR + 1], i
}' >"$storage/packed-refs"
quarantine=$storage/objects/tmp_objdir-incoming-worst
again() { # DATE: a commit that the repository holds, too; pushed
    new=$(GIT_COMMITTER_DATE="$1 +0000" GIT_COMMITTER_EMAIL=jane.doe@example.com git -C "$storage" \
        commit-tree -p "$tip" -m again "$tip^{tree}")
    folder=$(printf '%s' "$new" | cut -c 1-2)
    mkdir -p "$quarantine/$folder"
    cp "$storage/objects/$folder/$(printf '%s' "$new" | cut -c 3-)" "$quarantine/$folder/"
    printf '%s\n' "GIT_QUARANTINE_PATH=$quarantine" "GIT_OBJECT_DIRECTORY=$quarantine" \
        "GIT_ALTERNATE_OBJECT_DIRECTORIES=$storage/objects" >"$T/objects"
    echo "$ZERO $new refs/heads/mine/again" >"$T/stdin"
    LAUNCH_EXTRA=$T/objects hook_as jdoe push PRJ/app <"$T/stdin"
}
echo "$own" | limited 'history-commits = 10000'
again 1800000000
accepted 'semantics 5.3: a commit that the repository held unreachable is new, whatever 20,000 refs name'
echo "$own" | limited 'history-commits = 1000'
again 1400000000
rejected 'semantics 8: a false date makes the hook look far back, within the budget' \
    '[limits] history-commits'
rm -r "$quarantine" "$storage/packed-refs"

# -------------------------------------------------------------- refs and lines
printf '' | limited 'refs = 1000' 'line = 256'
refs() { # COUNT PREFIX
    awk -v count="$1" -v before="$ZERO $tip refs/heads/$2" 'BEGIN { for (i = 0; i < count; i++) print before i }' \
        >"$T/stdin"
    hook_as jdoe push PRJ/app <"$T/stdin"
}
refs 1000 many/
accepted 'semantics 8: as many refs as [limits] refs'
refs 1001 many/
rejected 'semantics 8: one more' 'at most 1000 are allowed; push fewer refs'
refs 1 "$(printf '%0200d' 0)"
rejected 'semantics 8: a longer line than [limits] line' 'longer than 256 bytes'

# -------------------------------------------------------------- memory
# 60,000 refs with names of 200 bytes: more than 8 MiB hold.
printf '' | limited 'memory = 8M'
refs 60000 "$(printf '%0200d' 0)"
is "$hook_code,$(audit .exit)" 2,2 'semantics 8: more than [limits] memory: rejected, code 2' || note "$err"
like "$err" 'memory|push fewer refs' 'and the pusher reads why'

# -------------------------------------------------------------- large files beside the hook
printf '' | limited 'deadline = 60s'
size=$(tail -n 1 "$BB/audit.log" | wc -c)
cp "$BB/audit.log" "$T/audit.log"
truncate -s 1G "$BB/audit.log"
echo >>"$BB/audit.log"
refs 1 large/
accepted 'an audit log of 1 GiB is appended to'
ok 'by one line, not longer than others' test \
    "$(wc -c <"$BB/audit.log")" -lt $((1024 * 1024 * 1024 + size + 4000))
mv "$T/audit.log" "$BB/audit.log"
truncate -s 1G "$T/access.log"
{
    echo
    awk 'BEGIN { for (i = 0; i < 5000; i++)
        printf "10.1.2.3 | ssh | %s*N65x%dx0 | jdoe | 2026-11-22 05:54:25,733 | SSH - git-receive-pack " \
            "'\''/prj/app.git'\'' | \"SSH-2.0-OpenSSH_9.2\" | - | - | y3r3kf | \n", i % 2 ? "o" : "i", int(i / 2) }'
} >>"$T/access.log"
printf '[credential]\nresolvers = name, access-log\naccess-log = %s\n' "$T/access.log" | limited 'deadline = 60s'
refs 1 large/
accepted 'semantics 5: the end of an access log of 1 GiB is read'
is "$(audit .credential.class)" user 'in which no push of this user is under way'

# -------------------------------------------------------------- the deadline
# Deltas of one large commit, each of which takes long to read; git takes them.
if perl -MCompress::Zlib -MDigest::SHA -e 1 2>/dev/null; then
    git init -q --bare "$T/deltas"
    last=$("$TOP/tests/bench/make-deltas" 300 31 "$T/deltas")
    mkdir -p "$quarantine"
    mv "$T/deltas/objects/pack" "$quarantine/"
    printf '%s\n[identity]\nextra-emails = dev@example.com\n' "$own" | limited 'deadline = 1s'
    echo "$ZERO $last refs/heads/mine/deltas" >"$T/stdin"
    # What libgit2 holds when it is stopped is never freed.
    sed '2i ASAN_OPTIONS=detect_leaks=0:exitcode=99; export ASAN_OPTIONS' "$BB/hook" >"$BB/hook.new"
    mv "$BB/hook.new" "$BB/hook"
    LAUNCH_EXTRA=$T/objects hook_as jdoe push PRJ/app <"$T/stdin"
    rejected 'semantics 8: new commits that take long to read' 'the decision took too long'
    is "$(audit '.changes|length')" 1 'and it was recorded in spite of that'
    rm -r "$quarantine"
else
    skip 'semantics 8: new commits that take long to read' 'perl lacks Compress::Zlib or Digest::SHA'
fi
ok 'the audit chain is intact' "$BUILD/refgate" audit verify "$BB/audit.log"
done_testing
