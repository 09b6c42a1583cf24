"""The server of tests/lib/push.sh, as the load tests see it: who pushes, what a hook's environment is,
where its storage lies, and how runs of the hook are started and measured (tests/helpers/volley.c)."""

import json
import os
import subprocess
import threading
from collections import namedtuple

ZERO = "0" * 40

# What came of a run; `code`: minus the signal that ended it; peak in KiB; cpu, wall in us; began, ended
# as time.monotonic().
Result = namedtuple("Result", "id code peak cpu wall began ended")
Identity = namedtuple("Identity", "login name display email permission")


class Place:
    def __init__(self, home, build, repository="PRJ/app"):
        self.home = home
        self.build = build
        self.repository = repository
        self.config = os.path.join(home, "refgate.conf")
        self.log = os.path.join(home, "audit.log")
        self.refgate_path = os.path.join(build, "refgate")
        self.identities = {}
        for line in self._lines("identities"):
            identity = Identity(*line.split("|"))
            self.identities[identity.login] = identity
        self.storages = dict(line.split("|") for line in self._lines("repositories"))
        self.base_url = self._lines("base-url")[0]

    def _lines(self, name):
        with open(os.path.join(self.home, name), encoding="utf-8") as file:
            return file.read().splitlines()

    def storage(self, repository=None):
        return os.path.join(self.home, "shared/data/repositories",
                            self.storages[repository or self.repository])

    def environment(self):
        """All that is the same for each push: the service's variables, and the hook's."""
        project, slug = self.repository.split("/")
        variables = dict(line.split("=", 1) for line in self._lines("service.env"))
        variables.update({
            "LC_ALL": "C",
            "BB_HOOK_TRIGGER_ID": "push", "BB_HOOK_TYPE": "PRE", "BB_IS_DRY_RUN": "false",
            "BB_BASE_URL": self.base_url, "BB_PROJECT_KEY": project, "BB_REPO_SLUG": slug,
            "BB_REPO_IS_FORK": "false", "BB_REPO_IS_PUBLIC": "false",
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": self.storage() + "/objects",
        })
        for name in ("ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS"):
            if name in os.environ:
                variables[name] = os.environ[name]
        return variables

    def pusher(self, login):
        """The variables that say who it is."""
        who = self.identities[login]
        items = [f"BB_USER_NAME={who.name}", f"BB_USER_DISPLAY_NAME={who.display}",
                 f"BB_USER_PERMISSION={who.permission}"]
        return items + ([f"BB_USER_EMAIL={who.email}"] if who.email else [])

    def quarantine(self, name):
        """The variables that say where the new objects are; the directory must be there."""
        path = f"{self.storage()}/objects/{name}"
        return [f"GIT_QUARANTINE_PATH={path}", f"GIT_OBJECT_DIRECTORY={path}"]

    def hook(self):
        return ["/bin/sh", os.path.join(self.home, "hook")]

    def refgate(self, *arguments):
        """Runs the tool; (exit code, stdout, stderr)."""
        done = subprocess.run([self.refgate_path, *arguments], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, check=False)
        return done.returncode, done.stdout, done.stderr

    def verify(self):
        """The chain over all rotations: (intact, what was said, number of lines)."""
        code, out, err = self.refgate("audit", "verify", "--config", self.config,
                                      "--format", "json")
        lines = sum(file["lines"] for file in json.loads(out)["files"]) if out else 0
        return code == 0, (out + err if code else ""), lines


class Volley:
    """A program that is started again and again; results come on a thread of their own."""

    def __init__(self, place, program=None, environment=None, directory=None, on_result=None):
        self.process = subprocess.Popen(
            [os.path.join(place.build, "tests/helpers/volley"), *(program or place.hook())],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=environment if environment is not None else place.environment(),
            cwd=directory or os.path.join(place.home, "elsewhere"))
        self.results = []
        self.on_result = on_result or self.results.append
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def line(self, run_id, stdin, items=(), errors="-", kill_us=None):
        return "\t".join([run_id, stdin, errors, str(kill_us or "-"), *items]) + "\n"

    def start(self, *arguments, **words):
        self.send(self.line(*arguments, **words))

    def send(self, lines):
        """All of them at once."""
        self.process.stdin.write(lines)
        self.process.stdin.flush()

    def _read(self):
        for line in self.process.stdout:
            run_id, *numbers = line.rstrip("\n").split("\t")
            code, peak, cpu, began, wall = map(int, numbers)
            self.on_result(Result(run_id, code, peak, cpu, wall, began / 1e6, (began + wall) / 1e6))

    def end(self):
        """Waits for the runs that are under way; gives the results, unless somebody took them."""
        self.process.stdin.close()
        self.reader.join()
        if self.process.wait() != 0:
            raise RuntimeError("volley failed")
        return self.results


def write(path, content):
    with open(path, "wb" if isinstance(content, bytes) else "w") as file:
        file.write(content)
    return path


def git(directory, *arguments, **variables):
    done = subprocess.run(["git", *arguments], cwd=directory, env={**os.environ, **variables},
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
    return done.stdout.strip()
