"""The losses and metrics of a batch: from the values of a model to the loss that is differentiated, and to sums."""

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import and_
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from modelc.compiler.binding.task import GROUP, SAMPLE_WEIGHT, Measure, Term
from modelc.compiler.graph.graph import Edge
from modelc.compiler.library.base.returned_values import need_a, need_shape
from modelc.compiler.library.contracts.reader import LEFT_OUT, in_unit
from modelc.compiler.library.losses.without_target import NoLoss
from modelc.compiler.lowering.lower import Tree, Values
from modelc.compiler.lowering.prepared_task import PreparedTask
from modelc.runtime.training.probabilities import log_odds, meant


def needed_edges(task: PreparedTask) -> tuple[Any, ...]:
    """The edges that losses and metrics need, each once."""
    measured = {measure.value: task.values[measure.value] for measure in task.measures}
    ordered = {measure.value for measure in task.measures if measure.metric.by_order}
    edges = [edge for term in task.terms for edge in (*term.of, term.mask) if isinstance(edge, Edge)]
    edges += [measured[name].edge for name in sorted(measured)]
    edges += [edge for name in sorted(ordered) if (edge := measured[name].logits_edge) is not None]
    return tuple(dict.fromkeys(edges))


class Whole(NamedTuple):
    """Of a whole batch whose parts are computed one after the other: how many elements of each term count, by the key of its sums,
    and how many rows are valid.
    """

    counts: Mapping[str, Array]
    rows: Array


def losses(
    task: PreparedTask,
    params: Tree,
    values: Values,
    targets: Mapping[str, Array],
    rows: Array,
    whole: Whole | None = None,
) -> tuple[Array, dict[str, dict[str, Array]]]:
    """The loss of a batch, and its sums: of each term, and of the penalty. Of a part of a `whole` batch, what it adds to the loss
    of that.

    A term is the sum of its elements, each times its sample weight, divided by the number of elements that count; the
    penalty of weights and layers is added. A term of which nothing counts adds 0, with a gradient of 0; its sums say so:
    `count` is how many elements count, and `weighed`, where there are weights, how many of them have one above 0.
    """
    penalty = penalties(task, params, values)
    total = penalty if whole is None else penalty * jnp.sum(rows, dtype=jnp.float32) / jnp.maximum(whole.rows, 1.0)
    sums: dict[str, dict[str, Array]] = {}
    for term in task.terms:
        if isinstance(term.loss, NoLoss):
            continue
        elements, counts, factors = elements_of(term, values, targets, rows)
        if (weights := targets.get(SAMPLE_WEIGHT)) is not None:
            weights = broadcast_axes(weights, elements).astype(elements.dtype)
            elements, factors = elements * weights, [*factors, weights]
        part = jnp.sum(jnp.where(counts, elements, 0.0))
        present = jnp.sum(counts, dtype=jnp.float32)
        among = present if whole is None else whole.counts[f"{term.name}/loss"]
        total = total + term.weight * part / jnp.maximum(among, 1.0)
        sums[f"{term.name}/loss"] = {"total": part, "count": present}
        if factors:
            weighed = reduce(and_, [factor > 0 for factor in factors], counts)
            sums[f"{term.name}/loss"]["weighed"] = jnp.sum(weighed, dtype=jnp.float32)
    if task.penalized:
        count = jnp.sum(rows, dtype=jnp.float32)
        sums["penalty"] = {"total": penalty * count, "count": count}
    return total, sums


def elements_of(
    term: Term, values: Values, targets: Mapping[str, Array], rows: Array
) -> tuple[Array, Array, list[Array]]:
    """The elements of a term, which of them count, and the factors that the loss itself has given them, if any.

    Those count that are of valid rows and have a label, where neither the masks of the values that the term is of nor its own
    mask is false; of a loss that uses masks of steps, the rows of which any step counts.
    """
    given = [values.edges[edge] for edge in term.of]
    target = None if term.target is None else targets[term.target]
    own = None if term.mask is None else mask_of(term.mask, values, targets)
    masks = [*(values.masks[edge] for edge in term.of), own, labelled(term, target)]
    counts = mask_of_rank(rows, masks, 1 + len(term.shape))
    places = mask_of_rank(rows, masks, 2) if term.loss.masking == "use" else counts
    if term.loss.masking == "use":
        counts &= expand_axes(jnp.any(places.reshape(len(places), -1), axis=1), counts.ndim)
    # What does not count may be anything. A selection of the elements alone would still give NaN for a gradient.
    given = [zero_uncounted(value, places) for value in given]
    target = None if target is None else zero_uncounted(target, counts)
    more = (places,) if term.loss.masking == "use" else ()
    elements = term.loss.elements(*given, target, *more)
    need_shape(term.loss, "elements", elements, term.shape)
    factors = term.loss.element_weights(*given, target, *more)
    if factors is not None:
        need_shape(term.loss, "element_weights", factors, term.shape)
    return elements, broadcast_axes(counts, elements), [] if factors is None else [factors]


def mask_of(mask: Edge | str, values: Values, targets: Mapping[str, Array]) -> Array:
    """The mask of a term, `[batch, ...]`: computed by the model, or read from the data."""
    return values.edges[mask] if isinstance(mask, Edge) else targets[mask]


def labelled(user: Term | Measure, target: Array | None) -> Array | None:
    """Which elements of the target of a loss or metric are not left out, `[batch, ...]`; None where all count."""
    return target != LEFT_OUT if user.leaves_out and target is not None else None


def penalties(task: PreparedTask, params: Tree, values: Values) -> Array:
    """The penalties that regularizers and layers add to the loss."""
    total = sum((jnp.asarray(penalty, jnp.float32) for penalty in values.penalties.values()), jnp.float32(0))
    for path, plan, roll in task.weight_sets():
        for name, weight in plan.params.items():
            if weight.regularizer is not None:
                each = weight.regularizer.penalty
                total = total + (jnp.sum(jax.vmap(each)(params[path][name])) if roll else each(params[path][name]))
    return total


def apply_constraints(task: PreparedTask, params: Any) -> Tree:
    """`params` with every constrained weight projected onto its constraint."""
    kept: dict[str, dict[str, Array]] = {path: dict(weights) for path, weights in params.items()}
    for path, plan, roll in task.weight_sets():
        for name, weight in plan.params.items():
            if weight.constraint is not None:
                each = weight.constraint.project
                kept[path][name] = jax.vmap(each)(params[path][name]) if roll else each(params[path][name])
    return kept


def metrics(
    task: PreparedTask, values: Values, targets: Mapping[str, Array], rows: Array
) -> dict[str, Mapping[str, Array]]:
    """The sums of every metric over a batch, by log key."""
    sums, groups = {}, targets.get(GROUP)
    for measure in task.measures:
        output = task.values[measure.value]
        target = None if measure.target is None else targets[measure.target]
        ordered = measure.metric.by_order
        prediction = log_odds(output, values) if ordered else meant(output, values.edges[output.edge], groups)
        if target is not None:
            target = in_unit(measure.unit, target, groups)
        own = None if output.mask is None else mask_of(output.mask, values, targets)
        masks = [values.masks[output.edge], own, labelled(measure, target)]
        counts = mask_of_rank(rows, masks, 1 + len(measure.shape))
        weight = counts.astype(jnp.float32)
        if measure.weighted:
            given = targets[SAMPLE_WEIGHT].astype(jnp.float32)
            axes = max(weight.ndim, given.ndim)
            # What does not count may have any weight.
            weight = jnp.where(expand_axes(counts, axes), expand_axes(given, axes), 0.0)
        sums[measure.key] = measure.metric.sums(prediction, target, weight, output.link)
        need_a(measure.metric, "sums", sums[measure.key], Mapping)
    return sums


def mask_of_rank(rows: Array, masks: Sequence[Array | None], rank: int) -> Array:
    """Which elements of values with `rank` axes count, `[batch, ...]`, with the axes of the masks.

    Masks of more axes do not apply.
    """
    found = rows
    for mask in masks:
        if mask is not None and mask.ndim <= rank:
            axes = max(found.ndim, mask.ndim)
            found = expand_axes(found, axes) & (expand_axes(mask, axes) != 0)
    return found


def expand_axes(values: Array, axes: int) -> Array:
    """`values` with trailing axes of size 1, `axes` axes in total."""
    return values.reshape(values.shape + (1,) * (axes - values.ndim))


def zero_uncounted(values: Array, counts: Array) -> Array:
    """`values` where they count, else 0."""
    return jnp.where(broadcast_axes(counts, values), values, jnp.zeros((), values.dtype))


def broadcast_axes(weight: Array, values: Array) -> Array:
    """`weight` broadcast over the trailing axes of `values`."""
    return jnp.broadcast_to(expand_axes(weight, values.ndim), values.shape)
