#!/bin/sh
# The self-check of a sync: effective permissions of the snapshot against the server's own answer.
# The server reckons them by itself (tests/bitbucket/permissions.py), so that the two check each other.
. tests/lib/tap.sh
test_start
. tests/lib/bitbucket.sh

unset REFGATE_URL REFGATE_TOKEN REFGATE_USER REFGATE_PASSWORD http_proxy https_proxy all_proxy \
    HTTPS_PROXY ALL_PROXY NO_PROXY no_proxy
file=$T/s.cdb
sync() {
    run "$BUILD/refgate" sync --url "$BITBUCKET_URL" --auth-file "$BITBUCKET_AUTH" --output "$file" \
        --format json --quiet "$@" </dev/null
}
# The snapshot in place against the server as it is now.
probe() {
    run "$BUILD/tests/helpers/self_check_probe" "$BITBUCKET_URL" "$BITBUCKET_AUTH" "$file" \
        "${1:-1000}" "${2:-1}" </dev/null
}
count() { printf '%s\n' "$out" | sed -n "s/^$1 //p"; }
change() { bitbucket_change "$@" >"$T/changed" || cat "$T/changed"; }

# -------------------------------------------------------------- the same on both sides
for seed in 1 2 3; do
    bitbucket_start --seed $seed --size tiny
    sync --self-check 1000
    is "$code" 0 "seed $seed: published"
    is "$(printf '%s' "$out" | jq -r '[.self_check.repositories == .counts.repositories, .self_check.pairs > 500, .self_check.too_much, .self_check.too_little, (.warnings | length)] | @csv')" \
        'true,true,0,0,0' "seed $seed: every repository was compared, and nothing differs"
    [ $seed -eq 3 ] || bitbucket_stop
    rm -f "$file"*
done
sync
is "$(printf '%s' "$out" | jq .self_check.repositories)" 20 'a sync compares 20 repositories'
sync --self-check 0
is "$(printf '%s' "$out" | jq .self_check)" null 'or none'

probe
is "$code" 0 'nothing has changed: compared'
is "$(count too_much) $(count too_little) $(count undecided) $(count unsupported)" '0 0 0 0' 'nothing differs'
all=$(count repositories)
before=$(bitbucket_requests .)
probe 3 7
is "$(count repositories)" 3 'a sample'
ok 'costs nine questions at most' test $(($(bitbucket_requests .) - before)) -le 9

# -------------------------------------------------------------- what changed since
change grant '{"place": "PRJ/empty", "user": "direct", "permission": "REPO_ADMIN"}'
probe
contains "$out" 'PRJ/empty: direct has REPO_ADMIN in Bitbucket, not in the snapshot' 'a new grant: named'
is "$(count too_much)" 0 'a new grant: nothing is too much'
sync --self-check 1000
is "$code" 0 'and the next sync knows it'
probe
is "$(count too_much) $(count too_little)" '0 0' 'as the next comparison says'

change revoke '{"place": "PRJ/empty", "user": "direct"}'
probe
contains "$out" 'PRJ/empty: direct has REPO_ADMIN in the snapshot, not in Bitbucket' 'a grant that is gone: named'
is "$(count too_little)" 0 'a grant that is gone: nothing is too little'

sync --self-check 1000
change member '{"user": "direct", "group": "bitbucket-admins"}'
probe
is "$(count too_much)" 0 'a new administrator: nothing is too much'
ok 'a new administrator: of each repository' test "$(count too_little)" -ge "$all"
is "$(printf '%s\n' "$out" | grep -c ' in Bitbucket, not in ')" 20 'no more than 20 lines are printed'
change member '{"user": "direct", "group": "bitbucket-admins", "remove": true}'

change revoke '{"place": "", "user": "direct"}'
probe
like "$out" '^DEFA/[^:]+: direct has REPO_WRITE in the snapshot, not in Bitbucket$' \
    'a licence that is gone: what everybody may is gone with it'
is "$(count too_little)" 0 'a licence that is gone: nothing is too little'
change grant '{"place": "", "user": "direct", "permission": "LICENSED_USER"}'

change default '{"place": "DEFR", "permission": "PROJECT_ADMIN"}'
probe
ok 'another default permission: found' test "$(count too_little)" -gt 10
unlike "$out" '^[^D].* has ' 'another default permission: nowhere else'
change default '{"place": "DEFR", "permission": "PROJECT_READ"}'

change delete '{"place": "PRJ/empty"}'
probe
is "$(count repositories) $(count too_much) $(count too_little)" "$((all - 1)) 0 0" \
    'a repository that is gone is not compared'
bitbucket_stop

# -------------------------------------------------------------- servers
served() { # SERVER-OPTION...: the snapshot of such an instance, compared through these options
    rm -f "$file"*
    bitbucket_start --seed 5
    sync --self-check 0
    bitbucket_stop
    bitbucket_start --seed 5 "$@"
    probe
    bitbucket_stop
}
served --cap 2 --gaps
is "$(count too_much) $(count too_little) $(count unsupported)" '0 0 0' 'small pages with gaps'
served --fault 'deny:/users.permission'
is "$(count unsupported) $(count pairs)" '1 0' 'a server that refuses such questions'
served --fault '5xx:path=users.permission'
is "$code" 2 'a server that breaks down: an error'
contains "$err" 'users?permission' 'that names the question'

rm -f "$file"*
bitbucket_start --seed 5 --fault 'deny:/users.permission'
sync
is "$code" 0 'a sync that cannot be compared is published'
contains "$(printf '%s' "$out" | jq -r '.warnings[]')" 'not compared with Bitbucket' 'and says so'
done_testing
