#!/bin/sh
# SECURITY.md: each way to fail has a test, which is there; each setting that a failure follows is in
# the table, and exists; what is said to prove something is there.
. tests/lib/tap.sh
test_start

doc=$TOP/SECURITY.md
# The rows that name a test: WHAT | VERDICT | SETTING | TEST: WORDS
grep -E '^\| .*`tests/[a-z]+/[^`]*`: ' "$doc" >"$T/rows"
ok 'the table has rows' test "$(wc -l <"$T/rows")" -ge 35
while IFS= read -r row; do
    file=$(printf '%s\n' "$row" | sed 's/.*`\(tests\/[^`]*\)`: .*/\1/')
    words=$(printf '%s\n' "$row" | sed 's/.*`tests\/[^`]*`: \(.*\) |$/\1/')
    what=$(printf '%s\n' "$row" | sed 's/^| \([^|]*\) |.*/\1/')
    if grep -qF -- "$words" "$TOP/$file" 2>/dev/null; then
        pass "$what: $file has it"
    else
        fail "$what: $file has no \"$words\""
    fi
done <"$T/rows"

# Settings: those that the table names exist, and those that say what a failure means are named.
keys() { # SECTION: its keys, from the shipped file, which other tests compare with the code
    awk -v want="[$1]" '/^;? ?\[/ { section = $0; sub(/^;? ?/, "", section) }
        section == want && /^;? ?[a-z-]+ *=/ { sub(/^;? ?/, ""); sub(/ *=.*/, ""); print }' \
        "$TOP/config/refgate.conf"
}
for section in failure freshness limits sandbox; do
    ok "[$section] has keys" test -n "$(keys $section)"
    for key in $(keys $section); do
        ok "[$section] $key is in the table" grep -qF "\`[$section] $key\`" "$T/rows"
    done
done
grep -oE '`\[[a-z-]+\] [a-z-]+`' "$doc" | sort -u | tr -d '`' >"$T/named"
while read -r section key; do
    section=${section#[}
    ok "[${section%]}] $key exists" test -n "$(keys "${section%]}" | grep -x -- "$key")"
done <"$T/named"

# Files and directories of the tree.
grep -oE '`(tests|hook|scripts|config|packaging)/[^` ]*`' "$doc" | tr -d '`' | sort -u >"$T/files"
while IFS= read -r file; do
    ok "$file is there" test -e "$TOP/$file"
done <"$T/files"
done_testing
