"""The files whose paths are the values of a column, each with its stamp; a hundred thousand of them are looked at in less than a second."""

import os
import stat
from collections.abc import Iterable, Iterator

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.syntax.beneath import OutsideError, real_path_beneath
from modelc.compiler.syntax.file_root import Root
from modelc.runtime.data.prepared.stamps import Stamp, stamp_of


def stamps_of(root: Root, paths: Iterable[str]) -> Iterator[tuple[str, Stamp | None]]:
    """Each of the `paths` below `root` with the stamp of its file; None for what is not there, or is no file that may be read."""
    inside: dict[str, str | None] = {}
    for path in dict.fromkeys(paths):
        folder, name = os.path.split(path)
        if folder not in inside:
            inside[folder] = real_folder(root, folder)
        yield path, stamp_in(inside[folder], name) or stamp_of_opened(root, path)


def real_folder(root: Root, folder: str) -> str | None:
    """The real path of a folder below `root`; None for one that is not there, or elsewhere."""
    try:
        return str(real_path_beneath(root.folder, folder or ".")[1])
    except (OSError, OutsideError):
        return None


def stamp_in(folder: str | None, name: str) -> Stamp | None:
    """The stamp of the regular file called `name` right in a folder; None for anything else, such as a link."""
    if folder is None:
        return None
    try:
        found = os.stat(os.path.join(folder, name), follow_symlinks=False)
    except (OSError, ValueError):
        return None
    return stamp_of(found) if stat.S_ISREG(found.st_mode) else None


def stamp_of_opened(root: Root, path: str) -> Stamp | None:
    """The stamp of the file at `path` as `root` opens it, with all that is to be asked of links; None where it does not."""
    try:
        with root.open(path) as file:
            return stamp_of(os.fstat(file.fileno()))
    except RunError:
        return None
