# part-push.sh - what users feel: git push, with and without a hook, to a path, over ssh and over http
# shellcheck shell=sh
#
# The hook is git's own pre-receive here, with the variables that Bitbucket sets for its hook scripts; what
# Bitbucket adds to a push itself is not there. Each repository has the same objects, each push brings
# three commits to main, which is then set back. git writes without fsync: the share of the hook would be
# smaller with it.
snapshot_tiny
repository_large
mkdir "$tmp/push"
scene push "history-$commits"
if [ -n "$quick" ]; then repeats=6 most=1500; else repeats=40 most=10000; fi
transports=0

# What tests/lib/servers.sh wants to know; both have the same at_exit.
T=$tmp/push BB=$tmp/push/server
TOP=$top
. "$top/tests/lib/servers.sh"
mkdir -p "$BB/shared/data/repositories" "$T/client/objects/info"
printf '[receive]\nautogc = false\n[core]\nfsync = none\n[safe]\ndirectory = *\n' >"$BB/gitconfig"
export GIT_CONFIG_GLOBAL="$BB/gitconfig"
git init -q --bare "$T/client"
printf '%s\n' "$history/objects" "$quarantine" >"$T/client/objects/info/alternates"
awk 'BEGIN {
    printf "{\"restrictions\": [{\"type\": \"fast-forward-only\", \"ref\": \"main\", \"users\": []}"
    for (i = 1; i < 20; i++)
        printf ",\n{\"type\": \"read-only\", \"ref\": \"closed-%d/*\", \"users\": [\"lead\"]}", i
    print "]}"
}' >"$T/policy.json"

# ------------------------------------------------------------------ repositories, each with its hook
# refgate's is number 1, as in the snapshot.
storage() { printf '%s/shared/data/repositories/%s' "$BB" "$1"; }
served() { # NAME NUMBER: a repository without a hook
    git init -q --bare "$(storage "$2")"
    git -C "$(storage "$2")" config http.receivepack true
    # Links, not an alternate: whose refs git would ask for at each push.
    for file in "$history"/objects/pack/* "$history"/objects/info/commit-graph; do
        ln -s "$file" "$(storage "$2")/objects/${file#"$history/objects/"}"
    done
    git -C "$(storage "$2")" update-ref refs/heads/main "$tip"
    rm -rf "$(storage "$2")/hooks"
    mkdir "$(storage "$2")/hooks"
    printf 'BENCH/%s|%s\n' "$1" "$2" >>"$BB/repositories"
}
served refgate 1
rules | config push "$data/tiny.cdb"
cp "$hook" "$(storage 1)/hooks/pre-receive"
cp "$tmp/push.conf" "$(storage 1)/hooks/refgate.conf"
served none 2
if command -v jq >/dev/null && [ -x /bin/bash ]; then
    served bash 3
    sed "s|\"\$1\"|\"$T/policy.json\"|" "$top/tests/bench/peers/bash-hook" >"$(storage 3)/hooks/pre-receive"
    chmod +x "$(storage 3)/hooks/pre-receive"
else
    left_out 'git push with a bash hook: no jq or bash'
fi
if [ -x /usr/bin/python3 ]; then
    served python 4
    sed "s|sys.argv\[1\]|\"$T/policy.json\"|" "$top/tests/bench/peers/python-hook" \
        >"$(storage 4)/hooks/pre-receive"
    chmod +x "$(storage 4)/hooks/pre-receive"
else
    left_out 'git push with a python hook: no /usr/bin/python3'
fi

# ------------------------------------------------------------------ what the hook is told
{
    for name in HOOK_TRIGGER_ID=push HOOK_TYPE=PRE IS_DRY_RUN=false PROJECT_KEY=BENCH REPO_SLUG=bench \
        USER_NAME=bench-user USER_DISPLAY_NAME=Bench USER_EMAIL=bench-user@example.com \
        USER_PERMISSION=REPO_WRITE BASE_URL=https://bitbucket.example.com; do
        echo "BB_$name"
    done
    printf '%s\n' PATH=/usr/bin:/bin "HOME=$T" LC_ALL=C GIT_CONFIG_NOSYSTEM=1 \
        "GIT_CONFIG_GLOBAL=$BB/gitconfig" GIT_TERMINAL_PROMPT=0
} >"$T/environment"
while IFS= read -r line; do export "${line?}"; done <"$T/environment"

# ------------------------------------------------------------------ pushes
url_path() { storage "$2"; }
url_ssh() { ssh_url "BENCH/$1"; }
url_http() { http_url bench secret "BENCH/$1"; }
git=$(command -v git)
# Of the least times: a push over a network is dozens of processes, which others can hold up.
share() { # TIMES CASE FIELD
    without=$(figure "$1" none "$3")
    with_it=$(figure "$1" "$2" "$3")
    calc "$with_it > $without ? 100 * (1 - $without / $with_it) : 0"
}
pushed() { # TRANSPORT: pushes in turn, each followed by what undoes it
    while IFS='|' read -r name number; do
        name=${name#BENCH/}
        printf 'case %s\ncd %s\n' "$name" "$T/client"
        sed 's/^/env /' "$T/environment"
        [ "$1" != ssh ] || echo "env GIT_SSH_COMMAND=$GIT_SSH_COMMAND"
        printf 'arg %s\n' "$git" push -q "$("url_$1" "$name" "$number")" "$forward:refs/heads/main"
        printf '\ncase undo-%s\n' "$name"
        printf 'arg %s\n' "$git" -C "$(storage "$number")" update-ref refs/heads/main "$tip"
        echo
    done <"$BB/repositories" | cases "push-$1"
    say "bench: git push, $1, $repeats of each in turn"
    measure "push-$1" $repeats
    transports=$((transports + 1))
    with="git push $2"
    result "push.$1.none" "$with: without a hook" "$(figure "push-$1" none wall)" ms \
        "$(over "push-$1" none)" - -
    while IFS='|' read -r name number; do
        name=${name#BENCH/}
        [ "$name" != none ] || continue
        result "push.$1.$name" "  with a hook: $name" "$(figure "push-$1" "$name" wall)" ms \
            "$(over "push-$1" "$name")" - -
    done <"$BB/repositories"
    while IFS='|' read -r name number; do
        name=${name#BENCH/}
        key=push.$1.share-$name what="  share of the hook, if it is $name"
        [ "$name" != refgate ] || key=push.$1.share what="$with: share of the hook"
        [ "$name" = none ] || result "$key" "$what" "$(share "push-$1" "$name" least)" % - - -
    done <"$BB/repositories"
}

pushed path 'to a path'
# All of it is git's descendants here, so that their processor time is known: steadier than wall clock time.
result push.path.cpu-share 'git push to a path: share of the hook in processor time' \
    "$(share push-path refgate cpu)" % - - -
# A command of its own for the key: sshd passes nothing on.
ssh_key() {
    ssh-keygen -q -t ed25519 -N '' -f "$T/ssh/bench"
    {
        echo '#!/bin/sh'
        sed "s/^\([^=]*\)=\(.*\)/export \1='\2'/" "$T/environment"
        cat <<'END'
set -f
id=${SSH_ORIGINAL_COMMAND##*/}
END
        while IFS='|' read -r name number; do
            echo "[ \"\$id\" != \"${name#BENCH/}.git'\" ] || exec git-receive-pack '$(storage "$number")'"
        done <"$BB/repositories"
    } >"$T/ssh/serve"
    chmod +x "$T/ssh/serve"
    printf 'restrict,command="%s" %s\n' "$T/ssh/serve" "$(cat "$T/ssh/bench.pub")" >>"$T/ssh/authorized_keys"
    ssh_with bench
}
if sshd_start; then
    ssh_key
    pushed ssh 'over ssh'
else
    left_out "git push over ssh: $reason"
fi
if httpd_start; then
    httpd_user bench secret
    pushed http 'over http'
else
    left_out "git push over http: $reason"
fi
# Each push of refgate was judged, as an update: once without counting, and at least three times.
judged=$(grep -c '"verdict":"accept".*"kind":"update"' "$tmp/audit.push") || :
[ "$judged" -ge $((transports * 4)) ] || die 'pushes were not judged'
