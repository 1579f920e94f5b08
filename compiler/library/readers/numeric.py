"""What `number` and `numbers` share: columns of numbers with missing values filled in and, where asked for, standardized."""

from collections.abc import Iterator, Mapping, Sequence
from math import prod
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.base.fields import Field
from modelc.compiler.library.base.lazy import NumpyArray, np
from modelc.compiler.library.base.tensor_type import DTYPES
from modelc.compiler.library.base.type_checks import TensorType, need
from modelc.compiler.library.contracts.bad_row import Fault
from modelc.compiler.library.contracts.data_source import Column
from modelc.compiler.library.contracts.reader import Arrays, Learnt, Reader, Unit
from modelc.compiler.library.readers.casts import ABOVE, measured_places, plan_arrays, to_floats
from modelc.compiler.library.readers.checks import check_finite, missing_values
from modelc.compiler.library.readers.faults import MISSING, beyond_in, first_faults, infinite_in, rows_with

STATISTICS = ("mean", "median")
"""The statistics of the training rows that stand for missing values."""


def read_missing(value: Any) -> Any:
    """`error`, a statistic, or a number."""
    if (isinstance(value, int | float) and not isinstance(value, bool)) or value in ("error", *STATISTICS):
        return value
    message = "expected `error`, `mean`, `median`, or a number"
    raise PydanticCustomError("missing", message, {"label": "not one of these"})


Missing = Annotated[
    float | Literal["error", "mean", "median"],
    BeforeValidator(read_missing),
    Field(
        description="What stands for missing values: `mean` or `median` of the training rows, or a number; else they are an error."
    ),
]


def read_standardize(value: Any) -> Any:
    """Yes, no, or `per_group`."""
    if isinstance(value, bool) or value == "per_group":
        return value
    message = "expected `true`, `false`, or `per_group` for each series of `windows`"
    raise PydanticCustomError("standardize", message, {"label": "not one of these"})


Standardize = Annotated[
    bool | Literal["per_group"],
    BeforeValidator(read_standardize),
    Field(
        description="Subtract the mean of the training rows, and divide by their standard deviation; with `windows`, `per_group` "
        "takes those of each series by itself."
    ),
]


class NumericReader(Reader):
    """Abstract: a reader of columns of numbers `[rows]`, or of several in each row `[rows, values]`."""

    takes_missing = True
    foreign_arguments: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(
            ("impute", "fill", "fillna", "fill_value", "imputer", "missing_values", "na"), "write `missing: {value}`"
        ),
        **dict.fromkeys(
            ("normalize", "normalise", "scaler", "standardise", "zscore", "normalization"), "write `standardize: true`"
        ),
        **dict.fromkeys(("above", *ABOVE), "read 0 and 1 by a bound with `array: {column: ..., above: {value}}`"),
        "dtype": "remove it: the input says its dtype, `x: {shape: [8], dtype: float32}`",
    }

    missing: Missing = "error"
    standardize: Standardize = False

    @property
    def per_group(self) -> bool:
        return self.standardize == "per_group"

    @property
    def indicates(self) -> bool:
        """Whether it adds a 1 for each missing value, and a 0 for each that is there."""
        return False

    def plan(self, columns: Mapping[str, Column] | None, wanted: TensorType | None) -> TensorType | None:
        message = f"numbers are floats here, but the input takes {wanted and wanted.dtype}"
        help = "give the input `dtype: float32`, or read integers as they are with `array`"
        need(wanted is None or wanted.is_float, message, help=help, code="E402")
        if columns is None:
            return None
        # Of a column whose type only the rows tell it is known that it has one value a row.
        types = {name: column.type or TensorType(()) for name, column in columns.items()}
        for name, type_ in types.items():
            message = f"`{name}` has {type_.dtype}, expected numbers"
            help = 'name what stands for a missing value, `missing_values: ["", NA]` of the source, or read it with `category`'
            need(type_.dtype in DTYPES, message, help=help, note=columns[name].note, code="E402")
            message = f"one row of `{name}` has {type_.rank} axes, expected a number or a list of them"
            need(type_.rank <= 1, message, help="read it with `array`", code="E402")
        return TensorType(self.shape_of([*types.values()]), wanted.dtype if wanted else "float32")

    def shape_of(self, types: "list[TensorType]") -> tuple[int, ...]:
        """The shape of one row, of columns of these types."""
        width = sum(prod(type_.shape) for type_ in types)
        return (2 * width if self.indicates else width,)

    def learn(self, columns: Arrays) -> Learnt:
        """What stands for missing values, the mean and the scale of each value of a row, as far as they are asked for, and at
        which of them large numbers are measured (see `measured_places`).
        """
        fill: list[float] = []
        means: list[float] = []
        scales: list[float] = []
        measured = ""
        for name, values, gone in columns_of(columns):
            check_infinite(values, name)
            asked = self.standardize or self.missing in STATISTICS
            for place in range(values.shape[1]) if asked else ():
                there = values[:, place] if gone is None else values[~gone[:, place], place]
                if not len(there):
                    raise RunError(
                        "E403", f"`{name}` has no value in the training rows", helps=("leave this column out",)
                    )
                exact = there.astype("float64")
                if self.missing in STATISTICS:
                    fill.append(float(exact.mean() if self.missing == "mean" else np.median(exact)))
                if self.standardize:
                    means.append(float(exact.mean()))
                    # A column that is the same everywhere becomes 0.
                    scales.append(float(exact.std()) or 1.0)
            found = measured_places(values)
            measured += "".join("1" if place else "0" for place in np.resize(found, values.shape[1]))
        return {"fill": fill, "mean": means, "scale": scales, "measured": measured}

    @property
    def values_are(self) -> Literal["integer", "number"] | None:
        return "number"

    def faults(self, columns: Arrays, wanted: TensorType | None) -> Mapping[int, Fault]:
        found = []
        for name, values, gone in columns_of(columns):
            if gone is not None and self.missing == "error":
                found.append({row: Fault(MISSING, name) for row in rows_with(gone)})
            found.append(infinite_in(name, values, also_missing=False))
            if not self.standardize:
                found.append(beyond_in(name, values, "float32" if wanted is None else wanted.dtype))
        return first_faults(found)

    def unit(self, learnt: Learnt) -> Unit | None:
        if not self.standardize or learnt is None:
            return None
        marks = len(learnt["scale"]) if self.indicates else 0
        return Unit((*learnt["scale"], *[1.0] * marks), (*learnt["mean"], *[0.0] * marks))

    def described(self, learnt: Learnt) -> tuple[str, ...]:
        if learnt is None:
            return ()
        said = [f"missing values are read as {spread_of(learnt['fill'])}, the {self.missing}"] if learnt["fill"] else []
        if learnt["mean"]:
            said.append(f"mean {spread_of(learnt['mean'])}, deviation {spread_of(learnt['scale'])}")
        return tuple(said)

    def read(self, columns: Arrays, wanted: TensorType | None, learnt: Learnt = None) -> NumpyArray:
        planned = plan_arrays(self, columns, wanted)
        learnt = self.learn(columns) if learnt is None else learnt
        rows = len(next(iter(columns.values())))
        result = np.zeros((rows, *self.shape_of([TensorType((len(learnt["measured"]),))])), planned.dtype)
        place, width = 0, len(learnt["measured"])
        for name, values, gone in columns_of(columns):
            check_infinite(values, name)
            if gone is not None and self.missing == "error":
                ways = "say what stands for them: `missing: median`, `missing: mean` or a number"
                raise missing_values(name, gone, 0, ways)
            part = slice(place, place + values.shape[1])
            result[:, part] = self.converted(name, values, gone, planned.dtype, wanted, learnt, part)
            if gone is not None and self.indicates:
                result[:, part.start + width : part.stop + width] = gone
            place = part.stop
        return result.reshape(rows, *planned.shape)

    def converted(
        self,
        name: str,
        values: NumpyArray,
        gone: NumpyArray | None,
        dtype: str,
        wanted: TensorType | None,
        learnt: Learnt,
        part: slice,
    ) -> NumpyArray:
        """The `values` `[rows, places]` of a column as the model takes them; `part` are its places in what was learnt."""
        if gone is not None:
            fill = np.asarray(learnt["fill"][part] if self.missing in STATISTICS else self.missing)
            if not (values.dtype.kind == "f" or (fill == np.trunc(fill)).all()):
                values = values.astype("float64")
            values = np.where(gone, fill.astype(values.dtype), values)
        if not self.standardize:
            measured = np.asarray([digit == "1" for digit in learnt["measured"][part]])
            return to_floats(values, dtype, name, 0, wanted, measured)
        exact = values.astype("float64")
        exact -= learnt["mean"][part]
        exact /= learnt["scale"][part]
        return to_floats(exact, dtype, name)


def columns_of(columns: Arrays) -> Iterator[tuple[str, NumpyArray, NumpyArray | None]]:
    """Each column by name, as `[rows, places]`, 0 where it is missing, and where it is, None for nowhere."""
    for name, column in columns.items():
        values = np.ma.getdata(column)
        gone = np.ma.getmaskarray(column) if np.ma.isMaskedArray(column) else np.zeros(values.shape, bool)
        if values.dtype.kind == "f":
            gone = gone | np.isnan(values)
        values = np.where(gone, np.zeros((), values.dtype), values) if gone.any() else values
        yield name, values.reshape(len(values), -1), gone.reshape(len(values), -1) if gone.any() else None


def spread_of(numbers: Sequence[float]) -> str:
    """A number, or the least and the most of several."""
    least, most = min(numbers), max(numbers)
    return f"{least:.4g}" if len(numbers) == 1 else f"{least:.4g} to {most:.4g}"


def check_infinite(values: NumpyArray, name: str) -> None:
    """Raise RunError E403 for infinite `values`, in which none is NaN."""
    if values.dtype.kind == "f":
        check_finite(values, name)
