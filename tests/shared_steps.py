"""Lets the trainings and evaluations of equal tasks in one process share their jitted functions.

Most trainings of the tests are of a task that was trained before: by another command of the same test, or by another test of
the same spec. Tracing and compiling its steps again would take most of their time.
"""

import io
import pickle
from collections import OrderedDict
from collections.abc import Callable
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
    from modelc.runtime.baselines import scores
    from modelc.runtime.training import loop, step

    patched.setattr(loop, "make", make := shared(step.make))
    patched.setattr(evaluate, "make", make)
    patched.setattr(scores, "summing", shared(scores.summing))


def shared(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` of a task, which is called once for arguments that are the same."""
    # The arguments are kept too, so that no other class gets the id of one of theirs.
    kept = OrderedDict[bytes, tuple[object, Any]]()

    def found(*given: object) -> Any:
        key = exact(*given)
        if key is None:
            return function(*given)
        if key not in kept:
            kept[key] = given, function(*given)
        kept.move_to_end(key)
        while len(kept) > MOST:
            kept.popitem(last=False)
        return kept[key][1]

    return found
