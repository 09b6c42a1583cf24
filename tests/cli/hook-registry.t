#!/bin/sh
# bitbucket/hook_registry and what bitbucket/client writes, against tests/bitbucket/server.
. tests/lib/tap.sh
test_start
. tests/lib/bitbucket.sh

probe_program=$BUILD/tests/helpers/registry_probe
[ -x "$probe_program" ] || skip_all 'tests/helpers/registry_probe is not built'

begin() { # OPTION...
    bitbucket_start "$@" || fail 'the server starts'
    [ -s "$T/jdoe" ] || { # they are the same for all servers
        bitbucket_credentials admin "$T/admin" password
        bitbucket_credentials admin "$T/token" token
        bitbucket_credentials jdoe "$T/jdoe" password
    }
    probe_auth=$T/admin probe_options=
}
# One argument a line, its fields separated by "; " (tabs cannot be seen).
probe() {
    printf '%s\n' "$@" | sed "s/; /$(printf '\t')/g" >"$T/lines"
    # shellcheck disable=SC2086 # options
    run "$probe_program" $probe_options "$BITBUCKET_URL" "$probe_auth" <"$T/lines"
    cat "$T/.out" "$T/.err" >>"$T/everything"
}
count() { # METHOD PATH-REGEX: requests in the log
    bitbucket_requests "^$1	[^	]*$2	"
}
api=/rest/api/latest
gate='1 PRE "gate" "Checks - all" com.atlassian.bitbucket.server.bitbucket-rest'
runs() { # TRIGGER: "NAME=CONTENT" of what Bitbucket would run for PRJ/app
    python3 -IS - "$BITBUCKET_URL" "$1" <<'PYTHON' | sed '1,/^\r$/d' | jq -r '.scripts[] | "\(.name)=\(.content)"'
import socket, sys
host, _, path = sys.argv[1].partition("//")[2].partition("/")
name, port = host.split(":")
body = '{"place":"PRJ/app","trigger":"%s"}' % sys.argv[2]
connection = socket.create_connection((name, int(port)), 20)
connection.sendall(("POST %s/-test/hooks HTTP/1.1\r\nHost: %s\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s"
                    % (path and "/" + path, host, len(body), body)).encode())
while data := connection.recv(65536):
    sys.stdout.write(data.decode())
PYTHON
}

# ---------------------------------------------------------------- hook scripts
begin --context /bb --gaps
printf '#!/bin/sh\nexit 0\n' >"$T/script"
probe 'get; 1' "create; gate; Checks - all; @$T/script" 'get; 1' 'content; 1'
is "$out" "not-found: /rest/api/latest/hook-scripts/1: not there: No hook script with ID 1 exists.
$gate v1
ok
$gate v1
ok
#!/bin/sh
exit 0

17 bytes
ok" 'a script is created, read, and its content too'
probe 'update; 1; -; -; #!/bin/sh' 'update; 1; door; -; -' 'update; 1; gate; -; -' 'content; 1' 'create; gate; -; x'
is "$out" "$gate v2
ok
1 PRE \"door\" \"Checks - all\" com.atlassian.bitbucket.server.bitbucket-rest v2
ok
$gate v2
ok
#!/bin/sh
9 bytes
ok
usage: $api/hook-scripts: Bitbucket does not accept it (HTTP status 409): A hook script with the name \"gate\" already exists." \
    'what is not given stays; a name is there once'
probe 'enable; 1; PRJ; push, pull-request-merge' 'enable; 1; PRJ/unborn; tag-create' 'scripts; PRJ' 'scripts; PRJ/unborn' 'scripts; PRJ/app'
is "$out" "ok
ok
$gate v2 PROJECT [push, pull-request-merge]
1 scripts
ok
$gate v2 REPOSITORY [tag-create]
1 scripts
ok
$gate v2 PROJECT [push, pull-request-merge]
1 scripts
ok" 'it is configured; a repository shows its own, or what its project has'
is "$(runs push) $(runs tag-create)" 'gate=#!/bin/sh ' 'and this is what would run'
probe 'find; gate; PRJ/app' 'find; gate' 'find; nothing; PRJ' 'scripts; NOPE' 'scripts; -'
is "$out" "$gate v2
ok
$gate v2
ok
not-found: no hook script has this name, as far as can be asked: REST has no list of them
not-found: $api/projects/NOPE: not there: Project NOPE does not exist.
usage: REST has hook scripts of projects and repositories only, not of the whole instance" 'found by name, or not'
probe 'disable; 1; PRJ' 'disable; 1; PRJ' 'scripts; PRJ' 'delete; 1' 'delete; 1' 'get; 1' 'scripts; PRJ/unborn'
is "$out" "ok
ok
0 scripts
ok
ok
ok
not-found: $api/hook-scripts/1: not there: No hook script with ID 1 exists.
0 scripts
ok" 'taken back; what is gone is gone'
is "$(count DELETE 'hook-scripts/1')" 4 'each was asked for once'

# A hook may be a program: all bytes, and what looks like the end of a part of a form.
head -c 2500000 /dev/urandom >"$T/program"
printf '\r\n--------------------------x\r\n\r\n\0end\n' >>"$T/program"
probe "create; program; -; @$T/program" 'content; 2'
size=$(wc -c <"$T/program")
sed 1,2d "$T/.out" | head -c "$size" >"$T/back"
ok 'a program of 2.5 MB comes back as it was' cmp "$T/program" "$T/back"
like "$(tail -c 20 "$T/.out" | tr -d '\000')" "^ok$" 'and the request after it is fine'

# One handle, many methods.
probe "GET; $api/projects" "PUT; $api/projects/PRJ/hook-scripts/2; {\"triggerIds\":[\"push\"]}" "GET; $api/projects" \
    'create; third; -; x' "GET; $api/projects" 'content; 3' "GET; $api/projects" "DELETE; $api/hook-scripts/3" \
    "GET; $api/projects" "plain; $api/projects" "PUT; $api/projects/PRJ/hook-scripts/2; {\"triggerIds\":[\"pull\"]}" \
    "GET; $api/projects; {}" "DELETE; $api/projects; {}"
is "$(printf '%s\n' "$out" | grep -E '^[0-9]+ [0-9]+ (JSON|-)$' | cut -d' ' -f1,3 | tr '\n' ,)" \
    '200 JSON,200 JSON,200 JSON,200 JSON,200 JSON,204 -,200 JSON,200 -,400 JSON,' 'a GET is a GET after whatever came before'
is "$(printf '%s\n' "$out" | grep -c 'cannot have such a body')" 2 'GET and DELETE have no body'

# ---------------------------------------------------------------- who may
probe_auth=$T/jdoe
probe 'create; x; -; x' 'content; 2' 'scripts; PRJ' 'enable; 2; PRJ/app; push' 'addon; pre; PRJ/app'
is "$(printf '%s\n' "$out" | grep -c '^trust: /rest/.*: not permitted (HTTP status 401), the account needs [A-Z_ or]*: You are not permitted')" 5 \
    'who may not is told what he needs'
like "$out" '^trust: .*/hook-scripts: .*needs SYS_ADMIN' 'SYS_ADMIN for scripts'
like "$out" '^trust: .*/repos/app/hook-scripts/2: .*needs REPO_ADMIN' 'the place for where they run'
probe_auth=$T/token
probe 'create; x; -; x'
like "$out" '^trust: .*needs SYS_ADMIN' 'no token administers the instance'
probe_auth=$T/admin
bitbucket_change move '{"place":"PRJ/app","to":"OPS"}' >/dev/null
probe 'scripts; PRJ/app' 'enable; 2; PRJ/app; push'
is "$(printf '%s\n' "$out" | grep -c '^not-found: .*has another name now: /rest/api/latest/projects/OPS/repos/app')" 2 \
    'a place that has moved: its new name, and nothing is written there'

# ---------------------------------------------------------------- forms of other sites
cat >"$T/raw.py" <<'PYTHON'
import base64, http.client, sys, urllib.parse
url = urllib.parse.urlsplit(sys.argv[1])
for line in sys.stdin:
    method, path, kind, token, body = line.rstrip("\n").split(" ", 4)
    headers = {"Authorization": "Basic " + base64.b64encode(sys.argv[2].encode()).decode()}
    if kind != "-":
        headers["Content-Type"] = kind
    if token != "-":
        headers["X-Atlassian-Token"] = token
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=20)
    connection.request(method, url.path + path, body.encode(), headers)
    print(connection.getresponse().status, end=" ")
PYTHON
raw() { printf '%s\n' "$@" | python3 "$T/raw.py" "$BITBUCKET_URL" admin:refgate-test-password-admin; }
form='multipart/form-data;boundary=b'
is "$(raw "POST $api/hook-scripts $form - --b--" "POST $api/hook-scripts $form no-check --b--" \
    "POST $api/hook-scripts - - x" "POST $api/hook-scripts application/json - {}" \
    "PUT $api/hook-scripts/2 $form no-check --b--" "PUT $api/hook-scripts/99 $form no-check --b--" \
    "PUT $api/projects/PRJ/hook-scripts/2 text/plain - {}" "PUT $api/projects/PRJ/hook-scripts/2 application/json - {" \
    "PUT $api/projects/PRJ/hook-scripts/2 application/json - {\"triggerIds\":\"push\"}" "PATCH $api/projects - - x" \
    "PUT $api/projects application/json - {}")" '403 400 403 415 422 404 403 400 400 405 405 ' \
    'the server: forged forms (403), what is not valid, what cannot be written'
bitbucket_stop

# ---------------------------------------------------------------- a POST is never sent twice
unsure='it is not known whether this was done'
# shellcheck disable=SC2046 # options
begin $(for fault in lost reset truncate 5xx login-page hang revoked 429; do
    number=$((${number:-0} + 1))
    printf -- '--fault %s:path=hook-scripts$,at=%d,retry=0 ' $fault $number
done)
post() { # DESCRIPTION HOW-OFTEN REGEX
    before=$(count POST /hook-scripts)
    # The first request leaves a connection open: libcurl would send again what that one lost.
    probe 'get; 700' "create; $1; -; #!/bin/sh"
    is "$(($(count POST /hook-scripts) - before))" "$2" "a POST and $1: sent $2 times"
    like "$out" "$3" "a POST and $1: says so"
}
probe_options='--answer-ms 1000'
post 'a connection that ends before the answer' 1 "^io: $api/hook-scripts: $unsure: "
probe 'get; 1'
like "$out" '^1 PRE "a connection that ends' 'for it may have been done'
post 'a reset in the answer' 1 "^io: $api/hook-scripts: $unsure: "
post 'an answer that is cut' 1 "^io: $api/hook-scripts: $unsure: "
post 'a server in trouble' 1 "^io: $api/hook-scripts: $unsure: the server answered 503"
post 'a login page' 1 "^trust: $api/hook-scripts: $unsure: .*HTML page titled \"Log in\""
post 'no answer' 1 "^io: $api/hook-scripts: $unsure: no answer in time"
post 'a credential that is refused' 1 '^trust: .*refused the credential \(status 401\)'
post 'too many requests' 2 '^[0-9]+ PRE "too many requests"'
bitbucket_stop
# Nobody listens: nothing was sent, so that it may be tried again.
probe_options='--attempts 2'
probe 'create; gate; -; x'
like "$out" "^io: $api/hook-scripts: .*\(2 attempts\)" 'a POST that reached nobody is tried again'
lacks "$out" 'not known' 'and it is known that it was not done'

# ---------------------------------------------------------------- PUT and DELETE are
begin --fault 'lost:path=hook-scripts/1$,at=2' --fault 'lost:path=hook-scripts/1$,at=5' \
    --fault '5xx:path=hook-scripts/2$,at=2' --fault '5xx:path=hook-scripts/2$,at=5'
for number in 1 2; do
    probe "create; gate $number; -; x" "get; $number" "update; $number; -; -; y" "get; $number" "delete; $number" "get; $number"
    is "$(printf '%s\n' "$out" | sed -n 5,9p | cut -d' ' -f1 | tr '\n' ' ')" "$number ok $number ok ok " \
        "PUT and DELETE after fault $number: done"
    is "$(count PUT hook-scripts/$number)$(count DELETE hook-scripts/$number)" 22 "PUT and DELETE after fault $number: sent twice"
done
bitbucket_stop

# ---------------------------------------------------------------- what the server does not have
begin --hook-scripts off --fault 'login-page:path=content'
probe 'scripts; PRJ' 'get; 1' 'create; x; -; x' 'find; x; PRJ' 'enable; 1; PRJ; push' 'delete; 1'
is "$(printf '%s\n' "$out" | cut -d: -f1 | tr '\n' ' ')" 'unsupported unsupported unsupported unsupported unsupported unsupported ' \
    'hook scripts that are switched off: not the same as none'
like "$out" 'feature.hook.scripts' 'it says what switches them on'
probe 'content; 1'
like "$out" '^trust: .*/content: .*(without signing us in|HTML page)' 'a login page is no content of a script'

# ---------------------------------------------------------------- External Hooks
probe 'addon; pre; PRJ' 'addon-set; pre; PRJ/app; on; refgate-hook; -; safe' 'addon; pre; -' 'addon; pre; NOPE'
is "$(printf '%s\n' "$out" | cut -d: -f1 | tr '\n' ' ')" 'unsupported unsupported unsupported not-found ' 'no add-on'
bitbucket_stop
mkdir -p "$T/home/shared/external-hooks"
cp "$T/script" "$T/home/shared/external-hooks/refgate-hook"
chmod 755 "$T/home/shared/external-hooks/refgate-hook"
begin --addon 11.2 --home "$T/home"
probe 'addon; pre; PRJ' 'addon-set; pre; PRJ; on; refgate-hook; --config|/etc/my refgate.conf; safe' 'addon; pre; PRJ' \
    'addon; pre; PRJ/app' 'addon-set; merge; PRJ/app; on; none; -; safe' 'addon; merge; PRJ/app' \
    'addon-set; merge; -; on; refgate-hook; -; safe'
is "$out" "off PROJECT \"\" \"\" any 11.2
ok
ok
on PROJECT \"refgate-hook\" \"--config|/etc/my refgate.conf\" safe 11.2
ok
on PROJECT \"refgate-hook\" \"--config|/etc/my refgate.conf\" safe 11.2
ok
usage: $api/projects/PRJ/repos/app/settings/hooks/com.ngs.stash.externalhooks.external-hooks:external-merge-check-hook/settings: Bitbucket does not accept it (HTTP status 400): Executable does not exist
off REPOSITORY \"\" \"\" any 11.2
ok
unsupported: the add-on External Hooks is not installed in this Bitbucket, or is older than 12: it has no hooks for the whole instance" \
    'External Hooks 11 in a project, and what its repositories have of it'
is "$(runs push)" "external-pre-receive-hook=#!/bin/bash

$T/home/shared/external-hooks/refgate-hook --config '/etc/my refgate.conf'" 'and this is what would run'
is "$(runs pull-request-merge)" '' 'a merge is not covered by it'
probe 'addon-set; pre; PRJ/app; off' 'addon; pre; PRJ/app'
is "$out" "ok
off REPOSITORY \"refgate-hook\" \"--config|/etc/my refgate.conf\" safe 11.2
ok" 'switched off in one repository'
is "$(runs push)" '' 'where nothing runs any more'
bitbucket_stop
begin --addon 12.1 --home "$T/home"
probe 'addon-set; pre; -; on; nothing; -; safe' 'addon; pre; -' 'addon-set; pre; -; on; refgate-hook; a|b; safe' \
    'addon-set; merge; -; on; refgate-hook; -; safe' 'addon; pre; -' 'addon; merge; -'
is "$out" "usage: the add-on External Hooks does not accept it: Executable does not exist
off GLOBAL \"\" \"\" any -
ok
ok
ok
on GLOBAL \"refgate-hook\" \"a|b\" safe -
ok
on GLOBAL \"refgate-hook\" \"\" safe -
ok" 'External Hooks 12: for the whole instance'
is "$(count POST factory/hooks) $(count GET 'factory/state/[0-9]+')" '2 4' 'it is applied, and waited for, each time'
is "$(runs pull-request-merge)" "external-merge-check-hook=#!/bin/bash

$T/home/shared/external-hooks/refgate-hook" 'merges are covered, too'
probe 'addon-set; merge; -; off'
is "$(runs pull-request-merge)" '' 'and taken back'
probe_auth=$T/jdoe
probe 'addon; pre; -'
like "$out" '^trust: the add-on External Hooks wants SYS_ADMIN: ' 'who may not is told what he needs'
bitbucket_stop

# ---------------------------------------------------------------- a recording is where it begins
tests/bitbucket/record --reports 3 tiny "$T/recording"
lists() { # how many scripts, and of which numbers
    probe 'scripts; PRJ' 'scripts; OPS' 'scripts; PRJ/app' 'scripts; PRJ/unborn' 'scripts; OPS/tools'
    printf '%s\n' "$out"
}
begin --seed 3
lists >"$T/generated"
bitbucket_stop
begin --recording "$T/recording"
lists >"$T/recorded"
same_file "$T/recorded" "$T/generated" 'a recording shows the same scripts'
like "$(cat "$T/recorded")" ' PROJECT \[' 'and there are some'
probe 'create; gate; -; x' 'enable; 1; OPS/tools; push' 'scripts; OPS/tools'
like "$out" '^1 PRE "gate" .* REPOSITORY \[push\]$' 'what is written to it is there'
bitbucket_stop

# ---------------------------------------------------------------- secrets
for secret in refgate-test-password refgate-test-token "$(printf admin:refgate-test-password-admin | base64)"; do
    lacks "$(cat "$T/everything")" "$secret" 'no message has a secret in it'
done
done_testing
