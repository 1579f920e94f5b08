"""The environment of a run, for its record: versions, devices, flags. No names of people or machines."""

import os
import platform
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

from modelc.compiler.binding.task import Task
from modelc.compiler.diagnostics.exceptions import RunError
from modelc.runtime.data.arrays import Array
from modelc.runtime.data.read_binding import Measured
from modelc.runtime.runs.metric_arguments import arguments_of
from modelc.runtime.training.execution import Execution

PACKAGES = ("modelc", "jax", "jaxlib", "numpy", "optax", "safetensors")
FLAGS = ("XLA_FLAGS", "JAX_DEFAULT_MATMUL_PRECISION")
"""Variables that change what is computed; no other is recorded."""


def environment(
    task: Task,
    execution: Execution,
    arguments: Sequence[str],
    digests: Mapping[str, str],
    arrays: Mapping[str, str],
    measured: Measured,
) -> dict[str, Any]:
    """Everything that could make another run of the same spec differ; `digests` are those of the data's columns, `arrays`
    those of the arrays in files that weights began with, and `measured` is what readers have decided of the training rows, which holds for all others.
    """
    import jax

    assert task.training is not None
    devices = jax.devices()
    return {
        "versions": {"python": platform.python_version(), **{name: installed(name) for name in PACKAGES}},
        "platform": {"system": platform.system(), "release": platform.release(), "machine": platform.machine()},
        "device": {"platform": devices[0].platform, "kind": devices[0].device_kind, "count": len(devices)},
        "cpus": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "flags": {name: os.environ[name] for name in FLAGS if name in os.environ},
        "execution": {
            "mode": execution.mode,
            "steps_per_chunk": execution.steps_per_chunk,
            "reason": execution.reason,
        },
        "seed": task.training.settings.seed,
        "metrics": arguments_of(task),
        "arguments": list(arguments),
        "data": dict(digests),
        "arrays": dict(arrays),
        "measured": {name: written(places) for name, places in measured.items() if name.startswith("inputs/")},
        "byte_order": sys.byteorder,
    }


def installed(package: str) -> str | None:
    """The version of a package; None if it runs from a folder without being installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def written(places: Array) -> str:
    """A digit for each place, 1 where numbers are measured; a single one where all places are alike."""
    found = places[:1] if (places == places[0]).all() else places
    return "".join("1" if place else "0" for place in found)


def measured_in(recorded: Mapping[str, Any]) -> Measured | None:
    """What readers have decided of the training rows; None for a run whose record does not say.

    Raises RunError E602 for what cannot have been recorded.
    """
    found = recorded.get("measured")
    if found is None:
        return None
    entries = found.values() if isinstance(found, dict) else [None]
    if not all(isinstance(digits, str) and digits and not digits.strip("01") for digits in entries):
        raise RunError("E602", "`measured` in the run's `environment.json` is damaged")
    return {name: np.asarray([digit == "1" for digit in digits]) for name, digits in found.items()}


def changed_columns(recorded: Mapping[str, Any], digests: Mapping[str, str]) -> list[str]:
    """The columns whose values have changed since the run was trained."""
    before = recorded.get("data")
    if not isinstance(before, dict):
        return sorted(digests)
    return sorted(name for name, digest in digests.items() if before.get(name) != digest)
