"""What predictions are in a file: the classes, probabilities and numbers that outputs mean, by the names of columns.

Computes no predictions; `prediction_files` writes the columns.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from modelc.compiler.binding.task import Output
from modelc.compiler.library.base.tensor_type import show_shape
from modelc.runtime.chosen_columns import Chosen, picked
from modelc.runtime.data.arrays import Array, Arrays
from modelc.runtime.prediction_files import FORMS, write_columns
from modelc.runtime.runs.files import replacing

STANDARD_OUTPUT = Path("-")
ONE_VALUE_A_CELL = {"csv": "a CSV file", "parquet": "a Parquet file"}
"""The forms of tables with one value in each cell, as messages call them."""
NO_LABELS: Arrays = {}
Outputs = Mapping[str, Output]
"""The outputs of a task, by name."""


def form_of(path: Path) -> str | None:
    """The form in which columns are written to `path`; None for a name that says none."""
    return "jsonl" if path == STANDARD_OUTPUT else FORMS.get(path.suffix.lower())


def misfit(
    outputs: Outputs,
    path: Path,
    *,
    raw: bool = False,
    spreadsheet: bool = False,
    chosen: Sequence[Chosen] | None = None,
) -> tuple[str, str] | None:
    """The message and help if predictions, of which those that are `chosen` are written, do not fit into a file called `path`,
    else None.
    """
    form = form_of(path)
    if form is None:
        endings = "`.csv`, `.parquet`, `.jsonl` or `.npz`"
        return f"cannot determine the format from the name `{path.name}`", f"use a name that ends in {endings}"
    if spreadsheet and form != "csv":
        return (
            f"`--spreadsheet` is for CSV files, and `{path.name}` is none",
            "leave it out, or use a name that ends in `.csv`",
        )
    if form not in ONE_VALUE_A_CELL:
        return None
    wanted = None if chosen is None else {one.column for one in chosen if not one.of_file}
    for output in outputs.values():
        names = columns_in_form({output.name: output}, without_rows({output.name: output}), form, raw=raw)
        wide = [name for name, column in names.items() if column.ndim > 1 and (wanted is None or name in wanted)]
        if wide:
            shape, kind = show_shape(output.type.shape), ONE_VALUE_A_CELL[form]
            return (
                f"the output `{output.name}` is {shape} for each row, too many values for {kind}",
                f"write whole arrays: `{path.with_suffix('.npz')}`",
            )
    small = [one.name.lower() for one in chosen or ()] if form == "parquet" else []
    twice = next((name for name in small if small.count(name) > 1), None)
    if twice is not None:
        message = f"two columns are called `{twice}`, which in a Parquet file are the same in capitals or not"
        return message, "give them other names, or write a `.csv`"
    return None


def without_rows(outputs: Outputs) -> Arrays:
    """Predictions of `outputs` for no rows at all."""
    return {name: np.zeros((0, *output.type.shape), np.float32) for name, output in outputs.items()}


def names_of(outputs: Outputs, form: str, *, raw: bool) -> Mapping[str, tuple[str, ...]]:
    """What predictions can be called, and the columns in a file of this form that each stands for."""
    groups = meanings(outputs, without_rows(outputs), raw=raw)
    parts = {name: tuple(flat for flat, _ in columns_of(outputs, name, array)) for name, array in groups.items()}
    each = {flat: (flat,) for names in parts.values() for flat in names}
    return {**each, **({name: (name,) for name in parts} if form == "npz" else parts)}


def write_predictions(
    path: Path,
    outputs: Outputs,
    predicted: Arrays,
    *,
    raw: bool = False,
    spreadsheet: bool = False,
    chosen: Sequence[Chosen] | None = None,
    rows: Arrays | None = None,
    labels: Arrays = NO_LABELS,
) -> None:
    """Write the result of `predict`, by output name, `[rows, ...]`; with `raw`, the values without interpretation. Where columns
    are `chosen`, these alone, of predictions and of the file of `rows`; else `labels` stand before all predictions.

    With `spreadsheet`, what a spreadsheet would compute of names in a CSV file is preceded by an apostrophe. The file
    replaces an existing one when it is complete. Raises RunError E604.
    """
    form = form_of(path)
    assert form is not None
    columns = columns_to_write(outputs, predicted, form, raw=raw, chosen=chosen, rows=rows, labels=labels)
    with replacing(path) as file:
        write_columns(file, form, columns, spreadsheet=spreadsheet)


def columns_to_write(
    outputs: Outputs,
    predicted: Arrays,
    form: str,
    *,
    raw: bool,
    chosen: Sequence[Chosen] | None = None,
    rows: Arrays | None = None,
    labels: Arrays = NO_LABELS,
) -> Arrays:
    """The columns of a file of this form, by their names in it: all predictions behind `labels`, or what is `chosen` of
    predictions and of `rows`.
    """
    columns = columns_in_form(outputs, predicted, form, raw=raw)
    if chosen is None:
        return {**labels, **columns}
    if form == "npz":
        columns = {**columns_in_form(outputs, predicted, "jsonl", raw=raw), **columns}
    return picked(chosen, columns, rows or {}, form)


def columns_in_form(outputs: Outputs, predicted: Arrays, form: str, *, raw: bool) -> dict[str, Array]:
    """Predictions by the names of columns: whole arrays in `npz`, one value a row in tables, of those that can be."""
    groups = meanings(outputs, predicted, raw=raw)
    if form == "npz":
        return groups
    return dict(pair for name, array in groups.items() for pair in columns_of(outputs, name, array))


def meanings(outputs: Outputs, predicted: Arrays, *, raw: bool) -> dict[str, Array]:
    """What the values of outputs mean, by name, `[rows, ...]`; with `raw`, the values themselves."""
    columns: dict[str, Array] = {}
    for name, values in predicted.items():
        columns |= {name: values} if raw else interpret(outputs[name], values)
    return columns


def interpret(output: Output, values: Array) -> dict[str, Array]:
    """The columns for the values of one output, `[rows, ...]`: the answer under its name, then its probabilities.

    Where these are not finite there is no class: its name is empty, its number -1, and of yes or no neither (masked).
    """
    name = output.name
    classes = output.classes if isinstance(output.classes, tuple) else None
    known = np.isfinite(values)
    if output.link == "softmax":
        chosen = class_numbers(output, values)
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


def class_numbers(output: Output, values: Array) -> Array:
    """The number of the class that the values of an output mean, of a softmax `[..., classes]` or of yes or no; -1 where they are not
    finite.
    """
    known = np.isfinite(values)
    if output.link == "softmax":
        return np.asarray(np.where(known.all(axis=-1), np.argmax(values, axis=-1), -1))
    return np.where(known, (values > 0.5).astype(np.int64), -1)


def columns_of(outputs: Outputs, name: str, array: Array) -> Iterator[tuple[str, Array]]:
    """One column for each value of a row, by name; the array itself where a row has several axes."""
    if array.ndim == 1 or array.shape[1:] == (1,):
        yield name, array.reshape(-1)
        return
    if array.ndim > 2:
        yield name, array
        return
    owner, _, what = name.partition("/")
    # The answers of several yes or no have the names too; those of one choice are names themselves.
    named = what == "probability" or outputs[owner].link == "sigmoid"
    classes = outputs[owner].classes if named else None
    width = array.shape[1]
    labels: Sequence[object] = classes if isinstance(classes, tuple) and len(classes) == width else range(width)
    for label, column in zip(labels, array.T, strict=True):
        yield f"{name}/{label}", column
