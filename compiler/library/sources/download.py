"""Downloads a public file once: https, limited in size, verified by its checksum before it is read."""

import os
import tempfile
from collections.abc import Callable
from hashlib import sha256
from http.client import HTTPException
from pathlib import Path
from typing import BinaryIO

from modelc.compiler.diagnostics.exceptions import RunError

TIMEOUT = 20.0
"""Seconds that one connection may stay silent."""


class Unreachable(Exception):
    """A file that could not be fetched, or not as it should be; the text says why, in a few words."""


def fetch(url: str, digest: str, limit: int) -> bytes:
    """The content of `url`, whose sha256 is `digest` and which has at most `limit` bytes. Raises Unreachable."""
    from urllib.request import urlopen

    host = url.split("/")[2]
    try:
        with urlopen(url, timeout=TIMEOUT) as answer:
            content: bytes = answer.read(limit + 1)
    # URLError and timeouts are OSErrors.
    except (OSError, HTTPException, ValueError) as error:
        raise Unreachable(f"{host}: {getattr(error, 'reason', None) or type(error).__name__}") from None
    if len(content) > limit:
        raise Unreachable(f"{host}: the file is larger than it should be")
    if sha256(content).hexdigest() != digest:
        raise Unreachable(f"{host}: the checksum of the file is wrong")
    return content


def write_whole(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Let `write` fill a file of another name beside `path`, then rename it: no reader ever sees half a file.

    Raises RunError E406 when the folder cannot be written.
    """
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(prefix=path.name + ".", dir=path.parent)
        with os.fdopen(descriptor, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        temporary = None
    except OSError as error:
        message = f"cannot write {path.name!r} into the cache {str(path.parent)!r}: {os.strerror(error.errno or 0)}"
        raise RunError("E406", message, helps=("set MODELC_CACHE to a writable folder",)) from None
    finally:
        if temporary is not None and os.path.exists(temporary):
            os.unlink(temporary)
