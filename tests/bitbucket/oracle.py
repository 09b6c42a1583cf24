"""What refgate must say of a push, from the instance itself (semantics.md 2 - 4).

Not refgate's way of thinking: where something cannot be told, all worlds that are possible are gone
through, and the verdict is what it is in all of them.
"""

from itertools import product

from instance import lower
from patterns import matcher_matches
from permissions import WRITE

# semantics.md 4.1: what a type blocks in a push; a merge is blocked by read-only alone.
BLOCKS = {"read-only": {"create", "update", "rewrite", "delete"},
          "pull-request-only": {"create", "update", "rewrite", "delete"},
          "fast-forward-only": {"rewrite"}, "no-deletes": {"delete"}, "no-creates": {"create"}}
WEB_REFS = {"branch-create", "branch-delete", "tag-create", "tag-delete"}
MERGES = {"pull-request-merge"}
ACCEPT, ANNOTATE, REJECT = "accept", "annotate", "reject"
STRENGTH = [ACCEPT, ANNOTATE, REJECT]
STATED = {"REPO_READ": 1, "PROJECT_READ": 1, "REPO_WRITE": 2, "PROJECT_WRITE": 2, "REPO_CREATE": 2,
          "REPO_ADMIN": 3, "PROJECT_ADMIN": 3, "ADMIN": 3, "SYS_ADMIN": 3}


def strongest(verdicts):
    return max(verdicts, key=STRENGTH.index, default=ACCEPT)


class Pusher:
    """An ordinary user, an access key by its label, or somebody nobody knows."""

    def __init__(self, name, user=None, label=None, email=None):
        self.name, self.user, self.label, self.email = name, user, label, email

    @property
    def is_key(self):
        return self.label is not None

    @property
    def may_pose(self):
        """A service user has no address; a key by label that has one may be somebody else."""
        return self.is_key and self.email not in (None, "", "null")


class Oracle:
    def __init__(self, service):
        self.instance, self.version = service.instance, service.version
        self.permissions, self.places = service.permissions, service.instance.places

    # ------------------------------------------------------------ what the snapshot knows

    def restrictions(self, repository):
        project = self.instance.project(repository.project)
        found = (self.places.of_repository(repository).restrictions +
                 self.places.of_project(project).restrictions)
        return [r for r in found if r.type != "no-creates" or self.version.no_creates]

    def model(self, repository):
        own = self.places.of_repository(repository).model
        if own is not None or not self.version.has(7):
            return own
        return self.places.of_project(self.instance.project(repository.project)).model

    def default_branch(self, repository):
        if self.version.has(7, 5):
            known = repository.default_status != 204
        else:
            known = not repository.empty and repository.default_status == 200
        return repository.default_branch if known else None

    # ------------------------------------------------------------ permission

    def keys_with_label(self, repository, label):
        """Those that may write here."""
        return [key for key in self.permissions.keys_of(repository)
                if self.places.key(key).label == label and
                self.permissions.of_key(key, repository) >= WRITE]

    def permission(self, pusher, repository):
        """NONE … ADMIN; None: cannot be told."""
        if pusher.user is not None:
            return self.permissions.of_repository(pusher.user, repository)
        if pusher.is_key:
            keys = self.keys_with_label(repository, pusher.label)
            return min((self.permissions.of_key(key, repository) for key in keys), default=None)
        return None

    def may_write(self, pusher, repository, stated):
        """What Bitbucket states is newer than the snapshot."""
        level = STATED.get(stated)
        if level is None:
            level = self.permission(pusher, repository)
        return None if level is None else level >= WRITE

    # ------------------------------------------------------------ exemptions

    def exempt(self, pusher, restriction, key):
        """`key`: which access key it is in this world; "?" is one that nobody knows. A list of
        unknown questions may come back instead of True or False."""
        names = {lower(self.instance.user(user).name) for user in restriction.users}
        if pusher.user is not None:
            if pusher.user in restriction.users:
                return True
            groups = self.permissions.groups_of(pusher.user)
            return any(lower(group) in groups for group in restriction.groups)
        if lower(pusher.name) in names:
            return True
        if pusher.is_key:
            if not restriction.keys or (key != "?" and key not in restriction.keys):
                return False
            if key == "?":
                return [("key", restriction.id)]
            return [("poses",)] if pusher.may_pose else True
        groups = [g for g in restriction.groups if self.instance.find_group(g) is not None]
        return [("group", lower(group)) for group in groups] or False

    # ------------------------------------------------------------ one change

    def change(self, pusher, repository, ref, kind, trigger):
        """(verdict, {type: lowest id of those that block} or None where no single one is sure)."""
        if not ref.startswith(("refs/heads/", "refs/tags/")):
            return ACCEPT, {}
        if ref.startswith("refs/tags/") and kind in ("update", "unknown"):
            kind = "rewrite"  # a tag that moves
        keys = ["none"]
        if pusher.is_key:
            keys = self.keys_with_label(repository, pusher.label) or ["?"]
        judged = [self._change(pusher, repository, ref, kind, trigger, key) for key in keys]
        verdict = strongest(v for v, _ in judged)
        named = {}
        for _, blocked in judged:
            if verdict == REJECT and blocked is None:
                return verdict, None
            named.update({t: min(i, named.get(t, i)) for t, i in (blocked or {}).items()})
        return verdict, named

    def _change(self, pusher, repository, ref, kind, trigger, key):
        groups = {}
        default = self.default_branch(repository)
        model = self.model(repository)
        for restriction in self.restrictions(repository):
            matches = matcher_matches(restriction, ref, model, default)
            if matches is not False:
                groups.setdefault(restriction.type, []).append(
                    (restriction, matches, self.exempt(pusher, restriction, key)))
        questions = self._questions(groups, kind)
        worlds = [dict(zip(questions, values))
                  for values in product([False, True], repeat=len(questions))]
        blocked = [self._blocked(groups, kind, trigger, world) for world in worlds]
        if not any(blocked):
            return ACCEPT, {}
        if not all(blocked):
            return ANNOTATE, {}
        # Named by refgate: of each type that blocks in every world, the lowest that surely matches.
        sure = set.intersection(*blocked)
        if not sure or questions:
            return REJECT, None
        return REJECT, {t: min(r.id for r, m, _ in groups[t] if m) for t in sure}

    @staticmethod
    def _questions(groups, kind):
        """All that is not known, each with two answers."""
        questions = {("rewrite",)} if kind == "unknown" else set()
        for name, members in groups.items():
            if name not in BLOCKS:
                questions.add(("type", name))
            for restriction, matches, exempt in members:
                if matches is None:
                    asks_default = restriction.matcher in ("DEFAULT_BRANCH", "MODEL_BRANCH")
                    questions.add(("default",) if asks_default else ("match", restriction.id))
                if isinstance(exempt, list):
                    questions.update(exempt)
        return sorted(questions)

    @staticmethod
    def _blocked(groups, kind, trigger, world):
        """The types that block in this world."""
        if kind == "unknown":
            kind = "rewrite" if world[("rewrite",)] else "update"
        blocked = set()
        for name, members in groups.items():
            matching = []
            for restriction, matches, exempt in members:
                if matches is None:
                    matches = world.get(("match", restriction.id), world.get(("default",)))
                if isinstance(exempt, list):
                    exempt = any(world[question] for question in exempt)
                if matches:
                    matching.append(exempt)
            if not matching or any(matching):
                continue
            if name not in BLOCKS:
                if world[("type", name)]:
                    blocked.add(name)
            elif trigger in MERGES:
                if name == "read-only":
                    blocked.add(name)
            elif kind in BLOCKS[name] and not (name == "pull-request-only" and trigger in WEB_REFS):
                blocked.add(name)
        return blocked

    # ------------------------------------------------------------ a push

    def judge(self, pusher, repository, changes, trigger, stated):
        """{verdict, exit, changes: [{verdict, restrictions}]}"""
        may = self.may_write(pusher, repository, stated)
        archived = repository.archived and self.version.archived
        judged = [self.change(pusher, repository, ref, kind, trigger) for ref, kind in changes]
        definite = may is False or archived or any(v == REJECT for v, _ in judged)
        verdict = REJECT if definite or may is None else strongest(v for v, _ in judged)
        return {"verdict": verdict, "exit": 1 if definite else 2 if verdict == REJECT else 0,
                "changes": [{"verdict": v, "restrictions": named} for v, named in judged]}
