"""Columns that give a target away: equal to it, one-to-one with it, or such that a rule of this column alone is never wrong."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from modelc.runtime.data.arrays import Array
from modelc.runtime.data.variables import Variable, codes_of

LEAST_ROWS = 20
"""Of fewer rows nothing is said."""
ROWS_EACH = 10
"""How many rows each value or interval of a rule must have on average, so that the rule is no list of rows."""
MOST_CLASSES = 50
"""Of targets with more values, intervals are no rule."""
TRIED = 5000
"""Rows that are looked at first: most variables are ruled out there."""


class Giveaway(NamedTuple):
    """A variable that gives a target away in so many rows, and how that was found, a sentence without a full stop."""

    variable: str
    target: str
    how: str
    rows: int


class Candidate(NamedTuple):
    """A variable and how many distinct values it has."""

    variable: Variable
    distinct: int


def giveaways(candidates: Sequence[Candidate], target: Variable) -> list[Giveaway]:
    """Those of the `candidates` that give `target` away, which has several values, in the rows in which both are there.

    The rule of one column is 1R: Robert C. Holte, Very simple classification rules perform well on most commonly used
    datasets, Machine Learning 11, 1993. Each value of a variable, or each interval of its numbers, says one value of the
    target, and there are at least ten rows for each of them.
    """
    found = []
    least = max(LEAST_ROWS, len(target.present) // 2)
    for variable, distinct in candidates:
        given, wanted = both_present(variable, target)
        if len(given) < least or distinct < 2:
            continue
        names, most = (variable.name, target.name), len(given) // ROWS_EACH
        if told_by(given[:TRIED], wanted[:TRIED], names, distinct, most) and (
            how := told_by(given, wanted, names, distinct, most)
        ):
            found.append(Giveaway(*names, how, len(given)))
    return found


def both_present(one: Variable, other: Variable) -> tuple[Array, Array]:
    """The values of two variables in the rows in which both are there."""
    gone = [found for found in (one.missing, other.missing) if found is not None]
    there = ~np.logical_or.reduce(gone) if gone else slice(None)
    return one.values[there], other.values[there]


def told_by(given: Array, target: Array, names: tuple[str, str], distinct: int, most: int) -> str:
    """How `given` `[rows]`, which has `distinct` values, tells all of `target` `[rows]` by a rule of at most `most` parts; empty
    where it does not. `names` are those of both.
    """
    given_name, target_name = (f"`{name}`" for name in names)
    if is_equal(given, target):
        return f"{given_name} is equal to the target {target_name}"
    classes = codes_of(target)
    kinds = int(classes.max()) + 1
    if distinct <= most:
        codes = codes_of(given)
        pairs = len(np.unique(codes * kinds + classes))
        if pairs == int(codes.max()) + 1:
            back = ", and the other way round" if pairs == kinds else ""
            return f"each of the {pairs:,} values of {given_name} goes with one value of the target {target_name}{back}"
    if given.dtype.kind not in "iuf":
        return ""
    if kinds >= LEAST_ROWS and target.dtype.kind in "iuf" and (way := order_of(given, target)):
        return f"the target {target_name} {way} {given_name} without exception"
    if kinds > MOST_CLASSES:
        return ""
    order = np.argsort(given, kind="stable")
    intervals = count_intervals(given[order], classes[order])
    if intervals is None or intervals > min(most, 2 * kinds):
        return ""
    return f"{intervals:,} intervals of {given_name} tell the target {target_name} without exception"


def is_equal(given: Array, target: Array) -> bool:
    """Whether both are the same, as numbers or as texts."""
    if given.dtype.kind != target.dtype.kind and not {given.dtype.kind, target.dtype.kind} <= {*"iufb"}:
        return False
    return bool((given == target).all())


def order_of(given: Array, target: Array) -> str:
    """Whether `target` grows or falls with `given`; empty where it does neither always, or has several values for one."""
    order = np.lexsort((target, given))
    numbers, answers = given[order], target[order]
    rises, falls = answers[1:] > answers[:-1], answers[1:] < answers[:-1]
    if ((rises | falls) & (numbers[1:] == numbers[:-1])).any():
        return ""
    return "" if rises.any() and falls.any() else "grows with" if rises.any() else "falls with"


def count_intervals(numbers: Array, classes: Array) -> int | None:
    """Of ascending `numbers` with a class each, how many intervals have one class each; None where a number has several."""
    changes = classes[1:] != classes[:-1]
    if (changes & (numbers[1:] == numbers[:-1])).any():
        return None
    return int(changes.sum()) + 1
