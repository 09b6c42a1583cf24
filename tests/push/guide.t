#!/bin/sh
# refgate-guide(7), followed literally: each block between .Bd and .Ed is written, or run, as it
# stands. A comment before a block says what the reader does with it:
#
#   .\" guide: install                     packages are installed
#   .\" guide: write FILE | append FILE    the block is the file, or its end
#   .\" guide: secret FILE                 likewise, with the account of the test in place of the block's
#   .\" guide: run [CODE|any]              each command, exit code CODE (default 0)
#   .\" guide: sync                        systemd runs the sync's service
#   .\" guide: registered                  Bitbucket has the hook
#   .\" guide: pushes [enforced]           people push
#   .\" guide: push-tag rejected|accepted  a release tag
#
# As part of `make check` only the places differ: /etc/refgate and the like are below $T. With
# GUIDE_INSTALLED set (tests/packages/guide.t does that, in a root of its own) nothing differs: the
# packages are installed, Bitbucket is https://bitbucket.example.com and runs as atlbitbucket.
. tests/lib/tap.sh
. tests/lib/push.sh
. tests/lib/bitbucket.sh
. tests/lib/service.sh
test_start
guide=$PWD/packaging/man/refgate-guide.7
installed=${GUIDE_INSTALLED:-}

echo '[{"name": "admin", "password": "of admin", "permission": "SYS_ADMIN"}]' >"$T/accounts"
if [ -n "$installed" ]; then
    home=/var/atlassian/application-data/bitbucket
    chmod 755 "$T" "$T/home"
    mkdir "$T/programs"
    ln -s /usr/bin/refgate /usr/lib/refgate/refgate-hook "$T/programs"
    BUILD=$T/programs
    # shellcheck disable=SC2086 # words: address, port, certificate
    bitbucket_start --recording tests/fixtures/acme --accounts "$T/accounts" $GUIDE_SERVER || exit 99
    # shellcheck disable=SC2317 # server_start calls it
    server_snapshot() { :; } # nothing is installed yet that could make one
    SERVER_HOME=$home
    server_start
    log=/var/log/refgate
    export PUSH_WITH='setpriv --reuid=atlbitbucket --regid=atlbitbucket --clear-groups'
    own() { chown -R atlbitbucket: "$home" "$T"/c*; }
    git config --global --add safe.directory '*'
else
    bitbucket_start --recording tests/fixtures/acme --accounts "$T/accounts" || exit 99
    server_start
    home=$BB log=$T/log
    echo "$BITBUCKET_URL" >"$BB/base-url"
    mkdir -m 755 "$T/etc" "$T/lib" "$T/log"
    mkdir "$T/bin" "$T/share"
    cp "$BUILD/refgate" "$T/bin"
    # refgate.conf beside the program is found first: it stands for /etc/refgate.
    ln -s "$T/etc/refgate.conf" "$T/bin/refgate.conf"
    cp "$BUILD/refgate-hook" "$T/bin"
    cp config/control-map.ini "$T/bin"
    PATH=$T/bin:$PATH
    own() { :; }
fi
mkdir -p "$home/shared"
server_repository PRJ/app 84
client_clone "$T/c" PRJ/app
c=$T/c
commit "$c" one >/dev/null
own

places() {
    if [ -n "$installed" ]; then
        cat
    else
        sed -e "s|/etc/refgate/|$T/etc/|g" -e "s|/var/lib/refgate/|$T/lib/|g" \
            -e "s|/var/lib/refgate-approvals|$T/approvals|g" \
            -e "s|/var/log/refgate\([ /]\)|$T/log\1|g" -e "s|/var/log/refgate\$|$T/log|" \
            -e "s|/usr/bin/refgate|$T/bin/refgate|g" -e "s|/usr/lib/refgate/|$T/bin/|g" \
            -e "s|/var/atlassian/application-data/bitbucket|$home|g" \
            -e "s|https://bitbucket\.example\.com|$BITBUCKET_URL|g" \
            -e "s|atlbitbucket|$(id -un)|g" -e "s|^owners = refgate\$|owners = $(id -u)|"
    fi
}

# The commands of a block, one a line; a backslash at the end goes on in the next one.
commands() { sed -e ':a' -e '/\\$/{N;s/\\\n */ /;ta' -e '}' "$1" | sed -n 's/^\$ //p'; }

run_block() { # FILE CODE
    commands "$1" >"$T/commands"
    ok "a block of commands has some" test -s "$T/commands"
    while IFS= read -r command; do
        run sh -c "$command" </dev/null
        shown=$(printf '%s' "$command" | sed "s|$T|...|g; s|$BITBUCKET_URL|URL|g")
        if [ "$2" = any ]; then
            ok "$shown" test "$code" -le 1 || note "$code: $out$err"
        else
            is "$code" "$2" "$shown" || note "$out$err"
        fi
    done <"$T/commands"
}

push_both() { # CODE-OF-THE-KEY
    commit "$c" "change-$(date +%N)" >/dev/null
    own
    # Most pushes of a company are nothing to worry about; apply wants to see that, too.
    for branch in one two three four; do
        push_as jdoe "$c" -q origin "HEAD:refs/heads/$branch-$step"
        is "$code" 0 'Jane pushes a branch' || note "$err"
    done
    push_as ci-deploy "$c" -q origin "HEAD:refs/heads/release/$step"
    is "$code" "$1" "the deploy key pushes a release branch: $1" || note "$err"
}

# What systemd would do with the unit: its user, its environment, its secret.
act_sync() {
    run service_start packaging/systemd/refgate-sync.service "$T/service" places
    is "$code" 0 'systemctl start refgate-sync.service' || note "$out$err"
    ok 'there is a snapshot' test -s "$(echo /var/lib/refgate/snapshot.cdb | places)"
}

act_registered() {
    bitbucket_change hooks '{"place": "PRJ/app", "trigger": "push"}' >"$T/scripts"
    is "$(jq '.scripts | length' "$T/scripts")" 1 'Bitbucket runs one hook script for pushes to PRJ/app'
    bitbucket_change hooks '{"place": "PRJ/app", "trigger": "pull-request-merge"}' >"$T/merges"
    is "$(cat "$T/merges")" "$(cat "$T/scripts")" 'and for merges of pull requests'
    jq -j '.scripts[0].content' "$T/scripts" >"$BB/hook"
    own
}

act() { # WORDS FILE
    # shellcheck disable=SC2086 # words
    set -- "$2" $1
    case $2 in
    install) [ -z "$installed" ] || run_block "$1" 0 ;;
    write) places <"$1" >"$(echo "$3" | places)" ;;
    append) places <"$1" >>"$(echo "$3" | places)" ;;
    secret) cat "$BITBUCKET_AUTH" >"$(echo "$3" | places)" ;;
    run) places <"$1" >"$T/placed" && run_block "$T/placed" "${3:-0}" ;;
    sync) act_sync ;;
    registered) act_registered ;;
    pushes)
        if [ "${3:-}" = enforced ]; then
            push_both 1
            contains "$remote" keys-stay-off-main 'and reads which rule'
        else
            push_both 0
            push_as jdoe "$c" -q origin HEAD:refs/heads/main
        fi
        ;;
    push-tag)
        git -C "$c" tag -f v1.0 >/dev/null 2>&1
        own
        push_as jdoe "$c" -q origin v1.0
        is "$code" "$([ "$3" = accepted ] && echo 0 || echo 1)" "the release tag is $3" ||
            note "$err"
        [ "$3" = accepted ] || contains "$remote" 'refgate approve create' 'and the way is shown'
        ;;
    *) fail "the guide says something unknown: $2" ;;
    esac
}

# Blocks into files of their own, in order, each with what to do.
awk -v dir="$T/" '
    /^\.\\" guide: / { sub(/^\.\\" guide: /, ""); n++; printf "%s\n", $0 >(dir n ".todo"); next }
    /^\.Bd -literal/ { on = 1; next }
    /^\.Ed/ { on = 0; next }
    on { gsub(/\\e/, "\\"); print >(dir n ".block") }
    END { print n >(dir "steps") }' "$guide"
steps=$(cat "$T/steps")
ok 'the guide has steps' test "$steps" -ge 25
step=0
while [ "$step" -lt "$steps" ]; do
    step=$((step + 1))
    words=$(cat "$T/$step.todo")
    [ -e "$T/$step.block" ] || : >"$T/$step.block"
    act "$words" "$T/$step.block"
done
ok 'the report is there' test -s "$(echo /var/lib/refgate/report.html | places)"
ok 'so is the baseline' jq -e .findings "$(echo /var/lib/refgate/baseline.json | places)"
ok 'and the log' test -s "$log/audit.jsonl"
bitbucket_stop
done_testing
