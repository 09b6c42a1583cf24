"""What goes wrong on purpose: --fault KIND[:name=value,…], as often as wanted.

When (each fault counts the requests that its path matches):
    every=N      each N-th one              after=N   all after the first N
    at=N         the N-th only              count=N   N times at most
    path=REGEX   only where the path and query match (no commas)
Without any of these: always.

Instead of an answer
    429            retry=SECONDS (1), retry=none leaves Retry-After out
    5xx            status=CODE (503), retry=SECONDS
    login-page     200 and HTML          garbage        200, not JSON
    redirect-host  302 to another host: to=URL
    hang           no answer at all, the connection stays open
While it is sent
    reset          RST in the middle     cut            the connection ends in the middle
    truncate       a whole answer with half a body      slow   ms=N for the whole body
    lost           what was asked for is done, but the connection ends without an answer
Who is signed in
    revoked        401 without X-AUSERNAME: the credential is no good any more
    anonymous      what an anonymous caller would get
    other-user     name=NAME: X-AUSERNAME names another user
    deny:REGEX     not permitted where the path matches; deny-unnamed:REGEX without X-AUSERNAME
    clock:SECONDS  the server's clock is ahead by so much (or behind)
What is in it (once, after the list of repositories was read; repo=KEY/SLUG, default PRJ/app)
    moved          to=KEY[/SLUG] (OPS): the old place answers 307
    renamed        its project gets another key: to=KEY (MOVED)
    deleted        created (KEY/appeared)
    takeover       moved, and another one has its old name
    shift          after the first page of a list an item of that page is gone: of the list of
                   repositories, or where path=REGEX matches; insert=1: one is put in front instead
"""

import re
import threading

INSTEAD = {"429", "5xx", "login-page", "garbage", "redirect-host", "hang"}
SENDING = {"reset", "cut", "truncate", "slow", "lost"}
IDENTITY = {"revoked", "anonymous", "other-user"}
DENYING = {"deny", "deny-unnamed"}
CONTENT = {"moved", "renamed", "deleted", "created", "takeover", "shift"}
PLAIN = DENYING | {"clock"}  # the argument is the rest of the text
KINDS = INSTEAD | SENDING | IDENTITY | CONTENT | PLAIN
NUMBERS = {"every", "at", "after", "count", "ms", "status"}


class Fault:
    def __init__(self, text):
        self.kind, _, rest = text.partition(":")
        if self.kind not in KINDS:
            raise ValueError("no such fault: " + self.kind)
        self.given = {"arg": rest} if self.kind in PLAIN else dict(
            part.partition("=")[::2] for part in rest.split(",") if part)
        for name in NUMBERS & set(self.given):
            self.given[name] = int(self.given[name])
        self.path = re.compile(self.given["arg" if self.kind in DENYING else "path"]) \
            if self.kind in DENYING or "path" in self.given else None
        self.seen = self.hits = 0
        self.lock = threading.Lock()

    def due(self, target):
        if self.path and not self.path.search(target):
            return False
        with self.lock:
            self.seen += 1
            given = self.given
            due = (self.seen == given["at"] if "at" in given else
                   self.seen % given["every"] == 0 if "every" in given else
                   self.seen > given.get("after", 0))
            if not due or self.hits >= given.get("count", 1 << 60):
                return False
            self.hits += 1
            return True


class Faults:
    def __init__(self, texts, changes, routes):
        self.all = [Fault(text) for text in texts]
        self.changes, self.routes = changes, routes
        self.content = [fault for fault in self.all if fault.kind in CONTENT]
        self.others = [fault for fault in self.all if fault.kind not in CONTENT | {"clock"}]
        self.clock = sum(int(fault.given["arg"]) for fault in self.all if fault.kind == "clock")
        if self.content and not changes:
            raise ValueError("a recording cannot change: " + self.content[0].kind)

    def of_request(self, target):
        """Those that this request meets."""
        return [fault for fault in self.others if fault.due(target)] if self.others else ()

    def after_page(self, call, path, target):
        """A page of a list was made: is it time for something to change?"""
        for fault in self.content:
            if call is None or call.page is None or fault.hits:
                continue
            start, last = call.page
            whole = call.route == ("api", "", "repos")
            if fault.kind == "shift":
                wanted = fault.path.search(target) if fault.path else whole
                if wanted and start == 0 and not last and self._once(fault):
                    self._shift(fault, path, whole)
            elif whole and last and self._once(fault):
                self._change(fault)

    @staticmethod
    def _once(fault):
        with fault.lock:
            fault.hits += 1
            return fault.hits == 1

    def _shift(self, fault, path, whole):
        if not whole:
            self.routes.shortened.add(path)
            self.changes.instance.version += 1
        elif "insert" in fault.given:
            self.changes.apply("create", {"place": "PRJ/inserted", "first": True})
        else:
            self.changes.apply("delete", {"place": fault.given.get("repo", "PRJ/app")})

    def _change(self, fault):
        place = fault.given.get("repo", "PRJ/app")
        key = place.partition("/")[0]
        if fault.kind == "deleted":
            self.changes.apply("delete", {"place": place})
        elif fault.kind == "created":
            self.changes.apply("create", {"place": fault.given.get("repo", "PRJ/appeared")})
        elif fault.kind == "renamed":
            self.changes.apply("rename", {"place": key, "to": fault.given.get("to", "MOVED")})
        else:
            self.changes.apply("move", {"place": place, "to": fault.given.get("to", "OPS")})
            if fault.kind == "takeover":
                self.changes.apply("create", {"place": place})
