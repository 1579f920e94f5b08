"""Suggestions for foreign forms: items written as in other frameworks, and forms such as `type: dense`.

Texts for the help of messages only; what is wrong is found and reported elsewhere.
"""

from collections.abc import Collection, Mapping
from typing import Any

from modelc.compiler.diagnostics.problem import Suggestion
from modelc.compiler.language.suggestions.spelling import spelled
from modelc.compiler.language.suggestions.suggest import as_here, entry_text, suggest, takes_all
from modelc.compiler.language.suggestions.updates import UPDATES, beside_optimizer
from modelc.compiler.language.suggestions.wording import flow, spell
from modelc.compiler.library.base.registry import Registered, Registry, fold

TYPE_KEYS = ("type", "class_name", "layer", "op", "kind", "class", "class_path", "_target_")
WRAPPERS = ("config", "args", "params", "arguments", "init_args", "kwargs")
"""Keys whose mapping has the arguments of what is named beside them."""


def type_form(
    table: Registry[Any], raw: Mapping[str, Any], at: str | int, siblings: Collection[str] = ()
) -> Suggestion | None:
    """What is meant by `{type: dense, units: 8}` or `{name: adam, learning_rate: 0.1}`, which stands at the key or
    index `at`; None for what is no such form.
    """
    for key in (*TYPE_KEYS, f"@{table.kind}s", table.kind, "name"):
        value = raw.get(key)
        if not isinstance(value, str) or key in table:
            continue
        beside = {other: raw[other] for other in raw if other in siblings and other != key}
        rest = {other: raw[other] for other in raw if other not in (key, "name", *siblings)}
        wrapper = next((one for one in WRAPPERS if isinstance(rest.get(one), Mapping)), "")
        wrapped = rest.pop(wrapper, None)
        if wrapper:
            # As Keras writes it out.
            rest |= wrapped
        found = suggest(value, table, rest)
        name = found.new if found.is_synonym or key != "name" else ""
        # An output may well be called `kind`.
        may_be_name = name and key in ("kind", "op", "layer")
        if may_be_name and not all(spelled(other, table.find(name).model_fields) for other in rest):
            continue
        if name and (key not in siblings or is_type(table, name, rest)):
            fields = table.find(name).model_fields
            moved = {other: rest[other] for other in rest if table.kind == "optimizer" and fold(other) in UPDATES}
            rest = {other: value for other, value in rest.items() if other not in moved}
            taken = {spelled(other, fields) or other: rest[other] for other in rest}
            if isinstance(rest.get("betas"), list):
                # PyTorch's are two arguments here.
                taken |= dict(zip(("beta_1", "beta_2"), rest["betas"], strict=False))
            written = with_siblings(f"{name}: {spell(as_here(value, taken))}" if taken else name, beside)
            lost = isinstance(wrapped, Mapping) or (key != "name" and "name" in raw and "name" not in siblings)
            is_safe = found.is_safe and not lost and not moved and takes_all(table, name, rest)
            help = f"write `{entry_text(at, written)}`"
            is_item = isinstance(at, int) or "from" in siblings
            if table.kind == "layer" and is_item and (whole := whole_layer(name, rest, "from" in siblings)):
                help, is_safe = whole, False
            help = "; ".join((help, *beside_optimizer(moved)))
            return Suggestion(key, name, help, is_safe, how="form", beside=tuple(beside))
    return None


def whole_layer(name: str, arguments: Mapping[str, Any], is_node: bool) -> str:
    """What to write for a layer of PyTorch that is more than one here, with all its arguments; empty for all else."""
    from modelc.compiler.language.suggestions.pooling import OF_OTHERS, edges_help
    from modelc.compiler.language.suggestions.recurrent_stacks import stack_help

    edges = next((key for key in OF_OTHERS if key in arguments and not isinstance(arguments[key], str)), "")
    return stack_help(name, arguments, is_node) or (edges_help(name, edges, arguments, is_node) if edges else "")


def is_type(table: Registry[Any], name: str, rest: Collection[str]) -> bool:
    """Whether a `name:` that is also the entry `name` says the type: a layer may well be called like another one."""
    fields = table.find(name).model_fields
    return all(spelled(key, fields) for key in rest) and not (rest and set(rest) <= set(table))


def with_siblings(thing: str, siblings: Mapping[str, Any]) -> str:
    """A thing and what stands beside it, on one line."""
    shown = dict(siblings)
    if not shown:
        return thing
    sources = [f"from: {flow(shown.pop('from'))}"] if "from" in shown else []
    return "{" + ", ".join([*sources, thing, *(f"{key}: {flow(value)}" for key, value in shown.items())]) + "}"


def fed_help(table: Registry[Any], name: str, value: Any) -> str:
    """What to do about a list of nodes where the arguments of a layer with several inputs stand. Empty for all else."""
    if not isinstance(value, list) or table.kind != "layer" or not any(slot.many for slot in table.find(name).slots):
        return ""
    return f"in a graph, name what feeds it beside it: `{{from: {flow(value)}, {name}}}`"


def example_of(whose: Mapping[str, str] | None) -> str:
    from modelc.compiler.library.registries import table_of

    if whose is None:
        return ""
    cls: type[Registered] = table_of(whose["kind"]).find(whose["name"])
    return cls.example if "\n" not in cls.example else ""
