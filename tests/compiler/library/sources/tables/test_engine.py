"""The sandbox of the table engine: it reads the one file that it was given, and does nothing else."""

import os
import socket
from pathlib import Path

import numpy as np
import pytest

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.sources.tables import engine as engine_module
from modelc.compiler.library.sources.tables.engine import EngineError, engine, quoted


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    given, other = tmp_path / "given.csv", tmp_path / "other.csv"
    given.write_text("a,b\n1,2\n")
    other.write_text("secret\n1\n")
    return given, other


ATTEMPTS = [
    "select * from read_csv({other})",
    "select * from read_text({other})",
    "select * from read_blob('/etc/passwd')",
    "select * from glob('/etc/*')",
    "select * from {other}",
    "select * from read_csv('/proc/self/environ')",
    "select * from read_csv('/dev/fd/../../etc/passwd')",
    "select * from read_csv({given}) union all select * from read_csv({other})",
    "copy (select 1) to {new}",
    "copy (select 1) to {given_path}",
    "export database {new}",
    "attach {new} as other",
    "install httpfs",
    "load httpfs",
    "load {other}",
    "select * from read_csv('http://127.0.0.1:{port}/a.csv')",
    "select * from read_parquet('s3://bucket/a.parquet')",
    "set enable_external_access = true",
    "set allowed_paths = ['/etc/passwd']",
    "set lock_configuration = false",
    "set temp_directory = {new}",
    "pragma enable_external_access = true",
    "create secret (type s3)",
    "select getenv('HOME')",
    "import database {other}",
]


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_nothing_but_the_given_file_is_reached(files: tuple[Path, Path], tmp_path: Path, attempt: str) -> None:
    given, other = files
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with socket.create_server(("127.0.0.1", 0)) as server, given.open("rb") as file, engine(file) as opened:
        server.settimeout(0.2)
        query = attempt.format(
            other=quoted(str(other)),
            given=quoted(opened.path),
            given_path=quoted(str(given)),
            new=quoted(str(tmp_path / "new")),
            port=server.getsockname()[1],
        )
        with pytest.raises(EngineError):
            opened.rows(query)
        with pytest.raises(TimeoutError):
            server.accept()
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_the_given_file_is_read(files: tuple[Path, Path]) -> None:
    with files[0].open("rb") as file, engine(file) as opened:
        assert opened.rows(f"select * from read_csv({quoted(opened.path)})") == [(1, 2)]


def test_variables_of_python_are_no_tables(files: tuple[Path, Path]) -> None:
    table = np.arange(3)
    assert len(table) == 3
    with files[0].open("rb") as file, engine(file) as opened, pytest.raises(EngineError, match="table"):
        opened.rows("select * from table")


def test_the_folder_for_what_is_spilled_goes_with_the_connection(
    files: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spill = tmp_path / "spill"
    spill.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(spill))
    monkeypatch.setattr(engine_module, "available_memory", lambda: 2**20)
    with files[0].open("rb") as file, engine(file) as opened:
        (made,) = os.listdir(spill)
        assert made.startswith("modelc-")
        # More than the engine may have in memory at once.
        rows = "select range as i, repeat('x', 200) || range as t from range(2500000)"
        total = sum(len(part[0]) for part in opened.arrays(f"select i, t from ({rows}) order by hash(i)"))
        assert total == 2_500_000
    assert os.listdir(spill) == []


def test_what_does_not_fit_is_an_error_of_memory(
    files: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        engine_module,
        "settings",
        lambda spill: {
            "memory_limit": "20MiB",
            "max_temp_directory_size": "1MiB",
            "temp_directory": spill,
            "threads": 1,
        },
    )
    with files[0].open("rb") as file, engine(file) as opened, pytest.raises(RunError) as caught:
        opened.rows("select list(range) from range(30000000)")
    assert caught.value.code == "E502"
