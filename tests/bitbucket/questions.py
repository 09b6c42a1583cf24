"""Pushes to ask refgate about: every kind of pusher, refs that hit and refs that just miss."""

from dice import Dice
from oracle import MERGES, Pusher
from patterns import full

QUESTION = 31
REFS = ["refs/heads/main", "refs/heads/master", "refs/heads/develop", "refs/heads/release/1.0",
        "refs/heads/release/1.0/rc", "refs/heads/release", "refs/heads/x/release/1.0",
        "refs/heads/feature/x", "refs/heads/feature/x/y", "refs/heads/bugfix/9",
        "refs/heads/hotfix/1",
        "refs/heads/rel-2", "refs/heads/stable/master", "refs/heads/stable1", "refs/heads/grün",
        "refs/heads/grän", "refs/heads/Main", "refs/heads/PROJECT-7", "refs/heads/tags/t",
        "refs/heads/a", "refs/tags/v1.0", "refs/tags/v10", "refs/tags/1.0-rc1", "refs/tags/main",
        "refs/tags/release/1.0", "refs/heads/hotter/x", "refs/heads/acb",
        "refs/heads/refs/heads/main", "refs/notes/commits", "refs/heads/\U0001d4d0"]
KINDS = ["create", "update", "update", "rewrite", "delete", "unknown"]
KEY_NAMES = "00112233445566778899aabbccddeeff"


class Questions:
    def __init__(self, oracle, seed):
        self.oracle, self.instance, self.seed = oracle, oracle.instance, seed

    def make(self, number):
        """(line for `refgate check --batch`, what must come of it)"""
        dice = Dice(self.seed, QUESTION, number)
        indices = self.instance.all_repositories()
        repository = self.instance.repository(indices[dice.below(len(indices))])
        project = self.instance.project(repository.project)
        pusher = self._pusher(dice, repository)
        kind = dice.pick(KINDS)
        trigger = self._trigger(dice, pusher, kind)
        changes = [(self._ref(dice, repository, kind, trigger), kind)]
        while trigger == "push" and dice.chance(30):
            kind = dice.pick(KINDS)
            changes.append((self._ref(dice, repository, kind, trigger), kind))
        changes = list(dict(changes).items())  # a ref once
        stated = dice.pick(["REPO_READ", "REPO_WRITE", "REPO_ADMIN", "LICENSED_USER"]) \
            if dice.chance(15) else None
        case = {"repo": "%s/%s" % (project.key.lower() if dice.chance(10) else project.key,
                                   repository.slug),
                "user": pusher.name, "trigger": trigger,
                "changes": [{"ref": ref, "kind": kind} for ref, kind in changes]}
        if pusher.is_key:
            case["display-name"] = "Access Key User - " + pusher.label
        if pusher.email is not None:
            case["email"] = pusher.email
        if stated:
            case["permission"] = stated
        return case, self.oracle.judge(pusher, repository, changes, trigger, stated)

    def _pusher(self, dice, repository):
        roll = dice.below(100)
        if roll < 6:
            return Pusher("nobody.such")
        if roll < 30:
            keys = self.oracle.permissions.keys_of(repository)
            label = self.oracle.places.key(dice.pick(keys)).label if keys else "unknown label"
            start = dice.below(16)
            return Pusher(KEY_NAMES[start:start + 16], None, label,
                          dice.pick([None, "", "null", None, "poser@example.com"]))
        index = self._some_user(dice, repository)
        name = self.instance.user(index).name
        if dice.chance(10):  # names compare without ASCII case
            name = "".join(c.upper() if c.isascii() else c for c in name)
        return Pusher(name, index)

    def _some_user(self, dice, repository):
        """Mostly somebody who has to do with the place: others may not write anyway."""
        oracle = self.oracle
        project = self.instance.project(repository.project)
        near = {user for r in oracle.restrictions(repository) for user in r.users}
        if dice.chance(60):
            near |= oracle.permissions.holders("REPO_WRITE", project, repository)
        near = sorted(near)
        return dice.pick(near) if near and dice.chance(85) else dice.below(self.instance.user_count)

    @staticmethod
    def _trigger(dice, pusher, kind):
        if pusher.is_key or not dice.chance(12):
            return "push"
        if kind == "create":
            return dice.pick(["branch-create", "tag-create"])
        if kind == "delete":
            return dice.pick(["branch-delete", "tag-delete"])
        return dice.pick(["pull-request-merge", "file-edit"]) if kind == "update" else "push"

    def _ref(self, dice, repository, kind, trigger):
        ref = dice.pick(REFS)
        restrictions = self.oracle.restrictions(repository)
        if restrictions and dice.chance(45):
            ref = self._hit(dice, dice.pick(restrictions), repository) or ref
        if trigger.startswith("tag-") and not ref.startswith("refs/tags/"):
            ref = "refs/tags/v1.0"
        if (trigger in MERGES or trigger in ("file-edit", "branch-create", "branch-delete")) and \
                not ref.startswith("refs/heads/"):
            ref = "refs/heads/main"
        return ref

    def _hit(self, dice, restriction, repository):
        """A ref that the restriction could be about."""
        kind, matcher_id = restriction.matcher, restriction.matcher_id
        model = self.oracle.model(repository)
        if kind == "BRANCH":
            return full(matcher_id)
        if kind == "MODEL_CATEGORY" and model:
            prefixes = {name: prefix for name, _, prefix in model.categories}
            return "refs/heads/%sx" % prefixes[matcher_id.upper()]
        if kind in ("MODEL_BRANCH", "DEFAULT_BRANCH"):
            branch = getattr(model, matcher_id, None) if model else None
            return branch[1] if branch and branch[0] == "ref" else repository.default_branch
        if kind == "PATTERN" and "//" not in matcher_id and matcher_id not in ("", "/"):
            text = matcher_id.strip("/") + ("/deep/er" if matcher_id.endswith("/") else "")
            text = text.replace("**", dice.pick(["x", "x/y"])).replace("*", dice.pick(["a", "ab"]))
            text = text.replace("?", dice.pick(["1", "ü"])).replace("[", "(")
            return text if text.startswith("refs/") and text.count("/") > 1 else \
                dice.pick(["refs/heads/", "refs/tags/"]) + text
        return None
