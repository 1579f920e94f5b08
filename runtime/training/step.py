"""The jitted functions of a task: initial state, training steps, evaluation sums, predictions.

The training step is one function, `train_step`; it runs inside a compiled loop or once per call.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from operator import and_
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax import Array

from modelc.compiler.binding.task import SAMPLE_WEIGHT, Term
from modelc.compiler.graph.graph import Edge
from modelc.compiler.library.base.prng import derive, root_key
from modelc.compiler.library.base.returned_values import need_a, need_shape
from modelc.compiler.library.losses.without_target import NoLoss
from modelc.compiler.lowering.lower import Model, Tree, Values, lower
from modelc.compiler.lowering.prepared_task import PreparedTask
from modelc.runtime.training.probabilities import log_odds, probabilities
from modelc.runtime.training.row_state import at_zeros, merge_trees, per_row_entries
from modelc.runtime.training.sums import Sums, accumulate, zeros

Data = Mapping[str, Mapping[str, Array]]
"""`inputs` and `targets` on the device, by name, all rows."""


class TrainState(NamedTuple):
    """The training state, carried from step to step. `failed` is the first step with non-finite numbers, else -1."""

    step: Array
    params: Tree
    state: Tree
    optimizer: Any
    failed: Array


@dataclass(frozen=True, slots=True)
class Steps:
    """The jitted functions of a task.

    `first() -> TrainState`; `chunk(state, sums, data, indices, valid, first, count) -> (state, sums)` runs steps
    `first` to `first + count` of a chunk, whose batches are the rows `indices[step]`, of which the first `valid[step]`
    are valid; `single` the one step `first`. `measure(params, state, handed, sums, data, indices, valid, first, count)
    -> (handed, sums)` evaluates such a chunk, `handed` being the per-row state. `zero(data, rows, batches)` returns
    initial sums of a chunk.
    """

    first: Callable[[], TrainState]
    chunk: Callable[..., tuple[TrainState, Sums]]
    single: Callable[..., tuple[TrainState, Sums]]
    measure: Callable[..., tuple[Tree, Sums]]
    zero: Callable[..., Sums]


def make(task: PreparedTask, total_steps: int) -> Steps:
    """The training functions of a task, for a run of `total_steps`."""
    assert task.training is not None
    model = lower(task)
    settings = task.training.settings
    seed = settings.seed
    transform = task.training.optimizer.transform(total_steps)

    def first() -> TrainState:
        params, drawn = model.init(derive(root_key(seed), "initialize"))
        state = merge_trees(drawn, at_zeros(task, settings.batch_size))
        return TrainState(jnp.int32(0), params, state, transform.init(params), jnp.int32(-1))

    step = partial(train_step, task, model, transform)

    def chunk(
        state: TrainState, sums: Sums, data: Data, indices: Array, valid: Array, begin: Array, count: Array
    ) -> tuple[TrainState, Sums]:
        def iteration(index: Array, carry: tuple[TrainState, Sums]) -> tuple[TrainState, Sums]:
            return step(carry, data, indices[index], valid[index], index)

        result: tuple[TrainState, Sums] = jax.lax.fori_loop(begin, begin + count, iteration, (state, sums))
        return result

    def single(
        state: TrainState, sums: Sums, data: Data, indices: Array, valid: Array, begin: Array
    ) -> tuple[TrainState, Sums]:
        return step((state, sums), data, indices[begin], valid[begin], begin)

    return Steps(
        first=jax.jit(first),
        chunk=jax.jit(chunk, donate_argnums=(0, 1)),
        single=jax.jit(single, donate_argnums=(0, 1)),
        measure=jax.jit(partial(measure, task, model), donate_argnums=(2, 3)),
        zero=partial(zero_sums, task, model),
    )


def train_step(
    task: PreparedTask,
    model: Model,
    transform: optax.GradientTransformation,
    carry: tuple[TrainState, Sums],
    data: Data,
    indices: Array,
    valid: Array,
    place: Array,
) -> tuple[TrainState, Sums]:
    """One training step on the rows `indices`, of which the first `valid` are valid: the new state, and the new sums,
    of the batch at `place` of the chunk.

    From the first step on whose loss or gradients are not finite, nothing changes any more.
    """
    assert task.training is not None
    old, sums = carry
    inputs, targets, rows = take_rows(data, indices, valid)
    key = derive(root_key(task.training.settings.seed), "step", old.step)

    def objective(params: Tree) -> tuple[Array, tuple[Sums, Tree]]:
        values = model.run(params, old.state, inputs, needed_edges(task), train=True, key=key, rows=rows)
        loss, parts = losses(task, params, values, targets, rows)
        return loss, ({**parts, **metrics(task, values, targets, rows)}, values.state)

    (loss, (parts, state)), gradients = jax.value_and_grad(objective, has_aux=True)(old.params)
    finite = jnp.isfinite(loss)
    for gradient in jax.tree.leaves(gradients):
        finite &= jnp.all(jnp.isfinite(gradient))
    failed = jnp.where((old.failed < 0) & ~finite, old.step, old.failed)

    def advance() -> tuple[TrainState, Sums]:
        updates, optimizer = transform.update(gradients, old.optimizer, old.params)
        params = apply_constraints(task, optax.apply_updates(old.params, updates))
        return TrainState(old.step + 1, params, state, optimizer, failed), parts

    def stay() -> tuple[TrainState, Sums]:
        return old._replace(failed=failed), jax.tree.map(jnp.zeros_like, parts)

    # A branch, not a selection: selecting between old and new weights would cost a pass over all of them. The sums stay
    # outside: a branch that returns them as they are would copy them.
    new, counted = jax.lax.cond(failed < 0, advance, stay)
    return new, accumulate(task, sums, counted, place)


def measure(
    task: PreparedTask,
    model: Model,
    params: Tree,
    state: Tree,
    handed: Tree,
    sums: Sums,
    data: Data,
    indices: Array,
    valid: Array,
    begin: Array,
    count: Array,
) -> tuple[Tree, Sums]:
    """`sums` with the losses and metrics of `count` batches from `begin` on added, computed as in prediction.

    Per-row state begins as it is `handed`, and is handed on; that of training, in `state`, is left unchanged.
    """

    def iteration(place: Array, carry: tuple[Tree, Sums]) -> tuple[Tree, Sums]:
        row_state, sums = carry
        inputs, targets, rows = take_rows(data, indices[begin + place], valid[begin + place])
        parts, new = row_sums(task, model, params, merge_trees(state, row_state), inputs, targets, rows)
        return per_row_entries(task, new), accumulate(task, sums, parts, place)

    result: tuple[Tree, Sums] = jax.lax.fori_loop(0, count, iteration, (handed, sums))
    return result


def row_sums(
    task: PreparedTask, model: Model, params: Tree, state: Tree, inputs: Any, targets: Any, rows: Array
) -> tuple[Sums, Tree]:
    """The sums of one batch, computed as in prediction, and the new state."""
    values = model.run(params, state, inputs, needed_edges(task), train=False, rows=rows)
    _, parts = losses(task, params, values, targets, rows)
    return {**parts, **metrics(task, values, targets, rows)}, values.state


def zero_sums(task: PreparedTask, model: Model, data: Data, batch: int, batches: int = 1) -> Sums:
    """Zero sums of a chunk of `batches` batches, with the structure of those of a batch of `batch` rows of `data`."""

    def once(data: Data) -> Sums:
        params, state = model.init(root_key(0))
        inputs, targets, rows = take_rows(data, jnp.zeros(batch, jnp.int32), jnp.int32(batch))
        return row_sums(task, model, params, state, inputs, targets, rows)[0]

    return zeros(task, jax.eval_shape(once, data), batches)


def take_rows(data: Data, indices: Array, valid: Array) -> tuple[Any, Any, Array]:
    """The rows `indices` of the inputs and targets, and which of them are valid."""
    inputs, targets = jax.tree.map(lambda column: column[indices], (dict(data["inputs"]), dict(data["targets"])))
    return inputs, targets, jnp.arange(indices.shape[0]) < valid


def needed_edges(task: PreparedTask) -> tuple[Any, ...]:
    """The edges that losses and metrics need, each once."""
    measured = {measure.value: task.values[measure.value] for measure in task.measures}
    ordered = {measure.value for measure in task.measures if measure.metric.by_order}
    edges = [edge for term in task.terms for edge in (*term.of, term.mask) if isinstance(edge, Edge)]
    edges += [measured[name].edge for name in sorted(measured)]
    edges += [edge for name in sorted(ordered) if (edge := measured[name].logits_edge) is not None]
    return tuple(dict.fromkeys(edges))


def losses(
    task: PreparedTask, params: Tree, values: Values, targets: Mapping[str, Array], rows: Array
) -> tuple[Array, dict[str, dict[str, Array]]]:
    """The loss of a batch, and its sums: of each term, and of the penalty.

    A term is the sum of its elements, each times its sample weight, divided by the number of elements that count; the
    penalty of weights and layers is added. A term of which nothing counts adds 0, with a gradient of 0; its sums say so:
    `count` is how many elements count, and `weighed`, where there are weights, how many of them have one above 0.
    """
    penalty = penalties(task, params, values)
    total = penalty
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
        total = total + term.weight * part / jnp.maximum(present, 1.0)
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

    Those count that are of valid rows, where neither the masks of the values that the term is of nor its own mask is
    false; of a loss that uses masks of steps, the rows of which any step counts.
    """
    given = [values.edges[edge] for edge in term.of]
    target = None if term.target is None else targets[term.target]
    own = None if term.mask is None else mask_of(term.mask, values, targets)
    masks = [*(values.masks[edge] for edge in term.of), own]
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
    sums = {}
    for measure in task.measures:
        output = task.values[measure.value]
        target = None if measure.target is None else targets[measure.target]
        ordered = measure.metric.by_order
        prediction = log_odds(output, values) if ordered else probabilities(output, values.edges[output.edge])
        own = None if output.mask is None else mask_of(output.mask, values, targets)
        masks = [values.masks[output.edge], own]
        weight = mask_of_rank(rows, masks, 1 + len(measure.shape)).astype(jnp.float32)
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
