#!/bin/sh
# refgate who-can: who may change a ref, by which grant, stopped by what; text, JSON, CSV; hostile names.
. tests/lib/tap.sh
test_start

snapshot() { # RECORDING FILE
    run "$BUILD/refgate" sync --replay "$1" --output "$2" --now 2026-11-22T00:00:00Z
    is "$code" 0 'the snapshot is built' || note "$err"
}
snapshot tests/fixtures/acme "$T/snapshot.cdb"
printf '[snapshot]\nfile = %s\n[audit]\nsyslog = off\n' "$T/snapshot.cdb" >"$T/refgate.conf"
config=$T/refgate.conf
# As of an hour after the crawl, whatever today is.
who_can() { run "$BUILD/refgate" who-can "$@" --config "$config" --at 2026-11-22T01:00:00Z; }

who_can push PRJ/app main
is "$code" 0 'somebody can: code 0'
is "$out" 'push PRJ/app refs/heads/main
trigger push, as of 2026-11-22T01:00:00Z, by a snapshot that is 1h old

Can:

  WHO   CREATE  UPDATE  REWRITE  DELETE  PERMISSION  BY
  lead  yes     yes     yes      yes     REPO_WRITE  group developers (project/PRJ)

May write, but is stopped, or it cannot be told:

  WHO                                  CREATE  UPDATE  REWRITE  DELETE  WHY   PERMISSION  BY
  admin                                no      no      no       no      1     REPO_ADMIN  direct (global)
  jdoe                                 no      no      no       no      1     REPO_WRITE  direct (project/PRJ), group developers (project/PRJ)
  ci-bot                               no      no      no       no      1     REPO_WRITE  group developers (project/PRJ)
  rroe                                 no      no      no       no      1     REPO_WRITE  group developers (project/PRJ)
  access key 158 "ci-deploy"           no      no      no       no      1     REPO_WRITE  direct (repo/PRJ/app)
  access key 160 "dup-label"           no      no      no       no      2, 1  REPO_WRITE  direct (repo/PRJ/app)
  access key 161 "dup-label"           no      no      no       no      2, 1  REPO_WRITE  direct (project/PRJ)
  a repository token with write scope  no      no      no       no      1     REPO_WRITE  if there is one
  a project token with write scope     no      no      no       no      1     REPO_WRITE  if there is one

  1  pull requests only (restriction 9, repository; snapshot of 1h ago) [repo/PRJ/app#9]
  2  2 keys have this label: the hook takes the push for the one of them that may do least

3 of 8 users may not write here; 1 access key may only read' \
    'semantics 3, 4.2: who is exempt can; inactive, unlicensed and reading users are only counted'

who_can push PRJ/app release/1
like "$out" '^  jdoe +yes +yes +no +no +1, 2 ' 'semantics 4.1: some kinds of change are stopped'
like "$out" '^  lead +yes +yes +yes +no +2 ' 'semantics 4.2: an exemption lifts its type for both places'
contains "$out" '
  1  rewrite: history may not be rewritten (restriction 11, repository, and 1 more; snapshot of 1h ago) [repo/PRJ/app#11]
  2  delete: may not be deleted (restriction 10, repository; snapshot of 1h ago) [repo/PRJ/app#10]
' 'and the footnote names the kinds'
who_can delete PRJ/app release/1
is "$code" 1 'nobody can: code 1'
like "$out" '^  WHO +DELETE +WHY +PERMISSION +BY$' 'only the action that was asked about is shown'
contains "$out" 'nobody can' 'and it is said'
who_can merge PRJ/app main
like "$out" '^  jdoe +yes +REPO_WRITE ' 'semantics 4.1: a merge is let through'
lacks "$out" 'access key' 'an access key merges nothing'
who_can push OPS/tools main
like "$out" '^  reader +yes +yes +yes +yes +REPO_WRITE +default \(project/OPS\)$' \
    'semantics 3: the default permission'
who_can push '~JDOE/notes' main
like "$out" '^  jdoe +yes.*REPO_ADMIN +owner \(project/~JDOE\)$' 'semantics 3: the owner of a personal project'
who_can push PRJ/old main
is "$code" 1 'semantics 3: nobody pushes to an archived repository'
contains "$out" 'note: the repository is archived: it takes no pushes' 'and it is said why'
contains "$out" '1 access key may not, either' 'nor does its key, which has the right to write'
who_can update PRJ/app refs/tags/v1
contains "$out" 'a tag that is there and moves is rewritten' 'semantics 1: of tags it is said what update means'

# Many with the same answer are one row.
run "$BUILD/tests/helpers/make_snapshot" --users 40 --groups 1 --members 400 --projects 1 --repositories 1 \
    --now 2026-11-22T00:00:00Z "$T/many.cdb"
sed "s,snapshot.cdb,many.cdb," "$T/refgate.conf" >"$T/many.conf"
config=$T/many.conf
who_can push p00000/r00000 main
like "$out" '^  [0-9]+ users of group g00000 +yes ' 'users with the same answer by the same grants are one row'
contains "$out" '--all lists each user' 'and it is said how to list them'
who_can push p00000/r00000 main --all
lacks "$out" 'users of group' '--all lists each'
like "$out" '^  u000[0-9]+ +yes ' 'by name'
config=$T/refgate.conf

who_can push PRJ/app main --stopped
lacks "$out" 'Can:' '--stopped leaves out who can'
contains "$out" '  jdoe ' 'and shows who is stopped'

# JSON: a principal, and what holds for all.
who_can push PRJ/app main --format json
is "$(printf '%s' "$out" | jq -c '[.project, .repository, .repository_id, .action, .ref, .trigger, .time, .mode, .snapshot.age_s, .answer, .users, .users_without_write, .keys_without_write]')" \
    '["PRJ","app",84,"push","refs/heads/main","push","2026-11-22T01:00:00Z","enforce",3600,"yes",8,3,1]' \
    'JSON: the question and the sum'
is "$(printf '%s' "$out" | jq -c '.principals[] | select(.name == "jdoe") | del(.changes[1:])')" \
    '{"type":"user","name":"jdoe","id":101,"permission":"REPO_WRITE","permission_most":"REPO_WRITE","may_write":"yes","why_not":null,"grants":[{"source":"direct","group":null,"place":"project/PRJ","level":"PROJECT_WRITE","permission":"REPO_WRITE","certain":true},{"source":"group","group":"developers","place":"project/PRJ","level":"PROJECT_WRITE","permission":"REPO_WRITE","certain":true}],"same_label":0,"changes":[{"kind":"create","answer":"no","verdict":"reject","reasons":[{"type":"restriction","id":9,"restriction":"pull-request-only","verdict":"reject","text":"pull requests only (restriction 9, repository; snapshot of 1h ago)","proof":["repo/PRJ/app#9"]}]}]}' \
    'JSON: a principal, strongest grant first'
is "$(printf '%s' "$out" | jq -r '[.principals[] | .type + " " + (.id | tostring)] | join(", ")')" \
    'user 1, user 106, user 101, user 103, user 102, access-key 158, access-key 160, access-key 161, repository-token 84, project-token 2' \
    'JSON: users by name, keys, tokens'

who_can push PRJ/app main --format csv
is "$(printf '%s\n' "$out" | head -n 4)" 'type,name,id,permission,grants,ref,create,update,rewrite,delete,merge,reasons
user,admin,1,REPO_ADMIN,direct (global),refs/heads/main,no,no,no,no,,"pull requests only (restriction 9, repository; snapshot of 1h ago) [repo/PRJ/app#9]"
user,ci-bot,106,REPO_WRITE,group developers (project/PRJ),refs/heads/main,no,no,no,no,,"pull requests only (restriction 9, repository; snapshot of 1h ago) [repo/PRJ/app#9]"
user,jdoe,101,REPO_WRITE,"direct (project/PRJ), group developers (project/PRJ)",refs/heads/main,no,no,no,no,,"pull requests only (restriction 9, repository; snapshot of 1h ago) [repo/PRJ/app#9]"' \
    'CSV: a row a principal'

# Rules, service accounts and keys of the configuration; each kind of answer.
cat >>"$T/refgate.conf" <<'CONF'
[access-keys]
changes = update
[service-account "ci-bot"]
refs = ci/
[rule "ask-first"]
action = require-approval
users = jdoe
refs = topic
changes = rewrite
[rule "told"]
action = annotate
users = jdoe
refs = topic
changes = delete
[rule "own-work"]
action = reject
committer = pusher
users = rroe
refs = topic
changes = update
CONF
who_can push PRJ/app topic
like "$out" '^  jdoe +yes +yes +needs-approval +annotated +1, 2 ' 'semantics 2: needs an approval, is annotated'
like "$out" '^  rroe +yes +cannot-tell +yes +yes +3 ' 'semantics 1: cannot tell is not no'
like "$out" '^  ci-bot +no +no +no +no +[0-9] ' 'semantics 5.2: a service account outside of its scope'
like "$out" '^  access key 158 "ci-deploy" +no +yes +no +no ' 'semantics 5.1: what access keys may do'
contains "$out" 'rewrite: needs an approval: rewrite [ask-first, refgate.conf:9]' 'and which rule it is, by its line'
printf '[rule "nobody"]\naction = require-approval\nrefs = frozen\n' >>"$T/refgate.conf"
who_can update PRJ/app frozen
is "$code" 1 'only with an approval: code 1'
contains "$out" 'nobody can without an approval' 'and it is said'
printf '[rule "unknown-work"]\naction = reject\nauthor = pusher\nrefs = open\n' >>"$T/refgate.conf"
who_can update PRJ/app open
is "$code" 2 'cannot tell of anybody: code 2'
contains "$out" 'cannot tell whether anybody can' 'and it is said'
printf '[restrictions]\ncheck = annotate\n' >>"$T/refgate.conf"
who_can push PRJ/app main
like "$out" '^  admin +annotated ' 'semantics 4: check = annotate is what restrictions say at most'
contains "$out" 'note: [restrictions] check = annotate: refgate lets pass what Bitbucket refuses' 'and it is said'
sed -i '1i[refgate]\nmode = monitor' "$T/refgate.conf"
who_can push PRJ/app frozen
contains "$out" 'note: mode = monitor: refgate rejects nothing yet' 'semantics 2: monitor mode is said'

# Names that somebody chose with care (RFC 4180; formulas in spreadsheets; terminals).
cp -r tests/fixtures/acme "$T/hostile"
sed -i -e 's/"name": *"rroe"/"name":"=1+1,\\"x\\""/g' -e 's/"name": *"ci-bot"/"name":"bot\\u001b[31m"/g' \
    -e 's/ci-deploy/+deploy\\u202e/g' "$T"/hostile/*.jsonl
snapshot "$T/hostile" "$T/hostile.cdb"
config=$T/hostile.conf
printf '[snapshot]\nfile = %s\n[audit]\nsyslog = off\n' "$T/hostile.cdb" >"$config"
who_can push PRJ/app topic
lacks "$out" "$(printf '\033')" 'text: no control character'
like "$out" '^  bot\\x1b\[31m +no +no +no +no +2 ' 'text: escaped; and the hook refuses such a name'
contains "$out" '2  the hook refuses this name: BB_USER_NAME holds control bytes' 'with the reason'
contains "$out" 'access key 158 "+deploy\u{202e}"' 'text: a label that would turn the line around'
who_can push PRJ/app topic --format csv
contains "$out" 'user,"'\''=1+1,""x""",102,' 'CSV: quoted, and no formula'
contains "$out" 'access-key,"'\''+deploy\u{202e}",158,' 'CSV: nor a label'
lacks "$out" "$(printf '\033')" 'CSV: no control character'
who_can push PRJ/app topic --format json
is "$(printf '%s' "$out" | jq -c '[.principals[] | select(.id == 102 or .id == 106) | .name]')" \
    '["=1+1,\"x\"","bot\u001b[31m"]' 'JSON: the names as they are'

config=$T/refgate.conf
wrong() { # DESCRIPTION PART ARGUMENT...
    description=$1 part=$2
    shift 2
    who_can "$@"
    is "$code" 2 "$description: code 2"
    contains "$err" "$part" "$description: $part"
    is "$out" '' "$description: nothing on stdout"
}
wrong 'an unknown action' 'the action is push' read PRJ/app main
wrong 'an unknown repository' 'no repository PRJ/none' push PRJ/none main
wrong 'no repository' 'must be KEY/SLUG' push PRJ main
wrong 'a bad ref' 'not a full name of a ref' push PRJ/app 'a..b'
wrong 'no ref' 'missing operand' push PRJ/app
wrong 'an unknown format' 'text, json or csv' push PRJ/app main --format xml
wrong 'a merge by another trigger' 'a trigger of its own' merge PRJ/app main --trigger file-edit
wrong 'a credential that the hook would not look at' 'resolvers = environment' push PRJ/app main --credential user-token:1
wrong 'no snapshot' 'nowhere.cdb' push PRJ/app main --snapshot "$T/nowhere.cdb"

# The manual has every option.
"$BUILD/refgate" who-can --help | sed -n 's/^  --\([a-z-]*\).*/\1/p' >"$T/options"
while read -r option; do
    ok "refgate-who-can(8) has --$option" grep -q "^\.It Fl -$option" packaging/man/refgate-who-can.8
done <"$T/options"
done_testing
