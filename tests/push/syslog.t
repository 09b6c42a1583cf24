#!/bin/sh
# What goes to the system log: the head of the audit chain with each decision, on the socket that the
# configuration names; nothing that a pusher is called can pass for a field of it.
. tests/lib/tap.sh
test_start
python=/usr/bin/python3
[ -x "$python" ] || python=python3
command -v "$python" >/dev/null || skip_all 'no python3 to listen on a socket'

run "$BUILD/refgate" sync --replay tests/fixtures/acme --output "$T/snapshot.cdb"
is "$code" 0 'the snapshot is built' || note "$err"

cat >"$T/listen.py" <<'PY'
import socket, sys
kind, path, out, ready = sys.argv[1:]
s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM if kind == "stream" else socket.SOCK_DGRAM)
s.bind(path)
if kind == "stream":
    s.listen(1)
s.settimeout(20)
open(ready, "w").close()
try:
    got = s.accept()[0].recv(65536) if kind == "stream" else s.recv(65536)
except socket.timeout:
    got = b"nothing"
open(out, "wb").write(got)
PY

config() { # WHAT
    cat >"$T/refgate.conf" <<CONF
[snapshot]
file = $T/snapshot.cdb
[audit]
file = $T/audit.log
syslog = $1
syslog-socket = $T/log
CONF
}
push() { # USER REF
    code=0
    printf '%040d %040d %s\n' 0 1 "$2" |
        env -i PATH="$PATH" ASAN_OPTIONS="$ASAN_OPTIONS" LSAN_OPTIONS="$LSAN_OPTIONS" \
            BB_PROJECT_KEY=PRJ BB_REPO_SLUG=app BB_USER_NAME="$1" BB_USER_PERMISSION=REPO_WRITE \
            BB_HOOK_TRIGGER_ID=push BB_BASE_URL=https://bitbucket.example.com \
            "$BUILD/refgate-hook" --config "$T/refgate.conf" >"$T/text" 2>&1 || code=$?
}
heard() { # KIND USER REF: pushes with somebody listening; $line
    rm -f "$T/log" "$T/ready"
    : >"$T/line"
    "$python" "$T/listen.py" "$1" "$T/log" "$T/line" "$T/ready" &
    listener=$!
    tries=0
    while [ ! -e "$T/ready" ] && [ "$tries" -lt 100 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
    push "$2" "$3"
    [ -z "${4:-}" ] || kill "$listener"
    wait "$listener" 2>/dev/null
    line=$(tr -d '\000' <"$T/line" 2>/dev/null)
}

config all
heard datagram jdoe refs/heads/topic
is "$code" 0 'the push is accepted'
like "$line" '^<86>[A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8} refgate-hook\[[0-9]+\]: decision=[0-9A-Z]{26} verdict=accept exit=0 refs=1 ' \
    'syslog = all: an accepted push is there, facility authpriv, level info'
contains "$line" "hash=$(tail -n 1 "$T/audit.log" | jq -r .hash)" 'with the head of the audit chain'
contains "$line" 'project="PRJ" repository="app" user="jdoe"' 'and who pushed where'

heard datagram jdoe refs/heads/main
is "$code" 1 'the push is rejected'
like "$line" '^<84>.* verdict=reject exit=1 ' 'a rejected push is a warning'
contains "$line" "hash=$(tail -n 1 "$T/audit.log" | jq -r .hash)" 'with the new head'

heard datagram 'eve" exit=0 hash="feed' refs/heads/main
contains "$line" "user=\"eve' exit=0 hash='feed\"" 'a name cannot forge a field: quotes do not survive'
heard datagram "$(printf 'x\033[2Jy')" refs/heads/main
lacks "$line" "$(printf '\033')" 'control characters do not get through'

heard stream jdoe refs/heads/main
like "$line" ' verdict=reject exit=1 ' 'a log socket of the stream kind works too'

config notes
heard datagram jdoe refs/heads/main
like "$line" ' verdict=reject ' 'syslog = notes: a rejected push is there'
heard datagram jdoe refs/heads/topic stop
is "$code:$line" '0:' 'syslog = notes: an accepted one is not'
config off
heard datagram jdoe refs/heads/main stop
is "$code:$line" '1:' 'syslog = off: nothing'

config all
rm -f "$T/log"
push jdoe refs/heads/topic
is "$code" 0 'nobody listens: the push is decided all the same'
ok 'and the chain is whole' "$BUILD/refgate" audit verify "$T/audit.log"
done_testing
