"""The layer that prepends a trainable class token to a sequence."""

from typing import Annotated

from pydantic import Field

from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.constraints import ConstraintField
from modelc.compiler.library.contracts.layer import Call, Layer, Plan, Result
from modelc.compiler.library.initializers import InitializerField
from modelc.compiler.library.initializers.constant import Zeros
from modelc.compiler.library.layers.attention.base import need_sequence
from modelc.compiler.library.regularizers import RegularizerField


class ClassToken(Layer):
    """The learned vector `token` as a first step, the same for every example: a place to gather what is said of all.

    Input `[time, features]`, output `[time + 1, features]`; `token` is `[features]`. A mask gets a step that counts.
    Devlin et al. 2019; Dosovitskiy et al. 2021, who start it at 0 too. Keras 3 has no such layer.
    """

    spellings = ("cls_token", "prepend_token")
    masking = "use"
    example = "class_token"

    token_initializer: Annotated[InitializerField, Field(description="Initializer of the token.")] = Zeros()
    token_regularizer: Annotated[RegularizerField, Field(description="Regularizer of the token.")] = None
    token_constraint: Annotated[ConstraintField, Field(description="Constraint on the token.")] = None

    def plan(self, x: TensorType) -> Plan:
        need_sequence(x)
        time, features = x.shape
        return Plan.of(x.with_shape(time + 1, features), {"token": self.weight("token", (features,), ("embed",))})

    def apply(self, call: Call, x: Array) -> Result:
        token = jnp.broadcast_to(call.params["token"].astype(x.dtype), (x.shape[0], 1, x.shape[2]))
        mask = call.masks.get("x")
        masks = {} if mask is None else {"output": jnp.pad(mask, ((0, 0), (1, 0)), constant_values=True)}
        return Result.of(jnp.concatenate([token, x], axis=1), masks=masks)
