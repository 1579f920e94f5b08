"""Layers around an activation: any by its name, a gated linear unit, and a rectifier with a trainable slope."""

from typing import Annotated

from modelc.compiler.library.base.fields import Axes, Axis, Field
from modelc.compiler.library.base.lazy import Array, jax
from modelc.compiler.library.base.type_checks import need, need_axis, need_floats
from modelc.compiler.library.contracts.layer import Activation, Call, Layer, Plan, TensorType
from modelc.compiler.library.initializers.constant import Zeros
from modelc.compiler.library.layers import ActivationField, ConstraintField, InitializerField, RegularizerField
from modelc.compiler.library.layers.activations.functions import Linear


class ActivationLayer(Layer):
    """Applies `function`: `activation: relu` is `relu`. Input and output have the same shape, any shape.

    Follows Keras 3 `layers.Activation`.
    """

    keras = "layers.Activation"
    primary = "function"
    spellings = ("nonlinearity",)
    masking = "pass"
    example = "activation: relu"

    function: Annotated[ActivationField, Field(description="The activation to apply.")]

    def plan(self, x: TensorType) -> Plan:
        return Plan.of(self.function.after(x, "function"))

    def apply(self, call: Call, x: Array) -> Array:
        return self.function.function(x)

    def moves(self) -> bool:
        return self.function.moves()

    def split(self) -> tuple[Layer, Activation] | None:
        return Linear(), self.function


class Glu(Layer):
    """Gated linear unit: `a * sigmoid(b)`, where `a` and `b` are the halves of `axis`.

    Any shape that has the axis, with an even size, of which half is left. Dauphin et al. 2017; follows Keras 3
    `activations.glu`. It is a layer and no activation, as it does not keep the shape: `dense: 20`, then `glu`, gives
    10.
    """

    keras = "activations.glu"
    torch = "nn.GLU"
    primary = "axis"
    spellings = ("gated_linear_unit",)
    masking = "pass"
    example = "glu"

    axis: Annotated[Axis, Field(description="The axis that is split into halves, counted from the end.")] = -1

    def plan(self, x: TensorType) -> Plan:
        need_floats(x)
        need_axis(self.axis, x)
        size = x.shape[self.axis]
        help = f"let the layer before it output {size + 1} of them"
        need(size % 2 == 0, f"axis {self.axis} has {size} values, which cannot be halved", help=help, argument="axis")
        message = "the axis of the steps, which has a mask, cannot be halved"
        need(not x.mask or self.axis != -x.rank, message, help="split the features: `axis: -1`", argument="axis")
        return Plan.of(
            x.with_shape(*(part // 2 if axis == self.axis else part for axis, part in enumerate(x.shape, -x.rank)))
        )

    def apply(self, call: Call, x: Array) -> Array:
        return jax.nn.glu(x, self.axis)


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
