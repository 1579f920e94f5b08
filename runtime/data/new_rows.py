"""New rows for a trained model, in what the user names: a table, arrays, or files that are rows themselves."""

import io
import shutil
import sys
import tempfile
from collections.abc import Callable, Collection, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO, NamedTuple

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.contracts.data_source import Column, FileColumns, Source
from modelc.compiler.library.sources import SOURCES
from modelc.compiler.library.sources.archive import read_arrays, read_headers
from modelc.compiler.library.sources.endings import source_of_file
from modelc.compiler.library.sources.files import Files
from modelc.compiler.library.sources.tables.table_file import TableFile, named
from modelc.compiler.library.sources.tables.table_source import TableSource
from modelc.compiler.syntax.file_root import Root, cache_folder, open_regular
from modelc.runtime.data.arrays import Arrays
from modelc.runtime.data.bad_rows import PlacesOf
from modelc.runtime.data.new_files import columns_of_files, root_of_rows

STANDARD_INPUT = Path("-")


class NewRows(NamedTuple):
    """Where rows are, the names of their columns, the errors of those that can be none, and how columns are read."""

    shown: str
    names: Collection[str]
    refused: Mapping[str, RunError]
    read: Callable[[Collection[str]], Arrays]
    place_of: Callable[[int], str] = lambda row: ""
    """Where a row is in the file, counted from 0."""
    root: Root = root_of_rows(Path())
    """Where the paths in them begin."""
    places_of: PlacesOf = lambda rows: {}
    """The file and the line of rows, as `place_of` counts them."""


def new_rows(
    path: Path,
    source: Source | None,
    trained: Mapping[str, Column],
    folder: Path | None = None,
    opened: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
) -> NewRows:
    """What `path` stands for: a file of rows, see `rows_in_file`, or, for a run of files, one of them, a folder or a pattern, where
    `opened` are the columns whose files the inputs open, with how their names end. Paths in the rows begin at `folder`, else where the file is. Raises
    RunError E4xx.
    """
    if isinstance(source, Files) and path != STANDARD_INPUT and is_row(path, opened):
        root, columns = columns_of_files(path, source, opened)
        return NewRows(str(path), columns, {}, lambda names: {name: columns[name] for name in names}, root=root)
    root = root_of_rows(path.parent) if folder is None else Root(folder, cache_folder(), "option")
    if source is not None and source.endings and path.name.lower().endswith(source.endings):
        return rows_of_source(path, source, trained)._replace(root=root)
    return rows_in_file(path, source, trained)._replace(root=root)


def rows_of_source(path: Path, source: Source, trained: Mapping[str, Column]) -> NewRows:
    """The file at `path`, which `source` reads as its own. Raises RunError E4xx."""
    own, root = source.reading(path.name).typed(trained), root_of_rows(path.parent)
    found = own.inspect(root)
    for error in found.absent:
        raise error
    read = partial(own.load, root)
    return NewRows(str(path), found.columns or {}, {}, lambda names: read(names).train, partial(own.place_of, root))


def is_row(path: Path, opened: Mapping[str, tuple[str, ...]]) -> bool:
    """Whether a path of new rows for a run of files stands for such files, and not for a table that names them."""
    endings = {ending for some in opened.values() for ending in some}
    return not source_of_file(path.name) or path.suffix.lower() in endings


def rows_in_file(path: Path, source: Source | None, trained: Mapping[str, Column]) -> NewRows:
    """The file at `path`; a table is read as those of the run's own `source`, where that is of the same kind, and by the types of
    the columns `trained`. `-` is JSON lines in standard input. Raises RunError E4xx.
    """
    if path == STANDARD_INPUT:
        return table_rows("jsonl", standard_input(), source, trained)
    name = source_of_file(path.name)
    if name in ("", "npz"):
        return with_made_columns(arrays_in(path), source, trained)
    return table_rows(
        name, TableFile(str(path), partial(open_regular, path, str(path)), of_training(path, trained)), source, trained
    )


def table_rows(name: str, file: TableFile, source: Source | None, trained: Mapping[str, Column]) -> NewRows:
    """The rows of a table that the source called `name` reads. Raises RunError E4xx."""
    cls = SOURCES.find(name)
    assert issubclass(cls, TableSource)
    table = source if type(source) is cls and isinstance(source, TableSource) else cls(train=(file.shown,))
    if isinstance(source, TableSource):
        table = table.model_copy(update={"parts": source.parts, "paths": source.paths})
    if isinstance(source, TableSource) and source.skips:
        table = table.skipping(source.wanted)
    table, files = table.typed(trained), (file,)
    there = table.header(files[0])
    if there is None:
        there = table.surveyed(files, (), table.trained)
    return NewRows(
        file.shown,
        there,
        there.refused,
        lambda names: table.read(files, names, table.trained)[0],
        partial(table.place_in, files),
        places_of=partial(table.places_in, files),
    )


def with_made_columns(rows: NewRows, source: Source | None, trained: Mapping[str, Column]) -> NewRows:
    """`rows` of arrays with the columns that the run's own `source` makes of those that are in files, as far as they are there: `parts` of
    texts, and `paths`. One of these that is there itself is taken as it is. Raises RunError E404 for a part that is.
    """
    if not isinstance(source, TableSource):
        return rows
    there = {*rows.names, *rows.refused}
    table = source.typed(trained).making_of(there)
    known = FileColumns({name: Column(None) for name in there if name not in rows.refused}, dict(rows.refused))

    def read(names: Collection[str]) -> Arrays:
        of_rows = table.in_files(names) or ()
        for name in of_rows:
            if name in rows.refused:
                raise rows.refused[name]
        columns = rows.read(of_rows)
        found = {**columns, **table.made_of(columns, table.trained)}
        return {name: found[name] for name in names}

    return rows._replace(names={*table.with_made(known, rows.shown), *rows.refused}, read=read)


def of_training(path: Path, trained: Mapping[str, Column]) -> tuple[tuple[str, str], ...]:
    """The columns and values in the names of the folders of a file, as far as the rows of training had such columns."""
    return tuple((name, value) for name, value in named(path.parent.parts) if name in trained)


def standard_input() -> TableFile:
    """What standard input has, in a file, which is there as long as it can be opened."""
    kept = tempfile.NamedTemporaryFile(prefix="modelc-")  # noqa: SIM115  # closed when nothing refers to it any more
    shutil.copyfileobj(getattr(sys.stdin, "buffer", None) or io.BytesIO(sys.stdin.read().encode()), kept)
    kept.flush()

    def opened() -> BinaryIO:
        return open(kept.name, "rb")

    return TableFile("standard input", opened)


def arrays_in(path: Path) -> NewRows:
    """The arrays of the .npz file at `path`. Raises RunError E404, E405."""
    shown = str(path)
    with open_regular(path, shown) as file:
        try:
            headers, refused = read_headers(file, shown)
        except RunError as error:
            raise error.replaced(helps=BY_ENDING if is_text(path) else error.helps) from None
    for name, header in headers.items():
        if not header.shape:
            raise RunError("E404", f"the column `{name}` in `{path}` is a single value and has no rows")

    def read(names: Collection[str]) -> Arrays:
        with open_regular(path, shown) as file:
            return read_arrays(file, shown, names)

    return NewRows(shown, headers, refused, read)


BY_ENDING = ("a table has the ending of its kind: `.csv`, `.parquet` or `.jsonl`",)


def is_text(path: Path) -> bool:
    """Whether the file at `path` begins as a text does."""
    with open_regular(path, str(path)) as file:
        begin = file.read(64)
    return bool(begin) and all(byte >= 32 or byte in b"\t\r\n" for byte in begin) and not begin.startswith(b"PK")
