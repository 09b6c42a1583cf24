"""Answers from a recording (refgate-snapshot(5)) instead of an instance."""

import glob
import json
import os
from urllib.parse import quote, unquote

from instance import lower
from problems import NoSuchRoute


def normalise(url):
    """As refgate compares: no limit, no start=0, parameters sorted, one encoding, lower case."""
    path, _, query = url.partition("?")

    def one_way(text):
        return quote(lower(unquote(text)), safe="-._~")
    segments = "/".join(one_way(segment) for segment in path.split("/"))
    kept = []
    for parameter in query.split("&"):
        if parameter and not parameter.startswith("limit=") and parameter != "start=0":
            kept.append("=".join(one_way(p.replace("+", " ")) for p in parameter.split("=")))
    return segments + ("?" + "&".join(sorted(kept)) if kept else "")


class Recorded:
    def __init__(self, directory):
        with open(os.path.join(directory, "recording.json"), encoding="utf-8") as file:
            self.base_url = json.load(file)["base_url"]
        self.answers = {}
        for name in sorted(glob.glob(os.path.join(glob.escape(directory), "*.jsonl"))):
            with open(name, encoding="utf-8") as file:
                for line in file:
                    answer = json.loads(line)
                    self.answers[normalise(answer["url"])] = answer
        self.version = None

    def answer(self, path, query):
        """(status, body, location)"""
        found = self.answers.get(normalise(path + "?" + query))
        if found is None:
            raise NoSuchRoute()
        return found["status"], found["body"], found.get("location")
