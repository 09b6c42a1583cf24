# part-worst.sh - the worst pushes: each ends with its verdict, in bounded time and memory
# shellcheck shell=sh
snapshot_tiny
repository_large
scene worst "history-$commits"
main=$history
# Against the default [limits], but where the repository is too small for these.
if [ -n "$quick" ]; then
    behind=20000 walked=5000 approvals=2000 repeats=2
    budget='history-commits = 25000'
else
    behind=400000 walked=50000 approvals=10000 repeats=3
    budget=
fi
one=$(printf '%040d' 1)

# worst NAME EXIT STDIN REASON WHAT: a case; its configuration on stdin. REASON: what the record must say
worst() {
    config "worst-$1" "$data/tiny.cdb"
    grep -qxF '[limits]' "$tmp/worst-$1.conf" || limits >>"$tmp/worst-$1.conf"
    # shellcheck disable=SC2154,SC2086 # push: of common.sh, three words
    hook_case "$1" "worst-$1" "$3" "$2" ${pusher:-$push} >>"$tmp/worst/$list"
    printf '%s\t%s\t%s\n' "$1" "$4" "$5" >>"$tmp/worst/$list-names"
}
own_work() {
    printf '[rule "own-work"]\naction = reject\nrefs = mine/**\ncommitter = pusher\n'
    printf '[identity]\nextra-emails = dev@example.com\n'
}
# A machine that is busy with other things besides is not what is measured.
limits() { # LINE…
    printf '[limits]\ndeadline = 100s\n'
    [ $# -eq 0 ] || printf '%s\n' "$@"
}
updates() { # COUNT BEFORE BEHIND: creates that many refs, their number between the two
    awk -v count="$1" -v before="$zero $one refs/heads/$2" -v behind="$3" 'BEGIN {
        for (i = 0; i < count; i++) print before i behind
    }'
}

# ------------------------------------------------------------------ history
list=cases
# Of the commits of make-history, 4 in 5 are on the first parents' line.
old=$(git -C "$main" rev-parse "main~$((behind * 4 / 5))")
unrelated=$(GIT_OBJECT_DIRECTORY=$quarantine GIT_ALTERNATE_OBJECT_DIRECTORIES=$main/objects \
    git -C "$main" commit-tree -m unrelated "$tree")
echo "$old $tip refs/heads/main" >"$tmp/worst/behind"
echo "$unrelated $tip refs/heads/main" >"$tmp/worst/unrelated"
echo "$tip $unrelated refs/heads/main" >"$tmp/worst/replaced"
rules | worst behind 0 worst/behind '"kind":"update"' \
    "old tip $(printf '%s' "$behind" | sed 's/000$/,000/') commits behind: found"
{
    rules
    limits "$budget"
} | worst unrelated 2 worst/unrelated 'limits] history-commits' \
    "unrelated history of $label commits: refused by its budget"
rules | worst replaced 1 worst/replaced '"kind":"rewrite"' \
    "$label commits replaced by an unrelated one: refused"
(
    deep worst/ten 10000
    echo "$zero $forward refs/heads/mine/x" >"$tmp/worst/ten/mine"
    own_work | worst identity 0 worst/ten/mine '"verdict":"accept"' 'whose are 10,000 new commits: accepted'
    {
        own_work
        limits 'history-commits = 9999'
    } | worst identity-budget 2 worst/ten/mine 'limits] history-commits' \
        'one commit more than the budget: refused'
)
# A commit that the repository held before, and no ref reaches: all refs are asked for.
walk() { # NAME PACKED-OR-LOOSE EXIT DATE REASON WHAT
    history=$tmp/worst/$2.git
    quarantine=$history/objects/tmp_objdir-incoming-worst
    again=$(GIT_COMMITTER_DATE=$4 git -C "$history" commit-tree -p "$tip" -m again "$tree")
    folder=$(printf '%s' "$again" | cut -c 1-2)
    mkdir -p "$quarantine/$folder"
    cp "$history/objects/$folder/$(printf '%s' "$again" | cut -c 3-)" "$quarantine/$folder/"
    echo "$zero $again refs/heads/mine/x" >"$tmp/worst/$1"
    {
        own_work
        limits "$budget"
    } | worst "$1" "$3" "worst/$1" "$5" "$6"
}
git -C "$main" rev-list --first-parent --max-count=$((walked * 8)) main |
    awk 'NR % 8 == 1' >"$tmp/worst/reached"
for how in packed loose; do
    git init -q --bare "$tmp/worst/$how.git"
    echo "$main/objects" >"$tmp/worst/$how.git/objects/info/alternates"
done
awk 'BEGIN { print "# pack-refs with: peeled fully-peeled sorted " }
    { printf "%s refs/heads/topic/%06d\n", $1, NR }' "$tmp/worst/reached" >"$tmp/worst/packed.git/packed-refs"
mkdir "$tmp/worst/loose.git/refs/heads/topic"
awk -v directory="$tmp/worst/loose.git/refs/heads/topic" '{
    file = directory "/" NR
    print $1 >file
    close(file)
}' "$tmp/worst/reached"
refs="$(printf '%s' "$walked" | sed 's/000$/,000/') refs"
for how in packed loose; do
    (walk "refs-$how" $how 0 '1800000000 +0000' '"verdict":"accept"' \
        "does one of $refs ($how) reach it: no") || exit
done
# Its date makes the hook look at all that is younger.
(walk refs-backdated packed 2 '1000000000 +0000' 'limits] history-commits' \
    'the same of a commit with a false date: refused by its budget')

# ------------------------------------------------------------------ many refs, rules, patterns
updates 100000 team/ '' >"$tmp/worst/many"
printf '[rule "closed"]\naction = reject\nrefs = **\n' |
    worst refs-refused 1 worst/many '"reject":100000' '100,000 refs, all refused'
awk -v old="$tip" -v new="$forward" 'BEGIN {
    for (i = 0; i < 100000; i++) print old, new, "refs/heads/team/" i
}' >"$tmp/worst/moved"
printf '[rule "kept"]\naction = reject\nchanges = rewrite\n' |
    worst refs-history 0 worst/moved '"accept":100000' '100,000 refs, history asked for each'
updates 100001 team/ '' >"$tmp/worst/too-many"
limits 'refs = 100000' | worst refs-limit 2 worst/too-many '100000 are allowed' \
    'one ref more than [limits] refs: refused'
updates 2000 heavy- /x >"$tmp/worst/heavy"
awk 'BEGIN {
    for (i = 0; i < 200; i++)
        printf "[rule \"g%d\"]\naction = reject\nrefs = g%d/**\ngroups = heavy-group-%d\n", i, i, i
}' | pusher='BENCH heavy heavy-user' worst heavy 0 worst/heavy '"verdict":"accept"' \
    '2,000 refs x 2,000 restrictions, 500 groups, 200 rules'
hostile_rules() { # COUNT
    awk -v count="$1" 'BEGIN {
        for (i = 0; i < 40; i++) pattern = pattern "**/a/"
        for (i = 0; i < count; i++)
            printf "[rule \"h%d\"]\naction = reject\nrefs = %sb%d/**\n", i, pattern, i
    }'
}
updates 100 "$(printf '%0120d' 0 | sed 's|0|a/|g')" /c >"$tmp/worst/hostile"
hostile_rules 200 | worst hostile 0 worst/hostile '"verdict":"accept"' \
    '100 hostile refs x 200 hostile patterns (**/a/ x 40)'

# ------------------------------------------------------------------ large files
list=files
echo "$zero $one refs/heads/topic/x" >"$tmp/worst/create"
: | worst small 0 worst/create '"verdict":"accept"' 'to compare with: one ref, no rules'
list=cases
# 4 MiB, less what all configurations have in common.
awk 'BEGIN {
    for (i = 0; size < 4194304 - 1024; i++) {
        rule = sprintf("[rule \"r%d\"]\naction = reject\nrefs = closed-%d/**\nexcept-users = lead\n", i, i)
        size += length(rule)
        printf "%s", rule
    }
}' | worst configuration 0 worst/create '"verdict":"accept"' 'a configuration of 4 MiB, its limit'
guarded() {
    printf '[approvals]\ndirectory = %s\n' "$tmp/worst/approvals"
    printf '[rule "guarded"]\naction = require-approval\nrefs = guarded/**\n'
}
mkdir "$tmp/worst/approvals"
echo "$zero $one refs/heads/guarded/x" >"$tmp/worst/guarded"
guarded | worst approvals 1 worst/guarded '"type":"rule","rule":"guarded"' \
    "a directory of $(printf '%s' "$approvals" | sed 's/000$/,000/') approvals: none fits"
set -- --repo BENCH/bench --user bench-user --reason CHG-1
for i in 1 2 3 4 5 6 7 8 9; do set -- "$@" --ref "other-$i/**"; done
"$refgate" approve create --config "$tmp/worst-approvals.conf" "$@" >/dev/null || die 'no approval can be made'
set -- "$tmp/worst/approvals"/*.approval
id=${1##*/}
awk -v id="${id%.approval}" -v directory="$tmp/worst/approvals" -v count="$approvals" '
    { text = text $0 "\n" }
    END {
        for (i = 1; i < count; i++) {
            name = substr(id, 1, 20) sprintf("%06d", i)
            copy = text
            gsub(id, name, copy)
            file = directory "/" name ".approval"
            printf "%s", copy >file
            close(file)
        }
    }' "$1"
list=files
: | worst audit 0 worst/create '"verdict":"accept"' 'an audit log of 1 GiB'
truncate -s 1G "$tmp/audit.worst-audit"
echo >>"$tmp/audit.worst-audit"
access() { # NAME WHAT, the log on stdin
    cat >>"$tmp/worst/$1.log"
    printf '[credential]\nresolvers = name, access-log\naccess-log = %s\n' "$tmp/worst/$1.log" |
        worst "$1" 0 worst/create '"verdict":"accept"' "$2"
}
pushes_of() { # COUNT: lines of this user, begun and ended
    awk -v count="$1" 'BEGIN {
        for (i = 0; i < count; i++)
            printf "10.1.2.3 | ssh | %s*N65BDNx354x%dx0 | bench-user | 2026-11-22 05:54:25,733 | SSH - " \
                "git-receive-pack '\''/bench/bench.git'\'' | \"SSH-2.0-OpenSSH_9.2\" | - | - | y3r3kf | \n",
                i % 2 ? "o" : "i", int(i / 2)
    }'
}
pushes_of 5 | access access-small 'an access log of five lines'
truncate -s 1G "$tmp/worst/access-large.log"
{
    echo
    pushes_of 16384
} | access access-large 'an access log of 1 GiB, its end all about this user'

# ------------------------------------------------------------------ the deadline
list=late
late() { # NAME STDIN WHAT; rules on stdin
    {
        cat
        printf '[limits]\ndeadline = 1s\nhistory-commits = 1000000000\n'
    } | worst "late-$1" 2 "$2" '"exit":2' "$3"
}
mkfifo "$tmp/worst/silent"
exec 9<>"$tmp/worst/silent"
: | late stdin worst/silent 'a stdin that stays silent'
updates 200000 "$(printf '%060d' 0 | sed 's|0|a/|g')c" '' >"$tmp/worst/endless"
awk 'BEGIN {
    for (i = 0; i < 30; i++) pattern = pattern "**/*a*/"
    for (i = 0; i < 1000; i++)
        printf "[rule \"h%d\"]\naction = reject\nrefs = %s*c*b%d*\n", i, pattern, i
}' | late patterns worst/endless '200,000 refs x 1,000 hostile patterns'
updates 100000 guarded/ '' >"$tmp/worst/many-guarded"
guarded | late approvals worst/many-guarded '100,000 refs x so many approvals'
[ -n "$quick" ] || rules | late history worst/unrelated "unrelated history of $label commits"
# Each commit takes long to read.
if perl -MCompress::Zlib -MDigest::SHA -e 1 2>/dev/null; then
    (
        git init -q --bare "$tmp/worst/deltas.git"
        last=$("$top/tests/bench/make-deltas" 200 31 "$tmp/worst/deltas.git")
        echo "$zero $last refs/heads/mine/x" >"$tmp/worst/deltas"
        quarantine=$tmp/worst/deltas.git/objects
        own_work | late commits worst/deltas 'new commits that are deltas of one of 31 MiB'
    )
else
    left_out 'commits that take long to read: perl lacks Compress::Zlib or Digest::SHA'
fi

# ------------------------------------------------------------------ measuring
say "bench: worst cases, $repeats runs of each in turn"
cases worst <"$tmp/worst/cases"
measure worst $repeats
cases files <"$tmp/worst/files"
measure files $((runs / 6))
cases late <"$tmp/worst/late"
measure late $repeats

said() { # NAME REASON
    tail -n 1 "$tmp/audit.worst-$1" | grep -qF -- "$2" ||
        die "worst case $1: the record does not say $2"
}
tab=$(printf '\t')
figures() { # TIMES, names as stdin
    while IFS=$tab read -r name reason what; do
        said "$name" "$reason"
        result "worst.$name" "$what" "$(figure "$1" "$name" wall)" ms "$(over "$1" "$name")" - -
        result "worst.$name-cpu" '  processor time' "$(figure "$1" "$name" cpu)" ms \
            "$(calc "$(figure "$1" "$name" cpu) / $(figure "$1" floor cpu)")" - -
        mib=$(calc "$(figure "$1" "$name" peak) / 1024")
        goal=- verdict=-
        case $name in refs-refused) goal='<= 64 MiB' verdict=$(judge "$mib" '<=' 64) ;; esac
        result "worst.$name-memory" '  peak memory' "$mib" MiB - "$goal" "$verdict"
    done
}
figures worst <"$tmp/worst/cases-names"
figures files <"$tmp/worst/files-names"
growth=$(calc "$(figure files audit least) / $(figure files small least)")
result worst.audit-growth 'growth from a new audit log to one of 1 GiB' "$growth" x - '<= 1.05' \
    "$(judge "$growth" '<=' 1.05)"
while IFS=$tab read -r name reason what; do
    said "$name" "$reason"
    # The least: others that run at the same time are not what is measured.
    late=$(calc "$(figure late "$name" least) - 1000")
    result "worst.$name" "beyond the deadline: $what" "$late" ms - '<= 100 ms' "$(judge "$late" '<=' 100)"
done <"$tmp/worst/late-names"
