"""The layers that take entries of their input by indices that come with the data."""

from collections.abc import Mapping
from typing import Annotated, Any

from modelc.compiler.library.base.fields import Axis, Field
from modelc.compiler.library.base.lazy import Array, jax, jnp
from modelc.compiler.library.base.type_checks import integers_help
from modelc.compiler.library.contracts.layer import (
    Call,
    Layer,
    Plan,
    Result,
    Slot,
    TensorType,
    need,
    need_axis,
    show_shape,
)


def need_indices(x: TensorType, indices: TensorType) -> None:
    """Raise PlanError E303 unless `indices`, of entries of `x`, has integers."""
    message = f"expected integer indices, got {indices.dtype}"
    help = integers_help(x, indices, "indices")
    need(indices.is_integer, message, help=help, slot="indices", code="E303")


class Gather(Layer):
    """The entries of `x` along `axis` at the places that `indices` say, for each example by its own.

    Inputs `x`, of any dtype, and integer `indices` of any shape, from 0 on; in the output their axes stand in the place
    of `axis`: nodes `[nodes, features]` and the ends of edges `[edges]` give `[edges, features]`, a sequence `[time,
    features]` and a single index `[]` give `[features]`. An index outside gives NaN, in integers the least or greatest of
    their dtype, never another entry, and is found in the data before training.

    Along time the mask of `x` is taken with its steps, and steps that the mask of `indices` excludes stay masked, where
    indices have one axis; a mask without a place in the output is dropped with a warning. Follows Keras 3 `ops.take` of each
    example; `torch.gather` is `take_along_axis`.
    """

    keras = "ops.take"
    torch = "index_select"
    slots = (Slot("x"), Slot("indices"))
    primary = "axis"
    spellings = ("batch_gather",)
    related = ("gather_nd",)
    masking = "use"
    keeps = "values"
    example = "gather: -2"

    axis: Annotated[Axis, Field(description="The axis of `x` to take entries along, counted from the end.")] = -2

    def plan(self, x: TensorType, indices: TensorType) -> Plan:
        need_indices(x, indices)
        need_axis(self.axis, x)
        place = x.rank + self.axis
        shape = (*x.shape[:place], *indices.shape, *x.shape[place + 1 :])
        kept = place_of_masks(place, x, indices, shape)
        dropped = (x.mask and "x" not in kept) or (indices.mask and "indices" not in kept)
        return Plan.of(x.with_shape(*shape).with_mask(bool(kept)), drops_mask=dropped)

    def apply(self, call: Call, x: Array, indices: Array) -> Array | Result:
        place = x.ndim - 1 + self.axis
        y = taken(x, indices, place)
        masks = {slot: mask for slot in ("x", "indices") if (mask := call.masks.get(slot)) is not None}
        types = [TensorType(a.shape[1:], mask=slot in masks) for slot, a in (("x", x), ("indices", indices))]
        kept = place_of_masks(place, types[0], types[1], y.shape[1:])
        if not kept:
            return y
        if "x" in kept and place == 0:
            steps = jnp.clip(indices, 0, x.shape[1] - 1)
            masks["x"] = jnp.take_along_axis(masks["x"], steps, axis=1)
        mask = masks[kept[0]]
        return Result.of(y, masks={"output": mask & masks[kept[1]] if len(kept) > 1 else mask})

    def vocabularies(self, **types: Any) -> Mapping[str, int]:
        return {"indices": types["x"].shape[self.axis]}


def place_of_masks(place: int, x: TensorType, indices: TensorType, shape: tuple[int, ...]) -> tuple[str, ...]:
    """The inputs of `gather` along the axis `place`, counted from the front, whose masks the output of `shape` has."""
    if len(shape) < 2:
        return ()
    if place > 0:
        return ("x",) if x.mask else ()
    fits = {"x": x.mask and indices.rank == 1, "indices": indices.mask and indices.rank > 0}
    return tuple(slot for slot, kept in fits.items() if kept)


def taken(x: Array, indices: Array, place: int) -> Array:
    """The entries of each example of `x` along its axis `place` at its `indices`, of any shape."""

    def one(x: Array, indices: Array) -> Array:
        at = jnp.asarray(x).at[(*[slice(None)] * place, indices)]
        y: Array = at.get(mode="fill", wrap_negative_indices=False)
        return y

    y: Array = jax.vmap(one)(x, indices)
    return y


class TakeAlongAxis(Layer):
    """The entries of `x` along `axis`, at each place that which `indices` say there: the largest or the sorted ones.

    Inputs `x`, of any dtype, and integer `indices`, from 0 on, with the sizes of `x` except along `axis`; an axis of size
    1 is used for all places. `y[i, j] = x[indices[i, j], j]` along the first of two axes. An index outside gives NaN, in
    integers the least or greatest of their dtype, and is found in the data before training.

    Along another axis than time masks are passed on, and a step counts that all of them count; along time that of
    `indices` is passed on and that of `x` is dropped with a warning. Follows Keras 3 `ops.take_along_axis` of each example.
    """

    keras = "ops.take_along_axis"
    torch = "take_along_dim"
    slots = (Slot("x"), Slot("indices"))
    primary = "axis"
    spellings = ("gather_along_axis", "gather_elements")
    masking = "use"
    keeps = "values"
    example = "take_along_axis: -1"

    axis: Annotated[Axis, Field(description="The axis to take entries along, counted from the end.")]

    def plan(self, x: TensorType, indices: TensorType) -> Plan:
        need_indices(x, indices)
        need_axis(self.axis, x)
        place = x.rank + self.axis
        fits = indices.rank == x.rank and all(
            axis == place or one in (1, size)
            for axis, (one, size) in enumerate(zip(indices.shape, x.shape, strict=True))
        )
        message = (
            f"`indices` of {show_shape(indices.shape)} do not fit {show_shape(x.shape)}, except along axis {self.axis}"
        )
        help = "give them the sizes of `x` on all other axes; `gather` takes whole entries by a list of indices"
        need(fits, message, help=help, slot="indices")
        along_time = place == 0
        mask = indices.mask or (x.mask and not along_time)
        y = x.with_shape(*x.shape[:place], indices.shape[place], *x.shape[place + 1 :])
        return Plan.of(y.with_mask(mask), drops_mask=x.mask and along_time)

    def apply(self, call: Call, x: Array, indices: Array) -> Array | Result:
        place = x.ndim + self.axis
        sizes = (*x.shape[:place], indices.shape[place], *x.shape[place + 1 :])
        wide = jnp.broadcast_to(indices, sizes)
        grid = jnp.meshgrid(*map(jnp.arange, sizes), indexing="ij", sparse=True)
        grid[place] = wide
        y: Array = jnp.asarray(x).at[tuple(grid)].get(mode="fill", wrap_negative_indices=False)
        own = [call.masks.get("indices"), None if place == 1 else call.masks.get("x")]
        masks = [jnp.broadcast_to(mask, y.shape[:2]) for mask in own if mask is not None]
        if not masks:
            return y
        return Result.of(y, masks={"output": masks[0] & masks[1] if len(masks) > 1 else masks[0]})

    def vocabularies(self, **types: Any) -> Mapping[str, int]:
        return {"indices": types["x"].shape[self.axis]}
