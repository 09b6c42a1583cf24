# part-crawl.sh - the crawl against a local responder, killed and resumed; snapshots from recorded answers (--replay)
# shellcheck shell=sh
#
# Against tests/bench/responder.c, which answers at once and takes its share of the processors. What
# counts is the first pass, which asks: from its recording's times; and the most memory until then,
# looked at again and again, since the second pass begins at once. (An instance of 1,000 repositories
# is one page, and does not fill what a crawl needs of memory in any case.)
if [ -n "$quick" ]; then
    crawl_small=3000 crawl_large=10000
else
    crawl_small=5000 crawl_large=50000
fi
(umask 077 && printf 'user = u00000\npassword = bench\n' >"$tmp/auth")
responder=
at_exit '[ -z "$responder" ] || kill "$responder" 2>/dev/null || :'
respond() { # REPOSITORIES: a new instance, at $url
    "$BUILD/tests/bench/responder" --projects 50 --repositories "$1" >"$tmp/url" &
    responder=$!
    while [ ! -s "$tmp/url" ]; do
        kill -0 $responder || return 1
        sleep 0.05
    done
    url=$(cat "$tmp/url")
}
respond_no_more() {
    kill $responder
    wait $responder 2>/dev/null || :
    responder=
    rm -rf "$tmp/recording" "$tmp/url" "$tmp"/crawl.cdb*
}
asked() { curl -s --noproxy '*' "$url/requests"; }
# The program itself, so that $! is its process.
begin_sync() {
    env -u REFGATE_TOKEN no_proxy='*' "$refgate" sync --url "$url" --auth-file "$tmp/auth" \
        --output "$tmp/crawl.cdb" --self-check 0 --format json "$@" >"$tmp/summary" 2>"$tmp/progress" &
    sync=$!
}
crawl() { # REPOSITORIES: $requests, $milliseconds, $peak (KiB), $bytes, $whole (requests of both passes)
    respond "$1" || return 1
    rm -rf "$tmp/recording"
    begin_sync --record "$tmp/recording"
    peak=
    while seen=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' /proc/$sync/status 2>/dev/null) &&
        [ -n "$seen" ] && ! grep -qs '"finished"' "$tmp/recording/recording.json"; do
        peak=$seen
        sleep 0.02
    done
    wait $sync || {
        tail -n 1 "$tmp/progress" >&2
        return 1
    }
    began=$(sed -n 's/.*"started": *"\([^"]*\)".*/\1/p' "$tmp/recording/recording.json")
    ended=$(sed -n 's/.*"finished": *"\([^"]*\)".*/\1/p' "$tmp/recording/recording.json")
    requests=$(sed -n 's/.*"requests":\([0-9]*\).*/\1/p' "$tmp/summary")
    milliseconds=$(($(date -ud "$ended" +%s%3N) - $(date -ud "$began" +%s%3N)))
    bytes=$(wc -c <"$tmp/crawl.cdb")
    whole=$(asked)
    respond_no_more
}
# Killed where half of all is asked, and resumed: $whole again, with what was asked twice.
crawl_resumed() { # REPOSITORIES HALF
    respond "$1" || return 1
    begin_sync
    while kill -0 $sync 2>/dev/null && [ "$(asked)" -lt "$2" ]; do sleep 0.01; done
    kill -9 $sync || return 1
    wait $sync 2>/dev/null || :
    interrupted=$(asked)
    begin_sync --resume
    wait $sync || return 1
    whole=$(asked)
    respond_no_more
}
crawled() { # KEY REPOSITORIES
    say "bench: crawling $2 repositories"
    crawl "$2" || die 'a crawl failed'
    rate=$(calc "$requests / $milliseconds * 1000")
    result "crawl.$1" "crawl of $(($2 / 1000)),000 repositories: requests a second" "$rate" 1/s - \
        '>= 3,000' "$(judge "$rate" '>=' 3000)"
    mib=$(calc "${peak:-0} / 1024")
}
crawled small $crawl_small
small=$mib
result crawl.memory-small '  peak memory while it asks' "$small" MiB - - -
crawled large $crawl_large
result crawl.memory-large '  peak memory while it asks: does not grow' "$mib" MiB - \
    "<= $(calc "int(11 * $small) / 10") MiB" "$(judge "$mib" '<=' "1.1 * $small")"
result crawl.size '  size of the snapshot, each repository' "$(calc "$bytes / $crawl_large")" bytes - - -
if command -v curl >/dev/null; then
    say "bench: crawling $crawl_large repositories, killed on the way and resumed"
    undisturbed=$whole
    # The first pass asks nearly all.
    crawl_resumed $crawl_large $((requests / 2)) || die 'a resumed crawl failed'
    twice=$(calc "100 * ($whole - $undisturbed) / $undisturbed")
    result crawl.resumed "killed after $(calc "int(100 * $interrupted / $undisturbed)") % of a crawl, and resumed: asked twice" \
        "$twice" % - '< 1 %' "$(judge "$twice" '<' 1)"
else
    left_out 'a crawl that is killed and resumed: curl is not installed'
fi

if [ -n "$replay" ]; then
    recording=$data/recording-xlarge
    if [ ! -d "$recording" ]; then
        say 'bench: making the recording of an XLarge instance (once)'
        rm -rf "$recording.new"
        "$BUILD/tests/helpers/make_recording" --preset xlarge "$recording.new" >&2
        mv "$recording.new" "$recording"
    fi
    say 'bench: building an XLarge snapshot from recorded answers'
    printf 'case replay\n' >"$tmp/replay.cases"
    for argument in "$refgate" sync --replay "$recording" --output "$tmp/replay.cdb" --quiet; do
        echo "arg $argument"
    done >>"$tmp/replay.cases"
    measure replay 1
    seconds=$(calc "$(figure replay replay wall) / 1000")
    result crawl.replay 'XLarge snapshot from recorded answers' "$seconds" s - '<= 20 s' \
        "$(judge "$seconds" '<=' 20)"
    result crawl.replay-size '  size of it, each repository (restrictions, grants and keys included)' \
        "$(calc "$(wc -c <"$tmp/replay.cdb") / 52000")" bytes - - -
    mib=$(calc "$(figure replay replay peak) / 1024")
    result crawl.replay-memory '  peak memory' "$mib" MiB - '<= 512 MiB' "$(judge "$mib" '<=' 512)"
fi
