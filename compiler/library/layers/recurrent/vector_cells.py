"""The base of recurrent layers with a vector state: kernels as matrices, products with them, dropout masks."""

from dataclasses import dataclass
from typing import Annotated

from modelc.compiler.library.base.fields import Field, Size
from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.base.type_checks import steps_help
from modelc.compiler.library.contracts.layer import Call, Layer, TensorType, Weight, need, need_floats, show_shape
from modelc.compiler.library.layers.recurrent.base import Recurrent, Within, mask_of

MANY_FEATURES = 2
"""So many features for each unit make one product for all steps worth its memory (benchmarks/layers.py)."""


@dataclass(frozen=True, slots=True)
class Recur:
    """What a state adds to the gates: `h @ kernel + bias`, where `dropped` has factors on h for each gate.

    `kernel` is `[units, gates * units]`, `bias` `[gates * units]` or None, `dropped` `[batch, gates, units]` or None.
    """

    kernel: Array
    bias: Array | None = None
    dropped: Array | None = None

    def __call__(self, h: Array, first: int = 0, last: int | None = None) -> Array:
        """The sums `[batch, n * units]` of the gates from `first` to before `last`, or to the end."""
        batch, units = h.shape
        columns = slice(first * units, None if last is None else last * units)
        kernel = self.kernel[:, columns]
        if self.dropped is None:
            z = h @ kernel
        else:
            parts = kernel.reshape(units, -1, units)
            z = jnp.einsum("bgk,kgu->bgu", h[:, None] * self.dropped[:, first:last], parts).reshape(batch, -1)
        return z if self.bias is None else z + self.bias[columns]


class Units(Layer):
    """Abstract: sized by `units`, which stand before all other arguments."""

    units: Annotated[Size, Field(description="Size of the output and of the state.")]


class VectorCell(Recurrent, Units):
    """Abstract: a cell whose state has parts `[units]`."""

    primary = "units"
    sized = "units"

    def state_type(self, x: TensorType) -> TensorType:
        if x.rank == 1:
            advice = (
                f"ids need `embedding` before it; for {x.shape[0]} steps of one number, `reshape: [{x.shape[0]}, 1]`"
            )
        else:
            advice = steps_help(x)
        need(x.rank == 2, f"expected a sequence [time, features], got {show_shape(x.shape)}", help=advice)
        need_floats(x)
        return TensorType((self.units,), x.dtype)

    def kernels(self, x: TensorType) -> dict[str, Weight]:
        columns = self.gates * self.units
        return {
            "kernel": self.weight("kernel", (x.shape[1], columns), ("embed", "mlp")),
            "recurrent_kernel": self.weight("recurrent", (self.units, columns), ("embed", "mlp")),
        }

    def project(self, call: Call, x: Array) -> tuple[Array, Within | None]:
        # One dropout mask serves all gates, or one for each with recurrent dropout, as in Keras.
        kernel = call.params["kernel"].astype(x.dtype)
        if call.train and self.dropout > 0 and self.recurrent_dropout > 0:
            kept = mask_of(call, "dropout", self.dropout, (x.shape[0], self.gates, x.shape[2]), x)
            parts = kernel.reshape(kernel.shape[0], self.gates, -1)
            return jnp.einsum("btf,bgf,fgu->btgu", x, kept, parts).reshape(*x.shape[:2], -1), None
        if call.train and self.dropout > 0:
            x = x * mask_of(call, "dropout", self.dropout, (x.shape[0], 1, x.shape[2]), x)
        # One product for all steps wastes no time on the kernel's gradient, but moves the sums of all gates and steps
        # through memory, several times over: it pays where there are many more features than units.
        if x.shape[2] > MANY_FEATURES * self.units:
            return x @ kernel, None
        return x, lambda now: now @ kernel

    def recur(self, call: Call, x: Array, state: Array, bias: Array | None) -> Recur:
        dropped = None
        if call.train and self.recurrent_dropout > 0:
            shape = (x.shape[0], self.gates, self.units)
            dropped = mask_of(call, "recurrent_dropout", self.recurrent_dropout, shape, x)
        return Recur(call.params["recurrent_kernel"].astype(x.dtype), bias, dropped)
