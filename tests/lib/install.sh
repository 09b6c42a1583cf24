# install.sh - what the tests of `refgate install` ask the server of tests/lib/bitbucket.sh.
# shellcheck shell=sh
#
# After tests/lib/tap.sh, tests/lib/bitbucket.sh and bitbucket_start:
#
#   server_runs PLACE TRIGGER    what Bitbucket would run there: JSON objects with id, name, content
#   server_writes                how many requests but GETs there were
#   server_rest METHOD PATH [TYPE [BODY-FILE]]   the answer's body, as the administrator

# A few lines over a socket: what python's own modules for HTTP import takes ten times as long.
server_ask() { # METHOD PATH TYPE BODY-FILE
    python3 -SEc '
import socket, sys
from binascii import b2a_base64
url, method, path, kind, file = sys.argv[1:]
host, port = url.split("//")[1].split(":")
body = open(file, "rb").read()
with socket.create_connection((host, int(port)), 10) as s, s.makefile("rb") as answer:
    s.sendall(b"%s %s HTTP/1.1\r\nHost: %s\r\nX-Atlassian-Token: no-check\r\nContent-Type: %s\r\n"
              b"Authorization: Basic %s\r\nContent-Length: %d\r\n\r\n%s" % (
                  method.encode(), path.encode(), host.encode(), kind.encode(),
                  b2a_base64(b"admin:refgate-test-password-admin").strip(), len(body), body))
    status = answer.readline().split()[1]
    size = 0
    for line in iter(lambda: answer.readline().strip().lower(), b""):
        size = int(line[15:]) if line.startswith(b"content-length:") else size
    sys.stdout.buffer.write(answer.read(size))
sys.exit(status[:1] != b"2")
' "$BITBUCKET_URL" "$@"
}

server_rest() { server_ask "$1" "$2" "${3:-application/json}" "${4:-/dev/null}"; }

server_runs() {
    printf '{"place": "%s", "trigger": "%s"}' "$1" "$2" >"$T/.place"
    server_ask POST /-test/hooks application/json "$T/.place" | jq '.scripts[]'
}

server_writes() { bitbucket_requests '^(PUT|POST|DELETE)	/rest/'; }
