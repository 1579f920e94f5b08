"""The content of a spec, as runs are compared with it: its data with all files that it extends and uses, without settings.

Comments, layout, the order of keys and which of the files says a thing are not content.
"""

import json
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from modelc.compiler.diagnostics.problem import Path, Place
from modelc.compiler.syntax.document import Document

SHOWN = 3
"""So many differences are listed."""
ABSENT = object()


def content_digest(data: Any) -> str:
    """The SHA-256 of the data of a document, whatever the order of its keys."""
    return sha256(canonical(data).encode()).hexdigest()


def canonical(data: Any) -> str:
    return json.dumps(data, sort_keys=True, separators=(",", ":"), allow_nan=False)


def differences(before: Any, after: Any, path: Path = ()) -> Iterator[tuple[Path, Any, Any]]:
    """The path of each value that differs, with what it was and what it is: `ABSENT` where there is none."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in {**after, **before}:
            yield from differences(before.get(key, ABSENT), after.get(key, ABSENT), (*path, key))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from differences(one, other, (*path, index))
    elif ABSENT in (before, after) or canonical(before) != canonical(after):
        yield path, before, after


def describe_differences(before: Any, document: Document) -> list[str]:
    """The first differences of `document` from the data `before`, each as a line with the place of what it is now."""
    found = list(differences(before, document.data))
    lines = [describe_difference(path, old, new, document.value(path)) for path, old, new in found[:SHOWN]]
    more = len(found) - len(lines)
    return lines if not more else [*lines, f"{more} more {'value differs' if more == 1 else 'values differ'}"]


def describe_difference(path: Path, before: Any, after: Any, place: Place) -> str:
    key, where = f"`{'.'.join(map(str, path))}`", f"{place.file}:{place.line}"
    if after is ABSENT:
        return f"{key} was {shown(before)}, and is not in the spec now"
    if before is ABSENT:
        return f"{key} was not in the spec, and is {shown(after)} now ({where})"
    if isinstance(before, dict | list) and isinstance(after, dict | list):
        return f"{key} is not what it was ({where})"
    return f"{key} was {shown(before)}, and is {shown(after)} now ({where})"


def shown(value: Any) -> str:
    """A value in a message: quotes tell `"3"` from `3`."""
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else text[:37] + "..."
