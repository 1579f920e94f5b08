"""The sums of an epoch on the host, in float64, and the values of the log that follow from them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import nan
from typing import Any

import jax
import numpy as np

from modelc.compiler.library.contracts.metric import Metric
from modelc.compiler.lowering.prepared_task import PreparedTask
from modelc.runtime.data.arrays import Array
from modelc.runtime.training.sums import JoinedSums, Sums

SEPARATOR = ":"
"""What stands between the parts of the name of an entry; no log key and no name of a sum has one."""


@dataclass
class Tally:
    """Sums of an epoch on the host, in float64, to which those of the device are added.

    `metrics` are those that join their sums instead, by log key.
    """

    sums: dict[str, Mapping[str, Any]]
    metrics: Mapping[str, Metric] = field(default_factory=dict)
    joined: dict[str, JoinedSums] = field(default_factory=dict)

    def add(self, sums: Sums) -> None:
        for key, parts in jax.device_get(sums).items():
            if key in self.metrics:
                self.joined.setdefault(key, JoinedSums(self.metrics[key])).add(parts)
                continue
            before = self.sums.get(key)
            self.sums[key] = {
                name: (0.0 if before is None else before[name]) + np.asarray(value, dtype=np.float64)
                for name, value in parts.items()
            }

    def with_sums(self, sums: Sums) -> "Tally":
        """Another tally with those of the device added, for the values of an epoch that goes on."""
        joined = {key: JoinedSums(one.metric, list(one.parts)) for key, one in self.joined.items()}
        copied = Tally(dict(self.sums), self.metrics, joined)
        copied.add(sums)
        return copied

    def values(self, task: PreparedTask, prefix: str) -> dict[str, float]:
        """The values of all log keys, from the sums.

        The loss is the weighted sum of its terms, each a mean over all of its elements: it does not depend on how rows
        are cut into batches, even if masks leave different numbers of elements in them. That of a term of which nothing
        counted is NaN, and so is the sum, unless the weight of the term is 0.
        """
        results = {measure.key: measure.metric.result for measure in task.measures}
        sums = self.sums | {key: joined.total() for key, joined in self.joined.items()}
        found = {key: float(results.get(key, mean)(parts)) for key, parts in sums.items()}
        for measure in task.measures:
            if measure.classes and measure.key in sums:
                found |= zip(measure.class_keys, map(float, measure.metric.each(sums[measure.key])), strict=True)
        weights = {f"{term.name}/loss": term.weight for term in task.terms} | {"penalty": 1.0}
        found["loss"] = sum(weight * found[key] for key, weight in weights.items() if key in found and weight)
        left_out = task.unmeasured if prefix == "train" else ()
        return {f"{prefix}/{key}": found[key] for key in task.log_keys if key not in left_out}

    def uncounted(self, task: PreparedTask, prefix: str) -> frozenset[str]:
        """The log keys of losses that are NaN because nothing counted, in a term or in one that they are the sum of."""
        empty = [term for term in task.terms if not counted(self.sums.get(f"{term.name}/loss", {"count": 1}))]
        sums = ["loss"] if any(term.weight for term in empty) else []
        return frozenset(f"{prefix}/{key}" for key in (*(f"{term.name}/loss" for term in empty), *sums))

    def entries(self) -> dict[str, Array]:
        """All sums as arrays by name, from which `from_entries` makes the same tally."""
        added = {
            SEPARATOR.join((key, name)): np.asarray(x) for key, parts in self.sums.items() for name, x in parts.items()
        }
        kept = {
            SEPARATOR.join((key, str(index), name)): np.asarray(value)
            for key, one in self.joined.items()
            for index, parts in enumerate(one.parts)
            for name, value in parts.items()
        }
        return added | kept

    @classmethod
    def from_entries(cls, entries: Mapping[str, Array], metrics: Mapping[str, Metric]) -> "Tally":
        """The tally that gave `entries`. Raises ValueError for names that none gives."""
        sums: dict[str, dict[str, Any]] = {}
        parts: dict[str, dict[int, dict[str, Any]]] = {}
        for entry, value in entries.items():
            key, *between, name = entry.split(SEPARATOR)
            if bool(between) != (key in metrics) or len(between) > 1:
                raise ValueError(entry)
            below = parts.setdefault(key, {}).setdefault(int(between[0]), {}) if between else sums.setdefault(key, {})
            below[name] = value
        joined = {
            key: JoinedSums(metrics[key], [found[index] for index in sorted(found)]) for key, found in parts.items()
        }
        return cls({**sums}, metrics, joined)


def mean(parts: Mapping[str, Any]) -> float:
    """The mean of a loss from its sums; NaN if no element was counted, or none with a weight above 0."""
    return float(parts["total"] / parts["count"]) if counted(parts) else nan


def counted(parts: Mapping[str, Any]) -> bool:
    """Whether the sums of a loss are of anything that counts."""
    return bool(parts.get("weighed", parts["count"]))
