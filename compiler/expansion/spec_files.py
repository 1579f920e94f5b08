"""The files that a spec extends or uses or has class names from, read beneath its root; what is in them is not parsed here."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from modelc.compiler.diagnostics.problem import Path as KeyPath
from modelc.compiler.syntax.document import MAX_BYTES
from modelc.compiler.syntax.file_root import LoadedFile, Root


def needs_files(data: Any) -> bool:
    """Whether a document names other files."""
    blocks = data.get("blocks")
    defined = blocks.values() if isinstance(blocks, Mapping) else ()
    return "extends" in data or any(isinstance(block, Mapping) and "use" in block for block in defined)


def class_files(data: Any, at: KeyPath = ()) -> list[KeyPath]:
    """Where readers of a document, and of those that its blocks use, name a file of class names."""
    found: list[KeyPath] = []
    section = data.get("data")
    for key in ("inputs", "targets") if isinstance(section, Mapping) else ():
        readers = section.get(key)
        for name, reader in readers.items() if isinstance(readers, Mapping) else ():
            for kind, arguments in reader.items() if isinstance(reader, Mapping) else ():
                classes = arguments.get("classes") if isinstance(arguments, Mapping) else None
                if isinstance(classes, Mapping) and "file" in classes:
                    found.append((*at, "data", key, name, kind, "classes"))
    blocks = data.get("blocks")
    for name, block in blocks.items() if isinstance(blocks, Mapping) else ():
        used = block.get("use") if isinstance(block, Mapping) else None
        if isinstance(used, Mapping):
            found += class_files(used, (*at, "blocks", name, "use"))
    return found


def load_file(
    root: Root, texts: Mapping[str, str], path: str, stands_in: str | None, most: int = MAX_BYTES
) -> LoadedFile:
    """The file at `path` below `root`, up to one byte more than `most`. Raises RunError E405.

    `stands_in` is the name of the file that names it, None for the spec itself.
    """
    if stands_in is not None:
        root = root.for_paths_in(stands_in)
    known = texts.get(str(root.resolve(path))) if texts else None
    if known is not None:
        return LoadedFile(shown_path(root.folder / path), known.encode("utf-8", "surrogatepass"))
    with root.open(path) as file:
        links = os.fstat(file.fileno()).st_nlink
        return LoadedFile(shown_path(root.folder / path), file.read(most + 1), links)


def shown_path(path: Path) -> str:
    """`path` as shown in messages: relative to the current folder if it is inside it."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative
