"""Initializers over drawn shapes and arguments: Keras 3's values bit for bit where the bits are the same, and scipy's
distributions in the whole."""

from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras.src.backend.jax import random as keras_random
from scipy import stats as scipy_stats

from modelc.compiler.diagnostics.exceptions import PlanError
from modelc.compiler.library.base.prng import derive, root_key
from modelc.compiler.library.initializers import INITIALIZERS
from modelc.compiler.library.initializers.scaled import Scaled

K = keras.initializers
stats: Any = scipy_stats
fine = st.floats(0.01, 4)
numbers = st.floats(-3, 3)
rules = st.fixed_dictionaries(
    {},
    optional={
        "scale": fine,
        "mode": st.sampled_from(["fan_in", "fan_out", "fan_avg"]),
        "distribution": st.sampled_from(["truncated_normal", "untruncated_normal", "uniform"]),
    },
)
moments = st.fixed_dictionaries({}, optional={"mean": numbers, "stddev": fine})
bounds = st.tuples(numbers, numbers).map(sorted).map(lambda ends: {"minval": ends[0], "maxval": ends[1]})
nothing: st.SearchStrategy[dict[str, Any]] = st.just({})

ORACLES: dict[str, tuple[Any, st.SearchStrategy[dict[str, Any]]]] = {
    "constant": (K.Constant, st.fixed_dictionaries({}, optional={"value": numbers})),
    "glorot_normal": (K.GlorotNormal, nothing),
    "glorot_uniform": (K.GlorotUniform, nothing),
    "he_normal": (K.HeNormal, nothing),
    "he_uniform": (K.HeUniform, nothing),
    "identity": (K.Identity, st.fixed_dictionaries({}, optional={"gain": numbers})),
    "lecun_normal": (K.LecunNormal, nothing),
    "lecun_uniform": (K.LecunUniform, nothing),
    "ones": (K.Ones, nothing),
    "orthogonal": (K.Orthogonal, st.fixed_dictionaries({}, optional={"gain": numbers})),
    "random_normal": (K.RandomNormal, moments),
    "random_uniform": (K.RandomUniform, bounds | nothing),
    "truncated_normal": (K.TruncatedNormal, moments),
    "variance_scaling": (K.VarianceScaling, rules),
    "zeros": (K.Zeros, nothing),
}
"""Keras's class of each, and the arguments to draw; those that are left out have their default values in both."""
SHAPES = [(1,), (5,), (1, 1), (7, 3), (2, 6), (2, 3, 5), (3, 1, 2, 5)]
"""Few, since jax compiles what draws for each."""


READ = {"from_file"}
"""What is not drawn, but read: `test_array_files.py`."""


def test_every_initializer_is_compared() -> None:
    assert set(ORACLES) | READ == set(INITIALIZERS)


@pytest.mark.parametrize("name", list(ORACLES))
def test_the_same_random_bits_give_the_values_of_keras(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    oracle, drawn = ORACLES[name]
    key = root_key(7)
    compared: set[int] = set()
    monkeypatch.setattr(keras_random, "jax_draw_seed", lambda seed: key)

    @settings(max_examples=15)
    @given(arguments=drawn, shape=st.sampled_from(SHAPES))
    def check(arguments: dict[str, Any], shape: tuple[int, ...]) -> None:
        initializer = INITIALIZERS.build({name: arguments})
        try:
            initializer.check(shape)
        except PlanError:
            return
        compared.add(len(shape))
        found = initializer.sample(key, shape, "float32")
        expected = np.asarray(oracle(**arguments)(shape, dtype="float32"))
        assert found.dtype == expected.dtype
        largest = max(float(np.max(np.abs(expected), initial=0)), 1e-6)
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6 * largest)

    check()
    assert 2 in compared


def distribution(name: str, arguments: dict[str, Any], shape: tuple[int, ...]) -> Any:
    """What scipy calls the distribution of each value, from the formulas of the papers."""
    cells = int(np.prod(shape[:-2]))
    fan_in, fan_out = shape[-2] * cells, shape[-1] * cells
    uniform = {"glorot_uniform": 6 / (fan_in + fan_out), "he_uniform": 6 / fan_in, "lecun_uniform": 3 / fan_in}
    normal = {"glorot_normal": 2 / (fan_in + fan_out), "he_normal": 2 / fan_in, "lecun_normal": 1 / fan_in}
    if name in uniform:
        limit = np.sqrt(uniform[name])
        return stats.uniform(-limit, 2 * limit)
    if name in normal:
        # Cut at two standard deviations of what it is cut from, and as wide as the paper says after the cut.
        return stats.truncnorm(-2, 2, scale=np.sqrt(normal[name]) / stats.truncnorm(-2, 2).std())
    if name == "random_uniform":
        return stats.uniform(arguments["minval"], arguments["maxval"] - arguments["minval"])
    if name == "truncated_normal":
        return stats.truncnorm(-2, 2, arguments["mean"], arguments["stddev"])
    return stats.norm(arguments["mean"], arguments["stddev"])


DRAWS: list[tuple[str, dict[str, Any]]] = [
    *((name, {}) for name in INITIALIZERS if name.startswith(("glorot", "he_", "lecun"))),
    ("random_normal", {"mean": 0.5, "stddev": 2.0}),
    ("random_uniform", {"minval": -0.5, "maxval": 2.0}),
    ("truncated_normal", {"mean": -1.0, "stddev": 0.2}),
]


@pytest.mark.parametrize(("name", "arguments"), DRAWS, ids=lambda part: part if isinstance(part, str) else "")
def test_values_are_distributed_as_scipy_says(name: str, arguments: dict[str, Any]) -> None:
    for shape in ((90, 50), (3, 2, 20, 40)):
        drawn = np.asarray(INITIALIZERS.build({name: arguments}).sample(root_key(3), shape, "float32")).ravel()
        expected = distribution(name, arguments, shape)
        # One seed, so one outcome: a right distribution is refused once in a thousand seeds, a wrong one always.
        assert stats.kstest(drawn, expected.cdf).pvalue > 1e-3
        assert abs(drawn.mean() - expected.mean()) < 4 * expected.std() / np.sqrt(drawn.size)
        np.testing.assert_allclose(drawn.std(), expected.std(), rtol=0.05)
        low, high = expected.support()
        assert low <= drawn.min() and drawn.max() <= high
        # Nor does a value say anything about the next.
        assert abs(np.corrcoef(drawn[:-1], drawn[1:])[0, 1]) < 4 / np.sqrt(drawn.size)


@pytest.mark.parametrize("name", [name for name in INITIALIZERS if name != "from_file"])
def test_other_paths_draw_other_bits(name: str) -> None:
    initializer = INITIALIZERS.build(name)
    paths = ("seen/conv2d", "seen/conv2d_2", "read")
    drawn = [np.asarray(initializer.sample(derive(root_key(0), path, "kernel"), (4, 6), "float32")) for path in paths]
    again = initializer.sample(derive(root_key(0), paths[0], "kernel"), (4, 6), "float32")
    np.testing.assert_array_equal(again, drawn[0])
    alike = [np.array_equal(one, other) for one, other in ((drawn[0], drawn[1]), (drawn[0], drawn[2]))]
    random = isinstance(initializer, Scaled) or name in (
        "orthogonal",
        "random_normal",
        "random_uniform",
        "truncated_normal",
    )
    assert alike == [not random, not random]
    assert not random or not np.array_equal(
        drawn[0], initializer.sample(derive(root_key(0), paths[0], "recurrent_kernel"), (4, 6), "float32")
    )
