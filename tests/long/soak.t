#!/bin/sh
# Ten minutes (SOAK_SECONDS) of mixed pushes, as many as the machine takes, while syncs, rotations,
# policies, approvals and the kill switch replace what they read. SEED gives others.
. tests/lib/tap.sh
. tests/lib/push.sh
. tests/lib/load.sh
test_start
load_start
load soak --seconds "${SOAK_SECONDS:-600}" --client "$T/c"
done_testing
