# part-lookups.sh - what one decision reads of the snapshot: lookups, reads, pages
# shellcheck shell=sh
# shellcheck disable=SC2154 # from run and common.sh
probe=$BUILD/tests/helpers/lookup_probe
[ -x "$probe" ] || die "no $probe: run make tests first"
snapshot_tiny
snapshot_large
repository_large
scene lookups "history-$commits"

rules | config lookups-tiny "$data/tiny.cdb"
rules | config lookups-large "$data/$large.cdb"
{
    rules
    awk 'BEGIN { for (i = 20; i < 200; i++)
        printf "[rule \"g%d\"]\naction = reject\nrefs = g%d/**\ngroups = heavy-group-%d\n", i, i, i }'
} | config lookups-heavy "$data/$large.cdb"

# probed KEY WHAT CONFIGURATION STDIN KEY SLUG USER: the hook's own decision, in a program that counts
probed() {
    key=$1 what=$2 of=$3 stdin=$4
    shift 4
    hook_case "$key" "$of" "lookups/$stdin" 0 "$@" "$probe" "$tmp/$of.conf" >"$tmp/lookups.cases"
    # shellcheck disable=SC2016 # for that shell
    run_case "$tmp/lookups.cases" "$key" sh -c 'exec "$@" >"$0"' "$tmp/lookups.out" ||
        die "$key could not be decided"
    read -r lookups reads pages bytes _ <"$tmp/lookups.out"
    result "lookups.$key" "$what: lookups in the snapshot" "$lookups" - - - -
    result "lookups.$key.reads" '  reads, of its file' "$reads" - - - -
    result "lookups.$key.pages" '  pages of 4 KiB that they touch' "$pages" - - - -
    result "lookups.$key.bytes" '  bytes' "$bytes" bytes - - -
}
# shellcheck disable=SC2086,SC2154 # three words
{
    probed tiny 'typical push, snapshot of 10 repositories' lookups-tiny create $push
    probed large "typical push, snapshot of $title" lookups-large create $push
    probed heavy 'user in 500 groups, 2,000 restrictions, 200 rules' lookups-heavy create $heavy_push
}
