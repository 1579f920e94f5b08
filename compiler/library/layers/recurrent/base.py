"""The base of recurrent layers: arguments, regularizers, the projection of the inputs, and the scan over time.

The cells, what one step makes of the state, are in `simple_rnn`, `gru` and `lstm`, on vectors (`vector_cells`), and in
`conv_lstm`, on images.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import partial
from typing import Annotated, Any, ClassVar, Literal

from modelc.compiler.library.base.fields import Field, Fraction
from modelc.compiler.library.base.lazy import Array, jax, jnp, lax
from modelc.compiler.library.base.type_checks import TensorType, need, need_floats, show_shape
from modelc.compiler.library.contracts.layer import Activation, Call, Layer, Plan, Result, Slot, State, Weight
from modelc.compiler.library.initializers.constant import Zeros
from modelc.compiler.library.initializers.matrices import Orthogonal
from modelc.compiler.library.initializers.scaled import GlorotUniform
from modelc.compiler.library.layers import LAYERS, ActivationField, ConstraintField, InitializerField, RegularizerField
from modelc.compiler.library.layers.activations.functions import Tanh

Arrays = tuple[Array, ...]
"""The parts of a state, each `[batch, ...]`, the output first."""
Within = Callable[[Array], Array]
Step = Callable[[Array, Arrays, Any], Arrays]
"""The next state from what the inputs of this step add (`[batch, ...]`), the last state, and what h adds to it."""


Stateful = Annotated[
    Literal["epoch", "run"] | None,
    Field(
        description="Whether row i of a batch begins with the final state of row i of the previous batch, until the "
        "end of the `epoch` or of the `run`; null: each row begins at zeros."
    ),
]


class Recurrent(Layer):
    """Abstract: a cell with weights, run over a sequence. Each subclass is one cell, its `step`.

    In between stand the classes that say what a state is: a vector, an image. They give the methods without a body
    here.
    """

    slots = (Slot("x"), Slot("initial_state", many=True, required=False))
    masking = "use"

    foreign_arguments: ClassVar[Mapping[str, str]] = {
        "batch_first": "remove it: values are [time, features], and rows are never written",
        "bidirectional": "write `bidirectional` around the layer, such as `bidirectional: {lstm: 64}`",
        **dict.fromkeys(("implementation", "unroll", "use_cudnn"), "remove it: the loop over the steps is compiled"),
        "num_layers": "write a layer for each, all but the last with `return_sequences: true`, or "
        "`stacked_rnn: {cells: [{layer}: ..., {layer}: ...]}` with an entry for each",
        "time_major": "remove it: values are [time, features], and rows are never written",
    }

    gates: ClassVar[int]
    """How many times the columns of a state the kernels have."""
    parts: ClassVar[tuple[str, ...]] = ("h",)
    """The letters of the parts of the state, the output first; part `h` leaves by the port `state_h`."""
    functions: ClassVar[tuple[str, ...]] = ("activation", "recurrent_activation")
    """The arguments that are activations of parts of the state."""
    gathers: ClassVar[bool] = False
    """Whether `step` only adds `recur(h)` to z, and is faster if the gradient of that product is taken after the run."""
    sized: ClassVar[str]
    """The argument that sizes the state."""

    activation: Annotated[ActivationField, Field(description="Activation of the new values.")] = Tanh()
    use_bias: Annotated[bool, Field(description="Whether a bias is added.")] = True
    kernel_initializer: Annotated[InitializerField, Field(description="Initializer of the kernel.")] = GlorotUniform()
    recurrent_initializer: Annotated[InitializerField, Field(description="Initializer of the recurrent kernel.")] = (
        Orthogonal()
    )
    bias_initializer: Annotated[InitializerField, Field(description="Initializer of the bias.")] = Zeros()
    kernel_regularizer: Annotated[RegularizerField, Field(description="Regularizer of the kernel.")] = None
    recurrent_regularizer: Annotated[RegularizerField, Field(description="Regularizer of the recurrent kernel.")] = None
    bias_regularizer: Annotated[RegularizerField, Field(description="Regularizer of the bias.")] = None
    kernel_constraint: Annotated[ConstraintField, Field(description="Constraint on the kernel.")] = None
    recurrent_constraint: Annotated[ConstraintField, Field(description="Constraint on the recurrent kernel.")] = None
    bias_constraint: Annotated[ConstraintField, Field(description="Constraint on the bias.")] = None
    dropout: Annotated[Fraction, Field(description="Dropout rate of the input features.")] = 0.0
    recurrent_dropout: Annotated[Fraction, Field(description="Dropout rate of the recurrent state h.")] = 0.0
    return_sequences: Annotated[bool, Field(description="Whether to output all steps, not only the last.")] = False
    go_backwards: Annotated[bool, Field(description="Whether to run from the last step to the first.")] = False
    stateful: Stateful = None

    @classmethod
    def foreign_argument(cls, name: str, beside: Collection[str] = ()) -> str:
        return super().foreign_argument(name, beside).replace("{layer}", cls.example.partition(":")[0])

    def with_all_steps(self) -> Layer | None:
        return None if self.return_sequences else self.model_copy(update={"return_sequences": True})

    def step(self, z: Array, state: Arrays, recur: Any) -> Arrays:
        """The next state from `z`, what the inputs add to the gates, and the last state; `recur` has what that adds."""
        raise NotImplementedError

    def state_type(self, x: TensorType) -> TensorType:
        """The type of each part of the state. Raises PlanError for what is no sequence of the right kind."""
        raise NotImplementedError

    def kernels(self, x: TensorType) -> dict[str, Weight]:
        """The weights `kernel` and `recurrent_kernel`."""
        raise NotImplementedError

    def project(self, call: Call, x: Array) -> tuple[Array, Within | None]:
        """What the inputs add to the gates, for all steps at once: `[batch, time, ..., gates * columns]`.

        Or the inputs as they are, and the function that makes it of one step of them, inside the run: the sums of all
        steps are then never in memory together.
        """
        raise NotImplementedError

    def recur(self, call: Call, x: Array, state: Array, bias: Array | None) -> Any:
        """What `step` calls with h for what it adds to the gates; `state` is a part of the initial state."""
        raise NotImplementedError

    def bias(self, columns: int) -> Weight:
        """The weight `bias` of a state of so many columns."""
        return self.weight("bias", (self.gates * columns,), ("mlp",))

    def biases(self, bias: Array) -> tuple[Array, Array | None]:
        """What is added to the sums of the inputs, and to those of the state."""
        return bias, None

    def plan(self, x: TensorType, initial_state: tuple[TensorType, ...] | None = None) -> Plan:
        state = self.state_type(x)
        if initial_state:
            message = f"`stateful: {self.stateful}` and `initial_state` both set the initial state"
            need(self.stateful is None, message, help="remove one of them", slot="initial_state")
            self.need_state(initial_state, state)
        for argument in self.functions:
            function: Activation = getattr(self, argument)
            function.after(state, argument)
        params = self.kernels(x)
        if self.use_bias:
            params["bias"] = self.bias(state.shape[-1])
        output = x.with_shape(x.shape[0], *state.shape) if self.return_sequences else state
        return Plan({"output": output, **{f"state_{part}": state for part in self.parts}}, params, self.carried(state))

    def carried(self, state: TensorType) -> dict[str, State]:
        """The state that goes from batch to batch, by the names of its ports. It is never narrower than float32."""
        if self.stateful is None:
            return {}
        dtype = "float64" if state.dtype == "float64" else "float32"
        axes = (None,) * state.rank
        entry = State(state.shape, Zeros(), axes, dtype, per_row=True, lasts=self.stateful)
        return {f"state_{part}": entry for part in self.parts}

    def need_state(self, initial_state: tuple[TensorType, ...], state: TensorType) -> None:
        """Raise PlanError unless `initial_state` has every part of this layer's state, in its size."""
        shapes = ", ".join(show_shape(given.shape) for given in initial_state)
        kind, count = LAYERS.name_of(self), len(self.parts)
        ports = ", ".join(f"other.state_{part}" for part in self.parts)
        states = "both states" if count == 2 else "the state"
        sizes = {given.shape for given in initial_state}
        only = sizes.pop() if len(sizes) == 1 and len(initial_state) == count else ()
        fits = only and only[:-1] == state.shape[:-1]
        same = f"write `{self.sized}: {only[-1]}`, the size of what is given, or " if fits else ""
        need(
            len(initial_state) == count and all(given.shape == state.shape for given in initial_state),
            f"expected {' and '.join(self.parts)} of shape {show_shape(state.shape)} as `initial_state`, got {shapes}",
            help=f"{same}use {states} of another {kind} with the same `{self.sized}`: `initial_state: [{ports}]`",
            slot="initial_state",
        )
        for given in initial_state:
            need_floats(given, slot="initial_state")

    def apply(self, call: Call, x: Array, initial_state: Arrays | None = None) -> Result:
        bias, recurrent_bias = self.biases(call.params["bias"].astype(x.dtype)) if self.use_bias else (None, None)
        z, within = self.project(call, x)
        if within is None and bias is not None:
            z = z + bias
        shape = (x.shape[0], *self.state_type(TensorType(x.shape[1:], str(x.dtype))).shape)
        names = [f"state_{part}" for part in self.parts]
        wide = jnp.promote_types(x.dtype, jnp.float32)
        start = initial_state or tuple(call.state.get(name, jnp.zeros(shape, wide)) for name in names)
        state = tuple(part.astype(x.dtype) for part in start)
        recur = self.recur(call, x, state[0], recurrent_bias)

        mask = call.masks.get("x")

        def step(z: Array, state: Arrays, recur: Any) -> Arrays:
            if within is not None:
                z = within(z) if bias is None else within(z) + bias
            return self.step(z, state, recur)

        scan = partial(over_time, step, sequences=self.return_sequences, backwards=self.go_backwards)
        gathers = self.gathers and within is None
        state, outputs = run(scan, recur, z, state, mask, backwards=self.go_backwards, gathers=gathers)
        masks = {}
        if outputs is not None and mask is not None:
            masks["output"] = mask[:, ::-1] if self.go_backwards else mask
        ports = dict(zip(names, state, strict=True))
        carried = {}
        if self.stateful is not None:
            for name, new, old in zip(names, state, start, strict=True):
                carried[name] = new.astype(wide) if call.rows is None else keep(call.rows, new.astype(wide), old)
        return Result({"output": state[0] if outputs is None else outputs, **ports}, state=carried, masks=masks)

    def ends_in(self) -> Activation | None:
        return self.activation


def run(
    scan: Any, recur: Any, z: Array, state: Arrays, mask: Array | None, *, backwards: bool, gathers: bool
) -> tuple[Arrays, Array | None]:
    """The state after the last step of `scan`, and its outputs `[batch, time, ...]`, if any, in the order of running.

    `z` is `[batch, time, ...]`. Where `mask` (`[batch, time]`) is false the state stays, and the output with it.
    """
    steps = jnp.swapaxes(z, 0, 1), None if mask is None else mask.T
    if gathers:
        state, outputs = gathered(scan, recur, state, *steps)
    else:
        state, outputs, _ = scan(recur, state, *steps)
    if outputs is None:
        return state, None
    # A scan in reverse stores its outputs by place in time; they are given in the order of running.
    return state, jnp.swapaxes(jnp.flip(outputs, 0) if backwards else outputs, 0, 1)


def over_time(
    step: Step,
    recur: Any,
    state: Arrays,
    z: Array,
    mask: Array | None,
    *,
    sequences: bool,
    backwards: bool,
    before: bool = False,
) -> tuple[Arrays, Array | None, Array | None]:
    """The last state, the outputs and with `before` what h was before each step, both `[time, batch, ...]`."""

    def advance(state: Arrays, now: tuple[Array, Array | None]) -> tuple[Arrays, Any]:
        z, real = now
        new = step(z, state, recur)
        if real is not None:
            new = tuple(keep(real, one, old) for one, old in zip(new, state, strict=True))
        return new, (new[0] if sequences else None, state[0] if before else None)

    state, (outputs, h) = lax.scan(advance, state, (z, mask), reverse=backwards)
    return state, outputs, h


def gathered(scan: Any, recur: Any, state: Arrays, z: Array, mask: Array | None) -> tuple[Arrays, Array | None]:
    """`scan`, whose gradient of the recurrent kernel is one product of all steps after the run back through time.

    Plain differentiation adds a product to the gradient in each step: slow for large kernels, and for convolutions,
    whose gradient XLA's CPU backend computes slowly inside a loop. Needs a step that adds `recur(h)` to z and uses
    neither elsewhere, so that the gradient of z is that of the product. Not for forward-mode differentiation.
    """

    def with_kernel(kernel: Array, dropped: Any) -> Any:
        return replace(recur, kernel=kernel, dropped=dropped)

    def forward(kernel: Array, dropped: Any, state: Arrays, z: Array, mask: Any) -> Any:
        def fixed(state: Arrays, z: Array) -> Any:
            last, outputs, h = scan(with_kernel(kernel, dropped), state, z, mask, before=True)
            return (last, outputs), h

        result, back, h = jax.vjp(fixed, state, z, has_aux=True)
        return result, (kernel, dropped, h, back)

    def backward(saved: Any, given: Any) -> Any:
        kernel, dropped, h, back = saved
        to_state, to_z = back(given)
        _, back_to_kernel = jax.vjp(lambda kernel: jax.vmap(with_kernel(kernel, dropped))(h), kernel)
        return (*back_to_kernel(to_z), None, to_state, to_z, None)

    @jax.custom_vjp
    def with_product_gradient(kernel: Array, dropped: Any, state: Arrays, z: Array, mask: Any) -> Any:
        last, outputs, _ = scan(with_kernel(kernel, dropped), state, z, mask)
        return last, outputs

    with_product_gradient.defvjp(forward, backward)
    result: tuple[Arrays, Array | None] = with_product_gradient(recur.kernel, recur.dropped, state, z, mask)
    return result


def keep(valid: Array, new: Array, old: Array) -> Array:
    """`new` in the rows where `valid` (`[batch]`) is true, else `old`."""
    return jnp.where(valid.reshape(-1, *[1] * (new.ndim - 1)), new, old)


def mask_of(call: Call, purpose: str, rate: float, shape: tuple[int, ...], x: Array) -> Array:
    """Dropout factors of `shape`: 0 at `rate`, else `1 / (1 - rate)`."""
    return jax.random.bernoulli(call.random(purpose), 1 - rate, shape).astype(x.dtype) / (1 - rate)
