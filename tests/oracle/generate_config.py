"""Random configurations; now and then one that is refused."""

from dice import (CLASSES, GONE_GROUPS, GROUPS, KINDS, LABELS, PATTERNS, PROJECT_PATTERNS,
                  REPOSITORY_PATTERNS, SERVICES, STRANGERS, TRIGGERS, USERS)


def listing(dice, items, separators=(', ', ',', ' ', ',\n    ')):
    return dice.choice(separators).join(items)


def name_list(dice, items):
    return listing(dice, ['"%s"' % name if ',' in name or dice.rarely() else name for name in items],
                   (', ', ',', ',\n  '))


def setting(dice, section, values):
    """One section with some of its keys."""
    keys_there = [(key, value() if callable(value) else dice.choice(value))
                  for key, value in values.items() if dice.maybe()]
    return (section, None, keys_there)


def plain_sections(dice):
    def spans(*choices):
        return choices + ('none',)
    refs = lambda: listing(dice, dice.some([p for p in PATTERNS if p], 4))
    kinds = lambda: listing(dice, dice.some(KINDS, 4))
    table = {
        'refgate': {'mode': ('enforce', 'enforce', 'enforce', 'monitor'),
                    'contact': ('a@b.example ; whom to ask',),
                    'timezone': ('UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kathmandu', 'No/Where')},
        'failure': {'no-snapshot': ('reject', 'annotate', 'annotate'),
                    'unknown-repo': ('note', 'annotate', 'reject'),
                    'unknown-user': ('note', 'annotate', 'reject'), 'undecided': ('reject', 'annotate'),
                    'undecided-restriction': ('note', 'annotate', 'reject')},
        'freshness': {'max-age': ('1h', '30d', '110m', '1w'), 'when-stale': ('note', 'annotate', 'reject')},
        'permissions': {'check': ('off', 'note', 'annotate', 'reject')},
        'restrictions': {'check': ('reject', 'annotate', 'off'), 'admins-exempt': ('yes', 'no')},
        'refs': {'other': ('accept', 'annotate', 'reject')},
        'credential': {'foreign-token': ('confirmed', 'reject', 'annotate')},
        'access-keys': {'push': ('allow', 'annotate', 'reject', 'allow'), 'refs': refs, 'changes': kinds,
                        'max-age': spans('365d', '1w'), 'max-idle': spans('30d', '2h'),
                        'warn-before-expiry': spans('7d', '100d'),
                        'min-rsa-bits': ('2048', '3072', 'none'),
                        'algorithms': ('RSA', 'ED25519, ECDSA', 'RSA ED25519'),
                        'shared': ('allow', 'annotate', 'reject')},
        'identity': {'extra-emails': ('bot@ci.example', '*@example.com, Bot@CI.example', '*@sub.example.com'),
                     'excuse-merges': ('yes', 'no'), 'excuse-service-accounts': ('yes', 'no')},
    }
    if dice.rarely(0.1):
        table['limits'] = {'refs': ('1', '2'), 'line': ('256', '1K')}
    return [setting(dice, section, values) for section, values in table.items() if dice.rarely(0.35)]


def resolvers(dice, sections):
    """[credential] with a resolver that tells kinds of users apart."""
    for at, (section, name, keys_there) in enumerate(sections):
        if section == 'credential':
            del sections[at]
            break
    else:
        keys_there = []
    words = ['name'] + dice.some(('environment', 'access-log'))
    dice.shuffle(words)
    keys_there = keys_there + [('resolvers', listing(dice, words)),
                               ('access-log', '/var/log/access.log')]
    if dice.maybe():
        keys_there.append(('variable', 'REFGATE_WHO'))
    sections.append(('credential', None, keys_there))


def freeze(dice):
    times = ('00:00', '07:00', '12:00', '12:01', '20:30', '23:59')
    dates = ('2026-09-20', '2026-09-21', '2026-09-22')
    first, last = dice.choice(((times, times), (dates, dates)))
    first, last = dice.choice(first), dice.choice(last)
    if first == last and ':' in first or first > last and '-' in first:
        last = '21:21' if ':' in first else first
    found = [('after', first)] if dice.often() else []
    found += [('before', last)] if dice.often() else []
    if dice.maybe() or not found:
        days = ('mon', 'mon-fri', 'sat, sun', 'fri-mon', 'tue wed', 'sun-tue')
        found.append(('days', dice.choice(days)))
    return found


def rule(dice, number):
    users = USERS + STRANGERS[:4] + SERVICES[:1]
    groups = GROUPS + GONE_GROUPS
    labels = LABELS + ('159', '199', 'nothing')
    patterns = [p for p in PATTERNS if p]
    conditions = {
        'projects': lambda: listing(dice, dice.some(PROJECT_PATTERNS, 2)),
        'repos': lambda: listing(dice, dice.some(REPOSITORY_PATTERNS, 2)),
        'refs': lambda: listing(dice, dice.some(patterns, 3)),
        'changes': lambda: listing(dice, dice.some(KINDS, 3)),
        'triggers': lambda: listing(dice, dice.some(('push',) + TRIGGERS[:7], 3)),
        'credentials': lambda: listing(dice, dice.some(CLASSES, 3)),
        'except-credentials': lambda: listing(dice, dice.some(CLASSES, 3)),
        'credential-confidence': lambda: dice.choice(('certain', 'derived', 'observed')),
        'users': lambda: name_list(dice, [dice.cased(n.strip()) for n in dice.some(users)]),
        'except-users': lambda: name_list(dice, [dice.cased(n.strip()) for n in dice.some(users)]),
        'groups': lambda: name_list(dice, [dice.cased(n) for n in dice.some(groups, 2)]),
        'except-groups': lambda: name_list(dice, [dice.cased(n) for n in dice.some(groups, 2)]),
        'access-keys': lambda: name_list(dice, dice.some(labels)),
        'except-access-keys': lambda: name_list(dice, dice.some(labels)),
        'committer': lambda: dice.choice(('pusher', 'known-user', 'any')),
        'author': lambda: dice.choice(('pusher', 'known-user', 'any')),
    }
    found = [('action', dice.choice(('reject', 'reject', 'require-approval', 'annotate')))]
    if dice.rarely(0.15):
        found.append(('mode', dice.choice(('enforce', 'monitor'))))
    found += [(key, conditions[key]()) for key in dice.few(list(conditions), 4)]
    if dice.rarely(0.2):
        found += freeze(dice)
    if dice.rarely(0.2):
        found.append(('message', 'Open a pull request; # please'.replace('; #', ';#')))
    dice.shuffle(found)
    return ('rule', dice.cased('rule-%d' % number), found)


def account(dice, name):
    values = {'repos': lambda: listing(dice, dice.some(('PRJ/*', '*/app', '~*/*', 'prj/lib'), 2)),
              'refs': lambda: listing(dice, dice.some([p for p in PATTERNS if p], 4)),
              'credentials': lambda: listing(dice, dice.some(CLASSES, 3)),
              'changes': lambda: listing(dice, dice.some(KINDS, 4)), 'owner': ('team',)}
    return setting(dice, 'service-account', values)[0], name, setting(dice, '', values)[2]


def damage(dice, sections):
    """One thing that refuses the whole file."""
    kind = dice.randrange(5)
    section, name, keys_there = sections[dice.randrange(len(sections))]
    if kind == 0:
        sections.append(('no-such-section', None, []))
    elif kind == 1:
        keys_there.append(('no-such-key', 'x'))
    elif kind == 2:
        sections.append((section, name, []))
    elif kind == 3 and keys_there:
        keys_there.append(keys_there[0])
    else:
        sections.append(('rule', 'without-action', [('refs', 'main')]))


def render(dice, sections):
    lines = []
    for section, name, keys_there in sections:
        lines.append('[%s]' % section if name is None else '[%s "%s"]' % (section, name))
        for key, value in keys_there:
            lines.append(key + dice.choice((' = ', '=', '  =  ')) + value)
            if dice.rarely(0.03):
                lines.append(dice.choice(('; a comment = here', '# [rule "x"]', '', '   ; more')))
    return dice.choice(('\n', '\n', '\r\n')).join(lines + [''])


def configuration(dice):
    sections = plain_sections(dice)
    if dice.rarely(0.15):
        resolvers(dice, sections)
    sections += [rule(dice, number) for number in range(dice.choice((0, 0, 1, 1, 2, 3, 5)))]
    if dice.rarely(0.25):
        sections += [account(dice, dice.cased(name))
                     for name in dice.some(('ci', 'jdoe', 'mallory', 'fedcba9876543210'), 2)]
    dice.shuffle(sections)
    if dice.rarely(0.02) and sections:
        damage(dice, sections)
    return render(dice, sections)
