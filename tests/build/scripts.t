#!/bin/sh
# The scripts that set a machine up: what they say, what they refuse, what they leave alone.
. tests/lib/tap.sh
test_start

for s in install-deps build-libgit2 check demo install-hook lint run-tests; do
    [ -f scripts/$s ] || continue
    run scripts/$s --help </dev/null
    is "$code" 0 "$s --help"
    like "$out" '^usage: ' "$s --help shows the usage"
done

# ---------------------------------------------------------------- install-deps
run scripts/install-deps nonsense
is "$code" 2 'install-deps: an unknown group is a usage error'

unset NO_INSTALL
# A machine that has nothing: stubs come first in PATH, and tell what was asked of them.
mkdir "$T/bin"
printf '#!/bin/sh\nexit 1\n' >"$T/bin/dpkg-query"
printf '#!/bin/sh\necho "$*" >>"%s"\nexit 1\n' "$T/apt-was-called" >"$T/bin/apt-get"
cp "$T/bin/apt-get" "$T/bin/sudo"
chmod +x "$T/bin/"*
run env PATH="$T/bin:$PATH" NO_INSTALL=1 scripts/install-deps build
is "$code" 1 'install-deps: NO_INSTALL=1 fails when something is missing'
like "$out" '^cmake$' 'lists what is missing, one a line'
unlike "$out" '^(nginx|shellcheck)' 'only of the groups asked for'
ok 'and installs nothing' test ! -e "$T/apt-was-called"

# A machine that has everything: each package that is asked for is there.
printf '#!/bin/sh\nfor p; do case $p in -* | *{*) ;; *) echo "ii $p" ;; esac; done\n' \
    >"$T/bin/dpkg-query"
run env PATH="$T/bin:$PATH" scripts/install-deps all
is "$code$out$err" 0 'install-deps: silent when nothing is missing'
ok 'and does not call apt-get' test ! -e "$T/apt-was-called"

# One package is missing. (apt-get fails here, so the exit code must tell.)
printf '#!/bin/sh\nfor p; do case $p in -* | *{* | libcdb-dev) ;; *) echo "ii $p" ;; esac; done\n' \
    >"$T/bin/dpkg-query"
# Whoever runs this test may be root: nothing may be written outside of the stubs' reach.
printf '#!/bin/sh\n[ "$1" = -u ] && echo 1000\n' >"$T/bin/id"
printf '#!/bin/sh\necho "sudo $*" >>"%s"\n' "$T/apt-was-called" >"$T/bin/sudo"
chmod +x "$T/bin/id"
printf '#!/bin/sh\necho "$*" >>"%s"\n' "$T/apt-was-called" >"$T/bin/apt-get"
run env PATH="$T/bin:$PATH" scripts/install-deps build
is "$code" 0 'install-deps: installs by sudo when not run by root'
contains "$err" 'installing: libcdb-dev' 'says what it installs'
like "$(cat "$T/apt-was-called")" '^sudo .*apt-get install .* libcdb-dev$' 'and only that'
unlike "$(cat "$T/apt-was-called")" 'apt-get update' 'package lists are fetched only when needed'

# ---------------------------------------------------------------- build-libgit2
mkdir -p "$T/copy/scripts"
cp scripts/build-libgit2 "$T/copy/scripts/"
given=${LIBGIT2_DIR:-$(scripts/build-libgit2 --print-dir)}
unset LIBGIT2_DIR LIBGIT2_TARBALL LIBGIT2_SHA256

echo 'not a tarball' >"$T/libgit2.tar.xz"
run env LIBGIT2_TARBALL="$T/libgit2.tar.xz" "$T/copy/scripts/build-libgit2"
is "$code" 1 'build-libgit2: a tarball with another checksum is refused'
contains "$err" 'wrong SHA-256' 'with the reason'
is "$(find "$T/copy/build/libgit2" -mindepth 1 ! -name .lock)" '' 'nothing is left of it'

run env LIBGIT2_TARBALL="$T/missing" "$T/copy/scripts/build-libgit2"
is "$code" 1 'build-libgit2: a missing tarball is refused'
run env LIBGIT2_DIR="$T" scripts/build-libgit2
is "$code" 1 'build-libgit2: LIBGIT2_DIR without a library is refused'
contains "$err" 'no libgit2.a' 'with the reason'

mkdir -p "$T/old/lib" "$T/old/include/git2"
: >"$T/old/lib/libgit2.a"
printf '#define LIBGIT2_VERSION_MAJOR 1\n#define LIBGIT2_VERSION_MINOR 5\n' \
    >"$T/old/include/git2/version.h"
run env LIBGIT2_DIR="$T/old" scripts/build-libgit2
is "$code" 1 'build-libgit2: libgit2 1.5 is refused'
contains "$err" 'older than 1.6' 'with the reason'

run env LIBGIT2_DIR="$given" scripts/build-libgit2
is "$code$out$err" "0$given" 'build-libgit2: does nothing when the library is there'
done_testing
