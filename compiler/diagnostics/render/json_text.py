"""JSON that is safe to print and to log: all that acts on a terminal or on a log is escaped, and decodes to what it was."""

import json
from math import isfinite
from typing import Any

from modelc.compiler.diagnostics.render.printable import HASHES


def json_text(value: Any, *, indent: int | None = 2, separators: tuple[str, str] | None = None) -> str:
    """`value` as JSON in ASCII without control characters, and without a line that a log takes for a command.

    Names that are no UTF-8 keep their surrogates, as escapes. A number that is not finite, which JSON does not have, is
    `null`.
    """
    text = json.dumps(finite(value), indent=indent, separators=separators, allow_nan=False)
    # `json` takes DEL for printable; outside of strings JSON has no `#`.
    return HASHES.sub(r"\\u0023\\u0023", text.replace("\x7f", "\\u007f"))


def finite(value: Any) -> Any:
    """`value` with None in place of each number that is not finite."""
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return None if isinstance(value, float) and not isfinite(value) else value
