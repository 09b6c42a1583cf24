#!/bin/sh
# semantics 8: refgate-audit(5) is true of what the hook writes: each field with its type, and a chain
# that programs other than refgate can check, by the recipes that the manual gives.
. tests/lib/tap.sh
test_start
page=packaging/man/refgate-audit.5

"$BUILD/refgate" sync --replay tests/fixtures/acme --output "$T/snapshot.cdb" >/dev/null 2>&1
log=$T/audit.jsonl
conf() { # MODE; more on stdin
    printf '[refgate]\nmode = %s\n[snapshot]\nfile = %s\n[audit]\nfile = %s\nsyslog = off\n' "$1" "$T/snapshot.cdb" "$log"
    printf '[approvals]\ndirectory = %s\n' "$T/approvals"
    cat
}
conf enforce >"$T/refgate.conf" <<'CONF'
[access-keys]
push = annotate
[rule "keys-stay-off-main"]
action = reject
credentials = access-key, repository-token, project-token
refs = main
message = Not here.
controls = soc2:CC6.1
[rule "watch"]
action = reject
mode = monitor
users = jdoe
refs = topic/*
[rule "ask"]
action = require-approval
refs = asked
[rule "rewrites"]
action = reject
changes = rewrite
refs = topic/*
CONF
mkdir "$T/84" "$T/approvals"
git init -q --bare "$T/84"
tree=$(git -C "$T/84" hash-object -w -t tree --stdin </dev/null)
one=$(git -C "$T/84" commit-tree -m one "$tree")
two=$(git -C "$T/84" commit-tree -p "$one" -m two "$tree")
zero=$(printf '%040d' 0)
push() { # REPO USER DISPLAY EMAIL [OPTION]; updates on stdin
    (
        cd "$T/84" && env -i GIT_DIR=. PATH="$PATH" ASAN_OPTIONS="$ASAN_OPTIONS" LSAN_OPTIONS="$LSAN_OPTIONS" \
            BB_PROJECT_KEY="${1%/*}" BB_REPO_SLUG="${1#*/}" BB_USER_NAME="$2" BB_USER_DISPLAY_NAME="$3" \
            BB_USER_EMAIL="$4" BB_USER_PERMISSION=REPO_WRITE BB_HOOK_TRIGGER_ID="${trigger:-push}" \
            BB_HOOK_TYPE=PRE BB_IS_DRY_RUN="${dry_run:-false}" BB_BASE_URL=https://bitbucket.example.com \
            "$BUILD/refgate-hook" --config "$T/refgate.conf" ${5:+"$5"} >/dev/null 2>&1
    ) || :
}
jdoe() { push "${1:-PRJ/app}" jdoe 'Jane Doe' jane.doe@example.com; }

# -------------------------------------------------------------- pushes of all kinds
echo "$one $two refs/heads/topic/a" | jdoe
echo "$one $zero refs/heads/release/1" | jdoe
echo "$one $two refs/tags/v1" | jdoe
trigger=pull-request-merge
echo "$one $two refs/heads/main" | jdoe
dry_run=true
echo "$one $two refs/heads/main" | jdoe
trigger='' dry_run=''
printf '%s %s refs/heads/\377\n' "$zero" "$two" | jdoe
echo "$zero $two refs/heads/$(printf '%05000d' 7)" | jdoe
echo "$one $two refs/heads/main" | push PRJ/app 3adc96b3b93443e4 'Access Key User - ci-deploy' ''
echo "$zero $two refs/heads/topic/k" | push PRJ/app 3adc96b3b93443e5 'Access Key User - dup-label' ''
echo "$zero $two refs/heads/topic/k" | push PRJ/app access-token-user/2/84 'Access Token User - app' ''
echo "$zero $two refs/heads/topic/k" | push PRJ/app nobody Nobody ''
echo "$zero $two refs/heads/topic/k" | jdoe PRJ/nowhere
echo "$one $two refs/heads/native" | push PRJ/app jdoe Jane '' --native
echo "$one $two refs/heads/native" | env -u BB_USER_NAME "$BUILD/refgate-hook" --native --config "$T/refgate.conf" >/dev/null 2>&1 || :
echo garbage | jdoe
awk -v one="$one" 'BEGIN { for (i = 0; i < 1001; i++) printf "%040d %s refs/heads/many/%d\n", 0, one, i }' | jdoe
"$BUILD/refgate" disable --config "$T/refgate.conf" --reason maintenance >/dev/null
echo "$one $two refs/heads/main" | jdoe
"$BUILD/refgate" enable --config "$T/refgate.conf" >/dev/null
echo "$one $two refs/heads/asked" | jdoe
"$BUILD/refgate" approve create --config "$T/refgate.conf" --repo PRJ/app --ref refs/heads/asked --user jdoe \
    --for 1h --reason 'release 7' >/dev/null 2>"$T/err" || note "$(cat "$T/err")"
"$BUILD/refgate" approve create --config "$T/refgate.conf" --repo PRJ/app --ref refs/heads/asked --user jdoe \
    --for 1h --changes delete --reason 'not this' >/dev/null 2>"$T/err" || note "$(cat "$T/err")"
echo "$one $two refs/heads/asked" | jdoe
echo "$one $two refs/heads/asked" | jdoe
: >"$T/snapshot.cdb.gone" && mv "$T/snapshot.cdb" "$T/snapshot.cdb.away"
echo "$one $two refs/heads/topic/a" | jdoe
mv "$T/snapshot.cdb.away" "$T/snapshot.cdb"
cp "$log" "$T/first"

# -------------------------------------------------------------- the fields
run python3 tests/lib/records.py fields "$page" "$log"
is "$code" 0 'the records can be read'
like "$out" '^2[0-9] records, [0-9]+ of [0-9]+ fields seen$' 'there are some'
is "$(printf '%s\n' "$out" | sed '$d')" '' 'each field is in the manual, with its type and where it says'
# What these pushes cannot show; tests/unit/test_record.c has these.
is "$(python3 tests/lib/records.py unseen "$page" "$log" | sed '/^$/q' | grep . | tr '\n' ' ')" \
    'approval.considered_omitted approval.problem changes[].reasons_omitted credential.candidates_open credential.candidates_total credential.token_id reasons[].id reasons[].message reasons[].monitored reasons[].restriction reasons_omitted snapshot.part snapshot.part.read ' \
    'and nearly each field of the manual was there'
sed -n '1s/"exit":0/"exit":"0"/p; 2s/"host":/"hosts":/p; 3s/"dry_run":false,*//p' "$log" >"$T/odd"
run python3 tests/lib/records.py fields "$page" "$T/odd"
for part in 'exit is "0", not integer' 'hosts is not in the manual' 'host is missing' 'push.dry_run is missing'; do
    contains "$out" "$part" "the comparison finds: $part"
done

# -------------------------------------------------------------- the chain
python3 tests/lib/records.py program "$page" >"$T/check.py"
check() { run python3 "$T/check.py" "$@"; }
head=$(tail -n 1 "$log" | jq -r .hash)
check "$log"
is "$code" 0 'the program in the manual: the chain is whole' || note "$err"
is "$out" "$head" 'and it prints its head'
line=$(sed -n "/^\.Ss To check/,/^\.Ed/p" "$page" | sed -n '/^\$ /,/^\.Ed/{/^\.Ed/d;s/^\$ //;s/\\e/\\/g;p;}')
is "$(cd "$T" && sh -c "$line" | cut -d' ' -f1)" "$head" 'the line for the shell prints the hash of the last line'
is "$(head -n 1 "$log" | jq -r .prev)" "$(printf '%064d' 0)" 'the first line follows 64 zeros'

wrong() { # LINE WHAT, of $T/wrong
    check "$T/wrong"
    is "$code" 1 "the program finds: $2"
    contains "$err" "wrong:$1: $2" "in line $1"
    ok 'and so does refgate audit verify' must_fail "$BUILD/refgate" audit verify "$T/wrong"
}
sed '3s/jdoe/lead/' "$log" >"$T/wrong"
wrong 3 'was edited'
sed 4d "$log" >"$T/wrong"
wrong 4 'does not follow'
sed -n '1p;2{h;d;};3{p;g;p;q;}' "$log" >"$T/wrong"
wrong 2 'does not follow'
sed '2s/.$//' "$log" >"$T/wrong"
wrong 2 'not a whole record'
# A line that was written anew with a hash of its own shows in the next one.
body=$(sed -n 2p "$log" | sed 's/"hash":"[0-9a-f]*"}$//; s/,$//; s/"exit":[0-9]/"exit":0/; s/"accept"/"note"/')
{
    sed -n 1p "$log"
    printf '%s,"hash":"%s"}\n' "$body" "$(printf '%s' "$body" | sha256sum | cut -d' ' -f1)"
    sed -n '3,$p' "$log"
} >"$T/wrong"
wrong 3 'does not follow'

# -------------------------------------------------------------- rotation
"$BUILD/refgate" audit rotate --config "$T/refgate.conf" >/dev/null
echo "$one $two refs/heads/topic/b" | jdoe
rotated=$(find "$T" -name 'audit.jsonl-*')
is "$(head -n 1 "$log" | jq -r '[.type, .continues] | join(" ")')" "rotation ${rotated##*/}" \
    'a log after a rotation begins with its record'
is "$(head -n 1 "$log" | jq -r .prev)" "$head" 'which follows the last line of the log before'
check "$rotated" "$log"
is "$code" 0 'the program goes on over a rotation' || note "$err"
is "$out" "$(tail -n 1 "$log" | jq -r .hash)" 'up to the head'
check "$log" "$rotated"
is "$code" 1 'but not in the wrong order'
run "$BUILD/refgate" audit verify "$rotated" "$log"
is "$code" 0 'refgate audit verify agrees'
"$BUILD/refgate" audit rotate --keep 1 --config "$T/refgate.conf" >/dev/null
echo "$one $two refs/heads/topic/b" | jdoe
run python3 tests/lib/records.py fields "$page" "$T"/audit.jsonl*
is "$(printf '%s\n' "$out" | sed '$d')" '' 'records of rotations are as the manual says'
lacks "$(python3 tests/lib/records.py unseen "$page" "$T"/audit.jsonl*)" 'dropped' 'all fields of them'
done_testing
