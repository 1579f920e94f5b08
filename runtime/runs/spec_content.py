"""The content of a spec, as runs are compared with it: its data with all files that it extends and uses, without settings.

Comments, layout, which of the files says a thing, and how a number is written are not content. The order of keys is where the
grammar says that it means something (`shapes.Names.ordered`), and inside values whose meaning it does not know.
"""

import json
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

from modelc.compiler.diagnostics.phrases import counted
from modelc.compiler.diagnostics.problem import Path, Place
from modelc.compiler.expansion.key_path import shape_below
from modelc.compiler.language.grammar import BLOCK, LANGUAGE
from modelc.compiler.language.shapes import Either, Keys, Names, Shape, Thing
from modelc.compiler.syntax.document import Document

ARGUMENTS = Keys("arguments", {})
SHOWN = 3
"""So many differences are listed."""
ABSENT = object()


def content_digest(data: Any) -> str:
    """The SHA-256 of the data of a document, the same for all data of one content."""
    return sha256(json_of(canonical(data)).encode()).hexdigest()


def with_class_names(data: Any, names: Mapping[str, tuple[str, ...]]) -> Any:
    """`data` with class names in place of the files that have them: it makes no difference where they are written."""
    if not names:
        return data
    from modelc.compiler.expansion.class_names import with_names

    return with_names(data, names)


def json_of(data: Any) -> str:
    return json.dumps(data, separators=(",", ":"), allow_nan=False)


def canonical(data: Any, shape: Shape | None = LANGUAGE) -> Any:
    """`data`, as `shape` describes it, in the one form of its content: keys sorted unless their order means something,
    integral numbers as integers.
    """
    if isinstance(data, dict):
        keys = data if is_ordered(shape) else sorted(data)
        return {key: canonical(data[key], shape_of_entry(shape, key)) for key in keys}
    if isinstance(data, list):
        return [canonical(item, shape_below(shape, index)) for index, item in enumerate(data)]
    return int(data) if isinstance(data, float) and data.is_integer() else data


def is_ordered(shape: Shape | None) -> bool:
    """Whether the order of keys means something in the mapping that `shape` describes, as far as the language knows."""
    if isinstance(shape, Either):
        shape = shape.mapping
    return shape.ordered if isinstance(shape, Names) else not isinstance(shape, Keys | Thing)


def shape_of_entry(shape: Shape | None, key: str) -> Shape | None:
    """The shape of the value of `key`, with the file that a block uses instead of its path."""
    below = shape_below(shape, key)
    if below is BLOCK.keys["use"]:
        return LANGUAGE
    # What is given to a block is given by name.
    return ARGUMENTS if below is None and isinstance(shape, Thing) else below


def differences(before: Any, after: Any, path: Path = ()) -> Iterator[tuple[Path, Any, Any]]:
    """The path of each value in canonical data that differs, with what it was and what it is: `ABSENT` where there is
    none, two mappings where they differ in the order of keys.
    """
    if isinstance(before, dict) and isinstance(after, dict):
        if [key for key in before if key in after] != [key for key in after if key in before]:
            yield path, before, after
        for key in {**after, **before}:
            yield from differences(before.get(key, ABSENT), after.get(key, ABSENT), (*path, key))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from differences(one, other, (*path, index))
    elif ABSENT in (before, after) or json_of(before) != json_of(after):
        yield path, before, after


def describe_differences(before: Any, document: Document) -> list[str]:
    """The first differences of `document` from the data `before`, each as a line with the place of what it is now."""
    found = list(differences(canonical(before), canonical(document.data)))
    lines = [describe_difference(path, old, new, document.value(path)) for path, old, new in found[:SHOWN]]
    more = len(found) - len(lines)
    return lines if not more else [*lines, f"{more} more {'value differs' if more == 1 else 'values differ'}"]


def describe_difference(path: Path, before: Any, after: Any, place: Place) -> str:
    key, where = f"`{'.'.join(map(str, path))}`", f"{place.file}:{place.line}"
    if after is ABSENT:
        return f"{key} was {shown(before)}, and is not in the spec now"
    if before is ABSENT:
        return f"{key} was not in the spec, and is {shown(after)} now ({where})"
    if isinstance(before, dict) and isinstance(after, dict):
        return f"{key} has its keys in another order, which means something there ({where})"
    if isinstance(before, list) and isinstance(after, list) and all(isinstance(item, str) for item in before + after):
        both = min(len(before), len(after))
        first = next((index for index in range(both) if before[index] != after[index]), both)
        one, other = (shown(items[first]) if first < len(items) else "nothing" for items in (before, after))
        lengths = f"had {counted(len(before), 'item')} and has {len(after):,} now"
        return f"{key} {lengths}, the first that differs is item {first + 1}: {one} is now {other} ({where})"
    if isinstance(before, dict | list) and isinstance(after, dict | list):
        return f"{key} is not what it was ({where})"
    return f"{key} was {shown(before)}, and is {shown(after)} now ({where})"


def shown(value: Any) -> str:
    """A value in a message: quotes tell `"3"` from `3`."""
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else text[:37] + "..."
