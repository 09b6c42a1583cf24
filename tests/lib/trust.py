#!/usr/bin/env python3
"""What lies where a file of the hook's is, and what the hook makes of it: the tables of
tests/push/trust.t, which calls this.

usage: trust.py DIRECTORY BUILD SNAPSHOT STORAGE

Prints TAP. DIRECTORY holds `held` and `id` (commits; the second one came with the push, into
objects/incoming of the repository) and `evil.cdb` (a snapshot that forbids nothing); SNAPSHOT is a good
one, STORAGE the repository. With LONG in the environment there is more of everything.
"""
import os
import shutil
import socket
import stat
import subprocess
import sys
import threading
import time

TOP, BUILD, SNAPSHOT, STORAGE = sys.argv[1:5]
LONG = bool(os.environ.get("LONG"))
ROOT = os.geteuid() == 0
HOOK_USER, STRANGER = 65534, 65533
ZERO = "0" * 40
WHOLE = TOP + "/w"
HELD, COMMIT = (open(TOP + "/" + name).read().strip() for name in ("held", "id"))
INCOMING = STORAGE + "/objects/incoming"
PROGRAM = TOP + "/bin/refgate-hook"

# ---------------------------------------------------------------- TAP
points = failures = 0
lock = threading.Lock()


def point(good, text, notes=""):
    global points, failures
    with lock:
        points += 1
        failures += not good
        print("%sok %d - %s" % ("" if good else "not ", points, text))
        for line in notes.splitlines() if not good else ():
            print("# " + line)
        sys.stdout.flush()


def skip(text, reason):
    point(True, text + " # SKIP " + reason)


# ---------------------------------------------------------------- the scene
def write(path, content, mode=0o644):
    with open(path, "wb") as out:
        out.write(content if isinstance(content, bytes) else content.encode())
    os.chmod(path, mode)


def remove(path):
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.unlink(path)


# Each file lies in a directory `in` of its own, so that what is above it can be changed alone.
FILES = ("conf", "disabled", "beside", "snapshot", "access", "audit", "approval")
PATHS = {
    "conf": WHOLE + "/conf/in/refgate.conf",
    "disabled": WHOLE + "/conf/in/refgate.disabled",
    "beside": WHOLE + "/beside/in/refgate.conf",
    "snapshot": WHOLE + "/snapshot/in/file",
    "access": WHOLE + "/access/in/file",
    "audit": WHOLE + "/audit/in/file",
}
SHORT = WHOLE + "/conf/in/short.conf"  # for what gets stuck: the watchdog ends it after 3 s
SETTINGS = """[refgate]
timezone = Europe/Berlin
[snapshot]
file = {snapshot}
[audit]
file = {audit}
required = yes
syslog = all
syslog-socket = {w}/syslog
[failure]
undecided = reject
[credential]
resolvers = name, access-log
access-log = {access}
[approvals]
directory = {w}/approval/in
""".format(w=WHOLE, **PATHS)
RULES = """[rule "never"]
action = reject
refs = never
[rule "no-passwords"]
action = reject
refs = guarded
credentials = user-password
[rule "ask"]
action = require-approval
refs = ask
[rule "whose"]
action = reject
refs = whose
committer = known-user
[rule "frozen"]
action = reject
refs = frozen
days = mon, tue, wed, thu, fri, sat, sun
"""


def log_line(protocol):
    now = time.strftime("%Y-%m-%d %H:%M:%S,000", time.gmtime(time.time() - 7 * 3600))
    if protocol == "ssh":
        return ("10.0.0.7 | ssh | i*1x1 | jdoe | %s | SSH - git-receive-pack '/prj/app.git' | "
                '"SSH-2.0-OpenSSH_9.2" | - | - | s1 |\n' % now)
    return ('10.0.0.7 | https | o@1x2x3x0 | jdoe | %s | "GET /scm/PRJ/app.git/info/refs'
            '?service=git-receive-pack HTTP/1.1" | "" "git/2.44.0" | 200 | 0 | 190 | - | 12 | s2 |\n'
            % now)


GOOD = {name: TOP + "/good." + name for name in FILES}
EVIL = {name: TOP + "/evil." + name for name in FILES}


def make_approval():
    run = subprocess.run(
        [BUILD + "/refgate", "approve", "create", "--config", PATHS["conf"], "--repo", "PRJ/app",
         "--ref", "ask", "--user", "jdoe", "--reason", "test"], capture_output=True, text=True)
    name = run.stdout.split("\n")[0] + ".approval"
    PATHS["approval"] = WHOLE + "/approval/in/" + name
    if run.returncode:
        sys.exit("refgate approve: " + run.stderr)
    for kept in GOOD, EVIL:
        shutil.copy(PATHS["approval"], kept["approval"])


def make_scene():
    os.umask(0o022)
    for name in "conf", "beside", "snapshot", "access", "audit", "approval":
        os.makedirs(WHOLE + "/" + name + "/in")
    os.mkdir(TOP + "/bin")
    for where in PROGRAM, WHOLE + "/beside/in/refgate-hook":
        shutil.copy(BUILD + "/refgate-hook", where)
    for name in "conf", "beside":
        write(GOOD[name], SETTINGS + RULES)
        write(SHORT, SETTINGS + RULES + "[limits]\ndeadline = 1s\n")
        write(EVIL[name], SETTINGS)
    for kept in GOOD, EVIL:
        write(kept["disabled"], "reason: storage move\n")
        write(kept["audit"], "")
    shutil.copy(SNAPSHOT, GOOD["snapshot"])
    shutil.copy(TOP + "/evil.cdb", EVIL["snapshot"])
    write(EVIL["access"], log_line("ssh"))
    write(GOOD["access"], log_line("http"))
    for name in "conf", "beside", "snapshot", "access", "audit":
        shutil.copy(GOOD[name], PATHS[name])
    make_approval()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listener.bind(TOP + "/socket")
    os.mkdir(TOP + "/open")
    os.chmod(TOP + "/open", 0o777)
    for name in FILES:
        os.symlink(GOOD[name], TOP + "/open/" + name)
        shutil.copy(EVIL[name], EVIL[name] + ".666")
        os.chmod(EVIL[name] + ".666", 0o666)
    os.symlink("loop", TOP + "/loop")
    for name, minor in ("null", 3), ("zero", 5):
        try:
            os.mknod(TOP + "/" + name, 0o600 | stat.S_IFCHR, os.makedev(1, minor))
        except OSError:  # not root, or a container that has no devices
            pass


# ---------------------------------------------------------------- one hook
VARIABLES = {
    "PATH": "/usr/bin:/bin", "LC_ALL": "C", "BB_HOOK_TRIGGER_ID": "push", "BB_HOOK_TYPE": "PRE",
    "BB_IS_DRY_RUN": "false", "BB_BASE_URL": "https://bitbucket.example.com",
    "BB_PROJECT_KEY": "PRJ", "BB_REPO_SLUG": "app", "BB_USER_NAME": "jdoe",
    "BB_USER_DISPLAY_NAME": "Jane Doe", "BB_USER_EMAIL": "jane.doe@example.com",
    "BB_USER_PERMISSION": "REPO_WRITE", "GIT_OBJECT_DIRECTORY": INCOMING,
    "GIT_QUARANTINE_PATH": INCOMING, "GIT_ALTERNATE_OBJECT_DIRECTORIES": STORAGE + "/objects"}
VARIABLES.update((name, os.environ[name]) for name in os.environ if name.endswith("SAN_OPTIONS"))


class Push:
    """What is pushed: REF, which is new, or `old`."""

    def __init__(self, ref, old=ZERO, new=COMMIT):
        self.updates = ("%s %s refs/heads/%s\n" % (old, new, ref)).encode()


PUSHES = {ref: Push(ref) for ref in ("never", "guarded", "ask", "fine", "whose", "frozen")}
PUSHES["delete"] = Push("main", HELD, ZERO)  # a restriction in the snapshot is against it


def hook(push, user=None, program=PROGRAM, arguments=("--config", PATHS["conf"]), before=(), **more):
    """(exit code, what the pusher reads). -1: it hung."""
    as_user = {} if user is None else {"user": user, "group": user, "extra_groups": []}
    try:
        run = subprocess.run(
            [*before, program, *arguments], input=PUSHES[push].updates, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, env={**VARIABLES, **more}, cwd="/", timeout=30, **as_user)
    except subprocess.TimeoutExpired:
        return -1, "it hung"
    return run.returncode, run.stdout.decode(errors="replace")


# ---------------------------------------------------------------- the table
# The exit code of the push of each file; - is a case that is none. What is good decides: it rejects
# by policy (1) or accepts (0); the kill switch accepts what is rejected without it. An approval that is
# not there is a definite no, a directory of approvals that cannot be trusted is trouble.
TABLE = """
kind            conf  disabled  beside  snapshot  access  audit  approval
good            1     0         1       0         1       0      0
own             1     0         1       0         1       0      0
roots           1     0         1       0         1       *      0
missing         2     1         *       2         2       0      1
owner           2     1         2       2         2       2      1
group           2     1         2       2         2       0      1
world           2     1         2       2         2       2      1
directory-group 2     2         2       2         2       0      2
directory-world 2     2         2       2         2       2      2
directory-owner 2     2         2       2         2       0      2
sticky          1     0         1       0         1       0      0
above-group     2     2         2       2         2       0      2
above-world     2     2         2       2         2       2      2
above-sticky    1     0         1       0         1       0      0
link            1     0         1       0         1       2      0
link-world      2     1         2       2         2       2      1
link-through    2     1         2       2         2       2      1
link-strangers  2     1         2       2         2       2      1
dangling        2     1         2       2         2       2      1
loop            2     1         2       2         2       2      1
hard-link       1     0         1       0         1       0      0
hard-world      2     1         2       2         2       2      1
fifo            2     1         2       2         2       2      1
socket          2     1         2       2         2       2      1
null            2     1         2       2         2       2      1
zero            2     1         2       2         2       2      1
link-null       2     1         2       2         2       2      1
link-zero       2     1         2       2         2       2      1
link-stdin      2     1         2       2         2       2      1
directory       2     1         2       2         2       2      1
empty           -     0         -       2         2       0      1
cut             2     0         2       2         2       0      1
unreadable      2     1         2       2         2       2      1
huge            2     1         2       2         2       -      1
"""
FILE_PUSHES = dict(conf="never", disabled="never", beside="never", snapshot="fine",
                   access="guarded", audit="fine", approval="ask")
BAD_CONFIGURATION = "the configuration of refgate is missing, invalid or not trusted"
SAYS = dict(conf=BAD_CONFIGURATION, disabled=BAD_CONFIGURATION, beside=BAD_CONFIGURATION,
            snapshot="no usable permissions snapshot: ", access="cannot tell what kind of credential",
            audit="the decision could not be written to the audit log",
            approval="approvals cannot be read: their directory is not trusted")


def content(kind, name):
    """Which of the two is there, and what its mode is."""
    evil = kind in ("owner", "group", "world") or "-world" in kind or "-group" in kind
    return (EVIL if evil else GOOD)[name], {"group": 0o664, "world": 0o646,
                                            "unreadable": 0}.get(kind, 0o644)


def put(kind, name, path, user):
    """Lets something lie at PATH. None: it cannot be made here; else a reason, or True."""
    directory, above = os.path.dirname(path), os.path.dirname(os.path.dirname(path))
    links = {"link": GOOD[name], "link-world": EVIL[name] + ".666",
             "link-through": TOP + "/open/" + name, "link-strangers": GOOD[name],
             "dangling": TOP + "/nowhere", "loop": TOP + "/loop", "link-null": "/dev/null",
             "link-zero": "/dev/zero", "link-stdin": "/proc/self/fd/0"}
    hard = {"hard-link": GOOD[name], "hard-world": EVIL[name] + ".666", "socket": TOP + "/socket"}
    remove(path)
    if kind in links:
        os.symlink(links[kind], path)
    elif kind in hard:
        os.link(hard[kind], path)
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind in ("null", "zero"):
        os.mknod(path, 0o600 | stat.S_IFCHR, os.makedev(1, 3 if kind == "null" else 5))
    elif kind == "directory":
        os.mkdir(path)
    elif kind == "huge":
        write(path, "")
        os.truncate(path, 64 << 30)
    elif kind != "missing":
        source, mode = content(kind, name)
        data = open(source, "rb").read()
        write(path, {"empty": b"", "cut": data[:len(data) // 2]}.get(kind, data), mode)
    for where, mode in (directory, "directory"), (above, "above"):
        bits = {"-group": 0o775, "-world": 0o757, "-sticky": 0o1777}
        if kind.startswith(mode + "-") and kind[len(mode):] in bits:
            os.chmod(where, bits[kind[len(mode):]])
    if kind in ("sticky", "link-strangers"):
        os.chmod(directory, 0o1777)
    if kind == "directory-owner":
        os.chown(directory, STRANGER, -1)
    if ROOT and os.path.lexists(path) and kind not in ("null", "zero"):
        whose = {"owner": STRANGER, "link-strangers": STRANGER, "roots": 0}.get(kind, user or 0)
        os.chown(path, whose, -1, follow_symlinks=False)


def why_not(kind, user):
    if kind in ("owner", "link-strangers", "roots", "directory-owner", "own") and not ROOT:
        return "only root can give files away"
    if kind in ("null", "zero") and not os.path.lexists(TOP + "/" + kind):
        return "no device can be made here"
    if kind == "unreadable" and ROOT and not user:
        return "root may read everything"
    return None


def restore(name, path, user):
    """All as it was; what the hook writes to is its own."""
    directory = os.path.dirname(path)
    remove(path)
    for where in directory, os.path.dirname(directory):
        os.chmod(where, 0o755)
        if ROOT:
            os.chown(where, user if user and name in ("audit", "approval") else 0, -1)
    if name != "disabled":
        shutil.copy(GOOD[name], path)
        if ROOT:
            os.chown(path, user or 0, -1)
    if name == "approval":
        for entry in os.listdir(directory):
            if not entry.endswith(".approval"):
                os.unlink(directory + "/" + entry)


def expected(kind, name, code, user):
    """`*` is where it depends on who runs it."""
    if code != "*":
        return int(code)
    if name == "beside":
        return 2 if not os.path.lexists("/etc/refgate/refgate.conf") else None
    return 2 if user else 0  # the hook's user cannot write to root's


def try_one(kind, name, code, user):
    text = "%s%s: %s" % ("as another user: " if user else "", name, kind)
    reason = why_not(kind, user)
    wanted = None if code == "-" else expected(kind, name, code, user)
    if wanted is None:
        return
    if reason:
        skip(text, reason)
        return
    path = PATHS[name]
    os.utime(GOOD["access"])
    put(kind, name, path, user)
    how = {"program": WHOLE + "/beside/in/refgate-hook", "arguments": ()} if name == "beside" else {}
    got, said = hook(FILE_PUSHES[name], user, **how)
    right = got == wanted and TOP not in said and (wanted != 2 or SAYS[name] in said)
    point(right, "%s gives %d" % (text, wanted), "exit code %d\n%s" % (got, said))
    restore(name, path, user)


def belong_to(user):
    for name in FILES:
        restore(name, PATHS[name], user)
        if ROOT:
            os.chown(GOOD[name], user or 0, -1)
            os.chown(EVIL[name] + ".666", user or 0, -1)


def whole_table(user):
    rows = [line.split() for line in TABLE.strip().splitlines()]
    for column, name in enumerate(FILES, 1):
        assert rows[0][column] == name
        belong_to(user)
        for row in rows[1:]:
            try_one(row[0], name, row[column], user)
    belong_to(None)


# ---------------------------------------------------------------- what Bitbucket's user owns
# git's own files are the word of whoever runs Bitbucket: neither owner nor mode is looked at. What lies
# there instead may cost the push, never an accept, a signal or more than the deadline. The push is of
# somebody else's commit.
GIT_FILES = ("HEAD", "config", "objects", "refs", "packed-refs", "objects/info/alternates",
             "objects/info/commit-graph", "objects/pack", "refs/heads/main", "shallow",
             "objects/incoming", "objects/incoming/%s/%s" % (COMMIT[:2], COMMIT[2:]),
             "objects/%s/%s" % (HELD[:2], HELD[2:]))
GIT_KINDS = ("missing", "directory", "empty", "noise", "loop", "dangling", "null", "zero", "world",
             "fifo")


def git_case(name, kind):
    path = STORAGE + "/" + name
    kept = TOP + "/kept"
    there = os.path.lexists(path)
    if there:
        os.rename(path, kept)
    try:
        if kind == "world":
            if there:
                shutil.copytree(kept, path) if os.path.isdir(kept) else shutil.copy(kept, path)
                os.chmod(path, 0o777)
        elif kind == "noise":
            write(path, bytes(range(256)) * 20)
        else:
            put({"null": "link-null", "zero": "link-zero"}.get(kind, kind), "conf", path, None)
        got, said = hook("whose", arguments=("--config", SHORT))
    finally:
        remove(path)
        if there:
            os.rename(kept, path)
    right = got in (1, 2) and TOP not in said
    point(right, "git: %s: %s gives 1 or 2" % (name, kind), "exit code %d\n%s" % (got, said))


QUARANTINES = ("/", "/dev/null", "/nowhere", "relative", "..", "", TOP + "/loop", TOP + "/open",
               TOP + "/fifo", "/proc/self/fd/0", "x" * 5000, STORAGE + "/objects/../objects",
               "/" + "../" * 1000)


def git_files():
    got, said = hook("whose")
    point(got == 1, "git: all as it should be gives 1", "exit code %d\n%s" % (got, said))
    os.mkfifo(TOP + "/fifo")
    for where in QUARANTINES:
        for name in "GIT_QUARANTINE_PATH", "GIT_OBJECT_DIRECTORY":
            got, said = hook("whose", arguments=("--config", SHORT), **{name: where})
            point(got in (1, 2), "git: %s=%.20s gives 1 or 2" % (name, where),
                  "exit code %d\n%s" % (got, said))
    for name in GIT_FILES:
        for kind in GIT_KINDS:
            if LONG or kind != "fifo" or name in ("packed-refs",):
                git_case(name, kind)


# ---------------------------------------------------------------- the time zone, and syslog
ZONES = (("good", 1), ("missing", 2), ("world", 2), ("owner", 2), ("fifo", 2), ("directory", 2),
         ("noise", 2), ("empty", 2), ("cut", 2), ("dangling", 2), ("zero", 2))
ZONEINFO = "/usr/share/zoneinfo"


def zone_cases():
    """In a mount namespace of its own: the machine's zones stay."""
    place = TOP + "/zones/Europe"
    good = ZONEINFO + "/Europe/Berlin"
    before = ["unshare", "--mount", "sh", "-c",
              'mount --bind "$0" %s && exec "$@"' % ZONEINFO, TOP + "/zones"]
    os.makedirs(place)
    if not os.path.exists(good):
        skip("time zone", "no %s here" % ZONEINFO)
        return
    if subprocess.run([*before, "true"], stderr=subprocess.DEVNULL).returncode:
        skip("time zone", "no mount namespaces here")
        return
    data = open(good, "rb").read()
    for kind, wanted in ZONES:
        path = place + "/Berlin"
        remove(path)
        if kind in ("fifo", "directory", "dangling"):
            put(kind, "conf", path, None)
        elif kind == "zero":
            os.symlink("/dev/zero", path)
        elif kind != "missing":
            write(path, {"noise": b"x" * 500, "empty": b"", "cut": data[:100]}.get(kind, data),
                  0o666 if kind == "world" else 0o644)
            if kind == "owner":
                os.chown(path, STRANGER, -1)
        got, said = hook("frozen", before=before)
        point(got == wanted and TOP not in said, "time zone: %s gives %d" % (kind, wanted),
              "exit code %d\n%s" % (got, said))


def syslog_cases():
    """Nothing but a socket is talked to, and nobody waits for it."""
    path = WHOLE + "/syslog"
    for kind in ("missing", "fifo", "directory", "empty", "loop", "link-null", "link-zero", "socket"):
        put(kind, "conf", path, None)
        got, said = hook("fine")
        size = os.lstat(path).st_size if kind == "empty" else 0
        point(got == 0 and not size, "syslog: %s gives 0" % kind, "exit code %d\n%s" % (got, said))
        remove(path)


# ---------------------------------------------------------------- races
ROUNDS = 1000 if LONG else 24
WORKERS = 3


def race(text, path, things, push, allowed, rounds=ROUNDS, after=None):
    """Lets what lies at PATH change all the time while hooks run. THINGS: (kind, name) of what `put`
    knows; they are made once, beside it, and take turns by rename."""
    waiting, codes, over = threading.Semaphore(rounds), [], threading.Event()
    beside = os.path.dirname(path) + "/../turn."

    def work():
        while waiting.acquire(blocking=False):
            codes.append(hook(push))

    threads = [threading.Thread(target=work) for _ in range(WORKERS)]
    for thread in threads:
        thread.start()

    def flip(turn):
        kind, name = things[turn % len(things)]
        if kind == "missing":
            remove(path)
            return
        put(kind, name, beside + str(turn), None)
        if kind == "directory":
            remove(path)
        elif os.path.isdir(path) and not os.path.islink(path):
            os.rmdir(path)
        os.rename(beside + str(turn), path)

    turns = 0
    while any(thread.is_alive() for thread in threads):
        flip(turns)
        turns += 1
        over.wait(0.0007)
    for thread in threads:
        thread.join()
    wrong = [(code, said) for code, said in codes if code not in allowed or TOP in said]
    seen = {code: sum(1 for c, _ in codes if c == code) for code in sorted({c for c, _ in codes})}
    point(not wrong and len(codes) == rounds, "race: %s: only %s" % (text, sorted(allowed)),
          "codes %s in %d turns\n%s" % (seen, turns, wrong[0][1] if wrong else ""))
    print("# %s: %d hooks, %d turns, codes %s" % (text, len(codes), turns, seen))


def race_of_the_audit_log():
    """Renamed away like a rotation, with things in between that nothing may be written to."""
    path, log = PATHS["audit"], []
    remove(path)
    directory = os.path.dirname(path)
    threads = [threading.Thread(target=lambda: log.extend(hook("fine") for _ in range(ROUNDS // 2)))
               for _ in range(WORKERS)]
    for thread in threads:
        thread.start()
    turn = 0
    while any(thread.is_alive() for thread in threads):
        turn += 1
        if os.path.isfile(path) and not os.path.islink(path) and os.stat(path).st_nlink == 1:
            os.rename(path, "%s/old.%d" % (directory, turn))
        for kind in "link-world", "hard-world", "fifo":
            try:
                {"link-world": lambda: os.symlink(EVIL["audit"] + ".666", path),
                 "hard-world": lambda: os.link(EVIL["audit"] + ".666", path),
                 "fifo": lambda: os.mkfifo(path)}[kind]()
                time.sleep(0.0003)
                os.unlink(path)
            except FileExistsError:  # the hook was faster: that is its log
                break
        time.sleep(0.002)
    for thread in threads:
        thread.join()
    lines = sum(open(entry.path).read().count("\n") for entry in os.scandir(directory)
                if entry.is_file(follow_symlinks=False))
    accepted = sum(1 for code, _ in log if code == 0)
    point({code for code, _ in log} <= {0, 2}, "race: audit log: only [0, 2]", str(log))
    point(lines == accepted, "race: audit log: each push that was accepted has its line",
          "%d lines, %d accepted" % (lines, accepted))
    point(os.path.getsize(EVIL["audit"] + ".666") == 0, "race: audit log: nobody else's was written")
    print("# audit log: %d hooks, %d accepted, %d turns" % (len(log), accepted, turn))


def races():
    for name in FILES:
        restore(name, PATHS[name], None)
    good, evil = ("good", "conf"), ("world", "conf")
    race("configuration", PATHS["conf"], (good, evil), "never", {1, 2})
    race("configuration, by links", PATHS["conf"],
         (("link", "conf"), ("link-world", "conf"), ("link-through", "conf")), "never", {1, 2})
    restore("conf", PATHS["conf"], None)
    switch = PATHS["disabled"]
    race("kill switch", switch, (("missing", "disabled"), ("world", "disabled")), "never", {1})
    race("kill switch, by links", switch,
         (("link-world", "disabled"), ("link-through", "disabled"), ("dangling", "disabled"),
          ("fifo", "disabled")), "never", {1})
    restore("disabled", switch, None)
    race("snapshot", PATHS["snapshot"], (("good", "snapshot"), ("world", "snapshot")), "delete",
         {1, 2})
    race("snapshot, by links", PATHS["snapshot"],
         (("link", "snapshot"), ("link-world", "snapshot"), ("cut", "snapshot")), "delete", {1, 2})
    restore("snapshot", PATHS["snapshot"], None)
    os.utime(GOOD["access"])
    race("access log", PATHS["access"], (("good", "access"), ("world", "access")), "guarded", {1, 2})
    restore("access", PATHS["access"], None)
    remove(PATHS["approval"])
    race("approval", PATHS["approval"],
         (("missing", "approval"), ("world", "approval"), ("link-world", "approval")), "ask", {1})
    restore("approval", PATHS["approval"], None)
    race_of_the_audit_log()


# ---------------------------------------------------------------- the whole
def main():
    make_scene()
    got, said = hook("delete")
    point(got == 1, "the good snapshot forbids what the evil one lets in", "exit code %d\n%s" % (got, said))
    whole_table(None)
    if not ROOT:
        skip("as another user", "needs root")
    elif LONG:
        whole_table(HOOK_USER)
    git_files()
    zone_cases()
    syslog_cases()
    races()
    print("1..%d" % points)
    return 1 if failures else 0


sys.exit(main())
