"""Along which axes of the mesh the axes of weights lie: rules from the logical names that layers give them. Knows no jax."""

from collections.abc import Mapping, Sequence
from math import prod
from typing import NamedTuple

from modelc.compiler.library.contracts.layer import Weight
from modelc.compiler.lowering.prepared_task import PreparedTask
from modelc.runtime.training.parallelism import Parallelism

RULES: Mapping[str, str] = {"heads": "model", "mlp": "model", "vocab": "model"}
"""The axis of the mesh along which a logical axis of weights lies; one that is not here lies along none."""
Axes = tuple[tuple[str, ...], ...]
"""For each axis of an array the axes of the mesh along which it lies."""


class WeightAxes(NamedTuple):
    """The axes of one weight; of one copy of it, where it is `stacked` for a rolled repeat.

    `used` are those that it has where a node computes with it, `sharded` those where it is spread along `data` as well.
    """

    used: Axes
    sharded: Axes
    stacked: bool

    def whole(self, axes: Axes) -> Axes:
        """`axes` with that of the stack, which lies along none: a loop goes over it."""
        return ((), *axes) if self.stacked else axes


Named = Mapping[str, Mapping[str, WeightAxes]]
"""Those of all weights, by path and name."""


def weight_axes(task: PreparedTask, parallelism: Parallelism) -> dict[str, dict[str, WeightAxes]]:
    """The axes of all weights of a task."""
    return {
        path: {name: axes_of(weight, parallelism, stacked=roll is not None) for name, weight in plan.params.items()}
        for path, plan, roll in task.weight_sets()
        if plan.params
    }


def axes_of(weight: Weight, parallelism: Parallelism, *, stacked: bool) -> WeightAxes:
    """The axes of one weight. An axis that the devices do not divide stays whole."""
    used: list[tuple[str, ...]] = []
    for size, name in zip(weight.shape, weight.axes, strict=True):
        along = RULES.get(name or "", "")
        fits = bool(along) and (along,) not in used and size % getattr(parallelism, along) == 0
        used.append((along,) if fits else ())
    return WeightAxes(tuple(used), spread(weight.shape, used, parallelism), stacked)


def spread(shape: Sequence[int], used: Sequence[tuple[str, ...]], parallelism: Parallelism) -> Axes:
    """`used` with `data` on the longest axis that can be divided so, rather one that lies along no other."""
    sizes = {"data": parallelism.data, "model": parallelism.model}
    parts = [prod(sizes[one] for one in axes) * parallelism.data for axes in used]
    fitting = [place for place, size in enumerate(shape) if size and size % parts[place] == 0]
    if not fitting:
        return tuple(used)
    chosen = max(fitting, key=lambda place: (not used[place], shape[place], -place))
    return tuple((*axes, "data") if place == chosen else axes for place, axes in enumerate(used))


def replicated(task: PreparedTask, parallelism: Parallelism, axes: Named) -> list[str]:
    """The weights that lie whole on each device though they were to be divided, since no axis of theirs can be."""
    whole = []
    for path, plan, _ in task.weight_sets():
        for name, weight in plan.params.items():
            found = axes[path][name]
            is_for_model = parallelism.model > 1 and any(one in RULES for one in weight.axes)
            is_for_data = parallelism.data > 1 and parallelism.shard != "none"
            if (is_for_model and not any(found.used)) or (is_for_data and "data" not in sum(found.sharded, ())):
                whole.append(f"{path}/{name}")
    return whole
