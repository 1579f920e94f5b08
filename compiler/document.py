"""Text to `Document`: plain data with the place of every key and value. Knows YAML and JSON, knows nothing of models."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from modelc.compiler.errors import Path, Place


@dataclass(frozen=True, slots=True)
class Document:
    """What was read from one file: `data` (dict, list, str, int, float, bool, None) and where each part stands.

    `values[path]` is the place of the value at `path`, `keys[path]` of its key in the mapping around it.
    A value that could not be read is absent from `data`, and its problem has been reported.
    """

    name: str
    text: str
    data: Any
    values: Mapping[Path, Place]
    keys: Mapping[Path, Place]

    def value(self, path: Path) -> Place:
        """The place of the value at `path`, or of the nearest value around it that the text has."""
        while path and path not in self.values:
            path = path[:-1]
        return self.values.get(path, Place(self.name, 1, 1, 1, 2))

    def key(self, path: Path) -> Place:
        """The place of the key that leads to `path`; of the value where there is no key (list items)."""
        return self.keys[path] if path in self.keys else self.value(path)
