"""One request in, one reply out: who asks, how often he may, what goes wrong, what comes of it."""

import argparse
import gzip
import json
import math
import os
import random
import threading
import time
from email.utils import formatdate
from urllib.parse import quote, quote_plus

from accounts import DEFAULTS, Accounts, Caller, Refused
from changes import Changes, NoSuchThing
from faults import DENYING, IDENTITY, INSTEAD, SENDING, Faults
from hooks import Hooks
from instance import Instance
from permissions import Permissions
from problems import Problem, anonymous, not_permitted, refused
from recorded import Recorded
from reports import Reports
from routes import Routes
from shapes import Shapes
from versions import Version

CACHED, CACHED_SIZE = 4000, 32768  # answers that are kept, and how large one may be
GZIP_FROM = 1024
REASONS = {200: "OK", 204: "No Content", 302: "Found", 307: "Temporary Redirect",
           400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found",
           405: "Method Not Allowed", 409: "Conflict", 415: "Unsupported Media Type",
           422: "Unprocessable Entity", 429: "Too Many Requests", 500: "Internal Server Error", 502: "Bad Gateway",
           503: "Service Unavailable", 504: "Gateway Timeout"}
METHODS = ("GET", "PUT", "POST", "DELETE")
JSON_TYPE = "application/json;charset=UTF-8"
LOGIN_PAGE = b"<!DOCTYPE html><html><head><title>Log in</title></head><body>Log in</body></html>"
DOWN_PAGE = b"<html><body><h1>The server is not available</h1></body></html>"


class Reply:
    __slots__ = ("status", "headers", "body", "sending", "account", "unnamed")

    def __init__(self, status, body=b"", kind=JSON_TYPE):
        self.status, self.body, self.sending = status, body, None
        self.account, self.unnamed = "-", False  # who X-AUSERNAME names
        self.headers = ["Content-Type: " + kind] if kind else []


class Bucket:
    """Tokens of one account (rest-api.md 4.3)."""

    def __init__(self, capacity, fill):
        self.capacity, self.fill, self.tokens = capacity, fill, capacity
        self.at, self.lock = time.monotonic(), threading.Lock()

    def take(self):
        """0, or the seconds to wait."""
        with self.lock:
            now = time.monotonic()
            self.tokens = min(self.capacity, self.tokens + (now - self.at) * self.fill)
            self.at = now
            if self.tokens >= 1:
                self.tokens -= 1
                return 0
            return max(1, math.ceil((1 - self.tokens) / self.fill)) if self.fill else 60


def encode(body):
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


class Service:
    def __init__(self, options):
        self.options, self.version = options, Version(options.server_version)
        self.recorded = Recorded(options.recording) if options.recording else None
        self.instance = self.routes = self.changes = self.reports = None
        if not self.recorded:
            self._make_instance()
        self.hooks = Hooks(self)
        if self.routes:
            self.routes.hooks = self.hooks
        given = Accounts.read(options.accounts) if options.accounts else DEFAULTS
        self.accounts = Accounts(given, self.instance)
        self.faults = Faults(options.fault, self.changes, self.routes)
        self.buckets, self.cache, self.cached_version = {}, {}, None
        self.lock = threading.RLock()
        self.log = os.open(options.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600) \
            if options.log else None
        self.count, self.date = 0, (0, "")

    def _make_instance(self):
        self.instance = Instance(self.options.seed, self.options.size)
        self.instance.places.future = self.version.has(10, 2)
        shapes = Shapes(self.instance, self.version)
        self.permissions = Permissions(self.instance)
        self.reports = Reports(self.instance, shapes)
        self.routes = Routes(self.instance, shapes, self.reports, self.permissions, self.options)
        self.changes = Changes(self.instance, self.permissions)

    # ------------------------------------------------------------ the way through

    def reply(self, method, target, headers, body):
        """headers: names in lower case. The target is as it was sent."""
        if self.options.delay:
            time.sleep(self.options.delay / 1000)
        context, rest = self.options.context, target
        if context and target.startswith(context + "/"):
            rest = target[len(context):]
        elif context:
            rest = ""
        if method == "POST" and rest.startswith("/-test/"):
            reply = self._change(rest[7:], body)
        elif method not in METHODS:
            reply = Reply(405, b"", "text/html")
        elif not rest.startswith("/rest/"):
            reply = Reply(404, DOWN_PAGE, "text/html;charset=UTF-8")
        else:
            reply = self._rest(method, rest, headers, body)
        self._finish(reply, headers)
        if self.log is not None:
            how = headers.get("authorization", "none").partition(" ")[0].lower()
            os.write(self.log, ("%s\t%s\t%d\t%s\t%s\n" % (
                method, target, reply.status, reply.account, how)).encode("utf-8", "replace"))
        return reply

    def _change(self, item, body):
        if item == "hooks":
            return self._hooks(body)
        if not self.changes:
            return Reply(404, encode({"message": "a recording cannot change"}))
        try:
            with self.lock:
                return Reply(200, encode(self.changes.apply(item, json.loads(body or b"{}"))))
        except (NoSuchThing, ValueError, TypeError) as error:
            return Reply(400, encode({"message": str(error)}))

    def _hooks(self, body):
        try:
            return Reply(200, encode(self.hooks.would_run(json.loads(body))))
        except (KeyError, ValueError, TypeError, Problem) as error:
            return Reply(400, encode({"message": str(error)}))

    def _rest(self, method, target, headers, body):
        faults = self.faults.of_request(target)
        for fault in faults:
            if fault.kind in INSTEAD:
                return self._instead(fault, target)
        try:
            caller, name = self._caller(headers, faults, target)
        except Problem as problem:
            return self._problem(problem)
        wait = self._throttled(caller)
        if wait:
            reply = self._too_many(wait)
        else:
            reply = self._answer(caller, (method, target, headers, body), faults)
        if name and not reply.unnamed:
            reply.account = name
        for fault in faults:
            if fault.kind in SENDING:
                reply.sending = fault
        return reply

    def _caller(self, headers, faults, target):
        kinds = {fault.kind: fault for fault in faults if fault.kind in IDENTITY}
        if "revoked" in kinds:
            raise refused("password")
        if "anonymous" in kinds:
            return Caller(None, False), None
        public = target.partition("?")[0].endswith("/application-properties")
        try:
            caller = self.accounts.caller(headers.get("authorization"))
        except Refused as why:
            raise refused(str(why)) from None
        if caller.account is None and not public and not self.options.anonymous:
            raise anonymous(self.version)
        name = caller.account.name if caller.account else None
        if "other-user" in kinds:
            name = kinds["other-user"].given.get("name", "somebody.else")
        return caller, name

    def _throttled(self, caller):
        account = caller.account
        if not self.options.rate or account is None or account.name in self.options.rate_exempt:
            return 0
        with self.lock:
            bucket = self.buckets.setdefault(account.name, None) or Bucket(*self.options.rate)
            self.buckets[account.name] = bucket
        return bucket.take()

    @staticmethod
    def _too_many(wait):
        reply = Reply(429, encode({"errors": [{
            "context": None, "message": "You are being rate limited", "exceptionName": None}]}))
        if wait is not None:
            reply.headers.append("Retry-After: %s" % wait)
        return reply

    # ------------------------------------------------------------ answers

    def _answer(self, caller, request, faults):
        method, target, headers, body = request
        try:
            for fault in faults:
                if fault.kind in DENYING:
                    problem = not_permitted()
                    problem.signed_in = fault.kind == "deny"
                    raise problem
            path, _, query = target.partition("?")
            made = self.hooks.answer(caller, method, path, query, headers, body)
            if made is not None or method != "GET":
                return self._written(made)
            status, body, packed = self._cached(caller, target)
        except Problem as problem:
            return self._problem(problem)
        reply = Reply(status, body, JSON_TYPE if body else None)
        if packed and "gzip" in headers.get("accept-encoding", ""):
            reply.body = packed
            reply.headers.append("Content-Encoding: gzip")
        reply.headers.append("Vary: accept-encoding")
        return reply

    @staticmethod
    def _written(answer):
        """What is not kept: it changes, or is changed."""
        if answer is None:
            return Reply(405, b"", "text/html")
        body = answer.body if isinstance(answer.body, bytes) else encode(answer.body)
        return Reply(answer.status, body, answer.kind)

    def _cached(self, caller, target):
        """(status, bytes, the same packed or None)"""
        version = (self.instance.version if self.instance else 0, self.hooks.version_of_state)
        if version != self.cached_version or len(self.cache) > CACHED:
            self.cache, self.cached_version = {}, version
        key = (caller.account and caller.account.name, caller.token, target)
        found = self.cache.get(key)
        call, path = None, target.partition("?")[0]
        if not found:
            status, body, call = self._make(caller, target)
            body = encode(body) if body is not None else b""
            packed = gzip.compress(body, 1, mtime=0) if len(body) >= GZIP_FROM else None
            found = (status, body, packed)
            if len(body) <= CACHED_SIZE and not self.faults.content:
                self.cache[key] = found
        if self.faults.content:
            with self.lock:
                self.faults.after_page(call, path, target)
        return found

    def _make(self, caller, target):
        path, _, query = target.partition("?")
        if not self.recorded:
            return self.routes.answer(caller, path, query)
        status, body, location = self.recorded.answer(path, query)
        if location:
            raise Problem(status, "moved", location=self.options.context + location)
        return status, body, None

    def _problem(self, problem):
        reply = Reply(problem.status, encode(problem.body))
        reply.unnamed = not problem.signed_in
        if problem.status == 401:
            reply.headers.append(
                'WWW-Authenticate: OAuth realm="%s"' % quote(self.options.url, safe=""))
        if problem.location:
            reply.headers.append("Location: " + self.options.url + problem.location)
        return reply

    def _instead(self, fault, target):
        given = fault.given
        if fault.kind == "429":
            retry = given.get("retry", "1")
            return self._too_many(None if retry == "none" else retry)
        if fault.kind == "5xx":
            reply = Reply(given.get("status", 503), DOWN_PAGE, "text/html")
            if "retry" in given:
                reply.headers.append("Retry-After: " + given["retry"])
            return reply
        if fault.kind == "login-page":
            return Reply(200, LOGIN_PAGE, "text/html;charset=UTF-8")
        if fault.kind == "redirect-host":
            reply = Reply(302, b"", None)
            reply.headers.append("Location: %s%s" % (
                given.get("to", "http://elsewhere.example.com"), target))
            return reply
        if fault.kind == "garbage":
            return Reply(200, b"\x00\x01{\"values\":[[[" + random.randbytes(40))
        reply = Reply(200)
        reply.sending = fault
        return reply

    # ------------------------------------------------------------ headers

    def _finish(self, reply, headers):
        self.count += 1
        if reply.account != "-":
            reply.headers.append("X-AUSERNAME: " + quote_plus(reply.account))
        reply.headers.append("X-AREQUESTID: @1REFGATEx600x%dx0" % self.count)
        reply.headers.append("Cache-Control: private, no-cache")
        reply.headers.append("Date: " + self._date())
        if headers.get("connection", "").lower() == "close":
            reply.headers.append("Connection: close")

    def _date(self):
        now = int(time.time())
        if self.date[0] != now:
            self.date = (now, formatdate(now + self.faults.clock, usegmt=True))
        return self.date[1]


def offline(seed, size, version="9.4", gaps=False):
    """Options of a service that nobody connects to."""
    return argparse.Namespace(
        seed=seed, size=size, server_version=version, gaps=gaps, recording=None, accounts=None,
        fault=[], log=None, context="", url="", anonymous=False, cap=None, rate=None,
        rate_exempt=[], delay=None, hook_scripts="on", addon="none", home=None)
