#!/bin/sh
# refgate report --baseline: what is new and what is gone between two real snapshots; exit codes.
. tests/lib/tap.sh
test_start

mkdir "$T/d"
snapshot=$T/d/s.cdb
printf '[snapshot]\nfile = %s\n' "$snapshot" >"$T/d/refgate.conf"
# acme, or acme with CHANGE (sed) made to what the server answered.
sync() { # DAY [CHANGE]
    rm -rf "$T/recording"
    cp -r tests/fixtures/acme "$T/recording"
    [ $# -lt 2 ] || sed -i "$2" "$T"/recording/*.jsonl
    "$BUILD/refgate" sync --replay "$T/recording" --now "2026-11-$1T04:00:00Z" --output "$snapshot" \
        >"$T/sync" 2>&1 || { cat "$T/sync"; exit 99; }
    now=2026-11-$1T04:00:00Z
}
report() {
    run "$BUILD/refgate" report --config "$T/d/refgate.conf" --at "$now" "$@" </dev/null
}

sync 15
report --save "$T/d/before.json"
is "$code" 1 'a first run: code 1'
sync 22
report --baseline "$T/d/before.json"
is "$code" 0 'a week later, nothing changed: code 0'
contains "$out" 'baseline   0 new, 0 gone since 2026-11-15T04:00:00Z' 'and says so'
contains "$out" 'OPS/tools: nothing stops a direct push' 'what was there before is listed all the same'
unlike "$out" '\[(new|gone)\]' 'and not marked'

# The pull-request-only restriction on main is gone; the default branch of OPS/tools has another name.
sync 22 's,"refs/heads/main","refs/heads/mainline",g; s,"pull-request-only","no-creates",g'
report --baseline "$T/d/before.json" --save "$T/d/after.json"
is "$code" 1 'a restriction was taken away: code 1'
contains "$out" '[new] PRJ/app: nothing stops a direct push' 'it is marked as new'
is "$(jq -r '.findings[] | select(.change == "new" and .kind == "unprotected-default-branch") | .where' "$T/d/after.json")" \
    'PRJ/app' 'JSON: one new finding of the kind'
is "$(jq -r '.baseline.time' "$T/d/after.json")" 2026-11-15T04:00:00Z 'JSON: since when'
new=$(jq '[.findings[] | select(.change == "new")] | length' "$T/d/after.json")
is "$(jq .baseline.new "$T/d/after.json")" "$new" 'JSON: how many are new'
report --baseline "$T/d/before.json" --fail-on critical
is "$code" 0 '--fail-on holds for new ones, too'
report --baseline "$T/d/before.json" --kind write-key-old
is "$code" 0 'no new one of this kind: code 0'

# And back again: what was new is gone.
sync 23
report --baseline "$T/d/after.json" --format json
is "$code" 0 'it was put back: code 0'
is "$(printf '%s\n' "$out" | jq -r '.baseline.new, .baseline.gone')" "0
$new" 'what was new is gone'
is "$(printf '%s\n' "$out" | jq -r '.findings[] | select(.change == "gone" and .kind == "unprotected-default-branch") | .where, .evidence[0]')" \
    'PRJ/app
repo/PRJ/app' 'JSON: what is gone, with its evidence'
report --baseline "$T/d/after.json" --format csv
like "$out" '^high,unprotected-default-branch,gone,PRJ/app,' 'CSV: what is gone'
report --baseline "$T/d/after.json" --html "$T/d/x.html"
contains "$out" '[gone] PRJ/app: nothing stops a direct push' 'text: what is gone'

# -------------------------------------------------------------- what is no baseline
printf '{"findings":[]}' >"$T/d/other.json"
report --baseline "$T/d/other.json"
is "$code" 2 'another JSON: code 2'
contains "$err" 'not what refgate report --format json prints' 'and says so'
jq '.base_url = "https://else.example.com"' "$T/d/before.json" >"$T/d/other.json"
report --baseline "$T/d/other.json"
is "$code" 2 'of another instance: code 2'
head -c 900 "$T/d/before.json" >"$T/d/torn.json"
report --baseline "$T/d/torn.json"
is "$code" 2 'a torn file: code 2'
report --baseline "$T"
is "$code" 2 'a directory: code 2'
done_testing
