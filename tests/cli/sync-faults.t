#!/bin/sh
# What a Bitbucket, its proxies and the network do to a crawl: a fault that passes costs a retry, one
# that stays is a clear error, and never damages the snapshot in use.
. tests/lib/tap.sh
. tests/lib/bitbucket.sh
test_start

sync() {
    run "$BUILD/refgate" sync --url "$BITBUCKET_URL" --auth-file "$BITBUCKET_AUTH" --self-check 3 \
        --output "$T/s.cdb" "$@" </dev/null
}
digest() { "$BUILD/refgate" snapshot info --file "$1" --format json | jq -r .digest; }
field() { printf '%s' "$out" | jq -r "$1"; }
# The snapshot that a server without faults gives; all servers here have the same base URL for it.
bitbucket_start --seed 5 --size tiny
port=${BITBUCKET_URL##*:}
sync --format json
is "$code" 0 'a server without faults: published' || note "$err"
good=$(digest "$T/s.cdb")
is "$(field '.retries')" 0 'and nothing was asked twice'
bitbucket_stop

# again FAULT...: the same instance at the same address, with faults.
again() { bitbucket_start --seed 5 --size tiny --port "$port" "$@"; }
passes() { # DESCRIPTION JQ-TEST FAULT...
    passes_what=$1
    passes_test=$2
    shift 2
    again "$@" || fail "$passes_what: no server"
    sync --format json --attempts 6
    is "$code" 0 "$passes_what: published" || note "$err"
    is "$(digest "$T/s.cdb")" "$good" "$passes_what: the same snapshot"
    is "$(field "$passes_test")" true "$passes_what: the summary tells of it" || note "$out"
    bitbucket_stop
}
passes '429 with Retry-After' '.throttled > 0' --fault 429:every=40,retry=1,count=3
passes '429 without' '.throttled > 0' --fault 429:at=30,retry=none
passes '503, 500' '.retries > 0' --fault 5xx:every=25 --fault 5xx:every=31,status=500
passes '502 with Retry-After' '.retries > 0' --fault 5xx:at=20,status=502,retry=1
passes 'a reset in mid-body' '.retries > 0' --fault reset:every=23
passes 'a connection that ends in mid-body' '.retries > 0' --fault cut:every=27
passes 'half a JSON' '.retries > 0' --fault truncate:every=29
passes 'a slow body' '.retries == 0' --fault slow:every=50,ms=700
passes 'chunked bodies, caps, gaps' '.retries == 0' --chunked --cap 3 --gaps
passes 'a rate limit' '.requests > 0' --rate 400,400

stays() { # DESCRIPTION CODE REGEX FAULT...
    stays_what=$1
    stays_code=$2
    stays_regex=$3
    shift 3
    again "$@" || fail "$stays_what: no server"
    stays_before=$(cksum <"$T/s.cdb")
    sync --attempts 2 --timeout 2s
    is "$code" "$stays_code" "$stays_what: code $stays_code"
    like "$err" "$stays_regex" "$stays_what: says so"
    is "$(cksum <"$T/s.cdb")" "$stays_before" "$stays_what: the snapshot in use is as it was"
    bitbucket_stop
}
stays '503 for ever' 2 '503' --fault 5xx:after=30
stays 'resets for ever' 2 '(reset|closed|failure|recv)' --fault reset:after=30
stays 'no answer' 2 'time' --fault hang:after=30
stays 'garbage' 2 'JSON' --fault garbage:after=30
stays 'a login page with status 200' 2 'HTML' --fault login-page:after=30
stays 'a redirect to another host' 2 'elsewhere\.example' --fault redirect-host:after=30,to=http://elsewhere.example:1/
stays 'an anonymous answer' 2 'sign' --fault anonymous:after=30
stays 'an answer to somebody else' 2 'somebody' --fault other-user:after=30,name=somebody
stays 'what may not be read' 2 'needs PROJECT_ADMIN' '--fault' 'deny:/projects/PRJ/permissions/groups'
stays 'a credential that is revoked' 2 'refused' --fault revoked:after=30
# One wrong attempt more would lock the account (CAPTCHA): a 401 is not asked again.
again --fault revoked:after=30
sync
late=$(awk -F '\t' '$3 == 401' "$BITBUCKET_LOG" | wc -l)
ok 'revoked: only what was under way was refused' test "$late" -le 16
is "$(awk -F '\t' '$3 == 401 { print $2 }' "$BITBUCKET_LOG" | sort | uniq -d)" '' \
    'revoked: nothing was asked a second time'
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
fi
bitbucket_stop
done_testing
