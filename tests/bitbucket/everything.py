"""Which answers a whole crawl reads, in which order: for recordings, and for tests that compare.

It asks the routes themselves, without HTTP.
"""

import os
from urllib.parse import quote

from accounts import Account, Caller
from problems import NoSuchRoute, Problem
from service import encode
from shapes import BASE_URL

INSTANCE = ["api:application-properties", "api:admin/users", "api:admin/permissions/users",
            "api:admin/permissions/groups", "api:admin/groups", "api:projects",
            "api:repos?archived=ALL"]
PROJECT = ["api:permissions/users", "api:permissions/groups", "api:permissions/PROJECT_ADMIN/all",
           "api:permissions/REPO_CREATE/all", "api:permissions/PROJECT_WRITE/all",
           "api:permissions/PROJECT_READ/all", "branch-permissions:restrictions",
           "branch-utils:branchmodel/configuration", "keys:ssh"]
REPOSITORY = ["api:permissions/users", "api:permissions/groups", "branch-permissions:restrictions",
              "branch-utils:branchmodel/configuration", "api:default-branch", "keys:ssh"]
PROJECT_REPORTS = ["access-tokens:", "api:webhooks", "api:settings/hooks", "api:hook-scripts",
                   "api:settings/pull-requests/git"]
REPOSITORY_REPORTS = ["access-tokens:", "api:webhooks", "api:settings/hooks", "api:hook-scripts",
                      "api:settings/pull-requests", "required-builds:conditions"]
FALLBACKS = {"default-branch": "branches/default"}


class Crawl:
    def __init__(self, service, limit=1000, reports=False):
        self.service, self.limit, self.reports = service, limit, reports
        everything = Account({"name": "refgate-sync", "permission": "ADMIN"}, None)
        self.caller = Caller(everything, False)
        self.version = service.version

    def answers(self):
        """Yields (url, status, body, a 204's is None)."""
        instance = self.service.instance
        for what in INSTANCE:
            yield from self._ask("", what)
        for index in range(instance.group_count):
            yield from self._ask("", "api:admin/groups/more-members?context=" +
                                 quote(instance.group_name(index), safe=""))
        if self.reports:
            for index in range(instance.user_count):
                user = instance.user(index)
                yield from self._ask("", "ssh:keys?user=" + quote(user.name, safe=""))
                yield from self._ask("", "access-tokens:users/" + quote(user.slug, safe=""))
        for index in instance.normal_projects:
            place = "projects/" + quote(instance.project(index).key, safe="~")
            for what in PROJECT + PROJECT_REPORTS * self.reports:
                yield from self._ask(place, what)
        for index in instance.all_repositories():
            repository = instance.repository(index)
            place = "projects/%s/repos/%s" % (
                quote(instance.project(repository.project).key, safe="~"), quote(repository.slug))
            for what in REPOSITORY + REPOSITORY_REPORTS * self.reports:
                yield from self._ask(place, what)

    def _ask(self, place, what):
        """All pages of one list, or the one answer."""
        api, _, rest = what.partition(":")
        rest, _, query = rest.partition("?")
        number = "latest" if self.version.knows_api(api, "latest") else (
            "2.0" if api == "branch-permissions" else "1.0")
        path = "/".join(part for part in ("/rest", api, number, place, rest) if part)
        start = 0
        while start is not None:
            asked = "%s%sstart=%d&limit=%d" % (query, "&" if query else "", start, self.limit)
            try:
                status, body, call = self.service.routes.answer(self.caller, path, asked)
            except NoSuchRoute as problem:
                if number != "latest":  # a crawl would have tried that, too
                    yield path.replace("/" + number, "/latest", 1), problem.status, problem.body
                yield path + ("?" + query if query else ""), problem.status, problem.body
                if rest in FALLBACKS:
                    yield from self._ask(place, "%s:%s" % (api, FALLBACKS[rest]))
                return
            except Problem as problem:
                yield path, problem.status, problem.body
                return
            listed = call.page is not None
            yield path + ("?" + asked if listed else ""), status, body
            start = body.get("nextPageStart") if listed else None


def write_recording(service, directory, limit=1000, reports=False):
    os.makedirs(directory, exist_ok=True)
    with open(os.path.join(directory, "answers.jsonl"), "wb") as file:
        for url, status, body in Crawl(service, limit, reports).answers():
            # The url comes first: recordings are indexed without being parsed.
            file.write(b'{"url":%s,"status":%d,"body":%s}\n' % (encode(url), status, encode(body)))
    with open(os.path.join(directory, "recording.json"), "wb") as file:
        file.write(encode({"format": 1, "base_url": BASE_URL}) + b"\n")
