"""The layer that penalizes large activations."""

from typing import Annotated

from modelc.compiler.library.base.fields import Field, NonNegative
from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.contracts.layer import Call, Layer, Plan, Result, TensorType, need_floats


class ActivityRegularization(Layer):
    """The identity, which adds `(l1 * sum(|x|) + l2 * sum(x**2)) / rows` to the loss.

    Any shape. The sums are over valid rows and all their values, masked steps too, in float32; `rows` is the number of
    valid rows. Follows Keras 3 `layers.ActivityRegularization`.
    """

    keras = "layers.ActivityRegularization"
    spellings = ("activity_regularizer",)
    masking = "pass"
    penalizes = True
    keeps = "values"
    example = "activity_regularization: {l2: 1e-4}"

    l1: Annotated[NonNegative, Field(description="Weight of the sum of absolute values.")] = 0.0
    l2: Annotated[NonNegative, Field(description="Weight of the sum of squares.")] = 0.0

    def plan(self, x: TensorType) -> Plan:
        need_floats(x)
        return Plan.of(x)

    def apply(self, call: Call, x: Array) -> Result:
        wide = x.astype(jnp.promote_types(x.dtype, "float32"))
        rows = jnp.asarray(x.shape[0])
        if call.rows is not None:
            # Cleaned before anything is computed: a NaN that is only left out of the sums still poisons gradients.
            wide = jnp.where(call.rows.reshape(-1, *[1] * (x.ndim - 1)), wide, 0)
            rows = jnp.maximum(jnp.sum(call.rows), 1)
        total = self.l1 * jnp.sum(jnp.abs(wide)) + self.l2 * jnp.sum(jnp.square(wide))
        return Result.of(x, penalties={"activity": total / rows})
