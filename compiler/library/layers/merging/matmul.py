"""The layer that multiplies branches as matrices."""

from typing import ClassVar

from modelc.compiler.diagnostics.exceptions import need
from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.base.type_checks import need_floats
from modelc.compiler.library.contracts.layer import Call, Layer, Plan, Slot
from modelc.compiler.library.layers.merging.shape_checks import need_one_dtype, need_two, show_shapes


class Matmul(Layer):
    """Product of two inputs as matrices: `y = a @ b`, `[..., rows, inner]` and `[..., inner, columns]` to `[..., rows, columns]`.

    The axes before the last two are equal: nothing is broadcast. bfloat16 is summed in float32. A mask is dropped.
    Follows Keras 3 `ops.matmul`; `dot` sums along the last axis of both, `dense` multiplies by a weight.
    """

    keras: ClassVar[str] = "ops.matmul"
    torch: ClassVar[str] = "matmul"
    slots: ClassVar[tuple[Slot, ...]] = (Slot("inputs", many=True, least=2),)
    spellings: ClassVar[tuple[str, ...]] = ("bmm", "mm", "matrix_multiply", "batch_dot")
    example: ClassVar[str] = "matmul"

    def plan(self, inputs: tuple[TensorType, ...]) -> Plan:
        need_two(inputs)
        need_one_dtype(inputs)
        need_floats(inputs[0], slot="inputs")
        one, other = inputs
        fits = one.rank == other.rank >= 2 and one.shape[:-2] == other.shape[:-2]
        need(
            fits and one.shape[-1] == other.shape[-2],
            f"expected [..., rows, inner] and [..., inner, columns], got {show_shapes(inputs)}",
            help="`permute: [-1, -2]` turns a matrix over"
            if fits and one.shape[-1] == other.shape[-1]
            else "the last axis of the first has the size of the second to last of the second, and all before are equal",
            slot="inputs",
            code="E302",
        )
        return Plan.of(one.with_shape(*one.shape[:-1], other.shape[-1]))

    def apply(self, call: Call, inputs: tuple[Array, ...]) -> Array:
        one, other = inputs
        wide = jnp.promote_types(one.dtype, "float32")
        return jnp.matmul(one, other, preferred_element_type=wide).astype(one.dtype)
