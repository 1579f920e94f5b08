"""Which of some names is most like another in its letters. What a name in a spec means is decided in `suggest`, which asks
this last; file names, commands and anchors, which have no other names, ask it directly.
"""

from collections.abc import Iterable


def most_alike(name: str, names: Iterable[str], least: float = 0.6) -> str:
    """The one of `names` that is most like `name`; empty where none is so like it as `least`, from 0 to 1 (equal)."""
    # A command that suggests nothing does not pay for its import.
    from difflib import SequenceMatcher

    matcher = SequenceMatcher(None, "", name)
    best = (least, "")
    for other in names:
        matcher.set_seq1(other)
        # From cheap to expensive, each a bound of the next.
        if matcher.real_quick_ratio() >= best[0] and matcher.quick_ratio() >= best[0]:
            best = max(best, (matcher.ratio(), other))
    return best[1]
