"""The profiles of the columns that a run was trained on, kept in `column_profiles.json`."""

from modelc.compiler.diagnostics.render.json_text import json_text
from modelc.runtime.data.column_profiles import FORMAT, Profiles
from modelc.runtime.runs.run_directory import Run
from modelc.runtime.runs.run_files import MOST, damaged
from modelc.runtime.runs.run_layout import PROFILES
from modelc.runtime.runs.sealed_json import read_sealed
from modelc.runtime.runs.unsound import UnsoundError


def profiles_json(profiles: Profiles) -> bytes:
    """What the file says. Not a line for each number: there may be thousands of columns."""
    return json_text(profiles.model_dump(), indent=None).encode() + b"\n"


def kept_profiles(run: Run) -> Profiles | None:
    """The profiles of the columns of `run`; None for a run of a version that did not keep them. Raises RunError E602."""
    if PROFILES not in run.record.files:
        return None
    try:
        return read_sealed(run.kept(PROFILES, MOST), Profiles, (FORMAT,), (FORMAT,))
    except UnsoundError as error:
        raise damaged(run.folder / PROFILES, str(error), error.helps) from None
