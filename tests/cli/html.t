#!/bin/sh
# The manuals as HTML (packaging/build-html, make html): each page is there and in the index, links
# lead somewhere, nothing is loaded from elsewhere.
. tests/lib/tap.sh
test_start

# A machine without mandoc: said so, and nothing half done.
mkdir "$T/bin"
for tool in sh dirname sed mkdir rm cp mktemp cat awk tr find; do
    ln -s "$(command -v $tool)" "$T/bin/$tool"
done
run env PATH="$T/bin" packaging/build-html "$T/none"
is "$code" 2 'without mandoc: code 2'
contains "$err" 'mandoc is needed' 'and the reason'
ok 'and no directory' test ! -e "$T/none"
printf '#!/bin/sh\necho "usage: mandoc"\nexit 1\n' >"$T/bin/mandoc"
chmod +x "$T/bin/mandoc"
run env PATH="$T/bin" packaging/build-html "$T/none"
is "$code" 2 'another program of that name: code 2'
contains "$err" 'does not make HTML' 'and the reason'

if ! command -v mandoc >/dev/null; then
    skip 'the pages are well-formed, and their links lead somewhere' 'no mandoc'
    done_testing
fi
mkdir "$T/html"
echo old >"$T/html/refgate-gone.1.html"
run packaging/build-html "$T/html"
is "$code" 0 'the pages are made' || note "$err"
is "$out$err" '' 'without a word'
ok 'what is left of an earlier page goes' test ! -e "$T/html/refgate-gone.1.html"
# Each has its name as title, leads to the index, and is in it.
for page in packaging/man/*; do
    page=${page##*/}
    printf '%s %s(%s)\n' "$page" "${page%.*}" "${page##*.}"
done >"$T/pages"
ok 'there are pages' test "$(wc -l <"$T/pages")" -ge 25
awk -v html="$T/html" '
    function text(file,   line, all) {
        while ((getline line <file) > 0) all = all line "\n"
        close(file)
        return all
    }
    function want(in_what, part, about) { if (!index(in_what, part)) print about ": no " part }
    BEGIN { index_page = text(html "/index.html") }
    {
        page = text(html "/" $1 ".html")
        want(page, "<title>" $2 "</title>", $1)
        want(page, "<a href=\"index.html\">", $1)
        want(index_page, "<dt><a href=\"" $1 ".html\">" $2 "</a></dt><dd>", "the index")
    }' "$T/pages" >"$T/missing"
is "$(cat "$T/missing")" '' 'each page is there, with its name as title, leads to the index and is in it'
is "$(find "$T/html" -type f | wc -l)" "$(($(find packaging/man -type f | wc -l) + 2))" \
    'nothing but pages, the index and the style sheet is there'
run python3 tests/lib/links.py "$T/html"
is "$code" 0 'the pages can be read'
is "$out$err" '' 'the pages are well-formed, their links lead somewhere, nothing is loaded'
contains "$(cat "$T/html/refgate.conf.5.html")" '<a href="#_service-account' \
    'a long page has contents'
contains "$(cat "$T/html/refgate-hook.8.html")" '<span class="Xr">githooks(5)</span>' \
    'pages of others are named, not linked'

# This checker finds what it is for.
mkdir "$T/bad"
echo '<!DOCTYPE html>
<html><head><title>x</title></head><body><a href="gone.html">a</a><a href="#nowhere">b</a>
<p id="a"><i>c</p></i><p id="a"><img src="https://example.com/x.png"></p></body></html>' >"$T/bad/x.html"
echo 'p { background: url(https://example.com/x.png); }' >"$T/bad/x.css"
run python3 tests/lib/links.py "$T/bad"
for part in 'no gone.html' 'no #nowhere' '</p> closes' 'a is there twice' 'a img' 'has src' 'loads something'; do
    contains "$out" "$part" "the checker says: $part"
done

# Again, of some pages only.
mkdir -p "$T/top/packaging/man"
cp -R packaging/build-html packaging/html "$T/top/packaging/"
for page in refgate.8 refgate.conf.5 refgate-audit.5 refgate-guide.7; do
    cp "packaging/man/$page" "$T/top/packaging/man/"
done
run env VERSION=1.2.3 "$T/top/packaging/build-html" "$T/again"
is "$code$err" 0 'a second time'
contains "$(cat "$T/again/refgate.8.html")" 'refgate 1.2.3' 'the version is below each page'
version=$(sed -n 's/^VERSION = //p' Makefile)
sed -i "s/refgate 1\.2\.3/refgate $version/" "$T"/again/*.html
rm "$T/again/index.html"
for page in "$T"/again/*; do
    cmp "$page" "$T/html/${page##*/}" || echo "$page differs"
done >"$T/differ" 2>&1
is "$(cat "$T/differ")" '' 'the same pages give the same bytes'
done_testing
