#!/bin/sh
# refgate sync against a Bitbucket (tests/bitbucket/server): credentials, what is told, what a
# recording of it gives, and that a terminal, a log and a monitoring system are served.
. tests/lib/tap.sh
. tests/lib/bitbucket.sh
test_start

unset REFGATE_URL REFGATE_TOKEN REFGATE_USER REFGATE_PASSWORD
sync() { run "$BUILD/refgate" sync "$@" </dev/null; }
field() { printf '%s\n' "$out" | sed -n "s/^$1  *//p"; }
json() { printf '%s\n' "$out" | jq -r "$1"; }
metric() { sed -n "s/^$1 //p" "$T/metrics.prom"; }

# -------------------------------------------------------------- usage
sync --output "$T/x.cdb"
is "$code" 2 'no URL: code 2'
contains "$err" 'name Bitbucket with --url URL or REFGATE_URL' 'no URL: says so'
sync --url https://jdoe:s3cret-word@bitbucket.example.com --output "$T/x.cdb"
is "$code" 2 'a password in the URL: code 2'
lacks "$err$out" 's3cret-word' 'a password in the URL: is not repeated'
contains "$err" '--url has a user or a password' 'a password in the URL: says what is wrong'
REFGATE_URL=https://jdoe:s3cret-word@bitbucket.example.com
export REFGATE_URL
sync --output "$T/x.cdb"
lacks "$err$out" 's3cret-word' 'a password in REFGATE_URL: is not repeated'
unset REFGATE_URL
sync --url https://bitbucket.example.com --proxy http://jdoe:s3cret-word@proxy --output "$T/x.cdb"
is "$code" 2 'a password in the proxy: code 2'
lacks "$err$out" 's3cret-word' 'a password in the proxy: is not repeated'
sync --url https://bitbucket.example.com --output "$T/x.cdb" --resume --project PRJ
is "$code" 2 'a contradiction: code 2'
contains "$err" '--resume and --project contradict each other' 'a contradiction: names both'
sync --url https://bitbucket.example.com --output "$T/x.cdb"
is "$code" 2 'no credentials: code 2'
contains "$err" '--auth-file' 'no credentials: says how to give them'
sync --url http://bitbucket.example.com --output "$T/x.cdb" --auth-fd 0
is "$code" 2 'an empty descriptor: code 2'
is "$(find "$T" -name 'x.cdb*' ! -name '*.lock')" '' 'usage errors leave nothing behind'

# -------------------------------------------------------------- the acme fixture, served
bitbucket_start --recording tests/fixtures/acme || fail 'the server starts'
bitbucket_credentials admin "$T/admin"
sync --url "$BITBUCKET_URL" --auth-file "$T/admin" --output "$T/acme.cdb" --record "$T/acme.rec"
is "$code" 0 'acme: code 0'
is "$(field repositories) $(field users)" '6 8' 'acme: counts'
like "$out" "^source +$BITBUCKET_URL \(Bitbucket 9\.4\.2\)$" 'acme: the summary names the instance'
like "$out" '^requests +[1-9][0-9]+$' 'acme: and the requests'
like "$out" "^recording +$T/acme.rec$" 'acme: and the recording'
like "$err" "^refgate sync: Bitbucket 9\.4\.2 at $BITBUCKET_URL, signed in as admin" 'a log says where it is signed in'
like "$err" '^refgate sync: repositories: 6 in [0-9.]+ s, [0-9]+ requests$' 'a log has a line for a phase'
like "$err" '^refgate sync: building: [0-9.]+ s$' 'a log has a line for building'
lacks "$err" "$(printf '\r')" 'a log has no carriage return'
digest=$(field digest)
cp -r tests/fixtures/acme "$T/acme"
chmod -R u+w "$T/acme"
printf '{"format":1,"base_url":"%s"}\n' "$BITBUCKET_URL" >"$T/acme/recording.json"
sync --replay "$T/acme" --output "$T/fixture.cdb"
is "$(field digest)" "$digest" 'acme: a crawl of the served fixture has the digest of its replay'
sync --replay "$T/acme.rec" --output "$T/again.cdb"
is "$code" 0 'acme: the recording can be replayed'
ok 'acme: and gives the same bytes' cmp "$T/acme.cdb" "$T/again.cdb"
ok 'acme: the snapshot is good' "$BUILD/refgate" snapshot verify --file "$T/acme.cdb"
bitbucket_stop

# -------------------------------------------------------------- a generated instance
bitbucket_start --seed 3 --gaps --cap 7 || fail 'the server starts'
here="--url $BITBUCKET_URL --output $T/s.cdb"
# shellcheck disable=SC2086 # $here is several words
{
sync $here --auth-file "$BITBUCKET_AUTH" --format json --metrics "$T/metrics.prom" --record "$T/rec"
is "$code" 0 'JSON: code 0'
is "$(json '[.published, .problem, .mode, .resumed, .parts, .file, .base_url] | tojson')" \
    "[true,null,\"full\",false,[],\"$T/s.cdb\",\"$BITBUCKET_URL\"]" 'JSON: what was done'
is "$(json '[.requests, .answers, .received_bytes, .size, .duration_ms] | map(type) | unique | tojson')" \
    '["number"]' 'JSON: numbers'
is "$(json '[.errors, .retries, .throttled, .throttled_wait_ms, .reused, .refused] | tojson')" \
    '[0,0,0,0,0,0]' 'JSON: nothing went wrong'
is "$(json '[.moved, .gone, .appeared] | tojson')" '[0,0,0]' 'JSON: nothing moved'
is "$(json '.warnings | tojson')" '[]' 'JSON: no warnings'
is "$(json '.self_check | [.repositories > 0, .pairs > 0, .too_much, .too_little] | tojson')" \
    '[true,true,0,0]' 'JSON: what the snapshot says is what the server says'
is "$(json '.journal')" "$T/rec" 'JSON: where the recording is'
digest=$(json .digest)
repositories=$(json .counts.repositories)
requests=$(json .requests)
is "$requests" "$(bitbucket_requests)" 'JSON: as many requests as the server saw'
ok 'the recording gives the same bytes' sh -c '
    "$1/refgate" sync --replay "$2/rec" --output "$2/r.cdb" >"$2/replayed" && cmp "$2/s.cdb" "$2/r.cdb"' \
    sh "$BUILD" "$T"

# -------------------------------------------------------------- metrics
is "$(metric refgate_sync_success)" 1 'metrics: success'
is "$(metric refgate_sync_requests)" "$requests" 'metrics: requests'
is "$(metric 'refgate_snapshot_records{kind="repositories"}')" "$repositories" 'metrics: counts'
is "$(metric 'refgate_sync_self_check_differences{direction="too_much"}')" 0 'metrics: self-check'
is "$(stat -c %a "$T/metrics.prom")" 644 'metrics: others may read them'
is "$(grep -v '^#' "$T/metrics.prom" | grep -Evc '^refgate_[a-z_]+(\{[a-z]+="[a-z_]+"\})? -?[0-9]+(\.[0-9]+)?$')" 0 \
    'metrics: each line is name, label, number'
is "$(grep -c '^# TYPE' "$T/metrics.prom")" "$(grep -v '^#' "$T/metrics.prom" | sed 's/[{ ].*//' | sort -u | wc -l | tr -d ' ')" \
    'metrics: each has its type'
success=$(metric refgate_sync_last_success_timestamp_seconds)
sync $here --auth-file "$T/no-such-file" --metrics "$T/metrics.prom"
is "$code" 2 'a missing credential file: code 2'
is "$(metric refgate_sync_success)" 0 'metrics: a failure is told of'
is "$(metric refgate_sync_last_success_timestamp_seconds)" "$success" 'metrics: and since when the snapshot is as it is'
sync $here --auth-file "$BITBUCKET_AUTH" --metrics "$T/no/such/dir/metrics"
is "$code" 0 'metrics that cannot be written: the snapshot is published'
like "$err" '^refgate sync: warning: no metrics: ' 'metrics that cannot be written: a warning'

# -------------------------------------------------------------- credentials
is "$(field digest)" "$digest" 'unchanged content keeps its digest'
is "$(test -e "$T/s.cdb.crawl" && echo there)" '' 'the journal is gone'
is "$(find "$T/rec" -perm /077 | wc -l | tr -d ' ')" 0 'nobody else may read a recording'
name=$(jq -r '.accounts[0].name' "$BITBUCKET_ACCOUNTS")
password=$(jq -r '.accounts[0].password' "$BITBUCKET_ACCOUNTS")
token=$(jq -r '.accounts[0].tokens[0]' "$BITBUCKET_ACCOUNTS")
run env REFGATE_URL="$BITBUCKET_URL" REFGATE_USER="$name" REFGATE_PASSWORD="$password" \
    "$BUILD/refgate" sync --output "$T/s.cdb" --quiet
is "$code" 0 'user and password from the environment: code 0'
is "$err" '' '--quiet: nothing on stderr'
run env REFGATE_TOKEN="$token" "$BUILD/refgate" sync $here
is "$code" 2 'a token alone is refused on administrative endpoints: code 2'
contains "$err" 'needs ADMIN, and a user with a password' 'a token alone: what is missing is named'
is "$(test -e "$T/s.cdb.crawl" && echo there)" there 'and what was read is kept'
like "$err" '^refgate sync: what was read is kept in .*s\.cdb\.crawl: --resume' 'which is told'
: >"$BITBUCKET_LOG"
run "$BUILD/refgate" sync $here --auth-fd 3 3<"$BITBUCKET_AUTH"
is "$code" 0 'token and password from a descriptor: code 0'
ok 'the token is used' test "$(bitbucket_requests '	bearer$')" -gt 0
ok 'and the password where tokens are refused' test "$(bitbucket_requests '	basic$')" -gt 0
is "$(bitbucket_requests '	401	')" 0 'and no request is refused'
run env REFGATE_TOKEN="$token" "$BUILD/refgate" sync $here --allow-partial --force
is "$code" 0 'a token alone with --allow-partial: code 0'
like "$err" '^refgate sync: warning: the account may not read all that there is: global grants of users$' \
    'a token alone with --allow-partial: warns of what is missing'
is "$(printf '%s\n' "$err" | grep -c 'may not have the global permission ADMIN')" 1 'and once of the account'
run "$BUILD/refgate" sync $here --auth-file "$BITBUCKET_AUTH" --max-shrink 100 --repo PRJ/app
is "$code" 0 'a part: code 0'
unlike "$err" 'warning' 'a part: what the last full sync did without is no news'
is "$(field part)" PRJ/app 'a part: the summary names it'
like "$(field 'age counts from')" '^20[0-9-]+T[0-9:]+Z$' 'a part: and from when the age counts'
run "$BUILD/refgate" sync $here --auth-file "$BITBUCKET_AUTH"
is "$code" 0 'all of it again: code 0'
is "$(field part)" '' 'all of it: no part'
sync --url "$BITBUCKET_URL" --output "$T/no/such/s.cdb" --auth-file "$BITBUCKET_AUTH"
is "$code" 2 'no directory: code 2'
contains "$err" "the directory of $T/no/such/s.cdb does not exist: make it first" 'no directory: says so'
bitbucket_credentials jdoe "$T/jdoe"
sync $here --auth-file "$T/jdoe"
is "$code" 2 'an account without rights: code 2'
contains "$err" 'ADMIN' 'an account without rights: the permission is named'
printf 'user = %s\npassword = wrong-password-1\n' "$name" >"$T/wrong"
chmod 600 "$T/wrong"
sync $here --auth-file "$T/wrong" --format json
is "$code" 2 'a wrong password: code 2'
is "$(json '.published, (.problem | length > 0)' | tr '\n' ' ')" 'false true ' 'a wrong password: JSON says why'
lacks "$out$err" 'wrong-password-1' 'a wrong password: is not repeated'
chmod 644 "$T/wrong"
sync $here --auth-file "$T/wrong"
is "$code" 2 'a credential file that others may read: code 2'

# -------------------------------------------------------------- a terminal
if python3 -c 'import pty; pty.openpty()' 2>/dev/null; then
run python3 -c '
import os, pty, sys
pid, fd = pty.fork()
if not pid:
    os.environ["TERM"] = "xterm"
    os.execv(sys.argv[1], sys.argv[1:])
seen = b""
while True:
    try:
        piece = os.read(fd, 65536)
    except OSError:
        break
    if not piece:
        break
    seen += piece
sys.stdout.buffer.write(seen)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
' "$BUILD/refgate" sync $here --auth-file "$BITBUCKET_AUTH" --concurrency 1
is "$code" 0 'a terminal: code 0'
lines=$(printf '%s\n' "$out" | tr '\r' '\n')
like "$lines" '\[K(instance|groups|projects|repositories)' 'a terminal: progress is shown'
unlike "$lines" 'refgate sync: repositories: ' 'a terminal: no lines for a log'
# The line that is rewritten is cleared before the summary.
like "$lines" "\\[Kpublished +$T/s.cdb" 'a terminal: and cleared in the end'
else
    skip 'a terminal: progress is shown' 'this machine gives no terminal (is devpts mounted?)'
fi
}

# -------------------------------------------------------------- no secret anywhere
cat "$T"/*.cdb "$T"/rec/* "$T"/acme.rec/* "$T/metrics.prom" "$T/replayed" >"$T/everything"
ok 'there is something to look at' test "$(wc -c <"$T/everything")" -gt 20000
for secret in "$token" "$password" refgate-test-password refgate-test-token; do
    is "$(grep -ac -e "$secret" "$T/everything")" 0 'no credential in snapshots, recordings, metrics'
done
bitbucket_stop

# -------------------------------------------------------------- what only reports need is refused
bitbucket_start --seed 3 --fault deny:/webhooks || fail 'the server starts'
sync --url "$BITBUCKET_URL" --auth-file "$BITBUCKET_AUTH" --output "$T/w.cdb" --with-reports
is "$code" 0 'webhooks may not be read: code 0'
like "$err" '^refgate sync: warning: the account may not read what only reports need: webhooks of repositories$' \
    'webhooks may not be read: a warning'
bitbucket_stop

# -------------------------------------------------------------- the manual
options=$("$BUILD/refgate" sync --help | sed -n 's/^  --\([a-z-]*\).*/\1/p')
for option in $options; do
    ok "refgate-sync(8) documents --$option" grep -Eq "^\.It Fl -$option( |\$)" \
        packaging/man/refgate-sync.8
done
done_testing
