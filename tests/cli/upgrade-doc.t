#!/bin/sh
# refgate-upgrade(7): its commands are commands, with options that they have; its table of formats is
# that of the programs; no key of the configuration was renamed that it does not tell of.
. tests/lib/tap.sh
test_start
page=packaging/man/refgate-upgrade.7

# "$ refgate audit show --since 1h": the longest path of commands that has help, and its options.
sed -n 's/\\e$//; s/^\.Dl //; s/^[$#] \(\.\/usr\/bin\/\)\{0,1\}\(refgate .*\)/\2/p' $page >"$T/commands"
ok 'there are commands' test "$(wc -l <"$T/commands")" -ge 12
while read -r line; do
    # shellcheck disable=SC2086 # words of a line of the page
    set -- ${line%%|*}
    path='' options=''
    shift
    for word; do
        case $word in
        --*) options="$options $word" ;;
        [a-z]*) [ -n "$options" ] || path="$path $word" ;;
        esac
    done
    # shellcheck disable=SC2086
    "$BUILD/refgate" $path --help >"$T/help" 2>&1 </dev/null || echo "no help" >"$T/help"
    [ -n "$path" ] || echo '  --version' >>"$T/help"
    for option in $options ''; do
        [ -z "$option" ] || grep -q -e "^  $option\( \|\$\)" "$T/help" || path="$path (has no $option)"
    done
    case $path in *'has no'*) good=1 ;; *) good=0 ;; esac
    ok "refgate$path" test "$good" = 0
    like "$(cat "$T/help")" '^usage: ' "refgate$path is a command"
done <"$T/commands"

version=$("$BUILD/refgate" --version --format json | jq -r .version)
row=$(grep -F ".It $version Ta " $page)
is "$row" ".It $version Ta $("$BUILD/refgate" --version --format json | jq -r '.snapshot |
    [.reads, .writes | if .oldest == .newest then "\(.newest)" else "\(.oldest) to \(.newest)" end] | join(" Ta ")') Ta 1" \
    'the table of formats has this version'
renamed=$(sed -n 's/^    {"\([a-z-]*\)", "\([a-z-]*\)", .*/\2/p' hook/policy/config_renamed.c)
for key in $renamed; do
    ok "the page tells of the key that was called $key" grep -q -e "$key" $page
done
[ -n "$renamed" ] || ok 'and of no renamed key' grep -q 'No key of the configuration was renamed so far' $page

if command -v mandoc >/dev/null; then
    is "$(mandoc -Tlint -Wstyle $page 2>/dev/null | grep -v 'manual not found')" '' 'mandoc has nothing to say'
fi
for other in refgate.8 refgate-snapshot.8 refgate-sync.8 refgate.conf.5; do
    ok "$other refers to refgate-upgrade(7)" grep -q '^\.Xr refgate-upgrade 7' packaging/man/$other
done
done_testing
