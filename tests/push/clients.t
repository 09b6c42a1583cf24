#!/bin/sh
# Clones and clients of every kind: shallow, partial, forks, thin packs, another implementation of
# git, SHA-256 repositories. What the hook can ask of history differs; its answers must not.
. tests/lib/tap.sh
. tests/lib/push.sh
test_start
server_start
server_config <<'END'
@common
[identity]
extra-emails = *@example.com
[rule "whose-work"]
action = annotate
committer = known-user
[rule "forbidden"]
action = reject
refs = forbidden
END
server_repository PRJ/app 84
client_clone "$T/c" PRJ/app
c=$T/c
i=0
while [ $i -lt 20 ]; do
    commit "$c" "file$i" >/dev/null
    i=$((i + 1))
done
pushes 'twenty commits' lead "$c" origin HEAD:refs/heads/main HEAD:refs/heads/release/1

# -------------------------------------------------------------- shallow
git clone -q --depth 1 -b main "file://$(server_storage PRJ/app)" "$T/shallow"
s=$T/shallow
commit "$s" from-shallow >/dev/null
pushes 'shallow clone: fast-forward of a protected branch' jdoe "$s" origin \
    HEAD:refs/heads/release/1
is "$(audit '.changes[0].kind')" update 'shallow clone: known to be one'
git -C "$s" commit -q --amend -m rewritten
refuses 'shallow clone: rewrite of a protected branch' 1 jdoe "$s" -f origin \
    HEAD:refs/heads/release/1
is "$(audit '.changes[0].kind')" rewrite 'shallow clone: known to be one'

# -------------------------------------------------------------- partial
git clone -q --filter=blob:none -b main "file://$(server_storage PRJ/app)" "$T/partial"
p=$T/partial
git -C "$p" fetch -q origin release/1 && git -C "$p" reset -q --hard FETCH_HEAD
commit "$p" from-partial >/dev/null
pushes 'partial clone: fast-forward of a protected branch' jdoe "$p" origin \
    HEAD:refs/heads/release/1
git -C "$p" commit -q --amend -m rewritten
refuses 'partial clone: rewrite of a protected branch' 1 jdoe "$p" -f origin \
    HEAD:refs/heads/release/1

# -------------------------------------------------------------- thin packs
git -C "$c" fetch -q origin && git -C "$c" reset -q --hard origin/release/1
seq 20000 >"$c/numbers"
git -C "$c" add numbers && git -C "$c" commit -q -m numbers
pushes 'a pack to build on' jdoe "$c" origin HEAD:refs/heads/release/1
git -C "$(server_storage PRJ/app)" repack -q -ad
git -C "$(server_storage PRJ/app)" config receive.unpackLimit 1
echo 20001 >>"$c/numbers"
git -C "$c" commit -q -am 'one more'
pushes 'a thin pack' jdoe "$c" --thin origin HEAD:refs/heads/release/1
is "$(audit '.changes[0].kind')" update 'its history was read'
git -C "$c" commit -q --amend -m 'one less'
refuses 'a thin pack with a rewrite' 1 jdoe "$c" --thin -f origin HEAD:refs/heads/release/1
git -C "$(server_storage PRJ/app)" config --unset receive.unpackLimit

# -------------------------------------------------------------- forks
# A fork keeps only what its origin does not have: objects/info/alternates, as Bitbucket does it.
server_repository OPS/app-fork 88
fork=$(server_storage OPS/app-fork)
echo "$(server_storage PRJ/app)/objects" >"$fork/objects/info/alternates"
tip=$(server_ref PRJ/app refs/heads/release/1)
git -C "$fork" update-ref refs/heads/release/1 "$tip"
git -C "$fork" update-ref refs/heads/main "$tip"
client_clone "$T/fork" OPS/app-fork
f=$T/fork
git -C "$f" reset -q --hard "$tip"
commit "$f" in-the-fork >/dev/null
# No restriction there: a rule of the administrator's asks for history instead.
cat >>"$CONF" <<'END'
[rule "no-rewrites-in-forks"]
action = reject
repos = OPS/app-fork
changes = rewrite
END
pushes 'fork: fast-forward' rroe "$f" origin HEAD:refs/heads/release/1
is "$(audit '[.push.repository_id,.changes[0].kind]|map(tostring)|join(" ")')" '88 update' \
    'fork: judged as the fork, not as its origin'
git -C "$f" commit -q --amend -m rewritten
refuses 'fork: rewrite' 1 rroe "$f" -f origin HEAD:refs/heads/release/1
is "$(find "$fork/objects" -type f | grep -c tmp_)" 0 'no temporary objects are left'

# -------------------------------------------------------------- another client
# The system's python has python3-dulwich; another python that comes first in PATH may not.
python=
for candidate in /usr/bin/python3 python3; do
    if "$candidate" -c 'import dulwich.porcelain' 2>/dev/null; then
        python=$candidate
        break
    fi
done
dulwich_push() { # LOGIN REFSPEC
    push_runs=$(wc -l <"$BB/exits")
    LAUNCH_LOGIN=$1 run "$python" - "$c" "$(server_storage PRJ/app)" "$2" <<'PYTHON'
import sys
from dulwich.client import SubprocessGitClient, SubprocessWrapper
from dulwich.repo import Repo

repo = Repo(sys.argv[1])
source, target = sys.argv[3].encode().split(b":")
new = repo.refs[source]
error = sys.stderr.buffer
result = SubprocessGitClient().send_pack(
    sys.argv[2].encode(),
    lambda refs: {target: new},
    repo.generate_pack_data,
    progress=lambda text: (error.write(text), error.flush()),
)
failed = {ref: why for ref, why in (result.ref_status or {}).items() if why}
for ref, why in failed.items():
    print(ref.decode(), why)
sys.exit(1 if failed else 0)
PYTHON
    hook_code=$(tail -n +$((push_runs + 1)) "$BB/exits")
}
if [ -n "$python" ]; then
    git -C "$c" reset -q --hard "$(server_ref PRJ/app refs/heads/release/1)"
    commit "$c" by-dulwich >/dev/null
    dulwich_push jdoe refs/heads/main:refs/heads/release/1
    is "$code $hook_code" '0 0' 'dulwich: fast-forward of a protected branch' || note "$out$err"
    is "$(server_ref PRJ/app refs/heads/release/1)" "$(git -C "$c" rev-parse HEAD)" \
        'dulwich: it is there'
    dulwich_push jdoe refs/heads/main:refs/heads/hotfix/x
    is "$code $hook_code" '1 1' 'dulwich: a refused create' || note "$out$err"
    contains "$out$err" 'refgate: push rejected' 'dulwich: shows the text'
else
    skip dulwich 'python3-dulwich is not installed'
fi

# -------------------------------------------------------------- SHA-256
if git init -q --bare --object-format=sha256 "$T/probe" 2>/dev/null; then
    server_repository PRJ/lib 85 --object-format=sha256
    git init -q --object-format=sha256 "$T/s256"
    git -C "$T/s256" remote add origin "$(server_storage PRJ/lib)"
    commit "$T/s256" one >/dev/null
    pushes 'sha256: create needs no history' rroe "$T/s256" origin HEAD:refs/heads/release/1
    is "$(audit '.changes[0].new|length')" 64 'sha256: 64 digits in the record'
    commit "$T/s256" two >/dev/null
    # The restriction cannot be decided: annotate is the default (semantics.md 4.1).
    pushes 'sha256: an update that depends on history' rroe "$T/s256" origin \
        HEAD:refs/heads/release/1
    is "$(audit '[.verdict,.changes[0].kind]|join(" ")')" 'annotate unknown' 'sha256: is undecided'
    like "$remote" 'use SHA-1' 'sha256: and the text says why'
    refuses 'sha256: what needs no history is refused as ever' 1 rroe "$T/s256" origin \
        HEAD:refs/heads/forbidden
else
    skip sha256 'this git has no SHA-256 repositories'
fi
ok 'the audit chain is intact' "$BUILD/refgate" audit verify "$BB/audit.log"
done_testing
