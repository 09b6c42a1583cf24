#!/bin/sh
# The Bitbucket that other tests rely on (tests/bitbucket/server): its endpoints, paging, signing in,
# faults, and that nothing of it stays.
. tests/lib/tap.sh
test_start

command -v python3 >/dev/null || skip_all 'python3 is not installed'
. tests/lib/bitbucket.sh

# ask PATH...: answers as JSON lines in $out, as the administrator with a password.
ask() { run tests/bitbucket/ask --basic "$who" "$BITBUCKET_URL" "$@" </dev/null; }
by_token() { run tests/bitbucket/ask --token "$@" </dev/null; }
said() { printf '%s\n' "$out" | jq -r "$1"; }
who=refgate-sync:refgate-test-password-sync
token=refgate-test-token-sync
api=/rest/api/latest

# -------------------------------------------------------------- every endpoint of endpoint.c
# Its templates, with names filled in: NAME, flags, path.
python3 - hook/bitbucket/endpoint.c >"$T/endpoints" <<'PYTHON'
import re, sys
source = open(sys.argv[1], encoding="utf-8").read()
for name, value in re.findall(r'^#define (\w+) ("[^\n]*)$', source, re.M):
    source = re.sub(r'(?<!["\w/{])%s(?=\s*[",])' % name, value, source)
for name, body in re.findall(r"\[ENDPOINT_(\w+)\] = \{(.*?)\}", re.sub(r"\{(\w+)\}", r"<\1>", source), re.S):
    body = re.sub(r'"\s*"', "", body)
    texts = re.findall(r'"([^"]*)"', body)
    path = texts[1] + "latest" + texts[3]
    for key, value in (("project", "PRJ"), ("repository", "app"), ("group", "Developers"),
                       ("user", "jdoe"), ("slug", "jdoe")):
        path = path.replace("<%s>" % key, value)
    print(name, "paged" if "ENDPOINT_PAGED" in body else "single", path)
PYTHON
is "$(wc -l <"$T/endpoints" | tr -d ' ')" "$(grep -Ec '^ *\[ENDPOINT_[A-Z_]+\] = \{' hook/bitbucket/endpoint.c)" \
    'each endpoint was read from the table'

bitbucket_start --seed 1 --size tiny || fail 'the server starts'
# shellcheck disable=SC2046 # paths have no blanks
ask $(cut -d' ' -f3 "$T/endpoints")
printf '%s\n' "$out" | jq -r '
    if .status == 204 then "single"
    elif (.body | has("errors")) then "\(.status) errors"
    elif (.body | has("isLastPage") and (.values | type) == "array" and .size == (.values | length))
    then "paged" else "single" end' >"$T/kinds"
cut -d' ' -f2 "$T/endpoints" | paste -d' ' "$T/kinds" - | sed 's,^404 errors single$,single single,' >"$T/pairs"
is "$(awk '$1 != $2' "$T/pairs")" '' 'each is answered, a list where there must be one'
is "$(said 'select(.status != 404) | .headers["x-ausername"]' | sort -u)" refgate-sync \
    'each answer names the account'
is "$(said '.headers["x-arequestid"] // "none"' | sort -u | wc -l | tr -d ' ')" \
    "$(wc -l <"$T/endpoints" | tr -d ' ')" 'and each request has a number of its own'

# -------------------------------------------------------------- what each instance has
python3 - >"$T/missing" <<'PYTHON'
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, "tests/bitbucket")
import cases
from places import TYPES
from service import Service, offline
MATCHERS = ["BRANCH", "PATTERN", "ANY_REF", "MODEL_CATEGORY", "MODEL_BRANCH"]

def seen_of(instance, places):
    keys = {}
    for level, count, place_of, content_of in (
            ("project", instance.project_count, instance.project, places.of_project),
            ("repository", 26, instance.repository, places.of_repository)):
        for number in range(count):
            content = content_of(place_of(number))
            for r in content.restrictions:
                yield from ((level, r.type), (level, r.matcher), (level, "active", r.active),
                            (level, "deleted group", cases.DELETED_GROUP in r.groups))
                yield from ((level, "exempt", what) for what in ("users", "groups", "keys") if getattr(r, what))
            yield from ((level, "model", content.model is not None), (level, "service", content.service))
            if content.model:
                yield from ((level, "branch", b and b[0]) for b in (content.model.development, content.model.production))
                yield from ((level, "category", enabled) for _, enabled, _ in content.model.categories)
            for key, _ in content.keys:
                yield "dates", places.key(key).created is not None
                keys.setdefault(key, set()).add(level)
    yield from (("shared", len(levels)) for levels in keys.values())

must = {(level, *what) for level in ("project", "repository") for what in (
    *((name,) for name in TYPES + MATCHERS), *(("exempt", w) for w in ("users", "groups", "keys")),
    *((name, w) for name in ("active", "model", "category") for w in (True, False)),
    ("deleted group", True), ("service", True), *(("branch", w) for w in (None, "default", "ref")))}
must |= {("dates", True), ("dates", False), ("shared", 1), ("shared", 2)}
for seed in range(1, 21):
    service = Service(offline(seed, "tiny"))
    missing = must - set(seen_of(service.instance, service.instance.places))
    if missing:
        print(seed, sorted(map(str, missing)))
PYTHON
is "$(cat "$T/missing")" '' 'each small instance has every case: types, matchers, exemptions, models, keys'

# -------------------------------------------------------------- shapes
ask "$api/admin/users?limit=100" "$api/repos?archived=ALL&limit=100" "$api/projects?limit=100"
is "$(said 'select(.path | test("admin/users")) | [.body.values[] | select(.name != .slug and .active)] | length > 5')" \
    true 'users whose name is not their slug'
is "$(said 'select(.path | test("admin/users")) | [.body.values[] | select(.emailAddress == null)] | length > 0')" \
    true 'users without an address'
is "$(said 'select(.path | test("archived")) | [.body.values[] | select(.archived)] | length > 0')" true 'archived repositories'
is "$(said 'select(.path | test("archived")) | [.body.values[] | select(.project.type == "PERSONAL") | .project | has("owner") and (has("public") | not)] | unique | .[]')" \
    true 'personal projects in the list of repositories: with an owner, without "public"'
is "$(said 'select(.path | test("/projects")) | [.body.values[].type] | unique | .[]')" NORMAL \
    'and not in the list of projects'
is "$(said 'select(.path | test("archived")) | [.body.values[] | select(.project.public) | .public] | unique | .[]')" \
    true 'repositories of public projects read public'
ask "$api/repos?limit=100" "$api/repos?archived=ALL&projectkey=prj"
is "$(said 'select(.path | test("limit")) | [.body.values[].archived] | unique | .[]')" false 'by default without archived ones'
is "$(said 'select(.path | test("projectkey")) | [.body.values[].project.key] | unique | .[]')" PRJ 'by project, in any case'
ask "$api/admin/groups/more-members?context=ext%2Fcontractors%2B50%25%26co" \
    "$api/admin/groups/more-members?context=empty-group" "$api/admin/users/more-members?context=jdoe"
is "$(said '[.body.values[].name] | contains(["o'\''brien/ext"])' | head -n 1)" true 'a group of many signs has its members'
is "$(said '.body.size' | sed -n 2p)" 0 'an empty group'
is "$(said '[.body.values[].name] | contains(["Developers"])' | sed -n 3p)" true 'groups of a user'
ask "$api/users?permission.1=REPO_WRITE&permission.1.projectKey=DEFW&permission.1.repositorySlug=wiki&limit=100" \
    "$api/users?permission=SYS_ADMIN" "$api/users?permission=NONSENSE"
is "$(said 'select(.path | test("DEFW")) | [.body.values[].name] | contains(["jdoe"]) and (contains(["guest"]) or contains(["gone"]) | not)')" \
    true 'who may write by default: licensed, active users'
is "$(said 'select(.path | test("SYS")) | [.body.values[].name] | join(" ")')" admin 'who is SYS_ADMIN'
is "$(said '.status' | tail -n 1)" 400 'an unknown permission: 400'
ask "$api/projects/PRJ/repos/none" "$api/projects/NONE" "$api/no/such/thing" "$api/projects/PRJ/repos/empty/default-branch"
is "$(said '"\(.status) \(.body.errors[0].exceptionName)"' | head -n 2 | tr '\n' ' ')" \
    '404 com.atlassian.bitbucket.repository.NoSuchRepositoryException 404 com.atlassian.bitbucket.project.NoSuchProjectException ' \
    'what is not there: 404 with errors[]'
is "$(said '"\(.status) \(.body | has("errors"))"' | sed -n 3p)" '404 false' 'no such endpoint: 404 without'
is "$(said .status | tail -n 1)" 204 'an empty repository has no default branch'

# -------------------------------------------------------------- the same seed, the same bytes
everything=$(sed 's/^[A-Z_]* [a-z]* //' "$T/endpoints")
body_of() { said '.body | tojson' | cksum; }
# shellcheck disable=SC2086
{
ask $everything
first=$(body_of)
bitbucket_stop
bitbucket_start --seed 1 --size tiny
ask $everything
is "$(body_of)" "$first" 'the same seed in another process: the same answers'
run tests/bitbucket/ask --basic "$who" --gzip "$BITBUCKET_URL" $everything
is "$(body_of)" "$first" 'the same, packed'
is "$(said 'select(.headers["content-encoding"] == "gzip") | .status' | sort -u)" 200 'large answers are packed when that was asked for'
bitbucket_stop
bitbucket_start --seed 2 --size tiny
ask $everything
if [ "$(body_of)" != "$first" ]; then pass 'another seed: others'; else fail 'another seed: others'; fi
bitbucket_stop
}

# -------------------------------------------------------------- paging
bitbucket_start --seed 1 --size tiny --cap 7 --gaps --context /bitbucket --chunked
start=0 pages=0 ids=
while [ "$start" != null ] && [ "$pages" -lt 20 ]; do
    ask "$api/repos?archived=ALL&limit=1000&start=$start"
    ids="$ids $(said '[.body.values[].id] | join(" ")')"
    last=$start start=$(said '.body.nextPageStart') pages=$((pages + 1))
done
is "$(said '.body.limit')" 7 'a cap on limit is said in the answer'
is "$pages" 4 '26 repositories are four pages of seven'
is "$(echo "$ids" | tr ' ' '\n' | grep . | sort -u | wc -l | tr -d ' ')" 26 'each is there once'
if [ "$last" -gt 21 ]; then pass 'gaps: positions are not counts'; else fail 'gaps: positions are not counts'; fi
contains "$BITBUCKET_URL" /bitbucket 'a context path is part of the URL'
bitbucket_stop

# -------------------------------------------------------------- signing in
bitbucket_start --seed 1 --size tiny
by_token $token "$BITBUCKET_URL" "$api/admin/permissions/users" "$api/projects/PRJ/permissions/users"
is "$(said '"\(.status) \(.body.errors[0].exceptionName) \(.headers["x-ausername"])"' | head -n 1)" \
    '401 com.atlassian.bitbucket.AuthorisationException refgate-sync' 'tokens are refused on administrative endpoints'
is "$(said .status | tail -n 1)" 200 'and good for a project'
ask "$api/admin/permissions/users"
is "$(said .status)" 200 'a password is good for both'
by_token wrong "$BITBUCKET_URL" "$api/projects"
is "$(said '"\(.status) \(.body.errors[0].exceptionName) \(.headers["x-ausername"])"')" \
    '401 com.atlassian.bitbucket.auth.IncorrectPasswordAuthenticationException null' 'a wrong token'
by_token refgate-test-token-guest "$BITBUCKET_URL" "$api/projects"
is "$(said '"\(.status) \(.body.errors[0].exceptionName)"')" \
    '401 com.atlassian.bitbucket.auth.NoAccessAuthenticationException' 'an unlicensed user'
run tests/bitbucket/ask "$BITBUCKET_URL" "$api/projects" "$api/application-properties"
is "$(said '"\(.status) \(.headers["x-ausername"])"' | tr '\n' ' ')" '401 null 200 null ' 'without credentials: only the version'
by_token refgate-test-token-jdoe "$BITBUCKET_URL" "$api/projects/PRJ/repos/app/permissions/users" \
    "$api/projects/~JDOE/repos/scratch/permissions/users" "$api/repos?archived=ALL&limit=100"
is "$(said .status | head -n 2 | tr '\n' ' ')" '401 200 ' 'a user administers what is his'
is "$(said '.body.size < 26' | tail -n 1)" true 'and does not see everything'
is "$(awk -F'\t' '$4 == "jdoe" && $5 == "bearer"' "$BITBUCKET_LOG" | wc -l | tr -d ' ')" 3 'the log says who asked, and how'
is "$(grep -c 'refgate-test-' "$BITBUCKET_LOG")" 0 'and nothing of a credential'
bitbucket_credentials jdoe "$T/auth" password
is "$(stat -c %a "$T/auth") $(tr '\n' ';' <"$T/auth")" '600 user = jdoe;password = refgate-test-password-jdoe;' \
    'a file with credentials is for its owner'
bitbucket_stop
bitbucket_start --seed 1 --anonymous
run tests/bitbucket/ask "$BITBUCKET_URL" "$api/repos?archived=ALL&limit=100" "$api/admin/users"
is "$(said '"\(.status) \(.headers["x-ausername"])"' | tr '\n' ' ')" '200 null 401 null ' 'anonymous access: lists without a name'
is "$(said '[.body.values[]?.public] | unique | .[]' | head -n 1)" true 'of what is public'
bitbucket_stop
cat >"$T/accounts.json" <<'JSON'
[{"name":"part","password":"p","tokens":["t"],"permission":"ADMIN","sees":["ops"]}]
JSON
bitbucket_start --accounts "$T/accounts.json" --rate 5,0.001 --rate-exempt nobody
who=part:p
ask "$api/projects" "$api/repos" "$api/projects/PRJ" "$api/admin/permissions/users" "$api/admin/rate-limit/settings" "$api/projects"
is "$(said '.body.values[]?.key' | head -n 1)" OPS 'an account of a file sees what the file says'
is "$(said .status | tr '\n' ' ')" '200 200 401 200 200 429 ' 'beyond the capacity: 429'
like "$(said '.headers["retry-after"]' | tail -n 1)" '^[0-9]+$' 'with Retry-After'
bitbucket_stop
who=refgate-sync:refgate-test-password-sync

# -------------------------------------------------------------- older servers
bitbucket_start --server-version 6.10
ask "$api/projects/PRJ/repos/app/default-branch" "$api/projects/PRJ/repos/app/branches/default" \
    /rest/keys/latest/projects/PRJ/ssh /rest/keys/1.0/projects/PRJ/ssh \
    "$api/projects/PRJ/permissions/REPO_CREATE/all" /rest/branch-permissions/2.0/projects/PRJ/repos/app/restrictions
is "$(said '"\(.status)\(if .status == 404 then .body | has("errors") else "" end)"' | tr '\n' ' ')" \
    '404false 200 404false 200 400 200 ' '6.10: what it lacks, and what it has under a number'
ask "$api/repos?limit=100"
is "$(said '[.body.values[] | has("archived")] | unique | .[]')" false '6.10: knows no archived repositories'
bitbucket_stop

# -------------------------------------------------------------- faults
fault() { # EXPECTED DESCRIPTION FAULT [COUNT [FILTER]]
    bitbucket_start --fault "$3"
    # shellcheck disable=SC2046
    run tests/bitbucket/ask --timeout 2 --basic "$who" "$BITBUCKET_URL" $(yes "$api/projects" | head -n "${4:-3}") </dev/null
    is "$(said "${5:-.error // .status}" | tr '\n' ' ')" "$1" "$2"
    bitbucket_stop
}
fault '200 429 200 429 ' '429 each second time' 429:every=2,retry=3 4
fault '200 null 429 3 ' '429 with Retry-After' 429:every=2,retry=3 2 '"\(.status) \(.headers["retry-after"])"'
fault '502 502 200 ' '5xx, twice' 5xx:status=502,count=2
fault '200 reset 200 ' 'a reset in mid-body' reset:at=2
fault '200 cut 200 ' 'a connection that ends in mid-body' cut:at=2
fault 'timeout 200 ' 'no answer at all' hang:at=1 2
fault 'true false true ' 'a body of which half is there' truncate:at=2 3 'has("body")'
fault '200 200 ' 'a slow body' slow:ms=200 2
fault 'true false ' 'not JSON' garbage:at=2 2 'has("body")'
fault '200application/json;charset=UTF-8 200text/html;charset=UTF-8 ' 'a login page' login-page:after=1 2 \
    '"\(.status)\(.headers["content-type"])"'
fault '302 http://127.0.0.1:9/rest/api/latest/projects ' 'a redirect to another host' redirect-host:to=http://127.0.0.1:9 1 \
    '"\(.status) \(.headers.location)"'
fault '200 refgate-sync 401 null ' 'a credential is revoked' revoked:after=1 2 '"\(.status) \(.headers["x-ausername"])"'
fault '200 refgate-sync 200 eve ' 'answers for another user' other-user:after=1,name=eve 2 '"\(.status) \(.headers["x-ausername"])"'
fault '401 refgate-sync ' 'not permitted' 'deny:api/latest/projects$' 1 '"\(.status) \(.headers["x-ausername"])"'
fault '401 null ' 'not permitted, without a name' 'deny-unnamed:projects' 1 '"\(.status) \(.headers["x-ausername"])"'

bitbucket_start --fault anonymous:after=1 --anonymous
ask "$api/projects" "$api/projects"
is "$(said '"\(.status) \(.headers["x-ausername"])"' | tr '\n' ' ')" '200 refgate-sync 200 null ' 'an answer for nobody'
bitbucket_stop
bitbucket_start --fault clock:7200
ask "$api/projects"
date=$(said '.headers.date')
ahead=$((($(date -d "$date" +%s) - $(date +%s)) / 60))
if [ "$ahead" -ge 118 ] && [ "$ahead" -le 120 ]; then pass 'a clock that is ahead'; else fail "a clock that is ahead: $date"; fi
bitbucket_stop

moving() { # FAULT PATH...: after the list was read
    bitbucket_start --fault "$1"
    shift
    ask "$api/repos?archived=ALL&limit=1000" "$@"
    bitbucket_stop
}
app=$api/projects/PRJ/repos/app
moving moved "$app/permissions/users?limit=5" "$api/projects/OPS/repos/app"
is "$(said '"\(.status) \(.headers.location // "" | sub("^http://[^/]*"; ""))"' | sed 1d | tr '\n' ' ')" \
    "307 $api/projects/OPS/repos/app/permissions/users?limit=5 200  " 'moved: 307 to the same thing at the new place'
moving deleted "$app"
is "$(said '"\(.status) \(.body | has("errors"))"' | tail -n 1)" '404 true' 'deleted: 404 with errors[]'
moving created "$api/repos?archived=ALL&limit=1000"
is "$(said .body.size | tr '\n' ' ')" '26 27 ' 'created: the second look finds it'
moving takeover "$app" "$api/projects/OPS/repos/app"
is "$(said .body.id | sed 1d | tr '\n' ' ')" '526 500 ' 'takeover: another one under the old name'
moving renamed:to=NEW "$app/default-branch" "$api/projects/NEW"
is "$(said .status | sed 1d | tr '\n' ' ')" '307 200 ' 'renamed: the project too'
bitbucket_start --cap 10 --fault shift
ask "$api/repos?archived=ALL" "$api/repos?archived=ALL&start=10"
is "$(said '[.body.values[].id] | first, last' | tr '\n' ' ')" '500 509 511 520 ' 'shift: what was deleted makes the next page skip one'
bitbucket_stop
bitbucket_start --cap 3 --fault shift:path=more-members
ask "$api/admin/groups/more-members?context=bitbucket-users" "$api/admin/groups/more-members?context=bitbucket-users&start=0"
is "$(said '.body.values[0].name' | tr '\n' ' ')" 'jdoe RRoe ' 'shift: of another list'
bitbucket_stop

# -------------------------------------------------------------- changes
bitbucket_start
ok 'grant' bitbucket_change grant '{"place":"PRJ/app","user":"jdoe","permission":"REPO_ADMIN"}'
ok 'member' bitbucket_change member '{"user":"guest","group":"bitbucket-users"}'
ok 'restrict' bitbucket_change restrict '{"place":"PRJ/app","type":"read-only","matcher":"BRANCH","id":"refs/heads/frozen","users":["jdoe"]}'
ok 'create' bitbucket_change create '{"place":"EMPTY/first"}'
ok 'move' bitbucket_change move '{"place":"PRJ/old","to":"OPS"}'
run bitbucket_change delete '{"place":"PRJ/none"}'
is "$code" 1 'what is not there cannot be deleted'
ask "$app/permissions/users" "$api/users?permission=LICENSED_USER&limit=100" "/rest/branch-permissions/latest/projects/PRJ/repos/app/restrictions?limit=100" \
    "$api/projects/EMPTY/repos/first" "$api/projects/PRJ/repos/old"
is "$(said '[.body.values[]? | select(.user.name == "jdoe") | .permission] | .[]' | head -n 1)" REPO_ADMIN 'the grant is there'
is "$(said '[.body.values[]? | select(.name == "guest")] | length' | sed -n 2p)" 1 'the member is licensed now'
is "$(said '[.body.values[]? | select(.matcher.id == "refs/heads/frozen") | .users[0].name] | .[]')" jdoe 'the restriction is there'
is "$(said .status | tail -n 2 | tr '\n' ' ')" '200 307 ' 'so are the new and the moved repository'
bitbucket_stop

# -------------------------------------------------------------- a recording
bitbucket_start --recording tests/fixtures/acme
ask "$api/PROJECTS?limit=77&start=0" "$api/repos?start=0&limit=1&archived=all" "$api/nothing" "$api/projects/PRJ/repos/app/branchmodel"
is "$(said '.status' | tr '\n' ' ')" '200 200 404 404 ' 'a recording: found in whatever way it is asked for'
is "$(said '.body.values[0].key' | head -n 1)" OPS 'with what was recorded'
bitbucket_stop

# -------------------------------------------------------------- TLS
bitbucket_certificate "$T/good" good && bitbucket_certificate "$T/client" client
handshake() {
    openssl s_client -connect "${BITBUCKET_URL#https://}" -verify_return_error -CAfile "$T/$variant/ca.pem" \
        -verify_ip 127.0.0.1 </dev/null 2>&1
}
for variant in good expired other-host stranger; do
    [ $variant = good ] || bitbucket_certificate "$T/$variant" $variant
    bitbucket_start --tls "$T/$variant/cert.pem" "$T/$variant/key.pem"
    case $variant in
    good) want='Verify return code: 0 \(ok\)' ;;
    expired) want='certificate has expired' ;;
    other-host) want='[Ii][Pp] address mismatch' ;;
    stranger) want='unable to get local issuer certificate' ;;
    esac
    like "$(handshake)" "$want" "TLS: $variant"
    bitbucket_stop
done
bitbucket_start --tls "$T/good/cert.pem" "$T/good/key.pem" --client-ca "$T/client/ca.pem"
run tests/bitbucket/ask "$BITBUCKET_URL" "$api/application-properties"
unlike "$(said '.status // 0')" 200 'a client certificate is demanded'
bitbucket_stop

# -------------------------------------------------------------- a place that is asked for at once
# Its content is made when somebody asks first; who asks at the same time must not see half of it.
cat >"$T/at-once.py" <<'PYTHON'
import sys, threading
sys.path.insert(0, "tests/bitbucket")
sys.setswitchinterval(1e-6)
from instance import Instance
for seed in range(60):
    instance, seen = Instance(seed, "small"), set()
    project = instance.find_project("DEFW")
    repository = instance.find_repository(project, "wiki")
    start = threading.Barrier(8)
    def look():
        start.wait()
        content = instance.places.of_repository(repository)
        seen.add((len(content.users), len(content.keys), len(content.restrictions)))
    threads = [threading.Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(seen) != 1:
        sys.exit("seed %d: different ones saw %s" % (seed, sorted(seen)))
PYTHON
ok 'what is asked for at once is whole' python3 -B "$T/at-once.py"

# -------------------------------------------------------------- nothing stays, nothing is open
run tests/bitbucket/server --address 0.0.0.0
is "$code" 2 'it does not serve other machines'
like "$err" 'only loopback' 'and says so'
run tests/bitbucket/server --fault no-such-thing
is "$code" 2 'an unknown fault is refused'
run tests/bitbucket/server --help
is "$code" 0 '--help: code 0'
like "$out" 'login-page' '--help: lists the faults'
{ sh -c 'tests/bitbucket/server --ready "$1/orphan" --parent $$ >/dev/null 2>&1 & echo $! >"$1/pid"
    until [ -s "$1/orphan" ]; do sleep 0.05; done; kill -9 $$' sh "$T"; } 2>/dev/null
gone=no
for _ in $(seq 200); do
    kill -0 "$(cat "$T/pid")" 2>/dev/null || { gone=yes && break; }
    sleep 0.05
done
is "$gone" yes 'it ends when its parent is killed'
done_testing
