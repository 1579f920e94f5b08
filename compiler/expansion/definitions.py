"""Reads what a file defines, its `vars` and `blocks`, and holds the arguments of blocks to the types of their parameters."""

from contextlib import suppress
from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from pydantic_core import PydanticCustomError

from modelc.compiler.diagnostics.problem import Label, Suggestion
from modelc.compiler.expansion.file_blocks import check_mapping, used_model
from modelc.compiler.expansion.scope import Block, File, Parameter, Scope
from modelc.compiler.expansion.source_tree import SourceNode, hole
from modelc.compiler.language.grammar import BESIDE, BLOCK, LANGUAGE
from modelc.compiler.language.layer_grammar import STRUCTURES
from modelc.compiler.language.suggestions.hints import WHOLE, is_quotient
from modelc.compiler.language.suggestions.suggest import suggest
from modelc.compiler.language.suggestions.wording import describe, flow
from modelc.compiler.library.base.fields import read_ratio
from modelc.compiler.library.base.registry import NAME, fold
from modelc.compiler.library.layers import LAYERS
from modelc.compiler.syntax.document import Where

if TYPE_CHECKING:
    from modelc.compiler.expansion.variables import VariableEvaluator

TYPES = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "str": "a text",
    "ints": "a whole number or a list of them",
    "floats": "a number or a list of them",
}
"""The words for the types of parameters that have no default."""
WORDS = {
    "integer": "int",
    "number": "float",
    "double": "float",
    "boolean": "bool",
    "string": "str",
    "text": "str",
    "list": "ints",
    "tuple": "ints",
}
"""What else people write for them."""
WORDS_OF_ITEMS = (*STRUCTURES, *BESIDE["layer"], "layers")
"""What stands in the place of a layer, or beside it, and is no block."""


def define(values: "VariableEvaluator", root: SourceNode, name: str) -> File:
    """The definitions of the file whose whole is `root`; reports names that cannot be, and sections that are no mappings."""
    sections = {}
    unreadable = set()
    for section in ("vars", "blocks"):
        part = root.get(section)
        entries: dict[str, tuple[Where, SourceNode]] = {}
        if part is not None and part.kind == "mapping":
            # A block under a name that is refused is one all the same, unless it would stand for a layer.
            entries = {
                key: entry
                for key, entry in part.content.items()
                if may_be(values, section, key, entry[0])
                or (section == "blocks" and key not in LAYERS and key not in WORDS_OF_ITEMS)
            }
        elif part is not None and (part.kind == "hole" or part.content is not None):
            unreadable.add(section)
            check_mapping(values, LANGUAGE.keys[section], part, f"`{section}`")
        sections[section] = entries
    return File(name, sections["vars"], sections["blocks"], frozenset(unreadable))


def may_be(values: "VariableEvaluator", section: str, name: str, at: Where) -> bool:
    """Report a name that no variable, or no block, can have; says whether it can."""
    camel = "".join(part[:1].upper() + part[1:] for part in name.replace("-", "_").split("_"))
    if section == "vars":
        right = bool(NAME.fullmatch(name)) and "-" not in name
        cure = "use letters, digits and `_`, and begin with a letter or `_`"
        message = f"`{name}` cannot be the name of a variable"
    else:
        right = bool(NAME.fullmatch(name)) and name[0].isupper() and name not in LAYERS
        cure = f"write it in CamelCase, as `{camel}`" if camel[:1].isalpha() else "write it in CamelCase"
        message = f"`{name}` cannot be the name of a block"
    if not right:
        is_safe = section == "blocks" and bool(NAME.fullmatch(camel)) and camel not in LAYERS
        found = Suggestion(name, camel, cure, is_safe, undefined=name)
        values.report("E110", message, at, label="not a name for it", suggestion=found)
    return right


def may_be_block(name: Any, file: File) -> bool:
    """Whether `name`, where a layer may stand, is that of a block, as far as is known."""
    unknown = "blocks" in file.unreadable and isinstance(name, str) and name[:1].isupper() and name not in LAYERS
    return name in file.blocks or unknown


def read_block(values: "VariableEvaluator", name: str, file: File) -> Block:
    """The definition of the block `name` of `file`; reports what is wrong with it but for what stands in its body."""
    where, part = file.blocks[name]
    broken = Block(name, {}, None, file, where)
    if part.kind == "hole":
        return broken
    if part.get("use") is not None:
        return read_use(values, name, part, broken)
    parameters = read_parameters(values, name, part)
    right = check_mapping(values, BLOCK, part, f"the block `{name}`")
    if not right or parameters is None:
        return broken
    body = {key: entry for key, entry in part.content.items() if key != "params"}
    return Block(name, parameters, SourceNode("mapping", body, part.at), file, where)


def read_use(values: "VariableEvaluator", name: str, part: SourceNode, broken: Block) -> Block:
    """A block that is the model of another file, in which that file's own variables and blocks are meant."""
    spec = part.get("use")
    file = broken.file
    if spec is not None and spec.kind == "mapping":
        named = spec.at.place().file
        file = values.files[named] = values.files.get(named) or define(values, spec, named)
    return replace(broken, body=used_model(values, name, part, file, Scope(broken.file)), file=file)


def read_parameters(values: "VariableEvaluator", name: str, part: SourceNode) -> dict[str, Parameter] | None:
    """The parameters of a block by name, in order; None after reporting a mistake."""
    section = part.get("params")
    if section is None or (section.kind == "scalar" and section.content is None):
        return {}
    if section.kind != "mapping":
        if section.kind != "hole":
            check_mapping(values, BLOCK.keys["params"], section, "`params`")
        return None
    parameters: dict[str, Parameter] = {}
    right = True
    for key, (where, value) in section.content.items():
        if not may_be(values, "vars", key, where):
            right = False
            continue
        word = value.content if value.kind == "scalar" else None
        if word in TYPES:
            parameters[key] = Parameter(key, str(word), None, where)
        elif value.kind == "mapping" and value.content.keys() & {"type", "default"}:
            default = value.get("default") or value.get("type")
            cure = f"write `{key}: {flow(default.data) if default else 3}`: the default itself, or a type for what must be given"
            message = f"the parameter `{key}` of `{name}` is no mapping: a type or a default value stands here"
            values.report("E105", message, value.at, label="a type or a default", help=cure)
            parameters[key] = Parameter(key, "", hole(value.at), where)
        elif isinstance(word, str) and (meant := meant_type(word)):
            found = Suggestion(word, WORDS[fold(word)], is_safe=True) if fold(word) in WORDS else suggest(word, TYPES)
            values.report(
                "E106",
                f"`{word}` is no type of a parameter",
                value.at,
                label="neither a type nor a likely default",
                note=f"types: {', '.join(TYPES)}; any other value is the default",
                suggestion=replace(found, help=f"write `{meant}` for {TYPES[meant]} that must be given"),
            )
            parameters[key] = Parameter(key, "", hole(value.at), where)
        else:
            parameters[key] = Parameter(key, "", value, where)
    return parameters if right else None


def meant_type(word: str) -> str:
    """The type that `word` probably means; empty for what is a default value."""
    folded = fold(word.partition("=")[0].strip())
    close = get_close_matches(folded, TYPES, n=1, cutoff=0.8) or get_close_matches(folded, WORDS, n=1, cutoff=0.85)
    return WORDS.get(folded) or (folded if folded in TYPES else WORDS.get(close[0], close[0]) if close else "")


def typed(values: "VariableEvaluator", block: Block, parameter: Parameter, part: SourceNode) -> SourceNode | None:
    """An argument as its parameter's type has it; None where it is of another, which is reported, or cannot be known."""
    if not parameter.type:
        return None if part.kind == "hole" else part
    data = values.plain(part)
    if part.has_hole:
        return None
    if parameter.type in ("float", "floats"):
        part = numbers(part)
        data = part.data
    if is_of(data, parameter.type):
        return part
    if part.kind == "list" and parameter.type in ("ints", "floats"):
        # The first item that is wrong, of what could have been right.
        part = next(item for item in part.content if not is_of(item.data, parameter.type[:-1]))
    values.report(
        "E105",
        f"`{parameter.name}` of the block `{block.name}` must be {TYPES[parameter.type]}, got {describe(part.data)}",
        part.at,
        label=f"expected {TYPES[parameter.type]}",
        help=WHOLE if is_quotient(part.content, any(hop.computed for hop in part.trail)) else "",
        related=[
            *(Label(hop.where.place(), hop.text) for hop in part.trail),
            Label(parameter.at.place(), f"`{parameter.name}: {parameter.type}`"),
        ],
    )
    return None


def numbers(part: SourceNode) -> SourceNode:
    """`part` with ratios, such as `1/255`, as the numbers that they are; a ratio by zero, which is none, stays a text."""
    if part.kind == "list":
        return replace(part, content=tuple(numbers(item) for item in part.content))
    with suppress(PydanticCustomError):
        return replace(part, content=read_ratio(part.content))
    return part


def is_of(value: Any, type_: str) -> bool:
    """Whether `value` is of the type called `type_`."""
    if type_ in ("ints", "floats"):
        return all(is_of(item, type_[:-1]) for item in (value if isinstance(value, list) else [value]))
    if type_ == "bool":
        return isinstance(value, bool)
    if type_ == "str":
        return isinstance(value, str)
    return not isinstance(value, bool) and isinstance(value, int if type_ == "int" else (int, float))
