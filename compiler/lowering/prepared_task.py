"""The type of a prepared task. Only `prepare` makes one, so no function that needs the passes can miss them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal

from modelc.compiler.binding.task import Augment, Group, Measure, Output, Task, Term, Training
from modelc.compiler.graph.typed_graph import TypedGraph
from modelc.compiler.library.base.plugin_context import using
from modelc.compiler.library.contracts.layer import Plan
from modelc.compiler.lowering.passes.drop_unused import drop_unused
from modelc.compiler.lowering.passes.fuse_losses import fuse_losses
from modelc.compiler.lowering.passes.roll_repeats import roll_repeats
from modelc.compiler.lowering.passes.split_activations import split_activations
from modelc.compiler.lowering.recomputed import Segments, segments_of
from modelc.compiler.lowering.rolled_repeats import Roll

Half = Literal["", "bfloat16", "float16"]
HALVES: Mapping[str, Half] = {"mixed_bfloat16": "bfloat16", "mixed_float16": "float16"}
"""By the value of `model.precision`, in which floats layers compute that do not compute in float32."""


@dataclass(frozen=True, slots=True)
class PreparedTask:
    """What is computed of a task: activations stand alone, losses take logits, nothing is computed in vain.

    `rolls` are the repeats that are computed as loops; `half` is the dtype of 16 bits of values between nodes, empty
    for float32,
    `axes` along which axis of a mesh each logical axis of weights lies.
    """

    planned: TypedGraph
    rolls: tuple[Roll, ...]
    outputs: Mapping[str, Output]
    values: Mapping[str, Output]
    terms: tuple[Term, ...]
    measures: tuple[Measure, ...]
    training: Training | None
    half: Half
    penalized: bool
    log_keys: tuple[str, ...]
    axes: Mapping[str, str]
    augment: tuple[Augment, ...] = ()
    unmeasured: frozenset[str] = frozenset()
    """The log keys, without `train/`, of metrics that are not computed in training."""
    segments: Segments = field(default_factory=dict)
    """What the backward pass computes again instead of keeping it."""
    phases: "tuple[PreparedTask, ...]" = ()
    """The task of each phase of its training, where it has any: the same but for what training makes of the weights."""

    def weight_sets(self) -> Iterator[tuple[str, Plan, Roll | None]]:
        """The path and plan of each set of weights; those of all copies of a rolled repeat once, stacked, with the
        roll.
        """
        rolled = {path: roll for roll in self.rolls for path in roll.inside}
        for path, plan in self.planned.owned():
            roll = rolled.get(path)
            if roll is None:
                yield path, plan, None
            elif any(node.path == path for node in roll.nodes):
                yield roll.stacked(path), plan, roll


def as_trained(planned: TypedGraph, training: Training) -> TypedGraph:
    """`planned` with what a training makes of each weight: whether it is frozen, and its group."""
    groups: dict[str, dict[str, Group]] = {}
    for (owner, name), group in training.groups.items():
        groups.setdefault(owner, {})[name] = group

    def grouped(plan: Plan, by_name: Mapping[str, Group]) -> Plan:
        params = {
            name: replace(weight, **by_name[name]._asdict()) if name in by_name else weight
            for name, weight in plan.params.items()
        }
        return replace(plan, params=params)

    changes = {owner: partial(grouped, by_name=by_name) for owner, by_name in groups.items()}
    return planned.changed(changes).frozen(training.frozen)


def prepare(task: Task) -> PreparedTask:
    """`task` as it is lowered."""
    with using(task.spec.plugins):
        task = drop_unused(fuse_losses(split_activations(task)))
        training = task.training
        trainings = () if training is None else (training, *training.phases)
        ways = [as_trained(task.planned, one) for one in trainings] or [task.planned]
        # Copies are a loop where all phases treat them alike.
        rolls, *others = (roll_repeats(replace(task, planned=planned)) for planned in ways)
        rolls = tuple(roll for roll in rolls if all(roll in other for other in others))
        asked = training is not None and training.settings.gradient_checkpointing
        whole = PreparedTask(
            ways[0],
            rolls,
            task.outputs,
            task.values,
            task.terms,
            task.measures,
            task.training,
            HALVES.get("" if task.spec.model is None else task.spec.model.precision, ""),
            task.penalized,
            task.log_keys(),
            task.axes,
            task.augment,
            task.unmeasured,
            segments_of(ways[0].graph.nodes, rolls, asked),
        )
        pairs = zip(trainings[1:], ways[1:], strict=True)
        initial = None if training is None else training.initial
        phases = [replace(whole, training=one._replace(initial=initial), planned=planned) for one, planned in pairs]
        return replace(whole, phases=tuple(phases))
