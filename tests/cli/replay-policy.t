#!/bin/sh
# refgate audit replay: the same policy changes nothing, another one what it says it does.
. tests/lib/tap.sh
test_start
command -v python3 >/dev/null || skip_all 'python3 is not installed'

replay() { run "$BUILD/refgate" audit replay "$@" </dev/null; }
count() { jq -r "$1" <"$T/.out"; }

# -------------------------------------------------------------- the same policy changes nothing
# Generated instances, questions to them at all times of a week, decisions recorded as the hook does.
cat >"$T/rules" <<'CONF'
[refs]
other = annotate
[failure]
unknown-user = annotate
[access-keys]
push = annotate
max-age = 400d
[rule "weekend"]
action = reject
days = sat, sun
after = 08:00
before = 20:00
refs = release/*, main
[rule "keys"]
action = require-approval
credentials = access-key, project-token
refs = main, topic/*
[rule "watched"]
action = reject
mode = monitor
changes = rewrite, delete
[rule "rewrites"]
action = annotate
changes = rewrite
refs = feature/*
[service-account "ci-bot"]
refs = ci/*
CONF
same() { # SEED VERSION MODE
    dir=$T/$1
    tests/bitbucket/oracle --seed "$1" --size tiny --server-version "$2" --count 300 --record "$dir" \
        >/dev/null || note 'no questions'
    "$BUILD/refgate" sync --replay "$dir/recording" --now 2026-11-20T00:00:00Z \
        --output "$dir/snapshot.cdb" >/dev/null 2>&1
    cat "$T/rules" >>"$dir/refgate.conf"
    sed "s/^\\[refgate\\]/&\\nmode = $3\\ntimezone = Europe\\/Berlin/" "$dir/refgate.conf" >"$dir/rich.conf"
    jq -c '.at = "2026-11-2\(input_line_number % 7)T\(10 + input_line_number % 13):30:00Z"' \
        "$dir/cases.jsonl" >"$dir/cases"
    "$BUILD/refgate" check --batch --config "$dir/rich.conf" <"$dir/cases" >"$dir/log"
    # Today's snapshot is younger than each decision.
    "$BUILD/refgate" sync --replay "$dir/recording" --now 2026-12-24T00:00:00Z \
        --output "$dir/snapshot.cdb" >/dev/null 2>&1
    replay --config "$dir/rich.conf" --policy "$dir/rich.conf" --format json "$dir/log"
    is "$code" 0 "seed $1 ($2, $3): nothing would change"
    is "$(count '[.decisions, .same, .open, .drifted, .skipped] | @csv')" 300,300,0,0,0 \
        "seed $1 ($2, $3): each decision is the one that was recorded"
}
same 1 9.4 enforce
same 2 10.2 enforce
same 3 9.4 monitor
ok 'the rules had a say' test \
    "$(cat "$T"/[123]/log | jq -r '.changes[].reasons[].rule // empty' | sort -u | wc -l)" -ge 4

# -------------------------------------------------------------- a log of the hook's own
"$BUILD/refgate" sync --replay tests/fixtures/acme --output "$T/snapshot.cdb" >/dev/null 2>&1
cat >"$T/refgate.conf" <<CONF
[refgate]
mode = enforce
[snapshot]
file = $T/snapshot.cdb
[audit]
file = $T/audit.log
syslog = off
[rule "no-keys"]
action = reject
credentials = access-key, repository-token, project-token
refs = deploy
[rule "own-work"]
action = reject
refs = own/*
committer = pusher
CONF
mkdir -p "$T/84"
git init -q --bare "$T/84"
tree=$(git -C "$T/84" hash-object -w -t tree --stdin </dev/null)
one=$(git -C "$T/84" commit-tree -m one "$tree")
two=$(GIT_COMMITTER_EMAIL=jane.doe@example.com git -C "$T/84" commit-tree -p "$one" -m two "$tree")
hook() { # REPO USER DISPLAY EMAIL [OPTION]; updates on stdin
    (
        cd "$T/84" && env -i GIT_DIR=. PATH="$PATH" ASAN_OPTIONS="$ASAN_OPTIONS" \
            LSAN_OPTIONS="$LSAN_OPTIONS" BB_PROJECT_KEY="${1%/*}" BB_REPO_SLUG="${1#*/}" \
            BB_USER_NAME="$2" BB_USER_DISPLAY_NAME="$3" BB_USER_EMAIL="$4" \
            BB_USER_PERMISSION=REPO_WRITE BB_HOOK_TRIGGER_ID=push BB_HOOK_TYPE=PRE \
            BB_IS_DRY_RUN=false BB_BASE_URL=https://bitbucket.example.com \
            "$BUILD/refgate-hook" --config "$T/refgate.conf" ${5:+"$5"} >/dev/null 2>&1
    ) || :
}
push() { # REF: everybody pushes to it
    set -- "$one $two refs/heads/$1"
    echo "$1" | hook PRJ/app jdoe 'Jane Doe' jane.doe@example.com
    echo "$1" | hook PRJ/app lead Lead lead@example.com
    echo "$1" | hook PRJ/app 3adc96b3b93443e4 'Access Key User - ci-deploy' ''
    echo "$1" | hook PRJ/app access-token-user/2/84 'Access Token User' ''
    echo "$1" | hook PRJ/app nobody Nobody nobody@example.com
    echo "$1" | hook PRJ/renamed rroe 'Richard Roe' richard.roe@example.com
}
for ref in deploy topic/a own/a; do push "$ref"; done
replay --config "$T/refgate.conf" --policy "$T/refgate.conf"
is "$code" 0 'the same policy: code 0'
contains "$out" '        18  the same
nothing would change' 'the same policy changes nothing'
lacks "$out" drifted 'and each decision was as it is now'
ok 'among them one that asked whose the commits are' grep -q '"type":"identity"' "$T/audit.log"

# What cannot be judged again is counted.
echo garbage | hook PRJ/app jdoe Jane ''
echo "$one $two refs/heads/native" | hook PRJ/app jdoe Jane '' --native
"$BUILD/refgate" disable --config "$T/refgate.conf" --reason maintenance >/dev/null
echo "$one $two refs/heads/main" | hook PRJ/app jdoe Jane ''
"$BUILD/refgate" enable --config "$T/refgate.conf" >/dev/null
cp "$T/audit.log" "$T/torn.log"
printf '%s\n' '{"type":"rotation","time":"2026-11-22T04:10:00Z"}' '{"id":"01JD' >>"$T/torn.log"
replay --config "$T/refgate.conf" --policy "$T/refgate.conf" --format json "$T/torn.log"
is "$(count '[.decisions, .skipped, .skips.failed, .skips.native, .skips.disabled, .skips.damaged] | @csv')" \
    18,4,1,1,1,1 'left out: what failed, native, the kill switch, a torn line; a rotation is none'

# A log that was rotated and compressed is still read whole.
cp "$T/audit.log" "$T/whole.log"
"$BUILD/refgate" audit rotate --compress --config "$T/refgate.conf" >/dev/null
replay --config "$T/refgate.conf" --policy "$T/refgate.conf" --format json
is "$(count '[.decisions, .same, .skips.damaged] | @csv')" 18,18,0 'rotated and compressed files'
rm -f "$T"/audit.log*
cp "$T/whole.log" "$T/audit.log"

# -------------------------------------------------------------- another policy
sed 's/^\[rule "no-keys.*/&\nmode = monitor/' "$T/refgate.conf" >"$T/new.conf"
cat >>"$T/new.conf" <<'CONF'
[rule "no-topics"]
action = reject
refs = topic/*
except-users = lead
[rule "rewrites"]
action = reject
changes = rewrite
refs = deploy
except-credentials = access-key, repository-token
[rule "hint"]
action = annotate
refs = deploy
credentials = access-key
CONF
replay --config "$T/refgate.conf" --policy "$T/new.conf" --format json
is "$code" 1 'another policy: code 1'
is "$(count '[.decisions, .newly_rejected, .newly_accepted, .otherwise, .open, .same] | @csv')" \
    18,5,2,0,4,7 'another policy: how many of what'
is "$(count '.by_rule[] | [.name, .rejected, .accepted, .open, .watched] | @csv' | tr -d '"')" \
    'no-topics,5,0,0,0
rewrites,0,0,4,0
no-keys,0,2,0,2' 'and of which rule'
is "$(count '[.by_user[] | select(.name == "jdoe" or .name == "lead") | .rejected] | sort | @csv')" 0,1 \
    'and whose'
contains "$(count '.changes[] | select(.effect == "open") | "\(.user) \(.rule)"')" rewrites \
    'semantics 1: a kind that nobody asked for is open'
is "$(count '.by_repository[].name' | sort | tr '\n' ' ')" 'PRJ/app PRJ/renamed ' 'and where'
replay --config "$T/refgate.conf" --policy "$T/new.conf" --limit 2
contains "$out" 'the last 2 of 11 that would change' '--limit'
like "$out" '^no-topics +5 +0 +0 +0 +0$' 'the table'
replay --config "$T/refgate.conf" --policy "$T/refgate.conf" --old "$T/new.conf" --format json
is "$(count '[.newly_rejected, .newly_accepted] | @csv')" 2,5 '--old: the other way round'
is "$(count '.drifted > 0 and .drifted == .drifted_by_policy')" true \
    'what another policy decided then is told as drift'
replay --config "$T/refgate.conf" --policy "$T/new.conf" --format csv
is "$(head -n 1 "$T/.out")" time,id,user,repository,before,after,effect,rule,why 'csv: its head'
is "$(sed 1d "$T/.out" | wc -l)" 11 'csv: a row a change'

# Monitor mode ends: those that would have been rejected, are.
sed 's/^mode = enforce/mode = monitor/' "$T/refgate.conf" >"$T/monitor.conf"
replay --config "$T/refgate.conf" --old "$T/monitor.conf" --policy "$T/refgate.conf" --format json
is "$(count '.newly_rejected == ([.by_rule[].rejected] | add) and .newly_rejected > 3')" true \
    'semantics 2: monitor mode stops nobody, its end is told before'
replay --config "$T/refgate.conf" --old "$T/new.conf" --policy "$T/monitor.conf"
contains "$out" 'the new policy is in monitor mode: it stops nobody' 'and its beginning'

# -------------------------------------------------------------- the record
# Records from before display_name was kept: the label tells.
sed 's/,"display_name":"Access Key[^,]*,"has_email":[a-z]*//' "$T/audit.log" >"$T/old.log"
ok 'an older log' test "$(grep -c display_name "$T/old.log")" -lt "$(grep -c display_name "$T/audit.log")"
replay --config "$T/refgate.conf" --policy "$T/refgate.conf" --format json "$T/old.log"
is "$(count '[.same, .drifted] | @csv')" 18,0 'a key is recognised in it'
# What was approved is not rejected again; a part of a push is judged as that.
jq -c 'if .verdict == "reject" then .approval = {used: [{id: "x"}]} | .verdict = "require-approval" | .exit = 0
    else .changes_omitted = 7 end' "$T/audit.log" >"$T/approved.log"
sed '/^action/s/reject/require-approval/' "$T/refgate.conf" >"$T/ask.conf"
replay --config "$T/refgate.conf" --old "$T/ask.conf" --policy "$T/refgate.conf" --format json "$T/approved.log"
is "$(count '.newly_rejected > 0 and .partial > 0')" true \
    'semantics 7: what needed an approval and had one was accepted'
# A snapshot from before: people whom it does not know.
jq -c '.pusher.name = "evil\u001b[31m\n=x" | .pusher.type = "user"' "$T/audit.log" >"$T/evil.log"
replay --config "$T/refgate.conf" --policy "$T/new.conf" "$T/evil.log"
contains "$out" 'evil\x1b[31m\x0a=x' 'names are escaped'
unlike "$(tr -d '\n' <"$T/.out")" '[[:cntrl:]]' 'no control byte gets out'

# -------------------------------------------------------------- times, trouble
replay --config "$T/refgate.conf" --policy "$T/new.conf" --until 2020-01-01
is "$code" 0 'no decision in that time: nothing would change'
contains "$out" '0 decisions' 'and none was looked at'
replay --config "$T/refgate.conf" --policy "$T/new.conf" --since 2020-01-01 --format json
is "$(count .decisions)" 18 '--since'
trouble() { # DESCRIPTION MESSAGE ARGS...
    description=$1 message=$2
    shift 2
    replay --config "$T/refgate.conf" "$@"
    is "$code" 2 "$description: code 2"
    contains "$err" "$message" "$description: says so"
}
trouble 'no policy' '--policy is missing'
trouble 'no such policy' "$T/none" --policy "$T/none"
echo '[rule' >"$T/bad.conf"
trouble 'a bad policy' 'bad.conf:1' --policy "$T/bad.conf"
trouble 'no such log' "$T/none" --policy "$T/new.conf" "$T/none"
trouble 'no such snapshot' 'does not exist' --policy "$T/new.conf" --snapshot "$T/none"
trouble 'no log' 'no line of the log is a decision' --policy "$T/new.conf" "$T/rules"
trouble 'a bad time' '--since' --policy "$T/new.conf" --since yesterday
trouble 'a bad format' '--format' --policy "$T/new.conf" --format xml
trouble 'a bad limit' '--limit' --policy "$T/new.conf" --limit -1

page=packaging/man/refgate-audit-replay.8
for option in $("$BUILD/refgate" audit replay --help | sed -n 's/^  --\([a-z-]*\).*/\1/p'); do
    ok "refgate-audit-replay(8) documents --$option" grep -Eq "^\.It Fl -$option( |\$)|Fl -$option Ar" $page
done
done_testing
