#!/bin/sh
# Formats of the snapshot while a cluster is upgraded: a hook that is older than the snapshot refuses it,
# says so to each in his words, and the tool writes the format that it is asked for.
. tests/lib/tap.sh
test_start
make_snapshot=$BUILD/tests/helpers/make_snapshot
"$make_snapshot" "$T/now.cdb" >/dev/null || exit 99
"$make_snapshot" --claim-format 2 "$T/newer.cdb" >/dev/null || exit 99
"$make_snapshot" --claim-format 0 "$T/older.cdb" >/dev/null || exit 99
version=$("$BUILD/refgate" --version | sed -n '1s/.* //p')
newer="the snapshot has format 2, and refgate $version on this node reads format 1: upgrade refgate-hook here first, or let sync write the older one (--snapshot-format 1, or [snapshot] format = 1)"

# -------------------------------------------------------------- the tool
run "$BUILD/refgate" snapshot info --file "$T/newer.cdb"
is "$code$out" 2 'a newer snapshot: code 2'
is "$err" "refgate snapshot info: $newer" 'both numbers, and what to do'
run "$BUILD/refgate" snapshot verify --file "$T/newer.cdb"
is "$code" 2 'it is not called damaged: verify cannot tell, code 2'
run "$BUILD/refgate" snapshot info --file "$T/older.cdb"
is "$code" 2 'one that is too old: code 2'
contains "$err" "has format 0, and refgate $version on this node reads format 1: run refgate sync of this version" \
    'and what to do'

# -------------------------------------------------------------- the hook
config() { # FILE NO-SNAPSHOT
    printf '[snapshot]\nfile = %s\n[failure]\nno-snapshot = %s\n[audit]\nfile = %s\nsyslog-socket = %s\n' \
        "$1" "$2" "$T/audit.log" "$T/log" >"$T/refgate.conf"
}
push() {
    code=0
    printf '%040d %040d refs/heads/topic\n' 0 1 |
        env -i PATH="$PATH" ASAN_OPTIONS="$ASAN_OPTIONS" LSAN_OPTIONS="$LSAN_OPTIONS" \
            BB_PROJECT_KEY=BENCH BB_REPO_SLUG=bench BB_USER_NAME=bench-user \
            BB_USER_PERMISSION=REPO_WRITE BB_HOOK_TRIGGER_ID=push \
            BB_BASE_URL=https://bitbucket.example.com \
            "$BUILD/refgate-hook" --config "$T/refgate.conf" >"$T/text" 2>&1 || code=$?
    text=$(cat "$T/text")
    reason=$(tail -n 1 "$T/audit.log" | jq -r '[.. | objects | .text? // empty] | join(" ")')
}
listen() { # what is sent to the socket, into $T/line
    rm -f "$T/log" "$T/ready"
    python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1]); s.settimeout(20)
open(sys.argv[2], "w").close()
open(sys.argv[3], "wb").write(s.recv(65536))' "$T/log" "$T/ready" "$T/line" &
    listener=$!
    tries=0
    while [ ! -e "$T/ready" ] && [ $((tries += 1)) -lt 500 ]; do sleep 0.02; done
}
told='the permissions snapshot has a format that this version of refgate does not read'

config "$T/now.cdb" reject
push
is "$code" 0 'a snapshot of its own format: the push is accepted' || note "$text"
config "$T/newer.cdb" reject
listen
push
wait "$listener"
is "$code" 2 'semantics 8: [failure] no-snapshot = reject: a newer one rejects'
contains "$(printf '%s' "$text" | tr -s ' \n' ' ')" "$told" 'the pusher reads that it is the format'
lacks "$text" "$T" 'and no path of the server'
contains "$reason" "$told" 'the audit record says so'
contains "$(cat "$T/line")" "trouble=\"$newer\"" 'syslog says it in full, with what to do'
config "$T/newer.cdb" annotate
push
is "$code" 0 'no-snapshot = annotate: the push is accepted'
contains "$(printf '%s' "$text" | tr -s ' \n' ' ')" "$told" 'and annotated'

# -------------------------------------------------------------- what sync writes
printf '[snapshot]\nfile = %s\nformat = 1\n' "$T/s.cdb" >"$T/sync.conf"
sync() { run "$BUILD/refgate" sync --replay tests/fixtures/acme --quiet "$@"; }
sync --config "$T/sync.conf"
is "$code" 0 '[snapshot] format = 1' || note "$err"
is "$("$BUILD/refgate" snapshot info --file "$T/s.cdb" --format json | jq .format)" 1 'is written'
sync --output "$T/o.cdb" --snapshot-format 1
is "$code" 0 '--snapshot-format 1'
ok 'gives the same' test \
    "$("$BUILD/refgate" snapshot info --file "$T/s.cdb" --format json | jq .digest)" = \
    "$("$BUILD/refgate" snapshot info --file "$T/o.cdb" --format json | jq .digest)"
for bad in 0 2 newest x; do
    sync --output "$T/o.cdb" --snapshot-format $bad
    is "$code" 2 "--snapshot-format $bad is a usage error"
    contains "$err" '--snapshot-format takes a number from 1 to 1' 'that names the range'
done
# A configuration that is ahead of the tool: sync says so, and the hook, which does not write, goes on.
sed -i 's/^format = 1/format = 2/' "$T/sync.conf"
before=$(cksum <"$T/s.cdb")
sync --config "$T/sync.conf"
is "$code" 2 '[snapshot] format = 2: sync of this version cannot'
contains "$err" "[snapshot] format asks for format 2, and refgate $version writes format 1" 'and says so'
is "$(cksum <"$T/s.cdb")" "$before" 'the snapshot is as it was'
sync --config "$T/sync.conf" --snapshot-format 1
is "$code" 0 'the option counts more than the configuration'
printf '[audit]\nfile = %s\nsyslog = off\n' "$T/audit.log" >>"$T/sync.conf"
cp "$T/now.cdb" "$T/s.cdb"
cp "$T/sync.conf" "$T/refgate.conf"
push
is "$code" 0 'the hook does not mind' || note "$text"
# The other way round: an older tool over a newer snapshot, which a rollback of packages leads to.
cp "$T/newer.cdb" "$T/back.cdb"
sync --output "$T/back.cdb"
is "$code" 0 'a full sync of an older tool replaces a newer snapshot'
contains "$err" "is not compared with: $newer" 'and says that it could not be compared'
"$BUILD/refgate" snapshot info --file "$T/back.cdb.1" >/dev/null 2>"$T/kept"
contains "$(cat "$T/kept")" 'has format 2' 'it is kept as FILE.1'
cp "$T/newer.cdb" "$T/back.cdb"
sync --output "$T/back.cdb" --project PRJ
is "$code" 2 'a part cannot be put into it'
contains "$err" 'a part needs a snapshot to go into' 'and says what it needs'
done_testing
