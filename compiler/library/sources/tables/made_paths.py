"""Columns of paths that are made of other columns: `paths: {photo: "photos/{id}.jpg"}` of a table that has ids."""

import re
from collections.abc import Collection, Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.diagnostics.phrases import listed
from modelc.compiler.library.base.fields import Field
from modelc.compiler.library.base.lazy import NumpyArray, np
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.data_source import Column, FileColumns

PLACE = re.compile(r"\{([^{}]+)\}")
"""Where the value of a column stands in a path."""


def read_paths(value: Any) -> Any:
    """Paths by the column that they are. Raises for anything else, and for paths that are the same in all rows."""
    example = 'for example `paths: {photo: "photos/{id}.jpg"}`, where `id` is a column'
    if not isinstance(value, dict) or not all(isinstance(path, str) for path in value.values()):
        message = "expected a path for each column of paths that is made of others"
        raise PydanticCustomError("paths", message, {"help": example, "label": "no paths"})
    for name, path in value.items():
        if not PLACE.search(path) or set(PLACE.sub("", path)) & set("{}"):
            message = f"the path of `{name}` has no column in it, or a brace that does not end: {path!r}"
            raise PydanticCustomError("paths", "{message}", {"message": message, "help": example, "label": "no column"})
    return value


Paths = Annotated[
    dict[str, str],
    BeforeValidator(read_paths),
    Field(description='Columns of paths that are made of others: `{photo: "photos/{id}.jpg"}` of the column `id`.'),
]


def columns_in(path: str) -> set[str]:
    """The columns whose values stand in a path."""
    return {*PLACE.findall(path)}


def parts_of(paths: Mapping[str, str], names: Collection[str] | None) -> Collection[str] | None:
    """The columns of a file that those called `names` are made of, or that they are; None for all."""
    if names is None:
        return None
    made = [part for name, path in paths.items() if name in names for part in PLACE.findall(path)]
    return [*dict.fromkeys([*(name for name in names if name not in paths), *made])]


def with_paths(columns: FileColumns, paths: Mapping[str, str], shown: str, *, all_needed: bool) -> FileColumns:
    """The `columns` of the file called `shown`, and those of paths that are made of them; where not `all_needed`, those alone
    whose parts are there. Raises RunError E401, E404.
    """
    made: dict[str, Column] = {}
    rows = next((column.rows for column in columns.values()), None)
    for name, path in paths.items():
        if name in columns or name in columns.refused:
            message = f"`paths` makes the column `{name}`, and {shown!r} has one that is called so"
            raise RunError("E404", message, helps=("give the column of paths another name",))
        lacking = [part for part in PLACE.findall(path) if part not in columns and part not in columns.refused]
        if lacking and all_needed:
            message = f"`paths` makes `{name}` of the column `{lacking[0]}`, which {shown!r} does not have"
            raise RunError("E401", message, notes=(f"columns: {listed([*columns])}",))
        if not lacking:
            made[name] = Column(TensorType((), "str"), rows=rows, has_paths=True)
    return FileColumns({**columns, **made}, columns.refused)


def made_paths(paths: Mapping[str, str], columns: Mapping[str, NumpyArray]) -> dict[str, NumpyArray]:
    """The columns of `paths` whose parts are there. Raises RunError E402 for parts that are neither texts nor integers."""
    return {name: made_of(path, columns) for name, path in paths.items() if columns_in(path) <= {*columns}}


def made_of(path: str, columns: Mapping[str, NumpyArray]) -> NumpyArray:
    """The path of each row, masked where a value of a column in it is missing. Raises RunError E402."""
    first, *rest = PLACE.split(path)
    found: NumpyArray | None = None
    missing: NumpyArray = np.zeros((), bool)
    for name, after in zip(rest[::2], rest[1::2], strict=True):
        column = columns[name]
        if column.dtype.kind not in "TUiu" or column.ndim != 1:
            message = f"`{name}` has {column.dtype.name}, and a path is made of it"
            raise RunError("E402", message, helps=(f"read it as it is written: `types: {{{name}: text}}`",))
        texts = np.ma.getdata(column).astype(np.dtypes.StringDType())
        missing = missing | np.ma.getmaskarray(column)
        begin = first if found is None else found
        found = np.strings.add(np.strings.add(np.asarray(begin, np.dtypes.StringDType()), texts), after)
    assert found is not None, "a path has a column in it"
    return np.ma.MaskedArray(found, missing) if missing.any() else found
