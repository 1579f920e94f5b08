"""Weights that may not be negative."""

from typing import TYPE_CHECKING, ClassVar

from modelc.compiler.library.contracts.constraint import Constraint

if TYPE_CHECKING:
    from jax import Array


class NonNegativeConstraint(Constraint):
    """`max(w, 0)`: negative weights become 0. As Keras 3 `constraints.NonNeg`."""

    keras: ClassVar[str] = "constraints.NonNeg"
    spellings: ClassVar[tuple[str, ...]] = ("positive",)
    example: ClassVar[str] = "non_negative"

    def project(self, weight: "Array") -> "Array":
        import jax.numpy as jnp

        return jnp.maximum(weight, 0)
