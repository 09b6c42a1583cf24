#!/bin/sh
# The instruction budget: how many instructions a decision takes, counted by valgrind's callgrind, beside
# the committed figure. Unlike a time it is the same each time, so it fails when it grew by more than 5 %.
#
# usage: tests/cli/instructions.t             counts and compares
#        tests/cli/instructions.t --update    counts, and writes tests/bench/instructions.txt anew
#
# A figure belongs to a compiler, its options, the libraries and what valgrind lets the program see of the
# processor (libc chooses its functions by that).
# Where these are others, the count is shown and not judged. The sandbox is off: what it forbids, valgrind
# needs. What a count could depend on besides is the same everywhere: the environment, the length and
# depth of all paths (so everything is in a directory right below /tmp, whatever TMPDIR says), the
# audit log's last line, the age of the snapshot. What remains is chance in the hashes of libjansson, ids
# and times: 0.1 %.
. tests/lib/tap.sh
: "${VARIANT:=release}"
[ "$VARIANT" = release ] || skip_all "figures are of variant release, this is $VARIANT"
command -v valgrind >/dev/null || skip_all 'valgrind is not installed (scripts/install-deps test)'
[ -d /tmp ] && [ -w /tmp ] && [ ! -L /tmp ] || skip_all '/tmp is a link, or cannot be written to'
test_start
figures=$TOP/tests/bench/instructions.txt
percent=5
home=$(mktemp -d /tmp/refgate-count.XXXXXX) || exit 99
at_exit "rm -rf '$home'"
cd "$home" || exit 99

# ------------------------------------------------------------------ a repository, a snapshot, three pushes
# Without its debugging information, which valgrind would read at each start.
strip -g -o refgate-hook "$BUILD/refgate-hook" || exit 99
"$BUILD/tests/helpers/make_snapshot" --preset tiny snapshot.cdb >/dev/null || exit 99
git init --quiet --bare repository.git
tree=$(git -C repository.git hash-object -t tree -w /dev/null)
commit() { # MESSAGE [-p PARENT]
    message=$1
    shift
    git -C repository.git commit-tree -m "$message" "$@" "$tree"
}
first=$(commit first)
second=$(commit second -p "$first")
third=$(commit third -p "$second")
git -C repository.git update-ref refs/heads/main "$first"
zero=0000000000000000000000000000000000000000
echo "$zero $first refs/heads/topic/x" >typical.in
cp typical.in heavy.in
echo "$first $third refs/heads/main" >fast-forward.in

configuration() { # NAME: its rules on stdin
    printf '[snapshot]\nfile = %s\n[audit]\nfile = %s\nsyslog = off\n[sandbox]\nuse = off\n' \
        "$home/snapshot.cdb" "$home/$1.log" >"$1.conf"
    cat >>"$1.conf"
}
rules() { # as tests/bench has them: one asks for history, 19 are about other refs
    printf '[rule "main"]\naction = reject\nrefs = main\nchanges = rewrite, delete\n'
    awk 'BEGIN { for (i = 1; i < 20; i++)
        printf "[rule \"closed-%d\"]\naction = reject\nrefs = closed-%d/*\nexcept-users = lead\n", i, i }'
}
rules | configuration typical
rules | configuration fast-forward
{
    rules
    awk 'BEGIN { for (i = 20; i < 200; i++)
        printf "[rule \"g%d\"]\naction = reject\nrefs = g%d/**\ngroups = heavy-group-%d\n", i, i, i }'
} | configuration heavy

# started NAME SLUG USER [PROGRAM...]: the hook, by that program
started() {
    name=$1 slug=$2 user=$3
    shift 3
    env -i PATH=/usr/bin:/bin HOME="$home" LC_ALL=C GIT_DIR="$home/repository.git" \
        BB_HOOK_TRIGGER_ID=push BB_HOOK_TYPE=PRE BB_IS_DRY_RUN=false \
        BB_BASE_URL=https://bitbucket.example.com BB_PROJECT_KEY=BENCH BB_REPO_SLUG="$slug" \
        BB_USER_NAME="$user" BB_USER_EMAIL="$user@example.com" BB_USER_PERMISSION=REPO_WRITE \
        "$@" "$home/refgate-hook" --config "$home/$name.conf" <"$name.in" >"$name.out" 2>&1
}
# The first push begins the log; the second is counted.
count() { # NAME SLUG USER: $counted
    counted=
    started "$@" && started "$@" valgrind --tool=callgrind --callgrind-out-file=/dev/null || {
        note "$(head -n 20 "$name.out")"
        return 1
    }
    counted=$(sed -n 's/^==[0-9]*== Collected : *\([0-9]*\)$/\1/p' "$name.out")
    [ -n "$counted" ]
}

# ------------------------------------------------------------------ what figures belong to
identity() {
    "$BUILD/refgate-hook" --version |
        sed -n '/^architecture: /p; /^compiler: /p; /^options: /p; /^C library: /p; /^linking: /p; /^libraries: /p'
    echo "valgrind: $(valgrind --version)"
    printf 'processor:'
    for feature in avx2 pclmulqdq sse4_2 bmi1 rdrand f16c; do
        ! grep -qsw "$feature" /proc/cpuinfo || printf ' %s' "$feature"
    done
    echo
}
identity >here
if [ "${1:-}" = --update ]; then
    {
        cat <<'HEAD'
# Instructions of one decision, from the program's first to its last, as tests/cli/instructions.t counts
# them; it also writes this file (--update) and says what may change them. They belong to these:
HEAD
        cat here
        echo
    } >new
else
    grep ': ' "$figures" | grep -v '^#' >there
    differs=$(diff there here | sed -n 's/^< /the figure has /p; s/^> /here it is /p')
fi

# ------------------------------------------------------------------ counting
# judge NAME: $counted against the figure
judge() {
    figure=$(sed -n "s/^$1 \([0-9]*\)$/\1/p" "$figures")
    note "$1: $counted instructions, the figure is ${figure:-not there}"
    if [ -z "$figure" ]; then
        fail "$1: $figures has no figure of it; tests/cli/instructions.t --update writes one"
    elif [ -n "$differs" ]; then
        skip "$1: $counted instructions" 'the figure belongs to another compiler, library or processor'
    else
        ok "$1: no more than $percent % above the figure" \
            test $((counted * 100)) -le $((figure * (100 + percent)))
        [ $((counted * 100)) -ge $((figure * (100 - percent))) ] ||
            note "$1 has become cheaper: tests/cli/instructions.t --update writes the new figure"
    fi
}
each() { # NAME SLUG USER
    if ! count "$@"; then
        fail "$1: could not be counted"
    elif [ -f new ]; then
        echo "$1 $counted" >>new
        pass "$1: $counted instructions"
    else
        judge "$1"
    fi
}
[ -z "${differs:-}" ] || note "$differs"
each typical bench bench-user
each fast-forward bench bench-user
each heavy heavy heavy-user
[ ! -f new ] || [ "$test_failed" -ne 0 ] || cat new >"$figures"
done_testing
