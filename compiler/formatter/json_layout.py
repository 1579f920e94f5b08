"""Formats a JSON spec: sections in order, short values on one line. Strings and numbers stay as written."""

import json
import re
from collections.abc import Sequence
from typing import Any

WIDTH = 120
OPEN = 2
"""So many levels have a line for each entry, even where they would fit on one: the sections and their keys."""
STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
ESCAPED = re.compile(r'"\\u0001(?:[^"\\]|\\.)*"')
NUMBER = re.compile(r'"\\u0000([^"]*)"')


def format_json(text: str, order: Sequence[str]) -> str:
    """The JSON object in `text` with its keys in `order` and others behind them; numbers and escapes stay as written."""

    def number(digits: str) -> str:
        # No text of a spec has this character, so that the number is found again.
        return f"\0{digits}"

    def string(found: re.Match[str]) -> str:
        return json.dumps(f"\1{found[0][1:-1]}") if "\\" in found[0] else found[0]

    data = json.loads(STRING.sub(string, text), parse_int=number, parse_float=number)
    places = {key: place for place, key in enumerate(order)}
    data = dict(sorted(data.items(), key=lambda entry: places.get(entry[0], len(places))))
    return value(data, 0, 0) + "\n"


def as_written(data: Any) -> str:
    """`data` on one line, with the numbers and texts as they were written."""
    line = NUMBER.sub(r"\1", json.dumps(data, ensure_ascii=False))
    return ESCAPED.sub(lambda found: f'"{json.loads(found[0])[1:]}"', line)


def value(data: Any, level: int, column: int) -> str:
    """`data` as JSON, whose first line begins at `column` of a line at `level`."""
    line = as_written(data)
    if not isinstance(data, dict | list) or not data or (level >= OPEN and column + len(line) <= WIDTH):
        return line
    inner, outer = "  " * (level + 1), "  " * level
    if isinstance(data, list):
        items = [inner + value(item, level + 1, len(inner)) for item in data]
        return "[\n" + ",\n".join(items) + f"\n{outer}]"
    entries = []
    for key, item in data.items():
        head = f"{inner}{as_written(key)}: "
        entries.append(head + value(item, level + 1, len(head)))
    return "{\n" + ",\n".join(entries) + f"\n{outer}}}"
