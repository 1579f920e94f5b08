"""How new rows differ from those that a run was trained on, column by column."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import log, sqrt
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from modelc.runtime.data.arrays import Array
from modelc.runtime.data.column_profiles import Names, Numbers, VariableProfile, counts_between
from modelc.runtime.data.variables import Counted, Variable, count_names

HALF = 0.5
"""Added to each count (Jeffreys), so that no share is 0 and no index infinite."""
OWN_NAMES, OWN_SHARE = 20, 0.02
"""As many of the most frequent names, each with this share of the rows at least, are counted by themselves; all others that training
knows together: which of many rare names are the most frequent is chance.
"""
CHANCE = 0.001
"""How probable it is that any column of rows like those of training has more drift than chance is said to explain."""


class Bins(NamedTuple):
    """Counts of the training rows and of the new rows in the same bins. `certainty` is the part of the training rows that would
    tell the shares as exactly as these do.
    """

    before: Array
    now: Array
    certainty: float = 1.0


@dataclass(frozen=True, slots=True)
class Drift:
    """One variable in new rows beside the training rows.

    `index` is the population stability index, and `chance` what it may be by chance alone with so few rows. `missing` are the
    fractions of missing values in both. `outside` counts numbers beyond the range of training, `unseen` the values of each name
    that training did not have.
    """

    name: str
    index: float
    chance: float
    missing: tuple[float, float]
    outside: int
    unseen: Mapping[str, int]
    now: Numbers | Counted | None

    @property
    def is_drift(self) -> bool:
        """Whether chance does not explain it."""
        return self.index > self.chance

    def exceeds(self, bound: float) -> bool:
        """Whether it is more than `bound`, and more than chance explains."""
        return self.is_drift and self.index > bound


def stability_index(before: Array, now: Array) -> float:
    """The population stability index of counts in the same bins: the sum of `(q - p) * ln(q / p)` over their shares `p` in training
    and `q` now, with a half added to each count.

    Naeem Siddiqi, Credit Risk Scorecards, 2006; it is the sum of both Kullback-Leibler divergences (Jeffreys).
    """
    p, q = ((counts + HALF) / (counts.sum() + HALF * len(counts)) for counts in (before, now))
    return float(((q - p) * np.log(q / p)).sum())


def index_by_chance(rows: float, others: float, bins: int, probability: float) -> float:
    """What the index exceeds only with `probability` where both samples, of so many rows, are of one distribution.

    It is then `(1 / rows + 1 / others)` times a chi-square of `bins - 1` degrees of freedom: Bilal Yurdakul, Statistical
    Properties of Population Stability Index, Western Michigan University, 2018.
    """
    if bins < 2 or not rows or not others:
        return 0.0
    return (1 / rows + 1 / others) * chi_square_quantile(bins - 1, probability)


def chi_square_quantile(freedom: int, probability: float) -> float:
    """What a chi-square of so many degrees of freedom exceeds with `probability`: of one it is the square of a normal variable, of
    two an exponential one, for more it is approximated as by Wilson and Hilferty, The Distribution of Chi-Square, 1931.
    """
    if freedom == 1:
        return NormalDist().inv_cdf(1 - probability / 2) ** 2
    if freedom == 2:
        return -2 * log(probability)
    normal = NormalDist().inv_cdf(1 - probability)
    return freedom * max(0.0, 1 - 2 / (9 * freedom) + normal * sqrt(2 / (9 * freedom))) ** 3


def drift_of(profile: VariableProfile, variable: Variable, columns: int) -> Drift:
    """The drift of one of so many `columns`; `variable` has its values in the new rows, of the kind that they were in training."""
    present = variable.present
    rows, missing = len(variable.values), len(variable.values) - len(present)
    unseen: Mapping[str, int] = {}
    outside = 0
    now: Numbers | Counted | None
    if profile.kind == "name":
        counted = count_names(present)
        unseen, now = unseen_names(profile.names, counted), counted
        bins = bins_of_names(profile.names, counted)
    else:
        values = present if profile.kind == "number" else np.strings.str_len(present)
        bins, outside, now = bins_of_numbers(profile.numbers, np.asarray(values, "float64"))
    before, after, certainty = bins
    if profile.missing or missing:
        before, after = np.append(before, profile.missing), np.append(after, missing)
    chance = index_by_chance(profile.rows * certainty, rows, len(before), CHANCE / max(1, columns))
    fractions = (profile.missing / max(1, profile.rows), missing / max(1, rows))
    return Drift(variable.name, stability_index(before, after), chance, fractions, outside, unseen, now)


def bins_of_numbers(numbers: Numbers | None, values: Array) -> tuple[Bins, int, Numbers | None]:
    """The counts in the intervals of training and beyond its range, how many values are beyond it, and the range of `values`."""
    values = values[~np.isnan(values)]
    range_ = Numbers(least=float(values.min()), most=float(values.max()), edges=[], counts=[]) if len(values) else None
    if numbers is None:
        return Bins(np.array([0]), np.array([len(values)])), 0, range_
    below, above = values < numbers.least, values > numbers.most
    before, now = list(numbers.counts), counts_between(np.array(numbers.edges), values[~(below | above)]).tolist()
    # Numbers that training did not reach count by themselves.
    beyond = [count for count in (int(below.sum()), int(above.sum())) if count]
    return Bins(np.array([*before, *[0] * len(beyond)]), np.array([*now, *beyond])), sum(beyond), range_


def unseen_names(names: Names | None, counted: Counted) -> dict[str, int]:
    """The new names with their counts, the most frequent first; none where the run does not keep all that it has seen."""
    if names is None or names.other_names:
        return {}
    new = {
        name: int(count) for name, count in zip(counted.values, counted.counts, strict=True) if name not in names.counts
    }
    return dict(sorted(new.items(), key=lambda item: (-item[1], item[0])))


def bins_of_names(names: Names | None, counted: Counted) -> Bins:
    """The counts of the most frequent names, of all others that training had, and of those that it had not.

    As many rows have names that were not seen before as names were seen once: I. J. Good, The Population Frequencies of Species
    and the Estimation of Population Parameters, Biometrika 40, 1953. How exact that is, names that were seen twice tell: Warren
    W. Esty, A Normal Limit Law for a Nonparametric Estimator of the Coverage of a Random Sample, Annals of Statistics 11, 1983.
    """
    if names is None:
        return Bins(np.array([0]), np.array([int(counted.counts.sum())]))
    total = sum(names.counts.values())
    own = [name for name, count in [*names.counts.items()][:OWN_NAMES] if count >= OWN_SHARE * total]
    now = dict(zip(counted.values, counted.counts.tolist(), strict=True))
    rest = total - sum(names.counts[name] for name in own)
    known = sum(count for name, count in now.items() if name in names.counts) - sum(now.get(name, 0) for name in own)
    new = sum(count for name, count in now.items() if name not in names.counts)
    before, after = [names.counts[name] for name in own], [now.get(name, 0) for name in own]
    if names.other_names:
        # Names that are not kept and names that are new cannot be told apart.
        return Bins(np.array([*before, rest + names.others]), np.array([*after, known + new]))
    expected = [float(count) for count in before]
    if rest or known:
        # What goes to names that were not seen is missing where names are rare.
        expected, after = [*expected, max(0, rest - names.once)], [*after, known]
    if not (names.once or new):
        return Bins(np.array(expected), np.array(after))
    left = (total - names.once) / max(1.0, sum(expected))
    certainty = (names.once + HALF) / (names.once + HALF + 2 * names.twice)
    return Bins(np.array([*(count * left for count in expected), names.once]), np.array([*after, new]), certainty)
