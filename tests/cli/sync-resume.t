#!/bin/sh
# A crawl that is killed at any moment goes on where it was: nothing is lost, next to nothing is asked
# twice, the snapshot is the one that an undisturbed crawl makes, and the old one stays in use.
. tests/lib/tap.sh
. tests/lib/bitbucket.sh
test_start

bitbucket_start --seed 11 --size small --delay 2
sync() { "$BUILD/refgate" sync --url "$BITBUCKET_URL" --auth-file "$BITBUCKET_AUTH" --self-check 0 "$@"; }
digest() { "$BUILD/refgate" snapshot info --file "$1" --format json | jq -r .digest; }

ok 'an undisturbed crawl' sync --output "$T/whole.cdb" --quiet
note "$(bitbucket_requests .) requests"

# An old snapshot is in use meanwhile.
mkdir "$T/s" "$T/recording"
cp tests/fixtures/acme/*.jsonl "$T/recording"
jq -c --arg url "$BITBUCKET_URL" '.base_url = $url' tests/fixtures/acme/recording.json \
    >"$T/recording/recording.json"
ok 'an old snapshot' "$BUILD/refgate" sync --replay "$T/recording" --output "$T/s/snapshot.cdb"
before=$(cksum <"$T/s/snapshot.cdb")

# Killed again and again, each time a little later; the moments differ from run to run.
: >"$BITBUCKET_LOG"
kills=0
resume=
code=
while [ "$kills" -lt 12 ]; do
    # Not the function: its process would be a shell's.
    # shellcheck disable=SC2086 # empty or one option
    "$BUILD/refgate" sync --url "$BITBUCKET_URL" --auth-file "$BITBUCKET_AUTH" --self-check 0 \
        --output "$T/s/snapshot.cdb" --force $resume >"$T/out" 2>&1 &
    pid=$!
    # 0.1 to 0.6 s
    sleep "0.$(($(od -An -N2 -tu2 /dev/urandom) % 6 + 1))"
    if ! kill -9 "$pid" 2>/dev/null; then
        wait "$pid"
        code=$?
        break
    fi
    wait "$pid" 2>/dev/null
    kills=$((kills + 1))
    [ "$(cksum <"$T/s/snapshot.cdb")" = "$before" ] || break
    [ ! -s "$T/s/snapshot.cdb.crawl/recording.json" ] || resume=--resume
done
note "killed $kills times"
if [ -z "$code" ]; then
    is "$(cksum <"$T/s/snapshot.cdb")" "$before" 'killed: the old snapshot is as it was'
    sync --output "$T/s/snapshot.cdb" --force --resume >"$T/out" 2>&1
    code=$?
else
    pass 'killed: the old snapshot was as it was'
fi
is "$code" 0 'the last --resume publishes' || sed 's/^/# /' "$T/out"
ok 'and what it publishes is whole' "$BUILD/refgate" snapshot verify --file "$T/s/snapshot.cdb"
is "$(digest "$T/s/snapshot.cdb")" "$(digest "$T/whole.cdb")" 'the same content as undisturbed'
# What every start asks before it crawls (version, account, limits) is not a repeat.
cut -f 2 "$BITBUCKET_LOG" | grep -v -e application-properties -e rate-limit \
    -e '/projects?limit=1$' >"$T/asked"
asked=$(wc -l <"$T/asked")
once=$(sort -u "$T/asked" | wc -l)
note "$asked questions, $once different ones"
# In flight when it is killed: at most the 16 connections.
ok 'what was asked twice were the questions under way' \
    test $((asked - once)) -le $((16 * (kills + 1) + once / 100 + 20))
is "$(find "$T/s" -mindepth 1 -maxdepth 1 -exec basename {} \; | sort | tr '\n' ' ')" \
    'snapshot.cdb snapshot.cdb.1 snapshot.cdb.lock ' 'nothing is left over'

# ---------------------------------------------------------------- what cannot be gone on with
run sync --output "$T/s/snapshot.cdb" --resume
is "$code" 0 'nothing to go on with: reads everything'
contains "$err" 'there is nothing to go on with' 'and says so'
done_testing
