"""What the load tests say: points and figures, one a line; tests/lib/load.sh makes TAP of them.

    ok DESCRIPTION | not ok DESCRIPTION | skip DESCRIPTION # REASON | # DIAGNOSTIC | done
"""

import sys

SHOWN = 12


class Points:
    def __init__(self):
        self.failed = 0
        self.figures = []

    def ok(self, good, description, problems=()):
        """One point. `problems`: what to show if it is not good."""
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {description}", flush=True)
        problems = list(problems)
        if not good:
            for problem in problems[:SHOWN]:
                self.note(f"  {problem}")
            if len(problems) > SHOWN:
                self.note(f"  and {len(problems) - SHOWN} more")
        return good

    def none(self, problems, description):
        """A point that is good if the list is empty."""
        return self.ok(not problems, description, problems)

    def equal(self, got, want, description):
        return self.ok(got == want, description, [f"got:  {got!r}", f"want: {want!r}"])

    def skip(self, description, reason):
        print(f"skip {description} # {reason}", flush=True)

    def note(self, text):
        for line in str(text).splitlines() or [""]:
            print(f"# {line}", flush=True)

    def figure(self, name, value):
        self.figures.append((name, str(value)))

    def end(self):
        """The table of figures, and the exit status."""
        width = max((len(name) for name, _ in self.figures), default=0)
        for name, value in self.figures:
            self.note(f"{name:<{width}}  {value}")
        print("done", flush=True)
        sys.exit(1 if self.failed else 0)


def mib(kib):
    return f"{kib / 1024:.1f} MiB"
