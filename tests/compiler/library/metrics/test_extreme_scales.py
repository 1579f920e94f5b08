"""Metrics that square have the right value from the smallest to the largest float32, whose squares float32 has not."""

import warnings
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from modelc.compiler.library.metrics import METRICS
from tests.compiler.library.metrics.hostile_draws import Draw, measured
from tests.compiler.library.metrics.oracles import ORACLES

ROWS, CUTS = 40, (16, 7, 16, 1)
SCALES = (1e-35, 1e-19, 1.0, 3e18, 1e37)
SQUARING = (
    "concordance_correlation",
    "cosine_similarity",
    "log_cosh",
    "mean_squared_error",
    "pearson_correlation",
    "r2",
    "root_mean_squared_error",
    "squared_hinge",
)


def drawn(scale: float, *, shift: float = 0.0, truth_scale: float | None = None) -> Draw:
    random = np.random.default_rng(7)
    truth = random.normal(size=(ROWS, 3)) + shift
    guesses = truth + 0.3 * random.normal(size=truth.shape)
    wide = scale if truth_scale is None else truth_scale
    weight = (np.arange(ROWS) % 5 > 0).astype(np.float32)
    return Draw((scale * guesses).astype(np.float32), (wide * truth).astype(np.float32), weight, None, CUTS)


def compared(name: str, given: Draw, **arguments: Any) -> tuple[float, float]:
    """What the metric says, without a warning, and what its oracle does."""
    metric = METRICS.build({name: arguments})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = measured(metric, given, once=True)
    return found, ORACLES[name].value(metric, given.counted)


@pytest.mark.parametrize("name", SQUARING)
def test_squares_neither_vanish_nor_overflow(name: str) -> None:
    for scale in SCALES:
        given = drawn(scale)
        if name == "squared_hinge":
            given = Draw(given.prediction, np.sign(given.target), given.weight, None, CUTS)
        found, wanted = compared(name, given)
        # A vector shorter than 1e-7 has next to no cosine, and 1e-7 outweighs the squares in the concordance.
        least = 1e-12 if name in ("cosine_similarity", "concordance_correlation") else 0
        assert found == pytest.approx(wanted, rel=1e-5, abs=least), scale
        assert wanted


@pytest.mark.parametrize("average", ["uniform_average", "variance_weighted_average"])
def test_r2_of_targets_and_predictions_of_other_sizes(average: str) -> None:
    for scale, shift, wide in (
        (1e-19, 50, None),
        (1e19, -50, None),
        (1.0, 0, 1e-20),
        (1e20, 0, 1e-3),
        (1e-30, 0, 1e30),
    ):
        found, wanted = compared("r2", drawn(scale, shift=shift, truth_scale=wide), class_aggregation=average)
        assert found == pytest.approx(wanted, rel=1e-5), (scale, wide)


def test_errors_of_many_sizes_add_up() -> None:
    """One batch of each: the smallest do not take the place of the largest, nor are they lost where they are alone."""
    random = np.random.default_rng(3)
    sizes = np.repeat([1e-25, 1.0, 1e18, 1e-25], 10)[:, None]
    given = drawn(1.0)
    for kept in (slice(0, 10), slice(0, 20), slice(0, 40)):
        cuts = (10,) * ((kept.stop - kept.start) // 10)
        target = (sizes * random.normal(size=(ROWS, 3)))[kept].astype(np.float32)
        few = Draw(np.zeros_like(target), target, given.weight[kept], None, cuts)
        found, wanted = compared("root_mean_squared_error", few)
        assert found == pytest.approx(wanted, rel=1e-5, abs=0)


@pytest.mark.parametrize("name", ["mean_squared_error", "r2", "pearson_correlation", "cosine_similarity", "log_cosh"])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_finite_stays_so(name: str, bad: float) -> None:
    given = drawn(1.0)
    given.prediction[2, 1] = bad
    assert not np.isfinite(measured(METRICS.build(name), given, once=True))


def test_large_vectors_of_equal_values_have_no_agreement() -> None:
    large = np.full((ROWS, 3), 1e30, np.float32)
    given = Draw(large, large, drawn(1.0).weight, None, CUTS)
    assert measured(METRICS.build("concordance_correlation"), given, once=True) == 0
    assert measured(METRICS.build("cosine_similarity"), given, once=True) == pytest.approx(1)


def test_r2_leaves_out_a_value_of_which_nothing_counts() -> None:
    random = np.random.default_rng(5)
    target = random.normal(size=(ROWS, 3)).astype(np.float32)
    prediction = target + random.normal(size=target.shape).astype(np.float32)
    weight = np.ones((ROWS, 3), np.float32)
    weight[:, 1] = 0
    weight[::2, 2] = 0
    found = measured(METRICS.build("r2"), Draw(prediction, target, weight, None, CUTS), once=True)
    columns = [
        Draw(prediction[rows, c : c + 1], target[rows, c : c + 1], np.ones(ROWS)[rows], None, ())
        for c, rows in ((0, slice(None)), (2, slice(1, None, 2)))
    ]
    wanted = [ORACLES["r2"].value(METRICS.build("r2"), column) for column in columns]
    assert found == pytest.approx(np.mean(wanted), rel=1e-5)
    assert np.isnan(measured(METRICS.build("r2"), Draw(prediction, target, 0 * weight, None, CUTS), once=True))


def test_batches_after_a_failed_step_whose_sums_are_all_0_count_nothing() -> None:
    given = drawn(1e-20)
    metric: Any = METRICS.build("r2")
    parts = {name: jnp.asarray(value) for name, value in (("p", given.prediction), ("t", given.target))}
    sums = jax.device_get(metric.sums(parts["p"], parts["t"], jnp.asarray(given.weight), None))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        joined = metric.join([sums, {name: np.zeros_like(value) for name, value in sums.items()}])
        assert metric.result(joined) == metric.result(sums)
