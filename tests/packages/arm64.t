#!/bin/sh
# The static hook for arm64: cross-built, and run in an emulator it decides as the native one does.
. tests/lib/tap.sh
. tests/lib/push.sh
for tool in aarch64-linux-gnu-gcc qemu-aarch64-static apt-get dpkg-deb; do
    command -v $tool >/dev/null || skip_all "$tool is not installed: scripts/install-deps package"
done
test_start

run packaging/cross-build
is "$code" 0 'packaging/cross-build builds the hook' || note "$err"
[ "$code" = 0 ] || done_testing
arm=$(tail -n 1 "$T/.out")
unlike "$err" 'warning:' 'without a warning'

header=$(readelf -hW "$arm")
like "$header" 'Machine: +AArch64' 'for AArch64'
like "$header" 'Type: +DYN' 'position-independent (ET_DYN)'
unlike "$(readelf -lW "$arm")" 'INTERP' 'no dynamic loader (no INTERP)'
like "$(readelf -lW "$arm")" 'GNU_RELRO' 'relocations are made read-only (RELRO)'
unlike "$(readelf -dW "$arm")" '\((NEEDED|RPATH|RUNPATH|TEXTREL)\)' 'no shared library (no NEEDED)'
like "$(readelf -dW "$arm")" 'BIND_NOW' 'bound at start (NOW)'
unlike "$(nm "$arm" | awk '{ print $NF }')" '^(__)?(getaddrinfo|__nss_lookup|execve|http_parser_execute)$' \
    'no name service, no network code, no other programs'
lacks "$(strings -a "$arm" | grep -F "$TOP/" | head -n 5)" "$TOP" 'not the directory of this build'

run qemu-aarch64-static "$arm" --version
is "$code" 0 'in the emulator: --version'
like "$out" "^refgate-hook $(sed -n 's/^VERSION = //p' Makefile)" 'and it is the version of this tree'

# Every kind of answer, by both; what is recorded must be the same but for time and place.
# shellcheck disable=SC2119
server_start
server_config <<'END'
@common
END
server_repository PRJ/app 84
client_clone "$T/c" PRJ/app
c=$T/c
base=$(commit "$c" base)
commit "$c" topic >/dev/null
rm -f "$BB/hook" && printf '#!/bin/sh\nexit 0\n' >"$BB/hook"
pushes 'a repository with main' lead "$c" origin "$base:refs/heads/main"

hook_of() { # NAME: what Bitbucket starts
    case $1 in
    arm64) printf '#!/bin/sh\nexec qemu-aarch64-static "%s" --config "%s"\n' "$arm" "$CONF" ;;
    native) printf '#!/bin/sh\nexec "%s" --config "%s"\n' "$BUILD/refgate-hook" "$CONF" ;;
    esac >"$BB/hook"
    rm -f "$BB/audit.log"
}
unless_time='del(.id, .time, .host, .duration_us, .prev, .hash, .snapshot.age_s)'
decide() { # NAME
    hook_of "$1"
    said=$T/said.$1
    pushes "$1: a new branch" jdoe "$c" origin HEAD:refs/heads/topic
    refuses "$1: main is closed (semantics 4: pull-request-only)" 1 jdoe "$c" origin HEAD:refs/heads/main
    echo "$remote" >"$said"
    refuses "$1: a deploy key" 1 ci-deploy "$c" origin HEAD:refs/heads/other HEAD:refs/heads/main
    echo "$remote" >>"$said"
    pushes "$1: a release branch" jdoe "$c" origin HEAD:refs/heads/release/1
    refuses "$1: history is read: a rewrite" 1 jdoe "$c" -f origin "$base:refs/heads/release/1"
    echo "$remote" >>"$said"
    hook_as jdoe push PRJ/app </dev/null
    is "$code" 2 "$1: no updates on stdin is trouble"
    echo 'not an update' >"$T/bad"
    hook_as jdoe push PRJ/app <"$T/bad"
    is "$code" 2 "$1: nonsense on stdin is trouble"
    git -C "$(server_storage PRJ/app)" update-ref -d refs/heads/topic
    git -C "$(server_storage PRJ/app)" update-ref -d refs/heads/release/1
    jq -S "$unless_time" "$BB/audit.log" | sed 's/snapshot of [0-9]*s ago/snapshot of AGE ago/' >"$T/records.$1"
}
decide native
decide arm64
ok 'both recorded something' test -s "$T/records.arm64"
is "$(jq -r .exit "$T/records.native" | sort -u | paste -sd' ')" '0 1 2' 'of each kind'
same_file "$T/records.arm64" "$T/records.native" 'the same audit records'
same_file "$T/said.arm64" "$T/said.native" 'the same texts for the pusher'
run "$BUILD/refgate" audit verify --config "$CONF"
is "$code" 0 "the chain of arm64's log is whole"
done_testing
