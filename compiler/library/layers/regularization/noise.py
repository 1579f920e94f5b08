"""Noise layers: additive, multiplicative and alpha dropout in training, the identity otherwise."""

from math import sqrt
from typing import Annotated

from modelc.compiler.library.base.fields import Field, Fraction, NonNegative
from modelc.compiler.library.base.lazy import Array, jax, jnp
from modelc.compiler.library.base.prng import in_a_row
from modelc.compiler.library.contracts.layer import Call, Layer, Plan, TensorType, need_floats


class Noise(Layer):
    """Abstract: a change at random of values of any shape."""

    masking = "pass"
    keeps = "range"
    idle = True

    def plan(self, x: TensorType) -> Plan:
        need_floats(x)
        return Plan.of(x)

    def apply(self, call: Call, x: Array) -> Array:
        return self.change(x, call.random("noise")) if call.train and self.strength > 0 else x

    @property
    def strength(self) -> float:
        """How much is changed; 0 for nothing."""
        raise NotImplementedError

    def change(self, x: Array, key: Array) -> Array:
        """`x` with noise drawn by `key`."""
        raise NotImplementedError


class GaussianNoise(Noise):
    """In training `y = x + noise`, the noise normal with mean 0 and deviation `stddev`; otherwise the identity.

    Any shape. Follows Keras 3 `layers.GaussianNoise`.
    """

    keras = "layers.GaussianNoise"
    primary = "stddev"
    spellings = ("add_noise",)
    example = "gaussian_noise: 0.1"

    stddev: Annotated[NonNegative, Field(description="Standard deviation of the noise.")]

    @property
    def strength(self) -> float:
        return self.stddev

    def change(self, x: Array, key: Array) -> Array:
        return x + self.stddev * in_a_row(lambda row: jax.random.normal(key, row, x.dtype), x.shape)


class GaussianDropout(Noise):
    """In training `y = x * noise`, the noise normal with mean 1 and deviation `sqrt(rate / (1 - rate))`.

    Any shape; otherwise the identity. Its mean and variance are those of dropout at `rate`. Srivastava et al. 2014;
    follows Keras 3 `layers.GaussianDropout`.
    """

    keras = "layers.GaussianDropout"
    primary = "rate"
    spellings = ("multiplicative_noise",)
    example = "gaussian_dropout: 0.2"

    rate: Annotated[Fraction, Field(description="Rate of the dropout with the same variance, from 0 to below 1.")]

    @property
    def strength(self) -> float:
        return self.rate

    def change(self, x: Array, key: Array) -> Array:
        return x * (
            1 + sqrt(self.rate / (1 - self.rate)) * in_a_row(lambda row: jax.random.normal(key, row, x.dtype), x.shape)
        )


class RandomNormal(Layer):
    """In training normal draws with mean 0 and deviation `stddev`, in the shape of the input; otherwise zeros.

    The input, of any shape and dtype, only says how many numbers are drawn; the output has its dtype, float32 for integers. A variational
    autoencoder draws its code by it, `mean + deviation * draws`: outside training the code is the mean, so that predictions and
    evaluations repeat. Other numbers are drawn in every step, for every row and in every such layer. Follows Keras 3
    `random.normal`, which also draws outside training.
    """

    keras = "random.normal"
    torch = "randn_like"
    primary = "stddev"
    spellings = ("randn", "gaussian_like", "noise_like")
    masking = "pass"
    example = "random_normal: 1.0"

    stddev: Annotated[NonNegative, Field(description="Standard deviation of the draws.")] = 1.0

    def plan(self, x: TensorType) -> Plan:
        return Plan.of(x if x.is_float else x.with_dtype("float32"))

    def apply(self, call: Call, x: Array) -> Array:
        dtype = x.dtype if jnp.issubdtype(x.dtype, jnp.floating) else "float32"
        if not call.train or self.stddev == 0:
            return jnp.zeros(x.shape, dtype)
        return self.stddev * in_a_row(lambda row: jax.random.normal(call.random("noise"), row, dtype), x.shape)

    def keeps_integers(self) -> bool:
        return True


LOWEST = -1.0507009873554805 * 1.6732632423543772
"""What `selu` tends to far below zero."""


class AlphaDropout(Noise):
    """In training each value is -1.7581 with probability `rate`, then all are scaled to keep mean 0 and variance 1.

    `y = a * x' + b` with `a = ((1 - rate) * (1 + rate * 1.7581**2)) ** -0.5`, `b = a * 1.7581 * rate`. Any shape;
    otherwise the identity. Goes with `selu`. Klambauer et al. 2017; follows Keras 3 `layers.AlphaDropout`.
    """

    keras = "layers.AlphaDropout"
    torch = "nn.AlphaDropout"
    primary = "rate"
    example = "alpha_dropout: 0.1"

    rate: Annotated[Fraction, Field(description="Probability that a value is dropped, from 0 to below 1.")]

    @property
    def strength(self) -> float:
        return self.rate

    def change(self, x: Array, key: Array) -> Array:
        a = 1 / sqrt((1 - self.rate) * (1 + self.rate * LOWEST**2))
        kept = in_a_row(lambda row: jax.random.bernoulli(key, 1 - self.rate, row), x.shape)
        return a * jnp.where(kept, x, LOWEST) - a * LOWEST * self.rate
