"""The constraint to non-negative weights."""

from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.contracts.weight_rules import Constraint


class NonNegativeConstraint(Constraint):
    """`max(w, 0)`: negative weights become 0. As Keras 3 `constraints.NonNeg`."""

    keras = "constraints.NonNeg"
    spellings = ("positive",)
    example = "non_negative"

    def project(self, weight: Array) -> Array:
        return jnp.maximum(weight, 0)
