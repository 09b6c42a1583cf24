"""Which refs a branch restriction is about (semantics.md 4.3, 4.4), written a second time.

Answers are True, False, or None for "cannot tell".
"""


def segments_match(pattern, text):
    """`*` any run, `?` one character; table over both, so that no pattern takes long."""
    row = [True] + [False] * len(text)
    for p in pattern:
        new = [row[0] and p == "*"]
        for i, c in enumerate(text):
            new.append(new[i] or row[i + 1] if p == "*" else row[i] and (p == "?" or p == c))
        row = new
    return row[-1]


def pattern_segments(pattern):
    """None if it is not a pattern."""
    if pattern.startswith("/"):
        pattern = pattern[1:]
    if pattern.endswith("/"):
        pattern += "**"
    segments = pattern.split("/")
    if "" in segments:
        return None
    return segments if segments[0] == "**" else ["**"] + segments


def pattern_matches(pattern, ref):
    segments = pattern_segments(pattern)
    if segments is None:
        return None
    parts = ref.split("/")
    row = [True] + [False] * len(parts)
    for segment in segments:
        new = [row[0] and segment == "**"]
        for i, part in enumerate(parts):
            if segment == "**":
                new.append(new[i] or row[i + 1])
            else:
                new.append(row[i] and segments_match(segment, part))
        row = new
    return row[-1]


def full(ref):
    return ref if ref.startswith("refs/") else "refs/heads/" + ref


def matcher_matches(restriction, ref, model, default):
    """`default` is the repository's default branch, None if nobody knows it."""
    kind, matcher_id = restriction.matcher, restriction.matcher_id
    if not restriction.active:
        return False
    if kind == "BRANCH":
        return full(matcher_id) == ref
    if kind == "PATTERN":
        return pattern_matches(matcher_id, ref)
    if kind == "ANY_REF":
        return True
    if kind == "MODEL_CATEGORY":
        for name, enabled, prefix in model.categories if model else ():
            if name == matcher_id.upper():
                start = "refs/heads/" + prefix
                return bool(enabled and prefix and ref.startswith(start) and len(ref) > len(start))
        return False
    if kind == "MODEL_BRANCH":
        branch = getattr(model, matcher_id) if model else None
        if branch is None:
            return False
        if branch[0] == "ref":
            return full(branch[1]) == ref
        return is_default(ref, default)
    if kind == "DEFAULT_BRANCH":
        return is_default(ref, default)
    return None


def is_default(ref, default):
    """No tag is anybody's default branch, whatever that is."""
    if not ref.startswith("refs/heads/"):
        return False
    return ref == default if default else None
