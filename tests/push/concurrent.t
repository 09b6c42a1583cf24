#!/bin/sh
# 200 pushes at once: 150 runs of the hook, 50 real pushes by git, one audit log. (A quarter of that
# under the sanitizers, whose leak check at exit takes a hundred times as long as the hook.)
. tests/lib/tap.sh
. tests/lib/push.sh
test_start
server_start
# A machine that is busy with other things besides is not what is tested.
server_config <<'END'
[limits]
deadline = 60s
@common
END
server_repository PRJ/app 84
client_clone "$T/c" PRJ/app
c=$T/c
new=$(commit "$c" one)
pushes 'a main branch' lead "$c" origin HEAD:refs/heads/main
before=$(audit_count)

storage=$(server_storage PRJ/app)
hooks=150
pushes=50
if [ "${VARIANT:-}" = asan ]; then
    hooks=36
    pushes=12
fi
i=0
while [ $i -lt $hooks ]; do
    # Every third is refused.
    if [ $((i % 3)) = 0 ]; then ref=refs/heads/hotfix/$i; else ref=refs/heads/hook/$i; fi
    (
        code=0
        echo "$ZERO $new $ref" | LAUNCH_LOGIN=jdoe env -C "$storage" hooks/pre-receive \
            >/dev/null 2>&1 || code=$?
        echo "$code $ref" >"$T/hook.$i"
    ) &
    i=$((i + 1))
    [ $((i % 3)) != 0 ] || [ $((i / 3)) -gt $pushes ] || {
        n=$((i / 3))
        (
            code=0
            LAUNCH_LOGIN=jdoe git -C "$c" push -q origin "HEAD:refs/heads/push/$n" 2>"$T/err.$n" ||
                code=$?
            echo "$code" >"$T/push.$n"
        ) &
    }
done
wait
is "$(cat "$T"/hook.* | sed 's/[0-9]*$//' | sort | uniq -c | sed 's/  */ /g' | tr '\n' ,)" \
    " $((hooks * 2 / 3)) 0 refs/heads/hook/, $((hooks / 3)) 1 refs/heads/hotfix/," \
    "$hooks runs of the hook: each its own verdict"
is "$(cat "$T"/push.* | sort | uniq -c | tr -s ' ')" " $pushes 0" \
    "$pushes real pushes: all accepted" ||
    cat "$T"/err.*
is "$(server_refs PRJ/app | grep -c refs/heads/push/)" $pushes \
    "$pushes real pushes: all refs are there"
is "$(audit_count)" $((before + hooks + pushes)) 'nothing is lost in the audit log'
is "$(jq -r '.changes[].ref' "$BB/audit.log" | sort | uniq -d)" '' 'each decision is there once'
is "$(jq -r .id "$BB/audit.log" | sort | uniq -d)" '' 'and has an id of its own'
ok 'the chain is intact' "$BUILD/refgate" audit verify "$BB/audit.log"
is "$(find "$BB" -mindepth 1 -maxdepth 1 -exec basename {} \; | sort | tr '\n' ' ')" \
    "$(printf '%s\n' asan audit.log base-url elsewhere exits gitconfig hook identities refgate.conf repositories service.env shared snapshot.cdb snapshot.cdb.lock way | tr '\n' ' ')" \
    'no temporary files are left'
is "$(find "$storage" -name 'tmp_*' -o -name '*incoming*' -o -name '*.lock')" '' \
    'in the repository neither'
done_testing
