#!/bin/sh
# refgate disable, refgate enable: the kill switch.
. tests/lib/tap.sh
test_start
mkdir "$T/conf"
printf '[refgate]\ncontact = platform-team@example.com\n' >"$T/conf/refgate.conf"
conf=$T/conf/refgate.conf
file=$T/conf/refgate.disabled
disable() { run "$BUILD/refgate" disable --config "$conf" "$@" </dev/null; }
switch_on() { run "$BUILD/refgate" enable --config "$conf" </dev/null; }

switch_on
is "$code" 0 'enable: nothing to do is no error'
contains "$out" 'was not disabled' 'and said so'

umask 077
disable --reason 'storage migration, INC-1234'
umask 022
is "$code" 0 'disable' || note "$err"
contains "$out" "disabled: $file" 'names the file'
contains "$out" "$conf" 'and the configuration'
is "$(sed -n 1p "$file")" 'reason: storage migration, INC-1234' 'the file has the reason'
like "$(sed -n 2p "$file")" "^by: .+ \\(uid $(id -u)\\)\$" 'and who it was'
like "$(sed -n 3p "$file")" '^since: 20[0-9][0-9]-[0-9-]*T[0-9:]*Z$' 'and when'
is "$(find "$file" -perm 0644)" "$file" 'everybody can read it, whatever the umask'
is "$(find "$T/conf" | wc -l | tr -d ' ')" 3 'and no temporary file is left'
if [ "$(id -u)" = 0 ]; then
    is "$err" '' 'root is told nothing else'
else
    contains "$err" "only hooks that run as uid $(id -u) believe this file" \
        'others are told who believes them'
fi

disable --reason 'still going on'
is "$code" 0 'disable again'
contains "$out" 'already disabled, with a new reason now' 'is said to be so'
is "$(sed -n 1p "$file")" 'reason: still going on' 'and replaces the reason'

switch_on
is "$code" 0 'enable'
contains "$out" "$file is gone" 'and said so'
ok 'the file is gone' test ! -e "$file"
switch_on
is "$code" 0 'enable again is no error'

for reason in '' '   ' "$(printf 'two\nlines')" "$(printf 'a\033[31m')" "$(printf '\377')" \
    "$(printf '%0201d' 1)"; do
    disable --reason "$reason"
    is "$code" 2 'a reason that is no line of text is a usage error'
done
ok 'and nothing was written' test ! -e "$file"
disable
is "$code" 2 'no reason is a usage error'
contains "$err" '--reason TEXT is needed' 'that says what is missing'

run "$BUILD/refgate" disable --config "$T/none/refgate.conf" --reason x
is "$code" 2 'a directory that does not exist'
contains "$err" "$T/none" 'is named'

mkdir "$T/empty"
run "$BUILD/refgate" disable --config "$T/empty/refgate.conf" --reason x
is "$code" 0 'a configuration that is missing can be disabled too'
contains "$err" 'there is no configuration' 'with a warning'
run "$BUILD/refgate" enable --config "$T/empty/refgate.conf"

chmod g+w "$T/conf"
disable --reason x
is "$code" 1 'a file that hooks will not believe: code 1'
contains "$err" 'hooks will not believe' 'and said so'
switch_on
is "$code" 0 'and can be taken back'
chmod g-w "$T/conf"

if [ "$(id -u)" != 0 ]; then
    chmod a-w "$T/conf"
    disable --reason x
    is "$code" 2 'a directory that cannot be written'
    chmod u+w "$T/conf"
    disable --reason x
    chmod a-w "$T/conf"
    switch_on
    is "$code" 2 'a switch that cannot be removed'
    chmod u+w "$T/conf"
    switch_on
else
    skip 'a directory that cannot be written' 'root can write everywhere'
    skip 'a switch that cannot be removed' 'root can write everywhere'
fi
(cd "$T/conf" && "$BUILD/refgate" disable --config refgate.conf --reason x >"$T/relative" 2>&1)
contains "$(cat "$T/relative")" "disabled: $file" 'a relative path is resolved'
done_testing
