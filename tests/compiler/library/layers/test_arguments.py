"""Every argument of every layer changes something that can be observed: none is accepted and ignored."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Literal, get_args, get_origin

import pytest
from pydantic import ValidationError

from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.layer import PlanError
from modelc.compiler.library.contracts.weight_rules import Constraint, Initializer, Regularizer
from modelc.compiler.library.layers import LAYERS
from tests.compiler.library.layers.drawn import Drawn, draw, draw_many
from tests.compiler.library.layers.observing import Computed

OF_A_KIND: dict[type, Any] = {
    Initializer: {"constant": 0.3},
    Regularizer: {"l2": 0.1},
    Constraint: "non_negative",
    bool: True,
    float: 0.25,
    int: 3,
}
"""A value for arguments that no configuration gives, by what they take."""
PICKED: dict[str, tuple[Any, tuple[int, ...]]] = {
    "conv1d": ({"filters": 4, "kernel_size": 1, "groups": 2}, (5, 4)),
    "conv3d": ({"filters": 4, "kernel_size": 1, "groups": 2}, (3, 3, 3, 4)),
    "dropout": ({"rate": 0.5, "noise_shape": [1, 5]}, (4, 5)),
    "gru": ({"units": 2}, (4, 5)),
    "lstm": ({"units": 2}, (4, 5)),
    "masking": ({"mask_value": 0.5}, (4, 5)),
    "multi_head_attention": ({"num_heads": 2, "key_dim": 4, "rotary_base": 100.0}, (4, 4)),
    "permute": ({"dims": [-2, -1]}, (3, 4)),
    "random_erasing": ({"factor": 1.0, "scale": [0.3, 0.5], "value_range": [-1, 1]}, (6, 6, 3)),
    "random_grayscale": ({"factor": 1.0}, (6, 6, 3)),
    "random_hue": ({"factor": 0.5, "value_range": [-1, 1]}, (6, 6, 3)),
    "random_rotation": ({"factor": 0.3, "fill_mode": "constant", "fill_value": 0.5}, (6, 6, 3)),
    "random_saturation": ({"factor": 0.9, "value_range": [-1, 1]}, (6, 6, 3)),
    "random_shear": ({"x_factor": 0.5, "fill_mode": "constant", "fill_value": 0.5}, (6, 6, 3)),
    "random_translation": (
        {"height_factor": 0.5, "width_factor": 0.5, "fill_mode": "constant", "fill_value": 0.5},
        (6, 6, 3),
    ),
    "random_zoom": ({"height_factor": 0.5, "fill_mode": "constant", "fill_value": 0.5}, (6, 6, 3)),
    "resizing": ({"height": 5, "width": 3, "pad_to_aspect_ratio": True, "fill_value": 0.5}, (4, 7, 3)),
    "self_attention": ({"num_heads": 1, "key_dim": 4, "rotary_base": 100.0}, (4, 4)),
    "simple_rnn": ({"units": 2}, (4, 5)),
    "squeeze": ({"axis": -1}, (1, 4, 1)),
}
"""A use that shows what hardly any drawn one does: arguments that count with certain others or certain sizes only."""
MOST = 6
"""In how many uses to try all values of an argument that the plans do not show."""


def pools(name: str) -> Iterator[list[Drawn]]:
    """The uses in which each argument of a layer is tried: those that show the most, and more where these do not do."""
    picked = []
    if name in PICKED:
        arguments, shape = PICKED[name]
        types = {slot.name: TensorType(shape) for slot in LAYERS.find(name).slots if slot.required}
        picked = [Drawn(name, arguments, types, 3, True, 0)]
    yield [*picked, *draw(name)]
    yield [*picked, *draw_many(name)]


def values(pool: list[Drawn], argument: str) -> list[Any]:
    """What to try for an argument: what drawn uses give it, and values of its kind."""
    drawn = [use.arguments[argument] for use in pool if argument in use.arguments]
    annotation = LAYERS.find(pool[0].name).model_fields[argument].annotation
    kinds = [annotation, *get_args(annotation)]
    fixed = [value for kind in kinds if get_origin(kind) is Literal for value in get_args(kind)]
    return [*{str(value): value for value in [*drawn, *fixed]}.values()][:6] + [
        value for kind, value in OF_A_KIND.items() if kind in kinds
    ]


def planned(use: Drawn) -> bool:
    """Whether a use is valid."""
    try:
        return bool(use.plan.outputs)
    except (ValidationError, PlanError):
        return False


def variants(use: Drawn, argument: str, tried: list[Any]) -> Iterator[Drawn]:
    """The valid uses that differ from `use` in the value of one argument, one of those `tried`."""
    without = {name: value for name, value in use.arguments.items() if name != argument}
    for value in tried:
        other = replace(use, arguments={**without, argument: value})
        if planned(other):
            yield other


def shows(name: str, argument: str, known: dict[str, list[bytes]]) -> bool:
    """Whether an argument changes something between two uses that differ in nothing else.

    `known` has the numbers of what was computed for other arguments.
    """
    return any(shows_among(pool, argument, known) for pool in pools(name))


def shows_among(pool: list[Drawn], argument: str, known: dict[str, list[bytes]]) -> bool:
    """The same with the uses of one pool: plans first, then numbers."""
    name, tried = pool[0].name, values(pool, argument)
    pairs: list[tuple[Drawn, list[Drawn]]] = []
    for use in pool:
        default = replace(use, arguments={key: value for key, value in use.arguments.items() if key != argument})
        if not planned(default):
            if argument in use.arguments and not LAYERS.find(name).model_fields[argument].is_required():
                # What is refused without an argument and valid with it hangs on it.
                return True
            default = use
        others = list(variants(use, argument, tried))
        if any(repr(default.plan) != repr(other.plan) for other in others):
            return True
        pairs.append((default, others))
    for use, others in pairs[:MOST]:
        base = Computed(use, use.inputs, known)
        if any(base.differs(Computed(other, use.inputs, known)) for other in others):
            return True
    return False


@pytest.mark.parametrize("name", list(LAYERS))
def test_every_argument_changes_something(name: str) -> None:
    known: dict[str, list[bytes]] = {}
    unseen = [argument for argument in LAYERS.find(name).model_fields if not shows(name, argument, known)]
    assert not unseen, f"no drawn use of `{name}` shows {unseen}"
