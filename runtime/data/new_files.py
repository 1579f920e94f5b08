"""New rows for a run whose rows are files: one file, all in a folder that readers open, or those that fit a pattern."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.diagnostics.phrases import listed
from modelc.compiler.library.sources.files import Files
from modelc.compiler.syntax.file_root import Root, cache_folder
from modelc.compiler.syntax.path_patterns import is_pattern
from modelc.compiler.syntax.pattern_walk import matches, need_matches
from modelc.runtime.data.arrays import Arrays


class NamedFiles(NamedTuple):
    """Files that the user names: their paths below the root of them, sorted."""

    root: Root
    paths: tuple[str, ...]


def root_of_rows(folder: Path) -> Root:
    """The root for paths in new rows, which are from `folder` on."""
    return Root(folder, cache_folder(), "rows")


def named_files(path: Path, endings: tuple[str, ...]) -> NamedFiles:
    """The files that `path` stands for: itself, those in it and in the folders below whose names end in one of `endings`, or those
    that fit it as a pattern.

    Raises RunError E404, E405.
    """
    if os.path.isdir(path):
        root = root_of_rows(path)
        found = sorted(match.path for match in matches(root, "**/*") if match.path.lower().endswith(endings))
        if not found:
            message = f"there is no file to read in the folder `{path}`"
            raise RunError("E404", message, helps=(f"their names end in one of {', '.join(endings)}",))
        return NamedFiles(root, tuple(found))
    if os.path.exists(path) or not is_pattern(str(path)):
        return NamedFiles(root_of_rows(path.parent), (path.name,))
    parts = path.parts
    plain = next(place for place, part in enumerate(parts) if is_pattern(part))
    root = root_of_rows(Path(*parts[:plain]))
    return NamedFiles(root, tuple(sorted(match.path for match in need_matches(root, "/".join(parts[plain:])))))


def columns_of_files(path: Path, source: Files, opened: Mapping[str, tuple[str, ...]]) -> tuple[Root, Arrays]:
    """The columns of `source` for the files that `path` stands for, and the root of the paths in them; `opened` are the columns
    whose files the inputs open, with how their names end. Raises RunError E404, E405.
    """
    columns = [name for name in source.by_column if not opened or name in opened]
    if len(columns) > 1:
        raise RunError(
            "E404",
            f"the inputs are read from {len(columns)} files in each row: {listed(columns)}",
            helps=(f"name a table with these columns, such as a csv file that begins with `{','.join(columns)}`",),
        )
    root, paths = named_files(path, opened.get(columns[0], ()))
    return root, source.columns_of({columns[0]: list(paths)}, root.folder.absolute().name)
