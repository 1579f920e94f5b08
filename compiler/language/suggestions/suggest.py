"""Computes every "did you mean": the intended name for an unknown one, and whether it is unambiguous.

`suggest` knows the things of the registries, what other frameworks call them, the names that a spec defines, typos and
likeness, and is asked by all others. Items of other frameworks are translated to the notation of specs here.
"""

import re
from collections.abc import Collection, Mapping
from typing import Any

from modelc.compiler.diagnostics.command_line import shell_word
from modelc.compiler.diagnostics.likeness import most_alike
from modelc.compiler.diagnostics.problem import Suggestion
from modelc.compiler.language.suggestions import hints
from modelc.compiler.language.suggestions.spelling import OTHER_VALUES, OTHERWISE, distance, nearest, spelled, synonyms
from modelc.compiler.language.suggestions.wording import flow, spell
from modelc.compiler.library.base.plugin_metadata import plugins_with
from modelc.compiler.library.base.registry import Registered, Registry, bare, fold

WEIGHTED = re.compile(r"(\d[\d.eE-]*)\s*\*\s*(\w+)|(\w+)\s*\*\s*(\d[\d.eE-]*)")
"""A loss times its weight, as Python writes it."""


def suggest(
    name: str, known: Collection[str] | Registry[Any], arguments: Any = None, *, defined: bool = False
) -> Suggestion:
    """What is meant by `name`, which is none of the `known` names: another word for one of them, a typo, or something
    like it.

    Of several things that others call so, the one that takes all of `arguments`, where these are given by name.
    `defined` says that the spec itself defines the known names.
    """
    same = synonyms(name, known)
    typo, alike = nearest(name, bare(name) if isinstance(known, Registry) else name, tuple(known))
    if same:
        is_safe = len(set(same)) == 1
        if isinstance(known, Registry):
            fitting = [entry for entry in same if takes_all(known, entry, arguments)] if len(same) > 1 else same
            new = (fitting or same)[0]
            other_values = (*known.find(new).related, *known.find(new).values_of_words)
            is_safe = len(fitting) == 1 and fold(bare(name)) not in map(fold, other_values)
            is_safe = is_safe and not counts_otherwise(name, arguments)
        else:
            new = same[0]
            is_safe = is_safe and (fold(new) == fold(name) or name not in OTHER_VALUES or typo == new)
    else:
        new = alike
        is_safe = typo is not None
    help = f"did you mean `{new}`?" if new else ""
    return Suggestion(name, new, help, is_safe, bool(same), undefined=name if defined else "")


def takes_all(registry: Registry[Any], entry: str, arguments: Any) -> bool:
    """Whether an entry has all `arguments`, where these are given by name."""
    if not isinstance(arguments, Mapping):
        return True
    fields = registry.find(entry).model_fields
    return all(suggest(key, fields).is_safe for key in arguments)


def counts_otherwise(name: str, arguments: Any) -> bool:
    """Whether the `arguments` of another framework's thing have one that is counted from the other end here, or a typo
    of it.
    """
    counted = OTHERWISE.get(fold(name.rpartition(".")[2]), "")
    if not counted or not isinstance(arguments, Mapping):
        return False
    return any(fold(key) == counted or most_alike(fold(key), [counted], 0.7) for key in arguments)


def suggest_argument(
    name: str,
    fields: Collection[str],
    *,
    instead: str = "",
    owner: type[Registered] | None = None,
    value: Any = None,
    beside: Collection[str] = (),
) -> Suggestion:
    """What is meant by an argument that does not exist and has the `value`; `instead` is what it probably is, if that is
    known otherwise. `owner` is the class that lacks it, which knows what it is elsewhere, `beside` which arguments.
    """
    argument, equals, given = name.partition("=")
    if equals and (right := spelled(argument.strip(), fields)):
        return Suggestion(name, help=f"write `{right}: {given.strip()}`")
    if owner is not None and (foreign := owner.foreign_argument(name, beside) or hints.input_hint(owner, name)):
        return Suggestion(name, help=foreign.replace("{value}", flow(value)))
    found = Suggestion(name, instead, f"did you mean `{instead}`?") if instead else suggest(name, fields)
    return found._replace(help=hints.argument_hint(name, fields).replace("{value}", flow(value)) or found.help)


def suggest_choice(value: object, choices: Collection[str]) -> Suggestion:
    """Which of the choices is meant by a value that is none of them."""
    word = hints.CHOICES.get(str(value).rpartition(".")[2].lower(), "")
    if word in choices:
        return Suggestion(value, word, f"did you mean `{word}`?", True)
    for choice, others in hints.OTHER_CHOICES.items():
        if choice in choices and (help := others.get(fold(str(value)), "")):
            return Suggestion(value, help=help)
    return suggest(str(value), choices)._replace(written=value)


def suggest_value(kind: str, name: str, value: object) -> Suggestion:
    """What is meant by a `value` of the wrong type for what is called `name`; `kind` is pydantic's word for it."""
    new = hints.respelled(kind, value)
    if not new:
        help = hints.type_hint(kind, name, value)
        if not help and isinstance(value, str) and kind in ("int_type", "float_type", "sizes_type"):
            from modelc.compiler.language.suggestions.foreign_numbers import number_help

            help = number_help(kind, name, value)
        return Suggestion(value, help=help)
    help = "remove the quotes" if new == value else f"write `{new}`"
    return Suggestion(value, new, help, not hints.has_leading_zero(value), how="value")


def suggest_registered(
    name: str, registry: Registry[Any], key: str | int = "", arguments: Any = None, blocks: Collection[str] = ()
) -> Suggestion:
    """What is meant by the thing `name`, which is not in the registry: an entry of it, one of the spec's `blocks` in
    the place of a layer, or something that has another form here.

    `key` is the key that it stands at: its own name where it stands with `arguments` of its own.
    """
    entry = suggest(name, registry, arguments)
    block = suggest(name, blocks, defined=True)
    # One that is refused as the name of a block is reported where it is defined.
    block_is_safe = block.is_safe and block.new[:1].isupper()
    if block and block_is_safe >= entry.is_safe:
        found = block._replace(is_safe=block_is_safe and not entry.is_safe)
    elif block and distance(name.lower(), block.new.lower(), 2) < 2:
        # What others call a layer is a letter off from a block of the spec.
        help = f"did you mean the block `{block.new}`, or the layer `{entry.new}`?"
        return entry._replace(is_safe=False, help=help)
    else:
        found = entry
    if name.endswith(")") and blocks:
        from modelc.compiler.language.suggestions.calls import block_called

        if help := block_called(name, blocks):
            return found._replace(help=help)
    # A plug-in that has exactly this name: more than likeness and the words of others say.
    plugins = plugins_with(registry.kind, name)
    if plugins:
        return Suggestion(
            name, help=f"the installed plug-in `{plugins[0]}` has it: add `--plugin {shell_word(plugins[0])}`"
        )
    if help := other_form(found, registry, key, arguments):
        # What it is elsewhere is no typo of what is here, however near.
        return (
            Suggestion(name, help=help) if help == hints.absent_hint(registry.kind, name) else found._replace(help=help)
        )
    return found


def other_form(found: Suggestion, registry: Registry[Any], key: str | int, arguments: Any) -> str:
    """How what is `found` for an unknown name is written here, where it is more than another name. Empty for all else."""
    name = str(found.written)
    if name.endswith(")"):
        from modelc.compiler.language.suggestions.calls import called

        if written := called(name, registry):
            return f"write `{written if key == name else entry_text(key, written)}`"
    function, is_call, _ = name.partition("(")
    if is_call and " " not in function and (absent := hints.absent_hint(registry.kind, function)):
        return absent
    if registry.kind == "layer" and isinstance(arguments, str) and fold(name) in hints.REUSE and not found.is_safe:
        return f"to use the layers of the node `{arguments}` again, with its weights, write `share: {arguments}`"
    if registry.kind == "metric" and (written := named_beside(name, arguments, registry)):
        return f"the name of a metric stands beside it: write `{written}`"
    if registry.kind == "layer" and not found.is_safe and arguments is not None:
        from modelc.compiler.language.suggestions.joins import joining

        if layer := joining(name, arguments, registry):
            return f"write the layer itself: `{layer}`"
    if registry.kind == "loss" and (weighted := WEIGHTED.fullmatch(name)):
        loss, weight = (weighted[2], weighted[1]) if weighted[1] else (weighted[3], weighted[4])
        right = loss if loss in registry else suggest(loss, registry).new
        return f"write `{entry_text(key, f'{{{right}: , weight: {weight}}}')}`" if right else ""
    if registry.kind == "metric" and (top := re.fullmatch(r"top[-_]?(\d+)(?:_?acc(?:uracy)?)?", name.lower())):
        return f"write `top_k_accuracy: {top[1]}`"
    if layer := layer_of_cell(name, registry, arguments):
        return f"did you mean `{layer}`?"
    if not found.is_synonym and not found.undefined and (absent := hints.absent_hint(registry.kind, name)):
        return absent
    is_foreign = found.is_synonym and fold(name.rpartition(".")[2]) != fold(found.new)
    ways = registry.find(found.new).arguments_of_word(bare(name)) if is_foreign else ()
    if is_foreign and not found.undefined and (key == name or ways):
        if counts_from_start(registry.find(found.new), arguments):
            return f"did you mean `{found.new}`? {hints.FROM_THE_END.capitalize()}, and the batch is none"
        return f"did you mean {as_ways(registry, found.new, as_here(name, arguments), ways)}?"
    before, _, after = name.partition(":")
    if before.strip() in registry and after:
        return f"write `{entry_text(key, f'{before.strip()}: {after.strip()}')}`"
    if registry.kind == "source" and name.endswith((".npz", ".npy")):
        return f"write `{entry_text(key, f'{name[-3:]}: {name}')}`"
    if registry.kind == "source" and key == name and not found and (inside := source_inside(arguments, registry)):
        return f"a data set is written by its name alone: `{inside}`"
    return ""


def source_inside(arguments: Any, registry: Registry[Any]) -> str:
    """The source that `arguments` name, those of a library of data sets: `cifar10` of `tfds: cifar10`. Empty for none."""
    values = arguments.values() if isinstance(arguments, Mapping) else (arguments,)
    named = (suggest(value, registry) for value in values if isinstance(value, str))
    return next((found.new for found in named if found.is_synonym), "")


def named_beside(name: str, value: Any, registry: Registry[Any]) -> str:
    """The thing of the registry that is the `value` of a key that is its `name`, with the name beside it; empty for none."""
    if isinstance(value, str) and value in registry:
        return f"{{{value}: , name: {name}}}"
    if not isinstance(value, Mapping) or len(value) != 1 or next(iter(value)) not in registry:
        return ""
    return f"{{{spell(value)[1:-1]}, name: {name}}}"


def layer_of_cell(name: str, registry: Registry[Any], arguments: Any) -> str:
    """The layer that Keras's `RNN: {cell: ...}` runs, with the arguments beside the cell; empty for what is no such
    form.

    Here a cell is the layer that runs it, and several of them are a stack.
    """
    if fold(name.rpartition(".")[2]) != "rnn" or not isinstance(arguments, Mapping) or "cell" not in arguments:
        return ""
    cell = arguments["cell"]
    if isinstance(cell, list):
        cell = {"stacked_rnn": cell}
    kind, given = next(iter(cell.items())) if isinstance(cell, Mapping) and len(cell) == 1 else (cell, {})
    layer = suggest(kind, registry).new if isinstance(kind, str) else ""
    if not layer:
        return ""
    given = given if isinstance(given, Mapping) else {registry.find(layer).primary or "": given}
    return translated(registry, layer, {**given, **{key: value for key, value in arguments.items() if key != "cell"}})


def entry_text(key: str | int, written: str) -> str:
    """`written` as the value of `key`; an item of a list stands by itself."""
    if isinstance(key, int):
        return written
    return f"{key}: {written}" if written.startswith("{") or ":" not in written else f"{key}: {{{written}}}"


def as_ways(table: Registry[Any], name: str, arguments: Any, ways: Collection[Mapping[str, Any]]) -> str:
    """The thing called `name` as it is written for another's word: with the arguments that came with the word, and those
    that the word stands for, in each of the `ways` that are not said otherwise.
    """
    cls = table.find(name)
    given = arguments if isinstance(arguments, Mapping) else {} if arguments is None else {cls.primary or "": arguments}
    own = {spelled(str(key), cls.model_fields) or key: value for key, value in given.items()}
    if not isinstance(arguments, Mapping):
        # A bare value is of the argument that it has there, which is another one where the word says that of here.
        own = {key: value for key, value in own.items() if not any(key in way for way in ways)}
    written = [translated(table, name, {**way, **own}) for way in ways] or [translated(table, name, arguments)]
    return " or ".join(f"`{one}`" for one in dict.fromkeys(written))


def translated(table: Registry[Any], name: str, arguments: Any) -> str:
    """The thing called `name` with the arguments that another framework's word for it came with: `dense: 64`.

    The name alone where some of the arguments have no counterpart here.
    """
    cls = table.find(name)
    if not isinstance(arguments, Mapping):
        if cls.primary or arguments is None:
            return name if arguments is None else f"{name}: {flow(arguments)}"
        return name if any(field.is_required() for field in cls.model_fields.values()) else f"{name}: {{}}"
    arguments = cls.from_elsewhere(arguments)
    known = {
        spelled(key, cls.model_fields) or key: value
        for key, value in arguments.items()
        if hints.ARGUMENTS.get(key) != hints.KNOWN
    }
    if not known or not set(known) <= set(cls.model_fields):
        return name
    return f"{name}: {flow(known[cls.primary or '']) if cls.is_bare(known) else spell(known)}"


def counts_from_start(cls: type[Registered], arguments: Any) -> bool:
    """Whether `arguments` of another framework have an axis that is counted from the start there, and from the end here."""
    given = arguments if isinstance(arguments, Mapping) else {cls.primary: arguments}
    names = ((key, value) for key, value in given.items() if key is not None)
    values = (value for key, value in names if {"axis", "dims"} & {key, spelled(str(key), cls.model_fields)})
    axes = (axis for value in values for axis in (value if isinstance(value, list) else [value]))
    return any(type(axis) is int and axis >= 0 for axis in axes)


def as_here(word: str, arguments: Any) -> Any:
    """The arguments of another framework's `word` for a thing, with the one that is counted from the other end as it is
    here."""
    counted = OTHERWISE.get(fold(word.rpartition(".")[2]), "")
    value = arguments.get(counted) if isinstance(arguments, Mapping) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 0.5:
        return arguments
    return {**arguments, counted: round(1 - value, 9)}
