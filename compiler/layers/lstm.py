"""The long short-term memory layer."""

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from modelc.compiler.activation import Activation
from modelc.compiler.checks import need_floats
from modelc.compiler.errors import need
from modelc.compiler.initializer import Initializer
from modelc.compiler.initializers import InitializerField
from modelc.compiler.initializers.constant import Zeros
from modelc.compiler.initializers.orthogonal import Orthogonal
from modelc.compiler.initializers.scaled import GlorotUniform
from modelc.compiler.keys import derive
from modelc.compiler.layer import Call, Layer, Plan, Result, Slot, Weight
from modelc.compiler.layers import ActivationField
from modelc.compiler.layers.activations import Sigmoid, Tanh
from modelc.compiler.numbers import Fraction, Size
from modelc.compiler.tensor import TensorType, show_shape

if TYPE_CHECKING:
    from jax import Array


class ForgetBias(Initializer):
    """The bias of an LSTM `[4 * units]` with 1 for the forget gate. Jozefowicz et al. 2015."""

    others: Annotated[InitializerField, Field(description="First values of the bias of the other gates.")]

    def check(self, shape: tuple[int, ...]) -> None:
        self.others.check(shape)

    def sample(self, key: "Array", shape: tuple[int, ...], dtype: str) -> "Array":
        import jax.numpy as jnp

        units = shape[0] // 4
        first = self.others.sample(derive(key, "input"), (units,), dtype)
        last = self.others.sample(derive(key, "cell and output"), (2 * units,), dtype)
        return jnp.concatenate([first, jnp.ones((units,), dtype), last])


class LSTM(Layer):
    """Runs over a sequence, carrying an output h and a cell c. Hochreiter and Schmidhuber 1997.

    `i, f, g, o = split(x @ kernel + h @ recurrent_kernel + bias)`, the columns in this order;
    `c = r(f) * c + r(i) * a(g)`, `h = r(o) * a(c)` with a = `activation`, r = `recurrent_activation`.

    Input `[time, features]`, and as `initial_state` optionally h and c, each `[units]` (else zeros). Output `[units]`, the
    last h, or with `return_sequences` `[time, units]`; ports `state_h` and `state_c` are `[units]`, the last h and c.
    `kernel` is `[features, 4 units]`, `recurrent_kernel` `[units, 4 units]`, `bias` `[4 units]`.

    A masked step keeps the state and repeats the last output. `go_backwards` runs from the last step to the first and
    gives the outputs in that order, with the mask in the same order. Dropout masks are drawn once and serve all steps;
    with `recurrent_dropout` each gate has its own. Follows Keras 3 `layers.LSTM`; `torch.nn.LSTM` has two biases.
    """

    slots: ClassVar[tuple[Slot, ...]] = (
        Slot("x"),
        Slot("initial_state", many=True, required=False, least=2, parts=("state_h", "state_c")),
    )
    primary: ClassVar[str | None] = "units"
    spellings: ClassVar[tuple[str, ...]] = ("long_short_term_memory",)
    masking: ClassVar[Literal["pass", "use", "drop"]] = "use"
    example: ClassVar[str] = "lstm: {units: 64, return_sequences: true}"

    units: Annotated[Size, Field(description="Size of the output and of the state.")]
    activation: Annotated[ActivationField, Field(description="Function of the new values and of the cell.")] = Tanh()
    recurrent_activation: Annotated[ActivationField, Field(description="Function of the gates.")] = Sigmoid()
    use_bias: Annotated[bool, Field(description="Whether a bias is added.")] = True
    kernel_initializer: Annotated[InitializerField, Field(description="First values of the kernel.")] = GlorotUniform()
    recurrent_initializer: Annotated[InitializerField, Field(description="First values of the recurrent kernel.")] = (
        Orthogonal()
    )
    bias_initializer: Annotated[InitializerField, Field(description="First values of the bias.")] = Zeros()
    unit_forget_bias: Annotated[bool, Field(description="Whether the forget gate's bias starts at 1.")] = True
    dropout: Annotated[Fraction, Field(description="Rate at which input features are dropped in training.")] = 0.0
    recurrent_dropout: Annotated[Fraction, Field(description="Rate at which parts of h are dropped in training.")] = 0.0
    return_sequences: Annotated[bool, Field(description="Whether the output has every step, not the last only.")] = (
        False
    )
    go_backwards: Annotated[bool, Field(description="Whether to run from the last step to the first.")] = False

    def plan(self, x: TensorType, initial_state: tuple[TensorType, ...] | None = None) -> Plan:
        got = f"expected a sequence [time, features], got {show_shape(x.shape)}"
        if x.rank == 1:
            cure = f"ids need `embedding` before it; for {x.shape[0]} steps of one number, `reshape: [{x.shape[0]}, 1]`"
        else:
            cure = "`reshape` to two axes; the batch axis is never written"
        need(x.rank == 2, got, help=cure)
        need_floats(x)
        if initial_state:
            self.check_state(initial_state)
        units = self.units
        vector = TensorType((units,), x.dtype)
        self.activation.after(vector)
        self.recurrent_activation.after(vector, "recurrent_activation")
        params = {
            "kernel": Weight((x.shape[1], 4 * units), self.kernel_initializer, ("embed", "mlp")),
            "recurrent_kernel": Weight((units, 4 * units), self.recurrent_initializer, ("embed", "mlp")),
        }
        if self.use_bias:
            bias = ForgetBias(others=self.bias_initializer) if self.unit_forget_bias else self.bias_initializer
            params["bias"] = Weight((4 * units,), bias, ("mlp",))
        output = x.with_shape(x.shape[0], units) if self.return_sequences else vector
        return Plan({"output": output, "state_h": vector, "state_c": vector}, params)

    def check_state(self, initial_state: tuple[TensorType, ...]) -> None:
        """Raise PlanError unless `initial_state` is h and c of this layer's size."""
        shapes = ", ".join(show_shape(part.shape) for part in initial_state)
        need(
            len(initial_state) == 2 and all(part.shape == (self.units,) for part in initial_state),
            f"expected h and c of shape [{self.units}] as `initial_state`, got {shapes}",
            help="give both states of another lstm of as many `units`: `initial_state: [other.state_h, other.state_c]`",
            slot="initial_state",
        )
        for part in initial_state:
            need_floats(part, slot="initial_state")

    def apply(self, call: Call, x: "Array", initial_state: "tuple[Array, ...] | None" = None) -> Result:
        import jax.numpy as jnp
        from jax import lax

        start = initial_state or (jnp.zeros((x.shape[0], self.units), x.dtype),) * 2
        kernel = call.params["recurrent_kernel"].astype(x.dtype)
        dropped = self.recurrent_mask(call, x)
        mask = call.masks.get("x")
        act, gate = self.activation.function, self.recurrent_activation.function

        def step(
            carry: "tuple[Array, Array]", now: "tuple[Array, Array | None]"
        ) -> "tuple[tuple[Array, Array], Array | None]":
            (h, c), (z, real) = carry, now
            i, f, g, o = jnp.split(z + recur(h, kernel, dropped), 4, axis=-1)
            new_c = gate(f) * c + gate(i) * act(g)
            new_h = gate(o) * act(new_c)
            if real is not None:
                new_h, new_c = jnp.where(real[:, None], new_h, h), jnp.where(real[:, None], new_c, c)
            return (new_h, new_c), new_h if self.return_sequences else None

        steps = jnp.swapaxes(self.project(call, x), 0, 1), None if mask is None else mask.T
        carry = (start[0].astype(x.dtype), start[1].astype(x.dtype))
        outputs: Any
        (h, c), outputs = lax.scan(step, carry, steps, reverse=self.go_backwards)
        masks = {}
        y = h
        if self.return_sequences:
            # A scan in reverse stores its outputs by place in time; they are given in the order of running.
            y = jnp.flip(outputs, 0) if self.go_backwards else outputs
            y = jnp.swapaxes(y, 0, 1)
            if mask is not None:
                masks["output"] = mask[:, ::-1] if self.go_backwards else mask
        return Result({"output": y, "state_h": h, "state_c": c}, masks=masks)

    def project(self, call: Call, x: "Array") -> "Array":
        """What the inputs add to the gates, for all steps in one product: `[batch, time, 4 * units]`."""
        import jax.numpy as jnp

        kernel = call.params["kernel"].astype(x.dtype)
        if call.train and self.dropout > 0 and self.recurrent_dropout > 0:
            parts = kernel.reshape(kernel.shape[0], 4, self.units)
            kept = mask_of(call, "dropout", self.dropout, (x.shape[0], 4, x.shape[2]), x)
            z = jnp.einsum("btf,bgf,fgu->btgu", x, kept, parts).reshape(*x.shape[:2], 4 * self.units)
        elif call.train and self.dropout > 0:
            z = x * mask_of(call, "dropout", self.dropout, (x.shape[0], 1, x.shape[2]), x) @ kernel
        else:
            z = x @ kernel
        return z + call.params["bias"].astype(x.dtype) if self.use_bias else z

    def recurrent_mask(self, call: Call, x: "Array") -> "Array | None":
        """Factors on h for each gate, `[batch, 4, units]`; None where nothing of it is dropped."""
        if not call.train or self.recurrent_dropout == 0:
            return None
        return mask_of(call, "recurrent_dropout", self.recurrent_dropout, (x.shape[0], 4, self.units), x)

    def ends_in(self) -> Activation | None:
        return self.activation


def mask_of(call: Call, purpose: str, rate: float, shape: tuple[int, ...], x: "Array") -> "Array":
    """Dropout factors of `shape`: 0 at `rate`, else `1 / (1 - rate)`."""
    import jax

    return jax.random.bernoulli(call.random(purpose), 1 - rate, shape).astype(x.dtype) / (1 - rate)


def recur(h: "Array", kernel: "Array", dropped: "Array | None") -> "Array":
    """What the last output adds to the gates, `[batch, 4 * units]`."""
    import jax.numpy as jnp

    if dropped is None:
        return h @ kernel
    batch, gates, units = dropped.shape
    parts = kernel.reshape(units, gates, units)
    return jnp.einsum("bgk,kgu->bgu", h[:, None] * dropped, parts).reshape(batch, gates * units)
