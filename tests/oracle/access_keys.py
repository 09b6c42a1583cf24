"""What access keys may do (semantics 5.1)."""

import patterns
from answers import agreed, both
from config import KINDS
from instance import NO_KEYS

SETTINGS = {'allow': 'accept'}


def too_long_ago(now, then, limit):
    return None if then is None else now - then > limit


def last_used(key):
    """Never used: idle since it was made."""
    used = key.get('last_used', 'not known')
    if used is None:
        return key.get('created')
    return None if used == 'not known' else used


def expires_soon(now, key, within):
    expiry = key.get('expires_at', 'not known')
    if expiry == 'not known':
        return None
    return expiry is not None and expiry - now <= within


def too_short(key, least):
    if not key.get('algorithm'):
        return None
    if key['algorithm'] != 'RSA':
        return False
    return key['bits'] < least if key.get('bits') else None


def wrong_algorithm(key, allowed):
    return key['algorithm'].encode() not in allowed if key.get('algorithm') else None


def is_shared(case, key_id):
    if case.instance.key_places(key_id) > 1:
        return True
    unread = case.repository and case.instance.incomplete(case.repository, NO_KEYS)
    return None if unread else False


def tests_of_key(case, key_id):
    """(setting, does the key fail, what that means)"""
    policy, now = case.policy, case.push.now
    key = case.instance.keys.get(key_id) if key_id is not None else None
    shared = SETTINGS.get(policy['access-keys', 'shared'], policy['access-keys', 'shared'])
    table = (('max-age', lambda k, limit: too_long_ago(now, k.get('created'), limit), 'reject'),
             ('max-idle', lambda k, limit: too_long_ago(now, last_used(k), limit), 'annotate'),
             ('warn-before-expiry', lambda k, within: expires_soon(now, k, within), 'annotate'),
             ('min-rsa-bits', too_short, 'reject'), ('algorithms', wrong_algorithm, 'reject'))
    for name, test, verdict in table:
        if policy['access-keys', name] is not None:
            yield name, test(key, policy['access-keys', name]) if key else None, verdict
    if shared != 'accept':
        yield 'shared', is_shared(case, key_id) if key else None, shared


def judge_key(case, key):
    """[(source, does it fail, what that means)] of the push as a whole."""
    applies, policy = case.credential.within({'access-key'}), case.policy
    found = list(tests_of_key(case, key))
    if policy['access-keys', 'push'] != 'allow':
        found.append(('push', True, policy['access-keys', 'push']))
    return [('access-keys ' + name, both(applies, answer), verdict) for name, answer, verdict in found]


def judge(case, change, kinds, key):
    """The same of one change."""
    policy, applies, found = case.policy, case.credential.within({'access-key'}), []
    allowed = policy['access-keys', 'refs']
    if allowed is not None:
        outside = not any(patterns.permits(pattern, change.ref) for pattern in allowed)
        found.append(('access-keys refs', both(applies, outside), 'reject'))
    allowed = policy['access-keys', 'changes'] or KINDS
    outside = agreed(kind not in allowed for kind in kinds)
    found.append(('access-keys changes', both(applies, outside), 'reject'))
    if applies is not False and outside is None and case.push.history(change, 'descends') == 'limit':
        case.limits.add(change)
    return found
