"""The matches of a glob: as by `glob.glob`, but each folder is read once, and one that cannot be read is not passed over."""

import os
from dataclasses import dataclass, field
from fnmatch import translate
from glob import has_magic
from re import compile as compile_pattern

ANY_FOLDERS = "**"


@dataclass(slots=True)
class Matches:
    """The paths that match a glob, and `unread`, the folders that could not be searched for them.

    `seen` are the folders, by real path, with the number of parts of the pattern that are matched there: links that
    lead back to a folder do not lead through it again.
    """

    found: set[str] = field(default_factory=set)
    unread: set[str] = field(default_factory=set)
    seen: set[tuple[str, int]] = field(default_factory=set)


def glob_matches(pattern: str) -> Matches:
    """What `pattern` matches. `**` matches any number of folders; as a walk of folders, it does not follow links.

    Names that begin with `.` match only what begins with `.`.
    """
    start = "/" if pattern.startswith("/") else ""
    *folders, last = pattern.split("/")
    parts = [*(part for part in folders if part), last]
    matches = Matches()
    waiting = [(start, 0)]
    while waiting:
        where, index = waiting.pop()
        if index == len(parts):
            matches.found.add(where)
            continue
        part = parts[index]
        if part != ANY_FOLDERS and not has_magic(part):
            path = os.path.join(where, part)
            if os.path.lexists(path):
                waiting.append((path, index + 1))
            elif is_closed(path):
                matches.unread.add(where or os.curdir)
        elif (place := (os.path.realpath(where), index)) not in matches.seen:
            matches.seen.add(place)
            waiting += steps(where, parts, index, matches)
    return matches


def steps(where: str, parts: list[str], index: int, matches: Matches) -> list[tuple[str, int]]:
    """The entries of the folder `where` from which the pattern goes on, and the number of parts matched there."""
    part = parts[index]
    try:
        names = os.listdir(where or os.curdir)
    except (FileNotFoundError, NotADirectoryError):
        # A broken link has no entries either.
        return []
    except OSError:
        matches.unread.add(where or os.curdir)
        return []
    if part != ANY_FOLDERS:
        fits = compile_pattern(translate(part)).match
        fitting = [name for name in names if fits(name) and (part.startswith(".") or not name.startswith("."))]
        return [(os.path.join(where, name), index + 1) for name in fitting]
    visible = [os.path.join(where, name) for name in names if not name.startswith(".")]
    below = [(path, index) for path in visible if os.path.isdir(path) and not os.path.islink(path)]
    here = [(path, index + 1) for path in visible] if index + 1 == len(parts) else [(where, index + 1)]
    return here + below


def is_closed(path: str) -> bool:
    """Whether the operating system refuses to say if there is something at `path`."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return False
