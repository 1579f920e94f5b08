"""Weights on disk: the same bits come back, or none."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.lowering.prepared_task import PreparedTask
from modelc.runtime.runs.open_folder import OpenFolder
from modelc.runtime.runs.weights import MANIFEST, PARAMS, STATE, read_weights, wanted_arrays, write_weights
from modelc.runtime.training.observer import Snapshot
from tests.runtime.runs.made_weights import files_of, made_snapshot, made_task, same
from tests.runtime.runs.sealing import change_sealed

RUN = "20260101-000000-abcdef"
TASK = made_task()


def write(folder: Path, run: str, snapshot: Snapshot) -> None:
    with OpenFolder.at(folder.parent, make=True) as weights:
        write_weights(weights, folder.name, run, snapshot)


def read(folder: Path, run: str, task: PreparedTask) -> Snapshot:
    return read_weights(folder.parent, folder.name, run, task)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "weights" / "last"
    write(folder, RUN, made_snapshot(TASK))
    return folder


def refusal(folder: Path, run: str = RUN, units: int = 3) -> str:
    with pytest.raises(RunError) as caught:
        read(folder, run, made_task(units))
    assert caught.value.code == "E603"
    return caught.value.message


def reseal(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the manifest and seal it anew, as somebody would who means harm."""
    change_sealed(folder / MANIFEST, change)


def test_the_same_bits_come_back(folder: Path) -> None:
    assert same(read(folder, RUN, TASK), made_snapshot(TASK))


def test_other_programs_can_read_the_files(folder: Path) -> None:
    arrays = load_file(folder / PARAMS)
    assert "bidirectional:forward/kernel" in arrays
    np.testing.assert_array_equal(arrays["dense:kernel"], made_snapshot(TASK).params["dense"]["kernel"])


def test_arrays_in_any_memory_order_are_written_in_theirs(tmp_path: Path) -> None:
    snapshot = made_snapshot(TASK)
    kernel = np.asfortranarray(snapshot.params["dense"]["kernel"])
    turned = replace(snapshot, params={**snapshot.params, "dense": {**snapshot.params["dense"], "kernel": kernel}})
    write(tmp_path / "best", RUN, turned)
    assert same(read(tmp_path / "best", RUN, TASK), snapshot)


def test_new_weights_take_the_place_of_old_ones_and_leave_nothing_else(folder: Path) -> None:
    newer = made_snapshot(TASK, seed=1, epoch=2, step=20)
    write(folder, RUN, newer)
    assert same(read(folder, RUN, TASK), newer)
    assert [entry.name for entry in folder.parent.iterdir()] == ["last"]


def test_every_flipped_bit_is_refused(folder: Path) -> None:
    generator = np.random.default_rng(0)
    for path in files_of(folder):
        whole = path.read_bytes()
        for place in generator.choice(len(whole) * 8, size=150, replace=False):
            broken = bytearray(whole)
            broken[place // 8] ^= 1 << (place % 8)
            path.write_bytes(broken)
            refusal(folder)
        path.write_bytes(whole)
    assert same(read(folder, RUN, TASK), made_snapshot(TASK))


def test_truncated_grown_and_missing_files_are_refused(folder: Path) -> None:
    for path in files_of(folder):
        whole = path.read_bytes()
        for broken in (b"", whole[: len(whole) // 2], whole[:-1], whole + b"\0", whole * 100):
            path.write_bytes(broken)
            refusal(folder)
        path.unlink()
        assert f"`{path.name}` is missing" in refusal(folder)
        path.write_bytes(whole)


def test_a_file_of_another_size_is_not_read(folder: Path) -> None:
    # 1 TB that takes no room on the disk, and that no machine could read in the time of a test.
    with open(folder / PARAMS, "r+b") as file:
        file.truncate(2**40)
    assert "1,099,511,627,776 bytes" in refusal(folder)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_in_place_of_a_file_is_refused_without_waiting(folder: Path) -> None:
    (folder / STATE).unlink()
    os.mkfifo(folder / STATE)
    assert "a pipe" in refusal(folder)


def test_weights_of_another_run_are_refused(folder: Path) -> None:
    assert "the run 20260101-000000-abcdef, not to other" in refusal(folder, run="other")


def test_files_swapped_between_checkpoints_are_refused(folder: Path, tmp_path: Path) -> None:
    write(tmp_path / "best", RUN, made_snapshot(TASK, seed=1))
    shutil.copy(tmp_path / "best" / PARAMS, folder / PARAMS)
    assert "has changed since it was written" in refusal(folder)


def test_weights_of_another_shape_are_refused(folder: Path) -> None:
    assert "`dense:kernel` is [4, 3] float32, the spec needs [4, 7] float32" in refusal(folder, units=7)


def test_missing_and_unknown_arrays_are_refused(folder: Path) -> None:
    arrays = load_file(folder / PARAMS)

    def put(changed: dict[str, Any]) -> None:
        from hashlib import sha256

        save_file(changed, folder / PARAMS)
        digest = sha256((folder / PARAMS).read_bytes()).hexdigest()
        described = {key: {"shape": list(array.shape), "dtype": array.dtype.name} for key, array in changed.items()}
        reseal(folder, lambda fields: fields["files"].update({PARAMS: {"sha256": digest, "arrays": described}}))

    put({key: array for key, array in arrays.items() if key != "dense:bias"})
    assert "the spec needs `dense:bias`, which is missing" in refusal(folder)
    put({**arrays, "../../x:y": np.zeros(1, np.float32)})
    assert "they contain '../../x:y', which the spec does not need" in refusal(folder)
    put({**arrays, "dense:bias": arrays["dense:bias"].astype(np.float64)})
    assert "`dense:bias` is [3] float64, the spec needs [3] float32" in refusal(folder)
    put(arrays)
    assert same(read(folder, RUN, TASK), made_snapshot(TASK))


def test_a_manifest_that_lies_about_its_files_is_refused(folder: Path) -> None:
    reseal(folder, lambda fields: fields["files"][PARAMS]["arrays"]["dense:bias"].update(shape=[2**40]))
    assert "`dense:bias` is [1099511627776] float32" in refusal(folder)


def test_a_file_that_is_not_what_its_digest_promises_inside_is_refused(folder: Path) -> None:
    from hashlib import sha256

    junk = b"\x80\x04\x95" + bytes((folder / PARAMS).stat().st_size - 3)
    (folder / PARAMS).write_bytes(junk)
    reseal(folder, lambda fields: fields["files"][PARAMS].update(sha256=sha256(junk).hexdigest()))
    assert "damaged" in refusal(folder)


def test_a_newer_format_is_named(folder: Path) -> None:
    (folder / MANIFEST).write_text('{"format": 2, "shards": []}')
    assert "format 2" in refusal(folder)


class Killed(BaseException):
    """The process ends here: nothing after it runs, no cleaning up either."""


@pytest.mark.parametrize("failure", [Killed(), OSError(28, "No space left on device")])
def test_whenever_writing_is_broken_off_old_or_new_weights_are_there(
    failure: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = made_snapshot(TASK), made_snapshot(TASK, seed=1, epoch=2)
    for stop in range(1, 100):
        folder = tmp_path / str(stop) / "last"
        write(folder, RUN, old)
        with monkeypatch.context() as patched:
            calls = break_off(patched, stop, failure)
            with suppress(Killed), no_space():
                write(folder, RUN, new)
        found = read(folder, RUN, TASK)
        assert same(found, old) or same(found, new)
        write(folder, RUN, new)
        assert same(read(folder, RUN, TASK), new)
        assert [entry.name for entry in folder.parent.iterdir()] == ["last"]
        if len(calls) < stop:
            assert stop > 8, "nothing was broken off"
            return
    pytest.fail("writing never came to an end")


@contextmanager
def no_space() -> Iterator[None]:
    """Lets pass a RunError that says that the disk is full."""
    try:
        yield
    except RunError as error:
        if error.code != "E604" or "no space left" not in error.message:
            raise


def break_off(patched: pytest.MonkeyPatch, stop: int, failure: BaseException) -> list[str]:
    """Let the call number `stop` of those that change the disk fail; the list grows by one for each."""
    calls: list[str] = []

    def counted(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            calls.append(name)
            if len(calls) == stop:
                raise failure
            return real(*arguments, **named)

        return call

    for owner, name in ((os, "fsync"), (os, "rename"), (shutil, "rmtree"), (os, "mkdir")):
        patched.setattr(owner, name, counted(name, getattr(owner, name)))
    return calls


def test_wanted_arrays_are_those_that_the_model_draws() -> None:
    import jax

    from modelc.compiler.lowering.lower import lower

    params, state = jax.eval_shape(lower(TASK).init, jax.random.key(0))
    for tree, file in ((params, PARAMS), (state, STATE)):
        drawn = {
            f"{path}:{name}": (leaf.shape, leaf.dtype.name) for path, e in tree.items() for name, leaf in e.items()
        }
        assert drawn == {key: (array.shape, array.dtype) for key, array in wanted_arrays(TASK)[file].items()}
