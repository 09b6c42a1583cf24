#!/bin/sh
# refgate audit: what verify finds and what show prints; text, JSON and exit codes.
. tests/lib/tap.sh
test_start

# Appends records to a log as the hook would. The chain is made with sha256sum here, so that the
# test does not believe the program about it.
prev=$(printf '%064d' 0)
seal() { # RECORD without its closing brace
    body="$1,\"prev\":\"$prev\""
    prev=$(printf '%s' "$body" | sha256sum | cut -d' ' -f1)
    printf '%s,"hash":"%s"}\n' "$body" "$prev"
}
record() { # ID TIME HOST USER VERDICT EXIT REF
    seal "{\"id\":\"$1\",\"time\":\"$2\",\"host\":\"$3\",\"version\":\"1.0.0\",\"mode\":\"enforce\",\"verdict\":\"$5\",\"exit\":$6,\"duration_us\":1,\"push\":{\"project\":\"PRJ\",\"repository\":\"app\",\"repository_id\":84,\"trigger\":\"push\",\"dry_run\":false},\"pusher\":{\"name\":\"$4\",\"type\":\"user\",\"permission\":{\"bitbucket\":null,\"snapshot\":\"REPO_WRITE\"}},\"credential\":{\"class\":\"user\",\"id\":null,\"label\":null,\"confidence\":\"derived\",\"evidence\":\"an ordinary user\",\"candidates\":[]},\"reasons\":[],\"changes\":[{\"ref\":\"$7\",\"old\":\"3f2a91c000000000000000000000000000000000\",\"new\":\"9b1d004000000000000000000000000000000000\",\"kind\":\"update\",\"verdict\":\"$5\",\"reasons\":[{\"type\":\"rule\",\"rule\":\"frozen\",\"verdict\":\"$5\",\"text\":\"not now\",\"proof\":[\"refgate.conf:41\"],\"controls\":[]}]}],\"snapshot\":null,\"policy\":null,\"approval\":null"
}
{
    record 01JDA8AAAAAAAAAAAAAAAAAAA1 2026-11-22T04:00:00.000Z bb1 jdoe accept 0 refs/heads/main
    record 01JDA8AAAAAAAAAAAAAAAAAAA2 2026-11-22T05:00:00.000Z bb1 lead reject 1 refs/heads/main
    record 01JDA8AAAAAAAAAAAAAAAAAAA3 2026-11-22T06:00:00.000Z bb1 jdoe reject 0 refs/heads/topic
} >"$T/bb1"
head1=$prev
prev=$(printf '%064d' 0)
{
    record 01JDA8AAAAAAAAAAAAAAAAAAB1 2026-11-22T04:30:00.000Z bb2 jdoe reject 1 refs/heads/main
    record 01JDA8AAAAAAAAAAAAAAAAAAB2 2026-11-22T05:30:00.000Z bb2 JDoe accept 0 refs/tags/main
} >"$T/bb2"
head2=$prev
audit() {
    cmd=$1
    shift
    run "$BUILD/refgate" audit "$cmd" "$@" </dev/null
}

# -------------------------------------------------------------- verify
audit verify "$T/bb1" "$T/bb2"
is "$code" 0 'verify: two intact logs: code 0'
is "$out" "$T/bb1: 3 lines, chain intact, head $head1
$T/bb2: 2 lines, chain intact, head $head2" 'verify: and each head'
audit verify --anchor "$head1" --anchor "$head2" "$T/bb1" "$T/bb2"
is "$code" 0 'verify: both anchors are there'
sed '$d' "$T/bb1" >"$T/cut"
audit verify "$T/cut"
is "$code" 0 'verify: a cut end does not show by itself'
audit verify --anchor "$head1" "$T/cut"
is "$code" 1 'verify: but by its anchor: code 1'
contains "$out" "anchor $head1: not found" 'verify: which is named'

broken() { # DESCRIPTION LINE DAMAGE, of the log $T/broken
    audit verify "$T/broken"
    is "$code" 1 "verify: $1: code 1"
    contains "$out" "$T/broken:$2: $3: " "verify: $1: says where and what"
}
sed '2s/lead/jdoe/' "$T/bb1" >"$T/broken"
broken 'an edited line' 2 edited
sed 2d "$T/bb1" >"$T/broken"
broken 'a deleted line' 2 missing
sed 1d "$T/bb1" >"$T/broken"
broken 'a deleted beginning' 1 beheaded
{
    sed -n 1p "$T/bb1"
    sed -n 3p "$T/bb1"
    sed -n 2p "$T/bb1"
} >"$T/broken"
broken 'reordered lines' 2 moved
contains "$out" 'line 3' 'verify: and what it follows'
{
    sed 3d "$T/bb1"
    sed -n 1p "$T/bb2"
    sed -n 3p "$T/bb1"
} >"$T/broken"
broken 'an inserted line' 3 restarted
like "$out" "^$T/broken:4: moved: .* line 2\$" 'verify: each break is listed'
like "$out" "^$T/broken: 4 lines, 2 breaks, head $head1\$" 'verify: and counted'
{
    sed 3d "$T/bb1"
    printf '{"id":"01JDA8'
} >"$T/broken"
broken 'a torn line' 3 torn
audit verify - --format json
is "$code" 0 'verify: nothing on stdin is an intact log'
audit verify --format json "$T/broken"
is "$code" 1 'verify --format json: the same code'
if command -v jq >/dev/null; then
    is "$(printf '%s' "$out" | jq -r '[.intact,.files[0].lines,.files[0].first.damage]|join(" ")')" \
        'false 3 torn' 'verify --format json: and the same answer'
else
    contains "$out" '"damage": "torn"' 'verify --format json: and the same answer'
fi
sed 1d "$T/bb1" >"$T/rest"
sed -n 1p "$T/bb1" >"$T/first"
audit verify "$T/first" "$T/rest"
is "$code" 0 'verify: a chain goes on in the next file'
hash1=$(sed 's/.*"hash":"\([0-9a-f]*\)"}$/\1/' "$T/first")
audit verify --from "$hash1" "$T/rest"
is "$code" 0 'verify --from: or begins after a given hash'
audit verify "$T/none"
is "$code" 2 'verify: a missing file: code 2'
contains "$err" 'none' 'verify: which is named'
audit verify "$T/none" "$T/broken"
is "$code" 2 'verify: also beside a broken one'
audit verify --anchor xyz "$T/bb1"
is "$code" 2 'verify: an anchor that is none: code 2'

# -------------------------------------------------------------- show
ids() { printf '%s\n' "$out" | sed -n 's/.* 01JDA8A*\([AB123]*\) .*/\1/p' | tr '\n' ' '; }
audit show "$T/bb1" "$T/bb2"
is "$code" 0 'show: something was found: code 0'
is "$(ids)" '1 B1 2 B2 3 ' 'show: two nodes, merged by time'
is "$(printf '%s\n' "$out" | sed -n 3p)" \
    '2026-11-22T05:00:00.000Z  bb1     01JDA8AAAAAAAAAAAAAAAAAAA2  reject        PRJ/app           lead              user          refs/heads/main update' \
    'show: one aligned line a decision'
contains "$out" 'would-reject' 'show: monitor mode is told apart'
shows() { # OPTION VALUE IDS
    audit show "$1" "$2" "$T/bb1" "$T/bb2"
    is "$(ids)" "$3" "show $1 $2"
}
shows --user jdoe '1 B1 B2 3 '
shows --verdict reject 'B1 2 3 '
shows --ref main '1 B1 2 B2 '
shows --ref refs/heads/main '1 B1 2 '
shows --repo 'prj/*' '1 B1 2 B2 3 '
shows --repo 'OPS/*' ''
shows --rule frozen '1 B1 2 B2 3 '
shows --since 2026-11-22T05:00:00Z '2 B2 3 '
shows --until 2026-11-22T05:00:00Z '1 B1 '
shows --limit 2 'B2 3 '
shows --credential user '1 B1 2 B2 3 '
shows --credential access-key ''
shows --exit 1 'B1 2 '
shows --exit 0 '1 B2 3 '
shows --host BB2 'B1 B2 '
shows --id 01JDA8AAAAAAAAAAAAAAAAAAB 'B1 B2 '
audit show --id 01JDA8AAAAAAAAAAAAAAAAAAA2 "$T/bb1" "$T/bb2"
is "$(ids)" '2 ' 'show --id'
audit show --user nobody "$T/bb1"
is "$code" 1 'show: nothing was found: code 1'
is "$out" '' 'show: and nothing printed'
audit show --verbose --verdict reject --user lead "$T/bb1"
contains "$out" 'reject rule frozen: not now [refgate.conf:41]' 'show --verbose: reasons with proof'
record 01JDA8AAAAAAAAAAAAAAAAAAD1 2026-11-22T07:00:00.000Z bb4 jdoe accept 0 refs/tags/v1 |
    sed 's/"approval":null/"approval":{"used":[{"id":"01JDA7X","use":1,"again":false,"approver":{"uid":7,"name":"rroe","sudo_user":"lead"},"reason":"REL-7"}],"considered":[]}/' >"$T/bb4"
audit show --verbose "$T/bb4"
contains "$out" '    approval 01JDA7X of rroe (uid 7, sudo from lead): REL-7' \
    'show --verbose: who approved (semantics 7), and why'
audit show --format json --user lead "$T/bb1"
is "$out" "$(sed -n 2p "$T/bb1")" 'show --format json: the line as it is'
printf 'garbage\n' >>"$T/bb1"
audit show "$T/bb1"
is "$(ids)" '1 2 3 ' 'show: what is no record is left out'
contains "$err" 'bb1:4' 'show: and told'
prev=$(printf '%064d' 0)
record 01JDA8AAAAAAAAAAAAAAAAAAC1 2026-11-22T04:30:00.000Z bb3 "x\\u001b[31m$(printf '\302\233')" \
    reject 1 refs/heads/main >"$T/bb3"
audit show --verbose "$T/bb3"
contains "$out" 'x\x1b[31m\u{9b}' 'show: control characters are escaped'
lacks "$out" "$(printf '\033')" 'show: none is left'
audit show --since yesterday "$T/bb1"
is "$code" 2 'show: a time that is none: code 2'
audit show --verdict maybe "$T/bb1"
is "$code" 2 'show: a verdict that is none: code 2'
audit show --credential key "$T/bb1"
is "$code" 2 'show: a class of credential that is none: code 2'
audit show --exit 3 "$T/bb1"
is "$code" 2 'show: an exit code that is none: code 2'
audit show --follow "$T/bb1" "$T/bb2"
is "$code" 2 'show --follow: two logs: code 2'
audit show --follow -
is "$code" 2 'show --follow: stdin: code 2'
audit show --ref '' "$T/bb1"
is "$code" 2 'show: an empty pattern: code 2'
audit show --limit 0 "$T/bb1"
is "$code" 2 'show: a limit of nothing: code 2'
audit show "$T/none"
is "$code" 2 'show: a missing file: code 2'
seq 3000 >"$T/no-log"
audit show "$T/no-log"
is "$(printf '%s\n' "$err" | wc -l)" 101 'show: a file that is no log does not fill the terminal'

# -------------------------------------------------------------- the configuration's log
cat >"$T/refgate.conf" <<CONF
[snapshot]
file = $T/snapshot.cdb
[audit]
file = $T/bb2
CONF
audit show --config "$T/refgate.conf"
is "$(ids)" 'B1 B2 ' 'the log is the one that the configuration names'
audit verify --config "$T/refgate.conf"
is "$out" "$T/bb2: 2 lines, chain intact, head $head2" 'for verify too'
sed -i 's/^file = .*bb2$/file = none/' "$T/refgate.conf"
audit verify --config "$T/refgate.conf"
is "$code" 2 'a configuration without a log: code 2'
contains "$err" '[audit] file' 'and what to do'
audit show --config "$T/missing.conf"
is "$code" 2 'a missing configuration: code 2'
done_testing
