#!/bin/sh
# who-can says of each principal of generated instances what check says of a push of his: who is judged
# for others (hook/command/peers.h) is judged rightly, and nobody is left out (semantics 3, 4, 5, 6).
. tests/lib/tap.sh
test_start

command -v python3 >/dev/null || skip_all 'python3 is not installed'

# Names of tests/bitbucket/cases.py. Each thing that makes people different: named by himself or by a
# group, excepted, a service account, keys, administrators, an approval, a question that stays open.
rules() {
    cat <<'CONF'
[restrictions]
admins-exempt = yes
[access-keys]
changes = create, update
refs = main, release/
[service-account "anna+ci"]
refs = feature/
changes = create, update
[rule "developers"]
action = reject
groups = Developers
except-users = JDOE
refs = feature/
[rule "not-him"]
action = annotate
users = john smith, direct, o'brien/ext
changes = create
[rule "quality"]
action = require-approval
except-groups = QA Team, no-such-group
refs = release/, refs/tags/v*
[rule "own-work"]
action = reject
committer = pusher
refs = hotfix/
changes = update, rewrite
[rule "tokens"]
action = reject
credentials = repository-token, user-ssh-key
refs = refs/tags/
[rule "watched"]
action = reject
mode = monitor
groups = bitbucket-users
CONF
}

agrees() { # WHAT CONFIG ARGUMENTS...
    what=$1 config=$2
    shift 2
    run tests/bitbucket/who-can-agrees --refgate "$BUILD/refgate" --refs 1 "$@" "$config"
    is "$code" 0 "$what: everybody has the verdicts that check gives" || note "$err"
    note "$out"
    like "$out" 'accept: [0-9]+; .*not listed: [0-9]+; .*reject: [0-9]+' "$what: there was something to say"
}
instance() { # SEED VERSION
    dir=$T/$1
    run tests/bitbucket/oracle --seed "$1" --server-version "$2" --size tiny --count 1 --record "$dir"
    run "$BUILD/refgate" sync --replay "$dir/recording" --output "$dir/snapshot.cdb"
    is "$code" 0 "seed $1 ($2): the snapshot is built" || note "$err"
    rm -rf "$dir/recording"
}
with_rules() { # DIR
    { cat "$1/refgate.conf" && rules; } >"$1/rules.conf"
}

instance 1 9.4
agrees 'seed 1' "$T/1/refgate.conf"
# 10.2 has types and matchers that refgate does not know: what is open stays open.
instance 7 10.2
with_rules "$T/7"
agrees 'seed 7 with rules' "$T/7/rules.conf"
like "$out" 'require-approval: [0-9]' 'seed 7 with rules: some need an approval'

# What the sync could not read: anybody may have a grant, and nobody's permission is known.
mkdir "$T/marks"
run "$BUILD/tests/helpers/make_snapshot" --incomplete "$T/marks/snapshot.cdb"
is "$code" 0 'an incomplete snapshot is made' || note "$err"
sed "s,$T/1/,$T/marks/," "$T/1/refgate.conf" >"$T/marks/refgate.conf"
run tests/bitbucket/who-can-agrees --refgate "$BUILD/refgate" --refs 1 "$T/marks/refgate.conf"
is "$code" 0 'incomplete: everybody has the verdicts that check gives' || note "$out"

# The comparison finds who is told something else, and who is left out.
cat >"$T/liar" <<LIAR
#!/bin/sh
[ "\$1" = who-can ] || exec "$BUILD/refgate" "\$@"
"$BUILD/refgate" "\$@" | jq -c "\$LIE"
LIAR
chmod +x "$T/liar"
for lie in '(.principals[].changes[] | select(.kind == "delete") | .verdict) |= "note-that"' \
    '.principals |= map(select(.type != "user"))' '(.principals[] | .id) += 1'; do
    run env LIE="$lie" tests/bitbucket/who-can-agrees --refgate "$T/liar" --refs 1 \
        --repositories 2 "$T/marks/refgate.conf"
    is "$code" 1 "what is not so is found: $lie"
done
done_testing
