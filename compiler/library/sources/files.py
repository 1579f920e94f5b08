"""The source of rows that are files: photos in a folder for each class, images beside their masks."""

import os.path
from collections.abc import Collection, Mapping
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from modelc.compiler.diagnostics.exceptions import AbsentFile
from modelc.compiler.library.base.fields import Field
from modelc.compiler.library.base.lazy import NumpyArray, np
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.data_source import Column, Inspected, Loaded, Source
from modelc.compiler.syntax.file_root import Root
from modelc.compiler.syntax.pattern_walk import matches, no_match, parts_of, wildcards

OWN = ("name", "folder")
"""Columns beside those of the patterns."""


def read_patterns(value: Any) -> Any:
    """A pattern, or patterns by the names of their columns. Raises for anything else, and for what cannot be paired."""
    if isinstance(value, str) and value:
        return value
    if not isinstance(value, dict) or not all(isinstance(pattern, str) and pattern for pattern in value.values()):
        help = "for example `files: photos/*/*.jpg`, or `files: {patterns: {photo: images/*.jpg, mask: masks/*.png}}`"
        if isinstance(value, list):
            help = "one pattern may fit several endings, as `photos/*/*.*` does"
        message = "expected a pattern of paths, or one for each column of paths"
        raise PydanticCustomError("patterns", message, {"help": help, "label": "no pattern"})
    if not value:
        raise PydanticCustomError("patterns", "expected a pattern for each column", {"label": "no pattern"})
    for name in value:
        if name in OWN:
            message = f"`{name}` is the column of the {'names' if name == 'name' else 'folders'} of the files"
            raise PydanticCustomError("patterns", message, {"help": "give the pattern another name", "label": "taken"})
    counts = {len(wildcards(part)) for pattern in value.values() for part in parts_of(pattern)[-1:]}
    if len(counts) > 1:
        message = "the file names of patterns that are paired have different wildcards"
        help = "write as many wildcards in each, for what the files of one row have in common"
        raise PydanticCustomError("patterns", message, {"help": help, "label": "cannot be paired"})
    return value


class Files(Source):
    """A row for each file that fits a pattern, such as `photos/*/*.jpg`; sorted by path.

    Columns, all of them text: `file`, the path from the folder of the spec; `name`, the file name without its ending; and
    `folder`, the name of the folder that the file is in. So a folder for each class is
    `category: {column: folder, classes: [cat, dog]}`.

    Several patterns are paired: `patterns: {photo: "images/*.jpg", mask: "masks/*.png"}` gives a row for each name, with a
    column of paths for each pattern, and `name` and `folder` of the first. Files belong together if the wildcards stand for
    the same in them: those of the file names, and those of the folders where all patterns have as many there. A file
    without its counterpart is an error.

    `*` and `?` stand for characters of one name, `[...]` for one of several characters, `**` for any folders. Hidden files
    fit only patterns that begin with a dot, and files that end otherwise, such as `Thumbs.db`, do not fit `*.jpg`. Links
    that lead out of the root are refused, and `**` goes through none.
    """

    opens_files = False
    primary = "patterns"
    spellings = ("folder", "image_folder", "images", "image_dataset_from_directory", "text_dataset_from_directory")
    foreign_arguments: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(
            ("directory", "glob", "path", "paths", "root"), "write `patterns: {value}`, such as `photos/*/*.jpg`"
        ),
        **dict.fromkeys(
            ("class_names", "label_mode", "labels"),
            "remove it: the target reads the column `folder`, `category: {column: folder, classes: [cat, dog]}`",
        ),
        **dict.fromkeys(("color_mode", "image_size"), "remove it: it is for the reader of the column `file`"),
    }
    example = 'files: "photos/*/*.jpg"'

    patterns: Annotated[
        str | dict[str, str],
        BeforeValidator(read_patterns),
        Field(min_length=1, description="Pattern of the paths, relative to the spec; or one for each column of paths."),
    ]

    @property
    def by_column(self) -> Mapping[str, str]:
        """The pattern of each column of paths."""
        return {"file": self.patterns} if isinstance(self.patterns, str) else self.patterns

    def files(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.by_column.values()))

    def columns(self) -> Mapping[str, Column] | None:
        paths = {name: Column(TensorType((), "str"), has_paths=True) for name in self.by_column}
        return {**paths, **{name: Column(TensorType((), "str")) for name in OWN}}

    def inspect(self, root: Root) -> Inspected:
        # One file of each pattern is enough to see that it is right; there may be a hundred thousand.
        absent: list[AbsentFile] = [
            no_match(root, pattern) for pattern in self.files() if next(matches(root, pattern), None) is None
        ]
        return Inspected(self.columns(), tuple(absent))

    def load(self, root: Root, names: Collection[str] | None = None) -> Loaded:
        from modelc.compiler.library.sources.paired_files import paired

        columns = self.columns_of(paired(root, self.by_column))
        return Loaded({name: column for name, column in columns.items() if names is None or name in names})

    def columns_of(self, paths: Mapping[str, list[str]], folder: str = "") -> dict[str, NumpyArray]:
        """All columns where those of `paths` are these; files right in the root are in a `folder` of this name."""
        first = next(iter(paths.values()))
        split = [os.path.split(path) for path in first]
        columns: dict[str, list[str]] = {
            **paths,
            "name": [os.path.splitext(file)[0] for _, file in split],
            "folder": [os.path.basename(inside) or folder for inside, _ in split],
        }
        text = np.dtypes.StringDType()
        return {name: np.array(found, text) for name, found in columns.items()}
