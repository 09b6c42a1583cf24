#!/bin/sh
# What is shipped about the configuration is true: manual pages, examples, the commented file.
# tests/unit/test_config_keys.c compares keys and defaults one by one, tests/cli/manual.t options.
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
    # What it is said to do, it does.
    run "$BUILD/refgate" policy test "${example%.conf}.tests"
    is "$code" 0 "$example does what its tests say" || note "$out$err"
    for rule in $(sed -n 's/^\[\(rule\|service-account\) "\(.*\)"\]/\2/p' "$example"); do
        ok "${example%.conf}.tests has a push that $rule decides" \
            grep -Eq "^(rule|monitored) = .*$rule" "${example%.conf}.tests"
    done
done
ok 'there are examples' test "$count" -ge 4

# The committed verdicts of the configuration as shipped: whoever changes what it means changes them.
run "$BUILD/refgate" policy test config/refgate.tests
is "$code" 0 'config/refgate.conf says of pushes what config/refgate.tests says' || note "$out$err"
ok 'there are verdicts of all kinds' test "$(sed -n 's/^expect = //p' config/refgate.tests | sort -u | wc -l)" -ge 5
sed 's/^;check = reject$/check = annotate/' config/refgate.conf >"$T/milder.conf"
run "$BUILD/refgate" policy test --config "$T/milder.conf" config/refgate.tests
is "$code" 1 'a milder default shows'
for change in 'undecided-restriction = note' 'unknown-repo = reject' 'unknown-user = annotate' \
    'no-snapshot = annotate' 'max-age = 12h' 'max-age = 3d' 'when-stale = annotate' 'admins-exempt = yes' \
    'other = reject' 'push = annotate' 'foreign-token = reject'; do
    key=${change%% *}
    sed "s/^;$key = .*/$change/" config/refgate.conf >"$T/other.conf"
    case $change in max-age*)
        # The first of its name is that of the snapshot.
        awk -v change="$change" '/^;max-age = / && !done {print change; done = 1; next} {print}' \
            config/refgate.conf >"$T/other.conf" ;;
    esac
    run "$BUILD/refgate" policy test --config "$T/other.conf" config/refgate.tests
    is "$code" 1 "another default shows: $change" || note "$out$err"
done

# The examples in refgate.conf(5), as they stand.
awk '/^\.Bd -literal/ {n++; on = 1; next} /^\.Ed/ {on = 0} on {print >(dir "/example" n ".conf")}' \
    dir="$T" packaging/man/refgate.conf.5
for example in "$T"/example*.conf; do
    run "$BUILD/refgate" policy lint --strict "$example"
    is "$code" 0 "refgate.conf(5): ${example##*/} is clean" || note "$out"
done
ok 'refgate.conf(5) has examples' test -s "$T/example3.conf"

# Each control in the examples and in the commented file is in the map.
controls=$(cat config/refgate.conf config/examples/*.conf | sed -n 's/^;*controls = //p' | tr ',' '\n')
for control in $controls; do
    ok "config/control-map.ini knows $control" \
        grep -Fqx "[control \"$control\"]" config/control-map.ini
done
done_testing
