"""A small model, whole: every combination of what one push and one or two restrictions can be, and every
short pattern against every short ref.
"""

import itertools

from dice import BASE_URL, DAY, HOUR, NOON, PATTERNS, BAD_PATTERNS, REFS

TYPES = ('read-only', 'pull-request-only', 'fast-forward-only', 'no-deletes', 'no-creates', 'future-type')
# (matcher, what it names): yes, no, cannot tell, off - of refs/heads/main
MATCHERS = (('BRANCH', 'main', True), ('BRANCH', 'other', True), ('FUTURE', 'main', True),
            ('DEFAULT_BRANCH', '#', True), ('ANY_REF', 'ANY_REF_MATCHER_ID', False))
EXEMPTIONS = ({}, {'users': [[101, 'jdoe']]}, {'users': [[0, 'mallory']]},
              {'users': [[102, 'jdoe']]}, {'groups': ['devs']},
              {'groups': ['secret']}, {'groups': ['gone']}, {'keys': [158]}, {'keys': [159]})
PUSHERS = (
    {'BB_USER_NAME': 'jdoe'}, {'BB_USER_NAME': 'Anna'}, {'BB_USER_NAME': 'mallory'},
    {'BB_USER_NAME': 'fedcba9876543210'}, {'BB_USER_NAME': 'access-token-user/2/84'},
    {'BB_USER_NAME': '00112233445566ff', 'BB_USER_DISPLAY_NAME': 'Access Key User - ci'},
    {'BB_USER_NAME': '00112233445566ff', 'BB_USER_DISPLAY_NAME': 'Access Key User - ci',
     'BB_USER_EMAIL': 'x@b.example'},
    {'BB_USER_NAME': '00112233445566ff', 'BB_USER_DISPLAY_NAME': 'Access Key User - none'})
KINDS = ('create', 'delete', 'update', 'rewrite', 'unknown')
TRIGGERS = ('push', 'branch-create', 'file-edit', 'pull-request-merge', 'brand-new')
CONFIGS = ('', '[failure]\nundecided-restriction = reject\n',
           '[failure]\nundecided-restriction = reject\n[restrictions]\ncheck = annotate\n')
OLD, NEW, ZERO = '1' * 40, '2' * 40, '0' * 40


def instance(restrictions):
    return {'base_url': BASE_URL, 'started': NOON - 2 * HOUR, 'generated': NOON - HOUR,
            'users': [{'id': 101, 'name': 'jdoe', 'active': True, 'email': 'jdoe@example.com'},
                      {'id': 102, 'name': 'Anna', 'active': True}],
            'groups': [{'name': 'devs', 'members': [101]},
                       {'name': 'secret', 'members': [], 'incomplete': True},
                       {'name': 'all', 'members': [101, 102]}],
            'projects': [{'id': 2, 'key': 'PRJ'}], 'repositories': [{'id': 84, 'of': 2, 'slug': 'app'}],
            'grants': [{'group': 'all', 'permission': 'LICENSED_USER'},
                       {'group': 'all', 'project': 2, 'permission': 'PROJECT_WRITE'},
                       {'key': 158, 'repository': 84, 'permission': 'REPO_WRITE'},
                       {'key': 159, 'project': 2, 'permission': 'PROJECT_WRITE'}],
            'keys': [{'id': 158, 'label': 'deploy'}, {'id': 159, 'label': 'ci'}],
            'services': [{'name': 'fedcba9876543210', 'key': 158}], 'restrictions': restrictions}


def restriction(number, of_type, matcher, exempt, of_project):
    kind, match, active = matcher
    place = {'project': 2} if of_project else {'repository': 84}
    return {**place, 'id': number, 'of_project': of_project, 'type': of_type, 'matcher': kind, 'match': match,
            'active': active, 'users': [], 'groups': [], 'keys': [], **exempt}


def push(who, kind, trigger):
    told = {'update': 'yes', 'rewrite': 'no'}.get(kind, 'unavailable')
    env = {'BB_PROJECT_KEY': 'PRJ', 'BB_REPO_SLUG': 'app', 'BB_HOOK_TRIGGER_ID': trigger,
           'BB_BASE_URL': BASE_URL, **who}
    return {'env': env, 'now': NOON, 'history': {'refs/heads/main': {'descends': told}},
            'stdin': '%s %s refs/heads/main\n' % (ZERO if kind == 'create' else OLD,
                                                  ZERO if kind == 'delete' else NEW)}


def pairs():
    """Two restrictions of one type: all matchers and exemptions of both; or of two types."""
    rows = list(itertools.product(MATCHERS, EXEMPTIONS))
    for of_type in TYPES:
        for first, second in itertools.combinations_with_replacement(rows, 2):
            yield [restriction(1, of_type, *first, False), restriction(2, of_type, *second, True)]
    for one, other in itertools.combinations(TYPES, 2):
        for matcher, exempt in itertools.product(MATCHERS[::2], EXEMPTIONS[::3]):
            yield [restriction(1, one, matcher, exempt, True), restriction(2, other, MATCHERS[0], {}, False)]


def pushes():
    """All of who, kind and trigger."""
    return [push(*parts) for parts in itertools.product(PUSHERS, KINDS, TRIGGERS)]


def restriction_lines(every, start):
    """What decide_lines reads. Of all combinations, each that falls to `start` when dealt to `every`."""
    questions = list(itertools.product(CONFIGS, pushes()))
    at = 0
    for restrictions in pairs():
        facts = {'instance': instance(restrictions)}
        for config, question in questions:
            at += 1
            if at % every == start:
                yield {**facts, 'config': config, 'push': question}
                facts = {}


def matcher_lines():
    """Each kind of matcher, branching model and default branch against all refs at once."""
    named = [('BRANCH', name) for name in ('main', 'refs/heads/main', 'refs/tags/v1', 'Main')] + \
        [('PATTERN', pattern) for pattern in PATTERNS + BAD_PATTERNS] + \
        [('MODEL_BRANCH', name) for name in ('development', 'production', 'staging')] + \
        [('MODEL_CATEGORY', name) for name in ('BUGFIX', 'feature', 'HOTFIX', 'RELEASE', 'NEW')] + \
        [('ANY_REF', 'ANY_REF_MATCHER_ID'), ('DEFAULT_BRANCH', '#'), ('FUTURE', 'x')]
    models = (None, {'development': True, 'production': 'refs/heads/stable',
                     'categories': [['feature', 'feature', True], ['RELEASE', 'release/', True]]},
              {'development': None, 'production': True,
               'categories': [['FEATURE', 'feature/', False], ['HOTFIX', '', True]]})
    question = push(PUSHERS[0], 'update', 'push')
    question['stdin'] = ''.join('%s %s %s\n' % (OLD, NEW, ref) for ref in REFS)
    for of_repository, of_project, branch, mark in itertools.product(
            models, models[:2], ('refs/heads/develop', None), (0, 4)):
        for kind, name in named if of_project else named[-11:]:
            facts = instance([restriction(1, 'read-only', (kind, name, True), {}, False)])
            facts['projects'][0].update(model=of_project) if of_project else None
            facts['repositories'][0].update(model=of_repository, branch=branch, incomplete=mark)
            if not mark or not of_repository:
                yield {'instance': facts, 'config': '', 'push': question}


def key_lines():
    """Each test of an access key against each key that there can be; {}: it is not known."""
    created = ({}, {'created': NOON - 40 * DAY}, {'created': NOON - DAY})
    used = ({}, {'last_used': None}, {'last_used': NOON - 40 * DAY}, {'last_used': NOON - DAY})
    expires = ({}, *({'expires_at': at} for at in (None, NOON - DAY, NOON + DAY, NOON + 40 * DAY)))
    kinds = ({}, {'algorithm': 'RSA'}, {'algorithm': 'ED25519'})
    bits = ({}, {'bits': 1024}, {'bits': 4096})
    tests = (('max-age = 30d', (created,)), ('max-idle = 30d', (created, used)),
             ('warn-before-expiry = 7d', (expires,)), ('min-rsa-bits = 2048', (kinds, bits)),
             ('algorithms = RSA', (kinds,)), ('shared = reject', ()))
    question = push({'BB_USER_NAME': 'fedcba9876543210', 'BB_USER_PERMISSION': 'REPO_WRITE'}, 'create', 'push')
    for (setting, facts_of), doubt, places in itertools.product(tests, ('reject', 'annotate'), (1, 2)):
        config = '[failure]\nundecided = %s\n[access-keys]\n%s\n' % (doubt, setting)
        for parts in itertools.product(*facts_of):
            facts = instance([])
            for part in parts:
                facts['keys'][0].update(part)
            if places == 2:
                facts['grants'].append({'key': 158, 'project': 2, 'permission': 'PROJECT_READ'})
            yield {'instance': facts, 'config': config, 'push': question}


def words(alphabet, most):
    for length in range(1, most + 1):
        for letters in itertools.product(alphabet, repeat=length):
            yield ''.join(letters)


def refs(most):
    """Of letters that the patterns have and one that they have not; no empty part."""
    found = [word for word in words('ab/', most) if all(word.split('/'))]
    return ['refs/' + word for word in found] + ['refs/heads/' + word for word in found]
