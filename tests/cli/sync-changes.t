#!/bin/sh
# What an account may not read, and an instance that changes while it is read.
. tests/lib/tap.sh
. tests/lib/bitbucket.sh
. tests/lib/sync.sh
test_start

sync_start
sync
is "$code" 0 'a server without faults: published' || note "$err"
bitbucket_stop

# ---------------------------------------------------------------- a part of the rights
again --fault 'deny:/projects/PRJ/(permissions/groups|restrictions)' \
    --fault 'deny:more-members.*context=Developers' --fault 'deny:/admin/permissions/groups'
sync --allow-partial
is "$code" 0 '--allow-partial: published' || note "$err"
run "$BUILD/refgate" snapshot info --file "$T/s.cdb" --format json
is "$(field '.counts["incomplete groups"] // .counts.incomplete_groups')" 1 '--allow-partial: the group is marked'
run "$BUILD/refgate" snapshot dump --file "$T/s.cdb" --key project/prj
is "$(field '.incomplete | sort | join(",")')" 'grants,restrictions' '--allow-partial: the project is marked'
bitbucket_stop
# an account that sees only a part, though each question it asks is answered
again
bitbucket_stop
cat >"$T/accounts" <<'END'
[{"name": "admin", "password": "refgate-test-password-partial",
  "tokens": ["refgate-test-token-partial"], "permission": "LICENSED_USER", "sees": ["PRJ"]}]
END
bitbucket_start --seed 5 --size tiny --port "$port" --accounts "$T/accounts"
before=$(cksum <"$T/s.cdb")
sync
ok 'an account that sees only a part: refused' test "$code" -ne 0
like "$err" 'ADMIN' 'an account that sees only a part: says which permission it needs'
is "$(cksum <"$T/s.cdb")" "$before" 'an account that sees only a part: the snapshot is as it was'
bitbucket_stop

# ---------------------------------------------------------------- changes while it is read
changes() { # DESCRIPTION FAULT JQ-TEST
    again --fault "$2"
    sync --format json --force
    is "$code" 0 "$1: published" || note "$err"
    is "$(field "$3")" true "$1: the summary tells of it" || note "$out"
    ok "$1: the snapshot is whole" "$BUILD/refgate" snapshot verify --file "$T/s.cdb"
}
changes 'a repository moves' moved:to=OPS '.moved >= 1'
run "$BUILD/refgate" snapshot dump --file "$T/s.cdb" --key repo/ops/app
is "$code" 0 'a repository moves: it is in its new place'
run "$BUILD/refgate" snapshot dump --file "$T/s.cdb" --key repo/prj/app
is "$code" 1 'a repository moves: and not in the old one'
bitbucket_stop
changes 'a repository is deleted' deleted '.gone >= 1'
run "$BUILD/refgate" snapshot dump --file "$T/s.cdb" --key repo/prj/app
is "$code" 1 'a repository is deleted: it is not there'
bitbucket_stop
changes 'a repository appears' created '.appeared >= 1'
run "$BUILD/refgate" snapshot dump --file "$T/s.cdb" --key repo/prj/appeared
is "$code" 0 'a repository appears: it is there'
bitbucket_stop
changes 'a page shifts' shift '.appeared >= 0'
bitbucket_stop
changes 'an item is put in front' shift:insert=1 '.appeared >= 0'
bitbucket_stop
again --fault takeover
sync --force
if [ "$code" = 0 ]; then
    ok 'a name is taken over: the snapshot is whole' "$BUILD/refgate" snapshot verify --file "$T/s.cdb"
else
    like "$err" 'changed while it was read' 'a name is taken over: says so'
    lacks "$err" '--resume' 'a name is taken over: --resume is not offered, it would end in the same way'
    ok 'a name is taken over: and what was read is not kept' test ! -e "$T/s.cdb.crawl"
fi
bitbucket_stop
done_testing
