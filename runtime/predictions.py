"""Writes predictions to files: CSV with readable columns, or NPZ with whole arrays.

Knows what an output means (classes, yes or no, numbers); computes no predictions.
"""

import csv
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import Any

import numpy as np

from modelc.compiler.binding.task import Output
from modelc.compiler.library.base.tensor_type import show_shape
from modelc.runtime.data.arrays import Array, Arrays
from modelc.runtime.runs.files import replacing

FORMATS = (".csv", ".npz")
ROWS_AT_ONCE = 4096
FORMULA = re.compile(r"""^(?=[\t\r\n])|(^|[;|\t\r\n])(?=[\s"]*[=+\-@\uff1d\uff0b\uff0d\uff20])""")
"""Where a cell begins that a spreadsheet may compute, full-width forms too, also one that takes another separator than the
comma: for it a name with a semicolon is two cells. See https://owasp.org/www-community/attacks/CSV_Injection.
"""
Outputs = Mapping[str, Output]
"""The outputs of a task, by name."""


def misfit(outputs: Outputs, path: Path, *, spreadsheet: bool = False) -> tuple[str, str] | None:
    """The message and help if predictions cannot be written to a file called `path`, else None."""
    ending = path.suffix.lower()
    if ending not in FORMATS:
        return f"cannot determine the format from the name `{path.name}`", "use a name that ends in `.csv` or `.npz`"
    if spreadsheet and ending != ".csv":
        return (
            f"`--spreadsheet` is for CSV files, and `{path.name}` is none",
            "leave it out, or use a name that ends in `.csv`",
        )
    for output in outputs.values():
        if ending == ".csv" and output.type.rank > 1:
            return (
                f"the output `{output.name}` is {show_shape(output.type.shape)} for each row, too many values for a CSV file",
                f"write whole arrays: `{path.with_suffix('.npz')}`",
            )
    return None


def write_predictions(
    path: Path, outputs: Outputs, predicted: Arrays, *, raw: bool = False, spreadsheet: bool = False
) -> None:
    """Write the result of `predict`, by output name, `[rows, ...]`; with `raw`, the values without interpretation.

    With `spreadsheet`, what a spreadsheet would compute of names in a CSV file is preceded by an apostrophe. The file
    replaces an existing one when it is complete. Raises RunError E604.
    """
    columns: dict[str, Array] = {}
    for name, values in predicted.items():
        columns |= {name: values} if raw else interpret(outputs[name], values)
    with replacing(path) as file:
        if path.suffix.lower() == ".npz":
            write_arrays(file, columns)
            return
        text = TextIOWrapper(file, encoding="utf-8", newline="")
        write_table(csv.writer(text), outputs, columns, without_formula if spreadsheet else str)
        text.flush()
        text.detach()


def interpret(output: Output, values: Array) -> dict[str, Array]:
    """The columns for the values of one output, `[rows, ...]`: the answer under its name, then its probabilities.

    Where these are not finite there is no class: its name is empty, its number -1, and of yes or no neither (masked).
    """
    name = output.name
    classes = output.classes if isinstance(output.classes, tuple) else None
    known = np.isfinite(values)
    if output.link == "softmax":
        chosen = np.where(known.all(axis=-1), np.argmax(values, axis=-1), -1)
        return {name: np.array([*classes, ""])[chosen] if classes else chosen, f"{name}/probability": values}
    if output.link == "sigmoid":
        # As `accuracy` does: strictly greater.
        yes = values > 0.5
        if classes and len(classes) == 2 and output.type.shape in ((), (1,)):
            flat = values.reshape(len(values), 1)
            return {
                name: np.array([*classes, ""])[np.where(known, yes, -1).reshape(-1).astype(int)],
                f"{name}/probability": np.concatenate([1 - flat, flat], axis=-1),
            }
        return {name: np.ma.array(yes, mask=~known), f"{name}/probability": values}
    return {name: values}


def write_arrays(file: Any, columns: Arrays) -> None:
    """An .npz file of arrays by name; equal arrays give equal bytes. Masked booleans are numbers, -1 where they are masked."""
    with zipfile.ZipFile(file, "w") as archive:
        for name, array in columns.items():
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as member:
                if np.ma.is_masked(array):
                    array = np.ma.filled(array.astype(np.int8), -1)
                np.lib.format.write_array(member, np.asarray(array, order="C"), allow_pickle=False)


def write_table(writer: Any, outputs: Outputs, columns: Arrays, shown: Callable[[str], str]) -> None:
    """A header and a line for each row; names in both are written as `shown` gives them."""
    named = [pair for name, array in columns.items() for pair in columns_of(outputs, name, array)]
    writer.writerow([shown(name) for name, _ in named])
    rows = len(named[0][1]) if named else 0
    for start in range(0, rows, ROWS_AT_ONCE):
        cells = [cells_of(column[start : start + ROWS_AT_ONCE], shown) for _, column in named]
        writer.writerows(zip(*cells, strict=True))


def columns_of(outputs: Outputs, name: str, array: Array) -> Iterator[tuple[str, Array]]:
    """One column for each value of a row, by name."""
    if array.ndim == 1 or array.shape[1:] == (1,):
        yield name, array.reshape(-1)
        return
    owner, _, what = name.partition("/")
    # The answers of several yes or no have the names too; those of one choice are names themselves.
    named = what == "probability" or outputs[owner].link == "sigmoid"
    classes = outputs[owner].classes if named else None
    width = array.shape[1]
    labels: Sequence[object] = classes if isinstance(classes, tuple) and len(classes) == width else range(width)
    for label, column in zip(labels, array.T, strict=True):
        yield f"{name}/{label}", column


def cells_of(column: Array, shown: Callable[[str], str]) -> list[str]:
    """Values as CSV cells: the shortest digits that round-trip, `true` and `false`, nothing for what is masked, names as
    `shown` gives them.
    """
    if column.dtype.kind == "b":
        words = np.where(column, "true", "false")
        return [str(word) for word in np.where(np.ma.getmaskarray(column), "", words)]
    if column.dtype.kind == "U":
        return [shown(str(value)) for value in column]
    return [str(value) for value in column.astype(str)]


def without_formula(name: str) -> str:
    """`name` with an apostrophe before all that a spreadsheet would take for a formula."""
    return FORMULA.sub(r"\1'", name)
