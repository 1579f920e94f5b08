"""The optimizer of a task, and for each group of its weights the same with the learning rate and the decay of that group; for weights
that it excludes, the one that they go by.
"""

from collections.abc import Hashable
from typing import Any, NamedTuple

import optax

from modelc.compiler.library.contracts.optimizer import Optimizer, Schedule
from modelc.compiler.lowering.prepared_task import PreparedTask

DECAY = "weight_decay"


class Kind(NamedTuple):
    """How some weights are updated, see `Weight`."""

    rate_factor: float
    decay: float | None
    excluded: bool


USUAL = Kind(1.0, None, False)


class Scaled(Schedule):
    """The learning rates of a schedule, all times `factor`. No spec names it."""

    schedule: Schedule
    factor: float

    def function(self, total_steps: int) -> optax.Schedule:
        rates = self.schedule.function(total_steps)
        return lambda step: rates(step) * self.factor


def in_groups(task: PreparedTask, total_steps: int) -> optax.GradientTransformation:
    """The optimizer of a task, for a run of `total_steps`. What it keeps of a weight in its shape is found by the last two keys of
    the way to it, in groups too.
    """
    assert task.training is not None
    optimizer = task.training.optimizer
    kinds = {
        path: {
            name: Kind(one.rate_factor, one.decay, one.excluded) for name, one in plan.params.items() if one.trainable
        }
        for path, plan, _ in task.weight_sets()
    }
    used = sorted({kind for named in kinds.values() for kind in named.values()}, key=str)
    if used in ([], [USUAL]):
        return optimizer.transform(total_steps)
    numbers = {kind: str(number) for number, kind in enumerate(used)}
    labels = {path: {name: numbers[kind] for name, kind in named.items()} for path, named in kinds.items() if named}
    parts: dict[Hashable, optax.GradientTransformation] = {
        number: of_kind(optimizer, kind).transform(total_steps) for kind, number in numbers.items()
    }
    found: Any = optax.partition(parts, labels)
    return optax.GradientTransformation(found.init, found.update)


def of_kind(optimizer: Optimizer, kind: Kind) -> Optimizer:
    """`optimizer` with the learning rate and the decay of weights of a `kind`, or the one of those that it excludes."""
    if kind.excluded:
        optimizer = optimizer.of_excluded()
    changes: dict[str, Any] = {}
    rate = getattr(optimizer, "learning_rate", None)
    if kind.rate_factor != 1 and rate is not None:
        is_schedule = isinstance(rate, Schedule)
        changes["learning_rate"] = (
            Scaled(schedule=rate, factor=kind.rate_factor) if is_schedule else rate * kind.rate_factor
        )
    if kind.decay is not None:
        # What goes by another rule in one optimizer has a decay of its own there.
        changes |= {name: kind.decay for name in type(optimizer).model_fields if name.endswith(DECAY)}
    return optimizer.model_copy(update=changes)
