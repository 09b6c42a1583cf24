#!/bin/sh
# bitbucket/client against a server that misbehaves: TLS, credentials, retries, redirects, proxies.
. tests/lib/tap.sh
test_start

probe_program=$BUILD/tests/helpers/client_probe
[ -x "$probe_program" ] || skip_all 'tests/helpers/client_probe is not built'
command -v openssl >/dev/null || skip_all 'no openssl'
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY all_proxy ALL_PROXY no_proxy NO_PROXY

token='tok-MDM0MjM5NDc2NDk0'
password='p&ss w#rt=geheim'
basic=$(printf '%s' "admin:$password" | openssl base64 -A)
printf 'token = %s\n' "$token" >"$T/token"
printf 'user = admin\npassword = %s\n' "$password" >"$T/basic"
printf 'token = %s\nuser = admin\npassword = %s\n' "$token" "$password" >"$T/both"
chmod 600 "$T/token" "$T/basic" "$T/both"

# ---------------------------------------------------------------- certificates
# The authority's database, so that dates in the past can be given.
mkdir "$T/ca"
cd "$T/ca" || exit 99
: >index.txt
echo 01 >serial
cat >ca.cnf <<'CONF'
[ca]
default_ca = ca
[ca]
database = index.txt
new_certs_dir = .
serial = serial
default_md = sha256
policy = any
copy_extensions = copy
unique_subject = no
[any]
commonName = supplied
[req]
distinguished_name = dn
prompt = no
[dn]
CN = test
CONF
authority() { # NAME
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.pem" \
        -days 30 -subj "/CN=$1" -addext basicConstraints=critical,CA:TRUE 2>/dev/null
}
certificate() { # NAME AUTHORITY SAN START END
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -config ca.cnf -keyout "$1.key" \
        -out "$1.csr" -subj "/CN=$1" -addext "subjectAltName=$3" 2>/dev/null &&
        openssl ca -batch -notext -config ca.cnf -cert "$2.pem" -keyfile "$2.key" -startdate "$4" -enddate "$5" \
            -in "$1.csr" -out "$1.pem" 2>"$1.err"
}
authority ca && authority else && : &&
    certificate good ca IP:127.0.0.1,DNS:localhost 20200101000000Z 20491231235959Z &&
    certificate expired ca IP:127.0.0.1 20200101000000Z 20210101000000Z &&
    certificate early ca IP:127.0.0.1 20480101000000Z 20491231235959Z &&
    certificate name ca DNS:bitbucket.example.com 20200101000000Z 20491231235959Z &&
    certificate client else DNS:client 20200101000000Z 20491231235959Z ||
    { cat ./*.err; exit 99; }
cd "$TOP" || exit 99
ca=$T/ca/ca.pem

# ---------------------------------------------------------------- servers
# They end with their stdin: this shell holds its other end and nobody else, so that they end whatever
# happens to this shell.
mkfifo "$T/hold"
cat "$T/hold" >/dev/null &
opener=$!
exec 9>"$T/hold"
server() { # NAME OPTION...
    server_name=$1
    shift
    python3 tests/bitbucket/misbehave.py --ready "$T/$server_name.port" --log "$T/$server_name.log" "$@" \
        <"$T/hold" >"$T/$server_name.out" 2>&1 9>&- &
    tries=0
    while [ ! -s "$T/$server_name.port" ] && [ $tries -lt 600 ]; do
        sleep 0.05
        tries=$((tries + 1))
    done
    [ -s "$T/$server_name.port" ] || { cat "$T/$server_name.out"; exit 99; }
    eval "$server_name=127.0.0.1:$(cat "$T/$server_name.port")"
}
tls() { # CERTIFICATE
    echo "--cert $T/ca/$1.pem --key $T/ca/$1.key"
}
# shellcheck disable=SC2046 # options
{
    server elsewhere $(tls good)
    server good $(tls good) --other "https://$elsewhere"
    server expired $(tls expired)
    server early $(tls early)
    server name $(tls name)
    server wants $(tls good) --client-ca "$T/ca/else.pem"
    server plain --other "https://$elsewhere"
    server proxy --proxy
    server guarded --proxy --proxy-auth "$(printf 'joe:proxy-pw' | openssl base64 -A)"
}
kill $opener
wait $opener 2>/dev/null

# probe AUTH OPTION... URL PATH...: what came, one line each, then the costs.
probe() {
    probe_auth=$1
    shift
    : >"$T/lines"
    probe_options=
    while [ $# -gt 0 ]; do
        case $1 in
        --*) probe_options="$probe_options $1 $2" && shift 2 ;;
        http*) probe_url=$1 && shift ;;
        *) printf '%s\n' "$1" >>"$T/lines" && shift ;;
        esac
    done
    # shellcheck disable=SC2086 # options
    run "$probe_program" --auth "$T/$probe_auth" $probe_options "$probe_url" <"$T/lines" 9>&-
    cat "$T/.out" "$T/.err" >>"$T/everything"
}
first() { printf '%s\n' "$out" | head -n 1; }
asked() { grep -c -F -- " $2 " "$T/$1.log"; } # how often: SERVER TARGET
header() { # of the last request to it: SERVER TARGET NAME
    grep -F -- " $2 " "$T/$1.log" | tail -n 1 | sed 's/^[^{]*//' | jq -r --arg name "$3" '.[$name] // "none"'
}

# ---------------------------------------------------------------- TLS
probe token --cacert "$ca" "https://$good" /rest/x/ok
is "$(first)" '/rest/x/ok 200 13 admin' 'TLS: a good certificate'
is "$(header good /rest/x/ok authorization)" "Bearer $token" 'the token is sent'
is "$(header good /rest/x/ok accept)" application/json 'JSON is asked for'
is "$(header good /rest/x/ok accept-encoding)" gzip 'compressed answers are welcome'
like "$(header good /rest/x/ok user-agent)" '^refgate/[0-9.]+$' 'it says who it is'
probe token --cacert "$ca" "https://localhost:${good#*:}" /rest/x/ok
is "$(first)" '/rest/x/ok 200 13 admin' 'TLS: its other name'
mkdir "$T/hashed"
cp "$ca" "$T/hashed/$(openssl x509 -hash -noout -in "$ca").0"
probe token --cacert "$T/hashed" "https://$good" /rest/x/ok
is "$(first)" '/rest/x/ok 200 13 admin' 'TLS: a directory of certificates'

# Only OpenSSL's words are known well enough to give a hint.
hints=yes
case $(ldd "$probe_program" 2>/dev/null) in *libcurl-gnutls* | *libcurl-nss*) hints= ;; esac
refuses() { # WHAT SERVER REGEX OPTION...
    refuses_what=$1 refuses_at=$2 refuses_says=${hints:+$3}
    shift 3
    eval "probe token \"\$@\" https://\$$refuses_at /rest/x/refused"
    is "$code" 2 "TLS: $refuses_what: an error"
    like "$out" "^error io: /rest/x/refused: TLS: .*$refuses_says" "TLS: $refuses_what: says so"
    is "$(asked "$refuses_at" /rest/x/refused)" 0 "TLS: $refuses_what: nothing was sent"
    like "$out" '^requests 1 answers 0 retries 0 ' "TLS: $refuses_what: no second attempt"
}
refuses 'an unknown authority' good '--cacert FILE'
refuses 'the wrong authority' good '--cacert FILE' --cacert "$T/ca/else.pem"
refuses 'an expired certificate' expired 'must be renewed' --cacert "$ca"
refuses 'a certificate of the future' early 'clock' --cacert "$ca"
refuses 'a certificate for another name' name 'for another name than the URL has' --cacert "$ca"
# In TLS 1.3 the server says so after the handshake; what comes first, its alert or the end of the
# connection, is chance, so that there may be another attempt.
probe token --cacert "$ca" --attempts 2 "https://$wants" /rest/x/refused
is "$code" 2 'TLS: a server that wants a client certificate: an error'
is "$(asked wants /rest/x/refused)" 0 'TLS: a server that wants a client certificate: nothing was answered'
probe token --cacert "$ca" --cert "$T/ca/client.pem" --key "$T/ca/client.key" "https://$wants" /rest/x/ok
is "$(first)" '/rest/x/ok 200 13 admin' 'TLS: a client certificate'
cat "$T/ca/client.pem" "$T/ca/client.key" >"$T/both.pem"
chmod 600 "$T/both.pem"
probe token --cacert "$ca" --cert "$T/both.pem" "https://$wants" /rest/x/ok
is "$(first)" '/rest/x/ok 200 13 admin' 'TLS: a client certificate and its key in one file'
chmod 644 "$T/both.pem"
probe token --cacert "$ca" --cert "$T/both.pem" "https://$wants" /rest/x/ok
like "$out" '^error trust: .*/both.pem can be read by everybody' 'TLS: a key that everybody can read'
probe token --cacert "$ca" --cert "$T/ca/client.pem" --key "$T/ca/good.key" "https://$wants" /rest/x/ok
like "$out" '^error io: /rest/x/ok: ' 'TLS: a key of another certificate'
cp "$ca" "$T/open.pem"
chmod 666 "$T/open.pem"
probe token --cacert "$T/open.pem" "https://$good" /rest/x/ok
like "$out" '^error trust: .*can be written by group or others' 'TLS: an authority that others can change'
probe token --cacert "$T/none.pem" "https://$good" /rest/x/ok
like "$out" '^error not-found: .*none.pem does not exist' 'TLS: a missing file'
probe token --cacert "$T/token" "https://$good" /rest/x/ok
like "$out" '^error io: /rest/x/ok: TLS: ' 'TLS: a file that holds no certificate'
probe token --cacert "$ca" --attempts 1 --connect-ms 1000 "https://$plain" /rest/x/ok
like "$out" '^error io: /rest/x/ok: .*(SSL|TLS)' 'TLS: a server that speaks plain HTTP'

# ---------------------------------------------------------------- who asks
probe both --cacert "$ca" "https://$good" /rest/x/one 'admin /rest/x/two'
is "$(header good /rest/x/one authorization)" "Bearer $token" 'token and password: the token'
is "$(header good /rest/x/two authorization)" "Basic $basic" 'token and password: the password on administrative endpoints'
like "$out" '^accounts admin admin$' 'token and password: both accounts are known'
probe basic --cacert "$ca" "https://$good" /rest/x/three
is "$(header good /rest/x/three authorization)" "Basic $basic" 'only a password: that'
probe token --cacert "$ca" "https://$good" 'admin /rest/x/four'
is "$(header good /rest/x/four authorization)" "Bearer $token" 'only a token: that'
probe token --cacert "$ca" "https://$good" /rest/x/ok /rest/x/cookie
is "$(header good /rest/x/cookie cookie)" none 'cookies are not sent back'
like "$out" '^requests 2 .* connections 1 http 11$' 'the connection is used again'

trust() { # TARGET REGEX DESCRIPTION: one request, one error, no answer
    probe both --cacert "$ca" "https://$good" "/rest/x/$1"
    like "$out" "^error trust: /rest/x/$1: $2" "$3"
    is "$(asked good "/rest/x/$1")" 1 "$3: asked once"
}
trust 401-wrong 'Bitbucket refused the credential \(status 401\): Authentication failed' 'a refused credential'
trust 401-unlicensed 'the account is not licensed' 'an account without licence'
trust 401-nobody 'Bitbucket refused the credential' 'not permitted, since nobody is signed in'
trust 401-page 'an HTML page titled "Log in to Example .x1b.31mSSO" came' 'a page of a proxy with status 401'
trust 401-cut 'Bitbucket refused the credential' 'a 401 that was cut'
trust 401-echo 'Bitbucket refused the credential .*\[removed\]' 'a server that repeats the credential'
trust page-echo 'an HTML page titled "Bearer \[removed\]"' 'a page that repeats the credential'
trust captcha 'Bitbucket wants a CAPTCHA' 'a CAPTCHA'
trust anonymous 'Bitbucket answered without signing us in' 'an anonymous answer'
trust nobody 'Bitbucket answered without signing us in' 'an answer for "anonymous"'
trust twice 'X-AUSERNAME .* is no name' 'an answer for two'
trust login 'an HTML page titled "Log in to' 'a login page with status 200'
trust plain 'an answer of type text/plain' 'no JSON'
trust login-302 'status 302 sends us to "/login", which is no answer' 'a redirect to a login page'
trust 307-nobody 'Bitbucket answered without signing us in' 'moved, says nobody'
trust 307-up 'status 307 sends us to .* which is no answer' 'moved out of /rest'
trust 301 'status 301 sends us to' 'moved, but not by 307'
trust 307-else "status 307 sends us to another server, \"$elsewhere\"" 'moved to another server'
trust 302-else "status 302 sends us to another server, \"$elsewhere\"" 'a redirect to another server'
is "$(wc -l <"$T/elsewhere.log" | tr -d ' ')" 0 'the other server was asked nothing'

probe both --cacert "$ca" "https://$good" /rest/x/ok /rest/x/else
like "$out" '^error trust: /rest/x/else: the answer is for account "somebody@else", but this credential is that of "admin"' \
    'another account in the middle'
probe basic --cacert "$ca" "https://$good" /rest/x/else
like "$out" '^error trust: .*"somebody@else", but this credential is that of "admin"' 'another account than the user'
probe basic --cacert "$ca" "https://$good" /rest/x/upper /rest/x/ok
is "$(first)" '/rest/x/upper 200 13 ADMIN' 'the user in upper case'
probe both --cacert "$ca" "https://$good" 'anonymous /rest/x/anonymous'
is "$(first)" '/rest/x/anonymous 200 13 -' 'an anonymous answer where that is fine'
probe both --cacert "$ca" "https://$good" 'anonymous /rest/x/404-tomcat'
like "$out" '^error io: .*no Bitbucket there .*context path' 'no Bitbucket below this path'
probe both --cacert "$ca" "https://$good" 'anonymous /rest/x/login'
like "$out" '^error trust: .*titled "Log in to' 'a login page where an anonymous answer is fine'

# ---------------------------------------------------------------- answers
gives() { # TARGET REST-OF-LINE DESCRIPTION
    probe token --cacert "$ca" "https://$good" "/rest/x/$1"
    is "$(first)" "/rest/x/$1 $2" "$3"
    is "$(asked good "/rest/x/$1")" 1 "$3: asked once"
}
gives 307 '307 0 admin /rest/x/moved?limit=2' 'a moved place'
gives 308 '307 0 admin /rest/x/moved' 'a moved place, by 308'
is "$(asked good '/rest/x/moved?limit=2')" 0 'it is not followed'
gives 401 '401 158 admin' 'not permitted'
gives 403 '403 158 admin' 'forbidden'
gives 400 '400 78 admin' 'a bad request'
gives 404 '404 146 admin' 'not there'
gives 404-route '404 0 admin' 'an endpoint that this version lacks'
gives 204 '204 0 admin' 'nothing'
gives chunked '200 7 admin' 'in chunks'
gives gzip '200 5013 admin' 'compressed'
probe token --cacert "$ca" --body yes "https://$good" /rest/x/ok
is "$(first)" '/rest/x/ok 200 13 admin {"fine":true}' 'the body is parsed'
probe token --cacert "$ca" "https://$good/context" /rest/x/ok
is "$(header good /context/rest/x/ok accept)" application/json 'a context path'

fails() { # TARGET REGEX DESCRIPTION OPTION...
    fails_target=$1 fails_says=$2 fails_what=$3
    shift 3
    probe token --cacert "$ca" "$@" "https://$good" "/rest/x/$fails_target"
    like "$out" "^error $fails_says" "$fails_what"
    is "$(asked good "/rest/x/$fails_target")" 1 "$fails_what: asked once"
}
fails 406 'io: /rest/x/406: the server answered 406' 'a status that says nothing'
fails bomb 'limit: /rest/x/bomb: the answer is larger than 1000000 bytes' 'a bomb of gzip' --answer-max 1000000
fails huge-headers 'limit: /rest/x/huge-headers: the headers are larger' 'headers without end'
fails old-http 'io: /rest/x/old-http: .*HTTP/0.9' 'no headers'

# ---------------------------------------------------------------- trouble that passes
passed() { # TARGET ATTEMPTS
    like "$out" "^/rest/x/$(printf '%s' "$1" | sed 's/?/[?]/') 200 13 admin$" "$1: in the end the answer"
    is "$(asked good "/rest/x/$1")" "$2" "$1: $2 attempts"
}
probe token --cacert "$ca" --slots 16 "https://$good" /rest/x/500 /rest/x/502 '/rest/x/503?times=2' /rest/x/503-later \
    /rest/x/504 /rest/x/reset /rest/x/reset-body /rest/x/closed /rest/x/nothing /rest/x/chunk /rest/x/truncated \
    /rest/x/empty /rest/x/gzip-cut
is "$code" 0 'trouble that passes: no error'
for target in 500 502 503-later 504 reset reset-body closed nothing chunk truncated empty gzip-cut; do
    passed $target 2
done
passed '503?times=2' 3
# libcurl asks again by itself where a connection that it kept turns out to be closed: a few less.
like "$(printf '%s\n' "$out" | awk '$1 == "requests" && $2 == $4 + $6 && $6 == $10 && $6 >= 11 && $6 <= 14')" \
    '^requests [0-9]+ answers 13 retries [0-9]+ throttled 0 ' 'trouble that passes: is counted'
probe token --cacert "$ca" --stall-ms 1000 "https://$good" /rest/x/stall
passed stall 2
probe token --cacert "$ca" --answer-ms 1500 "https://$good" /rest/x/drip
passed drip 2
# At least; never more than a slow machine could bear.
between() { # SERVER TARGET: milliseconds between the first two requests
    awk -v target="$2" '$2 == target { if (n++) { print $3 - before; exit } before = $3 }' "$T/$1.log"
}
ok '503: Retry-After is obeyed' test "$(between good /rest/x/503-later)" -ge 2900

lasts() { # TARGET ATTEMPTS REGEX DESCRIPTION OPTION...
    lasts_target=$1 lasts_attempts=$2 lasts_says=$3 lasts_what=$4
    shift 4
    probe token --cacert "$ca" "$@" "https://$good" "/rest/x/$lasts_target"
    is "$code" 2 "$lasts_what: an error"
    like "$out" "^error io: /rest/x/$lasts_target: $lasts_says" "$lasts_what: says so"
    is "$(asked good "/rest/x/$lasts_target")" "$lasts_attempts" "$lasts_what: $lasts_attempts attempts"
}
lasts always-503 3 'the server answered 503 \(3 attempts\)$' 'trouble that lasts' --attempts 3
lasts duplicate 2 'the answer \(status 200, 13 bytes\) is no whole JSON: .*\(2 attempts\)$' 'JSON with a key twice' --attempts 2
lasts always-429 3 'the server answered 429 \(too many requests\), 3 times in a row' '429 that lasts' --throttled 3
probe token --cacert "$ca" --attempts 2 "https://127.0.0.1:1" /rest/x/ok
like "$out" '^error io: /rest/x/ok: .*(refused|onnect).* \(2 attempts\)$' 'nobody listens'
probe token --cacert "$ca" "https://no-such-host.invalid" /rest/x/ok
like "$out" '^error io: /rest/x/ok: Could not resolve host: no-such-host.invalid \(2 attempts\)$' 'no such host'

# ---------------------------------------------------------------- politeness
probe token --cacert "$ca" --slots 4 "https://$good" /rest/x/429 /rest/x/a1 /rest/x/a2 /rest/x/a3 /rest/x/a4 /rest/x/a5
is "$code" 0 '429: all is answered'
like "$out" '^requests 7 answers 6 retries 0 throttled 1 errors 0 ' '429: is no failed attempt'
ok '429: Retry-After is obeyed' test "$(between good /rest/x/429)" -ge 990
# What was not under way yet waited, too.
awk '$2 == "/rest/x/429" && !from { from = $3 } $2 ~ /^\/rest\/x\/a[1-5]$/ && from && $3 > from + 300 && $3 < from + 990 { print }' \
    "$T/good.log" >"$T/early"
is "$(cat "$T/early")" '' '429: nobody else asks before'
probe token --cacert "$ca" "https://$good" /rest/x/429-date
passed 429-date 2
probe token --cacert "$ca" "https://$good" /rest/x/429-zero
passed 429-zero 2
seq 1 12 | sed 's,^,/rest/x/rate,' >"$T/many"
# shellcheck disable=SC2046 # one a word
probe token --cacert "$ca" --slots 8 --rate 20 "https://$good" $(cat "$T/many")
like "$out" '^requests 12 answers 12 ' 'a rate: all is answered'
ok 'a rate: is not exceeded' test "$(awk '$2 ~ /rate/ { if (!n++) from = $3; to = $3 } END { print to - from }' "$T/good.log")" -ge 500
seq 1 100 | sed 's,^,/rest/x/many,' >"$T/many"
# shellcheck disable=SC2046
probe token --cacert "$ca" --slots 8 "https://$good" $(cat "$T/many")
like "$out" '^requests 100 answers 100 retries 0 throttled 0 errors 0 connections [1-8] http 11$' 'eight at once: at most eight connections'
is "$(printf '%s\n' "$out" | grep -c '^/rest/x/many[0-9]* 200 13 admin$')" 100 'eight at once: each question has its answer'
is "$(printf '%s\n' "$out" | grep '^/rest' | sort -u | wc -l | tr -d ' ')" 100 'eight at once: and only one'

# ---------------------------------------------------------------- HTTP/2
nginx=$(PATH=$PATH:/usr/sbin:/sbin command -v nginx)
http2_start() { # sets $http2
    mkdir "$T/nginx"
    user=
    [ "$(id -u)" != 0 ] || user='user root;'
    for try in 1 2 3 4 5; do
        port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
        cat >"$T/nginx/conf" <<CONF
daemon off;
pid $T/nginx/pid;
error_log $T/nginx/log;
$user
events { worker_connections 256; }
http {
    access_log off;
    client_body_temp_path $T/nginx/tmp;
    fastcgi_temp_path $T/nginx/tmp;
    proxy_temp_path $T/nginx/tmp;
    uwsgi_temp_path $T/nginx/tmp;
    scgi_temp_path $T/nginx/tmp;
    server {
        listen 127.0.0.1:$port ssl http2;
        ssl_certificate $T/ca/good.pem;
        ssl_certificate_key $T/ca/good.key;
        default_type application/json;
        add_header X-AUSERNAME admin;
        location / { return 200 '{"fine":true}'; }
    }
}
CONF
        # It knows nothing of stdin: somebody who does watches over it.
        {
            "$nginx" -c "$T/nginx/conf" -e "$T/nginx/log" -p "$T/nginx" </dev/null >>"$T/nginx.start" 2>&1 9>&- &
            nginx_pid=$!
            cat >/dev/null
            kill $nginx_pid
        } <"$T/hold" >/dev/null 2>&1 9>&- &
        http2=127.0.0.1:$port
        tries=0
        while [ $tries -lt 100 ]; do
            probe token --cacert "$ca" --attempts 1 "https://$http2" /rest/x/ok
            [ "$code" != 0 ] || return 0
            sleep 0.05
            tries=$((tries + 1))
        done
    done
    return 1
}
if [ -z "$nginx" ]; then
    skip 'HTTP/2' 'nginx is not installed'
elif ! http2_start; then
    skip 'HTTP/2' "nginx does not start: $(tail -n 1 "$T/nginx/log")"
else
    # shellcheck disable=SC2046
    probe token --cacert "$ca" --slots 8 "https://$http2" $(cat "$T/many")
    like "$out" '^requests 100 answers 100 retries 0 throttled 0 errors 0 connections 1 http 20$' 'HTTP/2: one connection for all'
    is "$(printf '%s\n' "$out" | grep '^/rest/x/many[0-9]* 200 13 admin$' | sort -u | wc -l | tr -d ' ')" 100 \
        'HTTP/2: each question has its answer'
fi

# ---------------------------------------------------------------- plain HTTP
probe token "http://$plain" /rest/x/ok
is "$(first)" '/rest/x/ok 200 13 admin' 'http to this machine'
probe token "http://bitbucket.example.com" /rest/x/ok
like "$out" '^error usage: http:// would send the credential to everybody' 'http to another machine'
probe token "http://$plain" /rest/x/301-https
like "$out" '^error trust: /rest/x/301-https: the server wants https: give the URL with https://' 'a server that wants https'
probe token --cacert "$ca" "https://$good" '/rest/x/a b'
like "$out" '^error usage: not a path of the REST API' 'a path with a blank'
probe token --cacert "$ca" "https://$good" /rest/x/%2e%2e/../ok
is "$(asked good '/rest/x/%2e%2e/../ok')" 1 'a path is sent as it is'

# ---------------------------------------------------------------- proxies
probe token --cacert "$ca" --proxy "http://$proxy" "https://$good" /rest/x/proxied
is "$(first)" '/rest/x/proxied 200 13 admin' 'a proxy'
like "$(cat "$T/proxy.log")" "^CONNECT $good " 'a proxy: was asked'
lacks "$(cat "$T/proxy.log")" "$token" 'a proxy: did not see the token'
probe token --proxy "http://$proxy" "http://$plain" /rest/x/proxied
is "$(first)" '/rest/x/proxied 200 13 admin' 'a proxy: plain HTTP, through a tunnel'
lacks "$(cat "$T/proxy.log")" "$token" 'a proxy: did not see the token in headers of its own'
export https_proxy="http://$proxy"
: >"$T/proxy.log"
probe token --cacert "$ca" "https://$good" /rest/x/proxied2
like "$(cat "$T/proxy.log")" "^CONNECT $good " 'a proxy from the environment'
no_proxy=127.0.0.1
export no_proxy
: >"$T/proxy.log"
probe token --cacert "$ca" "https://$good" /rest/x/proxied3
is "$(cat "$T/proxy.log")" '' 'no_proxy'
unset no_proxy
http_proxy="http://$proxy"
export http_proxy
: >"$T/proxy.log"
probe token "http://$plain" /rest/x/proxied6
is "$(first)" '/rest/x/proxied6 200 13 admin' 'plain HTTP within this machine'
is "$(cat "$T/proxy.log")" '' 'no proxy of the environment sees it'
unset http_proxy
https_proxy="http://joe:proxy-pw@$guarded"
probe token --cacert "$ca" "https://$good" /rest/x/proxied4
is "$(first)" '/rest/x/proxied4 200 13 admin' 'a proxy that wants a user'
https_proxy="http://joe:wrong-pw@$guarded"
probe token --cacert "$ca" "https://$good" /rest/x/proxied5
like "$out" '^error io: /rest/x/proxied5: .*407' 'a proxy that refuses the user'
unlike "$out" 'attempts' 'a proxy that refuses the user: asked once'
https_proxy="http://joe:wrong-pw@127.0.0.1:1"
probe token --cacert "$ca" --attempts 1 "https://$good" /rest/x/proxied6
like "$out" '^error io: /rest/x/proxied6: ' 'a proxy that is not there'
unset https_proxy
probe token --cacert "$ca" --proxy "http://joe:proxy-pw@$guarded" "https://$good" /rest/x/ok
like "$out" '^error usage: a proxy with a user belongs into the environment' 'a proxy with a password as an argument'
probe token --cacert "$ca" --proxy "ftp://$proxy" "https://$good" /rest/x/ok
like "$out" '^error usage: the proxy is neither' 'a proxy that is none'

# ---------------------------------------------------------------- being ended, and secrets
printf '/rest/x/stall?times=9\n' >"$T/lines"
(
    exec 9>&-
    REFGATE_TOKEN=$token REFGATE_USER=admin REFGATE_PASSWORD=$password
    export REFGATE_TOKEN REFGATE_USER REFGATE_PASSWORD
    exec "$probe_program" --cacert "$ca" "https://$good" <"$T/lines" >"$T/ended" 2>&1
) &
pid=$!
tries=0
while [ "$(asked good '/rest/x/stall?times=9')" = 0 ] && [ $tries -lt 600 ]; do
    sleep 0.05
    tries=$((tries + 1))
done
cat "/proc/$pid/environ" "/proc/$pid/cmdline" 2>/dev/null | tr '\000' '\n' >"$T/seen"
unlike "$(cat "$T/seen")" "tok-|geheim" 'the environment is wiped'
kill -TERM $pid
wait $pid
is "$?" 2 'interrupted: ends'
like "$(cat "$T/ended")" '^error deadline: interrupted$' 'interrupted: says so'
like "$(cat "$T/ended")" '^requests 1 answers 0 ' 'interrupted: in the middle of an answer'

cat "$T/ended" >>"$T/everything"
is "$(grep -c '' "$T/everything" | awk '{ print ($1 > 200) }')" 1 'there was output to look at'
for secret in "$token" "$password" geheim "$basic" proxy-pw wrong-pw; do
    is "$(grep -cF -- "$secret" "$T/everything")" 0 "no output holds $(printf '%.4s' "$secret")..."
done
is "$(cat "$T"/*.out)" '' 'the servers had no trouble of their own'
done_testing
