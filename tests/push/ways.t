#!/bin/sh
# The ways in: hook script before and after Bitbucket 8.9, External Hooks add-on, git's own hook
# directory, objects on another host (Mesh), and whatever the environment holds.
. tests/lib/tap.sh
. tests/lib/push.sh
test_start
server_start
server_config <<'END'
@common
END
server_repository PRJ/app 84
client_clone "$T/c" PRJ/app
c=$T/c
base=$(commit "$c" base)
pushes 'main and a release branch' lead "$c" origin HEAD:refs/heads/main HEAD:refs/heads/release/1

# Fast-forward, rewrite (history) and a branch that is closed (none): the same everywhere.
same() { # WAY
    server_way "$1"
    git -C "$c" reset -q --hard "$(server_ref PRJ/app refs/heads/release/1)"
    commit "$c" "by-$1" >/dev/null
    pushes "$1: fast-forward" jdoe "$c" origin HEAD:refs/heads/release/1
    git -C "$c" commit -q --amend -m again
    refuses "$1: rewrite" 1 jdoe "$c" -f origin HEAD:refs/heads/release/1
    refuses "$1: closed to pushes" 1 jdoe "$c" origin HEAD:refs/heads/main
    is "$(audit '[.push.repository_id,.pusher.name]|map(tostring)|join(" ")')" '84 jdoe' \
        "$1: the repository and the pusher are known"
}
same 8.9
same 7.21
same addon

# External Hooks: the executable itself is what is stored as the script's content.
server_way 8.9
cp "$BUILD/refgate-hook" "$BB/refgate-hook"
# Beside it: its configuration, without --config.
printf '#!/bin/sh\nexec "%s"\n' "$BB/refgate-hook" >"$BB/hook"
refuses 'refgate.conf beside the executable is found' 1 jdoe "$c" origin HEAD:refs/heads/main
server_way 8.9

# A storage path that git has to quote in GIT_ALTERNATE_OBJECT_DIRECTORIES.
server_repository PRJ/lib 'a:b "c"\d/85'
client_clone "$T/quoted" PRJ/lib
q=$T/quoted
commit "$q" one >/dev/null
pushes 'quoted path: create' rroe "$q" origin HEAD:refs/heads/release/1
commit "$q" two >/dev/null
pushes 'quoted path: fast-forward' rroe "$q" origin HEAD:refs/heads/release/1
is "$(audit '[.push.repository_id,.changes[0].kind]|map(tostring)|join(" ")')" '85 update' \
    'quoted path: the repository was found'
git -C "$q" commit -q --amend -m again
refuses 'quoted path: rewrite' 1 rroe "$q" -f origin HEAD:refs/heads/release/1

# -------------------------------------------------------------- native
server_way native
cat >"$T/native.conf" <<'END'
[rule "no-rewrites"]
action = reject
changes = rewrite
refs = release/*
[rule "only-jane"]
action = reject
refs = janes/*
except-users = jdoe
END
{ cat "$CONF" "$T/native.conf"; } >"$CONF.new" && mv "$CONF.new" "$CONF"
git -C "$c" reset -q --hard "$(server_ref PRJ/app refs/heads/release/1)"
commit "$c" native >/dev/null
pushes 'native: fast-forward' jdoe "$c" origin HEAD:refs/heads/release/1
is "$(audit '[.pusher.type,.changes[0].kind]|map(tostring)|join(" ")')" 'unknown update' \
    'native: nobody is known, history is'
git -C "$c" commit -q --amend -m again
refuses 'native: rewrite, by a rule that needs no name' 1 jdoe "$c" -f origin \
    HEAD:refs/heads/release/1
refuses 'native: a rule that needs the name cannot be decided' 2 jdoe "$c" origin \
    HEAD:refs/heads/janes/1
# What a pusher could set if git ran with its environment (a local push does) names nobody.
BB_USER_NAME=jdoe BB_PROJECT_KEY=PRJ BB_REPO_SLUG=app refuses \
    'native: nothing is believed from BB_ variables' 2 jdoe "$c" origin HEAD:refs/heads/janes/1

# -------------------------------------------------------------- Mesh: no objects here
server_way 8.9
sed '/^\[rule/,$d' "$CONF" >"$CONF.new" && mv "$CONF.new" "$CONF"
printf '%s\n' -GIT_QUARANTINE_PATH -GIT_OBJECT_DIRECTORY -GIT_ALTERNATE_OBJECT_DIRECTORIES \
    >"$T/mesh"
LAUNCH_EXTRA=$T/mesh
export LAUNCH_EXTRA
git -C "$c" reset -q --hard "$base"
commit "$c" mesh >/dev/null
refuses 'mesh: what needs no history is decided' 1 jdoe "$c" origin HEAD:refs/heads/main
pushes 'mesh: a topic branch' jdoe "$c" origin HEAD:refs/heads/mesh
pushes 'mesh: what needs history is undecided, and said so' jdoe "$c" -f origin \
    HEAD:refs/heads/release/1
is "$(audit '[.verdict,.changes[0].kind]|join(" ")')" 'annotate unknown' 'mesh: in the record'
contains "$remote" 'history' 'mesh: in the terminal'
sed "s|^\[audit\]|[failure]\\
undecided-restriction = reject\\
&|" "$CONF" >"$CONF.new" && mv "$CONF.new" "$CONF"
commit "$c" mesh2 >/dev/null
refuses 'mesh: unless the administrator wants it otherwise' 2 jdoe "$c" origin \
    HEAD:refs/heads/release/1
unset LAUNCH_EXTRA

# -------------------------------------------------------------- a hostile environment
server_config <<'END'
@common
END
hostile() { # DESCRIPTION, lines on stdin
    cat >"$T/extra"
    LAUNCH_EXTRA=$T/extra
    export LAUNCH_EXTRA
    git -C "$c" reset -q --hard "$(server_ref PRJ/app refs/heads/release/1)"
    commit "$c" "hostile$test_count" >/dev/null
    pushes "environment: $1: fast-forward" jdoe "$c" origin HEAD:refs/heads/release/1
    is "$(audit '[.verdict,.changes[0].kind]|join(" ")')" 'accept update' \
        "environment: $1: decided as ever"
    git -C "$c" commit -q --amend -m again
    refuses "environment: $1: rewrite" 1 jdoe "$c" -f origin HEAD:refs/heads/release/1
    unset LAUNCH_EXTRA
}
hostile 'GIT_ variables that lead nowhere' <<'END'
GIT_DIR=/nonexistent
GIT_WORK_TREE=/nonexistent
GIT_COMMON_DIR=/nonexistent
GIT_INDEX_FILE=/nonexistent
GIT_NAMESPACE=other
GIT_CEILING_DIRECTORIES=/
END
hostile 'configuration of git' <<END
GIT_CONFIG_COUNT=2
GIT_CONFIG_KEY_0=core.bare
GIT_CONFIG_VALUE_0=false
GIT_CONFIG_KEY_1=extensions.objectFormat
GIT_CONFIG_VALUE_1=sha256
GIT_CONFIG_GLOBAL=/dev/zero
GIT_CONFIG_SYSTEM=/dev/zero
HOME=/nonexistent
XDG_CONFIG_HOME=/dev
END
hostile "the add-on's wrong copies" <<'END'
STASH_IS_ADMIN=true
STASH_IS_WRITE=true
STASH_USER_NAME=lead
STASH_USER_PERMISSION=SYS_ADMIN
END
hostile 'locale, time zone, empty path' <<'END'
LC_ALL=tr_TR.UTF-8
LANG=tr_TR.UTF-8
LANGUAGE=tr
TZ=:/etc/passwd
PATH=/nonexistent:/usr/bin:/bin
TMPDIR=/nonexistent
MALLOC_PERTURB_=165
END
hostile 'no e-mail address' <<'END'
-BB_USER_EMAIL
END
hostile 'e-mail address null' <<'END'
BB_USER_EMAIL=null
END
hostile 'older servers: no permission, no base URL' <<'END'
-BB_USER_PERMISSION
-BB_BASE_URL
-BB_HOOK_TYPE
-BB_REPO_IS_FORK
END
ok 'the audit chain is intact' "$BUILD/refgate" audit verify "$BB/audit.log"
done_testing
