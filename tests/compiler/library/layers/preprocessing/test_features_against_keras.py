"""The layers for columns of a table against Keras 3: what they learn, and what they compute with it."""

from typing import Any

import jax
import keras
import numpy as np
import pytest

from tests.compiler.library.layers.comparing import close, compare
from tests.compiler.library.layers.running import filled, normal

L = keras.layers
x2, x3 = normal(7, 5) * 3 + 2, normal(5, 3, 4) * 2 - 1
bytes_ = np.random.default_rng(0).integers(0, 256, (6, 3, 4), dtype=np.uint8)
counts = np.random.default_rng(1).integers(-50, 2000, (6, 4), dtype=np.int32)

NORMALIZATIONS: list[tuple[dict[str, Any], dict[str, Any], np.ndarray]] = [
    ({}, {}, x2),
    ({}, {}, normal(1, 3)),
    ({}, {}, bytes_),
    ({}, {}, counts),
    ({"axis": None}, {"axis": None}, x3),
    ({"axis": None}, {"axis": None}, normal(6)),
    ({"axis": -2}, {"axis": 1}, x3),
    ({"axis": [-1, -2]}, {"axis": (1, 2)}, x3),
    ({"axis": [-3, -1]}, {"axis": (1, 3)}, normal(4, 3, 2, 5)),
    ({"invert": True}, {"invert": True}, x3),
    ({"mean": 3, "variance": "1/4"}, {"mean": 3.0, "variance": 0.25}, x3),
    ({"mean": [1, 2, 3, 4], "variance": [1, 4, 0, 2]}, {"mean": [1.0, 2, 3, 4], "variance": [1.0, 4, 0, 2]}, x3),
    (
        {"axis": -2, "mean": [1, 2, 3], "variance": [1, 4, 2], "invert": True},
        {"axis": 1, "mean": [1.0, 2, 3], "variance": [1.0, 4, 2], "invert": True},
        x3,
    ),
    (
        {"axis": [-2, -1], "mean": [1, 2, 3, 4], "variance": 2},
        {"axis": (1, 2), "mean": [1.0, 2, 3, 4], "variance": [2.0] * 4},
        x3,
    ),
]
COMPARED = {"category_encoding", "discretization", "integer_lookup", "normalization"}


@pytest.mark.parametrize(("ours", "theirs", "x"), NORMALIZATIONS, ids=lambda part: str(part)[:40])
def test_normalization_learns_and_computes_what_keras_does(ours: Any, theirs: Any, x: np.ndarray) -> None:
    running = filled({"normalization": ours}, x)
    oracle = L.Normalization(**theirs)
    if "mean" in theirs:
        oracle.build(x.shape)
        assert not running.state
    else:
        oracle.adapt(x.astype("float32"))
        close(running.state["mean"], oracle.adapt_mean, 1e-5)
        close(running.state["variance"], oracle.adapt_variance, 1e-5)

    def run(params: Any, inputs: Any) -> Any:
        result = running.with_params(params, inputs)
        return (result.outputs["output"],), dict(result.state)

    def expected(params: Any, inputs: Any) -> Any:
        return (oracle(inputs["x"]),), {}

    assert compare(run, expected, {}, {"x": jax.numpy.asarray(x)}) == {}


ids = np.array([[1, 0, 3], [4, 4, 0], [2, 2, 2]], "int32")
ENCODINGS: list[tuple[str, np.ndarray, bool]] = [
    ("multi_hot", ids, False),
    ("count", ids, False),
    ("count", ids, True),
    ("one_hot", ids, False),
    ("one_hot", ids[:, :1], False),
    ("one_hot", ids[:, 0], False),
    ("multi_hot", ids[:1, :1], False),
    ("one_hot", np.stack([ids, ids + 1]), False),
    ("count", ids.astype("uint8"), False),
]


@pytest.mark.parametrize(("mode", "x", "weighted"), ENCODINGS, ids=str)
def test_categories_are_encoded_as_in_keras(mode: str, x: np.ndarray, weighted: bool) -> None:
    oracle = L.CategoryEncoding(6, mode)
    weights = normal(*x.shape)
    running = filled({"category_encoding": {"num_tokens": 6, "output_mode": mode}}, x)
    inputs = {"x": x, "count_weights": weights} if weighted else {"x": x}
    found = running.output(inputs)
    close(found, oracle(x, count_weights=weights) if weighted else oracle(x), 1e-6)


def test_weights_of_counted_ids_have_gradients_as_in_keras() -> None:
    oracle = L.CategoryEncoding(6, "count")
    running = filled({"category_encoding": {"num_tokens": 6, "output_mode": "count"}}, ids)
    pull = normal(3, 6)

    def ours(weights: Any) -> Any:
        return (running({"x": ids, "count_weights": weights}).outputs["output"] * pull).sum()

    def theirs(weights: Any) -> Any:
        return (oracle(ids, count_weights=weights) * pull).sum()

    close(jax.grad(ours)(normal(3, 3)), jax.grad(theirs)(normal(3, 3)), 1e-5)


@pytest.mark.parametrize("mode", ["int", "one_hot", "multi_hot", "count"])
@pytest.mark.parametrize("x", [x2, normal(1, 1), counts], ids=["floats", "one", "integers"])
def test_bins_are_those_of_keras(mode: str, x: np.ndarray) -> None:
    boundaries = [-1.5, 0.0, float(x.ravel()[0]), 1900.25]
    boundaries = sorted(set(boundaries))
    running = filled({"discretization": {"bin_boundaries": boundaries, "output_mode": mode}}, x)
    found = running.output(x)
    expected = L.Discretization(bin_boundaries=boundaries, output_mode=mode)(x)
    assert found.dtype == expected.dtype
    close(found, expected, 0)


@pytest.mark.parametrize("bins", [2, 7, 50])
@pytest.mark.parametrize("rows", [1, 3, 90, 4000])
def test_boundaries_are_the_quantiles_that_keras_comes_close_to(bins: int, rows: int) -> None:
    x = np.random.default_rng(rows).exponential(3, (rows, 1)).astype("float32")
    found = filled({"discretization": bins}, x).state["bin_boundaries"]
    shares = np.arange(1, bins) / bins
    np.testing.assert_allclose(found, np.quantile(x, shares, method="interpolated_inverted_cdf"), rtol=1e-6)
    oracle = L.Discretization(num_bins=bins, epsilon=0.01)
    oracle.update_state(x)
    oracle.finalize_state()
    if rows >= bins:
        # A boundary of Keras is a quantile whose share is off by no more than its `epsilon` and one value.
        expected = np.array(oracle.bin_boundaries)[: bins - 1]
        assert (np.quantile(x, np.clip(shares - 0.01 - 1 / rows, 0, 1)) <= expected + 1e-6).all()
        assert (np.quantile(x, np.clip(shares + 0.01 + 1 / rows, 0, 1)) >= expected - 1e-6).all()
    if bins <= rows <= 100:
        close(found, np.array(oracle.bin_boundaries[: bins - 1]), 1e-6)


# Keras's IntegerLookup needs TensorFlow: these are the examples of its docstring, in Keras 3.15.
LOOKUPS: list[tuple[dict[str, Any], Any, Any]] = [
    ({"vocabulary": [12, 36, 1138, 42]}, [[12, 1138, 42], [42, 1000, 36]], [[1, 3, 4], [4, 0, 2]]),
    ({"max_tokens": 6}, [[12, 1138, 42], [42, 1000, 36]], [[5, 2, 1], [1, 3, 4]]),
    (
        {"vocabulary": [12, 36, 1138, 42], "num_oov_indices": 2},
        [[12, 1138, 42], [37, 1000, 36]],
        [[2, 4, 5], [1, 0, 3]],
    ),
    (
        {"vocabulary": [12, 36, 1138, 42], "output_mode": "one_hot"},
        [12, 36, 1138, 42, 7],
        [[0, 1, 0, 0, 0], [0, 0, 1, 0, 0], [0, 0, 0, 1, 0], [0, 0, 0, 0, 1], [1, 0, 0, 0, 0]],
    ),
    (
        {"vocabulary": [12, 36, 1138, 42], "output_mode": "multi_hot"},
        [[12, 1138, 42, 42], [42, 7, 36, 7]],
        [[0, 1, 0, 1, 1], [1, 0, 1, 0, 1]],
    ),
    (
        {"vocabulary": [12, 36, 1138, 42], "output_mode": "count"},
        [[12, 1138, 42, 42], [42, 7, 36, 7]],
        [[0, 1, 0, 1, 2], [2, 0, 1, 0, 1]],
    ),
]


@pytest.mark.parametrize(("raw", "x", "expected"), LOOKUPS, ids=lambda part: str(part)[:40])
def test_integers_are_looked_up_as_keras_shows(raw: Any, x: Any, expected: Any) -> None:
    rows = np.array(x, "int32")
    np.testing.assert_array_equal(filled({"integer_lookup": raw}, rows).output(rows), expected)
