#!/bin/sh
# refgate doctor: does Bitbucket run the hook where it should, and on all that changes a ref?
. tests/lib/tap.sh
. tests/lib/doctor.sh
test_start
. tests/lib/bitbucket.sh

unset REFGATE_URL REFGATE_TOKEN REFGATE_USER REFGATE_PASSWORD http_proxy https_proxy all_proxy \
    HTTPS_PROXY ALL_PROXY NO_PROXY no_proxy
probe_program=$BUILD/tests/helpers/registry_probe
[ -x "$probe_program" ] || skip_all 'tests/helpers/registry_probe is not built'
chmod 755 "$T"
mkdir -m 755 "$T/etc" "$T/lib" "$T/log" "$T/bitbucket" "$T/bitbucket/shared"
cp "$BUILD/refgate" "$BUILD/refgate-hook" "$T/etc"
conf=$T/etc/refgate.conf
printf '[snapshot]\nfile = %s/lib/s.cdb\n[audit]\nfile = %s/log/a.jsonl\nsyslog = off\n' "$T" "$T" >"$conf"
echo '[{"name": "admin", "password": "of admin", "permission": "SYS_ADMIN"},
       {"name": "reader", "password": "of reader", "permission": "LICENSED_USER"}]' >"$T/accounts"

begin() { # OPTION...
    bitbucket_stop
    bitbucket_start --recording tests/fixtures/acme --accounts "$T/accounts" "$@" || exit 99
    bitbucket_credentials reader "$T/reader"
    auth=$BITBUCKET_AUTH
}
# Fields are separated by "; "; see tests/helpers/registry_probe.c.
probe() {
    printf '%s\n' "$@" | sed "s/; /$(printf '\t')/g" >"$T/lines"
    "$probe_program" "$BITBUCKET_URL" "$BITBUCKET_AUTH" <"$T/lines" >"$T/probe.out" 2>&1
    if grep -Eq '^(not-found|io|memory|format|limit|trust|usage|deadline|unsupported|busy): ' "$T/probe.out"; then
        fail "the test's own request: $*"
        note "$(cat "$T/probe.out")"
    fi
}
doctor() {
    run "$T/etc/refgate" doctor --user "$(id -un)" --url "$BITBUCKET_URL" --auth-file "$auth" "$@" </dev/null
    flat=$(flat)
}
all='push, branch-create, branch-delete, tag-create, tag-delete, file-edit, pull-request-merge'
script="#!/bin/sh exec '$T/etc/refgate-hook'"

# -------------------------------------------------------------- nothing yet
begin
rm -f "$T"/lib/s.cdb*
"$T/etc/refgate" sync --url "$BITBUCKET_URL" --auth-file "$BITBUCKET_AUTH" >/dev/null 2>&1
doctor
is "$(marks registration)$code" 'warn 0' 'nothing is registered, and no place was named: a warning'
contains "$flat" 'OPS, PRJ: the hook does not run' 'places of which the same is said share a line'
contains "$flat" 'refgate install hook-script' 'what to do'
doctor --project PRJ
is "$(marks registration)$code" 'FAIL 1' 'nothing is registered where it must be: fails'
doctor --project NONE
is "$(marks registration)$code" 'FAIL 1' 'a place that is not there fails'
auth=$T/reader
doctor --project PRJ
is "$(marks registration)" 'warn ' 'an account that may not look: cannot tell'
contains "$flat" 'PROJECT_ADMIN' 'an account that may not look: what it lacks'
auth=$T/none
doctor --project PRJ
is "$(marks registration)$code" 'skip 1' 'nobody is signed in: not looked at'
REFGATE_URL=$BITBUCKET_URL
export REFGATE_URL
run "$T/etc/refgate" doctor --auth-file "$T/none" --project PRJ
unset REFGATE_URL
contains "$out" 'nobody is signed in' 'with REFGATE_URL, too: Bitbucket was asked for'
auth=$BITBUCKET_AUTH
run "$T/etc/refgate" doctor --project PRJ
is "$(marks registration)" 'skip ' 'no URL: not looked at'

# -------------------------------------------------------------- hook scripts
probe "create; refgate; -; $script" "enable; 1; PRJ; $all"
doctor --project PRJ --repo PRJ/app
is "$(marks registration)$code" 'ok 0' 'a project, and a repository by way of it' || note "$out"
contains "$flat" 'PRJ, PRJ/app: hook script refgate (1) runs; who administers the project can remove it' \
    'who could take it away'
is "$(bitbucket_requests '^GET')" "$(($(bitbucket_requests .) - 2))" 'doctor only asks' # the probe wrote twice
doctor
is "$(marks registration)$code" 'warn ok 0' 'one project of two'
doctor --format json --project PRJ
is "$(printf '%s' "$out" | jq -r '.[] | select(.group == "registration") | .check + "=" + .status' | tr '\n' ' ')" \
    'feature flag=warn registration=ok ' 'JSON: the group'

probe 'enable; 1; PRJ; push, branch-create, branch-delete, tag-create, tag-delete, file-edit'
doctor --project PRJ
is "$(marks registration)$code" 'FAIL ok 1' 'merges are missing: fails'
contains "$flat" 'does not run on pull-request-merge: merges are not covered' 'merges are missing: says so'
probe 'enable; 1; PRJ; push, pull-request-merge'
doctor --project PRJ
contains "$flat" 'does not run on branch-create, branch-delete, tag-create, tag-delete, file-edit do' \
    'other triggers that are missing are named'
probe 'disable; 1; PRJ' "enable; 1; PRJ/app; $all"
doctor --repo PRJ/app
is "$(marks registration)$code" 'warn 0' "a repository's own scope: a warning"
contains "$flat" 'who administers the repository can remove it' "a repository's own scope: why"
doctor --repo PRJ/lib
is "$(marks registration)$code" 'FAIL 1' 'and another repository is not covered'

probe "create; by another name; -; $script --config /elsewhere/refgate.conf" \
    "enable; 2; PRJ; $all" 'disable; 1; PRJ/app'
doctor --project PRJ
is "$(marks registration)$code" 'warn ok 0' 'a script of another name counts by its text'
contains "$flat" "another configuration than $conf" 'a script with a configuration of its own: says so'
probe 'create; other; -; #!/bin/sh' "enable; 3; OPS; $all"
doctor --project OPS
is "$(marks registration)$code" 'FAIL 1' 'a script that runs something else is none'
doctor --project OPS --name other
is "$(marks registration)$code" 'ok 0' '--name says which it is'
probe "enable; 1; PRJ; $all"
doctor --project PRJ
contains "$flat" 'PRJ: the hook runs 2 times for each push' 'two scripts: a warning'

# Bitbucket keeps a copy, without which it rejects pushes.
probe 'disable; 2; PRJ'
doctor --project PRJ --home "$T/bitbucket"
is "$(marks 'stored script')" 'warn ' 'no directory of scripts: perhaps another home'
mkdir -p "$T/bitbucket/shared/config/hook-scripts/1"
doctor --project PRJ --home "$T/bitbucket"
is "$(marks 'stored script')$code" 'FAIL 1' 'no copy of the script: fails'
: >"$T/bitbucket/shared/config/hook-scripts/1/1"
doctor --project PRJ --home "$T/bitbucket"
is "$(marks 'stored script')" 'ok ' 'a copy of the script'

# -------------------------------------------------------------- the feature flag (8.18 and later)
is "$(marks 'feature flag')$code" 'FAIL 1' 'no properties: fails'
contains "$flat" 'feature.hook.scripts=true' 'no properties: what to write'
contains "$flat" 'restart Bitbucket' 'no properties: and that Bitbucket must be restarted'
echo 'feature.hook.scripts=false' >"$T/bitbucket/shared/bitbucket.properties"
doctor --project PRJ --home "$T/bitbucket"
is "$(marks 'feature flag')$code" 'FAIL 1' 'switched off: fails'
echo 'feature.hook.scripts=true' >"$T/bitbucket/shared/bitbucket.properties"
doctor --project PRJ --home "$T/bitbucket"
is "$(marks 'feature flag')$code" 'ok 0' 'switched on: all is well' || note "$out"
doctor --project PRJ
is "$(marks 'feature flag')$code" 'warn 0' 'no home, no push: cannot tell'
echo "0000000000000000000000000000000000000000 1111111111111111111111111111111111111111 refs/heads/x" |
    env -i ASAN_OPTIONS="$ASAN_OPTIONS" BB_HOOK_TRIGGER_ID=push BB_PROJECT_KEY=PRJ BB_REPO_SLUG=app \
        BB_USER_NAME=jdoe "$T/etc/refgate-hook" >/dev/null 2>&1
doctor --project PRJ
is "$(marks 'feature flag')$code" 'ok 0' 'no home, and a push that was just decided: hooks run'
contains "$flat" 'hooks run: a push was decided' 'no home, and a push that was just decided: says so'

# -------------------------------------------------------------- another content
probe 'update; 1; -; -; #!/bin/sh'
doctor --project PRJ
is "$(marks registration)$code" 'FAIL FAIL 1' 'one named refgate that starts nothing is not taken for the hook'
contains "$flat" 'hook script refgate does not start refgate-hook' 'and said'

# -------------------------------------------------------------- type POST
python3 - "$BITBUCKET_URL" <<'PYTHON'
import base64, sys, urllib.request
fields = {"name": "refgate", "type": "POST", "content": "#!/bin/sh\nexec refgate-hook\n"}
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
def send(method, path, kind, body):
    opener.open(urllib.request.Request(sys.argv[1] + "/rest/api/latest" + path, body, {
        "Authorization": "Basic " + base64.b64encode(b"admin:of admin").decode(),
        "X-Atlassian-Token": "no-check", "Content-Type": kind}, method=method)).close()
send("DELETE", "/hook-scripts/1", "application/json", None)
form = "".join('--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % f
               for f in fields.items()) + "--b--\r\n"
send("POST", "/hook-scripts", "multipart/form-data; boundary=b", form.encode())
send("PUT", "/projects/PRJ/hook-scripts/4", "application/json", b'{"triggerIds": ["push"]}')
PYTHON
doctor --project PRJ
is "$(marks registration)$code" 'FAIL FAIL 1' 'a script of type POST fails'
contains "$flat" 'rejects nothing' 'a script of type POST: why'

# -------------------------------------------------------------- the add-on, and older servers
begin --addon 12.0 --hook-scripts off
rm -f "$T"/lib/s.cdb*
"$T/etc/refgate" sync --url "$BITBUCKET_URL" --auth-file "$BITBUCKET_AUTH" >/dev/null 2>&1
doctor --project PRJ
is "$(marks registration)$code" 'FAIL 1' 'neither hook scripts nor the add-on: fails'
contains "$flat" 'this Bitbucket knows no hook scripts' 'hook scripts are off: says so'
probe "addon-set; pre; PRJ; on; $T/etc/refgate-hook; -; any"
doctor --project PRJ
is "$(marks registration)$code" 'FAIL 1' 'the add-on without its merge check fails'
contains "$flat" 'merges are not covered' 'the add-on without its merge check: why'
probe "addon-set; merge; PRJ; on; $T/etc/refgate-hook; -; any"
doctor --project PRJ
is "$(marks registration)$code" 'ok 0' 'the add-on with its merge check' || note "$out"
probe "addon-set; pre; PRJ; on; /usr/bin/something; -; any"
doctor --project PRJ
is "$(marks registration)$code" 'FAIL 1' 'the add-on with another program fails'
bitbucket_stop

bitbucket_start --seed 1 --size tiny --server-version 6.10 || exit 99
auth=$BITBUCKET_AUTH
doctor --project PRJ
is "$(marks 'feature flag')" '' 'before 8.18 there is no flag'
bitbucket_stop
cp -r tests/fixtures/acme "$T/old"
sed -i 's/"version":"9.4.2"/"version":"6.1.0"/' "$T/old/instance.jsonl"
bitbucket_start --recording "$T/old" --accounts "$T/accounts" || exit 99
auth=$BITBUCKET_AUTH
doctor --project PRJ
is "$(marks version)$code" 'FAIL 1' 'before 6.2 there are no hook scripts'
done_testing
