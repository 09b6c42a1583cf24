# common.sh - what the parts of the benchmark share: results, data from seeds, cases, measuring.
# shellcheck shell=sh
#
# Sourced by tests/bench/run, which then sources each part-NAME.sh in a subshell of its own. Known there:
# $top (the tree), $BUILD, $hook, $refgate, $data (build/bench: kept), $tmp (removed), $runs (how often a
# short case is run), $quick (1 or empty), $label and $commits (of the large repository), $large (NAME of
# the large snapshot) and $title (what to call it).
#
# say TEXT…                 progress, on stderr
# die TEXT…                 the part ends: the benchmark goes on with the next, and its exit code is 2
# left_out TEXT…            a line about what this machine lacks; also in results.json
# at_exit COMMAND           run when the part ends, however it does
#
# result KEY WHAT VALUE UNIT RATIO GOAL VERDICT
#                           a line of the table: KEY like decisions.typical, unique; VALUE and RATIO (to the
#                           floor) plain numbers; GOAL a text like '<= 1.25'; VERDICT reached or missed.
#                           What there is not is `-`.
# judge NUMBER OP LIMIT     prints reached or missed; OP: <= < >= >
# ratio_goal KEY WHAT TIMES CASE LIMIT
#                           the result of a case whose goal is to cost at most LIMIT x floor
# axis NAME TITLE X [GOAL]  a plot: cost against X; then its points, of one or more series
# point NAME SERIES X RATIO
#
# config NAME SNAPSHOT      $tmp/NAME.conf: stdin, after what all have in common
# snapshot NAME [OPTION…]   $data/NAME.cdb, by make_snapshot
# repository NAME COMMITS [OPTION…]    $data/NAME.git, by make-history
# scene NAME REPOSITORY     new commits beside $data/REPOSITORY.git: sets $history, $quarantine, $tip (main
#                           of it), $forward and $aside; $tmp/NAME/{create,forward,rewrite} are pushes
# wide NAME REFS            $tmp/NAME: a push that creates so many refs, at $forward
# deep NAME COMMITS         $tmp/NAME/deep-COMMITS: a fast-forward of so many new commits, in a scene
#                           that has this push alone, of the current $history; sets $quarantine, $forward
#
# cases NAME                begins $tmp/NAME.cases with the floor; stdin follows (of hook_case)
# hook_case NAME CONFIGURATION STDIN EXIT KEY SLUG USER [PROGRAM ARGUMENT…]
#                           a case for timeit.c; STDIN below $tmp
# run_case FILE CASE [PROGRAM ARGUMENT…]
#                           runs one case of a file once, with its exit code, under PROGRAM (strace, timeout)
# measure NAME RUNS         runs them, each for at most $most ms: $tmp/NAME.times
# axis_cases NAME           the points of an axis, from $tmp/NAME.times: cases are called `SERIES|X`; and a
#                           result for each series, of its largest X
# figure NAME CASE FIELD    one of them: wall, least, cpu (ms), peak (KiB), faults (pages)
# over NAME CASE [BASE]     median against that of BASE (default: floor)
# calc EXPRESSION           prints what awk makes of it

say() { printf '%s\n' "$*" >&2; }
die() {
    say "bench: $*"
    exit 2
}
left_out() {
    say "bench: left out: $*"
    printf '%s\n' "$*" >>"$tmp/left-out"
}
bench_exit=:
at_exit() { bench_exit="$*; $bench_exit"; }

# ------------------------------------------------------------------ results
result() {
    [ $# -eq 7 ] || die "result: 7 fields, not $#: $*"
    printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$@" >>"$tmp/results"
}
calc() { awk "BEGIN { printf \"%.6g\", ($*) }"; }
judge() { awk "BEGIN { print ($1 $2 $3) ? \"reached\" : \"missed\" }"; }
figure() {
    awk -F '\t' -v name="$2" -v field="$3" '
        BEGIN { column["wall"] = 2; column["least"] = 3; column["cpu"] = 4; column["peak"] = 5
                column["faults"] = 6 }
        $1 == name { print $column[field]; found = 1 }
        END { exit !found }' "$tmp/$1.times" || die "no figure of $2 in $1"
}
over() {
    awk -F '\t' -v name="$2" -v base="${3:-floor}" '
        { ms[$1] = $2 }
        END { if (!ms[name] || !ms[base]) exit 1; printf "%.3f\n", ms[name] / ms[base] }' \
        "$tmp/$1.times" || die "no ratio of $2 to ${3:-floor} in $1"
}
ratio_goal() {
    ratio=$(over "$3" "$4")
    result "$1" "$2" "$(figure "$3" "$4" wall)" ms "$ratio" "<= $5" "$(judge "$ratio" '<=' "$5")"
}
axis() { printf '%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "${4:--}" >>"$tmp/axes"; }
point() { printf '%s\t%s\t%s\t%s\n' "$@" >>"$tmp/points"; }
axis_cases() {
    awk -F '\t' -v OFS='\t' -v axis="$1" '
        $1 == "floor" { floor = $2; next }
        { split($1, at, "|"); print axis, at[1], at[2], sprintf("%.4f", $2 / floor) }' \
        "$tmp/$1.times" >"$tmp/$1.points"
    cat "$tmp/$1.points" >>"$tmp/points"
    title_of=$(awk -F '\t' -v name="$1" '$1 == name { print $3 }' "$tmp/axes")
    awk -F '\t' -v OFS='\t' -v what="$title_of" '
        !($2 in first) { first[$2] = $3; from[$2] = $4; order[++n] = $2 }
        { last[$2] = $3; to[$2] = $4 }
        function commas(n) { while (n ~ /[0-9][0-9][0-9][0-9](,|$)/) sub(/[0-9][0-9][0-9](,|$)/, ",&", n); return n }
        END { for (i = 1; i <= n; i++) {
            s = order[i]
            print "axes." $1 "." i, s ": " commas(first[s]) " to " commas(last[s]) " " what,
                sprintf("%.4f", to[s] / from[s]), "x", to[s], "-", "-"
        } }' "$tmp/$1.points" >>"$tmp/results"
}

# ------------------------------------------------------------------ data
# Made again when the program that makes it has changed, or when it is old: a snapshot's age is judged.
snapshot() {
    name=$1
    shift
    make_snapshot=$BUILD/tests/helpers/make_snapshot
    [ -x "$make_snapshot" ] || die "no $make_snapshot: run make tests first"
    [ -z "$(find "$data" -name "$name.cdb" -newer "$make_snapshot" -mmin -1200)" ] || return 0
    say "bench: making a snapshot, $name"
    "$make_snapshot" "$@" "$data/$name.cdb" >"$tmp/said" || die 'a snapshot cannot be made'
    rm -f "$data/$name.cdb.1"
}
snapshot_tiny() { snapshot tiny --preset tiny; }
snapshot_large() {
    if [ -z "$quick" ]; then
        snapshot "$large" --preset xlarge
    else
        snapshot_of 5000 "$large"
    fi
}
# snapshot_of REPOSITORIES NAME: with as much of all the rest, in proportion, as in the preset xlarge.
snapshot_of() {
    snapshot "$2" --preset xlarge --repositories "$1" --projects $(($1 * 25 / 52 + 1)) \
        --users $(($1 * 25 / 52 + 1)) --groups $(($1 * 5 / 52 + 1)) --grants $(($1 * 1000 / 52)) \
        --restrictions $(($1 * 1000 / 52)) --keys $(($1 * 50 / 52)) --members $(($1 * 250 / 52))
}
repository() {
    name=$1
    commits_of=$2
    shift 2
    [ ! -d "$data/$name.git" ] || return 0
    say "bench: making a repository, $name (once)"
    rm -rf "$data/$name.new"
    "$top/tests/bench/make-history" "$@" "$commits_of" "$data/$name.new" ||
        die "a repository cannot be made"
    mv "$data/$name.new" "$data/$name.git"
}
repository_large() { repository "history-$commits" "$commits"; }

# New commits, in a quarantine of their own, as git leaves them for the hook.
zero=0000000000000000000000000000000000000000
new_commit() { # PARENT MESSAGE
    GIT_OBJECT_DIRECTORY=$quarantine GIT_ALTERNATE_OBJECT_DIRECTORIES=$history/objects \
        git -C "$history" commit-tree -p "$1" -m "$2" "$tree"
}
# shellcheck disable=SC2034 # for the parts
scene() {
    history=$data/$2.git
    quarantine=$tmp/$1/quarantine
    mkdir -p "$quarantine"
    tip=$(git -C "$history" rev-parse main)
    tree=$(git -C "$history" rev-parse 'main^{tree}')
    forward=$(new_commit "$(new_commit "$(new_commit "$tip" 1)" 2)" 3)
    aside=$(new_commit "$(git -C "$history" rev-parse main~3)" aside)
    echo "$tip $forward refs/heads/main" >"$tmp/$1/forward"
    echo "$tip $aside refs/heads/main" >"$tmp/$1/rewrite"
    echo "$zero $forward refs/heads/topic/x" >"$tmp/$1/create"
}
wide() {
    awk -v zero="$zero" -v new="$forward" -v size="$2" 'BEGIN { for (i = 0; i < size; i++)
        print zero, new, "refs/heads/team-" i % 97 "/feature/ISSUE-" i }' >"$tmp/$1"
}
# In one pack, as a push of this size arrives.
deep() {
    mkdir -p "$tmp/$1"
    git init -q --bare "$tmp/$1/git"
    echo "$history/objects" >"$tmp/$1/git/objects/info/alternates"
    tip=$(git -C "$history" rev-parse main)
    awk -v commits="$2" -v tip="$tip" 'BEGIN {
        for (i = 1; i <= commits; i++) {
            printf "commit refs/heads/main\ncommitter Dev <bench-user@example.com> %d +0000\n", 1700000000 + i
            printf "data %d\n%s\n", length(i ""), i
            if (i == 1) printf "from %s\n", tip
            print ""
        }
    }' | git -C "$tmp/$1/git" -c gc.auto=0 -c fastimport.unpackLimit=0 fast-import --quiet ||
        die 'new commits cannot be made'
    forward=$(git -C "$tmp/$1/git" rev-parse main)
    quarantine=$tmp/$1/quarantine
    mv "$tmp/$1/git/objects" "$quarantine"
    rm -rf "$quarantine/info/alternates" "$tmp/$1/git"
    echo "$tip $forward refs/heads/main" >"$tmp/$1/deep-$2"
}

# ------------------------------------------------------------------ configurations
config() {
    printf '[snapshot]\nfile = %s\n[audit]\nfile = %s\nsyslog = off\n' "$2" "$tmp/audit.$1" \
        >"$tmp/$1.conf"
    cat >>"$tmp/$1.conf"
}
# Twenty rules, of which one concerns main and asks for history; the rest other refs.
rules() {
    printf '[rule "main"]\naction = reject\nrefs = main\nchanges = rewrite, delete\n'
    other_rules 1 20
}
other_rules() { # FROM TO
    i=$1
    while [ "$i" -lt "$2" ]; do
        printf '[rule "closed-%s"]\naction = reject\nrefs = closed-%s/*\n' "$i" "$i"
        printf 'except-users = lead\n'
        i=$((i + 1))
    done
}

# Forty times `**/a/` and then `b`, against a ref that nearly matches; the ref as a push in $tmp/hostile.
hostile_pattern() { printf '%040d' 0 | sed 's|0|**/a/|g; s|$|b|'; }
hostile_push() {
    echo "$zero $forward refs/heads/$(printf '%0120d' 0 | sed 's|0|a/|g')c" >"$tmp/hostile"
}

# ------------------------------------------------------------------ cases
# Who pushes where: project, repository, user.
# shellcheck disable=SC2034 # for the parts
push='BENCH bench bench-user' heavy_push='BENCH heavy heavy-user'
hook_case() {
    cat <<CASE
case $1
exit $4
cd $tmp
stdin $tmp/$3
env PATH=/usr/bin:/bin
env HOME=$tmp
env LC_ALL=C
env GIT_QUARANTINE_PATH=$quarantine
env GIT_OBJECT_DIRECTORY=$quarantine
env GIT_ALTERNATE_OBJECT_DIRECTORIES=$history/objects
env BB_HOOK_TRIGGER_ID=push
env BB_HOOK_TYPE=PRE
env BB_IS_DRY_RUN=false
env BB_BASE_URL=https://bitbucket.example.com
env BB_PROJECT_KEY=$5
env BB_REPO_SLUG=$6
env BB_USER_NAME=$7
env BB_USER_DISPLAY_NAME=Some Body
env BB_USER_EMAIL=$7@example.com
env BB_USER_PERMISSION=REPO_WRITE
CASE
    configuration=$2
    shift 7
    if [ $# -eq 0 ]; then
        set -- "$hook" --config "$tmp/$configuration.conf"
    else
        # Peers run git, which Bitbucket's older versions gave a repository as working directory.
        echo "env GIT_DIR=$history"
    fi
    for argument; do echo "arg $argument"; done
    echo
}
cases() {
    printf 'case floor\narg %s\n\n' "$tmp/floor" >"$tmp/$1.cases"
    cat >>"$tmp/$1.cases"
}
run_case() {
    sed -n "/^case $2\$/,/^\$/p" "$1" >"$tmp/one-case"
    shift 2
    input=$(sed -n 's/^stdin //p' "$tmp/one-case")
    set -- "$@" env -i
    while read -r word rest; do
        case $word in env | arg) set -- "$@" "$rest" ;; esac
    done <"$tmp/one-case"
    "$@" <"${input:-/dev/null}" >/dev/null 2>&1
}
measure() {
    "$tmp/timeit" --most "$most" "$2" "$tmp/$1.cases" >"$tmp/$1.times" ||
        die 'a case did not give its expected answer'
}
