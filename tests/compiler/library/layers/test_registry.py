"""Every layer of the table is held to what the test kit holds the layers of plug-ins to, on drawn uses.

The kit's own faults are shown by `tests/test_testing.py`; what a layer computes is compared in `test_*_against_*.py`.
"""

from typing import Any

import pytest

from modelc.compiler.library.layers import LAYERS
from modelc.testing import check_layer
from tests.compiler.library.layers.drawn import Drawn, draw, parts
from tests.compiler.library.layers.families import compared


def telling(name: str) -> Drawn:
    """The most telling drawn use of a layer that has several rows, and a step to see for each step that attends."""
    return next(use for use in draw(name) if use.batch > 1 and not (masked(use) and use.arguments.keys() & NARROWED))


NARROWED = {"use_causal_mask", "sliding_window"}
"""What may leave a step of a masked sequence with nothing to see: its value is then that of no step."""


def masked(use: Drawn) -> dict[str, Any]:
    return {slot: mask for slot, mask in use.masks.items() if any(part is not None for part in parts(mask))}


def test_every_layer_is_compared_with_something_independent() -> None:
    assert compared() == set(LAYERS)


@pytest.mark.parametrize("name", list(LAYERS))
def test_every_layer_keeps_the_laws_of_the_kit(name: str) -> None:
    use = telling(name)
    check_layer(name, use.arguments, use.inputs, masks=masked(use))
