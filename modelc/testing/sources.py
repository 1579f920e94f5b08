"""Tests of a source: the rows are those that it says it has, whichever ranges of them are asked for."""

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from modelc.plugin import Column, PluginError, Root, Rows, Source
from modelc.testing.documents import thing
from modelc.testing.readers import column_type, same


def check_source(
    source: type[Source] | str,
    arguments: Any,
    folder: Path | str,
    *,
    oracle: Callable[[], Mapping[str, Any]] | None = None,
) -> None:
    """Run all tests of modelc's own sources on a source. Raises AssertionError.

    Its paths begin at `folder`, whose files have at least two rows. `oracle` returns all columns of the training rows,
    computed independently, which are compared exactly.
    """
    with thing(Source, source, arguments) as built:
        root, known = Root(Path(folder), Path(folder)), built.columns()
        try:
            inspected, loaded = built.inspect(root), built.load(root).train
        except PluginError as error:
            raise AssertionError(error.message) from None
        assert not inspected.absent, f"`inspect` finds no {inspected.absent[0].path!r}, and the test needs it"
        check_absent(built)
        with built.open(root) as rows:
            types = types_of(rows.columns)
            if known is not None:
                promised = types_of(known)
                assert promised == types, f"`columns` says {promised}, `open` {types}"
            if inspected.columns is not None:
                for name, type_ in types_of(inspected.columns).items():
                    assert type_ in (None, types.get(name)), (
                        f"`inspect` says that `{name}` is {type_}, `open` {types.get(name)}"
                    )
            assert rows.count > 1, "the source needs at least two rows"
            whole = checked_read(rows, [*types], 0, rows.count)
            check_ranges(rows, whole)
            for row in range(min(rows.count, 3)):
                place = rows.place_of(row)
                assert isinstance(place, str), f"`place_of` gives {place!r} for row {row}, expected a string"
            with built.open(root) as again:
                assert again.count == rows.count, f"opened twice, it has {rows.count} rows and {again.count}"
                compare(checked_read(again, [*types], 0, rows.count), whole, "what is open twice at once")
        compare(loaded, whole, "`load`")
        if oracle is not None:
            compare(whole, oracle(), "oracle")


def check_absent(source: Source) -> None:
    """Raise AssertionError unless files that are not there are named as such, which `modelc validate` goes on after."""
    if not source.files():
        return
    with TemporaryDirectory() as empty:
        absent = source.inspect(Root(Path(empty), Path(empty))).absent
    assert absent or source.columns() is not None, (
        "`inspect` finds files in an empty folder; `root.open` raises what it needs"
    )


def check_ranges(rows: Rows, whole: Mapping[str, Any]) -> None:
    """Raise AssertionError unless ranges of rows, and some of the columns, are those of all rows."""
    names, half = [*whole], rows.count // 2
    for start, stop in ((0, 1), (half, rows.count), (0, half), (rows.count - 1, rows.count)):
        part = checked_read(rows, names, start, stop)
        compare(part, {name: column[start:stop] for name, column in whole.items()}, f"the rows {start} to {stop}")
    for name in names:
        compare(checked_read(rows, [name], 0, rows.count), {name: whole[name]}, f"`{name}` alone")


def checked_read(rows: Rows, names: Collection[str], start: int, stop: int) -> dict[str, Any]:
    """The columns called `names` of some rows. Raises AssertionError unless they are what `rows.columns` says."""
    found = rows.read([*names], start, stop)
    for name in names:
        assert name in found, f"`read` gives no `{name}`, and `columns` has it"
        said, given = rows.columns[name].type, column_type(found[name])
        assert len(found[name]) == stop - start, f"{stop - start} rows of `{name}` are read as {len(found[name])}"
        assert said == given, f"rows of `{name}` are {given}, `columns` says {said}"
    return {name: found[name] for name in names}


def types_of(columns: Mapping[str, Column]) -> dict[str, Any]:
    """The types of columns by name."""
    return {name: column.type for name, column in columns.items()}


def compare(found: Mapping[str, Any], wanted: Mapping[str, Any], what: str) -> None:
    """Raise AssertionError unless columns are the same to the bit."""
    import numpy as np

    assert {*found} == {*wanted}, f"{what} has the columns {sorted(found)}, not {sorted(wanted)}"
    for name, column in found.items():
        other = wanted[name] if np.ma.isMaskedArray(wanted[name]) else np.asarray(wanted[name])
        assert same(column, other), f"{what} has other values of `{name}`"
