"""Columns of tables as arrays that are filled part by part: masked where values are missing, and only then."""

from collections.abc import Mapping, Sequence
from math import prod

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.base.lazy import NumpyArray, np
from modelc.compiler.library.base.memory import available_memory, gigabytes
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.sources.tables.column_types import Notation

WIDTHS = {"str": 16, "float32": 4, "int32": 4, "uint32": 4, "int16": 2, "uint16": 2, "int8": 1, "uint8": 1, "bool": 1}
"""Bytes of a value where they are not 8; texts of more than these take their own beside."""


class ColumnArrays:
    """One column of `rows` rows of a type, filled from its first row on."""

    def __init__(self, rows: int, type_: TensorType) -> None:
        self.is_text = type_.dtype == "str"
        dtype = np.dtypes.StringDType() if self.is_text else np.dtype(type_.dtype)
        self.values: NumpyArray = np.zeros((rows, *type_.shape), dtype)
        self.missing: NumpyArray | None = None
        self.filled = 0

    def add(self, part: NumpyArray) -> None:
        """Take the next rows, `part`, masked where values are missing. Raises RunError E405 for more than there are to be."""
        if self.filled + len(part) > len(self.values):
            raise other_rows()
        rows = slice(self.filled, self.filled + len(part))
        absent = np.ma.getmaskarray(part)
        if absent.any():
            if self.missing is None:
                self.missing = np.zeros(self.values.shape, bool)
            self.missing[rows] = absent
        self.values[rows] = np.ma.filled(part, "" if self.is_text else 0)
        self.filled += len(part)

    def whole(self) -> NumpyArray:
        """The column: a `numpy.ma.MaskedArray` where values are missing. Raises RunError E405 for fewer rows than there are to be."""
        if self.filled < len(self.values):
            raise other_rows()
        return self.values if self.missing is None else np.ma.MaskedArray(self.values, self.missing)


def array_of_texts(texts: Sequence[str], type_: TensorType, notation: Notation) -> NumpyArray:
    """Values that are written so, all of them of the kind with the `type_`, masked where they are missing."""
    missing = np.array([text in notation.missing_values for text in texts], bool)
    is_text = type_.dtype == "str"
    dtype = np.dtypes.StringDType() if is_text else np.dtype(type_.dtype)
    read = int if type_.dtype == "int64" else lambda text: float(text.replace(notation.decimal, "."))
    numbers = () if is_text else [0 if gone else read(text) for text, gone in zip(texts, missing, strict=True)]
    values: NumpyArray = np.array(texts if is_text else numbers, dtype)
    return np.ma.MaskedArray(values, missing) if missing.any() else values


def other_rows() -> RunError:
    """The error E405 for a file that has other rows than it had when it was looked through."""
    return RunError(
        "E405", "a file of the table changed while it was read, or is damaged: it has other rows than before"
    )


def need_table_memory(rows: int, columns: Mapping[str, tuple[TensorType, int]], shown: str) -> None:
    """Raise RunError E502 unless columns of a type, and of so many bytes of text, fit into the memory that is available."""
    sizes = {
        name: rows * prod(type_.shape) * WIDTHS.get(type_.dtype, 8) + (size if type_.dtype == "str" else 0)
        for name, (type_, size) in columns.items()
    }
    there, needed = available_memory(), sum(sizes.values())
    if there is None or needed <= there:
        return
    largest = max(sizes, key=sizes.__getitem__)
    raise RunError(
        "E502",
        f"the columns that are read of {shown!r} take {gigabytes(needed)} of memory, but {gigabytes(there)} are available",
        notes=(f"the largest is `{largest}`: {gigabytes(sizes[largest])}",),
        helps=("keep fewer rows in the file, or read fewer columns",),
    )
