#!/bin/sh
# refgate sync: when a new snapshot takes the place of the old one, and when not; one sync at a time;
# an interrupted one goes on; a part.
. tests/lib/tap.sh
. tests/lib/bitbucket.sh
test_start

unset REFGATE_URL REFGATE_TOKEN REFGATE_USER REFGATE_PASSWORD
sync() { run "$BUILD/refgate" sync "$@" </dev/null; }
field() { printf '%s\n' "$out" | sed -n "s/^$1  *//p"; }
dump() { "$BUILD/refgate" snapshot dump --file "$T/s.cdb" --key "$1"; }
sum() { cksum <"$T/s.cdb"; }
# The n-th request, or what it leads to, is there: looked for until a minute is over.
wait_for() { # COMMAND...
    waited=0
    until "$@" >/dev/null 2>&1 || [ "$waited" -ge 1200 ]; do
        sleep 0.05
        waited=$((waited + 1))
    done
}
asked() { [ "$(bitbucket_requests)" -ge "$1" ]; }

bitbucket_start --seed 5 --fault hang:at=40 || fail 'the server starts'
here="--url $BITBUCKET_URL --auth-file $BITBUCKET_AUTH --output $T/s.cdb"
# shellcheck disable=SC2086 # $here is several words
{
# -------------------------------------------------------------- one at a time, interrupted, resumed
"$BUILD/refgate" sync $here --concurrency 1 >"$T/first.out" 2>"$T/first.err" </dev/null &
first=$!
at_exit "kill $first 2>/dev/null"
wait_for asked 40
ok 'the first sync is at work' kill -0 "$first"
sync $here --metrics "$T/metrics"
is "$code" 2 'a second sync: code 2'
like "$err" "another sync \(process $first, since 20[0-9-]+T[0-9:]+Z\) is at work on $T/s\.cdb" 'a second sync: says who is at work'
is "$(test -e "$T/metrics" && echo there)" '' 'a second sync: leaves the metrics to the first'
sync --replay tests/fixtures/acme --output "$T/s.cdb"
is "$code" 2 'so does a replay'
kill -TERM "$first"
code=0
wait "$first" || code=$?
is "$code" 2 'SIGTERM: code 2'
contains "$(cat "$T/first.err")" 'refgate sync: interrupted' 'SIGTERM: says so'
contains "$(cat "$T/first.err")" "what was read is kept in $T/s.cdb.crawl: --resume" 'SIGTERM: and how to go on'
is "$(test -e "$T/s.cdb" && echo there)" '' 'SIGTERM: nothing is published'
is "$(stat -c %a "$T/s.cdb.crawl")" 700 'the journal is for its owner only'
before=$(bitbucket_requests)
sync $here --resume --format json --self-check 0
is "$code" 0 '--resume: code 0'
reused=$(printf '%s\n' "$out" | jq .reused)
asked_again=$(printf '%s\n' "$out" | jq .requests)
answers=$(printf '%s\n' "$out" | jq .answers)
ok '--resume: what was read is not asked for again' test "$reused" -ge 25
ok '--resume: the rest is' test "$((reused + asked_again))" -ge "$answers"
is "$asked_again" "$(($(bitbucket_requests) - before))" '--resume: and nothing else'
is "$(test -e "$T/s.cdb.crawl" && echo there)" '' '--resume: the journal is gone'
resumed=$(printf '%s\n' "$out" | jq -r .digest)
sync $here
is "$(field digest)" "$resumed" '--resume: gives what a sync in one piece gives'

# -------------------------------------------------------------- another instance
before=$(sum)
sync --replay tests/fixtures/acme --output "$T/s.cdb"
is "$code" 2 'the snapshot of another instance: code 2'
contains "$err" 'is the snapshot of another instance' 'the snapshot of another instance: says so'
sync --replay tests/fixtures/acme --output "$T/s.cdb" --force
is "$code" 2 'the snapshot of another instance: --force does not help'
is "$(sum)" "$before" 'the snapshot of another instance: is not touched'

# -------------------------------------------------------------- a part
bitbucket_change grant '{"place": "PRJ/app", "user": "jdoe", "permission": "REPO_ADMIN"}' >"$T/changed"
has() { dump repo/PRJ/app | jq 'any(.users[]; .user == "jdoe" and .permission == "REPO_ADMIN")'; }
is "$(has)" false 'a new grant is not in the snapshot'
before=$(bitbucket_requests)
age=$("$BUILD/refgate" snapshot info --file "$T/s.cdb" --format json | jq -r .started)
sync $here --repo PRJ/app --metrics "$T/metrics"
is "$code" 0 'a part: code 0'
is "$(has)" true 'a part: the grant is in the snapshot'
is "$("$BUILD/refgate" snapshot info --file "$T/s.cdb" --format json | jq -r .started)" "$age" \
    'a part: the rest is as old as it was'
is "$(sed -n 's/^refgate_snapshot_parts //p' "$T/metrics")" 1 'a part: metrics count it'
is "$(test -e "$T/s.cdb.part" && echo there)" '' 'a part: its journal is gone'
part=$(field digest)
ok 'a part: the snapshot is good' "$BUILD/refgate" snapshot verify --file "$T/s.cdb"
whole=$(field requests)
ok 'a part: takes fewer requests' test "$whole" -lt "$asked_again"
sync $here
is "$(field digest)" "$part" 'a part: gives what a full sync gives'
is "$("$BUILD/refgate" snapshot dump --file "$T/s.cdb" --prefix parts)" '' 'a full sync has no parts'
sync --url "$BITBUCKET_URL" --auth-file "$BITBUCKET_AUTH" --output "$T/none.cdb" --repo PRJ/app
is "$code" 2 'a part without a snapshot: code 2'
contains "$err" 'run a full sync first' 'a part without a snapshot: says what to do'
sync $here --repo PRJ/no-such-repository
is "$code" 2 'a part that is not there: code 2'
is "$(test -e "$T/s.cdb.part" && echo there)" '' 'a part that is not there: its journal is gone'

# -------------------------------------------------------------- shrinking, and differences
repositories=$("$BUILD/refgate" snapshot info --file "$T/s.cdb" --format json | jq .counts.repositories)
"$BUILD/refgate" snapshot dump --file "$T/s.cdb" --prefix repo/ | jq -r '"\(.project)/\(.repository)"' |
    grep -v '^PRJ/app$' | head -n $((repositories / 4)) >"$T/doomed"
while IFS= read -r place; do
    bitbucket_change delete "{\"place\": \"$place\"}" >"$T/changed"
done <"$T/doomed"
before=$(sum)
sync $here --metrics "$T/metrics" --format json
is "$code" 1 'a quarter of the repositories is gone: code 1'
like "$err" "warning: repositories: $repositories before, [0-9]+ now" 'a quarter of the repositories is gone: is told'
contains "$err" '--force publishes it' 'a quarter of the repositories is gone: and what to do'
is "$(printf '%s\n' "$out" | jq -c '[.published, .mode, (.warnings | length > 0)]')" '[false,"full",true]' 'JSON: not published'
is "$(sed -n 's/^refgate_sync_refused //p' "$T/metrics")" 1 'metrics: refused'
is "$(sum)" "$before" 'a quarter of the repositories is gone: the old snapshot stays'
is "$(test -e "$T/s.cdb.crawl" && echo there)" there 'what was read is kept'

# What was read is complete; meanwhile somebody gives away PRJ/app.
bitbucket_change grant '{"place": "PRJ/app", "group": "bitbucket-users", "permission": "REPO_ADMIN"}' >"$T/changed"
asked=$(bitbucket_requests '/permissions/groups')
sync $here --resume --max-shrink 100 --self-check 1000
is "$code" 1 'permissions differ from what the server says: code 1'
like "$err" 'permissions differ from what Bitbucket says' 'permissions differ: is told'
is "$(sum)" "$before" 'permissions differ: the old snapshot stays'
is "$(bitbucket_requests '/permissions/groups')" "$asked" 'what is complete is not read again'
# A timer that always says --resume.
cp "$T/s.cdb" "$T/late.cdb"
cp -R "$T/s.cdb.crawl" "$T/late.cdb.crawl"
jq -c '.finished = "2026-01-01T00:00:00Z"' "$T/s.cdb.crawl/recording.json" >"$T/late.cdb.crawl/recording.json"
sync --url "$BITBUCKET_URL" --auth-file "$BITBUCKET_AUTH" --output "$T/late.cdb" --resume --max-shrink 100
is "$code" 0 'what was refused a while ago is not all that --resume looks at: code 0'
contains "$err" 'was not published then: everything is read anew' 'what was refused a while ago: says what it does'
sync $here --resume --force --self-check 1000
is "$code" 0 '--force publishes both'
like "$err" 'warning: self-check: [0-9]+ of [0-9]+ permissions differ' '--force: with a warning'
is "$(test -e "$T/s.cdb.crawl" && echo there)" '' '--force: the journal is gone'
sync $here
is "$code" 0 'the next sync has nothing to complain of'
}

# -------------------------------------------------------------- a snapshot that cannot be compared with
printf 'damaged' >"$T/s.cdb"
# shellcheck disable=SC2086 # $here is several words
sync $here
is "$code" 0 'a damaged snapshot is replaced'
like "$err" 'warning: the snapshot in place is not compared with' 'with a warning'
bitbucket_stop

# -------------------------------------------------------------- killed, and resumed
cp -r tests/fixtures/acme "$T/old"
chmod -R u+w "$T/old"
for at in 5 60 130 230; do
    bitbucket_start --seed 5 --fault hang:at=$at || fail 'the server starts'
    here="--url $BITBUCKET_URL --auth-file $BITBUCKET_AUTH --output $T/k$at.cdb --self-check 0"
    printf '{"format":1,"base_url":"%s"}\n' "$BITBUCKET_URL" >"$T/old/recording.json"
    # shellcheck disable=SC2086 # $here is several words
    {
    sync --replay "$T/old" --output "$T/k$at.cdb" --now 2020-01-01
    cp "$T/k$at.cdb" "$T/before.cdb"
    "$BUILD/refgate" sync $here --concurrency 1 >"$T/killed.out" 2>&1 </dev/null &
    killed=$!
    at_exit "kill -9 $killed 2>/dev/null"
    wait_for asked $at
    kill -9 "$killed" 2>/dev/null
    wait "$killed" 2>/dev/null
    ok "killed at request $at: the old snapshot is in use" cmp "$T/k$at.cdb" "$T/before.cdb"
    if [ $at -gt 5 ]; then
        sync $here --resume --format json
        is "$code" 0 "killed at request $at: --resume: code 0"
        # The survey asks again, and so does what was under way.
        ok "killed at request $at: hardly anything is asked for twice" \
            test "$(bitbucket_requests)" -le $(($(printf '%s\n' "$out" | jq .answers) + 12))
        digest=$(printf '%s\n' "$out" | jq -r .digest)
        sync $here
        is "$(field digest)" "$digest" "killed at request $at: the same digest as without"
    fi
    }
    bitbucket_stop
done

# -------------------------------------------------------------- newer than what was interrupted
bitbucket_start --seed 5 --fault hang:at=400 || fail 'the server starts'
here="--url $BITBUCKET_URL --auth-file $BITBUCKET_AUTH --output $T/n.cdb --self-check 0"
# shellcheck disable=SC2086 # $here is several words
{
sync $here
is "$code" 0 'a snapshot'
"$BUILD/refgate" sync $here --concurrency 1 >"$T/killed.out" 2>&1 </dev/null &
killed=$!
at_exit "kill -9 $killed 2>/dev/null"
wait_for asked 400
kill -9 "$killed" 2>/dev/null
wait "$killed" 2>/dev/null
sync $here --repo PRJ/app
is "$code" 0 'a part while a journal is there: code 0'
sync $here --resume --format json
is "$code" 0 '--resume of what is older than the snapshot: code 0'
contains "$err" 'everything is read anew' '--resume of what is older than the snapshot: says what it does'
is "$(printf '%s\n' "$out" | jq .reused)" 0 '--resume of what is older than the snapshot: uses nothing of it'
sync $here
is "$code" 0 'a plain sync begins anew'
is "$(test -e "$T/n.cdb.crawl" && echo there)" '' 'and the journal of the earlier one is gone'
}
bitbucket_stop

# -------------------------------------------------------------- a full disk
if [ "$(id -u)" -eq 0 ] && mkdir "$T/tiny" && mount -t tmpfs -o size=32k tmpfs "$T/tiny" 2>/dev/null; then
    at_exit "umount '$T/tiny'"
    bitbucket_start --seed 5 || fail 'the server starts'
    sync --url "$BITBUCKET_URL" --auth-file "$BITBUCKET_AUTH" --output "$T/tiny/s.cdb" --metrics "$T/tiny/metrics"
    is "$code" 2 'a full disk: code 2'
    contains "$err" 'No space left on device' 'a full disk: says so'
    is "$(find "$T/tiny" -name '*.cdb*' -type f ! -name '*.lock' | wc -l | tr -d ' ')" 0 'a full disk: no part of a snapshot is left'
    bitbucket_stop
else
    skip 'a full disk: code 2' 'needs a file system of its own'
    skip 'a full disk: says so' 'needs a file system of its own'
    skip 'a full disk: no part of a snapshot is left' 'needs a file system of its own'
fi

# -------------------------------------------------------------- who does not see everything
bitbucket_start --recording tests/fixtures/acme || fail 'the server starts'
sync --url "$BITBUCKET_URL" --auth-file "$BITBUCKET_AUTH" --output "$T/rights.cdb"
is "$code" 1 'an account that the snapshot does not know: code 1'
contains "$err" "not published: the account $(jq -r '.accounts[0].name' "$BITBUCKET_ACCOUNTS") is no user" \
    'an account that the snapshot does not know: says so'
is "$(test -e "$T/rights.cdb" && echo there)" '' 'an account that the snapshot does not know: nothing is published'
sync --url "$BITBUCKET_URL" --auth-file "$BITBUCKET_AUTH" --output "$T/rights.cdb" --resume --force
is "$code" 1 '--force does not give rights'
sync --url "$BITBUCKET_URL" --auth-file "$BITBUCKET_AUTH" --output "$T/rights.cdb" --resume --allow-partial
is "$code" 0 '--allow-partial publishes it'
like "$err" 'warning: the account .* what it may not see is missing' '--allow-partial: with a warning'
bitbucket_stop
done_testing
