"""Who signs in: accounts with passwords and tokens, and what a credential is good for.

An accounts file is a JSON list of
    {"name": "sync", "password": "…", "tokens": ["…"], "permission": "ADMIN", "sees": ["PRJ"]}
`permission` is the global one (none: not licensed). With `sees` the account administers these
projects and sees no other; without it, what the user of that name may in the instance counts.
"""

import base64
import binascii
import json

from permissions import ADMIN, GLOBAL, NONE, RANK, READ

DEFAULTS = [
    {"name": "refgate-sync", "password": "refgate-test-password-sync",
     "tokens": ["refgate-test-token-sync"], "permission": "ADMIN"},
    {"name": "admin", "password": "refgate-test-password-admin",
     "tokens": ["refgate-test-token-admin"], "permission": "SYS_ADMIN"},
    {"name": "jdoe", "password": "refgate-test-password-jdoe",
     "tokens": ["refgate-test-token-jdoe"], "permission": "LICENSED_USER"},
    {"name": "guest", "password": "refgate-test-password-guest",
     "tokens": ["refgate-test-token-guest"]},
]


class Account:
    def __init__(self, given, instance):
        self.name, self.password = given["name"], given.get("password")
        self.tokens = list(given.get("tokens", []))
        self.permission = given.get("permission")
        if self.permission is not None and self.permission not in GLOBAL:
            raise ValueError("account %s: no such permission: %s" % (self.name, self.permission))
        self.sees = given.get("sees")
        if self.sees is not None:
            self.sees = {key.lower() for key in self.sees}
        self.user = instance.find_user(self.name) if instance else None

    def given(self):
        return {"name": self.name, "password": self.password, "tokens": self.tokens,
                "permission": self.permission}


class Caller:
    """Who asks: an account (None: anonymous), and whether with a token."""

    __slots__ = ("account", "token")

    def __init__(self, account, token):
        self.account, self.token = account, token

    def has_global(self, name):
        permission = self.account and self.account.permission
        return permission is not None and GLOBAL.index(permission) >= GLOBAL.index(name)

    def on_project(self, project, permissions):
        account = self.account
        if account is None:
            return READ if project.public else NONE
        if account.sees is not None:
            return ADMIN if project.key.lower() in account.sees else NONE
        if self.has_global("ADMIN"):
            return ADMIN
        if account.user is None:
            return READ if project.public else NONE
        return RANK[permissions.of_project(account.user.index, project)]

    def on_repository(self, repository, project, permissions):
        level = self.on_project(project, permissions)
        account = self.account
        if account is not None and account.sees is not None:
            return level
        if account is not None and account.user is not None and level < ADMIN:
            level = max(level, permissions.of_repository(account.user.index, repository))
        if repository.public:
            level = max(level, READ)
        return level

    def sees_all(self):
        return self.account is not None and self.account.sees is None and self.has_global("ADMIN")


class Refused(Exception):
    """A credential that is no good: which of Bitbucket's exceptions says so."""


class Accounts:
    def __init__(self, given, instance):
        self.all = [Account(one, instance) for one in given]
        self.by_token = {token: account for account in self.all for token in account.tokens}
        self.by_name = {account.name.lower(): account for account in self.all}
        self._seen = {}

    @staticmethod
    def read(path):
        with open(path, encoding="utf-8") as file:
            return json.load(file)

    def caller(self, authorization):
        """Of a request's header; None if there is none: anonymous."""
        if authorization is None:
            return Caller(None, False)
        known = self._seen.get(authorization)
        if known is None:
            known = self._seen[authorization] = self._sign_in(authorization)
        return known

    def _sign_in(self, authorization):
        kind, _, value = authorization.partition(" ")
        account, token = None, kind.lower() == "bearer"
        if token:
            account = self.by_token.get(value.strip())
        elif kind.lower() == "basic":
            try:
                name, _, password = base64.b64decode(value, validate=True).decode().partition(":")
            except (binascii.Error, UnicodeDecodeError):
                raise Refused("password") from None
            account = self.by_name.get(name.lower())
            if account and account.password != password:
                # A user's own token does as a password, with the rights of a token.
                token = password in account.tokens
                account = account if token else None
        if account is None:
            raise Refused("password")
        if account.permission is None:
            raise Refused("licence")
        return Caller(account, token)
