"""The long short-term memory layer, and its cell, which `conv_lstm` runs on images."""

from dataclasses import replace
from typing import Annotated, Any

from modelc.compiler.library.base.fields import Field
from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.base.prng import derive
from modelc.compiler.library.contracts.layer import Slot, Weight
from modelc.compiler.library.contracts.weight_rules import Initializer
from modelc.compiler.library.layers import ActivationField, InitializerField
from modelc.compiler.library.layers.activations.functions import Sigmoid
from modelc.compiler.library.layers.recurrent.base import Recurrent
from modelc.compiler.library.layers.recurrent.vector_cells import VectorCell


class ForgetBias(Initializer):
    """The bias of four gates `[4 * columns]` with 1 for the forget gate. Jozefowicz et al. 2015."""

    others: Annotated[InitializerField, Field(description="Initializer of the bias of the other gates.")]

    def check(self, shape: tuple[int, ...]) -> None:
        self.others.check(shape)

    def sample(self, key: Array, shape: tuple[int, ...], dtype: str) -> Array:
        columns = shape[0] // 4
        first = self.others.sample(derive(key, "input"), (columns,), dtype)
        last = self.others.sample(derive(key, "cell and output"), (2 * columns,), dtype)
        return jnp.concatenate([first, jnp.ones((columns,), dtype), last])


class LongShortTerm(Recurrent):
    """Abstract: the cell of an output h and a memory c, whose gates forget, take in and give out.

    `i, f, g, o = split(z)` for z, what inputs and h add to the gates; `c = r(f) * c + r(i) * a(g)`, `h = r(o) * a(c)` with
    a = `activation`, r = `recurrent_activation`.
    """

    slots = (Slot("x"), Slot("initial_state", many=True, required=False, least=2, parts=("state_h", "state_c")))
    gates = 4
    parts = ("h", "c")
    gathers = True

    recurrent_activation: Annotated[ActivationField, Field(description="Activation of the gates.")] = Sigmoid()
    unit_forget_bias: Annotated[bool, Field(description="Whether the forget gate's bias starts at 1.")] = True

    def bias(self, columns: int) -> Weight:
        weight = super().bias(columns)
        return (
            replace(weight, initializer=ForgetBias(others=self.bias_initializer)) if self.unit_forget_bias else weight
        )

    def step(self, z: Array, state: tuple[Array, ...], recur: Any) -> tuple[Array, ...]:
        h, c = state
        act, gate = self.activation.function, self.recurrent_activation.function
        i, f, g, o = jnp.split(z + recur(h), 4, axis=-1)
        c = gate(f) * c + gate(i) * act(g)
        return gate(o) * act(c), c


class LSTM(LongShortTerm, VectorCell):
    """Runs over a sequence, carrying an output h and a cell c. Hochreiter and Schmidhuber 1997.

    `i, f, g, o = split(x @ kernel + h @ recurrent_kernel + bias)`, the columns in this order;
    `c = r(f) * c + r(i) * a(g)`, `h = r(o) * a(c)` with a = `activation`, r = `recurrent_activation`.

    Input `[time, features]`, and as `initial_state` optionally h and c, each `[units]` (else zeros). Output `[units]`, the
    last h, or with `return_sequences` `[time, units]`; ports `state_h` and `state_c` are `[units]`, the last h and c.
    `kernel` is `[features, 4 units]`, `recurrent_kernel` `[units, 4 units]`, `bias` `[4 units]`.

    A masked step keeps the state and repeats the last output. `go_backwards` runs from the last step to the first and
    gives the outputs in that order, with the mask in the same order (Keras leaves the mask as it was). Dropout masks
    are drawn once and serve all steps; with `recurrent_dropout` each gate has its own. Follows Keras 3 `layers.LSTM`;
    `torch.nn.LSTM` has two biases.
    """

    keras = "layers.LSTM"
    torch = "nn.LSTM"
    spellings = ("long_short_term_memory", "lstm_cell")
    example = "lstm: {units: 64, return_sequences: true}"
