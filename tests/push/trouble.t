#!/bin/sh
# What can go wrong (semantics.md 8): each case has a message for the pusher, a code, and never a
# signal. 2 means "refused because something was wrong".
. tests/lib/tap.sh
. tests/lib/push.sh
test_start
server_start
server_repository PRJ/app 84
client_clone "$T/c" PRJ/app
c=$T/c
common() {
    server_config <<'END'
[refgate]
contact = platform-team@example.com
@common
END
}
common
new=$(commit "$c" one)
pushes 'all is well' lead "$c" origin HEAD:refs/heads/main
topic="$ZERO $new refs/heads/topic"

# One run of the hook: UPDATES on stdin.
hook() { # DESCRIPTION CODE TEXT [LOGIN]
    hook_as "${4:-jdoe}" push PRJ/app <"$T/stdin"
    is "$code" "$2" "$1" || note "$out$err"
    [ -z "$3" ] || contains "$err" "$3" "$1: says so"
    # Nobody's business: where things are on the server.
    lacks "$err" "$BB" "$1: shows no path of the server"
}
updates() { printf '%s\n' "$@" >"$T/stdin"; }

# -------------------------------------------------------------- stdin
updates "$topic"
hook 'a good push' 0 ''
: >"$T/stdin"
hook 'stdin: empty' 2 'refgate: push rejected'
printf '%s' "$topic" >"$T/stdin"
hook 'stdin: no newline at the end' 2 'newline'
updates "$ZERO $new refs/heads/two words"
hook 'stdin: a ref name that is none' 2 ''
updates "$ZERO $new refs/heads/../x"
hook 'stdin: a ref name with ..' 2 ''
updates "$ZERO $ZERO refs/heads/x"
hook 'stdin: both ids zero' 2 ''
updates "$ZERO ${new%?} refs/heads/x"
hook 'stdin: 39 digits' 2 ''
updates "$ZERO ${new}000000000000000000000000 refs/heads/x"
hook 'stdin: ids of different length' 2 ''
updates "$topic" "$topic"
hook 'stdin: the same ref twice' 2 ''
updates "$topic" ''
hook 'stdin: an empty line' 2 ''
printf '%s %s refs/heads/nul\000x\n' "$ZERO" "$new" >"$T/stdin"
hook 'stdin: NUL' 2 ''
printf '%s %s refs/heads/\033[31mred\n' "$ZERO" "$new" >"$T/stdin"
hook 'stdin: control characters' 2 ''
lacks "$err" "$(printf '\033')" 'they do not reach the terminal'
head -c 100000 /dev/zero | tr '\0' a >"$T/stdin"
hook 'stdin: one endless line' 2 ''
updates "$topic"
hook_as jdoe push PRJ/app <&-
is "$code" 2 'stdin: closed'
mkdir "$T/directory"
hook_as jdoe push PRJ/app <"$T/directory"
is "$code" 2 'stdin: a directory'

# -------------------------------------------------------------- environment
without() { # VARIABLE CODE
    echo "-$1" >"$T/extra"
    LAUNCH_EXTRA=$T/extra
    export LAUNCH_EXTRA
    hook "environment: without $1" "$2" "$3"
    echo "$1=" >"$T/extra"
    hook "environment: $1 is empty" "$2" "$3"
    unset LAUNCH_EXTRA
}
without BB_PROJECT_KEY 2 'refgate: push rejected'
without BB_REPO_SLUG 2 'refgate: push rejected'
without BB_USER_NAME 2 'refgate: push rejected'
without BB_USER_DISPLAY_NAME 0 ''
without BB_USER_EMAIL 0 ''
without BB_USER_PERMISSION 0 ''
without BB_BASE_URL 0 ''
without BB_HOOK_TRIGGER_ID 0 ''
LAUNCH_EXTRA=$T/extra
export LAUNCH_EXTRA
printf 'BB_PROJECT_KEY=PRJ/../OPS\n' >"$T/extra"
hook 'environment: a project key with slashes' 2 ''
printf 'BB_REPO_SLUG=%s\n' "$(head -c 20000 /dev/zero | tr '\0' a)" >"$T/extra"
hook 'environment: an endless slug' 2 ''
printf 'BB_BASE_URL=https://other.example.com\n' >"$T/extra"
hook "environment: another instance's base URL" 2 'another Bitbucket'
printf 'BB_BASE_URL=https://bitbucket.example.com/\n' >"$T/extra"
hook 'environment: a slash more at the end of the base URL' 0 ''
unset LAUNCH_EXTRA

# -------------------------------------------------------------- configuration
config() { # DESCRIPTION CODE TEXT, the file is in place
    hook "configuration: $1" "$2" "$3"
    common
}
mv "$CONF" "$CONF.away"
config 'missing' 2 'configuration'
echo 'nonsense' >"$CONF"
config 'not one' 2 'configuration'
printf '[refgate]\nmode = enforce\nmode = monitor\n' >"$CONF"
config 'a key twice' 2 'configuration'
printf '[rule "x"]\naction = reject\nresf = main\n' >>"$CONF"
config 'a key that does not exist' 2 'configuration'
chmod 666 "$CONF"
config 'world-writable' 2 'configuration'
chmod 644 "$CONF"
rm "$CONF" && mkdir "$CONF"
hook 'configuration: a directory' 2 'configuration'
rmdir "$CONF"
mkfifo "$CONF"
hook 'configuration: a FIFO does not make it wait' 2 'configuration'
rm "$CONF"
common
if [ "$(id -u)" = 0 ]; then
    chown 65534 "$CONF"
    hook 'configuration: owned by somebody else' 2 'configuration'
else
    skip 'configuration: owned by somebody else' 'needs root'
    chmod 0 "$CONF"
    hook 'configuration: unreadable' 2 'configuration'
fi
rm -f "$CONF"
common
chmod 777 "$BB"
hook 'configuration: in a directory that everybody may write to' 2 'configuration'
chmod 755 "$BB"
mv "$CONF" "$CONF.away"
refuses 'a real push without configuration' 2 jdoe "$c" origin HEAD:refs/heads/x
mv "$CONF.away" "$CONF"

# -------------------------------------------------------------- snapshot
snapshot() { # DESCRIPTION CODE TEXT, the file is in place
    hook "snapshot: $1" "$2" "$3"
    rm -rf "$BB/snapshot.cdb"
    cp "$T/good.cdb" "$BB/snapshot.cdb"
}
cp "$BB/snapshot.cdb" "$T/good.cdb"
size=$(wc -c <"$T/good.cdb")
rm "$BB/snapshot.cdb"
snapshot 'missing' 2 'snapshot'
: >"$BB/snapshot.cdb"
snapshot 'empty' 2 'snapshot'
head -c 2047 "$T/good.cdb" >"$BB/snapshot.cdb"
snapshot 'shorter than its header' 2 'snapshot'
for left in $((size / 4)) $((size / 2)) $((size - 1)); do
    head -c "$left" "$T/good.cdb" >"$BB/snapshot.cdb"
    snapshot "cut at $left of $size" 2 'snapshot'
done
head -c "$size" /dev/zero >"$BB/snapshot.cdb"
snapshot 'zeros' 2 'snapshot'
head -c "$size" /dev/urandom >"$BB/snapshot.cdb"
snapshot 'noise' 2 'snapshot'
# Each byte of the records flipped would do; these are the ones that were tried by hand first.
for at in 2048 2100 $((size / 3)) $((size / 2)); do
    cp "$T/good.cdb" "$BB/snapshot.cdb"
    printf '\377\377\377\377\377\377\377\377' |
        dd of="$BB/snapshot.cdb" bs=1 seek="$at" conv=notrunc 2>/dev/null
    hook_as jdoe push PRJ/app <"$T/stdin"
    case $code in
    0 | 2) pass "snapshot: damaged at $at: code $code, no signal" ;;
    *) fail "snapshot: damaged at $at: code $code" ;;
    esac
done
cp "$T/good.cdb" "$BB/snapshot.cdb"
chmod 666 "$BB/snapshot.cdb"
snapshot 'world-writable' 2 'snapshot'
rm "$BB/snapshot.cdb" && mkdir "$BB/snapshot.cdb"
snapshot 'a directory' 2 'snapshot'
rm "$BB/snapshot.cdb" && mkfifo "$BB/snapshot.cdb"
snapshot 'a FIFO does not make it wait' 2 'snapshot'
rm "$BB/snapshot.cdb" && ln -s "$T/good.cdb" "$BB/snapshot.cdb"
snapshot 'a symbolic link to a good one' 0 ''
rm "$BB/snapshot.cdb"
for choice in annotate:0 reject:2; do
    printf '[failure]\nno-snapshot = %s\n' "${choice%:*}" >>"$CONF"
    hook "snapshot: missing, no-snapshot = ${choice%:*}" "${choice#*:}" 'snapshot'
    common
done
cp "$T/good.cdb" "$BB/snapshot.cdb"
# Old, and from the future.
stale() { # TIME
    rm "$BB/snapshot.cdb"
    "$BUILD/refgate" sync --replay "$TOP/tests/fixtures/acme" --output "$BB/snapshot.cdb" \
        --now "$1" >/dev/null 2>&1
}
for time in 2024-01-01T00:00:00Z 2099-01-01T00:00:00Z; do
    stale $time
    hook "snapshot: of $time is a note" 0 ''
    is "$(audit .verdict)" note "snapshot: of $time: recorded"
    printf '[freshness]\nwhen-stale = annotate\n' >>"$CONF"
    hook "snapshot: of $time, when-stale = annotate" 0 'snapshot'
    common
    printf '[freshness]\nwhen-stale = reject\n' >>"$CONF"
    hook "snapshot: of $time, when-stale = reject" 2 'snapshot'
    common
done
rm -f "$BB"/snapshot.cdb*
cp "$T/good.cdb" "$BB/snapshot.cdb"
printf '[failure]\nunknown-repo = reject\n' >>"$CONF"
server_repository PRJ/new 900
storage_hook() { # what hook does, in another repository
    LAUNCH_LOGIN=jdoe LAUNCH_TRIGGER=push run env -C "$(server_storage PRJ/new)" \
        hooks/pre-receive <"$T/stdin"
}
storage_hook
is "$code" 2 'a repository younger than the snapshot, unknown-repo = reject'
common
storage_hook
is "$code" 0 'and by default it is a note'
printf '[failure]\nunknown-user = reject\n' >>"$CONF"
hook 'a user younger than the snapshot, unknown-user = reject' 2 '' newcomer
common

# A file that gets shorter while it is in use. The hook is held up at a FIFO (the repository's
# config, which libgit2 opens when history is asked for), and the snapshot cut behind its back, in
# place, which is what must never be done; the rule then needs an e-mail address from it.
cat >>"$CONF" <<'END'
[rule "whose"]
action = reject
committer = known-user
refs = whose
END
storage=$(server_storage PRJ/app)
echo "GIT_ALTERNATE_OBJECT_DIRECTORIES=$storage/objects" >"$T/objects"
export LAUNCH_EXTRA="$T/objects"
updates "$ZERO $new refs/heads/whose"
hook 'snapshot: whole' 1 "is not a known user's work"
printf '#!/bin/sh\necho $$ >"%s"\nexec "%s" --config "%s"\n' "$T/pid" "$BUILD/refgate-hook" \
    "$CONF" >"$BB/hook"
mv "$storage/config" "$storage/config.away"
mkfifo "$storage/config"
held_at_fifo() { # COMMAND: runs it while the hook waits, then lets it go on
    (
        sleep 1
        eval "$1"
        exec 3<>"$storage/config"
        sleep 0.3
    ) &
    feeder=$!
}
# shellcheck disable=SC2016
held_at_fifo ': >"$BB/snapshot.cdb"'
hook 'snapshot: cut while it is in use' 2 'refgate: push rejected'
wait "$feeder"
cp "$T/good.cdb" "$BB/snapshot.cdb"
# Where libgit2 is left in the middle of something, what it holds is never freed: no leak check there.
leaks_allowed() { # until the next server_way
    sed '2i ASAN_OPTIONS=detect_leaks=0:exitcode=99; export ASAN_OPTIONS' "$BB/hook" >"$BB/hook.new"
    mv "$BB/hook.new" "$BB/hook"
}
# What a disk error under a mapped file is (libgit2 maps packs).
leaks_allowed
# shellcheck disable=SC2016
held_at_fifo 'kill -BUS "$(cat "$T/pid")"'
before=$(audit_count)
hook 'a disk error: SIGBUS' 2 'disk error'
is "$(($(audit_count) - before)) $(audit .exit)" '1 2' 'a disk error: recorded'
wait "$feeder"
# shellcheck disable=SC2016
held_at_fifo 'kill -TERM "$(cat "$T/pid")"'
hook 'interrupted: SIGTERM' 2 'refgate: push rejected'
wait "$feeder"
rm "$storage/config"
mv "$storage/config.away" "$storage/config"
server_way 8.9
unset LAUNCH_EXTRA
common
cp "$T/good.cdb" "$BB/snapshot.cdb"
updates "$topic"

# -------------------------------------------------------------- time
printf '[limits]\ndeadline = 1s\n' >>"$CONF"
started=$(date +%s)
mkfifo "$T/silent"
sleep 60 >"$T/silent" &
sleeper=$!
before=$(audit_count)
hook_as jdoe push PRJ/app <"$T/silent"
kill $sleeper
is "$code" 2 'deadline: a silent stdin'
contains "$err" 'refgate: push rejected' 'deadline: the pusher is told'
ok 'deadline: kept' test $(($(date +%s) - started)) -le 4
is "$(($(audit_count) - before)) $(audit .exit)" '1 2' 'deadline: recorded'
# Stuck where no deadline is looked at: the watchdog.
mv "$storage/config" "$storage/config.away"
mkfifo "$storage/config"
git -C "$c" commit -q --allow-empty -m other
updates "$new $(git -C "$c" rev-parse HEAD) refs/heads/release/1"
started=$(date +%s)
export LAUNCH_EXTRA="$T/objects"
hook 'deadline: stuck in a system call' 2 'refgate'
unset LAUNCH_EXTRA
ok 'deadline: the watchdog ended it' test $(($(date +%s) - started)) -le 6
rm "$storage/config"
mv "$storage/config.away" "$storage/config"
# Judging itself: 400,000 questions to a matcher that has to work for each answer.
common
{
    printf '[limits]\ndeadline = 1s\n'
    hostile="$(printf '%030d' 0 | sed 's,0,a/,g')b/**/"
    i=0
    while [ $i -lt 200 ]; do
        printf '[rule "hostile-%s"]\naction = reject\nrefs = %s*\n' $i "$hostile"
        i=$((i + 1))
    done
} >>"$CONF"
awk -v zero="$ZERO" -v new="$new" -v long="$(printf '%0120d' 0 | sed 's,0,a/,g')" \
    'BEGIN { for (i = 0; i < 2000; i++) print zero, new, "refs/heads/" long i }' >"$T/stdin"
started=$(date +%s)
hook 'deadline: while it judges' 2 'took too long'
ok 'deadline: judging stops' test $(($(date +%s) - started)) -le 4
is "$(audit '[.exit, (.changes|length)]|tojson')" '[2,1000]' 'deadline: and is recorded'
# One object, for which libgit2 works for seconds and asks nobody: a commit behind 2000 deltas of 28 MB.
common
printf '[limits]\ndeadline = 1s\n' >>"$CONF"
mkdir -p "$storage/objects/incoming/pack"
deep=$(python3 tests/lib/deltas.py "$storage/objects/incoming/pack" "$(git -C "$c" rev-parse 'HEAD^{tree}')" "$new")
printf '%s\n' "GIT_QUARANTINE_PATH=$storage/objects/incoming" "GIT_OBJECT_DIRECTORY=$storage/objects/incoming" \
    "GIT_ALTERNATE_OBJECT_DIRECTORIES=$storage/objects" >"$T/deep"
updates "$new $deep refs/heads/release/1"
before=$(audit_count)
export LAUNCH_EXTRA="$T/deep"
leaks_allowed
hook 'deadline: a chain of deltas' 2 'took too long'
server_way 8.9
unset LAUNCH_EXTRA
is "$(($(audit_count) - before)) $(audit .exit)" '1 2' 'deadline: a chain of deltas is recorded'
rm -r "$storage/objects/incoming"
updates "$topic"
# A launcher that does not read what the hook says: its pipe is full.
common
printf '[limits]\ndeadline = 1s\n' >>"$CONF"
updates "$new $ZERO refs/heads/main"
mkfifo "$T/deaf"
# shellcheck disable=SC2217 # it only holds the pipe open
sleep 60 <"$T/deaf" &
sleeper=$!
started=$(date +%s)
code=0
{
    timeout 1 cat /dev/zero >&2
    LAUNCH_LOGIN=jdoe LAUNCH_TRIGGER=push timeout 20 env -C "$storage" hooks/pre-receive \
        <"$T/stdin" || code=$?
} 2>"$T/deaf"
kill $sleeper
is "$code" 2 'deadline: nobody reads what the hook says: the watchdog does not wait either'
ok 'deadline: kept all the same' test $(($(date +%s) - started)) -le 8
common
updates "$topic"

# -------------------------------------------------------------- limits
printf '[limits]\nrefs = 2\n' >>"$CONF"
updates "$ZERO $new refs/heads/a" "$ZERO $new refs/heads/b"
hook 'limits: two refs of two' 0 ''
updates "$ZERO $new refs/heads/a" "$ZERO $new refs/heads/b" "$ZERO $new refs/heads/c"
hook 'limits: three of two' 2 ''
common
updates "$topic"

# -------------------------------------------------------------- audit log
sed "s|^file = .*audit.log|file = $BB/nowhere/audit.log|" "$CONF" >"$CONF.new"
mv "$CONF.new" "$CONF"
hook 'audit log: not writable' 0 ''
sed 's|^\[audit\]|&\
required = yes|' "$CONF" >"$CONF.new"
mv "$CONF.new" "$CONF"
hook 'audit log: not writable, required' 2 'audit log'
common
sed "s|^file = .*audit.log|file = $T/directory|" "$CONF" >"$CONF.new"
mv "$CONF.new" "$CONF"
hook 'audit log: a directory' 0 ''
common
cp "$BB/audit.log" "$T/audit.whole"
printf '{"torn' >>"$BB/audit.log"
hook 'audit log: a torn line at its end' 0 ''
ok 'audit log: verify finds it' must_fail "$BUILD/refgate" audit verify "$BB/audit.log"
cp "$T/audit.whole" "$BB/audit.log"

# -------------------------------------------------------------- monitor mode and the kill switch
updates "$new $ZERO refs/heads/main"
hook 'enforced' 1 'refgate: push rejected'
sed 's|^\[refgate\]|&\
mode = monitor|' "$CONF" >"$CONF.new"
mv "$CONF.new" "$CONF"
hook 'monitor mode: accepted' 0 'would be rejected'
is "$(audit '[.verdict,.exit,.mode]|join(" ")')" 'reject 0 monitor' 'monitor mode: as recorded'
rm "$BB/snapshot.cdb"
hook 'monitor mode: failures too' 0 ''
cp "$T/good.cdb" "$BB/snapshot.cdb"
printf 'x' >"$T/stdin"
hook 'monitor mode: malformed stdin is refused all the same' 2 ''
echo nonsense >>"$CONF"
updates "$new $ZERO refs/heads/main"
hook 'monitor mode: and so is an invalid configuration' 2 ''
common
run "$BUILD/refgate" disable --config "$CONF" --reason 'incident 42'
is "$code" 0 'refgate disable' || note "$out$err"
hook 'kill switch: accepted' 0 ''
is "$(audit '.exit')" 0 'kill switch: recorded'
contains "$(tail -n 1 "$BB/audit.log")" 'incident 42' 'kill switch: with its reason'
mv "$CONF" "$CONF.away"
hook 'kill switch: also without a configuration' 0 ''
mv "$CONF.away" "$CONF"
chmod 666 "$BB/refgate.disabled"
hook 'kill switch: not one that anybody could have written' 1 'refgate: push rejected'
chmod 644 "$BB/refgate.disabled"
run "$BUILD/refgate" enable --config "$CONF"
is "$code" 0 'refgate enable' || note "$out$err"
hook 'and on again' 1 'refgate: push rejected'

# -------------------------------------------------------------- whatever happened
ok 'the audit chain is intact' "$BUILD/refgate" audit verify "$BB/audit.log"
is "$(sort -u "$BB/exits" | tr '\n' ' ')" '0 1 2 ' 'the hook knew three codes'
is "$(find "$BB" -name '*tmp*' -o -name '*.new' | grep -v /objects/ | tr '\n' ' ')" '' \
    'no temporary files are left'
done_testing
