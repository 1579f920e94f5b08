"""The layer that encodes each id as a one-hot row."""

from typing import Annotated

from modelc.compiler.library.base.fields import Field, Size
from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.contracts.layer import Call, Layer, Plan, TensorType, need


class OneHot(Layer):
    """Each id as a row of `num_classes` floats: `y[x] = 1`, all else 0.

    Input `[...]` of integers, output `[..., num_classes]`. An id outside 0 to `num_classes` gives NaN, and is found in the
    data before training. `category_encoding` makes one row of several ids. Follows Keras 3 `ops.one_hot`, where such an id
    gives zeros.
    """

    keras = "ops.one_hot"
    torch = "nn.functional.one_hot"
    primary = "num_classes"
    related = ("OneHotEncoder", "to_categorical")
    masking = "pass"
    example = "one_hot: 10"

    num_classes: Annotated[Size, Field(description="Number of ids.")]

    def plan(self, x: TensorType) -> Plan:
        help = "give the input `dtype: int32`; add `discretization` before it to convert floats to ids"
        need(x.is_integer, f"expected integer ids, got {x.dtype}", help=help, code="E303")
        return Plan.of(TensorType((*x.shape, self.num_classes), mask=x.mask))

    def apply(self, call: Call, x: Array) -> Array:
        ids = x.astype(jnp.promote_types(x.dtype, "int32"))[..., None]
        known = (ids >= 0) & (ids < self.num_classes)
        return jnp.where(known, (ids == jnp.arange(self.num_classes)).astype("float32"), jnp.nan)

    def vocabulary_size(self) -> int | None:
        return self.num_classes
