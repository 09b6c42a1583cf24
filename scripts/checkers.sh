# checkers.sh - what scripts/lint and scripts/analyze are made of: lists of files, batches of them that
# run side by side, findings as TAP.
# shellcheck shell=sh
#
#   checkers_start [CHECKER...]     at the top of the tree; only these, all without a word
#   wanted CHECKER                  was it asked for?
#   have CHECKER PROGRAM            is it installed? Says so as a skipped test if not; have_libgit2: are
#                                   its headers there?
#   queue CHECKER SIZE [ID] <FILES  batches of SIZE files for run_batches; with ID, a text that stands for
#                                   program and options, files that were found clean before are left out
#   run_batches SCRIPT              SCRIPT --batch FILE for each, one a processor
#   calls ID <FILES                 what gcc_analyze knows of who calls whom, as files for scripts/house
#   conclude CHECKER                the findings of its batches as one test; report does so for a status
#   checkers_end                    the plan; exits
#
# Clean files are remembered in build/lint, by their content and that of all headers: a second run
# looks at what changed only. `make clean` forgets.

# The tree's files: tracked and new ones, not what is ignored; without git all but build/.
files() {
    if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
        git ls-files --cached --others --exclude-standard
    else
        find . -path ./build -prune -o -path ./.git -prune -o -type f -print | sed 's,^\./,,'
    fi | sort -u | while IFS= read -r f; do [ ! -f "$f" ] || printf '%s\n' "$f"; done
}
c_files() { grep -E '^(hook|tests)/.*\.[ch]$' "$tmp/files"; }
hook_files() { grep -E '^hook/.*\.c$' "$tmp/files"; }
# What reads what a pusher chose.
push_files() { grep -E '^hook/push/.*\.c$' "$tmp/files"; }
# What decides: all that the hook itself is made of.
core_files() { grep -E '^hook/((base|model|snapshot|push|policy|record)/.*|refgate-hook[^/]*)\.c$' "$tmp/files"; }
shell_files() {
    # The first line counts, and only text: fixtures may be anything.
    grep -vE '\.(c|h|json|md)$|^tests/(fixtures|fuzz/corpus)/' "$tmp/files" | perl -ne '
        chomp;
        my $begin = "";
        if (!/\.sh$/) {
            open my $file, "<", $_ or next;
            read $file, $begin, 64;
        }
        print "$_\n" if /\.sh$/ || $begin =~ m{\A#! ?/(?:usr/)?bin/(?:env )?(?:ba|da)?sh};'
}

# security.insecureAPI.DeprecatedOrUnsafeBufferHandling wants memcpy_s and its kin, which no libc on Linux
# has. security.insecureAPI.* else: what hook/banned.h has as errors, and more.
# shellcheck disable=SC2034 # for the scripts that source this
clang_checkers="-Xclang -analyzer-checker=core,unix,security,nullability,deadcode
    -Xclang -analyzer-disable-checker=security.insecureAPI.DeprecatedOrUnsafeBufferHandling"
# --analyze is what scan-build runs. A warning is a finding.
clang_analyze() {
    status=0
    while IFS= read -r file; do
        # shellcheck disable=SC2086,SC2090,SC2154 # flags are words
        clang --analyze $c_flags -DREFGATE_ANALYZER "$@" -Xclang -analyzer-output=text "$file" >"$work/out" 2>&1 ||
            status=1
        ! grep -q 'warning: ' "$work/out" || status=1
        grep -v ' warnings\{0,1\} generated\.$' "$work/out"
    done <"$batch-files"
    return $status
}

checkers_start() {
    only=$*
    n=0
    bad=0
    tmp=$(mktemp -d) || exit 2
    trap 'rm -rf "$tmp"' EXIT
    trap 'exit 1' HUP INT TERM
    mkdir "$tmp/batches"
    jobs=$(nproc 2>/dev/null || echo 2)
    files >"$tmp/files"
    : >"$tmp/queue"
    git2=${LIBGIT2_DIR:-$(scripts/build-libgit2 --print-dir)}/include
    # The quotes belong to the value.
    # shellcheck disable=SC2034,SC2089 # for the scripts that source this
    c_flags="-std=c17 -D_GNU_SOURCE -DREFGATE_VERSION=\"0\" -Ihook -isystem $git2 -include hook/banned.h"
    # A change of what may be included changes the meaning of every file.
    shared=$(grep -E '\.h$|^\.clang-' "$tmp/files" | tr '\n' '\0' |
        xargs -0 -r sha256sum | sha256sum | cut -c1-16)
}

wanted() { # checker
    case " $only " in
    '  ' | *" $1 "*) return 0 ;;
    *) return 1 ;;
    esac
}
have() { # checker program
    command -v "$2" >/dev/null && return 0
    n=$((n + 1))
    echo "ok $n - $1 # SKIP $2 is not installed"
    return 1
}
have_libgit2() { # checker
    [ ! -d "$git2" ] || return 0
    n=$((n + 1))
    echo "ok $n - $1 # SKIP no headers of libgit2: scripts/build-libgit2"
    return 1
}
report() { # checker status; the findings are in $tmp/out
    n=$((n + 1))
    if [ "$2" -eq 0 ]; then
        echo "ok $n - $1"
    else
        bad=1
        echo "not ok $n - $1"
        sed 's/^/# /' "$tmp/out"
    fi
}

# Of "HASH  FILE" lines those whose hash is not in the directory, as "KEY FILE".
unknown() { # directory
    while read -r hash file; do
        [ -e "$1/$hash" ] || printf '%s/%s %s\n' "$1" "$hash" "$file"
    done
}
# Where the clean ones of this program with these options are remembered.
known_in() { # checker id
    printf 'build/lint/%s/%s' "$1" "$(printf '%s' "$shared $2" | sha256sum | cut -c1-16)"
}
queue() { # checker size [id]
    cat >"$tmp/all"
    if [ $# -gt 2 ]; then
        known=$(known_in "$1" "$3")
        if [ ! -d "$known" ]; then
            rm -rf "build/lint/$1"
            mkdir -p "$known"
        fi
        tr '\n' '\0' <"$tmp/all" | xargs -0 -r sha256sum | unknown "$known" >"$tmp/new"
    else
        sed 's/^/- /' "$tmp/all" >"$tmp/new"
    fi
    split -a 3 -d -l "$2" "$tmp/new" "$tmp/batches/$1."
    find "$tmp/batches" -name "$1.*" | sort >>"$tmp/queue"
}

# A batch's files are in FILE, one a line behind its key; SCRIPT writes findings to standard output.
run_batches() { # script
    # shellcheck disable=SC2090
    export tmp c_flags
    xargs -r -n 1 -P "$jobs" "$1" --batch <"$tmp/queue"
}
# For SCRIPT --batch FILE: the checker's name (a directory of the batch's own is $work), its files, its
# end.
batch_start() { # file
    batch=$1
    checker=${1##*/}
    checker=${checker%.*}
    work=$batch-work
    mkdir "$work"
    cut -d ' ' -f 2- "$batch" >"$batch-files"
}
batch_end() { # status
    if [ "$1" -ne 0 ]; then
        echo "$1" >"$batch-status"
    else
        cut -d ' ' -f 1 "$batch" | grep -v '^-$' | while IFS= read -r key; do : >>"$key"; done
    fi
    exit 0
}

# ---------------------------------------------------------------- checkers of both scripts
# -O0: what inlining leaves of small structures confuses the analyzer of gcc 12, and frames are at their
# largest. -fcallgraph-info leaves who calls whom, for `stack`.
gcc_analyze() {
    status=0
    while read -r key file; do
        # shellcheck disable=SC2086,SC2090 # flags are words
        if gcc $c_flags $gcc_flags -c -o "$work/x.o" "$file" && mv "$work/x.ci" "$key"; then
            continue
        fi
        status=1
    done <"$batch"
    return $status
}
# What gcc_analyze left of these files.
calls() { # id <FILES
    calls_in=$(known_in gcc-analyzer "$1")
    tr '\n' '\0' | xargs -0 sha256sum | while read -r hash file; do
        [ ! -s "$calls_in/$hash" ] || echo "$calls_in/$hash"
    done
}
# malloc-leak: gcc 12 loses sight of memory that is stored through a pointer which the function was given
# (12 findings in this tree, all of this kind); clang's unix.Malloc (scripts/analyze) and LeakSanitizer (all
# tests) look for leaks. 32 KiB: the hook's stack is a megabyte, and nothing recurses.
gcc_flags="-O0 -fanalyzer -Wno-analyzer-malloc-leak -DREFGATE_ANALYZER -Wframe-larger-than=32768
    -fcallgraph-info=su -Werror"

# ---------------------------------------------------------------- the end
conclude() { # checker; its batches are those of CHECKER and of CHECKER-more
    find "$tmp/batches" -name "$1[.-]*-out" | sort | tr '\n' '\0' | xargs -0 -r cat >"$tmp/out"
    [ -z "$(find "$tmp/batches" -name "$1[.-]*-status")" ]
    report "$1" $?
}

checkers_end() {
    echo "1..$n"
    exit "$bad"
}
