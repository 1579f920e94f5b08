"""New rows beside those that a run was trained on: what has drifted, and which columns are gone, new or of another type."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from modelc.compiler.binding.task import Task
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.contracts.bad_row import BadRow, skips_of
from modelc.runtime.data.arrays import Array, Arrays
from modelc.runtime.data.bad_rows import PartOfSkips, need_enough
from modelc.runtime.data.column_profiles import ColumnProfile, Profiles
from modelc.runtime.data.learning import Learnt
from modelc.runtime.data.new_rows import NewRows
from modelc.runtime.data.variables import Variable, kind_of, variables_of
from modelc.runtime.overview.drift import Drift, drift_of

UNREADABLE = ("E401", "E402", "E403")
"""The errors of one column, beside which others can be compared."""
NUMBERS = ("integer", "number", "boolean")


@dataclass(frozen=True, slots=True)
class Comparison:
    """The drift of each variable; the columns of inputs that are `gone`, and those of targets; those that are `changed`, with how;
    and those that training did not read. `skipped` are the rows that the source leaves out, where the spec has it leave out bad ones.
    """

    trained_rows: int
    rows: int
    profiles: Profiles
    drifts: tuple[Drift, ...]
    gone: tuple[str, ...]
    gone_targets: tuple[str, ...]
    changed: Mapping[str, str]
    unread: tuple[str, ...]
    skipped: PartOfSkips

    def beyond(self, bound: float) -> tuple[str, ...]:
        """What differs by more than `bound`: variables with more drift, columns that are gone or have changed."""
        return (*self.gone, *self.changed, *(one.name for one in self.drifts if one.exceeds(bound)))


def compare(task: Task, learnt: Learnt, profiles: Profiles, rows: NewRows) -> Comparison:
    """The comparison of new rows with the columns that a run of `task` has kept, whose readers have `learnt`.

    Raises RunError E404 for no rows, E4xx for a file that cannot be read.
    """
    wanted = {name for binding in (task.inputs or {}).values() for name in learnt.placed(binding).names}
    there = [name for name in profiles.columns if name in rows.names]
    gone = [name for name in profiles.columns if name not in rows.names]
    columns, changed, skipped = read_each(rows, there)
    for name, column in columns.items():
        if how := misfit(profiles.columns[name], column):
            changed[name] = how
    if columns and not skipped.all:
        raise RunError("E404", f"`{rows.shown}` has no rows")
    need_enough(skipped.skips, skipped.all)
    fitting = {name: column for name, column in columns.items() if name not in changed}
    pairs = [
        (profile, variable)
        for name, column in fitting.items()
        for profile, variable in zip(profiles.columns[name].variables, shown(name, column, profiles), strict=True)
    ]
    return Comparison(
        profiles.rows,
        skipped.kept,
        profiles,
        tuple(drift_of(profile, variable, len(pairs)) for profile, variable in pairs),
        tuple(name for name in gone if name in wanted),
        tuple(name for name in gone if name not in wanted),
        changed,
        tuple(name for name in rows.names if name not in profiles.columns),
        skipped,
    )


def shown(name: str, column: Array, profiles: Profiles) -> tuple[Variable, ...]:
    """The variables of a column; none of one whose values were not counted."""
    return variables_of({name: column}) if profiles.columns[name].variables else ()


def read_each(rows: NewRows, names: Sequence[str]) -> tuple[dict[str, Array], dict[str, str], PartOfSkips]:
    """The columns called `names`, and of those that cannot be read as they were in training, why; with the rows that are left out.
    Raises RunError E4xx.
    """
    try:
        found = rows.read(names) if names else {}
        return dict(found), {}, left_out([found])
    except RunError as error:
        if error.code not in UNREADABLE:
            raise
    columns: dict[str, Arrays] = {}
    changed: dict[str, str] = {}
    for name in names:
        try:
            columns[name] = rows.read([name])
        except RunError as error:
            if error.code not in UNREADABLE:
                raise
            changed[name] = error.message
    return {name: found[name] for name, found in columns.items()}, changed, left_out([*columns.values()])


def left_out(found: Sequence[Arrays]) -> PartOfSkips:
    """The rows that are left out of any of these columns of one file."""
    bad: dict[int, BadRow] = {}
    every = 0
    for columns in found:
        skipped = skips_of(columns).rows
        bad |= {row.row: row for row in skipped}
        every = max(every, len(skipped) + max(map(len, columns.values()), default=0))
    return PartOfSkips("", tuple(bad[row] for row in sorted(bad)), every - len(bad))


def misfit(profile: ColumnProfile, column: Array) -> str:
    """How a column is another than in training; empty where it is of the same kind and shape."""
    shape, kind = list(column.shape[1:]), kind_of(column)
    if shape != profile.shape:
        return f"its rows have shape {shape}, in training {profile.shape}"
    if (kind in NUMBERS) != (profile.type in NUMBERS):
        return f"it is {kind}, in training {profile.type}"
    return ""
