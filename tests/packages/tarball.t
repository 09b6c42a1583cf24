#!/bin/sh
# The tarball of the static hook: what is in it, the same bytes wherever it is made, and it works
# where it was unpacked.
. tests/lib/tap.sh
. tests/lib/push.sh
for tool in xz strip sha256sum; do
    command -v $tool >/dev/null || skip_all "$tool is not installed: scripts/install-deps build"
done
test_start
SOURCE_DATE_EPOCH=1760000000
export SOURCE_DATE_EPOCH CC="${CC:-gcc}"
# Where it is not given (the test run by hand), the one that is built already.
LIBGIT2_DIR=${LIBGIT2_DIR:-$(scripts/build-libgit2)}
export LIBGIT2_DIR

run packaging/build-tarball --build "$BUILD" --output "$T/one"
is "$code" 0 'packaging/build-tarball makes one' || note "$err"
[ "$code" = 0 ] || done_testing
tarball=$(tail -n 1 "$T/.out")
version=$(sed -n 's/^VERSION = //p' Makefile)
machine=$(uname -m)
name=refgate-hook-$version-linux-$machine
is "${tarball##*/}" "$name.tar.xz" 'its name says version and machine'
checks() { (cd "$1" && sha256sum -c "$name.tar.xz.sha256"); }
ok 'FILE.sha256 beside it is its checksum' checks "$T/one"

# A copy elsewhere, by somebody with other settings: it is built again from nothing.
mkdir -p "$T/another/directory"
cp -R Makefile LICENSE CHANGELOG.md hook scripts config packaging "$T/another/directory/"
elsewhere() {
    (
        umask 077
        export TZ=Asia/Tokyo LC_ALL=C.UTF-8 HOME=/nonexistent XZ_DEFAULTS=--threads=0 TAR_OPTIONS=
        touch "$T"/another/directory/config/*
        cd "$T/another/directory" && packaging/build-tarball --output "$T/two"
    )
}
ok 'made again from a copy, in another directory, with another umask, zone and locale' elsewhere
ok 'the same bytes' cmp "$tarball" "$T/two/$name.tar.xz"
ok 'the same checksum file' cmp "$tarball.sha256" "$T/two/$name.tar.xz.sha256"
rm -rf "$T/another"

tar -tvf "$tarball" --numeric-owner >"$T/list"
is "$(awk '{ print $2 }' "$T/list" | sort -u)" 0/0 'everything in it belongs to root'
is "$(awk '{ print $1 }' "$T/list" | sort -u | paste -sd' ')" '-rw-r--r-- -rwxr-xr-x drwxr-xr-x' \
    'nobody else may write to any of it'
is "$(awk '{ print $4 }' "$T/list" | sort -u)" 2025-10-09 'everything has the time of SOURCE_DATE_EPOCH'
is "$(awk '{ print $6 }' "$T/list" | cut -d/ -f1 | sort -u)" "$name" 'one directory at its top'

mkdir "$T/unpacked"
tar -C "$T/unpacked" -xf "$tarball"
top=$T/unpacked/$name
for file in refgate-hook refgate.conf LICENSE CHANGELOG.md INSTALL man/man8/refgate-hook.8 \
    man/man5/refgate.conf.5 licenses/libgit2 examples/keys-off-main.conf examples/keys-off-main.tests; do
    ok "has $file" test -s "$top/$file"
done
unlike "$(cat "$top/INSTALL")" '@[A-Z]+@' 'INSTALL is filled in'
contains "$(cat "$top/INSTALL")" "$name.tar.xz.sha256" 'and names this tarball'
unlike "$(readelf -lW "$top/refgate-hook")" INTERP 'the hook is static (no INTERP)'
unlike "$(readelf -dW "$top/refgate-hook")" '\(NEEDED\)' 'and needs no library'
unlike "$(readelf -SW "$top/refgate-hook")" '\.(symtab|debug_info)' 'and is stripped'
lacks "$(grep -rlF "$TOP/" "$top")" / 'no file names the directory of this build'
run "$top/refgate-hook" --version
is "$code" 0 'refgate-hook --version'
like "$out" "^refgate-hook $version" 'says its version'
lacks "$out$err" "$TOP" 'and no path of this machine'
run "$BUILD/refgate" policy lint --config "$top/refgate.conf"
is "$code" 0 'the configuration in it is valid'

# As INSTALL says: the program and refgate.conf beside it, no --config.
# shellcheck disable=SC2119
server_start
server_config <<'END'
@common
END
mkdir "$BB/shared/external-hooks"
install -m 755 "$top/refgate-hook" "$BB/shared/external-hooks/"
install -m 644 "$CONF" "$BB/shared/external-hooks/refgate.conf"
printf '#!/bin/sh\nexec "%s"\n' "$BB/shared/external-hooks/refgate-hook" >"$BB/hook"
server_repository PRJ/app 84
client_clone "$T/c" PRJ/app
commit "$T/c" base >/dev/null
pushes 'on the shared home it accepts a push' jdoe "$T/c" origin HEAD:refs/heads/topic
refuses 'and rejects one' 1 jdoe "$T/c" origin HEAD:refs/heads/main
is "$(audit_count)" 2 'and records both'

# A mistake in how it is called is an answer, not a tarball.
run packaging/build-tarball --no-such-option
is "$code" 2 'an unknown option'
run packaging/build-tarball --output
is "$code" 1 'an option without its value'
done_testing
