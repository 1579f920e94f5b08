"""The files of a run directory, read: none through a link, none larger than it can be, and no pipe is waited for."""

from pathlib import Path

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.syntax.beneath import NotRegularError
from modelc.compiler.syntax.file_root import reason_of
from modelc.runtime.runs.open_folder import OpenFolder

MOST = 2**28
"""Bytes of a file that is read for its digest alone."""
INTACT = ("train again, or copy the whole run again from an intact copy",)
"""What to do about a run of which something is damaged."""


def damaged(path: Path, reason: str) -> RunError:
    """RunError E602 about the file at `path` of a run."""
    return RunError("E602", f"`{path}` {reason}", helps=INTACT)


def read_bytes(folder: Path, name: str, most: int) -> bytes:
    """The content of a file of a run. Raises RunError E602 if it cannot be read, or has more than `most` bytes."""
    path = folder / name
    try:
        with OpenFolder.at(folder) as opened, opened.reading(name) as file:
            data = file.read(most + 1)
    except NotRegularError as error:
        raise RunError("E602", f"`{path}` of the run is {error.kind}, expected a regular file") from None
    except OSError as error:
        raise RunError("E602", f"`{path}` of the run cannot be read: {reason_of(error)}") from None
    if len(data) > most:
        raise RunError("E602", f"`{path}` of the run has more than {most:,} bytes")
    return data
