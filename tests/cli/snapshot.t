#!/bin/sh
# refgate snapshot info, verify, dump: what they print, and their exit codes.
. tests/lib/tap.sh
test_start

file=$T/s.cdb
"$BUILD/refgate" sync --replay tests/fixtures/acme --output "$file" \
    --now 2026-11-22T04:00:00Z >/dev/null || exit 99
snapshot() { run "$BUILD/refgate" snapshot "$@" </dev/null; }

# -------------------------------------------------------------- info
snapshot info --file "$file"
is "$code" 0 'info: code 0'
like "$out" '^base URL  +https://bitbucket\.example\.com$' 'info: the instance'
like "$out" '^Bitbucket version +9\.4\.2$' 'info: its version'
like "$out" '^generated +2026-11-22T04:00:00Z' 'info: the time'
like "$out" '^repositories +6$' 'info: counts'
like "$out" "^size +$(wc -c <"$file" | tr -d ' ') bytes\$" 'info: the size'
snapshot info --file "$file" --format json
is "$code" 0 'info: JSON: code 0'
is "$(printf '%s' "$out" | jq -r '[.format, .base_url, .generated, .counts.users, .counts.restrictions, (.digest | length)] | @csv')" \
    '1,"https://bitbucket.example.com","2026-11-22T04:00:00.000Z",8,6,64' 'info: JSON: the same'
is "$(printf '%s' "$out" | jq -c .parts)" '{"count":0,"list":[]}' 'info: JSON: no parts'
is "$(printf '%s' "$out" | jq -c '[.counts.incomplete_groups, .counts.incomplete_places]')" '[0,0]' \
    'info: JSON: nothing is incomplete'
snapshot info --file "$T/none.cdb"
is "$code" 2 'info: a missing file: code 2'
like "$err" '^refgate .*none\.cdb does not exist' 'info: and says so'
is "$out" '' 'info: nothing on stdout'

# A snapshot into which a part was read anew: tests/helpers/make_snapshot.
make_snapshot=$BUILD/tests/helpers/make_snapshot
"$make_snapshot" --now 2026-11-22T04:00:00Z "$T/whole.cdb" >/dev/null || exit 99
"$make_snapshot" --now 2026-11-22T05:00:00Z --reload "$T/whole.cdb" "$T/part.cdb" >/dev/null || exit 99
snapshot info --file "$T/part.cdb"
like "$out" '^parts +1$' 'info: parts'
like "$out" '^oldest part +2026-11-22T05:00:00Z' 'info: the oldest part'
like "$out" '^newest part +2026-11-22T05:00:00Z' 'info: the newest part'
like "$out" '^crawl started +2026-11-22T04:00:00Z' 'info: the rest is as old as it was'
snapshot info --file "$T/part.cdb" --format json
is "$(printf '%s' "$out" | jq -c .parts)" \
    '{"count":1,"oldest":"2026-11-22T05:00:00.000Z","newest":"2026-11-22T05:00:00.000Z","list":[{"project":"BENCH","started":"2026-11-22T05:00:00.000Z"}]}' \
    'info: JSON: parts'
digest() { "$BUILD/refgate" snapshot info --format json --file "$1" | jq -r .digest; }
is "$(digest "$T/part.cdb")" "$(digest "$T/whole.cdb")" 'a part that did not change keeps the digest'
snapshot dump --file "$T/part.cdb" --key parts
is "$(printf '%s' "$out" | jq -c '.parts[0].project')" '"BENCH"' 'dump: parts'
snapshot verify --file "$T/part.cdb"
is "$code" 0 'verify: a snapshot with a part: code 0'

# One in which something could not be read.
"$make_snapshot" --incomplete "$T/incomplete.cdb" >/dev/null || exit 99
snapshot info --file "$T/incomplete.cdb"
like "$out" '^incomplete_places +3$' 'info: incomplete places'
snapshot dump --file "$T/incomplete.cdb" --prefix repo/
is "$(printf '%s\n' "$out" | jq -c 'select(.incomplete) | [.key, .incomplete]' | tr '\n' ' ')" \
    '["repo/bench/bench",["keys"]] ["repo/bench/heavy",["restrictions","model"]] ' \
    'dump: what could not be read, by name'
snapshot dump --file "$T/incomplete.cdb" --key global
is "$(printf '%s' "$out" | jq -c .incomplete)" '["grants"]' 'dump: of the global grants, too'
snapshot dump --file "$T/incomplete.cdb" --key user/bench-user
is "$(printf '%s' "$out" | jq -c '[.global_complete, .licensed]')" '[false,"yes"]' \
    'dump: a user then says so'
snapshot dump --file "$T/part.cdb" --key user/bench-user
is "$(printf '%s' "$out" | jq -c '.global_complete')" 'null' 'dump: else not'

# -------------------------------------------------------------- verify
snapshot verify --file "$file"
is "$code" 0 'verify: a good one: code 0'
is "$out" 'good: every record was read' 'verify: and says so'
snapshot verify --file "$file" --format json
is "$out" '{"good":true,"findings":0,"first":[]}' 'verify: JSON'

# Changes one byte in the middle of the repository's default branch.
at=$(grep -abo refs/heads/master "$file" | head -n 1 | cut -d: -f1)
cp "$file" "$T/bad.cdb"
printf X | dd of="$T/bad.cdb" bs=1 seek=$((at + 3)) conv=notrunc 2>/dev/null
snapshot verify --file "$T/bad.cdb"
is "$code" 1 'verify: a damaged record: code 1'
like "$out" '^record repo/ops/tools has a wrong checksum$' 'verify: names it'
snapshot verify --file "$T/bad.cdb" --format json
is "$code" 1 'verify: damaged, JSON: code 1'
is "$(printf '%s' "$out" | jq -c '[.good, (.findings > 0)]')" '[false,true]' 'verify: damaged, JSON'
snapshot dump --file "$T/bad.cdb" --key repo/OPS/tools
is "$code" 1 'dump: a damaged record: code 1'
snapshot dump --file "$T/bad.cdb" --key repo/PRJ/app
is "$code" 0 'dump: the others are still there'

head -c 3000 "$file" >"$T/cut.cdb"
snapshot verify --file "$T/cut.cdb"
is "$code" 1 'verify: a cut file: code 1'
like "$err" 'cut short' 'verify: says so'
: >"$T/empty.cdb"
snapshot verify --file "$T/empty.cdb"
is "$code" 1 'verify: an empty file: code 1'
snapshot verify --file "$T/none.cdb"
is "$code" 2 'verify: a missing file: code 2'
cp "$file" "$T/open.cdb"
chmod 666 "$T/open.cdb"
snapshot verify --file "$T/open.cdb"
is "$code" 2 'verify: a file that others may write: code 2'

# -------------------------------------------------------------- dump
snapshot dump --file "$file"
is "$code" 0 'dump: code 0'
is "$(printf '%s\n' "$out" | jq -c .key | wc -l | tr -d ' ')" "$(printf '%s\n' "$out" | wc -l | tr -d ' ')" \
    'dump: one JSON object a line'
snapshot dump --file "$file" --key repo/PRJ/app
is "$(printf '%s' "$out" | jq -c '[.key, .id, [.restrictions[].id], .restrictions[0].exempt_groups, .keys[0].label]')" \
    '["repo/prj/app",84,[9,10,11,12,14],["maintainers"],"ci-deploy"]' 'dump: one record, in any case'
snapshot dump --file "$file" --prefix GROUP/
is "$(printf '%s\n' "$out" | jq -r .name | tr '\n' ' ')" 'developers empty-group maintainers stash-users ' \
    'dump: records by prefix'
snapshot dump --file "$file" --key user/nobody
is "$code" 1 'dump: no such record: code 1'
like "$err" 'no such record' 'dump: says so'
snapshot dump --file "$file" --key user/jdoe --prefix user/
is "$code" 2 'dump: --key and --prefix: code 2'

# -------------------------------------------------------------- usage
snapshot
is "$code" 2 'no subcommand: code 2'
snapshot info --file "$file" --format xml
is "$code" 2 'an unknown format: code 2'
snapshot info --file "$file" extra
is "$code" 2 'an operand: code 2'
for sub in info verify dump; do
    snapshot $sub --help
    is "$code" 0 "$sub --help: code 0"
    like "$out" '[-]-file FILE' "$sub --help: lists its options"
done
done_testing
