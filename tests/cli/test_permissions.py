"""Folders that may not be read or searched: said wherever they are met, and never passed over."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.commands import Ended
from tests.cli.test_targets import GOOD
from tests.runtime.runs.test_run_directory import finish, recorder

RIGHTS = "-dac_override,-dac_read_search"
"""What lets root read and search every folder."""
BOUND = ["setpriv", "--bounding-set", RIGHTS, "--inh-caps", RIGHTS]

pytestmark = pytest.mark.skipif(
    os.geteuid() == 0 and shutil.which("setpriv") is None, reason="root may read every folder"
)


def bound(*arguments: str, cwd: Path) -> Ended:
    """Run a command as a user who may not read every folder."""
    command = [*(BOUND if os.geteuid() == 0 else ()), sys.executable, "-m", "modelc", *arguments]
    ended = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120, check=False)
    return Ended(ended.returncode, ended.stdout, ended.stderr)


@pytest.fixture
def closed(tmp_path: Path) -> Iterator[Path]:
    """Folders with specs: `names` can be listed but not searched, `closed` neither; and a run that cannot be searched."""
    with recorder(tmp_path / "runs" / "tiny" / "1") as recording:
        finish(recording)
    modes = {tmp_path / "names": 0o444, tmp_path / "closed": 0, tmp_path / "runs/tiny/1": 0}
    for folder, mode in modes.items():
        folder.mkdir(exist_ok=True)
        (folder / "a.yaml").write_text(GOOD)
        folder.chmod(mode)
    yield tmp_path
    for folder in modes:
        folder.chmod(0o700)


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ("names", "names/a.yaml"),
        ("names/*.yaml", "names/a.yaml"),
        ("closed", "closed"),
        ("closed/*.yaml", "closed"),
        ("clos*/*.yaml", "closed"),
        ("*/a.yaml", "closed"),
        ("closed/**/*.yaml", "closed"),
    ],
)
def test_a_closed_folder_is_told_whatever_names_it(closed: Path, where: str, told: str) -> None:
    ended = bound("validate", where, cwd=closed)
    assert f"error[E009]: `{told}` cannot be read: permission denied" in ended.out
    assert ended.code == 2


@pytest.mark.parametrize("named", ["runs/tiny", "runs/tiny/1", "tiny.yaml"])
def test_a_closed_run_is_told_whatever_names_it(closed: Path, named: str) -> None:
    (closed / "tiny.yaml").write_text(GOOD)
    ended = bound("evaluate", named, cwd=closed)
    assert ended.code == 4
    assert "error[E602]" in ended.err and "runs/tiny/1` cannot be read: permission denied" in ended.err
