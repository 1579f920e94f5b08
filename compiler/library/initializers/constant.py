"""Constant initializers."""

from typing import Annotated

from modelc.compiler.library.base.fields import Field, Number
from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.contracts.weight_rules import Initializer


class Zeros(Initializer):
    """All values 0; the usual start of a bias. Keras 3 `initializers.Zeros`."""

    keras = "initializers.Zeros"
    torch = "nn.init.zeros_"
    example = "dense: {units: 10, bias_initializer: zeros}"
    spellings = ("zero",)

    def sample(self, key: Array, shape: tuple[int, ...], dtype: str) -> Array:
        return jnp.zeros(shape, dtype)


class Ones(Initializer):
    """All values 1; the usual start of a scale. Keras 3 `initializers.Ones`."""

    keras = "initializers.Ones"
    torch = "nn.init.ones_"
    example = "layer_norm: {gamma_initializer: ones}"
    spellings = ("one",)

    def sample(self, key: Array, shape: tuple[int, ...], dtype: str) -> Array:
        return jnp.ones(shape, dtype)


class Constant(Initializer):
    """All values `value`. Keras 3 `initializers.Constant`."""

    keras = "initializers.Constant"
    torch = "nn.init.constant_"
    primary = "value"
    example = "dense: {units: 1, bias_initializer: {constant: 0.1}}"
    spellings = ("fill",)

    value: Annotated[Number, Field(description="The value.")] = 0.0

    def sample(self, key: Array, shape: tuple[int, ...], dtype: str) -> Array:
        return jnp.full(shape, self.value, dtype)
