"""A compilation cache whose entries are damaged, as by a kill or a full disk: no word of it, the same bits, and it is whole again."""

from pathlib import Path

import pytest

from tests.attacks.test_every_step import folder_of
from tests.cli.commands import start
from tests.cli.test_resume import need_same
from tests.cli.test_stops import limited


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MODELC_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("JAX_COMPILATION_CACHE_DIR", raising=False)
    return folder_of("image", tmp_path)


def entries(folder: Path) -> dict[str, int]:
    """The sizes of the entries: of programs that take long enough to compile, which depends on the machine."""
    return {file.name: file.stat().st_size for file in sorted((folder / "cache" / "jax").iterdir())}


def train(folder: Path, run: str) -> str:
    """What a training of this name says on standard error."""
    process = start("train", "small.json", "--run-dir", run, cwd=folder)
    out, err = process.communicate()
    assert process.returncode == 0, (out, err)
    return err


def test_damaged_entries_are_written_again(folder: Path) -> None:
    assert train(folder, "first") == ""
    before = entries(folder)
    assert before
    for number, name in enumerate(before):
        file = folder / "cache" / "jax" / name
        file.write_bytes(file.read_bytes()[: before[name] // 2 * (number % 2)])
    assert train(folder, "second") == ""
    need_same(folder / "second", folder / "first")
    # None stays damaged: what was compiled in less time than the first time is not there at all. Not to the byte, since that
    # time is in it.
    for name, size in entries(folder).items():
        assert name not in before or abs(size - before[name]) < before[name] // 10, name
    assert train(folder, "third") == ""


def test_what_a_full_disk_takes_of_an_entry_is_removed(folder: Path) -> None:
    limited(folder, 10_000, "train", "small.json", "--run-dir", "first")
    assert entries(folder) == {}
    assert train(folder, "second") == "" and entries(folder)
