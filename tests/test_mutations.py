"""No draw of a damaged or hostile spec ends in a traceback or a hang: 1,000 here, more with `--mutations 30000`."""

import re
import time
from pathlib import Path

import pytest

from modelc.compiler.api import Checked, check_file
from modelc.compiler.diagnostics.render import FORMATS, Report
from tests.mutations import Drawn, draw

SPECS = sorted((Path(__file__).parent.parent / "specs").glob("*.yaml"))
LONGEST = 5.0
"""Seconds of CPU for one check and all its output: the promise is one, on a machine that does nothing else."""


def check_drawn(drawn: Drawn, folder: Path) -> tuple[Checked, float]:
    """The check of what is drawn, in all formats, and the seconds of CPU that it took."""
    for name, data in drawn.files.items():
        (folder / name).write_bytes(data)
    begun = time.process_time()
    checked = check_file(folder / next(iter(drawn.files)), "spec", drawn.settings)
    for render in FORMATS.values():
        render(Report(checked.problems, checked.sources))
    return checked, time.process_time() - begun


def test_no_draw_ends_in_a_traceback_or_a_hang(pytestconfig: pytest.Config, tmp_path: Path) -> None:
    texts = [path.read_text(encoding="utf-8") for path in SPECS]
    number = pytestconfig.getoption("mutations")
    found, worst = 0, (0.0, 0)
    for seed in range(number):
        kind, drawn = draw(seed, texts)
        try:
            checked, seconds = check_drawn(drawn, tmp_path)
        except Exception as error:
            raise AssertionError(f"draw {seed}, {kind}, ends in {error!r}:\n{drawn}") from error
        worst = max(worst, (seconds, seed))
        assert seconds < LONGEST, f"draw {seed}, {kind}, takes too long:\n{drawn}"
        assert checked.task is not None or checked.errors, (
            f"draw {seed}, {kind}, gives neither task nor error:\n{drawn}"
        )
        assert all(re.fullmatch("[EW][0-9]{3}", problem.code) for problem in checked.problems)
        found += bool(checked.errors)
    print(f"{number} draws, the slowest is {worst[1]} with {worst[0]:.2f} s")
    assert found > number / 2
