"""Branch restrictions (semantics 4)."""

import patterns
from answers import agreed, both, either, negate, same
from instance import NO_MODEL, NO_RESTRICTIONS, raw

BLOCKS = {'read-only': {'create', 'update', 'rewrite', 'delete', 'merge'},
          'pull-request-only': {'create', 'update', 'rewrite', 'delete'},
          'fast-forward-only': {'rewrite'}, 'no-deletes': {'delete'}, 'no-creates': {'create'}}
WEB_LETS_THROUGH = (b'branch-create', b'branch-delete', b'tag-create', b'tag-delete')


def type_blocks(case, type_name, kind):
    """By the table of 4.1."""
    if type_name not in BLOCKS:
        return None
    if type_name == 'pull-request-only' and case.push.trigger in WEB_LETS_THROUGH:
        return False
    return ('merge' if case.push.merge else kind) in BLOCKS[type_name]


# ---------------------------------------------------------------- matchers

def default_branch(case):
    branch = case.repository.get('branch')
    return raw(branch) if branch else None


def default_worlds(case, change):
    """Is the ref the default branch? Both, if nobody knows which that is."""
    if case.repository and default_branch(case) is None and change.namespace == 'heads':
        return (True, False)
    return (False,)


def is_default(case, ref):
    branch = default_branch(case)
    return case.assumed_default if branch is None else branch == ref


def model_unread(case):
    own = case.repository.get('incomplete', 0) & NO_MODEL
    project = case.instance.project_of(case.repository).get('incomplete', 0) & NO_MODEL
    return own or project and not case.repository.get('model')


def model_branch(case, name, ref):
    if name not in ('development', 'production'):
        return None
    if model_unread(case):
        return None if ref.startswith(b'refs/heads/') else False
    branch = (case.instance.model(case.repository) or {}).get(name)
    if branch is True:
        return is_default(case, ref)
    return branch is not None and raw(branch) == ref


def model_category(case, name, ref):
    if name.upper() not in ('BUGFIX', 'FEATURE', 'HOTFIX', 'RELEASE'):
        return None
    if model_unread(case):
        return None if ref.startswith(b'refs/heads/') else False
    for category, prefix, enabled in (case.instance.model(case.repository) or {}).get('categories', []):
        start = b'refs/heads/' + raw(prefix)
        if category.upper() == name.upper():
            return bool(prefix) and enabled and ref.startswith(start) and len(ref) > len(start)
    return False


def matches(case, row, ref):
    match = row['match']
    if not row['active']:
        return False
    if row['matcher'] == 'BRANCH':
        return ref == (raw(match) if match.startswith('refs/') else b'refs/heads/' + raw(match))
    if row['matcher'] == 'PATTERN':
        return patterns.restricts(raw(match), ref) if patterns.usable(raw(match)) else None
    if row['matcher'] == 'MODEL_BRANCH':
        return model_branch(case, match, ref)
    if row['matcher'] == 'MODEL_CATEGORY':
        return model_category(case, match, ref)
    if row['matcher'] == 'ANY_REF':
        return True
    if row['matcher'] == 'DEFAULT_BRANCH':
        return is_default(case, ref)
    return None


# ---------------------------------------------------------------- exemptions

def exempts_user(case, row):
    if case.push.native:
        return None if row['users'] else False
    found = []
    for number, name in row['users']:
        if case.user and number:
            found.append(number == case.user['id'])
        else:
            found.append(same(raw(name), case.push.user))
    return any(found)


def exempts_key(case, row, key):
    credential = case.credential
    if credential.within({'access-key'}) is False or not row['keys']:
        return False
    if key is None:
        return None
    if key not in row['keys']:
        return False
    return True if credential.mapped or case.push.email is None else None


def exempts(case, row, key):
    groups = [case.member(raw(name)) for name in row['groups']]
    return either(exempts_user(case, row), exempts_key(case, row, key), *groups)


# ---------------------------------------------------------------- the verdict

def type_answer(case, rows, change, key):
    """Do restrictions of one type stand in the way, whatever the kind of change?"""
    worlds = {(False, False)}  # (one matches, one that matches exempts)
    for row in rows:
        match, exempt = matches(case, row, change.ref), exempts(case, row, key)
        worlds = {(matched or m, lifted or (m and e)) for matched, lifted in worlds
                  for m in possible(match) for e in possible(exempt)}
    return agreed(matched and not lifted for matched, lifted in worlds)


def possible(answer):
    return (True, False) if answer is None else (answer,)


def judge(case, change, kinds, defaults, key):
    """[(type, True it blocks or None cannot tell)]"""
    if not case.repository:
        return []
    admin = case.administers() if case.policy['restrictions', 'admins-exempt'] == 'yes' else False
    rows = case.instance.restrictions(case.repository)
    found = []
    for type_name in sorted({row['type'] for row in rows}):
        stands = both(agreed(stand(case, rows, type_name, change, key, defaults)), negate(admin))
        answer = agreed(both(stands, type_blocks(case, type_name, kind)) for kind in kinds)
        if len(kinds) > 1 and case.push.history(change, 'descends') == 'limit' and stands is not False \
                and type_name == 'fast-forward-only' and not case.push.merge:
            case.limits.add(change)
        found.append((type_name, answer))
    if case.instance.incomplete(case.repository, NO_RESTRICTIONS) and admin is not True:
        found.append(('unread', None))
    return [(name, answer) for name, answer in found if answer is not False]


def stand(case, rows, type_name, change, key, defaults):
    for case.assumed_default in defaults:
        yield type_answer(case, [row for row in rows if row['type'] == type_name], change, key)
