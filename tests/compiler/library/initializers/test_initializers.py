"""Initializers against Keras 3's: bounds, moments, fans, orthogonality; and that a key is all that decides."""

from functools import partial
from typing import Any

import jax
import keras
import numpy as np
import pytest

from modelc.compiler.library.base.prng import in_a_row, root_key
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.layer import PlanError
from modelc.compiler.library.initializers import INITIALIZERS
from modelc.compiler.library.initializers.scaled import fans
from modelc.compiler.library.layers import LAYERS

RANDOM: list[tuple[Any, Any]] = [
    ("glorot_normal", keras.initializers.GlorotNormal(seed=1)),
    ("glorot_uniform", keras.initializers.GlorotUniform(seed=1)),
    ("he_normal", keras.initializers.HeNormal(seed=1)),
    ("he_uniform", keras.initializers.HeUniform(seed=1)),
    ("lecun_normal", keras.initializers.LecunNormal(seed=1)),
    ("lecun_uniform", keras.initializers.LecunUniform(seed=1)),
    ("random_normal", keras.initializers.RandomNormal(seed=1)),
    ({"random_normal": {"mean": 1, "stddev": 0.3}}, keras.initializers.RandomNormal(1.0, 0.3, seed=1)),
    ("random_uniform", keras.initializers.RandomUniform(seed=1)),
    ({"random_uniform": {"minval": -1, "maxval": 3}}, keras.initializers.RandomUniform(-1.0, 3.0, seed=1)),
    ("truncated_normal", keras.initializers.TruncatedNormal(seed=1)),
    ("variance_scaling", keras.initializers.VarianceScaling(seed=1)),
    *(
        (
            {"variance_scaling": {"scale": 0.3, "mode": mode, "distribution": distribution}},
            keras.initializers.VarianceScaling(0.3, mode, distribution, seed=1),
        )
        for mode, distribution in (
            ("fan_out", "uniform"),
            ("fan_avg", "truncated_normal"),
            ("fan_out", "untruncated_normal"),
        )
    ),
    ({"truncated_normal": {"mean": 1, "stddev": 0.3}}, keras.initializers.TruncatedNormal(1.0, 0.3, seed=1)),
]
SHAPES = {"dense": (200, 300), "conv": (3, 5, 40, 90), "bias": (60_000,)}


def sample(raw: Any, shape: tuple[int, ...], seed: int = 0, dtype: str = "float32") -> np.ndarray:
    return np.asarray(INITIALIZERS.build(raw).sample(root_key(seed), shape, dtype))


@pytest.mark.parametrize(
    ("raw", "oracle", "shape"),
    [
        pytest.param(raw, oracle, shape, id=f"{raw} {name}")
        for raw, oracle in RANDOM
        for name, shape in SHAPES.items()
        # The spread of the others does not follow the shape.
        if name == "dense" or isinstance(oracle, keras.initializers.VarianceScaling)
    ],
)
def test_bounds_and_moments_are_those_of_keras(raw: Any, oracle: Any, shape: tuple[int, ...]) -> None:
    ours, theirs = sample(raw, shape), np.asarray(oracle(shape))
    spread = theirs.std()
    error = 5 * spread / np.sqrt(ours.size)
    assert abs(ours.mean() - theirs.mean()) < 2 * error
    assert abs(ours.std() - spread) < 2 * error
    unbounded = getattr(oracle, "distribution", "") == "untruncated_normal"
    bounded = not unbounded and not isinstance(oracle, keras.initializers.RandomNormal)
    if bounded:
        # Samples of this size come within a thousandth of the bounds of a uniform distribution.
        np.testing.assert_allclose(np.ptp(ours), np.ptp(theirs), rtol=5e-3)
    assert len(np.unique(ours)) > ours.size * 0.9


@pytest.mark.parametrize("shape", [(), (7,), (3, 5), (2, 3, 5), (3, 4, 5, 6)])
def test_fans_are_those_of_keras(shape: tuple[int, ...]) -> None:
    from keras.src.initializers.random_initializers import compute_fans

    assert fans(shape) == compute_fans(shape)


@pytest.mark.parametrize(
    ("raw", "value"),
    [("zeros", 0), ("ones", 1), ("constant", 0), ({"constant": -2.5}, -2.5), ({"constant": "1/4"}, 0.25)],
)
def test_constants(raw: Any, value: float) -> None:
    np.testing.assert_array_equal(sample(raw, (2, 3)), np.full((2, 3), value, "float32"))


@pytest.mark.parametrize("shape", [(4, 4), (2, 5), (5, 2), (1, 1)])
def test_identity_is_that_of_keras(shape: tuple[int, int]) -> None:
    np.testing.assert_array_equal(sample({"identity": 1.5}, shape), keras.initializers.Identity(1.5)(shape))
    np.testing.assert_array_equal(sample("identity", shape), np.eye(*shape))


@pytest.mark.parametrize("shape", [[], [4], [2, 3, 4]])
def test_identity_fills_matrices_only(shape: list[int]) -> None:
    with pytest.raises(PlanError) as caught:
        INITIALIZERS.build("identity").check(tuple(shape))
    assert caught.value.message == f"`identity` fills weights of two axes, got one of shape {shape}"
    assert caught.value.help == "use `zeros` for a bias, `orthogonal` for a weight of more axes"


def test_variance_scaling_of_a_kernel_of_several_axes_follows_the_map() -> None:
    x = TensorType((5, 24))
    raw = {"num_heads": 4, "key_dim": 10, "kernel_initializer": {"variance_scaling": {"mode": "fan_out"}}}
    kernel = LAYERS.build({"self_attention": raw}).plan(x).params["query/kernel"]
    drawn = np.asarray(kernel.initializer.sample(root_key(0), kernel.shape, "float32"))
    np.testing.assert_allclose(drawn.std(), np.sqrt(1 / 40), rtol=0.1)


@pytest.mark.parametrize("shape", [(6, 6), (8, 3), (3, 8), (2, 3, 4), (1, 1)])
def test_orthogonal_rows_or_columns(shape: tuple[int, ...]) -> None:
    matrix = sample({"orthogonal": 2}, shape).reshape(-1, shape[-1]) / 2
    small = matrix.T @ matrix if matrix.shape[0] >= matrix.shape[1] else matrix @ matrix.T
    np.testing.assert_allclose(small, np.eye(len(small)), atol=1e-5)


def test_orthogonal_draws_are_uniform_over_rotations_and_reflections() -> None:
    keys = jax.vmap(lambda i: jax.random.fold_in(root_key(0), i))(np.arange(2000))
    initializer = INITIALIZERS.build("orthogonal")
    matrices = np.asarray(jax.vmap(lambda key: initializer.sample(key, (3, 3), "float32"))(keys))
    # Each entry of a uniform orthogonal 3x3 matrix has mean 0 and variance 1/3; QR without its signs does not.
    assert np.abs(matrices.mean(0)).max() < 5 * np.sqrt(1 / 3 / 2000)
    np.testing.assert_allclose(matrices.var(0), 1 / 3, atol=0.05)
    assert 0.4 < (np.linalg.det(matrices) > 0).mean() < 0.6


@pytest.mark.parametrize("shape", [(3, 3, 2, 5), (7, 4), (6,), ()])
def test_numbers_drawn_in_a_row_are_those_of_the_shape(shape: tuple[int, ...]) -> None:
    key = jax.random.key(3)
    for draw in (jax.random.normal, jax.random.uniform, jax.random.bits):
        found = in_a_row(partial(draw, key), shape)
        np.testing.assert_array_equal(found, draw(key, shape))


@pytest.mark.parametrize("name", [name for name in INITIALIZERS if name != "from_file"])
def test_the_key_decides_the_bits_and_the_dtype_is_kept(name: str) -> None:
    first = sample(name, (4, 6), 1)
    np.testing.assert_array_equal(first, sample(name, (4, 6), 1))
    if name not in ("zeros", "ones", "constant", "identity"):
        assert not np.array_equal(first, sample(name, (4, 6), 2))
    assert sample(name, (4, 6), dtype="bfloat16").dtype == "bfloat16"
    assert first.dtype == "float32"


@pytest.mark.parametrize(
    ("raw", "x", "oracle"),
    [
        ({"dense": 64}, TensorType((64,)), keras.layers.Dense(64)),
        ({"conv2d": {"filters": 32, "kernel_size": 3}}, TensorType((8, 8, 16)), keras.layers.Conv2D(32, 3)),
        ({"embedding": {"input_dim": 99, "output_dim": 33}}, TensorType((4,), "int32"), keras.layers.Embedding(99, 33)),
        ({"lstm": 32}, TensorType((3, 32)), keras.layers.LSTM(32)),
        ("batch_norm", TensorType((8,)), keras.layers.BatchNormalization()),
        ("layer_norm", TensorType((8,)), keras.layers.LayerNormalization()),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_defaults_of_layers_are_those_of_keras(raw: Any, x: TensorType, oracle: Any) -> None:
    plan = LAYERS.build(raw).plan(x)
    oracle.build((2, *x.shape))
    theirs = {variable.name: np.asarray(variable.value) for variable in oracle.variables if "seed" not in variable.path}
    entries: dict[str, Any] = {**plan.params, **plan.state}
    assert entries.keys() == theirs.keys()
    for seed, (name, entry) in enumerate(entries.items()):
        ours = np.asarray(entry.initializer.sample(root_key(seed), entry.shape, entry.dtype))
        assert ours.shape == theirs[name].shape
        if ours.ndim == 1:
            np.testing.assert_array_equal(ours, theirs[name], err_msg=name)
        else:
            np.testing.assert_allclose(ours.std(), theirs[name].std(), rtol=0.1, err_msg=name)
            assert abs(ours.mean()) < 5 * ours.std() / np.sqrt(ours.size)


def test_the_forget_gate_starts_open_unless_told_otherwise() -> None:
    x = TensorType((3, 2))
    bias = LAYERS.build({"lstm": {"units": 2, "bias_initializer": {"constant": 5}}}).plan(x).params["bias"]
    np.testing.assert_array_equal(bias.initializer.sample(root_key(0), (8,), "float32"), [5, 5, 1, 1, 5, 5, 5, 5])
    plain = LAYERS.build({"lstm": {"units": 2, "unit_forget_bias": False}}).plan(x).params["bias"]
    assert not np.any(plain.initializer.sample(root_key(0), (8,), "float32"))
