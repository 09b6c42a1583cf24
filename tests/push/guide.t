#!/bin/sh
# refgate-guide(7), followed literally: each block between .Bd and .Ed is written, or run, as it
# stands. A comment before a block says what the reader does with it:
#
#   .\" guide: write FILE | append FILE    the block is the file, or its end
#   .\" guide: run [CODE|any]              each command, exit code CODE (default 0)
#   .\" guide: pushes [enforced]           people push
#   .\" guide: push-tag rejected|accepted  a release tag
#
# Only the places differ: /etc/refgate and the like are below $T, and Bitbucket is the test server.
. tests/lib/tap.sh
. tests/lib/push.sh
. tests/lib/bitbucket.sh
test_start
guide=$PWD/packaging/man/refgate-guide.7

echo '[{"name": "admin", "password": "of admin", "permission": "SYS_ADMIN"}]' >"$T/accounts"
bitbucket_start --recording tests/fixtures/acme --accounts "$T/accounts" || exit 99
server_start
echo "$BITBUCKET_URL" >"$BB/base-url"
mkdir -m 755 "$T/etc" "$T/lib" "$T/log"
# refgate.conf beside the programs is found first: it stands for /etc/refgate.
cp "$BUILD/refgate" "$BUILD/refgate-hook" "$T/etc"
cp "$BITBUCKET_AUTH" "$T/etc/sync.auth"
cp config/control-map.ini "$T/etc"
chmod 600 "$T/etc/sync.auth"
printf '#!/bin/sh\nexec "%s"\n' "$T/etc/refgate-hook" >"$BB/hook"
PATH=$T/etc:$PATH
server_repository PRJ/app 84
client_clone "$T/c" PRJ/app
c=$T/c
commit "$c" one >/dev/null

places() {
    sed -e "s|/etc/refgate/|$T/etc/|g" -e "s|/var/lib/refgate/|$T/lib/|g" \
        -e "s|/var/log/refgate/|$T/log/|g" -e "s|https://bitbucket\.example\.com|$BITBUCKET_URL|g"
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
    # Most pushes of a company are nothing to worry about; apply wants to see that, too.
    for branch in one two three four; do
        push_as jdoe "$c" -q origin "HEAD:refs/heads/$branch-$step"
        is "$code" 0 'Jane pushes a branch'
    done
    push_as ci-deploy "$c" -q origin "HEAD:refs/heads/release/$step"
    is "$code" "$1" "the deploy key pushes a release branch: $1" || note "$err"
}

act() { # WORDS FILE
    # shellcheck disable=SC2086 # words
    set -- "$2" $1
    case $2 in
    write) places <"$1" >"$(echo "$3" | places)" ;;
    append) places <"$1" >>"$(echo "$3" | places)" ;;
    run) places <"$1" >"$T/placed" && run_block "$T/placed" "${3:-0}" ;;
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
ok 'the guide has steps' test "$steps" -ge 15
step=0
while [ "$step" -lt "$steps" ]; do
    step=$((step + 1))
    words=$(cat "$T/$step.todo")
    [ -e "$T/$step.block" ] || : >"$T/$step.block"
    act "$words" "$T/$step.block"
done
ok 'the report is there' test -s "$T/lib/report.html"
ok 'so is the baseline' jq -e .findings "$T/lib/baseline.json"
bitbucket_stop
done_testing
