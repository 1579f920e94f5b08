"""The base of normalization layers: their axes, and the scale and shift afterwards."""

from typing import Annotated

from modelc.compiler.library.base.fields import Field
from modelc.compiler.library.base.lazy import Array, jnp, lax
from modelc.compiler.library.contracts.layer import Call, Layer, TensorType, Weight, need, need_axis
from modelc.compiler.library.initializers.constant import Ones, Zeros
from modelc.compiler.library.layers import ConstraintField, InitializerField, RegularizerField

FEATURES = (int, "how many features come in is known from the layer before")
"""What PyTorch's layers take first."""


def need_axes(axes: tuple[int, ...], x: TensorType) -> None:
    """Raise PlanError unless all of `axes` count from the end, are axes of `x`, and stand there once."""
    for axis in axes:
        need_axis(axis, x)
    help = "write each axis once"
    need(len(set(axes)) == len(axes), f"`axis` {list(axes)} has a duplicate axis", help=help, argument="axis")


def sizes_along(axes: tuple[int, ...], x: TensorType) -> tuple[tuple[int, ...], tuple[str | None, ...]]:
    """The shape of a weight with a value for each place along `axes`, in the order of the axes, and its logical axes."""
    ordered = sorted(axes)
    return tuple(x.shape[axis] for axis in ordered), tuple("embed" if axis == -1 else None for axis in ordered)


def along(axes: tuple[int, ...], weight: Array, x: Array) -> Array:
    """`weight`, shaped as `sizes_along` says, in the dtype of `x` and with axes of size 1 where `x` has others."""
    shape = [size if axis in axes else 1 for axis, size in enumerate(x.shape, -x.ndim)]
    return weight.astype(x.dtype).reshape(shape)


def standardized(x: Array, axes: tuple[int, ...], epsilon: float) -> Array:
    """`x` with mean 0 and (biased) variance 1 over `axes`, where `epsilon` is added to the variance."""
    centred = x - jnp.mean(x, axes, keepdims=True)
    return centred * lax.rsqrt(jnp.mean(jnp.square(centred), axes, keepdims=True) + epsilon)


class Affine(Layer):
    """Abstract: a layer that ends in `y * gamma + beta`, each of which can be left out."""

    foreign_value = FEATURES

    center: Annotated[bool, Field(description="Whether to add `beta`.")] = True
    scale: Annotated[bool, Field(description="Whether to multiply by `gamma`.")] = True
    beta_initializer: Annotated[InitializerField, Field(description="Initializer of `beta`.")] = Zeros()
    gamma_initializer: Annotated[InitializerField, Field(description="Initializer of `gamma`.")] = Ones()
    beta_regularizer: Annotated[RegularizerField, Field(description="Regularizer of `beta`.")] = None
    gamma_regularizer: Annotated[RegularizerField, Field(description="Regularizer of `gamma`.")] = None
    beta_constraint: Annotated[ConstraintField, Field(description="Constraint on `beta`.")] = None
    gamma_constraint: Annotated[ConstraintField, Field(description="Constraint on `gamma`.")] = None

    def affine_weights(self, shape: tuple[int, ...], names: tuple[str | None, ...]) -> dict[str, Weight]:
        """The weights `gamma` and `beta` of `shape`, as far as there are any."""
        weights = {}
        if self.scale:
            weights["gamma"] = self.weight("gamma", shape, names)
        if self.center:
            weights["beta"] = self.weight("beta", shape, names)
        return weights

    def affine(self, call: Call, y: Array, axes: tuple[int, ...]) -> Array:
        """`y * gamma + beta`, the weights having a value for each place along `axes`."""
        if self.scale:
            y = y * along(axes, call.params["gamma"], y)
        return y + along(axes, call.params["beta"], y) if self.center else y
