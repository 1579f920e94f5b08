"""What values that are predicted without the model score: by the losses and metrics of its task, computed as for the model."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

import jax
import numpy as np
from jax import Array as Traced
from scipy.special import expit, softmax

from modelc.compiler.binding.task import Term
from modelc.compiler.graph.graph import Edge
from modelc.compiler.library.contracts.loss import Loss
from modelc.compiler.library.contracts.metric import Metric
from modelc.compiler.lowering.lower import Values
from modelc.compiler.lowering.prepared_task import PreparedTask
from modelc.runtime.data.arrays import Array
from modelc.runtime.data.dataset import Part
from modelc.runtime.data.order import batches_in_order
from modelc.runtime.training.device import computing
from modelc.runtime.training.epoch_sums import Tally
from modelc.runtime.training.objective import losses, metrics
from modelc.runtime.training.sums import Sums, joined

Predicted = Callable[[Array], Mapping[str, Array]]
"""The values of each output for the rows at these places: logits of probabilities, numbers in the unit of the loss."""
Given = Mapping[Edge, Array]
"""Arrays by the edge that they lie on, `[rows, ...]`."""


def comparable(task: PreparedTask, outputs: Collection[str], suits: Callable[[Metric | Loss], bool]) -> PreparedTask:
    """`task` with those of its metrics that are of these outputs and their own targets, and with its loss where that is of one
    of them alone; of both, those that `suits` takes.
    """
    measures = tuple(
        measure
        for measure in task.measures
        if measure.value in outputs and measure.target == task.outputs[measure.value].target and suits(measure.metric)
    )
    terms = tuple(term for term in task.terms if suits(term.loss) and is_of(task, term, outputs))
    if len(task.terms) > 1 or task.penalized:
        terms = ()
    keys = (*(("loss",) if terms else ()), *(measure.key for measure in measures))
    return replace(task, measures=measures, terms=terms, log_keys=keys)


def is_of(task: PreparedTask, term: Term, outputs: Collection[str]) -> bool:
    """Whether a term is of one of these outputs, or of the logits of its probabilities."""
    return any(term.of[0] in (task.outputs[name].edge, task.outputs[name].before) for name in outputs)


def values_of(task: PreparedTask, part: Part, predicted: Mapping[str, Array], rows: Array) -> tuple[Given, Given]:
    """The values on the edges of outputs, and the masks that they carry, for what is `predicted` of some rows."""
    edges, masks = dict[Edge, Array](), dict[Edge, Array]()
    for name, value in predicted.items():
        output = task.outputs[name]
        as_logits = [output.edge] if output.logits or output.link is None else [output.before]
        edges |= {edge: value for edge in as_logits if edge is not None}
        if output.edge not in edges:
            edges[output.edge] = softmax(value, axis=-1) if output.link == "softmax" else expit(value)
        mask = part.masks.carried.get(output.edge)
        masks |= {edge: mask[rows] for edge in edges if mask is not None}
        if isinstance(output.mask, Edge):
            given = part.inputs.get(output.mask.node)
            edges[output.mask] = (part.masks.values[output.mask] if given is None else given)[rows]
    return edges, masks


def summing(task: PreparedTask) -> Callable[..., Sums]:
    """The jitted function from the values and masks of a batch by edge, its targets, and which of its rows are valid, to the sums
    of the losses and metrics of `task`.
    """

    @jax.jit
    def sums_of(
        edges: Mapping[Edge, Traced], masks: Mapping[Edge, Traced], targets: Mapping[str, Traced], rows: Traced
    ) -> Sums:
        values = Values(edges, {edge: masks.get(edge) for edge in edges}, {}, {})
        sums = metrics(task, values, targets, rows)
        if task.terms:
            sums |= losses(task, {}, values, targets, rows)[1]
        return sums

    return sums_of


@computing()
def scores(task: PreparedTask, part: Part, predicted: Predicted, batch: int) -> dict[str, float]:
    """The values of all log keys of `task` for what is `predicted` of the rows of `part`, by log key without a prefix.

    Those that are not finite are left out. Raises RunError E502 if the device runs out of memory.
    """
    tally = Tally({}, joined(task))
    size = min(batch, part.rows)
    batches = batches_in_order(part.rows, size)
    indices, valid = batches.steps(0, len(batches))
    sums_of = summing(task)
    for rows, count in zip(indices, valid, strict=True):
        targets = {name: array[rows] for name, array in part.targets.items()}
        sums = sums_of(*values_of(task, part, predicted(rows), rows), targets, np.arange(size) < count)
        apart = {
            key: {n: v[None] for n, v in one.items()} if key in tally.metrics else one for key, one in sums.items()
        }
        tally.add(apart)
    found = {key.removeprefix("/"): value for key, value in tally.values(task, "").items()}
    return {key: value for key, value in found.items() if np.isfinite(value)}
