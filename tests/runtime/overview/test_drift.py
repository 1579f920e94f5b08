"""Drift: the index against its formula in the test, what chance explains against scipy and drawn samples."""

from typing import Any

import numpy as np
import pytest
from scipy.special import chdtri, rel_entr

from modelc.compiler.api import load
from modelc.runtime.data.column_profiles import VariableProfile, profile_columns
from modelc.runtime.data.variables import variables_of
from modelc.runtime.overview.drift import CHANCE, Drift, drift_of, index_by_chance, stability_index


def spec(reader: Any) -> dict[str, Any]:
    name = next(iter(reader))
    dtype = "int32" if name in ("category", "text") else "float32"
    shape = [4] if name == "text" else [1] if name == "array" else []
    return {
        "modelc": 1,
        "model": {"inputs": {"x": {"shape": shape, "dtype": dtype}}, "layers": [{"rescaling": 1}]},
        "data": {"source": {"npz": "rows.npz"}, "inputs": {"x": reader}},
    }


READERS = {
    "number": {"number": "x"},
    "name": {"category": {"column": "x", "vocabulary": 100}},
    "text": {"text": {"column": "x", "length": 4, "vocabulary": 9}},
}


def profile(column: np.ndarray, kind: str = "number") -> VariableProfile:
    task = load(spec(READERS[kind]))
    found = profile_columns(task, {"x": column}, slice(None)).columns["x"].variables
    assert len(found) == 1
    return found[0]


def drift(before: np.ndarray, now: np.ndarray, kind: str = "number") -> Drift:
    (variable,) = variables_of({"x": now})
    return drift_of(profile(before, kind), variable, 1)


def test_the_index_is_the_sum_of_both_divergences() -> None:
    before, now = np.array([30, 20, 40, 10]), np.array([5, 0, 3, 9])
    p, q = ((counts + 0.5) / (counts + 0.5).sum() for counts in (before, now))
    assert stability_index(before, now) == pytest.approx(rel_entr(p, q).sum() + rel_entr(q, p).sum())
    assert stability_index(before, 2 * before + 0.5) == pytest.approx(0)


@pytest.mark.parametrize("bins", [2, 3, 10, 25])
@pytest.mark.parametrize("probability", [0.01, 0.001, 1e-5])
def test_what_chance_explains_is_a_quantile_of_chi_square(bins: int, probability: float) -> None:
    expected = (1 / 500 + 1 / 70) * chdtri(bins - 1, probability)
    assert index_by_chance(500, 70, bins, probability) == pytest.approx(expected, rel=0.05)


@pytest.mark.parametrize("rows", [20, 100, 2000])
@pytest.mark.parametrize(
    ("kind", "draw"),
    [
        ("number", lambda generator, count: generator.normal(size=count)),
        ("number", lambda generator, count: generator.integers(0, 3, count)),
        ("number", lambda generator, count: generator.poisson(0.1, count)),
        ("number", lambda generator, count: generator.lognormal(size=count) * generator.integers(0, 2, count)),
        ("name", lambda generator, count: np.array(["a", "b", "c"])[generator.integers(0, 3, count)]),
        ("name", lambda generator, count: generator.zipf(1.5, count).clip(0, 10**6).astype("U7")),
        ("name", lambda generator, count: generator.integers(0, 400, count)),
    ],
    ids=["normal", "three numbers", "mostly 0", "half 0", "names", "many names", "ids"],
)
def test_rows_of_the_same_distribution_have_no_drift(rows: int, kind: str, draw: Any) -> None:
    found = [
        drift(draw(np.random.default_rng(seed), 1500), draw(np.random.default_rng(99 + seed), rows), kind)
        for seed in range(40)
    ]
    assert sum(one.is_drift for one in found) <= 1, CHANCE


@pytest.mark.parametrize(
    ("kind", "before", "now"),
    [
        ("number", lambda generator: generator.normal(size=1000), lambda generator: generator.normal(1, 1, 200)),
        ("number", lambda generator: generator.normal(size=1000), lambda generator: generator.normal(0, 3, 200)),
        ("number", lambda generator: generator.uniform(0, 255, 1000), lambda generator: generator.uniform(0, 1, 200)),
        ("number", lambda generator: np.full(1000, 7.0), lambda generator: np.full(200, 8.0)),
        (
            "name",
            lambda generator: generator.choice(["a", "b"], 1000),
            lambda generator: generator.choice(["a", "c"], 200),
        ),
        ("name", lambda generator: generator.integers(0, 9, 1000), lambda generator: generator.integers(0, 3, 200)),
        (
            "text",
            lambda generator: np.array(["word " * count for count in generator.integers(1, 20, 1000)]),
            lambda generator: np.array(["word " * count for count in generator.integers(15, 40, 200)]),
        ),
    ],
)
def test_other_rows_have_drift(kind: str, before: Any, now: Any) -> None:
    found = drift(before(np.random.default_rng(0)), now(np.random.default_rng(1)), kind)
    assert found.is_drift and found.exceeds(0.2)


def test_values_that_are_missing_now_are_drift() -> None:
    before, now = (np.random.default_rng(seed).normal(size=500) for seed in (0, 1))
    gone = np.arange(500) < 50
    holes = np.where(gone, np.nan, now)
    assert (drift(before, now).is_drift, drift(before, holes).is_drift) == (False, True)
    assert drift(before, holes).missing == (0, 0.1)
    assert drift(before, np.ma.MaskedArray(now, gone)) == drift(before, holes)


def test_names_that_training_did_not_have_are_counted() -> None:
    found = drift(np.array(["a", "b"] * 50), np.array(["a", "c", "c", "d"]), "name")
    assert found.unseen == {"c": 2, "d": 1}


def test_numbers_beyond_the_range_of_training_are_counted() -> None:
    assert drift(np.arange(100.0), np.array([-1.0, 0, 99, 100, 1e9])).outside == 3


def test_a_profile_is_bounded_whatever_the_rows_are() -> None:
    names = profile(np.array([f"name {number % 5000}" for number in range(40_000)]), "name")
    assert names.names is not None and len(names.names.counts) == 1000 and names.names.other_names > 0
    assert sum(names.names.counts.values()) + names.names.others == 40_000
    texts = profile(np.array([f"an id of its own {number}" for number in range(500)]), "name")
    assert texts.kind == "length" and texts.names is None and texts.numbers is not None
    numbers = profile(np.random.default_rng(0).normal(size=300_000))
    assert numbers.numbers is not None and (numbers.rows, len(numbers.numbers.edges)) == (200_000, 9)


def test_the_intervals_of_a_profile_are_the_deciles_of_its_rows() -> None:
    values = np.random.default_rng(0).exponential(size=999)
    found = profile(values).numbers
    assert found is not None
    expected = np.histogram(values, [-np.inf, *np.nextafter(found.edges, np.inf), np.inf])[0]
    assert found.counts == expected.tolist() and max(found.counts) - min(found.counts) <= 1
    assert (found.least, found.most) == (values.min(), values.max())
