"""The wrapper that runs a layer on every step of a sequence."""

from dataclasses import replace
from typing import Annotated

from modelc.compiler.library.base.fields import Field
from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.contracts.layer import Activation, Call, Layer, Plan, Result, TensorType, need, show_shape
from modelc.compiler.library.layers import LAYERS, LayersField
from modelc.compiler.library.layers.activations.functions import Linear
from modelc.compiler.library.layers.core.layer_chain import LayerChain, slot_of
from modelc.compiler.library.layers.core.wrapper import Wrapper, plan_inside, split_inside


class TimeDistributed(Wrapper):
    """One `layer`, or several in sequence, with one set of weights on each step of a sequence: `y[t] = layer(x[t])`.

    Input `[time, ...]`, where `layer` takes `[...]`; each port of `layer` gives `[time, ...]`. The weights and the state of
    one layer have the names that it gives them, without a prefix; those of several are called by their layer, counted from
    the second of a kind: of `[dense: 8, relu, dense: 4]` they are `dense/...` and `dense_2/...`. The mask is passed on, and
    `layer` sees none; one that a layer of a list makes goes on to the next in the list.

    All steps are one batch, in which masked steps are padding: `batch_norm` inside takes its statistics over all rows and
    unmasked steps together and moves them once, `dropout` draws for every step. Follows Keras 3 `layers.TimeDistributed`, which normalizes and moves step
    by step instead; a list is that of a `Sequential`. `dense` and other layers that leave the axes before the last alone need no wrapper.
    """

    keras = "layers.TimeDistributed"
    spellings = ("timewise", "per_step")
    masking = "pass"
    example = "time_distributed: [{conv2d: {filters: 16, kernel_size: 3}}, relu, flatten]"

    layer: Annotated[LayersField, Field(description="The layer to run on each step, or a list of layers in sequence.")]

    @property
    def inner(self) -> Layer:
        return self.layer if isinstance(self.layer, Layer) else LayerChain(parts=self.layer)

    def plan(self, x: TensorType) -> Plan:
        inner = self.inner
        several = isinstance(inner, LayerChain)
        name = "the list of layers" if several else f"`{LAYERS.name_of(inner)}`"
        message = f"expected a layer with one input, got {name}"
        help = "a layer that joins several inputs takes whole sequences and needs no wrapper"
        need(slot_of(inner) is not None, message, help=help, argument="layer")
        got = f"expected a sequence [time, ...] of two axes or more, got {show_shape(x.shape)}"
        need(x.rank >= 2, got, help=f"without a time axis, use {name} itself; `reshape` adds one")
        step = x.with_shape(*x.shape[1:]).with_mask(False)
        note = f"each of the {x.shape[0]} steps of {show_shape(x.shape)} is {show_shape(step.shape)}"
        plan = inner.plan(step) if several else plan_inside(inner, step, note=note)
        message = f"{name} masks parts of each step, which `time_distributed` cannot pass on"
        help = "omit `mask_zero`"
        need(not any(output.mask for output in plan.outputs.values()), message, help=help, argument="layer")
        message = f"{name} is stateful, but gets single steps here, which the next batch does not continue"
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
        slot = slot_of(self.inner)
        assert slot is not None, "`plan` refuses layers of several inputs"
        given = self.inner.apply(inner, **{slot: x.reshape(batch * time, *x.shape[2:])})
        result = Result.given(given)
        outputs = {port: y.reshape(batch, time, *y.shape[1:]) for port, y in result.outputs.items()}
        return Result(outputs, state=result.state, penalties=result.penalties)

    def moves(self) -> bool:
        return self.inner.moves()

    def draws(self, x: TensorType) -> int:
        return self.inner.draws(x.with_shape(*x.shape[1:]))

    def drawn(self, x: Array, number: Array | int) -> Array:
        y = self.inner.drawn(x.reshape(-1, *x.shape[2:]), number)
        return y.reshape(*x.shape[:2], *y.shape[1:])

    def keeps_digits(self) -> bool:
        return self.inner.keeps_digits()

    def split(self) -> tuple[Layer, Activation] | None:
        inner = self.inner
        if isinstance(inner, Activation):
            return Linear(), inner
        if not isinstance(inner, LayerChain):
            return split_inside(self)
        parts = inner.split()
        if parts is None or not isinstance(parts[0], LayerChain):
            return parts
        return self.model_copy(update={"layer": parts[0].parts}), parts[1]
