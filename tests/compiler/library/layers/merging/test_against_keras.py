"""The layers that merge branches against Keras 3."""

from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.layer import PlanError
from modelc.compiler.library.layers import LAYERS
from tests.compiler.library.layers.comparing import Case, check, compare
from tests.compiler.library.layers.merging.oracles import Masked
from tests.compiler.library.layers.running import build, normal

COMPARED = {"average", "dot", "maximum", "minimum", "subtract"}
L = keras.layers
a, b, c = normal(2, 3, 4), normal(2, 3, 4, seed=1), normal(2, 3, 4, seed=2)


def dot(axes: Any, *inputs: Any, **arguments: Any) -> Case:
    return Case({"dot": {"axes": axes, **arguments}}, lambda: L.Dot(axes, **arguments), inputs)


CASES = [
    Case({"subtract": {}}, L.Subtract, (a, b)),
    Case({"average": {}}, L.Average, (a, b, c)),
    Case({"maximum": {}}, L.Maximum, (a, b, c)),
    Case({"minimum": {}}, L.Minimum, (a, b)),
    dot(-1, a, b),
    dot([-2, -1], a, normal(2, 6, 3)),
    dot(-1, a[:, 0], b[:, 0], normalize=True),
    dot([-1, -2], a, normal(2, 5, 4, 2), normalize=True),
    dot([-1, -2], a[:, 0], normal(2, 4, 5)),
    dot(-1, normal(1, 1), normal(1, 1, seed=1)),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_values_and_gradients(case: Case) -> None:
    check(case)


holes, others = np.array([[1, 1, 0], [0, 1, 0]], bool), np.array([[1, 0, 0], [1, 1, 0]], bool)
few = np.array([[0, 1, 0], [1, 0, 0]], bool)
MASKED = [
    (holes, None),
    (None, holes),
    (holes, others),
    (holes, None, others),
    (holes, others, few),
    (None, few, holes),
]


@pytest.mark.parametrize("layer", [L.Add, L.Average, L.Maximum, L.Minimum, L.Multiply])
def test_steps_that_do_not_count_have_the_part_that_keras_gives_them(layer: Any) -> None:
    name = layer.__name__.lower()
    inputs = [(a, b, c)[: len(masks)] for masks in MASKED]
    running = [build({name: {}}, x, {"inputs": tuple(masks)}) for x, masks in zip(inputs, MASKED, strict=True)]

    def ours(params: Any, inputs: Any) -> Any:
        each = zip(running, inputs, MASKED, strict=True)
        return tuple(one(x, masks={"inputs": masks}).outputs["output"] for one, x, masks in each), {}

    def theirs(params: Any, inputs: Any) -> Any:
        return tuple(Masked(masks, layer())(list(x)) for x, masks in zip(inputs, MASKED, strict=True)), {}

    compare(ours, theirs, {}, inputs, [str(len(masks)) for masks in MASKED])


def test_a_cosine_with_zeros_has_a_finite_gradient() -> None:
    zeros = np.zeros((1, 3), "float32")
    running = build({"dot": {"axes": -1, "normalize": True}}, (zeros, zeros))
    gradient = jax.grad(lambda x: jnp.sum(running((x, x + 1)).outputs["output"]))(jnp.asarray(zeros))
    assert np.isfinite(gradient).all()


@pytest.mark.parametrize(
    ("raw", "shapes", "message", "blamed"),
    [
        ("subtract", [[3], [3], [3]], "expected two inputs, got 3", "inputs"),
        ("maximum", [[3], [1]], "expected inputs of the same shape, got [3] and [1]", "inputs"),
        (
            {"dot": -1},
            [[3, 4], [3, 5]],
            "expected equal sizes along `axes`, got 4 and 5 in [3, 4] and [3, 5]",
            "inputs",
        ),
        ({"dot": [-1, -1, -1]}, [[3], [3]], "`axes` has 3 axes, but there are two inputs", "axes"),
        (
            {"dot": 1},
            [[3], [3]],
            "`axes` is 1, but axes count from the end, because the batch axis is never written",
            "axes",
        ),
    ],
)
def test_branches_that_do_not_fit_are_refused(raw: Any, shapes: list[list[int]], message: str, blamed: str) -> None:
    with pytest.raises(PlanError) as caught:
        LAYERS.build(raw).plan(tuple(TensorType(tuple(shape)) for shape in shapes))
    assert (caught.value.message, caught.value.argument or caught.value.slot) == (message, blamed)
    assert caught.value.help
