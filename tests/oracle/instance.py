"""The facts of an instance, as json_facts.h reads them, and what is asked of them."""

from answers import both, either, fold, same

SCALE = ('NONE', 'REPO_READ', 'REPO_WRITE', 'REPO_ADMIN')
ON_REPOSITORY = {'REPO_READ': 1, 'REPO_WRITE': 2, 'REPO_ADMIN': 3, 'PROJECT_READ': 1,
                 'PROJECT_WRITE': 2, 'REPO_CREATE': 2, 'PROJECT_ADMIN': 3, 'LICENSED_USER': 0,
                 'PROJECT_CREATE': 0, 'ADMIN': 3, 'SYS_ADMIN': 3}
NO_GRANTS, NO_RESTRICTIONS, NO_MODEL, NO_KEYS = 1, 2, 4, 8


def raw(string):
    return string.encode('latin-1')


class Instance:
    def __init__(self, facts):
        self.facts = facts
        self.usable = 'state' not in facts
        self.users = {fold(raw(user['name'])): user for user in facts['users']}
        self.groups = {fold(raw(group['name'])): group for group in facts['groups']}
        self.projects = {project['id']: project for project in facts['projects']}
        self.repositories = {repository['id']: repository for repository in facts['repositories']}
        self.keys = {key['id']: key for key in facts['keys']}
        self.services = {raw(service['name']): service['key'] for service in facts['services']}

    # ------------------------------------------------------------ places

    def find_repository(self, key, slug):
        for repository in self.repositories.values():
            project = self.projects[repository['of']]
            if same(raw(project['key']), key) and same(raw(repository['slug']), slug):
                return repository
        return None

    def project_of(self, repository):
        return self.projects[repository['of']]

    def incomplete(self, repository, what):
        """Of the repository or of its project."""
        return bool((repository.get('incomplete', 0) | self.project_of(repository).get('incomplete', 0))
                    & what)

    def grants(self, **wanted):
        """Grants at a place: project=ID, repository=ID, or nothing for the global ones."""
        place = {name: wanted.get(name) for name in ('project', 'repository')}
        return [grant for grant in self.facts['grants']
                if all(grant.get(name) == value for name, value in place.items())]

    def grants_around(self, repository):
        return self.grants(repository=repository['id']) + self.grants(project=repository['of']) \
            + self.grants()

    def restrictions(self, repository):
        """Its own and its project's; of two with one id the repository's copy."""
        found = {}
        for row in self.facts['restrictions']:
            if row.get('project') == repository['of']:
                found.setdefault(row['id'], row)
            elif row.get('repository') == repository['id']:
                found[row['id']] = row
        return list(found.values())

    def model(self, repository):
        return repository.get('model') or self.project_of(repository).get('model')

    # ------------------------------------------------------------ people

    def member(self, user, group_name):
        """A group that is not there has no members; of one that is incomplete some are missing."""
        group = self.groups.get(fold(group_name))
        if not group:
            return False
        if user['id'] in group['members']:
            return True
        return None if group.get('incomplete') else False

    def holds(self, user, grant):
        if 'user' in grant:
            return grant['user'] == user['id']
        return self.member(user, raw(grant['group'])) if 'group' in grant else False

    def licensed(self, user, unread):
        doubt = [None] if unread and self.facts.get('incomplete', 0) & NO_GRANTS else []
        return either(*[self.holds(user, grant) for grant in self.grants()], *doubt)

    def user_permission(self, user, repository, unread):
        """(at least, at most) on the repository's scale (semantics 3)."""
        project = self.project_of(repository)
        active = both(user['active'], self.licensed(user, unread))
        if active is False:
            return 0, 0
        least = most = 1 if project.get('public') or repository.get('public') else 0
        if project.get('personal') and project.get('owner') == user['id']:
            least = most = 3
        given = ON_REPOSITORY.get(project.get('default'), 0)
        least, most = max(least, given), max(most, given)
        for grant in self.grants_around(repository):
            holds, level = self.holds(user, grant), ON_REPOSITORY[grant['permission']]
            if holds is not False:
                most = max(most, level)
            if holds:
                least = max(least, level)
        if unread and (self.incomplete(repository, NO_GRANTS) or self.facts.get('incomplete', 0) & NO_GRANTS):
            most = 3
        return (least if active else 0), most

    # ------------------------------------------------------------ access keys

    def key_permission(self, key_id, repository, unread):
        levels = [ON_REPOSITORY[grant['permission']] for grant in self.grants_around(repository)
                  if grant.get('key') == key_id]
        least = max(levels, default=0)
        return least, 2 if unread and self.incomplete(repository, NO_KEYS) else least

    def keys_that_write(self, repository):
        return [key for key in self.facts['keys'] if self.key_permission(key['id'], repository, True)[0] >= 2]

    def key_places(self, key_id):
        return len({(grant.get('project'), grant.get('repository')) for grant in self.facts['grants']
                    if grant.get('key') == key_id})
