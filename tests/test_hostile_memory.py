"""What a text within the budgets takes of memory: a process with 300 MB more than it starts with checks the worst kinds."""

import subprocess
import sys
from pathlib import Path

import pytest

resource = pytest.importorskip("resource")

GROWING = (
    "aliases, a billion",
    "doubling of variables",
    "doubling, far too many",
    "many arguments of one layer",
    "many nodes, none used",
    "many uses of one file",
    "repeats nested",
    "wrong items of a list",
)
"""Kinds whose texts stand for more than they are, or take the most."""
SCRIPT = """
import resource, sys
from pathlib import Path
from modelc.compiler.api import check, check_file
from modelc.compiler.diagnostics.render import FORMATS, Report
check("modelc: 1\\nmodel: {inputs: {x: {shape: [4]}}, layers: [{desne: 4}]}\\n", "a.yaml")
size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (size + 300 * 2**20,) * 2)
for name in sys.argv[1:]:
    found = check_file(Path(name))
    assert found.task is not None or found.errors
    for render in FORMATS.values():
        render(Report(found.problems, found.sources))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the size of a process is read from Linux")
def test_the_worst_kinds_are_checked_in_300_megabytes(tmp_path: Path) -> None:
    from tests.hostile_specs import files_of

    names = []
    for number, kind in enumerate(GROWING):
        files = files_of(kind, 0.5)
        folder = tmp_path / str(number)
        folder.mkdir()
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
        names.append(str(folder / next(iter(files))))
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT, *names], check=False, capture_output=True, text=True, timeout=300
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
