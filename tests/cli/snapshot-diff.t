#!/bin/sh
# refgate snapshot diff: what changed between two crawls of an instance, in words, JSON and CSV.
# tests/unit/test_snapshot_diff.c has each kind of change.
. tests/lib/tap.sh
test_start

snapshot() { # NAME [SED-SCRIPT [DAY]]: of the acme fixture, changed
    rm -rf "$T/acme"
    cp -R tests/fixtures/acme "$T/acme"
    [ -z "${2:-}" ] || sed -i "$2" "$T"/acme/*
    "$BUILD/refgate" sync --replay "$T/acme" --now "2026-11-${3:-22}T00:00:00Z" --output "$T/$1" \
        >"$T/sync.out" 2>&1 || note "$(cat "$T/sync.out")"
}
diff_() { run "$BUILD/refgate" snapshot diff "$@" </dev/null; }
json() { jq -r "$1" <"$T/.out"; }

snapshot a
snapshot later '' 24
diff_ "$T/a" "$T/later"
is "$code" 0 'the same content at another time: code 0'
contains "$out" 'no difference' 'and no difference'
# A deploy key may write, a name changes, a branch restriction holds for another pattern.
snapshot b 's/"REPO_READ"/"REPO_WRITE"/g; s|archive/\*\*|attic/**|g; s/ci-deploy/ci-release/g'
diff_ "$T/a" "$T/b"
is "$code" 1 'differences: code 1'
like "$out" '^[0-9]+ changes?: .*medium' 'the summary counts'
like "$out" '^medium +PRJ/app +access key 159 "ci-readonly" has REPO_WRITE now instead of REPO_READ$' \
    'a key that may write'
like "$out" '^medium +access key 158 +access key 158 was labelled "ci-deploy" and is "ci-release" now$' \
    'a label'
like "$out" '^medium +PRJ/app +restriction 12 .* holds for PATTERN attic/\*\* now instead of PATTERN archive/\*\*$' \
    'a pattern'
diff_ --format json "$T/a" "$T/b"
is "$code" 1 'json: code 1'
forth=$(json '.changes[].kind' | sort)
is "$(json '([.counts[]] | add) == (.changes | length)')" true 'json: the counts add up'
is "$(json '.changes[] | select(.kind == "key-widened") | [.where, .severity, .before, .after, .unsure] | @csv' | tr -d '"')" \
    PRJ/app,medium,REPO_READ,REPO_WRITE,false 'json: the pieces'
is "$(json '.old.digest == .new.digest')" false 'json: of which snapshots'
diff_ --format json "$T/b" "$T/a"
is "$(json '.changes[].kind' | sort)" "$(echo "$forth" | sed 's/-widened$/-narrowed/')" \
    'the other way round it is the mirror'
diff_ --format csv "$T/a" "$T/b"
is "$(head -n 1 "$T/.out")" severity,kind,where,subject,before,after,unsure,text 'csv: its head'
is "$(sed 1d "$T/.out" | wc -l)" "$(echo "$forth" | wc -l)" 'csv: a row a change'

diff_ --severity high "$T/a" "$T/b"
is "$code" 0 'semantics of --severity: what matters less is left out'
diff_ --repo 'PRJ/*' --format json "$T/a" "$T/b"
is "$(json '[.changes[].where] | unique | join(" ")')" PRJ/app '--repo: only there'
diff_ --repo 'ops/*' "$T/a" "$T/b"
is "$code" 0 '--repo: nothing changed elsewhere'

# -------------------------------------------------------------- names of a hostile instance
snapshot evil 's/ci-deploy/x\\u001b[2J\\u202e\\n=cmd()/g'
diff_ "$T/a" "$T/evil"
unlike "$(tr -d '\n' <"$T/.out")" '[[:cntrl:]]' 'no control byte gets out'
contains "$out" 'x\x1b[2J\u{202e}\x0a=cmd()' 'names are escaped'
diff_ --format csv "$T/a" "$T/evil"
unlike "$(tr -d '\n' <"$T/.out")" '[[:cntrl:]]' 'csv: none either'

# -------------------------------------------------------------- the configured one, other instances
printf '[snapshot]\nfile = %s\n' "$T/b" >"$T/refgate.conf"
diff_ --config "$T/refgate.conf" "$T/a" --format json
is "$(json '.changes[].kind' | sort)" "$forth" 'without NEW: the one in use'
snapshot other 's/bitbucket\.example\.com/other.example.com/g'
diff_ "$T/a" "$T/other"
is "$code" 2 'of another instance: code 2'
contains "$err" '--force' 'of another instance: says what would help'
diff_ --force "$T/a" "$T/other"
is "$code" 0 '--force: compared all the same' || note "$out"

trouble() { # DESCRIPTION MESSAGE ARGS...
    description=$1 message=$2
    shift 2
    diff_ "$@"
    is "$code" 2 "$description: code 2"
    contains "$err" "$message" "$description: says so"
}
trouble 'no such file' "$T/none" "$T/none" "$T/b"
trouble 'no snapshot' 'README' tests/fixtures/README.md "$T/b"
trouble 'no operand' 'missing operand'
trouble 'a bad severity' '--severity' --severity terrible "$T/a" "$T/b"
trouble 'a bad format' '--format' --format xml "$T/a" "$T/b"
size=$(wc -c <"$T/b")
head -c $((size / 2)) "$T/b" >"$T/cut"
trouble 'a cut file' cut "$T/a" "$T/cut"

# -------------------------------------------------------------- the manual
page=packaging/man/refgate-snapshot-diff.8
for option in $("$BUILD/refgate" snapshot diff --help | sed -n 's/^  --\([a-z-]*\).*/\1/p'); do
    [ "$option" = help ] || ok "refgate-snapshot-diff(8) documents --$option" \
        grep -Eq "^\.It Fl -$option( |\$)" $page
done
# Each kind, with how much it usually matters.
sed -n 's/^ *ROW([A-Z_]*, "\([a-z-]*\)", \([A-Z]*\),.*/\1 \2/p' hook/snapshot/diff_kinds.c |
    tr '[:upper:]' '[:lower:]' >"$T/kinds"
ok 'there are kinds' test "$(wc -l <"$T/kinds")" -gt 40
awk '/^\.It Li / {kind = $3} /^\(/ {print kind, substr($1, 2, length($1) - 2)}' $page >"$T/documented"
same_file "$T/documented" "$T/kinds" 'refgate-snapshot-diff(8) documents each kind'
for page in refgate-snapshot-diff.8 refgate-audit-replay.8; do
    if command -v mandoc >/dev/null; then
        mandoc -Tlint "packaging/man/$page" 2>&1 |
            grep -v -e 'referenced manual not found' -e 'outdated mandoc.db' >"$T/lint"
        is "$(cat "$T/lint")" '' "mandoc has nothing to say about $page"
    fi
done
done_testing
