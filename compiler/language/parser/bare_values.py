"""Reports values that are no thing of a registry, and bare values of things that take none."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.language.parser.nesting import fits, several
from modelc.compiler.language.suggestions.foreign_forms import fed_help
from modelc.compiler.language.suggestions.hints import scalar_help
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.language.suggestions.spelling import synonyms
from modelc.compiler.language.suggestions.suggest import translated
from modelc.compiler.language.suggestions.wording import article, describe, show, some
from modelc.compiler.library.base.registry import Registry

if TYPE_CHECKING:
    from modelc.compiler.language.parser.pydantic_findings import Finding

OF_A_NUMBER = {"constraint": "max_norm", "initializer": "constant", "regularizer": "l2"}
"""What a bare number stands for, where a thing of a kind is wanted."""


def not_named(reporter: Reporter, finding: "Finding") -> None:
    """Report a value that is no name of a thing, and no mapping with one."""
    registry, value, whose = finding.registry, finding.value, finding.whose
    kind = article(registry.kind)
    message = f"expected the name of {kind}, got {describe(value)}"
    note = f"{registry.kind} names: {some(list(registry))}"
    if type(value) is int and registry.kind == "layer" and whose:
        help = f"name the layer inside, such as `{finding.registry_of_owner.find(whose['name']).example}`"
    elif type(value) in (int, float) and registry.kind in OF_A_NUMBER:
        help = f"write `{finding.name}: {{{OF_A_NUMBER[registry.kind]}: {show(value)}}}`"
    else:
        help = (
            "to have none, remove the key"
            if value is None
            else several(value, registry.kind, finding.whose, finding.path)
        )
    reporter.add("E105", message, finding.path, label=f"expected {kind}", help=help, note=note)


def no_primary(reporter: Reporter, finding: "Finding") -> None:
    """Report a bare value for a thing that takes its arguments by name, or takes none."""
    table, name, value, path = finding.registry, finding.context["name"], finding.value, finding.path
    fields = table.find(name).model_fields
    if not fields:
        takes_nothing(reporter, path, table, name, value)
        return
    required = [argument for argument, info in fields.items() if info.is_required()]
    taking = next((argument for argument in required or fields if fits(table, name, argument, value, required)), "")
    others = [f"{argument}: ..." for argument in required if argument != taking]
    given = f"`{name}: {{{', '.join([f'{taking}: {show(value)}', *others])}}}`"
    help = "" if required else f"write only `{name}`"
    foreign = table.find(name).foreign_value
    if foreign is not None and all(type(one) is foreign[0] for one in (value if isinstance(value, list) else [value])):
        help = f"write only `{name}`: {foreign[1]}"
    elif taking:
        help = f"{help}, or name the argument, such as {given}" if help else f"write {given}"
    help = fed_help(table, name, value) or scalar_help(name, value) or help
    message = f"`{name}` takes no bare value, got {describe(value)}"
    note = f"arguments of `{name}`: {some(list(fields), name)}"
    reporter.add("E105", message, path, label="name the argument for this value", help=help, note=note)


def takes_nothing(reporter: Reporter, path: Path, table: Registry[Any], name: str, arguments: Any) -> None:
    """Report arguments of a thing that takes none; something else may be called like it elsewhere."""
    other = next((entry for entry in synonyms(name, table) if entry != name), None)
    help = fed_help(table, name, arguments) or f"write `{name}`"
    if other:
        help = f"did you mean `{translated(table, other, arguments)}`?"
    message, key = f"`{name}` takes no arguments, got {describe(arguments)}", isinstance(arguments, Mapping)
    reporter.add("E105", message, path, key=key, label="takes no arguments", help=help)
