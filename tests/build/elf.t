#!/bin/sh
# What the hook's file promises: one self-contained program, hardened, without network code.
. tests/lib/tap.sh
case ${VARIANT:-release} in
asan | fuzz) skip_all "the hook of variant $VARIANT is dynamic" ;;
esac
test_start
hook=$BUILD/refgate-hook

header=$(readelf -hW "$hook")
segments=$(readelf -lW "$hook")
dynamic=$(readelf -dW "$hook")
symbols=$(nm "$hook" | awk '{ print $NF }')

like "$header" 'Type: +DYN' 'position-independent (ET_DYN)'
unlike "$segments" 'INTERP' 'no dynamic loader (no INTERP)'
unlike "$dynamic" '\(NEEDED\)' 'no shared library (no NEEDED)'
unlike "$dynamic" '\((RPATH|RUNPATH|TEXTREL)\)' 'no RPATH, RUNPATH, TEXTREL'
like "$segments" 'GNU_RELRO' 'relocations are made read-only (RELRO)'
like "$dynamic" 'BIND_NOW' 'bound at start (NOW)'
# The columns are type, offset, two addresses, two sizes, flags (R, W, E), alignment.
like "$segments" ' GNU_STACK ( *0x[0-9a-f]+){5} RW  ' 'the stack is not executable'
unlike "$segments" ' LOAD ( *0x[0-9a-f]+){5} .WE ' 'no segment is both writable and executable'
like "$symbols" '^__stack_chk_fail' 'stack protector'
like "$symbols" '^__v?snprintf_chk$' 'fortified libc calls'

# The name service switch loads shared libraries; refgate-hook-libc.c keeps it out.
unlike "$symbols" '^(__)?(getaddrinfo|getnameinfo|gethostby.*|getservby.*)$' 'no name resolution'
unlike "$symbols" '^(__)?(res_n?(init|query|search|send)|ns_parse.*|dn_expand)$' 'no resolver'
unlike "$symbols" '^(__)?get(pw|gr|sp)(nam|uid|gid|ent)' 'no user and group databases'
unlike "$symbols" '^__nss_(lookup|database|module|files)' 'no name service switch'
unlike "$symbols" '^(SSL|TLS|X509|EVP|BIO|mbedtls|gnutls)_' 'no TLS'
unlike "$symbols" '^(curl|ssh|libssh2)_|^http_parser_(init|execute)' 'no HTTP, no SSH'
unlike "$(printf '%s\n' "$symbols" | grep -v '_global_init$')" \
    '^git_(remote|smart__(negotiate|push|download)|socket_stream_new|transport_(new|smart|local))' \
    "libgit2's transports were dropped"
unlike "$symbols" '^(execve?|execv[pe]*|posix_spawnp?|popen|system|__libc_system)$' \
    'cannot start another program'

# The build's own directory, wherever that is, and those below which most people build.
lacks "$(strings -a "$hook" | grep -E "^/[a-z]+/.*/(hook|libgit2|src)/" | head -n 5)" / \
    'no path of the build machine'
lacks "$(strings -a "$hook" | grep -F "$TOP/" | head -n 5)" "$TOP" 'not the directory of this build'

strip -o "$T/stripped" "$hook"
size=$(wc -c <"$T/stripped")
note "$size bytes without symbols, $(wc -c <"$hook") with"
ok 'at most 2.5 MB without symbols' test "$size" -le 2500000

run env -i "$hook" </dev/null
is "$code" 2 'starts with an empty environment, and refuses for want of input'
done_testing
