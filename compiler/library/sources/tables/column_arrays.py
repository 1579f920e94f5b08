"""Columns of tables as arrays that are filled part by part: masked where values are missing, and only then."""

from collections.abc import Mapping

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.base.lazy import NumpyArray, np
from modelc.compiler.library.base.memory import available_memory, gigabytes
from modelc.compiler.library.sources.tables.column_types import DTYPES, Kind

SHORT = 16
"""Bytes of a text in an array of texts; longer ones take their own beside."""


class ColumnArrays:
    """One column of `rows` rows of a kind, filled from its first row on."""

    def __init__(self, rows: int, kind: Kind) -> None:
        self.is_text = kind == "text"
        self.values: NumpyArray = np.zeros(rows, np.dtypes.StringDType() if self.is_text else DTYPES[kind])
        self.missing: NumpyArray | None = None
        self.filled = 0

    def add(self, part: NumpyArray) -> None:
        """Take the next rows, `part`, masked where values are missing."""
        rows = slice(self.filled, self.filled + len(part))
        absent = np.ma.getmaskarray(part)
        if absent.any():
            if self.missing is None:
                self.missing = np.zeros(len(self.values), bool)
            self.missing[rows] = absent
        self.values[rows] = np.ma.filled(part, "" if self.is_text else 0)
        self.filled += len(part)

    def whole(self) -> NumpyArray:
        """The column: a `numpy.ma.MaskedArray` where values are missing."""
        return self.values if self.missing is None else np.ma.MaskedArray(self.values, self.missing)


def need_table_memory(rows: int, columns: Mapping[str, tuple[Kind, int]], shown: str) -> None:
    """Raise RunError E502 unless columns of a kind, and of so many bytes of text, fit into the memory that is available."""
    sizes = {name: rows * SHORT + size if kind == "text" else 8 * rows for name, (kind, size) in columns.items()}
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
