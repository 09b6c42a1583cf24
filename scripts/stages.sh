# stages.sh - what scripts/check and scripts/check-packages are made of: stages, one line each.
# shellcheck shell=sh
#
#   stages_start               at the top of the tree; $totals is the file of "PASSED FAILED" lines that
#                              scripts/run-tests appends to (TEST_TOTALS), $jobs how many processors
#   stage NAME COMMAND...      runs it: one line; the output only if it fails. Its status is COMMAND's
#   finish                     prints the sum, "N passed, N failed", and exits: 0 if nothing failed

# shellcheck disable=SC2034 # jobs is for the caller
stages_start() {
    mkdir -p build || exit 2
    tmp=$(mktemp -d build/.check.XXXXXX) || exit 2
    trap 'rm -rf "$tmp"' EXIT
    trap 'exit 1' HUP INT TERM
    jobs=$(nproc 2>/dev/null || echo 2)
    failed=0
    totals=$PWD/$tmp/totals
    : >"$totals"
    # Left over from a make that called this.
    unset MAKEFLAGS MFLAGS MAKELEVEL
}

stage() {
    name=$1
    shift
    printf '==> %-38s ' "$name"
    start=$(date +%s)
    before=$(wc -l <"$totals")
    if "$@" >"$tmp/log" 2>&1; then
        verdict=ok status=0
    else
        verdict=FAILED status=1
    fi
    printf '%s (%ss)%s\n' "$verdict" "$(($(date +%s) - start))" \
        "$(awk -v n="$before" 'NR > n { printf ": %d passed, %d failed", $1, $2 }' "$totals")"
    if [ $status -ne 0 ]; then
        # A stage without test points (a build) counts as one failure.
        [ "$(wc -l <"$totals")" -gt "$before" ] || failed=$((failed + 1))
        stage_log "$tmp/log"
    fi
    return $status
}

# Of tests: what failed, in full. Of everything else: the end of the log.
stage_log() {
    if grep -q '^---- ' "$1"; then
        sed -n '/^---- ..*/,$p' "$1"
    else
        tail -n 200 "$1"
    fi
}

finish() {
    awk -v f="$failed" '{ p += $1; f += $2 } END { printf "%d passed, %d failed\n", p, f }' "$totals"
    [ "$failed" -eq 0 ] && awk '{ f += $2 } END { exit f > 0 }' "$totals"
    exit
}
