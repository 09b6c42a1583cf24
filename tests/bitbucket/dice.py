"""Numbers that depend on nothing but a seed and what they are for.

An instance is not stored: each user, place and restriction is derived from (seed, kind, number)
whenever it is asked for, so that 52,000 repositories cost nothing until they are read. The
generator is written out because the random module's choices differ between versions of Python.
"""

MASK = (1 << 64) - 1


def mix(value):
    """splitmix64's finaliser: every bit of the input changes half of the output."""
    value = (value + 0x9E3779B97F4A7C15) & MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & MASK
    return value ^ (value >> 31)


class Dice:
    """A stream of numbers for one thing: Dice(seed, KIND, index)."""

    __slots__ = ("state",)

    def __init__(self, *parts):
        state = 0
        for part in parts:
            state = mix(state ^ (part & MASK))
        self.state = state

    def below(self, bound):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        return (mix(self.state) * bound) >> 64

    def chance(self, percent):
        return self.below(100) < percent

    def pick(self, items):
        return items[self.below(len(items))]

    def around(self, mean):
        """0 .. 2 * mean, the mean is the mean; it need not be whole."""
        whole = int(mean * 1000)
        return (self.below(2 * whole + 1) + self.below(1000)) // 1000

    def sample(self, bound, count):
        """Up to `count` different numbers below `bound`, in the order in which they fell."""
        return list(dict.fromkeys(self.below(bound) for _ in range(count))) if bound else []
