"""Hook scripts, repository hooks and the External Hooks add-on: what can be read and written.

    /rest/api/…/hook-scripts…            from 6.2 on, unless --hook-scripts off
    /rest/api/…/settings/hooks…
    /rest/external-hooks/1.0/…           with --addon VERSION; global hooks from 12 on

What a real server says with the feature flag of hook scripts off (the default from 8.18 on) is not
known: here it is what a version says that has never heard of them.

For tests, not part of Bitbucket: POST /-test/hooks {"place": "PRJ/app", "trigger": "push"} answers
{"scripts": [{"id", "name", "content"}]}: what Bitbucket would run, in this order. With --home DIR the
add-on looks for programs in DIR/shared/external-hooks; without it, all are there.
"""

import json
import os
import re
import shlex
import threading
import time
from collections import namedtuple
from urllib.parse import unquote

from accounts import Caller
from instance import lower
from permissions import ADMIN, READ
from problems import (ATLASSIAN, NO_ENTITY, NO_PROJECT, NO_REPOSITORY, NoSuchRoute, Problem,
                      not_permitted)
from routes import Call, Listing, page_of, parse_query

TRIGGERS = ["push", "branch-create", "branch-delete", "tag-create", "tag-delete", "file-edit",
            "pull-request-merge", "merge"]
ADDON = "com.ngs.stash.externalhooks.external-hooks"
ADDON_PUSH = [t for t in TRIGGERS if "merge" not in t]  # merges need the other hook
ADDON_HOOKS = {ADDON + ":external-pre-receive-hook": ("PRE_RECEIVE", ADDON_PUSH),
               ADDON + ":external-merge-check-hook": (
                   "PRE_PULL_REQUEST_MERGE", ["pull-request-merge"])}
NO_HOOK = ATLASSIAN + "hook.repository.NoSuchRepositoryHookException"
NO_SCRIPT = ATLASSIAN + "hook.script.NoSuchHookScriptException"
INVALID = ATLASSIAN + "validation.ArgumentValidationException"
OTHER_HOME = "/var/atlassian/application-data/bitbucket"  # in scripts, without --home
POLLS = 2  # so often the add-on is still at work
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain")

ROUTE = re.compile(r"/rest/api/(?:latest|1\.0)(?:/projects/([^/]+)(?:/repos/([^/]+))?)?"
                   r"/(hook-scripts|settings/hooks)(?:/([^/]+)(?:/(content|settings|enabled))?)?")
ADDON_ROUTE = re.compile(r"/rest/external-hooks/1\.0/"
                         r"(global-hooks/(?P<key>[^/]+)|factory/hooks|factory/state/(?P<id>\d+))")

Place = namedtuple("Place", "scope id project")  # project: its id
Answer = namedtuple("Answer", "status body kind")  # body: bytes, or what becomes JSON


def json_answer(body, status=200):
    return Answer(status, body, "application/json;charset=UTF-8")


def invalid(message, context=None, status=400):
    return Problem(status, message, INVALID, context)


def multipart(content_type, body):
    """The parts of a form, by name."""
    found = re.search(r'boundary="?([^";]+)', content_type)
    if not content_type.lower().startswith("multipart/form-data") or not found:
        raise Problem(415, "HTTP 415 Unsupported Media Type")
    parts = {}
    for part in (b"\r\n" + body).split(b"\r\n--" + found.group(1).encode())[1:]:
        head, _, content = part.partition(b"\r\n\r\n")
        name = re.search(rb'; name="([^"]*)"', head)
        if name:
            parts[name.group(1).decode()] = content
    return parts


def parse_json(body):
    try:
        return json.loads(body or b"null")
    except ValueError:
        raise invalid("The request is no JSON") from None


class RecordedPlaces:
    """The projects and repositories that a recording speaks of, and their hooks."""

    def __init__(self, recorded):
        self.projects, self.repositories, self.uses, self.hooks, self.scripts = {}, {}, {}, {}, {}
        bodies = [(url, answer["body"]) for url, answer in recorded.answers.items()
                  if answer["status"] == 200 and isinstance(answer["body"], dict)]
        for url, body in bodies:
            if url.startswith("/rest/api/"):
                for value in body.get("values", [body]):
                    self._place(value)
        self.refused = set()  # lists that the recording has no values of
        for url, answer in recorded.answers.items():
            found = ROUTE.fullmatch(url.partition("?")[0])
            if not found or not found.group(1) or found.group(4):
                continue
            place = self.find(unquote(found.group(1)), unquote(found.group(2) or ""))
            if place and answer["status"] != 200:
                self.refused.add((place, found.group(3)))
            for value in answer["body"]["values"] if place and answer["status"] == 200 else ():
                self._hook(place, value)

    def _place(self, value):
        if not isinstance(value, dict):
            return
        project = value if "key" in value else value.get("project", {})
        if "key" in project and "id" in project and "name" in project:
            self.projects[lower(project["key"])] = Place("PROJECT", project["id"], project["id"])
            if "slug" in value and "id" in value:
                self.repositories[lower(project["key"]), lower(value["slug"])] = Place(
                    "REPOSITORY", value["id"], project["id"])

    def _hook(self, place, value):
        own = value.get("scope", {}).get("type", place.scope) == place.scope
        if "script" in value:
            self.scripts[value["script"]["id"]] = value["script"]
            if own:
                self.uses.setdefault(place, {})[value["script"]["id"]] = value["triggerIds"]
        else:
            self.hooks.setdefault(place, []).append(value)

    def find(self, key, slug):
        return self.repositories.get((lower(key), lower(slug))) if slug else \
            self.projects.get(lower(key))


class Hooks:
    def __init__(self, service):
        self.service, self.options, self.version = service, service.options, service.version
        self.recorded = RecordedPlaces(service.recorded) if service.recorded else None
        self.lock, self.version_of_state = threading.RLock(), 0
        self.scripts, self.contents, self.next_script = {}, {}, 1
        self.uses = {}  # of places that were written to: {script: triggers}
        self.switched, self.settings = {}, {}  # (place, hook): bool, JSON
        self.globals, self.applied, self.polls = {}, {}, {}  # of the add-on
        known = self.recorded.scripts if self.recorded else service.reports.scripts()
        for number, script in known.items():
            self.scripts[number], self.contents[number] = dict(script), b"#!/bin/sh\nexit 0\n"

    # ------------------------------------------------------------ the way in

    def answer(self, caller, method, path, query, headers, body):
        """An Answer, or None: somebody else's path, or a list that Routes knows."""
        found, addon = ROUTE.fullmatch(path), ADDON_ROUTE.fullmatch(path)
        if not found and not addon:
            return None
        if self._forged(method, headers):
            return Answer(403, b"XSRF check failed", "text/plain;charset=UTF-8")
        with self.lock:
            self.version_of_state += method != "GET"
            if addon:
                return self._addon(caller, method, addon, body)
            return self._route(caller, method, path, query, found.groups(), (headers, body))

    @staticmethod
    def _forged(method, headers):
        """A browser could be made to send such a request (XSRF)."""
        kind = headers.get("content-type", FORMS[0] if method == "POST" else "")
        return (method != "GET" and kind.partition(";")[0].strip().lower() in FORMS and
                headers.get("x-atlassian-token", "").lower() != "no-check")

    def _route(self, caller, method, path, query, groups, sent):
        key, slug, what, item, part = groups
        if what == "hook-scripts" and (not self.version.has(6, 2) or
                                       self.options.hook_scripts == "off"):
            raise NoSuchRoute()
        if not key:
            if what == "hook-scripts":
                return self._script(caller, method, item, part, *sent)
            raise NoSuchRoute()
        if not item and not self.recorded:
            return None
        call = Call(caller, parse_query(query))
        reads = what == "settings/hooks" and not slug and method == "GET"
        place = self._find(call, path, query, unquote(key), slug and unquote(slug),
                           READ if reads else ADMIN)
        if not item and (place, what) in self.recorded.refused:
            return None
        if not item:
            listing = self.list_scripts if what == "hook-scripts" else self.list_hooks
            return json_answer(page_of(call, Listing(listing(place), dict), self.options))
        if what == "hook-scripts":
            return self._use(method, place, item, part, sent[1])
        return self._hook(method, place, unquote(item), part, sent[1], bool(slug))

    def _find(self, call, path, query, key, slug, need):
        """The place; the caller may do there what is needed."""
        if self.recorded:
            place = self.recorded.find(key, slug)
            if place is None:
                raise Problem(404, "%s does not exist." % (slug or key),
                              NO_REPOSITORY if slug else NO_PROJECT)
            account = call.caller.account
            if not account or (not call.caller.has_global("ADMIN") and
                               lower(key) not in (account.sees or ())):
                raise not_permitted()
            return place
        rest = ["projects", key] + (["repos", slug] if slug else [])
        self.service.routes.find_place(call, "R" if slug else "P", rest, path, query)
        self.service.routes.check_place(call, need)
        return self.place_of(call)

    @staticmethod
    def place_of(call):
        if call.repository:
            return Place("REPOSITORY", call.repository.id, call.project.id)
        return Place("PROJECT", call.project.id, call.project.id)

    @staticmethod
    def _check_system(caller):
        if caller.token or not caller.has_global("SYS_ADMIN"):
            raise not_permitted()

    # ------------------------------------------------------------ scripts

    def _script(self, caller, method, item, part, headers, body):
        if not item:
            if method != "POST":
                raise NoSuchRoute()
            self._check_system(caller)
            return self._create(multipart(headers.get("content-type", ""), body))
        if method != "GET" or part:
            self._check_system(caller)
        script = self._find_script(item)
        if part == "content" and method == "GET":
            return Answer(200, self.contents[script["id"]], "application/octet-stream")
        if part:
            raise NoSuchRoute()
        if method == "PUT":
            self._update(script, multipart(headers.get("content-type", ""), body))
        elif method == "DELETE":
            del self.scripts[script["id"]], self.contents[script["id"]]
            return Answer(204, b"", None)
        elif method != "GET":
            raise NoSuchRoute()
        return json_answer(script)

    def _find_script(self, item):
        script = self.scripts.get(int(item)) if item.isdigit() else None
        if script is None:
            raise Problem(404, "No hook script with ID %s exists." % item, NO_SCRIPT)
        return script

    def _check_name(self, name, besides=None):
        if not 1 <= len(name) <= 255:
            raise invalid("A name has 1 to 255 characters", "name")
        if any(s["name"] == name for s in self.scripts.values() if s["id"] != besides):
            raise invalid('A hook script with the name "%s" already exists.' % name, "name", 409)

    def _create(self, parts):
        for name in ("name", "content", "type"):
            if not parts.get(name):
                raise invalid("%s is required" % name, name)
        name, kind = parts["name"].decode(), parts["type"].decode()
        if kind not in ("PRE", "POST"):
            raise invalid("type is PRE or POST", "type")
        self._check_name(name)
        number, now = self.next_script, int(time.time() * 1000)
        self.next_script += 1
        self.contents[number] = parts["content"]
        self.scripts[number] = {
            "id": number, "name": name, "description": parts.get("description", b"").decode(),
            "type": kind, "pluginKey": ATLASSIAN + "server.bitbucket-rest", "version": 1,
            "createdDate": now, "updatedDate": now}
        return json_answer(self.scripts[number])

    def _update(self, script, parts):
        if not {"name", "description", "content"} & set(parts):
            raise invalid("One of content, description and name must be given", None, 422)
        if "name" in parts:
            self._check_name(parts["name"].decode(), script["id"])
        for name in {"name", "description"} & set(parts):
            script[name] = parts[name].decode()
        if "content" in parts:
            self.contents[script["id"]] = parts["content"]
            script["version"] += 1
        script["updatedDate"] = int(time.time() * 1000)

    # ------------------------------------------------------------ where they run

    def _uses(self, place):
        uses = self.uses.get(place)
        if uses is None:
            uses = self.recorded.uses.get(place, {}) if self.recorded else \
                self.service.reports.hook_script_uses(place.scope, place.id)
        return {number: uses[number] for number in uses if number in self.scripts}

    def list_scripts(self, place):
        """Its own, and those of its project where it has none of that number."""
        listed = {} if place.scope == "PROJECT" else {
            number: (Place("PROJECT", place.project, place.project), triggers)
            for number, triggers in self._uses(self._project(place)).items()}
        listed.update((number, (place, t)) for number, t in self._uses(place).items())
        return [{"scope": {"type": where.scope, "resourceId": where.id},
                 "script": self.scripts[number], "triggerIds": triggers}
                for number, (where, triggers) in listed.items()]

    @staticmethod
    def _project(place):
        return Place("PROJECT", place.project, place.project)

    def _use(self, method, place, item, part, body):
        if part or method not in ("PUT", "DELETE"):
            raise NoSuchRoute()
        script = self._find_script(item)
        uses = self._uses(place)
        if method == "DELETE":
            uses.pop(script["id"], None)
            self.uses[place] = uses
            return Answer(204, b"", None)
        given = parse_json(body)
        triggers = given.get("triggerIds") if isinstance(given, dict) else None
        if not isinstance(triggers, list) or not all(t in TRIGGERS for t in triggers):
            raise invalid("There is no such trigger", "triggerIds")
        uses[script["id"]] = triggers
        self.uses[place] = uses
        return json_answer({"scope": {"type": place.scope, "resourceId": place.id},
                            "script": script, "triggerIds": triggers})

    # ------------------------------------------------------------ hooks of add-ons

    def _has_addon(self, major=0):
        version = self.options.addon
        return version != "none" and int(version.partition(".")[0]) >= major

    def _known_hooks(self, place):
        if self.recorded:
            known = self.recorded.hooks.get(place, [])
        else:
            known = self.service.reports.hooks(place.scope, place.id)
        known = {shape["details"]["key"]: shape for shape in known}
        for key, (kind, _) in ADDON_HOOKS.items() if self._has_addon() else ():
            known.setdefault(key, {
                "details": {"key": key, "name": key.partition(":")[2], "type": kind,
                            "description": "Runs a program.", "version": self.options.addon,
                            "configFormKey": key + "-config", "supportedScopes": [
                                "PROJECT", "REPOSITORY"]},
                "enabled": False, "configured": False,
                "scope": {"type": place.scope, "resourceId": place.id}})
        return known

    def _setting_place(self, place, key, table):
        """Where what holds in a place was set; None: nowhere."""
        for where in (place, self._project(place)):
            if (where, key) in table:
                return where
        return None

    def _shape(self, place, key, shape):
        where = self._setting_place(place, key, self.switched)
        if where is None:
            return shape
        settings = self._setting_place(place, key, self.settings)
        return {**shape, "enabled": self.switched[where, key], "configured": settings is not None,
                "scope": {"type": where.scope, "resourceId": where.id}}

    def list_hooks(self, place):
        return [self._shape(place, key, shape) for key, shape in self._known_hooks(place).items()]

    def _hook(self, method, place, key, part, body, in_repository):
        known = self._known_hooks(place).get(key)
        if known is None:
            raise Problem(404, "There is no hook with the key %s" % key, NO_HOOK)
        if part == "settings" and method == "PUT":
            self._check_settings(key, parse_json(body))
            self.settings[place, key] = parse_json(body)
        if part == "settings" and method in ("GET", "PUT"):
            where = self._setting_place(place, key, self.settings)
            return Answer(204, b"", None) if where is None else json_answer(
                self.settings[where, key])
        if part == "enabled" and method in ("PUT", "DELETE"):
            if method == "PUT" and body:
                self._check_settings(key, parse_json(body))
                self.settings[place, key] = parse_json(body)
            self.switched[place, key] = method == "PUT"
        elif part or method not in ("GET", "DELETE") or (method == "DELETE" and not in_repository):
            raise NoSuchRoute()
        elif method == "DELETE":
            self.switched.pop((place, key), None)
            self.settings.pop((place, key), None)
            return Answer(204, b"", None)
        return json_answer(self._shape(place, key, known))

    def _settings_errors(self, settings):
        if not isinstance(settings, dict):
            return {"exe": ["The settings are no object"]}
        if not settings.get("exe"):
            return {"exe": ["Executable is blank"]}
        if self.options.home and not os.access(self._program(settings), os.X_OK):
            return {"exe": ["Executable does not exist"]}
        return {}

    def _check_settings(self, key, settings):
        for name, messages in self._settings_errors(settings).items() if key in ADDON_HOOKS else ():
            raise invalid(messages[0], name)

    def _program(self, settings):
        if not settings.get("safe_path"):
            return settings["exe"]
        return os.path.join(self.options.home or OTHER_HOME, "shared/external-hooks",
                            settings["exe"])

    # ------------------------------------------------------------ the add-on's own REST

    def _addon(self, caller, method, found, body):
        if not self._has_addon(12):
            raise NoSuchRoute()
        if caller.token or not caller.has_global("SYS_ADMIN"):
            return Answer(401, b"", None)  # bare, unlike Bitbucket's own
        key, number = found.group("key"), found.group("id")
        if key:
            key = unquote(key)
            if key not in ADDON_HOOKS:
                return Answer(404, b"", None)
            if method == "PUT":
                return self._set_global(key, parse_json(body))
            none = {"safe_path": False, "exe": None, "params": None, "async": False,
                    "enabled": False}
            return json_answer(self.globals.get(key, none))
        if not number:
            if method != "POST":
                raise NoSuchRoute()
            number = len(self.polls) + 1
            self.polls[number] = 0
            return json_answer(self._factory(number))
        if int(number) not in self.polls:
            return Answer(404, b"", None)
        self.polls[int(number)] += 1
        if self.polls[int(number)] >= POLLS:
            self.applied = dict(self.globals)
        return json_answer(self._factory(int(number)))

    def _factory(self, number):
        polls = self.polls[number]
        return {"id": number, "started": polls > 0, "finished": polls >= POLLS,
                "current": 10 * polls, "total": 10 * POLLS}

    def _set_global(self, key, settings):
        errors = self._settings_errors(settings) if settings.get("enabled") else {}
        if errors:
            return json_answer({"errors_form": [], "errors_fields": errors})
        self.globals[key] = settings
        return json_answer({})

    # ------------------------------------------------------------ for tests

    def would_run(self, given):
        """POST /-test/hooks"""
        key, _, slug = given["place"].partition("/")
        call = Call(Caller(None, False), [])
        if self.recorded:
            place = self.recorded.find(key, slug)
        else:
            self.service.routes.find_place(call, "R", ["projects", key, "repos", slug], "", "")
            place = self.place_of(call)
        if place is None or place.scope != "REPOSITORY":
            raise ValueError("no such repository: " + given["place"])
        with self.lock:
            return {"scripts": self._scripts_of(place, given["trigger"]) +
                    self._programs_of(place, given["trigger"])}

    def _scripts_of(self, place, trigger):
        if self.options.hook_scripts == "off":
            return []
        return [{"id": use["script"]["id"], "name": use["script"]["name"],
                 "content": self.contents[use["script"]["id"]].decode("utf-8", "replace")}
                for use in self.list_scripts(place)
                if use["script"]["type"] == "PRE" and
                (not use["triggerIds"] or trigger in use["triggerIds"])]

    def _programs_of(self, place, trigger):
        """The add-on is a way to have hook scripts made."""
        made = []
        for key, (_, triggers) in ADDON_HOOKS.items() if self._has_addon() else ():
            where = self._setting_place(place, key, self.switched)
            settings = self.applied.get(key)
            enabled = settings is not None and settings["enabled"]
            if where is not None:
                enabled = self.switched[where, key]
                settings = self.settings.get((self._setting_place(place, key, self.settings), key))
            if enabled and settings and trigger in triggers and self.options.hook_scripts != "off":
                words = [self._program(settings), *(settings.get("params") or "").split("\r\n")]
                made.append({"id": None, "name": key.partition(":")[2], "content":
                             "#!/bin/bash\n\n%s\n" % " ".join(
                                 shlex.quote(word) for word in words if word)})
        return made
