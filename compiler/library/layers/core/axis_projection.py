"""The base of layers whose kernels map several axes to several: initial values by the fans of the map, not of the
shape.
"""

from dataclasses import replace
from typing import Annotated

from modelc.compiler.library.base.fields import Field, Size
from modelc.compiler.library.base.lazy import Array
from modelc.compiler.library.contracts.layer import Weight
from modelc.compiler.library.contracts.weight_rules import Initializer
from modelc.compiler.library.initializers import InitializerField
from modelc.compiler.library.initializers.scaled import Scaled


class Fanned(Initializer):
    """`inner` as for a matrix `[inputs, outputs]`, where its spread follows the fans; else `inner` itself.

    Keras 3 `initializers.compute_fans` with `input_axes` and `output_axes`, as `layers.EinsumDense` gives them.
    """

    inner: Annotated[InitializerField, Field(description="Distribution of the values.")]
    inputs: Annotated[Size, Field(description="Values that one output is made of.")]
    outputs: Annotated[Size, Field(description="Values that one input goes into.")]

    def check(self, shape: tuple[int, ...]) -> None:
        self.inner.check(shape)

    def sample(self, key: Array, shape: tuple[int, ...], dtype: str) -> Array:
        if not isinstance(self.inner, Scaled):
            return self.inner.sample(key, shape, dtype)
        return self.inner.sample(key, (self.inputs, self.outputs), dtype).reshape(shape)


def with_fans(weight: Weight, inputs: int, outputs: int) -> Weight:
    """`weight` with first values drawn for a map from `inputs` to `outputs` values."""
    return replace(weight, initializer=Fanned(inner=weight.initializer, inputs=inputs, outputs=outputs))
