"""Minutes of mixed pushes, while everything that they read is replaced under them: the snapshot by syncs,
the log by rotations, the policy, the approvals, the kill switch. Afterwards, for each push: is there
exactly one line of it, and is it what a policy, snapshot and switch of that moment say?"""

import collections
import json
import os
import random
import re
import signal
import subprocess
import threading
import time

from burst import approve, leftovers, uses_taken
from log import Log, lines, push_id
from mix import APPROVED, CLOSED, Mix, State, UNRECORDED, expected, verdicts
from place import Volley, git, write
from points import mib

WORKERS = 6
KEPT_APPROVALS = 8  # more are revoked
# What syncs and policy apply keep beside what they replace.
KEPT_FILES = r"snapshot\.cdb\.[1-9]|refgate\.conf\.(lock|last-good)"


class Timeline:
    """What was in force when: values that follow one another, each change taking some time."""

    def __init__(self, value):
        self.changes = [(float("-inf"), float("-inf"), value)]

    def change(self, value, act):
        began = time.monotonic()
        result = act()
        self.changes.append((began, time.monotonic(), value))
        return result

    def during(self, began, ended):
        """All that may have been in force at some time between."""
        possible = set()
        for start, end, value in self.changes:
            if end < began:
                possible = {value}
            elif start <= ended:
                possible.add(value)
        return possible


class Disturber(threading.Thread):
    """Replaces, rotates, approves, revokes, switches off and on: one thing after the other."""

    STEPS = {"sync": 6, "rotate": 4, "apply": 4, "approve": 8, "revoke": 2, "prune": 1, "switch": 1,
             "verify": 1}

    def __init__(self, place, seed, recordings, policies, pause):
        super().__init__()
        self.place, self.recordings, self.policies = place, recordings, policies
        self.random = random.Random(seed)
        self.pause = pause
        self.over = threading.Event()
        self.policy, self.snapshot = Timeline(0), Timeline(0)
        self.disabled = Timeline(False)
        self.done = collections.Counter()
        self.problems = []
        self.approvals = {}  # id -> uses
        self.revoked = {}    # id -> when that was done
        self.open = []

    def run(self):
        names, weights = list(self.STEPS), list(self.STEPS.values())
        first = self.random.sample(names, len(names))  # each once, however short it is
        while not self.over.is_set():
            step = first.pop() if first else self.random.choices(names, weights)[0]
            try:
                getattr(self, step)()
            except Exception as error:  # pylint: disable=broad-except
                self.problems.append(f"{step}: {error!r}")
            self.done[step] += 1
            self.over.wait(self.random.uniform(0, 2 * self.pause))

    def tool(self, *arguments, codes=(0,)):
        code, out, err = self.place.refgate(*arguments)
        if code not in codes:
            self.problems.append(f"refgate {' '.join(arguments)}: code {code}: {out[-300:]}{err}")
        return out

    def sync(self):
        value = self.random.randrange(2)
        self.snapshot.change(value, lambda: self.tool(
            "sync", "--quiet", "--replay", self.recordings[value], "--output",
            f"{self.place.home}/snapshot.cdb"))

    def rotate(self):
        compress = ["--compress"] if self.random.random() < 0.3 else []
        self.tool("audit", "rotate", "--config", self.place.config, *compress)

    def apply(self):
        value = self.random.randrange(2)
        self.policy.change(value, lambda: self.tool(
            "policy", "apply", "--yes", "--config", self.place.config, self.policies[value]))

    def approve(self):
        uses = self.random.choice((1, 1, 2, 3, 7))
        refs = self.random.choice((["guarded/"], ["sealed/"], ["guarded/"], ["sealed/"],
                                   ["guarded/", "sealed/"]))
        approval = approve(self.place, uses, *refs)
        self.approvals[approval] = uses
        self.open.append(approval)
        if len(self.open) > KEPT_APPROVALS:
            self.take_back()

    def take_back(self):
        approval = self.open.pop(self.random.randrange(len(self.open)))
        self.tool("approve", "revoke", "--config", self.place.config, approval, "--reason", "soak")
        self.revoked[approval] = time.monotonic()

    def revoke(self):
        if self.open:
            self.take_back()

    def prune(self):
        """Those that were used up are told by a look at the list, and not revoked any more."""
        self.tool("approve", "prune", "--config", self.place.config)
        there = set(os.listdir(f"{self.place.home}/approvals"))
        self.open = [approval for approval in self.open if f"{approval}.approval" in there]

    def switch(self):
        self.disabled.change(True, lambda: self.tool(
            "disable", "--config", self.place.config, "--reason", "soak"))
        time.sleep(self.pause)
        self.disabled.change(False, lambda: self.tool("enable", "--config", self.place.config))

    def verify(self):
        self.tool("audit", "verify", "--config", self.place.config)


class Follower:
    """`refgate audit show --follow` over the whole soak: what it prints, holds and uses."""

    def __init__(self, place, path):
        self.path = path
        with open(path, "wb") as out:
            self.process = subprocess.Popen(
                [place.refgate_path, "audit", "show", "--follow", "--since", "1d", "--format",
                 "json", "--config", place.config],
                stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.PIPE)
        self.samples = []  # (descriptors, VmRSS in KiB)

    def sample(self):
        try:
            held = len(os.listdir(f"/proc/{self.process.pid}/fd"))
            with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
                size = next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))
            self.samples.append((held, size))
        except (OSError, StopIteration):
            pass

    def end(self, last):
        """Waits until it has printed as many lines as that; its trouble."""
        until = time.monotonic() + 60
        while time.monotonic() < until and self.process.poll() is None and self.count() < last:
            time.sleep(0.1)
        self.process.send_signal(signal.SIGTERM)
        _, err = self.process.communicate()
        return err.decode() + (f"exit code {self.process.returncode}"
                               if self.process.returncode not in (0, -signal.SIGTERM) else "")

    def count(self):
        with open(self.path, "rb") as file:
            return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b""))


class RealPushes(threading.Thread):
    """git push, one after the other, each a new branch."""

    def __init__(self, place, client, pause):
        super().__init__()
        self.place, self.client, self.pause = place, client, pause
        self.over = threading.Event()
        self.pushes = []  # (id, exit code, began, ended)

    def run(self):
        while not self.over.is_set():
            run_id = f"soak-real-{len(self.pushes)}"
            began = time.monotonic()
            done = subprocess.run(
                ["git", "-C", self.client, "push", "-q", "origin", f"HEAD:refs/heads/flip/{run_id}"],
                env={**os.environ, "LAUNCH_LOGIN": "jdoe"}, stdin=subprocess.DEVNULL,
                capture_output=True, check=False)
            self.pushes.append((run_id, done.returncode, began, time.monotonic()))
            self.over.wait(self.pause)


class Soak:
    def __init__(self, place, points, seed, seconds, rate, client, recordings):
        self.place, self.points = place, points
        self.seconds, self.rate = seconds, rate
        self.seed = seed
        self.mix = Mix(place, seed, "soak-")
        self.lock = threading.Lock()
        self.under_way = {}  # id -> (push, place)
        self.ended = []      # (push, result)
        self.inputs = f"{place.home}/elsewhere"
        policies = [f"{place.home}/elsewhere/policy-{n}.conf" for n in range(2)]
        with open(place.config, encoding="utf-8") as file:
            base = file.read()
        for path, more in zip(policies, ("", CLOSED)):
            write(path, base + more)
        self.disturber = Disturber(place, seed + 1, recordings, policies, 0.02)
        self.real = RealPushes(place, client, 0.5 if rate else 0.0)
        self.volley = None
        self.begun = self.until = 0.0
        self.finished = threading.Event()

    # ------------------------------------------------------------- pushing

    def begin(self, slot):
        """The next push of a worker. One in 25 is pushed twice at the same time."""
        push = self.mix.next()
        path = write(f"{self.inputs}/in-{slot}", push.stdin)
        twin = self.mix.random.random() < 0.04 and push.kind in APPROVED
        names = [push.id, push.id + "~"] if twin else [push.id]
        for name in names:
            self.under_way[name] = (push, slot, len(names))
        self.volley.send("".join(
            self.volley.line(name, path, push.items, kill_us=push.kill_us,
                             errors=f"{self.inputs}/err-{slot}{name[-1:] if twin else ''}")
            for name in names))

    def took(self, result):
        """A run has ended: its worker goes on, at its pace."""
        with self.lock:
            push, slot, names = self.under_way.pop(result.id)
            self.ended.append((push, result))
            if names == 2 and any(other[0] is push for other in self.under_way.values()):
                return
            if time.monotonic() < self.until:
                if self.rate:
                    time.sleep(1 / self.rate)
                self.begin(slot)
            elif not self.under_way:
                self.finished.set()

    def alone(self, push):
        """The exit code of a push that is not one of many. It counts among them."""
        volley = Volley(self.place)
        volley.start(push.id, write(f"{self.inputs}/in", push.stdin), push.items)
        result = volley.end()[0]
        self.ended.append((push, result))
        return result.code

    def run(self):
        self.alone(self.mix.next("accept"))  # there is a log to follow
        follower = Follower(self.place, f"{self.inputs}/followed")
        time.sleep(0.3)
        files_before = self.listing()
        self.begun = time.monotonic()
        self.until = self.begun + self.seconds
        self.volley = Volley(self.place, on_result=self.took)
        self.disturber.start()
        self.real.start()
        with self.lock:
            for slot in range(WORKERS):
                self.begin(slot)
        while not self.finished.wait(min(1.0, self.seconds / 20)):
            follower.sample()
        self.disturber.over.set()
        self.real.over.set()
        self.disturber.join()
        self.real.join()
        self.volley.end()
        self.judge(follower, files_before)

    def listing(self):
        """Names that lie in the server's directory, but for those that grow on purpose."""
        return {name for name in os.listdir(self.place.home) if not name.startswith("audit.log-")}

    # ------------------------------------------------------------- judging

    def judge(self, follower, files_before):
        points, ended = self.points, self.ended
        points.none(self.disturber.problems, "no sync, rotation, policy, approval or switch failed")
        log = Log(self.place.log, "soak-")
        self.check_codes(ended)
        self.check_log(log, ended)
        self.check_in_force(log, ended)
        self.check_approvals(log, ended)
        self.check_real(log)
        intact, said, count = self.place.verify()
        points.ok(intact, f"the chain is intact over {len(log.files)} files", [said])
        points.equal(count, log.count + log.rotations, "and has as many lines as decisions and rotations")
        self.check_follower(log, follower)
        self.check_flat(follower, files_before)
        self.figures(log)

    def states(self, result):
        during = result.began, result.ended
        disturber = self.disturber
        return [State(policy, snapshot, disabled)
                for policy in disturber.policy.during(*during)
                for snapshot in disturber.snapshot.during(*during)
                for disabled in disturber.disabled.during(*during)]

    def check_codes(self, ended):
        wrong = []
        for push, result in ended:
            right = set().union(*(expected(push.kind, state) for state in self.states(result)))
            if push.kind == "killed":
                right = {-signal.SIGKILL, 0, 1}
            if result.code not in right:
                wrong.append(f"{push.id}: code {result.code}, right: {sorted(right)}")
        self.points.none(wrong, f"{len(ended)} pushes: each exit code is right under what was in force")

    def check_log(self, log, ended):
        """Exactly one line of each push that ended normally (of twins, one each)."""
        runs = collections.defaultdict(list)
        for push, result in ended:
            runs[push.id].append((push, result))
        lost, wrong = [], []
        for run_id, pushes in runs.items():
            records = log.records.get(run_id, [])
            most = least = 0
            for push, result in pushes:
                unrecorded = push.kind.startswith("dry-") and result.code == 0
                most += not unrecorded
                least += not unrecorded and result.code >= 0
            if not least <= len(records) <= most:
                lost.append(f"{run_id}: {len(records)} records of {least} to {most}")
            codes = collections.Counter(result.code for _, result in pushes if result.code >= 0)
            said = collections.Counter(record["exit"] for record in records)
            if pushes[0][0].kind not in ("killed", *UNRECORDED) and most and codes != said:
                wrong.append(f"{run_id}: ended with {codes}, recorded {said}")
            wrong += [f"{run_id}: {record}" for record in records if not record["disabled"] and
                      pushes[0][0].kind != "killed" and
                      record["verdict"] not in verdicts(pushes[0][0].kind, record["exit"])]
        real = {push[0] for push in self.real.pushes}
        strange = [run_id for run_id in log.records if run_id not in runs and run_id not in real]
        self.points.none(lost, "semantics 8: each push has its line in the log, none has two")
        self.points.none(log.doubles() + strange, "no decision is there twice, none is of nobody's push")
        self.points.none(wrong, "each line says what came of its push")

    def check_in_force(self, log, ended):
        """The record names policy and snapshot: one of each kind gives one answer."""
        answers = collections.defaultdict(set)
        for push, _ in ended:
            if push.kind not in ("flip", "swap"):
                continue
            key = {"flip": "policy", "swap": "snapshot"}[push.kind]
            for record in log.records.get(push.id, []):
                if not record["disabled"]:
                    answers[record[key]].add(record["exit"])
        torn = [f"{digest}: {codes}" for digest, codes in answers.items() if len(codes) > 1]
        self.points.none(torn, f"each of {len(answers)} policies and snapshots gave one answer, always")

    def check_approvals(self, log, ended):
        disturber = self.disturber
        wrong = []
        taken = uses_taken(log)
        for approval, uses in taken.items():
            wrong += [f"{approval} use {use}: {who}" for use, who in uses.items()
                      if len(who) > 1 or use > disturber.approvals[approval]]
        pushes = collections.defaultdict(set)
        began = {}
        for push, result in ended:
            began[push.id] = min(result.began, began.get(push.id, result.began))
        for run_id, records in log.records.items():
            for record in records:
                if record["exit"] or record["disabled"] or not record["approval"]:
                    continue
                for used in record["approval"]["used"]:
                    pushes[used["id"]].add(run_id)
                    if began.get(run_id, 0) > disturber.revoked.get(used["id"], float("inf")):
                        wrong.append(f"{run_id} used {used['id']} after it was revoked")
        wrong += [f"{approval}: {sorted(who)} for {disturber.approvals[approval]} uses"
                  for approval, who in pushes.items() if len(who) > disturber.approvals[approval]]
        self.granted = sum(len(who) for who in pushes.values())
        self.points.none(wrong, f"semantics 7: {len(pushes)} approvals let in {self.granted} pushes, "
                         "none more than it has uses")
        naked = [push.id for push, result in ended
                 if push.kind in APPROVED and result.code == 0 and
                 not any(record["disabled"] or (record["approval"] or {}).get("used")
                         for record in log.records.get(push.id, []))]
        self.points.none(naked, "and nothing that needs one came in without")

    def check_real(self, log):
        refs = git(self.place.storage(), "for-each-ref", "--format=%(refname:lstrip=3)",
                   "refs/heads/flip/")
        there = set(refs.split())
        wrong = []
        for run_id, code, began, ended in self.real.pushes:
            records = log.records.get(run_id, [])
            right = {0 if state == 0 else 1 for state in self.disturber.policy.during(began, ended)}
            right |= {0} if True in self.disturber.disabled.during(began, ended) else set()
            if len(records) != 1 or records[0]["exit"] != code or code not in right or \
                    (run_id in there) != (code == 0):
                wrong.append(f"{run_id}: code {code}, ref there: {run_id in there}, {records}")
        self.points.none(wrong, f"{len(self.real.pushes)} of git push: the ref is there if the log says so")

    def check_follower(self, log, follower):
        trouble = follower.end(log.count)
        shown = collections.Counter(json.loads(line)["id"] for line in lines(follower.path))
        self.points.equal(trouble, "", "audit show --follow: no trouble over all rotations")
        missing = [record for record in log.ids if shown[record] != 1]
        self.points.none([f"{record}: shown {shown[record]} times" for record in missing] +
                         [f"{record}: of nobody" for record in shown if record not in log.ids],
                         "and it has shown each decision once")

    def check_flat(self, follower, files_before):
        points = self.points
        tenth = self.seconds / 10
        hook = [(result.began - self.begun, result.peak) for push, result in self.ended
                if push.kind != "killed" and result.began >= self.begun]
        first = max(peak for at, peak in hook if at < tenth or at < 1)
        last = max((peak for at, peak in hook if at > self.seconds - tenth or at > self.seconds - 1),
                   default=first)
        points.ok(last <= first + 1024, "the hook's peak memory is flat: first tenth "
                  f"{mib(first)}, last {mib(last)}")
        held = [sample[0] for sample in follower.samples]
        sizes = [sample[1] for sample in follower.samples]
        fifth = max(1, len(sizes) // 5)
        points.ok(max(held[-fifth:]) <= max(held[:fifth]),
                  f"descriptors of audit show --follow are flat: {max(held[:fifth])}, "
                  f"{max(held[-fifth:])} at the end")
        points.ok(max(sizes[-fifth:]) <= max(sizes[:fifth]) + 2048,
                  f"its memory, too: {mib(max(sizes[:fifth]))}, {mib(max(sizes[-fifth:]))} at the end")
        points.none(sorted(name for name in self.listing() - files_before
                           if not re.fullmatch(KEPT_FILES, name)),
                    "no file is there that was not before, but for what is kept to go back to")
        self.sweep()
        leftovers(self.place, points)
        points.figure("hook's peak memory, first and last tenth", f"{mib(first)}, {mib(last)}")
        points.figure("follow: descriptors, memory",
                      f"{max(held[-fifth:])}, {mib(max(sizes[-fifth:]))}")

    def sweep(self):
        """A hook that was killed while it took a use leaves a file: the next that takes one removes it
        when it is an hour old."""
        directory = f"{self.place.home}/approvals"
        left = [name for name in os.listdir(directory) if name.startswith(".refgate-")]
        self.points.figure("left by killed hooks", f"{len(left)} temporary files, then swept")
        for name in left:
            os.utime(f"{directory}/{name}", (0, 0))
        approve(self.place, 1, "guarded/")
        self.points.equal(self.alone(self.mix.next("guarded")), 0,
                          "a push takes a use when all is over")

    def figures(self, log):
        points, done = self.points, self.disturber.done
        kinds = collections.Counter(push.kind for push, _ in self.ended)
        codes = collections.Counter(result.code for _, result in self.ended)
        points.figure("seconds, seed", f"{self.seconds}, {self.seed}")
        points.figure("pushes", f"{len(self.ended)} ({len(self.ended) / self.seconds:.0f} a second), "
                      f"and {len(self.real.pushes)} of git push")
        points.figure("  by kind", ", ".join(f"{kind} {kinds[kind]}" for kind in sorted(kinds)))
        points.figure("  by exit code", ", ".join(f"{code}: {codes[code]}" for code in sorted(codes)))
        points.figure("decisions in the log", f"{log.count} in {len(log.files)} files")
        points.figure("syncs, policies applied", f"{done['sync']}, {done['apply']}")
        points.figure("rotations", f"{log.rotations} ({done['rotate']} asked for)")
        points.figure("approvals, revoked", f"{len(self.disturber.approvals)}, "
                      f"{len(self.disturber.revoked)}; {self.granted} pushes let in")
        points.figure("switched off and on, verified meanwhile", f"{done['switch']}, {done['verify']}")
        longest = max(result.wall for _, result in self.ended)
        points.figure("longest push", f"{longest / 1000:.0f} ms")
