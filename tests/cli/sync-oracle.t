#!/bin/sh
# Instance -> recording, or a live server -> refgate sync -> refgate check: each decision is what the
# instance itself says (tests/bitbucket/oracle.py, semantics.md 2 to 4).
. tests/lib/tap.sh
test_start

command -v python3 >/dev/null || skip_all 'python3 is not installed'
. tests/lib/bitbucket.sh

# 10.2 has what refgate does not know: types, matchers and patterns that it cannot tell.
decide() { # SEED SIZE VERSION COUNT
    dir=$T/$1.$3
    run tests/bitbucket/oracle --seed "$1" --size "$2" --server-version "$3" --count "$4" --record "$dir"
    is "$code" 0 "seed $1 ($2, $3): the questions are made" || note "$err"
    note "$out"
    run "$BUILD/refgate" sync --replay "$dir/recording" --output "$dir/snapshot.cdb"
    is "$code" 0 "seed $1 ($2, $3): the snapshot is built" || note "$err"
    rm -rf "$dir/recording"
    decided "$dir" "seed $1 ($2, $3)"
}
decided() { # DIR WHAT
    # The exit code is the highest of all decisions; an error would be in their lines.
    "$BUILD/refgate" check --batch --config "$1/refgate.conf" <"$1/cases.jsonl" \
        >"$1/decisions.jsonl" 2>"$1/err"
    is "$(cat "$1/err")" '' "$2: no complaint"
}
live() { # SEED VERSION COUNT SERVER-ARGS...
    seed=$1 version=$2 count=$3 dir=$T/$1.live
    shift 3
    run tests/bitbucket/oracle --seed "$seed" --server-version "$version" --count "$count" "$dir"
    is "$code" 0 "live, seed $seed ($version): the questions are made" || note "$err"
    bitbucket_start --seed "$seed" --server-version "$version" "$@"
    run "$BUILD/refgate" sync --url "$BITBUCKET_URL" --auth-file "$BITBUCKET_AUTH" \
        --output "$dir/snapshot.cdb" --attempts 8
    is "$code" 0 "live, seed $seed ($version${1:+, $*}): the snapshot is built" || note "$err"
    bitbucket_stop
    decided "$dir" "live, seed $seed"
}

first='1 2 3 4 5 6' second='7 8 9'
# Under the sanitizers a few will do: what is decided does not depend on them.
[ "${VARIANT:-}" != asan ] || first='1 2' second=7
for seed in $first; do decide "$seed" tiny 9.4 400; done
for seed in $second; do decide "$seed" tiny 10.2 400; done
decide 10 tiny 8.9 300
decide 11 tiny 7.21 300
decide 12 tiny 6.10 300
decide 13 small 10.2 1000
live 21 9.4 300
live 22 9.4 300 --cap 3 --gaps --context /bitbucket
live 23 10.2 300 --cap 10 --chunked
live 24 6.10 200 --cap 7
live 25 9.4 300 --fault reset:every=23 --fault truncate:every=41 --fault cut:every=37
ok 'all decisions are what they must be' tests/bitbucket/oracle --judge "$T"/[0-9]*

# The comparison finds what differs: an exit code, a verdict of a change, a restriction.
dir=$T/1.9.4
cp "$dir/decisions.jsonl" "$T/good"
for change in '.exit = 9' '.changes[0].verdict = "note-that"' \
    '(.changes[].reasons[] | select(.type == "restriction") | .id) += 1'; do
    jq -c "$change" "$T/good" >"$dir/decisions.jsonl"
    run tests/bitbucket/oracle --judge "$dir"
    is "$code" 1 "a changed decision is found: $change"
done
head -n 10 "$T/good" >"$dir/decisions.jsonl"
run tests/bitbucket/oracle --judge "$dir"
is "$code" 1 'missing decisions are found'
done_testing
