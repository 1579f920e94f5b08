"""Along which axes of the mesh the axes of weights lie: by rules for the logical names that layers give them. Knows no jax."""

from collections.abc import Mapping, Sequence
from math import prod
from typing import NamedTuple

from modelc.compiler.library.contracts.layer import Weight
from modelc.compiler.library.contracts.mesh_axes import RULES, WHOLE
from modelc.compiler.lowering.prepared_task import PreparedTask
from modelc.runtime.training.parallelism import Parallelism, Shard

Axes = tuple[tuple[str, ...], ...]
"""For each axis of an array the axes of the mesh along which it lies."""


class WeightAxes(NamedTuple):
    """The axes of one weight; of one copy of it, where it is `stacked` for a rolled repeat.

    `used` are those that it has where a node computes with it, `sharded` those where it is spread along `data` as well; it
    is so `by_rule` where a rule says it, whatever else is sharded.
    """

    used: Axes
    sharded: Axes
    stacked: bool
    by_rule: bool = False

    def kept(self, shard: Shard) -> Axes:
        """Those between two steps, where `shard` is sharded."""
        return self.sharded if self.by_rule or shard == "params" else self.used

    def moments(self, shard: Shard) -> Axes:
        """Those of its gradient, and of what an optimizer keeps of it in its shape."""
        return self.sharded if self.by_rule or shard != "none" else self.used

    def whole(self, axes: Axes) -> Axes:
        """`axes` with that of the stack, which lies along none: a loop goes over it."""
        return ((), *axes) if self.stacked else axes


Named = Mapping[str, Mapping[str, WeightAxes]]
"""Those of all weights, by path and name."""


def weight_axes(task: PreparedTask, parallelism: Parallelism) -> dict[str, dict[str, WeightAxes]]:
    """The axes of all weights of a task."""
    return {
        path: {
            name: axes_of(weight, parallelism, task.axes, stacked=roll is not None)
            for name, weight in plan.params.items()
        }
        for path, plan, roll in task.weight_sets()
        if plan.params
    }


def axes_of(weight: Weight, parallelism: Parallelism, rules: Mapping[str, str] = RULES, *, stacked: bool) -> WeightAxes:
    """The axes of one weight. An axis that the devices do not divide stays whole."""
    along = [rules.get(name or "", WHOLE) for name in weight.axes]
    used: list[tuple[str, ...]] = []
    for size, axis in zip(weight.shape, along, strict=True):
        fits = axis == "model" and ("model",) not in used and size % parallelism.model == 0
        used.append(("model",) if fits else ())
    places = dividing(weight.shape, used, parallelism)
    asked = [place for place in places if along[place] == "data"]
    return WeightAxes(tuple(used), spread(weight.shape, used, asked or places), stacked, bool(asked))


def dividing(shape: Sequence[int], used: Sequence[tuple[str, ...]], parallelism: Parallelism) -> list[int]:
    """The axes of an array that `data` can divide, beside what they lie along already."""
    parts = [prod(parallelism.sizes[one] for one in axes) * parallelism.data for axes in used]
    return [place for place, size in enumerate(shape) if size and size % parts[place] == 0]


def spread(shape: Sequence[int], used: Sequence[tuple[str, ...]], places: Sequence[int]) -> Axes:
    """`used` with `data` on the longest axis of `places`, rather one that lies along no other."""
    if not places:
        return tuple(used)
    chosen = max(places, key=lambda place: (not used[place], shape[place], -place))
    return tuple((*axes, "data") if place == chosen else axes for place, axes in enumerate(used))


def rules_shown(task: PreparedTask, parallelism: Parallelism) -> str:
    """The rules that are not the default ones, and what follows from each on these devices: `embed along data, mlp whole`."""
    named = {name for _, plan, _ in task.weight_sets() for weight in plan.params.values() for name in weight.axes}
    shown = []
    for name, along in task.axes.items():
        if along == RULES.get(name):
            continue
        if name not in named:
            shown.append(f"{name} (no weight has it)")
        elif along != WHOLE and parallelism.sizes[along] == 1:
            shown.append(f"{name} whole (the mesh has one device along {along})")
        else:
            shown.append(f"{name} whole" if along == WHOLE else f"{name} along {along}")
    return ", ".join(shown)


def replicated(task: PreparedTask, parallelism: Parallelism, axes: Named) -> list[str]:
    """The weights that lie whole on each device though they were to be divided, since no axis of theirs can be."""
    whole = []
    for path, plan, _ in task.weight_sets():
        for name, weight in plan.params.items():
            found = axes[path][name]
            along = {task.axes.get(one or "") for one in weight.axes}
            is_for_model = parallelism.model > 1 and "model" in along
            is_for_data = parallelism.data > 1 and (parallelism.shard != "none" or "data" in along)
            if (is_for_model and not any(found.used)) or (is_for_data and "data" not in sum(found.sharded, ())):
                whole.append(f"{path}/{name}")
    return whole
