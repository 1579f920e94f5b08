"""Division of ids: the quotient and the remainder, which stay ids."""

from typing import Annotated

from modelc.compiler.library.base.fields import Field, Size
from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.contracts.layer import Call, Layer, Plan, TensorType, need


class IntegerDivision(Layer):
    """Abstract: one of both results of the division by `divisor`."""

    primary = "divisor"
    masking = "pass"

    divisor: Annotated[Size, Field(description="What is divided by.")]

    def plan(self, x: TensorType) -> Plan:
        help = "give the input `dtype: int32`; for floats, `rescaling: 1/8` divides by 8"
        need(x.is_integer, f"expected integers, got {x.dtype}", help=help, code="E303")
        bits = int(x.dtype.lstrip("uint")) - (not x.dtype.startswith("u"))
        message = f"`divisor` {self.divisor:,} is larger than any {x.dtype}"
        need(self.divisor < 2**bits, message, help="add `cast: int32` before it", argument="divisor")
        return Plan.of(x)


class FloorDivide(IntegerDivision):
    """`x // divisor`: ids in groups of `divisor` neighbours. Integers of any shape; output of their dtype.

    With `mod` it makes two ids of one, so that two small tables stand for a large one. Rounded down, also below 0. Follows
    Keras 3 `ops.floor_divide`.
    """

    keras = "ops.floor_divide"
    torch = "floor_divide"
    spellings = ("floordiv", "integer_division")
    example = "floor_divide: 100"

    def apply(self, call: Call, x: Array) -> Array:
        return jnp.floor_divide(x, jnp.asarray(self.divisor, x.dtype))


class Mod(IntegerDivision):
    """`x % divisor`: from 0 to below `divisor`, as many ids. Integers of any shape; output of their dtype.

    What is left of `x` after `floor_divide`, also below 0: `-1 % 5` is 4. Follows Keras 3 `ops.mod`.
    """

    keras = "ops.mod"
    torch = "remainder"
    spellings = ("modulo", "modulus", "floor_mod")
    example = "mod: 100"

    def apply(self, call: Call, x: Array) -> Array:
        return jnp.mod(x, jnp.asarray(self.divisor, x.dtype))

    def num_output_ids(self) -> int | None:
        return self.divisor
