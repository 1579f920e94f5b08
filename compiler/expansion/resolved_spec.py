"""The resolved spec: what a spec amounts to with its files merged, its settings made and its variables computed.

It is a spec again, of the same model. Blocks stay blocks, so that every layer keeps its path; what their bodies say of
parameters stays as it is, and so do the variables that stand beside those in one expression.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from modelc.compiler.expansion.definitions import TYPES, define, meant_type
from modelc.compiler.expansion.expander import SECTIONS
from modelc.compiler.expansion.scope import REFERENCE, File, Scope, names_in
from modelc.compiler.expansion.source_tree import SourceNode, tree
from modelc.compiler.expansion.variables import VariableEvaluator
from modelc.compiler.syntax.document import Document, Where


class Kept(str):
    """A text that names a parameter, as it stands in the body of a block."""

    __slots__ = ()


def resolve(document: Document) -> SourceNode:
    """The spec in `document`, which is valid, with the place of each part; texts with a parameter are `Kept`."""
    root = tree(document)
    resolver = Resolver(root, document.name)
    content = {
        key: (where, resolver.value(part, Scope(resolver.file)))
        for key, (where, part) in root.content.items()
        if key not in SECTIONS
    }
    blocks = root.get("blocks")
    if blocks is not None and blocks.kind == "mapping":
        bodies = {
            name: (where, as_written(part, document, name, resolver) if "use" in part.content else resolver.block(part))
            for name, (where, part) in blocks.content.items()
        }
        content["blocks"] = root.content["blocks"][0], replace(blocks, content=bodies)
    if resolver.needed:
        where, section = root.content["vars"]
        variables = {
            name: (at, resolver.variable(name, Scope(resolver.file), at=at))
            for name, (at, _) in section.content.items()
            if name in resolver.needed
        }
        content["vars"] = where, replace(section, content=variables)
    # In the order of the language, which is also that of reading: what is defined comes before what uses it.
    order = [key for key in root.content if key not in (*SECTIONS, "model", "data", "train")]
    keys = (*order, *SECTIONS, "model", "data", "train")
    return replace(root, content={key: content[key] for key in keys if key in content})


def as_written(block: SourceNode, document: Document, name: str, resolver: "Resolver") -> SourceNode:
    """A block that is another file's model, with the path of the file in the place of what it says."""
    where = document.trails["blocks", name, "use"][-1].where
    assert isinstance(where, Where)
    path = SourceNode("scalar", where.document.get(where.path), where)
    content = {
        key: (at, resolver.value(part, Scope(resolver.file)))
        for key, (at, part) in block.content.items()
        if key != "use"
    }
    return replace(block, content={"use": (block.content["use"][0], path), **content})


@dataclass(frozen=True, slots=True)
class Inside(Scope):
    """The scope of a block's body, whose parameters have no value yet."""


class Resolver(VariableEvaluator):
    """Writes out variables; `needed` are those that stand in one expression with a parameter."""

    def __init__(self, root: SourceNode, name: str) -> None:
        super().__init__()
        self.file: File = define(self, root, name)
        self.needed: set[str] = set()

    def block(self, part: SourceNode) -> SourceNode:
        """The definition of a block: its body with the variables of the file, its parameters as they are."""
        parameters = part.get("params")
        names: Mapping[str, None] = dict.fromkeys(
            parameters.content if parameters and parameters.kind == "mapping" else ()
        )
        inside = Inside(self.file, names)
        return replace(
            part,
            content={
                key: (where, self.defaults(below) if key == "params" else self.value(below, inside))
                for key, (where, below) in part.content.items()
            },
        )

    def defaults(self, part: SourceNode) -> SourceNode:
        """The parameters of a block. A default stays the variable that holds it where that is the word of a type: it is none."""
        if part.kind != "mapping":
            return part
        content = {}
        for name, (where, below) in part.content.items():
            value = self.value(below, Scope(self.file))
            text = value.content if value.kind == "scalar" and isinstance(value.content, str) else ""
            if text != below.content and (text in TYPES or meant_type(text)):
                self.needed |= names_in(below.content) & self.file.variables.keys()
                value = replace(below, content=Kept(below.content))
            content[name] = where, value
        return replace(part, content=content)

    def value(self, part: SourceNode, scope: Scope) -> SourceNode:
        if isinstance(scope, Inside) and part.kind == "scalar" and isinstance(part.content, str):
            text = part.content
            if text.startswith("${"):
                names = names_in(text)
                if names & scope.parameters.keys():
                    self.needed |= names & self.file.variables.keys() - scope.parameters.keys()
                    return replace(part, content=Kept(text))
            elif (match := REFERENCE.fullmatch(text)) is not None and match[1] in scope.parameters:
                return replace(part, content=Kept(text))
        return super().value(part, scope)
