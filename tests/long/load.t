#!/bin/sh
# Load, for minutes: 500 runs of the hook and 500 of git push at once, 100,000 refs, 10,000 and 100,000
# commits, 2,000 restrictions, hostile patterns, the deadline, few descriptors. (tests/push/load.t is short.)
. tests/lib/tap.sh
. tests/lib/push.sh
. tests/lib/load.sh
test_start
load_start
load burst --count 500 --uses 17
load real --count 500 --client "$T/c"
load commits --count 10000 --client "$T/c"
load refs --count 100000 --refused 100000 --client "$T/c"

# Not trusted from there if others could write to it (semantics 8).
"$BUILD/tests/helpers/make_snapshot" --preset tiny "$BB/heavy.cdb" >/dev/null || exit 99
server_repository BENCH/heavy 2
load large --count 500 --snapshot "$BB/heavy.cdb"
done_testing
