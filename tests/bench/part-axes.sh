# part-axes.sh - cost against size, for each thing that can be large; a plot of each
# shellcheck shell=sh
#
# Each axis: cases called SERIES|X, all in one run with the floor; axis_cases makes points of them.
snapshot_tiny
axis_runs=$((runs / 3))
axis_measure() { # NAME, cases as stdin
    say "bench: axis $1"
    cases "$1"
    measure "$1" "$axis_runs"
    axis_cases "$1"
}
committers() {
    rules
    printf '[rule "committers"]\naction = reject\nrefs = **\ncommitter = pusher\n'
}
# Project, repository, user: three words.
# shellcheck disable=SC2086
pushed() { hook_case "$1" "$2" "$3" 0 ${4:-$push}; }

# ------------------------------------------------------------------ the instance
if [ -n "$quick" ]; then sizes='100 1000'; else sizes='100 1000 10000'; fi
axis instance 'size of the instance' 'repositories in the snapshot' 1.25
repository history-1000 1000
scene small history-1000
rules | config size-10 "$data/tiny.cdb"
for size in $sizes; do
    snapshot_of "$size" "instance-$size"
    rules | config "size-$size" "$data/instance-$size.cdb"
done
snapshot_large
if [ -n "$quick" ]; then size=5000; else size=52000; fi
rules | config "size-$size" "$data/$large.cdb"
for size in 10 $sizes $size; do
    pushed "typical push|$size" "size-$size" small/create
done | axis_measure instance

# ------------------------------------------------------------------ the repository: its commits
if [ -n "$quick" ]; then sizes='1000 50000'; else sizes='1000 100000 1000000'; fi
axis commits 'commits of the repository' 'commits of the repository' 2.3
for size in $sizes; do
    repository "history-$size" "$size"
    repository "history-$size-plain" "$size" --no-commit-graph --objects-of "$data/history-$size.git"
    scene "commits-$size" "history-$size"
    pushed "fast-forward checked|$size" size-10 "commits-$size/forward"
    scene "plain-$size" "history-$size-plain"
    pushed "without a commit-graph|$size" size-10 "plain-$size/forward"
done >"$tmp/commits.list"
axis_measure commits <"$tmp/commits.list"

# ------------------------------------------------------------------ the repository: its refs
if [ -n "$quick" ]; then size=50000; else size=100000; fi
axis refs 'refs of the repository' 'refs of the repository'
committers | config committers "$data/tiny.cdb"
repository "history-$size" "$size"
for refs in 1 100 10000 50000; do
    name=refs-$size-$refs
    repository "$name" "$size" --refs $((refs - 1)) --objects-of "$data/history-$size.git"
    scene "refs-$refs" "$name"
    pushed "fast-forward checked|$refs" size-10 "refs-$refs/forward"
    pushed "committers checked|$refs" committers "refs-$refs/forward"
    # A client may send what the repository holds: whether it is new, only the refs can tell.
    for again in "$tip" "$tip~1" "$tip~2"; do
        git -C "$history" cat-file commit "$again" | GIT_OBJECT_DIRECTORY=$quarantine \
            git -C "$history" hash-object -t commit -w --stdin >/dev/null
    done
    cp -r "$quarantine" "$tmp/refs-$refs/again"
    quarantine=$tmp/refs-$refs/again
    pushed "commits sent again, committers|$refs" committers "refs-$refs/create"
done >"$tmp/refs.list"
axis_measure refs <"$tmp/refs.list"

# ------------------------------------------------------------------ the push: its refs, its commits
if [ -n "$quick" ]; then sizes='1 10 100 1000 10000'; else sizes='1 10 100 1000 10000 100000'; fi
axis push-refs 'refs in a push' 'refs in the push'
scene small history-1000
{
    printf '[limits]\nrefs = 200000\n'
    rules
} | config wide "$data/tiny.cdb"
for size in $sizes; do
    wide "wide-$size" "$size"
    pushed "20 rules, 20 restrictions|$size" wide "wide-$size"
done >"$tmp/push-refs.list"
axis_measure push-refs <"$tmp/push-refs.list"

if [ -n "$quick" ]; then sizes='3 100 1000'; else sizes='3 100 1000 10000'; fi
axis push-commits 'new commits in a push' 'new commits in the push'
repository_large
for size in $sizes; do
    history=$data/history-$commits.git
    deep "deep-$size" "$size"
    pushed "fast-forward checked|$size" size-10 "deep-$size/deep-$size"
    pushed "committers checked|$size" committers "deep-$size/deep-$size"
done >"$tmp/push-commits.list"
axis_measure push-commits <"$tmp/push-commits.list"

# ------------------------------------------------------------------ the policy
if [ -n "$quick" ]; then sizes='0 200 2000'; else sizes='0 20 200 2000'; fi
axis restrictions 'restrictions on the repository' 'restrictions on the repository'
scene small history-1000
for size in $sizes; do
    snapshot "restrictions-$size" --preset tiny --heavy-groups 10 --heavy-restrictions "$size"
    rules | config "restrictions-$size" "$data/restrictions-$size.cdb"
    pushed "typical push|$size" "restrictions-$size" small/create "$heavy_push"
done >"$tmp/restrictions.list"
axis_measure restrictions <"$tmp/restrictions.list"

if [ -n "$quick" ]; then sizes='0 50 500'; else sizes='0 5 50 500'; fi
axis groups 'groups of the user' 'groups of the user'
for size in $sizes; do
    snapshot "groups-$size" --preset tiny --heavy-groups "$size" --heavy-restrictions 20
    {
        rules
        printf '[rule "group"]\naction = reject\nrefs = **\ngroups = bench-exempt\n'
    } | config "groups-$size" "$data/groups-$size.cdb"
    pushed "a rule asks for a group|$size" "groups-$size" small/create "$heavy_push"
done >"$tmp/groups.list"
axis_measure groups <"$tmp/groups.list"

axis rules 'rules of the configuration' 'rules in the configuration'
for size in 0 20 100 200; do
    other_rules 0 "$size" | config "rules-$size" "$data/tiny.cdb"
    pushed "typical push|$size" "rules-$size" small/create
done >"$tmp/rules.list"
axis_measure rules <"$tmp/rules.list"
