"""What a project or a repository holds: grants, restrictions, access keys, a branching model.

Derived when it is asked for, and kept in the place's `content` (which changes.py edits).
"""

import threading

import cases
from dice import Dice

CONTENT, KEY = 11, 12
GRANT_PROJECT, GRANT_REPOSITORY = 1, 2

PROJECT_LEVELS = ["PROJECT_READ", "PROJECT_WRITE", "PROJECT_WRITE", "REPO_CREATE", "PROJECT_ADMIN"]
REPOSITORY_LEVELS = ["REPO_READ", "REPO_WRITE", "REPO_WRITE", "REPO_ADMIN"]

TYPES = ["read-only", "pull-request-only", "fast-forward-only", "no-deletes", "no-creates"]
BRANCHES = ["refs/heads/main", "refs/heads/master", "refs/heads/develop", "refs/heads/release/1.0",
            "main", "refs/heads/grün", "refs/heads/Main"]
PATTERNS = ["*", "**", "main", "release/*", "release/**", "release/", "heads/**/master", "tags/",
            "feature/*", "v?.?", "*.*", "refs/heads/*", "refs/tags/**", "/develop", "stable**",
            "hot*/**/x", "gr?n", "*-rc?", "PROJECT-*", "**/1.0", "[abc]", "release/1.*/**",
            "a**b", "refs/**", "heads/", "?"]
CATEGORIES = ["BUGFIX", "FEATURE", "HOTFIX", "RELEASE"]
MATCHER_NAMES = {"BRANCH": "Branch", "PATTERN": "Pattern", "ANY_REF": "Any branch",
                 "MODEL_CATEGORY": "Branching model category",
                 "MODEL_BRANCH": "Branching model branch", "DEFAULT_BRANCH": "Default branch",
                 "COMMIT_AUTHOR": "Author of the commit"}

LABELS = ["deploy", "ci", "Jenkins (prod)", "mirror", "backup", "Grüner Schlüssel", "a/b & c%",
          "deploy", "release-bot"]
ALGORITHMS = [("RSA", 2048, "ssh-rsa"), ("RSA", 4096, "ssh-rsa"), ("ED25519", 256, "ssh-ed25519"),
              ("ECDSA", 256, "ecdsa-sha2-nistp256"), ("RSA", 1024, "ssh-rsa"),
              ("DSA", 1024, "ssh-dss")]

NOW = 1790000000000  # dates lie before this
DAY = 86400000


class Content:
    """The grants are [(user, level)], [(group name, level)], [(access key, level)]."""

    __slots__ = ("users", "groups", "keys", "restrictions", "model", "service")

    def __init__(self):
        self.users, self.groups, self.keys, self.restrictions = [], [], [], []
        self.model, self.service = None, False


class Restriction:
    __slots__ = ("id", "scope", "place", "type", "matcher", "matcher_id", "active", "users",
                 "groups", "keys")

    def __init__(self, number, scope, place, kind, matcher, matcher_id):
        self.id, self.scope, self.place, self.type = number, scope, place, kind
        self.matcher, self.matcher_id, self.active = matcher, matcher_id, True
        self.users, self.groups, self.keys = [], [], []


class Model:
    """Branches are None, ("default",) or ("ref", name); categories are [(id, enabled, prefix)]."""

    __slots__ = ("development", "production", "categories")

    def __init__(self, development, production, categories):
        self.development, self.production, self.categories = development, production, categories


class Key:
    __slots__ = ("id", "label", "algorithm", "bits", "text", "created", "used", "days")


def restriction_base(scope, place):
    return (10 if scope == GRANT_PROJECT else 10000000) + place.index * 64


class Places:
    def __init__(self, instance):
        self.instance, self.future = instance, False
        self.lock = threading.RLock()

    # ------------------------------------------------------------ access keys

    def key(self, index):
        dice = Dice(self.instance.seed, KEY, index)
        key = Key()
        key.id = 150 + index
        key.label = dice.pick(LABELS)
        if dice.chance(60):
            key.label += " %d" % index
        key.algorithm, key.bits, prefix = dice.pick(ALGORITHMS)
        key.text = "%s AAAA%016x%016x %s" % (prefix, dice.below(1 << 64), dice.below(1 << 64),
                                             key.label)
        key.created = NOW - dice.below(1500) * DAY
        key.used = key.created + dice.below(90) * DAY if dice.chance(70) else None
        key.days = 30 + dice.below(400) if dice.chance(30) else None
        if dice.chance(10) or index == cases.UNDATED_KEY:  # made before the server knew dates
            key.created = key.used = key.days = None
        return key

    # ------------------------------------------------------------ a place

    # Filled before anybody else sees it: several requests ask for one place at once.
    def of_project(self, project):
        with self.lock:
            if project.content is None:
                made = Content()
                if project.owner is None:
                    dice = Dice(self.instance.seed, CONTENT, GRANT_PROJECT, project.index)
                    self._fill(made, dice, GRANT_PROJECT, project)
                if project.index == cases.FULL_PROJECT:
                    self._fill_all(made, GRANT_PROJECT, project)
                    made.model = Model(None, ("default",), list(cases.CATEGORIES))
                project.content = made
            return project.content

    def of_repository(self, repository):
        with self.lock:
            if repository.content is None:
                made = Content()
                dice = Dice(self.instance.seed, CONTENT, GRANT_REPOSITORY, repository.index)
                self._fill(made, dice, GRANT_REPOSITORY, repository)
                if repository.index == cases.FULL_REPOSITORY:
                    self._fill_all(made, GRANT_REPOSITORY, repository)
                    made.model = Model(("ref", "refs/heads/develop"), None, list(cases.CATEGORIES))
                repository.content = made
            return repository.content

    def _fill(self, content, dice, scope, place):
        instance = self.instance
        levels = PROJECT_LEVELS if scope == GRANT_PROJECT else REPOSITORY_LEVELS
        for user in dice.sample(instance.user_count, dice.around(instance.grant_mean * 0.7)):
            content.users.append((user, dice.pick(levels)))
        for group in dice.sample(instance.group_count, dice.around(instance.grant_mean * 0.3)):
            content.groups.append((instance.group_name(group), dice.pick(levels)))
        self._fill_keys(content, dice, scope, place)
        if dice.chance(60 if scope == GRANT_PROJECT else 40):
            content.model = self._model(dice)
        content.service = dice.chance(10)
        self._fill_restrictions(content, dice, scope, place)

    def _fill_all(self, content, scope, place):
        """What there must be somewhere, whatever the seed (cases.py)."""
        content.service = True
        level = "PROJECT_WRITE" if scope == GRANT_PROJECT else "REPO_READ"
        content.keys = [k for k in content.keys if k[0] != cases.UNDATED_KEY]
        content.keys.append((cases.UNDATED_KEY, level))
        names = {(kind, matcher, matcher_id) for kind, matcher, matcher_id, *_ in cases.RESTRICTIONS}
        content.restrictions = [r for r in content.restrictions
                                if (r.type, r.matcher, r.matcher_id) not in names]
        for number, case in enumerate(cases.RESTRICTIONS):
            kind, matcher, matcher_id, active, users, groups, key = case
            made = Restriction(restriction_base(scope, place) + 40 + number, scope, place.id, kind,
                               matcher, matcher_id)
            made.active, made.groups = active, list(groups)
            made.users = [self.instance.find_user(name).index for name in users]
            made.keys = [cases.UNDATED_KEY] if key else []
            content.restrictions.append(made)

    def _fill_keys(self, content, dice, scope, place):
        count, keys = self.instance.key_count, []
        if scope == GRANT_REPOSITORY and place.index < count and dice.chance(85):
            keys.append(place.index)
        if dice.chance(25):  # shared with other places
            keys.append(dice.below(count))
        if scope == GRANT_REPOSITORY and dice.chance(20):
            keys.append(dice.below(count))
        level = "PROJECT_" if scope == GRANT_PROJECT else "REPO_"
        content.keys = [(key, level + ("WRITE" if dice.chance(60) else "READ"))
                        for key in dict.fromkeys(keys)]

    def _model(self, dice):
        def branch():
            return dice.pick([None, ("default",), ("ref", "refs/heads/develop"),
                              ("ref", "refs/heads/master"), ("ref", "refs/heads/main")])
        prefixes = {"RELEASE": ["release/", "release/", "rel-"], "HOTFIX": ["hotfix/"],
                    "FEATURE": ["feature/", "feature/", ""], "BUGFIX": ["bugfix/"]}
        return Model(branch(), branch(),
                     [(c, not dice.chance(25), dice.pick(prefixes[c])) for c in CATEGORIES])

    def _fill_restrictions(self, content, dice, scope, place):
        base = restriction_base(scope, place)
        seen = set()
        for number in range(min(40, dice.around(self.instance.restriction_mean))):
            matcher, matcher_id = self._matcher(dice)
            kind = dice.pick(TYPES)
            if self.future and dice.chance(6):
                kind = "no-merges"  # a type that no server has today
            key = (kind, matcher, matcher_id)
            exempt = Dice(dice.below(1 << 62))
            if key in seen:  # the same type and matcher: Bitbucket replaces (rest-api.md 1.5)
                continue
            seen.add(key)
            made = Restriction(base + number, scope, place.id, kind, matcher, matcher_id)
            self._exempt(made, exempt, content)
            content.restrictions.append(made)

    def _matcher(self, dice):
        roll = dice.below(100)
        if self.future and roll < 8:
            return dice.pick([("DEFAULT_BRANCH", "#"), ("COMMIT_AUTHOR", "jdoe"),
                              ("PATTERN", "a//b"), ("PATTERN", "/"), ("PATTERN", "")])
        if roll < 25:
            return "BRANCH", dice.pick(BRANCHES)
        if roll < 70:
            return "PATTERN", dice.pick(PATTERNS)
        if roll < 82:
            category = dice.pick(CATEGORIES)
            return "MODEL_CATEGORY", category.lower() if dice.chance(30) else category
        if roll < 95:
            return "MODEL_BRANCH", dice.pick(["development", "production"])
        return "ANY_REF", "ANY_REF_MATCHER_ID"

    def _exempt(self, restriction, dice, content):
        instance = self.instance
        restriction.active = not dice.chance(5)
        if dice.chance(35):
            restriction.users = dice.sample(instance.user_count, 1 + dice.below(3))
        if dice.chance(35):
            restriction.groups = [instance.group_name(g)
                                  for g in dice.sample(instance.group_count, 1 + dice.below(2))]
            if dice.chance(10):
                restriction.groups.append(cases.DELETED_GROUP)
        if content.keys and dice.chance(25):
            restriction.keys = [dice.pick(content.keys)[0]]
        elif dice.chance(5):
            restriction.keys = [dice.below(instance.key_count)]
