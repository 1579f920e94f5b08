"""Activations that can be split off a layer, and those that only shape its output."""

from typing import Any

import jax
import numpy as np
import pytest

from modelc.compiler.library.contracts.layer import Activation
from modelc.compiler.library.layers import LAYERS
from modelc.compiler.library.layers.activations.functions import Linear, Tanh
from modelc.compiler.library.layers.activations.parametric import Relu, Softmax
from tests.compiler.library.layers.drawn import Drawn, draw, each, parts
from tests.compiler.library.layers.running import QUICK, Running, filled, normal

image = normal(2, 4, 4, 3)


@pytest.mark.parametrize(
    ("raw", "x"),
    [
        ({"dense": {"units": 3, "activation": "softmax"}}, normal(2, 5)),
        ({"conv2d": {"filters": 2, "kernel_size": 3, "activation": "gelu"}}, image),
        ({"activation": "tanh"}, normal(2, 5)),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_the_parts_of_a_layer_compute_the_whole(raw: Any, x: Any) -> None:
    running = filled(raw, x)
    parts = running.layer.split()
    assert parts is not None
    before, activation = parts
    middle = Running(before, running.params)(x).outputs["output"]
    np.testing.assert_allclose(activation.function(middle), running.output(x), rtol=1e-6)
    if before.split() is not None:
        again = before.split()
        assert again is not None and isinstance(again[1], Linear)


def test_an_activation_by_name_is_a_layer_of_its_own() -> None:
    assert LAYERS.build({"activation": "relu"}).split() == (Linear(), Relu())
    assert LAYERS.build("relu").split() is None


def test_a_recurrent_layer_says_what_shapes_its_output() -> None:
    lstm = LAYERS.build({"lstm": {"units": 2, "activation": "softmax"}})
    assert lstm.split() is None
    assert lstm.ends_in() == Softmax()
    assert LAYERS.build({"bidirectional": {"layer": {"lstm": 2}}}).ends_in() == Tanh()
    assert LAYERS.build({"dense": 2}).ends_in() is None


BOUNDED = ("activation", "cast", "clip")
"""Those whose own range the inputs may be in or not."""
COMPARED = sorted(name for name in LAYERS if name not in BOUNDED and not issubclass(LAYERS.find(name), Activation))


@pytest.mark.parametrize("name", COMPARED)
def test_a_layer_says_whether_it_keeps_the_range_of_its_inputs(name: str) -> None:
    use = next((use for use in draw(name) if use.layer.num_output_ids() is None and floats(use)), None)
    assert use is None or within(use, -3, -2) == any(part.keeps for part in use.layer.layers())


def floats(use: Drawn) -> bool:
    return all(x.is_float for types in use.types.values() for x in parts(types))


def within(use: Drawn, low: float, high: float) -> bool:
    """Whether the outputs of inputs between `low` and `high` are so too, or 0 where they pad."""
    random = np.random.default_rng(use.seed)
    inputs = {
        slot: each(types, lambda x: random.uniform(low, high, (use.batch, *x.shape)).astype("float32"))
        for slot, types in use.types.items()
    }
    running = filled({use.name: dict(use.arguments)}, inputs, use.masks)
    outputs = jax.jit(lambda given: dict(running(given, masks=use.masks).outputs), compiler_options=QUICK)(inputs)
    values = np.concatenate([np.ravel(y) for y in outputs.values()])
    inside = (values > low - 1e-5) & (values < high + 1e-5)
    return bool(np.any(inside) and np.all(inside | (values == 0)))
