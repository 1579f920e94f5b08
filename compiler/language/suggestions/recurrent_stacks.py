"""What is written for several recurrent layers that others have as one, `num_layers: 2`, `bidirectional: true` and a list of sizes: with
all the arguments of the one.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from modelc.compiler.language.suggestions.hints import ARGUMENTS
from modelc.compiler.language.suggestions.sharing import BESIDE
from modelc.compiler.language.suggestions.spelling import spelled
from modelc.compiler.language.suggestions.wording import in_line
from modelc.compiler.library.layers import LAYERS

LONGEST = 300
"""Characters of a layer that is written out."""
FEW = 4
"""More layers are not written out one by one."""
STACKED = ("num_layers", "bidirectional")
OF_ALL = ("return_sequences", "go_backwards", "stateful")
"""Arguments that are those of a stack, and not of a layer in it."""


def stack_help(layer: str, arguments: Mapping[str, Any], is_node: bool) -> str:
    """What to write for the recurrent `layer` with these arguments, of which some say how many layers it is; `is_node` where it
    stands alone in a node. Empty for all else.
    """
    if layer not in LAYERS or not {*STACKED} & arguments.keys() or not is_recurrent(layer):
        return ""
    cls, count, both = LAYERS.find(layer), arguments.get("num_layers", 1), arguments.get("bidirectional", False)
    given = {
        spelled(key, cls.model_fields) or key: value
        for key, value in arguments.items()
        if key not in (*STACKED, *BESIDE) and key not in ARGUMENTS and not cls.foreign_argument(key)
    }
    if type(count) is not int or count < 1 or type(both) is not bool or not given.keys() <= cls.model_fields.keys():
        return ""
    if count == 1:
        return f"write `{wrapped(layer, given, both)}`"
    if both or count > FEW:
        inner = wrapped(layer, {**given, "return_sequences": True}, both)
        first = f"{{{inner}, repeat: {count - 1}}}" if count > 2 else inner
        return in_sequence([first, wrapped(layer, given, both)], is_node)
    cells = ", ".join([written(layer, {key: one for key, one in given.items() if key not in OF_ALL})] * count)
    of_all = "".join(f", {key}: {in_line(one, LONGEST)}" for key, one in given.items() if key in OF_ALL)
    return f"write `stacked_rnn: {{cells: [{cells}]{of_all}}}`" if of_all else f"write `stacked_rnn: [{cells}]`"


def layers_for_each(layer: str, arguments: Mapping[str, Any], name: str, values: Sequence[Any]) -> list[str]:
    """A layer for each of the `values` of the argument `name`, with its other `arguments`; of recurrent ones, all but the last
    give all steps.
    """
    steps = {"return_sequences": True} if is_recurrent(layer) else {}
    last = len(values) - 1
    every = [
        {key: value if key == name else one for key, one in {name: value, **arguments}.items()} for value in values
    ]
    return [written(layer, {**one, **(steps if place < last else {})}) for place, one in enumerate(every)]


def in_both_directions(layers: Sequence[Any]) -> str:
    """What to write for a list of recurrent layers in `bidirectional`, which takes one; empty for all others."""
    named = [next(iter(one.items())) if isinstance(one, Mapping) and len(one) == 1 else (one, None) for one in layers]
    if len(named) < 2 or not all(isinstance(name, str) and name in LAYERS and is_recurrent(name) for name, _ in named):
        return ""
    written_out = []
    for place, (name, given) in enumerate(named):
        bare = {} if given is None else {str(LAYERS.find(name).primary): given}
        arguments = dict(given) if isinstance(given, Mapping) else bare
        steps = {"return_sequences": True} if place < len(named) - 1 else {}
        written_out.append(wrapped(name, {**arguments, **steps}, both=True))
    return f"write one for each, {' and '.join(f'`{one}`' for one in written_out)}"


def is_recurrent(layer: str) -> bool:
    return "return_sequences" in LAYERS.find(layer).model_fields and LAYERS.find(layer).primary != "cells"


def in_sequence(layers: Sequence[str], is_node: bool) -> str:
    """What to write for layers one after the other."""
    if is_node:
        return f"write `layers: [{', '.join(layers)}]`"
    return f"write {len(layers)} items, {' and '.join(f'`{one}`' for one in layers)}"


def wrapped(layer: str, arguments: Mapping[str, Any], both: bool) -> str:
    """The layer as a spec writes it, in `bidirectional` if it runs in `both` directions."""
    inner = written(layer, arguments)
    return f"bidirectional: {{{inner}}}" if both else inner


def written(layer: str, arguments: Mapping[str, Any]) -> str:
    """The layer as a spec writes it."""
    if [*arguments] == [LAYERS.find(layer).primary]:
        ((_, value),) = arguments.items()
        return f"{layer}: {in_line(value, LONGEST)}"
    return f"{layer}: {in_line(dict(arguments), LONGEST)}" if arguments else layer
