"""Reads the definitions of a file, its `vars` and `blocks`, and checks arguments of blocks against the types of parameters."""

import re
from collections.abc import Collection
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pydantic_core import PydanticCustomError

from modelc.compiler.diagnostics.likeness import most_alike
from modelc.compiler.diagnostics.problem import Label, Suggestion
from modelc.compiler.expansion.file_blocks import check_mapping, read_file_model
from modelc.compiler.expansion.scope import Block, File, Parameter, Scope
from modelc.compiler.expansion.source_tree import Entries, SourceNode, hole
from modelc.compiler.language.grammar import BESIDE, BLOCK, LANGUAGE, SECTIONS
from modelc.compiler.language.layer_grammar import STRUCTURES
from modelc.compiler.language.parser.levels import report_too_deep, report_too_high
from modelc.compiler.language.shapes import Names
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.language.suggestions.suggest import suggest, suggest_value
from modelc.compiler.language.suggestions.wording import describe, flow, some
from modelc.compiler.library.base.fields import read_ratio
from modelc.compiler.library.base.registry import NAME, fold
from modelc.compiler.library.layers import LAYERS
from modelc.compiler.syntax.document import Where

if TYPE_CHECKING:
    from modelc.compiler.expansion.variables import VariableEvaluator

PARAMETER_TYPES = {
    "int": "an integer",
    "float": "a number",
    "bool": "true or false",
    "str": "a string",
    "ints": "an integer or a list of integers",
    "floats": "a number or a list of numbers",
}
"""Types of parameters that have no default, with what a message calls them."""
TYPE_SYNONYMS = {
    "integer": "int",
    "number": "float",
    "double": "float",
    "boolean": "bool",
    "string": "str",
    "text": "str",
    "list": "ints",
    "tuple": "ints",
}
"""Other words for these types."""
DEFINITIONS = ("vars", "blocks")
"""The sections that define what others name."""
RESERVED_NAMES = (*STRUCTURES, *BESIDE["layer"])
"""Keys in place of a layer, or beside it, that cannot be names of blocks."""


def read_definitions(evaluator: "VariableEvaluator", root: SourceNode, name: str) -> File:
    """The definitions in the spec `root` of a file; reports invalid names, and sections that are not mappings."""
    sections: dict[str, Entries] = {section: {} for section in DEFINITIONS}
    unreadable = set()
    for section in DEFINITIONS:
        node = root.get(section)
        entries: Entries = {}
        if node is not None and node.kind == "mapping":
            moved = at_other_levels(evaluator, node) if section == "blocks" else ()
            if moved is None:
                unreadable.add(section)
                continue
            # A block with an invalid name is a block all the same, unless it is named like a layer.
            entries = {
                key: (where, hole(value.at) if key in moved else value)
                for key, (where, value) in node.content.items()
                if key in moved
                or check_name(evaluator, section, key, where)
                or (section == "blocks" and key not in LAYERS and key not in RESERVED_NAMES)
            }
        elif node is not None and (node.kind == "hole" or node.content is not None):
            unreadable.add(section)
            check_mapping(evaluator, LANGUAGE.keys[section], node, f"`{section}`")
        sections[section] = entries
    return File(name, sections["vars"], sections["blocks"], root.get("data"), frozenset(unreadable))


def with_definitions_moved(evaluator: "VariableEvaluator", root: SourceNode) -> SourceNode:
    """The spec `root` with definitions that stand in one of its sections moved out to where they belong, after reporting
    that they do not stand there: so what uses them is no second mistake.
    """
    for home, keys in SECTIONS.items():
        for section in DEFINITIONS:
            inside, there = root.get(home), root.get(section)
            found = inside and inside.get(section)
            if inside is None or found is None:
                continue
            at = inside.content[section][0]
            message, note = f"unknown key `{section}` in `{home}`", f"keys of `{home}`: {some(list(keys.keys), home)}"
            help = f"`{section}` is a key of a spec: move it out to the left margin"
            evaluator.report("E102", message, at, label="unknown key", help=help, note=note)
            root = root.with_child(home, inside.with_child(section, hole(found.at)))
            if found.kind == "mapping" and (there is None or there.kind == "mapping"):
                moved = found if there is None else there._replace(content={**found.content, **there.content})
                root = root.with_child(section, moved, at)
    return root


def at_other_levels(evaluator: "VariableEvaluator", section: SourceNode) -> Collection[str] | None:
    """The keys of the spec among the blocks, which are reported; None where the section is one block without its name."""
    reporter = Reporter(section.at.document)
    shape, path = LANGUAGE.keys["blocks"], section.at.path
    assert isinstance(shape, Names)
    nameless = report_too_high(reporter, shape, section.data, path)
    moved = set() if nameless else report_too_deep(reporter, shape, section.data, path)
    evaluator.take_from(reporter)
    return None if nameless else moved


def check_name(evaluator: "VariableEvaluator", section: str, name: str, at: Where) -> bool:
    """Report a name that is invalid for a variable or a block; says whether it is valid."""
    camel = "".join(word[:1].upper() + word[1:] for word in name.replace("-", "_").split("_"))
    if section == "vars":
        right = bool(NAME.fullmatch(name)) and "-" not in name
        help = "use letters, digits and `_`, beginning with a letter or `_`"
        message = f"`{name}` cannot be the name of a variable"
    else:
        right = bool(NAME.fullmatch(name)) and name[0].isupper() and name not in LAYERS
        help = (
            f"write it in CamelCase, as `{camel}`, here and where it is used"
            if camel[:1].isalpha()
            else "write it in CamelCase"
        )
        if called := re.fullmatch(r"(\w+)\((.*)\)", name):
            pairs = [one.partition("=") for one in called[2].split(",")]
            written = ", ".join(f"{one.strip()}: {default.strip() or 'int'}" for one, _, default in pairs)
            help = f"parameters stand inside: `{called[1]}: {{params: {{{written}}}, layers: [...]}}`"
        message = f"`{name}` cannot be the name of a block"
    if not right:
        is_safe = section == "blocks" and bool(NAME.fullmatch(camel)) and camel not in LAYERS
        found = Suggestion(name, camel, help, is_safe, undefined=name)
        evaluator.report("E110", message, at, label="invalid name", suggestion=found)
    return right


def may_be_block(name: Any, file: File) -> bool:
    """Whether `name`, in place of a layer, is a block as far as is known."""
    unknown = "blocks" in file.unreadable and isinstance(name, str) and name[:1].isupper() and name not in LAYERS
    return name in file.blocks or unknown


def read_block(evaluator: "VariableEvaluator", name: str, file: File) -> Block:
    """The definition of the block `name` of `file`; reports what is wrong with it, except inside its body."""
    where, node = file.blocks[name]
    broken = Block(name, {}, None, file, where)
    if node.kind == "hole":
        return broken
    if node.get("use") is not None:
        return read_file_block(evaluator, name, node, broken)
    parameters = read_parameters(evaluator, name, node)
    right = check_mapping(evaluator, BLOCK, node, f"the block `{name}`")
    if not right or parameters is None:
        return broken
    body = {key: entry for key, entry in node.content.items() if key != "params"}
    return Block(name, parameters, SourceNode("mapping", body, node.at), file, where)


def read_file_block(evaluator: "VariableEvaluator", name: str, node: SourceNode, broken: Block) -> Block:
    """A block that is the model of another file, in which names refer to that file's own variables and blocks."""
    spec = node.get("use")
    file = broken.file
    if spec is not None and spec.kind == "mapping":
        # Several of them may stand in one text, that of a run.
        place = spec.at.place()
        named = f"{place.file}:{place.line}:{place.column}"
        file = evaluator.files[named] = evaluator.files.get(named) or read_definitions(evaluator, spec, named)
    return replace(broken, body=read_file_model(evaluator, name, node, file, Scope(broken.file)), file=file)


def read_parameters(evaluator: "VariableEvaluator", name: str, node: SourceNode) -> dict[str, Parameter] | None:
    """The parameters of a block by name, in order; None after reporting an error."""
    section = node.get("params")
    if section is None or (section.kind == "scalar" and section.content is None):
        return {}
    if section.kind != "mapping":
        if section.kind != "hole":
            check_mapping(evaluator, BLOCK.keys["params"], section, "`params`")
        return None
    parameters: dict[str, Parameter] = {}
    right = True
    for key, (where, value) in section.content.items():
        if not check_name(evaluator, "vars", key, where):
            right = False
            continue
        word = value.content if value.kind == "scalar" else None
        if word in PARAMETER_TYPES:
            parameters[key] = Parameter(key, str(word), None, where)
        elif value.kind == "mapping" and value.content.keys() & {"type", "default"}:
            default = value.get("default") or value.get("type")
            help = f"write `{key}: {flow(default.data) if default else 3}`: the default itself, or a type if it is required"
            message = f"the parameter `{key}` of `{name}` must be a type or a default value, not a mapping"
            evaluator.report("E105", message, value.at, label="expected a type or a default value", help=help)
            parameters[key] = Parameter(key, "", hole(value.at), where)
        elif isinstance(word, str) and (typed := re.fullmatch(r"\w+\s*=\s*(.+)", word)):
            message = f"the parameter `{key}` of `{name}` has a type or a default value, not both"
            help = f"write `{key}: {typed[1]}`: a parameter with a default is not required"
            evaluator.report("E105", message, value.at, label="a type and a default value", help=help)
            parameters[key] = Parameter(key, "", hole(value.at), where)
        elif isinstance(word, str) and (meant := likely_type(word)):
            same = TYPE_SYNONYMS.get(fold(word))
            found = Suggestion(word, same, is_safe=True) if same else suggest(word, PARAMETER_TYPES)
            found = found._replace(help=f"write `{meant}` for {PARAMETER_TYPES[meant]} that is required")
            message = f"`{word}` is not the type of a parameter"
            note = f"types: {', '.join(PARAMETER_TYPES)}; any other value is the default"
            evaluator.report("E106", message, value.at, label="unknown type", note=note, suggestion=found)
            parameters[key] = Parameter(key, "", hole(value.at), where)
        else:
            parameters[key] = Parameter(key, "", value, where)
    return parameters if right else None


def likely_type(word: str) -> str:
    """The type that `word` probably means; empty for a default value."""
    folded = fold(word.partition("=")[0].strip())
    if folded in PARAMETER_TYPES:
        return folded
    close = most_alike(folded, PARAMETER_TYPES, 0.8) or most_alike(folded, TYPE_SYNONYMS, 0.85)
    return TYPE_SYNONYMS.get(folded) or TYPE_SYNONYMS.get(close, close)


FOUND = {"bool": "bool_type", "float": "float_type", "floats": "float_type", "int": "int_type", "ints": "int_type"}
"""What pydantic calls a value that is not of a type."""


def check_type(
    evaluator: "VariableEvaluator", block: Block, parameter: Parameter, node: SourceNode
) -> SourceNode | None:
    """An argument, converted to its parameter's type; None after reporting another type, or if it cannot be known."""
    if not parameter.type:
        return None if node.kind == "hole" else node
    data = evaluator.plain_data(node)
    if node.has_hole:
        return None
    if parameter.type in ("float", "floats"):
        node = with_ratios(node)
        data = node.data
    if has_type(data, parameter.type):
        return node
    if node.kind == "list" and parameter.type in ("ints", "floats"):
        # The first item of a wrong type.
        node = next(item for item in node.content if not has_type(item.data, parameter.type[:-1]))
    from modelc.compiler.language.parser.value_helps import expression_of, number_help, whole_help

    wanted = PARAMETER_TYPES[parameter.type]
    message = f"`{parameter.name}` of the block `{block.name}` must be {wanted}, got {describe(node.data)}"
    kind = FOUND.get(parameter.type, "")
    help = suggest_value(kind, parameter.name, node.data).help or number_help(
        node.at.document, kind, node.at.path, node.data
    )
    if kind == "int_type" and node.computed and isinstance(node.content, float):
        help = whole_help(expression_of(node.at), node.content)
    related = [Label(hop.where.place(), hop.text) for hop in node.trail]
    related.append(Label(parameter.at.place(), f"`{parameter.name}: {parameter.type}`"))
    evaluator.report("E105", message, node.at, label=f"expected {wanted}", help=help, related=related)
    return None


def with_ratios(node: SourceNode) -> SourceNode:
    """`node` with ratios, such as `1/255`, as numbers; a ratio by zero stays a string."""
    if node.kind == "list":
        return node._replace(content=tuple(with_ratios(item) for item in node.content))
    with suppress(PydanticCustomError):
        return node._replace(content=read_ratio(node.content))
    return node


def has_type(value: Any, type_: str) -> bool:
    """Whether `value` has the type called `type_`."""
    if type_ in ("ints", "floats"):
        return all(has_type(item, type_[:-1]) for item in (value if isinstance(value, list) else [value]))
    if type_ == "bool":
        return isinstance(value, bool)
    if type_ == "str":
        return isinstance(value, str)
    return not isinstance(value, bool) and isinstance(value, int if type_ == "int" else (int, float))
