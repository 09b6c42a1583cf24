#!/bin/sh
# refgate access: permission and the grants it comes from, what restrictions and rules do to one pusher.
. tests/lib/tap.sh
test_start

run "$BUILD/refgate" sync --replay tests/fixtures/acme --output "$T/snapshot.cdb" --now 2026-11-22T00:00:00Z
is "$code" 0 'the snapshot is built' || note "$err"
cat >"$T/refgate.conf" <<CONF
[snapshot]
file = $T/snapshot.cdb
[audit]
syslog = off
CONF
config=$T/refgate.conf
# As of an hour after the crawl, whatever today is.
access() { run "$BUILD/refgate" access "$@" --config "$config" --at 2026-11-22T01:00:00Z; }

access lead PRJ/app
is "$code" 0 'may write: code 0'
is "$out" 'lead in PRJ/app
trigger push, as of 2026-11-22T01:00:00Z, by a snapshot that is 1h old

permission REPO_WRITE
  GIVES       GRANTED        BY
  REPO_WRITE  PROJECT_WRITE  group developers (project/PRJ)

restrictions
  ID  RESTRICTION        MATCHER         MATCHES          OF          HERE
  9   pull-request-only  BRANCH          refs/heads/main  repository  the pusher is exempt (group maintainers)
  10  no-deletes         PATTERN         release/*        repository  applies to delete
  11  fast-forward-only  PATTERN         release/*        repository  the pusher is exempt (by name)
  12  read-only          PATTERN         archive/**       repository  applies to create, update, rewrite, delete
  13  fast-forward-only  MODEL_CATEGORY  RELEASE          project     another restriction of this type exempts the pusher
  14  no-creates         PATTERN         hotfix/*         repository  applies to create

refs
  REF                          CREATE  UPDATE  REWRITE  DELETE  WHY  EXAMPLE OF
  refs/heads/main              yes     yes     yes      yes          the default branch
  refs/heads/release/x         yes     yes     yes      no      1    release/*
  refs/heads/archive/x         no      no      no       no      2    archive/**
  refs/heads/hotfix/x          no      yes     yes      yes     3    hotfix/*
  refs/heads/any-other-branch  yes     yes     yes      yes          any other branch
  refs/tags/any-other-tag      yes     yes     yes      yes          any other tag

  1  delete: may not be deleted (restriction 10, repository; snapshot of 1h ago) [repo/PRJ/app#10]
  2  no changes allowed (restriction 12, repository; snapshot of 1h ago) [repo/PRJ/app#12]
  3  create: may not be created (restriction 14, repository; snapshot of 1h ago) [repo/PRJ/app#14]' \
    'semantics 3, 4: what lead may, by what, and what stops him'

access jdoe PRJ/app main release/7 refs/tags/v1
is "$(printf '%s\n' "$out" | sed -n '/^refs/,/^$/p')" 'refs
  REF                   CREATE  UPDATE  REWRITE  DELETE  WHY
  refs/heads/main       no      no      no       no      1
  refs/heads/release/7  yes     yes     no       no      2, 3
  refs/tags/v1          yes     yes     yes      yes' 'the refs that were named, a branch by its short name'
contains "$out" '
  REPO_WRITE  PROJECT_WRITE  direct (project/PRJ)
  REPO_WRITE  PROJECT_WRITE  group developers (project/PRJ)
' 'semantics 3: each grant, the direct one first'

says() { # CODE WHO REPOSITORY PART DESCRIPTION
    access "$2" "$3"
    is "$code" "$1" "$5: code $1"
    contains "$out" "$4" "$5"
}
says 1 gone PRJ/app 'permission NONE: the account is inactive
  GIVES       GRANTED        BY
  REPO_WRITE  PROJECT_WRITE  group developers (project/PRJ)' 'semantics 3: an inactive account has none'
says 1 guest PRJ/app 'permission NONE: the user has no licence' 'semantics 3: who is not licensed has none'
says 1 reader PRJ/app 'permission REPO_READ: may only read' 'semantics 3: who may only read'
says 1 reader '~JDOE/notes' 'permission NONE: no permission here' 'semantics 3: who has no grant'
says 1 jdoe PRJ/old 'permission REPO_WRITE: the repository is archived' 'semantics 3: an archived repository'
says 0 jdoe '~JDOE/notes' 'REPO_ADMIN  PROJECT_ADMIN  owner (project/~JDOE)' 'semantics 3: the owner'
says 0 admin PRJ/app 'REPO_ADMIN  SYS_ADMIN  direct (global)' 'semantics 3: a global permission'
says 0 reader OPS/tools '
  REPO_WRITE  PROJECT_WRITE  default (project/OPS)
  REPO_READ   REPO_READ      public (repo/OPS/tools)
' 'semantics 3: default and public'
says 0 JDOE PRJ/app 'jdoe in PRJ/app' 'semantics 1: a name without case'
says 0 user:jdoe prj/APP 'jdoe in PRJ/app' 'user:NAME, and the repository without case'
says 0 key:158 PRJ/app 'access key 158 "ci-deploy" in PRJ/app' 'an access key by its number'
says 0 key:160 PRJ/app '2 keys have this label' 'semantics 5: keys of one label are not told apart'
says 1 key:159 PRJ/app 'permission REPO_READ: may only read' 'a key that may only read'
says 1 key:162 PRJ/app 'permission NONE: the key is not granted here' 'a key of another project'
says 0 token:project PRJ/app "permission REPO_WRITE (taken to have it: a token's scope is in no snapshot)" \
    'a token of the project'
says 0 token:repository PRJ/app 'a repository token with write scope in PRJ/app' 'a token of the repository'

# Rules and the rest of the configuration.
cat >>"$T/refgate.conf" <<'CONF'
[access-keys]
refs = topic/**
[rule "tags"]
action = reject
refs = refs/tags/v*
except-groups = maintainers
[rule "not-jdoe"]
action = annotate
users = jdoe
mode = monitor
[rule "own-work"]
action = reject
committer = pusher
refs = main
CONF
access lead PRJ/app
is "$(printf '%s\n' "$out" | sed -n '/^rules/,/^$/p')" 'rules
  LINE  RULE      ACTION    MODE     HERE
  7     tags      reject             a group of the pusher is excepted
  11    not-jdoe  annotate  monitor  not for this user
  15    own-work  reject             cannot tell whose work the new commits are' \
    'semantics 6: each rule, and why it does not apply' || note "$out"
contains "$out" '  refs/tags/vx ' 'a pattern of a rule has its example'
access jdoe PRJ/app
like "$out" '^  7 +tags +reject +applies to create, update, rewrite, delete$' 'semantics 6: a rule that applies'
contains "$out" 'note: rules in monitor mode stop nobody and are left out' 'what is only monitored is said'
access key:158 PRJ/app
like "$out" '^  refs/heads/topic/x +yes +yes +yes +yes ' 'semantics 5.1: where keys may push to'
like "$out" '^  refs/heads/any-other-branch +no +no +no +no ' 'semantics 5.1: and where not'

# The map of service users: the key is known.
printf 'feedfacefeedface,160\n' >"$T/services"
run "$BUILD/refgate" sync --replay tests/fixtures/acme --output "$T/mapped.cdb" --service-users "$T/services" \
    --now 2026-11-22T00:00:00Z
is "$code" 0 'a snapshot with a map of service users' || note "$err"
sed "s,snapshot.cdb,mapped.cdb," "$T/refgate.conf" >"$T/mapped.conf"
config=$T/mapped.conf
says 0 feedfacefeedface PRJ/app 'access key 160 "dup-label" in PRJ/app' 'semantics 5: a service user is its key'
lacks "$out" 'keys have this label' 'and is told from others of the label'

# What the sync could not read.
config=$T/refgate.conf
run "$BUILD/tests/helpers/make_snapshot" --incomplete --now 2026-11-22T00:00:00Z "$T/marks.cdb"
sed "s,snapshot.cdb,marks.cdb," "$T/refgate.conf" >"$T/marks.conf"
config=$T/marks.conf
says 2 heavy-user BENCH/bench 'permission NONE to REPO_ADMIN: the sync could not read all grants' \
    'semantics 3: grants that nobody could read: cannot tell'
contains "$out" 'note: the sync could not read the access keys of the repository' 'and it is said'
says 0 bench-user BENCH/heavy 'cannot-tell' 'semantics 4: restrictions that nobody could read'
contains "$out" 'note: the sync could not read the restrictions of the repository' 'and it is said'
contains "$out" 'not all patterns have an example here: name a ref' 'thousands of restrictions: not all are tried'
config=$T/refgate.conf

access lead PRJ/app main --format json
is "$(printf '%s' "$out" | jq -c '[.project, .repository, .type, .name, .permission, .may_write, .why_not]')" \
    '["PRJ","app","user","lead","REPO_WRITE","yes",null]' 'JSON: where and who'
is "$(printf '%s' "$out" | jq -c '.restrictions[0]')" \
    '{"id":9,"restriction":"pull-request-only","matcher":"BRANCH","matches":"refs/heads/main","of":"repository","effect":"not","kinds":[],"why":"the pusher is exempt (group maintainers)"}' \
    'JSON: a restriction'
is "$(printf '%s' "$out" | jq -c '.rules[0]')" \
    '{"rule":"tags","line":7,"action":"reject","monitor":false,"effect":"not","kinds":[],"why":"the ref does not match"}' \
    'JSON: a rule'
is "$(printf '%s' "$out" | jq -c '.changes | map([.ref, .kind, .answer])')" \
    '[["refs/heads/main","create","cannot-tell"],["refs/heads/main","update","cannot-tell"],["refs/heads/main","rewrite","cannot-tell"],["refs/heads/main","delete","yes"]]' \
    'JSON: changes with their refs'
access lead PRJ/app main hotfix/1 --format csv
is "$out" 'type,name,id,permission,grants,ref,create,update,rewrite,delete,merge,reasons
user,lead,103,REPO_WRITE,group developers (project/PRJ),refs/heads/main,cannot-tell,cannot-tell,cannot-tell,yes,,"create, update, rewrite: cannot tell whose work the new commits are: there is no repository to ask [own-work, refgate.conf:15]"
user,lead,103,REPO_WRITE,group developers (project/PRJ),refs/heads/hotfix/1,no,yes,yes,yes,,"create: may not be created (restriction 14, repository; snapshot of 1h ago) [repo/PRJ/app#14]"' \
    'CSV: a row a ref'

wrong() { # DESCRIPTION PART ARGUMENT...
    description=$1 part=$2
    shift 2
    access "$@"
    is "$code" 2 "$description: code 2"
    contains "$err" "$part" "$description: $part"
    is "$out" '' "$description: nothing on stdout"
}
wrong 'an unknown user' 'the snapshot does not know user nobody' nobody PRJ/app
wrong 'an unknown key' 'does not know access key 999' key:999 PRJ/app
wrong 'a bad key' 'key:ID, not key:x' key:x PRJ/app
wrong 'a bad token' 'token:repository or token:project' token:mine PRJ/app
wrong 'an unknown repository' 'it is younger, was renamed or moved' jdoe PRJ/gone
wrong 'a bad ref' 'not a full name of a ref' jdoe PRJ/app 'a b'
wrong 'no repository' 'missing operand' jdoe
wrong 'an unknown format' 'text, json or csv' jdoe PRJ/app --format yaml
wrong 'a credential that the hook would not look at' 'resolvers = environment' jdoe PRJ/app --credential user-token:1

# The manual has every option.
"$BUILD/refgate" access --help | sed -n 's/^  --\([a-z-]*\).*/\1/p' >"$T/options"
while read -r option; do
    ok "refgate-access(8) has --$option" grep -q "^\.It Fl -$option" packaging/man/refgate-access.8
done <"$T/options"
done_testing
