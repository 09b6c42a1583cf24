#!/bin/sh
# refgate doctor: what the hook needs on this machine. What other users may is told from modes, so that
# all of it holds for root and for anybody.
. tests/lib/tap.sh
. tests/lib/doctor.sh
test_start

unset REFGATE_URL REFGATE_TOKEN REFGATE_USER REFGATE_PASSWORD
chmod 755 "$T" # other users may pass
mkdir -m 755 "$T/etc" "$T/lib" "$T/log"
cp "$BUILD/refgate" "$BUILD/refgate-hook" "$T/etc"
conf=$T/etc/refgate.conf
log=$T/log/audit.jsonl
"$BUILD/refgate" sync --replay tests/fixtures/acme --output "$T/lib/s.cdb" >/dev/null 2>&1 || exit 99

config() { # what is besides the paths, on stdin
    {
        printf '[snapshot]\nfile = %s/lib/s.cdb\n' "$T"
        cat
    } >"$conf"
}
audited="[audit]
file = $log
syslog = off"
doctor() {
    run "$T/etc/refgate" doctor "$@" </dev/null
    flat=$(flat)
}
# Only of the hook's half: a sync's has a snapshot, too.
hook_half() { out=$(printf '%s\n' "$out" | sed -n '/^For the hook, on/,/^For a sync, in/p'); }
decide() { # REF: one real decision
    printf '%040d %s refs/heads/%s\n' 0 1111111111111111111111111111111111111111 "$1" |
        env -i ASAN_OPTIONS="$ASAN_OPTIONS" BB_HOOK_TRIGGER_ID=push BB_PROJECT_KEY=PRJ \
            BB_REPO_SLUG=app BB_USER_NAME=jdoe "$T/etc/refgate-hook" >/dev/null 2>&1
}
me=$(id -un)

# -------------------------------------------------------------- all is well
echo "$audited" | config
decide one
doctor --user "$me"
is "$code" 0 'all in place: code 0' || note "$out"
hook_half
for check in runner 'hook version' configuration mode 'kill switch' snapshot 'audit log' 'audit chain' \
    decisions 'time zone'; do
    is "$(marks "$check")" 'ok ' "all in place: $check"
done
like "$(marks program)" '^ok (warn )?$' 'all in place: the program' # a sanitizer's is not static
contains "$flat" "the hook runs as $me" 'who runs it is named'
contains "$flat" 'of 1: 1 accepted, 0 rejected, 0 failed' 'the decision is counted'
is "$(marks syslog)" '' 'no syslog, no socket'
doctor --user "$me" --format json
is "$(printf '%s' "$out" | jq -r '[.[].group] | unique | join(" ")')" 'hook registration server sync' \
    'JSON: each group'
is "$(printf '%s' "$out" | jq -r '[.[] | select(.status == "fail")] | length')" 0 'JSON: nothing fails'
doctor --output "$T/lib/s.cdb"
lacks "$out" 'For the hook' '--output alone: only what a sync needs'

# -------------------------------------------------------------- [trust] owners are not for the configuration
if [ "$(id -u)" = 0 ]; then
    printf '[trust]\nowners = 7654\n%s\n' "$audited" | config
    chown 7654 "$conf" "$T/etc/refgate-hook" "$T/lib/s.cdb"
    doctor --user nobody --hook "$T/etc/refgate-hook"
    hook_half
    is "$(marks configuration)$(marks program)$(marks snapshot)" 'FAIL FAIL ok ' \
        'semantics 8: whom [trust] owners names may own the snapshot, not configuration and program'
    printf '%s\n' "$audited" | config
    doctor --user nobody
    contains "$flat" "name the sync's account in [trust] owners" 'without it: says so for the snapshot'
    lacks "$flat" 'chown root /' 'and does not take the directory from the sync'
    chown 0 "$conf" "$T/etc/refgate-hook" "$T/lib/s.cdb"
else
    skip '[trust] owners' 'only root gives files away'
fi
echo "$audited" | config

# -------------------------------------------------------------- who runs it
doctor
is "$(marks runner)$code" 'warn 0' 'not known who runs it: a warning'
contains "$flat" "judged for $me" 'not known who runs it: says for whom it is judged'
doctor --user no-such-user-here
is "$code" 2 '--user: nobody of that name'
doctor --home "$T/none"
is "$code" 2 '--home: not there'
mkdir "$T/bitbucket"
doctor --home "$T/bitbucket"
contains "$flat" "$T/bitbucket" '--home: its owner'
like "$(marks runner)" '^(ok|warn) $' '--home: judged for its owner' # root is a warning
doctor --repo PRJ
is "$code" 2 '--repo wants KEY/SLUG'
doctor --project PRJ/app
is "$code" 2 '--project wants a key'

# -------------------------------------------------------------- what another user may (semantics 8)
other=$(($(id -u) + 4242))
doctor --user $other
contains "$flat" "the hook runs as uid $other" 'a user without a name'
is "$(marks 'audit log')" 'warn ' 'another user may not write the log'
chmod 600 "$T/lib/s.cdb"
doctor --user $other
hook_half
is "$(marks snapshot)$code" 'FAIL 1' 'a snapshot that the hook cannot read fails'
chmod 644 "$T/lib/s.cdb"
chmod 700 "$T/lib"
doctor --user $other
hook_half
is "$(marks snapshot)$code" 'FAIL 1' 'a directory that the hook cannot pass fails'
chmod 755 "$T/lib"
chmod 700 "$T/etc/refgate-hook"
doctor --user $other
like "$(marks program)" '^FAIL' 'a program that the hook cannot run fails'
chmod 755 "$T/etc/refgate-hook"

# -------------------------------------------------------------- the program
doctor --hook "$T/none" --config "$conf"
is "$(marks program)$code" 'FAIL 1' 'a program that is not there fails'
chmod 775 "$T/etc/refgate-hook"
doctor --user "$me"
like "$(marks program)" '^FAIL' 'a program that the group may write fails'
is "$(marks 'hook version')" '' 'and is not run'
chmod 755 "$T/etc/refgate-hook"
program() { # LINES: another hook
    mkdir -p "$T/other"
    printf '#!/bin/sh\n%s\n' "$1" >"$T/other/refgate-hook"
    chmod 755 "$T/other/refgate-hook"
    doctor --hook "$T/other/refgate-hook" --config "$conf" --user "$me"
}
program 'echo refgate-hook 9.9.9'
is "$(marks 'hook version')$code" 'warn 0' 'another version: a warning'
contains "$flat" '9.9.9, and refgate is' 'another version: which'
program 'echo hello'
is "$(marks 'hook version')$code" 'FAIL 1' 'another program fails'
program 'exit 3'
is "$(marks 'hook version')$code" 'FAIL 1' 'a program that fails fails'

# -------------------------------------------------------------- its sandbox
sandbox() { # USE LINE MARK TEXT DESCRIPTION
    printf '%s\n[sandbox]\nuse = %s\n' "$audited" "$1" | config
    program "echo refgate-hook 1; echo snapshot: x; $2"
    is "$(marks sandbox)" "$3 " "sandbox, use = $1: $5"
    contains "$flat" "$4" 'and says so'
}
sandbox require "echo 'sandbox: landlock (ABI 7), seccomp'" ok 'landlock (ABI 7), seccomp' 'it is there in full'
sandbox require "echo 'sandbox: seccomp (no landlock: no such call)'" FAIL 'every push is rejected' 'half of it fails'
sandbox require "echo 'sandbox: none: no landlock: x; no seccomp: y'" FAIL 'none: no landlock: x' 'none of it fails'
sandbox try "echo 'sandbox: seccomp (no landlock: no such call)'" warn 'no landlock: no such call' 'half of it is a warning'
sandbox off "echo 'sandbox: landlock (ABI 7), seccomp'" warn 'switched off' 'a warning'
sandbox require : skip 'does not say' 'a hook that is older'
echo "$audited" | config
SECRET_OF_A_TEST=x
export SECRET_OF_A_TEST
program "echo refgate-hook 1; { /usr/bin/env; readlink /proc/self/fd/0; } >'$T/seen'"
lacks "$(cat "$T/seen")" SECRET_OF_A_TEST 'the program is given nothing of the environment'
contains "$(cat "$T/seen")" /dev/null 'and no input'
chmod 777 "$T/other"
rm "$T/seen"
doctor --hook "$T/other/refgate-hook" --config "$conf" --user "$me"
like "$(marks program)" '^FAIL' 'a directory that everybody may write fails'
ok 'and what is in it is not run' test ! -e "$T/seen"
chmod 755 "$T/other"
mkdir "$T/empty"
cp "$BUILD/refgate" "$T/empty"
run "$T/empty/refgate" doctor --config "$conf" --user "$me"
is "$(marks program)$code" 'skip 0' 'a machine without a hook: not looked at'

# -------------------------------------------------------------- the configuration
echo '[refgate]
mod = enforce
[audit]
fil = x' | config
doctor --user "$me"
is "$(marks configuration)$code" 'FAIL 1' 'a mistake fails'
contains "$flat" '2 mistakes, the first: refgate.conf:4' 'a mistake: where'
contains "$flat" 'every push is rejected' 'a mistake: what it means'
is "$(marks paths)" 'skip ' 'a mistake: the rest is not known'
doctor --config "$T/none.conf"
is "$code" 2 'a configuration that was named and is not there: code 2'
printf '[refgate]\nmode = monitor\n%s\n' "$audited" | config
doctor --user "$me"
is "$(marks mode)$code" 'warn 0' 'monitor mode: a warning'
printf '%s\n[rule "all"]\naction = reject\n' "$audited" | config
doctor --user "$me"
is "$(marks 'every push')$code" 'FAIL 1' 'a rule that rejects everything fails'
printf '%s\n[rule "zone"]\naction = reject\nrefs = main\nusers = nobody-of-that-name\n' "$audited" | config
doctor --user "$me"
is "$(marks configuration)$code" 'ok warn 0' 'what lint finds: a warning'
printf '[refgate]\ntimezone = Nowhere/Atall\n%s\n' "$audited" | config
doctor --user "$me"
is "$(marks 'time zone')$code" 'warn 0' 'an unknown time zone: a warning'
printf '[refgate]\ntimezone = Nowhere/Atall\n%s\n[rule "night"]\naction = reject\nrefs = main\nafter = 18:00\nbefore = 08:00\n' \
    "$audited" | config
doctor --user "$me"
is "$(marks 'time zone')$code" 'FAIL 1' 'an unknown time zone that a freeze needs fails'
echo "$audited" | config
chmod 664 "$conf"
doctor --user "$me"
is "$(marks configuration)$code" 'FAIL 1' 'a configuration that the group may write fails'
chmod 644 "$conf"

# -------------------------------------------------------------- the kill switch
"$T/etc/refgate" disable --reason 'an outage' >/dev/null
doctor --user "$me"
is "$(marks 'kill switch')$code" 'FAIL 1' 'the kill switch fails'
contains "$flat" 'an outage' 'the kill switch: why'
chmod 666 "$T/etc/refgate.disabled"
doctor --user "$me"
is "$(marks 'kill switch')$code" 'warn 0' 'a kill switch that hooks do not believe: a warning'
"$T/etc/refgate" enable >/dev/null 2>&1
rm -f "$T/etc/refgate.disabled"

# -------------------------------------------------------------- other paths
mkdir -m 777 "$T/wide"
printf '%s\n[approvals]\ndirectory = %s/wide\n' "$audited" "$T" | config
doctor --user "$me"
is "$(marks approvals)$code" 'warn 0' 'approvals that everybody may write: a warning'
printf '%s\n[approvals]\ndirectory = %s/none\n[rule "a"]\naction = require-approval\nrefs = main\n' \
    "$audited" "$T" | config
doctor --user "$me"
is "$(marks approvals)$code" 'FAIL 1' 'no directory, and a rule that wants approvals: fails'
mkdir -m 755 "$T/none"
doctor --user "$me"
is "$(marks approvals)$code" 'ok 0' 'a directory for approvals'
printf '%s\n[credential]\nresolvers = name, access-log\naccess-log = %s/access.log\n' "$audited" "$T" | config
doctor --user "$me"
is "$(marks 'access log')$code" 'warn 0' 'no access log: a warning'
: >"$T/access.log"
doctor --user "$me"
is "$(marks 'access log')$code" 'ok 0' 'an access log'
printf '[audit]\nfile = %s\nsyslog-socket = %s/socket\n' "$log" "$T" | config
doctor --user "$me"
is "$(marks syslog)$code" 'warn 0' 'no socket for syslog: a warning'
: >"$T/socket"
doctor --user "$me"
contains "$flat" 'is no socket' 'a file is no socket for syslog'
rm "$T/socket"
(cd "$T" && python3 -c 'import socket; socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).bind("socket")')
doctor --user "$me"
is "$(marks syslog)$code" 'ok 0' 'a socket for syslog'

# -------------------------------------------------------------- the audit log
echo "$audited" | config
doctor --user $other
is "$(marks 'audit log')" 'warn ' 'a log of another user: a warning'
printf '%s\nrequired = yes\n' "$audited" | config
doctor --user $other
is "$(marks 'audit log')$code" 'FAIL 1' 'a log that must be written, and cannot: fails'
printf '[audit]\nfile = none\nsyslog = off\n' | config
doctor --user "$me"
is "$(marks 'audit log')$code" 'warn 0' 'no audit log: a warning'
printf '[audit]\nfile = %s/nowhere/a.jsonl\nsyslog = off\n' "$T" | config
doctor --user "$me"
is "$(marks 'audit log')$code" 'warn 0' 'no directory for the log: a warning'
printf '[audit]\nfile = %s/nowhere/a.jsonl\nsyslog = off\nrequired = yes\n' "$T" | config
doctor --user "$me"
like "$(marks 'audit log')" '^FAIL' 'no directory for the log that must be written: fails'
contains "$flat" 'install -d' 'no directory for the log: what to do'
echo "$audited" | config

cp "$log" "$T/good"
again() { # after the log was changed
    doctor --user "$me"
    cp "$T/good" "$log"
}
sed -i 's/"user_name"/"user_nume"/; s/jdoe/jdxx/' "$log"
again
is "$(marks 'audit chain')$code" 'FAIL 1' 'a last line that was changed fails'
printf '{"id":"half' >>"$log"
again
is "$(marks 'audit chain')$code" 'warn 0' 'a last line that is not finished: a warning'
echo nonsense >>"$log"
again
is "$(marks 'audit chain')$code" 'FAIL 1' 'a last line that is none fails'
is "$(marks decisions)" 'ok ' 'and the decisions before it still count'
: >"$log"
again
is "$(marks decisions)$code" 'warn 0' 'no decision yet: a warning'
rm "$log"
again
is "$(marks 'audit log')$(marks decisions)" 'ok warn ' 'no log yet: the hook makes it'
sed -i 's/"time":"20[0-9]*/"time":"2020/' "$log"
again
contains "$flat" 'none since' 'the last decision is years old: says so'
is "$(marks decisions)" 'warn ' 'the last decision is years old: a warning'
sed -i 's/"exit":0/"exit":2/; s/"reasons":\[\(.*\)/"reasons":[{"text":"the disk is \\u001b[31mfull"}],"x":[\1/' "$log"
again
is "$(marks decisions)" 'warn ' 'the last one failed: a warning'
contains "$flat" 'the disk is \x1b[31mfull' 'the last one failed: why, escaped'
"$T/etc/refgate" audit rotate >/dev/null 2>&1
doctor --user "$me"
is "$(marks decisions)$(marks 'audit chain')$code" 'ok ok 0' 'a log that was just rotated is no finding'
decide two
doctor --user "$me"
contains "$flat" 'of 1: 1 accepted' 'a decision after the rotation'
awk '{ for (i = 0; i < 110; i++) print }' "$T/good" >"$log"
doctor --user "$me"
contains "$flat" 'of 100: 100 accepted' 'the last hundred decisions are counted'
truncate -s 1100M "$log"
doctor --user "$me"
is "$(marks 'audit log')" 'ok warn ' 'a log of more than a gigabyte: a warning'
rm "$log"
ln -s "$T/good" "$log"
doctor --user "$me"
contains "$flat" 'no regular file' 'a symbolic link is no log'
rm "$log"
mkfifo "$log"
doctor --user "$me"
contains "$flat" 'no regular file' 'a FIFO is no log, and nobody waits for it'
rm "$log"
cp "$T/good" "$log"
chmod 666 "$log"
doctor --user "$me"
contains "$flat" 'everybody may write' 'a log that everybody may write'

if [ "$(id -u)" -eq 0 ] && mkdir "$T/tiny" && mount -t tmpfs -o size=8m,mode=755 tmpfs "$T/tiny" 2>/dev/null; then
    at_exit "umount '$T/tiny'"
    printf '[audit]\nfile = %s/tiny/a.jsonl\nsyslog = off\nrequired = yes\n' "$T" | config
    doctor --user "$me"
    is "$(marks 'audit disk')$code" 'FAIL 1' 'a full disk, and a log that must be written: fails'
else
    skip 'a full disk, and a log that must be written: fails' 'needs a file system of its own'
fi
done_testing
