"""Who may do what, as the server computes it (semantics.md 3).

The same rules as refgate's, written a second time: the self-check and the tests compare the two.
"""

from instance import lower

GLOBAL = ["LICENSED_USER", "PROJECT_CREATE", "ADMIN", "SYS_ADMIN"]
# On the scale of a repository: 0 nothing, 1 read, 2 write, 3 admin.
NONE, READ, WRITE, ADMIN = range(4)
RANK = {None: NONE, "PROJECT_READ": READ, "PROJECT_WRITE": WRITE, "REPO_CREATE": WRITE,
        "PROJECT_ADMIN": ADMIN, "REPO_READ": READ, "REPO_WRITE": WRITE, "REPO_ADMIN": ADMIN}
# A project's own scale knows REPO_CREATE, which is more than writing.
PROJECT_SCALE = [None, "PROJECT_READ", "PROJECT_WRITE", "REPO_CREATE", "PROJECT_ADMIN"]
REPOSITORY_NAMES = {READ: "REPO_READ", WRITE: "REPO_WRITE", ADMIN: "REPO_ADMIN"}


class Permissions:
    def __init__(self, instance):
        self.instance = instance
        self.refresh()

    def refresh(self):
        """After a change: who has which global permission, and who is licensed."""
        self.global_level = {}
        for user, name in self.instance.global_users:
            self._raise(user, GLOBAL.index(name))
        for group, name in self.instance.global_groups:
            index = self.instance.find_group(group)
            for user in self.instance.members[index] if index is not None else ():
                self._raise(user, GLOBAL.index(name))

    def _raise(self, user, level):
        self.global_level[user] = max(level, self.global_level.get(user, -1))

    def licensed(self, user):
        return user in self.global_level and self.instance.user(user).active

    def administrator(self, user):
        return self.licensed(user) and self.global_level[user] >= GLOBAL.index("ADMIN")

    def groups_of(self, user):
        return {lower(self.instance.group_name(g)) for g in self.instance.groups_of_user[user]}

    # ------------------------------------------------------------ one user, one place

    def of_project(self, user, project):
        """A name of PROJECT_SCALE."""
        if not self.licensed(user):
            return None
        if self.administrator(user) or project.owner == user:
            return "PROJECT_ADMIN"
        names = [project.default] + self._granted(user, self.instance.places.of_project(project))
        if project.public:
            names.append("PROJECT_READ")
        return max(names, key=PROJECT_SCALE.index)

    def of_repository(self, user, repository):
        """NONE, READ, WRITE or ADMIN."""
        if not self.licensed(user):
            return NONE
        project = self.instance.project(repository.project)
        names = self._granted(user, self.instance.places.of_repository(repository))
        if repository.public:
            names.append("REPO_READ")
        return max([RANK[self.of_project(user, project)], *(RANK[n] for n in names)])

    def _granted(self, user, content):
        groups = self.groups_of(user)
        return ([name for who, name in content.users if who == user] +
                [name for group, name in content.groups if lower(group) in groups])

    # ------------------------------------------------------------ everybody who may

    def holders(self, name, project=None, repository=None):
        """Indices of the users who hold a permission: GET /users?permission=…"""
        if name in GLOBAL:
            least = GLOBAL.index(name)
            return {user for user, level in self.global_level.items()
                    if level >= least and self.licensed(user)}
        if name == "PROJECT_VIEW":
            return set().union(self.holders("PROJECT_READ", project), *(
                self.holders("REPO_READ", project, self.instance.repository(r))
                for r in self.instance.repositories_of(project.index)))
        candidates = self._candidates(project, repository)
        if name.startswith("REPO_") and repository:
            return {u for u in candidates if self.of_repository(u, repository) >= RANK[name]}
        least = PROJECT_SCALE.index(name)
        return {u for u in candidates
                if PROJECT_SCALE.index(self.of_project(u, project)) >= least}

    def _candidates(self, project, repository):
        """Few enough to look at one by one, unless everybody may do something here."""
        if project.default or project.public or (repository and repository.public):
            return set(self.global_level)
        found = {u for u in self.global_level if self.administrator(u)}
        contents = [self.instance.places.of_project(project)]
        if repository:
            contents.append(self.instance.places.of_repository(repository))
        for content in contents:
            found.update(user for user, _ in content.users)
            for group, _ in content.groups:
                index = self.instance.find_group(group)
                found.update(self.instance.members[index] if index is not None else ())
        if project.owner is not None:
            found.add(project.owner)
        return found

    # ------------------------------------------------------------ access keys

    def of_key(self, key, repository):
        """The highest of the key's permissions on the repository and on its project."""
        places = self.instance.places
        project = self.instance.project(repository.project)
        grants = places.of_repository(repository).keys + places.of_project(project).keys
        return max([RANK[name] for index, name in grants if index == key], default=NONE)

    def keys_of(self, repository):
        places = self.instance.places
        project = self.instance.project(repository.project)
        return sorted({index for index, _ in
                       places.of_repository(repository).keys + places.of_project(project).keys})
