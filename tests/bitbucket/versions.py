"""What each version of Bitbucket has (rest-api.md 1.3); 10.2 adds what refgate does not know."""

VERSIONS = {"10.2": "10.2.1", "9.4": "9.4.2", "8.9": "8.9.6", "7.21": "7.21.3", "6.10": "6.10.5"}

# Before 7.0 some of the APIs that came from plugins had no alias `latest`.
NUMBER_ONLY_BEFORE_7 = {"branch-permissions", "branch-utils", "keys", "access-tokens", "ssh"}
NUMBERS = {"branch-permissions": "2.0"}


class Version:
    def __init__(self, name):
        if name not in VERSIONS:
            raise ValueError("no such version: %s (there are %s)" % (name, ", ".join(VERSIONS)))
        self.name, self.full = name, VERSIONS[name]
        self.number = tuple(int(part) for part in name.split("."))

    def has(self, major, minor=0):
        return self.number >= (major, minor)

    def properties(self):
        major, minor, patch = (int(part) for part in self.full.split("."))
        return {"version": self.full, "buildNumber": "%d%03d%03d" % (major, minor, patch),
                "buildDate": "1734512345678", "displayName": "Bitbucket"}

    def knows_api(self, api, version):
        if version == "latest":
            return self.has(7) or api not in NUMBER_ONLY_BEFORE_7
        return version == NUMBERS.get(api, "1.0")

    # One name for each difference that answers have.
    @property
    def repo_create(self):
        return self.has(8, 3)

    @property
    def archived(self):
        return self.has(8)

    @property
    def no_creates(self):
        return self.has(9, 4)

    @property
    def key_details(self):
        return self.has(8)

    @property
    def key_warnings(self):
        return self.has(9, 4)

    @property
    def counted_approvers(self):
        return self.has(8)

    @property
    def inherited_models(self):
        return self.has(8)
