"""The layer that normalizes by the statistics of the training rows."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar

from modelc.compiler.library.base.fields import Axes, Field, Numbers
from modelc.compiler.library.base.lazy import Array, NumpyArray, jnp, np
from modelc.compiler.library.base.tensor_type import TensorType, show_shape
from modelc.compiler.library.contracts.layer import Batch, Call, Layer, Plan, State, Unfitted, need
from modelc.compiler.library.layers.normalization.base import along, need_axes, sizes_along


class Normalization(Layer):
    """`y = (x - mean) / max(sqrt(variance), 1e-7)`, with a mean and variance for each entry of `axis`.

    The shape is kept; integers become float32. With `invert` it is the way back, `y = mean + x * max(sqrt(variance),
    1e-7)`. `mean` and `variance` are arguments, or state, one value for each place along `axis`, learnt from the training
    rows before training: unmasked steps only, the biased variance, in float64 (Chan, Golub and LeVeque 1979). An entry
    that never changes has variance 0, and any other value of it becomes very large: leave such columns out. Follows
    Keras 3 `layers.Normalization`, whose `adapt` is this layer's part of `modelc train`.
    """

    keras = "layers.Normalization"
    spellings = ("normalize", "standardize", "standard_scaler", "StandardScaler", "z_score")
    masking = "pass"
    exact = True
    given = ("mean", "variance")
    foreign_arguments: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("std", "stddev"), "write `variance`, which is its square"),
    }
    example = "normalization"

    axis: Annotated[
        Axes | None,
        Field(description="Axes with a separate mean for each entry, counted from the end; null for a single mean."),
    ] = (-1,)
    mean: Annotated[
        Numbers | None,
        Field(description="The mean if it is known: one number, or one for each entry of the last `axis`."),
    ] = None
    variance: Annotated[Numbers | None, Field(description="The variance if it is known, like `mean`.")] = None
    invert: Annotated[bool, Field(description="Whether to invert the normalization.")] = False

    def plan(self, x: TensorType) -> Plan:
        help = "add `rescaling: 1` before it"
        need(x.is_float or x.is_integer, f"expected numbers, got {x.dtype}", help=help, code="E303")
        help = "write `normalization: {axis: null}` for a single mean"
        need(x.rank > 0 or not self.axes, "`axis` is -1, but a single number has no axes", help=help, argument="axis")
        need_axes(self.axes, x)
        shape, _ = sizes_along(self.axes, x)
        output = x if x.is_float else x.with_dtype("float32")
        if self.mean is None and self.variance is None:
            dtype = "float64" if x.dtype == "float64" else "float32"
            names = (None,) * len(shape)
            state = {name: State(shape, Unfitted(), names, dtype) for name in ("mean", "variance")}
            return Plan.of(output, state=state)
        for name, other in (("mean", "variance"), ("variance", "mean")):
            values = getattr(self, name)
            help = f"give both, or neither to compute them from the training rows: `{name}: 1.0`"
            need(values is not None, f"`{other}` is given but `{name}` is not", help=help, argument=other)
            message = f"`{name}` has {len(values)} values, and {show_shape(x.shape)} has " + (
                f"{shape[-1]} entries along the axis {max(self.axes)}" if shape else "a single mean"
            )
            help = "give one number for all entries, or one for each entry of the last axis of `axis`"
            need(len(values) == 1 or shape[-1:] == (len(values),), message, help=help, argument=name)
        message = f"`variance` has the value {min(self.variance or (0,)):g}, but a variance is at least 0"
        help = "give the square of the standard deviation"
        need(min(self.variance or (0,)) >= 0, message, help=help, argument="variance")
        return Plan.of(output)

    @property
    def axes(self) -> tuple[int, ...]:
        """`axis` as a tuple, empty for null."""
        return self.axis or ()

    def apply(self, call: Call, x: Array) -> Array:
        dtype = x.dtype if jnp.issubdtype(x.dtype, jnp.floating) else jnp.dtype("float32")
        wide = x.astype(jnp.promote_types(dtype, "float32"))
        mean, variance = (self.statistic(call, name, wide) for name in ("mean", "variance"))
        scale = jnp.maximum(jnp.sqrt(variance), 1e-7)
        y = mean + wide * scale if self.invert else (wide - mean) / scale
        return y.astype(dtype)

    def statistic(self, call: Call, name: str, x: Array) -> Array:
        """The mean or variance, so that it broadcasts to `x`."""
        given: tuple[float, ...] | None = getattr(self, name)
        if given is None:
            return along(self.axes, call.state[name], x)
        last = max(self.axes, default=-1)
        return jnp.asarray(given, x.dtype).reshape(-1, *[1] * (-1 - last))

    def fit(self, batches: Iterable[Batch]) -> Mapping[str, NumpyArray]:
        count: Any = 0.0
        mean: Any = 0.0
        squares: Any = 0.0
        dtype: Any = "float32"
        with np.errstate(invalid="ignore", over="ignore"):
            for batch in batches:
                dtype = "float64" if batch.values.dtype == "float64" else "float32"
                new_count, new_mean, new_squares = self.moments(batch)
                total = count + new_count
                share = new_count / np.maximum(total, 1.0)
                apart = new_mean - mean
                squares = squares + new_squares + np.square(apart) * count * share
                mean = mean + apart * share
                count = total
            # What was never seen has no mean: NaN, and the caller says so.
            nothing = np.where(count > 0, 0.0, np.nan)
            variance = squares / np.maximum(count, 1.0)
            return {"mean": np.asarray(mean + nothing, dtype), "variance": np.asarray(variance + nothing, dtype)}

    def moments(self, batch: Batch) -> tuple[NumpyArray, NumpyArray, NumpyArray]:
        """Of each entry of `axis` in one batch: how many real values there are, their mean, and the sum of their squared
        distances from it."""
        x = batch.values.astype("float64")
        kept = {axis % x.ndim for axis in self.axes}
        over = tuple(axis for axis in range(x.ndim) if axis not in kept)
        real = np.True_ if batch.mask is None else batch.mask.reshape(*batch.mask.shape, *[1] * (x.ndim - 2))
        real = np.broadcast_to(real, x.shape)
        count = np.sum(real, over, dtype="float64")
        mean = np.sum(x, over, where=real) / np.maximum(count, 1.0)
        centred = x - np.expand_dims(mean, over)
        return count, mean, np.sum(np.square(centred), over, where=real)
