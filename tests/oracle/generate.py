"""Random instances, configurations and pushes from a seed.

Names are few, so that what is pushed, restricted, granted and excepted meets, overlaps or just
misses. Texts are bytes, a character each (json_facts.h).
"""

from dice import (BASE_URL, DAY, Dice, EMAILS, HOUR, LABELS, NOON, REFS, SERVICES, STRANGERS, TOKENS,
                  TRIGGERS, USERS)
from generate_config import configuration
from generate_instance import instance


def object_id(dice, size):
    return ''.join(dice.choice('0123456789abcdef') for _ in range(size - 1)) + '1'


def changes(dice):
    size = 64 if dice.rarely(0.05) else 40
    found = []
    for ref in dice.sample(REFS, dice.choice((1, 1, 1, 2, 3))):
        old, new = object_id(dice, size), object_id(dice, size)
        kind = dice.choice(('create', 'delete', 'move', 'move'))
        found.append(('0' * size if kind == 'create' else old, '0' * size if kind == 'delete' else new, ref))
    return found


def stdin(dice, found):
    raw = ''.join('%s %s %s\n' % change for change in found)
    if not dice.rarely(0.02):
        return raw
    old, new, ref = found[0]
    return dice.choice((
        '', raw[:-1], raw + '\n', raw.upper(), raw.replace(' ', '  ', 1), raw.replace('\n', '\r\n'),
        raw + raw, '%s %s %s\n' % ('0' * 40, '0' * 40, ref), '%s %s %s\n' % (old[:-1], new, ref),
        '%s %s %s\n' % (old, new, ref + '.lock'), '%s %s %s\n' % (old, new, ref + '/'),
        '%s %s %s\n' % (old, new, ref.replace('refs', 'ref')), '%s %s %s\n' % (old, new, ref + '\x00'),
        '%s %s %s\n' % (old, new, ref + '..x'), '%s %s %s\n' % (old, '0' * (104 - len(new)), ref),
        '%s %s refs/heads/.x\n' % (old, new), '%s %s\n' % (old, new), ' ' + raw,
        '%s %s refs/heads/@{x\n' % (old, new)))


def history(dice, found):
    told = {}
    for _, _, ref in found:
        commits = [[dice.choice(EMAILS), dice.choice(EMAILS), dice.rarely(0.3)]
                   for _ in range(dice.randint(0, 3))]
        told[ref] = {'descends': dice.choices(('yes', 'no', 'unavailable', 'limit'), (6, 5, 3, 0.3))[0],
                     'commits': dice.choices((commits, 'unavailable', 'limit'), (8, 2, 0.3))[0]}
    return told


def pusher(dice, facts):
    kind = dice.choices(('user', 'key', 'mapped', 'token', 'stranger'), (10, 4, 2, 3, 3))[0]
    env = {}
    if kind == 'user':
        env['BB_USER_NAME'] = dice.cased(dice.choice(USERS))
        env['BB_USER_DISPLAY_NAME'] = dice.choice(('Jane Doe', 'Access Key User - ci',
                                                   'Access Token User - app'))
    elif kind == 'key':
        env['BB_USER_NAME'] = dice.choice(('3adc96b3b93443e4', '00112233445566ff'))
        env['BB_USER_DISPLAY_NAME'] = 'Access Key User - ' + dice.choice(LABELS + ('ci2', ''))
    elif kind == 'mapped':
        env['BB_USER_NAME'] = dice.choice(SERVICES)
        env['BB_USER_DISPLAY_NAME'] = 'Access Key User - ' + dice.choice(LABELS)
    elif kind == 'token':
        env['BB_USER_NAME'] = dice.choice(TOKENS)
    else:
        env['BB_USER_NAME'] = dice.choice(STRANGERS)
        env['BB_USER_DISPLAY_NAME'] = dice.choice(('', 'Access Key User - ci', 'access key user - ci'))
    address = {'user': 0.9, 'stranger': 0.5}.get(kind, 0.1)
    if dice.random() < address:
        env['BB_USER_EMAIL'] = dice.choice(EMAILS + ('null',))
    if dice.often():
        env['BB_USER_PERMISSION'] = dice.choice(
            ('REPO_WRITE', 'REPO_WRITE', 'REPO_WRITE', 'REPO_ADMIN', 'REPO_READ', 'PROJECT_ADMIN', 'ADMIN',
             'SYS_ADMIN', 'PROJECT_WRITE', 'repo_write', '', 'LICENSED_USER'))
    return env


def place(dice, line, env):
    env['BB_PROJECT_KEY'], env['BB_REPO_SLUG'], number = dice.choices(
        (('PRJ', 'app', 84), ('PRJ', 'lib', 85), ('OPS', 'app', 86), ('~JDOE', 'app', 87),
         ('PRJ', 'old', 88), ('PRJ', 'new', 999), ('NEW', 'app', 998)), (8, 3, 3, 3, 1, 1, 1))[0]
    env['BB_PROJECT_KEY'] = dice.cased(env['BB_PROJECT_KEY'])
    env['BB_REPO_SLUG'] = dice.cased(env['BB_REPO_SLUG'])
    if dice.often():
        line['storage'] = number if not dice.rarely(0.05) else dice.choice((84, 85, 86, 999))
    if dice.often():
        env['BB_BASE_URL'] = BASE_URL + dice.choice(('', '', '', '/'))
    if dice.rarely(0.01):
        env['BB_BASE_URL'] = 'https://other.example.com'


def started_by(dice, line, env, found):
    env['BB_HOOK_TRIGGER_ID'] = 'push' if dice.rarely(0.7) else dice.choice(TRIGGERS)
    if env['BB_HOOK_TRIGGER_ID'] in ('pull-request-merge', 'merge', 'brand-new', '') and dice.often():
        env['BB_PULL_REQUEST_ID'] = '7'
    if dice.rarely(0.03):
        env['BB_MERGE_HASH'] = found[0][1]
    env['BB_IS_DRY_RUN'] = 'false'
    if env['BB_HOOK_TRIGGER_ID'] == 'pull-request-merge' and dice.maybe():
        old, new, ref = found[0]
        env.update(BB_IS_DRY_RUN='true', BB_FROM_HASH=new, BB_TO_HASH=old, BB_MERGE_HASH='',
                   BB_TO_REF=ref.removeprefix('refs/heads/') if dice.maybe() else ref)
        if set(new) == {'0'}:
            env['BB_FROM_HASH'] = object_id(dice, len(new))
        if dice.rarely(0.05):
            del env[dice.choice(('BB_FROM_HASH', 'BB_TO_REF', 'BB_TO_HASH'))]


def push(dice, facts):
    found = changes(dice)
    line, env = {'now': NOON}, pusher(dice, facts)
    place(dice, line, env)
    started_by(dice, line, env, found)
    if dice.rarely(0.15):
        line['now'] = NOON + dice.choice((-3 * HOUR, -2 * HOUR - 1, 8 * HOUR, 20 * HOUR, 3 * DAY,
                                          6 * DAY, 40 * DAY))
    if dice.rarely(0.015):
        del env[dice.choice(('BB_PROJECT_KEY', 'BB_REPO_SLUG', 'BB_USER_NAME'))]
    if dice.rarely(0.03):
        line['native'] = True
    for name in ('REFGATE_CREDENTIAL', 'REFGATE_WHO'):
        if dice.rarely(0.3):
            env[name] = dice.choice(('user-token:17', 'user-ssh-key', 'user-password', 'user', 'access-key',
                                     'web', 'unknown', 'nonsense', ''))
    if dice.rarely(0.3):
        line['observed'] = [dice.choice(('user-ssh-key', 'user-token', 'user-password', 'user')), None]
    line.update(env=env, stdin=stdin(dice, found), history=history(dice, found))
    return line


def lines(seed, count, pushes_a_policy=8, policies=10):
    """What decide_lines reads, with the seed of each."""
    dice = Dice(seed)
    for number in range(count):
        line = {}
        if number % (pushes_a_policy * policies) == 0:
            facts = line['instance'] = instance(dice)
        if number % pushes_a_policy == 0:
            line['config'] = configuration(dice)
        line['push'] = push(dice, facts)
        yield line
