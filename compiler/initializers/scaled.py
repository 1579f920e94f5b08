"""Initializers whose spread follows the shape of the weight, so that signals neither grow nor fade with the width.

All are Keras 3's `initializers.VarianceScaling` with fixed arguments.
"""

from math import prod, sqrt
from typing import TYPE_CHECKING, ClassVar, Literal

from modelc.compiler.initializer import Initializer

if TYPE_CHECKING:
    from jax import Array

TRUNCATED_SPREAD = 0.87962566103423978
"""Standard deviation of a standard normal distribution that is cut at two standard deviations."""


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """How many values a unit takes in and gives out: Keras 3 `compute_fans`, for kernels `[..., inputs, outputs]`."""
    if not shape:
        return 1, 1
    if len(shape) == 1:
        return shape[0], shape[0]
    field = prod(shape[:-2])
    return shape[-2] * field, shape[-1] * field


class Scaled(Initializer):
    """Abstract: variance `scale / n`, where n is the fan-in or the mean of fan-in and fan-out."""

    scale: ClassVar[float]
    mode: ClassVar[Literal["fan_in", "fan_avg"]]
    distribution: ClassVar[Literal["normal", "uniform"]]

    def sample(self, key: "Array", shape: tuple[int, ...], dtype: str) -> "Array":
        import jax

        fan_in, fan_out = fans(shape)
        variance = self.scale / (fan_in if self.mode == "fan_in" else (fan_in + fan_out) / 2)
        if self.distribution == "uniform":
            limit = sqrt(3 * variance)
            return jax.random.uniform(key, shape, dtype, -limit, limit)
        return sqrt(variance) / TRUNCATED_SPREAD * jax.random.truncated_normal(key, -2.0, 2.0, shape, dtype)


class GlorotUniform(Scaled):
    """Uniform on `+-sqrt(6 / (fan_in + fan_out))`; the default of kernels. Glorot and Bengio 2010."""

    scale: ClassVar[float] = 1.0
    mode: ClassVar[Literal["fan_in", "fan_avg"]] = "fan_avg"
    distribution: ClassVar[Literal["normal", "uniform"]] = "uniform"
    example: ClassVar[str] = "dense: {units: 10, kernel_initializer: glorot_uniform}"
    spellings: ClassVar[tuple[str, ...]] = ("xavier_uniform", "xavier_uniform_", "xavier")


class GlorotNormal(Scaled):
    """Truncated normal of standard deviation `sqrt(2 / (fan_in + fan_out))`. Glorot and Bengio 2010."""

    scale: ClassVar[float] = 1.0
    mode: ClassVar[Literal["fan_in", "fan_avg"]] = "fan_avg"
    distribution: ClassVar[Literal["normal", "uniform"]] = "normal"
    example: ClassVar[str] = "dense: {units: 10, kernel_initializer: glorot_normal}"
    spellings: ClassVar[tuple[str, ...]] = ("xavier_normal", "xavier_normal_")


class HeUniform(Scaled):
    """Uniform on `+-sqrt(6 / fan_in)`, for relu and its kin. He et al. 2015."""

    scale: ClassVar[float] = 2.0
    mode: ClassVar[Literal["fan_in", "fan_avg"]] = "fan_in"
    distribution: ClassVar[Literal["normal", "uniform"]] = "uniform"
    example: ClassVar[str] = "dense: {units: 10, activation: relu, kernel_initializer: he_uniform}"
    spellings: ClassVar[tuple[str, ...]] = ("kaiming_uniform", "kaiming_uniform_")


class HeNormal(Scaled):
    """Truncated normal of standard deviation `sqrt(2 / fan_in)`, for relu and its kin. He et al. 2015."""

    scale: ClassVar[float] = 2.0
    mode: ClassVar[Literal["fan_in", "fan_avg"]] = "fan_in"
    distribution: ClassVar[Literal["normal", "uniform"]] = "normal"
    example: ClassVar[str] = "dense: {units: 10, activation: relu, kernel_initializer: he_normal}"
    spellings: ClassVar[tuple[str, ...]] = ("kaiming_normal", "kaiming_normal_", "he", "kaiming")


class LecunUniform(Scaled):
    """Uniform on `+-sqrt(3 / fan_in)`. LeCun et al. 1998."""

    scale: ClassVar[float] = 1.0
    mode: ClassVar[Literal["fan_in", "fan_avg"]] = "fan_in"
    distribution: ClassVar[Literal["normal", "uniform"]] = "uniform"
    example: ClassVar[str] = "dense: {units: 10, kernel_initializer: lecun_uniform}"


class LecunNormal(Scaled):
    """Truncated normal of standard deviation `sqrt(1 / fan_in)`, for selu. LeCun et al. 1998, Klambauer et al. 2017."""

    scale: ClassVar[float] = 1.0
    mode: ClassVar[Literal["fan_in", "fan_avg"]] = "fan_in"
    distribution: ClassVar[Literal["normal", "uniform"]] = "normal"
    example: ClassVar[str] = "dense: {units: 10, activation: selu, kernel_initializer: lecun_normal}"
    spellings: ClassVar[tuple[str, ...]] = ("lecun",)
