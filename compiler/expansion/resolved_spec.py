"""Resolves a spec: the same spec with its files merged, its overrides applied and its variables evaluated.

It is a valid spec of the same model. Blocks stay blocks, so that every layer keeps its path; references to parameters in
their bodies stay as they are, and so do variables in the same expression as a parameter.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from modelc.compiler.expansion.definitions import DEFINITIONS, PARAMETER_TYPES, likely_type, read_definitions
from modelc.compiler.expansion.scope import REFERENCE, File, Scope, dereference, referenced_names
from modelc.compiler.expansion.source_tree import SourceNode, entries_of, tree
from modelc.compiler.expansion.variables import VariableEvaluator
from modelc.compiler.language.grammar import BESIDE
from modelc.compiler.syntax.document import Document, Where


class KeptReference(str):
    """A string that refers to a parameter, as it is written in the body of a block."""

    __slots__ = ()


def resolve(document: Document, class_names: Mapping[str, tuple[str, ...]] = MappingProxyType({})) -> SourceNode:
    """The resolved spec of `document`, which must be valid, with the place of each node; references to parameters are
    `KeptReference`. `class_names` are those in its files, which it keeps.
    """
    root = tree(document)
    resolver = Resolver(root, document.name, class_names)
    content = {
        key: (where, resolver.evaluate(node, Scope(resolver.file)))
        for key, (where, node) in root.content.items()
        if key not in DEFINITIONS
    }
    blocks = root.get("blocks")
    if blocks is not None and blocks.kind == "mapping":
        resolved = blocks.map(lambda name, block: resolver.resolve_block(with_file_path(block, document, name)))
        content["blocks"] = root.content["blocks"][0], resolved
    if resolver.needed:
        where, section = root.content["vars"]
        variables = {
            name: (at, resolver.variable_value(name, Scope(resolver.file), at=at))
            for name, (at, _) in section.content.items()
            if name in resolver.needed
        }
        content["vars"] = where, section._replace(content=variables)
    # In the order of the language: definitions come before their uses.
    order = [key for key in root.content if key not in (*DEFINITIONS, "model", "data", "train")]
    keys = (*order, *DEFINITIONS, "model", "data", "train")
    return root._replace(content={key: content[key] for key in keys if key in content})


def with_file_path(block: SourceNode, document: Document, name: str) -> SourceNode:
    """The definition of a block; if it is another file's model, with the path of the file instead of its content."""
    if "use" not in block.content:
        return block
    where = document.trails["blocks", name, "use"][-1].where
    assert isinstance(where, Where)
    path = SourceNode("scalar", where.document.get(where.path), where)
    rest = {key: entry for key, entry in block.content.items() if key != "use"}
    return block._replace(content={"use": (block.content["use"][0], path), **rest})


@dataclass(frozen=True, slots=True)
class BlockScope(Scope):
    """The scope of a block's body, whose parameters have no values yet, or of a repeat, whose index has none."""


class Resolver(VariableEvaluator):
    """Evaluates variables; `needed` are those in the same expression as a parameter, which stay."""

    def __init__(self, root: SourceNode, name: str, class_names: Mapping[str, tuple[str, ...]]) -> None:
        super().__init__(class_names)
        self.file: File = read_definitions(self, root, name)
        self.needed: set[str] = set()

    def resolve_block(self, node: SourceNode) -> SourceNode:
        """The definition of a block: its body with the variables of the file evaluated, its parameters as they are."""
        names: Mapping[str, None] = dict.fromkeys(entries_of(node.get("params")))
        inside = BlockScope(self.file, names)
        return node.map(
            lambda key, value: self.resolve_defaults(value) if key == "params" else self.evaluate(value, inside)
        )

    def resolve_defaults(self, node: SourceNode) -> SourceNode:
        """The parameters of a block. A default stays a variable if its value looks like the name of a type, which it is not."""
        return node.map(lambda _, default: self.resolve_default(default)) if node.kind == "mapping" else node

    def resolve_default(self, node: SourceNode) -> SourceNode:
        value = self.evaluate(node, Scope(self.file))
        text = value.content if value.kind == "scalar" and isinstance(value.content, str) else ""
        if text == node.content or not (text in PARAMETER_TYPES or likely_type(text)):
            return value
        self.needed |= referenced_names(node.content) & self.file.variables.keys()
        return node._replace(content=KeptReference(node.content))

    def evaluate(self, node: SourceNode, scope: Scope) -> SourceNode:
        repeat = node.get("repeat")
        index = repeat and dereference(repeat, self.file.variables).get("index")
        if index is not None and isinstance(index.content, str):
            inside = BlockScope(self.file, {**scope.parameters, index.content: None})
            beside = BESIDE["layer"]
            return node.map(lambda key, value: self.evaluate(value, scope if key in beside else inside))
        if isinstance(scope, BlockScope) and node.kind == "scalar" and isinstance(node.content, str):
            text = node.content
            if text.startswith("${"):
                names = referenced_names(text)
                if names & scope.parameters.keys():
                    self.needed |= names & self.file.variables.keys() - scope.parameters.keys()
                    return node._replace(content=KeptReference(text))
            elif (match := REFERENCE.fullmatch(text)) is not None and match[1] in scope.parameters:
                return node._replace(content=KeptReference(text))
        return super().evaluate(node, scope)
