"""The files of a run directory, read: none through a link, none larger than it can be, and no pipe is waited for."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.syntax.beneath import NotRegularError
from modelc.compiler.syntax.file_root import reason_of
from modelc.runtime.runs.open_folder import OpenFolder
from modelc.runtime.runs.unsound import INTACT, ForbiddenError, UnsoundError

MOST = 2**28
"""Bytes of a file that is read for its digest alone."""


@contextmanager
def reading(folder: OpenFolder, name: str) -> Iterator[BufferedReader]:
    """A file of a run, open for reading. Raises UnsoundError with what is wrong if it cannot be read."""
    try:
        with folder.reading(name) as file:
            yield file
    except FileNotFoundError:
        raise UnsoundError("is missing") from None
    except NotRegularError as error:
        raise UnsoundError(f"is {error.kind}, expected a regular file") from None
    except PermissionError as error:
        raise ForbiddenError(f"cannot be read: {reason_of(error)}") from None
    except OSError as error:
        raise UnsoundError(f"cannot be read: {reason_of(error)}") from None


def content_of(folder: OpenFolder, name: str, most: int | None = None, least: int = 0) -> bytes:
    """The content of a file of a run, of `least` to `most` bytes; of one of another size nothing is read.

    Raises UnsoundError with what is wrong.
    """
    with reading(folder, name) as file:
        size = os.fstat(file.fileno()).st_size
        if most is not None and not least <= size <= most:
            expected = f"expected {least:,} to {most:,}" if least else f"expected at most {most:,}"
            raise UnsoundError(f"has {size:,} bytes, {expected}")
        # One that grows meanwhile, as a log does, is read as far as it went, and never further than it can go.
        return file.read(-1 if most is None else size)


def damaged(path: Path, reason: str, helps: tuple[str, ...] = INTACT) -> RunError:
    """RunError E602 about the file at `path` of a run."""
    return RunError("E602", f"`{path}` {reason}", helps=helps)


def read_bytes(folder: Path, name: str, most: int) -> bytes:
    """The content of a file in the run directory `folder`. Raises RunError E602 if it cannot be read, or has more than
    `most` bytes.
    """
    try:
        with OpenFolder.at(folder) as opened:
            return content_of(opened, name, most)
    except UnsoundError as error:
        raise damaged(folder / name, f"of the run {error}", error.helps) from None
    except OSError as error:
        raise damaged(folder / name, f"of the run cannot be read: {reason_of(error)}") from None
