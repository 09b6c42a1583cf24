"""page.py - what must hold for an HTML page of refgate, and a network that is only a log.

usage: page.py check FILE...          prints what is wrong with the pages, a line each
       page.py network DIR LOG PORT   a proxy on 127.0.0.1: answers http://report.test/NAME with the
                                      file DIR/NAME and nothing else; LOG gets a line a request; the
                                      port is written to the file PORT

Python's standard library only.
"""
import base64
import hashlib
import http.server
import os
import posixpath
import re
import sys
from html.parser import HTMLParser

VOID = {'meta', 'br', 'col'}
# Nothing else may be in a page: no script, image, form, link, frame, base; no style attribute.
ELEMENTS = set('''html head meta title style body a header nav main section footer div p span h1 h2 h3
    ul li dl dt dd table caption colgroup col thead tbody tfoot tr th td figure figcaption details
    summary code bdi time q br svg g rect line text desc defs pattern'''.split())
ATTRIBUTES = set('''lang charset http-equiv content name class id href tabindex role open scope
    datetime aria-labelledby aria-hidden width height x y x2 y1 y2 text-anchor patternunits
    patterntransform'''.split())
NUMBERS = {'width', 'height', 'x', 'y', 'x2', 'y1', 'y2'}
# Controls, C1 and what shows nothing or turns the direction of writing.
UNSEEN = re.compile('[\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff'
                    '\ufe00-\ufe0f\ufff9-\ufffb\U000e0000-\U000e0fff]')

# (foreground, background, least contrast): letters 4.5, drawings 3 (WCAG 2.1, 1.4.3 and 1.4.11).
CONTRASTS = (
    [(ink, paper, 4.5) for ink in ('ink', 'soft', 'link', 'critical', 'high', 'medium', 'low', 'info')
     for paper in ('paper', 'mark')]
    + [('on-critical', 'critical', 4.5), ('on-high', 'high', 4.5), ('on-new', 'new', 4.5)]
    + [(drawing, 'paper', 3) for drawing in ('bar', 'accepted', 'annotated', 'rejected', 'failed')]
    + [(bar, 'track', 3) for bar in ('bar', 'critical', 'high', 'medium', 'low', 'info')])


def luminance(colour):
    parts = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    parts = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one, other):
    one, other = sorted((luminance(one), luminance(other)), reverse=True)
    return (one + 0.05) / (other + 0.05)


def style_problems(style):
    """Colours of both schemes; nothing that would be loaded."""
    if re.search(r'url\((?!#)|@import|@font-face|expression|\\|</', style):
        yield 'the style sheet loads something'
    schemes = re.findall(r':root\{([^}]*)\}', style)
    if len(schemes) < 2 or 'prefers-color-scheme:dark' not in style:
        yield 'the style sheet has no dark scheme'
        return
    light = dict(re.findall(r'--([a-z-]+):\s*(#[0-9a-f]{6})', schemes[0]))
    dark = dict(re.findall(r'--([a-z-]+):\s*(#[0-9a-f]{6})', schemes[1]))
    if set(light) != set(dark):
        yield f'colours of one scheme only: {sorted(set(light) ^ set(dark))}'
        return
    for name, scheme in (('light', light), ('dark', dark)):
        for front, back, least in CONTRASTS:
            got = contrast(scheme[front], scheme[back])
            if got < least:
                yield f'{name}: {front} on {back} has a contrast of {got:.2f}, not {least}'
    used = set(re.findall(r'var\(--([a-z-]+)\)', style))
    if used != set(light):
        yield f'colours that are used or defined only: {sorted(used ^ set(light))}'


class Page(HTMLParser):
    """Reads a page strictly: each element is closed where it should be."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.problems, self.open, self.ids, self.wanted = [], [], [], []
        self.texts, self.tables, self.headings, self.drawings = {}, [], [], []
        self.metas, self.order, self.row = {}, [], None

    def say(self, text):
        self.problems.append(f'line {self.getpos()[0]}: {text}')

    def handle_starttag(self, tag, pairs):
        given = dict(pairs)
        self.order.append(tag)
        if tag not in ELEMENTS:
            self.say(f'element {tag}')
        for name, value in pairs:
            if name not in ATTRIBUTES:
                self.say(f'attribute {name} of {tag}')
            if name in NUMBERS and not re.fullmatch(r'\d+(\.\d+)?%?', value or ''):
                self.say(f'{name}="{value}" is not a number')
        if len(given) != len(pairs):
            self.say(f'{tag} has an attribute twice')
        if 'id' in given:
            if given['id'] in self.ids or not re.fullmatch('[a-z][a-z0-9-]*', given['id']):
                self.say(f'id {given["id"]} is there twice, or a bad one')
            self.ids.append(given['id'])
        href = given.get('href', '#')
        if not href.startswith('#'):
            self.say(f'link to {href}')
        elif href != '#':
            self.wanted.append(href[1:])
        self.wanted += given.get('aria-labelledby', '').split()
        getattr(self, 'begin_' + tag, lambda given: None)(given)
        if tag not in VOID:
            self.open.append((tag, given))

    def handle_startendtag(self, tag, pairs):
        if not any(name == 'svg' for name, _ in self.open):
            self.say(f'<{tag}/> outside of a drawing')
        self.handle_starttag(tag, pairs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag):
        if tag in VOID or not self.open or self.open[-1][0] != tag:
            self.say(f'</{tag}> where {self.open[-1][0] if self.open else "nothing"} is open')
            return
        getattr(self, 'end_' + tag, lambda: None)()
        self.open.pop()

    def handle_data(self, data):
        if self.open:
            self.texts[self.open[-1][0]] = self.texts.get(self.open[-1][0], '') + data

    def handle_comment(self, data):
        self.say('a comment')

    handle_pi = unknown_decl = handle_comment

    def begin_meta(self, given):
        self.metas[given.get('http-equiv', given.get('name', 'charset'))] = given.get('content', '')
        if given.get('charset') and self.order != ['html', 'head', 'meta']:
            self.say('charset does not come first')

    def begin_table(self, given):
        self.tables.append({'caption': False, 'columns': None, 'rows': 0})

    def begin_caption(self, given):
        self.tables[-1]['caption'] = True

    def begin_tr(self, given):
        self.row = []

    def begin_td(self, given):
        self.row.append('td')

    def begin_th(self, given):
        self.row.append('th')
        head = any(tag == 'thead' for tag, _ in self.open)
        if given.get('scope') != ('col' if head else 'row'):
            self.say('th without its scope')

    def end_tr(self):
        table = self.tables[-1]
        if table['columns'] is None:
            table['columns'] = len(self.row)
        elif len(self.row) != table['columns'] or self.row.count('th') != 1:
            self.say('a row with other columns than the head, or without its head')
        table['rows'] += 1

    def end_table(self):
        if not self.tables[-1]['caption'] or self.tables[-1]['rows'] < 2:
            self.say('a table without caption or rows')

    def heading(self, level):
        if level > (self.headings[-1] if self.headings else 0) + 1:
            self.say(f'h{level} is too deep here')
        self.headings.append(level)

    def begin_h1(self, given):
        self.heading(1)

    def begin_h2(self, given):
        self.heading(2)

    def begin_h3(self, given):
        self.heading(3)

    def begin_svg(self, given):
        names = given.get('aria-labelledby', '').split()
        if not given.get('aria-hidden') and (given.get('role') != 'img' or len(names) != 2):
            self.say('a drawing without a name')
        self.drawings += names


def policy_problems(page):
    policy = page.metas.get('Content-Security-Policy', '')
    directives = dict(part.strip().split(' ', 1) for part in policy.split(';') if part.strip())
    digest = hashlib.sha256(page.texts.get('style', '').encode()).digest()
    want = {'default-src': "'none'", 'script-src': "'none'", 'img-src': "'none'",
            'form-action': "'none'", 'base-uri': "'none'",
            'style-src': "'sha256-" + base64.b64encode(digest).decode() + "'"}
    if directives != want:
        yield f'Content-Security-Policy is {policy}'
    if list(page.metas)[:2] != ['charset', 'Content-Security-Policy']:
        yield 'the policy comes too late'
    if page.metas.get('referrer') != 'no-referrer' or 'viewport' not in page.metas:
        yield 'referrer or viewport is missing'


def page_problems(content):
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        yield f'not UTF-8: {error}'
        return
    page = Page()
    page.feed(text)
    page.close()
    yield from page.problems
    yield from policy_problems(page)
    yield from style_problems(page.texts.get('style', ''))
    if page.open:
        yield f'never closed: {[tag for tag, _ in page.open]}'
    if not text.startswith('<!DOCTYPE html>\n<html lang="en">'):
        yield 'no document type, or no language'
    for name in page.wanted:
        if name not in page.ids:
            yield f'nothing has the id {name}'
    if page.headings.count(1) != 1 or not page.texts.get('title', '').strip():
        yield 'no title, or not one h1'
    unseen = UNSEEN.search(text)
    if unseen:
        yield f'U+{ord(unseen[0]):04X} stands in the page as it is'


def check(paths):
    bad = False
    for path in paths:
        with open(path, 'rb') as file:
            for problem in page_problems(file.read()):
                print(f'{os.path.basename(path)}: {problem}')
                bad = True
    return bad


def network(directory, log_path, port_path):
    log = open(log_path, 'a', encoding='ascii', buffering=1)

    class Handler(http.server.BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def answer(self):
            log.write(f'{self.command} {self.path}\n')
            here = re.fullmatch(r'http://report\.test/([a-z-]+\.html)', self.path)
            path = posixpath.join(directory, here[1]) if here else ''
            found = self.command == 'GET' and os.path.isfile(path)
            body = b''
            if found:
                with open(path, 'rb') as file:
                    body = file.read()
            self.send_response(200 if found else 404)
            self.send_header('Content-Type', 'text/html')
            self.send_header('Content-Length', str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_HEAD = do_CONNECT = answer

    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
    with open(port_path + '.new', 'w', encoding='ascii') as file:
        file.write(str(server.server_address[1]))
    os.rename(port_path + '.new', port_path)
    server.serve_forever()


def main(arguments):
    if len(arguments) >= 2 and arguments[0] == 'check':
        return check(arguments[1:])
    if len(arguments) == 4 and arguments[0] == 'network':
        return network(*arguments[1:])
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
