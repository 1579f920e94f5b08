"""What the readers of a run have learnt of its training rows, kept in `readers.json`."""

import json
from collections.abc import Mapping
from typing import Any

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.runtime.data.learning import Learnt
from modelc.runtime.runs.run_directory import Run
from modelc.runtime.runs.run_files import MOST, damaged
from modelc.runtime.runs.run_layout import ENVIRONMENT, READERS
from modelc.runtime.runs.unsound import INTACT

FORMAT = 1
"""The version of the layout of the file."""


def contents_of(learnt: Learnt) -> dict[str, Any]:
    """What the file says of `learnt`."""
    readers = {key: {"columns": list(names), "learnt": learnt.of_key(key)} for key, names in learnt.columns.items()}
    return {"format": FORMAT, "readers": readers}


def kept_values(run: Run) -> Learnt | None:
    """What the readers of `run` have learnt; None for a run of a version that did not keep it. Raises RunError E602."""
    if READERS not in run.record.files:
        return None
    try:
        found = json.loads(run.kept(READERS, MOST))
        if found["format"] != FORMAT:
            raise damaged(
                run.folder / READERS, f"has the format {found['format']!r}, which a newer version of modelc wrote"
            )
        entries = found["readers"].items()
        return Learnt(
            {key: tuple(map(str, entry["columns"])) for key, entry in entries},
            {key: entry["learnt"] for key, entry in entries},
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise damaged(run.folder / READERS, "is damaged") from None


def values_for_prediction(run: Run) -> Learnt:
    """What the readers of the inputs of `run` have learnt; nothing of a run that recorded nothing. Raises RunError E602."""
    kept = kept_values(run)
    return kept if kept is not None else Learnt({}, measured_before(run.environment().get("measured", {})))


def measured_before(found: Any) -> Mapping[str, Any]:
    """What a run has recorded in its environment before there was a file of it. Raises RunError E602."""
    entries = found.values() if isinstance(found, dict) else [None]
    if not all(isinstance(digits, str) and digits and not digits.strip("01") for digits in entries):
        raise RunError("E602", f"`measured` in the run's `{ENVIRONMENT}` is damaged", helps=INTACT)
    return dict(found)
