"""What must be set before any test imports jax or keras, and what makes a test draw the same numbers in every run."""

import os

os.environ["KERAS_BACKEND"] = "jax"
os.environ.setdefault("JAX_PLATFORMS", "cpu")
# Nearly all that the tests compile runs once, so what compiles fast is fast; speed is measured in `benchmarks/`.
os.environ.setdefault(
    "XLA_FLAGS",
    "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true --xla_cpu_use_fusion_emitters=false"
    " --xla_cpu_parallel_codegen_split_count=1",
)
# What is printed depends on it, and the workers of pytest-xdist have it, as readline sets it in the process that starts them.
os.environ.pop("COLUMNS", None)
# The arrays are small: threads that wait for their share of the work would take the cores from the other tests.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import ctypes
import gc
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import numpy as np
import pytest
from hypothesis.internal.conjecture import providers

from tests.shared_contexts import share_contexts
from tests.shared_steps import share_steps

# Tracing and compiling take as long as they take: a deadline would fail on a busy machine. The same examples are drawn
# in every run, so that a failure belongs to the change that made it.
hypothesis.settings.register_profile(
    "modelc", deadline=None, derandomize=True, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("modelc")
# It draws constants that stand in modules of the project too, of those that are imported by then: a test would draw
# other examples alone than among others. No setting turns that off.
providers._get_local_constants = lambda: providers._local_constants

# Importing and collecting the tests makes little garbage and much that stays: looking through it again and again took a third
# of the time of that, and would take it from every test after.
gc.disable()

STARTS: dict[str, Any] = {}


@pytest.fixture(autouse=True)
def the_same_numbers_in_any_order(request: pytest.FixtureRequest) -> None:
    """Let every test begin where the `RANDOM` of its module began, whichever tests ran before it."""
    generator = getattr(request.module, "RANDOM", None)
    if isinstance(generator, np.random.Generator):
        start = STARTS.setdefault(request.module.__name__, generator.bit_generator.state)
        generator.bit_generator.state = start


MOST_MEMORY = 3 * 2**29
"""Bytes that a process of the tests may keep from module to module."""


@pytest.fixture(scope="module", autouse=True)
def no_programs_are_kept_that_nobody_runs_again() -> Iterator[None]:
    """Free what jax has compiled once it takes much room, which no module shares with others, and give it back to the system:
    a process would grow to more than 5 GB.
    """
    yield
    if "jax" in sys.modules and resident() > MOST_MEMORY:
        sys.modules["jax"].clear_caches()
        libc = ctypes.CDLL(None)
        if hasattr(libc, "malloc_trim"):
            libc.malloc_trim(0)


@pytest.fixture(scope="session")
def sharing(request: pytest.FixtureRequest) -> Iterator[Callable[[], None]]:
    """Begins to share what can be shared among the tests of a process, as soon as it is called where that is imported."""
    left = [("jax", share_contexts)]
    if not request.config.getoption("--own-steps"):
        left.append(("modelc.runtime.training.loop", share_steps))
    with pytest.MonkeyPatch.context() as patched:

        def begin() -> None:
            for name, share in [entry for entry in left if entry[0] in sys.modules]:
                share(patched)
                left.remove((name, share))

        yield begin


@pytest.fixture(scope="module", autouse=True)
def what_is_compiled_is_shared(sharing: Callable[[], None]) -> None:
    """Of each module, not of the session: importing jax takes longer than many tests of what does not."""
    sharing()


def resident() -> int:
    """The bytes of memory that this process has; 0 where the system does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


@pytest.fixture(scope="session", autouse=True)
def modules_are_compiled_once(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Let the processes that tests start share bytecode, in a folder that goes with the tests, where none may be written beside
    the sources: each would compile all modules that it imports.
    """
    folder = tmp_path_factory.getbasetemp()
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", None):
        shared = folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder
        os.environ["PYTHONPYCACHEPREFIX"] = str(shared / "bytecode")


def pytest_collection_finish() -> None:
    gc.enable()
    gc.collect()
    gc.freeze()
    # As `modelc` has it, so that tests of commands leave it as it is for others.
    gc.set_threshold(50_000)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--hostile-size", type=float, default=0.02, help="how large `test_hostile_specs` is: 1 for all of it"
    )
    parser.addoption("--mutations", type=int, default=1000, help="how many damaged specs `test_mutations` tries")
    parser.addoption("--swaps", type=int, default=300, help="how many times a file is read while links are swapped in")
    parser.addoption("--npz-files", type=int, default=300, help="how many crafted .npz files `test_npz_files` tries")
    parser.addoption(
        "--layer-draws", type=int, default=30, help="for how many draws `plan` and `apply` of a layer agree"
    )
    parser.addoption(
        "--damaged-images", type=int, default=300, help="how many damaged files of each format `test_image` reads"
    )
    parser.addoption("--typos", type=int, default=12, help="how many typos in each shipped spec are put right")
    parser.addoption(
        "--every-place", action="store_true", help="damage every place of every shipped spec, also like ones"
    )
    parser.addoption("--damages", type=int, default=40, help="how many bits of a run `test_damaged_runs` flips")
    parser.addoption(
        "--damaged-files", type=int, default=75, help="how many damaged files of each kind `test_damaged_files` reads"
    )
    parser.addoption(
        "--every-fault", action="store_true", help="let every write of a training fail, not a part of them"
    )
    parser.addoption(
        "--mesh-steps", type=int, default=0, help="train each kind on each mesh of 8 devices for so many steps"
    )
    parser.addoption(
        "--every-step", action="store_true", help="stop a training of each kind at each step, once and twice"
    )
    parser.addoption(
        "--own-steps", action="store_true", help="trace and compile the steps of every training, also of equal tasks"
    )
    parser.addoption("--kills", type=int, default=3, help="how many times `test_kills` kills a training")
    parser.addoption("--table-rows", type=int, default=20_000, help="how many rows a table has in `test_large_tables`")
    parser.addoption(
        "--folder-files", type=int, default=3_000, help="how many files `test_rows_of_files` has in folders"
    )
    parser.addoption(
        "--drawn-tasks", type=int, default=4, help="how many drawn tasks are trained, and 20 times as many damaged"
    )
    parser.addoption("--metric-draws", type=int, default=20, help="how many hostile draws each metric is compared on")
