"""semantics.md, said a second time: judge(policy, instance, line) -> what decide_lines prints."""

import collections
import itertools

import access_keys
import restrictions
import rules
from answers import VERDICTS, same, stronger, weaker
from credential import Credential, derive, of_user
from instance import ON_REPOSITORY, SCALE, raw
from reading import Failed, Push

# definite: policy says no (exit code 1), else something was undecided, unknown or failed; sure: no doubt.
Reason = collections.namedtuple('Reason', 'source verdict definite sure')


class Case:
    """One push and what is known about it; the parts that judge share it."""

    def __init__(self, policy, instance, push):
        self.policy, self.instance, self.push = policy, instance, push
        self.reasons = []  # of the push as a whole
        self.snapshot = self.find_snapshot()
        self.repository = self.find_repository()
        self.credential = derive(policy, instance, push, self.repository) if self.snapshot \
            else derive(policy, NO_INSTANCE, push, None)
        if push.native:
            self.credential.nobody_knows = True
        elif not self.snapshot and self.credential.kind in ('unknown', 'access-key') \
                and self.credential.confidence != 'certain':
            others = [of_user(policy, push, None, None)]
            if self.credential.shape:
                others.append(Credential('access-key', 'certain'))  # by the map that cannot be read
            if self.credential.told:  # nobody can say that the wrapper is wrong
                others.append(Credential(self.credential.told, 'certain'))
            self.credential.others = others
        self.user = None if push.native or not self.snapshot else \
            instance.users.get(push.user.lower())
        self.limits = set()  # changes whose history was asked for more than it may cost

    def say(self, source, verdict, definite=False, sure=True):
        self.reasons.append(Reason(source, verdict, definite, sure))

    def find_snapshot(self):
        url = self.push.base_url
        own = raw(self.instance.facts['base_url'])
        right = not url or same(url.rstrip(b'/'), own.rstrip(b'/'))
        if self.instance.usable and right:
            return True
        self.say('no-snapshot', self.policy['failure', 'no-snapshot'])
        return False

    def find_repository(self):
        push, instance = self.push, self.instance
        if push.native:
            doubt = self.policy['failure', 'undecided-restriction']
            if self.policy['restrictions', 'check'] != 'off':  # said of every push: no annotation
                self.say('native', weaker('note' if doubt == 'annotate' else doubt,
                                          self.policy['restrictions', 'check']))
        if push.native or not self.snapshot:
            return None
        found = instance.find_repository(push.project, push.slug)
        if push.storage is not None:
            there = instance.repositories.get(push.storage)
            if found and there and there is not found or there and not found:
                self.say('moved', 'note')
            found = there
        if not found:
            self.say('unknown-repo', self.policy['failure', 'unknown-repo'])
        return found

    @property
    def unknown_pusher(self):
        """Neither in the snapshot nor a key or token."""
        return self.snapshot and not self.push.native and not self.user \
            and not self.credential.recognised

    @property
    def poses(self):
        """A key that is known by its label alone, with an address, which service users do not have."""
        return self.credential.by_label and self.push.email is not None

    def member(self, group):
        """Is the pusher in it? Keys and tokens are in none; whom the snapshot does not know, who knows."""
        if self.push.native:
            return None
        if self.snapshot and group.lower() not in self.instance.groups:
            return False
        token = self.credential.name_kind in ('repository-token', 'project-token')
        if token or self.credential.foreign or self.snapshot and self.credential.name_kind == 'access-key':
            return False
        if self.push.native or not self.snapshot:
            return None
        if not self.user:
            return None
        return self.instance.member(self.user, group)

    @property
    def stated(self):
        """A word that grants nothing on a repository says nothing of it."""
        return ON_REPOSITORY.get((self.push.permission or b'').decode('latin-1')) or None

    @property
    def computed(self):
        return self.by_snapshot(True)

    def by_snapshot(self, unread):
        """(at least, at most); None: nothing is known. unread: what the sync could not read counts."""
        if not self.repository:
            return None
        if self.user:
            return self.instance.user_permission(self.user, self.repository, unread)
        if not unread and self.credential.open and not self.credential.keys:
            return 0, 0
        if self.credential.kind == 'access-key' and self.credential.keys \
                and not (unread and self.credential.open):
            ranges = [self.instance.key_permission(key, self.repository, unread)
                      for key in self.credential.keys]
            return min(r[0] for r in ranges), max(r[1] for r in ranges)
        return None

    def administers(self):
        """REPO_ADMIN by Bitbucket's word or the snapshot's; by a grant that nobody could read he is not."""
        if self.stated is not None:
            return self.stated == 3
        found = self.by_snapshot(False)
        if not found:
            return None
        least, most = found
        return True if least == 3 else None if most == 3 else False




class NO_INSTANCE:
    usable = False


# ---------------------------------------------------------------- the push as a whole

def judge_freshness(case):
    policy, age = case.policy, case.push.now - case.instance.facts['started']
    if case.snapshot and (age > policy['freshness', 'max-age'] or age < 0):
        case.say('stale', policy['freshness', 'when-stale'])


def judge_permission(case):
    check = case.policy['permissions', 'check']
    if check == 'off' or case.push.native and check != 'reject':
        return
    stated, computed = case.stated, case.computed
    if stated is not None and computed and computed[0] == computed[1] != stated:
        case.say('drift', 'note')
    least, most = (stated, stated) if stated is not None else computed or (0, 3)
    archived = case.repository and case.repository.get('archived')
    if archived or most < 2:
        case.say('permission', check, True)
    elif least < 2:
        doubt = case.policy['failure', 'undecided'] if check == 'reject' else 'note'
        case.say('permission', doubt, sure=False)


def judge_credential(case):
    policy, push = case.policy, case.push
    if case.unknown_pusher or case.snapshot and case.poses:
        case.say('unknown-user', policy['failure', 'unknown-user'])
    if case.credential.foreign:
        setting = policy['credential', 'foreign-token']
        # Where it was moved to another project, the snapshot's project may be the old one.
        project = raw(case.instance.project_of(case.repository)['key'])
        confirmed = push.storage is not None and (b'/2/' in push.user or same(push.project, project))
        if setting == 'confirmed':
            setting = 'reject' if confirmed else 'annotate'
        case.say('foreign-token', setting, True)


# ---------------------------------------------------------------- one change

def possible_kinds(case, change):
    if change.created or change.deleted:
        return ['create' if change.created else 'delete']
    if change.namespace == 'tags':
        return ['rewrite']
    if case.push.dry_run:
        return ['update']  # what a merge is
    told = case.push.history(change, 'descends')
    return {'yes': ['update'], 'no': ['rewrite']}.get(told, ['update', 'rewrite'])


def change_reasons(case, change, kinds, defaults, key):
    """With one of the possible access keys; kinds: one, or two of which nobody knows which it is."""
    policy, found = case.policy, []
    if change.namespace == 'other':
        found.append(Reason('other', policy['refs', 'other'], True, True))
    elif policy['restrictions', 'check'] != 'off':
        for name, blocks in restrictions.judge(case, change, kinds, defaults, key):
            verdict = 'reject' if blocks else policy['failure', 'undecided-restriction']
            verdict = weaker(verdict, policy['restrictions', 'check'])
            found.append(Reason(name, verdict, blocks is True, blocks is True))
    return found + reasons_of(policy, rules.judge(case, change, kinds, key)
                              + access_keys.judge(case, change, kinds, key))


def reasons_of(policy, answers):
    """[(source, answer, what a yes means)]; a doubt means what [failure] undecided says, at most that."""
    doubt = policy['failure', 'undecided']
    return [Reason(source, verdict if answer else weaker(doubt, verdict), answer is True, answer is True)
            for source, answer, verdict in answers if answer is not False]


def worst(reasons):
    return stronger('accept', *(reason.verdict for reason in reasons))


def is_definite(reasons):
    return any(reason.definite and refuses(reason.verdict) for reason in reasons)


def refuses(verdict):
    return VERDICTS.index(verdict) >= VERDICTS.index('require-approval')


def judge_with_key(case, change, kinds, key):
    defaults = restrictions.default_worlds(case, change)
    found = change_reasons(case, change, kinds, defaults, key)
    if len(kinds) > 1 or len(defaults) > 1:
        # Whatever the kind, whichever the default branch: the verdict is at least this.
        apart = [change_reasons(case, change, [kind], [default], key)
                 for kind, default in itertools.product(kinds, defaults)]
        certain = [[reason for reason in reasons if reason.definite] for reasons in apart]
        found.append(Reason('either way', weaker(*map(worst, apart)), False, True))
        found.append(Reason('either way', weaker(*map(worst, certain)), True, True))
    return found


def judge_key(case):
    """What an access key may do at all."""
    case.reasons += strictest(reasons_of(case.policy, access_keys.judge_key(case, key))
                              for key in possible_keys(case))


def possible_keys(case):
    keys = case.credential.keys or [None]
    return keys + [None] if case.credential.open and case.credential.keys else keys


def strictest(of_each):
    return max(of_each, key=lambda reasons: (VERDICTS.index(worst(reasons)), is_definite(reasons)))


def judge_change(case, change):
    push_like = case.push.trigger == b'push' or case.push.native \
        or case.push.trigger not in OTHER_TRIGGERS and not case.push.merge
    if change.internal and not push_like:
        return []
    kinds = possible_kinds(case, change)
    found = strictest(judge_with_key(case, change, kinds, key) for key in possible_keys(case))
    return found + [Reason('history-limit', 'reject', False, False)] if change in case.limits else found


OTHER_TRIGGERS = (b'branch-create', b'branch-delete', b'tag-create', b'tag-delete', b'file-edit',
                  b'pull-request-merge', b'merge')

# ---------------------------------------------------------------- all of it


def answer(verdict, exit_code, changes, failed=None, case=None):
    found = {'verdict': verdict, 'exit': exit_code, 'changes': changes, 'failed': failed,
             'class': 'unknown', 'confidence': 'none', 'foreign': False, 'keys': [], 'repository': 0,
             'stated': None, 'computed': None}
    if case:
        computed = case.computed
        found.update({
            'class': case.credential.kind, 'confidence': case.credential.confidence,
            'foreign': case.credential.foreign, 'keys': case.credential.keys,
            'repository': case.repository['id'] if case.repository else 0,
            'stated': None if case.stated is None else SCALE[case.stated],
            'computed': SCALE[computed[0]] if computed and computed[0] == computed[1] else None})
    return found


def note_sources(sources, reasons):
    """What was found, for coverage: without the names of rules and accounts, '?' for doubts."""
    for reason in reasons:
        name = reason.source if isinstance(reason.source, str) else reason.source.decode('latin-1')
        words = name.split(' ')
        kept = {'rule': 1, 'account': 2}.get(words[0], 2)
        sources[' '.join(words[:kept]) + ('' if reason.sure else '?')] += 1


def judge(policy, instance, line, sources=None):
    """policy: None if the configuration is not valid. sources: a Counter of what is found."""
    if policy is None:
        return answer('reject', 2, [], 'configuration')
    monitor = policy['refgate', 'mode'] == 'monitor'
    try:
        push = Push(line, policy)
    except Failed as failed:
        return answer('reject', 0 if monitor and failed.monitored else 2, [], failed.step)
    case = Case(policy, instance, push)
    judge_freshness(case)
    judge_permission(case)
    judge_credential(case)
    judge_key(case)
    case.reasons += reasons_of(policy, rules.judge_account(case))
    judged = [judge_change(case, change) for change in push.changes]
    everything = case.reasons + [reason for reasons in judged for reason in reasons]
    if sources is not None:
        note_sources(sources, everything)
    verdict = worst(everything)
    code = 0 if monitor or not refuses(verdict) else 1 if is_definite(everything) else 2
    return answer(verdict, code, [worst(reasons) for reasons in judged], None, case)
