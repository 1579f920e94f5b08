"""Feeds rows to training steps. Which rows a step has follows from the seed, the epoch and the place of the step in it alone;
how they come to the device is here, and changes no bit.
"""

from typing import Any, NamedTuple, Protocol

import numpy as np

from modelc.compiler.language.ast import Settings
from modelc.runtime.data.arrays import Array
from modelc.runtime.data.dataset import Part
from modelc.runtime.data.order import Indices, batches, in_epoch
from modelc.runtime.training.evaluation import on_device
from modelc.runtime.training.placement import Placement
from modelc.runtime.training.step import Data


class Span(NamedTuple):
    """The batches of some steps in a row, on the device: `data` has rows, of which `indices` `[steps, batch]` are those of each
    step, and of these the first `valid` `[steps]` are valid.
    """

    data: Data
    indices: Any
    valid: Any


class Feed(Protocol):
    """Gives the rows of steps. `data` are rows as in every span, for their types."""

    data: Data

    def span(self, epoch: int, start: int, steps: int) -> Span:
        """Those of `steps` steps of an epoch from the step `start` on; behind its last step that is repeated, so that all
        spans of a length have the shapes that are compiled once.
        """


class ResidentRows:
    """All rows lie on each device, and a span has their places."""

    def __init__(self, part: Part, settings: Settings, placement: Placement) -> None:
        self.placement = placement
        self.data = on_device(part, placement)
        self.part, self.settings = part, settings
        self.epoch: int | None = None

    def span(self, epoch: int, start: int, steps: int) -> Span:
        if epoch != self.epoch:
            self.batches, self.epoch = batches_of(self.settings, epoch, self.part), epoch
        indices, valid = (padded(one[start : start + steps], steps) for one in self.batches)
        put = self.placement.put
        return Span(self.data, put(indices, self.placement.batches), put(valid, self.placement.everywhere))


def batches_of(settings: Settings, epoch: int, part: Part) -> tuple[Indices, Indices]:
    """The rows of each step of an epoch of training, and how many of them are valid, see `batches`."""
    order = in_epoch(settings.seed, epoch, part.rows, shuffle=settings.shuffle, classes=part.classes_to_draw)
    return batches(order, settings.batch_size)


def padded(array: Array, size: int) -> Array:
    """`array` padded to `size` entries by repeating the last."""
    missing = size - len(array)
    return np.concatenate([array, np.repeat(array[-1:], missing, axis=0)]) if missing else array
