"""Layers that learn from the training rows: every one of them, by what the contract of `fit` says."""

from typing import Any

import numpy as np
import pytest

from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.layer import Layer, PlanError, State
from modelc.compiler.library.contracts.weight_rules import Unfitted
from modelc.compiler.library.layers import LAYERS
from tests.compiler.library.layers.running import build, by_slot, learnt, normal, types

Array = np.ndarray
whole = np.random.default_rng(3).integers(-4, 9, (53, 3)).astype("int32")

LEARNERS: dict[str, list[tuple[Any, Array]]] = {
    "discretization": [
        ({"num_bins": 5}, normal(53, 3)),
        ({"num_bins": 7, "output_mode": "count"}, normal(53, 2, 3)),
        ({"num_bins": 4, "output_mode": "one_hot"}, whole),
    ],
    "integer_lookup": [
        ({"max_tokens": 6}, whole),
        ({"max_tokens": 30, "num_oov_indices": 3, "output_mode": "multi_hot"}, whole),
        ({"max_tokens": 9, "num_oov_indices": 2, "mask_token": 0}, whole),
    ],
    "normalization": [
        ({}, normal(53, 4) * 3 + 1000),
        ({"axis": None}, normal(53, 2, 3)),
        ({"axis": [-1, -3]}, normal(53, 2, 3, 4)),
        ({}, whole),
    ],
}
"""Of each layer that has a `fit`: arguments with which it learns, and rows to learn from."""
USES = [(name, raw, x) for name, uses in LEARNERS.items() for raw, x in uses]
STEPS = [(name, raw, x) for name, raw, x in USES if x.ndim > 2 or x.dtype.kind == "i"]


def planned(name: str, raw: Any, x: Array) -> tuple[Layer, dict[str, State]]:
    layer = LAYERS.build({name: raw})
    return layer, dict(layer.plan(**types(by_slot(x))).fitted)


def same(found: dict[str, Array], expected: dict[str, Array], tolerance: float) -> None:
    assert found.keys() == expected.keys()
    for entry, value in expected.items():
        np.testing.assert_allclose(found[entry], value, rtol=tolerance, atol=tolerance, err_msg=entry)


def test_every_layer_with_a_fit_learns_here() -> None:
    assert set(LEARNERS) == {name for name in LAYERS if LAYERS.find(name).fit is not Layer.fit}


@pytest.mark.parametrize("name", LEARNERS)
def test_a_layer_with_a_fit_has_one_input_and_names_the_arguments_to_use_instead(name: str) -> None:
    cls = LAYERS.find(name)
    assert len(cls.slots) == 1
    assert not cls.slots[0].many
    assert cls.given
    assert set(cls.given) <= set(cls.model_fields)


@pytest.mark.parametrize(("name", "raw", "x"), USES, ids=lambda part: str(part)[:30])
def test_fit_gives_what_plan_promises_however_many_rows_there_are(name: str, raw: Any, x: Array) -> None:
    layer, wanted = planned(name, raw, x)
    assert wanted
    for rows in (x, x[:1], x[:2]):
        found = learnt(layer, rows)
        assert {entry: (array.shape, str(array.dtype)) for entry, array in found.items()} == {
            entry: (state.shape, state.dtype) for entry, state in wanted.items()
        }
        assert all(np.isfinite(array).all() for array in found.values())


@pytest.mark.parametrize(("name", "raw", "x"), USES, ids=lambda part: str(part)[:30])
def test_what_is_learnt_does_not_depend_on_how_the_rows_are_cut(name: str, raw: Any, x: Array) -> None:
    layer, _ = planned(name, raw, x)
    whole = learnt(layer, x)
    for size in (1, 2, 7, 52):
        same(learnt(layer, x, size=size), whole, 1e-6)


@pytest.mark.parametrize(("name", "raw", "x"), STEPS, ids=lambda part: str(part)[:30])
def test_masked_steps_are_not_learnt_from_whatever_they_hold(name: str, raw: Any, x: Array) -> None:
    layer, _ = planned(name, raw, x)
    mask = np.random.default_rng(5).random(x.shape[:2]) < 0.7
    mask[0] = True
    garbage = np.nan if x.dtype.kind == "f" else 10**6
    broad = mask.reshape(*mask.shape, *[1] * (x.ndim - 2))
    found = learnt(layer, np.where(broad, x, garbage).astype(x.dtype), mask, size=9)
    same(found, learnt(layer, np.where(broad, x, -garbage).astype(x.dtype), mask), 1e-6)
    assert all(np.isfinite(array).all() for array in found.values())
    if name == "normalization" and raw == {"axis": None}:
        same(found, {"mean": np.mean(x[mask], dtype="float64"), "variance": np.var(x[mask], dtype="float64")}, 1e-6)


@pytest.mark.parametrize(("name", "raw", "x"), USES, ids=lambda part: str(part)[:30])
def test_a_layer_that_has_not_learnt_computes_nothing_that_passes_for_a_number(name: str, raw: Any, x: Array) -> None:
    running = build({name: raw}, x)
    y = running.output(x)
    assert np.isnan(y).all() if y.dtype.kind == "f" else (y == -1).all()


@pytest.mark.parametrize("name", LEARNERS)
def test_a_layer_that_learns_is_refused_inside_another(name: str) -> None:
    raw, x = LEARNERS[name][0]
    type_ = TensorType((4, *x.shape[1:]), str(x.dtype))
    with pytest.raises(PlanError) as caught:
        LAYERS.build({"time_distributed": {"layer": {name: raw}}}).plan(type_)
    assert (
        caught.value.message == f"`{name}` is fitted to the training rows, which is not possible inside another layer"
    )
    assert caught.value.help.startswith(f"use `{name}` as a separate layer, or give it `")


def test_no_spec_can_ask_for_the_state_before_learning() -> None:
    from modelc.compiler.library.initializers import INITIALIZERS

    assert Unfitted not in {INITIALIZERS.find(name) for name in INITIALIZERS}


def test_the_variance_of_large_values_that_differ_little_is_exact() -> None:
    x = (1e6 + np.random.default_rng(0).normal(size=(4000, 2))).astype("float32")
    layer, _ = planned("normalization", {}, x)
    exact = x.astype("float64")
    found = learnt(layer, x, size=13)
    np.testing.assert_allclose(found["variance"], exact.var(0), rtol=1e-6)
    np.testing.assert_array_equal(found["mean"], exact.mean(0).astype("float32"))


def test_a_column_that_never_changes_becomes_zero() -> None:
    x = np.full((40, 2), 0.1, "float32")
    running = build({"normalization": {}}, x)
    running.state |= learnt(running.layer, x, size=7)
    np.testing.assert_array_equal(running.output(x), 0)
    np.testing.assert_allclose(
        running.output(x + np.float32(1e-7)), np.float32(x + np.float32(1e-7) - x) / 1e-7, rtol=1e-5
    )


def test_normalizing_and_back_gives_the_values_again() -> None:
    x = normal(20, 4) * 5 - 3
    there, back = build({"normalization": {}}, x), build({"normalization": {"invert": True}}, x)
    there.state = back.state = learnt(there.layer, x)
    np.testing.assert_allclose(back.output(there.output(x)), x, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("raw", "shape", "dtype", "message", "cure"),
    [
        ({}, [4], "bool", "expected numbers, got bool", "add `rescaling: 1` before it"),
        (
            {},
            [],
            "float32",
            "`axis` is -1, but a single number has no axes",
            "write `normalization: {axis: null}` for a single mean",
        ),
        (
            {"mean": 1},
            [4],
            "float32",
            "`mean` is given but `variance` is not",
            "give both, or neither to compute them from the training rows: `variance: 1.0`",
        ),
        (
            {"mean": [1, 2, 3], "variance": 1},
            [4],
            "float32",
            "`mean` has 3 values, and [4] has 4 entries along the axis -1",
            "give one number for all entries, or one for each entry of the last axis of `axis`",
        ),
        (
            {"mean": [1, 2], "variance": 1, "axis": None},
            [4],
            "float32",
            "`mean` has 2 values, and [4] has a single mean",
            "give one number for all entries, or one for each entry of the last axis of `axis`",
        ),
        (
            {"mean": 0, "variance": [1, -0.5], "axis": -1},
            [2],
            "float32",
            "`variance` has the value -0.5, but a variance is at least 0",
            "give the square of the standard deviation",
        ),
    ],
)
def test_normalization_refuses(raw: Any, shape: list[int], dtype: str, message: str, cure: str) -> None:
    with pytest.raises(PlanError) as caught:
        LAYERS.build({"normalization": raw}).plan(TensorType(tuple(shape), dtype))
    assert (caught.value.message, caught.value.help) == (message, cure)
