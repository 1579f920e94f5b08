"""The source of rows that a program gives: `modelc.train(spec, data=frame)`."""

from collections.abc import Collection, Mapping
from typing import Any, ClassVar, Self

from pydantic import PrivateAttr

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.base.lazy import NumpyArray
from modelc.compiler.library.contracts.data_source import Column, FileColumns, Inspected, Loaded, Source
from modelc.compiler.syntax.file_root import Root


class Memory(Source):
    """Rows that a Python program has in memory, and gives with the spec: `modelc.train(spec, data=frame)`.

    A spec says so with `source: memory`, or has no `source`; rows that are given go before a `source` of files. A run keeps the
    digests of the columns, not the rows, so that it cannot be repeated or gone on with: for that, train on a file that the spec names.
    """

    spellings = ("python", "in_memory", "dataframe", "frame", "pandas", "polars", "arrow", "from_tensor_slices")
    example = "memory"
    opens_files: ClassVar[bool] = False

    _given: Any = PrivateAttr(default=None)

    def holding(self, columns: FileColumns, arrays: Mapping[str, NumpyArray]) -> Self:
        """This source with the rows that are given, and what is known of their columns."""
        copy = self.model_copy()
        copy._given = columns, arrays
        return copy

    def columns(self) -> Mapping[str, Column] | None:
        return None

    def inspect(self, root: Root) -> Inspected:
        return Inspected(None if self._given is None else self._given[0])

    def survey(self, root: Root, names: Collection[str]) -> Inspected:
        self.need_rows()
        return self.inspect(root)

    def load(self, root: Root, names: Collection[str] | None = None) -> Loaded:
        self.need_rows()
        columns, arrays = self._given
        for name in names or ():
            if name in columns.refused:
                raise columns.refused[name]
        return Loaded({name: array for name, array in arrays.items() if names is None or name in names})

    def need_rows(self) -> None:
        """Raise RunError E404 where no rows are given."""
        if self._given is None:
            raise RunError(
                "E404",
                "the rows come from a Python program, which gives none here",
                helps=(
                    "give them: `modelc.train(SPEC, data=ROWS)`, and `modelc.open_run(RUN).evaluate(ROWS)`",
                    "`modelc evaluate RUN FILE` and `modelc predict RUN FILE` read rows of a file",
                    "a run of such rows is neither repeated nor gone on with: save the rows in a file, name it as `source`, and train that spec anew",
                ),
            )
