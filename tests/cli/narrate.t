#!/bin/sh
# refgate audit narrate: a decision in sentences, with proof and controls; hostile names; permissions
# before and after.
. tests/lib/tap.sh
test_start

log=$T/audit.jsonl
cp config/control-map.ini "$T/control-map.ini"
cat >"$T/refgate.conf" <<CONF
[snapshot]
file = $T/before.cdb
[audit]
file = $log
[rule "keys-stay-off-main"]
action      = reject
refs        = main
credentials = access-key
message     = Deploy keys do not push to main.
controls    = soc2:CC9.9, acme:7
[rule "watched"]
action = reject
mode   = monitor
refs   = topic
CONF
prev=$(printf '%064d' 0)
seal() { # RECORD
    body="${1%\}},\"prev\":\"$prev\""
    prev=$(printf '%s' "$body" | sha256sum | cut -d' ' -f1)
    printf '%s,"hash":"%s"}\n' "$body" "$prev"
}
decide() { # OPTION... : appends the decision; its id is in $id
    run "$BUILD/refgate" check --config "$T/refgate.conf" --format json --repo PRJ/app "$@" </dev/null
    seal "$out" >"$T/line"
    cat "$T/line" >>"$log"
    id=$(sed 's/^{"id":"\([^"]*\)".*/\1/' "$T/line")
}
narrate() { run "$BUILD/refgate" audit narrate --config "$T/refgate.conf" "$@" </dev/null; }
flat() { printf '%s\n' "$out" | tr -s '\n ' ' '; }

# -------------------------------------------------------------- two snapshots
cp -r tests/fixtures/acme "$T/acme"
"$BUILD/refgate" sync --replay "$T/acme" --output "$T/before.cdb" >"$T/.sync" 2>&1 || cat "$T/.sync"
# Later: developers may only read PRJ, jdoe has no grant, restriction 9 is gone, and 99 is new.
sed -i \
    -e '\,projects/PRJ/permissions/groups,s/PROJECT_WRITE/PROJECT_READ/' \
    -e '\,projects/PRJ/permissions/users,s/PROJECT_WRITE/PROJECT_READ/' \
    -e '\,restrictions,s/"id":9,/"id":99,/' "$T"/acme/*.jsonl
"$BUILD/refgate" sync --replay "$T/acme" --output "$T/after.cdb" >"$T/.sync" 2>&1 || cat "$T/.sync"
is "$(find "$T" -name '*.cdb' | wc -l)" 2 'both snapshots are there'

# -------------------------------------------------------------- a rejection by a key
decide --user 3adc96b3b93443e4 --display-name 'Access Key User - ci-deploy' --permission REPO_WRITE \
    --kind update refs/heads/main refs/heads/release/1
narrate "$id"
is "$code" 0 'a decision is told: code 0'
is "$(printf '%s\n' "$out" | sed -n 1p)" "Decision $id" 'by its id'
for sentence in \
    '"3adc96b3b93443e4" pushed to PRJ/app on node "' \
    '"3adc96b3b93443e4" is the account of an access key or of a token.' \
    'Bitbucket said REPO_WRITE, the snapshot gives REPO_WRITE.' \
    'It came with an access key (number 158) labelled "ci-deploy". That is derived from names: display name matches one key of the repository. [key/158]' \
    'refgate refused it: policy says no.' \
    'The verdict is reject, the mode enforce.' \
    'It moves refs/heads/main from 111111111111 to 222222222222' \
    'Branch permission 9 (pull-request-only) rejects it: pull requests only' \
    '[repo/PRJ/app#9]' \
    'Rule "keys-stay-off-main" rejects it: not allowed with access key "ci-deploy" (repository key 158). [refgate.conf:5, key/158]' \
    'It tells the pusher: "Deploy keys do not push to main."' \
    'refs/heads/release/1 from 111111111111 to 222222222222: accept.' \
    'No approval was used.' \
    'from the snapshot written at 20' \
    'The line has the hash that it carries, and is the first of its log.' \
    'soc2:CC6.1 (SOC 2, 2017 criteria), Logical access security: Each push is allowed or refused' \
    'soc2:CC9.9 is named by the configuration; it is no control of a framework' \
    'acme:7 is named by the configuration'; do
    contains "$(flat)" "$sentence" "says: $sentence"
done
is "$(printf '%s\n' "$out" | awk 'length > 79' | wc -l)" 0 'no line is longer than 79 columns'
like "$out" 'controls: soc2:CC9.9, acme:7, soc2:CC6.1' "a reason has its rule's controls, then the map's"
narrate "$(printf '%.12s' "$id")"
is "$code" 0 'a beginning of the id is enough'
narrate --format json "$id"
is "$code" 0 '--format json'
if command -v jq >/dev/null; then
    is "$(printf '%s' "$out" | jq -r '[.sentences[]|select(.kind=="reason")|.proof[0]]|join(" ")')" \
        'repo/PRJ/app#9 refgate.conf:5' 'json: reasons with their proof'
    is "$(printf '%s' "$out" | jq -r '[.sentences[]|.kind]|unique|join(" ")')" \
        'approval chain change control controls credential message policy push pusher reason snapshot verdict' \
        'json: kinds of sentences'
    is "$(printf '%s' "$out" | jq -r '.line_holds')" true 'json: the line holds'
else
    skip 'json: its contents' 'no jq'
fi
key=$id

# -------------------------------------------------------------- others
decide --user jdoe --kind create refs/heads/topic
narrate "$id"
contains "$(flat)" 'refgate accepted it.' 'an accepted push'
contains "$(flat)" 'Another hook, or Bitbucket itself, may still have refused it.' 'and what that means'
contains "$(flat)" 'It creates refs/heads/topic at 222222222222: accept.' 'a creation'
contains "$(flat)" 'Only watching, without effect: Rule "watched" rejects it' 'semantics 6: a rule in monitor mode'
contains "$(flat)" 'It came with a credential of the user, which one is not known.' 'a user'
contains "$(flat)" 'and follows the line before it' 'the line is the second'
watched=$id
sed -i '1i [refgate]\nmode = monitor' "$T/refgate.conf"
decide --user jdoe --kind delete refs/heads/release/2
narrate "$id"
contains "$(flat)" 'since the whole configuration was in monitor mode; it would have refused it.' \
    'semantics 2: monitor mode lets through'
contains "$(flat)" 'It deletes refs/heads/release/2, which was at 111111111111: reject.' 'a deletion'

# -------------------------------------------------------------- which one
narrate 0
is "$code" 2 'an id that several have: code 2'
contains "$err" 'the ids of 3 decisions begin with 0' 'and how many'
narrate ZZZZ
is "$code" 1 'an id that none has: code 1'
narrate ''
is "$code" 2 'no id: code 2'
narrate "$key" "$log" "$log"
is "$code" 0 'the same log twice is no second decision'

# -------------------------------------------------------------- the line
sed "2s/jdoe/lead/" "$log" >"$T/edited"
narrate "$watched" "$T/edited"
is "$code" 1 'a line that was edited: code 1'
contains "$(flat)" 'The line was edited' 'and says so'
sed 1d "$log" >"$T/cut"
narrate "$watched" "$T/cut"
is "$code" 0 'the first line of a piece of a log'
contains "$(flat)" 'the line before it was not given' 'and says what that leaves open'
sed 2d "$log" >"$T/cut"
narrate "$id" "$T/cut"
is "$code" 1 'a line after one that was deleted: code 1'
contains "$(flat)" 'does not follow the line before it' 'and says so'

# -------------------------------------------------------------- before and after
narrate "$watched" --before "$T/before.cdb" --after "$T/after.cdb"
is "$code" 0 'two snapshots: code 0'
contains "$(flat)" '"jdoe" had REPO_WRITE on PRJ/app.' 'before'
contains "$(flat)" '- group developers: PROJECT_WRITE gives REPO_WRITE here. [project/PRJ]' 'by which grant'
contains "$(flat)" '"jdoe" had REPO_READ on PRJ/app.' 'after'
contains "$(flat)" 'Between the two, REPO_WRITE became REPO_READ for "jdoe".' 'and what that is'
contains "$(flat)" 'removed: restriction 9 pull-request-only; for refs/heads/topic it does not stop it' \
    'a restriction that is gone'
contains "$(flat)" 'added: restriction 99 pull-request-only' 'and one that is new'
narrate "$watched" --before "$T/before.cdb" --after "$T/before.cdb"
contains "$(flat)" 'the level of "jdoe" stayed REPO_WRITE' 'the same snapshot twice'
contains "$(flat)" 'No branch permission that bears on these refs changed' 'has no changes'
narrate "$watched" --before "$T/before.cdb"
is "$code" 2 'one snapshot alone: code 2'
narrate "$watched" --before "$T/before.cdb" --after "$T/none.cdb"
is "$code" 2 'a snapshot that is not there: code 2'

# -------------------------------------------------------------- hostile text
esc=$(printf '\\u001b[31m')
seal '{"id":"01HOSTILE","time":"2026-11-22T04:00:00.000Z","host":"b\"b","mode":"enforce","verdict":"reject","exit":1,"push":{"project":"P\n","repository":"r","trigger":"'"$esc"'"},"pusher":{"name":"x\" and was approved by \"boss","type":"user","permission":7},"credential":{"class":[],"candidates":{"a":1}},"reasons":[7,{"type":"rule","rule":"'"$esc"'","verdict":"reject","text":"'"$(printf '\342\200\256')"'","proof":[null,5,"p'"$esc"'"],"controls":["'"$esc"'",{}]}],"changes":[3,{"ref":"refs/heads/'"$(head -c 300 /dev/zero | tr '\0' r)"'"}],"snapshot":{"age_s":99999999999999,"part":3},"policy":[],"approval":{"used":[{"id":"A1","approver":{"name":"lead","sudo_user":"lead2"},"reason":"a \"reason\""}],"considered":[{"id":"A2","state":"expired"}],"problem":"none"}}' >"$T/hostile"
narrate 01HOSTILE "$T/hostile"
is "$code" 0 'a record of odd types is told all the same'
lacks "$out" "$(printf '\033')" 'control characters are escaped'
lacks "$out" "$(printf '\342\200\256')" 'and bidirectional overrides'
contains "$(flat)" '"x\x22 and was approved by \x22boss" pushed' 'a name cannot close its quotes'
is "$(printf '%s\n' "$out" | awk 'length > 79' | wc -l)" 0 'a long name does not break the columns'
contains "$(flat)" 'Approval A1 was used. "lead" for "lead2" gave it, because: "a \x22reason\x22" [A1]' \
    'an approval that was used'
contains "$(flat)" 'Approval A2 was looked at, and not used: expired.' 'and one that was not'
narrate 01HOSTILE "$T/hostile" --before "$T/before.cdb" --after "$T/after.cdb"
is "$code" 2 'which does not say enough to be judged again: code 2'
contains "$(flat)" 'The record does not say enough of the push' 'and says so'
narrate --format json 01HOSTILE "$T/hostile"
is "$code" 0 'hostile text in JSON'
# -------------------------------------------------------------- what nobody looked at, nobody says
# MEMBERS: a record as the hook makes it, with these instead
made() {
    made=$(jq -cn --argjson more "$1" '{id: "01MADE", time: "2026-11-22T04:00:00.000Z", host: "n1",
        mode: "enforce", verdict: "reject", exit: 2, push: {project: "PRJ", repository: "app", trigger: "push"},
        pusher: {name: "jdoe", type: "unknown", permission: {bitbucket: null, snapshot: null}},
        credential: {class: "unknown", confidence: "none", evidence: "not judged", candidates: []},
        reasons: [], changes: [], snapshot: null, policy: null, approval: null} + $more')
    seal "$made" >"$T/made"
    narrate 01MADE "$T/made"
}
made '{"verdict":"accept","exit":0,"disabled":"outage 5","reasons":[{"type":"failure","verdict":"note","text":"outage 5","proof":[]}]}'
contains "$(flat)" 'The kill switch was on ("outage 5")' 'the kill switch'
contains "$(flat)" 'Who "jdoe" is and what it may do was not looked at' 'nobody looked who it was'
lacks "$(flat)" 'nobody that the snapshot knows' 'so it is not said that nobody knows it'
lacks "$(flat)" 'Bitbucket did not say' 'nor what Bitbucket said'
lacks "$(flat)" 'A failure' 'and the switch is no failure'
contains "$(flat)" 'No snapshot of permissions was looked at.' 'which is not that there was none'
made '{"reasons":[{"type":"failure","verdict":"reject","text":"line 1 of stdin is malformed","proof":[]}]}'
contains "$(flat)" 'A failure rejects it: line 1 of stdin is malformed.' 'a failure before judging'
lacks "$(flat)" 'nobody that the snapshot knows' 'nobody looked who it was, either'
made '{"credential":{"class":"unknown","confidence":"none","evidence":"no key","candidates":[]}}'
contains "$(flat)" '"jdoe" is not known: there was no snapshot to look it up in.' 'without a snapshot'
contains "$(flat)" 'not recognised. The reason: no key.' 'why a credential was not recognised'
made '{"push":{"native":true},"pusher":{},"credential":{"evidence":"a native git hook is not told"}}'
contains "$(flat)" 'somebody pushed to a repository that was not named' 'a native hook: somebody pushed'
lacks "$(flat)" '"" is' 'of whom nothing is said'
made '{"verdict":"accept","exit":0,"credential":{"class":"user","confidence":"certain","evidence":"x"},
    "changes":[{"ref":"refs/heads/main","kind":"create","verdict":"accept","approval":"A1","reasons":
    [{"type":"rule","rule":"r","verdict":"require-approval","text":"needs an approval","message":"Ask."}]}]}'
contains "$(flat)" 'It would have told the pusher: "Ask."' 'semantics 7: what an approval spared the pusher'
contains "$(flat)" 'Approval A1 covers it.' 'and which'
made '{"verdict":"accept","exit":0,"approval":{"used":[{"id":"A1","approver":{"name":"lead"},"reason":"r"}]}}'
contains "$(flat)" 'nist:AC-5 (NIST SP 800-53 rev. 5), Separation of duties' \
    'an approval that was used has the controls of approvals'
contains "$(flat)" 'nist:AU-9 (' 'a line that holds is evidence for the protection of the log'
made '{}'
lacks "$(flat)" 'nist:AC-5' 'without an approval it has none of them'
sed 's/"PRJ"/"OPS"/' "$T/made" >"$T/forged"
narrate 01MADE "$T/forged"
lacks "$(flat)" 'nist:AU-9' 'a line that was edited is no evidence for it'
made '{"reasons":[{"type":"rule","rule":"r","verdict":"reject","text":"no"}]}'
contains "$(flat)" 'It is evidence for these controls:' 'a line that holds is evidence for others, too'
sed 's/"PRJ"/"OPS"/' "$T/made" >"$T/forged"
narrate 01MADE "$T/forged"
contains "$(flat)" 'It would be evidence for these controls, if its line held:' 'which is said'

printf '{"time":"2026-11-22T04:00:00.000Z","id":"01EMPTY"}\n' >"$T/empty"
narrate 01EMPTY "$T/empty"
is "$code" 1 'a record with nothing in it, and without a hash: code 1'
contains "$(flat)" 'The line carries no hash' 'and says so'
done_testing
