#!/bin/sh
# The control map: where it is looked for, what is wrong with one, and that the shipped one and its
# manual agree with the program.
. tests/lib/tap.sh
test_start

cat >"$T/refgate.conf" <<CONF
[snapshot]
file = $T/none.cdb
[audit]
file = $T/audit.jsonl
CONF
printf '{"id":"01A","time":"2026-11-22T04:00:00.000Z","reasons":[{"type":"rule","rule":"r"}]}\n' >"$T/audit.jsonl"
narrate() { run "$BUILD/refgate" audit narrate --config "$T/refgate.conf" "$@" 01A </dev/null; }

map() { # CONTROL COVERS
    printf '[control "%s"]\ntitle = T\nreason = Because of %s.\ncovers = %s\n' "$1" "$1" "$2"
}
narrate --control-map config/control-map.ini
contains "$out" 'soc2:CC6.1' 'the shipped map is read'
map nist:AC-3 rule >"$T/control-map.ini"
narrate
contains "$out" 'nist:AC-3 (NIST SP 800-53 rev. 5), T: Because of nist:AC-3.' \
    'one beside the configuration is used'
lacks "$out" 'soc2:CC6.1' 'and no other'
map iso42001:A.6.2.8 rule >"$T/other.ini"
narrate --control-map "$T/other.ini"
contains "$out" 'iso42001:A.6.2.8 (ISO/IEC 42001:2023 Annex A)' 'unless --control-map names one'
narrate --control-map "$T/missing.ini"
is "$code" 2 'which must be there: code 2'
contains "$err" 'missing.ini' 'and is named'

bad() { # DESCRIPTION CONTROL COVERS LINE SENTENCE
    map "$2" "$3" >"$T/bad.ini"
    narrate --control-map "$T/bad.ini"
    is "$code" 2 "$1: code 2"
    contains "$err" "bad.ini:$4: $5" "$1: says where and what"
}
bad 'an unknown control' soc2:CC6.9 rule 1 '"soc2:CC6.9" is no control'
bad 'an unknown framework' nist-800-53:AC-6 rule 1 '"nist-800-53:AC-6" is no control'
bad 'an unknown subject' soc2:CC6.1 rules 4 '"rules" is neither'
bad 'an unknown finding' soc2:CC6.1 finding:nothing 4 '"finding:nothing" is neither'
printf 'x\n' >"$T/bad.ini"
narrate --control-map "$T/bad.ini"
is "$code" 2 'what is no map at all: code 2'
printf '[control "\377\376"]\n\000x\n\033[1m' >"$T/bad.ini"
narrate --control-map "$T/bad.ini"
is "$code" 2 'any bytes: code 2'
lacks "$err" "$(printf '\033')" 'and none of them reaches the terminal'

# -------------------------------------------------------------- the shipped files
is "$(grep -c '^\[control "' config/control-map.ini)" "$(grep -c '^reason = ' config/control-map.ini)" \
    'each control of the shipped map has a reason'
controls=$(cat config/refgate.conf config/examples/*.conf | sed -n 's/^;*controls = //p' | tr ',' '\n' | sort -u)
for control in $controls; do
    ok "config/control-map.ini knows $control, which an example names" \
        grep -Fqx "[control \"$control\"]" config/control-map.ini
done
man=packaging/man/refgate-control-map.5
for framework in $(sed -n 's/^\[control "\([a-z0-9-]*\):.*/\1/p' config/control-map.ini | sort -u); do
    ok "refgate-control-map(5) has $framework" grep -q "^\.It Li $framework:" "$man"
done
for subject in rule restriction permission access-key service-account identity namespace freshness approval audit; do
    ok "refgate-control-map(5) has $subject" grep -Eq "^\.It Li $subject\$" "$man"
done
done_testing
