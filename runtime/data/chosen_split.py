"""The rows of one split of a data set."""

from typing import Literal

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.runtime.data.dataset import Dataset, Part

Split = Literal["train", "validation", "test"]


def choose_rows(dataset: Dataset, split: Split | None) -> tuple[Split, Part]:
    """The rows of `split`; by default the test rows if there are any, else the validation rows.

    Raises RunError E404 if there are none.
    """
    parts: dict[Split, Part | None] = {
        "test": dataset.test,
        "validation": dataset.validation,
        "train": dataset.train,
    }
    if split is None:
        split = next((name for name in ("test", "validation") if parts[name] is not None), None)
    part = None if split is None else parts[split]
    if split is not None and part is not None:
        return split, part
    there = [name for name, rows in parts.items() if rows is not None]
    raise RunError(
        "E404",
        f"the data has no {split or 'test and no validation'} rows",
        notes=dataset.notes,
        helps=(f"`--split {there[0]}` uses the rows that there are",),
    )
