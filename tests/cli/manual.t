#!/bin/sh
# What the manuals say is what the programs do: commands, options, defaults, checks, fields, questions.
# Keys of refgate.conf: tests/unit/test_config_manual.c. Types of fields: tests/cli/audit-format.t.
# tests/unit/test_endpoint.c compares the list of answers, test_sync_output.c the metrics.
. tests/lib/tap.sh
test_start

unset REFGATE_URL REFGATE_TOKEN REFGATE_USER REFGATE_PASSWORD
man=packaging/man

# -------------------------------------------------------------- refgate(8)
commands_of() { "$BUILD/refgate" "$@" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z-]*\) .*/\1/p'; }
commands=$(commands_of)
ok 'there are commands' test "$(printf '%s\n' "$commands" | wc -l)" -ge 14
sed -n '/^\.Sh COMMANDS/,/^\.Sh ENV/p' $man/refgate.8 >"$T/commands"
for command in $commands; do
    ok "refgate(8) lists $command" grep -Eq "^\.It Cm (.* )?$command( |\$)" "$T/commands"
done
is "$(grep '^\.It Cm' "$T/commands" | cut -c8- | tr -s ' ,' '\n' | grep -vx -e Cm -e "" | grep -vxF "$commands")" '' 'and no other'

# -------------------------------------------------------------- refgate-sync(8): fields of the summary
run "$BUILD/refgate" sync --replay tests/fixtures/acme --output "$T/s.cdb" --format json
is "$code" 0 'a replay'
fields=$(printf '%s' "$out" | jq -r 'keys[], (.counts | keys[])')
ok 'there are fields' test "$(printf '%s\n' "$fields" | wc -l)" -ge 35
sed -n '/^\.Ss JSON/,/^\.Ss Metrics/p' $man/refgate-sync.8 | tr -s ' ,' '\n' >"$T/json"
for field in $fields repositories pairs undecided too_much too_little; do
    ok "refgate-sync(8) documents $field" grep -qx "$field" "$T/json"
done
sed -n '/^\.Sh DIAGNOSTICS/,/^\.Sh SEE/s/^\.It Li \(\\\&\)*//p' $man/refgate-sync.8 >"$T/messages"
ok 'there are messages' test "$(wc -l <"$T/messages")" -ge 15
while read -r message; do
    ok "there is such a message: $message" grep -rqF -e "$message" hook
done <"$T/messages"

# -------------------------------------------------------------- refgate-doctor(8)
run "$BUILD/refgate" doctor --output "$T/s.cdb" --format json
for check in $(printf '%s' "$out" | jq -r '.[].check'); do
    ok "refgate-doctor(8) explains $check" grep -Eq "^\.It Cm (.* )?$check( |\$)" $man/refgate-doctor.8
done
# Also the checks that this machine does not come to. Names of checks may be several words.
cat hook/command/doctor*.c | tr -s '\n ' ' ' | grep -o 'doctor_say(d, [^;"]*"[a-z -]*"' | sed 's/.*"\(.*\)"/\1/' |
    sort -u >"$T/checks"
ok 'there are checks' test "$(wc -l <"$T/checks")" -ge 10
while read -r check; do
    ok "refgate-doctor(8) explains $check" grep -Eq "^\.It Cm (.* )?$check( |\$)" $man/refgate-doctor.8
done <"$T/checks"

# -------------------------------------------------------------- refgate-snapshot(5): what is asked besides
questions=$(grep -ho '"/rest/[^"?]*' hook/bitbucket/survey.c hook/bitbucket/self_check.c | tr -d '"' | sort -u)
ok 'there are questions' test "$(printf '%s\n' "$questions" | wc -l)" -ge 4
sed -n '/^\.Ss Questions that are in no recording/,$p' $man/refgate-snapshot.5 >"$T/questions"
for question in $questions; do
    ok "refgate-snapshot(5) has $question" grep -Eq "^$question([?/]|\$)" "$T/questions"
done

# -------------------------------------------------------------- variables
for variable in $(grep -ho '"REFGATE_[A-Z]*"' hook/command/*.c hook/bitbucket/*.c | tr -d '"' | sort -u); do
    ok "refgate-sync(8) documents $variable" grep -Eq "^\.It Ev .*$variable" $man/refgate-sync.8
done
grep -rho 'getenv("[A-Z_a-z]*")' hook/command hook/bitbucket | cut -d'"' -f2 | sort -u >"$T/variables"
while read -r variable; do
    ok "refgate(8) documents $variable" grep -Eq "^\.(It )?Ev (.* )?$variable( |\$)" $man/refgate.8
done <"$T/variables"
for variable in $(grep -ho '"\(BB\|GIT\)_[A-Z_]*"' hook/push/environment.c hook/push/location.c | tr -d '"' | sort -u); do
    ok "refgate-hook(8) documents $variable" grep -Eq "(It Ev|Ev) .*$variable|^Ev .*$variable" $man/refgate-hook.8
done

# -------------------------------------------------------------- options of every command
# Pages and help texts have the same options; what a page's SYNOPSIS has, it explains.
page_of() { # COMMAND [SUBCOMMAND]
    case $1 in
    enable) echo refgate-disable ;;
    completion) echo refgate ;;
    *) [ -e "$man/refgate-$1-${2:--}.8" ] && echo "refgate-$1-$2" || echo "refgate-$1" ;;
    esac
}
mkdir "$T/help"
for command in $commands; do
    subcommands=$(commands_of "$command")
    for sub in ${subcommands:-""}; do
        page=$(page_of "$command" "$sub")
        # shellcheck disable=SC2086 # none, or a word
        "$BUILD/refgate" "$command" $sub --help >"$T/text"
        sed -n 's/^  --\([a-z-]*\).*/\1/p' "$T/text" >>"$T/help/$page"
        # A default that is a number, an age or a word; what is said in more words is said in others there.
        sed -n 's/^  --\([a-z-]*\).*(\(.*[;,] \)*default: \([0-9a-z]*\)%*[,)].*/\1 \3/p' "$T/text" |
            sed "s/^/$page /" >>"$T/defaults"
        ok "$page(8) has refgate $command${sub:+ $sub} in its synopsis" \
            grep -Eq "^\.Nm refgate (Cm )?$command${sub:+ $sub}( |\$)|^\.Cm $command( |\$)" "$man/$page.8"
    done
done
"$BUILD/refgate-hook" --help | sed -n 's/^  --\([a-z-]*\).*/\1/p' >"$T/help/refgate-hook"
options_in() { grep -v -e '^\.\\"' | grep 'Fl -' | grep -o ' -[a-z][a-z-]*' | cut -c3- | grep -vx -e help -e version | sort -u; }
count=0
for list in "$T"/help/*; do
    page=${list##*/}
    count=$((count + 1))
    options=$(grep -vx -e help -e version "$list" | sort -u)
    is "$(grep '^\.It Fl -' "$man/$page.8" | options_in)" "$options" \
        "$page(8) explains the options of --help, and no other"
    # A page with many has them in one list only.
    sed '/^\.Sh DESCRIPTION/,$d' "$man/$page.8" >"$T/synopsis"
    grep -q '^\.Op Ar option' "$T/synopsis" ||
        is "$(options_in <"$T/synopsis")" "$options" "$page(8) has them in its synopsis, too"
done
ok 'there are pages' test "$count" -ge 17

# What the page says of an option, in one line: from its .It to the next.
said_of() { # PAGE OPTION
    awk -v option="-$2" '
        /^\.(It|El)/ { on = 0 }
        /^\.It Fl / { for (i = 3; i <= NF; i++) if ($i == option) on = 1 }
        on { sub(/^\.[A-Z][a-z] /, ""); printf "%s ", $0 }' "$man/$1.8"
}
ok 'there are defaults' test "$(wc -l <"$T/defaults")" -ge 20
sort -u "$T/defaults" >"$T/once"
while read -r page option default; do
    case $option in config | format) continue ;; esac
    like "$(said_of "$page" "$option")" \
        "[Dd]efault:?( [^.]*)? $default([^0-9a-z]|\$)| $default (by default|if it is not given)" \
        "$page(8) has the default of --$option: $default"
done <"$T/once"

# -------------------------------------------------------------- who reads one page finds the others
awk '
    FNR == 1 {
        page = FILENAME; sub(/.*\//, "", page); pages[page]; also = 0
    }
    /^\.Sh/ { also = $2 == "SEE" }
    # Also in the middle of a line: ".Pq see Xr NAME SECTION".
    /^\./ {
        for (i = 1; i < NF - 1; i++) {
            if ($i != "Xr" && $i != ".Xr") continue
            if (also) points[page, $(i + 1) "." $(i + 2)]
            if ($(i + 1) ~ /^refgate/) wanted[$(i + 1) "." $(i + 2)] = page
        }
    }
    END {
        for (page in wanted)
            if (!(page in pages)) print wanted[page] " points to " page ", which is not there"
        for (page in pages) {
            if (page == "refgate.8") continue
            if (!((page, "refgate.8") in points)) print page " does not point to refgate.8"
            if (!(("refgate.8", page) in points)) print "refgate.8 does not point to " page
            parent = page; sub(/-[a-z]*\.[0-9]$/, ".8", parent)
            if (parent == page || !(parent in pages)) continue
            if (!((page, parent) in points)) print page " does not point to " parent
            if (!((parent, page) in points)) print parent " does not point to " page
        }
    }' "$man"/*.[1-8] >"$T/lost"
is "$(sort "$T/lost")" '' 'SEE ALSO leads from each page to its neighbours and back'
# What programs and shipped files say one should read is there.
grep -rhoE 'refgate[a-z.-]*\([1-8]\)' hook config packaging scripts README.md | sort -u | tr -d ')' | tr '(' ' ' >"$T/named"
ok 'there are such references' test "$(wc -l <"$T/named")" -ge 10
while read -r page section; do
    ok "$page($section) is there" test -e "$man/$page.$section"
done <"$T/named"

# One word for one thing, in the manuals and in what the programs say of themselves.
spelled() { # WRONG RIGHT
    is "$(grep -nwEi -e "$1" "$man"/*.[1-8] | grep -v 'call branch permissions' | head -n 5)" '' "it is \"$2\""
}
spelled 'branch permissions?' 'branch restriction'
spelled 'ssh access-key|accesskey|accesskeys' 'access key'
spelled 'pre-receive-hook|prereceive' 'pre-receive hook'
spelled 'audit-log|auditlog' 'audit log'
spelled 'data centre|datacenter' 'Data Center'
spelled 'hook-script (of|by|for)|hookscript' 'hook script'
spelled 'kill-switch|killswitch' 'kill switch'
spelled 'bit bucket|BitBucket!' 'Bitbucket'
for page in "$man"/*.[1-8]; do
    name=${page##*/}
    is "$(sed -n '/^\.Dt /{s/^\.Dt //p;q;}' "$page")" \
        "$(printf '%s' "${name%.*}" | tr '[:lower:]' '[:upper:]') ${name##*.}" "$name says which page it is"
done
others=$(find $man -type f ! -name '*.[1-8]')
is "$others" '' 'nothing but pages is beside the pages'

# -------------------------------------------------------------- refgate-audit(5)
sed -n 's/.*"\([a-z][a-z_]*\)".*/\1/p' hook/record/record.c hook/record/record_approval.c | sort -u >"$T/fields"
ok 'there are fields of a record' test "$(wc -l <"$T/fields")" -ge 45
tr -s ' ,' '\n' <$man/refgate-audit.5 | sort -u | comm -23 "$T/fields" - >"$T/unknown"
is "$(cat "$T/unknown")" '' 'refgate-audit(5) has every field of a record'

if command -v mandoc >/dev/null; then
    for page in "$man"/*.[1-8]; do
        mandoc -Tlint "$page" 2>&1 |
            grep -v -e 'referenced manual not found' -e 'outdated mandoc.db' >"$T/lint"
        is "$(cat "$T/lint")" '' "mandoc has nothing to say about ${page##*/}"
    done
else
    skip 'mandoc has nothing to say' 'no mandoc'
fi
done_testing
