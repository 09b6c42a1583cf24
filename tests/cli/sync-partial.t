#!/bin/sh
# refgate sync --allow-partial: whatever the account may not read, a decision with the snapshot never
# accepts what a complete one rejects, if what cannot be told is to be rejected.
. tests/lib/tap.sh
. tests/lib/bitbucket.sh
test_start

command -v python3 >/dev/null || skip_all 'python3 is not installed'
unset REFGATE_URL REFGATE_TOKEN REFGATE_USER REFGATE_PASSWORD
seed=31
run tests/bitbucket/oracle --seed $seed --count 400 "$T/o"
is "$code" 0 'the questions are made' || note "$err"
cat >>"$T/o/refgate.conf" <<'CONF'
[failure]
undecided = reject
undecided-restriction = reject
unknown-user = reject
unknown-repo = reject
CONF
port=0
serve() {
    bitbucket_start --seed $seed --port "$port" "$@" || fail 'the server starts'
    port=${BITBUCKET_URL##*:}
}
sync() {
    run "$BUILD/refgate" sync --url "$BITBUCKET_URL" --auth-file "$BITBUCKET_AUTH" \
        --output "$T/o/snapshot.cdb" --self-check 0 "$@" </dev/null
}
# For each question: the exit status, and of each change whether it is rejected.
decide() { # FILE
    "$BUILD/refgate" check --batch --config "$T/o/refgate.conf" <"$T/o/cases.jsonl" 2>"$T/err" |
        jq -c '[.exit, [.changes[].verdict == "reject"]]' >"$1"
    [ -s "$T/err" ] && fail "no complaint: $(cat "$T/err")"
}
serve
sync
is "$code" 0 'a complete snapshot' || note "$err"
bitbucket_stop
decide "$T/full"
is "$(wc -l <"$T/full" | tr -d ' ')" 400 'each question has a decision'
ok 'some are accepted' grep -q '^\[0,' "$T/full"
ok 'some are rejected' grep -q '^\[1,' "$T/full"

total=0
while read -r denied mark; do
    serve --fault "deny:$denied"
    sync
    is "$code" 2 "$denied: an error without --allow-partial"
    contains "$err" 'the account needs' "$denied: which names the permission"
    sync --allow-partial --force
    is "$code" 0 "$denied: a snapshot with --allow-partial" || note "$err"
    bitbucket_stop
    if [ "$mark" != - ]; then
        ok "$denied: is marked" sh -c '
            "$1/refgate" snapshot dump --file "$2" | grep -Eq "$3"' sh "$BUILD" "$T/o/snapshot.cdb" "$mark"
    fi
    decide "$T/part"
    is "$(paste "$T/full" "$T/part" | jq -sc '[range(0; length; 2) as $i | [.[$i], .[$i + 1]]] |
        map(select((.[0][0] != 0 and .[1][0] == 0) or
            ([.[0][1], .[1][1]] | transpose | any(.[0] and (.[1] | not))))) | length')" 0 \
        "$denied: nothing is accepted that a complete snapshot rejects"
    changed=$(paste "$T/full" "$T/part" | awk -F '\t' '$1 != $2' | wc -l)
    total=$((total + changed))
done <<'LIST'
admin/permissions/users -
admin/permissions/groups -
more-members.context= "complete":false
projects/[^/]*/permissions/users "incomplete":[[]"grants"
projects/[^/]*/permissions/groups "incomplete":[[]"grants"
permissions/PROJECT_ADMIN/all "incomplete":[[]"grants"
permissions/PROJECT_READ/all "incomplete":[[]"grants"
branch-permissions/.*/projects/[^/]*/restrictions "incomplete":[[]"restrictions"
projects/[^/]*/branchmodel "incomplete":[[]"model"
keys/latest/projects/[^/]*/ssh "incomplete":[[]"keys"
repos/[^/]*/permissions/users "incomplete":[[]"grants"
repos/[^/]*/permissions/groups "incomplete":[[]"grants"
repos/[^/]*/restrictions "incomplete":[[]"restrictions"
repos/[^/]*/branchmodel "incomplete":[[]"model"
repos/[^/]*/default-branch -
repos/[^/]*/ssh "incomplete":[[]"keys"
LIST
ok "what was refused changes decisions ($total)" test "$total" -gt 100
done_testing
