#!/bin/sh
# The hook in a container, without a container engine: a root that has nothing in it but the tarball's
# files; no library, no shell, no /proc, no /dev. (Without /proc the hook cannot tell what is beside it,
# so its configuration is named.)
. tests/lib/tap.sh
for tool in xz strip jq git; do
    command -v $tool >/dev/null || skip_all "$tool is not installed: scripts/install-deps"
done
[ "$(id -u)" = 0 ] || skip_all 'chroot needs root'
test_start
chroot "$T" /nothing 2>/dev/null
[ $? = 127 ] || skip_all 'chroot is refused here'
LIBGIT2_DIR=${LIBGIT2_DIR:-$(scripts/build-libgit2)}
export LIBGIT2_DIR

run packaging/build-tarball --build "$BUILD" --output "$T/dist"
is "$code" 0 'the tarball' || note "$err"
[ "$code" = 0 ] || done_testing
tarball=$(tail -n 1 "$T/.out")
mkdir "$T/unpacked"
tar -C "$T/unpacked" -xf "$tarball"

# ---------------------------------------------------------------- Dockerfile
# Each file that it takes from the tarball is in there.
dockerfile=packaging/container/Dockerfile
version=$(sed -n 's/^VERSION = //p' Makefile)
is "$(sed -n 's/^ARG VERSION=//p' $dockerfile | sort -u)" "$version" 'the Dockerfile is of this version'
sed -e :a -e '/\\$/N; s/\\\n//; ta' $dockerfile | sed -n 's/^COPY --from=unpacked //p' |
    tr -s ' ' '\n' | sed -n 's,^/refgate-hook-\${VERSION}-linux-\${MACHINE},,p' >"$T/copied"
ok 'the Dockerfile copies the hook' grep -qx /refgate-hook "$T/copied"
missing=
while IFS= read -r file; do
    [ -e "$T/unpacked/$(basename "$tarball" .tar.xz)$file" ] || missing="$missing $file"
done <"$T/copied"
is "$missing" '' 'and nothing that is not there'

# ---------------------------------------------------------------- the root
root=$T/root
chroot=$(command -v chroot)
user=2003 # Bitbucket's in the official image
home=/var/atlassian/application-data/bitbucket/shared
mkdir -p "$root/usr/lib/refgate" "$root/etc/refgate" "$root/var/log/refgate" \
    "$root$home/refgate" "$root$home/data/repositories"
cp "$T/unpacked"/*/refgate-hook "$root/usr/lib/refgate/"
cat >"$root/etc/refgate/refgate.conf" <<CONF
[snapshot]
file = $home/refgate/snapshot.cdb
[rule "no-rewrites"]
action = reject
changes = rewrite
refs = topic/*
CONF
ok 'a snapshot' "$BUILD/refgate" sync --quiet --replay "$TOP/tests/fixtures/acme" \
    --output "$root$home/refgate/snapshot.cdb"
git init -q --bare "$root$home/data/repositories/84"
git init -q "$T/work"
git -C "$T/work" commit -q --allow-empty -m one
git -C "$T/work" commit -q --allow-empty -m two
git -C "$T/work" push -q "$root$home/data/repositories/84" HEAD:refs/heads/topic/1
one=$(git -C "$T/work" rev-parse HEAD~1)
two=$(git -C "$T/work" rev-parse HEAD)
zero=0000000000000000000000000000000000000000
chown -R $user:$user "$root/var/log/refgate" "$root$home"
chmod 750 "$root/var/log/refgate"
is "$(find "$root" -type f \( -name '*.so*' -o -name sh \) | wc -l)" 0 'no library and no shell in it'

in_root() { chroot --userspec="$user:$user" "$root" "$@"; }
run in_root /usr/lib/refgate/refgate-hook --version
is "$code" 0 'refgate-hook --version'
like "$out" "^refgate-hook $version" 'says its version'

decide() { # UPDATE: as Bitbucket 8.9 starts a hook script
    printf '%s\n' "$1" >"$T/updates"
    run env -i PATH=/bin BB_HOOK_TRIGGER_ID=push BB_HOOK_TYPE=PRE BB_IS_DRY_RUN=false \
        BB_PROJECT_KEY=PRJ BB_REPO_SLUG=app BB_BASE_URL=https://bitbucket.example.com \
        BB_USER_NAME=jdoe BB_USER_DISPLAY_NAME='Jane Doe' BB_USER_EMAIL=jane.doe@example.com \
        BB_USER_PERMISSION=REPO_WRITE \
        GIT_OBJECT_DIRECTORY="$home/data/repositories/84/objects" \
        "$chroot" --userspec="$user:$user" "$root" /usr/lib/refgate/refgate-hook \
        --config /etc/refgate/refgate.conf <"$T/updates"
}
last() { tail -n 1 "$root/var/log/refgate/audit.jsonl" | jq -r "$1"; }

decide "$zero $two refs/heads/topic/2"
is "$code" 0 'a new branch is accepted' || note "$err"
is "$out$err" '' 'in silence'
is "$(last '"\(.verdict) \(.push.repository_id)"')" 'accept 84' 'recorded; the repository is known'
decide "$one $two refs/heads/topic/1"
is "$code" 0 'a fast-forward is accepted' || note "$err"
is "$(last '.changes[0].kind')" update 'since the history was read'
decide "$two $one refs/heads/topic/1"
is "$code" 1 'a rewrite is rejected, by a rule'
contains "$err" no-rewrites 'that is named'
decide "$zero $two refs/heads/main"
is "$code" 1 'a push to a closed branch is rejected'
contains "$err" 'refgate: push rejected' 'and says so'
decide 'not an update'
is "$code" 2 'nonsense is trouble, not a crash'
is "$(wc -l <"$root/var/log/refgate/audit.jsonl")" 5 'five decisions in the audit log'
ok 'whose chain is whole' "$BUILD/refgate" audit verify "$root/var/log/refgate/audit.jsonl"
is "$(stat -c %u "$root/var/log/refgate/audit.jsonl")" $user "the log is Bitbucket's"

# A volume that fsGroup has made writable for a group, as README.md warns.
chmod g+w "$root/etc/refgate"
decide "$zero $two refs/heads/topic/2"
is "$code" 2 'a directory that a group may write to: the configuration is not trusted'
done_testing
