"""The masks that a model computes, where the data alone tells them: known before targets are read.

A mask is traced with the weights as arguments. One that no weight, state or random draw has a part in is computed for
all rows; any other leaves out nothing while the data is read and checked.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np

from modelc.compiler.binding.task import Task
from modelc.compiler.graph.graph import Edge
from modelc.compiler.graph.typed_graph import reachable
from modelc.compiler.library.base.lazy import jax, jnp
from modelc.compiler.library.base.plugin_context import using
from modelc.compiler.lowering.lower import Run
from modelc.compiler.lowering.precision import Precision, precision_of
from modelc.compiler.lowering.prepared_task import prepare
from modelc.runtime.data.arrays import Array, Arrays
from modelc.runtime.data.row_batches import row_batches


@dataclass(frozen=True, slots=True)
class KnownMasks:
    """Masks `[rows, ...]` as booleans: `values` of the nodes that are masks of losses, `carried` with other values.

    `unknown` are the edges whose mask, own or carried, has to do with weights.
    """

    values: Mapping[Edge, Array] = field(default_factory=dict)
    carried: Mapping[Edge, Array] = field(default_factory=dict)
    unknown: frozenset[Edge] = frozenset()

    def edges(self) -> "Wanted":
        return Wanted(tuple(self.values), tuple(self.carried))

    def take(self, rows: Array | slice) -> "KnownMasks":
        """The masks of the rows at these indices."""
        return KnownMasks(
            {edge: mask[rows] for edge, mask in self.values.items()},
            {edge: mask[rows] for edge, mask in self.carried.items()},
            self.unknown,
        )


NOTHING = KnownMasks()


@dataclass(frozen=True, slots=True)
class Wanted:
    """The edges whose values are masks, and those that carry masks."""

    values: tuple[Edge, ...]
    carried: tuple[Edge, ...]


def computed_masks(task: Task) -> Wanted:
    """The masks of losses and metrics that the model computes: jax is needed to know them."""
    own = [term.mask for term in task.terms if isinstance(term.mask, Edge)]
    ends = [*(edge for term in task.terms for edge in term.of), *(value.edge for value in task.values.values())]
    types = {edge: task.planned.type(edge) for edge in ends}
    carried = [edge for edge, type_ in types.items() if type_ is not None and type_.mask]
    inputs = task.planned.graph.inputs
    return Wanted(tuple(dict.fromkeys(edge for edge in own if edge.node not in inputs)), tuple(dict.fromkeys(carried)))


def known_masks(task: Task, inputs: Arrays, trained: KnownMasks | None = None) -> KnownMasks:
    """The masks that `inputs` `[rows, ...]` by name tell; none of inputs whose numbers of rows differ, or are 0. They are
    the same as those of the `trained` rows, where these are others.
    """
    wanted = computed_masks(task)
    lengths = {len(array) for array in inputs.values()}
    if not (wanted.values or wanted.carried) or len(lengths) != 1 or lengths == {0}:
        return NOTHING
    with using(task.spec.plugins):
        precision = precision_of(prepare(task))
        known = trained.edges() if trained else those_of_data(task, precision, wanted, inputs)
        unknown = frozenset({*wanted.values, *wanted.carried} - {*known.values, *known.carried})
        found = compute(task, precision, known, inputs) if known.values or known.carried else []
    values, carried = found[: len(known.values)], found[len(known.values) :]
    return KnownMasks(
        dict(zip(known.values, values, strict=True)), dict(zip(known.carried, carried, strict=True)), unknown
    )


def trace(
    task: Task, precision: Precision, wanted: Wanted, inputs: Any, params: Any, state: Any, key: Any, *, train: bool
) -> list[Any]:
    """The masks of a batch of inputs; those that are not there, as in a path without any mask, count everything."""
    run = Run(task.planned.plans, precision, None, train)
    run.values = {Edge(name): jnp.asarray(inputs[name]) for name in task.planned.graph.inputs if name in inputs}
    needed = reachable(task.planned.graph, [*wanted.values, *wanted.carried])
    for node in task.planned.graph.nodes:
        if node.path in needed:
            run.node(node, params.get(node.owner, {}), state.get(node.owner, {}), key if train else None)
    rows = len(next(iter(inputs.values())))
    carried = [run.masks.get(edge) for edge in wanted.carried]
    everything = jnp.ones(rows, bool)
    return [run.values[edge] != 0 for edge in wanted.values] + [everything if m is None else m for m in carried]


def zeros(task: Task) -> tuple[Any, Any]:
    """Weights and state of zeros, for tracing."""
    owned = dict(task.planned.owned())
    params = {path: {n: jnp.zeros(w.shape, w.dtype) for n, w in plan.params.items()} for path, plan in owned.items()}
    state = {
        path: {n: jnp.zeros(s.shape, s.dtype) for n, s in plan.state.items() if not s.per_row}
        for path, plan in owned.items()
    }
    return params, state


def those_of_data(task: Task, precision: Precision, wanted: Wanted, inputs: Arrays) -> Wanted:
    """Those of the `wanted` masks that no weight, state or random draw has a part in, in training and in prediction."""
    from jax.interpreters.partial_eval import dce_jaxpr

    batch = {name: array[:1] for name, array in inputs.items()}
    others = (*jax.eval_shape(lambda: zeros(task)), jax.eval_shape(lambda: jax.random.key(0)))
    free = set(range(len(wanted.values) + len(wanted.carried)))
    for train in (True, False):

        def run(others: Any, batch: Any, train: bool = train) -> list[Any]:
            return trace(task, precision, wanted, batch, *others, train=train)

        traced = jax.make_jaxpr(run)(others, batch).jaxpr
        outside = len(jax.tree.leaves(others))
        for index in tuple(free):
            _, used = dce_jaxpr(traced, [index == place for place in range(len(traced.outvars))])
            if any(used[:outside]):
                free.remove(index)
    first = len(wanted.values)
    return Wanted(
        tuple(edge for index, edge in enumerate(wanted.values) if index in free),
        tuple(edge for index, edge in enumerate(wanted.carried, first) if index in free),
    )


def compute(task: Task, precision: Precision, known: Wanted, inputs: Arrays) -> list[Array]:
    """The `known` masks of all rows, without weights."""

    @jax.jit
    def run(batch: Any) -> list[Any]:
        return trace(task, precision, known, batch, *zeros(task), None, train=False)

    size = max(prod(array.shape[1:]) for array in inputs.values())
    parts = [[np.asarray(mask)[:count] for mask in run(batch)] for _, count, batch in row_batches(inputs, size)]
    return [np.concatenate(masks) for masks in zip(*parts, strict=True)]


def joined(masks: Iterable[Array]) -> Array | None:
    """What all `masks` `[rows, ...]` count, each over the axes that others have beyond its own; None of no masks."""
    found: Array | None = None
    for mask in masks:
        if found is None:
            found = mask
        else:
            axes = max(found.ndim, mask.ndim)
            found = with_axes(found, axes) & with_axes(mask, axes)
    return found


def with_axes(values: Array, axes: int) -> Array:
    """`values` with trailing axes of size 1, `axes` axes in total."""
    return values.reshape(values.shape + (1,) * (axes - values.ndim))
