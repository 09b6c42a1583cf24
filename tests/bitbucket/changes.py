"""What can be changed while the server runs. Not part of Bitbucket: tests ask for it by

    POST /-test/ITEM        with a JSON object, without credentials

    grant        {"place": "PRJ" or "PRJ/app" or "", "user" or "group": NAME, "permission": LEVEL}
    revoke       {"place": …, "user" or "group": NAME}
    member       {"user": NAME, "group": NAME}, with "remove": true to take him out
    restrict     {"place": …, "type": "read-only", "matcher": "PATTERN", "id": "main",
                  "users": [NAME], "groups": [NAME]}       answers {"id": NUMBER}
    unrestrict   {"place": …, "id": NUMBER}
    create       {"place": "PRJ/new"}                      answers {"id": NUMBER}
    delete       {"place": "PRJ/app"}
    move         {"place": "PRJ/app", "to": "OPS" or "OPS/app2"}: the old place answers 307
    rename       {"place": "PRJ", "to": "NEWKEY"}: so does the old key
    default      {"place": "PRJ", "permission": LEVEL or null}
    archive      {"place": "PRJ/app", "archived": true}
    branch       {"place": "PRJ/app", "ref": "refs/heads/x"}: its default branch
    key          {"place": …, "number": N, "permission": LEVEL or null}: the N-th access key
    model        {"place": …, "development": "refs/heads/x"}: its branching model; {"place": …}: none
    user         {"user": NAME, "active": false, "to": NEWNAME}: is deactivated, gets another name
    hire         {"groups": [NAME]}: a new user              answers {"user": NAME}
    found        {"place": "NEW"}: a project                 answers {"id": NUMBER}

An empty place is the whole instance (global permissions).
"""

from instance import Project, Repository, lower
from places import CATEGORIES, GRANT_PROJECT, GRANT_REPOSITORY, Content, Model, Restriction


class NoSuchThing(Exception):
    pass


class Changes:
    def __init__(self, instance, permissions):
        self.instance, self.permissions = instance, permissions
        self.next_restriction = 4000000000
        self.items = {name: getattr(self, name) for name in (
            "grant", "revoke", "member", "restrict", "unrestrict", "create", "delete", "move",
            "rename", "default", "archive", "branch", "key", "model", "user", "hire", "found")}

    def apply(self, name, given):
        """The answer, a JSON object. NoSuchThing if something is not there."""
        if name not in self.items:
            raise NoSuchThing("no such item: " + name)
        try:
            made = self.items[name](given)
        except KeyError as error:
            raise NoSuchThing("%s is missing, or there is none" % error) from None
        self.instance.version += 1
        self.permissions.refresh()
        return made or {}

    # ------------------------------------------------------------ looking up

    def _place(self, name):
        """A project or a repository, which from now on is kept."""
        key, _, slug = name.partition("/")
        project = self.instance.find_project(key)
        if project is None:
            raise NoSuchThing("no such project: " + name)
        if not slug:
            self.instance.places.of_project(project)
            self.instance.pinned_projects[project.index] = project
            return project
        repository = self.instance.find_repository(project, slug)
        if repository is None:
            raise NoSuchThing("no such repository: " + name)
        self.instance.places.of_repository(repository)
        self.instance.pinned_repositories[repository.index] = repository
        return repository

    def _user(self, name):
        user = self.instance.find_user(name)
        if user is None:
            raise NoSuchThing("no such user: " + name)
        return user.index

    def _grants(self, given):
        """The list that is meant, and who."""
        who = self._user(given["user"]) if "user" in given else given["group"]
        if not given["place"]:
            lists = self.instance.global_users, self.instance.global_groups
        else:
            content = self._place(given["place"]).content
            lists = content.users, content.groups
        return lists["user" not in given], who

    # ------------------------------------------------------------ the changes

    def revoke(self, given):
        grants, who = self._grants(given)
        grants[:] = [grant for grant in grants if grant[0] != who]

    def grant(self, given):
        self.revoke(given)
        grants, who = self._grants(given)
        grants.append((who, given["permission"]))

    def member(self, given):
        user, group = self._user(given["user"]), self.instance.find_group(given["group"])
        if group is None:
            raise NoSuchThing("no such group: " + given["group"])
        members, groups = self.instance.members[group], self.instance.groups_of_user
        if user in members:
            members.remove(user)
        groups[user] = tuple(g for g in groups[user] if g != group)
        if not given.get("remove"):
            members.append(user)
            groups[user] += (group,)

    def restrict(self, given):
        place = self._place(given["place"])
        scope = GRANT_REPOSITORY if isinstance(place, Repository) else GRANT_PROJECT
        made = Restriction(self.next_restriction, scope, place.id, given["type"], given["matcher"],
                           given["id"])
        made.users = [self._user(name) for name in given.get("users", [])]
        made.groups = list(given.get("groups", []))
        self.next_restriction += 1
        place.content.restrictions.append(made)
        return {"id": made.id}

    def unrestrict(self, given):
        restrictions = self._place(given["place"]).content.restrictions
        kept = [r for r in restrictions if r.id != given["id"]]
        if len(kept) == len(restrictions):
            raise NoSuchThing("no such restriction")
        restrictions[:] = kept

    def create(self, given):
        key, _, slug = given["place"].partition("/")
        project = self.instance.find_project(key)
        if project is None or not slug:
            raise NoSuchThing("no such project: " + given["place"])
        if self.instance.find_repository(project, slug):
            raise NoSuchThing("there is already " + given["place"])
        index = max([len(self.instance.repository_project) - 1,
                     *self.instance.pinned_repositories]) + 1
        repository = Repository(index, slug, project.index)
        repository.content = Content()
        self.instance.pinned_repositories[index] = repository
        if given.get("first"):
            self.instance.inserted.append(index)
        return {"id": repository.id}

    def delete(self, given):
        repository = self._place(given["place"])
        self.instance.gone_repositories.add(repository.index)

    def move(self, given):
        repository = self._place(given["place"])
        key, _, slug = given["to"].partition("/")
        project = self._place(key)
        old = self.instance.project(repository.project)
        self.instance.moved_repositories[lower(old.key), lower(repository.slug)] = repository.index
        repository.project = project.index
        repository.slug = slug or repository.slug

    def rename(self, given):
        project = self._place(given["place"])
        self.instance.moved_projects[lower(project.key)] = project.index
        project.key = given["to"]

    def default(self, given):
        self._place(given["place"]).default = given["permission"]

    def archive(self, given):
        self._place(given["place"]).archived = given["archived"]

    def branch(self, given):
        repository = self._place(given["place"])
        repository.default_branch, repository.default_status = given["ref"], 200
        repository.empty = False

    def key(self, given):
        content, number = self._place(given["place"]).content, given["number"]
        if not 0 <= number < self.instance.key_count:
            raise NoSuchThing("no such access key")
        content.keys = [key for key in content.keys if key[0] != number]
        if given["permission"]:
            content.keys.append((number, given["permission"]))

    def model(self, given):
        made = Model(("ref", given["development"]), ("default",),
                     [(c, True, c.lower() + "/") for c in CATEGORIES]) if "development" in given \
            else None
        self._place(given["place"]).content.model = made

    def user(self, given):
        index = self._user(given["user"])
        user = self.instance.user(index)
        user.name = given.get("to", user.name)  # ends in the user's index: find_user()
        user.active = given.get("active", user.active)

    def hire(self, given):
        instance, groups = self.instance, []
        for name in given["groups"]:
            groups.append(instance.find_group(name))
            if groups[-1] is None:
                raise NoSuchThing("no such group: " + name)
        index = instance.user_count
        instance.user_count += 1
        instance.groups_of_user.append(tuple(groups))
        for group in groups:
            instance.members[group].append(index)
        return {"user": instance.user(index).name}

    def found(self, given):
        instance, key = self.instance, given["place"]
        if instance.find_project(key):
            raise NoSuchThing("there is already " + key)
        index = instance.project_count
        instance.project_count += 1
        made = Project(index, key, key.title(), False, None, None)
        made.content = Content()
        instance.pinned_projects[index] = made
        instance.normal_projects.append(index)
        return {"id": made.id}
