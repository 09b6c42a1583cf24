"""Bitbucket's JSON objects (rest-api.md 1.4 - 1.8; real answers were the pattern)."""

import base64
import hashlib

from places import CATEGORIES, GRANT_PROJECT, MATCHER_NAMES

BASE_URL = "https://bitbucket.example.com"


class Shapes:
    def __init__(self, instance, version, base_url=BASE_URL):
        self.instance, self.version, self.base_url = instance, version, base_url

    def link(self, path):
        return {"self": [{"href": self.base_url + path}]}

    # ------------------------------------------------------------ people

    def user(self, user):
        shape = {"name": user.name}
        if user.email is not None:
            shape["emailAddress"] = user.email
        shape["id"] = user.id
        if user.display is not None:
            shape["displayName"] = user.display
        shape.update(active=user.active, slug=user.slug,
                     type="SERVICE" if user.service else "NORMAL",
                     links=self.link("/users/" + user.slug))
        return shape

    def detailed_user(self, user):
        shape = self.user(user)
        shape.update(directoryName="Bitbucket Internal Directory", deletable=True,
                     lastAuthenticationTimestamp=1789000000000 + user.id, mutableDetails=True,
                     mutableGroups=True)
        return shape

    def numbered_user(self, index):
        return self.user(self.instance.user(index))

    def group(self, name):
        return {"name": name, "deletable": True}

    def user_grant(self, grant):
        user, level = grant
        user = self.instance.user(user) if isinstance(user, int) else user
        return {"user": self.user(user), "permission": self.level(level)}

    def group_grant(self, grant):
        return {"group": {"name": grant[0]}, "permission": self.level(grant[1])}

    def level(self, name):
        return "PROJECT_WRITE" if name == "REPO_CREATE" and not self.version.repo_create else name

    # ------------------------------------------------------------ places

    def project(self, project):
        shape = {"key": project.key, "id": project.id, "name": project.name}
        if project.owner is not None:
            shape.update(type="PERSONAL", owner=self.numbered_user(project.owner),
                         links=self.link("/users/" + project.key[1:].lower()))
            return shape
        if project.index % 3 == 0:
            shape["description"] = "About %s" % project.name
        shape.update(public=project.public, type="NORMAL",
                     links=self.link("/projects/" + project.key))
        return shape

    def bare_repository(self, repository):
        project = self.instance.project(repository.project)
        family = repository.index if repository.origin is None else repository.origin
        shape = {"slug": repository.slug, "id": repository.id, "name": repository.name,
                 "hierarchyId": hashlib.sha256(b"%d" % family).hexdigest()[:20], "scmId": "git",
                 "state": "AVAILABLE", "statusMessage": "Available", "forkable": True,
                 "project": self.project(project),
                 # A repository in a public project reads public (seen).
                 "public": repository.public or project.public}
        if self.version.archived:
            shape["archived"] = repository.archived
        path = "/%s/%s.git" % (project.key.lower(), repository.slug)
        browse = "/projects/%s/repos/%s/browse" % (project.key, repository.slug)
        clone = [{"href": "ssh://git@bitbucket.example.com:7999" + path, "name": "ssh"},
                 {"href": self.base_url + "/scm" + path, "name": "http"}]
        shape["links"] = {"clone": clone[::-1] if repository.id % 2 else clone,  # no fixed order
                          **self.link(browse)}
        return shape

    def repository(self, repository):
        shape = self.bare_repository(repository)
        origin = repository.origin
        if origin is not None and origin not in self.instance.gone_repositories:
            shape["origin"] = self.bare_repository(self.instance.repository(origin))
        return shape

    @staticmethod
    def branch(ref, old):
        shape = {"id": ref, "displayId": ref.replace("refs/heads/", "", 1), "type": "BRANCH"}
        if old:
            commit = hashlib.sha1(ref.encode()).hexdigest()
            shape.update(latestCommit=commit, latestChangeset=commit, isDefault=True)
        return shape

    # ------------------------------------------------------------ branches

    def restriction(self, restriction):
        kind = "PROJECT" if restriction.scope == GRANT_PROJECT else "REPOSITORY"
        return {"id": restriction.id,
                "scope": {"type": kind, "resourceId": restriction.place},
                "type": restriction.type,
                "matcher": {**self.matcher(restriction.matcher, restriction.matcher_id),
                            "active": restriction.active},
                "users": [self.exempt_user(user) for user in restriction.users],
                "groups": list(restriction.groups),
                "accessKeys": [{"key": self.key(key, brief=True)} for key in restriction.keys]}

    def exempt_user(self, index):
        shape = self.numbered_user(index)
        if index % 5 == 4:  # seen: exempt users without display name and address
            shape.pop("displayName", None)
            shape.pop("emailAddress", None)
        return shape

    @staticmethod
    def matcher(kind, matcher_id):
        display = {"ANY_REF": "Any branch"}.get(kind, matcher_id.replace("refs/heads/", "", 1))
        if kind.startswith("MODEL_"):
            display = matcher_id.title()
        return {"id": matcher_id, "displayId": display,
                "type": {"id": kind, "name": MATCHER_NAMES[kind]}}

    def model(self, model, scope):
        def branch(value):
            return {"refId": None if value[0] == "default" else value[1],
                    "useDefault": value[0] == "default"}
        shape = {}
        for name, value in (("development", model.development), ("production", model.production)):
            if value:
                shape[name] = branch(value)
        shape["types"] = [{"id": name, "displayName": name.title(), "enabled": enabled,
                           "prefix": prefix} for name, enabled, prefix in model.categories]
        assert len(shape["types"]) == len(CATEGORIES)
        if self.version.has(8):
            shape["scope"] = {"type": scope[0], "resourceId": scope[1]}
        return shape

    # ------------------------------------------------------------ keys and tokens

    def key(self, index, brief=False):
        return self.ssh_key(self.instance.places.key(index), brief)

    def ssh_key(self, key, brief=False):
        shape = {"id": key.id, "text": key.text, "label": key.label}
        if brief or not self.version.key_details or key.created is None:
            return shape
        digest = hashlib.sha256(key.text.encode()).digest()
        shape.update(algorithmType=key.algorithm, bitLength=key.bits,
                     fingerprint=base64.b64encode(digest).decode().rstrip("="),
                     createdDate=key.created)
        if key.used is not None:  # a number or a text of digits (rest-api.md 1.1)
            shape["lastAuthenticated"] = str(key.used) if key.id % 2 else key.used
        if key.days is not None:
            shape["expiryDays"] = key.days
        if self.version.key_warnings and key.bits < 2048 and key.algorithm == "RSA":
            shape["warning"] = "RSA_UNSAFE_MODULUS"
        return shape

    def key_grant(self, grant, place):
        return {"key": self.key(grant[0]), **place, "permission": grant[1]}
