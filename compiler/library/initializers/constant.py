"""Initializers that draw nothing: every value is the same."""

from typing import Annotated, ClassVar

from pydantic import Field

from modelc.compiler.library.base.fields import Number
from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.contracts.initializer import Initializer


class Zeros(Initializer):
    """All values 0; the usual start of a bias. Keras 3 `initializers.Zeros`."""

    keras: ClassVar[str] = "initializers.Zeros"
    torch: ClassVar[str] = "nn.init.zeros_"
    example: ClassVar[str] = "dense: {units: 10, bias_initializer: zeros}"
    spellings: ClassVar[tuple[str, ...]] = ("zero",)

    def sample(self, key: Array, shape: tuple[int, ...], dtype: str) -> Array:
        return jnp.zeros(shape, dtype)


class Ones(Initializer):
    """All values 1; the usual start of a scale. Keras 3 `initializers.Ones`."""

    keras: ClassVar[str] = "initializers.Ones"
    torch: ClassVar[str] = "nn.init.ones_"
    example: ClassVar[str] = "layer_norm: {gamma_initializer: ones}"
    spellings: ClassVar[tuple[str, ...]] = ("one",)

    def sample(self, key: Array, shape: tuple[int, ...], dtype: str) -> Array:
        return jnp.ones(shape, dtype)


class Constant(Initializer):
    """All values `value`. Keras 3 `initializers.Constant`."""

    keras: ClassVar[str] = "initializers.Constant"
    torch: ClassVar[str] = "nn.init.constant_"
    primary: ClassVar[str | None] = "value"
    example: ClassVar[str] = "dense: {units: 1, bias_initializer: {constant: 0.1}}"
    spellings: ClassVar[tuple[str, ...]] = ("fill",)

    value: Annotated[Number, Field(description="The value.")] = 0.0

    def sample(self, key: Array, shape: tuple[int, ...], dtype: str) -> Array:
        return jnp.full(shape, self.value, dtype)
