"""The layer that normalizes each channel by the statistics of the batch."""

from math import prod
from typing import Annotated

from modelc.compiler.diagnostics.exceptions import PlanError
from modelc.compiler.library.base.fields import Axis, Field, Number, Positive
from modelc.compiler.library.base.lazy import Array, jnp, lax
from modelc.compiler.library.contracts.layer import Call, Plan, Result, State, TensorType, need_axis, need_floats
from modelc.compiler.library.initializers import InitializerField
from modelc.compiler.library.initializers.constant import Ones, Zeros
from modelc.compiler.library.layers.normalization.base import Affine, along


class BatchNorm(Affine):
    """`y = (x - mean) / sqrt(variance + epsilon) * gamma + beta`, with a mean and variance for each entry of `axis`.

    The shape is kept. In training the statistics are those of the batch, over all axes but `axis`, of valid rows and
    unmasked steps only, with the biased variance; `moving = momentum * moving + (1 - momentum) * batch` follows them.
    Otherwise they are the moving ones. Statistics are in float32. Ioffe and Szegedy 2015; follows Keras 3
    `layers.BatchNormalization`, whose `momentum` 0.99 is 0.01 in PyTorch's sense.
    """

    keras = "layers.BatchNormalization"
    torch = "nn.BatchNorm2d"
    spellings = ("bn", "BatchNorm1d")
    masking = "pass"
    mixes_rows = True
    example = "batch_norm: {momentum: 0.9}"

    axis: Annotated[Axis, Field(description="The axis of the channels, counted from the end.")] = -1
    momentum: Annotated[
        Number, Field(ge=0, le=1, description="Weight of the old moving statistics in the new ones.")
    ] = 0.99
    epsilon: Annotated[Positive, Field(description="Added to the variance, for numerical stability.")] = 1e-3
    moving_mean_initializer: Annotated[InitializerField, Field(description="Initializer of the moving mean.")] = Zeros()
    moving_variance_initializer: Annotated[
        InitializerField, Field(description="Initializer of the moving variance.")
    ] = Ones()

    def caution(self) -> PlanError | None:
        if not 0 < self.momentum < 0.5:
            return None
        message = f"with a `momentum` of {self.momentum:g}, the moving statistics are nearly those of the last batch"
        help = f"PyTorch's `momentum` is the weight of the batch: its {self.momentum:g} is `momentum: {1 - self.momentum:g}` here"
        note = "the weight of the old statistics"
        return PlanError(message, help=help, note=note, argument="momentum", code="W920")

    def plan(self, x: TensorType) -> Plan:
        need_floats(x)
        need_axis(self.axis, x)
        shape = (x.shape[self.axis],)
        state = {
            "moving_mean": State(shape, self.moving_mean_initializer, ("embed",)),
            "moving_variance": State(shape, self.moving_variance_initializer, ("embed",)),
        }
        return Plan.of(x, self.affine_weights(shape, ("embed",)), state)

    def apply(self, call: Call, x: Array) -> Array | Result:
        shape = [1] * x.ndim
        shape[self.axis] = x.shape[self.axis]
        wide = x.astype(jnp.promote_types(x.dtype, "float32"))
        mean, variance = (call.state[name].astype(wide.dtype) for name in ("moving_mean", "moving_variance"))
        near, centre = mean.reshape(shape), jnp.zeros((), wide.dtype)
        state, learns = {}, call.updates("moving_mean", "moving_variance")
        if learns:
            if call.rows is not None:
                # Cleaned before anything is computed: a NaN that is only left out of the sums still poisons gradients.
                wide = jnp.where(call.rows.reshape(-1, *[1] * (x.ndim - 1)), wide, 0)
            near, centre, variance, seen = self.statistics(call, wide)
            batch = {"moving_mean": (near + centre).ravel(), "moving_variance": variance.ravel()}
            for name, now in batch.items():
                old = call.state[name]
                new = self.momentum * old + (1 - self.momentum) * lax.stop_gradient(now).astype(old.dtype)
                state[name] = jnp.where(seen, new, old)
        factor = lax.rsqrt(variance + self.epsilon).reshape(shape)
        if self.scale:
            factor = factor * along((self.axis,), call.params["gamma"], wide)
        shift = -centre * factor
        if self.center:
            shift = shift + along((self.axis,), call.params["beta"], wide)
        y = ((wide - near) * factor + shift).astype(x.dtype)
        return Result.of(y, state=state) if learns else y

    def statistics(self, call: Call, x: Array) -> tuple[Array, Array, Array, Array]:
        """Of each channel, over what is real in the batch: a value near the mean, the mean as seen from there, the
        variance; and whether anything is real. All but the last have the axes of `x`."""
        axes = tuple(axis for axis in range(x.ndim) if axis - x.ndim != self.axis)
        real = self.real(call, x)
        if real is not None:
            x = jnp.where(real, x, 0)
        # Both sums in one pass, which costs no digits: they are taken about a value near the mean, that of the first row,
        # which always is a real one (Chan, Golub and LeVeque 1983, shifted data).
        near = lax.stop_gradient(jnp.mean(x[:1], axes, keepdims=True))
        offset = x - near
        if real is None:
            count, divisor = jnp.ones((1,)), jnp.asarray(prod(x.shape[axis] for axis in axes), x.dtype)
        else:
            offset = jnp.where(real, offset, 0)
            repeats = prod(x.shape[axis] // real.shape[axis] for axis in axes)
            count = jnp.sum(real, axes, keepdims=True) * repeats
            divisor = jnp.maximum(count, 1).astype(x.dtype)
        centre = jnp.sum(offset, axes, keepdims=True) / divisor
        variance = jnp.sum(jnp.square(offset), axes, keepdims=True) / divisor - jnp.square(centre)
        return near, centre, jnp.maximum(variance, 0), count.ravel() > 0

    def real(self, call: Call, x: Array) -> Array | None:
        """Where `x` holds real values, broadcastable to `x`; None where it does everywhere."""
        mask: Array | None = call.masks.get("x")
        rows = call.rows
        if mask is not None:
            mask = mask.reshape(*mask.shape, *[1] * (x.ndim - mask.ndim))
        if rows is not None:
            rows = rows.reshape(-1, *[1] * (x.ndim - 1))
        if mask is None or rows is None:
            return rows if mask is None else mask
        return mask & rows
