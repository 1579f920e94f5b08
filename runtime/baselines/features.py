"""The inputs of a task as one table of numbers, `[rows, features]`, as a linear model takes them.

Numbers are flattened. Ids are counted: one id in a row becomes a vector of 0 and 1, those of a text the number of times that each occurs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

import numpy as np

from modelc.compiler.binding.task import Binding, Task
from modelc.compiler.library.base.tokens import PADDING
from modelc.compiler.library.readers.text import TextReader
from modelc.runtime.data.arrays import Array, Arrays

MOST_IDS = 1000
"""Of how many different ids of an input there are counts: the most frequent ones."""


@dataclass(frozen=True, slots=True)
class Features:
    """Which numbers are made of each input: `ids` has those that are counted, ascending, by the names of inputs of ids. The
    numbers are then standardized by `mean` and `scale`, once these are known.
    """

    ids: Mapping[str, Array]
    count: int
    mean: Array | None = None
    scale: Array | None = None

    def of(self, inputs: Arrays, rows: Array) -> Array:
        """The features of some rows, float64 `[rows, features]`."""
        parts = []
        for name in sorted(inputs):
            values = inputs[name][rows]
            flat = values.reshape(len(values), -1)
            parts.append(counts_of(flat, self.ids[name]) if name in self.ids else flat.astype(np.float64))
        table: Array = np.concatenate(parts, axis=1)
        return table if self.mean is None else (table - self.mean) / self.scale


def features_of(task: Task, inputs: Arrays, rows: Array) -> Features:
    """Which features the training rows at the places `rows` give."""
    bindings = task.inputs or {}
    ids = {name: ids_in(bindings[name], inputs[name][rows]) for name in inputs if has_ids(task, bindings[name])}
    count = sum(len(ids[name]) if name in ids else prod(array.shape[1:]) for name, array in inputs.items())
    return Features(ids, count)


def has_ids(task: Task, binding: Binding) -> bool:
    """Whether an input has ids, by its reader or by a layer that looks them up."""
    if binding.wanted is None or not binding.wanted.is_integer:
        return False
    nodes = task.planned.graph.nodes
    return binding.reader.gives_labels or any(
        node.layer is not None
        and node.layer.vocabulary_size() is not None
        and any(edge.node == binding.name for edge in node.edges)
        for node in nodes
    )


def ids_in(binding: Binding, values: Array) -> Array:
    """The ids of an input that are counted. The padding of texts says nothing but how long they are."""
    found, counts = np.unique(values, return_counts=True)
    if isinstance(binding.reader, TextReader):
        found, counts = found[found != PADDING], counts[found != PADDING]
    if len(found) > MOST_IDS:
        # Of ids that are as frequent, the smaller ones.
        found = np.sort(found[np.argsort(-counts, kind="stable")[:MOST_IDS]])
    return found


def counts_of(values: Array, ids: Array) -> Array:
    """The number of times that each of the `ids` is in each row of `values`, `[rows, ids]`."""
    table = np.zeros((len(values), len(ids)))
    if len(ids):
        places = np.searchsorted(ids, values).clip(max=len(ids) - 1)
        row, column = np.nonzero(ids[places] == values)
        np.add.at(table, (row, places[row, column]), 1)
    return table


def standardizing(features: Features, table: Array) -> Features:
    """`features` with the mean and deviation of those of the training rows, as scikit-learn's `StandardScaler` has them: what is
    the same in all rows, but for rounding, has the deviation 1.
    """
    rows, epsilon = len(table), np.finfo(np.float64).eps
    mean, variance = table.mean(axis=0), table.var(axis=0)
    is_constant = variance <= rows * epsilon * variance + (rows * mean * epsilon) ** 2
    scale = np.where(is_constant, 1.0, np.sqrt(variance))
    return Features(features.ids, features.count, mean, scale)
