"""Crafted .npz files: each gives the values that numpy reads, or a coded error; quickly, and in little memory."""

import resource
import sys
import time

import numpy as np
import pytest

from modelc.compiler.api import check
from modelc.compiler.library.sources import SOURCES
from modelc.compiler.syntax.file_root import Root
from modelc.runtime.data.data_check import check_data
from tests.attacks.crafted_npz import KINDS, crafted

SPEC = """\
modelc: 1
model:
  inputs: {x: {shape: [4]}}
  layers: [dense: {units: 3, activation: softmax}]
data:
  source: {npz: rows.npz}
  targets: {dense: {category: {column: y, classes: 3}}}
"""
SECOND, MEMORY = 1.0, 300 * 2**20
PEAK_UNIT = 1 if sys.platform == "darwin" else 1024
"""Bytes in which the system counts the memory of a process."""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Root:
    folder = tmp_path_factory.mktemp("crafted")
    return Root(folder, folder)


def test_crafted_files_are_read_as_numpy_reads_them_or_refused(root: Root, request: pytest.FixtureRequest) -> None:
    task = check(SPEC, "spec.yaml").task
    assert task is not None
    source, path = SOURCES.build({"npz": "rows.npz"}), root.folder / "rows.npz"
    read, refused = dict.fromkeys(KINDS, 0), dict.fromkeys(KINDS, 0)
    slowest, before = 0.0, peak()
    for number, (kind, content) in enumerate(crafted(request.config.getoption("--npz-files"))):
        path.write_bytes(content)
        start = time.process_time()
        problems = check_data(task, root)
        slowest = max(slowest, time.process_time() - start)
        if problems:
            assert all(problem.code for problem in problems)
            refused[kind] += 1
            continue
        read[kind] += 1
        with np.load(path, allow_pickle=False) as expected:
            for name, array in source.load(root, ("x", "y")).train.items():
                assert array.dtype == expected[name].dtype.newbyteorder("="), (number, kind)
                np.testing.assert_array_equal(array, expected[name])
    print(f"read: {read}; refused: {refused}; slowest: {slowest:.3f} s; memory: {(peak() - before) / 2**20:.0f} MiB")
    assert slowest < SECOND
    assert peak() - before < MEMORY
    assert read["honest"] and not refused["honest"]
    assert all(refused[kind] for kind in KINDS if kind != "honest")


def peak() -> int:
    """The most memory that this process has held, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * PEAK_UNIT
