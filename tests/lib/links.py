#!/usr/bin/env python3
"""What is wrong with a directory of HTML pages: prints a line each, nothing if all is well.

usage: links.py DIR

Tags are closed in order, ids are unique, each link leads to a page and a place that is there, and a
reader's browser asks nobody for anything. Links to other sites would be links, but there are none.
"""
import pathlib
import re
import sys
from html.parser import HTMLParser

VOID = {"meta", "link", "br", "hr", "img", "input", "col"}
# Nothing that runs, is fetched or is sent.
ELEMENTS = set("""html head meta link title body main nav a section div p pre h1 h2 ul ol li dl dt dd table
    thead tbody tr th td span code var i b em br details summary""".split())


class Page(HTMLParser):
    """One page: its ids, its links, what is wrong with it."""

    def __init__(self, path):
        super().__init__(convert_charrefs=True)
        self.open, self.ids, self.links, self.wrong, self.title = [], set(), [], [], ""
        text = path.read_text(encoding="utf-8")
        if not text.startswith("<!DOCTYPE html>\n"):
            self.wrong.append("does not say that it is HTML")
        self.feed(text)
        self.close()
        if self.open:
            self.wrong.append(f"never closed: {self.open}")
        if not self.title.strip():
            self.wrong.append("no title")

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag not in ELEMENTS:
            self.wrong.append(f"line {self.getpos()[0]}: a {tag}")
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name in ("src", "srcset", "style", "action") or name.startswith("on"):
                self.wrong.append(f"line {self.getpos()[0]}: {tag} has {name}")
            if name == "id":
                if value in self.ids:
                    self.wrong.append(f"line {self.getpos()[0]}: the id {value} is there twice")
                self.ids.add(value)
        if "href" in attributes:
            self.links.append((self.getpos()[0], attributes["href"]))

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if not self.open or self.open[-1] != tag:
            self.wrong.append(f"line {self.getpos()[0]}: </{tag}> closes {self.open[-1:]}")
        else:
            self.open.pop()

    def handle_data(self, data):
        if self.open[-1:] == ["title"]:
            self.title += data


def main():
    """See above."""
    directory = pathlib.Path(sys.argv[1])
    pages = {path.name: Page(path) for path in sorted(directory.glob("*.html"))}
    for name, page in pages.items():
        for line, link in page.links:
            file, _, place = link.partition("#")
            target = pages.get(file or name)
            if not re.fullmatch(r"[A-Za-z0-9._-]*", file):
                page.wrong.append(f"line {line}: {link} is not a page of ours")
            elif target is None and not (directory / file).is_file():
                page.wrong.append(f"line {line}: there is no {file}")
            elif place and (target is None or place not in target.ids):
                page.wrong.append(f"line {line}: there is no {link}")
        for wrong in page.wrong:
            print(f"{name}: {wrong}")
    for path in directory.glob("*.css"):
        if re.search(r"url\(|@import|@font-face|expression", path.read_text(encoding="utf-8")):
            print(f"{path.name}: loads something")


main()
