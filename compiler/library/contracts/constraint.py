"""The contract of a constraint: a projection that is applied to a weight after each step. Formulas follow Keras 3."""

from modelc.compiler.library.base.lazy import Array
from modelc.compiler.library.base.registry import Registered


class Constraint(Registered):
    """Abstract: each subclass is one set of weights that are allowed."""

    def check(self, shape: tuple[int, ...]) -> None:
        """Raise `PlanError` unless weights of `shape` can be constrained so."""

    def project(self, weight: Array) -> Array:
        """The projection of `weight`, of the same shape and dtype."""
        raise NotImplementedError
