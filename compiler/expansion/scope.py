"""Scopes: the variables, parameters and blocks that a file or block defines. `variables` evaluates them and caches values here."""

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
    """The definition of a block. `body` is as written and expanded in each use; None if it cannot be read."""

    name: str
    parameters: Mapping[str, Parameter]
    body: SourceNode | None
    file: "File"
    at: Where


@dataclass(slots=True)
class File:
    """The definitions of one file, and their values so far, and its section `data`, which says how many classes there are.

    `unreadable` has the sections that are holes, `removed` the variables that are removed from the base of the file.
    `values` has the variables that are evaluated (None for one that cannot be), `open` those being evaluated, and `used`
    all names that were looked up.
    """

    name: str
    variables: Entries
    blocks: Entries
    data: SourceNode | None = None
    unreadable: frozenset[str] = frozenset()
    removed: Mapping[str, Placed] = field(default_factory=dict)
    values: dict[str, SourceNode | None] = field(default_factory=dict)
    definitions: dict[str, Block] = field(default_factory=dict)
    open: list[str] = field(default_factory=list)
    used: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Scope:
    """The names that a string may refer to: the definitions of its file, and the parameters of the block around it.

    A parameter that could not be read is None. Repeats around the string have their `indices` among the parameters, each
    with the node of its name; `repeat` is the innermost that has none, as it is written, and `outside` the indices around
    the use of the block, which it does not see; `unnamed` says that what stands for the name of one is reported, so that any
    name may be it. `stack` has the blocks being expanded, outermost first. `written_out` says
    that the string is in the value of a variable, in which no references are left.
    """

    file: File
    parameters: Mapping[str, SourceNode | None] = field(default_factory=dict)
    block: str = ""
    indices: Mapping[str, SourceNode] = field(default_factory=dict)
    repeat: str = ""
    outside: frozenset[str] = frozenset()
    unnamed: bool = False
    stack: tuple[tuple[str, str], ...] = ()
    written_out: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        if not self.parameters:
            return tuple(self.file.variables)
        return (*self.parameters, *(name for name in self.file.variables if name not in self.parameters))

    def origin(self, name: str) -> str:
        """Where the value of a name comes from, for a message."""
        if name in self.indices:
            return "index of the repeat"
        return f"parameter of `{self.block}`" if name in self.parameters else "from `vars`"


def parse_reference(text: object) -> tuple[str, list[str]] | None:
    """The variable that `text` refers to, and the steps to an entry of it; None if it is not such a reference."""
    match = REFERENCE.fullmatch(text) if isinstance(text, str) else None
    return None if match is None else (match[1], match[2].split(".")[1:])


def is_reference(node: SourceNode) -> bool:
    """Whether a value refers to a variable, or is an expression."""
    return node.kind == "scalar" and str(node.content).startswith("$")


def referenced_names(text: str) -> set[str]:
    """The variables in a reference or an expression, as far as it can be parsed."""
    if text.startswith("${") and text.endswith("}"):
        from modelc.compiler.language.expressions.evaluator import variables_in

        return variables_in(text[2:-1])
    found = parse_reference(text)
    return set() if found is None else {found[0]}


def dereference(node: SourceNode, variables: Entries) -> SourceNode:
    """`node`, or if it refers to a variable the value of that, as it is written."""
    # At most once for each variable: their definitions may be circular.
    for _ in variables:
        name, steps = parse_reference(node.content) or ("", [])
        found = variables[name][1] if name in variables else None
        for step in steps:
            found = found and found.child(step)
        if found is None:
            break
        node = found
    return node
