"""Random initializers whose variance does not depend on the shape of the weight."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from modelc.compiler.library.base.fields import NonNegative, Number
from modelc.compiler.library.base.lazy import Array, jax
from modelc.compiler.library.base.prng import in_a_row
from modelc.compiler.library.contracts.weight_rules import Initializer


class RandomNormal(Initializer):
    """Normal distribution with mean `mean` and standard deviation `stddev`. Keras 3 `initializers.RandomNormal`."""

    keras = "initializers.RandomNormal"
    torch = "nn.init.normal_"
    primary = "stddev"
    example = "dense: {units: 10, kernel_initializer: {random_normal: 0.02}}"
    spellings = ("gaussian",)
    values_of_words: ClassVar[Mapping[str, Any]] = {"normal_": 1}

    mean: Annotated[Number, Field(description="Mean of the values.")] = 0.0
    stddev: Annotated[NonNegative, Field(description="Standard deviation of the values.")] = 0.05

    def sample(self, key: Array, shape: tuple[int, ...], dtype: str) -> Array:
        return self.mean + self.stddev * in_a_row(lambda row: jax.random.normal(key, row, dtype), shape)


class RandomUniform(Initializer):
    """Uniform distribution on `[minval, maxval)`. Keras 3 `initializers.RandomUniform`."""

    keras = "initializers.RandomUniform"
    torch = "nn.init.uniform_"
    values_of_words: ClassVar[Mapping[str, Any]] = {"uniform_": {"minval": 0, "maxval": 1}}
    example = "dense: {units: 10, kernel_initializer: {random_uniform: {minval: -0.1, maxval: 0.1}}}"

    minval: Annotated[Number, Field(description="Lower bound of the values.")] = -0.05
    maxval: Annotated[Number, Field(description="Upper bound of the values.")] = 0.05

    @model_validator(mode="after")
    def bounds_are_in_order(self) -> Self:
        if self.minval > self.maxval:
            raise PydanticCustomError(
                "bounds", "`minval` {minval} is above `maxval` {maxval}", {"minval": self.minval, "maxval": self.maxval}
            )
        return self

    def sample(self, key: Array, shape: tuple[int, ...], dtype: str) -> Array:
        return in_a_row(lambda row: jax.random.uniform(key, row, dtype, self.minval, self.maxval), shape)


class TruncatedNormal(Initializer):
    """Normal distribution, drawn again beyond two standard deviations. Keras 3 `initializers.TruncatedNormal`.

    As in Keras, `stddev` is that of the distribution before it is cut, so the values spread 0.88 times as much.
    """

    keras = "initializers.TruncatedNormal"
    torch = "nn.init.trunc_normal_"
    values_of_words: ClassVar[Mapping[str, Any]] = {"trunc_normal_": 1}
    primary = "stddev"
    example = "dense: {units: 10, kernel_initializer: {truncated_normal: 0.02}}"

    mean: Annotated[Number, Field(description="Mean of the values.")] = 0.0
    stddev: Annotated[NonNegative, Field(description="Standard deviation before the cut.")] = 0.05

    def sample(self, key: Array, shape: tuple[int, ...], dtype: str) -> Array:
        drawn = in_a_row(lambda row: jax.random.truncated_normal(key, -2.0, 2.0, row, dtype), shape)
        return self.mean + self.stddev * drawn
