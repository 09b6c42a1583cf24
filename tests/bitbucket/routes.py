"""From a URL to an answer: the endpoints of rest-api.md 1.3 that refgate reads."""

from urllib.parse import quote, unquote, unquote_plus

from instance import lower
from permissions import ADMIN, READ
from places import GRANT_PROJECT, GRANT_REPOSITORY
from problems import (NO_BRANCH, NO_ENTITY, NO_PROJECT, NO_REPOSITORY, NO_USER, NoSuchRoute,
                      Problem, anonymous, not_permitted)

LIMIT_DEFAULT, LIMIT_CAP = 25, 1000
START_MAX = (1 << 31) - 1
DEFAULTS = {"PROJECT_READ": 1, "PROJECT_WRITE": 2, "REPO_CREATE": 3, "PROJECT_ADMIN": 4}


class Listing:
    """A page's items: what there is, and how one of them is written."""

    def __init__(self, items, shape):
        self.items, self.shape = items, shape


def number_of(call, name, default):
    text = call.first(name)
    if text is None:
        return default
    if not text.isdigit() or int(text) > START_MAX:
        raise Problem(400, "%s must be a number" % name, None, name)
    return int(text)


def page_of(call, listing, options):
    """With --gaps every third position is empty: positions are not counts (rest-api.md 1.2)."""
    cap = options.cap or LIMIT_CAP
    limit = min(number_of(call, "limit", min(LIMIT_DEFAULT, cap)) or LIMIT_DEFAULT, cap)
    start = number_of(call, "start", 0)
    first = (2 * start + 2) // 3 if options.gaps else start
    items = listing.items[first:first + limit]
    last = first + limit >= len(listing.items)
    body = {"size": len(items), "limit": limit, "isLastPage": last,
            "values": [listing.shape(item) for item in items], "start": start}
    if not last:
        following = first + limit
        body["nextPageStart"] = (3 * following) // 2 if options.gaps else following
    call.page = (start, last)
    return body


class Call:
    """One request on its way: what was asked for, and by whom."""

    __slots__ = ("caller", "query", "project", "repository", "argument", "route", "page")

    def __init__(self, caller, query):
        self.caller, self.query = caller, query
        self.project = self.repository = self.argument = self.route = self.page = None

    def first(self, name, default=None):
        for key, value in self.query:
            if key == name:
                return value
        return default


def parse_query(text):
    pairs = (part.partition("=") for part in text.split("&") if part)
    return [(unquote_plus(key), unquote_plus(value)) for key, _, value in pairs]


class Routes:
    def __init__(self, instance, shapes, reports, permissions, options):
        self.instance, self.shapes, self.reports = instance, shapes, reports
        self.permissions, self.options, self.version = permissions, options, shapes.version
        self.places = instance.places
        self.table = self._table()
        self.hooks = None  # hooks.py, which needs what is here
        self.shortened = set()  # paths of lists that lost their first item (faults.py)

    def _table(self):
        """(API, level, rest of the path): handler, who may, since which version."""
        table = {
            ("api", "", "application-properties"): (self.properties, "anybody", None),
            ("api", "", "admin/users"): (self.admin_users, "licensed", None),
            ("api", "", "users"): (self.users, "licensed", None),
            ("api", "", "users/*"): (self.user, "licensed", None),
            ("api", "", "admin/groups"): (self.admin_groups, "licensed", None),
            ("api", "", "groups"): (self.groups, "licensed", None),
            ("api", "", "admin/groups/more-members"): (self.members, "licensed", None),
            ("api", "", "admin/users/more-members"): (self.groups_of_user, "licensed", None),
            ("api", "", "admin/permissions/users"): (self.global_users, "admin", None),
            ("api", "", "admin/permissions/groups"): (self.global_groups, "admin", None),
            ("api", "", "admin/rate-limit/settings"): (self.rate_limit, "licensed", (6, 6)),
            ("api", "", "admin/rate-limit/settings/users"): (
                self.rate_limit_users, "admin", (6, 6)),
            ("api", "", "projects"): (self.projects, "lists", None),
            ("api", "", "repos"): (self.repositories, "lists", None),
            ("ssh", "", "settings"): (self.ssh_settings, "licensed", None),
            ("ssh", "", "keys"): (self.user_keys, "licensed", None),
            ("access-tokens", "", "users/*"): (self.user_tokens, "licensed", (5, 5)),
            ("api", "P", ""): (lambda c: self.shapes.project(c.project), READ, None),
            ("api", "P", "repos"): (self.project_repositories, READ, None),
            ("api", "P", "permissions/*/all"): (self.default_permission, ADMIN, None),
            ("branch-utils", "P", "branchmodel/configuration"): (self.project_model, READ, (7, 0)),
            ("api", "P", "settings/pull-requests/git"): (
                lambda c: self.reports.project_pull_requests(), READ, (7, 0)),
            ("api", "R", ""): (lambda c: self.shapes.repository(c.repository), READ, None),
            ("branch-utils", "R", "branchmodel/configuration"): (self.repository_model, READ, None),
            ("api", "R", "default-branch"): (self.default_branch, READ, (7, 5)),
            ("api", "R", "branches/default"): (self.default_branch_old, READ, None),
            ("api", "R", "settings/pull-requests"): (
                lambda c: self.reports.repository_pull_requests(c.repository), READ, None),
            ("required-builds", "R", "conditions"): (
                lambda c: Listing(self.reports.required_builds(c.repository), dict), READ, (7, 14)),
        }
        for level in "PR":  # the same of projects and of repositories
            table.update({
                ("api", level, "permissions/users"): (self.user_grants, ADMIN, None),
                ("api", level, "permissions/groups"): (self.group_grants, ADMIN, None),
                ("branch-permissions", level, "restrictions"): (self.restrictions, ADMIN, None),
                ("keys", level, "ssh"): (self.keys, ADMIN, None),
                ("access-tokens", level, ""): (
                    self.reported(self.reports.place_tokens), ADMIN, (7, 0)),
                ("api", level, "webhooks"): (self.reported(self.reports.webhooks), ADMIN, None),
                ("api", level, "settings/hooks"): (
                    lambda call: Listing(self.hooks.list_hooks(self.hooks.place_of(call)), dict),
                    READ if level == "P" else ADMIN, None),
                ("api", level, "hook-scripts"): (
                    lambda call: Listing(self.hooks.list_scripts(self.hooks.place_of(call)), dict),
                    ADMIN, (6, 2)),
            })
        return table

    # ------------------------------------------------------------ finding the way

    def answer(self, caller, path, query):
        """(status, body, call) for "/rest/…"; raises Problem."""
        segments = [unquote(part) for part in path.split("/")]
        if len(segments) < 5 or not self.version.knows_api(segments[2], segments[3]):
            raise NoSuchRoute()
        call = Call(caller, parse_query(query))
        handler, need = self._find(call, segments[2], segments[4:], path, query)
        self._check(call, need)
        body = handler(call)
        if body is None:
            return 204, None, call
        if isinstance(body, Listing):
            if path in self.shortened:
                body.items = body.items[1:]
            body = page_of(call, body, self.options)
        return 200, body, call

    def _find(self, call, api, rest, path, query):
        level, names = "", rest
        if rest[0] == "projects" and len(rest) > 1:
            level, names = "P", rest[2:]
            if len(rest) > 3 and rest[2] == "repos":
                level, names = "R", rest[4:]
        route = (api, level, "/".join(names))
        found = self.table.get(route)
        for place in ([] if found or not names else [1, len(names) - 1]):
            if place < len(names):
                starred = (api, level, "/".join(names[:place] + ["*"] + names[place + 1:]))
                if starred in self.table:
                    found, route, call.argument = self.table[starred], starred, names[place]
                    break
        if not found or (found[2] and not self.version.has(*found[2])):
            raise NoSuchRoute()
        call.route = route
        if level:
            self.find_place(call, level, rest, path, query)
        return found[0], found[1]

    def find_place(self, call, level, rest, path, query):
        project = self.instance.find_project(rest[1])
        moved = self.instance.moved_projects.get(lower(rest[1])) if project is None else None
        if moved is not None:
            raise self._moved(path, query, rest, [self.instance.project(moved).key, *rest[3:4]])
        if project is None:
            raise Problem(404, "Project %s does not exist." % rest[1], NO_PROJECT)
        call.project = project
        if level == "P":
            return
        call.repository = self.instance.find_repository(project, rest[3])
        if call.repository is None:
            self._find_moved(rest, path, query)

    def _find_moved(self, rest, path, query):
        moved = self.instance.moved_repositories.get((lower(rest[1]), lower(rest[3])))
        if moved is not None and moved not in self.instance.gone_repositories:
            repository = self.instance.repository(moved)
            key = self.instance.project(repository.project).key
            raise self._moved(path, query, rest, [key, repository.slug])
        raise Problem(404, "Repository %s/%s does not exist." % (rest[1], rest[3]), NO_REPOSITORY)

    def _moved(self, path, query, rest, names):
        """A renamed or moved place answers 307 with its new one (rest-api.md 1.4)."""
        head = "/".join(path.split("/")[:4])
        new = ["projects", names[0]]
        new += ["repos", names[1], *rest[4:]] if len(names) > 1 else rest[2:]
        location = self.options.context + head + "/" + "/".join(quote(n, safe="~") for n in new)
        return Problem(307, "moved", location=location + ("?" + query if query else ""))

    def _check(self, call, need):
        caller = call.caller
        if need == "anybody":
            return
        if caller.account is None and (not self.options.anonymous or need in ("licensed", "admin")):
            raise anonymous(self.version)
        if need == "admin":
            # HTTP access tokens are refused there, whoever's they are (rest-api.md 4.1).
            if caller.token or not caller.has_global("ADMIN"):
                raise not_permitted()
        elif need not in ("licensed", "lists"):
            self.check_place(call, need)

    def check_place(self, call, need):
        if call.repository:
            level = call.caller.on_repository(call.repository, call.project, self.permissions)
        else:
            level = call.caller.on_project(call.project, self.permissions)
            if need == READ and level < READ:  # PROJECT_VIEW: something in it may be read
                level = READ if any(True for _ in self._visible(call, self.instance.repositories_of(
                    call.project.index))) else level
        if level < need:
            raise anonymous(self.version) if call.caller.account is None else not_permitted()

    # ------------------------------------------------------------ people

    def properties(self, _):
        return self.version.properties()

    def _filtered(self, call, items, text_of):
        part = call.first("filter")
        if not part:
            return items
        return [item for item in items if part.lower() in text_of(item).lower()]

    def _users(self, call, shape):
        items = self._filtered(call, range(self.instance.user_count),
                               lambda index: self.instance.user(index).name)
        return Listing(items, lambda index: shape(self.instance.user(index)))

    def admin_users(self, call):
        return self._users(call, self.shapes.detailed_user)

    def user(self, call):
        user = self.instance.find_user_by_slug(call.argument)
        if user is None:
            raise Problem(404, "No user with slug %s exists." % call.argument, NO_USER)
        return self.shapes.user(user)

    def users(self, call):
        """Those who hold all the permissions that are asked for (rest-api.md 3.7)."""
        holders = None
        for name, value in call.query:
            head, _, number = name.partition(".")
            if head == "permission" and (not number or number.isdigit()):
                these = self._holders(call, name, value)
                holders = these if holders is None else holders & these
        group = call.first("group")
        if group is not None:
            index = self.instance.find_group(group)
            these = set(self.instance.members[index]) if index is not None else set()
            holders = these if holders is None else holders & these
        if holders is None:
            return self._users(call, self.shapes.user)
        return Listing(sorted(holders), self.shapes.numbered_user)

    def _holders(self, call, prefix, name):
        project = repository = None
        place = {key[len(prefix) + 1:]: value for key, value in call.query
                 if key.startswith(prefix + ".")}
        try:
            if "repositoryId" in place:
                repository = self.instance.repository(int(place["repositoryId"]) - 500)
                project = self.instance.project(repository.project)
            elif "projectId" in place:
                project = self.instance.project(int(place["projectId"]) - 1)
            elif "projectKey" in place:
                project = self.instance.find_project(place["projectKey"])
            if "repositorySlug" in place and project:
                repository = self.instance.find_repository(project, place["repositorySlug"])
            return self.permissions.holders(name, project, repository)
        except (AttributeError, ValueError, IndexError, KeyError):
            raise Problem(400, "%s is not a permission of such a place" % name, None,
                          prefix) from None

    def _group_names(self):
        return [self.instance.group_name(i) for i in range(self.instance.group_count)]

    def admin_groups(self, call):
        return Listing(self._filtered(call, self._group_names(), str), self.shapes.group)

    def groups(self, call):
        return Listing(self._filtered(call, self._group_names(), str), str)

    def members(self, call):
        index = self.instance.find_group(call.first("context", ""))
        if index is None:
            raise Problem(404, "Group %s does not exist." % call.first("context"), NO_ENTITY)
        return Listing(self.instance.members[index],
                       lambda user: self.shapes.detailed_user(self.instance.user(user)))

    def groups_of_user(self, call):
        user = self.instance.find_user(call.first("context", ""))
        if user is None:
            raise Problem(404, "User %s does not exist." % call.first("context"), NO_USER)
        return Listing([self.instance.group_name(group)
                        for group in self.instance.groups_of_user[user.index]], self.shapes.group)

    def global_users(self, call):
        grants = self._filtered(call, self.instance.global_users,
                                lambda grant: self.instance.user(grant[0]).name)
        return Listing(grants, self.shapes.user_grant)

    def global_groups(self, call):
        return Listing(self._filtered(call, self.instance.global_groups, lambda g: g[0]),
                       self.shapes.group_grant)

    def rate_limit(self, _):
        capacity, fill = self.options.rate or (60, 5)
        return {"enabled": self.options.rate is not None,
                "defaultSettings": {"capacity": int(capacity), "fillRate": int(fill) or 1}}

    def rate_limit_users(self, call):
        exempt = [self.instance.find_user(name) for name in self.options.rate_exempt]
        return Listing(self._filtered(call, [u for u in exempt if u], lambda u: u.name),
                       lambda user: {"user": self.shapes.user(user), "whitelisted": True})

    def ssh_settings(self, _):
        return {"enabled": True, "baseUrl": "ssh://bitbucket.example.com:7999", "port": 7999,
                "accessKeysEnabled": True,
                "fingerprint": {"algorithm": "RSA", "value": "ab:cd:ef"}}

    def _others(self, call, user):
        """A user's keys and tokens are his own; others need ADMIN, and no token does."""
        own = call.caller.account.user
        if (own is None or own.index != user.index) and (
                call.caller.token or not call.caller.has_global("ADMIN")):
            raise not_permitted()

    def user_keys(self, call):
        name = call.first("user", call.first("userName")) or call.caller.account.name
        user = self.instance.find_user(name)
        if user is None:
            raise Problem(404, "No user with name %s exists." % name, NO_USER)
        self._others(call, user)
        return Listing(self.reports.user_keys(user), dict)

    def user_tokens(self, call):
        user = self.instance.find_user_by_slug(call.argument)
        if user is None:
            raise Problem(404, "No user with slug %s exists." % call.argument, NO_USER)
        self._others(call, user)
        return Listing(self.reports.user_tokens(user), dict)

    # ------------------------------------------------------------ places

    def _visible(self, call, indices):
        if call.caller.sees_all():
            return indices
        seen = []
        for index in indices:
            repository = self.instance.repository(index)
            project = self.instance.project(repository.project)
            if call.caller.on_repository(repository, project, self.permissions) >= READ:
                seen.append(index)
        return seen

    def projects(self, call):
        """Without personal ones: those are only found through their repositories (3.5)."""
        items = self.instance.normal_projects
        if not call.caller.sees_all():
            on_project = call.caller.on_project
            items = [p for p in items
                     if on_project(self.instance.project(p), self.permissions) >= READ or
                     self._visible(call, self.instance.repositories_of(p))]
        return Listing(items, lambda index: self.shapes.project(self.instance.project(index)))

    def _repository_listing(self, call, indices):
        return Listing(self._visible(call, indices),
                       lambda index: self.shapes.repository(self.instance.repository(index)))

    def repositories(self, call):
        indices = self.instance.all_repositories()
        if self.version.archived:  # before 8.0 these two parameters are not known, and ignored
            key = call.first("projectkey")
            if key is not None:
                project = self.instance.find_project(key)
                indices = self.instance.repositories_of(project.index) if project else []
            which = call.first("archived", "ACTIVE").upper()
            if which != "ALL":
                indices = [i for i in indices
                           if self.instance.repository(i).archived == (which == "ARCHIVED")]
        return self._repository_listing(call, indices)

    def project_repositories(self, call):
        return self._repository_listing(call, self.instance.repositories_of(call.project.index))

    def default_permission(self, call):
        name = call.argument
        if name not in DEFAULTS or (name == "REPO_CREATE" and not self.version.repo_create):
            raise Problem(400, "%s is not a project permission" % name, None, "permission")
        have = self.shapes.level(call.project.default) if call.project.default else None
        return {"permitted": have is not None and DEFAULTS[have] >= DEFAULTS[name]}

    def content(self, call):
        if call.repository:
            return self.places.of_repository(call.repository)
        return self.places.of_project(call.project)

    @staticmethod
    def scope(call):
        return GRANT_REPOSITORY if call.repository else GRANT_PROJECT

    def user_grants(self, call):
        content = self.content(call)
        grants = list(content.users)
        if content.service:  # the principal of the place's tokens
            place = call.repository or call.project
            grants.append((self.instance.service_user(self.scope(call), place.id),
                           "REPO_WRITE" if call.repository else "PROJECT_WRITE"))
        return Listing(grants, self.shapes.user_grant)

    def group_grants(self, call):
        return Listing(self.content(call).groups, self.shapes.group_grant)

    def restrictions(self, call):
        """A repository's list holds its project's as well (rest-api.md 1.5)."""
        items = list(self.content(call).restrictions)
        if call.repository:
            items += self.places.of_project(call.project).restrictions
        if not self.version.no_creates:
            items = [r for r in items if r.type != "no-creates"]
        return Listing(items, self.shapes.restriction)

    def keys(self, call):
        if call.repository:
            place = {"repository": self.shapes.bare_repository(call.repository)}
        else:
            place = {"project": self.shapes.project(call.project)}
        return Listing(self.content(call).keys, lambda grant: self.shapes.key_grant(grant, place))

    def reported(self, source):
        return lambda call: Listing(source(self.scope(call), call.repository or call.project), dict)

    # ------------------------------------------------------------ branches

    def project_model(self, call):
        model = self.places.of_project(call.project).model
        if model is None:
            raise self._no_model("project %s" % call.project.key)
        return self.shapes.model(model, ("PROJECT", call.project.id))

    def repository_model(self, call):
        repository, project = call.repository, call.project
        model = self.places.of_repository(repository).model
        if model is not None:
            return self.shapes.model(model, ("REPOSITORY", repository.id))
        model = self.places.of_project(project).model
        if model is not None and self.version.inherited_models:
            return self.shapes.model(model, ("PROJECT", project.id))
        raise self._no_model("repository %s/%s[%d]" % (project.key, repository.slug, repository.id))

    @staticmethod
    def _no_model(place):
        return Problem(404, "There is no branch model configuration defined for %s. You must "
                            "enable the branch model first" % place, NO_ENTITY)

    def default_branch(self, call):
        """The configured one, whether or not the branch exists (rest-api.md 1.3, row 35)."""
        if call.repository.default_status == 204:
            return None
        return self.shapes.branch(call.repository.default_branch, False)

    def default_branch_old(self, call):
        if call.repository.empty:
            return None
        if call.repository.default_status == 404:
            raise Problem(404, "%s does not exist" % call.repository.default_branch, NO_BRANCH)
        return self.shapes.branch(call.repository.default_branch, True)
