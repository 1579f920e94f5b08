"""The contract of an initializer: how the initial values of a weight are drawn. Formulas follow Keras 3."""

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
