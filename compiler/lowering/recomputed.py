"""Which values the backward pass computes again instead of keeping them, as `gradient_checkpointing` says.

Nodes that are computed in a row and belong together are one segment: of what is computed in it, only what goes into it and what
others take of it is kept for the gradients.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from math import isqrt
from typing import Any, TypeVar

from modelc.compiler.graph.graph import Edge, Node
from modelc.compiler.library.base.lazy import Array, jax, jnp
from modelc.compiler.lowering.rolled_repeats import Roll

T = TypeVar("T")
Segments = Mapping[str, str]
"""By the path of a node, the name of the segment that it belongs to."""


def segments_of(nodes: Sequence[Node], rolls: Sequence[Roll], asked: bool | tuple[str, ...]) -> Segments:
    """The segments of a model: those that patterns ask for, or for true each copy of a rolled repeat, and of the other nodes about
    the root of their number, which keeps about twice that many values in all (Chen and others 2016, section 4.1).
    """
    if not asked:
        return {}
    if isinstance(asked, tuple):
        from modelc.compiler.graph.weight_paths import named_by

        found = {node.path: named_by(asked, node.path) for node in nodes}
        of_rolls = {path: name for roll in rolls for path, name in alike(roll, found).items()}
        return {path: name for path, name in (found | of_rolls).items() if name}
    inside = {path: roll for roll in rolls for path in roll.inside}
    alone = [node.path for node in nodes if node.path not in inside]
    length = max(isqrt(len(alone)), 1)
    # What the last segment keeps is used at once.
    parts = {
        path: str(place // length) for place, path in enumerate(alone) if place // length < (len(alone) - 1) // length
    }
    return parts | {path: f"{roll.path}/0" for path, roll in inside.items()}


def alike(roll: Roll, found: Mapping[str, str]) -> Segments:
    """The segments of the first copy of a rolled repeat, whose loop computes all copies alike: of a node in any of them."""
    return {
        node.path: next((name for path in roll.copies(node.path) if (name := found.get(path, ""))), "")
        for node in roll.nodes
    }


def around(roll: Roll, segments: Segments) -> str:
    """The segment that a whole rolled repeat is in; empty where there is none, or each copy has segments of its own."""
    names = {segments.get(node.path, "") for node in roll.nodes}
    name = names.pop() if len(names) == 1 else ""
    return name if name.count("/") <= roll.path.count("/") else ""


def in_segments(units: Iterable[T], name_of: Callable[[T], str]) -> Iterator[tuple[str, list[T]]]:
    """What is computed in its order, with the name of the segment: what is of one in a row together, what is of none alone."""
    for name, group in groupby(units, name_of):
        if name:
            yield name, [*group]
        else:
            yield from (("", [unit]) for unit in group)


def taken_outside(units: Iterable[Node | Roll], nodes: Iterable[Node], wanted: Iterable[Edge]) -> frozenset[Edge]:
    """The edges that the `nodes` which are none of `units` take, and those that are `wanted`."""
    own = {path for unit in units for path in (unit.inside if isinstance(unit, Roll) else (unit.path,))}
    return frozenset(edge for node in nodes if node.path not in own for edge in node.edges) | frozenset(wanted)


def computed_again(compute: Callable[[], Any]) -> Any:
    """What `compute` gives, of all it closes over; the backward pass computes it again."""
    pure, given = jax.closure_convert(compute)

    def forward(*given: Array) -> tuple[Any, tuple[Array, ...]]:
        return pure(*given), given

    def backward(given: tuple[Array, ...], gradients: Any) -> Any:
        return jax.vjp(pure, *after(given, gradients))[1](gradients)

    run = jax.custom_vjp(lambda *given: pure(*given))
    run.defvjp(forward, backward)
    return run(*given)


def after(given: tuple[Array, ...], gradients: Any) -> list[Array]:
    """`given`, which is not there before the `gradients` are. XLA's CPU backend drops barriers before it finds its order, and would
    compute all again at once, so that nothing is saved: 0 is added instead, or 1 if a gradient is NaN, which all that
    follows is then.
    """
    floats = [one for one in jax.tree.leaves(gradients) if jnp.issubdtype(one.dtype, jnp.inexact)]
    if not floats:
        return [*given]
    is_lost = jnp.isnan(floats[0].ravel()[0])
    return [one + is_lost.astype(one.dtype) for one in given]
