"""The rows that were left out of the data of a run, kept in `skipped_rows.jsonl`, a line for each."""

from collections.abc import Sequence

from modelc.compiler.diagnostics.render.json_text import json_text
from modelc.runtime.data.bad_rows import PartOfSkips


def skipped_json(skipped: Sequence[PartOfSkips]) -> bytes:
    """What the file says of each row: whether it is `of` the `source`, or of `validation` or `test` rows that have a source of their own,
    where it is, and why it is left out.
    """
    lines = (json_text(facts, indent=None) for part in skipped for facts in part.facts)
    return "".join(f"{line}\n" for line in lines).encode()
