"""The layer that assigns numbers to bins."""

from collections.abc import Iterable, Mapping
from math import ceil
from typing import Annotated

from modelc.compiler.library.base.fields import Field, Numbers
from modelc.compiler.library.base.lazy import Array, NumpyArray, jnp, np
from modelc.compiler.library.contracts.layer import Batch, Call, Layer, Plan, Result, State, TensorType, Unfitted, need
from modelc.compiler.library.layers.preprocessing.base import MODES, Mode, encode, encoded, tally

FEW = 128
"""As many boundaries are compared with at once rather than searched."""


class Discretization(Layer):
    """The number of the bin of each value: how many `bin_boundaries` are not above it, so that a boundary opens a bin.

    Input `[...]` of numbers, output int32 `[...]`, or floats in another `output_mode`, see `category_encoding`. The
    boundaries are an argument, or state, `[num_bins - 1]`, learnt from the training rows before training: the exact
    quantiles `k / num_bins` of all unmasked values together, by definition 4 of Hyndman and Fan 1996, in memory for the
    distinct values. Where a value is so frequent that several fall on it, the bins between them stay empty. NaN is in
    no bin: its number is -1, and NaN in the other modes. Follows Keras 3 `layers.Discretization`, whose `adapt` comes
    within `epsilon` of these quantiles.
    """

    keras = "layers.Discretization"
    torch = "bucketize"
    primary = "num_bins"
    spellings = ("discretize", "digitize", "KBinsDiscretizer", "binning")
    masking = "use"
    exact = True
    given = ("bin_boundaries",)
    example = "discretization: {num_bins: 10}"

    num_bins: Annotated[
        int | None,
        Field(ge=2, le=10**6, description="Number of bins, whose boundaries are computed from the training rows."),
    ] = None
    bin_boundaries: Annotated[
        Numbers | None,
        Field(description="The boundaries, if they are known, in increasing order; one less than the number of bins."),
    ] = None
    output_mode: Annotated[Mode, Field(description=MODES)] = "int"

    def plan(self, x: TensorType) -> Plan:
        help = "`rescaling: 1` converts booleans to 0 and 1"
        need(x.is_float or x.is_integer, f"expected numbers, got {x.dtype}", help=help, code="E303")
        need(
            (self.num_bins is None) != (self.bin_boundaries is None),
            "`num_bins` and `bin_boundaries` are both given"
            if self.num_bins
            else "neither `num_bins` nor `bin_boundaries` is given",
            help="give `num_bins: 10` to compute the boundaries from the training rows, or the known `bin_boundaries`",
            argument="bin_boundaries" if self.num_bins else "",
        )
        steps = zip(self.bin_boundaries or (), (self.bin_boundaries or ())[1:], strict=False)
        falling = next((pair for pair in steps if not pair[0] < pair[1]), (0.0, 0.0))
        message = f"`bin_boundaries` are not increasing: {falling[1]:g} comes after {falling[0]:g}"
        need(falling == (0.0, 0.0), message, help="sort them, without duplicates", argument="bin_boundaries")
        dtype = "float64" if x.dtype == "float64" else "float32"
        state = {}
        if self.bin_boundaries is None:
            state["bin_boundaries"] = State((self.bins - 1,), Unfitted(), (None,), dtype)
        return Plan.of(encoded(x, self.bins, self.output_mode), state=state)

    @property
    def bins(self) -> int:
        """How many bins there are."""
        return self.num_bins or len(self.bin_boundaries or ()) + 1

    def apply(self, call: Call, x: Array) -> Array | Result:
        method = "compare_all" if self.bins <= FEW else "scan"
        if jnp.issubdtype(x.dtype, jnp.integer):
            integer = "uint32" if x.dtype == "uint32" else "int32"
            bins = jnp.searchsorted(
                self.integer_boundaries(call, integer), x.astype(integer), side="right", method=method
            )
            unknown = self.bin_boundaries is None and jnp.isnan(call.state["bin_boundaries"][0])
        else:
            wide = x.astype("float64" if x.dtype == "float64" else "float32")
            given = self.bin_boundaries
            boundaries = jnp.asarray(call.state["bin_boundaries"] if given is None else given, wide.dtype)
            bins = jnp.searchsorted(boundaries, wide, side="right", method=method)
            unknown = jnp.isnan(wide) | jnp.isnan(boundaries[0])
        return encode(call, jnp.where(unknown, -1, bins), self.bins, self.output_mode)

    def integer_boundaries(self, call: Call, dtype: str) -> Array:
        """The least integers that the boundaries are not above: large integers as floats would be others."""
        limits = np.iinfo(dtype)
        if self.bin_boundaries is not None:
            reached = [max(ceil(value), limits.min) for value in self.bin_boundaries if value <= limits.max]
            return jnp.asarray(reached, dtype)
        learnt = call.state["bin_boundaries"]
        # The largest float that is none too many for an integer: none learnt of integers is more than rounded above it.
        return jnp.clip(jnp.ceil(learnt), limits.min, np.nextafter(learnt.dtype.type(limits.max), 0)).astype(dtype)

    def keeps_integers(self) -> bool:
        # Boundaries that are learnt are float32.
        return self.bin_boundaries is not None

    def num_output_ids(self) -> int | None:
        return self.bins if self.output_mode == "int" else None

    def fit(self, batches: Iterable[Batch]) -> Mapping[str, NumpyArray]:
        values, counts = tally(batches)
        dtype = "float64" if values.dtype == "float64" else "float32"
        if values.size == 0 or values[-1] != values[-1]:
            return {"bin_boundaries": np.full(self.bins - 1, np.nan, dtype)}
        # In integers, so that no rounding decides which two values a quantile lies between.
        total, upto = int(counts.sum()), counts.cumsum()
        places = [total * k for k in range(1, self.bins)]
        below = np.array([max(place // self.bins - 1, 0) for place in places])
        above = np.array([min(max(place // self.bins, 0), total - 1) for place in places])
        share = np.array([place % self.bins / self.bins if place >= self.bins else 0.0 for place in places])
        low, high = (values[np.searchsorted(upto, place, side="right")].astype("float64") for place in (below, above))
        return {"bin_boundaries": (low + share * (high - low)).astype(dtype)}
