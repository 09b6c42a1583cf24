#!/bin/sh
# A sync in a loop while pushes are judged: no decision fails, none sees half a snapshot.
. tests/lib/tap.sh
. tests/lib/push.sh
. tests/lib/bitbucket.sh
test_start
server_start
# An administrator of the recorded instance: another account would be refused.
cat >"$T/accounts" <<'END'
[{"name": "admin", "password": "refgate-test-password-admin",
  "tokens": ["refgate-test-token-admin"], "permission": "SYS_ADMIN"}]
END
bitbucket_start --recording tests/fixtures/acme --accounts "$T/accounts"
echo "$BITBUCKET_URL" >"$BB/base-url"
sync() {
    "$BUILD/refgate" sync --url "$BITBUCKET_URL" --auth-file "$BITBUCKET_AUTH" \
        --quiet --output "$BB/snapshot.cdb" "$@"
}
rm -f "$BB/snapshot.cdb"
ok 'the first snapshot' sync
server_config <<'END'
[limits]
deadline = 60s
[failure]
no-snapshot = reject
unknown-repo = reject
unknown-user = reject
@common
END
server_repository PRJ/app 84
client_clone "$T/c" PRJ/app
new=$(commit "$T/c" one)
pushes 'a main branch' lead "$T/c" origin HEAD:refs/heads/main

(
    syncs=0 failed=0
    while [ ! -e "$T/stop" ]; do
        sync >/dev/null 2>>"$T/sync.err" || failed=$((failed + 1))
        syncs=$((syncs + 1))
        # A part, too, now and then.
        [ $((syncs % 3)) != 0 ] || sync --repo PRJ/app >/dev/null 2>>"$T/sync.err" ||
            failed=$((failed + 1))
        echo "$syncs $failed" >"$T/syncs"
    done
) &
looper=$!
runs=300
[ "${VARIANT:-}" != asan ] || runs=40
storage=$(server_storage PRJ/app)
i=0
while [ $i -lt $runs ]; do
    if [ $((i % 2)) = 0 ]; then ref=refs/heads/hotfix/$i; else ref=refs/heads/topic/$i; fi
    code=0
    echo "$ZERO $new $ref" | LAUNCH_LOGIN=jdoe env -C "$storage" hooks/pre-receive \
        >"$T/hook.out" 2>&1 || code=$?
    echo "$((i % 2)) $code" >>"$T/verdicts"
    [ $((i % 2)) = 1 ] && [ "$code" != 0 ] && sed 's/^/# /' "$T/hook.out"
    i=$((i + 1))
done
: >"$T/stop"
wait "$looper"
note "syncs and failures: $(cat "$T/syncs")"
is "$(sort "$T/verdicts" | uniq -c | sed 's/  */ /g' | tr '\n' ,)" \
    " $((runs / 2)) 0 1, $((runs / 2)) 1 0," \
    "$runs decisions while the snapshot was replaced: each as it should be"
is "$(cut -d ' ' -f 2 "$T/syncs")" 0 'no sync failed' || sed 's/^/# /' "$T/sync.err"
ok 'several syncs were made' test "$(cut -d ' ' -f 1 "$T/syncs")" -ge 2
is "$(jq -r '.changes[].reasons[].type' "$BB/audit.log" | grep -c -e failure -e freshness)" 0 \
    'no decision speaks of a failure'
done_testing
