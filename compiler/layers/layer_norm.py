"""The layer that normalizes each example by its own statistics."""

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from modelc.compiler.checks import need_axis, need_floats
from modelc.compiler.errors import need
from modelc.compiler.initializers import InitializerField
from modelc.compiler.initializers.constant import Ones, Zeros
from modelc.compiler.layer import Call, Layer, Plan, Weight
from modelc.compiler.numbers import Axes, Positive
from modelc.compiler.tensor import TensorType

if TYPE_CHECKING:
    from jax import Array


class LayerNorm(Layer):
    """`y = (x - mean) / sqrt(variance + epsilon) * gamma + beta`, with mean and variance over `axis` of each example.

    The shape is kept; `gamma` and `beta` have the sizes of the axes. Statistics are in float32. Ba et al. 2016; follows
    Keras 3 `layers.LayerNormalization`, whose `epsilon` is 1e-3 where PyTorch has 1e-5.
    """

    spellings: ClassVar[tuple[str, ...]] = ("LayerNormalization", "ln")
    masking: ClassVar[Literal["pass", "use", "drop"]] = "pass"
    example: ClassVar[str] = "layer_norm: {epsilon: 1e-5}"

    axis: Annotated[Axes, Field(description="The axis or axes to normalize over, counted from the end.")] = (-1,)
    epsilon: Annotated[Positive, Field(description="What is added to the variance.")] = 1e-3
    center: Annotated[bool, Field(description="Whether `beta` is added.")] = True
    scale: Annotated[bool, Field(description="Whether `gamma` is multiplied.")] = True
    beta_initializer: Annotated[InitializerField, Field(description="First values of `beta`.")] = Zeros()
    gamma_initializer: Annotated[InitializerField, Field(description="First values of `gamma`.")] = Ones()

    def plan(self, x: TensorType) -> Plan:
        need_floats(x)
        for axis in self.axis:
            need_axis(axis, x)
        need(
            len(set(self.axis)) == len(self.axis),
            f"`axis` {list(self.axis)} names an axis twice",
            help="write each axis once",
            argument="axis",
        )
        axes = sorted(self.axis)
        shape = tuple(x.shape[axis] for axis in axes)
        names = tuple("embed" if axis == -1 else None for axis in axes)
        params = {}
        if self.scale:
            params["gamma"] = Weight(shape, self.gamma_initializer, names)
        if self.center:
            params["beta"] = Weight(shape, self.beta_initializer, names)
        return Plan.of(x, params)

    def apply(self, call: Call, x: "Array") -> "Array":
        import jax.numpy as jnp
        from jax import lax

        wide = x.astype(jnp.promote_types(x.dtype, "float32"))
        centred = wide - jnp.mean(wide, axis=self.axis, keepdims=True)
        variance = jnp.mean(jnp.square(centred), axis=self.axis, keepdims=True)
        y = centred * lax.rsqrt(variance + self.epsilon)
        shape = [size if axis in self.axis else 1 for axis, size in enumerate(x.shape, -x.ndim)]
        if self.scale:
            y = y * call.params["gamma"].astype(y.dtype).reshape(shape)
        if self.center:
            y = y + call.params["beta"].astype(y.dtype).reshape(shape)
        return y.astype(x.dtype)
