"""The wrapper that runs a layer on every step of a sequence."""

from dataclasses import replace
from typing import Annotated

from modelc.compiler.library.base.fields import Field
from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.contracts.layer import Activation, Call, Layer, Plan, Result, TensorType, need, show_shape
from modelc.compiler.library.layers import LAYERS, LayerField
from modelc.compiler.library.layers.activations.functions import Linear
from modelc.compiler.library.layers.core.wrapper import Wrapper, plan_inside, split_inside


class TimeDistributed(Wrapper):
    """One `layer` with one set of weights on each step of a sequence: `y[t] = layer(x[t])`.

    Input `[time, ...]`, where `layer` takes `[...]`; each port of `layer` gives `[time, ...]`. The weights and the state
    have the names that `layer` gives them, without a prefix. The mask is passed on, and `layer` sees none.

    All steps are one batch, in which masked steps are padding: `batch_norm` inside takes its statistics over all rows and
    unmasked steps together and moves them once, `dropout` draws for every step. Follows Keras 3 `layers.TimeDistributed`, which normalizes and moves step
    by step instead. `dense` and other layers that leave the axes before the last alone need no wrapper.
    """

    keras = "layers.TimeDistributed"
    spellings = ("timewise", "per_step")
    masking = "pass"
    example = "time_distributed: {layer: {conv2d: {filters: 16, kernel_size: 3}}}"

    layer: Annotated[LayerField, Field(description="The layer to run on each step.")]

    def plan(self, x: TensorType) -> Plan:
        name = LAYERS.name_of(self.layer)
        needed = [slot for slot in self.layer.slots if slot.required]
        message = f"expected a layer with one input, got `{name}`"
        help = "a layer that joins several inputs takes whole sequences and needs no wrapper"
        need(len(needed) == 1 and not needed[0].many, message, help=help, argument="layer")
        got = f"expected a sequence [time, ...] of two axes or more, got {show_shape(x.shape)}"
        need(x.rank >= 2, got, help=f"without a time axis, use `{name}` itself; `reshape` adds one")
        step = x.with_shape(*x.shape[1:]).with_mask(False)
        note = f"each of the {x.shape[0]} steps of {show_shape(x.shape)} is {show_shape(step.shape)}"
        plan = plan_inside(self.layer, step, note=note)
        message = f"`{name}` masks parts of each step, which `time_distributed` cannot pass on"
        help = "omit `mask_zero`"
        need(not any(output.mask for output in plan.outputs.values()), message, help=help, argument="layer")
        message = f"`{name}` is stateful, but gets single steps here, which the next batch does not continue"
        help = "remove `stateful`"
        need(not any(entry.per_row for entry in plan.state.values()), message, help=help, argument="layer")
        outputs = {port: output.with_shape(x.shape[0], *output.shape) for port, output in plan.outputs.items()}
        return Plan(outputs, plan.params, plan.state)

    def apply(self, call: Call, x: Array) -> Result:
        batch, time = x.shape[:2]
        rows, mask = call.rows, call.masks.get("x")
        if rows is not None:
            rows = jnp.broadcast_to(rows[:, None], (batch, time))
        if mask is not None:
            rows = mask if rows is None else mask & rows
        inner = replace(call, masks={}, rows=None if rows is None else rows.reshape(batch * time))
        (slot,) = (slot.name for slot in self.layer.slots if slot.required)
        given = self.layer.apply(inner, **{slot: x.reshape(batch * time, *x.shape[2:])})
        result = given if isinstance(given, Result) else Result.of(given)
        outputs = {port: y.reshape(batch, time, *y.shape[1:]) for port, y in result.outputs.items()}
        return Result(outputs, state=result.state, penalties=result.penalties)

    def moves(self) -> bool:
        return self.layer.moves()

    def draws(self, x: TensorType) -> int:
        return self.layer.draws(x.with_shape(*x.shape[1:]))

    def drawn(self, x: Array, number: Array | int) -> Array:
        y = self.layer.drawn(x.reshape(-1, *x.shape[2:]), number)
        return y.reshape(*x.shape[:2], *y.shape[1:])

    def keeps_digits(self) -> bool:
        return self.layer.keeps_digits()

    def split(self) -> tuple[Layer, Activation] | None:
        if isinstance(self.layer, Activation):
            return Linear(), self.layer
        return split_inside(self)
