#!/bin/sh
# What lets pushes through: monitor mode and the kill switch (semantics.md 2), and what not even they
# accept.
. tests/lib/tap.sh
. tests/lib/push.sh
test_start
server_start
server_repository PRJ/app 84
client_clone "$T/c" PRJ/app
c=$T/c
config() { # SETTINGS…, below those of [refgate]
    server_config <<END
[refgate]
mode = ${mode:-enforce}
contact = platform-team@example.com
@common
$*
END
}
config
new=$(commit "$c" one)
pushes 'all is well' lead "$c" origin HEAD:refs/heads/main
hook() { # DESCRIPTION CODE TEXT: one run of the hook, $T/stdin on stdin
    hook_as jdoe push PRJ/app <"$T/stdin"
    is "$code" "$2" "$1" || note "$out$err"
    [ -z "$3" ] || contains "$err" "$3" "$1: says so"
    lacks "$err" "$BB" "$1: shows no path of the server"
}
updates() { printf '%s\n' "$@" >"$T/stdin"; }
topic="$ZERO $new refs/heads/topic"

# -------------------------------------------------------------- monitor mode and failures
# Each of them is refused with code 2, and accepted in monitor mode: enforced first.
each() { # DESCRIPTION SETTINGS: in both modes
    mode=enforce
    config "$2"
    hook "semantics 8: $1" 2 'refgate: push rejected'
    mode=monitor
    config "$2"
    hook "semantics 2: $1, in monitor mode" 0 'monitor mode: this push would be rejected'
    is "$(audit '[.verdict,.exit,.mode]|map(tostring)|join(" ")')" 'reject 0 monitor' \
        "semantics 2: $1, as recorded"
}
updates "$topic"
LAUNCH_EXTRA=$T/extra
export LAUNCH_EXTRA
for name in BB_PROJECT_KEY BB_USER_NAME; do
    echo "-$name" >"$T/extra"
    each "no $name" ''
done
echo BB_BASE_URL=https://other.example.com >"$T/extra"
each 'a snapshot of another instance' ''
unset LAUNCH_EXTRA
updates "$topic" "$ZERO $new refs/heads/other"
each 'more refs than allowed' '[limits]
refs = 1'
updates "$ZERO $new refs/heads/$(printf '%0300d' 1)"
each 'a longer line than allowed' '[limits]
line = 256'
seq -f "$ZERO $new refs/heads/branch-%06.0f" 45000 >"$T/stdin"
each 'more than half of the memory allowed' '[limits]
memory = 8M'
updates "$topic"
cp "$BB/snapshot.cdb" "$T/good.cdb"
head -c 3000 "$T/good.cdb" >"$BB/snapshot.cdb"
each 'a damaged snapshot' ''
cp "$T/good.cdb" "$BB/snapshot.cdb"
# semantics 2: except malformed stdin and an invalid configuration.
config
: >"$T/stdin"
hook 'semantics 2: empty stdin is refused in monitor mode, too' 2 'refgate: push rejected'
printf '%s' "$topic" >"$T/stdin"
hook 'semantics 2: and so is a last line without its newline' 2 'newline'
updates "$topic"
config 'nonsense'
hook 'semantics 2: and so is an invalid configuration' 2 'configuration'

# -------------------------------------------------------------- [failure] undecided
mode=enforce
config '[failure]
undecided = note'
hook 'semantics 1: an undecided rule is no mere note' 2 'configuration'
whose='[rule "credentials"]
action = reject
credentials = user-token'
config "$whose"
hook 'semantics 1, 5: an undecided rule rejects, with code 2' 2 'what kind of credential'
config "$whose
[failure]
undecided = annotate"
hook 'semantics 1: or annotates, if [failure] says so' 0 'what kind of credential'

# -------------------------------------------------------------- the kill switch
config '[limits]
deadline = 1s'
updates "$new $ZERO refs/heads/main"
hook 'enforced' 1 'refgate: push rejected'
run "$BUILD/refgate" disable --config "$CONF" --reason 'incident 42'
is "$code" 0 'refgate disable' || note "$out$err"
hook 'semantics 2: the kill switch accepts everything' 0 ''
contains "$(tail -n 1 "$BB/audit.log")" 'incident 42' 'semantics 2: and says so in the audit log'
: >"$T/stdin"
hook 'semantics 2: malformed stdin, too' 0 ''
echo nonsense >>"$CONF"
hook 'semantics 2: an invalid configuration, too' 0 ''
config '[limits]
deadline = 1s'
# Somebody who sends nothing, until the deadline.
mkfifo "$T/silent"
sleep 60 >"$T/silent" &
sleeper=$!
hook_as jdoe push PRJ/app <"$T/silent"
kill $sleeper
is "$code" 0 'semantics 2: a silent stdin, too' || note "$err"
# Stopped before it has come to an end: that is no rejection either.
config
printf '#!/bin/sh\necho $$ >"%s"\nexec "%s" --config "%s"\n' "$T/pid" "$BUILD/refgate-hook" "$CONF" \
    >"$BB/hook"
sleep 60 >"$T/silent" &
sleeper=$!
(
    while [ ! -s "$T/pid" ]; do sleep 0.1; done
    sleep 1
    kill -TERM "$(cat "$T/pid")"
) &
hook_as jdoe push PRJ/app <"$T/silent"
kill $sleeper
is "$code" 0 'semantics 2: an interruption, too' || note "$err"
contains "$err" 'refgate: not enforced' 'semantics 2: and the pusher reads it'
run "$BUILD/refgate" enable --config "$CONF"
is "$code" 0 'refgate enable' || note "$out$err"

ok 'the audit chain is intact' "$BUILD/refgate" audit verify "$BB/audit.log"
done_testing
