"""The layers that reduce entries by the segment, such as the node of a graph, that ids put each of them in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from modelc.compiler.library.base.fields import Field, Size
from modelc.compiler.library.base.lazy import Array, jnp
from modelc.compiler.library.base.type_checks import integers_help, need_floats
from modelc.compiler.library.contracts.layer import Call, Layer, Plan, Slot, TensorType, need, show_shape


@dataclass(frozen=True, slots=True)
class Segments:
    """The segment of each entry, `[batch, entries]`; an id that there is no segment of stands for none."""

    ids: Array
    count: int

    def onto(self, start: Array) -> Any:
        """Where the entries go in `start`, `[batch, count, ...]`."""
        rows = jnp.arange(self.ids.shape[0])[:, None]
        # An id below 0 would count from the end.
        return start.at[rows, jnp.where(self.ids < 0, self.count, self.ids)]

    def sums(self, x: Array) -> Array:
        total: Array = self.onto(jnp.zeros((x.shape[0], self.count, *x.shape[2:]), x.dtype)).add(x, mode="drop")
        return total

    def sizes(self, x: Array) -> Array:
        """How many entries each segment has, in the rank and dtype of `x`."""
        counts = self.sums(jnp.ones(self.ids.shape, x.dtype))
        return counts.reshape(*counts.shape, *[1] * (x.ndim - 2))


class SegmentReduction(Layer):
    """Abstract: each example's entries along its first axis, reduced by segment.

    Entries count that the masks of both inputs count. bfloat16 is reduced in float32.
    """

    slots = (Slot("x"), Slot("segment_ids"))
    primary = "num_segments"
    masking = "use"

    num_segments: Annotated[Size, Field(description="Number of segments: ids are from 0 to below it.")]

    def plan(self, x: TensorType, segment_ids: TensorType) -> Plan:
        message = f"expected integer ids of segments, got {segment_ids.dtype}"
        help = integers_help(x, segment_ids, "segment_ids")
        need(segment_ids.is_integer, message, help=help, slot="segment_ids", code="E303")
        need_floats(x, slot="x")
        fits = x.rank >= 1 and segment_ids.shape == x.shape[:1]
        message = f"`segment_ids` is {show_shape(segment_ids.shape)}, and `x` is {show_shape(x.shape)}"
        help = "give one id for each entry along the first axis of `x`"
        need(fits, message, help=help, slot="segment_ids")
        return Plan.of(x.with_shape(self.num_segments, *x.shape[1:]).with_mask(False))

    def apply(self, call: Call, x: Array, segment_ids: Array) -> Array:
        ids = segment_ids.astype(jnp.promote_types(segment_ids.dtype, "int32"))
        strange = (ids < 0) | (ids >= self.num_segments)
        for mask in (call.masks.get("x"), call.masks.get("segment_ids")):
            if mask is not None:
                # Beyond the last segment, where nothing is put.
                ids, strange = jnp.where(mask, ids, self.num_segments), strange & mask
        y = self.reduce(x.astype(jnp.promote_types(x.dtype, "float32")), Segments(ids, self.num_segments))
        bad = jnp.any(strange, axis=1).reshape(-1, *[1] * (y.ndim - 1))
        return jnp.where(bad, jnp.nan, y).astype(x.dtype)

    def reduce(self, x: Array, segments: Segments) -> Array:
        """The segments of each example, `[batch, num_segments, ...]`."""
        raise NotImplementedError

    def vocabularies(self, **types: Any) -> Mapping[str, int]:
        return {"segment_ids": self.num_segments}


class SegmentSum(SegmentReduction):
    """The sum of all entries of each segment: what arrives at the nodes of a graph over its edges.

    Inputs `x` `[entries, ...]` and integer `segment_ids` `[entries]`, the same number in each example; output
    `[num_segments, ...]`, 0 for a segment without entries. Entries that a mask of `x` or of `segment_ids` excludes do not
    count, and the output has no mask. An id that is not below `num_segments` makes the example NaN, and is found in the data
    before training. Follows Keras 3 `ops.segment_sum` of each example, where such an entry is left out.
    """

    keras = "ops.segment_sum"
    torch = "scatter_add"
    spellings = ("unsorted_segment_sum", "scatter_sum")
    example = "segment_sum: 10"

    def reduce(self, x: Array, segments: Segments) -> Array:
        return segments.sums(x)


class SegmentMean(SegmentReduction):
    """The mean of all entries of each segment, such as of what arrives at the nodes of a graph over its edges.

    Inputs `x` `[entries, ...]` and integer `segment_ids` `[entries]`, the same number in each example; output
    `[num_segments, ...]`, 0 for a segment without entries. Entries that a mask of `x` or of `segment_ids` excludes do not
    count, and the output has no mask. An id that is not below `num_segments` makes the example NaN, and is found in the data
    before training. The quotient of two `ops.segment_sum` of Keras 3.
    """

    keeps = "range"
    spellings = ("unsorted_segment_mean", "scatter_mean")
    example = "segment_mean: 10"

    def reduce(self, x: Array, segments: Segments) -> Array:
        return segments.sums(x) / jnp.maximum(segments.sizes(x), 1)


class SegmentMax(SegmentReduction):
    """The largest of all entries of each segment, each feature by itself.

    Inputs `x` `[entries, ...]` and integer `segment_ids` `[entries]`, the same number in each example; output
    `[num_segments, ...]`, 0 for a segment without entries. Entries that a mask of `x` or of `segment_ids` excludes do not
    count, and the output has no mask. An id that is not below `num_segments` makes the example NaN, and is found in the data
    before training. Follows Keras 3 `ops.segment_max` of each example, which gives minus infinity for no entries.
    """

    keras = "ops.segment_max"
    keeps = "values"
    spellings = ("unsorted_segment_max", "scatter_max")
    example = "segment_max: 10"

    def reduce(self, x: Array, segments: Segments) -> Array:
        lowest = jnp.full((x.shape[0], self.num_segments, *x.shape[2:]), -jnp.inf, x.dtype)
        return jnp.where(segments.sizes(x) > 0, segments.onto(lowest).max(x, mode="drop"), 0)
