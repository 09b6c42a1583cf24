"""What the pushes were about: counted, so that a generator that only makes rejects is seen."""

import collections

from answers import VERDICTS
from config import CLASSES

EXITS = ('0', '1', '2')
STEPS = ('configuration', 'environment', 'dry-run', 'malformed', 'limit')
TYPES = ('read-only', 'pull-request-only', 'fast-forward-only', 'no-deletes', 'no-creates')
# Semantics 2 to 8: what can be found; with '?' where it cannot be told.
SOURCES = ('no-snapshot', 'stale', 'moved', 'unknown-repo', 'native', 'unknown-user', 'drift', 'permission',
           'permission?', 'foreign-token', 'other', 'unread?', 'future-type?', 'history-limit?',
           'rule', 'rule?', 'account refs', 'account refs?', 'account changes', 'account changes?',
           'account repos', 'account repos?', 'account credentials', 'account credentials?',
           'access-keys push', 'access-keys push?', 'access-keys refs', 'access-keys changes',
           'access-keys changes?', 'access-keys max-age', 'access-keys max-age?', 'access-keys max-idle',
           'access-keys max-idle?', 'access-keys warn-before-expiry', 'access-keys warn-before-expiry?',
           'access-keys min-rsa-bits', 'access-keys min-rsa-bits?', 'access-keys algorithms',
           'access-keys algorithms?', 'access-keys shared') + TYPES + tuple(name + '?' for name in TYPES)


class Coverage:
    def __init__(self):
        self.sources = collections.Counter()
        self.tally = {name: collections.Counter() for name in
                      ('verdict', 'change', 'exit', 'class', 'failed', 'trigger', 'special')}

    def count(self, push, meant):
        tally = self.tally
        tally['verdict'][meant['verdict']] += 1
        tally['exit'][str(meant['exit'])] += 1
        tally['failed' if meant['failed'] else 'class'][meant['failed'] or meant['class']] += 1
        tally['trigger'][push['env'].get('BB_HOOK_TRIGGER_ID', '')] += 1
        for verdict in meant['changes']:
            tally['change'][verdict] += 1
        for name, there in (('dry run', push['env'].get('BB_IS_DRY_RUN') == 'true'),
                            ('monitor mode', meant['verdict'] == 'reject' and meant['exit'] == 0),
                            ('sha256', '0' * 64 in push['stdin']), ('several keys', len(meant['keys']) > 1)):
            tally['special'][name] += there

    def summary(self):
        rows = [('pushes', sum(self.tally['verdict'].values()))]
        rows += [(name, ', '.join('%s %d' % item for item in sorted(counts.items())))
                 for name, counts in list(self.tally.items()) + [('found', self.sources)] if counts]
        return '\n'.join('%s: %s' % row for row in rows)

    def missing(self):
        wanted = {'verdict': VERDICTS, 'change': VERDICTS, 'exit': EXITS, 'class': CLASSES, 'failed': STEPS,
                  'special': ('dry run', 'monitor mode', 'sha256', 'several keys')}
        found = ['%s %s' % (name, item) for name, items in wanted.items() for item in items
                 if not self.tally[name][item]]
        return found + [name for name in SOURCES if not self.sources[name]]
