"""The identity initializer."""

from typing import Annotated

from pydantic import Field

from modelc.compiler.diagnostics.exceptions import need
from modelc.compiler.library.base.fields import Number
from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.base.tensor_type import show_shape
from modelc.compiler.library.contracts.initializer import Initializer


class Identity(Initializer):
    """A matrix with `gain` on its diagonal and 0 elsewhere, square or not. Keras 3 `initializers.Identity`."""

    keras = "initializers.Identity"
    torch = "nn.init.eye_"
    primary = "gain"
    example = "simple_rnn: {units: 10, recurrent_initializer: identity}"
    spellings = ("IdentityInitializer",)

    gain: Annotated[Number, Field(description="Factor on the matrix.")] = 1.0

    def check(self, shape: tuple[int, ...]) -> None:
        need(
            len(shape) == 2,
            f"`identity` fills weights of two axes, got one of shape {show_shape(shape)}",
            help="use `zeros` for a bias, `orthogonal` for a weight of more axes",
        )

    def sample(self, key: Array, shape: tuple[int, ...], dtype: str) -> Array:
        return self.gain * jnp.eye(shape[0], shape[1], dtype=dtype)
