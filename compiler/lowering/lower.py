"""A task as pure JAX functions: `init` draws the weights, `run` computes values, `apply` is its public face."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial, reduce
from operator import or_
from typing import Any, NamedTuple

from modelc.compiler.graph.graph import Edge, Node
from modelc.compiler.graph.typed_graph import by_slot
from modelc.compiler.library.base.lazy import Array, jax, lax
from modelc.compiler.library.base.prng import derive, derive_each
from modelc.compiler.library.base.returned_values import need_kind, need_shape
from modelc.compiler.library.base.stacked_weights import STACKED
from modelc.compiler.library.contracts.layer import Call, Plan, Result, State, Weight
from modelc.compiler.lowering.precision import Precision, precision_of
from modelc.compiler.lowering.prepared_task import PreparedTask
from modelc.compiler.lowering.recomputed import Segments, around, computed_again, in_segments, taken_outside
from modelc.compiler.lowering.rolled_repeats import Roll

Tree = Mapping[str, Mapping[str, Array]]
"""Weights or state: by node path, then by name (`params["digit"]["kernel"]`)."""


class Incoming(NamedTuple):
    """What a node computes from: the value at this position of its edges."""

    node: str
    position: int


Tap = Callable[[Edge | Incoming, Array, Array | None], Array]
"""Sees each value with its mask, where it goes into a node and where it comes out of one, and returns what goes on from there.

The copies of a rolled repeat are one node here, whose values cannot leave the loop: give it tasks without rolls.
"""
Weights = Callable[[str, Mapping[str, Array]], Mapping[str, Array]]
"""What is made of the weights that a node owns, by name, from the path that they are held under; see `interpret`."""


def as_they_are(path: str, weights: Mapping[str, Array]) -> Mapping[str, Array]:
    """The weights unchanged."""
    return weights


@dataclass(frozen=True, slots=True)
class Values:
    """The result of one run: the wanted edges and their masks, the new state, and penalties by `path/name`."""

    edges: Mapping[Edge, Array]
    masks: Mapping[Edge, Array | None]
    state: Tree
    penalties: Mapping[str, Array]


@dataclass(frozen=True, slots=True)
class Model:
    """The pure functions of a model.

    `init(key) -> (params, state)`; `run(params, state, inputs, wanted, train=, key=, rows=, weights=) -> Values`, see
    `interpret`.
    """

    init: Callable[[Array], tuple[Tree, Tree]]
    run: Callable[..., Values]
    outputs: Mapping[str, Edge]
    rolls: tuple[Roll, ...] = ()
    """The repeats whose weights and state it holds stacked; `rolled_repeats` has the way to those by name and back."""

    def apply(
        self,
        params: Tree,
        state: Tree,
        inputs: Mapping[str, Array],
        *,
        train: bool = False,
        key: Array | None = None,
        rows: Array | None = None,
    ) -> tuple[dict[str, Array], Tree]:
        """The outputs by name for batched `inputs` by name, and the new state."""
        values = self.run(params, state, inputs, self.outputs.values(), train=train, key=key, rows=rows)
        return {name: values.edges[edge] for name, edge in self.outputs.items()}, values.state


def lower(task: PreparedTask, wanted: Iterable[Edge] = ()) -> Model:
    """The functions of a task; `wanted` are edges besides its outputs and losses to be computed in full precision."""
    outputs = {name: output.edge for name, output in task.outputs.items()}
    return Model(partial(draw, task), partial(interpret, task, precision_of(task, wanted)), outputs, task.rolls)


def draw(task: PreparedTask, key: Array) -> tuple[Tree, Tree]:
    """Initial weights and state of every node that owns any; each is drawn from a key derived from its path and name."""
    params: dict[str, dict[str, Array]] = {}
    state: dict[str, dict[str, Array]] = {}
    for owner, plan, roll in task.weight_sets():
        if plan.params:
            params[owner] = {name: first_values(weight, key, owner, name, roll) for name, weight in plan.params.items()}
        if plan.state:
            entries = {name: entry for name, entry in plan.state.items() if not entry.per_row}
            state[owner] = {name: first_values(entry, key, owner, name, roll) for name, entry in entries.items()}
    return params, state


def first_values(entry: Weight | State, key: Array, owner: str, name: str, roll: Roll | None) -> Array:
    """The initial values of one array, or of that array in every copy of a rolled repeat, stacked."""
    if roll is None:
        drawn = entry.initializer.sample(derive(key, owner, name), entry.shape, entry.dtype)
        need_shape(entry.initializer, "sample", drawn, entry.shape, rows=False)
        return drawn
    keys = derive_each(key, [owner.replace(STACKED, str(index), 1) for index in range(roll.times)])
    values: Array = jax.vmap(lambda key: entry.initializer.sample(derive(key, name), entry.shape, entry.dtype))(keys)
    return values


def interpret(
    task: PreparedTask,
    precision: Precision,
    params: Tree,
    state: Tree,
    inputs: Mapping[str, Array],
    wanted: Iterable[Edge],
    *,
    train: bool = False,
    key: Array | None = None,
    rows: Array | None = None,
    weights: Weights | None = None,
    tap: Tap | None = None,
) -> Values:
    """Run every node once, in order, and every rolled repeat as one loop. `rows` is false for padding rows; the weights of
    each node go through `weights` before it computes with them.
    """
    run = Run(task.planned.plans, precision, rows, train, weights or as_they_are, tap=tap)
    run.values = {Edge(name): inputs[name] for name in task.planned.graph.inputs if name in inputs}
    new_state = {path: dict(entries) for path, entries in state.items()}
    run.segments = task.segments if train and tap is None else {}
    for name, units in in_segments(units_of(task), run.segment_of):
        compute = partial(compute_units, units, params, key)
        if name:
            run.recomputed(compute, new_state, taken_outside(units, task.planned.graph.nodes, wanted))
        else:
            compute(run, new_state)
    values = {edge: precision.to_float32(run.values[edge]) for edge in wanted}
    return Values(values, {edge: run.masks.get(edge) for edge in values}, new_state, run.penalties)


def units_of(task: PreparedTask) -> Iterator[Node | Roll]:
    """What is computed, in its order: nodes, and rolled repeats, each as one loop."""
    rolled = {path: roll for roll in task.rolls for path in roll.inside}
    for node in task.planned.graph.nodes:
        roll = rolled.get(node.path)
        if roll is None:
            yield node
        # All that feeds the copies stands before the last node of theirs, and all that they feed behind it.
        elif node.path == roll.at:
            yield roll


def compute_units(
    units: Iterable[Node | Roll], params: Tree, key: Array | None, run: "Run", state: dict[str, Any]
) -> None:
    """Compute nodes and rolled repeats in a run; replaces their state in `state`."""
    for unit in units:
        if isinstance(unit, Roll):
            run.loop(unit, params, state, key)
            continue
        own_key = None if key is None else derive(key, unit.path)
        own = run.weights(unit.owner, params.get(unit.owner, {}))
        result = run.node(unit, own, state.get(unit.owner, {}), own_key)
        if result:
            state[unit.owner] = {**state.get(unit.owner, {}), **result}


@dataclass(slots=True)
class Run:
    """The state of one run of a model: the values computed so far."""

    plans: Mapping[str, Plan]
    precision: Precision
    rows: Array | None
    train: bool
    weights: Weights = as_they_are
    values: dict[Edge, Any] = field(default_factory=dict)
    masks: dict[Edge, Any] = field(default_factory=dict)
    penalties: dict[str, Array] = field(default_factory=dict)
    tap: Tap | None = None
    segments: Segments = field(default_factory=dict)
    """What is computed again in the backward pass, see `recomputed`."""

    def segment_of(self, unit: Node | Roll) -> str:
        """The name of the segment that a node or a whole rolled repeat is in; empty where it is in none."""
        return around(unit, self.segments) if isinstance(unit, Roll) else self.segments.get(unit.path, "")

    def recomputed(
        self, compute: "Callable[[Run, dict[str, Any]], None]", state: dict[str, Any], taken: Collection[Edge]
    ) -> None:
        """Compute a segment, of which others take the edges `taken`, and whose other values the backward pass computes again;
        replaces the state in `state`.
        """

        def segment() -> Any:
            inner = replace(self, values=dict(self.values), masks=dict(self.masks), penalties={})
            new = dict(state)
            compute(inner, new)
            made = [edge for edge in inner.values if edge in taken and edge not in self.values]
            values, masks = ({edge: of.get(edge) for edge in made} for of in (inner.values, inner.masks))
            changed = {path: entries for path, entries in new.items() if entries is not state.get(path)}
            return values, masks, changed, inner.penalties

        values, masks, changed, penalties = computed_again(segment)
        self.values |= values
        self.masks |= masks
        self.penalties |= penalties
        state |= changed

    def node(
        self, node: Node, params: Mapping[str, Array], state: Mapping[str, Array], key: Array | None
    ) -> Mapping[str, Array]:
        """Compute one node; its new state."""
        assert node.layer is not None
        values = [self.precision.into(node.path, self.values[edge]) for edge in node.edges]
        given_masks = [self.masks.get(edge) for edge in node.edges]
        if self.tap is not None:
            pairs = enumerate(zip(values, given_masks, strict=True))
            values = [self.tap(Incoming(node.path, position), *pair) for position, pair in pairs]
        masks = by_slot(node, given_masks)
        plan = self.plans[node.path]
        fixed = frozenset(name for name, entry in plan.state.items() if entry.fixed)
        call = Call(params, state, masks, self.rows, self.train, key, fixed)
        given = node.layer.apply(call, **by_slot(node, values))
        result = Result.given(given)
        for port, type_ in plan.outputs.items():
            value, named = result.outputs.get(port), port if port != "output" else ""
            need_shape(node.layer, "apply", value, type_.shape, named)
            need_kind(node.layer, "apply", value, type_.dtype, named)
        for port, value in result.outputs.items():
            edge = Edge(node.path, port)
            self.values[edge] = self.precision.on(edge, value)
            self.masks[edge] = result.masks.get(port)
        if node.layer.masking == "pass":
            joined = join_masks(given_masks)
            self.masks.update({Edge(node.path, port): joined for port in result.outputs})
        if self.tap is not None:
            for edge in (Edge(node.path, port) for port in result.outputs):
                self.values[edge] = self.tap(edge, self.values[edge], self.masks.get(edge))
        self.penalties.update({f"{node.path}/{name}": value for name, value in result.penalties.items()})
        # A layer of a plug-in may know nothing of frozen state.
        return {name: value for name, value in result.state.items() if name not in fixed}

    def loop(self, roll: Roll, params: Tree, state: dict[str, Any], key: Array | None) -> None:
        """Compute a rolled repeat, whose weights and state are stacked; replaces the state in `state`."""
        paths = {node.path: roll.stacked(node.path) for node in roll.nodes}
        keys = {} if key is None else {path: derive_each(key, roll.copies(path)) for path in paths}
        stacked = {path: (params.get(to, {}), state.get(to, {}), keys.get(path)) for path, to in paths.items()}

        # A loop that is computed again as a whole keeps nothing of its copies until then.
        groups = [*in_segments(roll.nodes, lambda node: "" if around(roll, self.segments) else self.segment_of(node))]

        def copied(nodes: Iterable[Node], now: Any, run: Run, new: dict[str, Any]) -> None:
            for node in nodes:
                weights, *others = now[node.path]
                new[node.path] = run.node(node, self.weights(paths[node.path], weights), *others)

        def iteration(carry: Any, now: Any) -> Any:
            inner = replace(self, values=dict(self.values), masks=dict(self.masks), penalties={}, tap=None)
            inner.values[roll.carrier], inner.masks[roll.carrier] = carry
            new: dict[str, Any] = {}
            for name, nodes in groups:
                compute = partial(copied, nodes, now)
                if name and len(groups) > 1:
                    inner.recomputed(compute, new, taken_outside(nodes, roll.nodes, (roll.end,)))
                else:
                    compute(inner, new)
            return (carried(inner.values[roll.end]), inner.masks.get(roll.end)), (new, inner.penalties)

        # What goes from copy to copy has one dtype, whatever goes into the first.
        carried = partial(self.precision.between, roll)
        first = carried(self.values[roll.carried]), self.masks.get(roll.carried)
        if len(groups) == 1 and groups[0][0]:
            iteration = jax.checkpoint(iteration, prevent_cse=False)
        (value, mask), (new, penalties) = lax.scan(iteration, first, stacked, length=roll.times)
        self.values[roll.last], self.masks[roll.last] = value, mask
        for path, entries in new.items():
            if entries:
                state[paths[path]] = {**state.get(paths[path], {}), **entries}
        self.penalties.update({f"{roll.path}/{name}": value.sum() for name, value in penalties.items()})


def join_masks(masks: list[Any]) -> Any:
    """A step counts where any of the inputs counts it, as in Keras 3; None where an input has no mask."""
    if not masks or any(mask is None for mask in masks):
        return None
    return reduce(or_, masks)
