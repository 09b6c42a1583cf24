#!/bin/sh
# Tokens, passwords and secrets of webhooks are in nothing that refgate writes: no output, recording,
# snapshot, facts, metrics, core file, argument.
. tests/lib/tap.sh
. tests/lib/bitbucket.sh
test_start
bitbucket_certificate "$T/tls" good
bitbucket_start --seed 2 --size tiny --tls "$T/tls/cert.pem" "$T/tls/key.pem"
auth=$BITBUCKET_AUTH
# All that must not be seen, also as Basic's base64.
secrets=$T/secrets
sed 's/^[a-z]* = //' "$auth" | grep -v '^refgate-sync$' >"$secrets"
printf '%s' "refgate-sync:$(sed -n 's/^password = //p' "$auth")" | base64 >>"$secrets"
secret() { # DESCRIPTION WHERE...: none of the secrets is there
    what=$1
    shift
    found=$(grep -rlaF -f "$secrets" "$@" 2>/dev/null)
    is "$found" '' "$what: no secret"
}
sync() { run "$BUILD/refgate" sync --url "$BITBUCKET_URL" --cacert "$T/tls/ca.pem" "$@" </dev/null; }
save() { cat "$T/.out" "$T/.err" >>"$T/o/said"; }
mkdir "$T/o"
# Secrets that the instance itself holds.
python3 - "$BITBUCKET_URL" "$auth" >"$T/webhooks" <<'PYTHON'
import base64, json, ssl, sys, urllib.request
url, auth = sys.argv[1:]
given = dict(line.rstrip("\n").split(" = ", 1) for line in open(auth))
context = ssl._create_unverified_context()
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
def get(path):
    request = urllib.request.Request(url + path, headers={"Authorization": "Basic " + base64.b64encode(
        (given["user"] + ":" + given["password"]).encode()).decode(), "Accept": "application/json"})
    return json.load(opener.open(request))
for repository in get("/rest/api/latest/repos?archived=ALL&limit=1000")["values"]:
    for hook in get("/rest/api/latest/projects/%s/repos/%s/webhooks" % (repository["project"]["key"], repository["slug"]))["values"]:
        secret = hook.get("configuration", {}).get("secret")
        if secret:
            print(secret)
PYTHON
ok 'the instance has secrets of its own' test -s "$T/webhooks"
sort -u "$T/webhooks" >>"$secrets"

sync --auth-file "$auth" --output "$T/o/s.cdb" --record "$T/o/recording" --with-reports \
    --metrics "$T/o/metrics.prom"
save
is "$code" 0 'a crawl with reports' || note "$err"
secret 'a crawl with reports' "$T/o"
ok 'the webhooks were read, though' grep -q '"webhook"' "$T/o/s.cdb.facts.jsonl"
sync --auth-file "$auth" --output "$T/o/s.cdb" --format json
save

# by environment and by descriptor
REFGATE_TOKEN=$(sed -n 's/^token = //p' "$auth") REFGATE_USER=refgate-sync \
    REFGATE_PASSWORD=$(sed -n 's/^password = //p' "$auth") \
    "$BUILD/refgate" sync --url "$BITBUCKET_URL" --cacert "$T/tls/ca.pem" --output "$T/o/s.cdb" \
    >>"$T/o/said" 2>&1
is "$?" 0 'credentials by environment'
"$BUILD/refgate" sync --url "$BITBUCKET_URL" --cacert "$T/tls/ca.pem" --output "$T/o/s.cdb" --auth-fd 5 \
    5<"$auth" >>"$T/o/said" 2>&1
is "$?" 0 'credentials by descriptor'

# ---------------------------------------------------------------- failures say no more
for fault in revoked:after=20 login-page:after=20 garbage:after=20 reset:after=20 hang:after=20 \
    redirect-host:after=20 deny:restrictions; do
    bitbucket_start --seed 2 --size tiny --tls "$T/tls/cert.pem" "$T/tls/key.pem" --fault "$fault"
    sync --auth-file "$auth" --output "$T/o/f.cdb" --attempts 2 --timeout 2s --metrics "$T/o/metrics.prom"
    save
    bitbucket_stop
    ok "$fault: fails" test "$code" = 2
done
sync --auth-file "$auth" --output "$T/o/f.cdb" # nobody listens there
save
is "$code" 2 'nobody listens'
BITBUCKET_URL=https://refgate-sync:$(sed -n 's/^password = //p' "$auth")@127.0.0.1:1
sync --auth-file "$auth" --output "$T/o/f.cdb"
save
is "$code" 2 'a password in the URL is refused'
BITBUCKET_URL=https://127.0.0.1:1
sync --auth-file "$auth" --output "$T/o/f.cdb" --proxy "http://me:$(sed -n 's/^password = //p' "$auth")@127.0.0.1:1"
save
is "$code" 2 'a password in the proxy is refused'
{
    sed 's/^token = /token: /' "$auth"
} >"$T/bad"
chmod 600 "$T/bad"
sync --auth-file "$T/bad" --output "$T/o/f.cdb"
save
is "$code" 2 'a malformed file of credentials'
chmod 644 "$T/bad"
sync --auth-file "$T/bad" --output "$T/o/f.cdb"
save
is "$code" 2 'one that others may read'
# What an arguments list shows is what was typed: no option takes a secret.
unlike "$("$BUILD/refgate" sync --help)" '(^|[^a-z])--(token|password|user)([^a-z]|$)' 'no option takes a secret'
secret 'failures' "$T/o"
done_testing
