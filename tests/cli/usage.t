#!/bin/sh
# The conventions of both command lines: --help on everything, usage errors with code 2, output that
# cannot be written, no colour off a terminal.
. tests/lib/tap.sh
test_start

run "$BUILD/refgate" --version
is "$code" 0 'refgate --version succeeds'
like "$out" '^refgate [0-9]+\.[0-9]+\.[0-9]+$' 'and prints name and version'
run "$BUILD/refgate-hook" --version
like "$out" '^refgate-hook [0-9]+\.[0-9]+\.[0-9]+$' 'refgate-hook --version prints name and version'
run "$BUILD/refgate-hook" --help
is "$code" 0 'refgate-hook --help succeeds'
contains "$out" '--native' 'and names the options'

run "$BUILD/refgate"
is "$code" 2 'no command: code 2'
contains "$err" 'usage: refgate COMMAND' 'and usage on stderr'
is "$out" '' 'and nothing on stdout'
run "$BUILD/refgate" --help
is "$code" 0 'refgate --help succeeds'
commands=$(printf '%s\n' "$out" | awk '/^Commands:/ {on = 1; next} /^$/ {on = 0} on {print $1}')
is "$(echo "$commands" | tr '\n' ' ')" \
    'access approve audit check completion disable doctor enable policy report snapshot sync who-can ' 'all commands are listed'

for command in $commands; do
    run "$BUILD/refgate" "$command" --help
    is "$code" 0 "refgate $command --help succeeds"
    contains "$out" "usage: refgate $command" "refgate $command --help shows usage"
    is "$err" '' "refgate $command --help writes to stdout only"
    wide=$(printf '%s\n' "$out" | awk 'length > 110')
    is "$wide" '' "refgate $command --help is not too wide"
    run "$BUILD/refgate" "$command" --no-such-option
    is "$code" 2 "refgate $command --no-such-option is a usage error"
    subcommands=$("$BUILD/refgate" "$command" --help |
        awk '/^Commands:/ {on = 1; next} /^$/ {on = 0} on {print $1}')
    for sub in $subcommands; do
        run "$BUILD/refgate" "$command" "$sub" --help
        is "$code" 0 "refgate $command $sub --help succeeds"
        contains "$out" "usage: refgate $command $sub" "refgate $command $sub --help shows usage"
        unlike "$(printf '%s\n' "$out" | sed -n 3p)" '[?!.]\.$' "refgate $command $sub --help ends its summary once"
    done
done

run "$BUILD/refgate" frobnicate
is "$code" 2 'an unknown command is a usage error'
contains "$err" 'unknown command frobnicate' 'that names it'
run "$BUILD/refgate" "$(printf 'a\033[31mb')"
lacks "$err" "$(printf '\033')" 'control characters of an argument are escaped'
run "$BUILD/refgate" check --repo
is "$code" 2 'an option without its value is a usage error'
contains "$err" '--repo needs a value: KEY/SLUG' 'that says what is missing'
run "$BUILD/refgate" check --repo A/b --repo A/b
contains "$err" '--repo is given twice' 'an option given twice is a usage error'
run "$BUILD/refgate" check --explain=yes
contains "$err" '--explain takes no value' 'a value for a flag is a usage error'
run "$BUILD/refgate" check --format xml
is "$code" 2 'an unknown format is a usage error'
run "$BUILD/refgate" completion csh
is "$code" 2 'completion for an unknown shell is a usage error'

if [ -w /dev/full ]; then
    code=0
    "$BUILD/refgate" --help >/dev/full 2>"$T/full" || code=$?
    is "$code" 2 'output that cannot be written: code 2'
    contains "$(cat "$T/full")" 'cannot write the output' 'and said so'
else
    skip 'output that cannot be written' 'no /dev/full'
    skip 'and said so' 'no /dev/full'
fi

run "$BUILD/refgate" completion bash
same_file "$T/.out" packaging/completion/refgate.bash \
    'packaging/completion/refgate.bash is what `refgate completion bash` prints'
if command -v bash >/dev/null; then
    ok 'the completion is valid bash' bash -n packaging/completion/refgate.bash
    words=$(bash -c '. packaging/completion/refgate.bash; COMP_WORDS=(refgate snapshot v)
        COMP_CWORD=2; _refgate; printf "%s\n" "${COMPREPLY[@]}"' | head -n 1)
    is "$words" verify 'and completes `refgate snapshot v` to verify'
fi

for page in packaging/man/refgate.1; do
    for command in $commands; do
        ok "refgate(1) names $command" grep -Eq "Cm .*\b$command\b" "$page"
    done
done
done_testing
