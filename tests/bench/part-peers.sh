# part-peers.sh - what a user would pick instead: the same policy and the same pushes, other kinds of hooks
# shellcheck shell=sh
snapshot_tiny
repository_large
scene main "history-$commits"
if [ -n "$quick" ]; then new=1,000; else new=10,000; fi
deep deep "$(echo $new | tr -d ,)"
mv "$tmp/deep/deep-"* "$tmp/deep/push"
scene main "history-$commits"
wide wide 1000
hostile_push
rules | config peers "$data/tiny.cdb"
printf '[rule "hostile"]\naction = reject\nrefs = %s\n' "$(hostile_pattern)" |
    config hostile "$data/tiny.cdb"
{
    printf '{"restrictions": [{"type": "fast-forward-only", "ref": "main", "users": []}'
    i=1
    while [ $i -lt 20 ]; do
        printf ',\n{"type": "read-only", "ref": "closed-%s/*", "users": ["lead"]}' $i
        i=$((i + 1))
    done
    printf ']}\n'
} >"$tmp/peers.json"
printf '{"restrictions": [{"type": "read-only", "ref": "%s", "users": []}]}\n' "$(hostile_pattern)" \
    >"$tmp/hostile.json"

# ------------------------------------------------------------------ the pushes, and who judges them
# NAME POLICY STDIN
cat >"$tmp/pushes" <<END
typical peers main/create
forward peers main/forward
deep peers deep/push
wide peers wide
hostile hostile hostile
END
what_push() {
    case $1 in
    typical) echo 'typical push' ;;
    forward) echo '  fast-forward of 3 commits' ;;
    deep) echo "  fast-forward of $new commits" ;;
    wide) echo '  1,000 refs' ;;
    hostile) echo '  hostile pattern and ref' ;;
    esac
}
peer() { # NAME [PROGRAM ARGUMENT…], which gets the policy as a last argument; without one, refgate
    peer=$1
    shift
    peers="$peers $peer"
    while read -r name policy stdin; do
        quarantine=$tmp/main/quarantine
        [ "$name" != deep ] || quarantine=$tmp/deep/quarantine
        # shellcheck disable=SC2086 # $push: three words
        hook_case "$peer-$name" "$policy" "$stdin" 0 $push "$@" ${1:+"$tmp/$policy.json"}
    done <"$tmp/pushes" >>"$tmp/peers.list"
}
: >"$tmp/peers.list"
peers=
peer refgate
(
    # The distribution's own.
    unset PKG_CONFIG_PATH PKG_CONFIG_LIBDIR
    pkg-config --exists libgit2 jansson || exit 1
    # shellcheck disable=SC2046 # options
    "$CC" -std=c17 -O2 -o "$tmp/libgit2-hook" "$bench/peers/libgit2-hook.c" \
        $(pkg-config --cflags --libs libgit2 jansson)
) 2>"$tmp/said" && peer libgit2 "$tmp/libgit2-hook" ||
    left_out "peer libgit2: no libgit2-dev of the distribution"
if command -v jq >/dev/null && [ -x /bin/bash ]; then
    peer bash /bin/bash "$bench/peers/bash-hook"
else
    left_out 'peer bash: no jq or bash'
fi
# The distribution's own python, not one that a version manager puts in front of it.
python=/usr/bin/python3
[ -x $python ] || python=$(command -v python3 || :)
if [ -n "$python" ]; then
    peer python "$python" "$bench/peers/python-hook"
else
    left_out 'peer python: no python3'
fi

# gitolite's update hook: git calls it once for each ref, and its patterns are regular expressions.
gitolite_peer() {
    command -v gitolite >/dev/null || return 1
    gl=$tmp/gitolite
    mkdir "$gl"
    HOME=$gl gitolite setup -a bench >/dev/null 2>&1 || return 1
    {
        echo 'repo app'
        i=1
        while [ $i -lt 20 ]; do
            echo "    - closed-$i/ = @all"
            i=$((i + 1))
        done
        # RW: no rewriting, no deleting.
        echo '    RW = bench-user'
    } >"$gl/.gitolite/conf/gitolite.conf"
    HOME=$gl gitolite compile >/dev/null 2>&1 || return 1
    echo "$history/objects" >"$gl/repositories/app.git/objects/info/alternates"
    cat >"$tmp/gitolite-env" <<END
env GL_LIBDIR=$(HOME=$gl gitolite query-rc GL_LIBDIR)
env GL_BINDIR=$(HOME=$gl gitolite query-rc GL_BINDIR)
env GL_REPO=app
env GL_USER=bench-user
env GL_REPO_BASE=$gl/repositories
END
    peers="$peers gitolite"
    while read -r name _ stdin; do
        quarantine=$tmp/main/quarantine
        case $name in
        deep) quarantine=$tmp/deep/quarantine ;;
        wide | hostile) continue ;;
        esac
        read -r old new_tip ref <"$tmp/$stdin"
        cat <<CASE
case gitolite-$name
cd $gl/repositories/app.git
env PATH=/usr/bin:/bin
env HOME=$gl
env GIT_DIR=.
env GIT_QUARANTINE_PATH=$quarantine
env GIT_OBJECT_DIRECTORY=$quarantine
env GIT_ALTERNATE_OBJECT_DIRECTORIES=$history/objects
$(cat "$tmp/gitolite-env")
arg $gl/.gitolite/hooks/common/update
arg $ref
arg $old
arg $new_tip

CASE
    done <"$tmp/pushes" >>"$tmp/peers.list"
}
gitolite_peer || left_out 'peer gitolite: it is not installed'

# ------------------------------------------------------------------ measuring
say "bench: peers, up to $runs runs of each case in turn"
# One that takes seconds is not waited for: a pattern can cost some of them more than anybody's time.
limit=5
for peer in $peers; do
    status=0
    run_case "$tmp/peers.list" "$peer-hostile" timeout -s KILL $limit || status=$?
    if [ $status -ge 124 ]; then
        sed -i "/^case $peer-hostile\$/,/^\$/d" "$tmp/peers.list"
        echo "$peer-hostile" >>"$tmp/endless"
    fi
done
cases peers <"$tmp/peers.list"
measure peers "$runs"

# ------------------------------------------------------------------ results
who() {
    case $1 in
    refgate) echo 'refgate' ;;
    libgit2) echo "C, the distribution's libgit2 and jansson" ;;
    bash) echo 'bash, jq, git merge-base' ;;
    python) echo 'python3, json, git merge-base' ;;
    gitolite) echo 'gitolite, hooks/update' ;;
    esac
}
for peer in $peers; do
    while read -r name _ _; do
        what=$(what_push "$name")
        [ "$name" != typical ] || what="$(who "$peer"): $what"
        if [ "$peer" = refgate ]; then
            result "peers.$peer-$name" "$what" - - "$(over peers "$peer-$name")" - -
        elif grep -qsx "$peer-$name" "$tmp/endless"; then
            least=$(calc "int($limit * 1000 / $(figure peers "refgate-$name" wall))")
            result "peers.$peer-$name" "$what: not done after $limit s" "> $least" 'x refgate' - '> 1' reached
        elif grep -q "^$peer-$name	" "$tmp/peers.times"; then
            times=$(over peers "$peer-$name" "refgate-$name")
            result "peers.$peer-$name" "$what" "$times" 'x refgate' "$(over peers "$peer-$name")" '> 1' \
                "$(judge "$times" '>' 1)"
        fi
    done <"$tmp/pushes"
done
