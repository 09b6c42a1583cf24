#!/bin/sh
# refgate-guide(7), followed literally on a clean machine: a root of its own with the packages beside
# the reader, Bitbucket (the test server) at https://bitbucket.example.com with a certificate that
# the system trusts, and its user and its home where they usually are. tests/push/guide.t does what
# the page says, inside.
. tests/lib/tap.sh
. tests/lib/root.sh
test_start
root_needed

packages=$TOP/build/packages/deb
[ -n "$(find "$packages" -name 'refgate_*.deb' 2>/dev/null)" ] ||
    "$TOP/packaging/build-deb" >"$T/build.log" 2>&1 || {
    cat "$T/build.log"
    exit 99
}
# What the packages need comes with the root: there is no network in it.
root_make_for "$T/root" "$packages"/*.deb || exit 99
root=$T/root

mkdir -p "$root/srv/refgate"
git ls-files -z | tar --null -T - -cf - | tar -C "$root/srv/refgate" -xf -
cp "$packages"/*.deb "$root/srv/refgate"
cat >"$root/root/follow" <<'FOLLOW'
#!/bin/sh
set -eu
useradd --system --create-home --home-dir /var/atlassian/application-data/bitbucket atlbitbucket
echo '127.0.0.1 localhost bitbucket.example.com' >>/etc/hosts
# The reader says yes.
echo 'APT::Get::Assume-Yes "true";' >/etc/apt/apt.conf.d/90yes
mkdir /root/tls
cd /root/tls
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
    -subj /CN=bitbucket.example.com -addext subjectAltName=DNS:bitbucket.example.com,IP:127.0.0.1 \
    -keyout key.pem -out cert.pem 2>/dev/null
cp cert.pem /usr/local/share/ca-certificates/bitbucket.crt
update-ca-certificates >/dev/null 2>&1
cd /srv/refgate
GUIDE_INSTALLED=1 GUIDE_SERVER='--port 443 --tls /root/tls/cert.pem /root/tls/key.pem' \
    exec tests/push/guide.t
FOLLOW
chmod +x "$root/root/follow"
root_run "$root" /root/follow >"$T/guide.tap" 2>&1
is $? 0 'the guide works on a clean machine'
ok 'and it had something to do' test "$(grep -c '^ok' "$T/guide.tap")" -ge 60
lacks "$(cat "$T/guide.tap")" 'not ok' 'each step of it'
grep -A 40 '^not ok' "$T/guide.tap" | sed 's/^/# /'
[ "$(grep -c '^ok' "$T/guide.tap")" -ge 60 ] || sed 's/^/# /' "$T/guide.tap"
root_remove "$root"
done_testing
