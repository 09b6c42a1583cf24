#!/bin/sh
# refgate install native: hooks/pre-receive.d of a repository's directory, and what all ways share.
. tests/lib/tap.sh
. tests/lib/push.sh
test_start
server_start
server_config <<'END'
@common
[rule "no-tags"]
action = reject
refs = refs/tags/**
changes = create
END
server_repository PRJ/app 84
repository=$(server_storage PRJ/app)
directory=$repository/hooks/pre-receive.d
script=$directory/10_refgate
# Bitbucket's own dispatcher: each executable of pre-receive.d in order, the same input for each.
cat >"$repository/hooks/pre-receive" <<'HOOK'
#!/bin/sh
input=$(cat)
for part in "$(dirname "$0")"/pre-receive.d/*; do
    [ -x "$part" ] || continue
    printf '%s\n' "$input" | "$part" || exit 1
done
HOOK
hook=$BUILD/refgate-hook
native() { run "$BUILD/refgate" install native "$@" </dev/null; }
install() { native --hook-config "$CONF" "$@" "$repository"; }
tree() { (cd "$BB/shared" && find . -exec ls -ldn --time-style=+ {} + && find . -type f -exec sha256sum {} +); }

# -------------------------------------------------------------- the plan
tree >"$T/before"
install --dry-run
is "$code" 1 'a dry run says that something would change' || note "$err"
like "$out" "^would +file +write $script \(" 'and what'
like "$out" "^would +directory +make directory $directory" 'and where'
contains "$out" 'nothing was changed (--dry-run)' 'and that it did not'
contains "$out" 'Atlassian discourages it, and nothing tells such a hook who pushes' \
    'semantics 2: the pusher is not known there, which is said'
tree >"$T/after"
same_file "$T/after" "$T/before" 'and nothing changed'
ok 'not even a lock is there' test ! -e "$BB/install.json.lock"

# -------------------------------------------------------------- first, second
install
is "$code" 0 'it is installed' || note "$err"
contains "$out" "$hook is trusted and starts (refgate-hook " 'the hook was looked at'
contains "$out" "$CONF can be loaded" 'and its configuration'
like "$out" '^ok +read back +2 of 2 are as wanted' 'and the result read back'
is "$(cat "$script")" "#!/bin/sh
exec '$hook' --native --config '$CONF'" 'two lines that start the hook'
is "$(stat -c %a "$script")" 755 'that can be executed'
is "$(ls -A "$directory")" 10_refgate 'and nothing else is there'
tree >"$T/installed"
install
is "$code" 0 'a second time' || note "$err"
contains "$out" 'nothing to do' 'there is nothing to do'
tree >"$T/after"
same_file "$T/after" "$T/installed" 'and nothing is done'
install --dry-run
is "$code" 0 'and a dry run finds nothing to change'

# -------------------------------------------------------------- a push
client_clone "$T/c" PRJ/app
commit "$T/c" base >/dev/null
git -C "$T/c" tag v1
run git -C "$T/c" push origin HEAD:refs/heads/topic
is "$code" 0 'a push is accepted by the hook that was installed' || note "$err"
is "$(audit '.pusher.name')" null 'that does not know who it was'
run git -C "$T/c" push origin v1
is "$code" 1 'a tag is refused'
contains "$err" 'no-tags' 'by the rule'
is "$(audit_count)" 2 'both were recorded'

# -------------------------------------------------------------- another path of the hook
odd="$T/it's
 \$(touch bad) \"odd\""
mkdir "$odd"
cp "$hook" "$odd/refgate-hook"
cp "$CONF" "$odd/refgate.conf"
native --hook "$odd/refgate-hook" --state "$BB/install.json" "$repository"
is "$code" 0 'a hook with quotes, a blank and a line end in its path' || note "$err"
like "$out" '^done +file +replace ' 'replaces the one before'
contains "$out" "it's\\x0a \$(touch bad)" 'and is printed harmlessly'
commit "$T/c" more >/dev/null
run git -C "$T/c" push origin HEAD:refs/heads/topic
is "$code" 0 'it starts'
run git -C "$T/c" push origin v1
contains "$err" 'no-tags' 'and judges'
is "$(find "$BB" "$T/c" -name bad)" '' 'and nothing else was run'
install --order 5
is "$code" 0 'another number'
is "$(ls -A "$directory")" 05_refgate 'takes the place of the first: the hook runs once'
install --order 30
contains "$out" "after Bitbucket's own 20_bitbucket_callback" 'after Bitbucket is late'
install --order 100
is "$code" 2 'a number that is none'

# -------------------------------------------------------------- taking it away
install --uninstall --dry-run
is "$code" 1 'taking it away can be tried'
like "$out" "^would +file +remove " 'and is shown'
install --uninstall
is "$code" 0 'it is taken away' || note "$err"
is "$(ls -A "$directory")" '' 'whatever its number'
install --uninstall
is "$code" 0 'which can be repeated'
contains "$out" 'nothing to do' 'and says so'
run git -C "$T/c" push origin v1
is "$code" 0 'then a tag is accepted'

# What somebody else put there comes back.
printf '#!/bin/sh\ncat >/dev/null # theirs\n' >"$script"
chmod 750 "$script"
install
is "$code" 2 'a file of another is not replaced'
contains "$err" "10_refgate is there and not made by refgate: give --replace" 'but said to be there'
contains "$out" 'nothing was changed' 'and nothing else is done'
install --uninstall
is "$code" 2 'nor removed'
install --replace
is "$code" 0 'with --replace it is' || note "$err"
contains "$(cat "$script")" "exec '$hook'" 'replaced'
install
is "$code" 0 'a second time it is ours'
is "$(stat -c %a "$BB/install.json")" 600 'what was there is kept, for nobody else to read'
install --uninstall
is "$code" 0 'and comes back' || note "$err"
is "$(cat "$script")" '#!/bin/sh
cat >/dev/null # theirs' 'with its content'
is "$(stat -c %a "$script")" 750 'and mode'
rm "$script"

# -------------------------------------------------------------- what is in between
rm -rf "$directory"
install "$repository"
is "$code" 0 'a repository that is named twice: each step looks again before it is done' || note "$err"
install --uninstall
printf '#!/bin/sh\nexit 0\n' >"$script"
chmod 6775 "$script"
install --replace
install --uninstall
is "$code$(stat -c %a "$script")" 0755 'what comes back has no set-user-ID, and nobody else may write it'
rm "$script"

# -------------------------------------------------------------- what is refused
native --hook-config "$CONF" "$T"
is "$code" 2 'a directory that is no repository'
contains "$err" 'not a bare git repository as Bitbucket has them: there is no file HEAD' 'is refused'
git init -q "$T/work"
native --hook-config "$CONF" "$T/work"
is "$code" 2 'nor one with a work tree'
native
is "$code" 2 'no directory at all'
printf '[refgate]\nmode = sometimes\n' >"$BB/broken.conf"
native --hook-config "$BB/broken.conf" "$repository"
is "$code" 2 'semantics 8: a broken configuration refuses every push'
contains "$err" 'the hook would refuse every push: nothing was changed' 'so the hook is not installed with it'
contains "$err" 'broken.conf:2: ' 'and the line is named'
native --hook-config "$BB/none.conf" "$repository"
is "$code" 2 'nor without any'
cp "$hook" "$T/loose-hook"
chmod 775 "$T/loose-hook"
native --hook "$T/loose-hook" --hook-config "$CONF" "$repository"
is "$code" 2 'semantics 8: a hook that others can write'
contains "$err" 'can be written by group or others' 'is refused'
printf '#!/bin/sh\ntouch "%s/ran"\n' "$T" >"$T/loose-hook"
native --hook "$T/loose-hook" --hook-config "$CONF" "$repository"
ok 'and not started' test ! -e "$T/ran"
printf '#!/bin/sh\nexit 3\n' >"$T/other-hook"
chmod 755 "$T/other-hook"
native --hook "$T/other-hook" --hook-config "$CONF" "$repository"
contains "$err" 'it ends with exit code 3: is this refgate' 'a program that is no hook is refused'
printf '#!/bin/sh\necho refgate 0.1.0\n' >"$T/other-hook"
native --hook "$T/other-hook" --hook-config "$CONF" "$repository"
is "$code" 2 'and one that starts, and is another'
contains "$err" 'is no refgate-hook: --version says refgate 0.1.0' 'which is said'
chmod 644 "$T/other-hook"
native --hook "$T/other-hook" --hook-config "$CONF" "$repository"
contains "$err" 'is not executable' 'and one that cannot be started'
native --hook "$T/none" --hook-config "$CONF" "$repository"
contains "$err" 'does not exist' 'and one that is not there'
is "$(ls -A "$directory")" '' 'nothing of that was installed'
echo '{"format":7}' >"$BB/install.json"
install
is "$code" 2 'a state file of another version'
contains "$err" 'is of another version of refgate' 'is not guessed at'
echo '{' >"$BB/install.json"
install
contains "$err" 'install.json is damaged' 'nor a damaged one'
rm "$BB/install.json"
install --state "$T/none/install.json"
is "$code" 2 'a state file that cannot be written'
contains "$err" 'nothing was changed' 'stops it before it begins'
is "$(ls -A "$directory")" '' 'indeed'

# -------------------------------------------------------------- what makes a hook toothless
warns() { # DESCRIPTION TEXT
    contains "$out" "$2" "$1"
    like "$out" '^WARN ' 'and is a warning'
}
server_config <<'END'
[refgate]
mode = monitor
[snapshot]
file = /nonexistent/snapshot.cdb
END
"$BUILD/refgate" disable --config "$CONF" --reason 'moving house' >/dev/null 2>&1
install --dry-run --state "$BB/install.json"
warns 'monitor mode' 'monitor mode: the hook refuses nothing'
warns 'the kill switch' 'the hook is disabled (moving house): it accepts every push'
warns 'no snapshot' '/nonexistent/snapshot.cdb: No such file or directory'
rm "$BB/refgate.disabled"
mv "$repository/hooks/pre-receive" "$T/dispatcher"
install --dry-run --state "$BB/install.json"
warns 'nothing that runs pre-receive.d' 'nothing runs what is in pre-receive.d'
mv "$T/dispatcher" "$repository/hooks/pre-receive"

# -------------------------------------------------------------- where the hook writes
server_config <<END
[snapshot]
file = $BB/snapshot.cdb
[audit]
file = $BB/log/audit.jsonl
[approvals]
directory = $BB/approvals
END
if [ "$(id -u)" = 0 ]; then
    chmod 755 "$T"
    chown -R 7654:7655 "$BB/shared"
    install --home "$BB/shared"
    is "$code" 0 'with --home the directories that the hook writes to are made' || note "$err"
    is "$(stat -c '%u %g %a' "$BB/log")" '7654 7655 750' 'for who runs Bitbucket'
    is "$(stat -c '%u %g %a' "$BB/approvals")" '7654 7655 700' 'each with its mode'
    is "$(stat -c '%u %g %a' "$script")" '7654 7655 755' 'and the file is theirs'
    install --home "$BB/shared"
    contains "$out" 'nothing to do' 'once'
    chown 0:0 "$BB/log"
    install --home "$BB/shared"
    warns 'another owner' "$BB/log belongs to uid 0, not to uid 7654"
    contains "$out" "chown 7654: $BB/log" 'with what to do, as chown takes it'
    chown 7600 "$BB/snapshot.cdb"
    install --home "$BB/shared"
    warns 'semantics 8: a snapshot that the hook will not believe' 'belongs to uid 7600'
    contains "$out" 'name the account of the sync in [trust] owners' 'with what to do'
    chown 0 "$BB/snapshot.cdb"
    mkdir -m 755 "$T/foreign"
    chown 7600 "$T/foreign"
    native --home "$BB/shared" --hook-config "$CONF" --state "$T/foreign/install.json" "$repository"
    is "$code" 2 'what was before is not kept where somebody else could change it'
    contains "$err" '[trust] owners in ' 'and the sync'"'"'s directory can be believed'
    lacks "$err" 'chown root' 'and is not to be taken from the sync'
    chmod 600 "$CONF"
    install --home "$BB/shared"
    warns 'a configuration that Bitbucket cannot read' 'may be unreadable for uid 7654 (mode 0600)'
    chmod 644 "$CONF"
    chown 7600 "$odd/refgate-hook"
    native --home "$BB/shared" --hook "$odd/refgate-hook" "$repository"
    is "$code" 2 'semantics 8: a hook that belongs to somebody else is refused'
    chown 7654 "$odd/refgate-hook"
    printf '#!/bin/sh\ntouch "%s/ran"\n' "$T" >"$odd/refgate-hook"
    native --home "$BB/shared" --hook "$odd/refgate-hook" --hook-config "$CONF" --dry-run "$repository"
    contains "$out" 'was not started: it belongs to the account that runs Bitbucket' \
        'one of the account that runs Bitbucket is not started by root'
    ok 'indeed' test ! -e "$T/ran"

    # Bitbucket's account may put links where it likes: root must do nothing for it that it may not.
    chmod 755 "$T"
    mkdir "$T/roots"
    server_config <<END
[snapshot]
file = $BB/snapshot.cdb
[audit]
file = $BB/shared/log/refgate/audit.jsonl
END
    ln -s "$T/roots" "$BB/shared/log"
    install --home "$BB/shared"
    is "$code" 2 'a link of that account to a directory of root: the audit log gets no directory there'
    contains "$err" "cannot make $BB/shared/log/refgate: Permission denied" 'says so'
    mkdir "$T/roots/refgate"
    install --home "$BB/shared"
    contains "$out" "look whether it should lead to $T/roots/refgate" 'and nobody is told to chown what a link leads to'
    is "$(stat -c '%u %g' "$T/roots/refgate")" '0 0' 'which stays as it is'
    rm -rf "$BB/shared/log" "$directory" "$T/roots/refgate"
    server_config <<END
@common
END
    ln -s "$T/roots" "$directory"
    install --home "$BB/shared"
    is "$code" 2 'semantics 8: such a link in the place of pre-receive.d'
    is "$(ls -A "$T/roots")" '' 'leads to no file either'
    cp "$hook" "$T/roots/10_refgate"
    install --home "$BB/shared" --uninstall --replace
    ok 'nor is one removed by it' test -e "$T/roots/10_refgate"
    is "$code" 2 'which is said'
    rm "$directory"
    rm "$BB/install.json"
    install --home "$BB/shared"
    chown nobody "$BB/install.json"
    printf '[trust]\nowners = nobody\n' >>"$CONF"
    install --home "$BB/shared" --uninstall
    is "$code" 2 'semantics 8: a state file that another account has written is not believed'
    contains "$err" 'who could have any program brought back' 'not even the one of the sync'
    chown 0 "$BB/install.json"
    server_config <<END
@common
END
else
    skip 'directories are made' 'only root gives files away'
fi

# -------------------------------------------------------------- JSON
rm -rf "$directory"
install --format json --dry-run
is "$code" 1 'as JSON'
is "$(printf '%s' "$out" | jq -r '.way, .dry_run, .uninstall, .result, .changed')" 'native
true
false
differs
0' 'the same is said'
is "$(printf '%s' "$out" | jq -r '[.steps[] | select(.result == "to-do") | .about] | join(" ")')" \
    'directory file' 'step by step'
is "$(printf '%s' "$out" | jq '.warnings == ([.lines[] | select(.status == "warn")] | length)')" true \
    'and the warnings are counted'
install --format json
is "$(printf '%s' "$out" | jq -r '.result, .changed')" 'ok
2' 'what was done'
install --format yaml
is "$code" 2 'another format is refused'

# -------------------------------------------------------------- help, manual, wrapper
sed -n 's/^\.It Fl -\([a-z-]*\).*/\1/p' packaging/man/refgate-install.8 | sort >"$T/explained"
for way in hook-script external-hooks native; do
    run "$BUILD/refgate" install "$way" --help
    is "$code" 0 "install $way has help"
    printf '%s\n' "$out" | sed -n 's/^  --\([a-z-]*\).*/\1/p' | sort >"$T/options"
    is "$(comm -23 "$T/options" "$T/explained")" '' "refgate-install(8) explains each option of $way"
    ok 'there are some' test "$(wc -l <"$T/options")" -ge 10
done
# It takes the program of build/release, whatever is tested here.
if [ "$BUILD" = "$TOP/build/release" ]; then
    run scripts/install-hook native --hook-config "$CONF" "$repository"
    is "$code" 0 'scripts/install-hook does the same'
    contains "$out" 'nothing to do' 'with the program of the build'
else
    skip 'scripts/install-hook does the same' 'another build is tested'
fi
run scripts/install-hook --help
is "$code" 0 'and has help of its own'
contains "$out" 'refgate-install(8)' 'that leads to the manual'
done_testing
