#!/bin/sh
# The house's own rules (scripts/house): each is broken once, and found; the tree itself holds them (scripts/lint).
. tests/lib/tap.sh
test_start
mkdir -p "$T/hook/push" "$T/hook/policy" "$T/hook/base" "$T/hook/command"

# breaks RULE PATH TEXT: a tree with this file breaks this rule. \n and \t in TEXT are what they are in C.
breaks() {
    printf '%b\n' "$3" >"$T/$2"
    run sh -c "cd '$T' && echo '$2' | '$TOP/scripts/house'"
    case $code:$out in
    1:*"<- $1"*) pass "found: $1" ;;
    *) fail "not found in $2: $1" "$code: $out" ;;
    esac
}

breaks 'include headers' hook/push/a.c '#include "base/text.c"'
breaks 'policy/ is pure' hook/policy/a.c '#include <jansson.h>'
breaks 'base/ knows nothing of the rest' hook/base/a.c '#include "policy/rules.h"'
breaks 'library code neither prints nor exits' hook/push/a.c '    exit(2);'
breaks 'the environment' hook/push/a.c '    const char *home = getenv("HOME");'
breaks 'by name' hook/push/a.c '    if (access(path, R_OK))'
breaks 'the hook starts nothing' hook/push/a.c '    posix_spawn(&pid, path, NULL, NULL, argv, envp);'
breaks 'a verdict or answer is compared with ==' hook/push/a.c '    if (decision.verdict)'
breaks 'a verdict or answer is compared with ==' hook/command/a.c '    return !answer ? 1 : 2;'
breaks 'a default: does not accept' hook/push/a.c '    default: return VERDICT_ACCEPT;'
breaks 'a default: does not accept' hook/push/a.c '    default:\n        return true;'
breaks 'a function longer than' hook/push/a.c "int f(void)\n{\n$(yes '    f();' | head -n 61)\n}"
breaks 'longer than 600 lines' hook/push/a.c "$(yes '/* */' | head -n 601)"
breaks 'enum status is MUST_CHECK' hook/push/a.h '#ifndef REFGATE_PUSH_A_H\nenum status a_do(int x);'
breaks 'include guard' hook/push/a.h '#ifndef A_H'
breaks 'blanks at the end' hook/push/a.c 'int x; '
breaks 'indent with blanks' hook/push/a.c '\tint x;'

# What looks like it and is not: comments behind, members, comparisons, functions of other names.
cat >"$T/hook/push/a.c" <<'C'
    if (decision.verdict == VERDICT_REJECT || answer != ANSWER_YES)
        return view->access(view->self);
    switch (verdict) {
    default: return VERDICT_REJECT;
    }
C
run sh -c "cd '$T' && echo hook/push/a.c | '$TOP/scripts/house'"
is "$code:$out" '0:' 'what holds the rules is not found'

# Who calls whom, as gcc -fcallgraph-info writes it.
edges() {
    for edge; do
        printf 'edge: { sourcename: "%s" targetname: "%s" label: "x.c:1:1" }\n' "${edge%%:*}" "${edge##*:}"
    done >"$T/calls.ci"
    run sh -c "echo '$T/calls.ci' | scripts/house --calls"
}
edges a:b b:c a:c c:d
is "$code:$out" '0:' 'calls without a cycle'
edges a:b b:c c:b
is "$code" 1 'a cycle of two functions'
like "$out" 'b -> c -> b .*recursion' '... with its way'
edges a:a
is "$code" 1 'a function that calls itself'
run sh -c ": | scripts/house --calls"
is "$code" 1 'no calls at all are no proof'
done_testing
