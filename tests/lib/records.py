#!/usr/bin/env python3
"""The audit log against refgate-audit(5), by means of its own.

usage: records.py fields PAGE LOG...   compares each record with the tables of fields in the manual;
                                       prints what differs, then "N records, M of K fields seen"
       records.py unseen PAGE LOG...   the fields of the tables that no record has
       records.py program PAGE         the program for python3 that the manual gives

Knows the format from the manual only.
"""
import json
import re
import sys

TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{3})?Z")
TYPES = {
    "string": lambda v: isinstance(v, str),
    "integer": lambda v: isinstance(v, int) and not isinstance(v, bool),
    "boolean": lambda v: isinstance(v, bool),
    "true": lambda v: v is True,
    "null": lambda v: v is None,
    "object": lambda v: isinstance(v, dict),
    "time": lambda v: isinstance(v, str) and TIME.fullmatch(v) is not None,
    "hash": lambda v: isinstance(v, str) and re.fullmatch("[0-9a-f]{64}", v) is not None,
    "array of objects": lambda v: isinstance(v, list) and all(isinstance(i, dict) for i in v),
    "array of strings": lambda v: isinstance(v, list) and all(isinstance(i, str) for i in v),
    "array of integers": lambda v: isinstance(v, list) and all(TYPES["integer"](i) for i in v),
}


def tables(page):
    """The three tables: of decisions, of reasons, of rotations; name -> (types, when)."""
    found = []
    with open(page, encoding="ascii") as file:
        for line in file:
            if line.startswith(".It Em Field"):
                found.append({})
            row = re.fullmatch(r"\.It Li (\S+) Ta (.+) Ta (.+)\n", line)
            if row:
                found[-1][row[1]] = (row[2].split(" or "), row[3])
    decision, reason, rotation = found
    for place in ("reasons[].", "changes[].reasons[]."):
        decision.update({place + name: entry for name, entry in reason.items()})
    rotation.update({name: decision[name] for name in ("prev", "hash")})
    return decision, rotation


def program(page):
    """The literal display after the remark that it is taken from there."""
    with open(page, encoding="ascii") as file:
        text = file.read().split("audit-format.t.\n.Bd -literal\nimport", 1)[1].split("\n.Ed\n")[0]
    return "import" + text.replace("\\e", "\\") + "\n"


class Comparison:
    """Collects what differs, and which fields were there."""

    def __init__(self, table):
        self.table, self.seen, self.wrong = table, set(), []

    def value(self, path, value):
        """One value, and what is in it."""
        entry = self.table.get(path)
        if entry is None:
            self.wrong.append(f"{path} is not in the manual")
            return
        self.seen.add(path)
        if not any(TYPES[kind](value) for kind in entry[0]):
            self.wrong.append(f"{path} is {json.dumps(value)}, not {' or '.join(entry[0])}")
        if isinstance(value, dict):
            self.object(path + ".", value)
        elif isinstance(value, list):
            for item in value:
                if isinstance(item, dict):
                    self.object(path + "[].", item)

    def object(self, prefix, value):
        """The fields of one object: what is there, and what must be."""
        for name, item in value.items():
            self.value(prefix + name, item)
        for name, (_, when) in self.table.items():
            rest = name[len(prefix):]
            if not name.startswith(prefix) or re.search(r"[.\[]", rest) or rest in value:
                continue
            if when in ("always", "in the log") or when == "with " + prefix.rstrip(".").split(".")[-1]:
                self.wrong.append(f"{name} is missing: {when}")


def main():
    """See above."""
    what, page = sys.argv[1:3]
    if what == "program":
        sys.stdout.write(program(page))
        return
    decision, rotation = (Comparison(table) for table in tables(page))
    count = 0
    for log in sys.argv[3:]:
        with open(log, encoding="utf-8") as file:
            for line in file:
                record = json.loads(line)
                (rotation if record.get("type") == "rotation" else decision).object("", record)
                count += 1
    if what == "unseen":
        for compared in (decision, rotation):
            print("\n".join(sorted(set(compared.table) - compared.seen)) + "\n")
        return
    for wrong in sorted(set(decision.wrong + rotation.wrong)):
        print(wrong)
    print(f"{count} records, {len(decision.seen) + len(rotation.seen)} of "
          f"{len(decision.table) + len(rotation.table)} fields seen")


main()
