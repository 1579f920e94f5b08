"""Downloads a public file once: https, limited in size, verified by its checksum before it is read."""

import errno
import os
import tempfile
from collections.abc import Callable, Iterator
from hashlib import sha256
from http.client import HTTPException
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from modelc.compiler.diagnostics.exceptions import RunError

TIMEOUT = 20.0
"""Seconds that one connection may stay silent."""
CHUNK = 2**20
"""Bytes that are read at once."""


class Unreachable(Exception):
    """A file that could not be fetched, or not as it should be; the text says why, in a few words."""


def fetch(url: str, digest: str, limit: int) -> bytes:
    """The content of `url`, whose sha256 is `digest` and which has at most `limit` bytes. Raises Unreachable."""
    content = BytesIO()
    fetch_into(content, url, digest, limit)
    return content.getvalue()


def fetch_into(file: BinaryIO, url: str, digest: str, limit: int) -> None:
    """Write the content of `url` into `file`, as `fetch` returns it. Raises Unreachable; `file` has anything then."""
    host, hashed, size = url.split("/")[2], sha256(), 0
    for chunk in chunks_of(url, host):
        size += len(chunk)
        if size > limit:
            raise Unreachable(f"{host}: the file is larger than it should be")
        hashed.update(chunk)
        file.write(chunk)
    if hashed.hexdigest() != digest:
        raise Unreachable(f"{host}: the checksum of the file is wrong")


def chunks_of(url: str, host: str) -> Iterator[bytes]:
    """The content of `url` in parts. Raises Unreachable."""
    from urllib.request import urlopen

    try:
        with urlopen(url, timeout=TIMEOUT) as answer:
            while chunk := answer.read(CHUNK):
                yield chunk
    # URLError and timeouts are OSErrors.
    except (OSError, HTTPException, ValueError) as error:
        raise Unreachable(f"{host}: {getattr(error, 'reason', None) or type(error).__name__}") from None


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
        is_full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        help = (
            "make room there, or set MODELC_CACHE to a folder" if is_full else "set MODELC_CACHE to a writable folder"
        )
        raise RunError("E406", message, helps=(help + (" that has room" if is_full else ""),)) from None
    finally:
        if temporary is not None and os.path.exists(temporary):
            os.unlink(temporary)
