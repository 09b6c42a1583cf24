# load.sh - what the tests of load share: the server's configuration, and points that tests/load/load makes.
#
# After tests/lib/tap.sh and tests/lib/push.sh:
#
#   load_start                   a server with rules of all kinds, repository PRJ/app, a client in $T/c
#   load COMMAND [OPTION...]     tests/load/load; its points are points of this test
# shellcheck shell=sh
# shellcheck disable=SC2154 # variables from push.sh

load_start() {
    command -v python3 >/dev/null || skip_all 'python3 is not installed'
    server_start
    mkdir "$BB/approvals"
    # A machine that is busy with other things besides is not what is tested.
    server_config <<CONF
[limits]
deadline = ${LOAD_DEADLINE:-60s}
[approvals]
directory = $BB/approvals
[rule "guarded"]
action = require-approval
refs = guarded/**, sealed/**
[rule "noted"]
action = annotate
refs = noted/**
[rule "own-work"]
action = reject
refs = mine/**
committer = pusher
@common
CONF
    server_repository PRJ/app 84
    client_clone "$T/c" PRJ/app
    commit "$T/c" one >/dev/null
}

load() {
    load_command=$1
    shift
    python3 -B "$TOP/tests/load/load" "$load_command" --home "$BB" --build "$BUILD" "$@" \
        >"$T/.load" 2>&1
    load_done=
    while IFS= read -r load_line; do
        case $load_line in
        'ok '*) pass "${load_line#ok }" ;;
        'not ok '*) fail "${load_line#not ok }" ;;
        'skip '*) skip "$(printf '%s\n' "$load_line" | sed 's/^skip //; s/ # .*//')" "${load_line##* # }" ;;
        done) load_done=1 ;;
        '#'*) printf '%s\n' "$load_line" ;;
        *) printf '#   %s\n' "$load_line" ;;
        esac
    done <"$T/.load"
    [ -n "$load_done" ] || fail "$load_command: did not come to its end"
}
