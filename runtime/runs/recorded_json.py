"""What a run records as JSON: bounded, so that it can be read again."""

from typing import Any

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.diagnostics.render.json_text import json_text
from modelc.compiler.syntax.alias_expansion import MAX_DEPTH
from modelc.compiler.syntax.document import MAX_BYTES


def depth(data: Any) -> int:
    """How many mappings and lists of `data` are inside each other."""
    below = data.values() if isinstance(data, dict) else data if isinstance(data, list) else None
    return 0 if below is None else 1 + max(map(depth, below), default=0)


def resolved_json(data: Any) -> bytes:
    """A spec as JSON that can be read again as a spec. Raises RunError E005 if it would be too long or deep for one."""
    if (levels := depth(data)) > MAX_DEPTH:
        raise RunError(
            "E005",
            f"with the files that it uses, the spec is nested {levels} levels deep, a run can store {MAX_DEPTH}",
            helps=("use fewer files inside each other",),
        )
    text = to_json(data)
    if len(text) > MAX_BYTES:
        text = json_text(data, indent=None, separators=(",", ":")).encode()
    if len(text) > MAX_BYTES:
        raise RunError(
            "E005",
            f"the spec has {len(text):,} bytes once its aliases are expanded, a run can store {MAX_BYTES:,}",
            helps=("move data into a data file",),
        )
    return text


def to_json(value: Any) -> bytes:
    return json_text(value).encode() + b"\n"
