"""What changes where a file does, as the file system says it, without a look at its content."""

import os
from typing import NamedTuple


class Stamp(NamedTuple):
    """The inode of a file, its bytes, and the nanoseconds of its modification and of the last change of anything of it.

    The last is set by the system alone, so that content that is put back under the old time is seen too.
    """

    inode: int
    size: int
    modified: int
    changed: int


def stamp_of(found: os.stat_result) -> Stamp:
    """The stamp of what `os.stat` has found."""
    return Stamp(found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
