#!/bin/sh
# Load, in short (tests/long/load.t, tests/long/soak.t: the same for minutes): pushes at once, five seconds
# of mixed pushes while snapshot, log, policy, approvals and switch are replaced, many refs in one push.
. tests/lib/tap.sh
. tests/lib/push.sh
. tests/lib/load.sh
test_start
load_start
load burst --count 60
load refs --count 2000 --refused 20000 --client "$T/c"
load soak --seconds 5 --rate 40 --client "$T/c"

# What must be recorded, and cannot be, is refused: then it used no approval either.
rm -f "$BB"/approvals/*
"$BUILD/refgate" approve create --config "$CONF" --repo PRJ/app --ref guarded/ --user jdoe \
    --reason CHG-1 >/dev/null
sed "s|^file = $BB/audit.log|file = $BB/none/audit.log\\
required = yes|" "$CONF" >"$CONF.new" && mv "$CONF.new" "$CONF"
echo "$ZERO $(printf '%040d' 1) refs/heads/guarded/x" >"$T/stdin"
hook_as jdoe push PRJ/app <"$T/stdin"
is "$code,$(find "$BB/approvals" -name '*use*')" 2, \
    'semantics 7, 8: a push whose record cannot be written gives back its use of an approval'
mkdir "$BB/none"
hook_as jdoe push PRJ/app <"$T/stdin"
is "$code,$(find "$BB/approvals" -name '*.use.1' | wc -l)" 0,1 'when it can be written, it is let in'
done_testing
