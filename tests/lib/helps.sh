# helps.sh - the help texts of all commands in one file, for tests that compare them with something.
# shellcheck shell=sh
#
# After tests/lib/tap.sh and test_start:
#
#   helps_all FILE    "@ COMMAND" or "@ COMMAND SUBCOMMAND", each followed by its help. What a command
#                     with subcommands says is in FILE.groups instead: "COMMAND SUBCOMMAND" a line

helps_all() {
    for helps_command in $("$BUILD/refgate" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z-]*\) .*/\1/p'); do
        printf '@ %s\n' "$helps_command"
        "$BUILD/refgate" "$helps_command" --help
    done >"$1.first"
    awk '/^@/ { command = $2; list = 0 } /^[CO]/ { list = /^Commands:/ }
         list && /^  [a-z]/ { print command, $1 }' "$1.first" >"$1.groups"
    awk 'NR == FNR { group[$1]; next } /^@/ { on = !($2 in group) } on' "$1.groups" "$1.first" >"$1"
    while read -r helps_command helps_sub; do
        printf '@ %s %s\n' "$helps_command" "$helps_sub"
        "$BUILD/refgate" "$helps_command" "$helps_sub" --help
    done <"$1.groups" >>"$1"
}
