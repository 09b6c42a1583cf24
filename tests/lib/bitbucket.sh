# bitbucket.sh - a Bitbucket for tests (tests/bitbucket/server), started and stopped.
# shellcheck shell=sh
#
# After tests/lib/tap.sh and test_start:
#
#     . tests/lib/bitbucket.sh
#     bitbucket_start --seed 3 --size tiny --fault 5xx:every=15
#     run "$BUILD/refgate" sync --url "$BITBUCKET_URL" --auth-file "$BITBUCKET_AUTH" …
#     bitbucket_stop
#
# bitbucket_start ARGS...    starts one; it ends with the test, however that ends. Sets
#                            BITBUCKET_URL, BITBUCKET_PID, BITBUCKET_LOG (one line a request: method,
#                            path, status, account, bearer|basic|none; separated by tabs),
#                            BITBUCKET_AUTH (a file with token, user, password of the sync account)
#                            and BITBUCKET_ACCOUNTS (JSON: all accounts). May be called again: each
#                            call is another server; bitbucket_stop [PID] stops the last, or that one.
# bitbucket_credentials NAME FILE [token|password]
#                            such a file for another account; only its token, or only its password
# bitbucket_change ITEM JSON changes the instance (tests/bitbucket/changes.py); prints the answer
# bitbucket_requests [REGEX] how many requests were logged (whose line matches)
# bitbucket_certificate DIR VARIANT
#                            DIR/cert.pem, DIR/key.pem and DIR/ca.pem. VARIANT: good, expired,
#                            other-host (its name is elsewhere.example.com), stranger (another
#                            authority than DIR/ca.pem's), client (for --client-ca DIR/ca.pem)

bitbucket_count=0
bitbucket_pids=

bitbucket_start() {
    bitbucket_count=$((bitbucket_count + 1))
    bitbucket_dir=$T/bitbucket.$bitbucket_count
    mkdir "$bitbucket_dir" || return 1
    BITBUCKET_LOG=$bitbucket_dir/log
    BITBUCKET_ACCOUNTS=$bitbucket_dir/accounts.json
    BITBUCKET_AUTH=$bitbucket_dir/auth
    : >"$BITBUCKET_LOG"
    # It watches this shell too: what a killed test started does not stay.
    "${TOP:-$PWD}/tests/bitbucket/server" --port 0 --ready "$bitbucket_dir/ready" --parent $$ \
        --log "$BITBUCKET_LOG" --print "$BITBUCKET_ACCOUNTS" "$@" \
        </dev/null >"$bitbucket_dir/out" 2>&1 &
    BITBUCKET_PID=$!
    [ "$bitbucket_count" -gt 1 ] || at_exit bitbucket_stop_all
    bitbucket_pids="$bitbucket_pids $BITBUCKET_PID"
    bitbucket_waited=0
    until [ -s "$bitbucket_dir/ready" ]; do
        if ! kill -0 "$BITBUCKET_PID" 2>/dev/null || [ "$bitbucket_waited" -ge 600 ]; then
            sed 's/^/# server: /' "$bitbucket_dir/out"
            return 1
        fi
        sleep 0.05
        bitbucket_waited=$((bitbucket_waited + 1))
    done
    BITBUCKET_URL=$(cat "$bitbucket_dir/ready")
    export BITBUCKET_URL
    bitbucket_first=$(jq -r '.accounts[0].name' "$BITBUCKET_ACCOUNTS")
    bitbucket_credentials "$bitbucket_first" "$BITBUCKET_AUTH"
}

# Only what still runs: a number that was collected may be another process by now.
bitbucket_stop() {
    bitbucket_left=
    for bitbucket_pid in $bitbucket_pids; do
        if [ "$bitbucket_pid" = "${1:-$BITBUCKET_PID}" ]; then
            kill "$bitbucket_pid" 2>/dev/null
            wait "$bitbucket_pid" 2>/dev/null
        else
            bitbucket_left="$bitbucket_left $bitbucket_pid"
        fi
    done
    bitbucket_pids=$bitbucket_left
    return 0
}

bitbucket_stop_all() {
    for bitbucket_each in $bitbucket_pids; do
        bitbucket_stop "$bitbucket_each"
    done
}

bitbucket_credentials() {
    rm -f "$2"
    (umask 077 && jq -r --arg name "$1" --arg only "${3:-}" '
        .accounts[] | select(.name == $name) |
        (select($only != "password") | .tokens[0] // empty | "token = \(.)"),
        (select($only != "token") | "user = \(.name)", "password = \(.password)")' \
        "$BITBUCKET_ACCOUNTS" >"$2")
}

# python3 because curl is not among what tests need.
bitbucket_change() {
    python3 - "$BITBUCKET_URL/-test/$1" "$2" <<'PYTHON'
import ssl, sys, urllib.error, urllib.request
context = ssl.create_default_context()
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}),
                                     urllib.request.HTTPSHandler(context=context))
try:
    with opener.open(urllib.request.Request(sys.argv[1], sys.argv[2].encode())) as answer:
        print(answer.read().decode())
except urllib.error.HTTPError as error:
    sys.exit("# bitbucket_change: " + error.read().decode())
PYTHON
}

bitbucket_requests() { grep -Ec -e "${1:-.}" "$BITBUCKET_LOG"; }

bitbucket_certificate() {
    mkdir -p "$1"
    bitbucket_authority "$1/ca" 'Authority of a test' || return 1
    bitbucket_issuer=$1/ca bitbucket_use=serverAuth bitbucket_alt=IP:127.0.0.1,DNS:localhost
    bitbucket_to=$(date -u -d '+2 days' +%Y%m%d%H%M%SZ) bitbucket_from=20200101000000Z
    case $2 in
    good) ;;
    expired) bitbucket_to=20200201000000Z ;;
    other-host) bitbucket_alt=DNS:elsewhere.example.com ;;
    stranger) bitbucket_authority "$1/other" 'Another authority' && bitbucket_issuer=$1/other ;;
    client) bitbucket_use=clientAuth bitbucket_alt=DNS:sync.example.com ;;
    *) echo "# bitbucket_certificate: no such variant: $2" >&2 && return 1 ;;
    esac
    bitbucket_issue "$1" "$bitbucket_issuer"
}

bitbucket_authority() { # PREFIX NAME
    [ -s "$1.pem" ] || openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
        -subj "/CN=$2" -keyout "$1.key" -out "$1.pem" >/dev/null 2>&1
}

# `openssl ca` is what can date a certificate back in all versions that are still about.
bitbucket_issue() { # DIR ISSUER
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=test" \
        -keyout "$1/key.pem" -out "$1/request.pem" >/dev/null 2>&1 || return 1
    cat >"$1/ca.conf" <<CONFIG
[ca]
default_ca = test
[test]
database = $1/index
serial = $1/serial
new_certs_dir = $1
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
[extensions]
subjectAltName = $bitbucket_alt
extendedKeyUsage = $bitbucket_use
CONFIG
    : >"$1/index"
    openssl rand -hex 8 >"$1/serial"
    openssl ca -batch -notext -config "$1/ca.conf" -extensions extensions -in "$1/request.pem" \
        -cert "$2.pem" -keyfile "$2.key" -out "$1/cert.pem" -startdate "$bitbucket_from" \
        -enddate "$bitbucket_to" >"$1/openssl.out" 2>&1 || {
        sed 's/^/# openssl: /' "$1/openssl.out" >&2
        return 1
    }
}
