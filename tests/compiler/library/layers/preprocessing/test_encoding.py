"""The layers that give ids: what becomes of masked, unknown and unseen values, and what `plan` refuses."""

from collections import Counter
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.layer import PlanError
from modelc.compiler.library.layers import LAYERS
from tests.compiler.library.layers.running import build, filled, learnt, normal

ids = np.array([[1, 0, 3], [4, 4, 0], [2, 2, 2]], "int32")


def encoding(mode: str, tokens: int = 5) -> dict[str, Any]:
    return {"category_encoding": {"num_tokens": tokens, "output_mode": mode}}


@pytest.mark.parametrize("mode", ["one_hot", "multi_hot", "count"])
def test_an_id_that_there_is_no_room_for_gives_nan_and_no_other_row(mode: str) -> None:
    x = ids.copy()
    x[0, 1], x[1, 2] = 5, -1
    found = build(encoding(mode), x).output(x)
    right = build(encoding(mode), ids).output(ids)
    bad = np.array([[0, 1, 0], [0, 0, 1], [0, 0, 0]], bool) if mode == "one_hot" else np.array([1, 1, 0], bool)
    assert np.isnan(found[bad]).all()
    np.testing.assert_array_equal(found[~bad], right[~bad])


@pytest.mark.parametrize("mode", ["one_hot", "multi_hot", "count"])
def test_a_masked_id_counts_nothing_whatever_it_is(mode: str) -> None:
    mask = np.array([[1, 1, 0], [1, 0, 0], [0, 0, 0]], bool)
    x = np.where(mask, ids, 77)
    running = build(encoding(mode), x, {"x": mask})
    result = running(x, masks={"x": jnp.asarray(mask)})
    rows = np.where(mask[..., None], np.eye(5)[ids], 0)
    expected = {"one_hot": rows, "multi_hot": rows.max(1), "count": rows.sum(1)}[mode]
    np.testing.assert_array_equal(result.outputs["output"], expected)
    assert set(result.masks) == ({"output"} if mode == "one_hot" else set())


def test_many_ids_of_few_bits_are_told_apart() -> None:
    x = np.array([[0], [44], [255]], "uint8")
    found = build(encoding("one_hot", 300), x).output(x)
    np.testing.assert_array_equal(found, np.eye(300)[x[:, 0]])


def test_a_weight_that_is_nan_stays_with_its_id() -> None:
    x, weights = ids[:1], np.array([[1, np.nan, 2]], "float32")
    found = build(encoding("count"), x).output({"x": x, "count_weights": weights})
    np.testing.assert_array_equal(found, [[np.nan, 1, 0, 2, 0]])


def test_nan_is_in_no_bin() -> None:
    x = np.array([[0.5, np.nan, -np.inf, np.inf]], "float32")
    np.testing.assert_array_equal(build({"discretization": {"bin_boundaries": [0, 1]}}, x).output(x), [[1, -1, 0, 2]])
    counted = build({"discretization": {"bin_boundaries": [0, 1], "output_mode": "count"}}, x).output(x)
    assert np.isnan(counted).all()


def test_a_boundary_opens_a_bin_and_frequent_values_leave_bins_empty() -> None:
    x = np.array([[0, 0, 0, 0, 0, 0, 1, 2]], "int32").T
    running = filled({"discretization": 4}, x)
    np.testing.assert_array_equal(running.state["bin_boundaries"], [0, 0, 0])
    np.testing.assert_array_equal(running.output(x).ravel(), [3] * 8)
    many = filled({"discretization": 4}, np.arange(8, dtype="float32")[:, None])
    np.testing.assert_array_equal(many.state["bin_boundaries"], [1, 3, 5])
    np.testing.assert_array_equal(many.output(np.arange(8)[:, None]).ravel(), [0, 1, 1, 2, 2, 3, 3, 3])


def test_many_bins_are_searched_as_few_are_compared() -> None:
    x = normal(500, 1)
    running = filled({"discretization": 300}, x)
    boundaries = running.state["bin_boundaries"]
    np.testing.assert_array_equal(running.output(x), np.digitize(x, boundaries))


def test_values_that_are_nan_are_not_learnt_from_in_silence() -> None:
    layer = LAYERS.build({"discretization": 3})
    assert np.isnan(learnt(layer, np.array([[1], [np.nan], [2]], "float32"))["bin_boundaries"]).all()


@pytest.mark.parametrize("max_tokens", [4, 7, 40])
@pytest.mark.parametrize("mask_token", [None, 3])
def test_a_vocabulary_is_the_most_frequent_integers_the_larger_first(max_tokens: int, mask_token: int | None) -> None:
    x = np.random.default_rng(1).integers(-5, 12, (60, 3)).astype("int32")
    raw = {"max_tokens": max_tokens, "num_oov_indices": 2, "mask_token": mask_token}
    running = filled({"integer_lookup": raw}, x)
    first = 2 + (mask_token is not None)
    tokens = Counter(token for token in x.ravel().tolist() if token != mask_token)
    ranked = sorted(tokens, key=lambda token: (-tokens[token], -token))[: max_tokens - first]
    unseen = np.arange(-9, 20, dtype="int32")[:, None]

    def place(token: int) -> int:
        if token == mask_token:
            return 0
        return first + ranked.index(token) if token in ranked else token % 2 + first - 2

    for rows in (x, unseen):
        np.testing.assert_array_equal(running.output(rows), np.vectorize(place)(rows))


def test_a_vocabulary_may_be_empty() -> None:
    x = np.zeros((4, 2), "int32")
    running = filled({"integer_lookup": {"max_tokens": 6, "num_oov_indices": 2, "mask_token": 0}}, x)
    rows = np.arange(-3, 3, dtype="int32")[:, None]
    np.testing.assert_array_equal(running.output(rows).ravel(), [2, 1, 2, 0, 2, 1])


def test_learnt_places_stay_apart_in_an_embedding_under_jit() -> None:
    x = np.array([[7], [9], [9], [-4]], "int32")
    running = filled({"integer_lookup": {"max_tokens": 4}}, x)
    found = jax.jit(lambda x: running(x).outputs["output"])(x)
    np.testing.assert_array_equal(found.ravel(), [2, 1, 1, 3])


REFUSALS: list[tuple[Any, TensorType, str, str, str]] = [
    (
        encoding("multi_hot"),
        TensorType((3,)),
        "expected integer ids, got float32",
        "give the input `dtype: int32`; add `discretization` before it to convert floats to ids",
        "",
    ),
    (
        encoding("count"),
        TensorType((), "int32"),
        "`output_mode: count` combines the ids of an axis, but there is only a single id",
        "write `output_mode: one_hot`",
        "output_mode",
    ),
    (
        {"discretization": {}},
        TensorType((3,)),
        "neither `num_bins` nor `bin_boundaries` is given",
        "give `num_bins: 10` to compute the boundaries from the training rows, or the known `bin_boundaries`",
        "",
    ),
    (
        {"discretization": {"num_bins": 3, "bin_boundaries": [1, 2]}},
        TensorType((3,)),
        "`num_bins` and `bin_boundaries` are both given",
        "give `num_bins: 10` to compute the boundaries from the training rows, or the known `bin_boundaries`",
        "bin_boundaries",
    ),
    (
        {"discretization": {"bin_boundaries": [1, 4, 4]}},
        TensorType((3,)),
        "`bin_boundaries` are not increasing: 4 comes after 4",
        "sort them, without duplicates",
        "bin_boundaries",
    ),
    (
        {"discretization": 3},
        TensorType((3,), "bool"),
        "expected numbers, got bool",
        "`rescaling: 1` converts booleans to 0 and 1",
        "",
    ),
    (
        {"integer_lookup": {}},
        TensorType((3,), "int32"),
        "neither `max_tokens` nor `vocabulary` is given",
        "give `max_tokens: 1000` to compute the vocabulary from the training rows, or the known `vocabulary`",
        "",
    ),
    (
        {"integer_lookup": {"max_tokens": 2, "num_oov_indices": 2}},
        TensorType((3,), "int32"),
        "`max_tokens` is 2, and the first 2 are not part of the vocabulary",
        "give `max_tokens: 3` or more",
        "max_tokens",
    ),
    (
        {"integer_lookup": {"vocabulary": [4, 5, 4]}},
        TensorType((3,), "int32"),
        "`vocabulary` has 4 twice",
        "write each integer once",
        "vocabulary",
    ),
    (
        {"integer_lookup": {"vocabulary": [0, 5], "mask_token": 0}},
        TensorType((3,), "int32"),
        "`mask_token` 0 is in the vocabulary too",
        "remove it from `vocabulary`: it has the id 0",
        "mask_token",
    ),
    (
        {"integer_lookup": {"max_tokens": 9, "mask_token": 0, "output_mode": "count"}},
        TensorType((3,), "int32"),
        "`mask_token` needs `output_mode: int`, but it is `count`",
        "omit `mask_token`; masked steps are not counted",
        "mask_token",
    ),
]


@pytest.mark.parametrize(("raw", "x", "message", "cure", "argument"), REFUSALS, ids=lambda part: str(part)[:40])
def test_a_refusal_says_what_came_and_the_cure(raw: Any, x: TensorType, message: str, cure: str, argument: str) -> None:
    with pytest.raises(PlanError) as caught:
        LAYERS.build(raw).plan(x)
    assert (caught.value.message, caught.value.help, caught.value.argument) == (message, cure, argument)


def test_weights_of_ids_must_fit_them() -> None:
    ids_type = TensorType((3,), "int32")
    with pytest.raises(PlanError, match="`count_weights` need `output_mode: count`, but it is `multi_hot`"):
        LAYERS.build(encoding("multi_hot")).plan(ids_type, TensorType((3,)))
    with pytest.raises(PlanError, match=r"`count_weights` is \[2\] float32, the ids are \[3\]"):
        LAYERS.build(encoding("count")).plan(ids_type, TensorType((2,)))


@pytest.mark.parametrize("dtype", ["int8", "int32", "uint32"])
def test_large_integers_are_not_rounded_into_other_bins(dtype: str) -> None:
    limits = np.iinfo(dtype)
    near = 2**24 if limits.bits == 32 else 100
    x = np.array([[near - 1, near, near + 1, near + 2, limits.min, limits.max]], dtype)
    boundaries = [-(2.0**40), 0.5, near + 1, near + 1.5, near + 3, 2.0**40]
    found = build({"discretization": {"bin_boundaries": boundaries}}, x).output(x)
    np.testing.assert_array_equal(found, np.digitize(x.astype("float64"), boundaries))


def test_learnt_boundaries_of_integers_hold_whole_numbers_apart() -> None:
    x = np.array([[2**24 + 2], [2**24 + 4], [2**24 + 6], [-(2**31)], [2**31 - 1]], "int32")
    running = build({"discretization": {"num_bins": 5}}, x)
    running.state = learnt(running.layer, x)
    boundaries = running.state["bin_boundaries"].astype("float64")
    probes = np.array([[2**24 + 1], [2**24 + 3], [2**24 + 5], [2**31 - 1], [-(2**31)]], "int32")
    np.testing.assert_array_equal(running.output(probes), np.digitize(probes, boundaries))
