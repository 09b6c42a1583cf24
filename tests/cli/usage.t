#!/bin/sh
# The conventions of both command lines: --help on everything, usage errors with code 2, output that
# cannot be written, no colour off a terminal.
. tests/lib/tap.sh
test_start

run "$BUILD/refgate" --version
is "$code" 0 'refgate --version succeeds'
like "$out" '^refgate [0-9]+\.[0-9]+\.[0-9]+$' 'and prints name and version'
is "$(printf '%s\n' "$out" | sed 1d | cut -d: -f1 | tr '\n' ' ')" \
    'architecture compiler options C library linking libraries snapshot ' 'then what it was made of'
libraries='libgit2 [0-9.]+, inih [^ ]+, tinycdb [^ ]+, libmd [^ ]+, jansson [0-9.]+, zlib [0-9.]+'
like "$out" "^libraries: $libraries, libcurl [0-9.]+ \\([A-Za-z].*\\)$" 'with all its libraries, and who does TLS'
is "$(printf '%s\n' "$out" | tail -n 1)" 'snapshot: reads format 1, writes format 1' \
    'and which formats of the snapshot it reads and writes'
about=$out
run "$BUILD/refgate" --version --format json
is "$(printf '%s' "$out" | jq -r '"refgate \(.version)", "architecture: \(.architecture)", "compiler: \(.compiler)",
    "options: \(.options)", "C library: \(.c_library)", "linking: \(.linking)", "libraries: \(.libraries)"')" \
    "$(printf '%s\n' "$about" | sed '$d')" 'refgate --version --format json says the same'
is "$(printf '%s' "$out" | jq -c .snapshot)" \
    '{"reads":{"oldest":1,"newest":1},"writes":{"oldest":1,"newest":1}}' 'and the formats as numbers'
for bad in '--format' '--format xml' '--config x' 'sync'; do
    # shellcheck disable=SC2086 # two words
    run "$BUILD/refgate" --version $bad
    is "$code$out" 2 "refgate --version $bad is a usage error"
done
run "$BUILD/refgate-hook" --version
is "$code" 0 'refgate-hook --version succeeds'
hook=$out
like "$hook" '^refgate-hook [0-9]+\.[0-9]+\.[0-9]+$' 'refgate-hook --version prints name and version'
is "$(printf '%s\n' "$hook" | sed -n 1p)" "$(printf '%s\n' "$about" | sed -n '1s/refgate/refgate-hook/p')" \
    'on its first line, and the number of refgate'
like "$hook" "^libraries: $libraries$" 'and the libraries that are inside'
is "$(printf '%s\n' "$hook" | sed -n '/^snapshot:/p')" 'snapshot: reads format 1' \
    'and which formats of the snapshot it reads'
like "$(printf '%s\n' "$hook" | tail -n 1)" '^sandbox: (landlock \(ABI [0-9]+\)|seccomp|none: )' \
    'and last what the kernel here offers for its sandbox'
for name in architecture compiler options 'C library'; do
    is "$(printf '%s\n' "$hook" | grep "^$name: ")" "$(printf '%s\n' "$about" | grep "^$name: ")" \
        "both programs have the same $name"
done
case ${VARIANT:-release} in
release | clang)
    like "$hook" '^linking: -static-pie relro now noexecstack' 'the hook says that it is static'
    like "$hook" '^options:.* -D_FORTIFY_SOURCE=3 -fstack-protector-strong ' 'and how it is hardened'
    ;;
esac
unlike "$about$hook" '(^|[ =])/' 'nothing of it is a path'
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
    'access approve audit check completion disable doctor enable install policy report snapshot sync who-can ' 'all commands are listed'

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

for page in packaging/man/refgate.8; do
    for command in $commands; do
        ok "refgate(8) names $command" grep -Eq "Cm .*\b$command\b" "$page"
    done
done
done_testing
