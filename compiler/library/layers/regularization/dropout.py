"""Dropout of single values, and of whole examples (stochastic depth)."""

from typing import Annotated

from modelc.compiler.library.base.fields import Field, Fraction, Shape
from modelc.compiler.library.base.lazy import Array, jax, jnp
from modelc.compiler.library.base.prng import in_a_row
from modelc.compiler.library.contracts.layer import Call, Layer, Plan, TensorType, need, need_floats, show_shape


class Dropout(Layer):
    """In training each value is 0 with probability `rate`, else divided by `1 - rate`; otherwise the identity.

    Any shape. Where `noise_shape` has the size 1, values are dropped together along that axis. Srivastava et al. 2014;
    follows Keras 3 `layers.Dropout`, whose `noise_shape` begins with the batch; here each example is drawn for itself.
    """

    keras = "layers.Dropout"
    torch = "nn.Dropout"
    primary = "rate"
    masking = "pass"
    keeps = "range"
    idle = True
    example = "dropout: 0.5"

    rate: Annotated[Fraction, Field(description="Probability that a value is dropped, from 0 to below 1.")]
    noise_shape: Annotated[
        Shape | None,
        Field(
            description="Shape of the dropout mask of an example, broadcast to the input; null: the shape of the input."
        ),
    ] = None

    def plan(self, x: TensorType) -> Plan:
        need_floats(x)
        shape = self.noise_shape
        need(
            shape is None or (len(shape) == x.rank and all(a in (1, b) for a, b in zip(shape, x.shape, strict=True))),
            f"`noise_shape` is {show_shape(shape or ())}, but the input is {show_shape(x.shape)}",
            help="use the size of the axis or 1 for each axis except the batch",
            argument="noise_shape",
        )
        return Plan.of(x)

    def apply(self, call: Call, x: Array) -> Array:
        if not call.train or self.rate == 0:
            return x
        shape = None if self.noise_shape is None else (x.shape[0], *self.noise_shape)
        return drop(x, self.rate, call.random("mask"), shape)


def drop(x: Array, rate: float, key: Array, shape: tuple[int, ...] | None = None) -> Array:
    """`x` with values dropped at `rate` and the others scaled up to keep the mean.

    What is dropped is drawn for `shape`, that of `x` unless given, and is the same along axes where it has the size 1.
    """
    kept = in_a_row(lambda row: jax.random.bernoulli(key, 1 - rate, row), x.shape if shape is None else shape)
    return jnp.where(kept, x / (1 - rate), 0)


class StochasticDepth(Layer):
    """In training all values of an example are 0 with probability `rate`, else divided by `1 - rate`.

    Any shape; otherwise the identity. As the last layer of a residual branch, it leaves only the shortcut to some
    examples. Huang et al. 2016, with the scale in training instead of after it, as `torchvision.ops.StochasticDepth`
    with mode `row`, timm's `DropPath` and the private layer of this name in Keras 3 `applications.convnext`.
    """

    primary = "rate"
    spellings = ("drop_path",)
    masking = "pass"
    keeps = "range"
    idle = True
    example = "stochastic_depth: 0.1"

    rate: Annotated[Fraction, Field(description="Probability that an example is dropped, from 0 to below 1.")]

    def plan(self, x: TensorType) -> Plan:
        need_floats(x)
        return Plan.of(x)

    def apply(self, call: Call, x: Array) -> Array:
        if not call.train or self.rate == 0:
            return x
        return drop(x, self.rate, call.random("mask"), (x.shape[0], *[1] * (x.ndim - 1)))
