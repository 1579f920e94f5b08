"""The wrapper that runs a recurrent layer over a sequence in both directions."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from modelc.compiler.library.base.fields import Field
from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.layer import Call, Layer, Plan, Result, Slot, State, Weight, join, need
from modelc.compiler.library.layers import LAYERS, LayerField
from modelc.compiler.library.layers.core.wrapper import Wrapper, plan_inside

RECURRENT = frozenset({"go_backwards", "return_sequences"})
"""The arguments that make a layer recurrent."""


class Bidirectional(Wrapper):
    """Two copies of a recurrent `layer`, one forwards and one backwards in time, their outputs merged step by step.

    Input as that of `layer`; as `initial_state` optionally the forward states, then the backward ones. Output as that of
    `layer`, twice as wide with `concat`; the other ports of `layer`, `state_h` and of an `lstm` `state_c`, are
    `forward_state_h`, `backward_state_h` and so on. Weights are `forward/...` and `backward/...`. With `return_sequences`
    the output is 0 at masked steps. A `stateful` layer carries both states from batch to batch, the backward one from the
    first step of a row to the last of its continuation. Schuster and Paliwal 1997; follows Keras 3 `layers.Bidirectional`.
    """

    keras = "layers.Bidirectional"
    slots = (Slot("x"), Slot("initial_state", many=True, required=False, least=2))
    spellings = ("bi", "birnn", "bilstm", "blstm", "bigru")
    masking = "use"
    example = "bidirectional: {lstm: 64}"

    layer: Annotated[LayerField, Field(description="The recurrent layer to run in both directions.")]
    merge_mode: Annotated[
        Literal["concat", "sum", "mul", "ave"],
        Field(description="How the two outputs are combined; `ave` is the mean."),
    ] = "concat"

    @classmethod
    def is_made_for(cls, layer: type[Layer]) -> bool:
        return layer.model_fields.keys() >= RECURRENT

    def plan(self, x: TensorType, initial_state: tuple[TensorType, ...] | None = None) -> Plan:
        message = f"expected a recurrent layer, got `{LAYERS.name_of(self.layer)}`"
        help = "write for example `bidirectional: {lstm: 64}`"
        need(self.is_made_for(type(self.layer)), message, help=help, argument="layer")
        message = "the layer inside `bidirectional` has `go_backwards: true`"
        help = "remove it: one of the two copies always goes backwards"
        need(not self.backwards, message, help=help, argument="layer")
        plans: dict[str, Plan] = {}
        for name, states in zip(("forward", "backward"), halves(initial_state), strict=True):
            plans[name] = plan_inside(self.part(name), x, states)
        output = plans["forward"].output
        if self.merge_mode == "concat":
            output = output.with_shape(*output.shape[:-1], 2 * output.shape[-1])
        outputs = {"output": output}
        params: dict[str, Weight] = {}
        state: dict[str, State] = {}
        for name, plan in plans.items():
            outputs |= {f"{name}_{port}": type_ for port, type_ in plan.outputs.items() if port != "output"}
            params |= join(name, plan.params)
            state |= join(name, plan.state)
        return Plan(outputs, params, state)

    def apply(self, call: Call, x: Array, initial_state: tuple[Array, ...] | None = None) -> Result:
        results: dict[str, Any] = {}
        outputs: dict[str, Array] = {}
        state: dict[str, Array] = {}
        for name, states in zip(("forward", "backward"), halves(initial_state), strict=True):
            results[name] = self.part(name).apply(call.part(name), x, states)
            ports = results[name].outputs
            outputs |= {f"{name}_{port}": array for port, array in ports.items() if port != "output"}
            state |= join(name, results[name].state)
        one, other = results["forward"].outputs["output"], results["backward"].outputs["output"]
        masks = results["forward"].masks
        if self.sequences:
            other = other[:, ::-1]
        y = self.merge(one, other)
        if "output" in masks:
            mask = masks["output"]
            y = jnp.where(mask.reshape(mask.shape + (1,) * (y.ndim - 2)), y, 0)
        return Result({"output": y, **outputs}, state=state, masks=masks)

    def with_all_steps(self) -> Layer | None:
        inner = self.layer.with_all_steps()
        return None if inner is None else self.model_copy(update={"layer": inner})

    @property
    def sequences(self) -> bool:
        return bool(getattr(self.layer, "return_sequences", False))

    @property
    def backwards(self) -> bool:
        return bool(getattr(self.layer, "go_backwards", False))

    def part(self, name: str) -> Layer:
        """The copy of the layer that is called `name`: `forward` or `backward`."""
        return self.layer.model_copy(update={"go_backwards": name == "backward"})

    def merge(self, one: Array, other: Array) -> Array:
        """Both outputs as one, on the last axis or value by value."""
        if self.merge_mode == "concat":
            return jnp.concatenate([one, other], axis=-1)
        if self.merge_mode == "mul":
            return one * other
        return one + other if self.merge_mode == "sum" else (one + other) / 2


def halves(states: Sequence[Any] | None) -> tuple[Any, Any]:
    """The states of the forward and of the backward copy."""
    if not states:
        return None, None
    half = len(states) // 2
    return tuple(states[:half]), tuple(states[half:])
