#!/bin/sh
# The hook's sandbox: what it makes the hook do (nothing else), what it keeps it from (all else), and what
# becomes of a push where the kernel has none. semantics 8: no signal, a documented exit code.
. tests/lib/tap.sh
. tests/lib/push.sh
test_start
server_start
probe=$BUILD/tests/helpers/sandbox_probe
offer=$("$BUILD/refgate-hook" --version | sed -n 's/^sandbox: //p')
note "this kernel and this build offer: $offer"
case $offer in
none*) skip_all "no sandbox here: $offer" ;;
'landlock (ABI '*'), seccomp') full=1 ;;
*) full= ;;
esac

# -------------------------------------------------------------- is it armed?
room() { # what the probe wants
    rm -rf "$T/room"
    mkdir -p "$T/room/log" "$T/room/approvals" "$T/room/elsewhere"
    echo x | tee "$T/room/elsewhere/file" >"$T/room/approvals/kept"
    echo text >"$T/room/elsewhere/script"
    chmod +x "$T/room/elsewhere/script"
    echo '{}' >"$T/room/log/audit"
    ln -s ../elsewhere/file "$T/room/approvals/link"
}
room
run "$probe" "$T/room"
is "$code" 0 'what must be refused is, what is needed is not' || printf '%s\n' "$out$err" | grep -v '^ok'
note "$(printf '%s\n' "$out" | grep -c '^ok') tried, $(printf '%s\n' "$out" | grep -c '^skip') skipped"
is "$(cd "$T/room" && find . -type f | sort | tr '\n' ' ')" \
    './approvals/kept ./elsewhere/file ./elsewhere/script ./log/audit ' 'and no file has come or gone'
is "$(cat "$T/room/elsewhere/file")" x 'or changed'
room
run "$probe" --off "$T/room"
is "$code" 1 'without a sandbox the probe does not say so'
tried=$(printf '%s\n' "$out" | grep -c '^[oW]')
ok 'and finds most of it permitted' test "$(printf '%s\n' "$out" | grep -c '^WRONG')" -ge $((tried / 2))

# -------------------------------------------------------------- scenes
log=$BB/log/access.log
mkdir -p "$BB/log" "$BB/approvals" "$BB/audit"
: >"$log"
mode=enforce
config() { # USE, further lines on stdin
    cat >"$CONF" <<END
[refgate]
mode = $mode
timezone = Europe/Berlin
[snapshot]
file = $BB/snapshot.cdb
[sandbox]
use = $1
[audit]
file = $BB/audit/log
sync = yes
syslog = all
syslog-socket = $BB/syslog
[approvals]
directory = $BB/approvals
[credential]
resolvers = name, access-log
access-log = $log
[rule "no-rewrites"]
action = reject
refs = main
changes = rewrite
[rule "whose"]
action = reject
committer = known-user
refs = whose
[rule "approved"]
action = require-approval
refs = approved
[rule "nights"]
action = annotate
refs = nights
after = 00:00
before = 23:59
END
    cat >>"$CONF"
}
config off </dev/null
server_repository PRJ/app 84
client_clone "$T/c" PRJ/app
c=$T/c
one=$(commit "$c" one)
pushes 'a main branch' lead "$c" origin HEAD:refs/heads/main
two=$(commit "$c" two)
pushes 'a second commit' lead "$c" origin HEAD:refs/heads/main
git -C "$c" checkout -q -b aside "$one"
three=$(commit "$c" three)
pushes 'a commit aside' lead "$c" origin HEAD:refs/heads/aside
storage=$(server_storage PRJ/app)
git -C "$storage" repack -q -d && git -C "$storage" commit-graph write --reachable 2>/dev/null
tree=$(git -C "$c" rev-parse 'HEAD^{tree}')
loose=$(git -C "$storage" commit-tree -p "$two" -m loose "$tree")
echo "GIT_ALTERNATE_OBJECT_DIRECTORIES=$storage/objects" >"$T/extra"

strace=$(command -v strace)
case ${VARIANT:-release} in
release | clang) ;;
*) strace= ;; # what a sanitizer calls is not the hook's
esac
[ -z "$strace" ] || strace -o /dev/null true 2>/dev/null || strace=
mkdir "$T/traces"
# The hook as it is, or under strace, which sees what it asks of the kernel whatever comes of it.
launcher() { # TRACE (empty: none) [strace's options]
    launcher_trace=$1
    launcher_with=
    [ $# -eq 0 ] || shift
    [ -z "$launcher_trace" ] || launcher_with="$strace -y -o $T/traces/$launcher_trace $* --"
    # shellcheck disable=SC2016
    printf '#!/bin/sh\nexec %s /bin/sh -c '\''echo $$ >"$0"; %s exec "$@"'\'' "%s" "%s" --config "%s" %s\n' \
        "$launcher_with" "$limits" "$T/pid" "$BUILD/refgate-hook" "$CONF" "$native" >"$BB/hook"
}
limits='' native='' before=: after=:
once() { # LOGIN
    eval "$before"
    LAUNCH_EXTRA=$T/extra hook_as "$1" push PRJ/app <"$T/stdin"
    eval "$after"
    came="$code $(printf '%s\n' "$out$err" | sed -e 's/[0-9A-HJKMNP-TV-Z]\{26\}/ID/' -e 's/snapshot of [0-9smhd ]* ago/AGE/')"
}
scene=0
scene() { # DESCRIPTION CODE LOGIN, further configuration on stdin: with and without the sandbox
    scene=$((scene + 1))
    cat >"$T/more"
    launcher ''
    config off <"$T/more"
    once "$3"
    without=$came
    config try <"$T/more"
    trace=
    [ -z "$strace" ] || trace=scene-$scene
    launcher "$trace"
    once "$3"
    is "$came" "$without" "$1: the same with the sandbox"
    is "$code" "$2" "$1: $2" || note "$out$err"
}
updates() { printf '%s\n' "$@" >"$T/stdin"; }
# What the system log has, once it has as many messages.
heard() { # COUNT
    heard_tries=0
    while [ "$(grep -c decision= "$T/heard")" -lt "$1" ] && [ $heard_tries -lt 100 ]; do
        sleep 0.05
        heard_tries=$((heard_tries + 1))
    done
    cat "$T/heard"
}
listen() { # KIND of socket
    : >"$T/heard"
    "$probe" --listen "$1" "$BB/syslog" >>"$T/heard" &
    listener=$!
    at_exit "kill $listener 2>/dev/null"
    while [ ! -s "$T/heard" ]; do sleep 0.05; done
}
listen dgram

updates "$ZERO $two refs/heads/new"
scene 'a new branch' 0 jdoe </dev/null
updates "$one $two refs/heads/main"
scene 'history, from packs and the commit graph' 0 lead </dev/null
updates "$two $loose refs/heads/main"
scene 'history, from a loose object' 0 lead </dev/null
updates "$two $three refs/heads/main"
scene 'a rewrite' 1 lead </dev/null
updates "$ZERO $loose refs/heads/whose"
scene 'whose commits' 1 jdoe </dev/null
updates "$ZERO $two refs/heads/nights"
scene 'local time' 0 jdoe </dev/null
updates "$ZERO $two refs/heads/two words"
scene 'malformed' 2 jdoe </dev/null
many() { awk -v n="$1" "BEGIN { for (i = 0; i < n; i++) print \"$ZERO $two refs/heads/b\" i }" >"$T/stdin"; }
many 5000
scene 'very many refs' 0 jdoe </dev/null
many 60000
scene 'out of memory' 2 jdoe <<'END'
[limits]
memory = 8M
END
updates "$ZERO $two refs/heads/new"
echo "10.0.0.7 | https | o@1x2x3x0 | jdoe | $(date '+%Y-%m-%d %H:%M:%S,000') | \"GET /scm/PRJ/app.git/info/refs?service=git-receive-pack HTTP/1.1\" | \"\" \"git/2.44.0\" | 200 | 0 | 190 | - | 12 | s2 |" >"$log"
scene 'an access log with lines' 0 jdoe </dev/null
updates "$ZERO $two refs/heads/approved"
scene 'no approval' 1 jdoe </dev/null
run "$BUILD/refgate" approve create --repo PRJ/app --ref approved --user jdoe --new "$two" --reason x --config "$CONF"
is "$code" 0 'an approval' || note "$err"
before="rm -f '$BB'/approvals/*.use.*"
scene 'an approval is used' 0 jdoe </dev/null
ok 'and its use is there' test -n "$(find "$BB/approvals" -name '*.use.1')"
before=:
scene 'an approval is used again' 0 jdoe </dev/null
mode=monitor
scene 'monitor mode' 0 rroe </dev/null
mode=enforce
cp "$T/extra" "$T/extra.push"
printf '%s\n' BB_IS_DRY_RUN=true "BB_FROM_HASH=$three" BB_TO_REF=refs/heads/main "BB_TO_HASH=$two" \
    BB_HOOK_TRIGGER_ID=pull-request-merge >>"$T/extra"
: >"$T/stdin"
scene 'a dry run' 0 jdoe </dev/null
mv "$T/extra.push" "$T/extra"
updates "$ZERO $two refs/heads/new"
echo 'for a test' >"$BB/refgate.disabled"
scene 'the kill switch' 0 jdoe </dev/null
rm "$BB/refgate.disabled"
native=--native
scene 'started by git itself' 0 jdoe </dev/null
native=
after="rm -f '$BB/audit/log'"
eval "$after"
scene 'the first line of a log' 0 jdoe </dev/null
after=:
mv "$BB/audit" "$BB/audit.away"
scene 'no directory for the log' 0 jdoe </dev/null
ln -s audit.away "$BB/audit"
scene 'the log behind a symbolic link to its directory' 0 jdoe </dev/null
ok 'which is written' test -s "$BB/audit.away/log"
rm "$BB/audit"
mv "$BB/audit.away" "$BB/audit"
mv "$BB/approvals" "$BB/approvals.away"
updates "$ZERO $two refs/heads/approved"
scene 'no directory of approvals' 2 jdoe </dev/null
mv "$BB/approvals.away" "$BB/approvals"
updates "$ZERO $two refs/heads/new"
# So full that a part of a line goes to the disk, and is taken back.
before="head -c 8100 /dev/zero | tr '\\0' '\\n' >'$BB/audit/log'"
limits='ulimit -f 16;'
# shellcheck disable=SC2016
after='grown=$(wc -c <"$BB/audit/log")'
scene 'no room for the whole line' 0 jdoe </dev/null
is "$grown" 8100 'what was written of it is taken back'
before=: after=: limits=
rm "$BB/audit/log"
: >"$BB/audit/log"
(exec 9<>"$BB/audit/log" && flock 9 && exec sleep 30) &
holder=$!
sleep 0.2
scene 'the log is locked by somebody else' 0 jdoe <<'END'
[limits]
deadline = 1s
END
kill $holder
wait $holder 2>/dev/null
# Held up at a FIFO in the repository (tests/push/trouble.t): a disk error, no time left.
mv "$storage/config" "$storage/config.away"
mkfifo "$storage/config"
# What libgit2 was doing then is never freed.
limits='export ASAN_OPTIONS=detect_leaks=0:exitcode=99;'
updates "$one $two refs/heads/main"
# shellcheck disable=SC2016
before='(sleep 0.7; kill -BUS "$(cat "$T/pid")"; exec 3<>"$storage/config"; sleep 0.3) & feeder=$!'
# shellcheck disable=SC2016
after='wait "$feeder"'
lines=$(wc -l <"$BB/audit/log")
scene 'a disk error: SIGBUS' 2 jdoe </dev/null
is "$(tail -n "+$((lines + 1))" "$BB/audit/log" | jq .exit | tr '\n' ' ')" '2 2 ' 'a disk error: recorded, both times'
# shellcheck disable=SC2016
before='(sleep 0.7; kill -TERM "$(cat "$T/pid")"; exec 3<>"$storage/config"; sleep 0.3) & feeder=$!'
scene 'interrupted: SIGTERM' 2 jdoe </dev/null
# The watchdog goes through the same handler; its timer is set before.
# shellcheck disable=SC2016
before='(sleep 0.7; kill -ALRM "$(cat "$T/pid")"; exec 3<>"$storage/config"; sleep 0.3) & feeder=$!'
scene 'no time left: SIGALRM' 2 jdoe </dev/null
before=: after=: limits=
rm "$storage/config"
mv "$storage/config.away" "$storage/config"
lacks "$(heard 30)" 'sandbox' 'nothing of the sandbox in the system log: it is in force'
kill "$listener"
rm "$BB/syslog"
listen stream
updates "$ZERO $two refs/heads/new"
scene 'a syslog that is a stream' 0 jdoe </dev/null
contains "$(heard 2)" 'verdict=accept' 'and has heard of it'

# -------------------------------------------------------------- real pushes, from their quarantine
config try </dev/null
[ -z "$strace" ] || launcher push-1
git -C "$c" checkout -q "$two"
commit "$c" four >/dev/null
pushes 'a real push' lead "$c" origin HEAD:refs/heads/main
git -C "$c" checkout -q "$one"
commit "$c" five >/dev/null
[ -z "$strace" ] || launcher push-2
refuses 'a real rewrite' 1 lead "$c" -f origin HEAD:refs/heads/main

# -------------------------------------------------------------- [sandbox] use
launcher ''
hook() { # DESCRIPTION CODE
    LAUNCH_EXTRA=$T/extra hook_as jdoe push PRJ/app <"$T/stdin"
    is "$code" "$2" "$1" || note "$out$err"
}
config require </dev/null
if [ -n "$full" ]; then hook 'require: it can be had' 0; else hook 'require: it cannot be had' 2; fi
if [ -z "$strace" ]; then
    skip 'a kernel without' 'no strace here, or a sanitizer'
    skip 'the list of system calls' 'no strace here, or a sanitizer'
    done_testing
fi
why='refgate could not restrict itself as its configuration requires'
lacking() { # CALL ERROR SILENT DESCRIPTION
    : >"$T/heard"
    launcher lacking -e "inject=$1:error=$2"
    config try </dev/null
    hook "try: $4" 0
    if [ "$3" = silent ]; then
        lacks "$(heard 1)" trouble= "try: $4: silence"
    else
        contains "$(heard 1)" 'trouble="sandbox: ' "try: $4: the system log has it"
    fi
    config require </dev/null
    hook "semantics 8: require: $4" 2
    contains "$err" "$why" "require: $4: says so"
    lacks "$err" "$BB" 'without a path of the server'
    contains "$(heard 2 | tail -n 1)" 'trouble="sandbox: ' "require: $4: the system log says why"
}
lacking landlock_create_ruleset ENOSYS silent 'a kernel without Landlock'
is "$(tail -n 1 "$BB/audit/log" | jq .exit)" 2 'recorded'
lacking seccomp EPERM silent 'a container that keeps it away'
lacking landlock_restrict_self ENOMEM heard 'Landlock fails'
lacking seccomp ENOMEM heard 'seccomp fails'
if [ -n "${LONG:-}" ]; then
    lacking landlock_create_ruleset EOPNOTSUPP silent 'Landlock is switched off'
    lacking seccomp ENOSYS silent 'a kernel without seccomp'
    lacking landlock_add_rule EINVAL heard 'a rule of Landlock fails'
    lacking prctl EINVAL heard 'no_new_privs fails'
fi
launcher lacking -e inject=seccomp:error=ENOSYS
mode=monitor
config require </dev/null
hook 'require, in monitor mode: accepts' 0
mode=enforce
config require </dev/null
echo 'for a test' >"$BB/refgate.disabled"
hook 'require, with the kill switch: accepts' 0
rm "$BB/refgate.disabled"
rm -f "$T/traces/lacking"

# -------------------------------------------------------------- what it asks of the kernel
# The same calls as in the list, both ways; "?" marks those that depend on the machine.
[ -n "$full" ] || {
    skip 'the list of system calls' "the sandbox is not whole here: $offer"
    done_testing
}
# What comes after the hook's own execve. Before and after the sandbox is closed.
for trace in "$T"/traces/*; do
    sed -e '/^execve(.*refgate-hook/,$!d' -e '/^execve(/d' "$trace" >"$T/trace.new"
    mv "$T/trace.new" "$trace"
done
cat >"$T/calls.awk" <<'AWK'
FNR == 1 { n = 0; inside = 0 }
/^[a-z_0-9]+\(/ {
    name = $0
    sub(/\(.*/, "", name)
    kept[FILENAME, ++n] = (inside ? "inside " : "before ") name
    count[FILENAME] = n
    if (inside && /= -1 E(PERM|NOSYS) / && !/^(landlock|seccomp)/) print "refused " name
    if (name == "seccomp" && /= 0$/) inside = 1
}
END {
    for (f in count) for (i = 1; i <= count[f]; i++) seen[kept[f, i]] = 1
    for (k in seen) print k
}
AWK
awk -f "$T/calls.awk" "$T"/traces/* | sort >"$T/calls"
grep -v '^#' tests/push/sandbox.calls | sed 's/ *#.*//' | sort >"$T/list"
sed -n 's/?$//p' "$T/list" >"$T/perhaps"
sed 's/?$//' "$T/list" | sort >"$T/known"
is "$(comm -23 "$T/calls" "$T/known")" '' 'no call that is not in tests/push/sandbox.calls'
is "$(comm -13 "$T/calls" "$T/known" | grep -vxF -f "$T/perhaps")" '' 'and none in there that is not made'
"$probe" --list | sed 's/^/inside /' | sort >"$T/filter"
is "$(grep '^inside' "$T/calls" | comm -23 - "$T/filter")" '' 'all of them are in the filter'

# Paths: what is opened, by whom it is.
sed -n -e 's/AT_FDCWD<[^>]*>/AT_FDCWD/' -e "s|$BB/refgate.conf|CONFIGURATION|; s|$BB/snapshot.cdb|SNAPSHOT|; s|$storage|REPOSITORY|g" \
    -e "s|$BB/audit\\(.away\\)*|AUDIT|; s|$BB/approvals|APPROVALS|; s|$log|ACCESS-LOG|" \
    -e 's|REPOSITORY/[^"]*|REPOSITORY/...|; s|/usr/share/zoneinfo/[^"]*|ZONE|' \
    -e 's|APPROVALS/[0-9A-Z]\{26\}\.|APPROVALS/ID.|; s|\(APPROVALS>, "[.a-z-]*\)[0-9A-Z]\{26\}|\1ID|' \
    -e "s|$BB/log/|DIRECTORY-OF-THE-ACCESS-LOG|; s|$BB/refgate.disabled|KILL-SWITCH|" \
    -e 's/^openat(\(AT_FDCWD\|[0-9]*\)\(<[^>]*>\)\{0,1\}, "\([^"]*\)", \([A-Z_|]*\).*/\4 \2 \3/p' \
    "$T"/traces/* |
    awk '{ how = $1 ~ /O_PATH/ ? "path" : $1 ~ /O_WRONLY|O_RDWR|O_CREAT|O_TRUNC/ ? "write" : "read"
        $1 = how; gsub(/  +/, " "); print }' | sort -u >"$T/paths"
same_file "$T/paths" tests/push/sandbox.paths 'what it opens'
is "$(sed -n 's/^socket(\(AF_[A-Z0-9]*\).*/\1/p' "$T"/traces/* | sort -u)" AF_UNIX 'no socket but local ones'
is "$(sed -n 's/^connect(.*sun_path="\([^"]*\)".*/\1/p' "$T"/traces/* | sort -u)" "$BB/syslog" \
    'and none to anywhere but the system log'
is "$(sed -n "s/^write([0-9]*<\([^>]*\)>.*/\1/p" "$T"/traces/* | sed -e "s|$BB/audit.*/log|AUDIT-LOG|" \
    -e "s|$BB/approvals/.*|APPROVALS|" -e 's/^pipe:.*/PIPE/' -e "s|$T/.err|STDERR|" | sort -u | tr '\n' ' ')" \
    'APPROVALS AUDIT-LOG PIPE STDERR ' 'it writes nowhere else'
done_testing
