"""Initializers of matrices: the identity, and orthogonal ones."""

from math import prod
from typing import Annotated

from modelc.compiler.library.base.fields import Field, Number
from modelc.compiler.library.base.lazy import Array, jax, jnp
from modelc.compiler.library.base.type_checks import need, show_shape
from modelc.compiler.library.contracts.weight_rules import Initializer


class Identity(Initializer):
    """A matrix with `gain` on its diagonal and 0 elsewhere, square or not. Keras 3 `initializers.Identity`."""

    keras = "initializers.Identity"
    torch = "nn.init.eye_"
    primary = "gain"
    example = "simple_rnn: {units: 10, recurrent_initializer: identity}"
    spellings = ("IdentityInitializer",)

    gain: Annotated[Number, Field(description="Factor on the matrix.")] = 1.0

    def check(self, shape: tuple[int, ...]) -> None:
        help = "use `zeros` for a bias, `orthogonal` for a weight of more axes"
        need(len(shape) == 2, f"`identity` fills weights of two axes, got one of shape {show_shape(shape)}", help=help)

    def sample(self, key: Array, shape: tuple[int, ...], dtype: str) -> Array:
        return self.gain * jnp.eye(shape[0], shape[1], dtype=dtype)


class Orthogonal(Initializer):
    """A random matrix with orthonormal rows or columns, whichever are fewer, times `gain`. Saxe et al. 2014.

    A weight of more than two axes is such a matrix of shape `[product of the others, last]`. Keras 3
    `initializers.Orthogonal`: Q of a QR decomposition, its signs set by R's diagonal to make the draw uniform.
    """

    keras = "initializers.Orthogonal"
    torch = "nn.init.orthogonal_"
    primary = "gain"
    example = "dense: {units: 10, kernel_initializer: orthogonal}"
    spellings = ("orthonormal", "OrthogonalInitializer")

    gain: Annotated[Number, Field(description="Factor on the matrix.")] = 1.0

    def check(self, shape: tuple[int, ...]) -> None:
        message = f"`orthogonal` fills weights of two axes or more, got one of shape {show_shape(shape)}"
        need(len(shape) >= 2, message, help="use `zeros` for a bias, `random_normal` for another weight of one axis")

    def sample(self, key: Array, shape: tuple[int, ...], dtype: str) -> Array:
        rows, columns = prod(shape[:-1]), shape[-1]
        tall = jax.random.normal(key, (max(rows, columns), min(rows, columns)), "float32")
        q, r = jnp.linalg.qr(tall)
        q = q * jnp.where(jnp.diagonal(r) < 0, -1, 1)
        return (self.gain * (q if rows >= columns else q.T)).reshape(shape).astype(dtype)
