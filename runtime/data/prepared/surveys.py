"""What all rows of the files of a source say of its columns, kept in the cache: a command looks for it before it reads them."""

from collections.abc import Collection
from typing import Any

from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.data_source import Column, FileColumns, Inspected, Source, refused_arrays
from modelc.compiler.library.sources import SOURCES
from modelc.compiler.library.sources.tables.table_source import TableSource
from modelc.compiler.syntax.file_root import Root
from modelc.runtime.data.prepared.cache import found, put
from modelc.runtime.data.prepared.key import FORMAT, digest_of
from modelc.runtime.data.prepared.source_files import SourceFile, are_settled, stamped
from modelc.runtime.runs.open_folder import OpenFolder
from modelc.runtime.runs.run_files import content_of
from modelc.runtime.runs.sealed_json import Sealed, read_sealed, sealed
from modelc.runtime.runs.unsound import UnsoundError

RECORD = "columns.json"
MOST = 2**26
"""Bytes of a record of columns."""


class KeptColumn(Sealed):
    """A `Column`; `type` is its shape and dtype."""

    shape: list[int] | None
    dtype: str
    classes: list[str] | int | None
    rows: int | None
    note: str


class Kept(Sealed):
    """The columns of a source."""

    format: int
    key: str
    columns: dict[str, KeptColumn]


def surveyed(source: Source, root: Root, names: Collection[str]) -> Inspected:
    """What `source.survey` says of the same, from the cache if it is there. Raises RunError as it does."""
    if not isinstance(source, TableSource):
        return source.survey(root, names)
    files = files_of(source, root)
    key = digest_of(
        {
            "source": SOURCES.dump(source),
            "trained": sorted(source.trained.items()),
            "skipping": sorted(source.wanted.items()) if source.skips else None,
            "names": sorted(names),
            "files": [[path, stamp] for path, stamp in files],
        }
    )
    try:
        with found(root.cache, key) as folder:
            if folder is not None:
                return Inspected(columns_in(folder, key))
    except (OSError, UnsoundError):
        pass
    inspected = source.survey(root, names)
    if are_settled(files) and files_of(source, root) == files:
        keep(root, key, inspected)
    return inspected


def files_of(source: Source, root: Root) -> tuple[SourceFile, ...]:
    """The files of a source. Raises RunError E405."""
    return tuple(SourceFile(*each) for given in dict.fromkeys(source.files()) for each in stamped(root, given))


def columns_in(folder: OpenFolder, key: str) -> FileColumns:
    """The columns that a folder has. Raises UnsoundError where they are not those of the `key`, or damaged."""
    kept = read_sealed(content_of(folder, RECORD, MOST), Kept, (FORMAT,))
    if kept.key != key:
        raise UnsoundError("is of other columns")
    return FileColumns({name: column_of(column) for name, column in kept.columns.items()}, {})


def column_of(kept: KeptColumn) -> Column:
    type_ = None if kept.shape is None else TensorType(tuple(kept.shape), kept.dtype)
    classes = tuple(kept.classes) if isinstance(kept.classes, list) else kept.classes
    return Column(type_, classes, kept.rows, kept.note)


def keep(root: Root, key: str, inspected: Inspected) -> None:
    """Keep what was found, unless there are columns with errors: these are found again with their places."""
    if inspected.columns is None or inspected.absent or refused_arrays(inspected.columns):
        return
    columns: dict[str, Any] = {
        name: {
            "shape": None if column.type is None else list(column.type.shape),
            "dtype": "" if column.type is None else column.type.dtype,
            "classes": list(column.classes) if isinstance(column.classes, tuple) else column.classes,
            "rows": column.rows,
            "note": column.note,
        }
        for name, column in inspected.columns.items()
    }
    content = sealed({"format": FORMAT, "key": key, "columns": columns})
    try:
        put(root.cache, key, len(content), lambda folder: folder.write_new(RECORD, content))
    except OSError:
        # What reads the rows next says of the cache that it cannot be written.
        return
