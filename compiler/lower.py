"""A task as pure JAX functions: `init` draws the weights, `run` computes values, `apply` is its public face."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from modelc.compiler.activation import Activation
from modelc.compiler.bind.task import Task
from modelc.compiler.graph import Edge
from modelc.compiler.infer import PlannedGraph, by_slot
from modelc.compiler.keys import derive
from modelc.compiler.layer import Call, Result

if TYPE_CHECKING:
    from jax import Array

Tree = Mapping[str, Mapping[str, "Array"]]
"""Weights or state: by node path, then by name (`params["digit"]["kernel"]`)."""


@dataclass(frozen=True, slots=True)
class Values:
    """What one run computed: the wanted edges and their masks, the new state, and penalties by `path/name`."""

    edges: Mapping[Edge, "Array"]
    masks: Mapping[Edge, "Array | None"]
    state: Tree
    penalties: Mapping[str, "Array"]


@dataclass(frozen=True, slots=True)
class Model:
    """The pure functions of a model.

    `init(key) -> (params, state)`; `run(params, state, inputs, wanted, train=, key=, rows=) -> Values`, see `lower`.
    """

    init: Callable[["Array"], tuple[Tree, Tree]]
    run: Callable[..., Values]
    outputs: Mapping[str, Edge]

    def apply(
        self,
        params: Tree,
        state: Tree,
        inputs: Mapping[str, "Array"],
        *,
        train: bool = False,
        key: "Array | None" = None,
        rows: "Array | None" = None,
    ) -> tuple[dict[str, "Array"], Tree]:
        """The outputs by name for batched `inputs` by name, and the new state."""
        values = self.run(params, state, inputs, self.outputs.values(), train=train, key=key, rows=rows)
        return {name: values.edges[edge] for name, edge in self.outputs.items()}, values.state


def lower(task: Task) -> Model:
    """The functions of a task that the passes have prepared."""
    planned = task.planned
    outputs = {name: output.edge for name, output in task.outputs.items()}
    precision = Precision(
        task.spec.model is not None and task.spec.model.precision == "mixed_bfloat16",
        frozenset(
            edge.node
            for edge in outputs.values()
            if (node := planned.graph.node(edge.node)) is not None and isinstance(node.layer, Activation)
        ),
        frozenset(node.path for node in planned.graph.nodes if node.layer is not None and node.layer.exact),
    )

    def init(key: "Array") -> tuple[Tree, Tree]:
        return draw(planned, key)

    def run(
        params: Tree,
        state: Tree,
        inputs: Mapping[str, "Array"],
        wanted: Iterable[Edge],
        *,
        train: bool = False,
        key: "Array | None" = None,
        rows: "Array | None" = None,
    ) -> Values:
        return interpret(planned, precision, params, state, inputs, tuple(wanted), train=train, key=key, rows=rows)

    return Model(init, run, outputs)


def draw(planned: PlannedGraph, key: "Array") -> tuple[Tree, Tree]:
    """First weights and state of every node that owns any; each is drawn from a key of its own path and name."""
    params: dict[str, dict[str, Array]] = {}
    state: dict[str, dict[str, Array]] = {}
    for owner, plan in planned.owned():
        if plan.params:
            params[owner] = {
                name: weight.initializer.sample(derive(key, owner, name), weight.shape, weight.dtype)
                for name, weight in plan.params.items()
            }
        if plan.state:
            state[owner] = {
                name: entry.initializer.sample(derive(key, owner, name), entry.shape, entry.dtype)
                for name, entry in plan.state.items()
                if not entry.per_row
            }
    return params, state


@dataclass(frozen=True, slots=True)
class Precision:
    """Where values are narrowed to bfloat16: between all nodes when `half`, but not into the last activation of an
    output (`wide` has their paths), whose eight bits would show in probabilities, nor into a layer that is `exact`."""

    half: bool
    wide: frozenset[str]
    exact: frozenset[str] = frozenset()

    def narrow(self, value: "Array", path: str = "") -> "Array":
        """`value` as it goes into the node at `path`, or leaves one: layers compute in the dtype of their inputs."""
        if not self.half or path in self.exact:
            return value
        if path in self.wide:
            return value.astype("float32") if value.dtype == "bfloat16" else value
        return value.astype("bfloat16") if value.dtype == "float32" else value

    def widen(self, value: "Array") -> "Array":
        """`value` as losses, metrics and the caller get it."""
        return value.astype("float32") if self.half and value.dtype == "bfloat16" else value


def interpret(
    planned: PlannedGraph,
    precision: Precision,
    params: Tree,
    state: Tree,
    inputs: Mapping[str, "Array"],
    wanted: tuple[Edge, ...],
    *,
    train: bool,
    key: "Array | None",
    rows: "Array | None",
) -> Values:
    """Run every node once, in order. `rows` is false for rows that only pad the batch."""
    values: dict[Edge, Any] = {Edge(name): inputs[name] for name in planned.graph.inputs if name in inputs}
    masks: dict[Edge, Any] = {}
    new_state = {path: dict(entries) for path, entries in state.items()}
    penalties: dict[str, Array] = {}
    for node in planned.graph.nodes:
        assert node.layer is not None and node.feeds is not None
        edges = [feed.edge for feed in node.feeds if feed.edge is not None]
        call = Call(
            params=params.get(node.owner, {}),
            state=new_state.get(node.owner, {}),
            masks=by_slot(node, [masks.get(edge) for edge in edges]),
            rows=rows,
            train=train,
            key=None if key is None else derive(key, node.path),
        )
        given = node.layer.apply(call, **by_slot(node, [precision.narrow(values[edge], node.path) for edge in edges]))
        result = given if isinstance(given, Result) else Result.of(given)
        for port, value in result.outputs.items():
            values[Edge(node.path, port)] = value if node.path in precision.wide else precision.narrow(value)
            masks[Edge(node.path, port)] = result.masks.get(port)
        if node.layer.masking == "pass":
            joined = join_masks([masks.get(edge) for edge in edges])
            masks.update({Edge(node.path, port): joined for port in result.outputs})
        if result.state:
            new_state[node.owner] = {**new_state.get(node.owner, {}), **result.state}
        penalties.update({f"{node.path}/{name}": value for name, value in result.penalties.items()})
    return Values(
        {edge: precision.widen(values[edge]) for edge in wanted},
        {edge: masks.get(edge) for edge in wanted},
        new_state,
        penalties,
    )


def join_masks(masks: list[Any]) -> Any:
    """A step counts where any of the inputs counts it, as in Keras 3; None where an input has no mask."""
    if not masks or any(mask is None for mask in masks):
        return None
    joined = masks[0]
    for mask in masks[1:]:
        joined = joined | mask
    return joined
