"""Compares two runs of one training: how they ended, each line of their metrics, and their weights, to the bit."""

import json
from collections.abc import Mapping
from math import isfinite
from typing import Any, NamedTuple

import numpy as np

from modelc.compiler.diagnostics.phrases import counted
from modelc.compiler.lowering.prepared_task import PreparedTask
from modelc.runtime.runs.metrics_log import DIGEST, METRICS, MOST_METRICS, chain_of, has_digests
from modelc.runtime.runs.run_directory import Run
from modelc.runtime.runs.run_files import damaged, read_bytes
from modelc.runtime.runs.run_record import KINDS, Kind
from modelc.runtime.runs.verification import need_whole_weights
from modelc.runtime.runs.ways_on import need_repeatable, was_cut
from modelc.runtime.runs.weights import flatten

TIMES = ("seconds", DIGEST)
"""What of a line depends on the time that the epoch took."""


class Compared(NamedTuple):
    """Whether one part of two runs is the same to the bit; if not, where it differs and by how much, relatively."""

    what: str
    is_same: bool
    said: str
    largest: float | None = None


def compare(before: Run, after: Run, tasks: tuple[PreparedTask, PreparedTask]) -> tuple[Compared, ...]:
    """The ending, metrics and weights of a run and of one that repeats it; `tasks` are theirs.

    The ending of a run is not compared where it came from outside. Raises RunError E602 and E603 for what is damaged.
    """
    lines = [lines_of(run) for run in (before, after)]
    ended_itself = not was_cut(before)
    if not ended_itself:
        # Lines are written before weights, which it was repeated up to.
        lines[0] = {epoch: line for epoch, line in lines[0].items() if epoch in lines[1]}
    kinds = [kind for kind in KINDS if any(kind in run.kinds() for run in (before, after))]
    return (
        *((compared_endings(before, after),) if ended_itself else ()),
        compared_lines(*lines),
        *(compared_weights(before, after, kind, tasks) for kind in kinds),
    )


def compared_endings(before: Run, after: Run) -> Compared:
    """How two runs ended, and which epoch was the best."""
    facts = [
        {
            "it": run.state,
            "the last epoch": run.record.epoch,
            "the last step": run.record.step,
            "the best epoch": "none" if run.record.best is None else run.record.best.epoch,
            "the error": "none" if run.record.failure is None else run.record.failure.message,
        }
        for run in (before, after)
    ]
    one, other = facts
    differing = [f"{name} was {one[name]}, and is {other[name]} now" for name in one if one[name] != other[name]]
    ended = f"{before.state} after {counted(before.record.epoch, 'epoch')}"
    return Compared("ending", not differing, "; ".join(differing) or ended)


def lines_of(run: Run) -> dict[int, dict[str, Any]]:
    """The lines of a run's metrics without times, by epoch. Raises RunError E602 if one is damaged."""
    data = read_bytes(run.folder, METRICS, MOST_METRICS)
    # A process that was killed may have left a part of a line.
    whole = data[: data.rfind(b"\n") + 1] if run.state == "killed" else data
    try:
        if run.record.metrics is not None or has_digests(whole):
            chain_of(whole)
        lines = [json.loads(line) for line in whole.splitlines()]
        return {line["epoch"]: {key: value for key, value in line.items() if key not in TIMES} for line in lines}
    except ValueError as error:
        raise damaged(run.folder / METRICS, f"is damaged: {error}") from None
    except (KeyError, TypeError, AttributeError, RecursionError):
        raise damaged(run.folder / METRICS, "is damaged") from None


def compared_lines(before: Mapping[int, Mapping[str, Any]], after: Mapping[int, Mapping[str, Any]]) -> Compared:
    """The figures of all epochs."""
    differing = [epoch for epoch in sorted({*before, *after}) if before.get(epoch) != after.get(epoch)]
    if not differing:
        return Compared("metrics", True, f"{counted(len(before), 'epoch')}")
    both = [epoch for epoch in differing if epoch in before and epoch in after]
    found = [
        (difference(before[epoch].get(key), after[epoch].get(key)), epoch, key)
        for epoch in both
        for key in {**before[epoch], **after[epoch]}
    ]
    said = f"differ from epoch {differing[0]:,} on"
    if len(before) != len(after):
        said += f"; there were {counted(len(before), 'epoch')}, and are {len(after):,} now"
    if not found:
        return Compared("metrics", False, said)
    largest, epoch, key = max(found, key=lambda one: one[0])
    return Compared("metrics", False, f"{said}; {shown(largest)} of `{key}` in epoch {epoch:,}", largest)


def difference(one: object, other: object) -> float:
    """How far two figures are apart, relative to the larger one; infinite where one of them is no number."""
    if one == other:
        return 0.0
    if not isinstance(one, int | float) or not isinstance(other, int | float):
        return float("inf")
    return abs(one - other) / max(abs(one), abs(other))


def compared_weights(before: Run, after: Run, kind: Kind, tasks: tuple[PreparedTask, PreparedTask]) -> Compared:
    """The arrays of one kind of weights, of the layers' state too."""
    what = f"{kind} weights"
    there = [kind in run.kinds() for run in (before, after)]
    if not all(there):
        return Compared(
            what, False, "there were some, and are none now" if there[0] else "there were none, and are now"
        )
    one, other = (run.weights(task, kind)[1] for run, task in zip((before, after), tasks, strict=True))
    trees = [{**flatten(snapshot.params), **flatten(snapshot.state)} for snapshot in (one, other)]
    if {key: array.shape for key, array in trees[0].items()} != {key: array.shape for key, array in trees[1].items()}:
        return Compared(what, False, "are of another model")
    differing = [key for key, array in trees[0].items() if array.tobytes() != trees[1][key].tobytes()]
    if not differing:
        same_step = one.step == other.step
        said = f"of epoch {one.epoch:,}" if same_step else f"of epoch {one.epoch:,}, and of epoch {other.epoch:,} now"
        return Compared(what, same_step, said)
    found = [(apart(trees[0][key], trees[1][key]), key) for key in differing]
    largest, key = max(found, key=lambda one: one[0])
    number = f"{len(differing):,} of {counted(len(trees[0]), 'array')}"
    return Compared(what, False, f"{number} differ; {shown(largest)} of `{key}`", largest)


def apart(one: "np.ndarray[Any, Any]", other: "np.ndarray[Any, Any]") -> float:
    """How far two arrays are apart, relative to the largest value in them; infinite where one has what is no number."""
    one, other = one.astype(np.float64), other.astype(np.float64)
    if not np.isfinite(one).all() or not np.isfinite(other).all():
        return 0.0 if np.array_equal(one, other, equal_nan=True) else float("inf")
    scale = max(np.abs(one).max(initial=0.0), np.abs(other).max(initial=0.0))
    return float(np.abs(one - other).max(initial=0.0) / scale) if scale else 0.0


def shown(relative: float) -> str:
    return f"the largest relative difference is {relative:.1e}," if isfinite(relative) else "something is no number:"


def need_comparable(run: Run) -> None:
    """Raise RunError E601 for a run in training, E602 and E603 for one with which nothing could be compared."""
    need_repeatable(run)
    # Not only after it was trained again.
    lines_of(run)
    need_whole_weights(run, run.kinds())
