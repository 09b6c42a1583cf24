"""An instance of Bitbucket made from a seed: who there is, and which places.

What a place holds (grants, restrictions, keys, models) is in places.py. Only what must be known as
a whole is computed at the start: who is in which group, which repository is in which project.
"""

import re
from array import array

import cases
from dice import Dice
from places import Places

USER, GROUP, MEMBER, PROJECT, REPOSITORY, SPREAD = range(1, 7)

# users, groups, projects, repositories, access keys, then means of one place: grants, restrictions
SIZES = {
    "tiny": (24, 12, 13, 26, 14, 2.5, 4),
    "small": (300, 60, 80, 600, 400, 4, 3),
    "medium": (3000, 400, 400, 5000, 4000, 6, 5),
    "large": (10000, 2000, 6000, 21000, 15000, 8, 8),
    "xlarge": (25000, 5000, 25000, 52000, 50000, 13, 13.8),
}

FIRST = ["ada", "ben", "cleo", "dan", "eva", "finn", "gia", "hugo", "ines", "jon", "kim", "lea"]
LAST = ["archer", "baker", "cook", "dyer", "fisher", "glover", "hunter", "mason", "potter", "smith"]
WORDS = ["alpha", "billing", "core", "data", "edge", "front", "gate", "index", "ledger", "mobile",
         "net", "orders", "pay", "queue", "router", "search", "trade", "ui", "vault", "web"]
NUMBER = re.compile(r"([0-9]+)$")


class User:
    __slots__ = ("index", "id", "name", "slug", "email", "display", "active", "service")

    def __init__(self, index, name, slug, email, display, active, service=False):
        self.index, self.id, self.name, self.slug = index, 101 + 2 * index, name, slug
        self.email, self.display, self.active, self.service = email, display, active, service


class Project:
    __slots__ = ("index", "id", "key", "name", "public", "owner", "default", "content")

    def __init__(self, index, key, name, public, owner, default):
        self.index, self.id, self.key, self.name = index, 1 + index, key, name
        self.public, self.owner, self.default, self.content = public, owner, default, None


class Repository:
    __slots__ = ("index", "id", "slug", "name", "project", "public", "archived", "origin",
                 "default_branch", "default_status", "empty", "content")

    def __init__(self, index, slug, project):
        self.index, self.id, self.project = index, 500 + index, project
        self.slug = self.name = slug
        self.public = self.archived = self.empty = False
        self.origin = self.content = None
        self.default_branch, self.default_status = "refs/heads/main", 200


def lower(text):
    """As Bitbucket compares names: without ASCII case (semantics.md 1)."""
    return "".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in text)


class Instance:
    KEPT = 5000  # projects and repositories that are kept once they were made

    def __init__(self, seed, size):
        if size not in SIZES:
            raise ValueError("no such size: " + size)
        self.seed, self.size = seed, size
        (self.user_count, self.group_count, self.project_count, repositories, self.key_count,
         self.grant_mean, self.restriction_mean) = SIZES[size]
        self._users, self._projects, self._repositories = {}, {}, {}
        self.pinned_projects, self.pinned_repositories = {}, {}
        self._case_users = {lower(u[0]): i for i, u in enumerate(cases.USERS)}
        self._case_slugs = {u[1]: i for i, u in enumerate(cases.USERS)}
        self._case_projects = {lower(p[0]): i for i, p in enumerate(cases.PROJECTS)}
        self._case_groups = {lower(g): i for i, g in enumerate(cases.GROUPS)}
        self._make_members()
        self._spread(repositories)
        self.places = Places(self)
        self.global_users = [(self.find_user(n).index, p) for n, p in cases.GLOBAL_USERS]
        self.global_groups = list(cases.GLOBAL_GROUPS)
        # What changed since (changes.py): deleted repositories, and where moved things were.
        self.gone_repositories, self.moved_repositories, self.moved_projects = set(), {}, {}
        self.inserted = []  # repositories that every list has first
        self.version = 0
        self._alive = (-1, None)

    # ------------------------------------------------------------ people

    def user(self, index):
        user = self._users.get(index)
        if user is None:
            user = self._users[index] = self._make_user(index)
        return user

    def _make_user(self, index):
        if index < len(cases.USERS):
            name, slug, email, display, active, _ = cases.USERS[index]
            return User(index, name, slug, email, display, active)
        dice = Dice(self.seed, USER, index)
        first, last = dice.pick(FIRST), dice.pick(LAST)
        name = "%s.%s%d" % (first, last, index)
        slug = name
        if dice.chance(15):
            name = "%s %s%d" % (first.title(), last.title(), index)
            slug = name.replace(" ", "_").lower()
        email = "%s.%s%d@example.com" % (first, last, index)
        if dice.chance(10):
            email = dice.pick([None, ""])
        display = "%s %s" % (first.title(), last.title())
        return User(index, name, slug, email, display, not dice.chance(7))

    def find_user(self, name):
        """By name; the number at the end of a generated name is its index."""
        name = lower(name)
        index = self._case_users.get(name)
        return self._numbered_user(name, index, lambda user: user.name)

    def find_user_by_slug(self, slug):
        slug = lower(slug)
        return self._numbered_user(slug, self._case_slugs.get(slug), lambda user: user.slug)

    def _numbered_user(self, text, index, which):
        if index is None:
            number = NUMBER.search(text)
            index = int(number.group(1)) if number else -1
        if not 0 <= index < self.user_count:
            return None
        user = self.user(index)
        return user if lower(which(user)) == text else None

    def service_user(self, scope, place_id):
        """Tokens of one scope share a user (semantics.md 5); 1 is a project, 2 a repository."""
        name = "access-token-user/%d/%d" % (scope, place_id)
        user = User(0, name, name.replace("/", "_"), None, "Access Token User", True, True)
        user.id = 9000000 + scope * 1000000 + place_id
        return user

    # ------------------------------------------------------------ groups

    def group_name(self, index):
        if index < len(cases.GROUPS):
            return cases.GROUPS[index]
        dice = Dice(self.seed, GROUP, index)
        name = "%s-%s-%d" % (dice.pick(WORDS), dice.pick(["team", "leads", "ops", "qa"]), index)
        return name.title() if dice.chance(10) else name

    def find_group(self, name):
        name = lower(name)
        index = self._case_groups.get(name)
        if index is None:
            number = NUMBER.search(name)
            index = int(number.group(1)) if number else -1
        if 0 <= index < self.group_count and lower(self.group_name(index)) == name:
            return index
        return None

    def _make_members(self):
        self.members = [array("I") for _ in range(self.group_count)]
        self.groups_of_user = []
        generated = self.group_count - len(cases.GROUPS)
        for index in range(self.user_count):
            if index < len(cases.USERS):
                groups = {self._case_groups[lower(g)] for g in cases.USERS[index][5]}
            else:
                dice = Dice(self.seed, MEMBER, index)
                groups = set() if dice.chance(8) else {cases.LICENSING_GROUP}
                groups.update(len(cases.GROUPS) + g
                              for g in dice.sample(generated, dice.below(6)))
                if dice.chance(15):
                    groups.add(2 + dice.below(5))
            self.groups_of_user.append(tuple(sorted(groups)))
            for group in groups:
                self.members[group].append(index)

    # ------------------------------------------------------------ projects and repositories

    def _spread(self, repositories):
        """Which project each repository is in; some have many."""
        self.repository_project = array("I")
        for key, _, _ in cases.REPOSITORIES:
            self.repository_project.append(self._case_projects[lower(key)])
        first = len(cases.PROJECTS)
        dice = Dice(self.seed, SPREAD)
        for _ in range(len(cases.REPOSITORIES), repositories):
            bound = self.project_count - first
            index = dice.below(bound)
            if dice.chance(30):
                index = dice.below(index + 1)
            self.repository_project.append(first + index)
        self.normal_projects = [p for p in range(self.project_count) if self.owner_of(p) is None]
        self._of_project = [[] for _ in range(self.project_count)]
        for index, project in enumerate(self.repository_project):
            self._of_project[project].append(index)

    def _keep(self, kept, index, made):
        if len(kept) >= self.KEPT:
            kept.clear()
        kept[index] = made
        return made

    def project(self, index):
        return (self.pinned_projects.get(index) or self._projects.get(index) or
                self._keep(self._projects, index, self._make_project(index)))

    def owner_of(self, index):
        """Of a personal project; None for the others."""
        if index < len(cases.PROJECTS):
            owner = cases.PROJECTS[index][3]
            return owner and self.find_user(owner).index
        owner = len(cases.USERS) + index // 8
        return owner if index % 8 == 7 and owner < self.user_count else None

    def _make_project(self, index):
        owner = self.owner_of(index)
        if index < len(cases.PROJECTS):
            key, name, public, _, default = cases.PROJECTS[index]
            return Project(index, key, name, public, owner, default)
        if owner is not None:
            user = self.user(owner)
            return Project(index, "~" + user.slug.upper(), user.display, False, owner, None)
        dice = Dice(self.seed, PROJECT, index)
        word = dice.pick(WORDS)
        default = dice.pick(["PROJECT_READ", "PROJECT_WRITE", "REPO_CREATE", "PROJECT_ADMIN"])
        public, open_to_all = dice.chance(8), dice.chance(25)
        return Project(index, "%s%d" % (word[:4].upper(), index), word.title(), public, None,
                       default if open_to_all else None)

    def find_project(self, key):
        key = lower(key)
        for project in self.pinned_projects.values():
            if lower(project.key) == key:
                return project
        index = self._case_projects.get(key)
        if index is None and key.startswith("~"):
            user = self.find_user_by_slug(key[1:])
            index = (user.index - len(cases.USERS)) * 8 + 7 if user else -1
        elif index is None:
            number = NUMBER.search(key)
            index = int(number.group(1)) if number else -1
        if not 0 <= index < self.project_count:
            return None
        project = self.project(index)
        return project if lower(project.key) == key else None

    def repository(self, index):
        return (self.pinned_repositories.get(index) or self._repositories.get(index) or
                self._keep(self._repositories, index, self._make_repository(index)))

    def _make_repository(self, index):
        project = self.repository_project[index]
        if index < len(cases.REPOSITORIES):
            _, slug, special = cases.REPOSITORIES[index]
            return self._special(Repository(index, slug, project), special.split())
        dice = Dice(self.seed, REPOSITORY, index)
        slug = "%s%s%s-%d" % (dice.pick(WORDS), dice.pick("-._"), dice.pick(WORDS), index)
        repository = Repository(index, slug, project)
        repository.archived, repository.public = dice.chance(8), dice.chance(6)
        repository.default_branch = dice.pick(
            ["refs/heads/main", "refs/heads/main", "refs/heads/master", "refs/heads/develop"])
        if dice.chance(10) and index:
            repository.origin = dice.below(index)
        if dice.chance(4):
            repository.empty, repository.default_status = True, 204
        return repository

    @staticmethod
    def _special(repository, special):
        repository.archived, repository.public = "archived" in special, "public" in special
        repository.empty = "empty" in special
        for word in special:
            if word.startswith("fork:"):
                repository.origin = int(word[5:])
            if word.startswith("default-"):
                repository.default_status = int(word[8:])
        return repository

    def repositories_of(self, project):
        """Indices, without what was deleted or moved away."""
        base = self._of_project[project] if project < len(self._of_project) else []
        if not self.version:
            return base
        return [r for r in dict.fromkeys(base + sorted(self.pinned_repositories))
                if r not in self.gone_repositories and self.repository(r).project == project]

    def all_repositories(self):
        if not self.version:
            return range(len(self.repository_project))
        if self._alive[0] != self.version:
            count = max([len(self.repository_project) - 1, *self.pinned_repositories]) + 1
            self._alive = (self.version, self.inserted + [
                r for r in range(count)
                if r not in self.gone_repositories and r not in self.inserted])
        return self._alive[1]

    def find_repository(self, project, slug):
        slug = lower(slug)
        number = NUMBER.search(slug)  # of a generated slug: its index
        indices = [int(number.group(1))] if number else []
        indices = [i for i in indices if i < len(self.repository_project)]
        for index in indices + list(self.repositories_of(project.index)):
            repository = self.repository(index)
            if (repository.project == project.index and index not in self.gone_repositories and
                    lower(repository.slug) == slug):
                return repository
        return None
