"""What the recurrent layers share: their arguments and weights, the one product for all inputs, and the run over time.

The cells, what one step makes of the state, are in `simple_rnn`, `gru` and `lstm`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from modelc.compiler.activation import Activation
from modelc.compiler.checks import need_floats
from modelc.compiler.constraints import ConstraintField
from modelc.compiler.errors import need
from modelc.compiler.initializers import InitializerField
from modelc.compiler.initializers.constant import Zeros
from modelc.compiler.initializers.orthogonal import Orthogonal
from modelc.compiler.initializers.scaled import GlorotUniform
from modelc.compiler.layer import Call, Layer, Plan, Result, Slot, Weight
from modelc.compiler.layers import LAYERS, ActivationField
from modelc.compiler.layers.activations import Tanh
from modelc.compiler.numbers import Fraction, Size
from modelc.compiler.regularizers import RegularizerField
from modelc.compiler.tensor import TensorType, show_shape

if TYPE_CHECKING:
    from jax import Array

    Arrays = tuple[Array, ...]
    """The parts of a state, each `[batch, ...]`, the output first."""
    Step = Callable[[Array, Arrays], Arrays]
    """The next state from what the inputs of this step add (`[batch, ...]`) and from the last state."""


@dataclass(frozen=True, slots=True)
class Recur:
    """What a state adds to the gates: `h @ kernel + bias`, where `dropped` has factors on h for each gate.

    `kernel` is `[units, gates * units]`, `bias` `[gates * units]` or None, `dropped` `[batch, gates, units]` or None.
    """

    kernel: "Array"
    bias: "Array | None" = None
    dropped: "Array | None" = None

    def __call__(self, h: "Array", first: int = 0, last: int | None = None) -> "Array":
        """The sums `[batch, n * units]` of the gates from `first` to before `last`, or to the end."""
        import jax.numpy as jnp

        batch, units = h.shape
        columns = slice(first * units, None if last is None else last * units)
        kernel = self.kernel[:, columns]
        if self.dropped is None:
            z = h @ kernel
        else:
            parts = kernel.reshape(units, -1, units)
            z = jnp.einsum("bgk,kgu->bgu", h[:, None] * self.dropped[:, first:last], parts).reshape(batch, -1)
        return z if self.bias is None else z + self.bias[columns]


class Recurrent(Layer):
    """Abstract: a cell with weights, run over a sequence. Each subclass is one cell, its `step`."""

    slots: ClassVar[tuple[Slot, ...]] = (Slot("x"), Slot("initial_state", many=True, required=False))
    primary: ClassVar[str | None] = "units"
    masking: ClassVar[Literal["pass", "use", "drop"]] = "use"

    gates: ClassVar[int]
    """How many times `units` columns the kernels have."""
    parts: ClassVar[tuple[str, ...]] = ("h",)
    """The letters of the parts of the state, the output first; part `h` leaves by the port `state_h`."""
    functions: ClassVar[tuple[str, ...]] = ("activation", "recurrent_activation")
    """The arguments that are activations of vectors of `units`."""

    units: Annotated[Size, Field(description="Size of the output and of the state.")]
    activation: Annotated[ActivationField, Field(description="Function of the new values.")] = Tanh()
    use_bias: Annotated[bool, Field(description="Whether a bias is added.")] = True
    kernel_initializer: Annotated[InitializerField, Field(description="First values of the kernel.")] = GlorotUniform()
    recurrent_initializer: Annotated[InitializerField, Field(description="First values of the recurrent kernel.")] = (
        Orthogonal()
    )
    bias_initializer: Annotated[InitializerField, Field(description="First values of the bias.")] = Zeros()
    kernel_regularizer: Annotated[RegularizerField, Field(description="What the kernel adds to the loss.")] = None
    recurrent_regularizer: Annotated[
        RegularizerField, Field(description="What the recurrent kernel adds to the loss.")
    ] = None
    bias_regularizer: Annotated[RegularizerField, Field(description="What the bias adds to the loss.")] = None
    kernel_constraint: Annotated[ConstraintField, Field(description="What the kernel is brought back to.")] = None
    recurrent_constraint: Annotated[
        ConstraintField, Field(description="What the recurrent kernel is brought back to.")
    ] = None
    bias_constraint: Annotated[ConstraintField, Field(description="What the bias is brought back to.")] = None
    dropout: Annotated[Fraction, Field(description="Rate at which input features are dropped in training.")] = 0.0
    recurrent_dropout: Annotated[Fraction, Field(description="Rate at which parts of h are dropped in training.")] = 0.0
    return_sequences: Annotated[bool, Field(description="Whether the output has every step, not the last only.")] = (
        False
    )
    go_backwards: Annotated[bool, Field(description="Whether to run from the last step to the first.")] = False

    def step(self, z: "Array", state: "Arrays", recur: Recur) -> "Arrays":
        """The next state, from `z`, what the inputs add to the gates (`[batch, gates * units]`), and the last state."""
        raise NotImplementedError

    def bias(self) -> Weight:
        """The weight `bias`."""
        return self.weight("bias", (self.gates * self.units,), ("mlp",))

    def biases(self, bias: "Array") -> "tuple[Array, Array | None]":
        """What is added to the product of the inputs, and to that of the state."""
        return bias, None

    def plan(self, x: TensorType, initial_state: tuple[TensorType, ...] | None = None) -> Plan:
        need_sequence(x)
        if initial_state:
            self.need_state(initial_state)
        vector = TensorType((self.units,), x.dtype)
        for argument in self.functions:
            function: Activation = getattr(self, argument)
            function.after(vector, argument)
        columns = self.gates * self.units
        params = {
            "kernel": self.weight("kernel", (x.shape[1], columns), ("embed", "mlp")),
            "recurrent_kernel": self.weight("recurrent", (self.units, columns), ("embed", "mlp")),
        }
        if self.use_bias:
            params["bias"] = self.bias()
        output = x.with_shape(x.shape[0], self.units) if self.return_sequences else vector
        return Plan({"output": output, **{f"state_{part}": vector for part in self.parts}}, params)

    def need_state(self, initial_state: tuple[TensorType, ...]) -> None:
        """Raise PlanError unless `initial_state` has every part of this layer's state, in its size."""
        shapes = ", ".join(show_shape(given.shape) for given in initial_state)
        kind, count = LAYERS.name_of(self), len(self.parts)
        ports = ", ".join(f"other.state_{part}" for part in self.parts)
        states = "both states" if count == 2 else "the state"
        need(
            len(initial_state) == count and all(given.shape == (self.units,) for given in initial_state),
            f"expected {' and '.join(self.parts)} of shape [{self.units}] as `initial_state`, got {shapes}",
            help=f"give {states} of another {kind} of as many `units`: `initial_state: [{ports}]`",
            slot="initial_state",
        )
        for given in initial_state:
            need_floats(given, slot="initial_state")

    def apply(self, call: Call, x: "Array", initial_state: "Arrays | None" = None) -> Result:
        import jax.numpy as jnp

        start = initial_state or (jnp.zeros((x.shape[0], self.units), x.dtype),) * len(self.parts)
        bias, recurrent_bias = self.biases(call.params["bias"].astype(x.dtype)) if self.use_bias else (None, None)
        z = project(call, x, self.gates, self.dropout, self.recurrent_dropout)
        if bias is not None:
            z = z + bias
        dropped = None
        if call.train and self.recurrent_dropout > 0:
            shape = (x.shape[0], self.gates, self.units)
            dropped = mask_of(call, "recurrent_dropout", self.recurrent_dropout, shape, x)
        recur = Recur(call.params["recurrent_kernel"].astype(x.dtype), recurrent_bias, dropped)

        def step(z: "Array", state: "Arrays") -> "Arrays":
            return self.step(z, state, recur)

        mask = call.masks.get("x")
        state = tuple(part.astype(x.dtype) for part in start)
        state, outputs = run(step, z, state, mask, sequences=self.return_sequences, backwards=self.go_backwards)
        masks = {}
        if outputs is not None and mask is not None:
            masks["output"] = mask[:, ::-1] if self.go_backwards else mask
        ports = {f"state_{name}": value for name, value in zip(self.parts, state, strict=True)}
        return Result({"output": state[0] if outputs is None else outputs, **ports}, masks=masks)

    def ends_in(self) -> Activation | None:
        return self.activation


def need_sequence(x: TensorType) -> None:
    """Raise PlanError unless `x` is a sequence of float vectors."""
    if x.rank == 1:
        cure = f"ids need `embedding` before it; for {x.shape[0]} steps of one number, `reshape: [{x.shape[0]}, 1]`"
    else:
        cure = "`reshape` to two axes; the batch axis is never written"
    need(x.rank == 2, f"expected a sequence [time, features], got {show_shape(x.shape)}", help=cure)
    need_floats(x)


def run(
    step: "Step", z: "Array", state: "Arrays", mask: "Array | None", *, sequences: bool, backwards: bool
) -> "tuple[Arrays, Array | None]":
    """The state after the last step, and with `sequences` the outputs `[batch, time, ...]` in the order of running.

    `z` is `[batch, time, ...]`. Where `mask` (`[batch, time]`) is false the state stays, and the output with it.
    """
    import jax.numpy as jnp
    from jax import lax

    def advance(state: "Arrays", now: "tuple[Array, Array | None]") -> "tuple[Arrays, Array | None]":
        z, real = now
        new = step(z, state)
        if real is not None:
            real = real.reshape(-1, *[1] * (new[0].ndim - 1))
            new = tuple(jnp.where(real, one, old) for one, old in zip(new, state, strict=True))
        return new, new[0] if sequences else None

    steps = jnp.swapaxes(z, 0, 1), None if mask is None else mask.T
    state, outputs = lax.scan(advance, state, steps, reverse=backwards)
    if outputs is None:
        return state, None
    # A scan in reverse stores its outputs by place in time; they are given in the order of running.
    return state, jnp.swapaxes(jnp.flip(outputs, 0) if backwards else outputs, 0, 1)


def project(call: Call, x: "Array", gates: int, dropout: float, recurrent_dropout: float) -> "Array":
    """What the inputs add to the gates, for all steps in one product: `[batch, time, gates * units]`.

    One dropout mask serves all gates, or one for each with recurrent dropout, as in Keras.
    """
    import jax.numpy as jnp

    kernel = call.params["kernel"].astype(x.dtype)
    if not call.train or dropout == 0:
        return x @ kernel
    if recurrent_dropout == 0:
        return x * mask_of(call, "dropout", dropout, (x.shape[0], 1, x.shape[2]), x) @ kernel
    kept = mask_of(call, "dropout", dropout, (x.shape[0], gates, x.shape[2]), x)
    parts = kernel.reshape(kernel.shape[0], gates, -1)
    return jnp.einsum("btf,bgf,fgu->btgu", x, kept, parts).reshape(*x.shape[:2], -1)


def mask_of(call: Call, purpose: str, rate: float, shape: tuple[int, ...], x: "Array") -> "Array":
    """Dropout factors of `shape`: 0 at `rate`, else `1 / (1 - rate)`."""
    import jax

    return jax.random.bernoulli(call.random(purpose), 1 - rate, shape).astype(x.dtype) / (1 - rate)
