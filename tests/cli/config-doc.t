#!/bin/sh
# What is shipped about the configuration is true: manual pages, examples, the commented file.
# tests/unit/test_config_keys.c compares keys and defaults one by one.
. tests/lib/tap.sh
test_start

run "$BUILD/refgate" policy lint --strict config/refgate.conf
is "$code" 0 'config/refgate.conf is clean' || note "$out"
run "$BUILD/refgate" policy show --config "$PWD/config/refgate.conf"
unlike "$out" 'refgate\.conf:[0-9]+$' 'and sets nothing'

count=0
for example in config/examples/*.conf; do
    count=$((count + 1))
    zone=$(sed -n 's/^timezone = //p' "$example")
    if [ -n "$zone" ] && [ ! -e "/usr/share/zoneinfo/$zone" ]; then
        skip "$example is clean" "this machine does not know the zone $zone"
        continue
    fi
    run "$BUILD/refgate" policy lint --strict "$example"
    is "$code" 0 "$example is clean" || note "$out"
done
ok 'there are examples' test "$count" -ge 4

# The examples in refgate.conf(5), as they stand.
awk '/^\.Bd -literal/ {n++; on = 1; next} /^\.Ed/ {on = 0} on {print >(dir "/example" n ".conf")}' \
    dir="$T" packaging/man/refgate.conf.5
for example in "$T"/example*.conf; do
    run "$BUILD/refgate" policy lint --strict "$example"
    is "$code" 0 "refgate.conf(5): ${example##*/} is clean" || note "$out"
done
ok 'refgate.conf(5) has examples' test -s "$T/example3.conf"

for command in lint show match; do
    for option in $("$BUILD/refgate" policy "$command" --help | sed -n 's/^  --\([a-z-]*\).*/\1/p'); do
        ok "refgate-policy(1) documents --$option" \
            grep -Eq "^(\.It|\.Op) Fl -$option( |\$)" packaging/man/refgate-policy.1
    done
done
for command in disable enable; do
    for option in $("$BUILD/refgate" "$command" --help | sed -n 's/^  --\([a-z-]*\).*/\1/p'); do
        ok "refgate-disable(1) documents --$option" \
            grep -Eq "^\.It Fl -$option( |\$)" packaging/man/refgate-disable.1
    done
done

if command -v mandoc >/dev/null; then
    for page in refgate.conf.5 refgate-policy.1 refgate-disable.1; do
        mandoc -Tlint "packaging/man/$page" 2>&1 |
            grep -v -e 'referenced manual not found' -e 'outdated mandoc.db' >"$T/lint"
        is "$(cat "$T/lint")" '' "mandoc has nothing to say about $page"
    done
else
    skip 'mandoc has nothing to say' 'no mandoc'
fi

# Each control in the examples and in the commented file is in the map.
controls=$(cat config/refgate.conf config/examples/*.conf | sed -n 's/^;*controls = //p' | tr ',' '\n')
for control in $controls; do
    ok "config/control-map knows $control" grep -q "^$control " config/control-map
done
done_testing
