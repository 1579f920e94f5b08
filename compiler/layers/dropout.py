"""The layer that forgets values at random while training."""

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from modelc.compiler.checks import need_floats
from modelc.compiler.layer import Call, Layer, Plan
from modelc.compiler.numbers import Fraction
from modelc.compiler.tensor import TensorType

if TYPE_CHECKING:
    from jax import Array


class Dropout(Layer):
    """In training each value is 0 with probability `rate`, else divided by `1 - rate`; otherwise the identity.

    Any shape. Follows Keras 3 `layers.Dropout`. Srivastava et al. 2014.
    """

    primary: ClassVar[str | None] = "rate"
    masking: ClassVar[Literal["pass", "use", "drop"]] = "pass"
    moves_values: ClassVar[bool] = True
    example: ClassVar[str] = "dropout: 0.5"

    rate: Annotated[Fraction, Field(description="Probability that a value is dropped, from 0 to below 1.")]

    def plan(self, x: TensorType) -> Plan:
        need_floats(x)
        return Plan.of(x)

    def apply(self, call: Call, x: "Array") -> "Array":
        return drop(x, self.rate, call.random("mask")) if call.train and self.rate > 0 else x


def drop(x: "Array", rate: float, key: "Array", shape: tuple[int, ...] | None = None) -> "Array":
    """`x` with values dropped at `rate` and the others scaled up to keep the mean.

    What is dropped is drawn for `shape`, that of `x` unless given, and is the same along axes where it has the size 1.
    """
    import jax
    import jax.numpy as jnp

    kept = jax.random.bernoulli(key, 1 - rate, x.shape if shape is None else shape)
    return jnp.where(kept, x / (1 - rate), 0)
