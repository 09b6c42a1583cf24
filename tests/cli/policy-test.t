#!/bin/sh
# refgate policy test: verdicts and reasons that are expected, what is shown of those that differ,
# wrong files, and the tables that are shipped.
. tests/lib/tap.sh
test_start
policy_test() { run "$BUILD/refgate" policy test "$@" </dev/null; }

# ---------------------------------------------------------------- a table of its own
cat >"$T/small.conf" <<'CONF'
[refgate]
contact = platform-team@example.com
[rule "keys-stay-off-main"]
action = reject
credentials = access-key
refs = main
message = Deploy keys do not push to main.
[rule "watched"]
action = reject
mode = monitor
refs = topic
[rule "own-work"]
action = annotate
committer = pusher
refs = own/*
CONF
cat >"$T/instance" <<'TESTS'
[instance]
at = 2026-06-01T12:00:00Z
[group "maintainers"]
[user "jdoe"]
email = jane.doe@example.com
[user "lead"]
groups = maintainers
[project "PRJ"]
default = PROJECT_WRITE
[repository "PRJ/app"]
[access-key "158"]
label = ci-deploy
places = PRJ/app:REPO_WRITE
[restriction "9"]
where = PRJ/app
type = no-deletes
matcher = branch refs/heads/main
groups = maintainers
[defaults]
repo = PRJ/app
user = jdoe
TESTS
{
    cat "$T/instance"
    cat <<'TESTS'
[push "a key does not push to main"]
user = 3adc96b3b93443e4
display-name = Access Key User - ci-deploy
changes = update refs/heads/main, create refs/tags/v1
expect = reject
expect-changes = reject, accept
rule = keys-stay-off-main
because = rule
message = Deploy keys do not push to main. rule: keys-stay-off-main
exit = 1
[push "main is not deleted"]
changes = delete refs/heads/main
expect = reject
because = restriction 9, restriction no-deletes
[push "but by maintainers"]
user = lead
changes = delete refs/heads/main
expect = accept
[push "a rule that is only monitored"]
changes = create refs/heads/topic
expect = accept
monitored = watched
[push "somebody else's work"]
changes = update refs/heads/own/x
author = jane.doe@example.com
committer = stranger@example.org
expect = annotate
rule = own-work
[push "merges, unless they are excused, too"]
changes = update refs/heads/own/x
committer = stranger@example.org
merge-commit = yes
expect = annotate
[push "own work"]
changes = update refs/heads/own/x
committer = jane.doe@example.com
expect = accept
[push "work that nobody can tell"]
changes = update refs/heads/own/x
expect = annotate
because = undecided
[push "what is not known"]
user = newcomer
repo = PRJ/new
unknown = user, repo
changes = update refs/heads/x
expect = accept, note
TESTS
} >"$T/small.tests"

policy_test "$T/small.tests"
is "$code" 0 'all as expected: code 0' || note "$out$err"
is "$out" 'small.conf: 9 passed, 0 failed' 'the configuration beside the tests was tested, and is named'
policy_test --verbose "$T/small.tests"
contains "$out" 'small.tests:22: passed: a key does not push to main: reject' '--verbose lists them'
policy_test --format json "$T/small.tests"
is "$code:$(printf '%s' "$out" | jq -c '[.config, .passed, .failed, .broken, .cases[0].name, .cases[0].result, .cases[0].got, .cases[0].exit]')" \
    '0:["small.conf",9,0,0,"a key does not push to main","passed","reject",1]' '--format json'
(cd "$T" && "$BUILD/refgate" policy test --config small.conf - <small.tests) >"$T/got"
is "$?:$(cat "$T/got")" '0:small.conf: 9 passed, 0 failed' '- is standard input, --config names the configuration'
is "$(find "${TMPDIR:-/tmp}" -maxdepth 1 -name 'refgate-policy.*' -newer "$T/small.tests" 2>/dev/null)" '' \
    'no snapshot is left behind'

# ---------------------------------------------------------------- what differs
wrong() { # DESCRIPTION EXPECTED-PART; the push on stdin
    { cat "$T/instance" && cat; } >"$T/wrong.tests"
    policy_test --config "$T/small.conf" "$T/wrong.tests"
    is "$code" 1 "$1: code 1" || note "$out$err"
    contains "$out" "$2" "$1: is shown"
}
wrong 'another verdict' 'wrong.tests:22: failed: x
  expected accept or note, got reject because of restriction 9 no-deletes' <<'END'
[push "x"]
changes = delete refs/heads/main
expect = accept, note
END
contains "$out" '  the pusher sees:

    refgate: push rejected' 'and what the pusher sees'
like "$out" '^    \+ restriction 9 no-deletes \[repo/PRJ/app#9\] +blocks -> reject$' 'and the trace'
contains "$out" 'small.conf: 0 passed, 1 failed' 'and the count'
wrong 'another reason' 'expected it because of keys-stay-off-main, got it because of restriction 9 no-deletes' <<'END'
[push "x"]
changes = delete refs/heads/main
expect = reject
rule = keys-stay-off-main
END
lacks "$out" 'the configuration has no rule' 'which the configuration has'
wrong 'a rule with a typing mistake' '  the configuration has no rule and no service account keys-stay-of-main' <<'END'
[push "x"]
changes = delete refs/heads/main
expect = reject
rule = keys-stay-of-main
END
wrong 'another restriction' 'expected it because of restriction 10, got it because of restriction 9' <<'END'
[push "x"]
changes = delete refs/heads/main
expect = reject
because = restriction 10
END
wrong 'another verdict of one change' 'refs/heads/x: expected reject, got accept' <<'END'
[push "x"]
changes = delete refs/heads/main, create refs/heads/x
expect = reject
expect-changes = reject, reject
END
wrong 'other words' 'the pusher does not read "open a pull request"' <<'END'
[push "x"]
changes = delete refs/heads/main
expect = reject
message = open a pull request
END
wrong 'another exit code' 'expected exit 0, got 1' <<'END'
[push "x"]
changes = delete refs/heads/main
expect = reject
exit = 0
END
wrong 'a monitored rule that does not match' 'expected it monitored: watched, and it does not match' <<'END'
[push "x"]
changes = create refs/heads/other
expect = accept
monitored = watched
END
# A rejection only because nothing is known proves nothing of the policy.
wrong 'undecided is not reject' 'expected reject, got undecided because of' <<'END'
[push "x"]
changes = create refs/heads/other
without-snapshot = yes
permission = REPO_WRITE
expect = reject
END
policy_test --format json --config "$T/small.conf" "$T/wrong.tests"
is "$code:$(printf '%s' "$out" | jq -c '[.failed, .cases[0].result, .cases[0].got, (.cases[0].problems | length), (.cases[0].trace | length > 50)]')" \
    '1:[1,"failed","undecided",1,true]' 'what differs, as JSON'
printf '[push "a\342\200\256b"]\nchanges = delete refs/heads/main\nexpect = accept\n' |
    cat "$T/instance" - >"$T/wrong.tests"
policy_test --config "$T/small.conf" "$T/wrong.tests"
contains "$out" 'failed: a\u{202e}b' 'names are escaped'

# ---------------------------------------------------------------- files that are wrong
refused() { # DESCRIPTION PART FILE…
    description=$1 part=$2
    shift 2
    policy_test "$@"
    is "$code" 2 "$description: code 2"
    contains "$err" "$part" "$description: $part"
    is "$out" '' "$description: nothing on stdout"
}
printf '[push "x"]\nexspect = accept\nchanges = updat refs/heads/x\n' | cat "$T/instance" - >"$T/bad.tests"
refused 'a file with mistakes' 'bad.tests:23: [push] has no key "exspect" (did you mean expect?)' --config "$T/small.conf" "$T/bad.tests"
contains "$err" 'bad.tests:24: changes is a list of KIND REF' 'all of them are listed'
contains "$err" 'bad.tests:22: the push has no expect' 'in the order of the lines'
printf '[push "x"]\nexpect = accept\nchanges = update main\n' | cat "$T/instance" - >"$T/bad.tests"
policy_test --config "$T/small.conf" "$T/bad.tests"
is "$code" 2 'a push that cannot be judged: code 2'
contains "$err" 'bad.tests:22: main is not a full name of a ref' 'and why'
is "$out" 'small.conf: 0 passed, 0 failed, 1 cannot be judged' 'and it is counted'
refused 'no such file' 'none.tests' --config "$T/small.conf" "$T/none.tests"
refused 'a directory' "$T" --config "$T/small.conf" "$T"
head -c 70000 /dev/zero >"$T/zero"
refused 'a binary file' 'zero has ' --config "$T/small.conf" "$T/zero"
head -c 1100000 /dev/zero | tr '\0' '#' >"$T/large"
refused 'a file that is too large' 'larger than 1048576 bytes' --config "$T/small.conf" "$T/large"
refused 'a configuration with errors' 'has errors, so there is nothing to test' --config "$T/small.tests" "$T/small.tests"
refused 'a snapshot and an instance' 'one too many' --snapshot "$T/x.cdb" "$T/small.tests"
sed '1,/^matcher/d; /^groups/d' "$T/small.tests" >"$T/real.tests"
refused 'no instance and no snapshot' 'describes no instance' --config "$T/small.conf" --snapshot "$T/x.cdb" "$T/real.tests"
policy_test --config "$T/small.conf"
is "$code" 2 'without FILE: code 2'

# ---------------------------------------------------------------- the instance as it is
run "$BUILD/refgate" sync --replay tests/fixtures/acme --output "$T/acme.cdb" --now 2026-11-22T00:00:00Z
is "$code" 0 'a snapshot'
cat >"$T/acme.tests" <<'END'
[defaults]
repo = PRJ/app
at = 2026-11-22T01:00:00Z
[push "a pull request is needed"]
user = jdoe
changes = update refs/heads/main
expect = reject
because = restriction 9
[push "not of maintainers"]
user = lead
changes = update refs/heads/main
expect = accept
END
policy_test --config "$T/small.conf" --snapshot "$T/acme.cdb" "$T/acme.tests"
is "$code:$out" '0:small.conf: 2 passed, 0 failed' 'a file without an instance is judged by --snapshot'
printf '[snapshot]\nfile = %s\n' "$T/acme.cdb" >"$T/acme.conf"
policy_test "$T/acme.tests"
is "$code:$out" '0:acme.conf: 2 passed, 0 failed' 'or by the snapshot that the configuration names'
# The same pushes by the other command: one judge.
"$BUILD/refgate" check --config "$T/acme.conf" --repo PRJ/app --user jdoe --at 2026-11-22T01:00:00Z \
    --kind update refs/heads/main >"$T/checked" 2>&1
is "$?" 1 'refgate check says the same'

# ---------------------------------------------------------------- the manual
sed -n '/^\.Ss Pushes/,/^\.Ss Instances/p' packaging/man/refgate-policy-test.5 >"$T/pushes"
sed -n '/^\.Ss Instances/,$p' packaging/man/refgate-policy-test.5 >"$T/instances"
for key in $(sed -n '/push_keys\[\]/,/^};/p' hook/command/policy_cases.c | grep -o '"[a-z-]*"' | tr -d '"'); do
    ok "refgate-policy-test(5) documents $key of a push" grep -Eq "^\.It (Cm .*)?$key( |\$)" "$T/pushes"
done
for key in $(sed -n '/^#define PLACE_KEYS/,/^#define SECTION/p' hook/command/test_instance.c | grep -o '"[a-z-]*"' | tr -d '"' | sort -u); do
    ok "refgate-policy-test(5) documents $key of an instance" grep -Eq "^\.It Cm .*\b$key\b" "$T/instances"
done
awk '/^\.Bd -literal/ {n++; on = 1; next} /^\.Ed/ {on = 0} on {print >(dir "/example" n ".tests")}' \
    dir="$T" packaging/man/refgate-policy-test.5
ok 'there are examples' test -s "$T/example1.tests"
policy_test --config "$T/small.conf" "$T/example1.tests"
is "$code" 0 'the example in refgate-policy-test(5) holds' || note "$out$err"
done_testing
