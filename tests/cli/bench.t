#!/bin/sh
# tests/bench/run but for its figures: options, the table of goals, plots, and what a part's failure does.
. tests/lib/tap.sh
test_start
bench=tests/bench/run

# -------------------------------------------------------------- options
run $bench --help
is "$code" 0 'help: code 0'
for option in --quick --part --replay --list --table --plot --markdown; do
    like "$out" "^ *${option}[ =]" "help: tells $option"
done
run $bench --list
is "$code" 0 'list: code 0'
is "$(printf '%s\n' "$out" | cut -f 1 | LC_ALL=C sort)" \
    "$(basename -s .sh tests/bench/part-*.sh | sed 's/part-//' | LC_ALL=C sort)" 'list: each part that is there'
unlike "$out" '	$' 'list: and what each is about'
for bad in --nonsense nonsense --part=nonsense --part=peers,nonsense --table --plot "--table=$T/missing"; do
    run $bench "$bad"
    is "$code" 2 "$bad: refused"
    is "$out" '' "$bad: and nothing was measured"
    contains "$err" 'bench: ' "$bad: with a message"
done

# -------------------------------------------------------------- the table
if ! command -v jq >/dev/null; then
    skip 'the table of goals' 'no jq'
    done_testing
fi
run $bench --table tests/cli/bench.json
is "$code" 0 'table: code 0, though a goal is missed'
same_file "$T/.out" tests/cli/bench.txt 'table: reached, MISSED and how many'
run $bench --markdown --table tests/cli/bench.json
same_file "$T/.out" tests/cli/bench-markdown.txt 'table: as Markdown, with the machine'
unlike "$out" '[0-9] ms \|.*x' 'table: no milliseconds beside a ratio'
echo '{"results": [' >"$T/broken.json"
run $bench --table "$T/broken.json"
is "$code" 2 'table: a broken file is refused'

# -------------------------------------------------------------- plots
if command -v python3 >/dev/null; then
    run $bench --plot tests/cli/bench.json "$T/plots"
    is "$code" 0 'plots: code 0'
    is "$(cd "$T/plots" && echo *)" 'instance.svg peers.svg refs.svg' 'plots: one an axis, and the peers'
    cat >"$T/parts.py" <<'PYTHON'
import sys, xml.etree.ElementTree as tree
for path in sys.argv[1:]:
    svg = tree.parse(path)
    find = lambda name: svg.iter("{http://www.w3.org/2000/svg}" + name)
    print(sum(1 for _ in find("polyline")), sum(1 for _ in find("circle")),
          "; ".join("".join(text.itertext()) for text in find("text")))
PYTHON
    run python3 "$T/parts.py" "$T/plots/refs.svg" "$T/plots/instance.svg" "$T/plots/peers.svg"
    is "$code" 0 'plots: well-formed'
    like "$out" '^2 4 .*fast-forward <checked>; commits sent again' 'plots: both series, with all points'
    like "$out" '^1 2 .*goal: 1.25' 'plots: the goal, where there is one'
    contains "$out" 'floor: a program that does nothing' 'plots: the floor'
    contains "$out" 'median time, x floor (log)' 'plots: what is told, and how'
    contains "$out" 'Example <CPU> & Co' 'plots: the machine'
    contains "$(cat "$T/plots/refs.svg")" 'prefers-color-scheme: dark' 'plots: for the dark too'
else
    skip 'plots' 'no python3'
fi

# -------------------------------------------------------------- parts: a tree with others
mkdir -p "$T/tree/tests" "$T/tree/programs"
cp -r tests/bench "$T/tree/tests/bench"
rm "$T"/tree/tests/bench/part-*.sh
mkdir "$T/tree/tests/helpers"
cp tests/helpers/floor.c tests/helpers/timeit.c "$T/tree/tests/helpers/"
for program in refgate refgate-hook; do
    printf '#!/bin/sh\n' >"$T/tree/programs/$program"
    chmod +x "$T/tree/programs/$program"
done
mkdir "$T/tmp"
export TMPDIR="$T/tmp"
cat >"$T/tree/tests/bench/part-decisions.sh" <<END
# part-decisions.sh - goes wrong
result decisions.one 'one figure' 1 ms - '<= 2' "\$(judge 1 '<=' 2)"
at_exit 'echo ended >"$T/ended"'
printf 'case wrong\nexit 1\narg %s\n\n' "\$hook" | cases wrong
measure wrong 3
result decisions.never 'not there' 1 ms - - -
END
cat >"$T/tree/tests/bench/part-axes.sh" <<'END'
# part-axes.sh - works
[ -z "${hook##"$BUILD"/*}" ] && [ -n "$data" ] && [ -n "$tmp" ] && [ "$quick" = 1 ] || die 'not known'
left_out 'a thing: it is not here'
axis some 'some axis' 'things' 2
for n in 1 10; do printf 'case plain|%s\narg %s\n\n' $n "$hook"; done | cases some
measure some 3
axis_cases some
result axes.more 'more' 12345 1/s - '< 3' "$(judge 12345 '<' 3)"
[ "$(wc -l <"$tmp/some.points")" -eq 2 ] && [ "$(figure some floor peak)" -gt 0 ] || die 'no figures'
END
run env BUILD="$T/tree/programs" "$T/tree/tests/bench/run" --quick
is "$code" 2 'parts: a wrong answer is trouble: code 2'
contains "$err" 'timeit: wrong: exit code 0, not exit code 1' 'parts: which is told'
contains "$err" 'bench: failed: decisions' 'parts: and whose it was'
ok 'parts: what a part started is ended' test -f "$T/ended"
like "$out" '^  one figure .*reached$' 'parts: what was measured before is told'
like "$out" '^  plain: 1 to 10 things ' 'parts: the next part is not left out'
like "$out" '^  more  *12,345 1/s  *< 3  *MISSED$' 'parts: a missed goal'
lacks "$out" 'not there' 'parts: nothing after the failure'
contains "$out" 'left out: a thing: it is not here
1 goals reached, 1 missed' 'parts: what is left out, and the count, come last'
results=$T/tree/build/bench/results.json
is "$(jq -c '[.format, (.cores | type), (.axes[0] | .name, .goal, (.points | length)), .left_out,
    (.results[] | select(.key == "axes.more"))]' "$results")" \
    '[1,"number","some",2,2,["a thing: it is not here"],{"key":"axes.more","what":"more","value":12345,"unit":"1/s","ratio":null,"goal":"< 3","verdict":"missed"}]' \
    'parts: results.json'
like "$(jq -r .date "$results")" '^20[0-9-]+T[0-9:]+Z$' 'parts: with the date'
run env BUILD="$T/tree/programs" "$T/tree/tests/bench/run" --quick --part=axes
is "$code" 0 'parts: only that one: a missed goal is no failure'
lacks "$out" 'one figure' 'parts: and not the other'
is "$(ls "$T/tmp")" '' 'parts: no temporary files stay'
done_testing
