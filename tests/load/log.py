"""The audit log with all that was rotated away from it, and which push each record is of."""

import collections
import glob
import gzip
import json
import os


def files(path):
    """Oldest first, as their names sort; of one that is compressed and not, the one that is not."""
    rotated = {}
    for name in sorted(glob.glob(glob.escape(path) + "-*"), reverse=True):
        rotated[name.removesuffix(".gz")] = name
    return [rotated[stem] for stem in sorted(rotated)] + [path]


def lines(path):
    opened = gzip.open(path, "rb") if path.endswith(".gz") else open(path, "rb")
    with opened as file:
        yield from file


def push_id(record):
    """Each push of these tests has an id in its refs, or in the pusher's name where no ref can be
    read: the last word after a slash."""
    changes = record["changes"]
    return (changes[0]["ref"] if changes else record["pusher"]["name"]).rsplit("/", 1)[-1]


class Log:
    def __init__(self, path, prefix):
        """Reads all of it; `records` are those of the pushes whose ids begin so."""
        self.prefix = prefix
        self.records = collections.defaultdict(list)  # by push
        self.count = self.rotations = 0
        self.ids = collections.Counter()
        self.files = files(path) if os.path.exists(path) else []
        for name in self.files:
            for line in lines(name):
                self._take(json.loads(line))

    def _take(self, record):
        if record.get("type") == "rotation":
            self.rotations += 1
            return
        self.count += 1
        self.ids[record["id"]] += 1
        push = push_id(record)
        if not push.startswith(self.prefix):
            return
        self.records[push].append({
            "id": record["id"], "exit": record["exit"], "verdict": record["verdict"],
            "disabled": "disabled" in record, "policy": (record["policy"] or {}).get("digest"),
            "snapshot": (record["snapshot"] or {}).get("digest"), "approval": record["approval"],
        })

    def doubles(self):
        """Decisions that are there twice."""
        return [f"{record} is there {count} times" for record, count in self.ids.items()
                if count > 1]
