"""The layers that multiply branches as matrices, or as vectors along an axis."""

from typing import Annotated

from modelc.compiler.library.base.fields import Axes, Field
from modelc.compiler.library.base.lazy import Array, jnp, lax
from modelc.compiler.library.contracts.layer import Call, Layer, Plan, Slot, TensorType, need, need_axis, need_floats
from modelc.compiler.library.layers.merging.shape_checks import need_one_dtype, need_two, show_shapes
from modelc.compiler.library.layers.normalization.layer_norm import scale_to_one


class Matmul(Layer):
    """Product of two inputs as matrices: `y = a @ b`, `[..., rows, inner]` and `[..., inner, columns]` to `[..., rows, columns]`.

    The axes before the last two are equal: nothing is broadcast. bfloat16 is summed in float32. A mask is dropped.
    Follows Keras 3 `ops.matmul`; `dot` sums along the last axis of both, `dense` multiplies by a weight.
    """

    keras = "ops.matmul"
    torch = "matmul"
    slots = (Slot("inputs", many=True, least=2),)
    spellings = ("bmm", "mm", "matrix_multiply", "batch_dot")
    example = "matmul"

    def plan(self, inputs: tuple[TensorType, ...]) -> Plan:
        need_two(inputs)
        need_one_dtype(inputs)
        need_floats(inputs[0], slot="inputs")
        one, other = inputs
        fits = one.rank == other.rank >= 2 and one.shape[:-2] == other.shape[:-2]
        message = f"expected [..., rows, inner] and [..., inner, columns], got {show_shapes(inputs)}"
        help = (
            "`permute: [-1, -2]` transposes a matrix"
            if fits and one.shape[-1] == other.shape[-1]
            else "the last axis of the first input must have the size of the second-to-last of the second input, and all other axes must be equal"
        )
        need(fits and one.shape[-1] == other.shape[-2], message, help=help, slot="inputs", code="E302")
        return Plan.of(one.with_shape(*one.shape[:-1], other.shape[-1]))

    def apply(self, call: Call, inputs: tuple[Array, ...]) -> Array:
        one, other = inputs
        wide = jnp.promote_types(one.dtype, "float32")
        return jnp.matmul(one, other, preferred_element_type=wide).astype(one.dtype)


SHORTEST = 1e-7
"""Vectors shorter than this are divided by it, not by their length: Keras's `epsilon`."""


class Dot(Layer):
    """Sums of products of two inputs along one axis of each: `y[i, j] = sum over k of a[i, k] * b[j, k]`.

    Inputs of any two shapes that have one size along `axes`; the output has the other axes of the first, then those of
    the second, or is `[1]` where there are none. With `normalize` it is the cosine of the two vectors. A mask is
    dropped. Follows Keras 3 `layers.Dot`.
    """

    keras = "layers.Dot"
    slots = (Slot("inputs", many=True, least=2),)
    primary = "axes"
    spellings = ("dot_product", "inner_product")
    related = ("cosine_similarity",)
    example = "dot: {axes: -1, normalize: true}"

    axes: Annotated[
        Axes, Field(description="The axis to sum over, counted from the end; or a list of two, one for each input.")
    ]
    normalize: Annotated[bool, Field(description="Whether vectors are scaled to length 1 first.")] = False

    def plan(self, inputs: tuple[TensorType, ...]) -> Plan:
        need_two(inputs)
        need_one_dtype(inputs)
        message = f"`axes` has {len(self.axes)} axes, but there are two inputs"
        need(len(self.axes) <= 2, message, help="give one axis for both inputs, or one for each", argument="axes")
        one, other = inputs
        need_floats(one, slot="inputs")
        first, last = self.axes[0], self.axes[-1]
        need_axis(first, one, "axes")
        need_axis(last, other, "axes")
        need(
            one.shape[first] == other.shape[last],
            f"expected equal sizes along `axes`, got {one.shape[first]} and {other.shape[last]} in {show_shapes(inputs)}",
            help="sum over axes of equal size, or add a `dense` to one branch",
            slot="inputs",
            code="E302",
        )
        kept = [size for axis, size in enumerate(one.shape, -one.rank) if axis != first]
        kept += [size for axis, size in enumerate(other.shape, -other.rank) if axis != last]
        return Plan.of(one.with_shape(*(kept or [1])).with_mask(False))

    def apply(self, call: Call, inputs: tuple[Array, ...]) -> Array:
        dtype = inputs[0].dtype
        wide = jnp.promote_types(dtype, "float32")
        axes = self.axes[0], self.axes[-1]
        one, other = (x.astype(wide) for x in inputs)
        if self.normalize:
            one, other = scale_to_one(one, axes[:1], SHORTEST), scale_to_one(other, axes[1:], SHORTEST)
        summed = ((axes[0] + one.ndim,), (axes[1] + other.ndim,))
        y = lax.dot_general(one, other, (summed, ((0,), (0,)))).astype(dtype)
        return y if y.ndim > 1 else y[:, None]
