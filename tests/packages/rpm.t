#!/bin/sh
# The RPM packages: built without a network, clean for rpmlint, installed into a clean root, used for
# pushes, upgraded with changed configuration, removed. The root is a Debian, which rpm knows nothing of:
# --nodeps, and a database of its own.
. tests/lib/tap.sh
. tests/lib/root.sh
test_start
root_needed
for tool in rpm rpmbuild rpmlint; do
    command -v $tool >/dev/null || skip_all "$tool is not installed: scripts/install-deps package"
done
LIBGIT2_DIR=${LIBGIT2_DIR:-$(scripts/build-libgit2)}
export LIBGIT2_DIR
R=$T/root

# ---------------------------------------------------------------- build
# The one thing that is fetched, before the network is gone.
(unset LIBGIT2_DIR && scripts/build-libgit2 --fetch) >/dev/null || exit 99
run unshare --net packaging/build-rpm --topdir "$T/top" --output "$T/out"
is "$code" 0 'the packages are built without a network' || note "$err"
[ "$code" = 0 ] || done_testing
version=$(sed -n 's/^VERSION = //p' Makefile)
machine=$(rpm -E '%{_target_cpu}')
hook_rpm=$T/out/refgate-hook-$version-1.$machine.rpm
admin_rpm=$T/out/refgate-$version-1.$machine.rpm
is "$out" "$admin_rpm
$hook_rpm
$T/out/refgate-$version-1.src.rpm" 'refgate, refgate-hook and their source are there'
run rpmlint -c packaging/rpm/rpmlint.toml packaging/rpm/refgate.spec "$T/out"/*.rpm
like "$out" ' 0 errors, 0 warnings, ' 'rpmlint finds neither errors nor warnings'
query() { rpm -qp --nosignature "$@" 2>/dev/null; }
is "$(query --requires "$hook_rpm" | grep -vE '^(rpmlib\(|config\(|/bin/sh$)')" '' 'the hook needs nothing'
like "$(query --requires "$admin_rpm")" '^libcurl\.so' 'the tool needs its libraries'
is "$(query -l --noghost "$hook_rpm" "$admin_rpm" | grep -F "$T")" '' 'no path of this machine'

# The next release, whose shipped configuration is different; packed anew, not built.
for conf in refgate.conf sync.env; do
    echo '# A line that is new in this version.' >>"$T/top/BUILDROOT/etc/refgate/$conf"
done
run packaging/build-rpm --topdir "$T/top" --output "$T/next" --release 2 --repackage
is "$code" 0 'a second release' || note "$err"
rm -rf "$T/top"

# ---------------------------------------------------------------- install
ok 'a clean root' root_make "$R" adduser libc6 libcdb1 libcurl4 libinih1 libjansson4 libmd0 zlib1g \
    git jq python3 openssl ca-certificates || done_testing
mkdir -p "$R/srv/t/tests/fixtures"
cp -R tests/lib "$R/srv/t/tests/"
cp -R tests/fixtures/acme "$R/srv/t/tests/fixtures/"
in_root() { root_run "$R" "$@"; }
as_user() { # USER COMMAND...
    as_user_name=$1
    shift
    in_root runuser -u "$as_user_name" -- "$@"
}
in_root useradd --system --create-home --home-dir /srv/t/home atlbitbucket
rpm_db() { rpm --root "$R" --dbpath /var/lib/rpm --nosignature "$@"; }
rpm_here() { rpm_db --nodeps "$@"; }
# What rpm and useradd keep about themselves is no leftover.
files() {
    root_files "$R" |
        grep -vE ' \./(srv/t|var/lib/rpm|etc/(passwd|shadow|group|gshadow|subuid|subgid)-?)(/|$)'
}
added() { # since the start, by name
    files | sed 's/^[^ ]* [^ ]* [^ ]* //' | LC_ALL=C sort | LC_ALL=C comm -13 "$T/before" -
}
owner() { in_root stat -c '%U:%G %a' "$@" | paste -sd,; }
# What systemd, filesystem and the shells have in a distribution of RPM packages.
mkdir -p "$R/usr/lib/sysusers.d" "$R/usr/share/licenses" "$R/usr/share/fish/vendor_completions.d" \
    "$R/usr/share/zsh/site-functions"
rpm_db --initdb
files | sed 's/^[^ ]* [^ ]* [^ ]* //' | LC_ALL=C sort >"$T/before"

ok 'refgate-hook is installed' rpm_here -i "$hook_rpm"
run in_root /usr/lib/refgate/refgate-hook --version
is "$code" 0 'refgate-hook --version'
like "$out" "^refgate-hook $version" 'says which one it is'
ok 'refgate is installed' rpm_here -i "$admin_rpm"
run in_root refgate --version
is "$code" 0 'refgate --version'
for page in packaging/man/*.[1-9]; do
    gzip -t "$R/usr/share/man/man${page##*.}/${page##*/}.gz" 2>/dev/null || echo "$page"
done >"$T/missing"
is "$(cat "$T/missing")" '' 'all manual pages are there'
for file in packaging/systemd/*.service packaging/systemd/*.timer; do
    [ -f "$R/usr/lib/systemd/system/${file##*/}" ] || echo "$file"
done >"$T/missing"
is "$(cat "$T/missing")" '' 'all units are there'
is "$(find "$R/etc/systemd" "$R/var/lib/systemd" -name '*refgate*' 2>/dev/null)" '' 'none is enabled'
for file in share/bash-completion/completions/refgate share/zsh/site-functions/_refgate \
    share/fish/vendor_completions.d/refgate.fish share/refgate/control-map.ini \
    lib/sysusers.d/refgate.conf lib/tmpfiles.d/refgate.conf lib/tmpfiles.d/refgate-hook.conf \
    "share/licenses/refgate-hook-$version/licenses/libgit2"; do
    ok "/usr/$file" test -s "$R/usr/$file"
done
ok 'the configuration is valid' in_root refgate policy lint --config /etc/refgate/refgate.conf
like "$(grep '^refgate:' "$R/etc/passwd")" ':/var/lib/refgate:(/usr)?/sbin/nologin$' \
    'the account refgate cannot log in'
is "$(owner /var/lib/refgate)" 'refgate:refgate 755' 'the snapshot has a directory of that account'
is "$(owner /var/log/refgate /etc/refgate /etc/refgate/refgate.conf /etc/refgate/sync.env \
    /usr/lib/refgate/refgate-hook /usr/bin/refgate)" \
    'root:root 755,root:root 755,root:root 644,root:root 644,root:root 755,root:root 755' \
    'everything else belongs to root'
is "$(rpm_here -V refgate refgate-hook)" '' 'rpm --verify is content'

# ---------------------------------------------------------------- use
ok 'pushes through the hook, accepted and rejected' in_root /srv/t/tests/lib/push-installed
# As an administrator sets it up: a sync by its account, Bitbucket as another user.
sed -i 's/^;owners = .*/owners = refgate/' "$R/etc/refgate/refgate.conf"
in_root chown atlbitbucket /var/log/refgate
ok 'the account writes the snapshot' as_user refgate refgate sync --quiet \
    --replay /srv/t/tests/fixtures/acme --output /var/lib/refgate/snapshot.cdb
in_place() { as_user atlbitbucket env HOME=/srv/t/home /srv/t/tests/lib/push-installed --in-place; }
ok 'pushes with everything in its place, as the user of Bitbucket' in_place

# ---------------------------------------------------------------- upgrade
cp "$R/etc/refgate/refgate.conf" "$T/edited.conf"
run rpm_here -U "$T/next/refgate-hook-$version-2.$machine.rpm" "$T/next/refgate-$version-2.$machine.rpm"
is "$code" 0 'the upgrade' || note "$err"
is "$(rpm_db -q --qf '%{RELEASE} ' refgate refgate-hook)" '2 2 ' 'the next release is installed'
same_file "$R/etc/refgate/refgate.conf" "$T/edited.conf" 'the changed configuration is kept'
contains "$(cat "$R/etc/refgate/refgate.conf.rpmnew")" 'new in this version' 'the new one is beside it'
contains "$(cat "$R/etc/refgate/sync.env")" 'new in this version' 'one that nobody changed is new'
is "$(owner /var/lib/refgate /var/log/refgate)" 'refgate:refgate 755,atlbitbucket:root 755' \
    'the owners of directories are kept'
ok 'pushes after the upgrade' in_place

# ---------------------------------------------------------------- remove
echo 'token = secret' >"$R/etc/refgate/sync.auth"
ok 'refgate is removed' rpm_here -e refgate
ok 'the hook goes on deciding pushes' in_place
ok 'the credential of the sync is gone' test ! -e "$R/etc/refgate/sync.auth"
run rpm_here -e refgate-hook
is "$code" 0 'refgate-hook is removed' || note "$err"
contains "$out$err" 'refgate install hook-script --uninstall' 'and says what to do about pushes'
is "$(added)" './etc/refgate
./etc/refgate/refgate.conf.rpmnew
./etc/refgate/refgate.conf.rpmsave
./var/log/refgate
./var/log/refgate/audit.jsonl' 'the changed configuration and the logs are left, nothing else'
same_file "$R/etc/refgate/refgate.conf.rpmsave" "$T/edited.conf" 'with what was changed in it'

root_remove "$R"
done_testing
