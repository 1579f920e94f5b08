"""The layer that leaves one value for all steps where a layer after it wants them all: the help `return_sequences` for a
recurrent layer, and to put a pooling over all steps behind it.

Planned again with all steps, so that nothing is advised that does not fit.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from modelc.compiler.diagnostics.exceptions import PlanError
from modelc.compiler.graph.graph import Edge, Node
from modelc.compiler.graph.typed_graph import TypedGraph, by_slot
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.layer import Layer
from modelc.compiler.library.layers import LAYERS, kind_of
from modelc.compiler.syntax.document import Document

FARTHEST = 50
"""Layers between the two that are looked through."""
LONGEST = 100
"""Characters of an item that is shown as it is to be written."""
POOLS = ("global_avg_pool", "global_max_pool")
"""How the names of layers begin that reduce all steps or places to one."""


def missing_steps_help(planned: TypedGraph, node: Node, types: Sequence[TensorType], document: Document) -> str:
    """What to do about `node`, which does not fit to `types`, if it would with all steps of a recurrent layer before it, or
    of what a pooling gets, directly or through layers with one input. Empty for all else.
    """
    for slot in dict.fromkeys(feed.slot for feed in node.feeds or ()):
        chain = [node]
        source = source_of(planned, node, slot)
        while source is not None and source.layer is not None and len(chain) <= FARTHEST:
            whole = source.layer.with_all_steps()
            if kind_of(source.layer).startswith(POOLS):
                whole = LAYERS.build("linear")
            if whole is not None:
                given = with_steps(planned, source, whole, chain, slot, types)
                if given is None:
                    return ""
                copies = split_copies(document, source) if source.at == node.at else ""
                return help_for(source, node, is_needed_behind(planned, source, node, given), copies)
            chain.append(source)
            source = source_of(planned, source, source.layer.slots[0].name) if len(source.feeds or ()) == 1 else None
    return ""


def missing_steps_of_value(
    planned: TypedGraph, edge: Edge, accepts: Callable[[TensorType], object]
) -> tuple[Node, str] | None:
    """The recurrent layer before the value on `edge`, which a loss refuses, and what to do about it, if `accepts` raises no
    PlanError for what the value is with all its steps. None for all else.
    """
    chain: list[Node] = []
    source = planned.graph.node(edge.node) if edge.port == "output" else None
    while source is not None and source.layer is not None and len(chain) <= FARTHEST:
        whole = source.layer.with_all_steps()
        if whole is not None:
            given = [planned.type(feed.edge) for feed in source.feeds or ()]
            try:
                accepts(through(chain, whole.plan(**by_slot(source, given)).outputs["output"]))
            except PlanError:
                return None
            return source, help_for(source)
        chain.append(source)
        source = source_of(planned, source, source.layer.slots[0].name) if len(source.feeds or ()) == 1 else None
    return None


def through(chain: Sequence[Node], value: TensorType) -> TensorType:
    """What the layers of `chain`, from the last to the first, make of a value. Raises PlanError."""
    for node in reversed(chain):
        assert node.layer is not None
        value = node.layer.plan(value).outputs["output"]
    return value


def source_of(planned: TypedGraph, node: Node, slot: str) -> Node | None:
    """The node whose output alone comes into `slot`."""
    edges = [feed.edge for feed in node.feeds or () if feed.slot == slot]
    only = edges[0] if len(edges) == 1 else None
    return planned.graph.node(only.node) if only is not None and only.port == "output" else None


def with_steps(
    planned: TypedGraph, source: Node, whole: Layer, chain: Sequence[Node], slot: str, types: Sequence[TensorType]
) -> TensorType | None:
    """What the last of the layers of `chain`, listed from it to the one behind `source`, gives where `source` is `whole`; None where
    they do not fit.
    """
    given = [planned.type(feed.edge) for feed in source.feeds or ()]
    try:
        value = through(chain[1:], whole.plan(**by_slot(source, given)).outputs["output"])
        last = chain[0]
        assert last.layer is not None and last.feeds is not None
        arriving = [
            replace(value, mask=known.mask) if feed.slot == slot else known
            for feed, known in zip(last.feeds, types, strict=True)
        ]
        return last.layer.plan(**by_slot(last, arriving)).outputs["output"]
    except PlanError:
        return None


def is_needed_behind(planned: TypedGraph, source: Node, node: Node, steps: TensorType) -> bool:
    """Whether a layer takes the `steps` that `node` gives and would not take what the pooling `source` makes of them."""
    assert source.layer is not None
    if not kind_of(source.layer).startswith(POOLS):
        return False
    try:
        pooled = source.layer.plan(steps).outputs["output"]
    except PlanError:
        return True
    own = Edge(node.path, "output")
    takers = [one for one in planned.graph.nodes if any(feed.edge == own for feed in one.feeds or ())]
    return any(takes(planned, one, own, steps, steps) and not takes(planned, one, own, pooled, steps) for one in takers)


def takes(planned: TypedGraph, node: Node, edge: Edge, value: TensorType, others: TensorType) -> bool:
    """Whether a layer fits where `value` comes from `edge`, and `others` from wherever nothing is known."""
    if node.layer is None:
        return True
    types = [value if feed.edge == edge else planned.type(feed.edge) or others for feed in node.feeds or ()]
    try:
        node.layer.plan(**by_slot(node, types))
    except PlanError:
        return False
    return True


def split_copies(document: Document, source: Node) -> str:
    """The item of a `repeat` around `source` alone as two: copies with all steps, and the last one. Empty where the copies are
    of more than it, or share their weights.
    """
    from modelc.compiler.language.suggestions.wording import in_line

    *item, kind = source.at
    written = document.get(tuple(item)) if item and (*item, "repeat") in document.values else None
    repeat = written.get("repeat") if isinstance(written, Mapping) else None
    times = repeat.get("times") if isinstance(repeat, Mapping) and repeat.keys() <= {"times"} else repeat
    if not isinstance(written, Mapping) or type(times) is not int or times < 2:
        return ""
    last = {key: value for key, value in written.items() if key != "repeat"}
    whole = with_sequences(str(kind), written[kind])
    if whole is None:
        return ""
    first = {kind: whole, "repeat": times - 1} if times > 2 else {kind: whole}
    shown = in_line(first, LONGEST), in_line(last, LONGEST)
    return f"`{shown[0]}` and `{shown[1]}`" if all(shown) else ""


def with_sequences(name: str, given: Any) -> Any:
    """The arguments of the recurrent layer `name`, or of what wraps one, as they are written, with `return_sequences: true`;
    None for a layer of another form, as that of a plug-in.
    """
    cls = LAYERS.find(name) if name in LAYERS else None
    if cls is None or cls.primary is None:
        return None
    is_whole = isinstance(given, Mapping) and given.keys() <= cls.model_fields.keys()
    arguments = dict(given) if is_whole else {cls.primary: given}
    if "return_sequences" in cls.model_fields:
        return {**arguments, "return_sequences": True}
    inner = arguments.get(cls.primary)
    if not isinstance(inner, Mapping) or len(inner) != 1:
        return None
    ((kind, below),) = inner.items()
    if (within := with_sequences(kind, below)) is None:
        return None
    whole = {kind: within}
    return whole if arguments.keys() == {cls.primary} else {**arguments, cls.primary: whole}


def help_for(source: Node, node: Node | None = None, is_needed: bool = False, copies: str = "") -> str:
    assert source.layer is not None
    kind = kind_of(source.layer)
    named = f"`{kind}`" if source.path == kind else f"`{kind}` at `{source.path}`"
    if kind.startswith(POOLS):
        wants = node.layer if node is not None else None
        may_follow = wants is not None and wants.with_all_steps() is None and not is_needed
        behind = f", or put it behind `{kind_of(wants)}`" if wants is not None and may_follow else ""
        return f"{named} leaves one value for all steps: leave it out{behind}"
    if copies:
        return f"{named} gives only its last step: write two items, {copies}"
    if node is not None and source.at == node.at:
        return f"{named} gives only its last step: repeat it with `return_sequences: true`, and end with one without it"
    inner = getattr(source.layer, "layer", None)
    to = f"the `{kind_of(inner)}` inside it" if isinstance(inner, Layer) else "it"
    return f"{named} gives only its last step: add `return_sequences: true` to {to}"
