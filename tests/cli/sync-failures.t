#!/bin/sh
# A fault that stays ends a crawl with a clear error, and the snapshot in use is as it was.
. tests/lib/tap.sh
. tests/lib/bitbucket.sh
. tests/lib/sync.sh
test_start

sync_start
sync
is "$code" 0 'a server without faults: published' || note "$err"
bitbucket_stop

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
done_testing
