"""Includes other files: a spec is merged with the one that it `extends`, and the file that a block `use`s becomes its body.

Files are named by paths below the root and are parsed like any spec: nothing in them is run. What is read keeps its places.
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
from modelc.compiler.language.shapes import Shape
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.syntax.document import MAX_BYTES, Document, Hop, Where
from modelc.compiler.syntax.document import read as read_document
from modelc.compiler.syntax.file_root import LoadedFile

MAX_FILES = 32
"""Files that one spec may be made of, and those that may be missing before no more are looked for."""
MAX_REMOVED = 100
"""Key paths that one `remove` may have."""
RELATIVE = (
    "paths are relative to the folder of the spec that is read, or to `--root DIR`, also in files in other folders"
)

Load = Callable[[str, str | None], LoadedFile]
"""The file that a path names; also given the name of the file in which the path stands, None for the spec itself. Raises
RunError E405."""


def include(
    document: Document, load: Load | None, written_out: bool = False
) -> tuple[Document | None, tuple[Problem, ...], Mapping[str, str]]:
    """`document` with the files that it names merged into it, the problems of all of them, and their texts by name.

    With `written_out`, the files that its blocks use may stand in place of their paths, as a run keeps them. The
    document is None if the file that it extends cannot be had: much would be reported as missing that is not.
    """
    includer = Includer(load, len(document.text.encode("utf-8", "surrogatepass")), written_out)
    root = includer.include(tree(document), (document.name,))
    if root is None:
        return None, includer.found(document.name), includer.sources
    included, problems = document_of(root, document)
    included = replace(included, removed=includer.removed, extends=document.data.get("extends"))
    return included, (*includer.found(document.name), *problems), includer.sources


class Includer(ProblemCollector):
    """Reads the files that a spec is made of.

    `size` has the bytes of all of them, `missing` the number of those that could not be read, `included` each with the
    files that it includes in turn. `sources` has the text of each by its name, `paths` the path that led to it, and
    `removed` where `remove` names a key path. A `stack` of file names has those that are being included, outermost
    first.
    """

    def __init__(self, load: Load | None, size: int, written_out: bool = False) -> None:
        super().__init__()
        self.load = load
        self.size = size
        self.missing = 0
        self.written_out = written_out
        self.included: dict[str, SourceNode | None] = {}
        self.sources: dict[str, str] = {}
        self.paths: dict[str, str] = {}
        self.removed: dict[Path, Where] = {}

    def include(self, root: SourceNode, stack: tuple[str, ...]) -> SourceNode | None:
        """The spec `root` with the files that it extends and uses; None if its base cannot be had, which is reported."""
        extends = root.get("extends")
        if extends is not None:
            base = self.read_base(extends, stack)
            if base is None:
                return None
            own = root.with_child("extends", None)
            root = merge(base, own, self)
            if "modelc" in root.content and "modelc" not in own.content:
                # Each file says itself which language it is in.
                root = root.with_child("modelc", None)
        blocks = root.get("blocks")
        if blocks is None or blocks.kind != "mapping":
            return root
        return root.with_child("blocks", blocks.map(lambda _, block: self.include_used(block, stack)))

    def read_base(self, extends: SourceNode, stack: tuple[str, ...]) -> SourceNode | None:
        """The spec that the value of `extends` names, without what it removes; None after reporting why there is none."""
        found = self.check(LANGUAGE.keys["extends"], extends)
        entries: Mapping[str, Any] = found if isinstance(found, Mapping) else {"file": found}
        base = None
        if entries.get("file") is not None:
            base = self.read_file(extends.get("file") or extends, "extends", stack)
        removed = extends.get("remove")
        if base is None or removed is None or removed.kind != "list":
            return base
        for path in removed.content[:MAX_REMOVED]:
            if path.kind == "scalar" and isinstance(path.content, str):
                rest = remove(base, path, self)
                if rest is not base:
                    self.removed[tuple(path.content.split("."))] = path.at
                base = rest
        if len(removed.content) > MAX_REMOVED:
            message = f"`remove` has more than {MAX_REMOVED} key paths"
            self.report("E005", message, removed.content[MAX_REMOVED].at, label="the limit is reached here")
        return base

    def check(self, shape: Shape, node: SourceNode) -> Any:
        """The value of `node` as the grammar has it, after reporting what is wrong with it."""
        reporter = Reporter(node.at.document)
        found = read(reporter, shape, node.data, node.at.path)
        self.take_from(reporter)
        return found

    def include_used(self, block: SourceNode, stack: tuple[str, ...]) -> SourceNode:
        """The definition of a block with the spec that its `use` names in place of the path."""
        path = block.get("use")
        if path is None or path.kind == "hole":
            return block
        if path.at.document is not block.content["use"][0].document:
            # The file is here already, in a block of the spec that this one extends.
            return block
        if self.written_out and path.kind == "mapping":
            spec = self.include(path, stack)
            return block.with_child("use", spec or hole(path.at))
        before = dict(self.removed)
        is_path = self.check(BLOCK.keys["use"], path) is not None
        spec = self.read_file(path, "use", stack) if is_path else None
        # What that file removes from its base is not missing in this one.
        self.removed = before
        if spec is None:
            return block.with_child("use", hole(path.at))
        # The trail leads to the path, in whose place the file stands now.
        return block.with_child("use", spec._replace(trail=(*spec.trail, Hop(path.at, "used here"))))

    def read_file(self, path: SourceNode, key: str, stack: tuple[str, ...]) -> SourceNode | None:
        """The spec in the file that `path`, the value of `key`, names, with the files that it includes in turn.

        None after reporting why there is none.
        """
        stands_in = path.at.document.name
        loaded = self.load_file(path, key, stands_in if stands_in in self.paths else None)
        if loaded is None:
            return None
        name, data, hard_links = loaded
        self.paths.setdefault(name, path.content)
        if name in stack:
            cycle = " -> ".join([*stack[stack.index(name) :], name])
            self.report("E208", f"files include each other in a cycle: {cycle}", path.at, label="closes the cycle")
            return None
        if len(self.sources) >= MAX_FILES and name not in self.sources:
            self.report("E010", f"the spec includes more than {MAX_FILES} files", path.at)
            return None
        self.size += len(data) if name not in self.sources else 0
        if self.size > MAX_BYTES >= len(data):
            message = f"with this file, the spec has more than {MAX_BYTES:,} bytes, the most that it may have"
            self.report("E005", message, path.at, label="the limit is reached here", help="move data into a data file")
            return None
        if name not in self.sources:
            self.warn_of_hard_links(path, hard_links)
        if name not in self.included:
            self.included[name] = self.include_text(data, name, (*stack, name))
        return self.included[name]

    def load_file(self, path: SourceNode, key: str, stands_in: str | None) -> LoadedFile | None:
        """The bytes of the file that `path`, the value of `key`, names; None after reporting why there are none."""
        if path.content.startswith("$"):
            help = "write the path itself: files are read before variables are known"
            self.report("E105", f"`{path.content}` is not the path of a file", path.at, label="a variable", help=help)
            return None
        if self.load is None:
            help = "give the spec as a file: paths are relative to its folder"
            self.report("E010", f"`{path.content}` cannot be read: this spec is not a file", path.at, help=help)
            return None
        if self.missing >= MAX_FILES and path.content not in self.paths.values():
            self.count("E010")
            return None
        try:
            return self.load(path.content, stands_in)
        except RunError as error:
            self.missing += 1
            meant = self.path_from_root(path)
            helps = error.helps if meant is None else (f"write `{key}: {meant}`: {RELATIVE}",)
            self.report("E010", error.message, path.at, label=f"`{key}`", note=error.notes, help=helps)
            return None

    def warn_of_hard_links(self, path: SourceNode, hard_links: int) -> None:
        """Warn of a file that has several names."""
        if hard_links > 1:
            from modelc.compiler.syntax.path_help import hard_link_warning

            message, helps = hard_link_warning(path.content, hard_links)
            self.report("W913", message, path.at, label="read from here", help=helps)

    def include_text(self, data: bytes, name: str, stack: tuple[str, ...]) -> SourceNode | None:
        """The spec in the `data` of the file called `name`, with the files that it includes; None after reporting why
        there is none.
        """
        document, problems = read_document(data, name)
        self.take(problems)
        self.sources[name] = document.text if document is not None else data.decode("utf-8", "replace")
        if document is None:
            return None
        reporter = Reporter(document)
        known = check_format(reporter, document.data)
        self.take_from(reporter)
        return self.include(tree(document), stack) if known else None

    def path_from_root(self, path: SourceNode) -> str | None:
        """The path from the root of the file that `path` names from the folder of its own file, if there is such a file."""
        here = self.paths.get(path.at.document.name)
        if here is None or self.load is None:
            return None
        meant = normpath(join(dirname(here), path.content))
        try:
            self.load(meant, None)
        except RunError:
            return None
        return meant
