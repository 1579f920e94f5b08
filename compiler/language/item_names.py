"""The names of list items: the keys that can replace the name of a layer, and the segments of key paths."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from modelc.compiler.language.ast import Item


def item_names(items: Sequence[tuple[str | None, str]], reserved: Collection[str] = ()) -> list[str]:
    """The names of a list's items, each given by its own name, if it has one, and its type.

    An item without a name is called by its type, the k-th of that type (from 2) by `type_k`; names given, and those
    `reserved`, are never taken.
    """
    taken = {name for name, _ in items if name} | set(reserved)
    kinds = [kind for _, kind in items]
    if not taken and len(set(kinds)) == len(kinds):
        return kinds
    counts: dict[str, int] = {}
    names = []
    for given, kind in items:
        if given is not None:
            names.append(given)
            continue
        counts[kind] = counts.get(kind, 0) + 1
        name = kind if counts[kind] == 1 else f"{kind}_{counts[kind]}"
        while name in taken:
            counts[kind] += 1
            name = f"{kind}_{counts[kind]}"
        names.append(name)
    return names


def names_of(items: Sequence["Item"], reserved: Collection[str] = ()) -> list[str]:
    """`item_names` of items that were read; one that could not be read is called by its place."""
    return item_names([(item.name, item.kind or f"item_{index}") for index, item in enumerate(items)], reserved)
