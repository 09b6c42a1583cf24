#!/bin/sh
# refgate approve: create, list, show, revoke, prune. tests/push/approvals.t uses them with pushes.
. tests/lib/tap.sh
test_start

mkdir "$T/approvals"
printf '[approvals]\ndirectory = %s\n' "$T/approvals" >"$T/refgate.conf"
unset SUDO_USER
approve() { run "$BUILD/refgate" approve "$@" --config "$T/refgate.conf"; }
create() { approve create --repo PRJ/app --ref main --user jdoe --reason 'CHG-1' "$@"; }
me=$(id -un)

# -------------------------------------------------------------- create
create
is "$code" 0 'an approval is made' || note "$err"
first=$(printf '%s\n' "$out" | head -n 1)
like "$first" '^[0-9A-HJKMNP-TV-Z]{26}$' 'its id is printed'
like "$out" '^jdoe may push once to PRJ/app: create, update main, until 20.*Z$' 'and what it allows, in a sentence'
is "$(stat -c %a "$T/approvals/$first.approval")" 644 'the hook can read it'
is "$(jq -c '[.format, .id, .repositories, .refs, .users, .changes, .new, .uses, .approver, .reason]' \
    "$T/approvals/$first.approval")" \
    "[1,\"$first\",[\"PRJ/app\"],[\"main\"],[\"jdoe\"],[\"create\",\"update\"],[],1,{\"uid\":$(id -u),\"name\":\"$me\",\"sudo_user\":null},\"CHG-1\"]" \
    'semantics 7: who, what, where, who approved, why'
is "$(jq '(.not_after | sub("\\.[0-9]*Z"; "Z") | fromdate) - (.not_before | sub("\\.[0-9]*Z"; "Z") | fromdate)' \
    "$T/approvals/$first.approval")" 86400 'semantics 7: for a day, unless said otherwise'
create --ref 'release/*' --changes 'rewrite, delete' --user rroe --repo 'OPS/*' --uses 3 \
    --new 9b1d004000000000000000000000000000000000 --not-before 2099-11-22 --for 7d --format json
is "$code" 0 'all options' || note "$err"
is "$(printf '%s' "$out" | jq -c '[.repositories, .refs, .users, .changes, .uses, .not_before, .not_after, .state, .used]')" \
    '[["PRJ/app","OPS/*"],["main","release/*"],["jdoe","rroe"],["rewrite","delete"],3,"2099-11-22T00:00:00.000Z","2099-11-29T00:00:00.000Z","not-yet",0]' \
    'are in the file'
second=$(printf '%s' "$out" | jq -r .id)
SUDO_USER=lead create
is "$(jq -r .approver.sudo_user "$T/approvals/$(printf '%s\n' "$out" | head -n 1).approval")" lead \
    'semantics 7: who called sudo is recorded'

before=$(ls "$T/approvals")
refused() { # CODE PART DESCRIPTION ARGS...
    refused_code=$1 refused_part=$2 refused_text=$3
    shift 3
    approve create "$@"
    is "$code" "$refused_code" "$refused_text"
    contains "$err" "$refused_part" '  and it says why'
}
set -- --repo PRJ/app --ref main --reason CHG-1
refused 2 '--user is needed' 'a user is needed' "$@"
refused 2 '--repo is needed' 'a repository is needed' --ref main --user jdoe --reason x
refused 2 '--ref is needed' 'a ref is needed' --repo PRJ/app --user jdoe --reason x
refused 2 '--reason is needed' 'a reason is needed' --repo PRJ/app --ref main --user jdoe
refused 2 'has words' 'the reason of the printed command has to be filled in' --repo PRJ/app \
    --ref main --user jdoe --reason ...
refused 1 'nobody approves his own push' 'semantics 7: never for oneself' "$@" --user "$me"
refused 1 'nobody approves his own push' 'semantics 7: nor in other letters' "$@" --user jdoe \
    --user "$(printf %s "$me" | tr '[:lower:]' '[:upper:]')"
SUDO_USER=JDoe refused 1 'nobody approves his own push' 'semantics 7: nor by sudo' "$@" --user jdoe
refused 2 'without wildcards' 'not for everybody' "$@" --user '*'
refused 2 'more than 90 days' 'not for ever' "$@" --user jdoe --for 91d
refused 2 'would have ended already' 'not for the past' "$@" --user jdoe --until 2020-01-01
refused 2 'ends before it begins' 'not backwards' "$@" --user jdoe --not-before 2099-01-02 \
    --until 2099-01-01
refused 2 'one of them' 'not two ends' "$@" --user jdoe --until 2099-01-01 --for 1h
refused 2 'not tomorrow' 'a time is a time' "$@" --user jdoe --until tomorrow
refused 2 '--for wants' 'a duration is one' "$@" --user jdoe --for 0
refused 2 'not push' 'kinds are kinds' "$@" --user jdoe --changes create,push
refused 2 'no kind' 'and at least one' "$@" --user jdoe --changes ,
refused 2 '40 or 64' 'ids are whole' "$@" --user jdoe --new 9b1d004
refused 2 '1 to 1000' 'uses are few' "$@" --user jdoe --uses 1001
refused 2 'KEY/SLUG' 'a repository has two names' "$@" --user jdoe --repo app
refused 2 'empty' 'a pattern is one' "$@" --user jdoe --ref a//b
refused 2 'one line' 'a reason is one line' --repo PRJ/app --ref main --user jdoe --reason "$(printf 'a\nb')"
is "$(ls "$T/approvals")" "$before" 'nothing of that left a file'

# -------------------------------------------------------------- list, show
approve list
is "$code" 0 'they are listed'
is "$(printf '%s\n' "$out" | cut -c 1-26 | head -n 2)" "$(printf '%s\n' "$first" "$second" | sort)" 'oldest first'
like "$out" "^$first  open +0/1  jdoe may push once" 'with state, uses, and what they allow'
like "$out" "^$second  not-yet +0/3  jdoe or rroe may push 3 times to PRJ/app or OPS/\*: rewrite, delete main or release/\*, to 9b1d0040*, from 2099-11-22T00:00:00Z, until" \
    'all of it'
lacks "$out" "$(printf '\033')" 'no colour off a terminal'
approve show "$(printf %s "$first" | tr '[:upper:]' '[:lower:]')"
is "$code" 0 'one is shown, in any case of letters'
contains "$out" "by $me (uid $(id -u))" 'with who approved'
contains "$out" 'reason: CHG-1' 'and why'
approve show 01ZZ
is "$code" 1 'one that is not there'
approve show 0
is "$code" 2 'one that is hardly named'
printf '{"format":1,"decision":"01JDA8ZZZZZZZZZZZZZZZZZZZZ","repository":"PRJ/app","pusher":"j\\u001bdoe","push":"%064d","time":"2026-11-22T04:10:00Z","host":"bb1"}' 0 \
    >"$T/approvals/$first.use.1"
approve show "$first"
contains "$out" 'use 1: 2026-11-22T04:10:00Z j\x1bdoe to PRJ/app, decision 01JDA8ZZZZZZZZZZZZZZZZZZZZ on bb1' \
    'which push took it, escaped'
contains "$out" 'was used before, 1 of 1 use taken' 'and what is left'
approve show "$first" --format json
is "$(printf '%s' "$out" | jq -c '[.state, .used, .taken[0].use, .revoked]')" '["used-up",1,1,null]' 'in JSON, too'
approve list
lacks "$out" "$first" 'what is used up is listed'
approve list --all
contains "$out" "$first  used-up" 'with --all only'

# -------------------------------------------------------------- revoke
approve revoke "$second"
is "$code" 2 'a revocation needs a reason'
approve revoke "$second" --reason 'wrong release'
is "$code" 0 'semantics 7: one is revoked' || note "$err"
approve revoke "$second" --reason 'wrong release'
is "$code" 1 'once'
approve show "$second"
like "$out" "^  revoked: .* by $me \(uid $(id -u)\): wrong release$" 'by whom, why'
approve show "$second" --format json
is "$(printf '%s' "$out" | jq -c '[.state, .revoked.reason]')" '["revoked","wrong release"]' 'in JSON, too'

# -------------------------------------------------------------- what counts for no hook
echo '{}' >"$T/approvals/$(printf 'x\033').approval"
cp "$T/approvals/$first.approval" "$T/approvals/01JDA8ZZZZZZZZZZZZZZZZZZZZ.approval"
approve list
is "$code" 1 'files that no hook counts: code 1'
like "$out" '^01JDA8ZZZZZZZZZZZZZZZZZZZZ  malformed  no hook counts it$' 'named, one with the id of another'
contains "$out" 'x\x1b.approval' 'escaped'
approve list --format json
is "$(printf '%s' "$out" | jq -c '[.[] | select(.state == "malformed")] | length')" 2 'in JSON, too'
rm "$T"/approvals/01JDA8ZZZZ*.approval "$T"/approvals/x*

# -------------------------------------------------------------- prune
approve prune
like "$out" '^removed 0 approvals' 'nothing ended long ago'
jq '.not_before = "2020-01-01T00:00:00Z" | .created = .not_before | .not_after = "2020-01-02T00:00:00Z"' \
    "$T/approvals/$first.approval" >"$T/old" && cat "$T/old" >"$T/approvals/$first.approval"
touch -d '2 hours ago' "$T/approvals/.refgate-use.x" "$T/approvals/01JDA8ZZZZZZZZZZZZZZZZZZZZ.use.1"
approve prune --older-than 1d
is "$code,$out" '0,removed 1 approval and 2 files that belonged to none' 'what did is removed'
is "$(find "$T/approvals" -name "$first*" -o -name '.ref*' -o -name '01JDA8ZZZZ*')" '' 'with all that belonged to it'
ok 'the others are there' test -f "$T/approvals/$second.approval"

# -------------------------------------------------------------- trouble
chmod g+w "$T/approvals"
create
is "$code" 2 'semantics 8: a directory that the hook would not trust is refused here, too'
contains "$err" 'chmod go-w' 'with what to do'
chmod g-w "$T/approvals"
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
    chmod 755 "$T"
    run setpriv --reuid=65534 --regid=65534 --clear-groups "$BUILD/refgate" approve create --repo PRJ/app \
        --ref main --user jdoe --reason CHG-1 --config "$T/refgate.conf"
    is "$code" 2 'somebody who cannot write the directory'
    contains "$err" "you cannot write $T/approvals: approvals are given and revoked by root" 'reads who can'
else
    skip 'somebody who cannot write the directory' 'not root'
    skip 'reads who can' 'not root'
fi
rm -r "$T/approvals"
approve list
is "$code" 2 'no directory'
contains "$err" 'does not exist: make it' 'is said'
: >"$T/refgate.conf"
approve list
is "$code" 2 'no place for approvals in the configuration'
contains "$err" 'does not set [approvals] directory' 'is said'

# -------------------------------------------------------------- the manual
for command in create list show revoke prune; do
    for option in $("$BUILD/refgate" approve "$command" --help | sed -n 's/^  --\([a-z-]*\).*/\1/p'); do
        ok "refgate-approve(8) documents --$option" \
            grep -Eq "^\.It Fl -$option( |\$)|^\.It .*, Fl -$option( |\$)" packaging/man/refgate-approve.8
    done
done
if command -v mandoc >/dev/null; then
    mandoc -Tlint packaging/man/refgate-approve.8 2>&1 |
        grep -v -e 'referenced manual not found' -e 'outdated mandoc.db' >"$T/lint"
    is "$(cat "$T/lint")" '' 'mandoc has nothing to say about refgate-approve.8'
else
    skip 'mandoc has nothing to say' 'no mandoc'
fi
done_testing
