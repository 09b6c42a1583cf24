#!/bin/sh
# What a Bitbucket, its proxies and the network do to a crawl: a fault that passes costs a retry, and
# the snapshot is the one of an undisturbed crawl.
. tests/lib/tap.sh
. tests/lib/bitbucket.sh
. tests/lib/sync.sh
test_start

digest() { "$BUILD/refgate" snapshot info --file "$1" --format json | jq -r .digest; }
# The snapshot that a server without faults gives; all servers here have the same base URL for it.
sync_start
sync --format json
is "$code" 0 'a server without faults: published' || note "$err"
good=$(digest "$T/s.cdb")
is "$(field '.retries')" 0 'and nothing was asked twice'
bitbucket_stop

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
done_testing
