"""Bitbucket's errors (rest-api.md 4.2): authorisation failures are 401, not 403."""

ATLASSIAN = "com.atlassian.bitbucket."
NOT_PERMITTED = ATLASSIAN + "AuthorisationException"
BAD_PASSWORD = ATLASSIAN + "auth.IncorrectPasswordAuthenticationException"
UNLICENSED = ATLASSIAN + "auth.NoAccessAuthenticationException"
ANONYMOUS = "com.atlassian.plugins.rest.api.security.exception.AuthenticationRequiredException"
NO_PROJECT = ATLASSIAN + "project.NoSuchProjectException"
NO_REPOSITORY = ATLASSIAN + "repository.NoSuchRepositoryException"
NO_ENTITY = ATLASSIAN + "NoSuchEntityException"
NO_USER = ATLASSIAN + "user.NoSuchUserException"
NO_BRANCH = ATLASSIAN + "repository.NoDefaultBranchException"


class Problem(Exception):
    """An answer that is an error. `location` makes it a redirect."""

    def __init__(self, status, message, exception=None, context=None, location=None):
        super().__init__(message)
        self.status, self.location, self.signed_in = status, location, True
        self.body = {"errors": [{"context": context, "message": message,
                                 "exceptionName": exception}]}


class NoSuchRoute(Problem):
    """This version has no such endpoint: no `errors` in it."""

    def __init__(self):
        super().__init__(404, "HTTP 404 Not Found")
        self.body = {"message": "HTTP 404 Not Found", "status-code": 404, "sub-code": -1}


def not_permitted():
    return Problem(401, "You are not permitted to access this resource", NOT_PERMITTED)


def anonymous(version):
    """Nobody signed in, or the credential is no good: no X-AUSERNAME goes with it."""
    problem = Problem(401, "Authentication is required to access this resource",
                      ANONYMOUS if version.has(8) else NOT_PERMITTED)
    problem.signed_in = False
    return problem


def refused(why):
    if why == "licence":
        problem = Problem(401, "You are not currently licensed to use Bitbucket", UNLICENSED)
    else:
        problem = Problem(401, "Invalid username or password.", BAD_PASSWORD)
    problem.signed_in = False
    return problem
