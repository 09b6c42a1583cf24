#!/bin/sh
# Many refs in one push: one decision, bounded output, bounded record.
. tests/lib/tap.sh
. tests/lib/push.sh
test_start
server_start
server_config <<'END'
@common
[limits]
refs = 100000
END
server_repository PRJ/app 84
client_clone "$T/c" PRJ/app
c=$T/c
new=$(commit "$c" one)

# A real push of a thousand.
i=0
while [ $i -lt 1000 ]; do
    echo "create refs/heads/many/$i $new"
    i=$((i + 1))
done | git -C "$c" update-ref --stdin
pushes '1,000 refs: accepted' jdoe "$c" -q origin 'refs/heads/many/*:refs/heads/many/*'
is "$(server_refs PRJ/app | wc -l)" 1000 '1,000 refs: all are there'
is "$(audit '.changes|length')" 1000 '1,000 refs: in one record'
refuses '1,000 refs: refused' 1 jdoe "$c" -q origin 'refs/heads/many/*:refs/heads/archive/*'
ok '1,000 refs: the text is bounded' test "$(printf '%s' "$remote" | wc -c)" -lt 24000
ok '1,000 refs: and short' test "$(printf '%s\n' "$remote" | wc -l)" -lt 200
contains "$remote" '(1,000 of 1,000 refs)' '1,000 refs: they are counted'
like "$remote" 'and [0-9,]+ more' '1,000 refs: the rest is named by its number'

# Only one is bad: it is the one that is shown.
git -C "$c" branch zzz
git -C "$c" push -q origin :refs/heads/many/0 2>/dev/null
refuses 'one of 1,000 is refused: none is updated' 1 jdoe "$c" -q origin \
    'refs/heads/many/*:refs/heads/again/*' zzz:refs/heads/archive/zzz
contains "$remote" 'refs/heads/archive/zzz' 'and that one is shown'
contains "$remote" '(1 of 1,001 refs)' 'and counted'

# More, straight into the hook.
awk -v new="$new" -v zero="$ZERO" 'BEGIN { for (i = 0; i < 50000; i++)
    print zero, new, "refs/heads/a/rather/long/name/of/a/branch/that/nobody/reads/" i }' >"$T/stdin"
hook_as jdoe push PRJ/app <"$T/stdin"
is "$code" 0 '50,000 refs: accepted' || note "$out$err"
is "$(audit '.changes|length')" 1000 '50,000 refs: 1,000 are listed'
ok '50,000 refs: the record is one bounded line' test \
    "$(tail -n 1 "$BB/audit.log" | wc -c)" -lt 2000000
sed 's|refs/heads/a/|refs/heads/archive/|' "$T/stdin" >"$T/stdin2"
hook_as jdoe push PRJ/app <"$T/stdin2"
is "$code" 1 '50,000 refs: refused'
ok '50,000 refs: the text is bounded' test "$(printf '%s' "$err" | wc -c)" -lt 24000
ok 'the audit chain is intact' "$BUILD/refgate" audit verify "$BB/audit.log"
done_testing
