#!/bin/sh
# Audit records of a newer refgate: fields that this version does not know, in every object, change
# nothing of what it says of the others; words that it does not know are printed as they are.
. tests/lib/tap.sh
test_start
"$BUILD/refgate" sync --replay tests/fixtures/acme --output "$T/s.cdb" --quiet >/dev/null || exit 99
cat >"$T/refgate.conf" <<END
[snapshot]
file = $T/s.cdb
[audit]
file = $T/audit.log
syslog = off
[rule "frozen"]
action = reject
refs = main
message = Not now.
controls = soc2:CC8.1
END
push() { # USER REF
    code=0
    printf '%040d %040d %s\n' 0 1 "$2" |
        env -i PATH="$PATH" ASAN_OPTIONS="$ASAN_OPTIONS" LSAN_OPTIONS="$LSAN_OPTIONS" \
            BB_PROJECT_KEY=PRJ BB_REPO_SLUG=app BB_USER_NAME="$1" BB_USER_PERMISSION=REPO_WRITE \
            BB_USER_DISPLAY_NAME="${3:-}" BB_HOOK_TRIGGER_ID=push \
            BB_BASE_URL=https://bitbucket.example.com \
            "$BUILD/refgate-hook" --config "$T/refgate.conf" >/dev/null 2>&1 || code=$?
}
push jdoe refs/heads/topic
push jdoe refs/heads/main
push 3adc96b3b93443e4 refs/heads/ci 'Access Key User - ci-deploy'
is "$(wc -l <"$T/audit.log" | tr -d ' ')" 3 'three decisions'

# The chain is made by sha256sum here, as in audit.t.
seal() { # records, one a line
    prev=$(printf '%064d' 0)
    while read -r line; do
        body="${line%?},\"prev\":\"$prev\""
        prev=$(printf '%s' "$body" | sha256sum | cut -d' ' -f1)
        printf '%s,"hash":"%s"}\n' "$body" "$prev"
    done
}
changed() { # JQ-FILTER: the log with every record changed by it, and sealed again
    jq -c "del(.prev, .hash) | $1" "$T/audit.log" | seal
}
changed . >"$T/same"
same_file "$T/same" "$T/audit.log" 'records that are not changed are sealed as the hook did'
changed '(.. | objects) |= . + {"x-quorum": {"of": [1, 2.5, null, "\u001b[31m"]}, "zz_next": true}' >"$T/newer"
is "$(sed -n 2p "$T/newer" | jq '[.. | objects | select(has("zz_next"))] | length > 8')" true \
    'every object has fields of a version to come'
audit() {
    command=$1
    shift
    run "$BUILD/refgate" audit "$command" "$@" --config "$T/refgate.conf" </dev/null
}
both() { # DESCRIPTION WHAT-TO-TAKE-OUT COMMAND...: of the log as it was, and with new fields
    description=$1 filter=$2 command=$3
    shift 3
    audit "$command" "$@" "$T/audit.log"
    want="$code $(printf '%s\n' "$out" | sed "$filter")" said=$err
    ok "$description: there is something to compare" test -n "$out"
    audit "$command" "$@" "$T/newer"
    is "$code $(printf '%s\n' "$out" | sed "$filter")" "$want" "$description" || note "$err"
    is "$(printf '%s' "$err" | sed "s|$T/newer|LOG|g")" "$(printf '%s' "$said" | sed "s|$T/audit.log|LOG|g")" \
        "$description: and no other word about it"
}
audit verify "$T/newer"
is "$code" 0 'verify: the chain holds over fields that are not known' || note "$out"
both 'show: the same' '' show
both 'show --verbose: the same' '' show --verbose
both 'show: filters find the same' '' show --rule frozen --user jdoe --verdict reject
audit show --format json "$T/newer"
is "$(printf '%s\n' "$out" | jq -c 'select(.["x-quorum"].of[3] == "\u001b[31m") | .exit' | tr '\n' ' ')" '0 1 0 ' \
    'show --format json: passes them on'
lacks "$out" "$(printf '\033')" 'without control characters'
for n in 1 2 3; do
    id=$(sed -n "${n}p" "$T/audit.log" | jq -r .id)
    both "narrate $n: the same" "s|$T/[a-z.]*||g; /[0-9a-f]\{64\}/d; s/[0-9a-f]\{12,\}//g" narrate "$id"
done
sed '/^\[rule/,$d' "$T/refgate.conf" >"$T/milder.conf"
both 'replay: the same' "s|$T/[a-z.]*||g" replay --policy "$T/milder.conf"
like "$out" '3 decisions' 'replay: of all of them' || note "$out"

# -------------------------------------------------------------- words that are not known
changed '.changes[].reasons += [{"type": "quarantine", "seal": "s-1", "verdict": "hold", "text": "held", "proof": [], "controls": []}]
    | .credential.class = "passkey" | .credential.confidence = "attested" | .push.trigger = "stack-rebase"' >"$T/newer"
audit verify "$T/newer"
is "$code" 0 'words: verify'
audit show --verbose "$T/newer"
is "$code" 0 'words: show'
contains "$out" held 'words: prints what a reason of a new type says'
id=$(sed -n 2p "$T/audit.log" | jq -r .id)
audit narrate "$id" "$T/newer"
ok 'words: narrate tells what it can' test "$code" -le 1
contains "$out" held 'words: and what the reason says'
audit replay --policy "$T/milder.conf" "$T/newer"
ok 'words: replay compares or says why it cannot' test "$code" -le 1

# A record of a new kind, between decisions.
{
    head -n 1 "$T/audit.log" | jq -c 'del(.prev, .hash)'
    echo '{"type":"attestation","by":"hsm-1","over":"x"}'
    sed -n 2p "$T/audit.log" | jq -c 'del(.prev, .hash)'
} | seal >"$T/sealed"
audit verify "$T/sealed"
is "$code" 0 'a record of a kind that is not known: the chain holds' || note "$out"
audit show "$T/sealed"
is "$code $(printf '%s\n' "$out" | wc -l | tr -d ' ')" '0 2' 'show prints the decisions around it'
contains "$err" 'sealed:2 is not a decision, left out' 'and says what it left out'
audit replay --policy "$T/milder.conf" "$T/sealed"
ok 'replay goes on past it' test "$code" -le 1
done_testing
