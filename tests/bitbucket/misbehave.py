#!/usr/bin/env python3
"""A server that misbehaves as HTTP and connections can, one way for each path.

usage: misbehave.py --ready FILE --log FILE [--cert FILE --key FILE [--client-ca FILE]]
                    [--other URL] [--proxy [--proxy-auth BASE64]]

Listens on a free port of 127.0.0.1 and writes it to FILE (by rename) when it is ready. Each request becomes
a line of the log: method, target, a running clock in milliseconds, and all headers as JSON. The last part of
the path says what happens: see the tables ALWAYS and PASSING; the latter only the first time, or `?times=N`
times, then the answer is good.

It ends when its stdin does.
"""
import argparse
import email.utils
import gzip
import json
import os
import socket
import ssl
import struct
import sys
import threading
import time
import urllib.parse

parser = argparse.ArgumentParser()
parser.add_argument('--ready', required=True)
parser.add_argument('--log', required=True)
parser.add_argument('--cert')
parser.add_argument('--key')
parser.add_argument('--client-ca')
parser.add_argument('--other', default='https://127.0.0.1:1')
parser.add_argument('--proxy', action='store_true')
parser.add_argument('--proxy-auth')
args = parser.parse_args()

seen = {}
lock = threading.Lock()
log = open(args.log, 'a', buffering=1)

JSON = 'application/json;charset=UTF-8'
HTML = 'text/html;charset=UTF-8'
LOGIN = b'<!DOCTYPE html><html><head><title>\n Log in to\n Example \x1b[31mSSO</title></head><body></body></html>'


class Gone(Exception):
    """The connection ends here."""


def error(message, exception):
    errors = [{'context': None, 'message': message, 'exceptionName': exception}]
    return json.dumps({'errors': errors}).encode()


NOT_PERMITTED = error('You are not permitted to access this resource',
                      'com.atlassian.bitbucket.AuthorisationException')
WRONG = error('Authentication failed. Please check your credentials and try again.',
              'com.atlassian.bitbucket.auth.IncorrectPasswordAuthenticationException')
UNLICENSED = error('You are not currently licensed to use Bitbucket',
                   'com.atlassian.bitbucket.auth.NoAccessAuthenticationException')
NO_PROJECT = error('Project X does not exist.', 'com.atlassian.bitbucket.project.NoSuchProjectException')


def head(status, *headers):
    lines = ['HTTP/1.1 %d Whatever' % status] + ['%s: %s' % h for h in headers]
    return ('\r\n'.join(lines) + '\r\n\r\n').encode()


def answer(conn, status=200, body=b'{"fine":true}', kind=JSON, user='admin', length=None, close=False, **more):
    headers = [('Date', email.utils.formatdate(usegmt=True)),
               ('Set-Cookie', 'BITBUCKETSESSIONID=never-sent-back; Path=/')]
    if kind:
        headers.append(('Content-Type', kind))
    if user:
        headers.append(('X-Ausername', user))
    headers += [(name.replace('_', '-'), value) for name, value in more.items()]
    if status != 204:
        headers.append(('Content-Length', len(body) if length is None else length))
    if close:
        headers.append(('Connection', 'close'))
    conn.sendall(head(status, *headers) + body)
    if close or length is not None:
        raise Gone


def promise(conn, body, **more):
    """The beginning of a longer answer."""
    headers = [('Content-Type', JSON), ('X-AUSERNAME', 'admin')]
    headers += [(name.replace('_', '-'), value) for name, value in more.items()]
    conn.sendall(head(200, *headers) + body)


def reset(conn):
    """RST in place of FIN, below TLS."""
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    raise Gone


def reset_body(conn):
    promise(conn, b'{"a":', Content_Length=1000)
    reset(conn)


def stall(conn):
    promise(conn, b'{', Content_Length=100)
    time.sleep(30)
    raise Gone


def drip(conn):
    """A byte now and then: never silent, never done."""
    promise(conn, b'{', Content_Length=1000)
    for _ in range(100):
        time.sleep(0.3)
        conn.sendall(b' ')
    raise Gone


def chunked(conn, whole):
    promise(conn, b'6\r\n{"a":1\r\n', Transfer_Encoding='chunked')
    if not whole:
        raise Gone
    conn.sendall(b'1\r\n}\r\n0\r\n\r\n')


def huge_headers(conn):
    for n in range(8):
        conn.sendall((b'HTTP/1.1 200 OK\r\n' if not n else b'') + b'X-Long-%d: ' % n + b'x' * 60000 + b'\r\n')
    conn.sendall(b'Content-Type: application/json\r\nX-AUSERNAME: admin\r\nContent-Length: 2\r\n\r\n{}')


def packed(conn, body, most=None):
    answer(conn, body=gzip.compress(body)[:most], Content_Encoding='gzip')


def old_http(conn):
    conn.sendall(b'{"no":"headers"}')
    raise Gone


def gone(conn):
    raise Gone


def moved(conn, status, location, user='admin'):
    answer(conn, status, b'', None, user, Location=location)


PASSING = {
    '429': lambda c, h: answer(c, 429, b'', None, Retry_After='1'),
    '429-date': lambda c, h: answer(c, 429, b'', None, Retry_After=email.utils.formatdate(time.time() + 2, usegmt=True)),
    '429-zero': lambda c, h: answer(c, 429, b'slow down', 'text/plain', None, Retry_After='0'),
    '500': lambda c, h: answer(c, 500, error('oops', None)),
    '502': lambda c, h: answer(c, 502, b'<html></html>', HTML, None, close=True),
    '503': lambda c, h: answer(c, 503, b'<html><title>Starting up</title>', HTML, None),
    '503-later': lambda c, h: answer(c, 503, b'', None, None, Retry_After='3'),
    '504': lambda c, h: answer(c, 504, b'', None, None),
    'reset': lambda c, h: reset(c),
    'reset-body': lambda c, h: reset_body(c),
    'closed': lambda c, h: answer(c, body=b'{"a":', length=1000),
    'nothing': lambda c, h: gone(c),
    'chunk': lambda c, h: chunked(c, False),
    'truncated': lambda c, h: answer(c, body=b'{"values":[{"a":1},{"b'),
    'empty': lambda c, h: answer(c, body=b''),
    'gzip-cut': lambda c, h: packed(c, b'{"a":"%s"}' % os.urandom(400).hex().encode(), 200),
    'stall': lambda c, h: stall(c),
    'drip': lambda c, h: drip(c),
}

ALWAYS = {
    'gzip': lambda c, h: packed(c, b'{"packed":"' + b'x' * 5000 + b'"}'),
    'bomb': lambda c, h: packed(c, b'[' + b' ' * (8 << 20) + b']'),
    'chunked': lambda c, h: chunked(c, True),
    'huge-headers': lambda c, h: huge_headers(c),
    'duplicate': lambda c, h: answer(c, body=b'{"a":1,"a":2}'),
    'always-503': lambda c, h: answer(c, 503, b'', None, None),
    'always-429': lambda c, h: answer(c, 429, b'', None, None, Retry_After='0'),
    'old-http': lambda c, h: old_http(c),
    '204': lambda c, h: answer(c, 204, b'', None),
    '400': lambda c, h: answer(c, 400, error('bad limit', None)),
    '401': lambda c, h: answer(c, 401, NOT_PERMITTED),
    '401-nobody': lambda c, h: answer(c, 401, NOT_PERMITTED, user=None),
    '401-wrong': lambda c, h: answer(c, 401, WRONG, user=None),
    '401-unlicensed': lambda c, h: answer(c, 401, UNLICENSED, user=None),
    '401-page': lambda c, h: answer(c, 401, LOGIN, HTML, None),
    '401-cut': lambda c, h: answer(c, 401, WRONG[:20], user=None),
    '401-echo': lambda c, h: answer(c, 401, error('no: ' + h.get('authorization', ''), None), user=None),
    'page-echo': lambda c, h: answer(c, 200, b'<title>%s</title>' % h.get('authorization', '').encode(), HTML),
    'captcha': lambda c, h: answer(c, 403, WRONG, user=None,
                                   X_Authentication_Denied_Reason='CAPTCHA_CHALLENGE; login-url=https://x/login'),
    '403': lambda c, h: answer(c, 403, NOT_PERMITTED),
    '404': lambda c, h: answer(c, 404, NO_PROJECT),
    '404-route': lambda c, h: answer(c, 404, b'<status><status-code>404</status-code></status>', 'application/xml'),
    '404-tomcat': lambda c, h: answer(c, 404, b'<title>HTTP Status 404</title>', HTML, None),
    '406': lambda c, h: answer(c, 406, b'', None),
    'anonymous': lambda c, h: answer(c, user=None),
    'nobody': lambda c, h: answer(c, user='anonymous'),
    'else': lambda c, h: answer(c, user='somebody%40else'),
    'upper': lambda c, h: answer(c, user='ADMIN'),
    'twice': lambda c, h: answer(c, X_AUSERNAME='root'),
    'login': lambda c, h: answer(c, 200, LOGIN, HTML, None),
    'plain': lambda c, h: answer(c, 200, b'hello', 'text/plain', None),
    'login-302': lambda c, h: moved(c, 302, '/login?next=%2Frest&sid=abc', None),
    '301': lambda c, h: moved(c, 301, '/rest/x/moved'),
    '307': lambda c, h: moved(c, 307, '/rest/x/moved?limit=2'),
    '308': lambda c, h: moved(c, 308, '/rest/x/moved'),
    '307-nobody': lambda c, h: moved(c, 307, '/rest/x/moved', None),
    '307-up': lambda c, h: moved(c, 307, '/rest/x/%2e%2e/%2e%2e/login'),
    '307-else': lambda c, h: moved(c, 307, args.other + '/rest/x/stolen'),
    '302-else': lambda c, h: moved(c, 302, args.other + '/rest/x/stolen', None),
    '301-https': lambda c, h: moved(c, 301, 'https://' + h.get('host', '') + '/rest/x/301-https', None),
}


def act(conn, target, headers):
    url = urllib.parse.urlsplit(target)
    name = url.path.rsplit('/', 1)[-1]
    times = urllib.parse.parse_qs(url.query).get('times', ['1'])[0]
    with lock:
        count = seen[target] = seen.get(target, 0) + 1
    if name in ALWAYS:
        ALWAYS[name](conn, headers)
    elif name in PASSING and count <= int(times):
        PASSING[name](conn, headers)
    else:
        answer(conn)


def pump(source, target):
    try:
        while True:
            data = source.recv(65536)
            if not data:
                break
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def tunnel(conn, method, target, headers):
    if method != 'CONNECT':
        answer(conn, 200, LOGIN, HTML, None, close=True)
    if args.proxy_auth and headers.get('proxy-authorization') != 'Basic ' + args.proxy_auth:
        answer(conn, 407, b'', None, None, close=True, Proxy_Authenticate='Basic realm="x"')
    host, port = target.rsplit(':', 1)
    with socket.create_connection((host, int(port))) as there:
        conn.sendall(b'HTTP/1.1 200 Connected\r\n\r\n')
        threading.Thread(target=pump, args=(there, conn), daemon=True).start()
        pump(conn, there)
    raise Gone


def read_request(stream):
    line = stream.readline(70000)
    if not line.strip():
        raise Gone
    method, target = line.decode('latin-1').split(' ')[:2]
    headers = {}
    for field in iter(lambda: stream.readline(70000).strip(), b''):
        name, _, value = field.decode('latin-1').partition(':')
        headers[name.strip().lower()] = value.strip()
    with lock:
        log.write('%s %s %d %s\n' % (method, target, time.monotonic() * 1000, json.dumps(headers, sort_keys=True)))
    return method, target, headers


def serve(conn, context):
    stream = None
    try:
        if context:
            conn = context.wrap_socket(conn, server_side=True)
        # A proxy must not read on behind the headers: what follows belongs to the tunnel.
        stream = conn.makefile('rb', buffering=0 if args.proxy else -1)
        while True:
            method, target, headers = read_request(stream)
            if args.proxy:
                tunnel(conn, method, target, headers)
            else:
                act(conn, target, headers)
    except (Gone, OSError, ValueError):
        pass
    finally:
        if stream:
            stream.close()
        conn.close()


def end_with_stdin():
    sys.stdin.buffer.read()
    os._exit(0)


def main():
    context = None
    if args.cert:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(args.cert, args.key)
        if args.client_ca:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(args.client_ca)
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.bind(('127.0.0.1', 0))
    listener.listen(64)
    with open(args.ready + '.new', 'w') as ready:
        ready.write('%d\n' % listener.getsockname()[1])
    os.rename(args.ready + '.new', args.ready)
    threading.Thread(target=end_with_stdin, daemon=True).start()
    while True:
        conn, _ = listener.accept()
        conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=serve, args=(conn, context), daemon=True).start()


main()
