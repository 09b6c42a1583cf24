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
snapshot info --file "$T/none.cdb"
is "$code" 2 'info: a missing file: code 2'
like "$err" '^refgate .*none\.cdb does not exist' 'info: and says so'
is "$out" '' 'info: nothing on stdout'

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
