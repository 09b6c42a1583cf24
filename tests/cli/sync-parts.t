#!/bin/sh
# refgate sync --project and --repo: whatever changes in a part, or is named by it, the snapshot then
# says what a full sync would say.
. tests/lib/tap.sh
. tests/lib/bitbucket.sh
test_start

command -v python3 >/dev/null || skip_all 'python3 is not installed'
unset REFGATE_URL REFGATE_TOKEN REFGATE_USER REFGATE_PASSWORD
sync() { # FILE OPTIONS...
    file=$1
    shift
    run "$BUILD/refgate" sync --url "$BITBUCKET_URL" --auth-file "$BITBUCKET_AUTH" --output "$file" \
        --self-check 0 "$@" </dev/null
}
# Without what decides nothing, and is only told of what is read: times and digest, the parts, how the
# file is laid out; whether a user was in the list of users; what a repository is a fork of.
content() {
    "$BUILD/refgate" snapshot dump --file "$1" |
        jq -cS 'select(.key | test("^(meta|parts|index)$") | not) | del(.listed, .fork_of)' | sort
}

field() { printf '%s\n' "$out" | sed -n "s/^$1  *//p"; }
places() { # SLUG: in which projects, personal ones excepted
    "$BUILD/refgate" snapshot dump --file "$T/s.cdb" --prefix repo/ |
        jq -r --arg slug "$1" 'select(.repository == $slug and (.project | startswith("~") | not)) | .project'
}

# -------------------------------------------------------------- anything, by seed
rounds=10 seeds='1 2 3 4'
# Under the sanitizers everything takes several times as long, and finds the same.
[ "${VARIANT:-}" != asan ] || rounds=4 seeds='1 2'
rounds=${REFGATE_PARTS_ROUNDS:-$rounds}
for seed in ${REFGATE_PARTS_SEEDS:-$seeds}; do
    bitbucket_start --seed "$seed" --cap 9 --gaps || fail 'the server starts'
    sync "$T/part$seed.cdb"
    is "$code" 0 "seed $seed: a full sync"
    cp "$T/part$seed.cdb" "$T/full$seed.cdb"
    : >"$T/log"
    round=0
    bad=
    while [ "$round" -lt "$rounds" ] && [ -z "$bad" ]; do
        round=$((round + 1))
        : >"$T/log"
        "$BUILD/refgate" snapshot dump --file "$T/full$seed.cdb" >"$T/dump"
        tests/bitbucket/shuffle --url "$BITBUCKET_URL" --seed $((seed * 1000 + round)) \
            --log "$T/log" <"$T/dump" >"$T/options" || bad='the instance was not changed'
        # shellcheck disable=SC2046 # an option and its value on each line
        sync "$T/part$seed.cdb" $(cat "$T/options")
        [ "$code" -eq 0 ] || bad="the part: $err"
        sync "$T/full$seed.cdb" --force
        [ "$code" -eq 0 ] || bad="$bad the whole: $err"
        content "$T/part$seed.cdb" >"$T/got"
        content "$T/full$seed.cdb" >"$T/want"
        if [ -z "$bad" ] && ! cmp -s "$T/want" "$T/got"; then
            bad='they differ'
            diff "$T/want" "$T/got" | cut -c1-600 | sed "s/^/# /"
        fi
        # The next part goes into a snapshot that is good, or into one of parts.
        [ $((round % 4)) -ne 0 ] || cp "$T/full$seed.cdb" "$T/part$seed.cdb"
    done
    is "$bad" '' "seed $seed: after each of $rounds parts the snapshot is what a full sync gives"
    [ -z "$bad" ] || { note "round $round: $(tr '\n' ' ' <"$T/options")"; sed 's/^/# /' "$T/log"; }
    bitbucket_stop
done

# -------------------------------------------------------------- nothing
bitbucket_start --seed 2 || fail 'the server starts'
sync "$T/s.cdb"
whole=$(field digest)
all=$("$BUILD/refgate" snapshot dump --file "$T/s.cdb" --prefix project/ | jq -r '"--project \(.project)"')
# shellcheck disable=SC2086 # an option and its value on each line
sync "$T/s.cdb" $all
is "$code" 0 'all projects as parts: code 0'
is "$(field digest)" "$whole" 'parts in which nothing changed: the digest is the same'
sync "$T/s.cdb" --repo DEFW/wiki
is "$(field digest)" "$whole" 'also where an exemption names a group that is gone'

# -------------------------------------------------------------- one side of a move
bitbucket_change move '{"place": "PRJ/app", "to": "OPS/app"}' >"$T/changed"
sync "$T/s.cdb" --project OPS
is "$(places app)" OPS 'moved in: it is in its new project, and no longer in the old one'
bitbucket_change move '{"place": "OPS/app", "to": "PRJ/app"}' >"$T/changed"
sync "$T/s.cdb" --project OPS
is "$(places app)" '' 'moved out: it is in neither until the other project is read'
sync "$T/s.cdb" --repo PRJ/app
is "$(places app)" PRJ 'and then it is there'

# -------------------------------------------------------------- who is named, and who is not
decide() { # USER REPO REF: what the snapshot says
    "$BUILD/refgate" check --config "$T/refgate.conf" --repo "$2" --user "$1" --kind update \
        --format json "$3" | jq -r '.verdict'
}
printf '[snapshot]\nfile = %s\n' "$T/s.cdb" >"$T/refgate.conf"
verdict=$(decide jdoe DEFW/wiki refs/heads/frozen)
like "$verdict" '^(accept|note|annotate)$' 'a user is exempt in another project'
bitbucket_change grant '{"place": "PRJ/app", "user": "jdoe", "permission": "REPO_WRITE"}' >"$T/changed"
bitbucket_change user '{"user": "jdoe", "to": "jane2"}' >"$T/changed"
sync "$T/s.cdb" --repo PRJ/app
is "$(decide jane2 DEFW/wiki refs/heads/frozen)" "$verdict" 'he has another name: his id is exempt still'
is "$(decide direct DEFW/wiki refs/heads/frozen)" reject 'another one is not'
bitbucket_stop
done_testing
