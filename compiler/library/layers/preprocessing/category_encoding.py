"""The layer that encodes ids as one-hot or multi-hot rows, or as counts."""

from typing import Annotated, Literal

from modelc.compiler.library.base.fields import Field, Size
from modelc.compiler.library.base.lazy import Array
from modelc.compiler.library.contracts.layer import Call, Layer, Plan, Result, Slot, TensorType, need, show_shape
from modelc.compiler.library.layers.preprocessing.base import encode, encoded


class CategoryEncoding(Layer):
    """Integer ids below `num_tokens` as float rows: `y[x] = 1`, all else 0.

    Input `[..., n]`. With `multi_hot` the ids of the last axis are one row `[..., num_tokens]`, 1 where an id is
    present; with `count` it counts them, or adds up `count_weights`, an optional second input of the shape of the
    first. With `one_hot` every id is a row, `[..., n, num_tokens]`; a last axis of size 1 gives way, and a single id is
    fine, as `one_hot` has it for ids of any shape. Masked ids count nothing. An id outside 0 to `num_tokens` gives NaN, and is found in the data before training.
    Follows Keras 3 `layers.CategoryEncoding`, where such an id counts nothing.
    """

    keras = "layers.CategoryEncoding"
    slots = (Slot("x"), Slot("count_weights", required=False))
    primary = "num_tokens"
    related = ("multi_hot", "bag_of_words")
    masking = "use"
    exact = True
    example = "category_encoding: {num_tokens: 7, output_mode: one_hot}"

    num_tokens: Annotated[Size, Field(description="Number of ids.")]
    output_mode: Annotated[
        Literal["one_hot", "multi_hot", "count"],
        Field(description="Each id one-hot encoded, or all ids of the last axis as one row of flags or of counts."),
    ] = "multi_hot"

    def plan(self, x: TensorType, count_weights: TensorType | None = None) -> Plan:
        help = "give the input `dtype: int32`; add `discretization` before it to convert floats to ids"
        need(x.is_integer, f"expected integer ids, got {x.dtype}", help=help, slot="x", code="E303")
        if count_weights is not None:
            message = f"`count_weights` need `output_mode: count`, but it is `{self.output_mode}`"
            help = "write `output_mode: count`, or pass only the ids"
            need(self.output_mode == "count", message, help=help, argument="output_mode")
            need(
                count_weights.shape == x.shape and count_weights.is_float and not count_weights.mask,
                f"`count_weights` is {count_weights}{' with a mask' if count_weights.mask else ''}, the ids are "
                f"{show_shape(x.shape)}",
                help="give each id a weight: float values of the same shape, without a mask",
                slot="count_weights",
            )
        return Plan.of(encoded(x, self.num_tokens, self.output_mode))

    def apply(self, call: Call, x: Array, count_weights: Array | None = None) -> Array | Result:
        return encode(call, x, self.num_tokens, self.output_mode, count_weights)

    def vocabulary_size(self) -> int | None:
        return self.num_tokens
