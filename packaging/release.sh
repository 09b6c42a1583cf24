# release.sh - what the scripts that make packages share: version, time, sources.
# shellcheck shell=sh
#
# After setting $top, the top of the tree:
#
#   release_usage SCRIPT    prints the comment at SCRIPT's top
#   release_say TEXT        a line on stderr, with the script's name
#   release_die TEXT        the same, and exit code 1
#   release_value ARGS      the value of the option that ARGS begin with; dies if there is none
#   release_version         the version, from the Makefile
#   release_epoch           the time that everything in a package is given, in seconds since 1970:
#                           SOURCE_DATE_EPOCH; else the day that CHANGELOG.md gives the version;
#                           else that of the last commit; else that of CHANGELOG.md itself
#   release_source FILE     writes the source tarball, with one top directory refgate-VERSION
#   release_tar DIR NAME    a tar archive of DIR/NAME on stdout: the same bytes for the same files
# shellcheck disable=SC2154 # $top is the caller's

release_usage() { sed -n '2,/^set -eu/{/^set -eu/d;s/^# \{0,1\}//;p;}' "$1"; }
release_say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
release_die() {
    release_say "$*"
    exit 1
}
release_value() {
    [ $# -ge 2 ] || release_die "$1 needs a value"
    printf '%s\n' "$2"
}

release_version() { sed -n 's/^VERSION *= *//p' "$top/Makefile"; }

release_epoch() {
    release_day=$(sed -n "s/^## $(release_version) (\([0-9-]*\))\$/\1/p" "$top/CHANGELOG.md")
    if [ -n "${SOURCE_DATE_EPOCH:-}" ]; then
        printf '%s\n' "$SOURCE_DATE_EPOCH"
    elif [ -n "$release_day" ]; then
        date -u -d "$release_day" +%s
    else
        git -C "$top" log -1 --format=%ct 2>/dev/null || stat -c %Y "$top/CHANGELOG.md"
    fi
}

# A file that is not under version control yet, and not ignored, is part of the source too; one that
# is gone is not.
# shellcheck disable=SC2016 # the inner shell's variable
release_files() {
    if [ -e "$top/.git" ] && git -C "$top" rev-parse -q --verify HEAD >/dev/null 2>&1; then
        git -C "$top" ls-files -z -co --exclude-standard
    else
        (cd "$top" && find . -name .git -prune -o -path ./build -prune -o -path ./config.mk -o \
            -name '*.[od]' -o \( -type f -o -type l \) -printf '%P\0')
    fi | (cd "$top" && xargs -0 -r sh -c 'for f; do [ ! -e "$f" ] || printf "%s\0" "$f"; done' sh) |
        LC_ALL=C sort -z -u
}

# Whoever made the files, and when, does not show.
release_pack() { # ARGUMENTS OF TAR
    tar --owner=0 --group=0 --numeric-owner --format=ustar --mtime="@$(release_epoch)" \
        --mode='u+rw,go=rX' "$@"
}

release_source() {
    release_files | release_pack -C "$top" --null --no-recursion -T - \
        --transform="flags=r;s,^,refgate-$(release_version)/," -cf - | gzip -9n >"$1"
}

release_tar() { release_pack --sort=name -C "$1" -cf - -- "$2"; }
