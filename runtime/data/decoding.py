"""A data set whose rows stay in their files: each is decoded once to be checked, before the first step, and again whenever it is fed."""

from dataclasses import replace
from functools import partial

import numpy as np

from modelc.compiler.binding.source_headers import SOURCE, root_for
from modelc.compiler.binding.task import Binding, Task
from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.syntax.file_root import Root
from modelc.runtime.data.arrays import Array, Arrays
from modelc.runtime.data.column_digests import KnownDigests
from modelc.runtime.data.dataset import Dataset, Part, read_dataset
from modelc.runtime.data.decoded_rows import DecodedRows, OpenedFiles, as_array
from modelc.runtime.data.learning import Learnt
from modelc.runtime.data.opened_files import opened_columns
from modelc.runtime.data.preparation import NotByParts, goes_by_parts, read_by_parts
from modelc.runtime.data.prepared.source_files import ReadFrom


def may_be_decoded(task: Task) -> bool:
    """Whether rows of a task can stay in the files that its readers open."""
    return bool(opened_columns(task)) and goes_by_parts(task)


def decoded_dataset(
    task: Task, root: Root, *, files: ReadFrom, known: KnownDigests, learnt: Learnt | None, test: bool
) -> Dataset:
    """The rows of a task, as `read_dataset` reads them, of which those of `files` that readers open stay there, unless a reader gives other
    types for some rows than for others. Raises RunError as that does, with rows that are counted in their part.
    """
    opened = OpenedFiles(root_for(task.spec.document, root, SOURCE), dict(files.opened))
    try:
        found = read_by_parts(task, root, partial(Collected, task, opened), known, learnt, test=test)
        parts = {name: one.part(found.learnt) for name, one in found.parts.items()}
    except NotByParts:
        return read_dataset(task, root, test=test, known=known, learnt=learnt)
    train = replace(parts["train"], classes_to_draw=found.classes)
    held_out = parts.get("validation"), parts.get("test")
    return Dataset(train, *held_out, found.digests, found.notes, profiles=found.profiles, skipped=found.skipped)


class Collected:
    """Keeps those rows that have these `places`, ascending, and these `numbers`: in memory what is small, by the paths of their files
    the others.
    """

    def __init__(self, task: Task, files: OpenedFiles, columns: Arrays, places: Array, numbers: Array | None) -> None:
        self.task, self.files, self.columns, self.places, self.numbers = task, files, columns, places, numbers
        self.arrays: dict[str, dict[str, list[Array]]] = {"inputs": {}, "targets": {}}

    def add(self, start: int, part: Part) -> None:
        """Those of the rows from `start` on that are among the places."""
        first, last = np.searchsorted(self.places, (start, start + part.rows))
        rows = self.places[first:last] - start
        for kind, arrays in (("inputs", part.inputs), ("targets", part.targets)):
            for name, array in arrays.items():
                # Of decoded rows only their type.
                kept = array[rows] if self.decoded_from(kind, name) is None else array[:0].copy()
                self.arrays[kind].setdefault(name, []).append(kept)

    def decoded_from(self, kind: str, name: str) -> Binding | None:
        """By what an input or target is decoded: its binding, or that of the input that it copies; None for one that is not."""
        binding = ((self.task.inputs if kind == "inputs" else self.task.targets) or {})[name]
        if binding.copies_input:
            return self.decoded_from("inputs", binding.subject)
        return binding if binding.reader.opens_files else None

    def done(self) -> "Collected":
        return self

    def part(self, learnt: Learnt) -> Part:
        """The part of the data set, whose readers have `learnt` this. Raises NotByParts."""
        made: dict[tuple[Path, tuple[int, ...]], Array] = {}
        inputs, targets = (
            {name: self.array(self.decoded_from(kind, name), learnt, parts, made) for name, parts in arrays.items()}
            for kind, arrays in self.arrays.items()
        )
        return Part(inputs, targets, len(self.places), learnt=learnt, numbers=self.numbers)

    def array(
        self,
        binding: Binding | None,
        learnt: Learnt,
        parts: list[Array],
        made: dict[tuple[Path, tuple[int, ...]], Array],
    ) -> Array:
        """All rows of an input or target. Those that were `made` are not made again for a copy, so that they are decoded once for both."""
        if len({(array.dtype, array.shape[1:]) for array in parts}) > 1:
            raise NotByParts
        if binding is None:
            return np.concatenate(parts)
        shape = (len(self.places), *parts[0].shape[1:])
        if (binding.at, shape) not in made:
            columns = {name: self.columns[name][self.places] for name in binding.names}
            numbers = self.places if self.numbers is None else self.numbers
            rows = DecodedRows(binding, columns, numbers, learnt, self.files, shape, parts[0].dtype)
            made[binding.at, shape] = as_array(rows)
        return made[binding.at, shape]
