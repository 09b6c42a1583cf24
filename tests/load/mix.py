"""Kinds of pushes, and what must come of each: a Mix makes any number of them from a seed.

What may come of a push can depend on what was in force while it ran: the policy (`flip` is closed by
the second one), the snapshot (`swap` is closed by the second one), the kill switch (accepts all).
"""

import os
import random
from collections import namedtuple

from place import ZERO, git, write

# `lines`: of stdin, already whole. `expect`: state -> exit codes. `records`: how many lines of the log.
Push = namedtuple("Push", "id kind login stdin items kill_us")
State = namedtuple("State", "policy snapshot disabled")

# kind: (weight, records that it leaves when it ends normally)
KINDS = {
    "accept": 20, "reject": 15, "note": 10, "key": 5, "token": 4, "foreign-token": 3,
    "own-work": 6, "others-work": 6, "rewrite": 5, "update": 5, "malformed": 5, "dry-accept": 3,
    "dry-reject": 3, "flip": 10, "swap": 10, "guarded": 8, "pair": 4, "killed": 4,
}
APPROVED = ("guarded", "pair")
UNRECORDED = ("dry-accept",)

CLOSED = """
[rule "flip"]
action = reject
refs = flip/**
"""


def expected(kind, state):
    """The exit codes that are right under one state."""
    if state.disabled:
        return {0}
    if kind in ("reject", "others-work", "foreign-token", "rewrite", "dry-reject"):
        return {1}
    if kind == "malformed":
        return {2}
    if kind in APPROVED:
        return {0, 1}
    if kind == "flip":
        return {1 if state.policy else 0}
    if kind == "swap":
        return {1 if state.snapshot else 0}
    return {0}


def verdicts(kind, code):
    """The verdicts that a record with this exit code may have."""
    if kind in APPROVED and code:
        return {"require-approval"}
    if code:
        return {"reject"}
    return {"annotate"} if kind == "note" else {"accept", "note"}


class Mix:
    def __init__(self, place, seed, prefix, kinds=None):
        self.place = place
        self.random = random.Random(seed)
        weights = {kind: KINDS[kind] for kind in kinds or KINDS}
        self.kinds, self.weights = list(weights), list(weights.values())
        self.prefix = prefix
        self.count = 0
        self._objects()

    def _commit(self, quarantine, parent, email, message):
        storage = self.place.storage()
        objects = f"{storage}/objects/{quarantine}"
        os.makedirs(objects, exist_ok=True)
        return git(storage, "commit-tree", "-m", message, *(["-p", parent] if parent else []),
                   self.tree, GIT_OBJECT_DIRECTORY=objects,
                   GIT_ALTERNATE_OBJECT_DIRECTORIES=f"{storage}/objects",
                   GIT_COMMITTER_EMAIL=email, GIT_AUTHOR_EMAIL=email)

    def _objects(self):
        """A line of history in the repository; commits of two people in quarantines."""
        self.tree = git(self.place.storage(), "mktree")
        write(f"{self.place.home}/elsewhere/empty", "")
        jdoe, rroe = (self.place.identities[name].email for name in ("jdoe", "rroe"))
        self.base = self._commit("", None, jdoe, "base")
        self.tip = self._commit("", self.base, jdoe, "tip")
        self.aside = self._commit("", self.base, jdoe, "aside")
        self.own = self._commit("tmp_objdir-incoming-own", self.tip, jdoe, "own")
        self.foreign = self._commit("tmp_objdir-incoming-foreign", self.tip, rroe, "foreign")

    def next(self, kind=None):
        kind = kind or self.random.choices(self.kinds, self.weights)[0]
        self.count += 1
        return self.make(kind, f"{self.prefix}{kind}-{self.count}")

    def make(self, kind, run_id, kill_us=None):
        if kind == "killed":
            like = self.random.choice(("accept", "reject", "own-work", "guarded", "pair"))
            return self.make(like, run_id, self.random.randrange(6000))._replace(kind=kind)
        create = {  # ref, who
            "accept": ("topic", "jdoe"), "reject": ("archive", "jdoe"), "note": ("noted", "rroe"),
            "key": ("ci", "ci-deploy"), "token": ("ci", "token"),
            "foreign-token": ("ci", "foreign-token"), "flip": ("flip", "jdoe"),
            "swap": ("swap", "jdoe"), "guarded": ("guarded", "jdoe"), "pair": ("guarded", "jdoe"),
        }
        own, login, old, new, ref = "own", "jdoe", ZERO, self.own, f"refs/heads/mine/{run_id}"
        items = []
        if kind in create:
            directory, login = create[kind]
            ref = f"refs/heads/{directory}/{run_id}"
        elif kind == "others-work":
            own, new = "foreign", self.foreign
        elif kind in ("rewrite", "update"):
            old, new = self.tip, self.aside if kind == "rewrite" else self.own
            ref = f"refs/heads/release/{run_id}"
        stdin = f"{old} {new} {ref}\n"
        if kind == "pair":
            stdin += f"{old} {new} refs/heads/sealed/{run_id}\n"
        elif kind == "malformed":
            stdin = self.random.choice((stdin[:-1], stdin[1:], stdin.replace(" ", "\t"), "\n",
                                        f"{ZERO} {ZERO} {ref}\n", stdin + stdin, ""))
            login = f"stranger/{run_id}"
        elif kind.startswith("dry-"):
            stdin = ""
            into = "archive" if kind == "dry-reject" else "topic"
            items = ["BB_IS_DRY_RUN=true", "BB_HOOK_TRIGGER_ID=pull-request-merge",
                     "BB_MERGE_HASH=", "BB_PULL_REQUEST_ID=1", f"BB_FROM_HASH={self.own}",
                     "BB_FROM_REF=topic", f"BB_TO_REF={into}/{run_id}", f"BB_TO_HASH={self.tip}"]
        items += self.place.pusher(login) if login in self.place.identities else \
            [f"BB_USER_NAME={login}", "BB_USER_PERMISSION=REPO_WRITE"]
        items += self.place.quarantine(f"tmp_objdir-incoming-{own}")
        return Push(run_id, kind, login, stdin, items, kill_us)
