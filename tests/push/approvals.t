#!/bin/sh
# semantics 7: approvals. Real pushes that a rule lets through only with one; what is taken, by whom,
# how often; a hundred hooks at once.
. tests/lib/tap.sh
. tests/lib/push.sh
test_start
server_start
config() { # lines before the rules
    { cat && cat <<END; } | server_config
[approvals]
directory = $BB/approvals
[limits]
deadline = 60s
[rule "main-needs-approval"]
action = require-approval
refs = main, hotfix-of-the-day-with-a-name-that-is-much-longer-than-a-line-of-72-columns
[rule "no-secrets"]
action = reject
refs = secret
@common
END
}
config </dev/null
server_repository PRJ/lib 85
client_clone "$T/c" PRJ/lib
c=$T/c
storage=$(server_storage PRJ/lib)
approve() { run "$BUILD/refgate" approve "$@" --config "$CONF"; }
approved() { # OPTIONS...: $id
    approve create --repo PRJ/lib --ref main --user jdoe --reason 'CHG-1 hotfix' "$@"
    id=$(printf '%s\n' "$out" | head -n 1)
    [ "$code" = 0 ] || note "approve create: $err"
}
# What a hook says to updates of main, without git and its refs.
hook() { # LOGIN NEW [OLD [REF]]
    printf '%s %s %s\n' "${3:-$ZERO}" "$2" "${4:-refs/heads/main}" >"$T/stdin"
    hook_as "$1" push PRJ/lib <"$T/stdin"
}
one=$(commit "$c" one)

# -------------------------------------------------------------- asking
refuses 'semantics 7: the directory is not there: refused, as trouble' 2 jdoe "$c" origin HEAD:refs/heads/main
contains "$remote" 'approvals cannot be read: their directory is not there' 'and the pusher reads why'
lacks "$remote" "$BB" 'without a path of the server'
is "$(audit '.approval.problem')" 'approvals cannot be read: their directory is not there' \
    'and the record has it'

mkdir "$BB/approvals"
refuses 'semantics 7: no approval, no push' 1 jdoe "$c" origin HEAD:refs/heads/main
is "$(audit '[.verdict, .exit, .approval.used, .approval.considered] | tojson')" \
    '["require-approval",1,[],[]]' 'and the record says so'
contains "$remote" 'ask somebody else to approve it, with' 'the pusher reads what to ask for'
command=$(printf '%s\n' "$remote" | sed -n '/refgate approve/,/^$/p')
is "$(printf '%s\n' "$remote" | awk 'length > 72')" '' 'in 72 columns'
contains "$command" "$one" 'with the whole id'

# -------------------------------------------------------------- the command works as printed
printf '%s\n' "$command" | sed "s|^ *refgate|run \"$BUILD/refgate\"|; s|'\.\.\.'|'CHG-1'|; s|--reason [.]*|--reason CHG-1 --config \"$CONF\"|" \
    >"$T/command"
. "$T/command"
is "$code" 0 'semantics 7: the command that was printed, pasted' || note "$err"
id=$(printf '%s\n' "$out" | head -n 1)
refuses 'it is for no other commit' 1 jdoe "$c" origin "$(commit "$c" two):refs/heads/main"
is "$(audit '.approval.considered | tojson')" "[{\"id\":\"$id\",\"state\":\"other-id\"}]" \
    'which the record says'
contains "$remote" "approval $id is for another commit" 'and the pusher reads'
refuses 'it is for nobody else' 1 rroe "$c" origin "$one:refs/heads/main"
is "$(audit '.approval.considered | tojson')" '[]' 'and is none of his business'
refuses 'semantics 7: it lifts no other rule' 1 jdoe "$c" origin "$one:refs/heads/main" "$one:refs/heads/secret"
is "$(audit '[.verdict, .approval] | tojson')" '["reject",null]' 'nobody looked for it'
lacks "$remote" 'refgate approve' 'and nothing is said that would not help'
pushes 'it lets in what it is for' jdoe "$c" origin "$one:refs/heads/main"
is "$remote" '' 'without a word'
is "$(audit '[.verdict, .exit, .approval.used[0].id, .approval.used[0].use, .approval.used[0].again,
    .changes[0].verdict, .changes[0].approval, .changes[0].reasons[0].verdict] | tojson')" \
    "[\"accept\",0,\"$id\",1,false,\"accept\",\"$id\",\"require-approval\"]" \
    'the record: accepted, by which approval, the reason that wanted it stays'
is "$(audit '[.approval.used[0].approver.name, .approval.used[0].reason] | tojson')" \
    "[\"$(id -un)\",\"CHG-1\"]" 'and who approved, why'
is "$(jq -r .pusher "$BB/approvals/$id.use.1")" jdoe 'the use says who took it'

# -------------------------------------------------------------- again
git -C "$storage" update-ref -d refs/heads/main
pushes 'semantics 7: the same push again within ten minutes is free' jdoe "$c" origin "$one:refs/heads/main"
is "$(audit '.approval.used[0] | [.use, .again] | tojson')" '[1,true]' 'and is recorded as that'
jq '.time = "2020-01-01T00:00:00Z"' "$BB/approvals/$id.use.1" >"$T/use" && cat "$T/use" >"$BB/approvals/$id.use.1"
git -C "$storage" update-ref -d refs/heads/main
refuses 'later it is not' 1 jdoe "$c" origin "$one:refs/heads/main"
contains "$remote" "approval $id was used before" 'which the pusher reads'
git -C "$storage" update-ref refs/heads/main "$one"

# -------------------------------------------------------------- kinds
two=$(git -C "$c" rev-parse HEAD)
approved --changes rewrite
refuses 'semantics 7: an approval of a rewrite is none of an update' 1 jdoe "$c" origin "$two:refs/heads/main"
is "$(audit '[.changes[0].kind, .approval.considered[-1].state] | tojson')" '["update","other-kind"]' \
    'the history was read to tell which it is'
approve revoke "$id" --reason 'wrong kind'
is "$code" 0 'it is revoked'
approved --changes update
pushes 'one of an update is' jdoe "$c" origin "$two:refs/heads/main"
git -C "$c" reset -q --hard HEAD^
three=$(commit "$c" three)
approved --changes update --uses 2
refuses 'but none of a rewrite' 1 jdoe "$c" origin "+$three:refs/heads/main"
contains "$remote" '--changes rewrite' 'the command says what to ask for'

# -------------------------------------------------------------- revoked, expired, not yet, own
approve revoke "$id" --reason 'no longer needed'
hook jdoe "$three" "$two"
is "$(audit '[.approval.considered[].state] | sort | unique | tojson')" \
    '["revoked","used-up"]' 'semantics 7: the record names revoked and used ones'
rm "$BB"/approvals/*
approved --not-before "$(date -u -d '+1 hour' +%Y-%m-%dT%H:%M:%SZ)"
hook jdoe "$three"
is "$code,$(audit '[.approval.considered[].state] | tojson')" '1,["not-yet"]' 'semantics 7: not valid yet'
expire() { jq '.not_before = "2020-01-01T00:00:00Z" | .created = .not_before | .not_after = "2020-01-02T00:00:00Z"' "$1" >"$T/expired" && cat "$T/expired" >"$1"; }
expire "$BB/approvals/$id.approval"
hook jdoe "$three"
is "$code,$(audit '[.approval.considered[].state] | tojson')" '1,["expired"]' 'semantics 7: expired'
rm "$BB"/approvals/*
approved
jq '.approver.name = "JDoe"' "$BB/approvals/$id.approval" >"$T/own" && cat "$T/own" >"$BB/approvals/$id.approval"
hook jdoe "$three"
is "$code,$(audit '[.approval.considered[].state] | tojson')" '1,["own"]' \
    'semantics 7: never by the pusher himself'
jq '.approver.name = "lead" | .approver.sudo_user = "jdoe"' "$T/own" >"$BB/approvals/$id.approval"
hook jdoe "$three"
is "$code,$(audit '[.approval.considered[].state] | tojson')" '1,["own"]' 'not by sudo either'

# -------------------------------------------------------------- trust
rm "$BB"/approvals/*
approved
chmod g+w "$BB/approvals/$id.approval"
echo '{}' >"$BB/approvals/nonsense.approval"
echo '{' >"$BB/approvals/01JDA8ZZZZZZZZZZZZZZZZZZZZ.approval"
hook jdoe "$three"
is "$code,$(audit '[.approval.considered[].state] | tojson')" '1,["malformed","untrusted","malformed"]' \
    'semantics 8: files that are not trusted or malformed count for nothing, and are named'
lacks "$err" nonsense 'not to the pusher'
jq '.surprise = 1' "$BB/approvals/$id.approval" >"$T/more" && cat "$T/more" >"$BB/approvals/$id.approval"
chmod g-w "$BB/approvals/$id.approval"
hook jdoe "$three"
is "$code" 1 'a field that nobody knows makes it malformed, as it may limit it'
rm "$BB"/approvals/*
approved
chmod g+w "$BB/approvals"
hook jdoe "$three"
is "$code,$(audit .approval.problem)" \
    '2,approvals cannot be read: their directory is not trusted' 'semantics 8: nor a directory'
chmod g-w "$BB/approvals"
hook jdoe "$three"
is "$code" 0 'the same, put right' || note "$err"

# -------------------------------------------------------------- several, monitor, dry run, kill switch
rm "$BB"/approvals/*
approved
long=refs/heads/hotfix-of-the-day-with-a-name-that-is-much-longer-than-a-line-of-72-columns
both() { # NEW
    printf '%s %s %s\n' "$ZERO" "$1" refs/heads/main "$ZERO" "$1" "$long" >"$T/both"
    hook_as jdoe push PRJ/lib <"$T/both"
}
both "$three"
is "$code,$(find "$BB/approvals" -name '*.use.*')" '1,' \
    'semantics 7: one of two is approved: refused, and nothing is taken'
contains "$err" "covered by approval $id, which was not used" 'which the pusher reads'
printf '%s\n' "$err" | sed -n '/refgate approve/,/--new/p' |
    sed "s|^ *refgate|run \"$BUILD/refgate\"|; s|--reason [.]*|--reason CHG-2 --config \"$CONF\"|" >"$T/command"
is "$(awk 'length > 72' "$T/.err")" '' 'a long name is broken at 72 columns'
first=$id
. "$T/command"
is "$code" 0 'so that it can be pasted' || note "$err"
printf '%s\n' "$first" "$(printf '%s\n' "$out" | head -n 1)" | sort | jq -Rnc '[inputs]' >"$T/ids"
both "$three"
is "$code,$(audit '[.approval.used[].id] | sort | tojson')" "0,$(cat "$T/ids")" \
    'with an approval of each it is let in'
both "$three"
is "$code,$(audit '[.approval.used[].again] | tojson')" '0,[true,true]' 'and both were used'
rm "$BB"/approvals/*
approve create --repo 'PRJ/*' --ref refs/heads/ --user jdoe --reason 'release day'
both "$three"
is "$code,$(audit '.approval.used | length')" '0,1' 'semantics 7: one use covers one push of two refs'
rm "$BB"/approvals/*
: >"$T/seventeen"
approved --ref refs/heads/0/main
for i in 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26; do
    sed "s|$id|${id%??}$i|; s|heads/0|heads/$i|" "$BB/approvals/$id.approval" >"$BB/approvals/${id%??}$i.approval"
    echo "$ZERO $three refs/heads/$i/main" >>"$T/seventeen"
done
hook_as jdoe push PRJ/lib <"$T/seventeen"
is "$code,$(audit .approval.problem),$(find "$BB/approvals" -name '*.use.*')" \
    '2,approvals cannot be used: the push needs more than 16 at once; push fewer refs,' \
    'semantics 7: a push that needs 17 is not told that the directory is full'
rm "$BB"/approvals/*
approved
taken() { find "$BB/approvals" -name '*.use.*' | wc -l; }
printf '%s\n' '[refgate]' 'mode = monitor' | config
hook jdoe "$three"
is "$code,$(audit '[.verdict, .approval.used[0].use] | tojson'),$(taken)" '0,["accept",null],0' \
    'semantics 2: monitor mode consumes nothing, and records what would have been'
config </dev/null
run "$BUILD/refgate" disable --reason test --config "$CONF"
hook jdoe "$three"
is "$code,$(audit '.approval'),$(taken)" '0,null,0' 'the kill switch consumes nothing'
run "$BUILD/refgate" enable --config "$CONF"
cat >"$T/dry" <<END
BB_IS_DRY_RUN=true
BB_TO_REF=main
BB_TO_HASH=$one
BB_FROM_HASH=$three
BB_FROM_REF=topic
BB_PULL_REQUEST_ID=1
BB_MERGE_HASH=
END
before=$(audit_count)
LAUNCH_EXTRA=$T/dry hook_as jdoe pull-request-merge PRJ/lib </dev/null
is "$code,$(taken),$(audit_count)" "0,0,$before" \
    'semantics 7: a merge check counts an approval, takes none, and is not recorded'
LAUNCH_EXTRA=$T/dry hook_as rroe pull-request-merge PRJ/lib </dev/null
is "$code" 1 'a merge check without one is refused'
rm "$BB"/approvals/*
hook jdoe "$three"
touch -d '2 hours ago' "$BB/approvals/.refgate-use.01JDA8ZZZZZZZZZZZZZZZZZZZZ"
approved
hook jdoe "$three"
is "$code,$(find "$BB/approvals" -name '.refgate*')" '0,' 'what a crashed hook left behind is removed'
mkdir "$T/full" && cd "$T/full" && seq 10001 | xargs touch && cd "$TOP" || exit 99
mv "$BB/approvals" "$BB/elsewhere/approvals" && mv "$T/full" "$BB/approvals"
hook jdoe "$three"
is "$code,$(audit .approval.problem)" '2,approvals cannot be read: there are too many of them' \
    'semantics 7: too many files: nothing is guessed'
rm -rf "$BB/approvals" && mv "$BB/elsewhere/approvals" "$BB/approvals"

# -------------------------------------------------------------- a hundred at once
rm "$BB"/approvals/*
hooks=100
[ "${VARIANT:-}" != asan ] || hooks=16
# The hook alone, without the launcher: what runs at the same time is what counts.
at_once() { # USES: codes of pushes that differ
    approved --changes create --uses "$1"
    (
        export BB_HOOK_TRIGGER_ID=push BB_HOOK_TYPE=PRE BB_IS_DRY_RUN=false BB_USER_NAME=jdoe \
            BB_PROJECT_KEY=PRJ BB_REPO_SLUG=lib BB_USER_PERMISSION=REPO_WRITE \
            BB_BASE_URL=https://bitbucket.example.com
        i=0
        while [ $i -lt $hooks ]; do
            (
                code=0
                printf '%s %040x refs/heads/main\n' "$ZERO" $((i + 1)) |
                    "$BUILD/refgate-hook" --config "$CONF" >/dev/null 2>&1 || code=$?
                echo "$code" >"$T/code.$i"
            ) &
            i=$((i + 1))
        done
        wait
    )
    cat "$T"/code.* | sort | uniq -c | tr -s ' ' | tr '\n' ,
    rm "$T"/code.*
}
is "$(at_once 1)" " 1 0, $((hooks - 1)) 1," \
    "semantics 7: $hooks concurrent pushes, an approval of one use: one is let in"
is "$(tail -n "$hooks" "$BB/audit.log" | jq -r '.approval.used[]?.use')" 1 'the log has one, too'
rm "$BB"/approvals/*
[ $hooks = 16 ] || hooks=30
is "$(at_once 7)" " 7 0, $((hooks - 7)) 1," 'of seven uses: seven'
is "$(tail -n "$hooks" "$BB/audit.log" | jq -r '.approval.used[]?.use' | sort | tr '\n' ,)" \
    '1,2,3,4,5,6,7,' 'each use once'
is "$(find "$BB/approvals" -name '.*' -type f)" '' 'no temporary files are left'
ok 'the chain is intact' "$BUILD/refgate" audit verify "$BB/audit.log"
done_testing
