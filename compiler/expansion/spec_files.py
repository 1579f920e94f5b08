"""The files that a spec extends or uses or has class names from, read beneath its root; what is in them is not parsed here."""

import os
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from modelc.compiler.diagnostics.problem import Path as KeyPath
from modelc.compiler.diagnostics.problem import Problem
from modelc.compiler.syntax.document import MAX_BYTES, Document, read, show_text
from modelc.compiler.syntax.file_root import LoadedFile, Root

if TYPE_CHECKING:
    from modelc.compiler.expansion.class_names import Named


def needs_files(data: Any) -> bool:
    """Whether a document names other files."""
    blocks = data.get("blocks")
    defined = blocks.values() if isinstance(blocks, Mapping) else ()
    return "extends" in data or any(isinstance(block, Mapping) and "use" in block for block in defined)


NAMES_ARGUMENT = {"text": "vocabulary"}
"""The argument of a reader that may be a file of names, where it is not `classes`."""


def names_argument(kind: str) -> str:
    """The argument that may be a file of names, of the reader called `kind`."""
    return NAMES_ARGUMENT.get(kind, "classes")


FROM = ("file", "run")
"""Where names may come from: the key beside which the path stands, of a text file or of a run."""


class ClassFile(NamedTuple):
    """Class names that are elsewhere: `classes` is the key path of the argument of a reader that they are for, `at` where that
    value is written, and `file` where the path is, both behind variables. `key` is one of `FROM`.
    """

    classes: KeyPath
    at: KeyPath
    file: KeyPath
    key: str = "file"

    def known_as(self, path: str) -> str:
        """What the names from `path` are called among all of a spec: a run may have some for each input."""
        return known_as(self.key, path, str(self.classes[-3]))


def known_as(key: str, path: str, name: str) -> str:
    """What the names are called that stand at `path`, by a `key` of `FROM`, for the input or target called `name`."""
    return path if key == "file" else learnt_in(path, name)


def learnt_in(run: str, name: str) -> str:
    """What the names are called that an input or target called `name` has learnt in a run."""
    return f"{run.rstrip('/')}/{LEARNT}#{name}"


def file_and_name(known_as: str) -> tuple[str, str]:
    """The file that names which are called so are in, and the input or target of a run; without one for a text file."""
    run, sign, name = known_as.rpartition(f"/{LEARNT}#")
    return (f"{run}/{LEARNT}", name) if sign else (known_as, "")


LEARNT = "readers.json"
"""The file of a run that has what its readers have learnt."""


def class_files(data: Any, top: KeyPath = ()) -> list[ClassFile]:
    """The files of class names that readers of a document, and of those that its blocks use, name; `top` is the spec in it."""
    spec = Written(data, top)
    found: list[ClassFile] = []
    section = spec.below(top, "data")
    readers: list[tuple[KeyPath, KeyPath | None]] = [(("sample_weight",), spec.below(section, "sample_weight"))]
    for key in ("inputs", "targets"):
        readers += [((key, name), reader) for name, reader in spec.entries(spec.below(section, key))]
    for names, reader in readers:
        for kind, arguments in spec.entries(reader):
            argument = names_argument(kind)
            at = spec.below(arguments, argument)
            for key in FROM:
                file = spec.below(at, key)
                if at is not None and file is not None and isinstance(spec.get(at), Mapping):
                    found.append(ClassFile((*top, "data", *names, kind, argument), at, file, key))
                    break
    for name, block in spec.entries(spec.below(top, "blocks")):
        used = spec.below(block, "use")
        if used is not None and isinstance(spec.get(used), Mapping):
            found += class_files(data, (*top, "blocks", name, "use"))
    return found


class Written:
    """Where the values of a spec are written in `data`, the plain data of a document in which it is at the key path `top`:
    behind its variables, which are not expanded yet.
    """

    def __init__(self, data: Any, top: KeyPath) -> None:
        self.data = data
        self.top = top
        self.known: dict[KeyPath, KeyPath | None] = {}
        self.depth = 0

    def get(self, path: KeyPath) -> Any:
        """The data at `path`, which is there."""
        found = self.data
        for key in path:
            found = found[key]
        return found

    def below(self, path: KeyPath | None, key: str) -> KeyPath | None:
        """Where the value of `key`, in the mapping or list that is written at `path`, is written; None if there is none."""
        around = None if path is None else self.get(path)
        if path is not None and isinstance(around, Mapping) and key in around:
            return self.behind((*path, key))
        if path is not None and isinstance(around, list):
            from modelc.compiler.expansion.source_tree import index_in

            index = index_in(key, around)
            return None if index is None else self.behind((*path, index))
        return None

    def entries(self, path: KeyPath | None) -> Iterator[tuple[str, KeyPath | None]]:
        """Each key of the mapping at `path`, if there is one, with where its value is written."""
        around = None if path is None else self.get(path)
        for key in around if isinstance(around, Mapping) else ():
            yield key, self.below(path, key)

    def behind(self, path: KeyPath) -> KeyPath | None:
        """Where the value of the variable at `path` is written, or `path` itself; None where there is no such variable."""
        text = self.get(path)
        if not isinstance(text, str) or not text.startswith("$"):
            return path
        if path not in self.known:
            # Until it is found: a variable may depend on itself.
            self.known[path] = None
            self.depth += 1
            self.known[path] = self.referred(text)
            self.depth -= 1
        return self.known[path]

    def referred(self, text: str) -> KeyPath | None:
        """Where the value of a reference, or of an expression that is one, is written."""
        from modelc.compiler.expansion.scope import parse_reference
        from modelc.compiler.expansion.variables import LARGEST_DEPTH

        if self.depth > LARGEST_DEPTH:
            return None
        is_expression = text.startswith("${") and text.endswith("}")
        name, steps = parse_reference(f"${text[2:-1].strip()}" if is_expression else text) or ("", [])
        found = self.below(self.below(self.top, "vars"), name)
        for step in steps:
            found = self.below(found, step)
        # An expression is no mapping.
        return None if found is None or (is_expression and isinstance(self.get(found), Mapping)) else found


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


def name_classes(
    document: Document,
    root: Root | None,
    texts: Mapping[str, str] = MappingProxyType({}),
    known: Mapping[str, tuple[str, ...]] | None = None,
) -> "Named":
    """The class names in the files that `document` names, below `root` or `known`."""
    from modelc.compiler.expansion.class_names import MAX_NAME_BYTES, read_class_names

    load = None if root is None else partial(load_file, root, texts, most=MAX_NAME_BYTES)
    return read_class_names(document, load, known)


def merge_files(
    text: bytes | str,
    name: str,
    root: Root | None,
    texts: Mapping[str, str] = MappingProxyType({}),
    written_out: bool = False,
    last: bool = False,
) -> tuple[Document | None, tuple[Problem, ...], Mapping[str, str]]:
    """The spec in `text` with the files that it extends and uses, the problems found in them, and all texts by name. With
    `last`, a key that stands twice in the text has its last value.

    The document is None if the text cannot be read, or a file that it extends cannot be had.
    """
    document, problems = read(text, name, last)
    if document is None:
        return None, problems, {name: show_text(text)}
    if not needs_files(document.data):
        return document, problems, {name: document.text}
    from modelc.compiler.expansion.includes import include

    merged, found, others = include(document, None if root is None else partial(load_file, root, texts), written_out)
    return merged, problems + found, {name: document.text, **others}
