"""A compiled model as users of Python have it: weights by the paths of nodes, arguments checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from modelc.compiler.graph.typed_graph import TypedGraph
from modelc.compiler.library.base.lazy import Array, NumpyArray, jax
from modelc.compiler.lowering.rolled_repeats import from_named, to_named

if TYPE_CHECKING:
    from modelc.compiler.lowering.lower import Model, Tree
    from modelc.compiler.lowering.prepared_task import PreparedTask


@dataclass(frozen=True, slots=True)
class Compiled:
    """A model as pure functions, see `modelc.compile`. `graph` has the nodes as written and the plan of each."""

    graph: TypedGraph
    model: "Model"
    prepared: "PreparedTask"

    def init(self, key: Array) -> "tuple[Tree, Tree]":
        """Initial weights and state, `params["digit"]["kernel"]`, drawn from `key` in one jitted call."""
        params, state = jax.jit(self.model.init)(key)
        return to_named(self.model.rolls, params), to_named(self.model.rolls, state)

    def fit(self, state: "Tree", inputs: Mapping[str, NumpyArray]) -> "Tree":
        """`state` after fitting layers such as `normalization` to `inputs`, all training rows by name.

        Before that, their state and their outputs are NaN. Raises ValueError as `apply` does, RunError where a
        layer cannot learn from these rows.
        """
        from modelc.compiler.lowering.layer_fitting import fit_layers

        self.check(inputs)
        learnt = dict(state)
        for node, entries in fit_layers(self.prepared, inputs):
            learnt[node.path] = {**learnt[node.path], **jax.device_put(dict(entries))}
        return learnt

    def apply(
        self,
        params: "Tree",
        state: "Tree",
        inputs: Mapping[str, Array],
        *,
        train: bool = False,
        key: Array | None = None,
    ) -> "tuple[dict[str, Array], Tree]":
        """The outputs by name for batched `inputs` by name, and the new state. Pure: jit, grad and vmap it as you like.

        Raises ValueError when `inputs` lacks one of the model's, or has the wrong shape.
        """
        self.check(inputs)
        rolls = self.model.rolls
        stacked = from_named(rolls, params), from_named(rolls, state)
        outputs, new_state = self.model.apply(*stacked, inputs, train=train, key=key)
        return outputs, to_named(rolls, new_state)

    def check(self, inputs: Mapping[str, Array | NumpyArray]) -> None:
        """Raise ValueError when `inputs` lacks one of the model's, or has the wrong shape."""
        for name, type_ in self.graph.graph.inputs.items():
            if name not in inputs:
                raise ValueError(f"the input {name!r} is missing; the model takes {', '.join(self.graph.graph.inputs)}")
            if type_ is not None and tuple(inputs[name].shape[1:]) != type_.shape:
                given, wanted = tuple(inputs[name].shape), ", ".join(map(str, type_.shape))
                raise ValueError(f"the input {name!r} has shape {given}, expected (batch, {wanted})")
