#!/bin/sh
# refgate doctor: each check finds what it is for, changes nothing, and prints no secret.
. tests/lib/tap.sh
test_start
. tests/lib/bitbucket.sh

unset REFGATE_URL REFGATE_TOKEN REFGATE_USER REFGATE_PASSWORD http_proxy https_proxy all_proxy \
    HTTPS_PROXY ALL_PROXY NO_PROXY no_proxy
doctor() {
    run "$BUILD/refgate" doctor "$@" </dev/null
    printf '%s\n%s\n' "$out" "$err" >>"$T/all"
    flat=$(printf '%s\n' "$out" | tr -s ' \n' ' ') # long lines are broken
}
# The marks of one check, in the order of their lines.
marks() { printf '%s\n' "$out" | awk -v check="$1" 'index(substr($0, 7), check) == 1 {print $1}' | tr '\n' ' '; }
now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
snapshot() { # FILE [TIME]
    "$BUILD/refgate" sync --replay tests/fixtures/acme --output "$1" --now "${2:-$now}" >/dev/null || exit 99
}
mkdir "$T/d"
file=$T/d/s.cdb

# -------------------------------------------------------------- this machine
doctor --output "$file"
is "$code" 0 'no snapshot yet: code 0'
is "$(marks snapshot)" 'warn ' 'no snapshot yet: a warning'
contains "$flat" 'do: systemctl start refgate-sync.service' 'no snapshot yet: says what to do'
is "$(marks directory)$(marks lock)" 'ok ok ' 'directory and lock: fine'
like "$(marks disk)" '^(ok|warn) $' 'the disk: was looked at'
is "$(marks server)" 'skip ' 'no URL: the server is not looked at'
contains "$flat" 'only this machine was looked at' 'no URL: and says so'
like "$out" '^[0-9]+ ok, [0-9]+ to look at, 0 failed, 1 not checked$' 'a line that counts'
is "$(find "$T/d" -type f)" '' 'nothing was written'

snapshot "$file"
doctor --output "$file"
is "$code" 0 'a fresh snapshot: code 0'
is "$(marks snapshot)$(marks age)" 'ok ok ' 'a fresh snapshot: fine'
contains "$flat" 'https://bitbucket.example.com, 3 projects, 6 repositories, 8 users' 'of which instance'
unlike "$out" "$(printf '\033')" 'no colour off a terminal'

doctor --output "$file" --format json
is "$code" 0 'JSON: code 0'
is "$(printf '%s' "$out" | jq -r '[.[] | .check + "=" + .status] | join(" ")')" \
    'snapshot=ok age=ok directory=ok disk=ok lock=ok server=skip' 'JSON: a list of checks'
is "$(printf '%s' "$out" | jq -c '[.[] | keys] | unique')" '[["advice","check","group","status","text"]]' \
    'JSON: each with group, check, status, text and advice'

ln -s "$file" "$T/link.cdb"
doctor --output "$T/link.cdb"
contains "$flat" "$T/d is trusted" "a symbolic link: its target's directory counts"

doctor --output "$T/none/s.cdb"
is "$code" 1 'no directory: code 1'
is "$(marks directory)" 'FAIL ' 'no directory: fails'
mkdir -m 777 "$T/open"
doctor --output "$T/open/s.cdb"
is "$code" 1 'a directory that everybody may write: code 1'
contains "$flat" 'can be written by group or others' 'a directory that everybody may write: says so'
mkdir -m 555 "$T/shut"
if [ "$(id -u)" -ne 0 ]; then
    doctor --output "$T/shut/s.cdb"
    is "$(marks directory)$code" 'FAIL 1' 'a directory that cannot be written'
else
    skip 'a directory that cannot be written' 'root may write everywhere'
fi

snapshot "$T/d/old.cdb" 2020-01-01T00:00:00Z
doctor --output "$T/d/old.cdb"
is "$(marks age)$code" 'FAIL 1' 'an old snapshot fails'
contains "$flat" '[freshness] max-age is 1d' 'an old snapshot: says what is allowed'
snapshot "$T/d/half.cdb" "$(date -u -d '-13 hours' +%Y-%m-%dT%H:%M:%SZ)"
doctor --output "$T/d/half.cdb"
is "$(marks age)$code" 'warn 0' 'more than half as old as allowed: a warning'
printf '[snapshot]\nfile = %s\n[freshness]\nmax-age = 12h\n' "$T/d/half.cdb" >"$T/refgate.conf"
doctor --config "$T/refgate.conf"
is "$(marks age)$code" 'FAIL 1' 'the configuration says how old it may be, and where it is'
contains "$flat" "$T/d/half.cdb" 'the configuration names the snapshot'
snapshot "$T/d/future.cdb" 2999-01-01T00:00:00Z
doctor --output "$T/d/future.cdb"
is "$(marks age)$code" 'FAIL 1' 'a snapshot from the future fails'
head -c 1000 "$file" >"$T/d/cut.cdb"
doctor --output "$T/d/cut.cdb"
is "$(marks snapshot)$code" 'FAIL 1' 'a damaged snapshot fails'
contains "$flat" 'own user, which puts a new one in its place' 'a damaged snapshot: what to do'
cp "$file" "$T/d/wide.cdb"
chmod 666 "$T/d/wide.cdb"
doctor --output "$T/d/wide.cdb"
is "$(marks snapshot)$code" 'FAIL 1' 'a snapshot that everybody may write fails'

mkdir "$file.crawl"
doctor --output "$file"
is "$(marks journal)$code" 'warn 0' 'a left-over journal: a warning'
contains "$flat" 'refgate sync --resume' 'a left-over journal: what to do'
# Another process has the lock.
python3 - "$file.lock" "$T/locked" <<'PYTHON' &
import fcntl, os, sys, time
lock = open(sys.argv[1], "w")
lock.write("4711 2026-11-22T04:10:00Z\n")
lock.flush()
fcntl.lockf(lock, fcntl.LOCK_EX)
open(sys.argv[2], "w").close()
parent = os.getppid()
while os.getppid() == parent:
    time.sleep(0.05)
PYTHON
holder=$!
at_exit "kill $holder 2>/dev/null"
until [ -e "$T/locked" ]; do kill -0 $holder || exit 99; sleep 0.05; done
doctor --output "$file"
contains "$flat" 'a sync is at work: process 4711, since 2026-11-22T04:10:00Z' 'a sync that is running is named'
is "$(marks journal)" '' 'and its journal is no left-over'
kill $holder
wait $holder 2>/dev/null
doctor --output "$file"
contains "$flat" 'no sync is running' 'a lock that nobody holds is no lock'
rmdir "$file.crawl"
: >"$file.crawl"
doctor --output "$file"
is "$(marks journal)$code" 'FAIL 1' 'a file in the way of the journal fails'
rm "$file.crawl"

doctor --output "$file" --metrics "$T/d/refgate.prom"
is "$(marks metrics)" 'ok ' 'metrics: the directory is writable'
doctor --output "$file" --metrics "$T/none/refgate.prom"
is "$(marks metrics)$code" 'FAIL 1' 'metrics: no directory'

if [ "$(id -u)" -eq 0 ] && mkdir "$T/tiny" && mount -t tmpfs -o size=256k,mode=755 tmpfs "$T/tiny" 2>/dev/null; then
    at_exit "umount '$T/tiny'"
    cp "$file" "$T/tiny/s.cdb"
    doctor --output "$T/tiny/s.cdb"
    is "$(marks disk)" 'ok ' 'a small disk that is large enough'
    dd if=/dev/zero of="$T/tiny/fill" bs=1k count=140 2>/dev/null
    doctor --output "$T/tiny/s.cdb"
    is "$(marks disk)$code" 'warn 0' 'a disk that will be tight: a warning'
    dd if=/dev/zero of="$T/tiny/more" bs=1k count=1000 2>/dev/null
    doctor --output "$T/tiny/s.cdb"
    is "$(marks disk)$code" 'FAIL 1' 'a full disk fails'
else
    for what in 'a small disk that is large enough' 'a disk that will be tight: a warning' 'a full disk fails'; do
        skip "$what" 'needs a file system of its own'
    done
fi

# -------------------------------------------------------------- usage
doctor --output "$file" --url http://bitbucket.example.com --auth-file "$T/none"
is "$code" 1 'credentials that cannot be read: code 1'
is "$(marks credentials)" 'FAIL ' 'credentials that cannot be read: fails'
doctor --output "$file" --url https://127.0.0.1:1
contains "$flat" 'no credentials' 'no credentials: says so'
is "$code" 1 'no credentials: code 1'
doctor --output "$file" --url https://127.0.0.1:1 --auth-file "$T/none" --auth-fd 7
is "$code" 2 'contradicting options: code 2'
is "$out" '' 'contradicting options: nothing on stdout'
doctor --config "$T/none.conf"
is "$code" 2 'no configuration: code 2'
doctor --output "$file" --format xml
is "$code" 2 'an unknown format: code 2'

# -------------------------------------------------------------- a server, and an account that may all
bitbucket_start --seed 1 --size tiny
ask() { doctor --output "$T/d/live.cdb" --url "$BITBUCKET_URL" --auth-file "${auth:-$BITBUCKET_AUTH}" "$@"; }
ask
is "$code" 0 'an administrator: code 0'
for check in server version clock account 'rate limit' administrator; do
    is "$(marks "$check")" 'ok ' "an administrator: $check"
done
is "$(marks 'read: instance')$(marks 'read: groups')$(marks 'read: projects')$(marks 'read: repos')" \
    'ok ok ok ok ' 'an administrator: each kind of right in one line'
is "$(marks 'read: users')" '' 'what only reports need is not asked for'
contains "$flat" 'Bitbucket 9.4.2' 'the version'
contains "$flat" 'signed in as refgate-sync, by token and by password' 'the account'
is "$(bitbucket_requests '^GET')" "$(bitbucket_requests .)" 'only GET was used'
ask --with-reports
is "$(marks 'read: users')$code" 'ok 0' '--with-reports: what only reports need, too'
ask --format json
is "$(printf '%s' "$out" | jq -r '[.[] | select(.status != "ok") | .check] | join(" ")')" 'snapshot' 'JSON: all is well but the snapshot'

# Each endpoint that a crawl asks for, was asked for.
for path in application-properties admin/users admin/permissions/users admin/permissions/groups \
    admin/groups projects 'repos\?archived=ALL' admin/groups/more-members 'projects/PRJ/permissions/users' \
    'projects/PRJ/permissions/REPO_CREATE/all' branch-permissions/latest/projects/PRJ/restrictions \
    keys/latest/projects/PRJ/repos/app/ssh ssh/latest/keys required-builds; do
    ok "asked for $path" grep -Eq "$path" "$BITBUCKET_LOG"
done

snapshot "$T/d/live.cdb"
ask
is "$(marks instance)$code" 'FAIL 1' 'a snapshot of another instance fails'
rm "$T/d/live.cdb"

# -------------------------------------------------------------- accounts that may less
bitbucket_credentials refgate-sync "$T/token" token
auth=$T/token ask
is "$code" 1 'a token only: code 1'
is "$(marks account)" 'warn ' 'a token only: a warning'
is "$(marks 'read: instance')" 'ok FAIL ' 'a token only: administrative endpoints fail'
contains "$flat" 'the account needs ADMIN' 'a token only: and say what they need'
is "$(marks 'read: projects')$(marks 'read: repos')" 'ok ok ' 'a token only: the rest is fine'
bitbucket_credentials jdoe "$T/jdoe"
auth=$T/jdoe ask
is "$code" 1 'an ordinary user: code 1'
is "$(marks administrator)" '' 'an ordinary user is no administrator'
contains "$flat" 'the account needs PROJECT_ADMIN (asked about PRJ)' 'an ordinary user: what projects need'
contains "$flat" 'the account needs REPO_ADMIN' 'an ordinary user: what repositories need'
printf 'token = wrong-token-of-a-test\n' >"$T/wrong"
chmod 600 "$T/wrong"
auth=$T/wrong ask
is "$(marks account)$(marks rights)$code" 'FAIL skip 1' 'a wrong token fails'
bitbucket_stop

# -------------------------------------------------------------- other servers
with() { # SERVER-OPTION...: doctor against such a server
    bitbucket_start "$@"
    ask
    bitbucket_stop
}
with --server-version 6.10
is "$(marks version)$code" 'ok 0' 'the oldest server'
is "$(marks 'read: projects')" 'ok skip ' 'the oldest server: what it lacks is passed over'
with --rate 60,5
is "$(marks 'rate limit')$code" 'warn 0' 'a limited account: a warning'
contains "$flat" '5 requests a second for this account, which is not exempt' 'a limited account: how many'
with --rate 60,5 --rate-exempt refgate-sync
contains "$flat" 'the account is exempt' 'an exempt account'
with --fault clock:-60
is "$(marks clock)$code" 'warn 0' 'a clock that is a minute off: a warning'
with --fault clock:400
is "$(marks clock)$code" 'FAIL 1' 'a clock that is six minutes off fails'
contains "$flat" 'ahead of ours' 'a clock that is six minutes off: which way'
with --fault login-page
is "$(marks server)$(marks account)$code" 'FAIL 1' 'a login page is no Bitbucket'
with --fault anonymous
is "$(marks account)$code" 'FAIL 1' 'an anonymous answer signs nobody in'
with --fault 'deny:/branch-permissions/.*repos'
is "$(marks 'read: repos')$code" 'ok FAIL 1' 'one endpoint that is refused fails alone'
contains "$flat" 'FAIL read: repos branch restrictions of a repository: the account needs REPO_ADMIN' 'and is named'

bitbucket_start
printf '[snapshot]\nfile = %s\n' "$file" >"$T/refgate.conf"
snapshot "$file"
doctor --config "$T/refgate.conf" --url "$BITBUCKET_URL" --auth-file "$BITBUCKET_AUTH"
is "$(marks instance)" 'FAIL ' 'the snapshot that the configuration names is compared'
url=$BITBUCKET_URL
bitbucket_stop
doctor --output "$T/d/live.cdb" --url "$url" --auth-file "$BITBUCKET_AUTH"
is "$(marks server)$(marks rights)$code" 'FAIL skip 1' 'nobody listens: fails'

# -------------------------------------------------------------- TLS
for variant in good expired other-host stranger; do
    bitbucket_certificate "$T/tls.$variant" $variant || exit 99
    bitbucket_start --tls "$T/tls.$variant/cert.pem" "$T/tls.$variant/key.pem"
    ask --cacert "$T/tls.$variant/ca.pem"
    if [ $variant = good ]; then
        is "$(marks server)$code" 'ok 0' 'TLS: a certificate that is trusted'
        contains "$flat" 'its certificate is trusted' 'TLS: says so'
        ask
        is "$(marks server)$code" 'FAIL 1' 'TLS: an authority that the system does not know'
    else
        is "$(marks server)$code" 'FAIL 1' "TLS: $variant"
    fi
    bitbucket_stop
done

options=$("$BUILD/refgate" doctor --help | sed -n 's/^  --\([a-z-]*\).*/\1/p')
for option in $options; do
    [ "$option" = help ] || ok "refgate-doctor(8) documents --$option" \
        grep -Eq "^\.It Fl -$option( |\$)" packaging/man/refgate-doctor.8
done
for secret in refgate-test-token refgate-test-password wrong-token-of-a-test; do
    lacks "$(cat "$T/all")" "$secret" "no $secret in any output"
done
done_testing
