# tap.sh - what shell tests are made of: TAP output, checks, a directory of their own.
# shellcheck shell=sh
#
# A test is an executable script tests/*/*.t, run from the top of the tree (make check does that):
#
#     #!/bin/sh
#     . tests/lib/tap.sh
#     test_start
#     run "$BUILD/refgate" policy lint --config missing.conf
#     is "$code" 2 'a missing file could not be linted'
#     contains "$err" 'missing.conf' 'and the message names it'
#     done_testing
#
# test_start                 a fresh directory in $T, removed at the end; HOME is in there too
# run COMMAND...             runs it: $code, $out and $err (texts, trailing newlines cut) hold what
#                            came of it, $T/.out and $T/.err the exact bytes. stdin is passed on.
# ok DESCRIPTION COMMAND...  the command succeeds
# is GOT WANT DESCRIPTION
# like GOT REGEX DESCRIPTION         some line of GOT matches (grep -E)
# unlike GOT REGEX DESCRIPTION
# contains GOT PART DESCRIPTION      a fixed string, may span lines
# lacks GOT PART DESCRIPTION
# same_file GOT WANT DESCRIPTION     shows a diff
# must_fail COMMAND...       true if the command says 1 or 2: another code, a signal or a
#                            sanitizer's report is not a refusal
# pass/fail DESCRIPTION      one point
# skip DESCRIPTION REASON    one point
# skip_all REASON            ends the test (before the first point)
# note TEXT                  a comment in the output
# done_testing               prints the plan; the exit status says whether all is well
# at_exit COMMAND            run before the directory is removed (stop a server)

test_count=0
test_failed=0
test_exit_commands=:

test_start() {
    # Callers other than make check: the default build, seen from the top of the tree.
    : "${BUILD:=$PWD/build/release}" "${TOP:=$PWD}"
    export BUILD TOP
    # A file that a group may write to is not trusted (semantics.md 8).
    umask 022
    T=$(mktemp -d "${TMPDIR:-/tmp}/refgate-test.XXXXXX") || exit 99
    T=$(cd "$T" && pwd -P)
    trap 'test_end' EXIT
    trap 'exit 99' HUP INT PIPE TERM
    mkdir "$T/home"
    # Nothing of the caller's own git, ssh or locale; no prompt; the same ids at each run.
    export HOME="$T/home" XDG_CONFIG_HOME="$T/home/.config" LC_ALL=C TZ=UTC \
        GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL="$T/home/.gitconfig" GIT_TERMINAL_PROMPT=0 \
        GIT_AUTHOR_NAME='Jane Doe' GIT_AUTHOR_EMAIL=jdoe@example.com \
        GIT_COMMITTER_NAME='Jane Doe' GIT_COMMITTER_EMAIL=jdoe@example.com \
        GIT_AUTHOR_DATE='1760000000 +0000' GIT_COMMITTER_DATE='1760000000 +0000'
    # A sanitizer's finding must not look like a verdict (0, 1, 2).
    export ASAN_OPTIONS="exitcode=99:${ASAN_OPTIONS:-detect_leaks=1}"
    export LSAN_OPTIONS="exitcode=98:${LSAN_OPTIONS:-}"
    export UBSAN_OPTIONS="exitcode=99:halt_on_error=1:${UBSAN_OPTIONS:-print_stacktrace=1}"
    cat >"$GIT_CONFIG_GLOBAL" <<'CONFIG'
[init]
    defaultBranch = main
[advice]
    pushUpdateRejected = false
[gc]
    auto = 0
[maintenance]
    auto = false
[protocol]
    version = 2
[commit]
    gpgSign = false
[core]
    fsync = none
[safe]
    directory = *
CONFIG
}

at_exit() { test_exit_commands="$*; $test_exit_commands"; }

test_end() {
    test_status=$?
    trap - EXIT
    eval "$test_exit_commands"
    if [ -n "${KEEP:-}" ]; then
        echo "# kept: $T"
    else
        chmod -R u+rwX "$T" 2>/dev/null
        rm -rf "$T"
    fi
    exit "$test_status"
}

note() { printf '%s\n' "$*" | sed 's/^/# /'; }

pass() {
    test_count=$((test_count + 1))
    echo "ok $test_count - $1"
}
fail() {
    test_count=$((test_count + 1))
    test_failed=$((test_failed + 1))
    echo "not ok $test_count - $1"
}
skip() {
    test_count=$((test_count + 1))
    echo "ok $test_count - $1 # SKIP $2"
}
skip_all() {
    echo "1..0 # SKIP $1"
    exit 0
}
done_testing() {
    echo "1..$test_count"
    [ "$test_failed" -eq 0 ]
    exit
}

# shellcheck disable=SC2034 # out and err are for the test
run() {
    code=0
    "$@" >"$T/.out" 2>"$T/.err" || code=$?
    # A process more only for what says something.
    out='' err=''
    [ ! -s "$T/.out" ] || out=$(tr -d '\000' <"$T/.out")
    [ ! -s "$T/.err" ] || err=$(tr -d '\000' <"$T/.err")
    return 0
}

# The codes of refgate and of a push that was refused; nothing else is a refusal.
must_fail() {
    must_fail_code=0
    "$@" || must_fail_code=$?
    case $must_fail_code in
    1 | 2) return 0 ;;
    0) echo "# must_fail: succeeded: $*" >&2 ;;
    *) echo "# must_fail: exit code $must_fail_code: $*" >&2 ;;
    esac
    return 1
}

ok() {
    ok_description=$1
    shift
    ok_code=0
    "$@" >"$T/.ok" 2>&1 || ok_code=$?
    if [ "$ok_code" -eq 0 ]; then
        pass "$ok_description"
    else
        fail "$ok_description"
        note "exit code $ok_code of: $*"
        sed 's/^/#   /' "$T/.ok"
        return 1
    fi
}

is() {
    if [ "$1" = "$2" ]; then
        pass "$3"
    else
        fail "$3"
        printf '%s\n' "$1" >"$T/.got"
        printf '%s\n' "$2" >"$T/.want"
        diff -u --label want --label got "$T/.want" "$T/.got" | sed 's/^/#   /'
        return 1
    fi
}

test_show() { # DESCRIPTION WHAT PART GOT
    fail "$1"
    note "$2: $3"
    printf '%s\n' "$4" | head -n 60 | sed 's/^/#   /'
    return 1
}
test_matches() { # TEXT REGEX: no pipe, which is a process more
    grep -Eq -e "$2" <<TEXT
$1
TEXT
}
like() {
    if test_matches "$@"; then pass "$3"; else
        test_show "$3" 'no line matches' "$2" "$1"
    fi
}
unlike() {
    if test_matches "$@"; then
        test_show "$3" 'a line matches' "$2" "$1"
    else pass "$3"; fi
}
contains() {
    case $1 in
    *"$2"*) pass "$3" ;;
    *) test_show "$3" 'does not contain' "$2" "$1" ;;
    esac
}
lacks() {
    case $1 in
    *"$2"*) test_show "$3" 'contains' "$2" "$1" ;;
    *) pass "$3" ;;
    esac
}
same_file() {
    if diff -u --label want --label got "$2" "$1" >"$T/.diff" 2>&1; then pass "$3"; else
        fail "$3"
        sed 's/^/#   /' "$T/.diff"
        return 1
    fi
}
