"""Feeds rows to training steps and evaluations. Which rows a step has follows from the seed, the epoch and the place of the step in
it alone; how they come to the device is here, and changes no bit.
"""

from typing import Any, NamedTuple, Protocol

from modelc.runtime.data.dataset import Part
from modelc.runtime.data.decoded_rows import has_decoded
from modelc.runtime.data.gathering import is_mapped
from modelc.runtime.data.order import BatchesOf
from modelc.runtime.training.placement import Placement
from modelc.runtime.training.step import Data
from modelc.runtime.training.ways_of_feeding import NO_TIMES, Times, Way


class Span(NamedTuple):
    """The batches of some steps in a row, on the device: `data` has rows, of which `indices` `[steps, batch]` are those of each step; or
    batches of rows, of which `indices` `[steps]` are those of each step. Of a step's rows the first `valid` `[steps]` are valid.

    It has the rows of the steps before `until`; for those from there on another span is to be asked for.
    """

    data: Data
    indices: Any
    valid: Any
    until: int


class Feed(Protocol):
    """Gives the rows of steps. `data` are rows as those of every step, for their types."""

    data: Data
    times: Times

    def span(self, epoch: int, start: int, steps: int, place: int = 0) -> Span:
        """Those of `steps` steps of an epoch from the step `start` on, of which the one at `place` is there; behind the last step of
        the epoch that is repeated, so that all spans of a length have the shapes that are compiled once.

        Raises RunError E405 and E407 for rows that are not there any more.
        """

    def close(self) -> None:
        """Nothing more is asked for."""


class ResidentRows:
    """All rows lie on each device, and a span has their places."""

    def __init__(self, part: Part, batches: BatchesOf, placement: Placement) -> None:
        self.placement, self.batches = placement, batches
        self.data = on_device(part, placement)
        self.times: Times = NO_TIMES

    def span(self, epoch: int, start: int, steps: int, place: int = 0) -> Span:
        indices, valid = self.batches(epoch).steps(start, steps)
        put = self.placement.put
        return Span(self.data, put(indices, self.placement.batches), put(valid, self.placement.everywhere), steps)

    def close(self) -> None:
        pass


def feed_of(part: Part, batches: BatchesOf, placement: Placement, way: Way, epochs: int = 1) -> Feed:
    """What feeds the rows of a part in this way, for so many epochs."""
    if way == "resident":
        return ResidentRows(part, batches, placement)
    from modelc.runtime.training.gathered_rows import GatheredRows

    return GatheredRows(part, batches, placement, epochs)


def way_of(part: Part) -> Way:
    """In which way the rows of a part come to the device where none was chosen: as they are held."""
    if has_decoded(part):
        return "decoded"
    arrays = (*part.inputs.values(), *part.targets.values())
    return "mapped" if any(is_mapped(array) for array in arrays) else "resident"


def on_device(part: Part, placement: Placement) -> Data:
    """The rows of a part on each device."""
    rows = {"inputs": dict(part.inputs), "targets": dict(part.targets)}
    data: Data = placement.put(rows, placement.everywhere)
    return data
