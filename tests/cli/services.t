#!/bin/sh
# What packaging/ gives to systemd, logrotate and cron does what refgate-services(7) says: the units are
# sound, the sync's line works as another user with the credential that systemd gives it, the hook
# believes what it publishes, and a rotation by logrotate loses nothing.
. tests/lib/tap.sh
. tests/lib/bitbucket.sh
test_start

SYNC=61001 # who syncs
BB=61002   # who runs Bitbucket
root=
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
    root=yes
else
    SYNC=$(id -u)
    BB=$SYNC
fi
as() { # USER COMMAND...: run, as that user
    as_user=$1
    shift
    [ -z "$root" ] || set -- setpriv --reuid="$as_user" --regid="$as_user" --clear-groups "$@"
    run "$@"
}
give() { [ -z "$root" ] || chown "$@"; } # OWNER FILE...
have() { command -v "$1" >/dev/null; }
# LSan cannot look into a process that says that nobody may look into it.
export ASAN_OPTIONS="$ASAN_OPTIONS:detect_leaks=0"

# A machine of our own, below $T.
chmod 755 "$T"
mkdir -p "$T/usr/bin" "$T/etc/refgate" "$T/var/lib/refgate" "$T/var/log/refgate" "$T/units" "$T/run"
for f in refgate refgate-hook; do
    cp "$BUILD/$f" "$T/usr/bin/$f"
    chmod 755 "$T/usr/bin/$f"
done
give "$SYNC:$SYNC" "$T/var/lib/refgate"
give "$BB:$BB" "$T/var/log/refgate"
here() { sed "s,/usr/bin/refgate,$T&,g; s,/etc/refgate,$T&,g; s,/var/lib/refgate,$T&,g; s,/var/log/refgate,$T&,g"; }
for f in packaging/systemd/*.service packaging/systemd/*.timer; do
    here <"$f" >"$T/units/${f##*/}"
done
cat >"$T/etc/refgate/refgate.conf" <<CONF
[snapshot]
file = $T/var/lib/refgate/snapshot.cdb
[trust]
owners = $SYNC
[audit]
file = $T/var/log/refgate/audit.jsonl
syslog = off
CONF

# -------------------------------------------------------------- the units
if have systemd-analyze; then
    run systemd-analyze verify --man=no "$T"/units/*
    is "$code$out$err" 0 'systemd-analyze verify has nothing to say of the units'
else
    skip 'systemd-analyze verify has nothing to say of the units' 'no systemd-analyze'
fi
for unit in refgate-sync refgate-rotate; do
    if have systemd-analyze && systemd-analyze --help | grep -q -e --offline; then
        run systemd-analyze security --offline=yes "$T/units/$unit.service"
        level=$(printf '%s\n' "$out" | sed -n 's/.*exposure level for .*: \([0-9]*\)\.\([0-9]\) .*/\1\2/p')
        note "systemd-analyze security: $unit.service: ${level%?}.${level#"${level%?}"}"
        ok "$unit.service: exposure of at most 2.0" test "${level:-100}" -le 20
    else
        skip "$unit.service: exposure of at most 2.0" 'systemd-analyze is missing or old'
    fi
done
page=$(mandoc -T utf8 packaging/man/refgate-services.7 2>/dev/null | col -b)
if [ -n "$page" ]; then
    sed -n 's/^\([A-Z][A-Za-z]*\)=.*/\1/p' packaging/systemd/*.service packaging/systemd/*.timer |
        sort -u >"$T/settings"
    is "$(printf '%s\n' "$page" | tr -cs 'A-Za-z' '\n' | sort -u | comm -13 - "$T/settings")" '' 'refgate-services(7) has each setting of the units'
else
    skip 'refgate-services(7) has each setting of the units' 'no mandoc'
fi

# -------------------------------------------------------------- accounts and directories
look() { (cd "$T/r" && stat -c '%u %g %a %n' var/lib/refgate var/log/refgate); }
if [ -n "$root" ] && have systemd-sysusers && have systemd-tmpfiles; then
    mkdir -p "$T/r/etc" "$T/r/usr/lib"
    cp -R packaging/sysusers "$T/r/usr/lib/sysusers.d"
    cp -R packaging/tmpfiles "$T/r/usr/lib/tmpfiles.d"
    run systemd-sysusers --root="$T/r"
    is "$code" 0 'systemd-sysusers'
    like "$(cat "$T/r/etc/passwd")" '^refgate:[^:]*:[0-9]+:[0-9]+:refgate sync:/var/lib/refgate:/usr/sbin/nologin$' \
        'sysusers: an account that nobody signs in to'
    uid=$(sed -n 's/^refgate:[^:]*:\([0-9]*\):.*/\1/p' "$T/r/etc/passwd")
    gid=$(sed -n 's/^refgate:[^:]*:\([0-9]*\):.*/\1/p' "$T/r/etc/group")
    run systemd-tmpfiles --root="$T/r" --create
    is "$code$err" 0 'systemd-tmpfiles'
    is "$(look)" \
        "$(printf '%s %s 755 var/lib/refgate\n0 0 755 var/log/refgate' "$uid" "$gid")" \
        'tmpfiles: the directory of the snapshot is the account'\''s, that of the log root'\''s'
    chown "$BB:$BB" "$T/r/var/lib/refgate" "$T/r/var/log/refgate"
    chmod 700 "$T/r/var/log/refgate"
    cp "$T/r/etc/passwd" "$T/passwd"
    systemd-sysusers --root="$T/r"
    run systemd-tmpfiles --root="$T/r" --create
    is "$(look)" \
        "$(printf '%s %s 755 var/lib/refgate\n%s %s 700 var/log/refgate' "$BB" "$BB" "$BB" "$BB")" \
        'tmpfiles: whoever they were given to keeps them at the next start'
    same_file "$T/r/etc/passwd" "$T/passwd" 'sysusers: a second run changes nothing'
else
    for what in 'systemd-sysusers' 'sysusers: an account that nobody signs in to' 'systemd-tmpfiles' \
        'tmpfiles: whose the directories are' 'tmpfiles: whoever they were given to keeps them' \
        'sysusers: a second run changes nothing'; do
        skip "$what" 'needs root, systemd-sysusers and systemd-tmpfiles'
    done
fi

# -------------------------------------------------------------- the sync, as systemd starts it
# Environment=, EnvironmentFile=, UMask= and ExecStart=, of which ${NAME} is one word and $NAME is split.
cat >"$T/service" <<'SERVICE'
set -f
eval "$(sed -n 's/^Environment=/export /p' "$1")"
for f in $(sed -n 's/^EnvironmentFile=-*//p' "$1"); do
    set -a
    . "$f"
    set +a
done
umask "$(sed -n 's/^UMask=//p' "$1")"
cd /
eval "exec $TRACE $(sed -n 's/^ExecStart=//p' "$1" | sed 's/\${\([A-Z_]*\)}/"${\1}"/g')"
SERVICE
service() { # UNIT USER [NAME=VALUE...]
    service_unit=$T/units/$1
    service_user=$2
    shift 2
    as "$service_user" env -i PATH=/usr/bin:/bin ASAN_OPTIONS="$ASAN_OPTIONS" "$@" \
        sh "$T/service" "$service_unit" </dev/null
}
settings() { # URL [OPTIONS]
    sed "s,^REFGATE_URL=.*,REFGATE_URL=\"$1\",; s,^REFGATE_SYNC_OPTIONS=.*,REFGATE_SYNC_OPTIONS=\"${2:-}\"," \
        packaging/systemd/refgate-sync.env >"$T/etc/refgate/sync.env"
}
# The copy that systemd makes of it: the account's, or root's with an ACL, whose mask shows as the group.
credential() { # OWNER:GROUP MODE-OF-FILE MODE-OF-DIRECTORY
    rm -rf "$T/run/credentials"
    mkdir "$T/run/credentials"
    cp "$T/etc/refgate/sync.auth" "$T/run/credentials/sync.auth"
    give -R "$1" "$T/run/credentials"
    chmod "$2" "$T/run/credentials/sync.auth"
    chmod "$3" "$T/run/credentials"
}
printf '%040d %s refs/heads/topic\n' 0 1111111111111111111111111111111111111111 >"$T/updates"
decide() { # CONFIG: one push, judged by the hook as Bitbucket starts it
    as "$BB" env -i PATH=/usr/bin:/bin ASAN_OPTIONS="$ASAN_OPTIONS" BB_HOOK_TRIGGER_ID=push \
        BB_HOOK_TYPE=PRE BB_IS_DRY_RUN=false BB_PROJECT_KEY=PRJ BB_REPO_SLUG=app \
        BB_REPO_IS_FORK=false BB_REPO_IS_PUBLIC=false BB_BASE_URL="$BITBUCKET_URL" \
        BB_USER_NAME=jdoe BB_USER_DISPLAY_NAME='Jane Doe' BB_USER_EMAIL=jane.doe@example.com \
        BB_USER_PERMISSION=REPO_WRITE "$T/usr/bin/refgate-hook" --config "$1" <"$T/updates"
}

bitbucket_start --recording tests/fixtures/acme || fail 'the server starts'
bitbucket_credentials admin "$T/etc/refgate/sync.auth"
cp packaging/systemd/refgate-sync.env "$T/etc/refgate/sync.env"
credential "$SYNC:$SYNC" 0400 0500
CREDENTIALS="CREDENTIALS_DIRECTORY=$T/run/credentials"
service refgate-sync.service "$SYNC" "$CREDENTIALS"
is "$code" 2 'sync.env as shipped, without the URL: code 2'
contains "$err" 'name Bitbucket with --url URL or REFGATE_URL' 'and says what is missing'
trace=
! have strace || [ "${VARIANT:-release}" != release ] || trace="strace -f -qq -A -o $T/trace/calls"
mkdir -m 777 "$T/trace"
settings "$BITBUCKET_URL" "--self-check 0 --metrics $T/var/lib/refgate/refgate.prom"
service refgate-sync.service "$SYNC" "$CREDENTIALS" TRACE="$trace"
is "$code" 0 'the line of refgate-sync.service, the credential in a file of the account: code 0'
is "$err" '' 'a sync that went well says nothing on the standard error'
is "$(stat -c '%u %a' "$T/var/lib/refgate/snapshot.cdb")" "$SYNC 644" 'the snapshot is the account'\''s, and Bitbucket'\''s user can read it'
ok 'options of sync.env are words of their own' test -s "$T/var/lib/refgate/refgate.prom"
decide "$T/etc/refgate/refgate.conf"
is "$code" 0 'the hook believes the snapshot, since [trust] owners names the account'
if [ -n "$root" ]; then
    sed '/^owners/d; /^\[trust\]/d' "$T/etc/refgate/refgate.conf" >"$T/etc/refgate/without.conf"
    decide "$T/etc/refgate/without.conf"
    is "$code" 2 'and would not without that line'
    credential "0:$SYNC" 0440 0550
    service refgate-sync.service "$SYNC" "$CREDENTIALS"
    is "$code" 0 'the credential in a file of root'\''s, shared by an ACL: code 0'
else
    skip 'and would not without that line' 'needs root'
    skip 'the credential in a file of root'\''s, shared by an ACL: code 0' 'needs root'
fi

# systemd before 247, and cron: the file itself, for the account's group.
give "0:$SYNC" "$T/etc/refgate/sync.auth"
chmod 640 "$T/etc/refgate/sync.auth"
service refgate-sync.service "$SYNC" "CREDENTIALS_DIRECTORY=$T/etc/refgate" TRACE="$trace"
is "$code" 0 'the credential in /etc/refgate, for the account'\''s group: code 0'
line=$(sed -n 's,^\*/15 \* \* \* \* refgate ,,p' packaging/cron/refgate-sync | here)
contains "$line" 'refgate sync' 'the crontab has a line for the account'
lacks "$line" '%' 'without a character that cron takes for a new line'
as "$SYNC" env -i PATH=/usr/bin:/bin ASAN_OPTIONS="$ASAN_OPTIONS" /bin/sh -c "$line" </dev/null
is "$code$out$err" 0 'and it syncs, and nothing is mailed'

# What the filter of system calls lets through, against what a sync does. Quiet: systemd's own lists.
allowed() { # UNIT
    {
        systemd-analyze syscall-filter 2>/dev/null
        sed -n 's/^SystemCallFilter=/:/p' "$1"
    } | awk '
        function want(name, value,   list, n, i) {
            if (name !~ /^@/) { allowed[name] = value; return }
            n = split(members[name], list, " ")
            for (i = 1; i <= n; i++) want(list[i], value)
        }
        /^@/ { set = $1; next }
        /^:/ {
            value = sub(/^:~/, "") ? 0 : 1
            sub(/^:/, "")
            if (!begun++) want("@default", 1)
            n = split($0, names, " ")
            for (i = 1; i <= n; i++) want(names[i], value)
            next
        }
        /^ +[^# ]/ { members[set] = members[set] " " $1 }
        END { for (name in allowed) if (allowed[name]) print name }' | LC_ALL=C sort
}
calls() { sed -n 's/^[0-9]* *\([a-z][a-z0-9_]*\)(.*/\1/p' "$T/trace/calls" | LC_ALL=C sort -u; }
if [ -s "$T/trace/calls" ] && have systemd-analyze; then
    allowed "$T/units/refgate-sync.service" >"$T/allowed"
    ok 'the filter is a list of system calls' test "$(wc -l <"$T/allowed")" -gt 100
    is "$(calls | LC_ALL=C comm -23 - "$T/allowed")" '' 'SystemCallFilter= lets through all that a sync does'
    is "$(grep -c 'PROT_WRITE|PROT_EXEC\|PROT_READ|PROT_WRITE|PROT_EXEC' "$T/trace/calls")" 0 \
        'MemoryDenyWriteExecute=: no memory is both'
    is "$(sed -n 's/.*socket(\(AF_[A-Z0-9]*\),.*/\1/p' "$T/trace/calls" | sort -u |
        grep -vx "$(sed -n 's/^RestrictAddressFamilies=//p' "$T/units/refgate-sync.service" | sed 's/ /\\|/g')")" \
        '' 'RestrictAddressFamilies=: no other sockets'
else
    for what in 'the filter is a list of system calls' 'SystemCallFilter=' 'MemoryDenyWriteExecute=' \
        'RestrictAddressFamilies='; do
        skip "$what" 'needs strace, systemd-analyze and a release build'
    done
fi
bitbucket_stop

# -------------------------------------------------------------- rotation
log=$T/var/log/refgate/audit.jsonl
rotated() { find "$T/var/log/refgate" -name 'audit.jsonl?*' | LC_ALL=C sort; }
others() { find "$T/var/log/refgate" ! -name 'audit.jsonl' ! -name 'audit.jsonl-*Z.gz' ! -name 'audit.jsonl-*Z_[0-9][0-9].gz' ! -path "$T/var/log/refgate"; }
decisions() { "$T/usr/bin/refgate" audit show --config "$T/etc/refgate/refgate.conf" --format json | wc -l; }
writes() { # DESCRIPTION
    decide "$T/etc/refgate/refgate.conf"
    pushes=$((pushes + 1))
    is "$code $(tail -n 1 "$log" | cut -c 1-6)" '0 {"id":' "$1"
}
pushes=$(decisions)
chmod 600 "$log"
if have logrotate; then
    # What may stand in /etc/logrotate.conf, for all logs.
    mkdir "$T/old"
    {
        printf 'compress\ndelaycompress\ndateext\nrotate 7\ncreate 0666\ncopytruncate\nsharedscripts\nifempty\nolddir %s/old\nmail root\nweekly\n' "$T"
        here <packaging/logrotate/refgate | sed 's/--keep 190/--keep 2/'
    } >"$T/etc/logrotate.conf"
    rotate() { run logrotate -s "$T/run/logrotate" "$@" "$T/etc/logrotate.conf" </dev/null; }
    rotate --force
    is "$code$out$err" 0 'logrotate --force: says nothing'
    is "$(rotated | wc -l)" 1 'logrotate: one rotated file'
    like "$(cat "$log")" '^\{"type":"rotation",.*"continues":"audit\.jsonl-' 'the chain goes on in the new log'
    is "$(stat -c '%u %g %a' "$log")" "$BB $(stat -c %g "$T/var/log/refgate") 600" 'which has owner and mode of the old one'
    writes 'the hook goes on writing'
    kept=$(cksum <"$log")
    rotate
    is "$code $(cksum <"$log")" "0 $kept" 'logrotate leaves a log alone that is not due'
    rotate --force
    is "$code$err" 0 'logrotate --force, a second time'
    is "$(rotated | wc -l)" 2 'logrotate: two rotated files'
    run "$T/usr/bin/refgate" audit verify --config "$T/etc/refgate/refgate.conf"
    is "$code" 0 'audit verify: the chain is whole over all files'
    is "$(decisions)" "$pushes" 'and no decision is lost'
    writes 'the hook goes on writing'
    rotate --force
    is "$(rotated | wc -l)" 2 'the oldest goes: two are kept'
    is "$(others)" '' 'all of them compressed by refgate, and nothing of logrotate'\''s is there'
    is "$(find "$T/old" -type f)" '' 'nor anywhere else'
    run "$T/usr/bin/refgate" audit verify --config "$T/etc/refgate/refgate.conf"
    is "$code" 0 'audit verify: the rest is whole'
    contains "$out" 'a rotation deleted the files before it' 'and it says that older ones were deleted'
    writes 'the hook goes on writing'
    kept=$(cksum <"$log")
    sed -i 's, --keep 2,& --no-such-option,' "$T/etc/logrotate.conf"
    rotate --force
    is "$code $(cksum <"$log")" "1 $kept" 'a rotation that fails: logrotate says so, and the log is as it was'
else
    skip 'a rotation by logrotate' 'no logrotate'
fi

# The same by refgate-rotate.service.
sed -i "s,--if-larger 256M,--if-larger 1 --config $T/etc/refgate/refgate.conf,; s/--keep 190/--keep 1/" \
    "$T/units/refgate-rotate.service"
writes 'the hook writes'
rm -f "$T/trace/calls"
service refgate-rotate.service 0 TRACE="$trace"
is "$code$err" 0 'the line of refgate-rotate.service'
is "$(rotated | wc -l)$(others)" 1 'keeps as many as it says, compressed'
is "$(stat -c '%u %a' "$log")" "$BB 600" 'and the log is still its owner'\''s'
writes 'the hook goes on writing'
run "$T/usr/bin/refgate" audit verify --config "$T/etc/refgate/refgate.conf"
is "$code" 0 'audit verify: the chain is whole'
if [ -n "$trace" ] && have systemd-analyze; then
    allowed "$T/units/refgate-rotate.service" >"$T/allowed"
    is "$(calls | LC_ALL=C comm -23 - "$T/allowed")" '' 'SystemCallFilter= lets through all that a rotation does'
else
    skip 'SystemCallFilter= lets through all that a rotation does' 'needs strace, systemd-analyze and a release build'
fi
done_testing
