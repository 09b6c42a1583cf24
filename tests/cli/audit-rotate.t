#!/bin/sh
# refgate audit rotate: what it does to the files, and that verify, show and show --follow go along.
. tests/lib/tap.sh
test_start

log=$T/audit.jsonl
none=$(printf '%064d' 0)
cat >"$T/refgate.conf" <<CONF
[snapshot]
file = $T/snapshot.cdb
[audit]
file = $log
CONF

# Appends a record as the hook would; the chain is made with sha256sum here.
append() { # ID [TIME]
    prev=$(tail -n 1 "$log" 2>/dev/null | sed 's/.*"hash":"\([0-9a-f]*\)"}$/\1/')
    body="{\"id\":\"$1\",\"time\":\"${2:-2026-11-22T04:00:00.000Z}\",\"host\":\"bb1\",\"verdict\":\"accept\",\"exit\":0,\"prev\":\"${prev:-$none}\""
    printf '%s,"hash":"%s"}\n' "$body" "$(printf '%s' "$body" | sha256sum | cut -d' ' -f1)" >>"$log"
}
audit() {
    cmd=$1
    shift
    run "$BUILD/refgate" audit "$cmd" --config "$T/refgate.conf" "$@" </dev/null
}
shown() { printf '%s\n' "$out" | sed -n 's/.*  bb1 *\([^ ]*\) .*/\1/p' | tr '\n' ' '; }
rotated() { find "$T" -name 'audit.jsonl-*' | sed 's,.*/,,' | LC_ALL=C sort; }

# -------------------------------------------------------------- one rotation
audit rotate
is "$code" 0 'no log yet: nothing to do'
contains "$out" 'there is no log yet' 'and says so'
audit rotate "$T/none"
is "$code" 2 'but a file that was named must be there: code 2'
append 1
append 2
cp "$log" "$T/before"
audit rotate
is "$code" 0 'rotate'
name=$(rotated)
like "$name" '^audit\.jsonl-20[0-9]{6}T[0-9]{6}Z$' 'the old log is named by the time'
is "$out" "rotated $log to $T/$name" 'which is said'
same_file "$T/$name" "$T/before" 'it has all that was in the log, and nothing else'
is "$(wc -l <"$log")" 1 'the new one has one line'
like "$(cat "$log")" "^\{\"type\":\"rotation\",\"time\":\"[^\"]*\",\"host\":\"[^\"]*\",\"version\":\"[^\"]*\",\"continues\":\"$name\",\"prev\":\"$(tail -n 1 "$T/$name" | sed 's/.*"hash":"\([0-9a-f]*\)"}$/\1/')\",\"hash\":\"[0-9a-f]{64}\"\}\$" \
    'which says what it continues, and carries the hash'
body=$(sed 's/,"hash":"[0-9a-f]*"}$//' "$log")
is "$(printf '%s' "$body" | sha256sum | cut -d' ' -f1)" "$(sed 's/.*"hash":"\([0-9a-f]*\)"}$/\1/' "$log")" \
    'and is sealed as any other line'
audit rotate
contains "$out" 'nothing was recorded since the last rotation' 'a second rotation has nothing to do'
is "$(rotated)" "$name" 'and makes no file'
is "$(find "$T" -name '.audit*')" '' 'nothing is left over'

# -------------------------------------------------------------- what reads it
append 3
audit verify
is "$code" 0 'verify follows the chain over both files'
contains "$out" "$name: 2 lines, chain intact" 'the rotated one'
contains "$out" "$log: 2 lines, chain intact" 'and the log'
audit show
is "$(shown)" '1 2 3 ' 'show: the decisions of both, and no rotation'
is "$err" '' 'show: a rotation is no damage'
run "$BUILD/refgate" audit verify "$log"
is "$code" 1 'verify: the log alone begins in the middle'
contains "$out" "(it goes on from $name)" 'verify: and says which file is missing'
head=$(tail -n 1 "$T/$name" | sed 's/.*"hash":"\([0-9a-f]*\)"}$/\1/')
run "$BUILD/refgate" audit verify --from "$head" "$log"
is "$code" 0 'verify --from: unless that is meant'
cp "$T/$name" "$T/kept"
sed -i '$d' "$T/$name"
audit verify
is "$code" 1 'verify: a rotated log whose end was cut is found'
cp "$T/kept" "$T/$name"

# -------------------------------------------------------------- compressed
audit rotate --compress --format json
is "$code" 0 'rotate --compress'
contains "$out" '"rotated": true' 'rotate --format json'
is "$(rotated | grep -c 'Z\(_02\)*\.gz$')" 2 'both are compressed: the one from before, too'
ok 'gzip can read them' gzip -t "$T/$name.gz"
is "$(gzip -dc "$T/$name.gz" | sha256sum)" "$(sha256sum <"$T/kept")" 'and finds the same bytes'
append 4
audit verify
is "$code" 0 'verify: over compressed files'
audit show
is "$(shown)" '1 2 3 4 ' 'show: over compressed files'
run "$BUILD/refgate" audit verify "$T/$name"
is "$code" 0 'the old name still finds the file'
head -c 60 "$T/$name.gz" >"$T/cut.gz"
run "$BUILD/refgate" audit verify "$T/cut.gz"
is "$code" 2 'verify: a cut compressed file cannot be read: code 2'
contains "$err" 'cut short' 'and why'
gzip -dc "$T/$name.gz" | "$BUILD/refgate" audit verify - >"$T/.out"
is $? 0 'a pipe is read as well'
"$BUILD/refgate" audit verify - <"$T/$name.gz" >"$T/.out"
is $? 0 'also one of compressed bytes'

# -------------------------------------------------------------- conditions
audit rotate --if-larger 1M
contains "$out" 'neither large nor old enough' '--if-larger: not yet'
audit rotate --if-larger 10
contains "$out" "rotated $log" '--if-larger: now'
append 5
audit rotate --if-older 1000w
contains "$out" 'neither large nor old enough' '--if-older: not yet'
for bad in '--if-larger 10X' '--if-larger 0' '--if-older 5' '--keep 0' '--keep x'; do
    # shellcheck disable=SC2086 # two words
    audit rotate $bad
    is "$code" 2 "rotate $bad: code 2"
done

# -------------------------------------------------------------- --keep
audit rotate --keep 2 --compress
is "$code" 0 'rotate --keep'
like "$out" '^deleted .*/audit\.jsonl-' 'says what it deletes'
is "$(rotated | wc -l)" 2 'and keeps two'
audit verify
is "$code" 0 'verify: the chain may begin where the rotation says'
contains "$out" 'a rotation deleted the files before it (--keep)' 'verify: and tells that'
mv "$T/$(rotated | head -n 1)" "$T/hidden"
audit verify
is "$code" 1 'verify: but a file that somebody else deleted is missing'
contains "$out" 'beheaded' 'verify: and is told'

# -------------------------------------------------------------- followed
rm -f "$log" "$T"/audit.jsonl-*
append f1
"$BUILD/refgate" audit show --follow --limit 1 --config "$T/refgate.conf" >"$T/follow" 2>"$T/follow.err" &
follower=$!
at_exit "kill $follower 2>/dev/null"
wait_for() { # ID, in what the follower has printed
    tries=0
    until grep -q " $1 " "$T/follow"; do
        tries=$((tries + 1))
        [ "$tries" -lt 400 ] || return 1
        sleep 0.05
    done
}
ok 'show --follow --limit: first the last one' wait_for f1
append f2
ok 'show --follow: then what comes' wait_for f2
for i in 3 4 5; do
    append "f$i"
    audit rotate --compress
    append "g$i"
done
ok 'show --follow: over several rotations at once' wait_for g5
kill -TERM "$follower"
wait "$follower"
is $? 0 'show --follow: ends on SIGTERM: code 0'
out=$(cat "$T/follow")
is "$(shown)" 'f1 f2 f3 g3 f4 g4 f5 g5 ' 'show --follow: each once, in order'
is "$(cat "$T/follow.err")" '' 'show --follow: without a word on stderr'
{
    "$BUILD/refgate" audit show --follow --limit 1 --config "$T/refgate.conf"
    echo $? >"$T/code"
} | head -n 1 >"$T/first"
is "$(cat "$T/code")" 0 'show --follow: ends with the reader of its pipe: code 0'
done_testing
