#!/bin/sh
# semantics 8, "trusted": what the hook does when something else lies where a file of its is, and when
# what lies there changes while hooks run. Real runs of the hook; tests/lib/trust.py has the tables.
#
# LONG=1: also as a hook that is not root's, all of git's files, and a thousand hooks a swap.
. tests/lib/tap.sh
. tests/lib/push.sh
test_start
server_start
server_repository PRJ/app 84
client_clone "$T/c" PRJ/app
storage=$(server_storage PRJ/app)
commit "$T/c" one >"$T/held"
git -C "$storage" fetch -q "$T/c" HEAD:refs/heads/main
commit "$T/c" two >"$T/id"
cp -r "$T/c/.git/objects" "$storage/objects/incoming"
chmod 755 "$T"
# Of another repository only: nothing is forbidden in PRJ/app.
"$BUILD/tests/helpers/make_snapshot" --preset tiny "$T/evil.cdb" >"$T/.make" 2>&1 || note "$(cat "$T/.make")"
PYTHONDONTWRITEBYTECODE=1 python3 tests/lib/trust.py "$T" "$BUILD" "$BB/snapshot.cdb" "$storage"
