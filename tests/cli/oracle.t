#!/bin/sh
# semantics 1 to 6 and 8, said twice: what the engine decides is what tests/oracle decides, which was
# written from the design alone. With LONG=1 a million pushes and the whole of the small model.
. tests/lib/tap.sh
test_start

command -v python3 >/dev/null || skip_all 'python3 is not installed'

agrees() { # DESCRIPTION ARGUMENTS...
    what=$1
    shift
    run tests/oracle/compare --helper "$BUILD/tests/helpers/decide_lines" "$@"
    is "$code" 0 "$what" || note "$err"
    note "$out"
}

if [ -n "${LONG:-}" ]; then
    seeds=${SEEDS:-50} every=1 length=6
else
    seeds=1 every=1201 length=4
fi
agrees 'semantics 1 to 6 and 8: random pushes are decided alike' \
    random --seed "${SEED:-1}" --seeds "$seeds" --count 20000
agrees 'semantics 4: a small model of restrictions, exemptions, pushers and triggers, too' \
    model --every "$every" --start "${SEED:-1}"
agrees 'semantics 4.4: each short pattern matches the refs that it must' patterns --length "$length"

# The comparison finds what differs: an engine that answers otherwise now and then.
cat >"$T/wrong" <<'SCRIPT'
#!/bin/sh
"$HELPER" "$@" | sed '700s/"verdict":"[a-z-]*"/"verdict":"wrong"/'
SCRIPT
chmod +x "$T/wrong"
HELPER=$BUILD/tests/helpers/decide_lines
export HELPER
run tests/oracle/compare --helper "$T/wrong" random --count 800
is "$code" 1 'one wrong verdict is found'
like "$out" 'they disagree about 1 of 800 pushes' 'and said'
done_testing
