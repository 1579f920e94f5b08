"""The paths of what could not be read in a document, found by what they stand in."""

from collections.abc import Iterable, Sequence

from modelc.compiler.diagnostics.problem import Path


class Unread:
    """A growing set of paths, which are asked for often: by themselves, by what is around them and by what is below."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self.paths: set[Path] = set()
        self.below: dict[Path, list[str | int]] = {}
        """The last keys of those that stand right below a path."""
        self.around: set[Path] = set()
        for path in paths:
            self.add(path)

    def __contains__(self, path: object) -> bool:
        return path in self.paths

    def add(self, path: Path) -> None:
        if path in self.paths:
            return
        self.paths.add(path)
        if path:
            self.below.setdefault(path[:-1], []).append(path[-1])
        end = len(path) - 1
        while end >= 0 and path[:end] not in self.around:
            self.around.add(path[:end])
            end -= 1

    def keys(self, path: Path) -> Sequence[str | int]:
        """The keys and indices below `path` whose values could not be read."""
        return self.below.get(path, ())

    def is_in(self, path: Path) -> bool:
        """Whether some of them is at `path` or below."""
        return path in self.paths or path in self.around

    def covers(self, path: Path) -> bool:
        """Whether some of them is at `path` or around it."""
        return any(path[:end] in self.paths for end in range(len(path) + 1))
