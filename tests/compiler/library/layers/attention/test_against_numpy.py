"""Rotary positions against the formula of the paper; attention in float64 and with rows of padding."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.compiler.library.layers.comparing import close
from tests.compiler.library.layers.running import QUICK, Running, filled, normal

COMPARED = {"rotary_embedding"}

query, same = normal(2, 3, 4), normal(2, 5, 4, seed=3)
mask_of_query = jnp.array([[1, 1, 0], [1, 0, 1]], bool)
mask_of_value = jnp.array([[1, 1, 0, 1, 0], [1, 0, 0, 0, 0]], bool)
two = {"query": query, "value": same}
masks_of_two = {"query": mask_of_query, "value": mask_of_value}


def rotated(x: Any, base: float) -> Any:
    """Su et al. 2021, equation 15, in complex numbers: pair `i` of step `t` times `exp(1j * t * base ** (-2i / d))`."""
    half = x.shape[-1] // 2
    pairs = np.asarray(x[..., :half], "complex128") + 1j * np.asarray(x[..., half:], "complex128")
    steps = np.arange(x.shape[1]).reshape(-1, *[1] * (x.ndim - 2))
    turned = pairs * np.exp(1j * steps * base ** (-2 * np.arange(half) / x.shape[-1]))
    return np.concatenate([turned.real, turned.imag], axis=-1)


def quick(running: Running) -> Any:
    """The output of a layer for its inputs, compiled."""
    return jax.jit(lambda x: running(x).outputs["output"], compiler_options=QUICK)


def test_rotary_positions_are_those_of_the_paper() -> None:
    arrays = [normal(*shape) for shape in ((2, 9, 6), (1, 7, 3, 4), (1, 1, 2), (2, 5, 2, 3, 8))]
    for base in (10000, 7.5):
        running = filled({"rotary_embedding": base}, arrays[0])
        found = jax.jit(lambda xs, run=running: [run(x).outputs["output"] for x in xs], compiler_options=QUICK)(arrays)
        for y, x in zip(found, arrays, strict=True):
            close(y, rotated(x, base), 1e-5)


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-6), ("bfloat16", 2**-8)])
def test_rotary_positions_far_along_are_exact(dtype: str, tolerance: float) -> None:
    x = jnp.ones((1, 20_000, 4), dtype)
    found = quick(filled({"rotary_embedding": {}}, x))(x)
    assert found.dtype == dtype
    close(found.astype("float32"), rotated(np.ones(x.shape), 10000), tolerance)


def test_a_step_that_may_be_seen_weighs_more_than_any_that_may_not() -> None:
    far = np.array([[[1e5, 0], [-1e5, 0]]], "float32")
    given = {"query": far[:, :1], "value": far}
    masks = {"value": jnp.array([[False, True]])}
    found = filled({"attention": {}}, given, masks).output(given, masks=masks)
    np.testing.assert_array_equal(found, far[:, 1:])


def test_rotary_attention_turns_queries_and_keys_in_each_head_and_sees_distances_only() -> None:
    arguments = {"num_heads": 2, "key_dim": 4, "rotary_base": 100.0, "sliding_window": 3}
    running = filled({"self_attention": arguments}, same)

    def mapped(name: str) -> Any:
        return np.einsum("btd,dnh->btnh", same, running.params[f"{name}/kernel"]) + running.params[f"{name}/bias"]

    scores = np.einsum("btnh,bsnh->bnts", rotated(mapped("query"), 100), rotated(mapped("key"), 100)) / 2
    near = np.abs(np.arange(5)[:, None] - np.arange(5)) < 3
    weights = np.where(near, np.exp(scores), 0)
    mixed = np.einsum("bnts,bsnh->btnh", weights / weights.sum(-1, keepdims=True), mapped("value"))
    expected = np.einsum("btnh,nhd->btd", mixed, running.params["output/kernel"]) + running.params["output/bias"]
    run = quick(running)
    close(run(same), expected, 1e-5)
    # Steps so far from both ends that the window is whole see the same, wherever the sequence begins.
    close(run(np.concatenate([query[:, :2], same], axis=1))[:, 4:], run(same)[:, 2:], 1e-5)


def test_attention_in_float64_keeps_its_digits() -> None:
    with jax.enable_x64(True):
        x = np.random.default_rng(0).normal(size=(2, 5, 4))
        mask = {"x": jnp.array([[1, 1, 0, 1, 1], [1, 0, 0, 0, 0]], bool)}
        running = filled(
            {"self_attention": {"num_heads": 2, "rotary_base": 50.0}}, np.zeros((2, 5, 4), "float32"), mask
        )
        wide = {name: np.asarray(value, "float64") for name, value in running.params.items()}
        found = jax.jit(lambda w: running.with_params(w, x, masks=mask).outputs["output"], compiler_options=QUICK)(wide)
        assert found.dtype == jnp.float64
        maps = {
            name: np.einsum("btd,dnh->btnh", x, wide[f"{name}/kernel"]) + wide[f"{name}/bias"]
            for name in ("query", "key", "value")
        }
        scores = np.einsum("btnh,bsnh->bnts", rotated(maps["query"], 50), rotated(maps["key"], 50)) / np.sqrt(2)
        seen = np.asarray(mask["x"])
        weights = np.where((seen[:, :, None] & seen[:, None, :])[:, None], np.exp(scores), 0)
        sums = weights.sum(-1, keepdims=True)
        weights = np.where(sums > 0, weights / np.where(sums > 0, sums, 1), 1 / 5)
        mixed = np.einsum("bnts,bsnh->btnh", weights, maps["value"])
        expected = np.einsum("btnh,nhd->btd", mixed, wide["output/kernel"]) + wide["output/bias"]
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


PADDED: list[Any] = [
    {"attention": {"use_scale": True}},
    {"grouped_query_attention": {"head_dim": 2, "num_query_heads": 4, "num_key_value_heads": 2, "use_gate": True}},
    {"self_attention": {"num_heads": 2, "rotary_base": 9.0, "use_causal_mask": True}},
    {"self_attention": {"num_heads": 2, "value_dim": 1, "sliding_window": 2}},
]


@pytest.mark.parametrize("raw", PADDED, ids=lambda raw: next(iter(raw)))
def test_rows_of_padding_are_never_read_with_masks_either(raw: Any) -> None:
    """Rows of NaN change no value, rows of any numbers no gradient of a weight."""
    given, masks = ({"x": same}, {"x": mask_of_value}) if "self_attention" in raw else (two, masks_of_two)
    running = filled(raw, given, masks)
    more_masks = {slot: jnp.concatenate([mask, mask[:1]]) for slot, mask in masks.items()}
    rows = jnp.array([True, True, False])

    def padded(value: float) -> dict[str, np.ndarray]:
        return {slot: np.pad(x, [(0, 1), (0, 0), (0, 0)], constant_values=value) for slot, x in given.items()}

    def total(params: Any, inputs: Any, masks: Any, rows: Any) -> Any:
        y = running.with_params(params, inputs, masks=masks, rows=rows).outputs["output"]
        return jnp.sum(jnp.where(rows[:, None, None], y, 0) ** 2), y

    @partial(jax.jit, compiler_options=QUICK)
    def run(params: Any) -> Any:
        short = jax.grad(total, has_aux=True)(params, given, masks, rows[:2])
        long = jax.grad(total, has_aux=True)(params, padded(50.0), more_masks, rows)
        return short, long, total(params, padded(float("nan")), more_masks, rows)[1]

    (gradient, value), (padded_gradient, padded_value), beside_nan = run(running.params)
    close(padded_value[:2], value, 1e-5)
    close(beside_nan[:2], value, 1e-5)
    for entry in gradient:
        close(padded_gradient[entry], gradient[entry], 1e-4, entry)
