"""Patterns of paths such as `data/*.csv`: which files below the root they stand for."""

import glob
import os

from modelc.compiler.diagnostics.exceptions import AbsentFile
from modelc.compiler.syntax.beneath import real_path
from modelc.compiler.syntax.file_root import Root

SIGNS = "*?["


def is_pattern(path: str) -> bool:
    """Whether `path` may stand for several files, by its words alone."""
    return any(sign in path for sign in SIGNS)


def files_matching(root: Root, path: str) -> tuple[str, ...]:
    """The files that `path` stands for, sorted by name: itself, or those that fit a pattern; `**` is any folders.

    A file whose own name has a `*` or `[` in it is that file. Hidden files fit no pattern, unless it begins with a dot
    too. Nothing is opened: a link that leads out of the root is refused by who opens it. Raises RunError E405 for words
    that no path may have, AbsentFile where no file fits a pattern.
    """
    if not is_pattern(path):
        return (path,)
    with root.reported(path):
        folder = real_path(root.folder)
        if os.path.isfile(os.path.join(folder, path)):
            return (path,)
        found = glob.glob(path, root_dir=folder, recursive=True)
        files = sorted({name for name in found if os.path.isfile(os.path.join(folder, name))})
    if not files:
        raise AbsentFile(path, f"no file fits the pattern {path!r}", helps=root.helps(path, missing=True))
    return tuple(files)
