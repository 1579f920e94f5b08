"""The orthogonal initializer."""

from math import prod
from typing import Annotated

from pydantic import Field

from modelc.compiler.diagnostics.exceptions import need
from modelc.compiler.library.base.fields import Number
from modelc.compiler.library.base.lazy import Array, jax, jnp
from modelc.compiler.library.base.tensor_type import show_shape
from modelc.compiler.library.contracts.initializer import Initializer


class Orthogonal(Initializer):
    """A random matrix with orthonormal rows or columns, whichever are fewer, times `gain`. Saxe et al. 2014.

    A weight of more than two axes is such a matrix of shape `[product of the others, last]`. Keras 3
    `initializers.Orthogonal`: Q of a QR decomposition, its signs set by R's diagonal to make the draw uniform.
    """

    keras = "initializers.Orthogonal"
    torch = "nn.init.orthogonal_"
    primary = "gain"
    example = "dense: {units: 10, kernel_initializer: orthogonal}"
    spellings = ("orthonormal",)

    gain: Annotated[Number, Field(description="Factor on the matrix.")] = 1.0

    def check(self, shape: tuple[int, ...]) -> None:
        need(
            len(shape) >= 2,
            f"`orthogonal` fills weights of two axes or more, got one of shape {show_shape(shape)}",
            help="use `zeros` for a bias, `random_normal` for another weight of one axis",
        )

    def sample(self, key: Array, shape: tuple[int, ...], dtype: str) -> Array:
        rows, columns = prod(shape[:-1]), shape[-1]
        tall = jax.random.normal(key, (max(rows, columns), min(rows, columns)), "float32")
        q, r = jnp.linalg.qr(tall)
        q = q * jnp.where(jnp.diagonal(r) < 0, -1, 1)
        return (self.gain * (q if rows >= columns else q.T)).reshape(shape).astype(dtype)
