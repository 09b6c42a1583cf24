#!/bin/sh
# shellcheck disable=SC2317 # functions are called by their names
# semantics 8: what refgate writes, and each system call of it failing in turn (strace's fault injection):
# the file in use is the old one or the new one, whole, and the exit code one that is documented; 0 only
# where the new one is in use.
#
# LONG=1: each call with each error; else some of them.
. tests/lib/tap.sh
test_start
strace -o /dev/null true 2>/dev/null || skip_all 'strace is not there, or may not trace'
[ "$VARIANT" != asan ] || [ -n "${LONG:-}" ] || skip_all 'minutes with a sanitizer: LONG=1'
ASAN_OPTIONS=detect_leaks=0:$ASAN_OPTIONS # it cannot look for leaks while it is traced
conf=$T/refgate.conf
d=$T/d
step=1000000 few=40
[ -z "${LONG:-}" ] || step=1 few=1

# A command is three functions: NAME_before makes $d anew; NAME runs it; NAME_state prints one word for
# what is in use: old, new, or anything else.
count() { # FILE CALL
    grep -c "^[0-9]* *$2(" "$1"
}
inject() { # NAME
    name=$1
    tried=0 wrong=''
    rm -rf "$d" && mkdir "$d"
    "${name}_before"
    is "$("${name}_state")" old "$name: before"
    wrapped="strace -f -o $T/trace"
    "$name" >/dev/null 2>&1 </dev/null
    is "$? $("${name}_state")" '0 new' "$name: without a fault"
    for call in openat read pread64 newfstatat write rename renameat linkat link unlink unlinkat fsync \
        fdatasync ftruncate flock fchmod mkdir mmap; do
        # What the loader does before main() is not ours.
        n=$(count "$T/start" $call)
        case $call in write) n=0 ;; esac
        last=$(count "$T/trace" $call)
        while [ $((n += 1)) -le "$last" ]; do
            for error in EIO ENOSPC ENOMEM EINTR; do
                case $call:$error in
                [!w]*:ENOSPC | mmap:EI* | *stat*:EINTR | rename*:EINTR | link*:EINTR | *sync:EINTR) continue ;;
                esac
                # The short form: those that make the difference, and a few of the others.
                case $call:$error in
                rename*:EIO | link*:EIO | fsync:EIO) pick=$(((n - 1) % few)) ;;
                write:ENOSPC) pick=$(((n - 1) % few)) ;;
                *) pick=$(((n + ${#error}) % step)) ;;
                esac
                [ $pick -ne 0 ] || inject_one $call $error $n
            done
        done
    done
    is "$wrong" '' "$name: each system call fails in turn: $tried runs"
    total=$((total + tried))
}
inject_one() { # CALL ERROR N
    rm -rf "$d" && mkdir "$d"
    "${name}_before"
    wrapped="strace -f -o /dev/null -e trace=$1 -e inject=$1:error=$2:when=$3"
    code=0
    "$name" >"$T/.out" 2>"$T/.err" </dev/null || code=$?
    state=$("${name}_state")
    tried=$((tried + 1))
    case $code:$state in
    0:new | [12]:old | [12]:new) ;;
    *) wrong="$wrong $1:$3:$2:$code:$state" ;;
    esac
    # Nothing is left behind but where it is the removing that fails.
    case $1 in unlink*) return ;; esac
    left=$(find "$d" -name '*tmp*' | head -n 1)
    [ -z "$left" ] || wrong="$wrong $1:$3:$2:left-${left##*/}"
}
refgate() {
    # shellcheck disable=SC2086 # words
    $wrapped "$BUILD/refgate" "$@"
}
total=0
wrapped="strace -f -o $T/start"
refgate --version >/dev/null

# -------------------------------------------------------------- snapshots
"$BUILD/tests/helpers/make_snapshot" --now 2026-11-21T04:00:00Z "$T/old.cdb" >/dev/null || exit 99
"$BUILD/tests/helpers/make_snapshot" --now 2026-11-22T04:00:00Z "$T/new.cdb" >/dev/null || exit 99
snapshot_state() { # FILE OLD
    if cmp -s "$1" "$2"; then
        echo old
    elif "$BUILD/refgate" snapshot verify --file "$1" >/dev/null 2>&1; then
        echo new
    else
        echo damaged
    fi
}
sync_before() { cp "$T/old.cdb" "$d/s.cdb"; }
sync() { refgate sync --replay tests/fixtures/acme --output "$d/s.cdb" --force; }
sync_state() { snapshot_state "$d/s.cdb" "$T/old.cdb"; }
"$BUILD/refgate" sync --help | grep -q -e '--force' ||
    sync() { refgate sync --replay tests/fixtures/acme --output "$d/s.cdb"; }
inject sync

rollback_before() {
    cp "$T/new.cdb" "$d/s.cdb"
    cp "$T/old.cdb" "$d/s.cdb.1"
}
rollback() { refgate snapshot rollback --file "$d/s.cdb"; }
rollback_state() {
    if cmp -s "$d/s.cdb" "$T/new.cdb" && cmp -s "$d/s.cdb.1" "$T/old.cdb"; then
        echo old
    elif cmp -s "$d/s.cdb" "$T/old.cdb"; then
        # The newer one is kept, but perhaps under neither name yet.
        cat "$d"/s.cdb* | wc -c >"$T/size"
        echo new
    else
        snapshot_state "$d/s.cdb" "$T/new.cdb"
    fi
}
inject rollback

# -------------------------------------------------------------- configuration, kill switch
for n in one two; do
    printf '[refgate]\ncontact = %s@example.com\n[snapshot]\nfile = %s\n[audit]\nsyslog = off\n' $n \
        "$T/acme.cdb" >"$T/$n.conf"
done
"$BUILD/refgate" sync --replay tests/fixtures/acme --output "$T/acme.cdb" >/dev/null 2>&1
apply_before() { cp "$T/one.conf" "$d/refgate.conf"; }
apply() { refgate policy apply --yes --config "$d/refgate.conf" "$T/two.conf"; }
apply_state() {
    if cmp -s "$d/refgate.conf" "$T/one.conf"; then
        echo old
    elif cmp -s "$d/refgate.conf" "$T/two.conf"; then
        echo new
    else
        echo damaged
    fi
}
inject apply

disable_before() { cp "$T/one.conf" "$d/refgate.conf"; }
disable() { refgate disable --config "$d/refgate.conf" --reason 'incident 42'; }
disable_state() {
    if [ ! -e "$d/refgate.disabled" ]; then
        echo old
    elif grep -q '^reason: incident 42$' "$d/refgate.disabled" && grep -q '^since: ' "$d/refgate.disabled"; then
        echo new
    else
        echo damaged
    fi
}
inject disable
enable_before() {
    disable_before
    "$BUILD/refgate" disable --config "$d/refgate.conf" --reason 'incident 42' >/dev/null 2>&1
}
enable() { refgate enable --config "$d/refgate.conf"; }
enable_state() {
    case $(disable_state) in old) echo new ;; new) echo old ;; *) echo damaged ;; esac
}
inject enable

# -------------------------------------------------------------- approvals
printf '[approvals]\ndirectory = %s\n' "$d/approvals" >"$conf"
approve_before() { mkdir "$d/approvals"; }
approve() { refgate approve create --repo PRJ/app --ref main --user jdoe --reason CHG-1 --config "$conf"; }
approvals() {
    "$BUILD/refgate" approve list --all --format json --config "$conf" 2>/dev/null |
        jq -r '[.. | .state? | strings] | join(" ")' 2>/dev/null
}
approve_state() {
    case $(find "$d/approvals" -name '*.approval' | wc -l | tr -d ' '):$(approvals) in
    0:) echo old ;;
    1:open) echo new ;;
    *) echo "damaged:$(approvals)" ;;
    esac
}
inject approve
revoke_before() {
    approve_before
    "$BUILD/refgate" approve create --repo PRJ/app --ref main --user jdoe --reason CHG-1 --config "$conf" |
        head -n 1 >"$T/id"
}
revoke() { refgate approve revoke "$(cat "$T/id")" --reason wrong --config "$conf"; }
revoke_state() {
    case $(approvals) in open) echo old ;; revoked) echo new ;; *) echo damaged ;; esac
}
inject revoke

# -------------------------------------------------------------- the audit log
none=$(printf '%064d' 0)
prev=$none
for id in 1 2 3; do
    body="{\"id\":\"$id\",\"time\":\"2026-11-22T04:00:00.000Z\",\"host\":\"bb1\",\"verdict\":\"accept\",\"exit\":0,\"prev\":\"$prev\""
    prev=$(printf '%s' "$body" | sha256sum | cut -d' ' -f1)
    printf '%s,"hash":"%s"}\n' "$body" "$prev"
done >"$T/log"
printf '[audit]\nfile = %s\n' "$d/audit.jsonl" >"$T/audit.conf"
rotate_before() { cp "$T/log" "$d/audit.jsonl"; }
rotate() { refgate audit rotate "$d/audit.jsonl"; }
# Whatever happened: each record is there once, in the log or in the file that was rotated, and verify
# says that the chain is whole.
rotate_state() {
    # shellcheck disable=SC2046 # names without blanks
    set -- $(find "$d" -name 'audit.jsonl*' ! -name '*.gz' ! -name '*.lock' | sort -r)
    records=$(cat "$@" | grep -c '"id":"[123]"')
    "$BUILD/refgate" audit verify --config "$T/audit.conf" >"$T/verified" 2>&1 || [ ! -e "$d/audit.jsonl" ] ||
        records=damaged
    case $records:$#:$(test -e "$d/audit.jsonl" && echo log) in
    3:1:log) echo old ;;
    3:2:log) echo new ;;
    3:1:) echo new ;;
    *) echo "damaged:$records:$#" ;;
    esac
}
inject rotate

# -------------------------------------------------------------- a hook in a repository
mkdir "$T/log.d"
sed "s|^\[audit\]|&\\
file = $T/log.d/audit.jsonl|" "$T/one.conf" >"$T/hook.conf"
native_before() { git init -q --bare "$d/84" && mkdir "$d/84/hooks/pre-receive.d"; }
native() { refgate install native --state "$d/install.json" --hook-config "$T/hook.conf" "$d/84"; }
native_state() {
    # shellcheck disable=SC2046
    set -- $(find "$d/84/hooks/pre-receive.d" -type f)
    case $#:$(cat "$@" /dev/null | grep -c 'refgate-hook.*--native\|--native') in
    0:0) echo old ;;
    1:[1-9]*) if [ -x "$1" ]; then echo new; else echo damaged:mode; fi ;;
    *) echo damaged ;;
    esac
}
inject native

note "$total runs"
done_testing
