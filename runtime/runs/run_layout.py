"""What makes a folder a run directory. Imports nothing that reads a run, so that every command can ask."""

import os
from pathlib import Path

RECORD = "run.json"


def is_run(folder: Path) -> bool:
    """Whether `folder` is a run directory."""
    return os.path.isfile(folder / RECORD)


def run_around(path: str | Path) -> Path | None:
    """The run directory that the file or folder at `path` is or is in, links followed; None if it is in none."""
    real = Path(os.path.realpath(path))
    return next((folder for folder in (real, *real.parents) if is_run(folder)), None)
