#!/bin/sh
# What a push can do to refs, one kind after the other, over a local path: what git's client shows,
# what the server's refs are afterwards, what the audit log says.
. tests/lib/tap.sh
. tests/lib/push.sh
test_start
server_start
server_config <<'END'
[refgate]
contact = platform-team@example.com
@common
[rule "typos"]
action = annotate
refs = typo/*
changes = create
message = Did you mean topic/?
END
server_repository PRJ/app 84
client_clone "$T/c" PRJ/app
c=$T/c
short() { printf '%.7s' "$1"; }

# -------------------------------------------------------------- create
first=$(commit "$c" one)
pushes 'create: main, by a maintainer, whom the restriction exempts' lead "$c" origin \
    HEAD:refs/heads/main
is "$remote" '' 'an accepted push says nothing'
is "$(server_ref PRJ/app refs/heads/main)" "$first" 'the branch is there'
is "$(audit '[.verdict,.exit,.mode,.changes[0].kind,.changes[0].ref,.changes[0].new]|join(" ")')" \
    "accept 0 enforce create refs/heads/main $first" 'and recorded'
is "$(audit '[.push.project,.push.repository,.push.repository_id,.pusher.name,.credential.class]
    |map(tostring)|join(" ")')" 'PRJ app 84 lead user' 'with who and where'

refuses 'create: a branch that nobody may create' 1 jdoe "$c" origin HEAD:refs/heads/hotfix/1
contains "$remote" 'refs/heads/hotfix/1' 'the ref is named'
is "$(audit '.changes[0].reasons[]|select(.verdict=="reject")|.restriction+" "+.proof[0]')" \
    'no-creates repo/PRJ/app#14' 'the record names the restriction'
pushes 'create: a topic branch' jdoe "$c" origin HEAD:refs/heads/topic

# -------------------------------------------------------------- update
second=$(commit "$c" two)
pushes 'update: a topic branch' jdoe "$c" origin HEAD:refs/heads/topic
refuses 'update: main, which takes pull requests only' 1 jdoe "$c" origin HEAD:refs/heads/main
cat >"$T/want" <<END
refgate: push rejected

  refs/heads/main  update $(short "$first")..$(short "$second")
    pull requests only (restriction 9, repository; snapshot of AGE ago)
    rule: branch permission pull-request-only (restriction 9)
    do:   git push origin HEAD:refs/heads/<your-branch>
          then open a pull request:
          https://bitbucket.example.com/projects/PRJ/repos/app/pull-requests?create&targetBranch=refs/heads/main

decision ID
questions: platform-team@example.com
END
is "$remote" "$(cat "$T/want")" 'what the terminal shows'
is "$(audit '[.verdict,.exit,.changes[0].kind]|join(" ")')" 'reject 1 update' 'and the record'
pushes 'update: main by a maintainer' lead "$c" origin HEAD:refs/heads/main
is "$(server_ref PRJ/app refs/heads/main)" "$second" 'the branch has moved'

# -------------------------------------------------------------- rewrite
pushes 'create: a release branch' jdoe "$c" origin HEAD:refs/heads/release/1.0
commit "$c" three >/dev/null
pushes 'update: a release branch, fast-forward' jdoe "$c" origin HEAD:refs/heads/release/1.0
git -C "$c" reset -q --hard "$first"
other=$(commit "$c" other)
refuses 'rewrite: a release branch' 1 jdoe "$c" -f origin HEAD:refs/heads/release/1.0
contains "$remote" 'rewrite' 'the terminal says that it is one'
is "$(audit '[.changes[0].kind]+[.changes[0].reasons[]|select(.verdict=="reject")
    |.restriction]|unique|sort|join(" ")')" 'fast-forward-only rewrite' 'and so does the record'
pushes 'rewrite: a release branch by an exempt user' lead "$c" -f origin \
    HEAD:refs/heads/release/1.0
is "$(server_ref PRJ/app refs/heads/release/1.0)" "$other" 'the branch was rewritten'
pushes 'rewrite: a topic branch' jdoe "$c" -f origin HEAD:refs/heads/topic
git -C "$c" reset -q --hard "$first"
refuses 'rewrite: back to an older commit is one too' 1 jdoe "$c" -f origin \
    HEAD:refs/heads/release/1.0

# -------------------------------------------------------------- delete
pushes 'delete: a topic branch' jdoe "$c" origin :refs/heads/topic
is "$(server_ref PRJ/app refs/heads/topic)" - 'it is gone'
refuses 'delete: a release branch' 1 jdoe "$c" origin :refs/heads/release/1.0
contains "$remote" 'delete' 'the terminal says so'

# -------------------------------------------------------------- tags
git -C "$c" tag v1
git -C "$c" tag -a -m 'version 2' v2
pushes 'tags: a lightweight and an annotated one' jdoe "$c" origin v1 v2
is "$(git -C "$(server_storage PRJ/app)" cat-file -t refs/tags/v2)" tag 'the tag object is there'
git -C "$c" tag release/1
pushes 'tags: one that a pattern restriction matches' jdoe "$c" origin release/1
refuses 'tags: deleting that one' 1 jdoe "$c" origin :refs/tags/release/1
second=$(commit "$c" two-again)
git -C "$c" tag -f release/1 >/dev/null
refuses 'tags: moving one forward is a rewrite' 1 jdoe "$c" -f origin refs/tags/release/1
is "$(audit '.changes[0].kind')" rewrite 'in the record too'
git -C "$c" tag -f -a -m moved v2 HEAD >/dev/null
pushes 'tags: moving one that nothing protects' jdoe "$c" -f origin refs/tags/v2

# -------------------------------------------------------------- no-op and several refs
before=$(audit_count)
push_as jdoe "$c" origin v1
is "$code $hook_code" '0 none' 'nothing to push: the hook is not started'
is "$(audit_count)" "$before" 'and nothing recorded'

refuses 'several refs: one is refused, none is updated' 1 jdoe "$c" -f origin HEAD:refs/heads/fine \
    HEAD:refs/heads/main HEAD:refs/heads/hotfix/2
contains "$remote" '(2 of 3 refs)' 'the terminal counts them'
like "$remote" 'refs/heads/fine +create +ok' 'and says which one was fine'
is "$(audit '[.changes[]|.ref+" "+.verdict]|sort|join(", ")')" \
    'refs/heads/fine accept, refs/heads/hotfix/2 reject, refs/heads/main reject' \
    'the record has all three'
refuses '--atomic: the same' 1 jdoe "$c" --atomic -f origin HEAD:refs/heads/fine \
    HEAD:refs/heads/main
pushes '--atomic: an acceptable one' jdoe "$c" --atomic origin HEAD:refs/heads/a HEAD:refs/heads/b
pushes 'push options change nothing' jdoe "$c" -o ci.skip -o refgate=off origin HEAD:refs/heads/po
refuses 'and open nothing' 1 jdoe "$c" -o refgate=off -f origin HEAD:refs/heads/main

# -------------------------------------------------------------- annotations
pushes 'annotate: the push goes through' jdoe "$c" origin HEAD:refs/heads/typo/x
contains "$remote" 'Did you mean topic/?' 'and its text is shown'
is "$(audit '[.verdict,.exit]|join(" ")')" 'annotate 0' 'and recorded'

# -------------------------------------------------------------- the log as a whole
ok 'the audit chain is intact' "$BUILD/refgate" audit verify "$BB/audit.log"
is "$(sort "$BB/exits" | uniq | tr '\n' ' ')" '0 1 ' 'the hook knew two codes here'
done_testing
