#!/bin/sh
# refgate sync over TLS: only to a server that can prove who it is.
. tests/lib/tap.sh
. tests/lib/bitbucket.sh
test_start
sync() {
    run "$BUILD/refgate" sync --url "$BITBUCKET_URL" --auth-file "$BITBUCKET_AUTH" --attempts 1 \
        --output "$T/s.cdb" "$@" </dev/null
}
refused() { # DESCRIPTION REGEX
    is "$code" 2 "$1: code 2"
    like "$err" "$2" "$1: says what is wrong"
    ok "$1: no snapshot" test ! -e "$T/s.cdb"
    is "$(bitbucket_requests 'bearer|basic')" 0 "$1: no credential was sent"
}
for variant in expired other-host stranger; do
    bitbucket_certificate "$T/$variant" $variant
    bitbucket_start --tls "$T/$variant/cert.pem" "$T/$variant/key.pem"
    sync --cacert "$T/$variant/ca.pem"
    case $variant in
    expired) refused 'an expired certificate' 'expired' ;;
    other-host) refused "another host's certificate" '(name|subject|host)' ;;
    stranger) refused "a stranger's certificate" '(issuer|self.signed|verify)' ;;
    esac
    bitbucket_stop
done
bitbucket_certificate "$T/good" good
bitbucket_start --tls "$T/good/cert.pem" "$T/good/key.pem"
sync
refused 'an authority that the system does not know' '--cacert'
sync --cacert "$T/good/ca.pem"
is "$code" 0 'a good certificate: published' || note "$err"
sync --cacert "$T/missing.pem"
is "$code" 2 'a missing --cacert: code 2'
bitbucket_stop

bitbucket_certificate "$T/client" client
bitbucket_start --tls "$T/good/cert.pem" "$T/good/key.pem" --client-ca "$T/client/ca.pem"
rm -f "$T"/s.cdb*
sync --cacert "$T/good/ca.pem"
is "$code" 2 'a server that wants a certificate, and none: code 2'
sync --cacert "$T/good/ca.pem" --client-cert "$T/client/cert.pem" --client-key "$T/client/key.pem"
is "$code" 0 'a client certificate: published' || note "$err"
bitbucket_stop

# Unencrypted: credentials would be seen by all. Loopback is not the network.
BITBUCKET_URL=http://bitbucket.example.com sync
is "$code" 2 'http to another machine: code 2'
like "$err" 'https' 'http to another machine: says what to do'
done_testing
