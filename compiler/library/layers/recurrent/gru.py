"""The gated recurrent unit."""

from typing import Annotated

from modelc.compiler.library.base.fields import Field
from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.contracts.layer import Weight
from modelc.compiler.library.layers import ActivationField
from modelc.compiler.library.layers.activations.functions import Sigmoid
from modelc.compiler.library.layers.recurrent.vector_cells import Recur, VectorCell


class GRU(VectorCell):
    """Runs over a sequence, carrying an output h that gates renew in part. Cho et al. 2014.

    With a = `activation`, s = `recurrent_activation`, the kernels' columns in the order z, r, g, and x_z, h_z, ... the
    parts of `x @ kernel + bias[0]` and `h @ recurrent_kernel + bias[1]`: `z = s(x_z + h_z)`, `r = s(x_r + h_r)`,
    `g = a(x_g + r * h_g)`, `h = z * h + (1 - z) * g`. Without `reset_after` r acts before the product, as in the first
    version of the paper: h_g is the part of `(r * h) @ recurrent_kernel`, and there is one bias.

    Input `[time, features]`, and as `initial_state` optionally h, `[units]` (else zeros). Output `[units]`, the last h, or
    with `return_sequences` `[time, units]`; port `state_h` is `[units]`, the last h. `kernel` is `[features, 3 units]`,
    `recurrent_kernel` `[units, 3 units]`, `bias` `[2, 3 units]`, without `reset_after` `[3 units]`.

    A masked step keeps the state and repeats the last output. `go_backwards` runs from the last step to the first and
    gives the outputs in that order, with the mask in the same order (Keras leaves the mask as it was). Dropout masks
    are drawn once and serve all steps; with `recurrent_dropout` each gate has its own. Follows Keras 3 `layers.GRU`;
    `torch.nn.GRU` has the order r, z, g.
    """

    keras = "layers.GRU"
    torch = "nn.GRU"
    spellings = ("gated_recurrent_unit", "gru_cell")
    example = "gru: {units: 64, return_sequences: true}"
    gates = 3

    recurrent_activation: Annotated[ActivationField, Field(description="Activation of the gates.")] = Sigmoid()
    reset_after: Annotated[
        bool, Field(description="Whether the reset gate acts after the recurrent product, not before it.")
    ] = True

    def bias(self, columns: int) -> Weight:
        if self.reset_after:
            return self.weight("bias", (2, self.gates * columns), (None, "mlp"))
        return super().bias(columns)

    def biases(self, bias: Array) -> tuple[Array, Array | None]:
        return (bias[0], bias[1]) if self.reset_after else (bias, None)

    def step(self, z: Array, state: tuple[Array, ...], recur: Recur) -> tuple[Array, ...]:
        (h,) = state
        gate = self.recurrent_activation.function
        added_z, added_r, added_g = jnp.split(z, 3, axis=-1)
        if self.reset_after:
            h_z, h_r, h_g = jnp.split(recur(h), 3, axis=-1)
        else:
            h_z, h_r = jnp.split(recur(h, 0, 2), 2, axis=-1)
        update, reset = gate(added_z + h_z), gate(added_r + h_r)
        new = added_g + (reset * h_g if self.reset_after else recur(reset * h, 2))
        return (update * h + (1 - update) * self.activation.function(new),)
