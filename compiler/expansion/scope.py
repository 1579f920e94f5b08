"""What a file or a block defines for the texts in it: variables, parameters, blocks. `values` computes them, and keeps here what it has."""

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from modelc.compiler.expansion.source_tree import Entries, SourceNode
from modelc.compiler.syntax.document import Placed, Where

REFERENCE = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)((?:\.[A-Za-z0-9_]+)*)")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a block: required, of the type called `type`, or with a default."""

    name: str
    type: str
    default: SourceNode | None
    at: Where


@dataclass(frozen=True, slots=True)
class Block:
    """The definition of a block. `body` is as written, to be expanded in each use; None where it cannot be read."""

    name: str
    parameters: Mapping[str, Parameter]
    body: SourceNode | None
    file: "File"
    at: Where


@dataclass(slots=True)
class File:
    """The definitions of one file, and what became of them so far.

    `unreadable` has the sections of which nothing is known, `removed` the variables that are left out of what the file
    extends. `values` has the variables that are computed (None for one that cannot be), `open` those being computed, and
    `used` all names that anything asked for.
    """

    name: str
    variables: Entries
    blocks: Entries
    unreadable: frozenset[str] = frozenset()
    removed: Mapping[str, Placed] = field(default_factory=dict)
    values: dict[str, SourceNode | None] = field(default_factory=dict)
    definitions: dict[str, Block] = field(default_factory=dict)
    open: list[str] = field(default_factory=list)
    used: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Scope:
    """What a text may name: the definitions of its file, and the parameters of the block that it stands in.

    A parameter that could not be read is None. `stack` has the blocks being expanded, outermost first. `written_out` says
    that the text is the value of a variable, in which no names are left.
    """

    file: File
    parameters: Mapping[str, SourceNode | None] = field(default_factory=dict)
    block: str = ""
    stack: tuple[tuple[str, str], ...] = ()
    written_out: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        return (*self.parameters, *(name for name in self.file.variables if name not in self.parameters))

    def origin(self, name: str) -> str:
        """Where the value of a name comes from, in words."""
        return f"parameter of `{self.block}`" if name in self.parameters else "from `vars`"


def named(text: object) -> tuple[str, list[str]] | None:
    """The variable that a text names, and the way to an entry of it; None for what is no such text."""
    match = REFERENCE.fullmatch(text) if isinstance(text, str) else None
    return None if match is None else (match[1], match[2].split(".")[1:])


def names_in(text: str) -> set[str]:
    """The variables that a text names: the one it is, or those of its expression, as far as that can be read."""
    if text.startswith("${") and text.endswith("}"):
        try:
            tree = ast.parse(text[2:-1].strip(), mode="eval")
        except (SyntaxError, ValueError, MemoryError, RecursionError):
            return set()
        return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    found = named(text)
    return set() if found is None else {found[0]}


def dereference(node: SourceNode, variables: Entries) -> SourceNode:
    """`node`, or where it is the name of a variable the value of that, as it is written."""
    # No more often than there are variables: they may be made of each other.
    for _ in variables:
        name, steps = named(node.content) or ("", [])
        found = variables[name][1] if name in variables else None
        for step in steps:
            found = found and found.child(step)
        if found is None:
            break
        node = found
    return node
