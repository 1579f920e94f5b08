"""The fully connected recurrent layer."""

from modelc.compiler.library.base.lazy import Array
from modelc.compiler.library.layers.recurrent.vector_cells import Recur, VectorCell


class SimpleRNN(VectorCell):
    """Runs over a sequence, carrying its output h: `h = activation(x @ kernel + h @ recurrent_kernel + bias)`. Elman 1990.

    Input `[time, features]`, and as `initial_state` optionally h, `[units]` (else zeros). Output `[units]`, the last h, or
    with `return_sequences` `[time, units]`; port `state_h` is `[units]`, the last h. `kernel` is `[features, units]`,
    `recurrent_kernel` `[units, units]`, `bias` `[units]`.

    A masked step keeps the state and repeats the last output. `go_backwards` runs from the last step to the first and
    gives the outputs in that order, with the mask in the same order (Keras leaves the mask as it was). Dropout masks
    are drawn once and serve all steps. Follows Keras 3 `layers.SimpleRNN`; `torch.nn.RNN` has two biases.
    """

    keras = "layers.SimpleRNN"
    torch = "nn.RNN"
    spellings = ("vanilla_rnn", "elman", "simple_rnn_cell", "rnn_cell")
    example = "simple_rnn: {units: 64, return_sequences: true}"
    gates = 1
    functions = ("activation",)

    def step(self, z: Array, state: tuple[Array, ...], recur: Recur) -> tuple[Array, ...]:
        return (self.activation.function(z + recur(state[0])),)
