"""The layer that scales each channel by a trainable factor that starts small."""

from typing import Annotated

from pydantic import Field

from modelc.compiler.library.base.fields import Number
from modelc.compiler.library.base.lazy import Array
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.base.type_checks import need_axis, need_floats
from modelc.compiler.library.constraints import ConstraintField
from modelc.compiler.library.contracts.layer import Call, Layer, Plan, Weight
from modelc.compiler.library.initializers.constant import Constant
from modelc.compiler.library.regularizers import RegularizerField


class LayerScale(Layer):
    """`y = x * gamma` along the last axis: lets a residual branch start as all but nothing.

    Input and output `[..., features]`; `gamma` is `[features]` and starts at `init_values`. Touvron et al. 2021, who
    take 1e-5 or 1e-6 for deep networks; follows the private layer of this name in Keras 3 `applications.convnext`.
    """

    primary = "init_values"
    masking = "pass"
    example = "layer_scale: 1e-6"

    init_values: Annotated[Number, Field(description="Initializer of `gamma`.")] = 1e-6
    gamma_regularizer: Annotated[RegularizerField, Field(description="Regularizer of `gamma`.")] = None
    gamma_constraint: Annotated[ConstraintField, Field(description="Constraint on `gamma`.")] = None

    def plan(self, x: TensorType) -> Plan:
        need_floats(x)
        need_axis(-1, x)
        gamma = Weight(
            (x.shape[-1],),
            Constant(value=self.init_values),
            ("embed",),
            regularizer=self.gamma_regularizer,
            constraint=self.gamma_constraint,
        )
        return Plan.of(x, {"gamma": gamma})

    def apply(self, call: Call, x: Array) -> Array:
        return x * call.params["gamma"].astype(x.dtype)
