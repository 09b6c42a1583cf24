"""With what somebody pushes (semantics 5), and what that is in a condition."""

import re

from answers import agreed, fold
from config import CLASSES

WEB_TRIGGERS = (b'branch-create', b'branch-delete', b'tag-create', b'tag-delete', b'file-edit')
OF_USERS = {'user-ssh-key', 'user-token', 'user-password'}
OF_SERVICES = {'access-key', 'repository-token', 'project-token'}
CONFIDENCE = ('none', 'observed', 'derived', 'certain')
KEY_NAME = re.compile(rb'[0-9a-f]{16}')
TOKEN_NAME = re.compile(rb'access-token-user/([12])/(0|[1-9][0-9]*)')
DISPLAY_NAME = b'Access Key User - '


class Credential:
    def __init__(self, kind, confidence, **more):
        self.kind, self.confidence = kind, confidence
        self.keys = more.get('keys', [])          # ids of those that it can be
        self.label = more.get('label')
        self.mapped = more.get('mapped', False)   # by the service-user map
        self.open = more.get('open', False)       # it can be other keys, too
        self.foreign = more.get('foreign', False)
        self.shape = more.get('shape')            # classes that an unknown name looks like
        self.recognised = more.get('recognised', kind != 'unknown' or self.foreign)
        self.name_kind = more.get('name_kind', kind)
        self.told = None
        self.by_label = more.get('by_label', False)
        self.others = []                          # what else it can be: nobody can look it up
        self.contradicted = more.get('contradicted', False)
        self.nobody_knows = self.contradicted

    def readings(self):
        """With what was observed, and as if nobody had looked."""
        return [self, Credential('user', 'certain')] if self.confidence == 'observed' else [self]

    def within(self, classes):
        if self.nobody_knows:
            return None
        answer = self.by_kind(self.kind, classes)
        if self.told in classes and answer is False:
            return None
        return agreed([answer] + [other.within(classes) for other in self.others])

    def by_kind(self, kind, classes):
        if kind in classes:
            return True
        if kind == 'user':
            return None if classes & OF_USERS else False
        if kind == 'unknown':
            return None if self.shape and classes & self.shape else False
        return False


def of_user(policy, push, told, observed):
    """An ordinary user."""
    if push.trigger in WEB_TRIGGERS or push.merge:
        return Credential('web', 'certain')
    if told in OF_USERS:
        return Credential(told, 'certain')
    if observed in OF_USERS:
        return Credential(observed, 'observed')
    return Credential('user', 'certain')


def of_token(instance, push, repository, scope, number):
    kind = 'repository-token' if scope == b'2' else 'project-token'
    if repository:
        own = repository['id'] if scope == b'2' else repository['of']
        if own != int(number):
            return Credential('unknown', 'derived', foreign=True, shape={kind})
    return Credential(kind, 'derived')


def of_key_label(instance, push, repository):
    label = push.display[len(DISPLAY_NAME):]
    found = []
    if repository:
        found = [key['id'] for key in instance.keys_that_write(repository)
                 if key['label'].encode('latin-1') == label]
    unread = repository is None or instance.incomplete(repository, 8)
    return Credential('access-key', 'derived', keys=sorted(found), label=label, open=unread,
                      by_label=True)


def derive(policy, instance, push, repository):
    """What the name says, unless the wrapper says something that it cannot be."""
    if push.native:
        return Credential('unknown', 'none')
    found = by_name(policy, instance, push, repository)
    if 'environment' in policy['credential', 'resolvers'] and push.told_credential:
        ordinary = found.kind in OF_USERS or found.kind in ('user', 'web')
        fits = push.told_credential in CLASSES and (
            found.kind in ('unknown', 'web') or push.told_credential == found.kind
            or ordinary and push.told_credential in OF_USERS | {'user'})
        if not fits:
            return Credential('unknown', 'none', contradicted=True, foreign=found.foreign,
                              name_kind=found.kind, by_label=found.by_label,
                              recognised=found.kind != 'unknown' or found.foreign)
        if push.told_credential == found.kind and found.kind in OF_SERVICES:
            found.confidence = 'certain'
        if found.kind == 'unknown':
            found.told = push.told_credential  # of somebody whom the name does not tell
    return found


def by_name(policy, instance, push, repository):
    """The first row of the table that fits."""
    name = push.user
    if instance.usable and fold(name) in instance.users:
        told = push.told_credential if 'environment' in policy['credential', 'resolvers'] else None
        observed = push.observed if 'access-log' in policy['credential', 'resolvers'] else None
        return of_user(policy, push, told, observed)
    if instance.usable and name in instance.services:
        return Credential('access-key', 'certain', keys=[instance.services[name]], mapped=True)
    if KEY_NAME.fullmatch(name) and push.display.startswith(DISPLAY_NAME):
        return of_key_label(instance, push, repository)
    token = TOKEN_NAME.fullmatch(name)
    if token:
        return of_token(instance, push, repository, token[1], token[2])
    shape = {'access-key'} if KEY_NAME.fullmatch(name) else set()
    return Credential('unknown', 'none', shape=shape)
