"""Random initializers whose variance is scaled by the fans of the weight (Glorot, He, LeCun).

All are `variance_scaling`, which Keras 3 calls `initializers.VarianceScaling`, most of them with fixed arguments.
"""

from math import prod, sqrt
from typing import Annotated, ClassVar, Literal, NamedTuple

from modelc.compiler.library.base.fields import Field, Positive
from modelc.compiler.library.base.lazy import Array, jax
from modelc.compiler.library.base.prng import in_a_row
from modelc.compiler.library.contracts.weight_rules import Initializer

TRUNCATED_SPREAD = 0.87962566103423978
"""Standard deviation of a standard normal distribution that is cut at two standard deviations."""

Mode = Literal["fan_in", "fan_out", "fan_avg"]
Distribution = Literal["truncated_normal", "untruncated_normal", "uniform"]


class Rule(NamedTuple):
    """Values of variance `scale / n`, where n is one of the fans or their mean."""

    scale: float
    mode: Mode
    distribution: Distribution


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """How many values a unit takes in and gives out: Keras 3 `compute_fans`, for kernels `[..., inputs, outputs]`."""
    if not shape:
        return 1, 1
    if len(shape) == 1:
        return shape[0], shape[0]
    field = prod(shape[:-2])
    return shape[-2] * field, shape[-1] * field


class Scaled(Initializer):
    """Abstract: each subclass is one rule."""

    fixed: ClassVar[Rule] = Rule(1.0, "fan_in", "truncated_normal")

    def rule(self) -> Rule:
        """How wide the values spread."""
        return self.fixed

    def sample(self, key: Array, shape: tuple[int, ...], dtype: str) -> Array:
        scale, mode, distribution = self.rule()
        fan_in, fan_out = fans(shape)
        variance = scale / {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[mode]
        if distribution == "uniform":
            limit = sqrt(3 * variance)
            return in_a_row(lambda row: jax.random.uniform(key, row, dtype, -limit, limit), shape)
        if distribution == "untruncated_normal":
            return sqrt(variance) * in_a_row(lambda row: jax.random.normal(key, row, dtype), shape)
        drawn = in_a_row(lambda row: jax.random.truncated_normal(key, -2.0, 2.0, row, dtype), shape)
        return sqrt(variance) / TRUNCATED_SPREAD * drawn


class VarianceScaling(Scaled):
    """Values of variance `scale / n`, where n is the fan-in, the fan-out or their mean.

    A kernel `[..., inputs, outputs]` has the fan-in `inputs` and the fan-out `outputs`, each times the cells before
    them. `truncated_normal` draws again beyond two standard deviations and is widened to have this variance all the
    same; `uniform` is on `+-sqrt(3 * scale / n)`. Keras 3 `initializers.VarianceScaling`.
    """

    keras = "initializers.VarianceScaling"
    example = "dense: {units: 10, kernel_initializer: {variance_scaling: {scale: 2, mode: fan_out}}}"
    spellings = ("scaled_initializer",)

    scale: Annotated[Positive, Field(description="Variance times fan.")] = 1.0
    mode: Annotated[Mode, Field(description="The fan that the variance is divided by.")] = "fan_in"
    distribution: Annotated[Distribution, Field(description="Distribution of the values.")] = "truncated_normal"

    def rule(self) -> Rule:
        return Rule(self.scale, self.mode, self.distribution)


class GlorotUniform(Scaled):
    """Uniform on `+-sqrt(6 / (fan_in + fan_out))`; the default of kernels. Glorot and Bengio 2010."""

    keras = "initializers.GlorotUniform"
    torch = "nn.init.xavier_uniform_"
    example = "dense: {units: 10, kernel_initializer: glorot_uniform}"
    spellings = ("xavier",)
    fixed = Rule(1.0, "fan_avg", "uniform")


class GlorotNormal(Scaled):
    """Truncated normal of standard deviation `sqrt(2 / (fan_in + fan_out))`. Glorot and Bengio 2010."""

    keras = "initializers.GlorotNormal"
    torch = "nn.init.xavier_normal_"
    example = "dense: {units: 10, kernel_initializer: glorot_normal}"
    fixed = Rule(1.0, "fan_avg", "truncated_normal")


class HeUniform(Scaled):
    """Uniform on `+-sqrt(6 / fan_in)`, for relu and its kin. He et al. 2015."""

    keras = "initializers.HeUniform"
    torch = "nn.init.kaiming_uniform_"
    example = "dense: {units: 10, activation: relu, kernel_initializer: he_uniform}"
    fixed = Rule(2.0, "fan_in", "uniform")


class HeNormal(Scaled):
    """Truncated normal of standard deviation `sqrt(2 / fan_in)`, for relu and its kin. He et al. 2015."""

    keras = "initializers.HeNormal"
    torch = "nn.init.kaiming_normal_"
    example = "dense: {units: 10, activation: relu, kernel_initializer: he_normal}"
    spellings = ("he", "kaiming")
    fixed = Rule(2.0, "fan_in", "truncated_normal")


class LecunUniform(Scaled):
    """Uniform on `+-sqrt(3 / fan_in)`. LeCun et al. 1998."""

    keras = "initializers.LecunUniform"
    example = "dense: {units: 10, kernel_initializer: lecun_uniform}"
    fixed = Rule(1.0, "fan_in", "uniform")


class LecunNormal(Scaled):
    """Truncated normal of standard deviation `sqrt(1 / fan_in)`, for selu. LeCun et al. 1998, Klambauer et al. 2017."""

    keras = "initializers.LecunNormal"
    example = "dense: {units: 10, activation: selu, kernel_initializer: lecun_normal}"
    spellings = ("lecun",)
    fixed = Rule(1.0, "fan_in", "truncated_normal")
