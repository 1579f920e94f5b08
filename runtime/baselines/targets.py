"""What an output is compared with, as baselines predict it: classes, yes or no, or numbers; and which elements count, how much."""

from dataclasses import replace
from typing import Literal, NamedTuple

import jax.numpy as jnp
import numpy as np

from modelc.compiler.binding.task import SAMPLE_WEIGHT, Output, Task, Term
from modelc.compiler.graph.graph import Edge
from modelc.compiler.library.contracts.reader import LEFT_OUT
from modelc.compiler.library.losses.quantile import Quantile
from modelc.compiler.library.losses.without_target import NoLoss
from modelc.runtime.data.arrays import Array
from modelc.runtime.data.counted_elements import mask_of_term
from modelc.runtime.data.dataset import Part
from modelc.runtime.data.decoded_rows import in_memory

Kind = Literal["classes", "answers", "numbers"]


class Wanted(NamedTuple):
    """The target of one output in the training rows.

    `values` are labels for `classes`, 0 and 1 for `answers`, numbers in the unit of the loss for `numbers`; `counts` says which
    of them count, `weight` how much each row counts by its sample weight, `factor` besides by the weight of its class; all
    have one shape, `[rows, ...]`. `copied` is a target that is an input too.
    """

    output: Output
    term: Term
    kind: Kind
    values: Array
    counts: Array
    weight: Array
    factor: Array
    copied: bool

    @property
    def has_quantiles(self) -> bool:
        """Whether the output has several quantiles of each number."""
        return self.kind == "numbers" and self.values.shape[1:] != self.output.type.shape

    @property
    def elements(self) -> int:
        """How many elements a row has."""
        return self.values[:1].size


def wanted_of(task: Task, output: Output, train: Part) -> Wanted | None:
    """What an output of `task` is to predict; None where there is no baseline of it."""
    term = next((term for term in task.terms if term.of == (output.edge,) and term.target == output.target), None)
    if term is None or output.target is None or isinstance(term.loss, NoLoss) or term.loss.masking == "use":
        return None
    edges = {term.mask, *term.of} if isinstance(term.mask, Edge) else {*term.of}
    if edges & train.masks.unknown:
        return None
    target, binding = in_memory(train.targets[output.target]), (task.targets or {})[output.target]
    if target is None:
        return None
    train = replace(train, targets={**train.targets, output.target: target})
    found = kind_of(output, target, has_quantiles=isinstance(term.loss, Quantile) and len(term.loss.quantiles) > 1)
    if found is None:
        return None
    kind, values = found
    # What is left out has no label; it counts as little as what a mask leaves out.
    left_out = values == LEFT_OUT if term.leaves_out else np.zeros(values.shape, bool)
    values = np.where(left_out, 0, values)
    mask = mask_of_term(task, term, train.inputs, train.targets, train.masks)
    factor = term.loss.element_weights(jnp.zeros((len(target), *output.type.shape), "float32"), jnp.asarray(target))
    try:
        return Wanted(
            output,
            term,
            kind,
            values,
            of_elements(True if mask is None else mask, values) & ~left_out,
            of_elements(train.targets.get(SAMPLE_WEIGHT, 1.0), values),
            of_elements(1.0 if factor is None or kind == "numbers" else np.asarray(factor, "float64"), values),
            binding.copies_input,
        )
    except ValueError:
        # A mask or weight of more axes than labels have.
        return None


def kind_of(output: Output, target: Array, *, has_quantiles: bool) -> tuple[Kind, Array] | None:
    """What kind of values the target of an output has, several quantiles of each where it `has_quantiles`, and these values; None for others
    than baselines predict.
    """
    shape, row = output.type.shape, target.shape[1:]
    if has_quantiles and row == shape[:-1]:
        return "numbers", target.astype(np.float64)
    if output.link == "softmax":
        if row == shape[:-1] and np.issubdtype(target.dtype, np.integer):
            return "classes", target
        is_one_hot = row == shape and bool(((target == 0) | (target == 1)).all() and (target.sum(-1) == 1).all())
        return ("classes", target.argmax(axis=-1)) if is_one_hot else None
    if row != shape:
        return None
    if output.link == "sigmoid":
        return ("answers", target) if ((target == 0) | (target == 1)).all() else None
    return "numbers", target.astype(np.float64)


def of_elements(value: Array | float, like: Array) -> Array:
    """`value`, of leading axes of `like`, for each of its elements. Raises ValueError where it has others."""
    given = np.asarray(value)
    if given.ndim > like.ndim and given.shape[-1] == 1:
        given = given[..., 0]
    found: Array = np.broadcast_to(given.reshape(given.shape + (1,) * (like.ndim - given.ndim)), like.shape)
    return found
