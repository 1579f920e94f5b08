"""Other files that a spec is made of: `extends` is merged into it, and `use` of a block becomes what that file says.

Files are named by paths below the root and are read as specs are: nothing in them is run. What is read keeps its places.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from posixpath import dirname, join, normpath
from typing import Any

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.diagnostics.problem import Path, Problem
from modelc.compiler.diagnostics.reporter import ProblemCollector
from modelc.compiler.expansion.key_path import remove
from modelc.compiler.expansion.merge import merge
from modelc.compiler.expansion.source_tree import SourceNode, document_of, hole, tree
from modelc.compiler.language.grammar import BLOCK, LANGUAGE
from modelc.compiler.language.parser.spec import check_format
from modelc.compiler.language.parser.walk import read
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.syntax.document import Document, Hop, Where
from modelc.compiler.syntax.document import read as read_document

MAX_FILES = 32
"""Files that one spec may be made of."""
RELATIVE = "paths are relative to the folder of the spec that is read, or to `--root DIR`, whatever file they stand in"

Load = Callable[[str], tuple[str, bytes]]
"""The name, for messages, and the bytes of the file that a path in a spec names. Raises RunError E405."""


class Files(ProblemCollector):
    """What was read so far: the text of each file by its name and the path that led to it, what was found wrong in them,
    and where what stood at a path is removed."""

    def __init__(self, load: Load | None) -> None:
        super().__init__()
        self.load = load
        self.sources: dict[str, str] = {}
        self.paths: dict[str, str] = {}
        self.removed: dict[Path, Where] = {}


def include(document: Document, load: Load | None) -> tuple[Document | None, tuple[Problem, ...], Mapping[str, str]]:
    """`document` with the files that it names merged into it, what is wrong with them, and their texts by name.

    There is none without what it extends: nothing that is missing in it would be missing.
    """
    files = Files(load)
    root = whole(tree(document), files, (document.name,))
    if root is None:
        return None, tuple(files.problems), files.sources
    included, problems = document_of(root, document)
    return replace(included, removed=files.removed), (*files.problems, *problems), files.sources


def whole(root: SourceNode, files: Files, stack: tuple[str, ...]) -> SourceNode | None:
    """The spec `root` with what it extends and uses; `stack` has the files around it, the outermost first.

    None where what it extends could not be had, which has been reported.
    """
    base = root.get("extends")
    if base is not None:
        below = extended(base, files, stack)
        if below is None:
            return None
        content = {key: entry for key, entry in root.content.items() if key != "extends"}
        root = merge(below, replace(root, content=content), files)
        # Each file says itself which language it is in.
        stated = {key: entry for key, entry in root.content.items() if key != "modelc" or key in content}
        root = replace(root, content=stated)
    blocks = root.get("blocks")
    if blocks is None or blocks.kind != "mapping":
        return root
    entries = {name: (where, used(block, files, stack)) for name, (where, block) in blocks.content.items()}
    where, _ = root.content["blocks"]
    return replace(root, content={**root.content, "blocks": (where, replace(blocks, content=entries))})


def extended(part: SourceNode, files: Files, stack: tuple[str, ...]) -> SourceNode | None:
    """What the value of `extends` names, without what it removes; None after reporting why there is nothing."""
    reporter = Reporter(part.at.document)
    found = read(reporter, LANGUAGE.keys["extends"], part.data, part.at.path)
    files.problems += reporter.problems
    entries: Mapping[str, Any] = found if isinstance(found, Mapping) else {"file": found}
    base = None
    if entries.get("file") is not None:
        base = other(part.get("file") or part, "extends", files, stack)
    removed = part.get("remove")
    if base is None or removed is None or removed.kind != "list":
        return base
    for item in removed.content:
        if item.kind == "scalar" and isinstance(item.content, str):
            rest = remove(base, item, files)
            if rest is not base:
                files.removed[tuple(item.content.split("."))] = item.at
            base = rest
    return base


def used(block: SourceNode, files: Files, stack: tuple[str, ...]) -> SourceNode:
    """The definition of a block with the file that its `use` names in the place of the path."""
    path = block.get("use") if block.kind == "mapping" else None
    if path is None or path.kind == "hole":
        return block
    where, _ = block.content["use"]
    if path.at.document is not where.document:
        # The file is here already, in a block of the spec that this one extends.
        return block
    reporter = Reporter(path.at.document)
    named = read(reporter, BLOCK.keys["use"], path.data, path.at.path)
    files.problems += reporter.problems
    before = dict(files.removed)
    inner = None if named is None else other(path, "use", files, stack)
    # What that file leaves out of what it extends is no part of this one.
    files.removed = before
    if inner is None:
        return replace(block, content={**block.content, "use": (where, hole(path.at))})
    # The path itself, which the file now stands in the place of, is where this leads.
    inner = replace(inner, trail=(*inner.trail, Hop(path.at, "used here")))
    return replace(block, content={**block.content, "use": (where, inner)})


def other(path: SourceNode, key: str, files: Files, stack: tuple[str, ...]) -> SourceNode | None:
    """The spec in the file that `path` names, with what it is made of in turn; None after reporting what is wrong."""
    if path.content.startswith("$"):
        cure = "write the path itself: files are read before there are variables"
        files.report("E105", f"`{path.content}` is no path of a file", path.at, label="a variable", help=cure)
        return None
    if files.load is None:
        cure = "give the spec as a file: paths are relative to its folder"
        files.report("E010", f"`{path.content}` cannot be read: this spec is no file", path.at, help=cure)
        return None
    try:
        name, data = files.load(path.content)
    except RunError as error:
        beside = beside_it(path, files)
        helps = error.helps if beside is None else (f"write `{key}: {beside}`: {RELATIVE}",)
        files.report("E010", error.message, path.at, label=f"`{key}`", note=error.notes, help=helps)
        return None
    files.paths.setdefault(name, path.content)
    if name in stack:
        chain = " -> ".join([*stack[stack.index(name) :], name])
        files.report("E208", f"files are made of each other: {chain}", path.at, label="leads back")
        return None
    if len(files.sources) >= MAX_FILES and name not in files.sources:
        files.report("E010", f"the spec is made of more than {MAX_FILES} files", path.at)
        return None
    document, problems = read_document(data, name)
    if name not in files.sources:
        files.problems.extend(problems)
    files.sources[name] = document.text if document is not None else data.decode("utf-8", "replace")
    if document is None:
        return None
    reporter = Reporter(document)
    known = check_format(reporter, document.data)
    files.problems.extend(problem for problem in reporter.problems if problem not in files.problems)
    return whole(tree(document), files, (*stack, name)) if known else None


def beside_it(path: SourceNode, files: Files) -> str | None:
    """The path, from the root on, of the file that `path` would name from the folder of the file that it stands in."""
    here = files.paths.get(path.at.document.name)
    if here is None or files.load is None:
        return None
    meant = normpath(join(dirname(here), path.content))
    try:
        files.load(meant)
    except RunError:
        return None
    return meant
