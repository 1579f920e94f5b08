"""Layers that are little more than a weight: against Keras 3 or, where it has none, against their formula."""

from typing import Any

import jax
import keras
import numpy as np
import pytest

from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.layer import PlanError
from modelc.compiler.library.layers import LAYERS
from tests.compiler.library.layers.comparing import Case, check
from tests.compiler.library.layers.running import build, filled, normal

L = keras.layers
x3, image = normal(2, 3, 4), normal(2, 3, 5, 4)


def mapped(equation: str, new: list[int], full: Any, x: Any, **arguments: Any) -> Case:
    raw = {"einsum_dense": {"equation": equation, "output_shape": new, **arguments}}
    return Case(raw, lambda: L.EinsumDense(equation, full, **arguments), x)


CASES = [
    mapped("...d,dhk->...hk", [2, 3], (2, 3), x3, bias_axes="hk"),
    mapped("...d,dhk->...hk", [2, 3], (2, 3), image, bias_axes="h", activation="tanh"),
    mapped("...hd,hde->...e", [6], 6, image, bias_axes="e"),
    mapped("btd,de->bet", [6], (6, 3), x3, bias_axes="t"),
    mapped("btd,tde->bte", [6], (3, 6), x3),
    mapped("bd,de->be", [1], 1, normal(1, 1), bias_axes="e"),
]
COMPARED = {"constant", "einsum_dense", "parameter"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_values_and_gradients(case: Case) -> None:
    check(case)


@pytest.mark.parametrize(
    ("equation", "new", "x", "fans"),
    [("...d,dhk->...hk", [10, 20], normal(1, 50), (50, 200)), ("btd,tde->bte", [30], normal(1, 20, 8), (8, 600))],
)
def test_kernels_start_with_the_spread_that_keras_gives_them(equation: str, new: Any, x: Any, fans: Any) -> None:
    params = build({"einsum_dense": {"equation": equation, "output_shape": new}}, x).params
    limit, largest = np.sqrt(6 / sum(fans)), np.max(np.abs(params["kernel"]))
    assert 0.98 * limit < largest <= limit
    oracle = L.EinsumDense(equation, (20, 30) if len(new) == 1 else new)
    oracle.build(x.shape)
    assert 0.98 * limit < np.max(np.abs(oracle.kernel)) <= limit


@pytest.mark.parametrize("x", [normal(3, 4), np.full((3, 2, 2), np.nan, "float32"), np.zeros((3, 1), "int32")])
def test_a_parameter_is_the_same_whatever_comes_in(x: Any) -> None:
    running = filled({"parameter": [2, 5]}, x)
    result = running(x, masks={"x": np.zeros((3, 1), bool)})
    value = running.params["value"]
    np.testing.assert_array_equal(result.outputs["output"], np.stack([value] * 3))
    assert value.shape == (2, 5) and not result.masks
    pull = jax.vjp(lambda p: running.with_params(p, x).outputs["output"], running.params)[1]
    weight = normal(3, 2, 5, seed=1)
    np.testing.assert_allclose(pull(weight)[0]["value"], weight.sum(0), rtol=1e-5)


def test_a_constant_is_state_that_nothing_changes_and_integers_are_read() -> None:
    running = filled({"constant": {"shape": [2, 5], "value_initializer": "random_normal"}}, x3)
    result = running(x3, train=True, masks={"x": np.ones((2, 3), bool)})
    np.testing.assert_array_equal(result.outputs["output"], np.stack([running.state["value"]] * 2))
    assert not running.params and not result.masks and not result.state
    layer = LAYERS.build({"constant": {"shape": [2], "dtype": "int32", "value_initializer": "ones"}})
    with pytest.raises(PlanError, match="an array of integers is read, not drawn"):
        layer.plan(TensorType((3,)))


def test_a_parameter_starts_as_a_weight_of_keras_does() -> None:
    drawn = build({"parameter": [40, 60]}, x3).params["value"]
    layer = keras.layers.Layer()
    theirs = np.asarray(layer.add_weight(shape=(40, 60)).value)
    np.testing.assert_allclose([np.max(drawn), np.min(drawn)], [theirs.max(), theirs.min()], rtol=0.01)


@pytest.mark.parametrize(
    ("equation", "shape", "masked"),
    [
        ("...d,de->...e", [3], True),
        ("btd,de->bte", [3], True),
        ("btd,de->bet", [3], False),
        ("btd,ts->bsd", [3], False),
    ],
)
def test_an_equation_that_keeps_the_steps_keeps_their_mask(equation: str, shape: Any, masked: bool) -> None:
    layer = LAYERS.build({"einsum_dense": {"equation": equation, "output_shape": shape}})
    plan = layer.plan(TensorType((3, 4), mask=True))
    assert (plan.output.mask, plan.drops_mask) == (masked, not masked)
    assert not layer.plan(TensorType((3, 4))).drops_mask


@pytest.mark.parametrize(
    ("raw", "shape", "message", "argument"),
    [
        (
            {"equation": "ab->a", "output_shape": 2},
            [4],
            "`ab->a` is not an equation of input, kernel and output",
            "equation",
        ),
        ({"equation": "...a,ab->b", "output_shape": 2}, [4], "`...a,ab->b` has dots on one side only", "equation"),
        (
            {"equation": "ba,ab->b", "output_shape": 2},
            [4],
            "the first letter of `ba,ab->b` is not the batch axis, which input and output have but not the kernel",
            "equation",
        ),
        (
            {"equation": "xaa,ab->xb", "output_shape": 2},
            [4, 4],
            "`xaa,ab->xb` has a duplicate axis in `xaa`",
            "equation",
        ),
        (
            {"equation": "...a,abc->...b", "output_shape": 2},
            [4],
            "`...a,abc->...b`: the kernel's axis `c` is neither in the input nor in the output",
            "equation",
        ),
        (
            {"equation": "...a,ab->...b", "output_shape": 2, "bias_axes": "c"},
            [4],
            "`...a,ab->...b`: the bias's axis `c` is not in the output",
            "bias_axes",
        ),
        (
            {"equation": "xta,ab->xtb", "output_shape": [3, 2]},
            [3, 4],
            "`output_shape` [3, 2] has 2 sizes, but the output has 1 axes that the input does not have: b",
            "output_shape",
        ),
        (
            {"equation": "xta,ab->xtb", "output_shape": 2},
            [4],
            "`xta,ab->xtb` has letters for 2 axes of an example, got [4]",
            "equation",
        ),
    ],
)
def test_an_equation_that_does_not_fit_is_refused(raw: Any, shape: list[int], message: str, argument: str) -> None:
    with pytest.raises(PlanError) as caught:
        LAYERS.build({"einsum_dense": raw}).plan(TensorType(tuple(shape)))
    assert (caught.value.message, caught.value.argument) == (message, argument)
    assert caught.value.help
