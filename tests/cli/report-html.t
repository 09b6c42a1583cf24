#!/bin/sh
# The HTML report: well-formed and accessible by its text (tests/lib/page.py), and in a browser, where
# hostile names must stay text, nothing is asked of the network, and 320 pixels are enough.
. tests/lib/tap.sh
test_start

make=$BUILD/tests/helpers/make_posture
for posture in typical hostile empty bare large; do
    "$make" $posture >"$T/$posture.html" || fail "make_posture $posture"
done
run python3 tests/lib/page.py check "$T/typical.html" "$T/hostile.html" "$T/empty.html" "$T/bare.html"
is "$out$err" '' 'elements, ids, tables, policy and contrasts are right'
"$make" hostile >"$T/again.html"
ok 'the same posture gives the same bytes' cmp "$T/hostile.html" "$T/again.html"
ok 'a large report stays below 2 MB' test "$(wc -c <"$T/large.html")" -lt 2000000

# The checker itself must be able to find something: each line is a damage, and what is said of it.
while IFS='|' read -r damage said; do
    damaged=$((${damaged:-0} + 1))
    sed "$damage" "$T/typical.html" >"$T/damaged-$damaged.html"
    echo "damaged-$damaged.html: $said" >>"$T/said"
done <<'DAMAGES'
s/<\/table>//|</details> where table is open
s/ scope="row"//|th without its scope
s/id="summary"/id="other"/|nothing has the id summary
s/--soft:#57544e/--soft:#979797/|light: soft on paper has a contrast of
s/<p>/<p style="color:red">/|attribute style of p
s/<caption>.*<\/caption>//|a table without caption or rows
s/<h1>/<h1><script><\/script>/|element script
s/<td class="num">[0-9]*<\/td>//|a row with other columns than the head
s/<title id="writers-title">//|nothing has the id writers-title
s/A broad/A\xe2\x80\xaebroad/|U+202E stands in the page as it is
DAMAGES
run python3 tests/lib/page.py check "$T"/damaged-*.html
is "$code" 1 'damaged pages'
printf '%s\n' "$out" | sed 's/: line [0-9]*: /: /' >"$T/found"
while read -r said; do
    ok "the checker says: ${said#*: }" grep -qF "$said" "$T/found"
done <"$T/said"

chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome || :)
if [ -z "$chromium" ]; then
    skip 'the reports in a browser' 'no Chromium'
    done_testing
fi
# What a report must not do is seen when it is done: by the network and by the policy.
cat >"$T/control.html" <<'HTML'
<!DOCTYPE html><title>control</title><p style="width:600px">wide<img src="http://evil.example/control.png">
HTML
cat >"$T/control-policy.html" <<'HTML'
<!DOCTYPE html><meta http-equiv="Content-Security-Policy" content="default-src 'none'"><title>control</title>
<script>document.title = 'owned'</script>
HTML
cp tests/lib/page-probe.html "$T/probe.html"
: >"$T/requests"
python3 tests/lib/page.py network "$T" "$T/requests" "$T/port" &
network=$!
at_exit "kill $network 2>/dev/null"
for _ in $(seq 100); do
    [ ! -s "$T/port" ] || break
    sleep 0.05
done
# All hosts are the log's, loopback too; the browser's own errands are off.
timeout 60 "$chromium" --headless --no-sandbox --disable-gpu --disable-dev-shm-usage \
    --user-data-dir="$T/chromium" --no-first-run --disable-background-networking \
    --disable-component-update --disable-sync --disable-domain-reliability --disable-extensions \
    --proxy-server="http://127.0.0.1:$(cat "$T/port")" --proxy-bypass-list='<-loopback>' \
    --host-resolver-rules='MAP * ~NOTFOUND, EXCLUDE 127.0.0.1' \
    --enable-logging=stderr --v=0 --dump-dom \
    http://report.test/probe.html >"$T/dom" 2>"$T/log"
sed -n '/<pre id="seen">/,/<\/pre>/p' "$T/dom" | sed 's/<[^>]*>//g' |
    sed 's/&lt;/</g; s/&gt;/>/g; s/&quot;/"/g; s/&amp;/\&/g' >"$T/seen"
if [ ! -s "$T/seen" ]; then
    note "$(tail -n 5 "$T/log")"
    fail 'the browser shows the pages'
    done_testing
fi
seen() { sed -n "s/^$1=//p" "$T/seen" | sort | uniq | tr '\n' ' '; }

when='2026-11-22 04:10 UTC'
is "$(seen typical.title)" "Push posture of https://bitbucket.example.com, $when " 'the title'
is "$(seen hostile.title)" "Push posture of https://bitbucket.example.com/\"><script>document.title='owned'</script>, $when " \
    'a hostile address is text in the title'
for page in hostile typical empty hostile-narrow typical-narrow typical-dark; do
    is "$(seen "$page.injected") $(seen "$page.styled") $(seen "$page.wide") $(seen "$page.outside")" \
        '0  true  false  0 ' "$page: nothing injected, styled, not wider than the window, links stay inside"
done
is "$(seen control.injected)$(seen control.wide)" '1 true ' 'and such things would be seen'
is "$(seen hostile.rows)$(seen typical.rows)$(seen empty.rows)" '17 12 0 ' 'a row a finding'
is "$(seen typical.drawings)$(seen empty.drawings)" '5 1 ' 'charts: severity, writers, credentials, days, refused'
is "$(seen typical.paper)$(seen typical-dark.paper)" 'rgb(253, 252, 250) rgb(23, 24, 26) ' 'light and dark'
is "$(seen hostile.shows)" 'true ' 'hostile texts can be read'
is "$(seen typical.stops)$(seen typical.blind)" 'true 0 ' 'each link and summary can be reached by keys, and seen there'
is "$(seen '[a-z-]*.bars') $(seen '[a-z-]*.beyond')" 'true  0 ' 'bars stay in their charts'

# Chromium has errands of its own that no option turns off.
is "$(grep -vE 'http://report\.test/|[/. ](google|googleapis|gvt1)\.com[:/]' "$T/requests")" 'GET http://evil.example/control.png' \
    'nothing is asked of the network but by the control page'
grep 'CONSOLE' "$T/log" | sed 's/.*source: \([^ ]*\).*/\1/' | sort -u >"$T/console"
is "$(cat "$T/console")" 'http://report.test/control-policy.html' \
    'no report breaks its policy or complains otherwise, and the control page does'
done_testing
