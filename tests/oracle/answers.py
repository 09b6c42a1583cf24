"""Three answers: True, False and None (cannot tell); names; verdicts."""

VERDICTS = ('accept', 'note', 'annotate', 'require-approval', 'reject')


def both(*answers):
    if any(answer is False for answer in answers):
        return False
    return None if None in answers else True


def either(*answers):
    if any(answer is True for answer in answers):
        return True
    return None if None in answers else False


def negate(answer):
    return None if answer is None else not answer


def agreed(answers):
    """One answer if all are the same, else cannot tell."""
    answers = set(answers)
    return answers.pop() if len(answers) == 1 else None


def fold(raw):
    """Without ASCII case; all other bytes exactly (semantics 1). bytes.lower() is ASCII only."""
    return raw.lower()


def same(a, b):
    return fold(a) == fold(b)


def stronger(*verdicts):
    return max(verdicts, key=VERDICTS.index)


def weaker(*verdicts):
    return min(verdicts, key=VERDICTS.index)
