#!/bin/sh
# refgate policy: lint, show, match.
. tests/lib/tap.sh
test_start
policy() { run "$BUILD/refgate" policy "$@" </dev/null; }

# ---------------------------------------------------------------- lint
cat >"$T/good.conf" <<CONF
[refgate]
contact = platform-team@example.com
[snapshot]
file = $T/none.cdb
[rule "keys-stay-off-main"]
action = reject
credentials = access-key
refs = main
CONF
policy lint "$T/good.conf"
is "$code" 0 'lint: a good file'
is "$out" 'good.conf: 0 errors, 0 warnings' 'lint says so'
contains "$err" 'names are not looked up: there is no permissions snapshot' \
    'and that it could not look up names'

cat >"$T/bad.conf" <<'CONF'
[refgate]
mod = monitor
[rule "x"]
refs = a//b
[limits]
refs = 0
CONF
policy lint "$T/bad.conf"
is "$code" 1 'lint: errors are code 1'
is "$(printf '%s\n' "$out" | sed 's/:.*empty segment.*/: EMPTY/')" \
    'bad.conf:2: [refgate] has no key "mod" (did you mean mode?)
bad.conf:3: rule "x" has no action
bad.conf: EMPTY
bad.conf:6: refs is a number from 1 to 10000000, not "0"
bad.conf: 4 errors, 0 warnings' 'lint lists all of them'
policy lint --format json "$T/bad.conf"
is "$code" 1 'lint --format json: the same code'
contains "$out" '"line": 6,' 'with the lines'
contains "$out" '"text": "refs is a number from 1 to 10000000, not \"0\""' 'and the texts'
ok 'the JSON of lint is JSON' python3 -m json.tool "$T/.out"

cat >"$T/doubtful.conf" <<CONF
[snapshot]
file = $T/none.cdb
[rule "x"]
action = reject
refs = main
triggers = pusch
CONF
policy lint "$T/doubtful.conf"
is "$code" 0 'lint: warnings alone are code 0'
contains "$out" 'doubtful.conf:6: warning: rule "x": no trigger "pusch" is known (did you mean push?)' \
    'and are shown'
policy lint --strict "$T/doubtful.conf"
is "$code" 1 'lint --strict: warnings are code 1'
policy lint --strict "$T/good.conf"
is "$code" 0 'lint --strict: a good file is code 0'

policy lint "$T/missing.conf"
is "$code" 2 'lint: a missing file is code 2'
contains "$err" "$T/missing.conf" 'and is named'
policy lint --config "$T/missing.conf"
is "$code" 2 'lint --config: a missing file is code 2'
contains "$err" "$T/missing.conf" 'and is named'
policy lint "$T"
is "$code" 2 'lint: a directory is code 2'
policy lint --config "$T/good.conf" "$T/good.conf"
is "$code" 2 'lint: a file and --config are a usage error'
policy lint --snapshot "$T/none.cdb" "$T/good.conf"
is "$code" 2 'lint --snapshot: a snapshot that is asked for must be there'
run "$BUILD/refgate" policy lint - <"$T/bad.conf"
is "$code" 1 'lint -: reads standard input'
contains "$out" 'standard input:2: [refgate] has no key "mod"' 'and calls it that'
(cd "$T" && "$BUILD/refgate" policy lint --config good.conf >"$T/relative" 2>&1)
is "$?" 0 'lint --config: a relative path'

chmod g+w "$T/good.conf"
policy lint --config "$T/good.conf"
is "$code" 0 'lint --config: a file that others can write is read'
contains "$out" 'good.conf: warning: the hook would not believe this file' \
    'and lint says that the hook refuses it'
policy lint "$T/good.conf"
is "$out" 'good.conf: 0 errors, 0 warnings' 'a FILE of its own may be anywhere'
chmod g-w "$T/good.conf"

run "$BUILD/refgate" sync --replay tests/fixtures/acme --output "$T/snapshot.cdb" \
    --now 2026-11-22T00:00:00Z
is "$code" 0 'a snapshot is built' || note "$err"
cat >"$T/names.conf" <<CONF
[snapshot]
file = $T/snapshot.cdb
[rule "x"]
action = reject
refs = main
users = jdoe, no-such-user
repos = PRJ/app, PRJ/no-such-repo
except-groups = no-such-group
CONF
policy lint "$T/names.conf"
contains "$out" 'names.conf:6: warning: users: the snapshot knows no user "no-such-user"' \
    'lint looks names up in the configured snapshot: users'
contains "$out" 'names.conf:7: warning: repos: the snapshot knows no repository "PRJ/no-such-repo"' \
    'repositories'
contains "$out" 'names.conf:8: warning: except-groups: the snapshot knows no group "no-such-group"' \
    'groups'
contains "$out" ' 3 warnings' 'and knows the others'
is "$err" '' 'and has nothing else to say'
sed 's/^file = .*//; s/^\[snapshot\]//' "$T/names.conf" >"$T/names2.conf"
policy lint --snapshot "$T/snapshot.cdb" "$T/names2.conf"
contains "$out" ' 3 warnings' 'lint --snapshot: looks them up there'

# ---------------------------------------------------------------- show
policy show --config "$T/good.conf"
is "$code" 0 'show'
like "$out" '^contact = platform-team@example.com +; good.conf:2$' 'show: what the file sets'
like "$out" '^mode = enforce +; default$' 'show: what it does not set'
contains "$out" '; link is not set' 'show: what has no default'
like "$out" '^\[rule "keys-stay-off-main"\] ; good.conf:5$' 'show: rules'
cp "$T/.out" "$T/shown.conf"
policy lint "$T/shown.conf"
is "$code" 0 'what show prints is a configuration itself' || note "$out"
policy show --config "$T/shown.conf"
sed -e '1d' -e 's/ *;.*//' "$T/.out" >"$T/again"
sed -e '1d' -e 's/ *;.*//' "$T/shown.conf" >"$T/once"
same_file "$T/again" "$T/once" 'and means the same'
policy show --config "$T/good.conf" --format json
ok 'show --format json is JSON' python3 -m json.tool "$T/.out"
ok 'with every key, value and source' python3 - "$T/.out" <<'PY'
import json, sys
shown = json.load(open(sys.argv[1]))
assert shown["file"] == "good.conf" and len(shown["digest"]) == 64
find = lambda s, k: [e for e in shown["settings"] if e["section"] == s and e["key"] == k]
assert find("refgate", "mode") == [{"section": "refgate", "name": None, "key": "mode",
                                    "value": "enforce", "source": "default"}]
assert find("refgate", "link")[0]["value"] is None
assert find("rule", "refs") == [{"section": "rule", "name": "keys-stay-off-main", "key": "refs",
                                 "value": "main", "source": "good.conf:8"}]
assert find("rule", "users")[0]["value"] is None
PY
policy show --config "$T/bad.conf"
is "$code" 2 'show: a file with errors has no effective values'
contains "$err" 'bad.conf:2: ' 'and the errors are shown'
is "$out" '' 'and nothing else'
policy show --format xml --config "$T/good.conf"
is "$code" 2 'show: an unknown format'

# ---------------------------------------------------------------- match
policy match 'release/*' refs/heads/release/1.0 refs/tags/release/1.0
is "$code" 0 'match: all refs match'
is "$out" 'yes refs/heads/release/1.0
yes refs/tags/release/1.0' 'and each is printed'
policy match 'release/*' refs/heads/release/1.0 refs/heads/release/1.0/rc
is "$code" 1 'match: one does not'
contains "$out" 'no  refs/heads/release/1.0/rc' 'and is printed'
policy match --anchored main refs/heads/main
is "$code" 0 'match --anchored: the branch'
policy match --anchored main refs/heads/x/main
is "$code" 1 'match --anchored: not another one that ends so'
policy match main refs/heads/x/main
is "$code" 0 'match: a suffix'
policy match 'a//b' refs/heads/a
is "$code" 2 'match: an invalid pattern'
contains "$err" 'empty segment' 'and why'
policy match main main
is "$code" 2 'match: a ref has its full name'
policy match main
is "$code" 2 'match: no ref'
policy match main "$(printf 'refs/heads/a\033[31m')"
lacks "$out" "$(printf '\033')" 'match: control characters are escaped'

printf 'main\trefs/heads/main\nmain\trefs/heads/x\nrelease/\trefs/tags/release/1' >"$T/lines"
run "$BUILD/refgate" policy match - <"$T/lines"
is "$code:$out" '0:1
0
1' 'match -: 1 or 0 for each line'
printf 'main\trefs/tags/main\n' >"$T/lines"
run "$BUILD/refgate" policy match --anchored - <"$T/lines"
is "$out" 0 'match - --anchored'
printf 'main\trefs/heads/main\nmain refs/heads/main\na//b\trefs/heads/a\n' >"$T/lines"
run "$BUILD/refgate" policy match - <"$T/lines"
is "$code:$out" '2:1
0
0' 'match -: lines that cannot be answered are 0, and the code is 2'
contains "$err" 'line 2: the line is not PATTERN tab REF' 'and they are named'
run "$BUILD/refgate" policy match - </dev/null
is "$code:$out" '0:' 'match -: nothing is nothing'

grep -v '^#' tests/unit/data/branch-pattern-vectors.tsv | grep -v '\\x' |
    awk -F '\t' 'NF >= 3 && ($3 == 0 || $3 == 1)' >"$T/vectors"
cut -f 3 "$T/vectors" >"$T/want"
cut -f 1,2 "$T/vectors" >"$T/lines"
run "$BUILD/refgate" policy match - <"$T/lines"
same_file "$T/.out" "$T/want" "match: Atlassian's documented examples"
done_testing
