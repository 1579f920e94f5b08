"""The data set of a task: arrays for training, validation and test, read from its sources and checked.

Uses numpy, not jax. All problems of the data are found here, before anything is compiled.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

import numpy as np

from modelc.compiler.binding.binder import bind
from modelc.compiler.binding.task import SAMPLE_WEIGHT, Binding, Task, Term
from modelc.compiler.diagnostics.exceptions import RunError, SpecError
from modelc.compiler.diagnostics.phrases import counted
from modelc.compiler.diagnostics.problem import Path, Problem
from modelc.compiler.graph.graph import Edge
from modelc.compiler.library.contracts.data_source import Loaded, Source
from modelc.compiler.library.readers.casts import column_of
from modelc.compiler.library.readers.checks import check_bounds, check_labels
from modelc.compiler.syntax.file_root import Root
from modelc.runtime.data.ids import check_ids
from modelc.runtime.data.row_memory import need_row_memory

Arrays = Mapping[str, "np.ndarray[Any, Any]"]


@dataclass(frozen=True, slots=True)
class Part:
    """Some rows of a data set: the model's inputs and targets by name, `[rows, ...]` each."""

    inputs: Arrays
    targets: Arrays
    rows: int

    def take(self, rows: "np.ndarray[Any, Any]") -> "Part":
        """The rows at these indices."""
        inputs = {name: array[rows] for name, array in self.inputs.items()}
        return Part(inputs, {name: array[rows] for name, array in self.targets.items()}, len(rows))


@dataclass(frozen=True, slots=True)
class Dataset:
    """All rows of a task. `digests` has the sha256 of each column that was read, `notes` are shown to the user."""

    train: Part
    validation: Part | None
    test: Part | None
    digests: Mapping[str, str]
    notes: tuple[str, ...] = ()


def complete(task: Task, root: Root) -> tuple[Task, tuple[Problem, ...]]:
    """`task` bound to columns that only the files can tell, and so with every type known; and all warnings about it then.

    Raises SpecError for what does not fit them, RunError if a file cannot be read.
    """
    if task.data is None or task.data.source is None:
        raise RunError("E404", "the spec has no `data` to read", helps=("add a `data` section with a `source`",))
    if task.data.source.columns() is not None:
        return task, ()
    try:
        columns = task.data.source.inspect(root_for(task, root, ("data", "source")))
    except RunError as error:
        raise with_place(error, ("data", "source")) from None
    bound, problems = bind(task.spec, task.planned, columns)
    errors = [problem for problem in problems if problem.is_error]
    if errors:
        raise SpecError(problems, {task.spec.document.name: task.spec.document.text})
    return bound, problems


def read_dataset(task: Task, root: Root) -> Dataset:
    """The rows of a completed task, split and checked. Raises RunError with a code, `at` the part of the spec to blame."""
    data = task.data
    assert data is not None
    assert data.source is not None
    loaded = load(task, data.source, root, ("data", "source"))
    whole, digests = read_part(task, loaded.train)
    check_values(task, whole)
    if data.validation is None:
        train, validation = whole, None
    else:
        try:
            kept, held_out = data.validation.choose(whole.rows, data.seed)
        except RunError as error:
            raise with_place(error, ("data", "validation")) from None
        train, validation = whole.take(kept), whole.take(held_out)
    test, notes = read_test(task, root, loaded)
    return Dataset(train, validation, test, digests, notes)


def root_for(task: Task, root: Root, at: Path) -> Root:
    """`root` for the paths of the source at `at`, which may stand in a file that the spec extends."""
    document = task.spec.document
    file = document.value(at).file
    return root if file == document.name else root.for_paths_in(file)


def column_names(task: Task) -> set[str]:
    """The columns that inputs and targets are read from."""
    bindings = (*(task.inputs or {}).values(), *(task.targets or {}).values())
    return {binding.subject for binding in bindings if not binding.copies_input}


def load(task: Task, source: Source, root: Root, at: Path) -> Loaded:
    """The columns of the source at `at` that the task reads."""
    try:
        loaded = source.load(root_for(task, root, at), column_names(task))
    except RunError as error:
        raise with_place(error, at) from None
    return loaded


def read_test(task: Task, root: Root, loaded: Loaded) -> tuple[Part | None, tuple[str, ...]]:
    """The test rows: of `data.test`, else those of the source."""
    assert task.data is not None
    if task.data.test is not None:
        columns: Arrays | None = load(task, task.data.test, root, ("data", "test")).train
    else:
        columns = loaded.test
    if columns is None:
        return None, ()
    bindings = [*(task.inputs or {}).values(), *(task.targets or {}).values()]
    if task.data.test is None and any(getattr(binding.reader, "rows", None) for binding in bindings):
        return None, ("the source's test rows are not used: `rows` counts rows of its training columns",)
    part, _ = read_part(task, columns)
    check_values(task, part)
    return part, ()


def read_part(task: Task, columns: Arrays) -> tuple[Part, dict[str, str]]:
    """Inputs and targets read from columns of equal length, and the digest of each column."""
    need_row_memory(task, columns)
    inputs = {name: read_binding(binding, columns) for name, binding in (task.inputs or {}).items()}
    targets = {}
    for name, binding in (task.targets or {}).items():
        array = inputs[binding.subject] if binding.copies_input else read_binding(binding, columns)
        targets[name] = array[:, None] if binding.squeeze else array
    lengths = {**{n: len(a) for n, a in targets.items()}, **{n: len(a) for n, a in inputs.items()}}
    rows = next(iter(lengths.values()))
    for name, length in lengths.items():
        if length != rows:
            first = next(iter(lengths))
            bindings = {**(task.inputs or {}), **(task.targets or {})}
            # Where one of the two chooses rows and the other does not, the choice is what can be wrong.
            chooser = first if getattr(bindings[first].reader, "rows", None) else name
            binding = bindings[name if getattr(bindings[name].reader, "rows", None) else chooser]
            raise RunError(
                "E404",
                f"`{name}` has {length:,} rows, `{first}` has {rows:,}",
                helps=("all inputs and targets need the same number of rows: select them with `rows: [start, stop]`",),
                at=binding.at,
            )
    if rows == 0:
        raise RunError("E404", "the data has no rows", at=("data", "source"))
    used = {binding.subject for binding in (*(task.inputs or {}).values(), *(task.targets or {}).values())}
    return Part(inputs, targets, rows), {name: digest(columns[name]) for name in sorted(used) if name in columns}


def input_columns(task: Task, there: Collection[str]) -> set[str]:
    """The columns that the inputs are read from. Raises RunError E401 for one that is not among those that are `there`."""
    bindings = (task.inputs or {}).values()
    for binding in bindings:
        need_column(binding, there)
    return {binding.subject for binding in bindings}


def read_inputs(task: Task, columns: Arrays) -> tuple[dict[str, "np.ndarray[Any, Any]"], int]:
    """The inputs of a task from raw columns, for prediction, and the number of rows.

    Readers with `rows` read all rows here. Raises RunError for a missing column, a column
    that does not fit its input, or unequal lengths.
    """
    inputs = {}
    for name, binding in (task.inputs or {}).items():
        reader = binding.reader
        if "rows" in type(reader).model_fields:
            reader = reader.model_copy(update={"rows": None})
        inputs[name] = read_binding(replace(binding, reader=reader), columns)
        if binding.wanted is not None and inputs[name].shape[1:] != binding.wanted.shape:
            raise RunError(
                "E402",
                f"the column `{binding.subject}` has rows of shape {list(inputs[name].shape[1:])}, "
                f"the input `{name}` takes {list(binding.wanted.shape)}",
            )
    lengths = {name: len(array) for name, array in inputs.items()}
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"`{name}` has {length:,}" for name, length in lengths.items())
        raise RunError("E404", f"the inputs have different numbers of rows: {shown}")
    check_ids(task, inputs)
    return inputs, next(iter(lengths.values()), 0)


def read_binding(binding: Binding, columns: Arrays) -> "np.ndarray[Any, Any]":
    """One column, read by its reader."""
    need_column(binding, columns)
    try:
        return binding.reader.read(columns[binding.subject], binding.wanted)
    except RunError as error:
        raise with_place(error, binding.at) from None


def need_column(binding: Binding, there: Collection[str]) -> None:
    """Raise RunError E401 unless the column of `binding` is among those that are `there`."""
    if binding.subject not in there:
        raise RunError(
            "E401",
            f"the data has no column `{binding.subject}` for `{binding.name}`",
            notes=(f"columns: {', '.join(there)}",),
            at=binding.at,
        )


def check_values(task: Task, part: Part) -> None:
    """Raise RunError for targets that are invalid for their loss, masks that are not boolean, or ids outside the
    table of their embedding."""
    check_ids(task, part.inputs)
    check_weights(part)
    for term in task.terms:
        mask = read_mask(task, term, part)
        outputs = [type_ for edge in term.of if (type_ := task.planned.type(edge)) is not None]
        if term.target is None or not outputs:
            continue
        assert task.targets is not None
        array, binding = part.targets[term.target], task.targets[term.target]
        if mask is not None and mask.any():
            # What the mask leaves out may be anything, such as -1 for places without a label: any value that counts will do.
            array = np.where(mask.reshape(mask.shape + (1,) * (array.ndim - mask.ndim)), array, array[mask][:1])
        try:
            given = column_of(array).type
            if (classes := term.loss.classes(*outputs, given)) is not None:
                check_labels(array, classes, term.target)
            if (bounds := term.loss.bounds(*outputs, given)) is not None:
                check_bounds(array, bounds, term.target)
            for measure in task.measures if bounds is None else ():
                if measure.target == term.target:
                    output = task.outputs[measure.output].type
                    if (wanted := measure.metric.bounds(output, given)) is not None:
                        check_bounds(array, wanted, term.target, metric=measure.key)
            term.loss.check(array, *outputs)
        except RunError as error:
            raise with_place(error, binding.at) from None


def check_weights(part: Part) -> None:
    """Raise RunError E403 for sample weights below 0, or all of them 0; readers have refused NaN."""
    weights = part.targets.get(SAMPLE_WEIGHT)
    if weights is None:
        return
    bad = weights < 0
    if bad.any():
        where = tuple(np.argwhere(bad)[0])
        raise RunError(
            "E403",
            f"`sample_weight` has {counted(int(bad.sum()), 'weight')} below 0, the first is {weights[where].item():g} in "
            f"row {int(where[0])}",
            helps=("sample weights must be at least 0; use 0 for rows that should not count",),
            at=("data", "sample_weight"),
        )
    if not weights.any():
        raise RunError(
            "E403",
            "`sample_weight` is 0 everywhere: no row counts",
            helps=("remove `sample_weight` to weight all rows equally",),
            at=("data", "sample_weight"),
        )


def read_mask(task: Task, term: Term, part: Part) -> "np.ndarray[Any, Any] | None":
    """The mask of a term as booleans `[rows, ...]`; None if it has none, or if the model computes it.

    Raises RunError E403 for a target whose values are not boolean.
    """
    if isinstance(term.mask, Edge):
        given = part.inputs.get(term.mask.node)
        return None if given is None else given != 0
    if term.mask is None or task.targets is None:
        return None
    values = part.targets[term.mask]
    bad = (values != 0) & (values != 1)
    if bad.any():
        where = tuple(np.argwhere(bad)[0])
        raise RunError(
            "E403",
            f"the mask `{term.mask}` has {counted(int(bad.sum()), 'value')} that are neither 0 nor 1, the first is "
            f"{values[where].item():g} in row {int(where[0])}",
            helps=("save the column as booleans, true where the loss counts",),
            at=task.targets[term.mask].at,
        )
    kept: np.ndarray[Any, Any] = values != 0
    return kept


def with_place(error: RunError, at: Path) -> RunError:
    """`error` with its place in the spec, unless it already has one."""
    return RunError(error.code, error.message, notes=error.notes, helps=error.helps, at=error.at or at)


def digest(column: "np.ndarray[Any, Any]") -> str:
    """The sha256 of a column's dtype, shape and values."""
    hasher = sha256(f"{column.dtype.str} {column.shape} ".encode())
    hasher.update(np.ascontiguousarray(column).view(np.uint8).reshape(-1).data)
    return hasher.hexdigest()
