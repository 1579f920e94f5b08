"""Layers that say that they only move values: each that comes out has gone in, bit for bit, or is a constant."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.layer import Call, Layer
from modelc.compiler.library.layers import LAYERS
from tests.compiler.library.layers.drawn import Drawn, draw, parts
from tests.compiler.library.layers.running import QUICK, Running, as_result

MOVING = [name for name in LAYERS if LAYERS.find(name).keeps == "values" or LAYERS.find(name).moves is not Layer.moves]

NEAREST = {"height": 3, "width": 7, "interpolation": "nearest", "pad_to_aspect_ratio": True, "fill_value": 0.5}
RARE = {"resizing": (Drawn("resizing", NEAREST, {"x": TensorType((4, 5, 2))}, 2, False, 0),)}
"""Uses that move values, of a layer of which few do."""
FIXED = {"relu6": (6,), "hard_tanh": (-1, 1)}
"""The constants of layers that no argument says."""


@pytest.mark.parametrize("name", MOVING)
def test_a_layer_that_moves_values_gives_the_values_it_takes(name: str) -> None:
    uses = moving((*RARE.get(name, ()), *draw(name)))
    assert uses
    for use in uses[:2]:
        strange = set(outputs(use)) - set(given(use)) - constants(use)
        assert not strange, f"{use}: {sorted(strange)[:3]} have not gone in"
    first = parts(uses[0].types[uses[0].layer.slots[0].name])[0]
    assert by_chance(uses[0]) == (uses[0].layer.draws(first) > 0)


@pytest.mark.parametrize("name", [name for name in LAYERS if LAYERS.find(name).idle])
def test_an_idle_layer_gives_the_values_it_takes_outside_training(name: str) -> None:
    for use in draw(name)[:2]:
        assert list(outputs(replace(use, train=False))) == list(given(use))


def test_all_that_is_the_identity_outside_training_says_that_it_is_idle() -> None:
    said = {name for name in LAYERS if "otherwise the identity" in " ".join((LAYERS.find(name).__doc__ or "").split())}
    assert {name for name in said if not LAYERS.find(name).idle and LAYERS.find(name).keeps != "values"} == set()
    assert {"dropout", "stochastic_depth", "spatial_dropout1d", "gaussian_noise", "random_rotation"} <= said | {
        "stochastic_depth"
    }
    assert LAYERS.build({"time_distributed": {"layer": {"dropout": 0.5}}}).keeps_digits()


def test_all_that_reshapes_joins_or_selects_says_that_it_moves() -> None:
    reshaping = {name for name in LAYERS if ".reshaping." in LAYERS.find(name).__module__}
    others = {
        "attach_mask",
        "clip",
        "concatenate",
        "linear",
        "masking",
        "max",
        "maximum",
        "max_pool1d",
        "stop_gradient",
    }
    assert reshaping | others | {"stack", "random_crop", "random_flip", "time_distributed", "resizing"} <= set(MOVING)
    assert LAYERS.build({"time_distributed": {"layer": "flatten"}}).moves()
    assert not LAYERS.build({"time_distributed": {"layer": "gelu"}}).moves()
    assert not LAYERS.build({"relu": {"negative_slope": 0.1}}).moves()
    assert not LAYERS.build({"up_sampling2d": {"interpolation": "bilinear"}}).moves()


CROP = {"random_crop": {"height": 2, "width": 3}}
CHANCES: dict[str, Any] = {"random_flip": None, **CROP, "time_distributed": {"layer": CROP}}
"""Uses of the layers that move values by chance."""


@pytest.mark.parametrize("name", CHANCES)
def test_the_draws_of_what_moves_by_chance_bring_all_that_training_brings_and_nothing_else(name: str) -> None:
    layer = LAYERS.build({name: CHANCES[name]})
    shape = (4, 5, 4, 1) if name == "time_distributed" else (5, 4, 2)
    x = jnp.arange(2 * np.prod(shape), dtype="int32").reshape(2, *shape)
    train = jax.vmap(lambda key: as_result(layer.apply(Call({}, train=True, key=key), x)).outputs["output"])
    keys = jax.random.split(jax.random.key(0), 200)
    brought = set(bits(jax.jit(train)(keys)))
    count = layer.draws(TensorType(shape, "int32"))
    drawn = {value for number in range(count) for value in bits(layer.drawn(x, number))}
    assert brought == drawn == set(bits(x))


def by_chance(use: Drawn) -> bool:
    """Whether it draws random numbers in training."""
    try:
        Running(use.layer, {}, {})(use.inputs, masks=use.masks, train=True, key=None)
    except ValueError as error:
        return "needs a key" in str(error)
    return False


def moving(uses: tuple[Drawn, ...]) -> list[Drawn]:
    return [use for use in uses if use.layer.moves()]


def given(use: Drawn) -> Iterator[Any]:
    """The bits of every value that goes into the first slot."""
    for x in parts(use.inputs[use.layer.slots[0].name]):
        yield from bits(x)


def outputs(use: Drawn) -> Iterator[Any]:
    """The bits of every value that comes out."""
    running = Running(use.layer, {}, {})

    def run(inputs: Any, masks: Any, key: Any) -> Any:
        return dict(running(inputs, masks=masks, train=key is not None, key=key).outputs)

    key = jax.random.key(use.seed) if use.train else None
    for y in jax.jit(run, compiler_options=QUICK)(use.inputs, use.masks, key).values():
        yield from bits(y)


def constants(use: Drawn) -> set[Any]:
    """The bits of 0 and of the arguments that are numbers."""
    numbers = [value for value in dict(use.layer).values() if isinstance(value, int | float)]
    dtype = parts(use.inputs[use.layer.slots[0].name])[0].dtype
    return {
        bit
        for number in (0, *FIXED.get(LAYERS.name_of(use.layer), ()), *numbers)
        for bit in bits(np.asarray(number).astype(dtype))
    }


def bits(x: Any) -> list[Any]:
    """Each value of an array with its dtype, so that -0 and 0, and 1 and 1.0, are two."""
    array = np.asarray(x)
    return [(str(array.dtype), value.tobytes()) for value in array.ravel()]
