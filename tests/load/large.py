"""Large pushes: many refs, many commits, many rules, each within the limits and just above them."""

import json
import os
import re
import shutil
import subprocess

from log import Log
from place import Volley, ZERO, git, write
from points import mib

NEW = "1" * 40


class Large:
    """One configuration of many: pushes through the hook alone, each measured."""

    def __init__(self, place, points, memory_kib):
        self.place, self.points, self.memory = place, points, memory_kib
        self.input = f"{place.home}/elsewhere/large"
        self.errors = f"{place.home}/elsewhere/large.err"
        with open(place.config, encoding="utf-8") as file:
            self.original = file.read()

    def run(self, description, code, stdin, items, program=None, limit_us=None):
        """A push through the hook alone; its result."""
        volley = Volley(self.place, program=program)
        volley.start("large", write(self.input, stdin), items, errors=self.errors)
        result = volley.end()[0]
        with open(self.errors, encoding="utf-8", errors="replace") as file:
            said = file.read()[:600].splitlines()
        good = result.code == code and result.peak < self.memory and \
            (limit_us is None or result.wall <= limit_us)
        self.points.ok(good, description, [f"code {result.code}, wanted {code}; {mib(result.peak)}, "
                                           f"{result.wall / 1e6:.2f} s", *said])
        self.points.figure(description, f"code {result.code}, {mib(result.peak)}, cpu "
                           f"{result.cpu / 1e6:.2f} s, wall {result.wall / 1e6:.2f} s")
        return result

    def configure(self, text):
        write(self.place.config, text)

    def restore(self):
        self.configure(self.original)


def refs(count, name="refs/heads/team-{part}/feature/ISSUE-{i}"):
    return "".join(f"{ZERO} {NEW} {name.format(i=i, part=i % 97)}\n" for i in range(count))


def client_refs(client, count, prefix):
    """That many branches in a clone, packed as git packs them: it would write a file of each first."""
    head = git(client, "rev-parse", "HEAD")
    names = sorted(f"refs/heads/{prefix}/{i}" for i in range(count))
    write(f"{client}/.git/packed-refs", "# pack-refs with: peeled fully-peeled sorted \n" +
          "".join(f"{head} {name}\n" for name in names))


def push(place, points, client, description, code, *specs):
    """A real push; the hook's own exit code is what launch-hook writes down. To a path: of what has a
    name, git would keep a second copy of all refs."""
    done = subprocess.run(["git", "-C", client, "push", "-q", place.storage(), *specs],
                          env={**os.environ, "LAUNCH_LOGIN": "jdoe"}, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, check=False)
    with open(f"{place.home}/exits", encoding="ascii") as file:
        hook = int(file.read().split()[-1])
    return points.ok(hook == code and done.returncode == (0 if code == 0 else 1), description,
                     [f"git {done.returncode}, hook {hook}", *done.stderr.splitlines()[:20]])


def last_record(place):
    with open(place.log, "rb") as file:
        return json.loads(file.readlines()[-1])


def real_refs(place, points, client, count, refused):
    """One push of many branches through git, accepted (git writes a file of each), then one that is
    refused."""
    client_refs(client, count, "many")
    push(place, points, client, f"git push of {count} refs", 0, "refs/heads/many/*:refs/heads/many/*")
    there = git(place.storage(), "for-each-ref", "--format=x", "refs/heads/many/").count("x")
    points.equal(there, count, "and all are there")
    record = last_record(place)
    points.equal((record["exit"], record.get("changes_total", len(record["changes"]))), (0, count),
                 "in one record that counts them")
    client_refs(client, refused, "many")
    push(place, points, client, f"git push of {refused} refs that are closed", 1,
         "refs/heads/many/*:refs/heads/archive/*")
    points.equal(git(place.storage(), "for-each-ref", "refs/heads/archive/"), "", "none is there")
    points.equal(last_record(place)["counts"]["reject"], refused, "and all are counted")
    intact, said, _ = place.verify()
    points.ok(intact, "the chain is intact", [said])


# ------------------------------------------------------------------ through the hook alone

def limits(large, top):
    """As many refs as [limits] lets through, one more, and far more; as many as git lists at once."""
    jdoe = large.place.pusher("jdoe")
    base = open_config(large.place)
    large.configure(base + f"[limits]\ndeadline = 60s\nrefs = {top}\n")
    large.run(f"{top} refs, the limit", 0, refs(top), jdoe)
    counted(large, 0, top)
    large.run(f"{top + 1} refs, one above the limit", 2, refs(top + 1), jdoe)
    large.run(f"{top} refs that are closed", 1, refs(top, "refs/heads/archive/team-{part}/{i}"), jdoe)
    counted(large, 1, top)
    large.configure(base + "[limits]\ndeadline = 60s\n")
    long_name = "refs/heads/" + "d/" * 100 + "x" * 200 + "{part}-{i}"
    large.run("200000 refs of 420 bytes, the default limit", 0, refs(200000, long_name), jdoe)
    large.run("300000 refs, above the default limit", 2, refs(300000), jdoe)
    large.restore()


def counted(large, code, count):
    record = last_record(large.place)
    large.points.equal((record["exit"], record["changes_total"], sum(record["counts"].values())),
                       (code, count, count), "and the record counts them")


def open_config(place):
    """What is in force, without [limits]: each case sets its own."""
    with open(place.config, encoding="utf-8") as file:
        return re.sub(r"^\[limits\]\n([^\[].*\n)*", "", file.read(), flags=re.MULTILINE)


def rules(count, pattern):
    return "".join(f'[rule "p{i}"]\naction = reject\nrefs = {pattern.format(i=i)}\n'
                   for i in range(count))


def patterns(large, deadline):
    """100,000 refs against 200 patterns; then patterns and refs that are made to take long."""
    jdoe = large.place.pusher("jdoe")
    base = open_config(large.place)
    large.configure(base + "[limits]\ndeadline = 60s\n" +
                    rules(200, "team-{i}/**/release-*/v?.?"))
    large.run("100000 refs x 200 patterns", 0, refs(100000), jdoe)
    # The watchdog ends it two seconds after the deadline; a busy machine may take some more to say so.
    most_us = (deadline + 2 + 2) * 1000000
    large.configure(base + f"[limits]\ndeadline = {deadline}s\n" +
                    rules(1000, "**/*a*/" * 30 + "*c*b{i}*"))
    large.run(f"200000 refs x 1000 hostile patterns, deadline {deadline} s: code 2 in time", 2,
              refs(200000, "refs/heads/" + "a/" * 60 + "c{i}"), jdoe, limit_us=most_us)
    large.configure(base + f"[limits]\ndeadline = {deadline}s\n")
    fifo = f"{large.place.home}/elsewhere/silent"
    os.mkfifo(fifo)
    held = os.open(fifo, os.O_RDWR)
    volley = Volley(large.place)
    volley.start("silent", fifo, jdoe)
    result = volley.end()[0]
    os.close(held)
    os.unlink(fifo)
    large.points.ok(result.code == 2 and result.wall <= most_us,
                    f"a stdin that stays silent, deadline {deadline} s: code 2 in time",
                    [f"code {result.code}, {result.wall / 1e6:.2f} s"])
    large.points.figure("silent stdin", f"code {result.code}, wall {result.wall / 1e6:.2f} s")
    large.restore()


def few_descriptors(large, mix, most):
    """All kinds of pushes with few descriptors allowed: none is held that is not needed."""
    program = ["/bin/sh", "-c", f'ulimit -n {most} && exec "$0" "$1"', *large.place.hook()]
    for kind in ("accept", "own-work", "rewrite", "guarded", "key"):
        push_ = mix.next(kind)
        want = {"rewrite": 1, "guarded": 1}.get(kind, 0)
        large.run(f"{kind}, with {most} descriptors", want, push_.stdin, push_.items, program=program)


# ------------------------------------------------------------------ commits

def import_commits(directory, count, name, email, foreign=None, **variables):
    """A line of `count` commits by one person, all but number `foreign`; the id of the last."""
    stream = []
    for i in range(count):
        who = "rroe <richard.roe@example.com>" if i == foreign else f"{name} <{email}>"
        message = f"commit {i} of {count} {foreign}"
        stream.append(f"commit refs/heads/imported-{count}-{foreign}\nmark :{i + 1}\n"
                      f"committer {who} {1700000000 + i} +0000\ndata {len(message)}\n{message}\n")
        stream.append(f"from :{i}\n\n" if i else "M 100644 inline file\ndata 2\nx\n\n")
    subprocess.run(["git", "fast-import", "--quiet", "--force"], cwd=directory, check=True, text=True,
                   input="".join(stream), env={**os.environ, **variables})
    return git(directory, "rev-parse", f"imported-{count}-{foreign}", **variables)


def commits(large, count, client):
    """New commits in quarantine, a rule that wants their committer to be the pusher."""
    place, points = large.place, large.points
    jdoe = place.identities["jdoe"]
    for foreign, code in ((None, 0), (count // 2, 1)):
        storage = place.storage()
        name = f"tmp_objdir-incoming-{count}-{foreign}"
        quarantine = f"{storage}/objects/{name}"
        os.makedirs(quarantine)
        tip = import_commits(storage, count, jdoe.display, jdoe.email, foreign,
                             GIT_OBJECT_DIRECTORY=quarantine,
                             GIT_ALTERNATE_OBJECT_DIRECTORIES=f"{storage}/objects")
        # In a real push the repository has no ref to it yet.
        git(storage, "update-ref", "-d", f"refs/heads/imported-{count}-{foreign}",
            GIT_OBJECT_DIRECTORY=quarantine,
            GIT_ALTERNATE_OBJECT_DIRECTORIES=f"{storage}/objects")
        whose = "all by the pusher" if foreign is None else "one by another"
        large.run(f"{count} new commits, {whose}", code,
                  f"{ZERO} {tip} refs/heads/mine/of-{count}-{foreign}\n",
                  place.pusher("jdoe") + place.quarantine(name))
    if client:
        for foreign, code in ((None, 0), (count // 2, 1)):
            import_commits(client, count, jdoe.display, jdoe.email, foreign)
            push(place, points, client, f"git push of {count} commits, "
                 f"{'all by the pusher' if foreign is None else 'one by another'}", code,
                 f"imported-{count}-{foreign}:refs/heads/mine/real-{count}-{foreign}")


def few_commits_allowed(large, count):
    """A history budget below what was pushed: cannot tell, so refused with code 2."""
    place = large.place
    base = open_config(place)
    large.configure(base + f"[limits]\ndeadline = 60s\nhistory-commits = {count // 2}\n")
    name = f"tmp_objdir-incoming-{count}-None"
    tip = last_tip(place, count)
    large.run(f"{count} new commits, a budget of half of them", 2,
              f"{ZERO} {tip} refs/heads/mine/budget\n",
              place.pusher("jdoe") + place.quarantine(name))
    large.points.equal(last_record(place)["changes"][0]["ref"], "refs/heads/mine/budget",
                       "which is recorded")
    large.restore()


def last_tip(place, count):
    """Of the first record that pushed it."""
    with open(place.log, "rb") as file:
        for line in file:
            for change in json.loads(line).get("changes", []):
                if change["ref"] == f"refs/heads/mine/of-{count}-None":
                    return change["new"]
    raise RuntimeError("no such push")


# ------------------------------------------------------------------ many rules, many pushes

def heavy(large, snapshot, count):
    """2,000 restrictions on the repository, a pusher in 500 groups, 200 rules; that many at once."""
    place, points = large.place, large.points
    base = open_config(place)
    large.configure(base.replace(f"{place.home}/snapshot.cdb", snapshot) +
                    "".join(f'[rule "g{i}"]\naction = reject\nrefs = g{i}/**\n'
                            f"groups = heavy-group-{i}\n" for i in range(200)))
    items = ["BB_PROJECT_KEY=BENCH", "BB_REPO_SLUG=heavy", "BB_USER_NAME=heavy-user",
             "BB_USER_DISPLAY_NAME=Heavy User", "BB_USER_PERMISSION=REPO_WRITE",
             "BB_USER_EMAIL=heavy-user@example.com",
             # Its number on disk is its number in the snapshot: else it would be an unknown one.
             f"GIT_ALTERNATE_OBJECT_DIRECTORIES={place.storage('BENCH/heavy')}/objects"]
    volley = Volley(place)
    directory = f"{place.home}/elsewhere"
    for i in range(count):
        closed = i % 3 == 0
        ref = f"refs/heads/g{i % 200}/{i}" if closed else f"refs/heads/topic/{i}"
        volley.start(f"{i} {1 if closed else 0}", write(f"{directory}/heavy-{i}",
                     f"{ZERO} {NEW} {ref}\n"), items)
    results = volley.end()
    wrong = [f"{result.id}: {result.code}" for result in results
             if int(result.id.split()[1]) != result.code]
    points.none(wrong, f"{count} at once: 2,000 restrictions, a pusher in 500 groups, 200 rules")
    peak = max(result.peak for result in results)
    points.ok(peak < large.memory, f"and memory stays below the limit: {mib(peak)}")
    points.figure(f"{count} at once, 2,000 restrictions, 500 groups, 200 rules",
                  f"peak {mib(peak)}, cpu of one "
                  f"{sum(r.cpu for r in results) / len(results) / 1000:.1f} ms")
    for i in range(count):
        os.unlink(f"{directory}/heavy-{i}")
    every = refs(2000, "refs/heads/heavy-{i}/x")
    large.run("all 2,000 restrictions match in one push, and exempt one of his groups", 0, every, items)
    large.run("the same of somebody who is in none", 1, every,
              [item.replace("heavy-user", "bench-user") for item in items])
    large.restore()


def real_burst(place, points, count, client):
    """As many of git push at once as the machine has memory for."""
    with open("/proc/meminfo", encoding="ascii") as file:
        available = next(int(line.split()[1]) for line in file if line.startswith("MemAvailable"))
    room = available // (24 * 1024)  # processes of git, shell and hook: about 24 MiB a push
    if room < count:
        points.note(f"{count} of git push at once are too many for this machine: {room}")
        count = room
    volley = Volley(place, program=[shutil.which("git"), "-C", client, "push", "-q", "origin"],
                    environment={**os.environ, "LAUNCH_LOGIN": "jdoe"}, directory=client)
    volley.send("".join(volley.line(f"{i}", "-", [
        f"+HEAD:refs/heads/{'archive' if i % 3 == 0 else 'topic'}/burst-{i}"]) for i in range(count)))
    results = volley.end()
    wrong = [f"{result.id}: {result.code}" for result in results
             if result.code != (1 if int(result.id) % 3 == 0 else 0)]
    points.none(wrong, f"{count} of git push at once: each its own verdict")
    there = git(place.storage(), "for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads/").split()
    points.equal(sorted(ref for ref in there if "/burst-" in ref),
                 sorted(f"topic/burst-{i}" for i in range(count) if i % 3), "and its ref, or none")
    log = Log(place.log, "burst-")
    lost = [f"burst-{i}" for i in range(count) if len(log.records[f"burst-{i}"]) != 1]
    points.none(lost + log.doubles(), "each has one line in the log")
    intact, said, _ = place.verify()
    points.ok(intact, "the chain is intact", [said])
    points.figure(f"{count} of git push at once",
                  f"longest {max(r.wall for r in results) / 1e6:.1f} s, peak memory of one git "
                  f"{mib(max(r.peak for r in results))}")
