"""Patterns of paths such as `data/*.csv`: which files below the root they stand for."""

import os

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.syntax.beneath import real_path
from modelc.compiler.syntax.file_root import Root

SIGNS = "*?["


def is_pattern(path: str) -> bool:
    """Whether `path` may stand for several files, by its words alone."""
    return any(sign in path for sign in SIGNS)


def files_matching(root: Root, path: str) -> tuple[str, ...]:
    """The files that `path` stands for, sorted by name: itself, or those that fit a pattern; `**` is any folders.

    A file whose own name has a `*` or `[` in it is that file; what fits, says `pattern_walk`. Nothing is opened. Raises
    RunError E405 for words that no path may have and for files that leave the root, AbsentFile where no file fits a pattern.
    """
    if not is_pattern(path):
        return (path,)
    with root.reported(path):
        folder = real_path(root.folder)
        if os.path.isfile(os.path.join(folder, path)):
            return (path,)
    from modelc.compiler.syntax.pattern_walk import need_matches

    return tuple(match.path for match in need_matches(root, path))


def files_there(root: Root, path: str) -> tuple[str, ...]:
    """The files that `path` stands for, as `files_matching` finds them; none where there are none, or it is refused."""
    try:
        return files_matching(root, path)
    except RunError:
        return ()
