#!/bin/sh
# What Bitbucket does itself: the web interface, merges of pull requests, merge checks. No git push
# is behind these; the hook gets stdin and variables.
. tests/lib/tap.sh
. tests/lib/push.sh
test_start
server_start
server_config <<'END'
@common
[rule "frozen"]
action = reject
refs = frozen
END
server_repository PRJ/app 84
client_clone "$T/c" PRJ/app
c=$T/c
old=$(commit "$c" one)
pushes 'a main branch' lead "$c" origin HEAD:refs/heads/main
new=$(commit "$c" two)
pushes 'and a topic branch' jdoe "$c" origin HEAD:refs/heads/topic

# -------------------------------------------------------------- the web interface
web() { # DESCRIPTION CODE TRIGGER OLD NEW REF [LOGIN]
    echo "$4 $5 $6" >"$T/stdin"
    hook_as "${7:-jdoe}" "$3" PRJ/app <"$T/stdin"
    is "$code" "$2" "$1" || note "$out$err"
}
web 'branch-create: pull-request-only lets the web interface through' 0 branch-create \
    "$ZERO" "$new" refs/heads/main
is "$(audit '[.push.trigger,.credential.class]|join(" ")')" 'branch-create web' 'credential web'
web 'branch-create: no-creates does not' 1 branch-create "$ZERO" "$new" refs/heads/hotfix/9
web 'branch-delete: no-deletes blocks' 1 branch-delete "$old" "$ZERO" refs/heads/release/1
web 'branch-delete: a topic branch' 0 branch-delete "$new" "$ZERO" refs/heads/topic
web 'tag-create' 0 tag-create "$ZERO" "$new" refs/tags/v9
web 'tag-delete: of a protected tag' 1 tag-delete "$new" "$ZERO" refs/tags/release/1
web 'file-edit: pull-request-only blocks' 1 file-edit "$old" "$new" refs/heads/main
web 'file-edit: a topic branch' 0 file-edit "$old" "$new" refs/heads/topic
web "file-edit: the administrator's rules judge it too" 1 file-edit "$old" "$new" refs/heads/frozen
web 'an unknown trigger is a push' 1 time-travel "$old" "$new" refs/heads/main
is "$(audit .push.trigger)" time-travel 'and is recorded by its name'
web "Bitbucket's own refs are its own business with other triggers" 0 branch-create \
    "$ZERO" "$new" refs/pull-requests/7/from

# -------------------------------------------------------------- merges
LAUNCH_EXTRA=$T/extra
export LAUNCH_EXTRA
merge_variables() { # BB_MERGE_HASH DRY-RUN
    cat >"$T/extra" <<END
BB_IS_DRY_RUN=$2
BB_PULL_REQUEST_ID=7
BB_PULL_REQUEST_AUTHOR_USER_NAME=jdoe
BB_PULL_REQUEST_AUTHOR_DISPLAY_NAME=Jane Doe
BB_PULL_REQUEST_AUTHOR_PERMISSION=REPO_WRITE
BB_FROM_PROJECT_KEY=PRJ
BB_FROM_REPO_SLUG=app
BB_FROM_REF=topic
BB_FROM_HASH=$new
BB_TO_PROJECT_KEY=PRJ
BB_TO_REPO_SLUG=app
BB_TO_REF=$3
BB_TO_HASH=$old
BB_MERGE_HASH=$1
BB_MERGE_STRATEGY_ID=no-ff
BB_MERGE_IS_CROSS_REPO=false
END
}
tree=$(git -C "$c" rev-parse 'HEAD^{tree}')
merged=$(git -C "$(server_storage PRJ/app)" commit-tree -p "$old" -p "$new" -m merge "$tree")
merge_variables "$merged" false main
web 'a real merge of a pull request into main' 0 pull-request-merge "$old" "$merged" refs/heads/main
is "$(audit '[.push.trigger,.push.dry_run,.changes[0].ref,.verdict]|map(tostring)|join(" ")')" \
    'pull-request-merge false refs/heads/main accept' 'as recorded'
web 'a merge by the internal trigger' 0 merge "$old" "$merged" refs/heads/main
web 'an unknown trigger with a pull request is a merge' 0 merge-train "$old" "$merged" \
    refs/heads/main
merge_variables "$merged" false archive/2020
web 'a merge into a read-only branch' 1 pull-request-merge "$old" "$merged" refs/heads/archive/2020

# -------------------------------------------------------------- merge checks: no stdin at all
dry() { # DESCRIPTION CODE REF
    merge_variables '' true "$3"
    hook_as jdoe pull-request-merge PRJ/app </dev/null
    is "$code" "$2" "$1" || note "$out$err"
}
before=$(audit_count)
dry 'dry run: main can be merged into' 0 main
is "$(audit_count)" "$before" 'dry run: nothing is recorded if it is accepted'
is "$out$err" '' 'dry run: and nothing printed'
dry 'dry run: the full name of the branch' 0 refs/heads/main
dry 'dry run: a read-only branch cannot' 1 archive/2020
is "$(audit_count)" $((before + 1)) 'dry run: that is recorded'
is "$(audit '[.push.dry_run,.changes[0].ref]|map(tostring)|join(" ")')" \
    'true refs/heads/archive/2020' 'dry run: as one'
dry 'dry run: a rule' 1 frozen
# Java may leave the descriptor closed.
merge_variables '' true main
hook_as jdoe pull-request-merge PRJ/app <&-
is "$code" 0 'dry run: without any stdin'
sed '/^BB_TO_REF=/d' "$T/extra" >"$T/extra.new" && mv "$T/extra.new" "$T/extra"
hook_as jdoe pull-request-merge PRJ/app </dev/null
is "$code" 2 'dry run: without its variables it cannot be judged'
contains "$err" 'refgate: push rejected' 'dry run: and says so'
ok 'the audit chain is intact' "$BUILD/refgate" audit verify "$BB/audit.log"
done_testing
