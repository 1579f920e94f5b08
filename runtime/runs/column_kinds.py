"""What the columns of a run are read as: what was found in the training rows holds for all others."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from modelc.compiler.binding.task import Task
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.data_source import Column

TYPES = "types"
"""The key of the record."""
DTYPES = {"integer": "int64", "number": "float64", "boolean": "bool", "text": "str"}
"""The dtype that stands for each kind of columns."""
KINDS = {**dict.fromkeys("iu", "integer"), "f": "number", "b": "boolean", **dict.fromkeys("TUS", "text")}
"""The kind of a column by numpy's letter for its dtype."""


def kinds_of(dtypes: Mapping[str, str]) -> dict[str, str]:
    """The kind of each column, of which `dtypes` has numpy's notation."""
    texts = np.dtypes.StringDType().str
    return {name: KINDS["T" if text == texts else np.dtype(text).kind] for name, text in dtypes.items()}


def columns_in(recorded: Mapping[str, Any]) -> Mapping[str, Column]:
    """What the record of a run says of its columns; nothing in one of a version that did not record it."""
    found = recorded.get(TYPES)
    entries = found.items() if isinstance(found, dict) else ()
    return {name: Column(TensorType((), DTYPES[kind])) for name, kind in entries if kind in list(DTYPES)}


def as_trained(task: Task, recorded: Mapping[str, Any]) -> Task:
    """`task` with a source that reads its columns as the record of the run says that they were read."""
    if task.data is None or task.data.source is None:
        return task
    return replace(task, data=task.data._replace(source=task.data.source.typed(columns_in(recorded))))
