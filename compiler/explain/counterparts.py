"""What people write in Keras and PyTorch that is no named thing of a spec, and what they write here instead.

`modelc explain WORD` and the tables of docs/from_keras.md and docs/from_pytorch.md are made of it. Layers, losses and all
else that is chosen by name say themselves what they are called elsewhere: `keras` and `torch` of their classes.
"""

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from typing import NamedTuple

from modelc.compiler.library.base.registry import fold

FROM_ELSEWHERE = "`train: {initial_weights: {run: runs/first}}` takes weights that are there; none are downloaded"
FOLDERS = (
    "data: {source: {files: photos/*/*.jpg}, inputs: {image: {image: file}}, "
    "targets: {kind: {category: {column: folder, classes: [cat, dog]}}}}"
)
"""A folder of images for each class, as a spec reads it."""


class Counterpart(NamedTuple):
    """Python as it is written `there`, and `here` a part of a spec, a named thing in its notation, or a command; empty
    where nothing is to be written. `note` says the rest.
    """

    there: str
    here: str = ""
    note: str = ""


Page = Mapping[str, tuple[Counterpart, ...]]
"""The counterparts of one framework, by the name of their table."""


def names_in(code: str) -> Iterator[str]:
    """The words in `code` that belong to a framework: attributes, keywords, what is called, subclassed or imported, and
    strings that are names of several words, such as `val_loss`.
    """
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.keyword) and node.arg is not None:
            yield node.arg
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id
        elif isinstance(node, ast.Import):
            yield from (module.name for module in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield from (*node.module.split("."), *(name.name for name in node.names))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and "_" in node.value:
            yield from [node.value] if node.value.isidentifier() else []


@cache
def pages() -> Mapping[str, Page]:
    """The counterparts of each framework."""
    from modelc.compiler.explain.keras_counterparts import KERAS
    from modelc.compiler.explain.pytorch_counterparts import PYTORCH

    return {"Keras": KERAS, "PyTorch": PYTORCH}


def counterparts_of(word: str) -> tuple[tuple[str, Counterpart], ...]:
    """The counterparts in which `word` occurs, each with its framework; none where nothing is known of it.

    Of a word with a module in front (`callbacks.EarlyStopping`) the last part counts; case and separators do not.
    """
    return by_word().get(fold(word.rpartition(".")[2]), ())


@cache
def by_word() -> Mapping[str, tuple[tuple[str, Counterpart], ...]]:
    """The counterparts by each word in them, without case and separators."""
    found: dict[str, tuple[tuple[str, Counterpart], ...]] = {}
    for framework, page in pages().items():
        for row in (row for rows in page.values() for row in rows):
            for word in {fold(name) for name in names_in(row.there)}:
                found[word] = (*found.get(word, ()), (framework, row))
    return found
