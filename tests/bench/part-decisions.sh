# part-decisions.sh - what one decision costs, against the goals; 500 at once; memory, pages and system calls
# shellcheck shell=sh
snapshot_tiny
snapshot_large
repository_large
scene main "history-$commits"

# ------------------------------------------------------------------ configurations and pushes
rules | config tiny "$data/tiny.cdb"
rules | config large "$data/$large.cdb"
{
    rules
    printf '[sandbox]\nuse = off\n'
} | config bare "$data/$large.cdb"
# What a seccomp filter costs, whatever is in it.
"$CC" -O2 -static -D_GNU_SOURCE -DFILTER -o "$tmp/filter" tests/helpers/floor.c
filter=
if "$tmp/filter"; then filter=1; else left_out 'what a seccomp filter costs: the kernel takes none here'; fi
{
    rules
    i=20
    while [ $i -lt 200 ]; do
        printf '[rule "g%s"]\naction = reject\nrefs = g%s/**\ngroups = heavy-group-%s\n' $i $i $i
        i=$((i + 1))
    done
} | config heavy "$data/$large.cdb"
printf '[rule "hostile"]\naction = reject\nrefs = %s\n' "$(hostile_pattern)" |
    config hostile "$data/tiny.cdb"
hostile_push
printf '[rule "kind"]\naction = reject\nrefs = nothing\n' | config kind "$data/tiny.cdb"
{
    printf '[limits]\nrefs = 200000\n'
    i=0
    while [ $i -lt 50 ]; do
        printf '[rule "p%s"]\naction = reject\nrefs = team-%s/**/release-*/v?.?\n' $i $i
        i=$((i + 1))
    done
} | config many "$data/tiny.cdb"
wide many 100000

# ------------------------------------------------------------------ measuring
say "bench: decisions, $runs runs of each case in turn"
# shellcheck disable=SC2086 # $push: three words
{
    hook_case tiny tiny main/create 0 $push
    hook_case large large main/create 0 $push
    hook_case bare bare main/create 0 $push
    [ -z "$filter" ] || printf 'case filter\narg %s\n\n' "$tmp/filter"
    hook_case forward large main/forward 0 $push
    hook_case rewrite large main/rewrite 1 $push
    hook_case heavy heavy main/create 0 $heavy_push
    hook_case hostile hostile hostile 0 $push
    hook_case kind kind hostile 0 $push
} | cases decisions
measure decisions "$runs"
# shellcheck disable=SC2086
hook_case many many many 0 $push | cases many
measure many $((runs / 30 + 2))
# shellcheck disable=SC2086
hook_case burst large main/create 0 $push >"$tmp/burst.cases"
"$tmp/timeit" --burst 500 "$tmp/burst.cases" >"$tmp/burst.times" ||
    die 'one of 500 pushes at once failed'
[ "$(grep -c . "$tmp/audit.large")" -ge 500 ] || die 'decisions are missing in the audit log'
"$refgate" audit verify "$tmp/audit.large" >/dev/null || die 'the audit chain is broken'

# ------------------------------------------------------------------ results
result decisions.floor 'floor: a static program that does nothing' "$(figure decisions floor wall)" ms 1 - -
noise=$(calc "$(figure decisions floor wall) / $(figure decisions floor least)")
result decisions.noise '  its median against its least: how busy the machine is' "$noise" x - - -
result decisions.tiny 'typical push, snapshot of 10 repositories' "$(figure decisions tiny wall)" ms \
    "$(over decisions tiny)" - -
ratio_goal decisions.typical "typical push, no history needed, snapshot of $title" decisions large 1.25
result decisions.bare '  the same without the sandbox' "$(figure decisions bare wall)" ms \
    "$(over decisions bare)" - -
if [ -n "$filter" ]; then
    result decisions.filter '  for comparison: the floor with a seccomp filter of one instruction' \
        "$(figure decisions filter wall)" ms "$(over decisions filter)" - -
fi
growth=$(over decisions large tiny)
result decisions.growth "growth of it from 10 repositories to $title" "$growth" x - '<= 1.05' \
    "$(judge "$growth" '<=' 1.05)"
ratio_goal decisions.forward "fast-forward checked, repository of $label commits" decisions forward 2.3
ratio_goal decisions.rewrite "rewrite near the tip refused, $label commits" decisions rewrite 2.3
ratio_goal decisions.heavy 'user in 500 groups, 2,000 restrictions, 200 rules' decisions heavy 1.5
# The least of each: it is a small difference of two larger times.
extra=$(calc "$(figure decisions hostile least) - $(figure decisions kind least)")
extra=$(calc "$extra > 0 ? $extra : 0")
result decisions.hostile 'hostile pattern against a hostile ref: what they cost' "$extra" ms \
    "$(calc "$extra / $(figure decisions floor least)")" '< 1 ms' "$(judge "$extra" '<' 1)"
# The least, not the median: a few runs of a longer time, in which others interfere.
rate=$(calc "100000 / ($(figure many many least) - $(figure many floor least)) * 1000")
result decisions.refs '100,000 refs x 50 patterns: ref decisions a second' "$rate" 1/s - '>= 500,000' \
    "$(judge "$rate" '>=' 500000)"
mib=$(calc "$(figure many many peak) / 1024")
result decisions.refs-memory '  peak memory' "$mib" MiB - '<= 64 MiB' "$(judge "$mib" '<=' 64)"
mib=$(calc "$(figure decisions large peak) / 1024")
result decisions.memory 'typical push: peak memory' "$mib" MiB - '<= 8 MiB' "$(judge "$mib" '<=' 8)"
result decisions.cpu '  processor time' "$(figure decisions large cpu)" ms \
    "$(calc "$(figure decisions large cpu) / $(figure decisions floor cpu)")" - -
result decisions.faults '  page faults' "$(figure decisions large faults)" - \
    "$(calc "$(figure decisions large faults) / $(figure decisions floor faults)")" - -
# What the machine could do at most, by the time one of them takes of a processor.
cut -f 3,4 "$tmp/burst.times" >"$tmp/burst"
read -r burst_wall burst_cpu <"$tmp/burst"
rate=$(calc "500 / $burst_wall * 1000")
share=$(calc "100 * $rate / ($(nproc 2>/dev/null || echo 1) * 1000 / $burst_cpu)")
result decisions.burst '500 pushes at once, none failed: pushes a second' "$rate" 1/s - - -
result decisions.burst-share '  of cores / processor time of one' "$share" % - - -

# strace needs ptrace, which a container may forbid.
system_calls() { # CASE
    run_case "$tmp/decisions.cases" "$1" strace -f -c -o "$tmp/strace" || return 1
    awk '$1 ~ /^[0-9.]+$/ && $NF != "total" { calls += $4 } END { print calls + 0 }' "$tmp/strace"
}
if command -v strace >/dev/null && calls=$(system_calls large) && nothing=$(system_calls floor); then
    # env's own are in both.
    result decisions.system-calls '  system calls, besides those of the floor' $((calls - nothing)) - - - -
else
    left_out 'system calls of a decision: strace is not installed, or may not trace here'
fi
