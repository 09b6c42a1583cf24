#!/bin/sh
# What `refgate policy show` prints is a configuration, and the same one.
. tests/lib/tap.sh
test_start

settings() { sed -e '/^#/d' -e 's/  *; .*$//' "$1"; }

for file in config/refgate.conf config/examples/*.conf; do
    name=${file##*/}
    run "$BUILD/refgate" policy show --config "$file"
    is "$code" 0 "$name is printed"
    cp "$T/.out" "$T/$name"
    run "$BUILD/refgate" policy show --config "$T/$name"
    is "$code" 0 'and read again'
    cp "$T/.out" "$T/again"
    settings "$T/$name" >"$T/settings"
    settings "$T/again" >"$T/settings-again"
    same_file "$T/settings-again" "$T/settings" 'semantics 6: each setting and rule is as it was'
done

done_testing
