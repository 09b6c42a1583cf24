"""The administrator's rules (semantics 6), identity (5.3), service accounts (5.2)."""

import datetime
import functools
import os
import zoneinfo

import patterns
from answers import agreed, both, either, negate, same
from config import KINDS
from credential import CONFIDENCE
from instance import raw

# ---------------------------------------------------------------- conditions

def places(case, with_slug):
    """What the repository is called now, and what the snapshot calls it."""
    found = {(case.push.project, case.push.slug)}
    if case.repository:
        found.add((raw(case.instance.project_of(case.repository)['key']), raw(case.repository['slug'])))
    return {project + b'/' + slug if with_slug else project for project, slug in found}


def where(case, list_of_patterns, with_slug, enough):
    """enough: any, for what restricts, or all, for what permits."""
    if case.push.native:
        return None
    return enough(any(patterns.name_matches(pattern, name) for pattern in list_of_patterns)
                  for name in places(case, with_slug))


def is_user(case, names):
    return None if case.push.native else any(same(name, case.push.user) for name in names)


def in_group(case, names):
    found = [case.member(name) for name in names]
    return True if True in found else None if None in found else False


def is_key(case, names, key):
    """By number or label; the label is compared exactly."""
    applies = case.credential.within({'access-key'})
    if applies is not True:
        return applies
    labels = [name for name in names if not name.isdigit()]
    if key is None and case.credential.keys:  # one that the sync could not read has the label, too
        return True if case.credential.label in labels else False if labels == names else None
    if key is None:
        return None
    row = case.instance.keys.get(key)
    if b'%d' % key in names:
        return True
    return raw(row['label']) in labels if row else None if labels else False


def sure(case, answer):
    """Who poses as a key is not excused as one."""
    return None if answer and case.poses else answer


def confident(credential, wanted):
    if wanted is None:
        return True
    have = credential.confidence
    return True if CONFIDENCE.index(have) >= CONFIDENCE.index(wanted) else None


# ---------------------------------------------------------------- change freezes

@functools.lru_cache(maxsize=None)
def zone(name):
    path = os.path.join('/usr/share/zoneinfo', name.decode('latin-1'))
    if not os.path.isfile(path):
        return None
    with open(path, 'rb') as file:
        return zoneinfo.ZoneInfo.from_file(file)


def frozen(case, rule):
    after, before, days = rule['after'], rule['before'], rule['days']
    if after is None and before is None and days is None:
        return True
    local_zone = zone(case.policy['refgate', 'timezone'])
    if local_zone is None:
        return None
    now = datetime.datetime.fromtimestamp(case.push.now // 1000, local_zone)
    weekday, date, minute = now.weekday(), now.strftime('%Y-%m-%d'), now.hour * 60 + now.minute
    if isinstance(after, str) or isinstance(before, str):
        inside = (after or '') <= date <= (before or '9999')
    else:
        start, end = after or 0, 1440 if before is None else before
        if start < end:
            inside = start <= minute < end
        else:  # over midnight: the day on which it began counts
            inside = minute >= start or minute < end
            weekday = (weekday - 1) % 7 if minute < end else weekday
    return inside and (days is None or weekday in days)


# ---------------------------------------------------------------- whose work it is

def listed(address, addresses):
    address = address.lower()
    return any(address == entry.lower() or entry.startswith(b'*@') and
               address.rpartition(b'@')[2] == entry[2:].lower() for entry in addresses)


def satisfied(case, wanted, address):
    extra = case.policy['identity', 'extra-emails']
    if wanted == 'any' or listed(address, extra):
        return True
    own = [case.push.email] if case.push.email else []
    if case.user and case.user.get('email'):
        own.append(raw(case.user['email']))
    if not address:
        return False
    if wanted == 'known-user':
        return known_address(case, address, own)
    if case.push.native or not is_known(case) and not own:
        return None
    return listed(address, own)


def is_known(case):
    """The pusher, to the snapshot or as what he is named like."""
    kind = case.credential.name_kind
    return case.user or kind in ('repository-token', 'project-token') or case.credential.foreign \
        or case.snapshot and kind == 'access-key'


def known_address(case, address, own):
    """Of somebody in the snapshot, or what Bitbucket says of a pusher who is known."""
    if listed(address, own):
        return True
    if not case.snapshot:
        return None
    return listed(address, [raw(user['email']) for user in case.instance.users.values()
                            if user.get('email')])


def others_work(case, rule, change):
    """Is there a new commit that is not whose it should be?"""
    if rule['committer'] == 'any' and rule['author'] == 'any':
        return True
    if change.deleted:
        return False
    excused = False
    if case.policy['identity', 'excuse-service-accounts'] == 'yes' and case.policy.accounts:
        excused = is_user(case, [name for name, _ in case.policy.accounts])
    if excused:
        return False
    commits = case.push.history(change, 'commits')
    if not isinstance(commits, list):
        return None
    found = []
    for author, committer, merge in commits:
        if merge and case.push.merge and case.policy['identity', 'excuse-merges'] == 'yes':
            continue
        found.append((negate(satisfied(case, rule['author'], raw(author))),
                      negate(satisfied(case, rule['committer'], raw(committer)))))
    return both(negate(excused), any_of(answer for pair in found for answer in pair))


def any_of(answers):
    answers = list(answers)
    return True if True in answers else None if None in answers else False


# ---------------------------------------------------------------- rules and service accounts

def conditions(case, rule, credential, change, kind, key):
    """All but those on commits."""
    given = lambda name, answer: True if rule[name] is None else answer(rule[name])
    excepted = lambda name, answer: True if rule[name] is None else negate(answer(rule[name]))
    yield given('projects', lambda names: where(case, names, False, any))
    yield given('repos', lambda names: where(case, names, True, any))
    yield given('refs', lambda names: any(patterns.restricts(p, change.ref) for p in names))
    yield given('changes', lambda kinds: kind in kinds)
    yield given('triggers', lambda names: case.push.trigger in names if case.push.trigger else None)
    yield given('credentials', credential.within)
    yield excepted('except-credentials', lambda classes: sure(case, credential.within(classes)))
    yield confident(credential, rule['credential-confidence'])
    yield given('users', lambda names: is_user(case, names))
    yield excepted('except-users', lambda names: is_user(case, names))
    # Who poses as a key may be in a group after all, and is in none that would excuse him.
    yield None if case.poses and rule['groups'] else given('groups', lambda names: in_group(case, names))
    yield excepted('except-groups', lambda names: in_group(case, names))
    yield given('access-keys', lambda names: is_key(case, names, key))
    yield excepted('except-access-keys', lambda names: sure(case, is_key(case, names, key)))
    yield frozen(case, rule)


def rule_answer(case, rule, change, kinds, key):
    # What is only observed may tighten a verdict: the rule matches if it does with or without it.
    worlds = [either(*(both(*conditions(case, rule, credential, change, kind, key))
                       for credential in case.credential.readings())) for kind in kinds]
    history = case.push.history(change, 'descends')
    if len(kinds) > 1 and history == 'limit' and agreed(worlds) is None and set(worlds) != {None}:
        case.limits.add(change)
    work = others_work(case, rule, change) if set(worlds) != {False} else False
    if work is None and case.push.history(change, 'commits') == 'limit':
        case.limits.add(change)
    return agreed(both(answer, work) for answer in worlds)


def judge(case, change, kinds, key):
    """[(source, answer, what a match means)] of one change."""
    found = []
    for name, rule in case.policy.rules:
        if rule['mode'] != 'monitor':
            answer = rule_answer(case, rule, change, kinds, key)
            found.append((b'rule ' + name, answer, rule['action']))
    for name, account in case.policy.accounts:
        applies = is_user(case, [name])
        if account['refs'] is not None:
            outside = not any(patterns.permits(pattern, change.ref) for pattern in account['refs'])
            found.append((b'account refs ' + name, both(applies, outside), 'reject'))
        fits = agreed(kind in (account['changes'] or KINDS) for kind in kinds)
        outside = both(applies, negate(fits))
        if applies is not False and fits is None and case.push.history(change, 'descends') == 'limit':
            case.limits.add(change)
        found.append((b'account changes ' + name, outside, 'reject'))
    return found


def judge_account(case):
    """Where and with what a service account may push at all."""
    found = []
    for name, account in case.policy.accounts:
        applies = is_user(case, [name])
        if account['repos'] is not None:
            outside = negate(where(case, account['repos'], True, all))
            found.append((b'account repos ' + name, both(applies, outside), 'reject'))
        if account['credentials'] is not None:
            outside = either(*(negate(sure(case, credential.within(account['credentials'])))
                               for credential in case.credential.readings()))
            found.append((b'account credentials ' + name, both(applies, outside), 'reject'))
    return found
