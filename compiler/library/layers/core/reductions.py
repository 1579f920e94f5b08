"""Reductions along axes: mean, sum, maximum, minimum, and the index of the maximum."""

from typing import Annotated

from modelc.compiler.library.base.fields import Axes, Axis, Field
from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.base.type_checks import need_axis, need_distinct_axes, need_floats
from modelc.compiler.library.contracts.layer import Call, Layer, Plan, Result, TensorType

Keepdims = Annotated[bool, Field(description="Whether the reduced axes are kept with size 1.")]


class Reduction(Layer):
    """Abstract: the axes `axis` of an example become one value.

    Along the time axis only the steps count that the mask counts; a row without any gives 0. Along other axes the mask
    is passed on, where an axis beside time is left; else it is dropped with a warning. bfloat16 is reduced in float32.
    """

    primary = "axis"
    masking = "use"

    axis: Annotated[Axes, Field(description="The axis to reduce, counted from the end, or a list of axes.")]
    keepdims: Keepdims = False

    def plan(self, x: TensorType) -> Plan:
        need_floats(x)
        need_distinct_axes(self.axis, x)
        return reduced(x, self.axis, self.keepdims)

    def apply(self, call: Call, x: Array) -> Array | Result:
        real = real_steps(call, x, self.axis)
        wide = x.astype(jnp.promote_types(x.dtype, "float32"))
        return with_mask(call, self.reduce(wide, real).astype(x.dtype), real)

    def reduce(self, x: Array, real: Array | None) -> Array:
        """`x` without its reduced axes; `real`, which broadcasts to `x`, says what counts."""
        raise NotImplementedError


def reduced(x: TensorType, axes: tuple[int, ...], keepdims: bool) -> Plan:
    """The plan for `x` once `axes` are reduced."""
    sizes = enumerate(x.shape, -x.rank)
    shape = [1 if axis in axes else size for axis, size in sizes if keepdims or axis not in axes]
    over_time = -x.rank in axes
    kept = x.mask and not over_time and len(shape) > 1
    return Plan.of(x.with_shape(*shape).with_mask(kept), drops_mask=x.mask and not over_time and not kept)


def real_steps(call: Call, x: Array, axes: tuple[int, ...]) -> Array | None:
    """The mask in the rank of `x` where time is reduced, else None."""
    mask: Array | None = call.masks.get("x")
    over_time = 1 - x.ndim in axes
    return mask.reshape(mask.shape + (1,) * (x.ndim - 2)) if mask is not None and over_time else None


def with_mask(call: Call, y: Array, real: Array | None) -> Array | Result:
    """`y` with the mask of the input, unless that was used up or `y` has no axis beside time."""
    mask = call.masks.get("x")
    return y if mask is None or real is not None or y.ndim < 3 else Result.of(y, masks={"output": mask})


class Mean(Reduction):
    """Mean along `axis`: `mean: -1` makes `[time]` of `[time, features]`, `mean: [-2, -3]` makes `[channels]` of an
    image.

    Masked steps do not count, and a row without others gives 0. Along other axes the mask is passed on where an axis
    beside time is left, else dropped with a warning. Follows Keras 3 `ops.mean`, which counts all steps.
    """

    keras = "ops.mean"
    torch = "mean"
    spellings = ("reduce_mean",)
    keeps = "range"
    example = "mean: -2"

    def reduce(self, x: Array, real: Array | None) -> Array:
        if real is None:
            return jnp.mean(x, self.axis, keepdims=self.keepdims)
        count = jnp.sum(jnp.broadcast_to(real, x.shape), self.axis, keepdims=self.keepdims)
        # 0 / 0 would poison the gradients of the other rows.
        return jnp.sum(x, self.axis, keepdims=self.keepdims, where=real) / jnp.maximum(count, 1).astype(x.dtype)


class Sum(Reduction):
    """Sum along `axis`: `sum: -1` makes `[time]` of `[time, features]`.

    Masked steps do not count. Along other axes the mask is passed on where an axis beside time is left, else dropped
    with a warning. Follows Keras 3 `ops.sum`, which counts all steps; branches are summed by `add`.
    """

    keras = "ops.sum"
    torch = "sum"
    spellings = ("reduce_sum",)
    example = "sum: -2"

    def reduce(self, x: Array, real: Array | None) -> Array:
        return jnp.sum(x, self.axis, keepdims=self.keepdims, where=real)


class Max(Reduction):
    """Largest value along `axis`: `max: -1` makes `[time]` of `[time, features]`.

    Masked steps do not count, and a row without others gives 0. Along other axes the mask is passed on where an axis
    beside time is left, else dropped with a warning. Values that are equally large share the gradient. Follows Keras
    3 `ops.max`, which counts all steps; the largest of several branches is `maximum`.
    """

    keras = "ops.max"
    torch = "amax"
    spellings = ("reduce_max",)
    keeps = "values"
    example = "max: -2"

    def reduce(self, x: Array, real: Array | None) -> Array:
        if real is None:
            return jnp.max(x, self.axis, keepdims=self.keepdims)
        y = jnp.max(x, self.axis, keepdims=self.keepdims, where=real, initial=-jnp.inf)
        return jnp.where(jnp.any(jnp.broadcast_to(real, x.shape), self.axis, keepdims=self.keepdims), y, 0)


class Min(Reduction):
    """Smallest value along `axis`: `min: -1` makes `[time]` of `[time, features]`.

    Masked steps do not count, and a row without others gives 0. Along other axes the mask is passed on where an axis
    beside time is left, else dropped with a warning. Values that are equally small share the gradient. Follows Keras
    3 `ops.min`, which counts all steps; the smallest of several branches is `minimum`.
    """

    keras = "ops.min"
    torch = "amin"
    spellings = ("reduce_min",)
    keeps = "values"
    example = "min: -2"

    def reduce(self, x: Array, real: Array | None) -> Array:
        if real is None:
            return jnp.min(x, self.axis, keepdims=self.keepdims)
        y = jnp.min(x, self.axis, keepdims=self.keepdims, where=real, initial=jnp.inf)
        return jnp.where(jnp.any(jnp.broadcast_to(real, x.shape), self.axis, keepdims=self.keepdims), y, 0)


class ArgMax(Layer):
    """Place of the largest value along `axis`, counted from 0, as int32: `argmax` makes `[]` of `[classes]`.

    The first of equal values counts. Masked steps do not; a row without any other gives 0. Has no gradient: nothing
    before it learns through it. Masks as in `max`. Follows Keras 3 `ops.argmax`.
    """

    keras = "ops.argmax"
    torch = "argmax"
    primary = "axis"
    masking = "use"
    exact = True
    example = "argmax: -1"

    axis: Annotated[Axis, Field(description="The axis to search, counted from the end.")] = -1
    keepdims: Keepdims = False

    def plan(self, x: TensorType) -> Plan:
        need_floats(x)
        need_axis(self.axis, x)
        return reduced(x.with_dtype("int32"), (self.axis,), self.keepdims)

    def apply(self, call: Call, x: Array) -> Array | Result:
        real = real_steps(call, x, (self.axis,))
        counted = x if real is None else jnp.where(real, x, -jnp.inf)
        return with_mask(call, jnp.argmax(counted, self.axis, keepdims=self.keepdims).astype("int32"), real)
