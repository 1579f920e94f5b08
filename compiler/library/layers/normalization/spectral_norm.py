"""The wrapper that divides a layer's kernel by its spectral norm."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal

from modelc.compiler.library.base.fields import Field, Size
from modelc.compiler.library.base.lazy import Array, jnp, lax
from modelc.compiler.library.contracts.layer import Activation, Call, Layer, Plan, Result, State, TensorType, need
from modelc.compiler.library.initializers.random import TruncatedNormal
from modelc.compiler.library.layers import LAYERS, LayerField
from modelc.compiler.library.layers.core.wrapper import Wrapper, plan_inside, split_inside

DIVIDED = ("kernel", "embeddings")
"""The weights that a layer may have to divide."""


class SpectralNorm(Wrapper):
    """`layer` with its kernel (or `embeddings`) divided by its spectral norm: `kernel / sigma`.

    Input and output are those of `layer`, weights too, without a prefix. `sigma` is the largest singular value of the
    kernel as a matrix `[..., last]`, estimated by `power_iterations` rounds of `v = unit(u @ kernel.T)`,
    `u = unit(v @ kernel)` from the state `vector_u` `[1, last]`, as `v @ kernel @ u.T`. Training keeps the new `u`; no
    gradient goes through `u` and `v`. A kernel of zeros stays.

    Miyato et al. 2018; follows Keras 3 `layers.SpectralNormalization` in training. Outside training Keras takes the
    kernel as it is, and here it is divided as in training, as by `torch.nn.utils.spectral_norm`: one model, not two.
    """

    keras = "layers.SpectralNormalization"
    spellings = ("sn",)
    example = "spectral_norm: {conv2d: {filters: 64, kernel_size: 3}}"

    layer: Annotated[LayerField, Field(description="The layer whose kernel is divided.")]
    power_iterations: Annotated[Size, Field(description="Power iterations in each step.")] = 1

    @classmethod
    def is_made_for(cls, layer: type[Layer]) -> bool:
        return any(f"{name}_initializer" in layer.model_fields for name in DIVIDED)

    @property
    def masking(self) -> Literal["pass", "use", "drop"]:  # type: ignore[override] # not one for all, but the layer's
        return self.layer.masking

    def plan(self, x: TensorType) -> Plan:
        name = LAYERS.name_of(self.layer)
        advice = "wrap a layer with one kernel, for example `spectral_norm: {dense: 64}`"
        one = [slot.name for slot in self.layer.slots if slot.required or slot.many] == ["x"]
        need(one, f"expected a layer with one input, got `{name}`", help=advice, argument="layer")
        plan = plan_inside(self.layer, x)
        weight = divided(plan.params)
        message = f"expected a layer with one `kernel` or `embeddings`, got `{name}`" + (
            f" with the weights {', '.join(plan.params)}" if plan.params else " without weights"
        )
        need(weight is not None and "recurrent_kernel" not in plan.params, message, help=advice, argument="layer")
        message = "`spectral_norm` inside `spectral_norm` divides the kernel by 1"
        need("vector_u" not in plan.state, message, help="write it once", argument="layer")
        kernel = plan.params[weight or ""]
        u = State((1, kernel.shape[-1]), TruncatedNormal(stddev=0.02), (None, kernel.axes[-1]))
        return replace(plan, state={**plan.state, "vector_u": u})

    def apply(self, call: Call, x: Array) -> Array | Result:
        name = divided(call.params)
        assert name is not None
        kernel, u = self.estimate(call.params[name], call.state["vector_u"])
        given = self.layer.apply(replace(call, params={**call.params, name: kernel}), x)
        if not call.updates("vector_u"):
            return given
        result = Result.given(given)
        return replace(result, state={**result.state, "vector_u": u})

    def estimate(self, kernel: Array, u: Array) -> tuple[Array, Array]:
        """The kernel divided by its norm, and the new `u`."""
        matrix = kernel.reshape(-1, kernel.shape[-1])
        still = lax.stop_gradient(matrix)
        largest = jnp.max(jnp.abs(still))
        some = largest > 0
        # The directions do not depend on the size, and the norms of very small and very large ones cannot be had.
        still = still / jnp.where(some, largest, 1)
        new = u.astype(kernel.dtype)
        for _ in range(self.power_iterations):
            v = unit(new @ still.T)
            new = unit(v @ still)
        sigma = jnp.sum(v @ matrix * new)
        return kernel / jnp.where(some, sigma, 1), jnp.where(some, new.astype(u.dtype), u)

    def split(self) -> tuple[Layer, Activation] | None:
        return split_inside(self)


def divided(weights: Mapping[str, Any]) -> str | None:
    """Which of the weights is divided."""
    return next((name for name in DIVIDED if name in weights), None)


def unit(x: Array) -> Array:
    """`x` with the norm 1; 0 stays."""
    return x / jnp.maximum(jnp.linalg.norm(x), 1e-12)
