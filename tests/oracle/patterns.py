"""Patterns (semantics 4.4), by the definition and without a thought for speed."""

import functools
import re

from answers import fold


def characters(raw):
    """Code points of UTF-8; a byte that is none is a character of its own."""
    return raw.decode('utf-8', 'surrogateescape')


@functools.lru_cache(maxsize=200000)
def segment_matches(pattern, text):
    if not pattern:
        return not text
    if pattern[0] == '*':
        return segment_matches(pattern[1:], text) or bool(text) and segment_matches(pattern, text[1:])
    return bool(text) and pattern[0] in ('?', text[0]) and segment_matches(pattern[1:], text[1:])


def segments_match(patterns, texts):
    if not patterns:
        return not texts
    if patterns[0] == '**':
        return segments_match(patterns[1:], texts) or bool(texts) and segments_match(patterns, texts[1:])
    return bool(texts) and segment_matches(patterns[0], texts[0]) \
        and segments_match(patterns[1:], texts[1:])


def usable(pattern):
    """Neither empty, nor "/", nor with an empty segment, nor with a control character."""
    inner = pattern[1:] if pattern.startswith(b'/') else pattern
    inner = inner[:-1] if inner.endswith(b'/') else inner
    return all(inner.split(b'/')) and not any(byte < 32 or byte == 127 for byte in pattern)


def in_segments(pattern):
    text = characters(pattern)
    text = text[1:] if text.startswith('/') else text
    text = text + '**' if text.endswith('/') else text
    return tuple(text.split('/'))


@functools.lru_cache(maxsize=200000)
def restricts(pattern, ref):
    """A suffix is enough: for what restricts."""
    return segments_match(('**',) + in_segments(pattern), tuple(characters(ref).split('/')))


@functools.lru_cache(maxsize=200000)
def permits(pattern, ref):
    """For what permits: a pattern that does not begin with refs/ is one below refs/heads/."""
    found = in_segments(pattern)
    if found[0] != 'refs' or len(found) < 2:
        found = ('refs', 'heads') + found
    return segments_match(found, tuple(characters(ref).split('/')))


@functools.lru_cache(maxsize=200000)
def name_matches(pattern, name):
    """Project keys and KEY/SLUG: * and ? do not cross a slash; no ASCII case."""
    wild = {'*': '[^/]*', '?': '[^/]'}
    regex = ''.join(wild.get(c) or re.escape(c) for c in characters(fold(pattern)))
    return re.fullmatch(regex, characters(fold(name)), re.DOTALL) is not None
