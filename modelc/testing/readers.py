"""Tests of a reader: plans what it reads, learns plain data, and reads each row as it would alone."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from modelc.plugin import Column, Reader, TensorType
from modelc.testing.documents import thing
from modelc.testing.losses import of
from modelc.testing.numbers import FORWARD, close


def check_reader(
    reader: type[Reader] | str,
    arguments: Any,
    columns: Mapping[str, Any],
    *,
    wanted: TensorType | None = None,
    oracle: Callable[[Mapping[str, Any]], Any] | None = None,
) -> None:
    """Run all tests of modelc's own readers on a reader. Raises AssertionError.

    `columns` are arrays of at least two rows by name, numpy's `StringDType` for texts, of which all are training rows.
    `wanted` is the type of the input that is fed, None for a target. `oracle` computes what is read of the columns
    independently, and is compared to 1e-5 of the largest value.
    """
    import numpy as np

    with thing(Reader, reader, arguments) as built:
        given = {
            name: np.ma.asarray(column) if np.ma.isMaskedArray(column) else np.asarray(column)
            for name, column in columns.items()
        }
        rows = min(map(len, given.values()))
        assert rows > 1, "the columns need at least two rows"
        names = built.names_among(given)
        assert built.subject in names, f"`names_among` gives {names}, without the subject `{built.subject}`"
        there = {name: Column(column_type(given[name]), rows=rows) for name in names}
        planned = built.plan(there, wanted)
        assert isinstance(planned, TensorType), f"plan gives {planned!r} for known columns, expected a TensorType"
        before = built.plan(None, wanted)
        assert before in (None, planned), f"plan promises {before} without the columns, and {planned} with them"

        kept = {name: column.copy() for name, column in given.items()}
        learnt = built.learn(given)
        again = json.loads(json.dumps(learnt))
        assert again == learnt, f"`learn` gives {learnt!r}, which JSON does not keep"
        whole = built.read(given, wanted, learnt)
        for name, column in given.items():
            assert same(column, kept[name]), f"the column `{name}` is changed by reading it"
        assert of(whole) == planned, f"rows are {of(whole)}, plan promises {planned}"
        assert len(whole) == rows, f"{rows} rows are read as {len(whole)}"
        alone = built.read({name: column[:1] for name, column in given.items()}, wanted, learnt)
        close(alone, whole[:1], 0.0, "one row alone")
        turned = built.read({name: column[::-1] for name, column in given.items()}, wanted, learnt)
        close(turned, whole[::-1], 0.0, "rows in another order")
        if (unit := built.unit(learnt)) is not None:
            assert np.shape(unit.of(whole)) == whole.shape, "`unit` does not fit the values"
        names_learnt = built.classes_learnt(learnt)
        classes = built.class_names(there)
        assert names_learnt is None or len(names_learnt) == count_of(classes), (
            f"`classes_learnt` gives {len(names_learnt)} names, `class_names` says {classes}"
        )
        if oracle is not None:
            close(whole, oracle(given), FORWARD, "oracle")


def column_type(array: Any) -> TensorType:
    """The type of one row of a column; `str` for texts."""
    found = of(array)
    return (
        found
        if array.dtype.kind not in "TUS"
        else TensorType(found.shape, "bytes" if array.dtype.kind == "S" else "str")
    )


def same(one: Any, other: Any) -> bool:
    """Whether two columns are the same, and the same values of them are missing."""
    import numpy as np

    if not np.array_equal(np.ma.getmaskarray(one), np.ma.getmaskarray(other)):
        return False
    return np.array_equal(np.ma.getdata(one), np.ma.getdata(other), equal_nan=one.dtype.kind == "f")


def count_of(classes: tuple[str, ...] | int | None) -> int | None:
    return len(classes) if isinstance(classes, tuple) else classes
