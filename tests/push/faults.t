#!/bin/sh
# semantics 8: the hook as it is shipped, on a machine that is in trouble: closed and slow descriptors,
# readers that hang up, signals, limits of the process, a full disk, one that is read-only, system calls
# that fail. tests/faults/hook.t does the same from within, call by call.
#
# LONG=1: more limits, and each of the system calls.
. tests/lib/tap.sh
. tests/lib/push.sh
test_start
server_start
server_repository PRJ/app 84
client_clone "$T/c" PRJ/app
server_config <<'END'
@common
END
new=$(commit "$T/c" one)
pushes 'all is well' lead "$T/c" origin HEAD:refs/heads/main
good="$ZERO $new refs/heads/topic"
bad="$new $ZERO refs/heads/main"
echo "$good" >"$T/good"
echo "$bad" >"$T/bad"

# The hook itself, without a shell around it: what is set for it holds for it alone.
cat >"$T/hook" <<END
#!/bin/sh
exec env -i ASAN_OPTIONS="\$ASAN_OPTIONS" LSAN_OPTIONS="\$LSAN_OPTIONS" UBSAN_OPTIONS="\$UBSAN_OPTIONS" \
    BB_HOOK_TRIGGER_ID=push BB_HOOK_TYPE=PRE BB_IS_DRY_RUN=false \
    BB_BASE_URL=https://bitbucket.example.com BB_PROJECT_KEY=PRJ BB_REPO_SLUG=app \
    BB_USER_NAME=jdoe BB_USER_DISPLAY_NAME='Jane Doe' BB_USER_EMAIL=jane.doe@example.com \
    BB_USER_PERMISSION=REPO_WRITE GIT_OBJECT_DIRECTORY=$(server_storage PRJ/app)/objects \
    \${WITH:-} "$BUILD/refgate-hook" --config "$CONF"
END
chmod +x "$T/hook"
hook() { run "$T/hook"; }
verify() { # DESCRIPTION
    ok "$1: the audit log is whole" "$BUILD/refgate" audit verify "$BB/audit.log"
}
configure() { # LINES of [audit]
    server_config <<END
[limits]
deadline = ${deadline:-60s}
@common
$*
END
}
configure

# -------------------------------------------------------------- standard input, output and error
slowly() { # SECONDS: a byte at a time
    perl -e '$| = 1; while (read STDIN, $c, 1) { print $c; select undef, undef, undef, $ARGV[0] }' "$1"
}
for push in good:0 bad:1; do
    file=${push%:*} want=${push#*:}
    mkfifo "$T/slow.$file"
    slowly 0.001 <"$T/$file" >"$T/slow.$file" &
    hook <"$T/slow.$file"
    is "$code" "$want" "stdin arrives a byte at a time: $file"
    code=0
    "$T/hook" <"$T/$file" >&- 2>"$T/.err" || code=$?
    is "$code" "$want" "stdout is closed: $file"
    code=0
    "$T/hook" <"$T/$file" 2>&- >"$T/.out" || code=$?
    is "$code" "$want" "stderr is closed: $file"
    code=0
    "$T/hook" <"$T/$file" >&- 2>&- || code=$?
    is "$code" "$want" "both are closed: $file"
    code=0
    "$T/hook" <"$T/$file" >/dev/full 2>/dev/full || code=$?
    is "$code" "$want" "both are full: $file"
    {
        told=0
        "$T/hook" <"$T/$file" || told=$?
        echo "$told" >"$T/hung-up"
    } 2>&1 | :
    is "$(cat "$T/hung-up")" "$want" "nobody reads what the hook says, SIGPIPE: $file"
done
wait
lacks "$(cat "$BB/audit.log")" 'refgate: push rejected' 'a closed descriptor: no message is in the audit log'
code=0
"$T/hook" <&- >&- 2>&- || code=$?
is "$code" 2 'all three are closed'
verify 'closed descriptors'
is "$(audit_count)" $((1 + 6 * 2 + 1)) 'each of these pushes has its record'
yes "$good" | (
    endless_code=0
    "$T/hook" >/dev/null 2>&1 || endless_code=$?
    echo "$endless_code" >"$T/endless"
)
is "$(cat "$T/endless")" 2 'stdin never ends, and is not silent either'
deadline=1s
configure
mkfifo "$T/trickle"
(while echo "$good"; do sleep 0.1; done) >"$T/trickle" 2>/dev/null &
trickle=$!
hook <"$T/trickle"
kill $trickle 2>/dev/null
is "$code" 2 'stdin never ends, and is slow: the deadline'
contains "$err" 'did not arrive in time' 'and the pusher reads why'
deadline=
configure

# -------------------------------------------------------------- signals
# Stopping and going on makes system calls return EINTR; the rest would end a process that does not
# mind them. TERM and ALRM are for ending it.
mkfifo "$T/held"
"$T/hook" <"$T/held" >/dev/null 2>"$T/.err" &
pid=$!
exec 7>"$T/held"
# Until it has blocked them.
waited=0
until [ $waited = 600 ] || grep -q '^SigBlk:.*[1-9a-f]' "/proc/$pid/status" 2>/dev/null; do
    sleep 0.05
    waited=$((waited + 1))
done
for i in 1 2 3 4 5 6 7 8 9 10; do
    for signal in STOP CONT USR1 USR2 HUP INT QUIT PIPE WINCH CHLD XFSZ XCPU CONT; do
        kill -s $signal $pid
    done
done
[ "$i" = 10 ] && cat "$T/good" >&7
exec 7>&-
code=0
wait $pid || code=$?
is "$code" 0 'a storm of signals changes nothing'
verify 'signals'

# -------------------------------------------------------------- limits of the process
# WITH: between the environment and the hook. A limit under which not even --version runs is the
# kernel's or libc's to enforce.
limited() { # OPTION VALUE
    WITH="prlimit --$1=$2"
    export WITH
    # shellcheck disable=SC2086
    if ! $WITH "$BUILD/refgate-hook" --version >/dev/null 2>&1; then
        WITH=
        return 1
    fi
    for limited_push in good bad; do
        hook <"$T/$limited_push"
        case $limited_push:$code in
        good:0 | good:2 | bad:1 | bad:2) limited_good=$((limited_good + 1)) ;;
        *) limited_wrong="$limited_wrong $limited_push with $1=$2: $code" ;;
        esac
        contains_crash=$(grep -c 'refgate itself failed' "$T/.err")
        # Out of stack: the handler has one of its own, and says so.
        [ "$contains_crash" = 0 ] || [ "$1" = stack ] || limited_wrong="$limited_wrong $limited_push with $1=$2: crash"
    done
    WITH=
}
limits() { # OPTION VALUE…
    limits_option=$1
    shift
    limited_good=0 limited_wrong=''
    for limits_value; do limited "$limits_option" "$limits_value"; done
    is "$limited_wrong" '' "rlimit $limits_option: a documented code, and nothing is let through ($limited_good runs)"
    verify "rlimit $limits_option"
}
if ! command -v prlimit >/dev/null; then
    skip 'limits of the process' 'prlimit is not installed'
else
    steps() { # FIRST STEP-OF-THE-SHORT-FORM STEP LAST
        if [ -n "${LONG:-}" ]; then seq "$1" "$3" "$4"; else seq "$1" "$2" "$4"; fi
    }
    # shellcheck disable=SC2046 # words
    {
        limits nofile $(steps 3 5 1 20)
        case $VARIANT in
        asan | cov) skip 'limits of memory' 'sanitizers need more' ;;
        *)
            limits as $(steps 1000000 2000000 50000 9000000)
            limits data $(steps 0 900000 25000 3000000)
            limits stack $(steps 16384 100000 8192 262144)
            ;;
        esac
        size=$(wc -c <"$BB/audit.log")
        limits fsize 0 1 100 "$size" $((size + 1)) $((size + 600)) $((size + 900)) $((size + 100000))
        limits cpu 1
        limits nproc 0 1
    }
fi
hook <"$T/good"
is "$code" 0 'without limits all is well again'

# What could be written in part only was taken back; with `required` the push is refused.
configure 'required = yes'
size=$(wc -c <"$BB/audit.log")
WITH="prlimit --fsize=$((size + 20))"
export WITH
command -v prlimit >/dev/null && {
    hook <"$T/good"
    is "$code" 2 '[audit] required: the file may not grow: refused, as trouble'
    is "$(wc -c <"$BB/audit.log")" "$size" 'and no part of a line is left'
}
WITH=
configure
verify 'a file that may not grow'

# -------------------------------------------------------------- disks
# In a mount namespace of its own: everything about this disk happens in there.
cat >"$T/disk" <<END
#!/bin/sh
cd "$T" || exit 99
mount -t tmpfs -o size=64k,mode=755 tmpfs "$BB/disk" || exit 77
mkdir "$BB/disk/approvals"
attempt() { # NAME FILE: the code, what was said, and what verify says
    code=0
    "$T/hook" <"\$2" >/dev/null 2>"$T/disk.err" || code=\$?
    verified=0
    [ ! -e "$BB/disk/audit.log" ] || "$BUILD/refgate" audit verify "$BB/disk/audit.log" >/dev/null 2>&1 || verified=\$?
    echo "\$1 \$code \$verified"
}
attempt fresh "$T/good"
cp "$T/one.approval" "$BB/disk/approvals/\$(cat "$T/one.id").approval" 2>/dev/null
dd if=/dev/zero of="$BB/disk/filler" bs=1024 2>/dev/null
for i in 1 2 3 4 5 6 7 8 9; do attempt filling "$T/good"; done | tail -n 1 | sed s/filling/full/
attempt full-bad "$T/bad"
attempt full-approval "$T/approval"
ls "$BB/disk/approvals" | grep -c -v 'approval\$'
rm "$BB/disk/filler"
attempt freed "$T/good"
attempt freed-approval "$T/approval"
mount -o remount,ro "$BB/disk"
attempt read-only "$T/good"
attempt read-only-bad "$T/bad"
attempt read-only-approval "$T/other-approval"
mount -o remount,rw "$BB/disk"
attempt writable "$T/good"
wc -l <"$BB/disk/audit.log"
END
chmod +x "$T/disk"
mkdir "$BB/disk"
disks() { # LINES of [audit]
    sed "s|^file = .*audit.log|file = $BB/disk/audit.log|" "$CONF" >"$T/conf"
    cat "$T/conf" - >"$CONF" <<END
$1
[approvals]
directory = $BB/disk/approvals
[rule "approved"]
action = require-approval
refs = approved*
END
    run unshare -m "$T/disk"
    configure
}
mkdir "$T/store"
printf '[approvals]\ndirectory = %s\n' "$T/store" >"$T/store.conf"
run "$BUILD/refgate" approve create --repo PRJ/app --ref 'approved*' --user jdoe --uses 3 --reason CHG-1 \
    --config "$T/store.conf"
printf '%s\n' "$out" | head -n 1 >"$T/one.id"
cp "$T/store/$(cat "$T/one.id").approval" "$T/one.approval"
echo "$ZERO $new refs/heads/approved" >"$T/approval"
echo "$ZERO $new refs/heads/approved-too" >"$T/other-approval"
if ! unshare -m mount -t tmpfs -o size=64k tmpfs "$BB/disk" 2>/dev/null; then
    skip 'a full disk, and one that is read-only' 'no mount namespace here (unshare -m)'
else
    disks ''
    is "$out" 'fresh 0 0
full 0 0
full-bad 1 0
full-approval 2 0
0
freed 0 0
freed-approval 0 0
read-only 0 0
read-only-bad 1 0
read-only-approval 2 0
writable 0 0
'"$(printf '%s\n' "$out" | tail -n 1)" 'a disk that is full, and then read-only: judged all the same, the audit log is whole' ||
        note "$err"
    disks 'required = yes'
    is "$out" 'fresh 0 0
full 2 0
full-bad 1 0
full-approval 2 0
0
freed 0 0
freed-approval 0 0
read-only 2 0
read-only-bad 1 0
read-only-approval 2 0
writable 0 0
'"$(printf '%s\n' "$out" | tail -n 1)" '[audit] required: refused while nothing can be written' || note "$err"
fi

# -------------------------------------------------------------- system calls of the real program
calls() { # CALL ERROR FILE: how many runs; the wrong ones are told
    strace -f -o "$T/trace" -e "trace=$1" "$T/hook" <"$T/$3" >/dev/null 2>&1
    last=$(grep -c "^[0-9]* *$1(" "$T/trace")
    n=$(sed -n "s/^[0-9]* *\($1\)(.*/\1/p" "$T/before.$1" | wc -l)
    while [ $((n += step)) -le "$last" ]; do
        code=0
        # The hook is the last of three programs.
        strace -f -o /dev/null -e "trace=$1" -e "inject=$1:error=$2:when=$n" "$T/hook" <"$T/$3" \
            >/dev/null 2>"$T/.err" || code=$?
        tried=$((tried + 1))
        case $3:$2:$code in
        good:EINTR:0 | bad:EINTR:1) [ "$1" != openat ] || continue ;;
        good:EINTR:2 | bad:EINTR:2) [ "$1" = openat ] || wrong="$wrong $1:$n:$2:$3:$code" ;;
        good:*:[02] | bad:*:[12]) ;;
        *) wrong="$wrong $1:$n:$2:$3:$code" ;;
        esac
        grep -q 'refgate itself failed' "$T/.err" && wrong="$wrong $1:$n:$2:$3:crash"
    done
}
if ! strace -o /dev/null true 2>/dev/null; then
    skip 'system calls that fail' 'strace is not there, or may not trace'
elif [ "$VARIANT" != release ]; then
    skip 'system calls that fail' "the hook is not static in the variant $VARIANT"
else
    tried=0 wrong='' step=${LONG:+1}
    step=${step:-6}
    # What the shell, env and the start of libc do is not ours.
    sed "s|\"$BUILD/refgate-hook\" --config.*|\"$BUILD/refgate-hook\" --version|" "$T/hook" >"$T/start"
    chmod +x "$T/start"
    for call in openat read pread64 write lstat newfstatat flock mmap; do
        strace -f -o "$T/before.$call" -e "trace=$call" "$T/start" </dev/null >/dev/null 2>&1 || continue
        for error in EIO ENOMEM EINTR; do
            case $call:$error in
            newfstatat:EINTR | lstat:EINTR | mmap:E[IN]*[OR]) continue ;;
            esac
            calls $call $error good
            [ -z "${LONG:-}" ] || calls $call $error bad
        done
    done
    is "$wrong" '' "system calls of the static hook fail one by one: $tried runs"
    verify 'system calls that fail'
fi

hook <"$T/good"
is "$code" 0 'after all that, all is well'
done_testing
