# push.sh - a small Bitbucket for tests of real pushes: storage, identities, launcher, clients.
# shellcheck shell=sh
#
# After tests/lib/tap.sh and test_start:
#
#   server_start               $BB is the server's home ($SERVER_HOME); snapshot from tests/fixtures/acme in
#                              $BB/snapshot.cdb, audit log $BB/audit.log
#   server_config <<END        writes $CONF; a line `@common` stands for snapshot and audit
#   server_way WAY             8.9 (default), 7.21, addon, binary, native
#   server_repository KEY/SLUG ID [git init's options]
#   server_storage KEY/SLUG    its directory
#   server_ref KEY/SLUG REF    the object id there, "-" if there is none
#   server_refs KEY/SLUG       all refs, "ref id" a line
#   identity LOGIN NAME DISPLAY EMAIL PERMISSION
#   client_clone DIR KEY/SLUG [git clone's options]    clones and goes on as nobody special
#   commit DIR FILE [MESSAGE]  a commit that adds FILE; prints its id
#   push_as LOGIN DIR [git push's arguments]  $code, $out, $err as run; $remote: what the hook
#                              said, normalised; $hook_code: its exit code ("none": not started).
#                              $PUSH_WITH: words before git, such as those that change the user
#   hook_as LOGIN TRIGGER KEY/SLUG <UPDATES   what Bitbucket does itself (web interface, merges):
#                              no git push; $code, $out, $err; LAUNCH_EXTRA as in launch-hook
#   audit JQ-FILTER            over the last line of the audit log
#   audit_count
# shellcheck disable=SC2034,SC2154 # variables for the tests, and from tap.sh

ZERO=0000000000000000000000000000000000000000

server_start() {
    BB=${SERVER_HOME:-$T/bitbucket}
    CONF=$BB/refgate.conf
    mkdir -p "$BB/shared/data/repositories" "$BB/elsewhere"
    : >"$BB/exits"
    : >"$BB/repositories"
    echo https://bitbucket.example.com >"$BB/base-url"
    echo "$ASAN_OPTIONS" >"$BB/asan"
    cp "$GIT_CONFIG_GLOBAL" "$BB/gitconfig"
    cat >"$BB/service.env" <<SERVICE
PATH=/usr/local/bin:/usr/bin:/bin
HOME=$BB
LANG=en_US.UTF-8
PWD=/opt/atlassian/bitbucket
BITBUCKET_HOME=$BB
JAVA_HOME=/opt/java
JAVA_OPTS=-Xmx4g
SERVICE
    server_way 8.9
    # Names and permissions as in tests/fixtures/acme. What an access key looks like: 16 hex digits.
    cat >"$BB/identities" <<'IDENTITIES'
jdoe|jdoe|Jane Doe|jane.doe@example.com|REPO_WRITE
rroe|rroe|Richard Roe|richard.roe@example.com|REPO_WRITE
lead|lead|Lee Adler|lead@example.com|REPO_WRITE
admin|admin|Administrator|admin@example.com|SYS_ADMIN
ci-bot|ci-bot|CI Bot||REPO_WRITE
ci-deploy|3adc96b3b93443e4|Access Key User - ci-deploy||REPO_WRITE
dup-label|77aa96b3b93443e4|Access Key User - dup-label||REPO_WRITE
unheard-of|00ff96b3b93443e4|Access Key User - unheard of||REPO_WRITE
token|access-token-user/2/84|Access Token User - app||REPO_WRITE
foreign-token|access-token-user/2/85|Access Token User - lib||REPO_WRITE
project-token|access-token-user/1/2|Access Token User - Product||REPO_WRITE
newcomer|newcomer|New Comer|new@example.com|REPO_WRITE
IDENTITIES
    server_snapshot "$BB/snapshot.cdb"
}

server_snapshot() { # FILE: built once a run of the test
    if ! "$BUILD/refgate" sync --replay "$TOP/tests/fixtures/acme" --output "$1" \
        >"$T/.sync" 2>&1; then
        cat "$T/.sync"
        echo 'Bail out! no snapshot: refgate sync --replay failed'
        exit 99
    fi
}

server_config() {
    sed "s|^@common\$|[snapshot]\\
file = $BB/snapshot.cdb\\
[audit]\\
file = $BB/audit.log\\
syslog = off|" >"$CONF"
}

server_way() {
    case $1 in
    binary) ;;
    *) echo "$1" >"$BB/way" ;;
    esac
    # A new file: a hook that runs right now keeps the one it has.
    rm -f "$BB/hook"
    case $1 in
    # The usual two lines.
    8.9 | 7.21) printf '#!/bin/sh\nexec "%s" --config "%s"\n' "$BUILD/refgate-hook" "$CONF" ;;
    # Generated around the executable: absolute path, parameters one a line.
    addon)
        printf '#!/bin/bash\nset -e\nexec %s \\\n    %s \\\n    %s\n' "'$BUILD/refgate-hook'" \
            "'--config'" "'$CONF'"
        ;;
    native) printf '#!/bin/sh\nexec "%s" --native --config "%s"\n' "$BUILD/refgate-hook" "$CONF" ;;
    esac >"$BB/hook"
}

identity() {
    grep -v "^$1|" "$BB/identities" >"$BB/identities.new"
    printf '%s|%s|%s|%s|%s\n' "$@" >>"$BB/identities.new"
    mv "$BB/identities.new" "$BB/identities"
}

server_storage() {
    while IFS='|' read -r storage_name storage_path; do
        [ "$storage_name" != "$1" ] || printf '%s\n' "$BB/shared/data/repositories/$storage_path"
    done <"$BB/repositories"
}

server_repository() {
    printf '%s|%s\n' "$1" "$2" >>"$BB/repositories"
    storage=$BB/shared/data/repositories/$2
    name=$1
    shift 2
    git init -q --bare "$@" "$storage" || exit 99
    git -C "$storage" config receive.advertisePushOptions true
    git -C "$storage" config uploadpack.allowFilter true
    git -C "$storage" config uploadpack.allowAnySHA1InWant true
    git -C "$storage" config http.receivepack true
    # Bitbucket's storage has no sample hooks either.
    rm -rf "$storage/hooks"
    mkdir "$storage/hooks"
    printf '#!/bin/sh\nexec "%s" "%s" "%s"\n' "$TOP/tests/lib/launch-hook" "$BB" "$name" \
        >"$storage/hooks/pre-receive"
    chmod +x "$storage/hooks/pre-receive"
}

server_ref() {
    git -C "$(server_storage "$1")" rev-parse -q --verify "$2" || echo -
}
server_refs() {
    git -C "$(server_storage "$1")" for-each-ref --format='%(refname) %(objectname)'
}

client_clone() {
    client_dir=$1
    client_from=$(server_storage "$2")
    shift 2
    git clone -q "$@" "$client_from" "$client_dir" 2>"$T/.clone" || {
        cat "$T/.clone"
        exit 99
    }
}

commit() {
    echo "$2" >"$1/$2"
    git -C "$1" add -- "$2" && git -C "$1" commit -q -m "${3:-$2}" && git -C "$1" rev-parse HEAD
}

# What differs from run to run: ids of decisions, ages. git pads what the hook said with blanks.
normalise() {
    sed -n 's/^remote: \{0,1\}//p' | sed -e 's/ *$//' \
        -e 's/\(decision \)[0-9A-HJKMNP-TV-Z]\{26\}/\1ID/' \
        -e 's/snapshot of [0-9][0-9dhms ]* ago/snapshot of AGE ago/' |
        # nothing but what the hook said: git's own last words for the pack are not
        grep -v '^\(Resolving deltas\|Enumerating\|Counting\|Compressing\|Total\|Checking\) *' |
        sed -e :a -e '/^\n*$/{$d;N;ba' -e '}'
}

push_as() {
    push_login=$1
    push_dir=$2
    shift 2
    push_runs=$(wc -l <"$BB/exits")
    # shellcheck disable=SC2086 # words
    LAUNCH_LOGIN=$push_login run ${PUSH_WITH:-} git -C "$push_dir" push "$@"
    push_result
}
push_result() {
    remote=$(normalise <"$T/.err")
    hook_code=none
    [ "$(wc -l <"$BB/exits")" -le "$push_runs" ] || hook_code=$(tail -n 1 "$BB/exits")
}

hook_as() {
    hook_login=$1
    hook_trigger=$2
    hook_storage=$(server_storage "$3")
    LAUNCH_LOGIN=$hook_login LAUNCH_TRIGGER=$hook_trigger run env -C "$hook_storage" \
        hooks/pre-receive
    hook_code=$code
}

audit() { tail -n 1 "$BB/audit.log" | jq -r "$1"; }
audit_count() {
    if [ -f "$BB/audit.log" ]; then wc -l <"$BB/audit.log"; else echo 0; fi
}

# A push that must be let through.
pushes() { # DESCRIPTION LOGIN DIR ARGS…
    pushes_description=$1
    shift
    push_as "$@"
    if [ "$code" = 0 ] && [ "$hook_code" = 0 ]; then
        pass "$pushes_description"
    else
        fail "$pushes_description"
        note "git push: exit code $code; hook: exit code $hook_code"
        printf '%s\n' "$err" | head -n 30 | sed 's/^/#   /'
        return 1
    fi
}
# A push that must be refused, by policy (1) or because of trouble (2), and change no ref.
refuses() { # DESCRIPTION HOOK-CODE LOGIN DIR ARGS…
    refuses_description=$1
    refuses_code=$2
    shift 2
    refuses_before=$(cat "$BB"/shared/data/repositories/*/packed-refs 2>/dev/null
        find "$BB/shared/data/repositories" -path '*/refs/*' -type f -exec sha256sum {} +)
    push_as "$@"
    refuses_after=$(cat "$BB"/shared/data/repositories/*/packed-refs 2>/dev/null
        find "$BB/shared/data/repositories" -path '*/refs/*' -type f -exec sha256sum {} +)
    if [ "$code" != 1 ] || [ "$hook_code" != "$refuses_code" ]; then
        fail "$refuses_description"
        note "git push: exit code $code; hook: exit code $hook_code, wanted $refuses_code"
        printf '%s\n' "$err" | head -n 30 | sed 's/^/#   /'
        return 1
    elif [ "$refuses_before" != "$refuses_after" ]; then
        fail "$refuses_description"
        note 'the push was refused, and yet a ref changed'
        return 1
    else
        pass "$refuses_description"
    fi
}
