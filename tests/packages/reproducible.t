#!/bin/sh
# The same sources give the same bytes, whatever the directory, the time and the user's settings.
. tests/lib/tap.sh
case ${VARIANT:-release} in
asan | fuzz) skip_all 'not a build that is installed' ;;
esac
test_start

# One copy is the origin of both, so that an editor at work does not make a difference.
mkdir "$T/source"
cp -R Makefile hook scripts "$T/source/"

build() { # DIRECTORY MAKE-ARGUMENT...
    mkdir -p "$1" && cp -R "$T/source/." "$1/" && cd "$1" && shift &&
        make -s CC="${CC:-gcc}" VARIANT="${VARIANT:-release}" O=build/x LIBGIT2_DIR="$LIBGIT2_DIR" \
            "$@" build/x/refgate-hook
}
in_one() { (build "$T/a" -j2); }
in_another() {
    (
        umask 077
        export TZ=Asia/Tokyo LC_ALL=C.UTF-8 HOME=/nonexistent
        build "$T/another/directory/with-a-longer.name" -j1
    )
}
ok 'builds in one directory' in_one
ok 'builds in another directory, with another umask, time zone and locale' in_another
ok 'the same bytes' cmp "$T/a/build/x/refgate-hook" \
    "$T/another/directory/with-a-longer.name/build/x/refgate-hook"
done_testing
