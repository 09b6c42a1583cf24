# sync.sh - one instance that is synced again and again, each time with other faults of its server.
# shellcheck shell=sh
#
# After tests/lib/tap.sh, tests/lib/bitbucket.sh and test_start:
#
#   sync OPTION...         refgate sync into $T/s.cdb; $code, $out, $err as of run
#   field JQ-FILTER        over the last JSON summary
#   sync_start             a first server, whose address ($port) the others have too
#   again ARGS...          bitbucket_start of the same instance at the same address
# shellcheck disable=SC2154 # $out is tap.sh's

sync() {
    run "$BUILD/refgate" sync --url "$BITBUCKET_URL" --auth-file "$BITBUCKET_AUTH" --self-check 3 \
        --output "$T/s.cdb" "$@" </dev/null
}
field() { printf '%s' "$out" | jq -r "$1"; }

sync_start() {
    bitbucket_start --seed 5 --size tiny
    port=${BITBUCKET_URL##*:}
}
again() { bitbucket_start --seed 5 --size tiny --port "$port" "$@"; }
