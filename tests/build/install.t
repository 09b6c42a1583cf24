#!/bin/sh
# `make install` lays its files where a packager expects them.
. tests/lib/tap.sh
case ${VARIANT:-release} in
asan | fuzz) skip_all 'not a build that is installed' ;;
esac
test_start
mk() {
    make -s CC="${CC:-gcc}" VARIANT="${VARIANT:-release}" O="$BUILD" LIBGIT2_DIR="$LIBGIT2_DIR" "$@"
}

ok 'make install DESTDIR= PREFIX=/usr' mk install DESTDIR="$T/root" PREFIX=/usr
(cd "$T/root" && find . -type f -printf '%m %P\n' | LC_ALL=C sort -k2) >"$T/files"
{
    echo '755 usr/bin/refgate'
    echo '755 usr/lib/refgate/refgate-hook'
    echo '644 usr/share/refgate/control-map.ini'
    for f in config/*.conf config/*.tests config/examples/*; do
        [ ! -f "$f" ] || echo "644 usr/share/doc/refgate/examples/${f##*/}"
    done
    for f in README.md CHANGELOG.md SECURITY.md LICENSE; do
        [ ! -f "$f" ] || echo "644 usr/share/doc/refgate/$f"
    done
    for f in packaging/man/*.[1-9]; do
        [ ! -f "$f" ] || echo "644 usr/share/man/man${f##*.}/${f##*/}"
    done
    for f in packaging/systemd/*.service packaging/systemd/*.timer; do
        echo "644 usr/lib/systemd/system/${f##*/}"
    done
    for d in sysusers tmpfiles; do
        for f in "packaging/$d"/*.conf; do echo "644 usr/lib/$d.d/${f##*/}"; done
    done
    for f in refgate.logrotate refgate-sync.cron sync.env; do
        echo "644 usr/share/doc/refgate/examples/$f"
    done
    c=packaging/completion
    [ ! -f $c/refgate.bash ] || echo '644 usr/share/bash-completion/completions/refgate'
    [ ! -f $c/_refgate ] || echo '644 usr/share/zsh/site-functions/_refgate'
    [ ! -f $c/refgate.fish ] || echo '644 usr/share/fish/vendor_completions.d/refgate.fish'
} | LC_ALL=C sort -k2 >"$T/wanted"
same_file "$T/files" "$T/wanted" 'these files, with these modes, and no others'
ok 'the hook is installed as it was built and tested' \
    cmp "$T/root/usr/lib/refgate/refgate-hook" "$BUILD/refgate-hook"

ok 'make install-strip, another PREFIX' mk install-strip DESTDIR="$T/strip" PREFIX=/opt/refgate
is "$(nm "$T/strip/opt/refgate/lib/refgate/refgate-hook" 2>&1 | grep -c ' [Tt] ')" 0 \
    'the installed hook is stripped'
run env -i "$T/strip/opt/refgate/lib/refgate/refgate-hook" </dev/null
is "$code" 2 'and still starts'

# Units and the like name the program where it is installed.
for f in packaging/systemd/*.service; do
    same_file "$T/root/usr/lib/systemd/system/${f##*/}" "$f" "${f##*/}: /usr/bin is where it looks"
    is "$(grep -c '^ExecStart=/opt/refgate/bin/refgate ' "$T/strip/opt/refgate/lib/systemd/system/${f##*/}")" 1 \
        "${f##*/}: another PREFIX, another path"
done
is "$(grep -rl /usr/bin/refgate "$T/strip" --include='*.service' --include='*.logrotate' --include='*.cron')" '' \
    'and the old path is nowhere'

# The control map is found from where the program is.
"$T/root/usr/bin/refgate" sync --replay tests/fixtures/acme --output "$T/s.cdb" >/dev/null 2>&1
printf '[snapshot]\nfile = %s\n[audit]\nfile = none\n' "$T/s.cdb" >"$T/refgate.conf"
run "$T/root/usr/bin/refgate" report --config "$T/refgate.conf" --format json
ok 'the installed control map is used' test \
    "$(printf '%s' "$out" | jq '[.findings[].controls | length] | add')" -gt 0

ok 'make uninstall' mk uninstall DESTDIR="$T/root" PREFIX=/usr
is "$(find "$T/root" -type f)" '' 'leaves no file'

# As a developer who runs make again: nothing is built twice.
is "$(mk all 2>&1)" '' 'a second make does nothing'
done_testing
