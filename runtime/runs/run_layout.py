"""What makes a folder a run directory. Imports nothing that reads a run, so that every command can ask."""

import os
from pathlib import Path

from modelc.compiler.expansion.spec_files import LEARNT
from modelc.compiler.syntax.beneath import real_path

RECORD, RESOLVED, WEIGHTS = "run.json", "resolved.json", "weights"
MERGED, ENVIRONMENT, CLASS_NAMES, LOCK = "merged.json", "environment.json", "class_names.json", "lock"
REQUIREMENTS, READERS, PROFILES = "requirements.txt", LEARNT, "column_profiles.json"
BASELINES = "baselines.json"
SKIPPED = "skipped_rows.jsonl"
INITIAL = "initial_weights.json"


def is_run(folder: Path) -> bool:
    """Whether `folder` is a run directory; one that cannot be looked into is none."""
    try:
        return holds_run(folder)
    except OSError:
        return False


def holds_run(folder: Path) -> bool:
    """Whether `folder` has a record, and the spec or the weights that it is of: others call files `run.json` too.

    So it is from the moment that training begins, since the record is written after the spec, and also for a run that
    was killed or has lost a file. Raises OSError if it cannot be looked into.
    """
    try:
        os.lstat(folder / RECORD)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return any(os.path.lexists(folder / name) for name in (RESOLVED, WEIGHTS))


def run_around(path: str | Path) -> Path | None:
    """The run directory that the file or folder at `path` is or is in, links followed; None if it is in none."""
    real = Path(real_path(path))
    return next((folder for folder in (real, *real.parents) if is_run(folder)), None)
