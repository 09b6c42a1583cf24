#!/bin/sh
# refgate policy apply: a configuration gets into use only if nothing speaks against it; the target is
# the old one or the new one, whole, at any moment (semantics 8: a wrong one rejects every push).
. tests/lib/tap.sh
test_start

run "$BUILD/refgate" sync --replay tests/fixtures/acme --output "$T/snapshot.cdb"
is "$code" 0 'the snapshot is built' || note "$err"
mkdir "$T/etc" "$T/work"
TARGET=$T/etc/refgate.conf
config() { # FILE <RULES
    {
        printf '[snapshot]\nfile = %s\n[audit]\nfile = %s\nsyslog = off\n' "$T/snapshot.cdb" "$T/audit.jsonl"
        cat
    } >"$1"
}
apply() { run "$BUILD/refgate" policy apply --config "$TARGET" "$@" </dev/null; }
hook() { # USER REF: a push to PRJ/app; prints the code
    hook_code=0
    printf '%040d %040d %s\n' 0 1 "$2" | env -i BB_PROJECT_KEY=PRJ BB_REPO_SLUG=app BB_USER_NAME="$1" \
        BB_USER_PERMISSION=REPO_WRITE BB_HOOK_TRIGGER_ID=push BB_HOOK_TYPE=PRE BB_IS_DRY_RUN=false \
        "$BUILD/refgate-hook" --config "$TARGET" >/dev/null 2>&1 || hook_code=$?
    echo "$hook_code"
}
config "$T/work/one.conf" <<'END'
[rule "topics"]
action = annotate
refs = topic/*
END
config "$T/work/two.conf" <<'END'
[rule "no-hotfixes"]
action = reject
refs = forbidden/*
END

# ---------------------------------------------------------------- the first one
apply --dry-run "$T/work/one.conf"
is "$code" 0 '--dry-run: it could be: code 0'
is "$(ls -A "$T/etc")" '' '--dry-run leaves nothing, not even a lock'
apply "$T/work/one.conf"
is "$code" 1 'where nobody can be asked nothing is done: code 1'
contains "$out" 'there is nobody to ask; --yes does it without asking' 'and it says how'
ok 'and there is no configuration yet' test ! -e "$TARGET"
apply --yes "$T/work/one.conf"
is "$code" 0 'the first configuration is applied' || note "$out$err"
same_file "$TARGET" "$T/work/one.conf" 'and is in use as it stands'
ok 'there is no last good one yet' test ! -e "$TARGET.last-good"
is "$(hook jdoe refs/heads/topic/a)$(hook jdoe refs/heads/b)$(hook lead refs/heads/c)$(hook rroe refs/heads/forbidden/d)" 0000 \
    'and hooks use it'
apply --yes "$T/work/one.conf"
is "$code" 0 'the same again: code 0'
contains "$out" 'one.conf is in use already' 'and nothing is done'
apply --undo --yes
is "$code" 2 '--undo without a last good one: code 2'
contains "$err" 'there is no last good one' 'and says so'

# ---------------------------------------------------------------- what is refused
cp "$TARGET" "$T/before"
refused() { # DESCRIPTION CODE PART ARGUMENT…
    description=$1 wanted=$2 part=$3
    shift 3
    apply --yes "$@"
    is "$code" "$wanted" "$description: code $wanted" || note "$out"
    contains "$out$err" "$part" "$description: $part"
    same_file "$TARGET" "$T/before" "$description: what was in use is in use, byte for byte"
}
sed 's/^action/acton/' "$T/work/two.conf" >"$T/work/typo.conf"
refused 'a typo' 1 'typo.conf:7: [rule] has no key "acton" (did you mean action?)' "$T/work/typo.conf"
refused 'a typo, with --force' 1 'stop    lint      typo.conf: 2 errors' --force "$T/work/typo.conf"
refused 'no such file' 2 'none.conf' "$T/work/none.conf"
refused 'a directory' 2 "$T/work" "$T/work"
head -c 5000000 /dev/zero | tr '\0' '#' >"$T/work/large.conf"
refused 'a file that is too large' 2 'large.conf' "$T/work/large.conf"
refused 'the file in use itself' 2 'copy it, edit the copy, and apply that' "$TARGET"
ln -s "$TARGET" "$T/work/link.conf"
refused 'the file in use itself, by another name' 2 'copy it, edit the copy, and apply that' "$T/work/link.conf"
config "$T/work/odd.conf" <<'END'
[rule "nobody"]
action = reject
users = nobody-knows
END
refused 'a warning, with --strict' 1 'odd.conf:8: warning: users: the snapshot knows no user "nobody-knows"' --strict "$T/work/odd.conf"
config "$T/work/all.conf" <<'END'
[rule "everything"]
action = reject
END
refused 'a rule without a condition' 1 'every push would be rejected: rule "everything" (line 6) matches every push' "$T/work/all.conf"
sed "s|^file = .*snapshot.cdb|file = $T/nowhere.cdb|" "$T/work/two.conf" >"$T/work/blind.conf"
refused 'a configuration without a snapshot' 1 'every push would be rejected: there is no permissions snapshot' "$T/work/blind.conf"
config "$T/work/users.conf" <<'END'
[rule "not-these-users"]
action = reject
users = jdoe, rroe
END
refused 'most of last week newly rejected' 1 'of 4 decisions 3 would newly be rejected' "$T/work/users.conf"
contains "$out" 'more than half (--max-newly-rejected 3 allows it)' 'and it says what allows it'
like "$(printf '%s\n' "$out" | tail -n 2 | head -n 1)" '^stop    replay' \
    'and it stands below the list, where it is read'
like "$out" '^jdoe +2 ' 'it is shown by user'
like "$out" '^not-these-users +3 ' 'by rule'
like "$out" '^PRJ/app +3 ' 'and by repository'
config "$T/work/some.conf" <<'END'
[rule "not-rroe"]
action = reject
users = rroe
END
refused 'more than --max-newly-rejected' 1 'more than --max-newly-rejected 0' --max-newly-rejected 0 "$T/work/some.conf"
apply --dry-run "$T/work/users.conf"
is "$code" 1 '--dry-run: it could not be: code 1'
mv "$T/audit.jsonl" "$T/all.jsonl"
head -n 1 "$T/all.jsonl" >"$T/audit.jsonl"
apply --dry-run "$T/work/some.conf"
contains "$out" ' of 1 decision ' 'one decision is one'
mv "$T/all.jsonl" "$T/audit.jsonl"
apply --dry-run --since 1s "$T/work/some.conf"
is "$code" 0 'less than half is no reason to stop'

cat >"$T/work/two.tests" <<'END'
[instance]
[user "jdoe"]
[project "PRJ"]
users = jdoe:PROJECT_WRITE
[repository "PRJ/app"]
[push "hotfixes are forbidden"]
repo = PRJ/app
user = jdoe
changes = create refs/heads/hotfix/1
expect = reject
END
refused 'a failing test' 1 'two.tests:6: failed: hotfixes are forbidden' "$T/work/two.conf"
refused 'a failing test, with --force' 1 'stop    tests' --force "$T/work/two.conf"
sed 's/^expect/exspect/' "$T/work/two.tests" >"$T/work/bad.tests"
refused 'tests with errors' 2 'bad.tests:10: [push] has no key "exspect"' --tests "$T/work/bad.tests" "$T/work/two.conf"
refused 'no such tests' 2 'none.tests' --tests "$T/work/none.tests" "$T/work/two.conf"
mv "$T/work/two.tests" "$T/etc/refgate.tests"
refused 'the tests beside the configuration in use, failing' 1 'refgate.tests:6: failed: hotfixes are forbidden' "$T/work/two.conf"
sed -i 's/hotfix/forbidden/' "$T/etc/refgate.tests"
chmod g+w "$T/etc"
refused 'a directory that others can write' 2 'the hook would not believe a file there' "$T/work/two.conf"
chmod g-w "$T/etc"

# ---------------------------------------------------------------- failures while it is written
# Even of root: a directory where a file is to be.
mkdir "$TARGET.new"
refused 'the new file cannot be written' 2 'refgate.conf.new' "$T/work/two.conf"
rmdir "$TARGET.new"
mkdir "$TARGET.last-good"
refused 'the old one cannot be kept' 2 'cannot keep what was in use' "$T/work/two.conf"
rmdir "$TARGET.last-good"
(
    trap '' XFSZ
    ulimit -f 0
    "$BUILD/refgate" policy apply --yes --config "$TARGET" "$T/work/two.conf" 2>&1 | cat
) >"$T/full" 2>&1 || :
same_file "$TARGET" "$T/before" 'a full disk: what was in use is in use'
is "$(cd "$T/etc" && echo *)" 'refgate.conf refgate.conf.lock refgate.tests' 'nothing is left of all that'
# Killed at any step, failing at any step.
traced() { # WHAT-IS-INJECTED: $code, as refused
    run strace -o "$T/trace" -e trace=openat,rename,fsync -e "inject=$1" \
        "$BUILD/refgate" policy apply --yes --config "$TARGET" "$T/work/two.conf" </dev/null
}
probe=0
strace -o /dev/null -e trace=fsync -e inject=fsync:error=EIO true 2>/dev/null || probe=$?
case ${VARIANT:-} in asan) probe=1 ;; esac # its leak check does not work under ptrace
if [ $probe = 0 ]; then
    mv "$T/etc/refgate.tests" "$T/kept.tests"
    for at in fsync:signal=KILL:when=1 rename:signal=KILL:when=1 rename:signal=KILL:when=2 \
        fsync:error=ENOSPC:when=1 fsync:error=EIO:when=2 rename:error=EIO:when=1 rename:error=EIO:when=2; do
        traced "$at"
        same_file "$TARGET" "$T/before" "$at: what was in use is in use"
        case $at in *error*) is "$code" 2 "$at: code 2" || note "$out$err" ;; esac
    done
    apply --dry-run "$T/work/two.conf"
    is "$code" 0 'what a killed apply leaves does not stand in the way of the next' || note "$out$err"
    # What is in its place cannot be loaded there: the old one comes back.
    traced openat:error=EIO:when=9999
    is "$code" 0 'applied' || note "$out$err"
    last=$(awk '/openat/ {n++} /rename/ {at = n} END {print at + 2}' "$T/trace")
    cp "$T/before" "$TARGET"
    rm "$TARGET.last-good"
    traced "openat:error=EIO:when=$last"
    is "$code" 2 'the new one cannot be read from its place: code 2'
    contains "$out" 'cannot be loaded from its place: ' 'and it is said'
    contains "$out" 'what was in use is in use again' 'and that the old one is back'
    same_file "$TARGET" "$T/before" 'and it is'
    mv "$T/kept.tests" "$T/etc/refgate.tests"
else
    skip 'killed at any step' 'no strace'
fi
rm -f "$TARGET.last-good"

# ---------------------------------------------------------------- one at a time
command -v python3 >/dev/null && {
    python3 - "$TARGET.lock" "$T" <<'PY' &
import fcntl, os, struct, sys, time
F_OFD_SETLK = 37
lock = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o600)
fcntl.fcntl(lock, F_OFD_SETLK, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0))
open(sys.argv[2] + "/locked", "w").close()
while not os.path.exists(sys.argv[2] + "/done"):
    time.sleep(0.02)
PY
    while [ ! -e "$T/locked" ]; do sleep 0.02; done
    refused 'somebody else applies' 2 'somebody else applies a configuration' "$T/work/two.conf"
    : >"$T/done"
    wait
}

# ---------------------------------------------------------------- applied, undone, done again
chmod 640 "$TARGET"
apply --yes "$T/work/two.conf"
is "$code" 0 'a good one is applied' || note "$out$err"
same_file "$TARGET" "$T/work/two.conf" 'it is in use'
same_file "$TARGET.last-good" "$T/work/one.conf" 'what was in use is kept'
is "$(stat -c %a "$TARGET")" 640 'with the mode that the old one had'
contains "$out" 'refgate.tests: 1 passed, 0 failed' 'the tests beside the configuration in use were run'
rm "$T/etc/refgate.tests"
contains "$out" "undo      refgate policy apply --undo --config $TARGET" 'and how to undo it is printed'
is "$(hook jdoe refs/heads/forbidden/a)" 1 'hooks use it'
apply --undo
is "$code" 1 '--undo asks, too'
apply --undo --dry-run
is "$code" 0 '--undo --dry-run: it could be'
same_file "$TARGET" "$T/work/two.conf" 'and nothing was changed'
apply --undo --yes
is "$code" 0 '--undo' || note "$out$err"
same_file "$TARGET" "$T/work/one.conf" '--undo: the last good one is in use'
same_file "$TARGET.last-good" "$T/work/two.conf" '--undo: what was in use is kept'
is "$(hook jdoe refs/heads/forbidden/a)" 0 '--undo: hooks use it'
apply --undo --yes
same_file "$TARGET" "$T/work/two.conf" '--undo twice is done again'
echo '[refgate' >"$TARGET.last-good"
cp "$TARGET" "$T/before"
refused '--undo to something that hooks cannot load' 2 'the last good one cannot be used' --undo
for option in '--force' '--since 1d'; do
    # shellcheck disable=SC2086 # an option and its value
    refused "--undo with $option" 2 '--undo looks only at' --undo $option
done
refused '--undo with a FILE' 2 '--undo takes no FILE' --undo "$T/work/one.conf"

apply --yes --force --max-newly-rejected 0 "$T/work/users.conf"
is "$code" 0 '--force goes on although most would be rejected'
like "$out" '^forced  replay +of [0-9]+ decisions' 'and says so'
apply --undo --yes --format json
is "$code:$(printf '%s' "$out" | jq -c '[.changed, .replay, .steps[0].step, .steps[-1].result]')" \
    '0:[true,null,"target","done"]' '--format json'
sed 's/forbidden/x/; s/= reject/= accept/' "$T/work/bad.tests" | sed 's/^exspect/expect/' >"$T/work/any.tests"
apply --dry-run --format json --tests "$T/work/any.tests" "$T/work/some.conf"
is "$code:$(printf '%s' "$out" | jq -c '[.changed, (.replay.decisions > 3), .tests[0].result]')" \
    '0:[false,true,"passed"]' '--format json: tests and replay'
printf 'y\n' >"$T/yes"
run "$BUILD/refgate" policy apply --config "$TARGET" "$T/work/some.conf" <"$T/yes"
is "$code" 1 'a y that is not typed on a terminal is none'
code=0
"$BUILD/refgate" policy apply --config "$TARGET" "$T/work/nowhere.conf" </dev/null >"$T/log" 2>&1 || code=$?
is "$code:$(sed -n 's/ .*//p' "$T/log" | tr '\n' ' ')" '2:ok refgate ' \
    'in a log, what was said on stderr stands after the step before it'
if script -qec true /dev/null >/dev/null 2>&1; then
    for answer in n y; do
        printf '%s\n' "$answer" | NO_COLOR=1 script -qec "'$BUILD/refgate' policy apply --config '$TARGET' '$T/work/some.conf'" \
            /dev/null >"$T/asked" 2>&1
        contains "$(cat "$T/asked")" "Put it into use as $TARGET? [y/N]" 'on a terminal it asks'
        contains "$(cat "$T/asked")" 'judges every push from now on, and what is in use is kept' \
            'and says what a yes does'
        wide=$(grep '^\(ok\|note\|stop\|  \)' "$T/asked" | tr -d '\r' | awk 'length > 80' | grep -v / || :)
        is "$wide" '' 'steps fit a terminal of 80 columns'
        case $answer in
        n) ok 'n: nothing is changed' cmp "$TARGET" "$T/work/two.conf" ;;
        y) ok 'y: it is applied' cmp "$TARGET" "$T/work/some.conf" ;;
        esac
    done
else
    skip 'on a terminal it asks' 'no script(1)'
fi

# A configuration that hooks cannot load is not worth keeping, and does not stand in the way.
echo '[refgate' >"$TARGET"
cp "$TARGET.last-good" "$T/kept"
apply --yes "$T/work/two.conf"
is "$code" 0 'a broken one in use is replaced' || note "$out$err"
contains "$out" 'hooks cannot load it, so every push is rejected' 'and it is said that it was broken'
same_file "$TARGET.last-good" "$T/kept" 'and it does not become the last good one'
mv "$TARGET" "$T/etc/real.conf"
ln -s real.conf "$TARGET"
apply --yes "$T/work/one.conf"
is "$code:$(readlink "$TARGET")" '0:real.conf' 'a symbolic link stays one'
same_file "$T/etc/real.conf" "$T/work/one.conf" 'and what it points to is replaced'
rm "$TARGET"
mv "$T/etc/real.conf" "$TARGET"

# ---------------------------------------------------------------- while pushes come
# Hooks that start at any moment of 50 swaps find a configuration: never a code 2.
rm -f "$T/audit.jsonl" "$T/stop"
cp "$T/work/one.conf" "$TARGET"
sed 's|^file = .*audit.jsonl|file = none|' "$T/work/one.conf" >"$T/work/a.conf"
sed 's|^file = .*audit.jsonl|file = none|' "$T/work/two.conf" >"$T/work/b.conf"
cp "$T/work/a.conf" "$TARGET"
(
    while [ ! -e "$T/stop" ]; do sleep 0.03 && hook jdoe refs/heads/forbidden/x; done >"$T/codes"
) &
swapped=0
i=0
rounds=10
case ${VARIANT:-} in asan) rounds=3 ;; esac # whose leak check at exit takes long
while [ $i -lt $rounds ]; do
    i=$((i + 1))
    for how in "$T/work/b.conf" --undo --undo --undo "$T/work/a.conf"; do
        "$BUILD/refgate" policy apply --yes --config "$TARGET" "$how" >/dev/null 2>&1 &&
            swapped=$((swapped + 1))
    done
done
: >"$T/stop"
wait
is "$swapped" $((rounds * 5)) "swapped $((rounds * 5)) times"
ok 'pushes came meanwhile' test "$(wc -l <"$T/codes")" -ge 10
is "$(sort -u "$T/codes" | grep -v '^[01]$')" '' 'and no hook was without a configuration'
done_testing
