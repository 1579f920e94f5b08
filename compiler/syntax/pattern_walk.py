"""Finds the files below the root that fit a pattern such as `photos/*/*.jpg`, and what its wildcards stand for in each.

`*` and `?` stand for characters of one name, `[...]` for one of several, and `**` for any folders. Names that begin with a
dot fit only what begins with one. Each folder is read once. `**` goes through no link; a link elsewhere is followed as long
as it stays below the root, and nothing is opened.
"""

import os
import re
import stat
from collections.abc import Iterator, Sequence
from contextlib import suppress
from fnmatch import translate
from typing import NamedTuple

from modelc.compiler.diagnostics.exceptions import AbsentFile, RunError
from modelc.compiler.syntax.beneath import real_path, real_path_beneath
from modelc.compiler.syntax.file_root import Root, reason_of, refused
from modelc.compiler.syntax.path_rules import refusal

ANY_FOLDERS = "**"
WILDCARD = re.compile(r"\*+|\?|\[!?\]?[^\]]*\]")
PLAIN = re.compile(r"[\w][\w ./-]*")
"""Most paths, whose words need no closer look."""
Stands = tuple[str, ...]
"""What wildcards stand for, in their order."""


class Match(NamedTuple):
    """A file that fits a pattern: its path from the root, and what the wildcards of the folders and of its name stand for."""

    path: str
    folders: Stands
    name: Stands


def wildcards(part: str) -> list[str]:
    """The wildcards in one part of a pattern."""
    return [ANY_FOLDERS] if part == ANY_FOLDERS else WILDCARD.findall(part)


def parts_of(pattern: str) -> list[str]:
    """The parts of a pattern between slashes; `**` at the end is for all files below."""
    parts = [part for part in pattern.split("/") if part not in ("", ".")]
    merged = [part for place, part in enumerate(parts) if part != ANY_FOLDERS or parts[place - 1 : place] != [part]]
    return [*merged, "*"] if merged[-1:] == [ANY_FOLDERS] else merged


def matches(root: Root, pattern: str) -> Iterator[Match]:
    """The files below `root` that fit `pattern`, each once, in no order.

    Raises RunError E405 for a pattern or a file that leaves the root, a name that no path may have, or a folder that cannot
    be read.
    """
    reason = refusal(pattern, root.called)
    if reason:
        raise refused(pattern, reason, *root.helps(pattern))
    parts = parts_of(pattern)
    expressions = [expression(part) for part in parts]
    walk = Walk(root, real_path(root.folder), parts, expressions)
    seen: set[str] = set()
    waiting = [Step("", 0, ())]
    while waiting:
        for step in walk.steps(waiting.pop()):
            if step.fitted < len(parts):
                waiting.append(step)
            elif step.path not in seen:
                seen.add(step.path)
                yield match_of(step, parts, root)


def expression(part: str) -> "re.Pattern[str]":
    """A part of a pattern as a regular expression with a group for each wildcard."""
    found, end = [], 0
    for wildcard in WILDCARD.finditer(part):
        # Python has the rules for what stands in brackets; what is around them differs by its version.
        one = re.fullmatch(r"\(\?s:(.*)\)\\[zZ]", translate(wildcard[0][0] if wildcard[0][0] == "*" else wildcard[0]))
        assert one is not None
        found += [re.escape(part[end : wildcard.start()]), f"({one[1]})"]
        end = wildcard.end()
    return re.compile("".join([*found, re.escape(part[end:])]), re.DOTALL)


class Step(NamedTuple):
    """A path on the way, the number of parts of the pattern that it fits, and what their wildcards stand for."""

    path: str
    fitted: int
    stands: Stands


class Walk(NamedTuple):
    """What is looked for below the real path of a root."""

    root: Root
    folder: str
    parts: Sequence[str]
    expressions: Sequence["re.Pattern[str]"]

    def steps(self, step: Step) -> Iterator[Step]:
        """Where the pattern goes on from a folder."""
        path, index, stands = step
        part, is_last = self.parts[index], index + 1 == len(self.parts)
        if part == ANY_FOLDERS:
            yield from self.folders_below(step)
            return
        if not wildcards(part):
            below = joined(path, part)
            if self.has_file(below) if is_last else self.has_folder(below):
                yield Step(below, index + 1, stands)
            return
        fits = self.expressions[index].fullmatch
        for name in self.entries(path)[is_last]:
            if name[0] == "." != part[0] or (found := fits(name)) is None:
                continue
            below = joined(path, name)
            if self.has_file(below) if is_last else self.has_folder(below):
                yield Step(below, index + 1, (*stands, *found.groups()))

    def folders_below(self, step: Step) -> Iterator[Step]:
        """The folder itself and all below it, of each what `**` stands for."""
        waiting = [(step.path, "")]
        while waiting:
            path, below = waiting.pop()
            yield Step(path, step.fitted + 1, (*step.stands, below))
            names = [name for name in self.entries(path)[0] if name[0] != "."]
            waiting += [
                (joined(path, name), joined(below, name))
                for name in names
                if not os.path.islink(self.real(joined(path, name)))
            ]

    def real(self, path: str) -> str:
        return f"{self.folder}/{path}"

    def entries(self, path: str) -> tuple[list[str], list[str]]:
        """The names in a folder, those of folders and all others; none where there is no folder.

        Raises RunError E405 for a folder that cannot be read.
        """

        def report(error: OSError) -> None:
            if not isinstance(error, FileNotFoundError | NotADirectoryError):
                raise refused(path or ".", f"cannot be read: {reason_of(error)}") from None

        # It knows which names are folders from the listing itself, which spares a question for each.
        _, folders, others = next(os.walk(self.real(path), onerror=report), ("", [], []))
        return folders, others

    def has_file(self, path: str) -> bool:
        """Whether there is a regular file at `path`. Raises RunError E405 for a link that leads out of the root or nowhere."""
        try:
            mode = os.lstat(self.real(path)).st_mode
        except OSError:
            return False
        if not stat.S_ISLNK(mode):
            return stat.S_ISREG(mode)
        self.need_beneath(path)
        return os.path.isfile(self.real(path))

    def has_folder(self, path: str) -> bool:
        """Whether there is a folder at `path`. Raises RunError E405 for a link that leads out of the root."""
        if os.path.islink(self.real(path)):
            self.need_beneath(path)
        return os.path.isdir(self.real(path))

    def need_beneath(self, path: str) -> None:
        """Raise RunError E405 unless the link at `path` leads to something below the root."""
        with self.root.reported(path):
            real_path_beneath(self.folder, path)


def joined(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def match_of(step: Step, parts: Sequence[str], root: Root) -> Match:
    """The file at the end of a pattern. Raises RunError E405 for a name that no path may have."""
    if not PLAIN.fullmatch(step.path) and (reason := refusal(step.path, root.called)):
        raise refused(step.path, reason, "rename the file, or write a pattern that it does not fit")
    count = len(step.stands) - len(wildcards(parts[-1]))
    return Match(step.path, step.stands[:count], step.stands[count:])


def need_matches(root: Root, pattern: str) -> list[Match]:
    """All files that fit `pattern`, sorted by path. Raises RunError E405, an AbsentFile where there is none."""
    found = sorted(matches(root, pattern), key=lambda match: match.path)
    if not found:
        raise no_match(root, pattern)
    return found


def no_match(root: Root, pattern: str) -> AbsentFile:
    """The error for a pattern that no file fits."""
    bracket = ("`[` begins a choice of characters: write `[[]` for the character itself",) if "[" in pattern else ()
    other = None
    # What is wrong with other files is no matter of the pattern.
    with suppress(RunError):
        other = next(matches(root, "/".join([*parts_of(pattern)[:-1], "*"])), None)
    near = (f"there are other files, such as {other.path!r}: write a pattern that these fit",) if other else ()
    helps = (*bracket, *(near or root.helps(pattern, missing=True)))
    return AbsentFile(pattern, f"no file fits the pattern {pattern!r}", helps=helps)
