"""Lets the trainings and evaluations of equal tasks in one process share their jitted functions.

Most trainings of the tests are of a task that was trained before: by another command of the same test, or by another test of
the same spec. Tracing and compiling its steps again would take most of their time.
"""

import io
import pickle
from collections import OrderedDict
from typing import Any

import pytest

MOST = 24
"""How many tasks to keep the functions of: a test file trains few."""


class Exact(pickle.Pickler):
    """Writes classes as the objects that they are: that of a plug-in may have the name of another one that was there before."""

    def persistent_id(self, given: Any) -> Any:
        return id(given) if isinstance(given, type) else None


def exact(*given: object) -> bytes | None:
    """Bytes that are the same only for values that are the same in all that they hold; None for what cannot be written."""
    file = io.BytesIO()
    try:
        Exact(file).dump(given)
    except (pickle.PicklingError, TypeError, AttributeError, RecursionError):
        return None
    return file.getvalue()


def share_steps(patched: pytest.MonkeyPatch) -> None:
    """Share functions from here on."""
    from modelc.runtime import evaluate
    from modelc.runtime.training import loop, step
    from modelc.runtime.training.parallelism import ONE_DEVICE

    # The tasks are kept too, so that no other class gets the id of one of theirs.
    kept = OrderedDict[bytes, tuple[Any, step.Steps]]()

    def make(task: Any, total_steps: int, parallelism: Any = ONE_DEVICE) -> step.Steps:
        key = exact(task, total_steps, parallelism)
        if key is None:
            return step.make(task, total_steps, parallelism)
        if key not in kept:
            kept[key] = task, step.make(task, total_steps, parallelism)
        kept.move_to_end(key)
        while len(kept) > MOST:
            kept.popitem(last=False)
        return kept[key][1]

    for user in (loop, evaluate):
        patched.setattr(user, "make", make)
