"""The jitted functions of a task: initial state, training steps, evaluation sums, predictions.

The training step is one function, `train_step`; it runs inside a compiled loop or once per call.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax import Array

from modelc.compiler.library.base.prng import derive, root_key
from modelc.compiler.lowering.lower import Model, Tree, Weights, lower
from modelc.compiler.lowering.prepared_task import PreparedTask
from modelc.runtime.training.augmenting import as_scored, augmented
from modelc.runtime.training.gradients import Computed, Rows, computed
from modelc.runtime.training.loss_scale import LossScale, after_overflow, after_update, can_be_halved, first_scale
from modelc.runtime.training.objective import losses, metrics, needed_edges
from modelc.runtime.training.parallelism import ONE_DEVICE, Parallelism
from modelc.runtime.training.placement import Placement, place
from modelc.runtime.training.plateau import first_factor
from modelc.runtime.training.row_state import at_zeros, merge_trees, per_row_entries
from modelc.runtime.training.sums import Sums, accumulate, zeros
from modelc.runtime.training.taken_weights import with_taken
from modelc.runtime.training.trained import trained
from modelc.runtime.training.update import averaged, first_averages, transformation, updated

Data = Mapping[str, Mapping[str, Array]]
"""`inputs` and `targets` on the device, by name: `[rows, ...]`, or batches of rows, `[steps, batch, ...]`."""


class TrainState(NamedTuple):
    """The training state, carried from step to step. `failed` is the first step with non-finite numbers, else -1; `averages`
    are those of the weights that are trained, empty where there are none, and `scale` is that of the loss, if it has one. `rate` has
    the factor of the learning rate, where it goes by the monitor; after `since` steps its phase has begun.
    """

    step: Array
    params: Tree
    state: Tree
    optimizer: Any
    failed: Array
    averages: Tree
    scale: LossScale | tuple[()]
    rate: Mapping[str, Array]
    since: Array

    @property
    def updates(self) -> Array:
        """How many updates the optimizer has made in the phase: one in each step, but for those whose gradients overflow."""
        return self.scale.updates if self.scale else self.step - self.since

    @property
    def weights(self) -> Tree:
        """The weights that the model is used with: their averages, where there are any."""
        return merge_trees(self.params, self.averages) if self.averages else self.params


@dataclass(frozen=True, slots=True)
class Steps:
    """The jitted functions of a task.

    `first(taken=({}, {})) -> TrainState` has the weights and state `taken` from elsewhere, by path; `begun(params, state, step)` is the state at a step
    with these weights, and nothing of the optimizer yet; `chunk(state, sums, data, indices, valid, first, count) -> (state, sums)` runs steps
    `first` to `first + count` of a chunk, whose batches are the rows `indices[step]`, or the batch of that number in `data`, of which
    the first `valid[step]` are valid; `single` the one step `first`. `measure(params, state, handed, sums, data, indices, valid, first, count)
    -> (handed, sums)` evaluates such a chunk, `handed` being the per-row state. `zero(data, rows, batches)` returns
    initial sums of a chunk. `placement` says where all these arrays lie, `shardings` where those of the state do.
    """

    placement: Placement
    shardings: Any

    first: Callable[..., TrainState]
    begun: Callable[..., TrainState]
    chunk: Callable[..., tuple[TrainState, Sums]]
    single: Callable[..., tuple[TrainState, Sums]]
    measure: Callable[..., tuple[Tree, Sums]]
    zero: Callable[..., Sums]


def make(task: PreparedTask, total_steps: int, parallelism: Parallelism = ONE_DEVICE) -> Steps:
    """The training functions of a task, for a run of `total_steps`, on the devices that `parallelism` says."""
    assert task.training is not None
    model, placement = lower(task), place(task, parallelism)
    settings = task.training.settings
    seed = settings.seed
    transform = transformation(task, total_steps)

    def begun(params: Tree, state: Tree, step: Array) -> TrainState:
        own = trained(task, params)
        failed, averages = jnp.int32(-1), first_averages(task, own)
        kept = transform.init(own), failed, averages, first_scale(task), first_factor(task)
        # A copy: both are donated to the first step, which takes no buffer twice.
        return TrainState(step, params, state, *kept, jnp.copy(step))

    def first(taken: tuple[Tree, Tree] = ({}, {})) -> TrainState:
        drawn_weights = model.init(derive(root_key(seed), "initialize"))
        params, drawn = (with_taken(model.rolls, *pair) for pair in zip(drawn_weights, taken, strict=True))
        return begun(params, merge_trees(drawn, at_zeros(task, settings.batch_size)), jnp.int32(0))

    like = jax.eval_shape(first)
    shardings = state_shardings(task, placement, like)
    step = partial(train_step, task, model, transform, placement, shardings)
    summed, everywhere = (shardings, placement.everywhere), placement.everywhere
    # Jitted to be traced once for each size of a batch, not because it runs: it is asked for shapes only.
    shapes = jax.jit(partial(sums_of_a_batch, task, model, placement), static_argnums=2)

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
        placement=placement,
        shardings=shardings,
        first=jax.jit(first, out_shardings=shardings),
        begun=jax.jit(begun, out_shardings=shardings),
        chunk=jax.jit(chunk, donate_argnums=(0, 1), out_shardings=summed),
        single=jax.jit(single, donate_argnums=(0, 1), out_shardings=summed),
        measure=jax.jit(
            partial(measure, task, model, placement),
            donate_argnums=(2, 3),
            out_shardings=(placement.rows, everywhere),
        ),
        zero=partial(zero_sums, task, placement, partial(shapes.eval_shape, like)),
    )


def state_shardings(task: PreparedTask, placement: Placement, like: TrainState) -> Any:
    """Where a training state lies that has the structure of `like`: the same structure, of shardings."""
    everywhere: Any = placement.everywhere
    params: Any = placement.params
    state: Any = placement.state(task)
    return like._replace(
        step=everywhere,
        params=params,
        state=state,
        optimizer=placement.optimizer(like.params, like.optimizer),
        failed=everywhere,
        averages=trained(task, params) if like.averages else {},
        scale=jax.tree.map(lambda _: everywhere, like.scale),
        rate=dict.fromkeys(like.rate, everywhere),
        since=everywhere,
    )


def train_step(
    task: PreparedTask,
    model: Model,
    transform: optax.GradientTransformation,
    placement: Placement,
    shardings: Any,
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
    inputs, targets, rows = take_rows(placement, data, indices, valid)
    key = derive(root_key(task.training.settings.seed), "step", old.step)

    read = targets
    if task.augment:
        inputs, targets = placement.constrain(augmented(task, key, inputs, targets, rows), placement.rows)

    # Metrics of mixed targets, which have another shape, are left out of the log.
    measured = {name: target if target.shape == read[name].shape else read[name] for name, target in targets.items()}
    batch = Rows(inputs, targets, measured, rows)
    found = computed(task, model, placement, old.params, old.state, batch, key, old.scale.scale if old.scale else None)
    new, counted = stepped(task, transform, placement, shardings, old, found)
    return new, placement.constrain(accumulate(task, sums, counted, place), placement.everywhere)


def stepped(
    task: PreparedTask,
    transform: optax.GradientTransformation,
    placement: Placement,
    shardings: Any,
    old: TrainState,
    found: Computed,
) -> tuple[TrainState, Sums]:
    """The state after a step whose batch gave what was `found`, and its sums that count."""
    finite = jnp.isfinite(found.loss)
    for gradient in jax.tree.leaves(found.gradients):
        finite &= jnp.all(jnp.isfinite(gradient))
    # What overflows at a scale that can be halved is no failure: the step counts, without an update.
    is_fatal = ~finite & ~can_be_halved(old.scale) if old.scale else ~finite
    failed = jnp.where((old.failed < 0) & is_fatal, old.step, old.failed)

    def advance() -> tuple[TrainState, Sums]:
        # Not before the branch: there the partitioner would divide what they are computed of in the same way.
        divided = placement.constrain(found.gradients, trained(task, placement.moments))
        new, optimizer = updated(task, transform, trained(task, old.params), divided, old.optimizer, old.rate)
        averages = averaged(task, old.averages, new, optimizer, old.updates)
        scale = after_update(old.scale) if old.scale else ()
        params = merge_trees(old.params, new)
        after = TrainState(old.step + 1, params, found.state, optimizer, failed, averages, scale, old.rate, old.since)
        return placement.constrain(after, shardings), found.sums

    def skip() -> tuple[TrainState, Sums]:
        assert old.scale
        counted = jax.tree.map(lambda part: jnp.where(jnp.isfinite(found.loss), part, 0), found.sums)
        after = old._replace(step=old.step + 1, failed=failed, scale=after_overflow(old.scale))
        return placement.constrain(after, shardings), counted

    def stay() -> tuple[TrainState, Sums]:
        return old._replace(failed=failed), jax.tree.map(jnp.zeros_like, found.sums)

    # A branch, not a selection: selecting between old and new weights would cost a pass over all of them. The sums stay
    # outside: a branch that returns them as they are would copy them.
    result: tuple[TrainState, Sums]
    if old.scale:
        result = jax.lax.switch(jnp.where(failed >= 0, 2, jnp.where(finite, 0, 1)), (advance, skip, stay))
    else:
        result = jax.lax.cond(failed < 0, advance, stay)
    return result


def measure(
    task: PreparedTask,
    model: Model,
    placement: Placement,
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
    """`sums` with the losses and metrics of `count` batches of a chunk from `begin` on added, computed as in prediction.

    Per-row state begins as it is `handed`, and is handed on; that of training, in `state`, is left unchanged.
    """

    def iteration(place: Array, carry: tuple[Tree, Sums]) -> tuple[Tree, Sums]:
        row_state, sums = carry
        inputs, targets, rows = take_rows(placement, data, indices[place], valid[place])
        parts, new = row_sums(
            task, model, params, merge_trees(state, row_state), inputs, targets, rows, placement.gathered
        )
        handed = placement.constrain(per_row_entries(task, new), placement.rows)
        return handed, placement.constrain(accumulate(task, sums, parts, place), placement.everywhere)

    result: tuple[Tree, Sums] = jax.lax.fori_loop(begin, begin + count, iteration, (handed, sums))
    return result


def row_sums(
    task: PreparedTask,
    model: Model,
    params: Tree,
    state: Tree,
    inputs: Any,
    targets: Any,
    rows: Array,
    weights: Weights | None = None,
) -> tuple[Sums, Tree]:
    """The sums of one batch, computed as in prediction, and the new state; the weights of each node go through `weights`."""
    inputs, targets = as_scored(task, inputs, targets)
    values = model.run(params, state, inputs, needed_edges(task), train=False, rows=rows, weights=weights)
    _, parts = losses(task, params, values, targets, rows)
    return {**parts, **metrics(task, values, targets, rows)}, values.state


def sums_of_a_batch(
    task: PreparedTask, model: Model, placement: Placement, like: TrainState, data: Data, batch: int
) -> Sums:
    """The sums of a batch of `batch` rows of `data`, for a state with the structure of `like`: for their shapes alone."""
    inputs, targets, rows = take_rows(placement, data, jnp.zeros(batch, jnp.int32), jnp.int32(batch))
    state = merge_trees(like.state, at_zeros(task, batch))
    return row_sums(task, model, like.params, state, inputs, targets, rows)[0]


def zero_sums(
    task: PreparedTask, placement: Placement, shapes: Callable[..., Any], data: Data, batch: int, batches: int = 1
) -> Sums:
    """Zero sums of a chunk of `batches` batches, with the structure of those of a batch of `batch` rows of `data`, which
    `shapes` tells.
    """
    sums: Sums = placement.put(zeros(task, shapes(data, batch), batches), placement.everywhere)
    return sums


def take_rows(placement: Placement, data: Data, indices: Array, valid: Array) -> tuple[Any, Any, Array]:
    """The rows `indices` of the inputs and targets, or the batch of this number, and which of them are valid. Each device gathers
    its own.
    """
    own = placement.constrain(indices, placement.rows) if indices.ndim else indices
    inputs, targets = jax.tree.map(lambda column: column[own], (dict(data["inputs"]), dict(data["targets"])))
    size = indices.shape[0] if indices.ndim else jax.tree.leaves((inputs, targets))[0].shape[0]
    found: tuple[Any, Any, Array] = placement.constrain((inputs, targets, jnp.arange(size) < valid), placement.rows)
    return found
