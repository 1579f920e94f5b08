"""The files of a data set as its publisher has them: in the cache folder, put there by the user or downloaded once.

Whenever one is read, its digest is compared first: nothing but the published file is ever read under its name.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.diagnostics.phrases import listed
from modelc.compiler.syntax.file_root import open_regular


class PublishedFile(NamedTuple):
    """A file of a data set: its path below the cache folder, its size in bytes, its sha256, and where to get it."""

    path: str
    size: int
    digest: str
    urls: tuple[str, ...]


def provide(cache: Path, files: Sequence[PublishedFile], title: str) -> None:
    """Download those of the `files` that are not in the `cache`; `title` is the name of the data set in messages.

    Raises RunError E406 where one cannot be had, or the cache cannot be written.
    """
    from functools import partial

    from modelc.compiler.library.sources.download import Unreachable, fetch_into, write_whole

    # Not `Path.exists`, which raises where a folder above may not be searched.
    missing = [file for file in files if not os.path.exists(cache / file.path)]
    for place, file in enumerate(missing):
        reasons: list[str] = []
        for url in file.urls:
            try:
                write_whole(cache / file.path, partial(fetch_into, url=url, digest=file.digest, limit=file.size))
            except Unreachable as error:
                reasons.append(str(error))
            else:
                break
        else:
            raise not_there(cache, missing[place:], title, reasons)


def not_there(cache: Path, missing: Sequence[PublishedFile], title: str, reasons: Sequence[str]) -> RunError:
    """The error E406 for a data set of which files are `missing`, which no address has given."""
    urls = listed([file.urls[0] for file in missing])
    where = cache / missing[0].path
    put = f"put it here: {where}" if len(missing) == 1 else f"put them into this folder: {where.parent}"
    return RunError(
        "E406",
        f"{title} is not in the cache and could not be downloaded",
        notes=tuple(reasons),
        helps=(f"without a network here, download {urls} and {put}",),
    )


@contextmanager
def opened(cache: Path, file: PublishedFile) -> Iterator[BinaryIO]:
    """The file, open at its beginning, once its digest is found right.

    Raises RunError E405 where it is another file, and for what the block finds to be damaged.
    """
    import zlib
    from hashlib import file_digest

    path = cache / file.path
    with open_regular(path, str(path)) as content:
        size = os.fstat(content.fileno()).st_size
        if size != file.size:
            cut = "is cut off" if size < file.size else "is too long"
            raise another_file(path, f"{cut}: it has {size:,} bytes, the published file has {file.size:,}")
        if file_digest(cast("BufferedReader", content), "sha256").hexdigest() != file.digest:
            raise another_file(path, "is not the published file: its checksum is another")
        content.seek(0)
        try:
            yield content
        except (OSError, EOFError, ValueError, zlib.error):
            raise another_file(path, "is damaged") from None


def another_file(path: Path, problem: str) -> RunError:
    """The error E405 for a file in the cache that is not the one of the data set."""
    helps = ("remove the file to download it again", "read your own arrays with the source `npz`")
    return RunError("E405", f"{str(path)!r} {problem}", helps=helps)
