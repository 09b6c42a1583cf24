#!/bin/sh
# The Debian packages: built without a network, clean for lintian, installed into a clean root, used for
# pushes, upgraded while pushes come in and with changed configuration, removed, purged.
. tests/lib/tap.sh
. tests/lib/root.sh
test_start
root_needed
for tool in dpkg-buildpackage dh lintian; do
    command -v $tool >/dev/null || skip_all "$tool is not installed: scripts/install-deps package"
done
built=$TOP/build/packages/deb
R=$T/root

# ---------------------------------------------------------------- build
# The one thing that is fetched, before the network is gone.
scripts/build-libgit2 --fetch >/dev/null || exit 99
ok 'the packages are built without a network' unshare --net packaging/build-deb || {
    tail -n 100 "$built/build.log" | sed 's/^/# /'
    done_testing
}
revision=$(dpkg-parsechangelog -l packaging/debian/changelog -S Version)
arch=$(dpkg --print-architecture)
hook_deb=$built/refgate-hook_${revision}_$arch.deb
admin_deb=$built/refgate_${revision}_$arch.deb
ok 'refgate-hook and refgate are there' test -f "$hook_deb" -a -f "$admin_deb"
like "$(cat "$built/build.log")" '^[1-9][0-9]* passed, 0 failed$' 'tests ran in the build'
is "$(cat "$built"/refgate_*.orig-libgit2.tar.xz | sha256sum)" \
    "$(sha256sum <"$(scripts/build-libgit2 --fetch)")" "the source of libgit2 is Debian's own tarball"

# The next revision, elsewhere, while lintian looks at this one.
cat >"$T/changelog" - packaging/debian/changelog <<CHANGELOG
refgate ($revision+next) unstable; urgency=medium

  * The same again, for a test of upgrades.

 -- The refgate developers <refgate@example.com>  Mon, 23 Nov 2026 12:00:00 +0000

CHANGELOG
(
    DEB_BUILD_OPTIONS='nocheck noautodbgsym' packaging/build-deb --changelog "$T/changelog" --output "$T/next" \
        >"$T/next.log" 2>&1
    echo $? >"$T/next.code"
) &
next_build=$!

run lintian --allow-root --display-info --fail-on error,warning "$built"/refgate_*.changes
is "$code" 0 'lintian finds neither errors nor warnings' || note "$out"
printf '%s\n' "$out" | grep '^I: ' | sed 's/^/# /'

wait $next_build
is "$(cat "$T/next.code")" 0 'the next revision is built' || note "$(cat "$T/next.log")"
unpack() { # DEB DIRECTORY
    dpkg-deb -R "$1" "$2"
}
unpack "$hook_deb" "$T/hook1"
unpack "$T/next/refgate-hook_$revision+next_$arch.deb" "$T/hook2"
unpack "$T/next/refgate_$revision+next_$arch.deb" "$T/admin2"
same() { cmp "$T/hook1/usr/lib/refgate/refgate-hook" "$T/hook2/usr/lib/refgate/refgate-hook"; }
ok 'built a second time elsewhere, the hook has the same bytes' same

# A third one whose shipped configuration is different; packed anew, not built.
for p in hook2 admin2; do
    sed -i "s/^\(Version: .*\)+next\$/\1+more/; s/(>= .*+next)/(>= $revision)/" "$T/$p/DEBIAN/control"
done
echo '# A line that is new in this version.' >>"$T/hook2/etc/refgate/refgate.conf"
echo '# A line that is new in this version.' >>"$T/admin2/etc/refgate/sync.env"
dpkg-deb --root-owner-group -b "$T/hook2" "$T/hook3.deb" >/dev/null
dpkg-deb --root-owner-group -b "$T/admin2" "$T/admin3.deb" >/dev/null

# ---------------------------------------------------------------- install
ok 'a clean root' root_make_for "$R" "$hook_deb" "$admin_deb" || done_testing
mkdir "$R/srv/t" "$R/srv/t/tests" "$R/srv/t/tests/fixtures"
cp -R tests/lib "$R/srv/t/tests/"
cp -R tests/fixtures/acme "$R/srv/t/tests/fixtures/"
cp -R packaging/debian "$R/srv/t/debian"
cp "$hook_deb" "$R/srv/t/hook1.deb"
cp "$admin_deb" "$R/srv/t/admin1.deb"
cp "$T/next/refgate-hook_$revision+next_$arch.deb" "$R/srv/t/hook2.deb"
cp "$T/next/refgate_$revision+next_$arch.deb" "$R/srv/t/admin2.deb"
cp "$T/hook3.deb" "$T/admin3.deb" "$R/srv/t/"
rm -rf "$T/hook1" "$T/hook2" "$T/admin2" "$T/next" "$T"/*.deb
root_run "$R" useradd --system --create-home --home-dir /srv/t/home atlbitbucket

in_root() { root_run "$R" "$@"; }
# What dpkg, adduser and their kind keep about themselves is no leftover.
files() {
    root_files "$R" | LC_ALL=C sort | grep -vE ' \./(srv/t|run|var/lib/dpkg|var/cache/(apt|debconf)|var/log/(apt|dpkg\.log)|etc/(passwd|shadow|group|gshadow|subuid|subgid)-?)(/|$)'
}
added() { # since the start, by name
    files | LC_ALL=C comm -13 "$T/before" - | sed 's/^[^ ]* [^ ]* [^ ]* //' | LC_ALL=C sort
}
files >"$T/before"

# The hook alone first: as on a node of a cluster that gets its snapshot from elsewhere.
ok 'refgate-hook is installed, without any other package' in_root dpkg -i /srv/t/hook1.deb
is "$(in_root dpkg-query -W -f '${Depends}' refgate-hook)" '' 'it depends on nothing'
run in_root /usr/lib/refgate/refgate-hook --version
is "$code" 0 'refgate-hook --version'
contains "$out" "${revision%-*}" 'says which one it is'

ok 'refgate is installed' in_root dpkg -i /srv/t/admin1.deb
is "$(in_root dpkg --audit)" '' 'dpkg is content'
run in_root refgate --version
is "$code" 0 'refgate --version'
contains "$out" "${revision%-*}" 'says which one it is'
for page in man5/refgate.conf.5 man8/refgate-hook.8 man8/refgate.8 man7/refgate-guide.7; do
    ok "the manual page $page" gzip -t "$R/usr/share/man/$page.gz"
done
for page in packaging/man/*.[1-9]; do
    [ -f "$R/usr/share/man/man${page##*.}/${page##*/}.gz" ] || echo "$page"
done >"$T/missing"
is "$(cat "$T/missing")" '' 'and all others'
ok 'the configuration is valid' in_root refgate policy lint --config /etc/refgate/refgate.conf
is "$(in_root refgate policy show | grep -vE '; (default|.* is not set)$' | grep -c ' = ')" 0 \
    'and is all defaults'
is "$(grep '^refgate:' "$R/etc/passwd" | cut -d: -f6,7)" /var/lib/refgate:/usr/sbin/nologin \
    'the account refgate cannot log in'
like "$(grep '^refgate:' "$R/etc/shadow")" '^refgate:[!*]+:' 'and has no password'
owner() { in_root stat -c '%U:%G %a' "$@"; }
is "$(owner /var/lib/refgate)" 'refgate:refgate 755' 'the snapshot has a directory of that account'
is "$(owner /var/log/refgate /etc/refgate /etc/refgate/refgate.conf /etc/refgate/sync.env \
    /usr/lib/refgate/refgate-hook | tr '\n' ,)" \
    'root:root 755,root:root 755,root:root 644,root:root 644,root:root 755,' \
    'everything else belongs to root'
is "$(find "$R/etc/systemd" "$R/var/lib/systemd" -name '*refgate*.timer' 2>/dev/null)" '' \
    'no timer is enabled'
ok 'the units are there' test -f "$(find "$R/lib/systemd/system/" "$R/usr/lib/systemd/system/" \
    -name refgate-sync.timer 2>/dev/null | head -n 1)"

# ---------------------------------------------------------------- use
ok 'pushes through the hook, accepted and rejected' in_root /srv/t/tests/lib/push-installed
ok "autopkgtest's test, started as it would start it" in_root sh -c 'cd /srv/t && debian/tests/push'

# As an administrator sets it up: a sync by its account, Bitbucket as another user.
as_user() { # USER COMMAND...
    user=$1
    shift
    in_root runuser -u "$user" -- "$@"
}
sed -i 's/^;owners = .*/owners = refgate/' "$R/etc/refgate/refgate.conf"
in_root chown atlbitbucket /var/log/refgate
ok 'the account writes the snapshot' as_user refgate refgate sync --quiet \
    --replay /srv/t/tests/fixtures/acme --output /var/lib/refgate/snapshot.cdb
in_place() { as_user atlbitbucket env HOME=/srv/t/home /srv/t/tests/lib/push-installed --in-place; }
ok 'pushes with everything in its place, as the user of Bitbucket' in_place

# ---------------------------------------------------------------- upgrade
# Pushes come in all the time: the hook is there at each moment.
cat >"$R/srv/t/upgrade" <<'UPGRADE'
#!/bin/sh
(
    while [ ! -e /srv/t/stop ]; do
        /usr/lib/refgate/refgate-hook --version >/dev/null || echo gone
        echo started
    done >/srv/t/starts
) &
while [ ! -s /srv/t/starts ]; do :; done
dpkg -i /srv/t/hook2.deb /srv/t/admin2.deb </dev/null
code=$?
: >/srv/t/stop
wait
exit $code
UPGRADE
conf=$(cat "$R/etc/refgate/refgate.conf")
run in_root sh /srv/t/upgrade
is "$code" 0 'the upgrade asks nothing' || note "$out$err"
lacks "$err" WARNING 'and warns of nothing'
unlike "$(cat "$R/srv/t/starts")" gone 'the hook could be started at each moment of it'
is "$(in_root dpkg-query -W -f '${Version} ' refgate refgate-hook)" "$revision+next $revision+next " \
    'the next revision is installed'
is "$(cat "$R/etc/refgate/refgate.conf")" "$conf" 'the changed configuration is kept'
is "$(owner /var/lib/refgate /var/log/refgate | tr '\n' ,)" \
    'refgate:refgate 755,atlbitbucket:root 755,' 'and so are the owners of directories'
ok 'pushes after the upgrade' in_place

# The shipped configuration changed: only what was not edited here is replaced.
run in_root dpkg --force-confdef --force-confold -i /srv/t/hook3.deb /srv/t/admin3.deb </dev/null
is "$code" 0 'an upgrade that brings another configuration' || note "$out$err"
is "$(cat "$R/etc/refgate/refgate.conf")" "$conf" 'the changed configuration is kept again'
contains "$(cat "$R/etc/refgate/refgate.conf.dpkg-dist")" 'new in this version' 'the new one is beside it'
contains "$(cat "$R/etc/refgate/sync.env")" 'new in this version' 'one that nobody changed is new'
ok 'pushes after that' in_place

# ---------------------------------------------------------------- remove
# Only the tool: the hook goes on with what it has.
: >"$R/etc/refgate/sync.auth"
ok 'refgate is purged' in_root dpkg -P refgate
ok 'the hook goes on deciding pushes' in_place
ok 'the credential of the sync is gone' test ! -e "$R/etc/refgate/sync.auth"
in_root dpkg -i /srv/t/admin3.deb >/dev/null 2>&1

run in_root dpkg -r refgate refgate-hook
is "$code" 0 'both are removed'
contains "$err" 'refgate install hook-script --uninstall' 'the hook says what to do about pushes first'
# What systemd's helper knows about units goes at the purge.
is "$(added | grep -v '^./var/lib/systemd/')" './etc/logrotate.d/refgate
./etc/refgate
./etc/refgate/refgate.conf
./etc/refgate/refgate.conf.dpkg-dist
./etc/refgate/sync.env
./var/lib/refgate
./var/lib/refgate/snapshot.cdb
./var/lib/refgate/snapshot.cdb.lock
./var/log/refgate
./var/log/refgate/audit.jsonl' 'configuration, logs and the snapshot are left, nothing else'

: >"$R/etc/refgate/sync.auth"
ok 'refgate-hook is purged' in_root dpkg -P refgate-hook
ok 'what refgate still has is kept' test -f "$R/var/lib/refgate/snapshot.cdb" -a -f "$R/etc/refgate/sync.env"
ok 'refgate is purged' in_root dpkg -P refgate
is "$(files | LC_ALL=C comm -3 "$T/before" -)" '' 'nothing is left'

root_remove "$R"
done_testing
