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

# -------------------------------------------------------------- options of every command
# Pages and help texts have the same options; what a page's SYNOPSIS has, it explains.
page_of() { # COMMAND [SUBCOMMAND]
    case $1 in
    enable) echo refgate-disable ;;
    completion) echo refgate ;;
    *) [ -e "$man/refgate-$1-${2:--}.1" ] && echo "refgate-$1-$2" || echo "refgate-$1" ;;
    esac
}
mkdir "$T/help"
for command in $commands; do
    subcommands=$("$BUILD/refgate" "$command" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')
    for sub in ${subcommands:-""}; do
        # shellcheck disable=SC2086 # none, or a word
        "$BUILD/refgate" "$command" $sub --help | sed -n 's/^  --\([a-z-]*\).*/\1/p' \
            >>"$T/help/$(page_of "$command" $sub)"
    done
done
options_in() { grep -v -e '^\.\\"' | grep 'Fl -' | grep -o ' -[a-z][a-z-]*' | cut -c3- | grep -vx -e help -e version | sort -u; }
count=0
for list in "$T"/help/*; do
    page=${list##*/}
    count=$((count + 1))
    options=$(sort -u "$list")
    is "$(grep '^\.It Fl -' "$man/$page.1" | options_in)" "$options" \
        "$page(1) explains the options of --help, and no other"
    # A page with many has them in one list only.
    sed '/^\.Sh DESCRIPTION/,$d' "$man/$page.1" >"$T/synopsis"
    grep -q '^\.Op Ar option' "$T/synopsis" ||
        is "$(options_in <"$T/synopsis")" "$options" "$page(1) has them in its synopsis, too"
done
ok 'there are pages' test "$count" -ge 16

# -------------------------------------------------------------- who reads one page finds the others
awk '
    FNR == 1 {
        page = FILENAME; sub(/.*\//, "", page); pages[page]; also = 0
    }
    /^\.Sh/ { also = $2 == "SEE" }
    $1 == ".Xr" { named[page, $2 "." $3]; if (also) points[page, $2 "." $3] }
    $1 == ".Xr" && $2 ~ /^refgate/ { wanted[$2 "." $3] = page }
    END {
        for (page in wanted)
            if (!(page in pages)) print wanted[page] " points to " page ", which is not there"
        for (page in pages) {
            if (page == "refgate.1") continue
            if (!((page, "refgate.1") in points)) print page " does not point to refgate.1"
            if (!(("refgate.1", page) in points)) print "refgate.1 does not point to " page
            parent = page; sub(/-[a-z]*\.[0-9]$/, ".1", parent)
            if (parent == page || !(parent in pages)) continue
            if (!((page, parent) in points)) print page " does not point to " parent
            if (!((parent, page) in points)) print parent " does not point to " page
        }
    }' "$man"/*.[1-8] >"$T/lost"
is "$(cat "$T/lost")" '' 'SEE ALSO leads from each page to its neighbours and back'
others=$(find $man -type f ! -name '*.[1-8]')
is "$others" '' 'nothing but pages is beside the pages'

# -------------------------------------------------------------- refgate-record(5)
sed -n 's/.*"\([a-z][a-z_]*\)".*/\1/p' hook/record/record.c hook/record/record_approval.c | sort -u >"$T/fields"
ok 'there are fields of a record' test "$(wc -l <"$T/fields")" -ge 45
tr -s ' ,' '\n' <$man/refgate-record.5 | sort -u | comm -23 "$T/fields" - >"$T/unknown"
is "$(cat "$T/unknown")" '' 'refgate-record(5) has every field of a record'

if command -v mandoc >/dev/null; then
    for page in "$man"/*.[1578]; do
        mandoc -Tlint "$page" 2>&1 |
            grep -v -e 'referenced manual not found' -e 'outdated mandoc.db' >"$T/lint"
        is "$(cat "$T/lint")" '' "mandoc has nothing to say about ${page##*/}"
    done
else
    skip 'mandoc has nothing to say' 'no mandoc'
fi
done_testing
