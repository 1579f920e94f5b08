"""The contract of a constraint: what a weight is brought back to after each step. Formulas follow Keras 3."""

from modelc.compiler.library.base.lazy import Array
from modelc.compiler.library.base.registry import Registered


class Constraint(Registered):
    """Abstract: each subclass is one set of weights that are allowed."""

    def check(self, shape: tuple[int, ...]) -> None:
        """Raise `PlanError` unless weights of `shape` can be constrained so."""

    def project(self, weight: Array) -> Array:
        """The allowed weight that `weight` is brought back to, of the same shape and dtype."""
        raise NotImplementedError
