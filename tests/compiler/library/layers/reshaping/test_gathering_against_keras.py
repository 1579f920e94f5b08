"""Entries taken by indices of the data, against Keras 3 and NumPy; what becomes of masks, and of indices outside."""

from typing import Any

import jax.numpy as jnp
import keras
import numpy as np
import pytest

from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.layer import PlanError
from modelc.compiler.library.layers import LAYERS
from tests.compiler.library.layers.running import build, normal

ops: Any = keras.ops
COMPARED = {"gather", "take_along_axis"}
nodes = normal(2, 4, 3)
edges = np.array([[0, 3, 3], [1, 2, 0]], "int32")
steps = np.array([[1, 0, 1, 1], [1, 1, 0, 0]], bool)


def test_the_ends_of_edges_are_the_features_of_their_nodes() -> None:
    found = build({"gather": -2}, {"x": nodes, "indices": edges}).output({"x": nodes, "indices": edges})
    np.testing.assert_array_equal(found, [ops.take(x, i, axis=0) for x, i in zip(nodes, edges, strict=True)])


def test_one_index_for_each_example_takes_a_step_and_its_axis_away() -> None:
    last = np.array([3, 1], "int32")
    found = build({"gather": -2}, {"x": nodes, "indices": last}).output({"x": nodes, "indices": last})
    np.testing.assert_array_equal(found, nodes[[0, 1], last])


def test_sorted_places_sort() -> None:
    places = np.argsort(nodes, axis=1).astype("int32")
    found = build({"take_along_axis": -2}, {"x": nodes, "indices": places}).output({"x": nodes, "indices": places})
    np.testing.assert_array_equal(found, np.sort(nodes, axis=1))


@pytest.mark.parametrize("name", sorted(COMPARED))
@pytest.mark.parametrize("bad", [-1, 4, 2**31 - 1])
def test_an_index_outside_gives_nan_and_never_another_entry(name: str, bad: int) -> None:
    indices = np.array([[0, bad, 3], [1, 2, 0]], "int32")
    x = nodes if name == "gather" else nodes[..., 0]
    axis = -2 if name == "gather" else -1
    found = build({name: axis}, {"x": x, "indices": indices}).output({"x": x, "indices": indices})
    assert np.isnan(found[0, 1]).all()
    assert np.isfinite(found[0, [0, 2]]).all() and np.isfinite(found[1]).all()


def test_masks_go_with_the_steps_that_are_taken() -> None:
    given = {"x": nodes, "indices": edges}
    counted = np.array([[1, 1, 0], [1, 1, 1]], bool)
    taken = np.take_along_axis(steps, edges, 1)
    for masks, right in (
        ({"x": steps}, taken),
        ({"indices": counted}, counted),
        ({"x": steps, "indices": counted}, taken & counted),
    ):
        wrapped = {slot: jnp.asarray(mask) for slot, mask in masks.items()}
        running = build({"gather": -2}, given, wrapped)
        np.testing.assert_array_equal(running(given, masks=wrapped).masks["output"], right)
    along_features = {"x": nodes, "indices": np.zeros((2, 2), "int32")}
    mask = {"x": jnp.asarray(steps)}
    np.testing.assert_array_equal(
        build({"gather": -1}, along_features, mask)(along_features, masks=mask).masks["output"], steps
    )


@pytest.mark.parametrize(
    ("raw", "x", "indices", "masked", "dropped"),
    [
        ({"gather": -2}, TensorType((4, 3), mask=True), TensorType((2,), "int32"), True, False),
        ({"gather": -2}, TensorType((4, 3), mask=True), TensorType((), "int32"), False, True),
        ({"gather": -2}, TensorType((4, 3), mask=True), TensorType((2, 5), "int32"), False, True),
        ({"gather": -2}, TensorType((4, 3)), TensorType((2, 5), "int32", mask=True), True, False),
        ({"gather": -1}, TensorType((4, 3)), TensorType((2, 5), "int32", mask=True), False, True),
        ({"gather": -1}, TensorType((4, 3), mask=True), TensorType((), "int32"), False, True),
        ({"take_along_axis": -2}, TensorType((4, 3), mask=True), TensorType((4, 3), "int32"), False, True),
        ({"take_along_axis": -2}, TensorType((4, 3)), TensorType((2, 3), "int32", mask=True), True, False),
        ({"take_along_axis": -1}, TensorType((4, 3), mask=True), TensorType((4, 2), "int32"), True, False),
    ],
)
def test_a_mask_without_a_place_is_said_to_be_dropped(
    raw: Any, x: TensorType, indices: TensorType, masked: bool, dropped: bool
) -> None:
    plan = LAYERS.build(raw).plan(x, indices)
    assert (plan.output.mask, plan.drops_mask) == (masked, dropped)


@pytest.mark.parametrize(
    ("raw", "indices", "message", "help"),
    [
        (
            {"gather": -2},
            TensorType((3,)),
            "expected integer indices, got float32",
            "give the input `dtype: int32`, or add `cast: int32` before it",
        ),
        (
            {"take_along_axis": -1},
            TensorType((4,), "int32"),
            "`indices` of [4] do not fit [4, 3], except along axis -1",
            "give them the sizes of `x` on all other axes; `gather` takes whole entries by a list of indices",
        ),
    ],
)
def test_what_does_not_fit_is_refused(raw: Any, indices: TensorType, message: str, help: str) -> None:
    with pytest.raises(PlanError) as caught:
        LAYERS.build(raw).plan(TensorType((4, 3)), indices)
    assert (caught.value.message, caught.value.help, caught.value.slot) == (message, help, "indices")
