"""The files that readers open: where their paths begin, and the digests of what is in them."""

from collections.abc import Mapping
from dataclasses import replace
from hashlib import file_digest

import numpy as np

from modelc.compiler.binding.source_headers import SOURCE, root_for
from modelc.compiler.binding.task import Binding, Task
from modelc.compiler.library.readers.opened_files import paths_of, read_each
from modelc.compiler.syntax.file_root import Root
from modelc.runtime.data.arrays import Array, Arrays
from modelc.runtime.data.learning import of_columns


def below_root(task: Task, root: Root) -> Task:
    """`task` with readers that find below `root` the files that they open."""
    if not any(binding.reader.opens_files or binding.reader.files for binding in of_columns(task)):
        return task
    below = root_for(task.spec.document, root, SOURCE) if task.data is not None else root

    def bound(bindings: Mapping[str, Binding] | None) -> Mapping[str, Binding] | None:
        if bindings is None:
            return None
        return {name: binding._replace(reader=binding.reader.below(below)) for name, binding in bindings.items()}

    return replace(task, inputs=bound(task.inputs), targets=bound(task.targets))


def opened_columns(task: Task) -> frozenset[str]:
    """The columns whose values are paths of files that a reader opens."""
    return frozenset(name for one in of_columns(task) if one.reader.opens_files for name in one.names)


def opened_by_inputs(task: Task) -> Mapping[str, tuple[str, ...]]:
    """Those of the `opened_columns` that inputs are read from, with how the names of their files end."""
    readers = [one.reader for one in of_columns(replace(task, targets={}))]
    return {reader.subject: reader.endings for reader in readers if reader.opens_files}


def contents_alone(task: Task, columns: Arrays, root: Root) -> Arrays:
    """`columns` with the sha256 of each file in place of its path where a reader opens files. Raises RunError E405."""
    below, texts = root.data or root, np.dtypes.StringDType()
    opened = [name for name in opened_columns(task) if name in columns]
    return {**columns, **{name: np.array(digests_of_files(columns[name], name, below), texts) for name in opened}}


def with_contents(task: Task, columns: Arrays, root: Root) -> Arrays:
    """`columns` for their digests: where a reader opens files, each with its path and the sha256 of what is in it.

    Raises RunError E407 for files that cannot be read.
    """
    below = root.data or root
    found = {name: contents_of(columns[name], name, below) for name in opened_columns(task) if name in columns}
    return {**columns, **found} if found else columns


def contents_of(column: Array, name: str, root: Root) -> Array:
    """The path and the sha256 of each file that the column called `name` names."""
    pairs = zip(paths_of(column), digests_of_files(column, name, root), strict=True)
    return np.array([f"{path} {digest}" for path, digest in pairs], np.dtypes.StringDType())


def digests_of_files(column: Array, name: str, root: Root) -> list[str]:
    """The sha256 of each file that the column called `name` names. Raises RunError E405."""
    paths = paths_of(column)
    distinct = [*dict.fromkeys(paths)]
    digests: dict[str, str] = {}

    def read_one(row: int, path: str) -> None:
        with root.open(path) as file:
            digests[path] = file_digest(file, "sha256").hexdigest()

    read_each(name, distinct, read_one)
    return [digests[path] for path in paths]
