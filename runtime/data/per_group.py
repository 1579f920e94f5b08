"""Readers that learn of each group of rows by itself, such as the mean of each series: `standardize: per_group`."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from modelc.compiler.binding.task import Binding, Task
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.base.distinct import distinct
from modelc.compiler.library.contracts.reader import UnitOfGroups
from modelc.runtime.data.arrays import Array, Arrays
from modelc.runtime.data.learning import Learnt
from modelc.runtime.data.split_columns import split_column

KEY = "groups"
"""The key of what was learnt of each group, by its name."""
AT = ("data", "windows", "group_by")


def groups_of(values: Array) -> Iterator[tuple[str, Array]]:
    """The name of each group, and the places of its rows."""
    names, _, which, _ = distinct(values)
    order = np.argsort(which, kind="stable")
    for name, rows in zip(names, np.split(order, np.cumsum(np.bincount(which))[:-1]), strict=True):
        yield str(name), rows


def learn_of_groups(binding: Binding, columns: Arrays, training: Array | slice, learn: Callable[[Array], Any]) -> Any:
    """What `learn` says of the rows of each group among those that are for `training`."""
    assert binding.groups is not None
    values = split_column(columns, binding.groups, AT)
    rows = np.arange(len(values))[training]
    return {KEY: {name: learn(rows[places]) for name, places in groups_of(values[rows])}}


def read_of_groups(binding: Binding, columns: Arrays, learnt: Any, read: Callable[[Array, Any], Array]) -> Array:
    """What `read` makes of the rows of each group by what was learnt of it. Raises RunError E403 for a group that is new."""
    assert binding.groups is not None
    values, found = split_column(columns, binding.groups, AT), None
    for name, rows in groups_of(values):
        if name not in learnt[KEY]:
            first = int(rows.min())
            message = f"`{name}` is in no training row, so `{binding.name}` has no mean of it: it is the `{binding.groups}` in row {first}"
            helps = ("leave its rows out", "or write `standardize: true`, for one mean of all rows")
            raise RunError("E403", message, helps=helps, at=binding.at, row=first)
        try:
            part = read(rows, learnt[KEY][name])
        except RunError as error:
            raise error.of_row(None if error.row is None else int(rows[error.row])) from None
        if found is None:
            found = np.zeros((len(values), *part.shape[1:]), part.dtype)
        found[rows] = part
    assert found is not None, "there are rows"
    return found


def unit_of_groups(binding: Binding, learnt: Any) -> UnitOfGroups | None:
    """How values of each group become those of the columns again; None where they are these."""
    units = [binding.reader.unit(value) for value in (learnt or {KEY: {}})[KEY].values()]
    known = tuple(unit for unit in units if unit is not None)
    return UnitOfGroups(known) if known and len(known) == len(units) else None


def numbers_of_groups(task: Task, labels: Mapping[str, Array], learnt: Learnt) -> Array | None:
    """The number of the group of each row that `labels` name, as `unit_of_groups` counts them; None where no target needs it."""
    bindings = {**(task.inputs or {}), **(task.targets or {})}
    for target in (task.targets or {}).values():
        binding = bindings[target.subject] if target.copies_input else target
        if binding.groups is None or (found := learnt.of(binding)) is None:
            continue
        places = {name: place for place, name in enumerate(found[KEY])}
        return np.array([places[str(name)] for name in labels[binding.groups].tolist()], np.int32)
    return None
