#!/bin/sh
# refgate install external-hooks: the External Hooks add-on, against the server for tests.
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
home=$T/bitbucket-home
directory=$home/shared/external-hooks
mkdir -p "$home/shared"
chmod 755 "$T"
owner=$(id -u):$(id -g)
hook=$BUILD/refgate-hook
bitbucket_start --seed 3 --size tiny --addon 12.0 --home "$home"
auth=$T/admin.auth
bitbucket_credentials admin "$auth"

addon() { run "$BUILD/refgate" install external-hooks --url "$BITBUCKET_URL" "$@" </dev/null; }
# The snapshot's directory, where the state is, belongs to whoever runs this.
install() { addon --auth-file "$auth" --config "$CONF" --state "$T/install.json" "$@"; }
# What the add-on would have Bitbucket run there, without what surrounds it.
content() {
    server_runs "$1" "${2:-push}" | jq -r 'select(.id == null) | .content' | sed -e '/^#!/d' -e '/^$/d'
}
settings=/rest/api/latest/projects/PRJ/settings/hooks/com.ngs.stash.externalhooks.external-hooks:external-pre-receive-hook

# -------------------------------------------------------------- the plan
install --global --home "$home" --with-config "$CONF" --dry-run
is "$code" 1 'a dry run says that something would change' || note "$err"
like "$out" "^would +file +write $directory/refgate-hook" 'the program'
like "$out" "^would +file +write $directory/refgate.conf" 'its configuration'
like "$out" '^would +everywhere +pre-receive: run refgate-hook of shared/external-hooks' 'the hook'
like "$out" '^would +everywhere +merge-check: run refgate-hook of shared/external-hooks' 'and the merge check'
is "$(server_writes)" 0 'nothing but GETs was sent'
is "$(find "$home")" "$home
$home/shared" 'and nothing was written'
lacks "$out$err" refgate-test- 'no secret is printed'

# -------------------------------------------------------------- first, second
install --global --home "$home" --with-config "$CONF"
is "$code" 0 'it is installed' || note "$err"
like "$out" '^ok +read back +5 of 5 are as wanted' 'and read back'
ok 'the program is there' cmp "$hook" "$directory/refgate-hook"
is "$(stat -c '%a %u:%g' "$directory/refgate-hook")" "755 $owner" 'executable, and the directory'"'"'s owner'"'"'s'
is "$(stat -c '%a %u:%g' "$directory/refgate.conf")" "644 $owner" 'and so is the configuration'
is "$(stat -c '%a %u:%g' "$directory")" "755 $owner" 'and the directory'
is "$(ls -A "$directory")" 'refgate-hook
refgate.conf' 'and nothing else'
is "$(content PRJ/app)" "$directory/refgate-hook" 'pushes run it'
is "$(content PRJ/app pull-request-merge)" "$directory/refgate-hook" 'and so do merges'
unlike "$out" '^WARN +(scope|merges)' 'which covers all: there is no warning'
before=$(server_writes)
install --global --home "$home" --with-config "$CONF"
is "$code" 0 'a second time' || note "$err"
contains "$out" 'nothing to do' 'there is nothing to do'
is "$(server_writes)" "$before" 'and nothing is written'

# -------------------------------------------------------------- a push, as the add-on starts it
server_repository PRJ/app 84
server_way addon
{
    echo '#!/bin/bash'
    content PRJ/app
} >"$BB/hook"
client_clone "$T/c" PRJ/app
commit "$T/c" base >/dev/null
push_as jdoe "$T/c" origin HEAD:refs/heads/topic/1
is "$code" 0 'a push passes through what was installed' || note "$err"
push_as jdoe "$T/c" origin HEAD:refs/heads/main
is "$code" 1 'semantics 4: one to a closed branch does not'
is "$(audit '.pusher.name')" jdoe 'by the configuration beside it'

# -------------------------------------------------------------- a newer hook
cp "$hook" "$T/refgate-hook"
echo newer >>"$T/refgate-hook"
install --global --home "$home" --with-config "$CONF" --hook "$T/refgate-hook"
is "$code" 0 'a newer hook' || note "$err"
contains "$out" '1 done' 'is all that changes'
ok 'it is there' cmp "$T/refgate-hook" "$directory/refgate-hook"
if [ "$(id -u)" = 0 ]; then
    chown -R 7654:7655 "$home"
    chown 0:0 "$directory/refgate-hook"
    install --global --home "$home" --hook "$T/refgate-hook"
    is "$code" 0 'a home of another account' || note "$err"
    is "$(stat -c '%a %u:%g' "$directory/refgate-hook")" '755 7654:7655' 'gets files that are its own'
    # As in a cluster: refgate.conf is beside the hook, and is not root's.
    addon --auth-file "$auth" --state "$T/install.json" --global --home "$home" --hook "$T/refgate-hook"
    is "$code" 0 'its configuration is trusted as the hook will trust it' || note "$err"
    addon --auth-file "$auth" --state "$T/install.json" --uninstall --home "$home" --dry-run
    is "$code" 1 'and is in nobody'"'"'s way when all is taken away' || note "$err"
    cp -p "$directory/refgate.conf" "$T/kept.conf"
    printf '[snapshot]\nfile = %s/shared/s.cdb\n[trust]\nowners = nobody\n' "$home" >"$directory/refgate.conf"
    addon --auth-file "$auth" --global --home "$home" --hook "$T/refgate-hook"
    is "$(ls -A "$home/shared")" external-hooks 'semantics 8: it does not say where root keeps what was there before'
    cp -p "$T/kept.conf" "$directory/refgate.conf"
else
    skip 'a home of another account' 'only root gives files away'
fi
if [ "$(id -u)" = 0 ]; then
    mv "$directory" "$T/moved"
    mkdir "$T/roots"
    ln -s "$T/roots" "$directory"
    install --global --home "$home" --hook "$T/refgate-hook"
    is "$code" 2 'semantics 8: a link of that account to a directory of root'
    is "$(ls -A "$T/roots")" '' 'makes root write nothing there'
    cp "$hook" "$T/roots"
    install --uninstall --home "$home"
    is "$code$(ls -A "$T/roots")" 2refgate-hook 'nor remove anything'
    rm "$directory"
    mv "$T/moved" "$directory"
    install --global --home "$home" --hook "$T/refgate-hook"
    is "$code" 0 'without it all is well' || note "$err"
fi
chmod 775 "$directory/refgate-hook"
install --global --home "$home" --hook "$T/refgate-hook"
like "$out" '^done +file +write .* again, for its owner and mode' 'semantics 8: a mode that lets others write is put right'

# -------------------------------------------------------------- taking it away
install --uninstall --home "$home" --dry-run
is "$code" 1 'taking it away can be tried'
install --uninstall --home "$home"
is "$code" 0 'it is taken away' || note "$err"
is "$(content PRJ/app)$(content PRJ/app pull-request-merge)" '' 'nothing runs it'
is "$(ls -A "$directory")" '' 'and its files are gone'
install --uninstall --home "$home"
is "$code" 0 'which can be repeated'
contains "$out" 'nothing to do' 'and says so'

# -------------------------------------------------------------- what was there before
printf '#!/bin/sh\nexit 0 # an older one\n' >"$directory/refgate-hook"
cp "$directory/refgate-hook" "$directory/theirs"
chmod 755 "$directory/refgate-hook" "$directory/theirs"
printf '%s' '{"exe": "theirs", "params": "--token\r\ns3cret", "safe_path": true}' >"$T/settings"
server_rest PUT "$settings/enabled" application/json "$T/settings" >/dev/null
before=$(server_writes)
install PRJ --uninstall
is "$code$(server_writes)" "0$before" 'taking away what is not there leaves the program of another where it runs'
like "$out" '^same +project PRJ +pre-receive: runs theirs, which refgate did not set: it stays' 'and says so'
install PRJ --home "$home"
is "$code" 2 'another program is not replaced'
contains "$err" 'the pre-receive hook runs theirs there: give --replace if that shall go' 'but named'
is "$(server_writes)" "$before" 'and nothing is done'
is "$(sed -n 2p "$directory/refgate-hook")" 'exit 0 # an older one' 'not even here'
install PRJ --home "$home" --replace
is "$code" 0 'with --replace it is' || note "$err"
is "$(content PRJ/app)" "$directory/refgate-hook" 'replaced'
lacks "$out$err" s3cret 'its parameters are printed nowhere'
is "$(stat -c %a "$T/install.json")" 600 'and kept for nobody else to read'
contains "$out" 'only these places are covered: not other projects, and not personal forks' 'what is not covered is said'
contains "$out" 'whoever administers a project can switch the hook off there' 'and who can switch it off'
install PRJ/app --home "$home"
contains "$out" 'this scope is no enforcement' 'semantics 2: a repository'"'"'s administrator all the more'
install PRJ/app --home "$home" --uninstall
is "$code" 0 'a place can be taken out' || note "$err"
contains "$out" 'the program stays' 'which leaves the program'
is "$(content PRJ/app)" "$directory/refgate-hook" 'and the project'"'"'s setting, by which it goes again'
install --home "$home" --uninstall
is "$code" 0 'all of it is taken away' || note "$err"
is "$(sed -n 2p "$directory/refgate-hook")" 'exit 0 # an older one' 'the file that was there is there again'
is "$(server_rest GET "$settings/settings" | jq -c .)" \
    '{"exe":"theirs","params":"--token\r\ns3cret","safe_path":true}' 'and so are the settings'
server_rest DELETE "$settings/enabled" >/dev/null

# -------------------------------------------------------------- without --home
install PRJ --hook-config "$CONF" --no-merge-check
is "$code" 0 'without --home' || note "$err"
contains "$(content PRJ/app)" "$hook --config=$CONF" 'the hook is started where it is'
contains "$out" 'merges of pull requests are not covered' 'without the merge check merges pass, which is said'
like "$out" '^WARN +merges ' 'as a warning'
is "$(content PRJ/app pull-request-merge)" '' 'indeed'
rm "$T/install.json"
install --uninstall
is "$code" 0 'without the state file' || note "$err"
contains "$out" 'what was there before refgate is not known' 'what was there cannot come back'
is "$(content PRJ/app)" '' 'but what the server shows is taken away'
odd=$(printf 'a\nb')
mkdir "$T/$odd"
cp "$hook" "$T/$odd/refgate-hook"
install PRJ --hook "$T/$odd/refgate-hook"
is "$code" 2 'a path with a line end in it'
contains "$err" 'cannot start a program of that name' 'is none for the add-on'
mkdir "$T/it's a \"hook\""
cp "$hook" "$T/it's a \"hook\"/refgate-hook"
install PRJ --hook "$T/it's a \"hook\"/refgate-hook" --hook-config "$CONF" --no-merge-check
is "$code" 0 'quotes and blanks are no trouble' || note "$err"
{
    echo '#!/bin/bash'
    content PRJ/app
} >"$BB/hook"
push_as jdoe "$T/c" origin HEAD:refs/heads/main
is "$hook_code" 1 'it judges'

# -------------------------------------------------------------- what is refused
install --home "$home"
contains "$err" 'where? Name projects or repositories, or give --global' 'no place at all'
install --global PRJ
contains "$err" '--global, or projects and repositories: not both' 'all and one'
install PRJ --with-config "$CONF"
contains "$err" '--with-config needs --home' 'a copy without a place for it'
install PRJ --home "$T/none"
is "$code" 2 'a home that is none'
install NOSUCH --home "$home"
is "$code" 2 'a project that is not there'
contains "$err" NOSUCH 'is named'
ok 'and nothing was changed' grep -q older "$directory/refgate-hook"
bitbucket_credentials refgate-sync "$T/weak.auth"
addon --auth-file "$T/weak.auth" --config "$CONF" --state "$T/install.json" --global
is "$code" 2 'an account without SYS_ADMIN'
contains "$err" SYS_ADMIN 'is told what it needs'
addon --config "$CONF" PRJ
contains "$err" 'no credentials: give --auth-file' 'no credentials'
bitbucket_stop
bitbucket_start --seed 3 --size tiny --addon 11.1
install --global
is "$code" 2 'an add-on older than 12'
contains "$err" 'that has no global hooks, name projects' 'cannot do it everywhere'
bitbucket_stop
bitbucket_start --seed 3 --size tiny
install PRJ
contains "$err" 'the External Hooks add-on is not installed' 'without the add-on it cannot be done'
done_testing
