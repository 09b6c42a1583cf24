"""What the hook is started with: environment and stdin (semantics 8, hook contract)."""

import re

ZERO = re.compile(rb'0+')
INTERNAL = (b'refs/pull-requests/', b'refs/changes/', b'refs/stash-refs/')


class Failed(Exception):
    """Rejected with code 2 before judging; `monitored`: global monitor mode accepts it."""

    def __init__(self, step, monitored):
        super().__init__(step)
        self.step, self.monitored = step, monitored


def valid_ref(ref):
    """git-check-ref-format(1) of a full name."""
    parts = ref.split(b'/')
    bad = (b'..', b'@{', b'\\', b'~', b'^', b':', b'?', b'*', b'[', b' ')
    return (len(parts) > 1 and parts[0] == b'refs' and all(parts) and not any(b in ref for b in bad)
            and not any(byte < 32 or byte == 127 for byte in ref) and not ref.endswith(b'.')
            and not any(part.startswith(b'.') or part.endswith(b'.lock') for part in parts))


class Change:
    def __init__(self, old, new, ref):
        self.old, self.new, self.ref = old, new, ref
        self.created, self.deleted = bool(ZERO.fullmatch(old)), bool(ZERO.fullmatch(new))
        self.namespace = next((name for name in ('heads', 'tags')
                               if ref.startswith(b'refs/%s/' % name.encode())), 'other')
        self.internal = ref.startswith(INTERNAL)


def read_stdin(raw, limits):
    if not raw.endswith(b'\n'):
        raise Failed('malformed', False)
    lines = raw[:-1].split(b'\n')
    if len(lines) > limits['refs'] or any(len(line) > limits['line'] for line in lines):
        raise Failed('limit', True)
    changes = []
    for line in lines:
        found = re.fullmatch(rb'([0-9a-f]{40}|[0-9a-f]{64}) ([0-9a-f]{40}|[0-9a-f]{64}) (.*)', line,
                             re.DOTALL)
        if not found or not valid_ref(found[3]):
            raise Failed('malformed', False)
        change = Change(*found.groups())
        if change.created and change.deleted:
            raise Failed('malformed', False)
        changes.append(change)
    if len({len(i) for change in changes for i in (change.old, change.new)}) > 1 \
            or len({change.ref for change in changes}) < len(changes):
        raise Failed('malformed', False)
    return changes


class Push:
    """`line`: what decide_lines reads."""

    def __init__(self, line, policy):
        env = {name: value.encode('latin-1') for name, value in line['env'].items()}
        self.native, self.line, self.now = line.get('native', False), line, line['now']
        self.storage = line.get('storage')
        self.observed = (line.get('observed') or [None])[0]
        self.read_names(env)
        self.trigger = b'' if self.native else env.get('BB_HOOK_TRIGGER_ID', b'')
        self.dry_run = not self.native and env.get('BB_IS_DRY_RUN') == b'true'
        known = (b'push', b'branch-create', b'branch-delete', b'tag-create', b'tag-delete', b'file-edit')
        brings = env.get('BB_MERGE_HASH') or env.get('BB_PULL_REQUEST_ID')
        self.merge = not self.native and (self.trigger in (b'pull-request-merge', b'merge')
                                          or self.trigger not in known and bool(brings))
        told = env.get(policy['credential', 'variable'].decode('latin-1'), b'')
        self.told_credential = told.split(b':')[0].decode('latin-1')
        limits = {name: policy['limits', name] for name in ('refs', 'line')}
        self.changes = [self.dry_change(env)] if self.dry_run else \
            read_stdin(line['stdin'].encode('latin-1'), limits)

    def read_names(self, env):
        self.project, self.slug = env.get('BB_PROJECT_KEY'), env.get('BB_REPO_SLUG')
        self.user, self.display = env.get('BB_USER_NAME'), env.get('BB_USER_DISPLAY_NAME', b'')
        if not self.native and not (self.project and self.slug and self.user):
            raise Failed('environment', True)
        if self.native:
            self.project = self.slug = self.user = None
        email = env.get('BB_USER_EMAIL', b'')
        self.email = None if self.native or email in (b'', b'null') else email
        self.permission = None if self.native else env.get('BB_USER_PERMISSION')
        self.base_url = None if self.native else env.get('BB_BASE_URL')

    @staticmethod
    def dry_change(env):
        """BB_FROM_HASH -> BB_TO_REF, which is a short or a full name."""
        ref, new, old = (env.get(name, b'') for name in ('BB_TO_REF', 'BB_FROM_HASH', 'BB_TO_HASH'))
        ref = ref if ref.startswith(b'refs/') else b'refs/heads/' + ref
        identity = rb'[0-9a-f]{40}|[0-9a-f]{64}'
        if not (valid_ref(ref) and re.fullmatch(identity, new) and re.fullmatch(identity, old)
                and len(old) == len(new) and not ZERO.fullmatch(old) and not ZERO.fullmatch(new)):
            raise Failed('dry-run', True)
        return Change(old, new, ref)

    def history(self, change, what):
        """What history says of a change: an answer, a list of commits, 'unavailable' or 'limit'."""
        told = (self.line.get('history') or {}).get(change.ref.decode('latin-1'), {})
        return told.get(what, 'unavailable')
