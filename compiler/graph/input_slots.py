"""Assigns edges to the inputs (slots) of a layer or block, and reports wrong numbers and names."""

from collections.abc import Sequence
from typing import NamedTuple

from modelc.compiler.diagnostics.phrases import listed, name_list
from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.graph.graph import Edge, Feed
from modelc.compiler.language.ast import Chain, Inner, Item, Layers, Residual, Share, Unembed
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.language.suggestions.suggest import suggest
from modelc.compiler.library.contracts.layer import Slot
from modelc.compiler.library.layers import LAYERS


class Argument(NamedTuple):
    """One edge that is passed to an item. `slot` names the input that it is for, None if it is positional."""

    edge: Edge | None
    path: Path
    slot: str | None = None


Arguments = Sequence[Argument] | None
"""What is given to an item, in order; None where a part of it could not be read."""


def feeds_of(
    reporter: Reporter, item: Item, given: Sequence[Argument], at: Path, slots: tuple[Slot, ...] | None = None
) -> tuple[Feed, ...] | None:
    """`given` as feeds of the slots of a layer, or of `slots`; None after reporting that they do not fit."""
    if slots is None:
        if item.cls is None:
            return tuple(Feed(one.slot or "x", one.edge, one.path) for one in given)
        slots = item.cls.slots
    if len(given) == len(slots) == 1 and given[0].slot is None and slots[0].least <= 1:
        return (Feed(slots[0].name, given[0].edge, given[0].path),)
    names = [slot.name for slot in slots]
    if len(given) > len(slots) > 1 and not any(slot.many for slot in slots) and not any(one.slot for one in given):
        message = f"`{item.kind}` takes {len(slots)} inputs, got {len(given)}"
        note = f"inputs of `{item.kind}`: {listed(names)}"
        reporter.add("E204", message, at, key=at == item.path, label=f"{len(given)} given", note=note)
        return None
    feeds: list[Feed] = []
    for index, one in enumerate(given):
        slot = one.slot
        if slot is None:
            slot = names[0] if slots[0].many else names[min(index, len(names) - 1)]
        elif slot not in names:
            if len(slots) == 1 and slots[0].many and all(other.slot not in names for other in given):
                report_in_order(reporter, item, given, at)
            else:
                no_slot(reporter, item, one, names, [known.name for known in slots if known.required])
            return None
        feeds.append(Feed(slot, one.edge, one.path))
    return tuple(feeds) if check_slots(reporter, item, slots, tuple(feeds), at) else None


def report_in_order(reporter: Reporter, item: Item, given: Sequence[Argument], at: Path) -> None:
    """Report inputs with names of a layer that joins values in their order."""
    written = [reporter.document.get(one.path) for one in given if one.path in reporter.document.values]
    help = f"write them in order: `from: [{', '.join(map(str, written))}]`"
    message = f"`{item.kind}` takes its inputs in order, without names"
    reporter.add("E204", message, at, key=at == item.path, label="names", help=help)


def check_names(reporter: Reporter, item: Item, given: Sequence[Argument] | None) -> None:
    """Report named inputs that `item` does not have."""
    if isinstance(item.body, Share | Unembed) or item.is_hole:
        return
    names = slots_of(item)
    for one in given or ():
        if one.slot is not None and one.slot not in names:
            no_slot(reporter, item, one, names, names)


def no_slot(reporter: Reporter, item: Item, one: Argument, names: Sequence[str], needed: Sequence[str]) -> None:
    """Report the input that `one` is for, which is none of the `names` of the inputs of `item`."""
    slot = one.slot or ""
    found = suggest(slot, names)
    if not found and len(needed) == 1:
        found = found._replace(help=f"did you mean `{needed[0]}`?")
    message, label = f"`{item.kind}` has no input `{slot}`", "no such input"
    note, help = (f"inputs of `{item.kind}`: {listed(names)}", "") if names else ("", "remove the name")
    at = one.path[:-1] if isinstance(one.path[-1], int) else one.path
    reporter.add("E204", message, at, key=True, label=label, help=help, note=note, suggestion=found)


def check_slots(reporter: Reporter, item: Item, slots: tuple[Slot, ...], feeds: tuple[Feed, ...], at: Path) -> bool:
    """Report slots with too many or too few edges, at `at` or, where that is the item itself, at its name."""
    kind = item.kind
    for slot in slots:
        count = sum(feed.slot == slot.name for feed in feeds)
        least = (slot.least if slot.many else 1) if slot.required or count else 0
        if least <= count and (slot.many or count <= 1):
            continue
        values = f"{least} or more inputs" if slot.many else "one input"
        given = next((feed for feed in feeds if feed.slot == slot.name), None)
        named = f" as `{slot.name}`" if not slot.required or len(slots) > 1 else ""
        chained = at == item.path
        path, key = (at, chained) if slot.required or given is None else (given.path, False)
        message, help = f"`{kind}` takes {values}{named}, got {count}", advice(kind, slot, count, given, chained)
        if not chained and not count and not slot.parts and not slot.many:
            help = completed(reporter, slots, feeds)
        if count > 1 and not slot.many and help == JOIN and item.path[-3:-2] == ("nodes",):
            from modelc.compiler.graph.layer_order import in_its_node

            help = f"{JOIN}: `layers: [concatenate, {in_its_node(reporter.document, item.path)}]`"
        if kind == "multi_head_attention" and len(feeds) == 1:
            help = f"for a sequence with itself write `self_attention` in place of it; for two, {help}"
        reporter.add("E204", message, path, key=key, label=f"{count} given", help=help)
        return False
    return True


JOIN = "join them first with `concatenate` or `add`"
"""What to do about several values where one is wanted."""


def advice(kind: str, slot: Slot, count: int, given: Feed | None, chained: bool) -> str:
    """A help for the wrong number of inputs; in a chain there is only one."""
    if count > 1 and not slot.many and (meant := counterpart_of_reduction(kind)):
        return f"`{kind}` works along an axis of one value: for several, element by element, write `{meant}`"
    if count > 1 and not slot.many:
        return JOIN
    if slot.parts:
        node = given.edge.node if given is not None and given.edge is not None else "node"
        ports = ", ".join(f"{node}.{part}" for part in slot.parts)
        return f"it consists of {name_list(slot.parts)}: `{slot.name}: [{ports}]`"
    if slot.many and kind in LAYERS and chained:
        return f"a chain has one value: write `parallel: {{join: {kind}, branches: {{a: [...], b: [...]}}}}`"
    if slot.many:
        return f"write `from: [a, b]` with the nodes that `{kind}` joins" if kind in LAYERS else ""
    return f"a chain has one value: in a graph, write `from: {{{slot.name}: NODE, ...}}` beside `{kind}`"


def counterpart_of_reduction(kind: str) -> str:
    """The layer that does with several values what `kind` does along an axis of one; empty where there is none."""
    from modelc.compiler.language.suggestions.joins import VALUE_BY_VALUE

    return VALUE_BY_VALUE.get(kind, "")


def completed(reporter: Reporter, slots: Sequence[Slot], feeds: Sequence[Feed]) -> str:
    """How the inputs that are given are written beside those that are missing."""
    written = {feed.slot: reporter.document.get(feed.path) for feed in feeds if feed.path in reporter.document.values}
    named = {slot: text for slot, text in written.items() if isinstance(text, str)}
    missing = [slot.name for slot in slots if slot.required and slot.name not in named]
    shown = ", ".join(f"{slot.name}: {named.get(slot.name, 'NODE')}" for slot in slots if slot.required)
    return f"name the {'nodes' if len(missing) > 1 else 'node'} for {name_list(missing)}: `from: {{{shown}}}`"


def in_order(item: Item, given: Sequence[Argument] | None) -> Sequence[Argument] | None:
    """Named edges in the order of the inputs that they are for, not in that of the text."""
    if given is None or len(given) == 1 or any(one.slot is None for one in given):
        return given
    names = slots_of(item)
    return sorted(given, key=lambda one: names.index(one.slot) if one.slot in names else len(names))


def slots_of(item: Item) -> list[str]:
    """The inputs of an item, by name: of what is made of several, those of the first of them."""
    if isinstance(item.body, Inner):
        return list(item.body.inputs)
    if isinstance(item.body, Chain | Layers | Residual):
        return slots_of(item.body.items[0]) if item.body.items else []
    return [slot.name for slot in item.cls.slots] if item.cls is not None else []


def edges_of(given: Arguments) -> tuple[Edge | None, ...]:
    """The edges that are given to an item."""
    return tuple(one.edge for one in given or ())


def local_name(edge: Edge | None) -> str:
    """What the text around it calls the node or input of an edge."""
    return "" if edge is None else edge.node.rpartition("/")[2]
