"""The contracts of what a weight is given: an initializer, a regularizer, a constraint."""

from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.base.registry import Registered


class Initializer(Registered):
    """Abstract: each subclass is one distribution."""

    def sample(self, key: Array, shape: tuple[int, ...], dtype: str) -> Array:
        """An array of `shape` and `dtype`; the same key gives the same bits."""
        raise NotImplementedError

    def check(self, shape: tuple[int, ...]) -> None:
        """Raise PlanError for a shape that this distribution cannot fill; most fill every shape."""


class Unfitted(Initializer):
    """NaN, or -1 where the values are integers: the state that a layer has to learn by `fit` and has not learnt yet.

    Nothing that is computed from it passes for a number. No spec can name it.
    """

    def sample(self, key: Array, shape: tuple[int, ...], dtype: str) -> Array:
        return jnp.full(shape, jnp.nan if jnp.issubdtype(dtype, jnp.floating) else -1, dtype)


class Regularizer(Registered):
    """Abstract: each subclass is one penalty."""

    def check(self, shape: tuple[int, ...]) -> None:
        """Raise `PlanError` unless weights of `shape` can be regularized so."""

    def penalty(self, weight: Array) -> Array:
        """The penalty of one weight: a scalar of its dtype, at least float32."""
        raise NotImplementedError


class Constraint(Registered):
    """Abstract: each subclass is one set of weights that are allowed."""

    def check(self, shape: tuple[int, ...]) -> None:
        """Raise `PlanError` unless weights of `shape` can be constrained so."""

    def project(self, weight: Array) -> Array:
        """The projection of `weight`, of the same shape and dtype."""
        raise NotImplementedError
