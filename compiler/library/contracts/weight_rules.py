"""The contracts of what a weight is given: an initializer, a regularizer, a constraint."""

from typing import Any, NamedTuple

from pydantic import ConfigDict, Field

from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.base.registry import Registered


class ArrayFile(NamedTuple):
    """An array in a file of the user: the path as the spec has it, and its name there, None for the only one."""

    path: str
    name: str | None

    def __str__(self) -> str:
        return self.path if self.name is None else f"{self.path}: {self.name}"

    def described(self) -> str:
        """The array as a message names it."""
        return f"the array {'' if self.name is None else f'`{self.name}` '}in {self.path!r}"


class Initializer(Registered):
    """Abstract: each subclass is one distribution, or an array in a file."""

    def array_file(self) -> ArrayFile | None:
        """The file that holds the values; None for what draws them. They are read once, before training, see `ReadValues`."""
        return None

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


class ReadValues(Initializer):
    """The values of an array that was read from a file, whose sha256 is `digest`. No spec can name it."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    digest: str
    values: Any = Field(exclude=True, repr=False)

    def sample(self, key: Array, shape: tuple[int, ...], dtype: str) -> Array:
        return jnp.asarray(self.values, dtype)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ReadValues) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)


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
