"""HTTP/1.1 over one socket, with as little as there can be between the bytes and the service.

http.server is too slow for a crawl of hundreds of thousands of requests; what is here reads a head,
asks the service, and sends one buffer.
"""

import socket
import ssl
import struct
import time

from service import REASONS

HEAD_MAX, BODY_MAX = 65536, 20 << 20  # a hook script may be a program
SLOW_PIECES = 20


class Broken(Exception):
    """Not HTTP, or the other side has gone."""


class Connection:
    def __init__(self, sock, service):
        self.sock, self.service, self.buffer = sock, service, b""

    def run(self):
        try:
            while self._one():
                pass
        except (Broken, OSError, ssl.SSLError):
            pass
        finally:
            try:
                self.sock.close()
            except OSError:
                pass

    def _more(self):
        data = self.sock.recv(65536)
        if not data:
            raise Broken
        self.buffer += data

    def _head(self):
        while True:
            end = self.buffer.find(b"\r\n\r\n")
            if end >= 0:
                head, self.buffer = self.buffer[:end], self.buffer[end + 4:]
                return head.decode("latin-1").split("\r\n")
            if len(self.buffer) > HEAD_MAX:
                raise Broken
            self._more()

    def _one(self):
        """False: the connection is over."""
        lines = self._head()
        parts = lines[0].split(" ")
        if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
            raise Broken
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        length = int(headers.get("content-length", "0") or 0)
        if length > BODY_MAX:
            raise Broken
        while len(self.buffer) < length:
            self._more()
        body, self.buffer = self.buffer[:length], self.buffer[length:]
        reply = self.service.reply(parts[0], parts[1], headers, body)
        return self._send(reply) and "Connection: close" not in reply.headers

    def _send(self, reply):
        head = "HTTP/1.1 %d %s\r\n%s\r\n" % (reply.status, REASONS.get(reply.status, "Status"),
                                             "\r\n".join(reply.headers))
        fault = reply.sending
        body = reply.body
        if fault and fault.kind == "truncate":
            body = body[:len(body) // 2]
        if reply.status != 204:
            if self.service.options.chunked and not fault:
                head += "Transfer-Encoding: chunked\r\n"
                body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if body else b"0\r\n\r\n"
            else:
                head += "Content-Length: %d\r\n" % len(body)
        head = (head + "\r\n").encode("latin-1")
        if not fault or fault.kind == "truncate":
            self.sock.sendall(head + body)
            return True
        return self._send_badly(fault, head, body)

    def _send_badly(self, fault, head, body):
        if fault.kind == "hang":
            while self.sock.recv(65536):
                pass
            return False
        if fault.kind == "slow":
            self.sock.sendall(head)
            step = max(1, len(body) // SLOW_PIECES)
            for start in range(0, len(body), step):
                time.sleep(fault.given.get("ms", 1000) / 1000 / SLOW_PIECES)
                self.sock.sendall(body[start:start + step])
            return True
        if fault.kind == "lost":
            return False
        self.sock.sendall(head + body[:len(body) // 2])
        if fault.kind == "reset":
            time.sleep(0.02)  # what was sent should arrive before the reset overtakes it
            # Closing with a linger time of zero sends RST instead of FIN.
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False
