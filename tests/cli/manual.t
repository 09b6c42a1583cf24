#!/bin/sh
# What the manuals say of a sync is what the programs do: commands, options, fields, questions.
# tests/unit/test_endpoint.c compares the list of answers, test_sync_output.c the metrics.
. tests/lib/tap.sh
test_start

unset REFGATE_URL REFGATE_TOKEN REFGATE_USER REFGATE_PASSWORD
man=packaging/man

# -------------------------------------------------------------- refgate(1)
commands=$("$BUILD/refgate" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')
ok 'there are commands' test "$(printf '%s\n' "$commands" | wc -l)" -ge 9
for command in $commands; do
    ok "refgate(1) lists $command" grep -Eq "^\.It Cm .*$command" $man/refgate.1
done

# -------------------------------------------------------------- refgate-sync(1): fields of the summary
run "$BUILD/refgate" sync --replay tests/fixtures/acme --output "$T/s.cdb" --format json
is "$code" 0 'a replay'
fields=$(printf '%s' "$out" | jq -r 'keys[], (.counts | keys[])')
ok 'there are fields' test "$(printf '%s\n' "$fields" | wc -l)" -ge 35
sed -n '/^\.Ss JSON/,/^\.Ss Metrics/p' $man/refgate-sync.1 | tr -s ' ,' '\n' >"$T/json"
for field in $fields repositories pairs undecided too_much too_little; do
    ok "refgate-sync(1) documents $field" grep -qx "$field" "$T/json"
done
defaults=$("$BUILD/refgate" sync --help | sed -n 's/.*(default: \([0-9]*\)%*[,)].*/\1/p')
is "$(printf '%s\n' "$defaults" | tr '\n' ' ')" '20 20 16 5 ' 'numbers that --help gives as defaults'
for default in $defaults; do
    ok "refgate-sync(1) has the default $default" grep -Eq "[Dd]efault:? $default([^0-9]|\$)" $man/refgate-sync.1
done

sed -n '/^\.Sh DIAGNOSTICS/,/^\.Sh SEE/s/^\.It Li \(\\\&\)*//p' $man/refgate-sync.1 >"$T/messages"
ok 'there are messages' test "$(wc -l <"$T/messages")" -ge 15
while read -r message; do
    ok "there is such a message: $message" grep -rqF -e "$message" hook
done <"$T/messages"

# -------------------------------------------------------------- refgate-doctor(1)
run "$BUILD/refgate" doctor --output "$T/s.cdb" --format json
for check in $(printf '%s' "$out" | jq -r '.[].check'); do
    ok "refgate-doctor(1) explains $check" grep -Eq "^\.It Cm (.* )?$check( |\$)" $man/refgate-doctor.1
done
for check in $(sed -n 's/.*doctor_say(d, DOCTOR_[A-Z]*, "\([a-z]*\)".*/\1/p' hook/command/doctor_*.c | sort -u); do
    ok "refgate-doctor(1) explains $check" grep -Eq "^\.It Cm (.* )?$check( |\$)" $man/refgate-doctor.1
done

# -------------------------------------------------------------- refgate-snapshot(5): what is asked besides
questions=$(grep -ho '"/rest/[^"?]*' hook/bitbucket/survey.c hook/bitbucket/self_check.c | tr -d '"' | sort -u)
ok 'there are questions' test "$(printf '%s\n' "$questions" | wc -l)" -ge 4
sed -n '/^\.Ss Questions that are in no recording/,$p' $man/refgate-snapshot.5 >"$T/questions"
for question in $questions; do
    ok "refgate-snapshot(5) has $question" grep -Eq "^$question([?/]|\$)" "$T/questions"
done

# -------------------------------------------------------------- variables
for variable in $(grep -ho '"REFGATE_[A-Z]*"' hook/command/*.c hook/bitbucket/*.c | tr -d '"' | sort -u); do
    ok "refgate-sync(1) documents $variable" grep -Eq "^\.It Ev .*$variable" $man/refgate-sync.1
done

if command -v mandoc >/dev/null; then
    for page in "$man"/*.[158]; do
        mandoc -Tlint "$page" 2>&1 |
            grep -v -e 'referenced manual not found' -e 'outdated mandoc.db' >"$T/lint"
        is "$(cat "$T/lint")" '' "mandoc has nothing to say about ${page##*/}"
    done
else
    skip 'mandoc has nothing to say' 'no mandoc'
fi
done_testing
