#!/bin/sh
# refgate snapshot rollback: FILE.1 in use again, the newer one kept, and when it refuses.
. tests/lib/tap.sh
test_start
rollback() { run "$BUILD/refgate" snapshot rollback "$@" </dev/null; }
make() { "$BUILD/tests/helpers/make_snapshot" "$@" >/dev/null || exit 99; }
sum() { cksum <"$1"; }

file=$T/s.cdb
make --now 2026-11-21T04:00:00Z "$T/old.cdb"
make --now 2026-11-22T04:00:00Z "$T/new.cdb"
place() { # IN-USE OLDER: never through a link that an earlier case has left
    rm -f "$file" "$file.1"
    cp "$1" "$file" && cp "$2" "$file.1"
}
fresh() { place "$T/new.cdb" "$T/old.cdb"; }
fresh
old=$(sum "$T/old.cdb") new=$(sum "$T/new.cdb")

rollback --file "$file" --dry-run
is "$code" 0 '--dry-run: code 0'
contains "$out" 'nothing was changed (--dry-run)' 'says that nothing was changed'
is "$(sum "$file")$(sum "$file.1")" "$new$old" 'and nothing was'

rollback --file "$file"
is "$code" 0 'rollback: code 0' || note "$err"
is "$(sum "$file")$(sum "$file.1")" "$old$new" 'the older one is in use, the newer one is kept'
like "$out" "^in use  $file: generated 2026-11-21T04:00:00Z, format 1, digest [0-9a-f]{12}\$" 'says what is in use'
like "$out" "^kept    $file\\.1: generated 2026-11-22T04:00:00Z, format 1, digest [0-9a-f]{12}\$" 'and what is kept'
contains "$out" 'the next refgate sync publishes a new one' 'and what comes next'
is "$(find "$T" -name 's.cdb*' | LC_ALL=C sort | tr '\n' ' ')" "$file $file.1 $file.lock " 'leaves no other file'
rollback --file "$file"
is "$(sum "$file")$(sum "$file.1")" "$new$old" 'the same command again undoes it'

rollback --file "$file" --format json
is "$code" 0 'JSON: code 0'
is "$(printf '%s' "$out" | jq -c '[.changed, .in_use.generated, .kept.generated, .in_use.format, .stale]')" \
    '[true,"2026-11-21T04:00:00.000Z","2026-11-22T04:00:00.000Z",1,false]' 'JSON: the same'
rollback --file "$file" --format json --dry-run
is "$(printf '%s' "$out" | jq -c '[.changed, .in_use.generated]')" '[false,"2026-11-22T04:00:00.000Z"]' \
    'JSON: --dry-run'

# The configuration names the file and says what is stale; a link is followed, and stays one.
fresh
mkdir "$T/links"
ln -s "$file" "$T/links/s.cdb"
printf '[snapshot]\nfile = %s\n[freshness]\nmax-age = 1h\n' "$T/links/s.cdb" >"$T/refgate.conf"
rollback --config "$T/refgate.conf"
is "$code" 0 'by configuration, through a link' || note "$err"
is "$(sum "$file")$(sum "$file.1")" "$old$new" 'what the link leads to was exchanged'
ok 'the link is a link' test -L "$T/links/s.cdb"
contains "$out" 'more than [freshness] max-age: it is stale' 'and a stale one is called so'

# What one goes back from may be anything.
make --claim-format 2 "$T/ahead.cdb"
ahead=$(sum "$T/ahead.cdb")
place "$T/ahead.cdb" "$T/old.cdb"
rollback --file "$file"
is "$code" 0 'from a snapshot of a newer format'
is "$(sum "$file")$(sum "$file.1")" "$old$ahead" 'exchanged'
like "$out" '^kept .*the snapshot has format 2' 'and said why it could not be read'
rollback --file "$file"
is "$code" 1 'back to a format that this version does not read: code 1'
contains "$err" 'is of no use, nothing was changed: the snapshot has format 2' 'says why'
is "$(sum "$file")$(sum "$file.1")" "$old$ahead" 'and nothing was'
head -c 3000 "$T/new.cdb" >"$T/cut.cdb"
place "$T/cut.cdb" "$T/old.cdb"
rollback --file "$file"
is "$code" 0 'from a damaged one'
is "$(sum "$file")" "$old" 'exchanged, too'
fresh
rm "$file"
rollback --file "$file"
is "$code" 0 'from none at all'
is "$(sum "$file")$(sum "$file.1")" "$old$old" 'the older one is in use'
like "$out" '^kept .*does not exist' 'and said that there was none'

# What one goes back to must be good.
fresh
at=$(grep -abo refs/heads/main "$file.1" | head -n 1 | cut -d: -f1)
printf X | dd of="$file.1" bs=1 seek=$((at + 3)) conv=notrunc 2>/dev/null
rollback --file "$file"
is "$code" 1 'to a damaged one: code 1'
contains "$err" 'has a wrong checksum' 'says what is damaged'
is "$(sum "$file")" "$new" 'and the newer one stays'
fresh
chmod 666 "$file.1"
rollback --file "$file"
is "$code" 2 'to one that others may write: code 2'
is "$(sum "$file")" "$new" 'and the newer one stays'
rm "$file.1"
ln -s "$T/old.cdb" "$file.1"
rollback --file "$file"
is "$code" 2 'to a symbolic link: code 2'
contains "$err" "$file.1 is not a regular file" 'says so'
is "$(sum "$file")$(find "$file" -type f)" "$new$file" 'and the newer one stays, and is no link'
rm -f "$file.1"
rollback --file "$file"
is "$code" 2 'to none: code 2'
contains "$err" 'there is no older snapshot to go back to' 'says so'
# (The acme fixture is of the same address as what make_snapshot makes: one that is not is put together.)
cp -R tests/fixtures/acme "$T/other"
sed 's/bitbucket\.example\.com/bitbucket.example.net/' tests/fixtures/acme/recording.json >"$T/other/recording.json"
"$BUILD/refgate" sync --replay "$T/other" --output "$T/other.cdb" --quiet >/dev/null || exit 99
place "$T/new.cdb" "$T/other.cdb"
rollback --file "$file"
is "$code" 1 'to one of another instance: code 1'
contains "$err" 'is of another instance, nothing was changed' 'says so'
is "$(sum "$file")" "$new" 'and the newer one stays'

# Not while a sync is about to publish.
fresh
python3 -c 'import fcntl, os, struct, sys, time
f = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o644)
fcntl.fcntl(f, 37, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0)) # F_OFD_SETLK
open(sys.argv[2], "w").close()
time.sleep(30)' "$file.lock" "$T/locked" &
holder=$!
at_exit "kill $holder 2>/dev/null"
tries=0
while [ ! -e "$T/locked" ] && [ $((tries += 1)) -lt 500 ]; do sleep 0.02; done
rollback --file "$file"
is "$code" 2 'while a sync runs: code 2'
is "$(sum "$file")" "$new" 'and nothing is changed'
kill "$holder"
wait "$holder" 2>/dev/null
rollback --file "$file"
is "$code" 0 'and when it is over, it goes'

# -------------------------------------------------------------- usage and manual
rollback --file "$file" extra
is "$code" 2 'an operand: code 2'
rollback --help
for option in $(printf '%s\n' "$out" | sed -n 's/^  --\([a-z-]*\).*/\1/p'); do
    [ "$option" = help ] ||
        ok "refgate-snapshot(8) has --$option" grep -Eq "^\.(It|Op) Fl -$option( |\$)" packaging/man/refgate-snapshot.8
done
ok 'refgate-snapshot(8) has the command' grep -Fqx '.Ss refgate snapshot rollback' packaging/man/refgate-snapshot.8
done_testing
