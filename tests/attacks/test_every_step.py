"""A training that is stopped at any step, and goes on in another process, ends in the bits of one that was not stopped.

`--every-step` stops each kind at each of its steps, once and twice; the suite stops it at one.
"""

import json
import random
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest

from modelc.runtime.runs.checkpoints import MANIFEST
from tests.attacks.signalled_at import in_new_process, sending
from tests.cli.commands import Ended, modelc
from tests.cli.test_resume import metrics, weights
from tests.runtime.kinds import KINDS, raw_of, rows_in

LATER = 3
"""How many steps a second stop is behind the first at most."""


def folder_of(kind: str, folder: Path) -> Path:
    rows_in(folder)
    (folder / "small.json").write_text(json.dumps(raw_of(kind)))
    return folder


def arrays_of(checkpoint: Path) -> dict[str, bytes]:
    """The files of a checkpoint: weights, statistics, optimizer, sums, and the best weights so far."""
    return {file.name: file.read_bytes() for file in sorted(checkpoint.glob("*.safetensors"))}


def facts_of(checkpoint: Path) -> dict[str, Any]:
    """What a checkpoint knows besides, without times: patience, the best epoch and its score."""
    manifest = json.loads((checkpoint / MANIFEST).read_text())
    facts = {key: value for key, value in manifest["facts"].items() if key not in ("seconds", "spent")}
    for key in ("best", "last"):
        facts[key].pop("seconds")
    return {**facts, **{key: manifest[key] for key in ("epoch", "step", "best")}}


def results(run: Path) -> dict[str, Any]:
    """All that a training comes to, and that does not depend on times."""
    record = json.loads((run / "run.json").read_text())
    checkpoint = max((run / "checkpoints").iterdir())
    return {
        "record": {key: record[key] for key in ("status", "epoch", "step", "best", "failure")},
        "metrics": metrics(run),
        "weights": weights(run),
        "facts": facts_of(checkpoint),
        **arrays_of(checkpoint),
    }


def need_stopped(ended: Ended, run: Path, step: int) -> None:
    """It was stopped by the signal, at the step, and says so."""
    assert ended.code == 128 + signal.SIGTERM, ended
    record = json.loads((run / "run.json").read_text())
    assert (record["status"], record["step"]) == ("interrupted", step), ended


def differing(run: Path, expected: dict[str, Any]) -> list[str]:
    """The parts of what a training came to that are not as expected."""
    found = results(run)
    return [part for part in {**expected, **found} if found.get(part) != expected.get(part)]


class Cuts:
    """The runs of one kind that were stopped, and what came out of them."""

    def __init__(self, folder: Path, expected: dict[str, Any]) -> None:
        self.folder, self.expected = folder, expected
        self.tried, self.wrong = 0, dict[str, list[str]]()

    def stop(self, step: int) -> Path:
        """A run that was stopped at `step`. The lengths of its chunks follow from `--checkpoint-every`."""
        run = self.folder / f"run-{step}"
        arguments = ("train", "small.json", "--run-dir", run.name, "--checkpoint-every", f"{step} steps")
        with sending(step):
            need_stopped(modelc(*arguments, cwd=self.folder), run, step)
        return run

    def copy(self, run: Path, name: str) -> Path:
        return Path(shutil.copytree(run, run.with_name(f"{run.name}-{name}")))

    def stop_again(self, run: Path, step: int) -> None:
        arguments = ("train", "--resume", run.name, "--checkpoint-every", f"{step} steps")
        need_stopped(in_new_process(self.folder, *arguments, moment=step), run, step)

    def end(self, run: Path, *options: str) -> None:
        """Go on to the end, and compare."""
        ended = in_new_process(self.folder, "train", "--resume", run.name, *options)
        assert ended.code == 0, (run, ended)
        self.tried += 1
        if wrong := differing(run, self.expected):
            self.wrong[run.name] = wrong


@pytest.mark.parametrize("kind", KINDS)
def test_stopped_at_any_step_it_ends_in_the_same_bits(kind: str, tmp_path: Path, pytestconfig: pytest.Config) -> None:
    folder = folder_of(kind, tmp_path)
    straight = modelc("train", "small.json", "--run-dir", "straight", cwd=folder)
    assert straight.code == 0, straight.err
    expected, drawn = results(folder / "straight"), random.Random(kind)
    total = expected["record"]["step"]
    assert 8 <= total <= 12 and "optimizer.safetensors" in expected
    assert expected["record"]["status"] == ("early_stopping" if kind == "early" else "finished")
    cuts = Cuts(folder, expected)
    every = pytestconfig.getoption("--every-step")
    # Inside of the last epoch there is most to lose: sums, the best epoch, and how long there was no better one.
    for step in range(1, total) if every else [total - 2]:
        run = cuts.stop(step)
        if every and step < total - 1:
            twice = cuts.copy(run, "twice")
            cuts.stop_again(twice, drawn.randrange(step + 1, min(step + 1 + LATER, total)))
            cuts.end(twice, "--checkpoint-every", "2 steps")
        cuts.end(run)
    print(f"{kind}: {cuts.tried} tried, {cuts.tried - len(cuts.wrong)} survived, {len(cuts.wrong)} wrong")
    assert not cuts.wrong
