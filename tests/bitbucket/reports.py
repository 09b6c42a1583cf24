"""What only reports read: tokens, users' SSH keys, webhooks, hooks, hook scripts, required builds,
pull-request settings. Derived like everything else; webhooks carry their secrets in clear text, as
Bitbucket's do, so that tests can look for them where they must not be."""

from dice import Dice
from places import DAY, GRANT_PROJECT, GRANT_REPOSITORY, NOW, PATTERNS, Key

TOKEN, USER_KEY, WEBHOOK, SCRIPT, BUILD, SETTINGS, HOOK = range(21, 28)
SCOPE_NAMES = {1: "PROJECT", 2: "REPOSITORY"}
SECRET = "refgate-test-webhook-secret-"  # what tests search for
BUNDLED = "com.atlassian.bitbucket.server.bitbucket-bundled-hooks:"
HOOKS = [(BUNDLED + "force-push-hook", "Reject Force Push", "PRE_RECEIVE"),
         (BUNDLED + "verify-committer-hook", "Verify Committer", "PRE_RECEIVE"),
         ("com.example.notify:post-hook", "Notify", "POST_RECEIVE")]
SCRIPTS = [(700, "PRE"), (701, "POST"), (702, "PRE")]
STRATEGIES = [("no-ff", "Merge commit"), ("ff", "Fast-forward"), ("squash", "Squash")]


class Reports:
    def __init__(self, instance, shapes):
        self.instance, self.shapes, self.version = instance, shapes, shapes.version

    def dice(self, kind, scope, index):
        return Dice(self.instance.seed, kind, scope, index)

    @staticmethod
    def _place(scope, number):
        return (GRANT_PROJECT, number - 1) if scope == "PROJECT" else (GRANT_REPOSITORY,
                                                                       number - 500)

    # ------------------------------------------------------------ tokens and keys

    def user_tokens(self, user):
        dice = self.dice(TOKEN, 0, user.index)
        return [self.token(dice, n, "PROJECT", ["PROJECT_READ", "REPO_WRITE"], user)
                for n in range(dice.below(3))]

    def place_tokens(self, scope, place):
        dice = self.dice(TOKEN, scope, place.index)
        if not dice.chance(30):
            return []
        principal = self.instance.service_user(scope, place.id)
        levels = ["PROJECT_WRITE", "REPO_WRITE"] if scope == GRANT_PROJECT else ["REPO_WRITE"]
        return [self.token(dice, n, SCOPE_NAMES[scope], levels, principal)
                for n in range(1 + dice.below(2))]

    def token(self, dice, number, what, permissions, user):
        created = NOW - dice.below(900) * DAY
        shape = {"id": str(200000000000 + dice.below(99999999999)), "createdDate": created}
        if dice.chance(60):
            shape["lastAuthenticated"] = created + dice.below(60) * DAY
        if dice.chance(50):
            shape["expiryDate"] = created + (30 + dice.below(700)) * DAY
        shape.update(name="%s token %d" % (what.title(), number), permissions=permissions,
                     user=self.shapes.user(user))
        return shape

    def user_keys(self, user):
        dice = self.dice(USER_KEY, 0, user.index)
        return [self.user_key(dice, user) for _ in range(dice.below(3))]

    def user_key(self, dice, user):
        key = Key()
        key.id = 500000 + user.index * 4 + dice.below(4)
        key.label = "%s@laptop" % user.slug
        key.algorithm, key.bits = dice.pick([("RSA", 3072), ("ED25519", 256)])
        key.text = "ssh-%s AAAA%016x %s" % (key.algorithm.lower(), dice.below(1 << 64), key.label)
        key.created, key.used = NOW - dice.below(1000) * DAY, NOW - dice.below(30) * DAY
        key.days = 365 if dice.chance(40) else None
        return self.shapes.ssh_key(key)

    # ------------------------------------------------------------ webhooks, hooks, scripts

    def webhooks(self, scope, place):
        dice = self.dice(WEBHOOK, scope, place.index)
        return [self.webhook(dice, scope, place, n) for n in range(dice.below(3))]

    def webhook(self, dice, scope, place, number):
        url = "https://ci.example.com/hook/%d" % place.id
        if dice.chance(40):
            url = "https://bot:%s%d@ci.example.com/hook?key=%s" % (SECRET, place.id, SECRET)
        secret = {"secret": SECRET + str(dice.below(1 << 32))}
        shape = {"id": scope * 1000000 + place.index * 4 + number, "name": "Hook %d" % number,
                 "createdDate": NOW - 90 * DAY, "updatedDate": NOW - dice.below(90) * DAY,
                 "events": ["repo:refs_changed", "repo:modified"],
                 "configuration": secret if dice.chance(70) else {},
                 "url": url, "active": dice.chance(80)}
        if self.version.has(8):
            shape.update(scopeType=SCOPE_NAMES[scope].lower(),
                         sslVerificationRequired=dice.chance(70))
            if dice.chance(30):
                shape["credentials"] = {"username": "bot", "password": SECRET + "password"}
        return shape

    def hooks(self, scope, number):
        """Of the place with this id."""
        dice = self.dice(HOOK, *self._place(scope, number))
        return [{"details": {"key": key, "name": name, "type": kind, "description": name + ".",
                             "version": self.version.full, "configFormKey": None,
                             "supportedScopes": ["PROJECT", "REPOSITORY"]},
                 "enabled": dice.chance(30), "configured": dice.chance(20),
                 "scope": {"type": scope, "resourceId": number}}
                for key, name, kind in HOOKS]

    def scripts(self):
        """The hook scripts that there are at first, by id."""
        return {number: {"id": number, "name": "push-check-%d" % number,
                         "description": "Checks pushes", "type": kind,
                         "pluginKey": "com.example.scripts", "version": 1,
                         "createdDate": NOW - 40 * DAY, "updatedDate": NOW - 4 * DAY}
                for number, kind in SCRIPTS}

    def hook_script_uses(self, scope, number):
        """Which of them run in the place with this id: {script: triggers}."""
        dice = self.dice(SCRIPT, *self._place(scope, number))
        if not dice.chance(40):
            return {}
        return {dice.pick(SCRIPTS)[0]: ["push", "pull-request-merge"]}

    # ------------------------------------------------------------ pull requests, builds

    def merge_config(self, kind):
        strategies = [{"description": name, "enabled": flag == "no-ff", "flag": "--" + flag,
                       "id": flag, "name": name} for flag, name in STRATEGIES]
        return {"defaultStrategy": strategies[0], "strategies": strategies, "type": kind,
                "commitSummaries": 20}

    def project_pull_requests(self):
        return {"mergeConfig": self.merge_config("PROJECT")}

    def repository_pull_requests(self, repository):
        dice = self.dice(SETTINGS, 2, repository.index)
        approvers, builds = dice.below(4), dice.below(3)
        shape = {"mergeConfig": self.merge_config("REPOSITORY"),
                 "requiredAllApprovers": dice.chance(20),
                 "requiredAllTasksComplete": dice.chance(50),
                 "unapproveOnUpdate": dice.chance(30), "needsWork": dice.chance(30)}
        if self.version.counted_approvers:
            shape["requiredApprovers"] = self.counted(approvers)
            shape["requiredSuccessfulBuilds"] = self.counted(builds)
            shape["requiredApproversDeprecated"] = approvers
            shape["requiredSuccessfulBuildsDeprecated"] = builds
        else:
            shape["requiredApprovers"], shape["requiredSuccessfulBuilds"] = approvers, builds
        return shape

    @staticmethod
    def counted(number):
        return {"enabled": number > 0, "count": str(max(number, 1))}

    def required_builds(self, repository):
        dice = self.dice(BUILD, 2, repository.index)
        made = []
        for number in range(dice.below(3)):
            shape = {"id": 1 + repository.index * 4 + number,
                     "buildParentKeys": ["build-%d" % dice.below(9)],
                     "refMatcher": self.shapes.matcher("PATTERN", dice.pick(PATTERNS))}
            if dice.chance(40):
                shape["exemptRefMatcher"] = self.shapes.matcher("BRANCH", "refs/heads/main")
            made.append(shape)
        return made
