"""The files that a spec extends or uses, read beneath its root; what is in them is not parsed here."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from modelc.compiler.syntax.document import MAX_BYTES
from modelc.compiler.syntax.file_root import LoadedFile, Root


def needs_files(data: Any) -> bool:
    """Whether a document names other files."""
    blocks = data.get("blocks")
    defined = blocks.values() if isinstance(blocks, Mapping) else ()
    return "extends" in data or any(isinstance(block, Mapping) and "use" in block for block in defined)


def load_file(root: Root, texts: Mapping[str, str], path: str, stands_in: str | None) -> LoadedFile:
    """The file at `path` below `root`. Raises RunError E405.

    `stands_in` is the name of the file that names it, None for the spec itself.
    """
    if stands_in is not None:
        root = root.for_paths_in(stands_in)
    known = texts.get(str(root.resolve(path))) if texts else None
    if known is not None:
        return LoadedFile(shown_path(root.folder / path), known.encode("utf-8", "surrogatepass"))
    with root.open(path) as file:
        links = os.fstat(file.fileno()).st_nlink
        return LoadedFile(shown_path(root.folder / path), file.read(MAX_BYTES + 1), links)


def shown_path(path: Path) -> str:
    """`path` as shown in messages: relative to the current folder if it is inside it."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative
