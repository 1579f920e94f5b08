"""A document under change: values replaced, shorthands spelt out, with the place of every part. Knows no language."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any

from modelc.compiler.diagnostics.problem import Path, Place
from modelc.compiler.syntax.document import Document


class Overlay(Mapping[Path, Place]):
    """The places of `base`, some of them hidden or replaced; nothing of `base` is looked at before it is asked for."""

    def __init__(self, base: Mapping[Path, Place]) -> None:
        self.base = base
        self.own: dict[Path, Place] = {}
        self.hidden: set[Path] = set()

    def replace_below(self, path: Path, places: Mapping[Path, Place]) -> None:
        """Hide all at and below `path`, and put `places` there."""
        self.hidden.add(path)
        self.own = {at: place for at, place in self.own.items() if at[: len(path)] != path} | dict(places)

    def __getitem__(self, path: Path) -> Place:
        if path in self.own:
            return self.own[path]
        if any(path[:end] in self.hidden for end in range(len(path) + 1)):
            raise KeyError(path)
        return self.base[path]

    def __iter__(self) -> Iterator[Path]:
        yield from self.own
        yield from (path for path in self.base if path not in self.own and path in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)


class DocumentEditor:
    """A copy of a document that can be changed. `done` gives the document as it then is."""

    def __init__(self, document: Document) -> None:
        self.original = document
        self.data: Any = deepcopy(document.data)
        self.values = Overlay(document.values)
        self.keys = Overlay(document.keys)
        self.holes = set(document.holes)
        self.replaced: set[Path] = set()

    def done(self) -> Document:
        trails = {
            path: trail
            for path, trail in self.original.trails.items()
            if not any(path[:end] in self.replaced for end in range(len(path) + 1))
        }
        return replace(
            self.original,
            data=self.data,
            values=self.values,
            keys=self.keys,
            holes=frozenset(self.holes),
            trails=trails,
        )

    def get(self, path: Path) -> Any:
        """The value at `path`, None where there is none."""
        value = self.data
        for part in path:
            try:
                value = value[part]
            except (KeyError, IndexError, TypeError):
                return None
        return value

    def mapping(self, path: Path) -> Mapping[str, Any]:
        """The entries of the mapping at `path`; none where there is none."""
        found = self.get(path)
        return found if isinstance(found, Mapping) else {}

    def in_hole(self, path: Path) -> bool:
        """Whether `path` leads to or through something that could not be read."""
        return any(path[:end] in self.holes for end in range(len(path) + 1))

    def spell_out(self, path: Path, name: str, value: Any) -> None:
        """Replace what stands at `path` by the mapping `{name: value}`; its new key stands where the whole stood."""
        place, inside = self.values[path], (*path, name)
        below = {(*inside, *at): self.values[(*path, *at)] for at in ways(value) if at and (*path, *at) in self.values}
        keys = {(*inside, *at): self.keys[(*path, *at)] for at in ways(value) if at and (*path, *at) in self.keys}
        self.put(path, {name: value})
        self.values.replace_below(path, {path: place, inside: place, **below})
        self.keys.replace_below(inside, {inside: place, **keys})
        moved = {hole for hole in self.holes if hole[: len(path)] == path and len(hole) > len(path)}
        self.holes = (self.holes - moved) | {(*inside, *hole[len(path) :]) for hole in moved}

    def replace(self, path: Path, value: Any, places: Mapping[Path, Place], keys: Mapping[Path, Place]) -> None:
        """Put `value` at `path`, making mappings on the way; `places` and `keys` have the places of all that is new.

        Where a mapping is made, `keys` must have the place of its key; a key that is there stays where it is written.
        """
        known = {at for at in path_prefixes(path[:-1]) if at in self.keys}
        for at in path_prefixes(path[:-1]):
            if self.get(at) is None:
                self.put(at, {})
                self.values.replace_below(at, {at: keys[at] if at in keys else self.values[at]})
        self.put(path, value)
        self.replaced.add(path)
        self.holes = {hole for hole in self.holes if hole[: len(path)] != path}
        self.values.replace_below(path, places)
        self.keys.replace_below(path, {at: place for at, place in keys.items() if at not in known})

    def put(self, path: Path, value: Any) -> None:
        container = self.get(path[:-1])
        container[path[-1]] = value


def ways(data: Any) -> Iterator[Path]:
    """The ways to all that `data` holds, itself first."""
    yield ()
    entries = data.items() if isinstance(data, Mapping) else enumerate(data) if isinstance(data, list) else ()
    yield from ((key, *way) for key, below in entries for way in ways(below))


def path_prefixes(path: Path) -> Iterator[Path]:
    return (path[:end] for end in range(1, len(path) + 1))
