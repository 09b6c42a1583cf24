#!/bin/sh
# semantics 8: a push, and each call that the hook makes for it failing in turn: no memory, no
# descriptors, a disk error, a full disk, EINTR, less than was asked for, libgit2, a clock that jumps.
# Whatever fails: a documented exit code, never a signal, nothing let through that is refused without
# the fault, an audit log and approvals that are whole. tests/faults/*.c say how it is done.
#
# LONG=1: each call of each class in each scene; else each call of one scene, and some of the others.
# ONLY=PATTERN: these scenes.
. tests/lib/tap.sh
. tests/lib/push.sh
test_start
[ -x "$BUILD/tests/faults/refgate-hook-faults" ] ||
    skip_all "tests/faults/refgate-hook-faults is not built in this variant"
is "$(grep -c -a -e 'refgate-hook-faults' -e '__wrap_malloc' "$BUILD/refgate-hook")" 0 \
    'nothing of this is in the hook as it is shipped'
is "$(grep -c -a -e '__wrap_malloc' "$BUILD/tests/faults/refgate-hook-faults" | sed 's/^[1-9].*/some/')" some \
    'and it would show'
server_start
server_repository PRJ/app 84
client_clone "$T/c" PRJ/app
c=$T/c
storage=$(server_storage PRJ/app)
# What messages say of its age must stay the same for half an hour.
rm "$BB/snapshot.cdb"
"$BUILD/refgate" sync --replay "$TOP/tests/fixtures/acme" --output "$BB/snapshot.cdb" \
    --now "$(date -u -d '-10 days -30 minutes' +%Y-%m-%dT%H:%M:%SZ)" >/dev/null 2>&1
server_config <<END
@common
END

# -------------------------------------------------------------- a history
for n in 1 2 3 4 5 6; do commit "$c" "base$n" >/dev/null; done
base=$(git -C "$c" rev-parse HEAD)
pushes 'a history in a pack' lead "$c" origin HEAD:refs/heads/main HEAD:refs/heads/release/1
git -C "$storage" repack -q -a -d
held=$(commit "$c" held)
pushes 'and a commit beside it' lead "$c" origin HEAD:refs/heads/main
cp "$BB/audit.log" "$T/log"
# Three new commits on it; the one in the middle is somebody else's. And the same, all his own.
by() { # NAME EMAIL COMMAND…
    by_name=$1 by_email=$2
    shift 2
    env GIT_AUTHOR_NAME="$by_name" GIT_COMMITTER_NAME="$by_name" GIT_AUTHOR_EMAIL="$by_email" \
        GIT_COMMITTER_EMAIL="$by_email" "$@"
}
new_commit() { by 'X Y' "$1@example.com" git -C "$c" commit -q --allow-empty -m "$2"; }
new_commit jane.doe one
new_commit stranger two
new_commit jane.doe three
mixed=$(git -C "$c" rev-parse HEAD)
git -C "$c" reset -q --hard "$held"
new_commit jane.doe one
new_commit jane.doe two
new_commit jane.doe three
own=$(git -C "$c" rev-parse HEAD)
# Not on the branch release/1 as it is.
git -C "$c" reset -q --hard "$base~2"
new_commit jane.doe rewritten
rewritten=$(git -C "$c" rev-parse HEAD)

quarantine() { # NAME loose|packed NEW: what git would have received
    q=$storage/objects/tmp_objdir-incoming-$1
    mkdir -p "$q/pack"
    git -C "$c" rev-list --objects "$3" --not "$held" | cut -d' ' -f1 >"$T/objects"
    if [ "$2" = packed ]; then
        git -C "$c" pack-objects -q "$q/pack/pack" <"$T/objects" >/dev/null
    else
        git -C "$c" pack-objects -q --stdout <"$T/objects" >"$T/pack"
        GIT_OBJECT_DIRECTORY=$q git -C "$storage" unpack-objects -q <"$T/pack"
    fi
}
quarantine mixed-loose loose "$mixed"
quarantine mixed-packed packed "$mixed"
quarantine own-loose loose "$own"
quarantine own-packed packed "$own"
quarantine rewritten-loose loose "$rewritten"
quarantine rewritten-packed packed "$rewritten"

# -------------------------------------------------------------- scenes
# What libgit2 held when there was no memory for it is never freed: base/emergency.h.
printf 'leak:%s\n' store_malloc store_realloc inflate opendir >"$T/suppressions"
LSAN_OPTIONS=suppressions=$T/suppressions:print_suppressions=0:$LSAN_OPTIONS
scene() { # NAME LOGIN EXIT VERDICT OLD NEW REF [QUARANTINE] <CONFIGURATION
    name=$1
    scene=$T/$1
    mkdir "$scene"
    CONF=$scene/refgate.conf
    cp "$T/log" "$scene/audit.log"
    echo "$5 $6 $7" >"$scene/stdin"
    sed "s|^@common\$|[snapshot]\\
file = $BB/snapshot.cdb\\
[freshness]\\
max-age = 100d\\
[limits]\\
deadline = 50s\\
[audit]\\
file = $scene/audit.log\\
syslog = all\\
syslog-socket = $T/no-log|" >"$CONF"
    # shellcheck disable=SC2034 # to the end of the line
    IFS='|' read -r login user display email permission <<END
$(grep "^$2|" "$BB/identities")
END
    cat >"$scene/scene" <<END
arg --config
arg $CONF
cwd $BB/elsewhere
secret $(printf '%s' "$BB" | tr -d 0-9)
stdin $scene/stdin
audit $scene/audit.log
exit $3
verdict $4
env PATH=/usr/bin:/bin
env HOME=$BB
env LC_ALL=C
env BB_HOOK_TRIGGER_ID=push
env BB_HOOK_TYPE=PRE
env BB_BASE_URL=https://bitbucket.example.com
env BB_PROJECT_KEY=PRJ
env BB_USER_NAME=$user
env BB_USER_DISPLAY_NAME=$display
env BB_USER_EMAIL=$email
env BB_USER_PERMISSION=$permission
END
    q=${8:+$storage/objects/tmp_objdir-incoming-$8}
    q=${q:-$storage/objects/tmp_objdir-incoming-own-loose}
    also "env BB_REPO_SLUG=app" "env BB_IS_DRY_RUN=false" "env GIT_QUARANTINE_PATH=$q" \
        "env GIT_OBJECT_DIRECTORY=$q" "env GIT_ALTERNATE_OBJECT_DIRECTORIES=$storage/objects"
}
# Where it depends on the history: what becomes of short reads in libgit2.
HISTORY='history cannot tell wh'
also() { printf '%s\n' "$@" >>"$scene/scene"; }
runs=0
play() { # EVERY [CLASS...]: EVERY 1 with LONG
    every=$1
    shift
    # shellcheck disable=SC2254 # a pattern
    case $name in ${ONLY:-*}) ;; *) return ;; esac
    [ -z "${LONG:-}" ] || { every=1 && set --; }
    # shellcheck disable=SC2086
    "$BUILD/tests/faults/refgate-hook-faults" --every "$every" ${FAULTS_SHOW:+--show} "$scene/scene" "$@" \
        >"$T/played" 2>"$T/err"
    played=$?
    while IFS= read -r line; do
        case $line in
        'ok '*) pass "semantics 8: $name: ${line#ok }" ;;
        'not ok '*) fail "semantics 8: $name: ${line#not ok }" ;;
        '# runs: '*)
            line=${line#\# runs: }
            runs=$((runs + ${line%%,*}))
            ;;
        *) printf '%s\n' "$line" ;;
        esac
    done <"$T/played"
    [ $played -le 1 ] || {
        fail "$name: played to its end"
        note "exit code $played"
        sed 's/^/# /' "$T/err"
    }
}
topic="$ZERO $own refs/heads/topic"

# shellcheck disable=SC2086 # words
{
    scene accept jdoe 0 accept $topic <<'END'
@common
END
    play 1 alloc open read write

    scene exempt lead 0 accept "$held" "$own" refs/heads/main <<'END'
@common
END
    play 47

    scene restricted jdoe 1 reject "$held" "$own" refs/heads/main <<'END'
@common
END
    play 47

    scene rule jdoe 1 reject $topic <<'END'
@common
[rule "closed"]
action = reject
refs = topic
except-users = lead
END
    play 47

    scene except lead 0 accept $topic <<'END'
@common
[rule "closed"]
action = reject
refs = topic
except-groups = maintainers
END
    play 47

    scene annotate jdoe 0 annotate $topic <<'END'
@common
[rule "told"]
action = annotate
refs = topic
END
    play 71

    scene identity-own-loose jdoe 0 accept $topic own-loose <<'END'
@common
[rule "own work"]
action = reject
committer = pusher
END
    also "$HISTORY"
    play 71

    scene identity-own-packed jdoe 0 accept $topic own-packed <<'END'
@common
[rule "own work"]
action = reject
committer = pusher
END
    also "$HISTORY"
    play 71

    for kind in loose packed; do
        scene identity-mixed-$kind jdoe 1 reject "$ZERO" "$mixed" refs/heads/topic mixed-$kind <<'END'
@common
[rule "own work"]
action = reject
committer = pusher
END
        also "$HISTORY"
        play 47

        scene rewrite-$kind jdoe 1 reject "$base" "$rewritten" refs/heads/release/1 rewritten-$kind <<'END'
@common
[failure]
undecided-restriction = reject
END
        also "$HISTORY"
        play 71
    done

    scene forward jdoe 0 accept "$base" "$own" refs/heads/release/1 own-packed <<'END'
@common
[failure]
undecided-restriction = reject
END
    also "$HISTORY"
    play 71

    scene rewrite-default jdoe 1 reject "$base" "$rewritten" refs/heads/release/1 rewritten-packed <<'END'
@common
END
    # semantics 4.1: undecided-restriction = annotate
    also 'weaker fast-forward-only'
    also "$HISTORY"
    play 71
}

scene approval jdoe 0 accept "$ZERO" "$own" refs/heads/topic <<END
@common
[approvals]
directory = $T/approval-store
[rule "approved"]
action = require-approval
refs = topic
END
mkdir "$T/approval-store"
run "$BUILD/refgate" approve create --repo PRJ/app --ref topic --user jdoe --reason CHG-1 --config "$CONF"
is "$code" 0 'an approval is made' || note "$err"
also "approvals $T/approval-store" 'refusal permissions snapshot' 'refusal needs an approval'
play 47

scene not-approved jdoe 1 require-approval "$ZERO" "$own" refs/heads/topic <<END
@common
[approvals]
directory = $T/approval-empty
[rule "approved"]
action = require-approval
refs = topic
END
mkdir "$T/approval-empty"
run "$BUILD/refgate" approve create --repo PRJ/app --ref topic --user lead --reason CHG-1 --config "$CONF"
also "approvals $T/approval-empty"
play 71

scene monitor jdoe 0 reject "$held" "$own" refs/heads/main <<'END'
[refgate]
mode = monitor
@common
END
also 'lenient yes' 'strict configuration of refgate' 'strict ref updates cannot be read'
play 71

scene kill-switch jdoe 0 accept "$held" "$own" refs/heads/main <<'END'
@common
END
run "$BUILD/refgate" disable --config "$CONF" --reason 'incident'
also 'lenient yes' 'strict refgate: push rejected'
play 71

scene required jdoe 0 accept "$ZERO" "$own" refs/heads/topic <<'END'
@common
required = yes
sync = yes
END
also 'required yes'
play 47

scene dry-run jdoe 0 unrecorded "$held" "$own" refs/heads/main <<'END'
@common
END
dry() { # FROM TO
    also 'env BB_IS_DRY_RUN=true' 'env BB_HOOK_TRIGGER_ID=pull-request-merge' "env BB_FROM_HASH=$1" \
        "env BB_TO_HASH=$held" "env BB_TO_REF=$2" 'env BB_MERGE_HASH=' 'env BB_PULL_REQUEST_ID=1'
    sed '/^env BB_IS_DRY_RUN=false/d; /^env BB_HOOK_TRIGGER_ID=push/d; /GIT_/d' "$scene/scene" \
        >"$scene/new" && mv "$scene/new" "$scene/scene"
    : >"$scene/stdin"
}
dry "$own" main
play 71

scene dry-run-refused jdoe 1 reject "$held" "$own" refs/heads/main <<'END'
@common
END
dry "$own" archive/x
play 71

scene renamed jdoe 1 reject "$held" "$own" refs/heads/main <<'END'
@common
END
sed 's/^env BB_REPO_SLUG=.*/env BB_REPO_SLUG=renamed/' "$scene/scene" >"$scene/new"
mv "$scene/new" "$scene/scene"
play 47

scene foreign-token foreign-token 1 reject "$ZERO" "$own" refs/heads/topic <<'END'
@common
END
play 47

mkdir -p "$BB/log"
TZ=UTC date "+10.0.0.7 | https | o@1x2x3x0 | jdoe | %Y-%m-%d %H:%M:%S,000 | \"GET /scm/PRJ/app.git/info/refs?service=git-receive-pack HTTP/1.1\" | \"\" \"git/2.44.0\" | 200 | 0 | 190 | refs | 12 | s2 |" \
    >"$BB/log/access.log"
# Written just now, however long this takes.
touch -d '+1 day' "$BB/log/access.log"
for kind in reject annotate; do
    scene access-log-$kind jdoe 1 reject "$ZERO" "$own" refs/heads/topic <<END
@common
[failure]
undecided = $kind
[credential]
resolvers = name, access-log
access-log = $BB/log/access.log
[rule "no-passwords"]
action = reject
credentials = user-password
END
    # semantics 8: a rule that is undecided, [failure] undecided = annotate
    [ $kind = reject ] || also 'weaker no-passwords'
    play 71
done

scene freeze jdoe 1 reject "$ZERO" "$own" refs/heads/topic <<'END'
[refgate]
timezone = Europe/Berlin
@common
[rule "frozen"]
action = reject
days = mon-sun
END
play 71

scene without-snapshot jdoe 1 reject "$held" "$own" refs/heads/main <<'END'
@common
[failure]
no-snapshot = annotate
END
also 'weaker permissions snapshot'
play 71

scene malformed jdoe 2 reject "$ZERO" "$ZERO" refs/heads/topic <<'END'
@common
END
play 71

note "$runs runs of the hook"
done_testing
