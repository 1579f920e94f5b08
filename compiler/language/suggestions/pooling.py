"""What is written for PyTorch's arguments of pooling, `padding: 1`, `ceil_mode` and `count_include_pad`, all of them at once.

Here a window is whole (`valid`), or zero or more values of it are outside, spread over both edges (`same`).
"""

from collections.abc import Mapping
from typing import Any

from modelc.compiler.language.suggestions.spelling import spelled
from modelc.compiler.language.suggestions.wording import flow, spell

OF_OTHERS = ("ceil_mode", "count_include_pad", "padding")
"""What PyTorch says of the edges."""
KEPT = ("pool_size", "strides")


def edges_help(layer: str, name: str, given: Mapping[str, Any], is_node: bool = False) -> str:
    """What to write for the pooling `layer` with the arguments `given`, among them `name`, one of PyTorch's that say what
    becomes of the edges; `is_node` where it stands alone in a node. Empty for all else.
    """
    kind, dimensions = layer[:-2].rpartition("_")[0], layer[-2:-1]
    if name not in OF_OTHERS or kind not in ("max", "avg") or not dimensions.isdecimal():
        return ""
    arguments = {spelled(key, KEPT) or key: value for key, value in given.items()}
    axes = int(dimensions)
    window = sizes(arguments.get("pool_size", 2), axes)
    steps = sizes(window if arguments.get("strides") is None else arguments["strides"], axes)
    before = sizes(0 if isinstance(arguments.get("padding"), str) else arguments.get("padding", 0), axes)
    if not window or not steps or not before:
        return ""
    kept = {key: arguments[key] for key in KEPT if key in arguments}
    is_ceil, counts = arguments.get("ceil_mode") is True, arguments.get("count_include_pad", True) is not False
    after = [pad + step - 1 if is_ceil else pad for pad, step in zip(before, steps, strict=True)]
    if is_ceil and any(step > size for size, step in zip(window, steps, strict=True)):
        # Which values are left over depends on the size of the input.
        return ""
    if not any(before) and not any(after):
        return f"write `{written(layer, kept)}`: nothing is padded, and what is left over at the end is left out"
    if is_same(kind, window, steps, before, is_ceil, counts):
        return f"write `{written(layer, {**kept, 'padding': 'same'})}`, which is the same here"
    if kind == "avg" and (is_ceil or not counts):
        text = (
            f"`{written(layer, {**kept, 'padding': 'same'})}` is near: it counts no padding, and pads both edges alike"
        )
        return text + ("" if any(before) else ", where `ceil_mode` pads the end alone")
    pads = [[one, other] for one, other in zip(before, after, strict=True)]
    padding, pooling = f"zero_padding{dimensions}d: {shortest(pads)}", written(layer, kept)
    text = f"write `layers: [{padding}, {pooling}]`" if is_node else f"write two layers, `{padding}` and `{pooling}`"
    return text + ("; with values of at least 0, as behind `relu`, the result is the same" if kind == "max" else "")


def is_same(kind: str, window: list[int], steps: list[int], before: list[int], is_ceil: bool, counts: bool) -> bool:
    """Whether `same` pads as PyTorch does, whatever the size of the input."""
    if any(before) and kind == "avg" and counts:
        return False
    if all(step == 1 for step in steps):
        return all(2 * pad == size - 1 for size, pad in zip(window, before, strict=True))
    return is_ceil and not any(before) and all((size, step) == (2, 2) for size, step in zip(window, steps, strict=True))


def sizes(value: Any, axes: int) -> list[int]:
    """One size for each axis; empty for what is none."""
    found = value if isinstance(value, list) else [value] * axes
    found = found * axes if len(found) == 1 else found
    return found if len(found) == axes and all(type(one) is int and one >= 0 for one in found) else []


def shortest(pads: list[list[int]]) -> str:
    """The `padding` of a layer that pads, each axis before and after."""
    if len({one for pad in pads for one in pad}) == 1:
        return str(pads[0][0])
    if len(pads) > 1 and all(one == other for one, other in pads):
        return flow([one for one, _ in pads])
    return flow(pads[0] if len(pads) == 1 else pads)


def written(layer: str, arguments: Mapping[str, Any]) -> str:
    """The layer as a spec writes it."""
    if [*arguments] == ["pool_size"]:
        return f"{layer}: {flow(arguments['pool_size'])}"
    return f"{layer}: {spell(arguments)}" if arguments else layer
