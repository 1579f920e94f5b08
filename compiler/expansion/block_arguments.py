"""The arguments that a use of a block gives to its parameters."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from modelc.compiler.diagnostics.problem import Label
from modelc.compiler.expansion.definitions import check_type
from modelc.compiler.expansion.scope import Block, Parameter, Scope, referenced_names
from modelc.compiler.expansion.source_tree import SourceNode
from modelc.compiler.language.layer_grammar import ITEM
from modelc.compiler.language.parser.positional import values_in
from modelc.compiler.language.suggestions.spelling import spelled
from modelc.compiler.language.suggestions.suggest import suggest
from modelc.compiler.language.suggestions.wording import flow, spell
from modelc.compiler.syntax.document import Where

if TYPE_CHECKING:
    from modelc.compiler.expansion.variables import VariableEvaluator


def moved_out(block: Block, name: str, given: Mapping[str, Any]) -> str:
    """How the argument `name` of a use of `block` is written beside it, among all that are `given`; empty where it is no such key."""
    beside = spelled(name, ITEM.siblings)
    left = {key: value for key, value in given.items() if key != name}
    use = f"{block.name}: {spell(left)}" if left else block.name
    return "" if beside is None else f"move it out: write `{{{use}, {beside}: {flow(given[name])}}}`"


def is_positional(evaluator: "VariableEvaluator", block: Block, arguments: SourceNode) -> bool:
    """Report a list that has a value for each parameter of `block`, by their order; says whether it is one."""
    first, *others = block.parameters.values()
    values = arguments.content if arguments.kind == "list" else ()
    if arguments.kind == "scalar" and isinstance(arguments.content, str) and "," in arguments.content:
        values = tuple(arguments._replace(content=value) for value in values_in(arguments.content) or ())
    if not others or first.type not in ("int", "float", "bool", "str") or len(values) != len(block.parameters):
        return False
    named = dict(zip(block.parameters, (value.data for value in values), strict=True))
    message = f"the block `{block.name}` takes its arguments by name, got {len(named)} values in a row"
    help = f"write `{block.name}: {spell(named)}`"
    evaluator.report("E105", message, arguments.at, label="which arguments?", help=help)
    return True


def undeclared(block: Block) -> set[str]:
    """The names in the body of `block` that nothing defines."""
    waiting, found = [block.body], set[str]()
    while waiting:
        node = waiting.pop()
        if node is not None and node.kind == "scalar" and isinstance(node.content, str) and node.content[:1] == "$":
            found |= referenced_names(node.content)
        waiting += () if node is None else node.children
    return found - block.parameters.keys() - block.file.variables.keys()


def bind_arguments(
    evaluator: "VariableEvaluator", block: Block, arguments: SourceNode | None, at: Where, scope: Scope
) -> dict[str, SourceNode | None]:
    """The value of every parameter of `block`; None for one that is missing or invalid."""
    parameters = block.parameters
    given: dict[str, tuple[Where, SourceNode]] = {}
    if arguments is not None and not (arguments.kind == "scalar" and arguments.content is None):
        if arguments.kind == "hole":
            return dict.fromkeys(parameters)
        if arguments.kind == "mapping":
            given = dict(arguments.content)
        elif not parameters and undeclared(block):
            return {}
        elif not parameters:
            message = f"the block `{block.name}` has no parameters"
            evaluator.report("E105", message, arguments.at, help=f"write `{block.name}`")
            return {}
        elif is_positional(evaluator, block, arguments):
            return dict.fromkeys(parameters)
        else:
            given = {next(iter(parameters)): (arguments.at, arguments)}
    lacking = {name for name, parameter in parameters.items() if parameter.default is None} - given.keys()
    meant = undeclared(block) if not lacking and given.keys() - parameters.keys() else ()
    for name, (where, below) in given.items():
        # A parameter that is not declared is reported where the body refers to it.
        if name not in parameters and name not in meant:
            found = suggest(name, parameters, defined=True)
            if arguments is None or arguments.trail:
                found = found._replace(is_safe=False)
            if not found:
                found = found._replace(help=moved_out(block, name, {key: one.data for key, (_, one) in given.items()}))
            if not found and below.kind == "mapping" and below.content and below.content.keys() <= parameters.keys():
                found = found._replace(help=f"write `{block.name}: {spell(below.data)}`")
            message, label = f"unknown argument `{name}` of the block `{block.name}`", "unknown argument"
            names = ", ".join(parameters)
            note = f"parameters of `{block.name}`: {names}" if names else f"`{block.name}` has no parameters"
            related = [Label(block.at.place(), "defined here")]
            evaluator.report("E102", message, where, label=label, note=note, related=related, suggestion=found)
    # An unknown argument is probably meant for a missing one.
    known = given.keys() <= parameters.keys()
    values: dict[str, SourceNode | None] = {}
    for name, parameter in parameters.items():
        if name in given:
            values[name] = check_type(
                evaluator, block, parameter, argument(evaluator, parameter, given[name][1], scope)
            )
            continue
        values[name] = parameter.default if known else None
        if known and parameter.default is None:
            message = f"the block `{block.name}` needs the argument `{name}`"
            written = [f"{key}: {flow(value.data)}" for key, (_, value) in given.items()]
            help = f"write `{block.name}: {{{', '.join([*written, f'{name}: ...'])}}}`"
            related = [Label(parameter.at.place(), "has no default value")]
            evaluator.report("E104", message, at, label=f"`{name}` is missing", help=help, related=related)
    return values


def argument(evaluator: "VariableEvaluator", parameter: Parameter, node: SourceNode, scope: Scope) -> SourceNode:
    """An argument of a block. What it asks for belongs to what is around the block."""
    found = evaluator.evaluate(node, scope)
    if parameter.type:
        help = f"give the parameter a default instead of a type, such as `{parameter.name}: 8`, or write it in the body"
        return evaluator.known(found, f"`{parameter.name}: {parameter.type}` needs a value that is known", help)
    return evaluator.with_shapes(found, lambda below: below._replace(content=below.content.outside()))
