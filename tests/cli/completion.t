#!/bin/sh
# Completion in bash, zsh and fish: what is shipped is what the program prints, and the shells
# themselves, each on a terminal, offer commands, options, values and files where they belong.
. tests/lib/tap.sh
. tests/lib/helps.sh
test_start

refgate=$BUILD/refgate
shipped=packaging/completion
mkdir "$T/work" "$T/zsh"

run "$refgate" completion csh
is "$code" 2 'a shell that is not known is a usage error'
contains "$err" 'bash, zsh or fish' 'that names those that are'

# -------------------------------------------------------------- what is shipped
for shell in bash zsh fish; do
    case $shell in
    zsh) file=_refgate ;;
    *) file=refgate.$shell ;;
    esac
    run "$refgate" completion $shell
    is "$code" 0 "refgate completion $shell succeeds"
    same_file "$shipped/$file" "$T/.out" "$shipped/$file is what 'refgate completion $shell' prints (make completion)"
    cp "$T/.out" "$T/zsh/$file"
    if command -v $shell >/dev/null; then
        # shellcheck disable=SC2086 # one word
        ok "$shell reads it" $shell -n "$T/zsh/$file"
    fi
done
if command -v shellcheck >/dev/null; then
    ok 'shellcheck has nothing to say about that for bash' shellcheck -s bash "$T/zsh/refgate.bash"
fi

# -------------------------------------------------------------- questions
# Names that would do something, were they put into the line as they are.
(cd "$T/work" && mkdir 'dir one' && touch plain.log 'a b;touch HURT' "\$(touch HURT)" "\`touch HURT\`" \
    "it's" 'x"y' '*' ./--help 'new
line')

helps_all "$T/help"
all_commands=$(sed -n '/^@/s/^@ \([^ ]*\).*/\1/p' "$T/help" | sort -u)
# A line, and all that belongs after it.
awk '
    NR == FNR { group[$1] = group[$1] " " $2; next }
    /^@/ { path = substr($0, 2); next }
    /^  (-h, )?--/ { of[path] = of[path] " " ($1 == "-h," ? $2 : $1) }
    END {
        for (name in group) print "refgate " name " |" group[name]
        for (path in of) print "refgate" path " --|" of[path]
    }' "$T/help.groups" "$T/help" | sort >"$T/wanted"
ok 'there are commands and options' test "$(wc -l <"$T/wanted")" -ge 35
cut -d'|' -f1 "$T/wanted" >"$T/all"
# (A blank at the end is before the underline.)
sed 's/ _$/ /' "$T/all" - >"$T/lines" <<'LINES'
refgate _
refgate au
refgate --
refgate audit ver
refgate audit verify --f
refgate audit verify --format _
refgate audit verify --format=j
refgate access --format _
refgate audit verify pla
refgate audit verify --config pla
refgate audit verify --config=pla
refgate audit verify --anchor _
refgate audit verify _
refgate audit narrate _
refgate audit narrate ID pla
refgate audit narrate --config plain.log ID pla
refgate audit rotate plain.log p
refgate sync --record _
refgate sync --format c
refgate completion _
refgate completion bash _
refgate frobnicate _
refgate frobnicate x
refgate snapshot diff p
refgate audit verify -- --h
refgate audit $(touch HURT) _
refgate `touch HURT` _
refgate audit verify a
refgate audit verify \$
refgate audit verify \`
refgate audit verify i
refgate audit verify x
refgate audit verify new
refgate policy apply a
refgate install _
refgate install native d
refgate install hook-script --content _
LINES

# -------------------------------------------------------------- answers
ask() { # SHELL
    case $1 in
    fish)
        # shellcheck disable=SC2016 # for fish
        (cd "$T/work" && fish --no-config -c 'source $argv[1]
            cat $argv[2] | while read -l --delimiter \n line
                set -l all (complete -C "$line" | string replace -r "\t.*" "")
                echo "$line | $all "
            end' -- "$T/zsh/refgate.fish" "$T/lines")
        ;;
    zsh)
        { cat "$T/lines" && printf '%s\n' '?refgate doctor --' '?refgate '; } |
            python3 tests/lib/complete.py zsh "$T/zsh/_refgate" "$T"
        ;;
    *) python3 tests/lib/complete.py "$1" "$T/zsh/refgate.$1" "$T" <"$T/lines" ;;
    esac
}
# LINE: $offered is what is there after the key, between blanks. The options of zsh wait with =.
tab=$(printf '\t')
answer() {
    offered=$(grep -F -m 1 -e "$1$tab" "$T/paired")
    offered=${offered#*"$tab"}
}
# What is expected of the answers is gathered, and compared by compare().
offers() { printf 'offers\t%s\t%s\n' "$1" "$2" >>"$T/expected"; }         # LINE WORDS
offers_not() { printf 'offers not\t%s\t%s\n' "$1" "$2" >>"$T/expected"; } # LINE WORDS
has() { printf 'has\t%s\t%s\n' "$1" "$2" >>"$T/expected"; }               # LINE PART
compare() {
    awk -F '\t' '
        NR == FNR { if (!($1 in answer)) answer[$1] = $2; next }
        !($2 in answer) { print $2 ": was not asked"; next }
        {
            # As it is after the key, but for what was there before.
            text = answer[$2]
            if ($1 == "offers not" && (at = index(text, $2))) text = substr(text, at + length($2))
            n = $1 == "has" ? 0 : split($3, words, " ")
            if ($1 == "has") words[n = 1] = $3
            for (i = 1; i <= n; i++) {
                found = index(text, $1 == "offers" ? " " words[i] " " : words[i]) > 0
                if (found != ($1 != "offers not")) print $2 ": " $1 " " words[i] " is not so: " text
            }
            compared++
        }
        END { print compared + 0 >"/dev/stderr" }' "$T/paired" "$T/expected" 2>"$T/compared"
}
# The line as it is after the key, run: the operands that the program gets.
# shellcheck disable=SC2016,SC2086 # for the shells; options
means() { # LINE OPERAND
    answer "$1"
    run "$shell" $2 -c 'refgate() { printf "<%s>" "$@"; }; eval "$1"' "$shell" "$offered"
    is "$out" "$3" "$shell: '$1' becomes a name that means the file"
}

for shell in bash zsh fish; do
    if ! command -v $shell >/dev/null; then
        skip "$shell completes" "no $shell"
        continue
    fi
    if ! ask $shell >"$T/answers" 2>"$T/trouble"; then
        fail "$shell completes"
        note "$(cat "$T/trouble")"
        continue
    fi
    is "$(cat "$T/trouble")" '' "$shell says nothing besides"
    is "$(wc -l <"$T/answers")" "$(wc -l <"$T/lines")" "$shell answers each question"
    sed 's/= / /g; s/=$//; s/^/ /; s/$/ /' "$T/answers" | paste "$T/lines" - >"$T/paired"
    : >"$T/expected"
    # From the table: each command, each option.
    offers 'refgate ' "$(printf '%s' "$all_commands" | tr '\n' ' ')"
    sed 's/^/offers|/' "$T/wanted" | tr '|' '\t' >>"$T/expected"
    offers 'refgate --' '--help --version'
    offers_not 'refgate ' 'plain.log'
    offers_not 'refgate audit ' 'sync plain.log'
    offers 'refgate au' 'audit'
    offers_not 'refgate au' 'approve'
    offers 'refgate audit ver' 'verify'
    # Values and files.
    offers 'refgate audit verify --f' '--from --format'
    offers_not 'refgate audit verify --f' '--anchor plain.log'
    offers 'refgate audit verify --format ' 'text json'
    offers_not 'refgate audit verify --format ' 'csv plain.log'
    offers 'refgate access --format ' 'text json csv'
    has 'refgate audit verify --format=j' '=json ' # a value after =
    offers_not 'refgate sync --format c' 'csv'
    offers 'refgate audit verify pla' 'plain.log'
    offers 'refgate audit verify --config pla' 'plain.log'
    has 'refgate audit verify --config=pla' '=plain.log ' # a file after =
    offers_not 'refgate audit verify --anchor ' 'plain.log --'
    has 'refgate audit verify ' 'plain.log' # operands that are files
    offers_not 'refgate audit narrate ' 'plain.log'
    offers 'refgate audit narrate ID pla' 'plain.log'
    offers 'refgate audit narrate --config plain.log ID pla' 'plain.log'
    offers_not 'refgate audit rotate plain.log p' 'plain.log'
    has 'refgate sync --record ' dir # directories for DIR
    offers_not 'refgate sync --record ' 'plain.log'
    offers 'refgate snapshot diff p' 'plain.log'
    offers 'refgate install ' 'hook-script external-hooks native'
    has 'refgate install native d' dir # operands that are directories
    offers 'refgate install hook-script --content ' 'script program'
    offers 'refgate completion ' 'bash zsh fish'
    offers_not 'refgate completion bash ' 'zsh plain.log'
    offers_not 'refgate frobnicate ' 'plain.log sync'
    offers_not 'refgate frobnicate x' 'x\"y'
    offers 'refgate audit verify -- --h' '--help'
    # Names of files that mean harm.
    has 'refgate audit verify ' 'new' # a name with a line in it
    is "$(compare)" '' "$shell offers what belongs there, and nothing else"
    ok "$shell: all of it was compared" test "$(cat "$T/compared")" -ge 70
    case $shell in
    bash) plain='--norc --noprofile' ;;
    zsh) plain=-f ;;
    *) plain= ;;
    esac
    if [ -n "$plain" ]; then
        means 'refgate audit verify a' "$plain" '<audit><verify><a b;touch HURT>'
        means 'refgate policy apply a' "$plain" '<policy><apply><a b;touch HURT>'
        means 'refgate audit verify \$' "$plain" "<audit><verify><\$(touch HURT)>"
        # shellcheck disable=SC2016 # a name
        means 'refgate audit verify \`' "$plain" '<audit><verify><`touch HURT`>'
        means 'refgate audit verify i' "$plain" "<audit><verify><it's>"
        means 'refgate audit verify x' "$plain" '<audit><verify><x"y>'
    fi
    hurt=$(find "$T" -name HURT)
    is "$hurt" '' "$shell runs nothing that is in a name or in the line"
done

# -------------------------------------------------------------- descriptions
if command -v fish >/dev/null; then
    # shellcheck disable=SC2016 # for fish
    run fish --no-config -c 'source $argv[1]; complete -C "refgate doctor --with"; complete -C "refgate aud"' \
        -- "$T/zsh/refgate.fish"
    like "$out" "^--with-reports$(printf '\t')also what .sync --with-reports. reads\$" 'fish describes options'
    like "$out" "^audit$(printf '\t')read the audit log" 'and commands'
fi
if [ -e "$T/list" ]; then
    list=$(tr -d '\r' <"$T/list")
    like "$list" '^--with-reports +-- also what .sync --with-reports. reads' 'zsh describes options'
    like "$list" '^audit +-- read the audit log' 'and commands'
fi
done_testing
