#!/bin/sh
# refgate sync --replay: a recording becomes a snapshot, or nothing is changed.
. tests/lib/tap.sh
test_start

sync() { run "$BUILD/refgate" sync "$@" </dev/null; }
now='--now 2026-11-22T04:00:00Z'
leftovers() { find "$T" -name '*.cdb.*' ! -name '*.cdb.1' ! -name '*.cdb.lock' | wc -l | tr -d ' '; }

# shellcheck disable=SC2086 # $now is two words
{
sync --replay tests/fixtures/acme --output "$T/a.cdb" $now
is "$code" 0 'acme: code 0'
is "$err" '' 'acme: nothing on stderr that is no terminal'
like "$out" '^source +https://bitbucket\.example\.com \(Bitbucket 9\.4\.2\)$' 'acme: the summary names the instance'
like "$out" '^generated +2026-11-22T04:00:00Z$' 'acme: the time'
like "$out" '^repositories +6$' 'acme: counts'
digest=$(printf '%s\n' "$out" | sed -n 's/^digest  *//p')
ok 'acme: the snapshot is good' "$BUILD/refgate" snapshot verify --file "$T/a.cdb"

sync --replay tests/fixtures/acme --output "$T/b.cdb" --format json $now
is "$code" 0 'JSON: code 0'
is "$(printf '%s' "$out" | jq -r '[.file, .base_url, .bitbucket_version, .generated, .started, .counts.users, .digest] | @csv')" \
    "\"$T/b.cdb\",\"https://bitbucket.example.com\",\"9.4.2\",\"2026-11-22T04:00:00.000Z\",\"2026-11-22T04:00:00.000Z\",8,\"$digest\"" \
    'JSON: the same, and the same digest'
ok 'the same recording gives the same bytes' cmp "$T/a.cdb" "$T/b.cdb"

sync --replay tests/fixtures/acme --output "$T/a.cdb" --now 2026-11-23T04:00:00Z
is "$(printf '%s\n' "$out" | sed -n 's/^digest  *//p')" "$digest" 'another time: the same digest'
ok 'the old snapshot is kept' cmp "$T/a.cdb.1" "$T/b.cdb"

sync --replay tests/fixtures/old-server --output "$T/old.cdb" $now
is "$code" 0 'old server: code 0'
run "$BUILD/refgate" snapshot info --file "$T/old.cdb"
like "$out" '^crawl started +2020-03-15T02:00:00Z' 'old server: the time of the recording counts'
like "$out" '^note +this version of Bitbucket has no default permission REPO_CREATE$' 'old server: what it lacks is noted'

# -------------------------------------------------------------- service users
printf 'name,key_id\n3adc96b3b93443e4,158\n' >"$T/map.csv"
sync --replay tests/fixtures/acme --output "$T/m.cdb" --service-users "$T/map.csv" $now
is "$code" 0 'service users: code 0'
run "$BUILD/refgate" snapshot dump --file "$T/m.cdb" --key service/3adc96b3b93443e4
is "$out" '{"key":"service/3adc96b3b93443e4","id":158}' 'service users: are in the snapshot'
printf 'broken\n' >"$T/map.csv"
sync --replay tests/fixtures/acme --output "$T/m.cdb" --service-users "$T/map.csv" $now
is "$code" 2 'service users: a bad line: code 2'
like "$err" 'line 1 of the service users' 'service users: names the line'

# -------------------------------------------------------------- failures change nothing
before=$(cksum <"$T/b.cdb")
cp -r tests/fixtures/acme "$T/part"
chmod -R u+w "$T/part"
grep -v '/projects/PRJ/repos/lib/permissions/groups' tests/fixtures/acme/repositories.jsonl >"$T/part/repositories.jsonl"
sync --replay "$T/part" --output "$T/b.cdb" $now
is "$code" 2 'a missing answer: code 2'
contains "$err" 'group grants of a repository: the recording has no answer to /rest/api/latest/projects/PRJ/repos/lib/permissions/groups' \
    'a missing answer: names it and what it is for'
sync --replay "$T/none" --output "$T/b.cdb" $now
is "$code" 2 'no recording: code 2'
sync --replay tests/fixtures/acme --output "$T/no/such/dir.cdb" $now
is "$code" 2 'no directory for the snapshot: code 2'
is "$(cksum <"$T/b.cdb")" "$before" 'the snapshot in use was not touched'
is "$(leftovers)" 0 'no temporary file is left'

if [ -e /dev/full ] && [ "$(id -u)" -eq 0 ] && mkdir "$T/tiny" && mount -t tmpfs -o size=4k tmpfs "$T/tiny" 2>/dev/null; then
    at_exit "umount '$T/tiny'"
    sync --replay tests/fixtures/acme --output "$T/tiny/s.cdb" $now
    is "$code" 2 'a full disk: code 2'
    is "$(find "$T/tiny" -type f ! -name '*.lock' | wc -l | tr -d ' ')" 0 'a full disk: nothing is left'
else
    skip 'a full disk: code 2' 'needs a file system of its own'
    skip 'a full disk: nothing is left' 'needs a file system of its own'
fi
}

# -------------------------------------------------------------- usage
unset REFGATE_URL
sync
is "$code" 2 'without --replay and --url: code 2'
contains "$err" 'name Bitbucket with --url URL or REFGATE_URL' 'without --replay and --url: says so'
sync --replay tests/fixtures/acme --output "$T/x.cdb" --now noon
is "$code" 2 'a bad time: code 2'
like "$err" '[-]-now takes a time' 'a bad time: says so'
is "$(test -e "$T/x.cdb" && echo there)" '' 'a bad time: nothing is published'
sync --replay tests/fixtures/acme --replay tests/fixtures/acme
is "$code" 2 'an option twice: code 2'
sync --help
is "$code" 0 '--help: code 0'
like "$out" '[-]-service-users FILE' '--help: lists the options'
done_testing
