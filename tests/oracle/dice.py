"""Dice and the few names that generated instances, configurations and pushes share."""

import datetime
import random

HOUR = 3600 * 1000
DAY = 24 * HOUR
NOON = int(datetime.datetime(2026, 9, 21, 12, tzinfo=datetime.timezone.utc).timestamp()) * 1000
BASE_URL = 'https://bitbucket.example.com'

# Ordinary users; some look like service users, one has a name that another has in its address.
USERS = ('jdoe', 'Anna', "o'brien", 'Zo\xc3\xab', '3adc96b3b93443e4', 'access-token-user/2/84', 'ci', 'gone')
GROUPS = ('devs', 'Ops', 'secret', 'QA Team')
GONE_GROUPS = ('no-longer', 'DEVS2')
STRANGERS = ('mallory', 'anna2', 'JDOE ', 'by-name', 'access-token-user/2/', 'access-token-user/2/084',
             'access-token-user/3/7', 'access-token-user/2/84x', '3ADC96B3B93443E5', '0123456789abcdef',
             '0123456789abcde', 'access-token-user/1/x')
TOKENS = ('access-token-user/2/84', 'access-token-user/2/85', 'access-token-user/2/86',
          'access-token-user/1/2', 'access-token-user/1/3', 'access-token-user/2/999',
          'access-token-user/1/999')
SERVICES = ('fedcba9876543210', 'aaaaaaaaaaaaaaaa', '3adc96b3b93443e5')
LABELS = ('ci', 'deploy', 'CI', '158', 'k\xc3\xa9y')
BRANCHES = ('main', 'master', 'develop', 'release/1.0', 'release/1.0/rc', 'x/release/1.0', 'feature/a',
            'feature', 'feature/a/b', 'hotfix/1', 'stable/main', 'Main', 'r\xc3\xa9l', 'r\xe9l', 'a{b}',
            'a!b', 'release/x y'.replace(' ', '-'), 'bugfix/z', 'stable')
REFS = tuple('refs/heads/' + name for name in BRANCHES) + (
    'refs/tags/v1', 'refs/tags/main', 'refs/tags/release/1.0', 'refs/notes/commits', 'refs/stash',
    'refs/pull-requests/1/from', 'refs/changes/1/head', 'refs/stash-refs/x', 'refs/other/main',
    'refs/headsx/main')
PATTERNS = ('main', 'master', 'release/*', 'release/**', 'release/', '*', '**', 'refs/heads/*',
            'refs/heads/**', 'refs/tags/', 'feature/?', '/main', 'heads/**/main', '**/main', 're*se/?.?',
            'r?l', 'r??l', 'a{b}', 'a!b', 'refs/heads/main', 'tags/v*', 'x/', 'stable**', 'fea**/*',
            'refs/**/main', 'Main', 'refs/', 'refs', '?', '**/*/**', 'heads/', '*/*/*', 'refs/*/main')
BAD_PATTERNS = ('', '/', '//', 'a//b', 'a\x07b', '/release//')
PROJECT_PATTERNS = ('PRJ', 'ops', 'O*', '?RJ', '~*', '*', 'NEW')
REPOSITORY_PATTERNS = ('PRJ/app', '*/*', 'prj/LIB', '*/app', 'OPS/?pp', '~jdoe/*', 'NEW/*')
TYPES = ('read-only', 'pull-request-only', 'fast-forward-only', 'no-deletes', 'no-creates',
         'future-type', 'other-type')
TRIGGERS = ('branch-create', 'branch-delete', 'tag-create', 'tag-delete', 'file-edit',
            'pull-request-merge', 'merge', 'brand-new', '')
CLASSES = ('unknown', 'web', 'user', 'user-ssh-key', 'user-token', 'user-password', 'access-key',
           'repository-token', 'project-token')
KINDS = ('create', 'update', 'rewrite', 'delete')
EMAILS = ('jdoe@example.com', 'ANNA@Example.com', 'zoe@b.example', 'ci@sub.example.com', 'bot@ci.example', '')
PERMISSIONS = ('REPO_READ', 'REPO_WRITE', 'REPO_ADMIN')
PROJECT_PERMISSIONS = ('PROJECT_READ', 'PROJECT_WRITE', 'REPO_CREATE', 'PROJECT_ADMIN')
GLOBAL_PERMISSIONS = ('LICENSED_USER', 'PROJECT_CREATE', 'ADMIN', 'SYS_ADMIN')


class Dice(random.Random):
    def often(self):
        return self.random() < 0.8

    def maybe(self):
        return self.random() < 0.5

    def rarely(self, chance=0.1):
        return self.random() < chance

    def some(self, items, most=3):
        return self.sample(items, self.randint(1, min(most, len(items))))

    def few(self, items, most=3):
        return self.sample(items, self.randint(0, min(most, len(items))))

    def cased(self, name):
        """Now and then in other letters (ASCII ones)."""
        if not self.rarely(0.15):
            return name
        return ''.join(c.upper() if c.islower() and c < '\x7f' else c.lower() if c < '\x7f' else c
                       for c in name)
