"""The layer that makes a sequence of one vector."""

from typing import Annotated, ClassVar

from pydantic import Field

from modelc.compiler.diagnostics.exceptions import need
from modelc.compiler.library.base.fields import Size
from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.base.tensor_type import TensorType, show_shape
from modelc.compiler.library.contracts.layer import Call, Kept, Layer, Plan


class RepeatVector(Layer):
    """A vector `n` times: input `[features]`, output `[n, features]`, as a decoder needs it; any dtype.

    Follows Keras 3 `layers.RepeatVector`.
    """

    keras: ClassVar[str] = "layers.RepeatVector"
    primary: ClassVar[str | None] = "n"
    spellings: ClassVar[tuple[str, ...]] = ("tile",)
    keeps: ClassVar[Kept] = "values"
    example: ClassVar[str] = "repeat_vector: 10"

    n: Annotated[Size, Field(description="Number of steps of the output.")]

    def plan(self, x: TensorType) -> Plan:
        need(
            x.rank == 1,
            f"expected a vector [features], got {show_shape(x.shape)}",
            help="give the last step of a recurrent layer, or put `flatten` before it",
        )
        return Plan.of(x.with_shape(self.n, *x.shape).with_mask(False))

    def apply(self, call: Call, x: Array) -> Array:
        return jnp.broadcast_to(x[:, None], (x.shape[0], self.n, x.shape[1]))
