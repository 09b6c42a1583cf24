#!/bin/sh
# Example policies: each line of them that judges matters to its table of verdicts (config-doc.t asks
# that the tables pass), and the way through a freeze works with a real hook.
. tests/lib/tap.sh
test_start
lines=0 missed=

# What a table of verdicts cannot see: texts, who answers for it, what is recorded, what is the default
# anyway and is written down for whoever reads it, and that the freeze's rule for break-glass says
# nothing to the others, whom the freeze rejects.
unseen='contact|link|message|controls|owner|timezone|directory|required|sync|no-snapshot|undecided|syslog'
judge() {
    code=0
    "$BUILD/refgate" policy test --config "$T/without.conf" "${conf%.conf}.tests" >/dev/null 2>&1 || code=$?
}
for example in keys-off-main freeze regulated-team; do
    conf=config/examples/$example.conf
    run "$BUILD/refgate" policy test "${conf%.conf}.tests"
    is "$code" 0 "$example: the table passes" || note "$out"
    # Each rule and service account taken away, up to the next section.
    grep -nE '^\[(rule|service-account) ' $conf | cut -d: -f1 >"$T/starts"
    while read -r start; do
        awk -v at="$start" 'NR == at {off = 1; next} /^\[/ {off = 0} !off' $conf >"$T/without.conf"
        judge
        ok "$example: without $(sed -n "${start}p" $conf) the table fails" test "$code" -ne 0
    done <"$T/starts"
    # Each setting that judges taken away, with the lines that continue it. (A rule needs its action.)
    awk '/^\[/ {section = $0} /^[a-z-]+ = / && !(section ~ /"break-glass"/ && /^groups/) {print NR ":" $0}' $conf |
        grep -vE "^[0-9]+:($unseen|action) = " | cut -d: -f1 >"$T/settings"
    while read -r at; do
        awk -v at="$at" 'NR == at {off = 1; next} /^[^ ]/ || !NF {off = 0} !off' $conf >"$T/without.conf"
        judge
        lines=$((lines + 1))
        [ "$code" = 1 ] || missed="$missed$conf:$at: $(sed -n "${at}p" $conf) (code $code)
"
    done <"$T/settings"
done
is "$missed" '' "each of $lines settings taken away makes its table fail"

# -------------------------------------------------------------- what a table cannot see
printf '[snapshot]\nfile = %s\n' "$T/s.cdb" | cat config/examples/regulated-team.conf - >"$T/refgate.conf"
run "$BUILD/refgate" policy show --config "$T/refgate.conf" --format json
is "$(printf '%s' "$out" | jq -c '[.settings[] | select(.section == "audit" and (.key == "required" or .key == "sync")) | .value]')" \
    '["yes","yes"]' 'regulated-team: no push without a record on the disk'
for framework in soc2 iso27001 nist; do
    ok "regulated-team: rules are proof of controls of $framework" test \
        "$(sed -n 's/^controls = //p' config/examples/regulated-team.conf | grep -c "$framework:")" -ge 4
done

# -------------------------------------------------------------- break-glass, with a hook of today
"$BUILD/refgate" sync --replay tests/fixtures/acme --output "$T/s.cdb" --quiet >/dev/null || exit 99
mkdir "$T/approvals"
# The freeze is for ever here, and a group of the fixture stands for break-glass: lead is in it.
{
    sed -e 's/^after = 2026.*/after = 1971-01-01/' -e 's/^before = 2027.*/before = 9999-12-31/' \
        -e 's/^\(.*groups\) = break-glass/\1 = maintainers/' -e "s|^directory = .*|directory = $T/approvals|" \
        -e 's/^timezone = .*/timezone = UTC/' config/examples/freeze.conf
    printf '[snapshot]\nfile = %s\n[audit]\nfile = %s\nsyslog = off\n' "$T/s.cdb" "$T/audit.log"
} >"$T/refgate.conf"
push() { # USER: makes a release branch
    code=0
    printf '%040d %040d refs/heads/release/9\n' 0 2 |
        env -i PATH="$PATH" ASAN_OPTIONS="$ASAN_OPTIONS" LSAN_OPTIONS="$LSAN_OPTIONS" \
            BB_PROJECT_KEY=PRJ BB_REPO_SLUG=app BB_USER_NAME="$1" BB_USER_PERMISSION=REPO_WRITE \
            BB_HOOK_TRIGGER_ID=push BB_BASE_URL=https://bitbucket.example.com \
            "$BUILD/refgate-hook" --config "$T/refgate.conf" >"$T/text" 2>&1 || code=$?
    text=$(tr -s ' \n' ' ' <"$T/text")
}
recorded() { tail -n 1 "$T/audit.log" | jq -c "$1"; }
push jdoe
is "$code" 1 'freeze: a push is rejected'
contains "$text" 'Frozen from 21 December to 3 January.' 'and the pusher reads until when'
lacks "$text" 'refgate approve' 'and of no approval that would not help'
push lead
is "$code" 1 'freeze: break-glass alone is not enough'
contains "$text" 'until somebody else approves this push' 'and says what is missing'
run "$BUILD/refgate" approve create --repo PRJ/app --ref refs/heads/release/9 --user lead --uses 1 \
    --for 1h --reason INC-1234 --config "$T/refgate.conf"
is "$code" 0 'freeze: somebody else approves' || note "$err"
push lead
is "$code" 0 'freeze: break-glass with an approval passes' || note "$text"
contains "$text" 'it is recorded, and will be reviewed' 'and says that it is seen'
is "$(recorded '[.verdict, .approval.used[].reason, ([.. | .rule? // empty] | index("break-glass") != null)]')" \
    '["annotate","INC-1234",true]' 'and the record has the rule, the approval and its reason'
run "$BUILD/refgate" audit show --rule break-glass --config "$T/refgate.conf" \
    --format json "$T/audit.log"
is "$(printf '%s\n' "$out" | jq -rs '[.[].pusher.name] | join(" ")')" 'lead lead' \
    '"refgate audit show --rule break-glass" finds it'
done_testing
