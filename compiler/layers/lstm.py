"""The long short-term memory layer."""

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from modelc.compiler.initializer import Initializer
from modelc.compiler.initializers import InitializerField
from modelc.compiler.keys import derive
from modelc.compiler.layer import Slot, Weight
from modelc.compiler.layers import ActivationField
from modelc.compiler.layers.activations import Sigmoid
from modelc.compiler.layers.recurrence import Recur, Recurrent

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


class LSTM(Recurrent):
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
    spellings: ClassVar[tuple[str, ...]] = ("long_short_term_memory",)
    example: ClassVar[str] = "lstm: {units: 64, return_sequences: true}"
    gates: ClassVar[int] = 4
    parts: ClassVar[tuple[str, ...]] = ("h", "c")

    recurrent_activation: Annotated[ActivationField, Field(description="Function of the gates.")] = Sigmoid()
    unit_forget_bias: Annotated[bool, Field(description="Whether the forget gate's bias starts at 1.")] = True

    def bias(self) -> Weight:
        weight = super().bias()
        return (
            replace(weight, initializer=ForgetBias(others=self.bias_initializer)) if self.unit_forget_bias else weight
        )

    def step(self, z: "Array", state: "tuple[Array, ...]", recur: Recur) -> "tuple[Array, ...]":
        import jax.numpy as jnp

        h, c = state
        act, gate = self.activation.function, self.recurrent_activation.function
        i, f, g, o = jnp.split(z + recur(h), 4, axis=-1)
        c = gate(f) * c + gate(i) * act(g)
        return gate(o) * act(c), c
