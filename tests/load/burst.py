"""Many runs of the hook at once: each its own verdict, each one line in the log, and an approval's uses
as often as it has them."""

import collections
import os

from log import Log
from mix import APPROVED, Mix, State, UNRECORDED, expected, verdicts
from place import Volley, write
from points import mib


def approve(place, uses, *refs):
    code, out, err = place.refgate(
        "approve", "create", "--config", place.config, "--repo", place.repository, "--user", "jdoe",
        *(word for ref in refs for word in ("--ref", ref)), "--uses", str(uses),
        "--reason", "CHG-1 load")
    if code != 0:
        raise RuntimeError(f"approve create: {err}")
    return out.split("\n", 1)[0]


def uses_taken(log):
    """approval -> use -> the decisions that took it; those that came again are left out."""
    taken = collections.defaultdict(lambda: collections.defaultdict(list))
    for push, records in log.records.items():
        for record in records:
            for used in (record["approval"] or {}).get("used", []) if record["exit"] == 0 else []:
                if used["use"] and not used["again"]:
                    taken[used["id"]][used["use"]].append(push)
    return taken


def burst(place, points, count, uses, seed, deadline_kib):
    kinds = ["accept", "reject", "note", "key", "token", "foreign-token", "own-work",
                               "others-work", "rewrite", "update", "malformed", "dry-reject",
                               "guarded"]
    mix = Mix(place, seed, "burst-", kinds)
    approval = approve(place, uses, "guarded/")
    contend = max(uses + 5, count // 10)
    pushes = [mix.next("guarded" if i < contend else None) for i in range(count)]
    mix.random.shuffle(pushes)
    inputs = os.path.join(place.home, "elsewhere", "burst")
    os.makedirs(inputs)
    volley = Volley(place)
    volley.send("".join(volley.line(push.id, write(f"{inputs}/{push.id}", push.stdin), push.items)
                        for push in pushes))
    results = {result.id: result for result in volley.end()}

    state = State(0, 0, False)
    points.none([f"{push.id}: code {results[push.id].code}" for push in pushes
                 if results[push.id].code not in expected(push.kind, state)],
                f"{count} runs of the hook at once: each its own exit code")
    granted = [push.id for push in pushes
               if push.kind in APPROVED and results[push.id].code == 0]
    wanting = sum(push.kind in APPROVED for push in pushes)
    points.equal(len(granted), uses, "semantics 7: of the pushes that contend for an approval, "
                 "as many are let in as it has uses")
    log = Log(place.log, mix.prefix)
    taken = uses_taken(log)[approval]
    points.ok(sorted(taken) == list(range(1, uses + 1)) and
              sorted(push for who in taken.values() for push in who) == sorted(granted),
              "and the log has each use once", [dict(taken)])
    check_records(points, log, pushes, results)
    intact, said, lines = place.verify()
    points.ok(intact, "the chain is intact", [said])
    points.equal(lines, log.count + log.rotations, "and has as many lines as decisions")
    peak = max(result.peak for result in results.values())
    points.ok(peak < deadline_kib, f"no run took more memory than [limits] memory: {mib(peak)}")
    leftovers(place, points)
    points.figure(f"{count} runs of the hook at once",
                  f"{wanting} contended for {uses} uses; peak memory {mib(peak)}; "
                  f"cpu {sum(r.cpu for r in results.values()) / 1e6:.2f} s; longest "
                  f"{max(r.wall for r in results.values()) / 1e6:.2f} s")
    for push in pushes:
        os.unlink(f"{inputs}/{push.id}")
    os.rmdir(inputs)


def check_records(points, log, pushes, results):
    """Each push that ended normally has exactly one record, with its exit code and a fitting verdict."""
    lost, wrong = [], []
    for push in pushes:
        records, code = log.records.get(push.id, []), results[push.id].code
        wanted = 0 if push.kind in UNRECORDED and code == 0 else 1
        if len(records) != wanted:
            lost.append(f"{push.id}: {len(records)} records, code {code}")
        for record in records:
            if record["exit"] != code or record["verdict"] not in verdicts(push.kind, code):
                wrong.append(f"{push.id}: ended with {code}, recorded {record}")
    points.none(lost + log.doubles(), "semantics 8: no line of the log is lost, none is there twice")
    points.none(wrong, "and each says what came of it")


def leftovers(place, points):
    """Temporary files of refgate, and locks of git."""
    left = [os.path.join(directory, name)
            for directory, _, names in os.walk(place.home) for name in names
            if name.startswith(".refgate-") or name.endswith((".new", ".tmp")) or
            (name.startswith(("tmp_pack", "tmp_idx")) or name == "packed-refs.lock")]
    points.none(left, "no temporary files are left")
