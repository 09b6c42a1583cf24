#!/bin/sh
# refgate check: verdict, exit code, explanation, JSON, batch, and every wrong question.
. tests/lib/tap.sh
test_start

run "$BUILD/refgate" sync --replay tests/fixtures/acme --output "$T/snapshot.cdb" --now 2026-11-22T00:00:00Z
is "$code" 0 'the snapshot is built' || note "$err"
cat >"$T/refgate.conf" <<CONF
[refgate]
contact = platform-team@example.com
[snapshot]
file = $T/snapshot.cdb
[audit]
syslog = off
[freshness]
max-age = 24h
[rule "keys-stay-off-main"]
action = reject
credentials = access-key, repository-token, project-token
refs = main
message = Deploy keys do not push to main; open a pull request.
controls = soc2:CC6.1
[rule "no-rewrite-of-topics"]
action = annotate
refs = topic/*
changes = rewrite
CONF
# As of an hour after the crawl, whatever today is.
now=2026-11-22T01:00:00Z
check() { run "$BUILD/refgate" check --config "$T/refgate.conf" --at "$now" "$@" </dev/null; }

check --repo PRJ/app --user jdoe --kind update refs/heads/topic/x
is "$code" 0 'a push that nothing forbids is accepted: code 0'
contains "$out" 'verdict     accept (exit 0)' 'and the verdict is printed'
contains "$out" 'the pusher sees nothing' 'and that the pusher sees nothing'

check --repo PRJ/app --user jdoe --kind update refs/heads/main
is "$code" 1 'a restriction rejects: code 1'
contains "$out" '  refs/heads/main  update 1111111..2222222' 'and the text for the pusher is shown'
contains "$out" 'https://bitbucket.example.com/projects/PRJ/repos/app/pull-requests?create&targetBranch=refs/heads/main' \
    'with the link to open a pull request'
check --repo PRJ/app --user lead --kind update refs/heads/main
is "$code" 0 'who is exempt is accepted'

check --repo PRJ/app --user 3adc96b3b93443e4 --display-name 'Access Key User - ci-deploy' \
    --kind update refs/heads/main --explain
is "$code" 1 'a deploy key is kept off main'
contains "$out" 'rule: keys-stay-off-main (refgate.conf:9)' 'the rule is named with its line'
like "$out" '^    \+ rule keys-stay-off-main \[refgate.conf:9\].*-> reject$' \
    'and --explain says that it counted'
like "$out" '^    - rule no-rewrite-of-topics \[refgate.conf:15\]' \
    'and that the other rule did not'
like "$out" '^    [-+?] restriction 9 pull-request-only \[repo/PRJ/app#9\]' \
    'and names the restriction with its record'

check --repo PRJ/app --user jdoe --kind rewrite refs/heads/topic/x
is "$code" 0 'an annotation accepts'
contains "$out" 'verdict     annotate (exit 0)' 'with its own verdict'
check --repo PRJ/app --user jdoe --kind unknown refs/heads/topic/x
contains "$out" 'verdict     annotate' 'an annotating rule that cannot tell annotates'

check --repo PRJ/app --user jdoe --format json --kind update refs/heads/main
is "$code" 1 'JSON: the same code'
is "$(printf '%s' "$out" | jq -r '[.verdict, .exit, .push.project, .push.repository, .push.repository_id, .changes[0].ref, .changes[0].verdict, .changes[0].reasons[0].type, .changes[0].reasons[0].restriction] | map(tostring) | join(" ")')" \
    'reject 1 PRJ app 84 refs/heads/main reject restriction pull-request-only' \
    'JSON: the decision record'
is "$(printf '%s' "$out" | jq 'has("hash") or has("prev")')" false 'JSON: without prev and hash'

Z=0000000000000000000000000000000000000000
A=1111111111111111111111111111111111111111
run sh -c "printf '%s %s refs/heads/new\n' $Z $A | '$BUILD/refgate' check --config '$T/refgate.conf' --repo PRJ/app --user jdoe"
is "$code" 0 'ref updates are read from stdin in the form of a hook'
check --repo PRJ/app --user jdoe $A $Z refs/heads/release/1
is "$code" 1 'ref updates are read from operands: a delete that no-deletes forbids'
check --repo PRJ/app --user jdoe $Z $A refs/heads/a $Z $A refs/heads/b --format json
is "$(printf '%s' "$out" | jq '.changes | length')" 2 'several triples are several changes'

cat >"$T/batch" <<BATCH
{"repo":"PRJ/app","user":"jdoe","changes":[{"ref":"refs/heads/topic","kind":"update"}]}
{"repo":"PRJ/app","user":"jdoe","changes":[{"ref":"refs/heads/main","kind":"update"}]}
BATCH
run "$BUILD/refgate" check --batch --at "$now" --config "$T/refgate.conf" <"$T/batch"
is "$code" 1 'batch: the highest code of all lines'
is "$(printf '%s\n' "$out" | jq -r .verdict | tr '\n' ' ')" 'accept reject ' 'batch: one decision a line'
printf '%s\n' "$out" | jq -c '.changes = [.changes[] | {ref, old, new, kind, reasons, verdict}] | {repo: (.push.project + "/" + .push.repository), user: .pusher.name, changes}' >"$T/again"
run "$BUILD/refgate" check --batch --at "$now" --config "$T/refgate.conf" <"$T/again"
is "$(printf '%s\n' "$out" | jq -r .verdict | tr '\n' ' ')" 'accept reject ' \
    'batch: the changes of a record can be judged again'
printf '%s\n' '{"repo":"PRJ/app","user":"jdoe","changes":[{"ref":"refs/heads/t","kind":"create"}]}' \
    'not json' '{"repo":"PRJ/app","usr":"jdoe","changes":[]}' \
    '{"repo":"PRJ/app","user":"jdoe","changes":[]}' \
    '{"repo":"PRJ/app","user":"jdoe","user":"root","changes":[]}' >"$T/bad"
run "$BUILD/refgate" check --batch --at "$now" --config "$T/refgate.conf" <"$T/bad"
is "$code" 2 'batch: a wrong line makes the code 2'
is "$(printf '%s\n' "$out" | jq -r 'if .error then "error" else .verdict end' | tr '\n' ' ')" \
    'accept error error error error ' 'batch: and the others are judged all the same'
contains "$out" 'unknown member \"usr\"' 'batch: an unknown member is named'

# Options were passed over in silence with --batch: it decided as of today, whatever --at said.
printf '%s\n' '{"changes":[{"ref":"refs/heads/t"}]}' \
    '{"changes":[{"ref":"refs/heads/t"}],"at":"2026-12-24T01:00:00Z","user":"nobody"}' >"$T/short"
run "$BUILD/refgate" check --batch --at "$now" --repo PRJ/app --user jdoe --kind create \
    --config "$T/refgate.conf" <"$T/short"
is "$(printf '%s\n' "$out" | jq -r '"\(.verdict) \(.pusher.name) \(.changes[0].kind) \(.reasons // [] | map(.text) | join(" ") | test("old"))"' | tr '\n' ' ')" \
    'accept jdoe create false note nobody create true ' 'batch: what a line does not say is as the options say' || note "$out"

wrong() { # DESCRIPTION PART OPTION...
    description=$1 part=$2
    shift 2
    check "$@"
    is "$code" 2 "$description: code 2"
    contains "$err" "$part" "$description: $part"
    is "$out" '' "$description: nothing on stdout"
}
wrong 'no repository' 'repo is missing' --user jdoe --kind update refs/heads/x
wrong 'a repository without a slug' 'repo must be KEY/SLUG' --repo PRJ --user jdoe --kind update refs/heads/x
wrong 'no user' 'user is missing' --repo PRJ/app --kind update refs/heads/x
wrong 'a ref without ids or kind' 'has no ids' --repo PRJ/app --user jdoe refs/heads/x
wrong 'an unknown kind' 'kind is create, update' --repo PRJ/app --user jdoe --kind move refs/heads/x
wrong 'a short ref' 'not a full name of a ref' --repo PRJ/app --user jdoe --kind update main
wrong 'ids that contradict the kind' 'contradicts' --repo PRJ/app --user jdoe --kind delete $Z $A refs/heads/x
wrong 'two zero ids' 'two zero ids' --repo PRJ/app --user jdoe $Z $Z refs/heads/x
wrong 'nothing on stdin' 'stdin' --repo PRJ/app --user jdoe
now=noon
wrong 'a bad time' 'at must be a time' --repo PRJ/app --user jdoe --kind update refs/heads/x
now=2026-11-22T01:00:00Z
wrong 'a directory that is no repository' 'is not a git repository' --repo PRJ/app --user jdoe --git-dir "$T" $Z $A refs/heads/x
wrong 'a credential that the hook would not look at' 'resolvers = environment' --repo PRJ/app --user jdoe --credential user-token:1 --kind update refs/heads/x
wrong 'batch with operands' '--batch reads stdin' --batch refs/heads/x
run "$BUILD/refgate" check --config "$T/no-such.conf" --repo PRJ/app --user jdoe --kind update refs/heads/x
is "$code" 2 'a missing configuration: code 2'
contains "$err" 'no-such.conf' 'a missing configuration is named'

check --snapshot "$T/nowhere.cdb" --repo PRJ/app --user jdoe --kind update refs/heads/x
is "$code" 2 'without a snapshot it decides as the hook does: rejected, code 2'
contains "$out" 'there is no permissions snapshot' 'and the pusher is told what was missing'
now=2999-01-01
check --repo PRJ/app --user jdoe --kind update refs/heads/x --explain
contains "$out" 'verdict     note' 'at a later time the snapshot is stale, which is a note'
now=2026-11-22T01:00:00Z

unset NO_COLOR
check --repo PRJ/app --user jdoe --kind update refs/heads/main
lacks "$out" "$(printf '\033')" 'no colour off a terminal'
done_testing
