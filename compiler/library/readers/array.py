"""The reader of numbers, optionally scaled."""

from collections.abc import Mapping
from math import prod
from typing import Annotated, ClassVar, Literal

from modelc.compiler.library.base.fields import Field, Number, Shape
from modelc.compiler.library.base.lazy import NumpyArray, np
from modelc.compiler.library.base.tensor_type import DTYPES
from modelc.compiler.library.base.type_checks import TensorType, need
from modelc.compiler.library.contracts.bad_row import Fault
from modelc.compiler.library.contracts.data_source import Column
from modelc.compiler.library.contracts.faults_by_reading import faults_by_reading
from modelc.compiler.library.contracts.reader import Arrays, Learnt, Reader
from modelc.compiler.library.readers.casts import (
    ABOVE,
    DIGITS,
    beyond,
    marks_above,
    measured_places,
    places_of,
    plan_arrays,
    refuse_infinite,
    refuse_shifted,
    to_floats,
    to_integers,
)
from modelc.compiler.library.readers.checks import (
    Rows,
    Steps,
    check_finite,
    need_rows,
    shape_of_row,
    steps_of_column,
    take_rows,
)
from modelc.compiler.library.readers.faults import infinite_in
from modelc.compiler.library.readers.listed_numbers import listed_numbers

NORMALIZATION = "the layer `normalization`, as the first, finds mean and variance in the training rows"
"""What standardizes the values of a column."""
MARKERS = 'name what stands for a missing value, `missing_values: ["", NA]` of the source, or read it with `category`'
"""What to do about a column of numbers in which some are text."""
TARGETS = {"float16": "float32", "float64": "float32", "int64": "int32", "uint32": "int32", "uint64": "int32"}
"""The dtype of a target, by that of its column; other dtypes are kept."""


class ArrayReader(Reader):
    """A column of numbers, as `column * scale + offset` in float32 where these are given.

    Integers become floats where the input wants floats, as long as every value stays exact; floats never become
    integers. Without a wanted type (a target) integers stay integers, floats become float32.

    Fractions are rounded to the nearest float32. An integer that float32 cannot hold, from 16,777,217 on, is an
    error, also in a column of float64 up to 2**53, unless numbers of that size with a fraction stand in the same place of
    the last axis, in the training rows: those are measured, not counted. `offset` alone is exact: it brings such numbers
    into range. A `scale` asks for rounding, as a column that is saved as float32 does.

    With `above`, each value becomes 1 if it is above that bound, else 0: a target for `sigmoid` and `binary_cross_entropy`, or
    an image in black and white.

    `steps: [0, 19]` reads the first 19 values of the first axis of each row, and `steps: [1, 20]` the same one later: an input
    and a target of one array `[20, ...]` in each row.

    With `separator`, each value is a text of several numbers, as many as `shape` has, such as `0.5 0.25` or `[1, 2, 3]`:
    brackets around them do not count, nor do spaces; lists that are cut off, or of different lengths, are errors.
    """

    primary = "column"
    spellings = ("float", "tensor", "ndarray")
    foreign_arguments: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("sep", "delimiter", "delim", "split"), 'write `separator: "{value}"`'),
        "dtype": "remove it: the input says its dtype, `x: {shape: [8], dtype: int32}`",
        **dict.fromkeys(("slice", "window", "timesteps"), "write `steps: [0, 19]` for the first 19 of each row"),
        **dict.fromkeys(ABOVE, "write `above: {value}`: values above it become 1, others 0"),
        **dict.fromkeys(("normalize", "standardize"), f"remove it: {NORMALIZATION}"),
    }
    example = "array: {column: image, scale: 1/255}"

    column: Annotated[str, Field(min_length=1, description="Name of the column.")]
    scale: Annotated[Number, Field(description="Factor of every value, such as `1/255`.")] = 1.0
    offset: Annotated[Number, Field(description="Added to every value after scaling.")] = 0.0
    above: Annotated[Number | None, Field(description="Bound: 1 for each value above it, 0 for others.")] = None
    steps: Steps = None
    shape: Annotated[Shape | None, Field(description="New shape of one row, with the same number of values.")] = None
    rows: Rows = None
    separator: Annotated[
        str | None,
        Field(min_length=1, description="What stands between the numbers of a text, such as `,` or a space."),
    ] = None

    @property
    def subject(self) -> str:
        return self.column

    @property
    def scaled(self) -> bool:
        return self.scale != 1 or self.offset != 0

    @property
    def row_shape(self) -> tuple[int, ...] | None:
        return self.shape

    def plan(self, columns: Mapping[str, Column] | None, wanted: TensorType | None) -> TensorType | None:
        message = f"`above` is a bound of the values of `{self.column}` as they are, without `scale` and `offset`"
        help = f"write one of both: values above `{self.above}` become 1, others 0"
        need(self.above is None or not self.scaled, message, help=help, argument="above", code="E402")
        message = f"`array` of `{self.column}` does not say how many numbers are in each text"
        help = "for example `shape: [16]`"
        need(self.separator is None or self.shape is not None, message, help=help, argument="separator", code="E403")
        message, help = "`steps` are those of arrays, and `separator` divides texts", "write one of both"
        need(self.steps is None or self.separator is None, message, help=help, argument="steps", code="E403")
        if columns is None:
            return None
        column = steps_of_column(self.steps, columns[self.column], self.column)
        need_rows(self.rows, column, self.column)
        if self.separator is not None:
            return self.plan_of_texts(column, wanted)
        is_text = column.type is None or (column.type.rank == 0 and column.type.dtype in ("str", "bytes"))
        values = prod(self.shape or ())
        message = f"a row of `{self.column}` has one value, and `shape` has {values:,}"
        help = 'say what stands between numbers in one text, `separator: ","`; `numbers` reads several columns'
        need(not is_text or values == 1, message, help=help, argument="shape", code="E402")
        shape = shape_of_row(self.shape, column, self.column)
        if column.type is None:
            return None if wanted is None else TensorType(shape, wanted.dtype)
        message = f"`{self.column}` has {column.type.dtype}, expected numbers"
        is_mixed = column.type.dtype == "str" and column.note != ""
        need(not is_mixed, message, help=MARKERS, note=column.note, code="E402")
        return TensorType(shape, self.dtype(column.type, wanted, column.note))

    def plan_of_texts(self, column: Column, wanted: TensorType | None) -> TensorType | None:
        """`plan` for a column of texts with several numbers each."""
        shape = self.shape or ()
        if column.type is None:
            return None if wanted is None else TensorType(shape, wanted.dtype)
        message = f"`{self.column}` has {column.type.dtype}, expected texts with several numbers each"
        is_text = column.type.dtype in ("str", "bytes") and column.type.rank == 0
        need(is_text, message, help="remove `separator`", argument="separator", code="E402")
        is_whole = wanted is not None and wanted.is_integer and self.above is None
        return TensorType(shape, self.dtype(TensorType((), "int64" if is_whole else "float64"), wanted))

    def cut(self, values: NumpyArray) -> NumpyArray:
        """The `values` `[rows, ...]` of the steps that are read."""
        return values if self.steps is None else values[:, self.steps[0] : self.steps[1]]

    def values_of(self, columns: Arrays, *, integers: bool) -> NumpyArray:
        """The numbers of its column, `integers` of texts where they are wanted."""
        values, first = take_rows(self.cut(columns[self.column]), self.rows), self.rows[0] if self.rows else 0
        if self.separator is None:
            return values
        count = prod(self.shape or ())
        return listed_numbers(values, self.column, self.separator, count, first, integers=integers)

    def dtype(self, column: TensorType, wanted: TensorType | None, note: str = "") -> str:
        """The dtype of the result. Raises `PlanError` E402 for a cast that loses something."""
        help = "read labels that are strings with `category: {column: ..., classes: [...]}`, several numbers in each with `separator`"
        need(column.dtype in DTYPES, f"`{self.column}` has {column.dtype}, expected numbers", help=help, code="E402")
        if self.above is not None:
            return "uint8" if wanted is None else wanted.dtype
        if wanted is None:
            return "float32" if self.scaled else TARGETS.get(column.dtype, column.dtype)
        if wanted.is_float:
            return wanted.dtype
        message = f"scaled values are floats, but the input takes {wanted.dtype}"
        help = "remove `scale` and `offset`, or give the input `dtype: float32`"
        need(not self.scaled, message, help=help, argument="scale" if self.scale != 1 else "offset", code="E402")
        message = f"`{self.column}` has {column.dtype}, but the input takes {wanted.dtype}: the cast would lose values"
        help = f"save the column as {wanted.dtype}" + (
            ", or give the input `dtype: float32`" if column.is_float else ""
        )
        fits = column.dtype == "bool" or (wanted.is_integer and column.is_integer)
        need(fits, message, help=help, note=note, code="E402")
        return wanted.dtype

    def learn(self, columns: Arrays) -> Learnt:
        """A digit for each place of the last axis, 1 where numbers are measured; a single one where all places are alike."""
        found = measured_places(self.values_of(columns, integers=False))
        return "".join("1" if place else "0" for place in (found[:1] if (found == found[0]).all() else found))

    @property
    def values_are(self) -> Literal["integer", "number"] | None:
        return "number" if self.separator is None else None

    def faults(self, columns: Arrays, wanted: TensorType | None) -> Mapping[int, Fault]:
        if self.separator is not None:
            texts = columns[self.column]
            integers = wanted is not None and wanted.is_integer and self.above is None

            def read(start: int, stop: int) -> NumpyArray:
                return self.values_of({self.column: texts[start:stop]}, integers=integers)

            return faults_by_reading(read, len(texts), self.column)
        return infinite_in(self.column, self.cut(np.ma.getdata(columns[self.column])), also_missing=True)

    def read(self, columns: Arrays, wanted: TensorType | None, learnt: Learnt = None) -> NumpyArray:
        planned = plan_arrays(self, columns, wanted)
        first = self.rows[0] if self.rows else 0
        values = self.values_of(columns, integers=not planned.is_float and self.above is None)
        if learnt is not None and len(learnt) in (1, places_of(values)):
            measured = np.asarray([digit == "1" for digit in learnt])
        else:
            measured = measured_places(values)
        if values.dtype.kind == "f":
            check_finite(values, self.column, first)
        if self.above is not None:
            result = marks_above(values, self.above, planned.dtype)
        elif not planned.is_float:
            result = values if planned.dtype == "bool" else to_integers(values, planned.dtype, self.column, first)
        elif not self.scaled:
            result = to_floats(values, planned.dtype, self.column, first, wanted, measured)
        else:
            result = self.rescaled(values, "float64" if planned.dtype == "float64" else "float32", first, measured)
            if planned.dtype != result.dtype.name:
                result = to_floats(result, planned.dtype, self.column, first)
        return result.reshape(len(result), *planned.shape)

    def rescaled(self, values: NumpyArray, dtype: str, first: int, measured: NumpyArray) -> NumpyArray:
        """`values * scale + offset` in the float `dtype`.

        Of integers and float64, numbers beyond those of which it holds every integer go through float64 and are rounded
        once, as do all where it does not hold the offset. Without a scale, which asks for rounding, integers stay exact or
        are refused.
        """
        offset, limit = np.asarray(self.offset, "float64"), 2 ** DIGITS[dtype]
        exact = values.size and (values.dtype.kind != "f" or values.dtype.itemsize > 4)
        largest = max(float(values.max()), -float(values.min())) if exact else 0.0
        with np.errstate(over="ignore", invalid="ignore"):
            result = values.astype(dtype)
            result *= np.asarray(self.scale).astype(dtype)
            result += offset.astype(dtype)
            if exact and self.scale == 1 and largest + abs(self.offset) > limit:
                refuse_shifted(values, self.offset, dtype, self.column, first, measured)
            if exact and abs(self.offset) > limit and offset.astype(dtype) != offset:
                result[...] = values.astype("float64") * self.scale + self.offset
            elif largest > limit:
                wide = beyond(values, dtype)
                result[wide] = values[wide].astype("float64") * self.scale + self.offset
        refuse_infinite(result, values, f"`scale` and `offset` in {dtype}", self.column, first)
        return result
