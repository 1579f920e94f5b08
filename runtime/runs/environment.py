"""The environment of a run, for its record: versions, devices, flags. No names of people or machines."""

import os
import platform
import re
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from modelc.compiler.binding.task import Task
from modelc.compiler.diagnostics.phrases import counted, name_list
from modelc.compiler.library.base.processors import processors
from modelc.runtime.data.column_digests import ColumnDigests, KnownDigests
from modelc.runtime.runs.column_kinds import TYPES, kinds_of
from modelc.runtime.runs.metric_arguments import arguments_of
from modelc.runtime.training.execution import Execution

PACKAGES = ("modelc", "duckdb", "jax", "jaxlib", "numpy", "optax", "safetensors")
FLAGS = (
    "XLA_FLAGS",
    "LIBTPU_INIT_ARGS",
    "NPROC",
    "NVIDIA_TF32_OVERRIDE",
    "JAX_DEFAULT_MATMUL_PRECISION",
    "JAX_DEFAULT_PRNG_IMPL",
    "JAX_ENABLE_X64",
    "JAX_NUMPY_DTYPE_PROMOTION",
    "JAX_RANDOM_SEED_OFFSET",
    "JAX_THREEFRY_PARTITIONABLE",
)
"""Variables that change what is computed, `NPROC` by the number of threads that sums are divided among; no other is recorded."""
INSTRUCTIONS = re.compile(r"avx\w*|amx\w*|f16c|fma|sse4_\d|asimd\w*|sve\w*|bf16|i8mm")
"""What a processor may have that compiled code uses where it is there: sums and functions then differ in their last digits."""
TRAINING_ROWS, DTYPES, ROWS = "data", "dtypes", "rows"
"""The keys of the digests of columns, of the dtypes that they were stored in, and of the numbers of their rows."""
OWN_ROWS = {"test": "test_data", "validation": "validation_data"}
"""The keys of the same of rows that are held out and have columns of their own, by what they are held out for."""


def environment(
    task: Task,
    execution: Execution,
    arguments: Sequence[str],
    digests: KnownDigests,
    arrays: Mapping[str, str],
) -> dict[str, Any]:
    """Everything that could make another run of the same spec differ; `digests` are those of the data's columns, `arrays`
    those of the arrays in files that weights began with.
    """
    import jax

    assert task.training is not None
    devices = jax.devices()
    recorded = {TRAINING_ROWS: digests.train, **{key: getattr(digests, part) for part, key in OWN_ROWS.items()}}
    return {
        "versions": {"python": platform.python_version(), **{name: installed(name) for name in PACKAGES}},
        "platform": {"system": platform.system(), "release": platform.release(), "machine": platform.machine()},
        "device": {"platform": devices[0].platform, "kind": devices[0].device_kind, "count": len(devices)},
        "cpus": processors(),
        "instructions": instructions(),
        "flags": {name: os.environ[name] for name in FLAGS if name in os.environ},
        "execution": {
            "mode": execution.mode,
            "steps_per_chunk": execution.steps_per_chunk,
            "reason": execution.reason,
            "feed": execution.feeding.way,
        },
        "mesh": execution.parallelism.mesh,
        "shard": execution.parallelism.shard,
        "processes": jax.process_count(),
        "seed": task.training.settings.seed,
        "metrics": arguments_of(task),
        "arguments": list(arguments),
        **{key: dict(each.digests) for key, each in recorded.items()},
        DTYPES: {key: dict(each.dtypes) for key, each in recorded.items()},
        ROWS: {key: each.rows for key, each in recorded.items()},
        TYPES: kinds_of(digests.train.dtypes),
        "arrays": dict(arrays),
        "byte_order": sys.byteorder,
    }


def instructions() -> str:
    """The instructions of the processor that compiled code may use; empty where the system does not say."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            line = next((line for line in file if line.lower().startswith(("flags", "features"))), "")
    except OSError:
        return ""
    return " ".join(sorted(word for word in line.partition(":")[2].split() if INSTRUCTIONS.fullmatch(word)))


def installed(package: str) -> str | None:
    """The version of a package; None if it runs from a folder without being installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def known_digests(recorded: Mapping[str, Any]) -> KnownDigests:
    """What the record of a run says of its columns: nothing of rows with columns of their own in one of a version that did not record
    them.
    """
    dtypes = recorded.get(DTYPES)
    stored = dtypes if isinstance(dtypes, dict) else {}
    found = recorded.get(ROWS)
    rows = found if isinstance(found, dict) else {}

    def known(key: str) -> ColumnDigests:
        number = rows.get(key)
        return ColumnDigests(
            texts_at(recorded, key), texts_at(stored, key), number if type(number) is int and number >= 0 else None
        )

    return KnownDigests(known(TRAINING_ROWS), **{part: known(key) for part, key in OWN_ROWS.items()})


def texts_at(recorded: Mapping[str, Any], key: str) -> Mapping[str, str]:
    """The strings in the mapping at `key`; none where there is something else."""
    found = recorded.get(key)
    entries = found.items() if isinstance(found, dict) else ()
    return {name: text for name, text in entries if isinstance(text, str)}


def changed_columns(recorded: Mapping[str, Any], digests: Mapping[str, str]) -> list[str]:
    """The columns whose values have changed since the run was trained."""
    before = texts_at(recorded, TRAINING_ROWS)
    return sorted(name for name, digest in digests.items() if before.get(name) != digest)


def changed_own_columns(recorded: Mapping[str, Any], part: str, digests: Mapping[str, str]) -> list[str] | None:
    """Those of the `test` or `validation` rows that have columns of their own; None where the run recorded none."""
    before = recorded.get(OWN_ROWS[part])
    if not isinstance(before, dict):
        return None
    return sorted(name for name, digest in digests.items() if before.get(name) != digest)


def other_number(before: ColumnDigests, now: ColumnDigests) -> str:
    """`there were 60 rows, and are 50 now`; empty where there are as many, or that is not known."""
    if before.rows is None or now.rows is None or before.rows == now.rows:
        return ""
    was, are = "was" if before.rows == 1 else "were", "is" if now.rows == 1 else "are"
    return f"there {was} {counted(before.rows, 'row')}, and {are} {now.rows:,} now"


def what_changed(columns: Sequence[str], before: ColumnDigests, now: ColumnDigests) -> str:
    """What is said of `columns` that have changed: their names, or the numbers of rows where all are others for that."""
    return other_number(before, now) or name_list(columns)
