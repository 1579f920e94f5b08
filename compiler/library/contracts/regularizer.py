"""The contract of a regularizer: a penalty on a weight that is added to the loss. Formulas follow Keras 3."""

from modelc.compiler.library.base.lazy import Array
from modelc.compiler.library.base.registry import Registered


class Regularizer(Registered):
    """Abstract: each subclass is one penalty."""

    def check(self, shape: tuple[int, ...]) -> None:
        """Raise `PlanError` unless weights of `shape` can be regularized so."""

    def penalty(self, weight: Array) -> Array:
        """The penalty of one weight: a scalar of its dtype, at least float32."""
        raise NotImplementedError
