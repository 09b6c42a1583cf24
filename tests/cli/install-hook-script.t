#!/bin/sh
# refgate install hook-script: Bitbucket's own hook scripts, against the server for tests.
. tests/lib/tap.sh
. tests/lib/push.sh
. tests/lib/bitbucket.sh
. tests/lib/install.sh
test_start
unset REFGATE_URL REFGATE_TOKEN REFGATE_USER REFGATE_PASSWORD
server_start
server_config <<'END'
@common
END
hook=$BUILD/refgate-hook
bitbucket_start --seed 3 --size tiny --server-version 9.4
auth=$T/admin.auth
bitbucket_credentials admin "$auth"
mkdir "$T/home" 2>/dev/null
mkdir "$T/home/shared"
echo 'feature.hook.scripts=true' >"$T/home/shared/bitbucket.properties"

script() { run "$BUILD/refgate" install hook-script --url "$BITBUCKET_URL" "$@" </dev/null; }
install() { script --auth-file "$auth" --hook-config "$CONF" --home "$T/home" "$@"; }
# What Bitbucket would run there.
content() {
    server_runs "$1" "${2:-push}" | jq -r 'select(.name | startswith("push-check") | not) | .content'
}
secrets() { lacks "$out$err" refgate-test- 'and no secret is printed'; }

# -------------------------------------------------------------- the plan
install PRJ OPS --dry-run
is "$code" 1 'a dry run says that something would change' || note "$err"
like "$out" '^would +script +make hook script "refgate" that runs ' 'the script'
like "$out" '^would +project PRJ +run it on all triggers' 'and where'
like "$out" '^would +project OPS +run it on all triggers' 'it would run'
is "$(server_writes)" 0 'nothing but GETs was sent'
ok 'and nothing was written here' test ! -e "$BB/install.json" -a ! -e "$BB/install.json.lock"
secrets
contains "$out" 'line 1 of ' 'the feature flag was looked at'
unlike "$out" '^WARN +feature flag' 'and is no warning'
contains "$out" 'only these places are covered: not other projects, and not personal forks' \
    'what is not covered is said'
contains "$out" 'whoever administers a project can switch the hook off there' \
    'and that a project can take it away'

# -------------------------------------------------------------- first, second
install PRJ OPS
is "$code" 0 'it is installed' || note "$err"
like "$out" '^ok +read back +3 of 3 are as wanted' 'and read back'
want="#!/bin/sh
exec '$hook' --config '$CONF'"
is "$(content PRJ/app)" "$want" 'Bitbucket runs it'
triggers=$(server_rest GET /rest/api/latest/projects/PRJ/hook-scripts |
    jq -r '.values[] | select(.script.name == "refgate") | .triggerIds | sort | join(" ")')
is "$triggers" 'branch-create branch-delete file-edit pull-request-merge push tag-create tag-delete' \
    'on all that changes a ref, merges too'
secrets
before=$(server_writes)
install PRJ OPS
is "$code" 0 'a second time' || note "$err"
contains "$out" 'nothing to do' 'there is nothing to do'
is "$(server_writes)" "$before" 'and nothing is written'
like "$out" '^same +project PRJ +runs it on all triggers' 'each step says what is there'

# -------------------------------------------------------------- a push, as Bitbucket starts it
server_repository PRJ/app 84
client_clone "$T/c" PRJ/app
commit "$T/c" base >/dev/null
content PRJ/app >"$BB/hook"
push_as jdoe "$T/c" origin HEAD:refs/heads/topic/1
is "$code" 0 'a push passes through what was registered' || note "$err"
push_as jdoe "$T/c" origin HEAD:refs/heads/main
is "$code" 1 'semantics 4: one to a closed branch does not'
is "$(audit '.pusher.name')" jdoe 'and the hook knew who it was'

# -------------------------------------------------------------- another path, other triggers
odd="$T/it's
 \$(touch bad) \"odd\""
mkdir "$odd"
cp "$hook" "$odd/refgate-hook"
cp "$CONF" "$odd/refgate.conf"
# Of what is in the library and not beside it, the hook itself finds its configuration.
script --auth-file "$auth" --home "$T/home" --hook "$odd/refgate-hook" --state "$BB/install.json" \
    --triggers 'push, file-edit' PRJ
is "$code" 0 'another hook, with quotes, a blank and a line end in its path' || note "$err"
like "$out" '^done +script +change hook script "refgate" \(' 'takes the place of the first'
like "$out" '^done +project PRJ +run it on push, file-edit \(now on all triggers\)' 'on other triggers'
contains "$out" 'merges of pull requests are not covered' 'that leave merges out, which is said'
contains "$out" 'passes without the hook: branch-create, branch-delete, tag-create, tag-delete' \
    'and what else they leave out'
content PRJ/app >"$BB/hook"
push_as jdoe "$T/c" origin HEAD:refs/heads/main
is "$code" 1 'it starts and judges' || note "$err"
is "$hook_code" 1 'as the hook does'
is "$(find "$BB" "$T/c" -name bad)" '' 'and nothing else was run'

install PRJ/app
is "$code" 0 'a repository of its own'
contains "$out" 'whoever administers a repository can switch the hook off there: this scope is no enforcement' \
    'semantics 2: its administrator can switch it off, which is said'
is "$(content PRJ/app)" "$want" 'which takes the place of the project'"'"'s'

# -------------------------------------------------------------- all projects
install --all-projects
is "$code" 0 'all projects' || note "$err"
contains "$out" 'projects that are made later, personal ones too, are not covered' 'that there are now'
like "$out" '^done +project EMPTY ' 'the others, too'
like "$out" '^same +project OPS ' 'where it was, it stays'
install --all-projects PRJ
is "$code" 2 'all and one contradict each other'

# -------------------------------------------------------------- taking it away
install --uninstall PRJ/app
is "$code" 0 'from one place' || note "$err"
contains "$out" 'the hook script itself stays' 'the script stays'
like "$out" '^done +PRJ/app +no longer run it' 'and is no longer run there'
is "$(content PRJ/app)" "$want" 'but by the project'
install --uninstall --dry-run
is "$code" 1 'taking all of it away can be tried'
like "$out" '^would +script +remove hook script "refgate"' 'and is shown'
rm "$CONF"
install --uninstall
is "$code" 2 'without a configuration, the state file has to be named' || note "$out"
install --uninstall --state "$BB/install.json"
is "$code" 0 'a missing configuration keeps nobody from taking the hook away' || note "$err"
is "$(content PRJ/app)$(content OPS/tool 2>/dev/null)" '' 'nothing is run any more'
install --uninstall --state "$BB/install.json"
is "$code" 0 'which can be repeated'
contains "$out" 'nothing to do' 'and says so'
rm "$BB/install.json"
install --uninstall --state "$BB/install.json"
is "$code" 0 'also without the state file'
server_config <<'END'
@common
END

# -------------------------------------------------------------- what another put there
part() { printf -- '--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' "$@"; }
{
    part name refgate
    part description theirs
    part type PRE
    part content "#!/bin/sh
exit 0 # theirs"
    printf -- '--x--\r\n'
} >"$T/form"
number=$(server_rest POST /rest/api/latest/hook-scripts 'multipart/form-data; boundary=x' "$T/form" | jq .id)
echo '{"triggerIds": ["push"]}' >"$T/form"
server_rest PUT "/rest/api/latest/projects/PRJ/hook-scripts/$number" application/json "$T/form" >/dev/null
is "$(content PRJ/app)" '#!/bin/sh
exit 0 # theirs' 'a script of another with that name'
before=$(server_writes)
install PRJ
is "$code" 2 'is not replaced'
contains "$err" 'is there and not made by refgate: give --replace if it shall go, or another --name' 'but said'
is "$(server_writes)" "$before" 'and nothing is done'
install PRJ --uninstall
is "$code$(server_writes)" "2$before" 'nor switched off in a place, as if it were ours'
contains "$err" 'is there and not made by refgate' 'which is said, too'
install PRJ --name "other \"name\" ✓"
is "$code" 0 'another name can be had' || note "$err"
install --uninstall --name "other \"name\" ✓"
is "$code" 0 'and taken away again' || note "$err"
install PRJ EMPTY --replace
is "$code" 0 'with --replace it is replaced' || note "$err"
install PRJ EMPTY
contains "$out" 'nothing to do' 'and ours from then on'
number=$(jq -r '.["hook-scripts"][].refgate.id' "$BB/install.json")
content_of() { # TEXT: somebody else gives the script that text, and a description of their own
    {
        part description changed
        part content "$1"
        printf -- '--x--\r\n'
    } >"$T/form"
    server_rest PUT "/rest/api/latest/hook-scripts/$number" 'multipart/form-data; boundary=x' "$T/form" >/dev/null
}
ours=$(server_rest GET "/rest/api/latest/hook-scripts/$number/content"; echo .)
content_of '#!/bin/sh
exit 1 # another again'
install --uninstall
is "$code" 2 'one that somebody else has changed since is not overwritten'
is "$(content PRJ/app)" '#!/bin/sh
exit 1 # another again' 'and stays'
content_of "${ours%.}"
install --uninstall
is "$code" 0 'and taken away it' || note "$err"
is "$(content PRJ/app)" '#!/bin/sh
exit 0 # theirs' 'comes back'
is "$(content PRJ/app pull-request-merge)" '' 'on the triggers it had'
install --uninstall
is "$code" 2 'a script of another is not removed'

# -------------------------------------------------------------- the program itself
mkdir -p "$T/program"
cp "$hook" "$T/program/refgate-hook"
if [ -e /etc/refgate/refgate.conf ]; then
    skip 'the program itself' 'there is a configuration on this machine'
else
    script --auth-file "$auth" --hook "$T/program/refgate-hook" --content program PRJ --name program
    is "$code" 2 'the program itself reads no configuration but /etc/refgate/refgate.conf'
    contains "$err" '/etc/refgate/refgate.conf' 'which is looked at'
fi
install --content program PRJ
contains "$err" '--content program is started without --config' 'so another cannot be given'
install --content binary PRJ
is "$code" 2 'there are two kinds of content'

# -------------------------------------------------------------- what goes wrong
bitbucket_credentials refgate-sync "$T/weak.auth"
script --auth-file "$T/weak.auth" --hook-config "$CONF" PRJ --name other
is "$code" 2 'an account without SYS_ADMIN'
contains "$err" SYS_ADMIN 'is told what it needs'
contains "$out" '0 of 2 done: it is not complete' 'and what was not done'
like "$out" '^left +project PRJ ' 'step by step'
secrets
script --hook-config "$CONF" PRJ
is "$code" 2 'no credentials'
contains "$err" 'no credentials: give --auth-file' 'are asked for'
run "$BUILD/refgate" install hook-script --auth-file "$auth" --hook-config "$CONF" PRJ
contains "$err" 'which Bitbucket? Give --url' 'and so is the URL'
printf 'user = admin\npassword = refgate-test-wrong\n' >"$T/wrong.auth"
chmod 600 "$T/wrong.auth"
script --auth-file "$T/wrong.auth" --hook-config "$CONF" PRJ
is "$code" 2 'wrong credentials'
secrets
before=$(server_writes)
install --name mine PRJ NOSUCH
is "$code" 2 'a project that is not there'
contains "$err" NOSUCH 'is named'
is "$(server_writes)" "$before" 'and nothing is changed, not even elsewhere'
for bad in '' / PRJ/ /app PRJ/app/x; do
    install "$bad"
    is "$code" 2 "\"$bad\" is no place"
done
install
contains "$err" 'where? Name projects or repositories, or give --all-projects' 'no place at all'
install PRJ --triggers 'push, sometimes'
contains "$err" 'there is no trigger sometimes' 'a trigger that is none'
install PRJ --triggers ''
is "$code" 2 'no trigger'
install PRJ --name "two
lines"
is "$code" 2 'a name of two lines'
bitbucket_stop

# In the middle: what was done is said, and running it again goes on.
bitbucket_start --seed 3 --size tiny --server-version 8.9 --fault '5xx:path=OPS/hook-scripts/,count=3'
rm -f "$BB/install.json"
script --auth-file "$auth" --hook-config "$CONF" PRJ OPS EMPTY
is "$code" 2 'a server that fails in the middle'
like "$out" '^done +project PRJ ' 'what was done is said'
like "$out" '^FAIL +project OPS ' 'and what failed'
like "$out" '^left +project EMPTY ' 'and what was not tried'
contains "$out" '2 of 4 done: it is not complete; running it again goes on' 'in short, too'
script --auth-file "$auth" --hook-config "$CONF" PRJ OPS EMPTY
is "$code" 0 'running it again goes on' || note "$err"
contains "$out" '2 done' 'with what is left'
unlike "$out" 'feature flag' 'Bitbucket 8.9 has no feature flag'
is "$(server_runs PRJ/app push | jq -r .name | grep -c refgate)" 1 'there is one script, not two'
script --auth-file "$auth" --hook-config "$CONF" PRJ --format json
is "$(printf '%s' "$out" | jq -r '.way, .result, .changed, (.steps | length), .steps[0].result')" \
    'hook-script
ok
0
2
as-wanted' 'the result as JSON'
bitbucket_stop

# -------------------------------------------------------------- toothless
bitbucket_start --seed 3 --size tiny --server-version 9.4 --hook-scripts off
: >"$T/home/shared/bitbucket.properties"
install PRJ
is "$code" 2 'a server whose hook scripts are switched off'
contains "$out" 'Bitbucket runs NO hook script, and every push passes' 'the properties say so'
contains "$out" 'do: write feature.hook.scripts=true into shared/bitbucket.properties' 'and what to write'
contains "$err" 'hook scripts' 'and REST says it'
script --auth-file "$auth" --hook-config "$CONF" PRJ
contains "$out" 'could not look whether Bitbucket runs hook scripts' 'without --home it could not be looked'
bitbucket_stop
done_testing
