"""Random instances."""

from dice import (BAD_PATTERNS, BASE_URL, BRANCHES, DAY, EMAILS, GLOBAL_PERMISSIONS, GONE_GROUPS,
                  GROUPS, HOUR, LABELS, NOON, PATTERNS, PERMISSIONS, PROJECT_PERMISSIONS, REFS,
                  SERVICES, STRANGERS, TYPES, USERS)


def model(dice):
    def branch():
        return dice.choice((True, 'refs/heads/develop', 'refs/heads/stable', None))
    categories = [[dice.cased(name), prefix, dice.often()] for name, prefix in
                  (('BUGFIX', 'bugfix/'), ('FEATURE', dice.choice(('feature/', 'feature'))),
                   ('HOTFIX', ''), ('RELEASE', 'release/'))
                  if dice.often()]
    return {'development': branch(), 'production': branch(), 'categories': categories}


def places(dice):
    projects = [
        {'id': 2, 'key': 'PRJ', 'public': dice.rarely(), 'default': dice.choice((None, 'PROJECT_READ'))},
        {'id': 3, 'key': 'OPS', 'public': dice.rarely(), 'default': dice.choice((None, 'PROJECT_WRITE'))},
        {'id': 4, 'key': '~JDOE', 'personal': True, 'owner': 101, 'owner_name': 'jdoe'}]
    repositories = [
        {'id': 84, 'of': 2, 'slug': 'app'}, {'id': 85, 'of': 2, 'slug': 'Lib', 'origin': 84},
        {'id': 86, 'of': 3, 'slug': 'app'}, {'id': 87, 'of': 4, 'slug': 'app', 'origin': 84},
        {'id': 88, 'of': 2, 'slug': 'old'}]
    for place in projects + repositories:
        if dice.rarely(0.06):
            place['incomplete'] = dice.randint(1, 15)
        elif dice.rarely(0.4):
            place['model'] = model(dice)
        if place.get('incomplete', 0) & 4:
            place.pop('model', None)
        if place.get('incomplete', 0) & 1:
            place.pop('default', None)
    for repository in repositories:
        repository['public'] = dice.rarely()
        repository['archived'] = dice.rarely(0.4 if repository['slug'] == 'old' else 0.03)
        if dice.often():
            repository['branch'] = dice.choice(('refs/heads/main', 'refs/heads/develop'))
    return projects, repositories


def people(dice):
    users = [{'id': 101 + i, 'name': name, 'active': name != 'gone' and not dice.rarely(0.03)}
             for i, name in enumerate(USERS) if not dice.rarely(0.2 if i in (4, 5) else 0.03)]
    for user in users:
        if dice.often():
            user['email'] = EMAILS[user['id'] % 4]
    groups = [{'name': name, 'incomplete': name == 'secret' or dice.rarely(0.05),
               'members': [user['id'] for user in users if dice.rarely(0.3)]} for name in GROUPS]
    if dice.maybe():
        users = [user for user in users if user['name'] not in USERS[4:6]]
        known = {user['id'] for user in users}
        for group in groups:
            group['members'] = [member for member in group['members'] if member in known]
    return users, groups


def grants(dice, facts):
    found = []
    users, groups = [user['id'] for user in facts['users']], [group['name'] for group in facts['groups']]
    if dice.often():  # most are licensed by a group that has everybody
        facts['groups'].append({'name': 'all', 'members': [u for u in users if not dice.rarely(0.05)]})
        found.append({'group': 'all', 'permission': 'LICENSED_USER'})
    where = [({'project': p['id']}, PROJECT_PERMISSIONS) for p in facts['projects']] + \
        [({'repository': r['id']}, PERMISSIONS) for r in facts['repositories']] + \
        [({}, GLOBAL_PERMISSIONS[:1] if dice.often() else GLOBAL_PERMISSIONS)]
    marks = {('project', p['id']): p.get('incomplete', 0) for p in facts['projects']}
    marks.update({('repository', r['id']): r.get('incomplete', 0) for r in facts['repositories']})
    for place, permissions in where:
        for _ in range(dice.randint(0, 4)):
            who = {'user': dice.choice(users)} if dice.maybe() and users else \
                {'group': dice.cased(dice.choice(groups))}
            found.append({**place, **who, 'permission': dice.choice(permissions)})
        for key in facts['keys'] if place else []:
            if dice.rarely(0.45):
                found.append({**place, 'key': key['id'], 'permission':
                              dice.choice(('REPO_READ', 'REPO_WRITE') if 'repository' in place else
                                          ('PROJECT_READ', 'PROJECT_WRITE'))})
    once = {}
    for grant in found:  # of two for the same the higher would count
        once.setdefault((grant.get('project'), grant.get('repository'), grant.get('user'),
                         grant.get('key'), grant.get('group', '').lower()), grant)
    return list(once.values())


def keys(dice):
    found = []
    for number, label in zip((158, 159, 160, 161, 162), LABELS[:2] + LABELS[:1] + LABELS[3:]):
        key = {'id': number, 'label': label}
        if dice.often():
            key['algorithm'] = dice.choice(('RSA', 'ED25519', 'ECDSA'))
        if dice.often():
            key['bits'] = dice.choice((1024, 2048, 4096))
        for name, times in (('created', (NOON - 400 * DAY, NOON - 10 * DAY, NOON - HOUR)),
                            ('last_used', (NOON - 100 * DAY, NOON - HOUR, None)),
                            ('expires_at', (NOON + 5 * DAY, NOON + 90 * DAY, NOON - DAY, None))):
            if dice.often():
                key[name] = dice.choice(times)
        found.append(key)
    return found


def matcher(dice):
    kind = dice.choices(('BRANCH', 'PATTERN', 'MODEL_BRANCH', 'MODEL_CATEGORY', 'ANY_REF',
                         'DEFAULT_BRANCH', 'FUTURE'), (4, 8, 2, 2, 2, 1, 1))[0]
    if kind == 'PATTERN':
        return kind, dice.choice(PATTERNS) if not dice.rarely(0.07) else dice.choice(BAD_PATTERNS)
    return kind, {
        'BRANCH': lambda: dice.choice(REFS + BRANCHES),
        'MODEL_BRANCH': lambda: dice.choice(('development', 'production', 'staging')),
        'MODEL_CATEGORY': lambda: dice.cased(dice.choice(('BUGFIX', 'FEATURE', 'HOTFIX', 'RELEASE', 'NEW'))),
        'ANY_REF': lambda: 'ANY_REF_MATCHER_ID', 'DEFAULT_BRANCH': lambda: '#',
        'FUTURE': lambda: 'future'}[kind]()


def restriction(dice, facts, number):
    of_project = dice.maybe()
    place = {'project': dice.choice(facts['projects'])['id']} if of_project else \
        {'repository': dice.choice((84, 84, 84, 85, 86, 87))}
    kind, match = matcher(dice)
    users = [[user['id'] if dice.often() else 0, dice.cased(user['name'])]
             for user in dice.few(facts['users'], 2)] if dice.rarely(0.4) else []
    if dice.rarely(0.1):
        users.append([dice.choice((0, 101, 102)), dice.choice(STRANGERS + USERS)])
    return {**place, 'id': number, 'of_project': of_project,
            'type': dice.choices(TYPES, (4, 4, 4, 3, 3, 1, 1))[0], 'matcher': kind, 'match': match,
            'active': not dice.rarely(0.05), 'users': users,
            'groups': [dice.cased(name) for name in
                       dice.few(GROUPS + GONE_GROUPS, 2 if dice.rarely(0.4) else 0)],
            'keys': dice.few((158, 159, 160, 161, 162, 170), 3 if dice.rarely(0.4) else 0)}


def instance(dice):
    users, groups = people(dice)
    projects, repositories = places(dice)
    facts = {'base_url': BASE_URL, 'started': NOON - 2 * HOUR, 'generated': NOON - HOUR,
             'users': users, 'groups': groups, 'projects': projects, 'repositories': repositories,
             'keys': keys(dice)}
    facts['grants'] = grants(dice, facts)
    facts['restrictions'] = [restriction(dice, facts, number) for number in
                             range(1, dice.choice((2, 4, 8, 14)))]
    for row in list(facts['restrictions']):  # a repository lists its project's, too
        if row['of_project'] and dice.rarely(0.3) and row['project'] == 2:
            copy = {**row, 'repository': dice.choice((84, 85))}
            del copy['project']
            if dice.rarely(0.3):
                copy['users'] = []
            facts['restrictions'].append(copy)
    facts['services'] = [{'name': name, 'key': number} for name, number in
                         zip(SERVICES, (158, 160, 199)) if dice.maybe()]
    if dice.rarely(0.04):
        facts['incomplete'] = 1
    if dice.rarely(0.05):
        facts['state'] = dice.choice(('missing', 'truncated', 'unknown-format'))
    return facts
