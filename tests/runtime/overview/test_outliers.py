"""Numbers far outside: sentinels and slips are found, long tails are not."""

import numpy as np
import pytest

from modelc.runtime.data.variables import count_values
from modelc.runtime.overview.outliers import Outside, outside


def found_in(values: np.ndarray) -> Outside | None:
    return outside(count_values(values))


@pytest.mark.parametrize("strange", [[9999], [9999, 9999, 9999], [-999], [-1e6], [400, 9999]])
def test_numbers_far_outside_are_found(strange: list[float]) -> None:
    values = np.concatenate([np.random.default_rng(0).uniform(0, 10, 500), np.array(strange, float)])
    found = found_in(values)
    assert found is not None
    assert (found.number, found.least, found.most) == (len(strange), min(strange), max(strange))
    assert 0 <= found.inner_least < found.inner_most <= 10


def test_a_number_that_stands_for_missing_values_may_be_there_often() -> None:
    values = np.random.default_rng(0).integers(0, 90, 500)
    values[:80] = 999
    found = found_in(values)
    assert found is not None and (found.number, found.least, found.inner_most) == (80, 999, 89)


@pytest.mark.parametrize(
    "draw",
    [
        lambda generator: generator.normal(size=2000),
        lambda generator: generator.lognormal(sigma=2, size=2000),
        lambda generator: generator.pareto(1.2, size=2000),
        lambda generator: generator.standard_t(3, size=2000),
        lambda generator: generator.poisson(3, size=2000),
        lambda generator: generator.integers(0, 2, size=2000),
        lambda generator: generator.exponential(size=2000) * generator.integers(0, 2, size=2000),
        lambda generator: np.concatenate([generator.normal(0, 1, 1000), generator.normal(100, 1, 1000)]),
    ],
    ids=["normal", "lognormal", "pareto", "t", "counts", "bits", "half zeros", "two groups"],
)
def test_long_tails_and_groups_are_no_numbers_outside(draw) -> None:  # type: ignore[no-untyped-def]  # of numpy
    alarms = sum(found_in(draw(np.random.default_rng(seed))) is not None for seed in range(50))
    assert alarms <= 1


def test_of_few_values_nothing_is_said() -> None:
    assert found_in(np.array([1.0, 2, 3, 9999])) is None
    assert found_in(np.array([1.0] * 50 + [9999])) is None
