"""No damage to a spec ends in a traceback or a hang: 1,000 mutations here, more with `--mutations 10000`."""

import time
from pathlib import Path

import pytest

from modelc.compiler.api import check
from modelc.compiler.diagnostics.render import FORMATS
from tests.mutations import mutate

SPECS = sorted((Path(__file__).parent.parent / "specs").glob("*.yaml"))
LONGEST = 2.0
"""Seconds for one check: the promise for a text of 256 kB, and these are small."""


def test_no_mutation_ends_in_a_traceback_or_a_hang(pytestconfig: pytest.Config) -> None:
    texts = [path.read_text(encoding="utf-8") for path in SPECS]
    found = 0
    for seed in range(pytestconfig.getoption("mutations")):
        text = mutate(texts[seed % len(texts)], seed, texts)
        begun = time.perf_counter()
        try:
            checked = check(text.encode("utf-8", "surrogatepass"), "spec.yaml")
            for render in FORMATS.values():
                render(checked.problems, checked.sources, colour=False, files=1)
        except Exception as error:
            raise AssertionError(f"mutation {seed} ends in {error!r}:\n{text}") from error
        assert time.perf_counter() - begun < LONGEST, f"mutation {seed} takes too long:\n{text}"
        assert checked.task is not None or checked.errors, f"mutation {seed} gives neither a task nor an error:\n{text}"
        found += bool(checked.errors)
    assert found > pytestconfig.getoption("mutations") / 2
