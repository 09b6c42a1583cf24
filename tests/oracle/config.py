"""refgate.conf as refgate.conf(5) describes it: parse(bytes) gives a Policy or raises Invalid.

Only what judging needs is checked; the generator writes nothing else that could be wrong.
"""

import re

import patterns

CLASSES = ('unknown', 'web', 'user', 'user-ssh-key', 'user-token', 'user-password', 'access-key',
           'repository-token', 'project-token')
KINDS = ('create', 'update', 'rewrite', 'delete')
DAYS = ('mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun')
UNITS = {'s': 1, 'm': 60, 'h': 3600, 'd': 86400, 'w': 7 * 86400}


class Invalid(Exception):
    pass


def demand(good, what):
    if not good:
        raise Invalid(what)


# ---------------------------------------------------------------- kinds of values

def text(value):
    demand(value, 'empty')
    return value


def one_of(*words):
    def read(value):
        demand(value.decode('latin-1') in words, value)
        return value.decode('latin-1')
    return read


def words(value):
    found = re.split(rb'[ \t,]+', value.strip(b' \t,'))
    demand(found and all(found), 'an empty list')
    return found


def some_of(*allowed):
    def read(value):
        found = [word.decode('latin-1') for word in words(value)]
        demand(all(word in allowed for word in found), value)
        return set(found)
    return read


def classes(value):
    found = some_of(*CLASSES)(value)
    return found | {'user-ssh-key', 'user-token', 'user-password'} if 'user' in found else found


def names(value):
    """Separated by commas; one with a comma in it stands in double quotes."""
    found = re.findall(rb'[ \t]*("[^"]*"|[^",]*)[ \t]*(?:,|$)', value)
    found = [name[1:-1] if name.startswith(b'"') else name.strip(b' \t') for name in found]
    found = [name for name in found if name]
    demand(found, 'an empty list')
    return found


def refs(value):
    found = words(value)
    demand(all(patterns.usable(pattern) for pattern in found), value)
    return found


def number(value):
    demand(re.fullmatch(rb'[0-9]+', value), value)
    return int(value)


def size(value):
    found = re.fullmatch(rb'([0-9]+)([KMG]?)', value)
    demand(found, value)
    return int(found[1]) << 10 * b' KMG'.index(found[2] or b' ')


def duration(value):
    demand(re.fullmatch(rb'[0-9]+[smhdw]', value), value)
    return int(value[:-1]) * UNITS[chr(value[-1])] * 1000


def or_none(read):
    return lambda value: None if value == b'none' else read(value)


def moment(value):
    """A time of day in minutes, or a date."""
    found = re.fullmatch(rb'([0-9]{2}):([0-9]{2})', value)
    if found:
        hour, minute = int(found[1]), int(found[2])
        demand(hour < 24 and minute < 60, value)
        return hour * 60 + minute
    demand(re.fullmatch(rb'[0-9]{4}-[0-9]{2}-[0-9]{2}', value), value)
    return value.decode()


def days(value):
    found = set()
    for word in words(value):
        first, dash, last = word.decode('latin-1').partition('-')
        last = last if dash else first
        demand(first in DAYS and last in DAYS, value)
        at = DAYS.index(first)
        found.add(at)
        while DAYS[at] != last:
            at = (at + 1) % 7
            found.add(at)
    return found


yes_no = one_of('yes', 'no')
severity = one_of('note', 'annotate', 'reject')
kinds = some_of(*KINDS)

# ---------------------------------------------------------------- sections: key -> (read, default)

IGNORED = (text, None)
SECTIONS = {
    'refgate': {'mode': (one_of('enforce', 'monitor'), 'enforce'), 'contact': IGNORED,
                'timezone': (text, b'UTC'), 'link': IGNORED},
    'snapshot': {'file': IGNORED, 'max-size': IGNORED},
    'failure': {'no-snapshot': (one_of('reject', 'annotate'), 'reject'),
                'unknown-repo': (severity, 'note'), 'unknown-user': (severity, 'note'),
                'undecided': (one_of('reject', 'annotate'), 'reject'),
                'undecided-restriction': (severity, 'annotate')},
    'freshness': {'max-age': (duration, 86400 * 1000), 'when-stale': (severity, 'note')},
    'permissions': {'check': (one_of('off', 'note', 'annotate', 'reject'), 'note')},
    'restrictions': {'check': (one_of('reject', 'annotate', 'off'), 'reject'),
                     'admins-exempt': (yes_no, 'no')},
    'refs': {'other': (one_of('accept', 'annotate', 'reject'), 'accept')},
    'credential': {'resolvers': (some_of('name', 'environment', 'access-log'), {'name'}),
                   'variable': (text, b'REFGATE_CREDENTIAL'), 'access-log': IGNORED,
                   'foreign-token': (one_of('confirmed', 'reject', 'annotate'), 'confirmed')},
    'access-keys': {'push': (one_of('allow', 'annotate', 'reject'), 'allow'), 'refs': (refs, None),
                    'changes': (kinds, None), 'max-age': (or_none(duration), None),
                    'max-idle': (or_none(duration), None),
                    'warn-before-expiry': (or_none(duration), None),
                    'min-rsa-bits': (or_none(number), None), 'algorithms': (words, None),
                    'shared': (one_of('allow', 'annotate', 'reject'), 'allow')},
    'identity': {'extra-emails': (names, []), 'excuse-merges': (yes_no, 'no'),
                 'excuse-service-accounts': (yes_no, 'no')},
    'limits': {'refs': (number, 200000), 'line': (size, 8192)},
}
SERVICE_ACCOUNT = {'repos': (words, None), 'refs': (refs, None), 'credentials': (classes, None),
                   'changes': (kinds, None), 'owner': IGNORED, 'controls': IGNORED}
RULE = {'action': (one_of('reject', 'require-approval', 'annotate'), None),
        'mode': (one_of('enforce', 'monitor'), 'enforce'), 'message': IGNORED, 'controls': IGNORED,
        'projects': (words, None), 'repos': (words, None), 'refs': (refs, None),
        'changes': (kinds, None), 'triggers': (words, None), 'credentials': (classes, None),
        'except-credentials': (classes, None),
        'credential-confidence': (one_of('certain', 'derived', 'observed'), None),
        'users': (names, None), 'except-users': (names, None), 'groups': (names, None),
        'except-groups': (names, None), 'access-keys': (names, None),
        'except-access-keys': (names, None), 'committer': (one_of('pusher', 'known-user', 'any'), 'any'),
        'author': (one_of('pusher', 'known-user', 'any'), 'any'), 'after': (moment, None),
        'before': (moment, None), 'days': (days, None)}
NAMED = {'service-account': SERVICE_ACCOUNT, 'rule': RULE}


class Policy:
    """policy['failure', 'undecided']; policy.rules and policy.accounts: (name, {key: value})."""

    def __init__(self, sections):
        self.values = {(section, key): default for section, keys in SECTIONS.items()
                       for key, (_, default) in keys.items()}
        self.rules, self.accounts = [], []
        for (section, name), found in sections.items():
            table = NAMED[section] if name is not None else SECTIONS[section]
            values = {key: table[key][0](value) for key, value in found.items()}
            if name is None:
                self.values.update({(section, key): value for key, value in values.items()})
                continue
            whole = {key: values.get(key, default) for key, (_, default) in table.items()}
            if section == 'rule':
                demand(whole['before'] != 0 or whole['after'], 'a time that never is')
            demand(section != 'rule' or whole['action'], 'a rule without an action')
            (self.rules if section == 'rule' else self.accounts).append((name, whole))
        demand('access-log' not in self['credential', 'resolvers'] or self['credential', 'access-log'],
               'a resolver without its log')

    def __getitem__(self, key):
        return self.values[key]


def comment_cut(line):
    """What is before a comment: ; or # first in the line, or a blank and ; in it."""
    if line.lstrip(b' \t')[:1] in (b';', b'#'):
        return b''
    return re.split(rb'[ \t];', line)[0].rstrip(b' \t\r')


def logical_lines(raw):
    """A line that begins with a blank continues the one above."""
    found = []
    for line in raw.removeprefix(b'\xef\xbb\xbf').split(b'\n'):
        line = comment_cut(line)
        if not line.strip():
            continue
        if line[:1] in (b' ', b'\t'):
            demand(found, 'nothing to continue')
            found[-1] += b' ' + line.strip(b' \t')
        else:
            found.append(line)
    return found


def parse(raw):
    sections, current, seen = {}, None, set()
    for line in logical_lines(raw):
        header = re.fullmatch(rb'\[([a-z-]+)(?: "([^"]*)")?\]', line)
        if header:
            section, name = header[1].decode(), header[2]
            demand(section in (SECTIONS if name is None else NAMED), line)
            once = (section, None if name is None else fold_name(name))
            demand(once not in seen, line)
            seen.add(once)
            current = sections.setdefault((section, name), {})
            table = SECTIONS[section] if name is None else NAMED[section]
            continue
        key, equals, value = line.partition(b'=')
        key = key.strip(b' \t').decode('latin-1')
        demand(equals and current is not None and key in table and key not in current, line)
        current[key] = value.strip(b' \t')
    return Policy(sections)


def fold_name(name):
    return name.lower()
