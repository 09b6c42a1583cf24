#!/bin/sh
# The hook and `refgate check` decide alike: the same inputs, the same record (apart from id, time,
# duration, age of the snapshot and the chain).
. tests/lib/tap.sh
test_start

run "$BUILD/refgate" sync --replay tests/fixtures/acme --output "$T/snapshot.cdb"
is "$code" 0 'the snapshot is built' || note "$err"
cat >"$T/refgate.conf" <<CONF
[snapshot]
file = $T/snapshot.cdb
[audit]
file = $T/audit.log
syslog = off
[access-keys]
push = annotate
[rule "keys-stay-off-main"]
action = reject
credentials = access-key, repository-token, project-token
refs = main
[rule "rewrites"]
action = reject
changes = rewrite
refs = topic/*
[rule "watch"]
action = reject
mode = monitor
users = jdoe
refs = watched
[rule "ask"]
action = require-approval
refs = asked
CONF
mkdir -p "$T/84"
git init -q --bare "$T/84"
tree=$(git -C "$T/84" hash-object -w -t tree --stdin </dev/null)
one=$(git -C "$T/84" commit-tree -m one "$tree")
two=$(git -C "$T/84" commit-tree -p "$one" -m two "$tree")
other=$(git -C "$T/84" commit-tree -m other "$tree")
zero=0000000000000000000000000000000000000000

without_age() { sed 's/snapshot of [0-9a-z ]* ago/snapshot of AGE ago/'; }
same() { # DESCRIPTION USER DISPLAY EMAIL PERMISSION TRIGGER REPO; updates on stdin
    cat >"$T/updates"
    rm -f "$T/audit.log"
    hook=0
    (
        cd "$T/84" && env -i GIT_DIR=. PATH="$PATH" ASAN_OPTIONS="$ASAN_OPTIONS" LSAN_OPTIONS="$LSAN_OPTIONS" \
            BB_PROJECT_KEY="${7%/*}" BB_REPO_SLUG="${7#*/}" BB_USER_NAME="$2" \
            BB_USER_DISPLAY_NAME="$3" BB_USER_EMAIL="$4" BB_USER_PERMISSION="$5" \
            BB_HOOK_TRIGGER_ID="$6" BB_HOOK_TYPE=PRE BB_IS_DRY_RUN=false \
            BB_BASE_URL=https://bitbucket.example.com \
            "$BUILD/refgate-hook" --config "$T/refgate.conf" <"$T/updates" >"$T/hook.out" 2>&1
    ) || hook=$?
    jq -S 'del(.id, .time, .duration_us, .prev, .hash, .snapshot.age_s)' "$T/audit.log" |
        without_age >"$T/hook.json"
    run "$BUILD/refgate" check --config "$T/refgate.conf" --repo "$7" --user "$2" \
        --display-name "$3" --email "$4" --permission "$5" --trigger "$6" \
        --base-url https://bitbucket.example.com --git-dir "$T/84" --format json <"$T/updates"
    is "$code" "$hook" "$1: exit code $hook"
    jq -S 'del(.id, .time, .duration_us, .snapshot.age_s)' "$T/.out" | without_age >"$T/check.json"
    ok "$1: there is a record" test -s "$T/hook.json"
    same_file "$T/check.json" "$T/hook.json" "$1: the same record"
}
same 'a user updates a topic' jdoe 'Jane Doe' jane.doe@example.com REPO_WRITE push PRJ/app <<IN
$one $two refs/heads/topic/a
IN
same 'a user rewrites a topic' jdoe 'Jane Doe' jane.doe@example.com REPO_WRITE push PRJ/app <<IN
$one $other refs/heads/topic/a
$zero $one refs/heads/topic/b
IN
same 'a user pushes to main' jdoe 'Jane Doe' jane.doe@example.com REPO_WRITE push PRJ/app <<IN
$one $two refs/heads/main
IN
same 'a merge to main' jdoe 'Jane Doe' jane.doe@example.com REPO_WRITE pull-request-merge PRJ/app <<IN
$one $two refs/heads/main
IN
same 'a rule in monitor mode' jdoe 'Jane Doe' jane.doe@example.com REPO_WRITE push PRJ/app <<IN
$one $two refs/heads/watched
IN
same 'a rule that wants an approval' jdoe 'Jane Doe' jane.doe@example.com REPO_WRITE push PRJ/app <<IN
$one $two refs/heads/asked
IN
same 'a deploy key' 3adc96b3b93443e4 'Access Key User - ci-deploy' '' REPO_WRITE push PRJ/app <<IN
$one $two refs/heads/main
$zero $two refs/heads/topic/k
IN
same 'two keys with one label' 3adc96b3b93443e5 'Access Key User - dup-label' '' REPO_WRITE push PRJ/app <<IN
$zero $two refs/heads/topic/k
IN
same 'a repository token' access-token-user/2/84 'Access Token User - app' '' REPO_WRITE push PRJ/app <<IN
$zero $two refs/heads/topic/k
IN
same 'a foreign token' access-token-user/2/85 'Access Token User - lib' '' REPO_WRITE push PRJ/app <<IN
$zero $two refs/heads/topic/k
IN
same 'a stranger' nobody Nobody nobody@example.com REPO_WRITE push PRJ/app <<IN
$zero $two refs/heads/topic/k
IN
same 'an unknown repository' jdoe 'Jane Doe' jane.doe@example.com REPO_WRITE push PRJ/nowhere <<IN
$zero $two refs/heads/topic/k
IN
same 'a tag that moves and one that goes' jdoe 'Jane Doe' jane.doe@example.com REPO_WRITE push PRJ/app <<IN
$one $two refs/tags/v1
$one $zero refs/tags/v2
IN
same 'drift of permissions' reader Reader reader@example.com REPO_WRITE push PRJ/app <<IN
$zero $two refs/heads/topic/k
IN
done_testing
