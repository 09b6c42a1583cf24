#!/bin/sh
# refgate report: what it finds in the acme instance, as text, JSON, CSV and HTML; filters, exit codes,
# what could not be looked at, hostile names, a manual that documents each option.
. tests/lib/tap.sh
test_start

now=2026-11-22T04:00:00Z
mkdir "$T/d"
snapshot=$T/d/s.cdb
"$BUILD/refgate" sync --replay tests/fixtures/acme --with-reports --now "$now" --output "$snapshot" \
    >"$T/sync" 2>&1 || exit 99
digest=$(sed -n 's/^digest *//p' "$T/sync")
cp config/control-map.ini "$T/d"
cat >"$T/d/refgate.conf" <<'CONF'
[snapshot]
file = @snapshot@
[audit]
file = @audit@
[service-account "ci-bot"]
repos = PRJ/lib
controls = nist:AC-2
CONF
sed -i "s,@snapshot@,$snapshot,; s,@audit@,$T/d/audit.jsonl," "$T/d/refgate.conf"
report() {
    run "$BUILD/refgate" report --config "$T/d/refgate.conf" --at "$now" "$@" </dev/null
}
names() { # the kinds of findings in $out (JSON), each once
    printf '%s\n' "$out" | jq -r '.findings[].kind' | sort -u | tr '\n' ' '
}

# The recording has no answers for reports; these are as a server would give them. The last two lines are
# hostile: escapes for terminals, a formula, markup.
facts() {
    cat <<FACTS
{"kind":"facts","format":1,"base_url":"https://bitbucket.example.com","started":"$now","started_ms":1795320000000}
{"kind":"repository-token","place":{"project":"PRJ","repository":"app","id":84},"id":"11","name":"deploy","permissions":["REPO_WRITE"],"created":"2026-01-05T00:00:00Z","created_ms":1767571200000,"last_used":null,"last_used_ms":null,"expires":null,"expires_ms":null}
{"kind":"user-ssh-key","user":"jdoe","user_id":101,"id":21,"label":"laptop","algorithm":"RSA","bits":1024,"created_ms":1790000000000,"last_used_ms":1795000000000,"weak":true}
{"kind":"hook","place":{"project":"PRJ"},"key":"com.example.refgate:hook","name":"refgate","type":"PRE_RECEIVE","enabled":true,"scope":"PROJECT"}
{"kind":"hook","place":{"project":"OPS","repository":"tools","id":87},"key":"com.example:other","name":"Reject force pushes","enabled":true,"scope":"REPOSITORY"}
{"kind":"webhook","place":{"project":"OPS","repository":"tools","id":87},"id":31,"name":"ci","active":true,"url":"https://ci.example.com/[removed]","host":"ci.example.com","ssl_verification":true}
{"kind":"webhook","place":{"project":"PRJ","repository":"app","id":84},"id":32,"name":"=HYPERLINK(1)\u001b[31m","active":true,"url":"http://evil.example.org/[removed]","host":"evil.example.org","ssl_verification":true}
{"kind":"project-token","place":{"project":"OPS"},"id":"12","name":"<script>alert(1)</script>\u202e","permissions":["PROJECT_ADMIN"],"created_ms":1767571200000}
{"kind":"end","facts":7,"snapshot":"$1"}
FACTS
}
facts "$digest" >"$snapshot.facts.jsonl"

push() { # TIME REPOSITORY USER REF
    printf '{"id":"01X","time":"%s","verdict":"accept","exit":0,"push":{"project":"PRJ","repository":"%s","dry_run":false},"pusher":{"name":"%s"},"credential":{"class":"user","candidates":[]},"reasons":[],"changes":[{"ref":"%s","kind":"update"}]}\n' "$@"
}
{
    push 2026-09-01T10:00:00.000Z app jdoe refs/heads/topic
    push 2026-11-20T10:00:00.000Z app lead refs/heads/release/1.0
    push 2026-11-21T10:00:00.000Z lib rroe refs/heads/main
} >"$T/d/audit.jsonl"

# -------------------------------------------------------------- text
report
is "$code" 1 'findings: code 1'
is "$err" '' 'and nothing on stderr'
printf '%s\n' "$out" >"$T/text"
same_file "$T/text" tests/cli/report.txt 'the text is as committed (tests/cli/report.txt)'
unlike "$out" "$(printf '\033')" 'no escape of a hostile name reaches the terminal'
contains "$out" '=HYPERLINK(1)\x1b[31m' 'it is escaped'
contains "$out" '\u{202e}' 'so is what turns the reading direction'

report --limit 1 --kind default-branch-delete --severity medium
contains "$out" '... and 2 more' '--limit: the rest is counted'
report --limit 0 --kind default-branch-delete
lacks "$out" 'more' '--limit 0: all of them'

# -------------------------------------------------------------- JSON
report --format json
is "$code" 1 'JSON: code 1'
is "$(names)" 'default-branch-delete default-branch-rewrite hook-inactive public-write-default restriction-unused-pattern service-account-out-of-scope single-admin-grant token-without-expiry unprotected-default-branch unused-write-grant user-key-weak webhook-external webhook-without-owner write-key-old ' \
    'JSON: what is found in acme'
is "$(printf '%s\n' "$out" | jq -r '[.findings[] | select(.id | test("^[0-9a-f]{16}$") | not)] | length')" 0 \
    'JSON: each has an id'
is "$(printf '%s\n' "$out" | jq -r '(.findings | length) == (.findings | map(.id) | unique | length)')" true \
    'JSON: no two have the same'
is "$(printf '%s\n' "$out" | jq -r '[.findings[] | select((.where|length) == 0 or (.what|length) == 0 or (.evidence|length) == 0 or (.controls|length) == 0)] | length')" 0 \
    'JSON: each says where, what, the evidence and its controls'
is "$(printf '%s\n' "$out" | jq -r '. as $r | [.findings[] | select($r.kinds[.kind] | (.why and .action and .title) | not)] | length')" 0 \
    'JSON: why it matters and what to do, for each kind'
is "$(printf '%s\n' "$out" | jq -r '[.summary[]] | add == ($ARGS.positional[0] | tonumber)' --args "$(printf '%s\n' "$out" | jq '.findings | length')")" true \
    'JSON: the summary counts all'
is "$(printf '%s\n' "$out" | jq -r '.audit.decisions, .audit.by_credential.user, (.audit.days | length), .audit.days[0].day')" '3
3
82
2026-09-01' 'JSON: the decisions of the window'
is "$(printf '%s\n' "$out" | jq -c .writers)" \
    '{"people":6,"access keys":4,"repository tokens":1,"project tokens":1,"tokens of users":0}' 'JSON: who can write at all'
is "$(printf '%s\n' "$out" | jq -r '.findings[] | select(.kind == "service-account-out-of-scope") | .controls[]' | grep -c '^nist:AC-2$')" 1 \
    'JSON: the controls of the configuration, once'
is "$(printf '%s\n' "$out" | LC_ALL=C grep -c '[^ -~]')" 0 'JSON: ASCII only'
printf '%s\n' "$out" >"$T/first.json"
report --format json
is "$out" "$(cat "$T/first.json")" 'JSON: the same input gives the same bytes'
report --save "$T/d/saved.json" --format csv
ok '--save writes the same JSON beside another format' cmp -s "$T/first.json" "$T/d/saved.json"
is "$(stat -c %a "$T/d/saved.json")" 640 '--save: not for everybody'

# -------------------------------------------------------------- CSV, HTML
is "$(printf '%s\n' "$out" | head -n 1)" 'severity,kind,change,where,what,evidence,controls,action,id' \
    'CSV: headings'
is "$(printf '%s\n' "$out" | wc -l)" "$(($(jq '.findings | length' "$T/first.json") + 1))" 'CSV: a row a finding'
unlike "$out" "$(printf '\033')" 'CSV: no escapes'
report --html "$T/d/report.html" --format json
is "$out" "$(cat "$T/first.json")" '--html: beside another format'
ok '--html writes a document' grep -qi '^<!doctype html' "$T/d/report.html"
is "$(grep -c '<script>alert' "$T/d/report.html")" 0 '--html: markup in names is escaped'
report --html -
like "$out" '^<!DOCTYPE html>$' '--html -: on stdout'
lacks "$out" 'instance   https' '--html -: and nothing else'

# -------------------------------------------------------------- filters, exit codes
report --kind write-key-old --kind user-key-weak --format json
is "$(names)" 'user-key-weak write-key-old ' '--kind: only these'
report --severity high --format json
is "$(printf '%s\n' "$out" | jq -r '[.findings[].severity] | unique[]')" high '--severity: these and worse'
report --kind write-key-old --fail-on medium
is "$code" 0 '--fail-on: only milder findings: code 0'
report --kind write-key-old
is "$code" 1 'low is enough by default: code 1'
report --kind restriction-unused-pattern --fail-on info
is "$code" 1 '--fail-on info'
report --kind restriction-unused-pattern
is "$code" 0 'info is not, by default'
report --kind write-key-stale
is "$code" 0 'nothing of this kind: code 0'
contains "$out" 'findings   none' 'and says so'
report --kind write-key-old --old 900d --format json
is "$(printf '%s\n' "$out" | jq -r '[.findings[].evidence[0]] | sort | join(" ")')" \
    'key/158 key/161 key/162' '--old: another measure'
report --kind webhook-external --inside '*.example.org'
is "$code" 0 '--inside: these hosts are ours'
report --kind write-by-broad-group --broad 0
is "$code" 0 '--broad: no group of acme has ten members'
report --kinds
is "$code" 0 '--kinds: code 0'
is "$(printf '%s\n' "$out" | grep -c '^[a-z]*  *[a-z-]*  *[A-Za-z].')" "$(printf '%s\n' "$out" | wc -l)" '--kinds: a row each'

# -------------------------------------------------------------- what could not be looked at
report --window 10d --format json --kind unused-write-grant
is "$(printf '%s\n' "$out" | jq -r '.findings | length')" 5 '--window: a short one that the log covers'
report --snapshot "$T/none.cdb"
is "$code" 2 'no snapshot: code 2'
mv "$T/d/audit.jsonl" "$T/d/other.jsonl"
report --kind unused-write-grant
is "$code" 0 'no audit log: no finding'
contains "$out" 'an audit log could not be read' 'no audit log: but a note'
report --kind unused-write-grant "$T/d/audit.jsonl"
is "$code" 2 'a log that was named and is not there: code 2'
report --kind unused-write-grant "$T/d/other.jsonl"
is "$code" 1 'a log that was named'
code=0
out=$("$BUILD/refgate" report --config "$T/d/refgate.conf" --at "$now" --kind unused-write-grant - \
    <"$T/d/other.jsonl") || code=$?
is "$code" 1 'a log on stdin'
# A log that was rotated within the window is part of it; one that was rotated before is not.
head -n 2 "$T/d/other.jsonl" | gzip >"$T/d/audit.jsonl-20261120T120000Z.gz"
tail -n 1 "$T/d/other.jsonl" >"$T/d/audit.jsonl"
echo old >"$T/d/audit.jsonl-20260101T000000Z"
report --format json
is "$(printf '%s\n' "$out" | jq -c '[.audit.decisions, .audit.from]')" '[3,"2026-09-01T10:00:00Z"]' \
    'the files that were rotated away are read, too' || note "$out$err"
lacks "$out$err" 'damaged' 'but not those from before the window'
rm "$T/d/audit.jsonl"*
printf 'no json\n\377\376\n{"time":3}\n' >"$T/d/damaged"
report --kind unused-write-grant "$T/d/other.jsonl" "$T/d/damaged"
contains "$out" '3 lines of the audit log are damaged' 'damaged lines are counted'
mv "$T/d/other.jsonl" "$T/d/audit.jsonl"

facts 0000 >"$T/d/facts"
report --facts "$T/d/facts" --kind user-key-weak
is "$code" 1 '--facts: another file'
contains "$out" 'were read with another snapshot' '--facts: of another snapshot: a note'
sed '$d' "$T/d/facts" >"$T/d/torn"
report --facts "$T/d/torn"
is "$code" 2 '--facts: not complete: code 2'
contains "$err" 'not complete' 'and says so'
report --facts "$T/d/nothing"
is "$code" 2 '--facts: not there: code 2'
mv "$snapshot.facts.jsonl" "$T/d/kept"
report --kind token-without-expiry
is "$code" 0 'no facts: no finding'
contains "$out" 'there is no file of facts' 'no facts: but a note'
mv "$T/d/kept" "$snapshot.facts.jsonl"

head -c 3000 "$snapshot" >"$T/d/cut.cdb"
report --snapshot "$T/d/cut.cdb"
is "$code" 2 'a damaged snapshot: code 2'

# -------------------------------------------------------------- usage
for wrong in '--kind nothing' '--severity worst' '--fail-on x' '--window 3' '--broad 101' '--limit -1' \
    '--at yesterday' '--format xml' '--stale 0' '--control-map /no/such/file' '--baseline /no/such/file'; do
    # shellcheck disable=SC2086 # an option and its value
    report $wrong
    is "$code" 2 "$wrong: code 2"
    is "$out" '' "$wrong: nothing on stdout"
done
report --html "$T/no/such/directory/x.html"
is "$code" 2 '--html: cannot be written: code 2'

# -------------------------------------------------------------- manual
page=packaging/man/refgate-report.8
for option in $("$BUILD/refgate" report --help | sed -n 's/^  --\([a-z-]*\).*/\1/p'); do
    ok "refgate-report(8) documents --$option" grep -Eq "^\.It Fl -$option( |\$)" "$page"
done
for kind in $("$BUILD/refgate" report --kinds | awk '{print $2}'); do
    ok "refgate-report(8) documents $kind" grep -Eq "^\.It Li $kind\$" "$page"
done
if command -v mandoc >/dev/null; then
    mandoc -Tlint "$page" 2>&1 | grep -v -e 'referenced manual not found' -e 'outdated mandoc.db' >"$T/lint"
    is "$(cat "$T/lint")" '' 'mandoc has nothing to say about refgate-report.8'
else
    skip 'mandoc has nothing to say' 'no mandoc'
fi
done_testing
