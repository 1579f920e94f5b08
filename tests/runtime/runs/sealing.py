"""Changes what is sealed and seals it anew, as somebody would who means harm; and makes runs of before there were seals."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from modelc.runtime.runs.sealed_json import sealed


def change_sealed(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    fields = json.loads(path.read_bytes())
    change(fields)
    del fields["seal"]
    path.write_bytes(sealed(fields))


def without_seal(run: Path, *missing: str) -> None:
    """Make a run one of the format before there were seals, and without what was not recorded yet."""
    fields = json.loads((run / "run.json").read_bytes())
    gone = {"seal", "files", "replaced", "metrics", *missing}
    old = {**{key: value for key, value in fields.items() if key not in gone}, "format": 1}
    (run / "run.json").write_text(json.dumps(old), encoding="utf-8")
