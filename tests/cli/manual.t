#!/bin/sh
# What the manuals say is what the programs do: commands, options, defaults, checks, fields, questions.
# Keys of refgate.conf: tests/unit/test_config_manual.c. Types of fields: tests/cli/audit-format.t.
# tests/unit/test_endpoint.c compares the list of answers, test_sync_output.c the metrics.
. tests/lib/tap.sh
. tests/lib/helps.sh
test_start

unset REFGATE_URL REFGATE_TOKEN REFGATE_USER REFGATE_PASSWORD
man=packaging/man

# The words of LIST of which no line of FILE matches REGEX, in which @ stands for the word.
missing() { # LIST REGEX FILE
    awk -v regex="$2" '
        NR == FNR { if ($0 != "") words[++n] = $0; next }
        { line[++m] = $0 }
        END {
            for (i = 1; i <= n; i++) {
                wanted = regex
                gsub(/@/, words[i], wanted)
                for (j = 1; j <= m && line[j] !~ wanted; j++) continue
                if (j > m) print words[i]
            }
        }' "$1" "$3"
}
least() { # NUMBER FILE WHAT: nothing is easily proved of nothing
    ok "there are $3" test "$(wc -l <"$2")" -ge "$1"
}

# -------------------------------------------------------------- refgate(8)
helps_all "$T/helps"
sed -n '/^@/s/^@ \([^ ]*\).*/\1/p' "$T/helps" | sort -u >"$T/names"
commands=$(cat "$T/names")
least 14 "$T/names" commands
sed -n '/^\.Sh COMMANDS/,/^\.Sh ENV/p' $man/refgate.8 >"$T/commands"
is "$(missing "$T/names" '^[.]It Cm (.* )?@( |$)' "$T/commands")" '' 'refgate(8) lists each command'
is "$(grep '^\.It Cm' "$T/commands" | cut -c8- | tr -s ' ,' '\n' | grep -vx -e Cm -e "" | grep -vxF "$commands")" '' 'and no other'

# -------------------------------------------------------------- refgate-sync(8): fields of the summary
run "$BUILD/refgate" sync --replay tests/fixtures/acme --output "$T/s.cdb" --format json
is "$code" 0 'a replay'
printf '%s' "$out" | jq -r 'keys[], (.counts | keys[])' >"$T/fields"
least 35 "$T/fields" fields
printf '%s\n' repositories pairs undecided too_much too_little >>"$T/fields"
sed -n '/^\.Ss JSON/,/^\.Ss Metrics/p' $man/refgate-sync.8 | tr -s ' ,' '\n' >"$T/json"
is "$(missing "$T/fields" '^@$' "$T/json")" '' 'refgate-sync(8) documents each field'
sed -n '/^\.Sh DIAGNOSTICS/,/^\.Sh SEE/s/^\.It Li \(\\\&\)*//p' $man/refgate-sync.8 >"$T/messages"
least 15 "$T/messages" messages
awk 'NR == FNR { wanted[$0]; next }
     { for (message in wanted) if (index($0, message)) delete wanted[message] }
     END { for (message in wanted) print message }' "$T/messages" hook/*.[ch] hook/*/*.[ch] >"$T/none"
is "$(cat "$T/none")" '' 'refgate-sync(8): there are such messages'

# -------------------------------------------------------------- refgate-doctor(8)
run "$BUILD/refgate" doctor --output "$T/s.cdb" --format json
printf '%s' "$out" | jq -r '.[].check' >"$T/checks"
# Also the checks that this machine does not come to. Names of checks may be several words.
cat hook/command/doctor*.c | tr -s '\n ' ' ' | grep -o 'doctor_say(d, [^;"]*"[a-z -]*"' | sed 's/.*"\(.*\)"/\1/' |
    sort -u >"$T/more"
least 10 "$T/more" checks
cat "$T/more" >>"$T/checks"
is "$(missing "$T/checks" '^[.]It Cm (.* )?@( |$)' $man/refgate-doctor.8)" '' 'refgate-doctor(8) explains each check'

# -------------------------------------------------------------- refgate-snapshot(5): what is asked besides
grep -ho '"/rest/[^"?]*' hook/bitbucket/survey.c hook/bitbucket/self_check.c | tr -d '"' | sort -u >"$T/asked"
least 4 "$T/asked" questions
sed -n '/^\.Ss Questions that are in no recording/,$p' $man/refgate-snapshot.5 >"$T/questions"
is "$(missing "$T/asked" '^@([?/]|$)' "$T/questions")" '' 'refgate-snapshot(5) has each'

# -------------------------------------------------------------- variables
grep -ho '"REFGATE_[A-Z]*"' hook/command/*.c hook/bitbucket/*.c | tr -d '"' | sort -u >"$T/variables"
least 4 "$T/variables" variables
is "$(missing "$T/variables" '^[.]It Ev .*@' $man/refgate-sync.8)" '' 'refgate-sync(8) documents those of refgate'
grep -rho 'getenv("[A-Z_a-z]*")' hook/command hook/bitbucket | cut -d'"' -f2 | sort -u >"$T/variables"
least 1 "$T/variables" 'variables that are asked for'
is "$(missing "$T/variables" '^[.](It )?Ev (.* )?@( |$)' $man/refgate.8)" '' 'refgate(8) documents them'
grep -ho '"\(BB\|GIT\)_[A-Z_]*"' hook/push/environment.c hook/push/location.c | tr -d '"' | sort -u >"$T/variables"
least 15 "$T/variables" 'variables of the hook'
is "$(missing "$T/variables" '^[.]?(It )?Ev .*@|[ (]Ev .*@' $man/refgate-hook.8)" '' 'refgate-hook(8) documents them'

# -------------------------------------------------------------- options of every command
# Pages and help texts have the same options; what a page's SYNOPSIS has, it explains.
page_of() { # COMMAND [SUBCOMMAND]: $page
    page=refgate-$1
    case $1 in
    enable) page=refgate-disable ;;
    completion) page=refgate ;;
    *) [ ! -e "$man/refgate-$1-${2:--}.8" ] || page=refgate-$1-$2 ;;
    esac
}
# "PAGE:LINE" of each help text.
grep '^@' "$T/helps" | while read -r _ command sub; do
    page_of "$command" "$sub"
    echo "@ $command${sub:+ $sub}:$page"
done >"$T/pages"
echo '@ refgate-hook:refgate-hook' >>"$T/pages"
{
    cat "$T/helps"
    echo '@ refgate-hook'
    "$BUILD/refgate-hook" --help
} | awk -v pages="$T/pages" '
    BEGIN { while ((getline line <pages) > 0) { split(line, part, ":"); page[part[1]] = part[2] } }
    /^@/ { of = page[$0]; if ($2 != "refgate-hook") print of ":path:" substr($0, 3); next }
    match($0, /^  --[a-z-]*/) {
        option = substr($0, 5, RLENGTH - 4)
        print of ":option:" option
        # A default that is a number, an age or a word; what is said in more words is said in others there.
        if (!match($0, /\((.*[;,] )?default: [0-9a-z]+%*[,)]/)) next
        default = substr($0, RSTART, RLENGTH)
        sub(/.*default: /, "", default); sub(/%*[,)]$/, "", default)
        if (option != "config" && option != "format") print of ":default:" option ":" default
    }' | grep -v -e ':option:help$' -e ':option:version$' | sort -u >"$T/told"
least 250 "$T/told" options
ok 'there are pages' test "$(cut -d: -f1 "$T/told" | sort -u | wc -l)" -ge 17
ok 'there are defaults' test "$(grep -c ':default:' "$T/told")" -ge 20
awk -F: '
    NR == FNR {
        pages[$1]
        if ($2 == "path") paths[$1, $3]
        if ($2 == "option") options[$1, $3]
        if ($2 == "default") defaults[$1, $3] = $4
        next
    }
    FNR == 1 { page = FILENAME; sub(/.*\//, "", page); sub(/\.8$/, "", page); text = items = "" }
    !(page in pages) { next }
    { lines[page] = lines[page] $0 "\n" }
    /^\.Sh DESCRIPTION/ { described[page] }
    # A page with many has them in one list only.
    /^\.Op Ar option/ && !(page in described) { many[page] }
    /^\.(It|El)/ { items = "" }
    /Fl -/ && !/^\.\\"/ {
        rest = $0
        while (match(rest, / -[a-z][a-z-]*/)) {
            option = substr(rest, RSTART + 2, RLENGTH - 2)
            rest = substr(rest, RSTART + RLENGTH)
            if (option == "help" || option == "version") continue
            if (!(page in described)) synopsis[page, option]
            if (/^\.It Fl -/) { explained[page, option]; items = items " " option }
        }
    }
    # What is said of an option, in one line: from its .It to the next.
    items != "" {
        said = $0; sub(/^\.[A-Z][a-z] /, "", said)
        n = split(items, item, " ")
        for (i = 1; i <= n; i++) about[page, item[i]] = about[page, item[i]] said " "
    }
    END {
        for (key in options) {
            split(key, k, SUBSEP)
            if (!(key in explained)) print k[1] "(8) does not explain --" k[2]
            if (!(key in synopsis) && !(k[1] in many)) print k[1] "(8) has no --" k[2] " in its synopsis"
        }
        for (key in explained)
            if (!(key in options)) { split(key, k, SUBSEP); print k[1] "(8) explains --" k[2] ", which is none" }
        for (key in synopsis) {
            split(key, k, SUBSEP)
            if (!(key in options) && !(k[1] in many)) print k[1] "(8) has --" k[2] ", which is none, in its synopsis"
        }
        for (key in paths) {
            split(key, k, SUBSEP); command = k[2]; sub(/ .*/, "", command)
            if (lines[k[1]] !~ "(^|\n)[.]Nm refgate (Cm )?" k[2] "( |\n)|\n[.]Cm " command "( |\n)")
                print k[1] "(8) has not refgate " k[2] " in its synopsis"
        }
        for (key in defaults) {
            split(key, k, SUBSEP); value = defaults[key]
            if (about[key] !~ "[Dd]efault:?( [^.]*)? " value "([^0-9a-z]|$)| " value " (by default|if it is not given)")
                print k[1] "(8) has not the default of --" k[2] ": " value
        }
    }' "$T/told" "$man"/*.8 >"$T/wrong"
is "$(sort "$T/wrong")" '' 'pages and --help have the same commands, options and defaults'

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
    [ -e "$man/$page.$section" ] || echo "$page($section)"
done <"$T/named" >"$T/lost"
is "$(cat "$T/lost")" '' 'and each of those pages is there'

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
awk '/^\.Dt / {
         page = FILENAME; sub(/.*\//, "", page)
         name = toupper(page); sub(/\.[1-8]$/, "", name); sub(/.*\./, "", page)
         if ($2 != name || $3 != page || NF != 3) print FILENAME ": " $0
         count++
     }
     END { if (count != ARGC - 1) print count " pages of " ARGC - 1 " say which they are" }' "$man"/*.[1-8] >"$T/lost"
is "$(cat "$T/lost")" '' 'each page says which it is'
others=$(find $man -type f ! -name '*.[1-8]')
is "$others" '' 'nothing but pages is beside the pages'

# -------------------------------------------------------------- refgate-audit(5)
sed -n 's/.*"\([a-z][a-z_]*\)".*/\1/p' hook/record/record.c hook/record/record_approval.c | sort -u >"$T/fields"
ok 'there are fields of a record' test "$(wc -l <"$T/fields")" -ge 45
tr -s ' ,' '\n' <$man/refgate-audit.5 | sort -u | comm -23 "$T/fields" - >"$T/unknown"
is "$(cat "$T/unknown")" '' 'refgate-audit(5) has every field of a record'

if command -v mandoc >/dev/null; then
    # (Not both into one pipe: they would meet in the middle of a line.)
    mandoc -Tlint "$man"/*.[1-8] >"$T/said" 2>"$T/warned"
    cat "$T/said" "$T/warned" | grep -v -e 'referenced manual not found' -e 'outdated mandoc.db' >"$T/lint"
    is "$(cat "$T/lint")" '' 'mandoc has nothing to say about the pages'
else
    skip 'mandoc has nothing to say' 'no mandoc'
fi
done_testing
