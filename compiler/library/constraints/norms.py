"""Constraints on the norm of weight vectors along one or more axes."""

from typing import Annotated, ClassVar

from modelc.compiler.library.base.fields import Axes, Field, NonNegative, Number, Positive
from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.base.type_checks import TensorType, need_axis
from modelc.compiler.library.contracts.weight_rules import Constraint

EPSILON = 1e-7
"""What Keras adds to a norm that it divides by."""


class NormConstraint(Constraint):
    """Abstract: a bound on the Euclidean norm along `axis`, -2 by default: the inputs of each unit of a matrix."""

    primary: ClassVar[str | None] = "axis"

    axis: Annotated[Axes, Field(description="Axes that one norm is taken over, counted from the end.")] = (-2,)

    def check(self, shape: tuple[int, ...]) -> None:
        for axis in self.axis:
            need_axis(axis, TensorType(shape))

    def norms(self, weight: Array) -> Array:
        return jnp.sqrt(jnp.sum(jnp.square(weight), axis=self.axis, keepdims=True))


class UnitNorm(NormConstraint):
    """`w / (epsilon + |w|)`: every vector has norm 1. As Keras 3 `constraints.UnitNorm`."""

    keras = "constraints.UnitNorm"
    example = "unit_norm"

    def project(self, weight: Array) -> Array:
        return weight / (EPSILON + self.norms(weight))


class MaxNorm(NormConstraint):
    """`w * clip(|w|, 0, max_value) / (epsilon + |w|)`. Srivastava et al. 2014; as Keras 3 `constraints.MaxNorm`."""

    keras = "constraints.MaxNorm"
    primary = "max_value"
    example = "max_norm: 2"

    max_value: Annotated[Positive, Field(description="The largest norm.")] = 2.0

    def project(self, weight: Array) -> Array:
        norms = self.norms(weight)
        return weight * (jnp.clip(norms, 0, self.max_value) / (EPSILON + norms))


class MinMaxNorm(NormConstraint):
    """Norms between `min_value` and `max_value`, approached at `rate`; as Keras 3 `constraints.MinMaxNorm`:
    `w * (rate * clip(|w|, min, max) + (1 - rate) * |w|) / (epsilon + |w|)`."""

    keras = "constraints.MinMaxNorm"
    primary = None
    example = "min_max_norm: {min_value: 0.5, max_value: 2}"

    min_value: Annotated[NonNegative, Field(description="The smallest norm.")] = 0.0
    max_value: Annotated[Positive, Field(description="The largest norm.")] = 1.0
    rate: Annotated[Number, Field(description="How far each step moves the norm towards the bounds.", ge=0, le=1)] = 1.0

    def project(self, weight: Array) -> Array:
        norms = self.norms(weight)
        wanted = self.rate * jnp.clip(norms, self.min_value, self.max_value) + (1 - self.rate) * norms
        return weight * (wanted / (EPSILON + norms))
