"""The rectifier with a trainable slope below zero."""

from typing import Annotated

from pydantic import Field

from modelc.compiler.library.base.fields import Axes
from modelc.compiler.library.base.lazy import Array, jax
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.base.type_checks import need_axis, need_floats
from modelc.compiler.library.constraints import ConstraintField
from modelc.compiler.library.contracts.layer import Call, Layer, Plan
from modelc.compiler.library.initializers import InitializerField
from modelc.compiler.library.initializers.constant import Zeros
from modelc.compiler.library.regularizers import RegularizerField


class PRelu(Layer):
    """`x` where positive, `alpha * x` elsewhere, with a learned `alpha` for each value of an example.

    Input and output any shape; `alpha` has that shape too, with 1 along `shared_axes`: `[-2, -3]` gives each channel of
    an image one slope. He et al. 2015; follows Keras 3 `layers.PReLU`, which starts at 0 where the paper has 0.25.
    """

    keras = "layers.PReLU"
    torch = "nn.PReLU"
    primary = "shared_axes"
    spellings = ("parametric_relu",)
    masking = "pass"
    example = "prelu: {shared_axes: [-2, -3]}"

    alpha_initializer: Annotated[InitializerField, Field(description="Initializer of the slopes.")] = Zeros()
    alpha_regularizer: Annotated[RegularizerField, Field(description="Regularizer of the slopes.")] = None
    alpha_constraint: Annotated[ConstraintField, Field(description="Constraint on the slopes.")] = None
    shared_axes: Annotated[
        Axes | None, Field(description="Axes along which the slope is the same, counted from the end.")
    ] = None

    def plan(self, x: TensorType) -> Plan:
        need_floats(x)
        shared = self.shared_axes or ()
        for axis in shared:
            need_axis(axis, x, "shared_axes")
        shape = tuple(1 if axis in shared else size for axis, size in enumerate(x.shape, -x.rank))
        return Plan.of(x, {"alpha": self.weight("alpha", shape, (None,) * x.rank)})

    def apply(self, call: Call, x: Array) -> Array:
        # The slopes are turned, not the products: they are few where they are shared, and XLA does not see it.
        return jax.nn.relu(x) + -call.params["alpha"].astype(x.dtype) * jax.nn.relu(-x)
