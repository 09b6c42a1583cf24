"""What every instance has, whatever its seed: the names and places that go wrong easily.

name != slug, upper case, blanks, characters that must be percent-encoded, missing and empty e-mail
addresses, inactive and unlicensed users, users without display name, empty groups, default
permissions of each kind, personal and public projects, archived, empty and forked repositories.
"""

# name, slug, e-mail (None: the member is missing), display name, active, groups
USERS = [
    ("admin", "admin", "admin@example.com", "Administrator", True, []),
    ("refgate-sync", "refgate-sync", "refgate-sync@example.com", "Sync of refgate", True, []),
    ("jdoe", "jdoe", "jane.doe@example.com", "Jane Doe", True,
     ["bitbucket-users", "Developers"]),
    ("RRoe", "rroe", "richard.roe@example.com", "Richard Roe", True,
     ["bitbucket-users", "QA Team"]),
    ("jürgen.müller", "jurgen.muller", "juergen@example.com", "Jürgen Müller", True,
     ["bitbucket-users", "Grüne Gruppe"]),
    ("anna+ci", "anna_ci", None, "Anna (CI)", True, ["bitbucket-users", "Developers"]),
    ("o'brien/ext", "o_brien_ext", "", "Pat O'Brien", True,
     ["bitbucket-users", "ext/contractors+50%&co"]),
    ("per%cent&co", "per_cent_co", "pc@example.com", "100% Percent & Co", True,
     ["bitbucket-users"]),
    ("John Smith", "john_smith", "john.smith@example.com", "", True,
     ["bitbucket-users", "release managers"]),
    ("jane@example.com", "jane_example.com", "jane@example.com", None, True, ["bitbucket-users"]),
    ("gone", "gone", "gone@example.com", "Gone Away", False, ["bitbucket-users", "Developers"]),
    ("guest", "guest", "guest@example.com", "Guest", True, ["Developers"]),
    ("0123456789abcdef", "0123456789abcdef", "hex@example.com", "Access Key User - not a key",
     True, ["bitbucket-users"]),
    ("pcreator", "pcreator", "pcreator@example.com", "Project Creator", True, []),
    ("groupadmin", "groupadmin", "ga@example.com", "Admin by Group", True, ["bitbucket-admins"]),
    ("direct", "direct", "direct@example.com", "Licensed Directly", True, []),
    ("late", "late", "late@example.com", "Licensed Late", True, ["late-licence"]),
]
GLOBAL_USERS = [
    ("admin", "SYS_ADMIN"),
    ("refgate-sync", "ADMIN"),
    ("pcreator", "PROJECT_CREATE"),
    ("direct", "LICENSED_USER"),
    ("gone", "LICENSED_USER"),
]

GROUPS = ["bitbucket-users", "bitbucket-admins", "Developers", "QA Team", "release managers",
          "ext/contractors+50%&co", "Grüne Gruppe", "empty-group", "late-licence"]
GLOBAL_GROUPS = [
    ("bitbucket-users", "LICENSED_USER"),
    ("bitbucket-admins", "ADMIN"),
    ("late-licence", "PROJECT_CREATE"),
    ("empty-group", "PROJECT_CREATE"),
]
LICENSING_GROUP = 0           # of GROUPS: generated users are in it
DELETED_GROUP = "deleted-group"  # restrictions name it, nothing else knows it

# key, name, public, owner (of a personal one), default permission
PROJECTS = [
    ("PRJ", "Product", False, None, None),
    ("OPS", "Operations & Tools", True, None, None),
    ("~JDOE", "Jane Doe", False, "jdoe", None),
    ("~ANNA_CI", "Anna (CI)", False, "anna+ci", None),
    ("DEFR", "Everybody reads", False, None, "PROJECT_READ"),
    ("DEFW", "Jeder schreibt (ü)", False, None, "PROJECT_WRITE"),
    ("DEFC", "Everybody creates", False, None, "REPO_CREATE"),
    ("DEFA", "Everybody administers", False, None, "PROJECT_ADMIN"),
    ("EMPTY", "No repositories", False, None, None),
]

# project, slug, what is special (default-204: the endpoint says 204; default-404: its configured
# default branch does not exist; empty: it has no commits)
REPOSITORIES = [
    ("PRJ", "app", ""),
    ("PRJ", "lib.core-2", ""),
    ("PRJ", "old", "archived"),
    ("PRJ", "empty", "empty default-204"),
    ("PRJ", "unborn", "default-404"),
    ("OPS", "tools", ""),
    ("OPS", "site", "public"),
    ("~JDOE", "scratch", ""),
    ("~JDOE", "app", "fork:0"),
    ("~JDOE", "open", "public"),
    ("~ANNA_CI", "private", ""),
    ("DEFR", "docs", ""),
    ("DEFW", "wiki", ""),
    ("DEFC", "lab", ""),
    ("DEFA", "sandbox", "archived"),
]

# What DEFW and DEFW/wiki have in addition, both: type, matcher, its id, active, exempt users,
# exempt groups, whether the key without dates is exempt.
FULL_PROJECT, FULL_REPOSITORY = 5, 12
UNDATED_KEY = 3
RESTRICTIONS = [
    ("read-only", "BRANCH", "refs/heads/frozen", True, ["jdoe", "RRoe"], [], False),
    ("pull-request-only", "MODEL_BRANCH", "production", True, [], ["QA Team", DELETED_GROUP], False),
    ("fast-forward-only", "MODEL_CATEGORY", "RELEASE", True, [], [], False),
    ("no-deletes", "PATTERN", "release/*", True, ["anna+ci"], ["empty-group"], True),
    ("no-creates", "ANY_REF", "ANY_REF_MATCHER_ID", True, [], ["Developers"], True),
    ("read-only", "MODEL_BRANCH", "development", False, [], [], False),
]
CATEGORIES = [("BUGFIX", True, "bugfix/"), ("FEATURE", True, ""), ("HOTFIX", False, "hotfix/"),
              ("RELEASE", True, "release/")]
