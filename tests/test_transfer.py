"""The transfer of `docs/transfer.md` as a user runs it: what is frozen stays, what is stopped goes on, and few rows are enough."""

import csv
import json
import runpy
import shutil
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from tests.attacks.signalled_at import in_new_process, sending
from tests.cli.commands import modelc
from tests.cli.test_resume import need_same
from tests.test_docs import ROOT, blocks

PAGE = ROOT / "docs" / "transfer.md"
PER_EPOCH = 5
HEAD = 20 * PER_EPOCH
"""The steps of the phase `head`."""
RATE, FACTOR = 0.005, 0.2
"""The learning rate of the phase `all`, and its factor for the backbone."""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The rows and specs of the page, and the first run."""
    folder = tmp_path_factory.mktemp("project")
    for block in blocks(PAGE):
        if block.words and block.language in ("yaml", "python"):
            (folder / block.words[0]).write_text(block.text, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(folder)
        runpy.run_path("digits.py")
    train(folder, "low.yaml", "low/a")
    return folder


@pytest.fixture(scope="module")
def straight(project: Path) -> Path:
    """The second run, with a checkpoint at the end of each phase."""
    return train(project, "high.yaml", "high/0", "--checkpoint-every", f"{HEAD} steps")


def train(folder: Path, spec: str, run: str, *options: str) -> Path:
    ended = modelc("train", spec, "--run-dir", f"runs/{run}", "--no-baseline", *options, cwd=folder)
    assert ended.code == 0, ended.err
    return folder / "runs" / run


def arrays(folder: Path) -> dict[str, Any]:
    return load_file(folder / "params.safetensors") | load_file(folder / "state.safetensors")


def at_step(run: Path, step: int) -> dict[str, Any]:
    return arrays(run / "checkpoints" / f"step-{step:09}")


def accuracy(folder: Path, run: Path) -> float:
    ended = modelc("evaluate", run.relative_to(folder), "--no-baseline", "--format", "json", cwd=folder)
    assert ended.code == 0, ended.err
    return float(json.loads(ended.out)["values"]["accuracy"])


def test_the_head_is_trained_on_the_backbone_of_the_first_run_and_then_all_of_it(project: Path, straight: Path) -> None:
    first = {f"low/{name}": array for name, array in arrays(project / "runs/low/a/weights/best").items()}
    first = {name: array for name, array in first.items() if name.startswith("low/backbone/")}
    head, last = at_step(straight, HEAD), arrays(straight / "weights" / "last")
    assert len(first) == 15 and sum("moving" in name for name in first) == 6
    assert {name: head[name].tobytes() for name in first} == {name: array.tobytes() for name, array in first.items()}
    assert not [name for name in last if last[name].tobytes() == head[name].tobytes()]
    report = json.loads((straight / "initial_weights.json").read_text())
    assert report["taken"].keys() == {name.replace(":", "/") for name in first}
    assert report["new"] == report["sources"][0]["left"] == ["digit/kernel", "digit/bias"]


def test_each_group_begins_at_its_rate(project: Path, straight: Path) -> None:
    """The first update of Adam is the learning rate wherever there is a gradient, as Kingma and Ba (2015) say in section 2.1."""
    stop(project, HEAD + 1, "--run-dir", "runs/high/next", "high.yaml")
    head, then = at_step(straight, HEAD), at_step(project / "runs/high/next", HEAD + 1)
    kernels = [name for name in head if name.endswith(":kernel")]
    largest = {name: float(np.abs(then[name] - head[name]).max()) for name in kernels}
    assert largest.pop("digit:kernel") == pytest.approx(RATE, rel=1e-3)
    assert len(largest) == 3 and [*largest.values()] == pytest.approx([RATE * FACTOR] * 3, rel=1e-3)


def stop(folder: Path, step: int, *arguments: str) -> None:
    """Train, or go on, up to `step`, and stop there by a signal."""
    with sending(step):
        ended = modelc("train", *arguments, "--no-baseline", "--checkpoint-every", f"{step} steps", cwd=folder)
    assert ended.code == 128 + signal.SIGTERM, ended.err


def kill(folder: Path, step: int, *arguments: str) -> None:
    """Train, or go on, up to `step`, and kill the process there; it has a checkpoint of the steps before."""
    options = ("--no-baseline", "--checkpoint-every", "7 steps")
    ended = in_new_process(folder, "train", *arguments, *options, moment=step, number=signal.SIGKILL)
    assert ended.code == -signal.SIGKILL, ended.err


@pytest.mark.parametrize(("steps", "ways"), [((33, 154), (stop, kill)), ((49, 163), (kill, stop))])
def test_stopped_in_each_phase_it_ends_in_the_same_bits(
    project: Path, straight: Path, steps: tuple[int, int], ways: tuple[Any, Any]
) -> None:
    run = f"runs/high/stopped_{steps[0]}"
    assert steps[0] < HEAD < steps[1] and steps[1] % PER_EPOCH
    ways[0](project, steps[0], "high.yaml", "--run-dir", run)
    ways[1](project, steps[1], "--resume", run)
    ended = modelc("train", "--resume", run, "--no-baseline", cwd=project)
    assert ended.code == 0, ended.err
    need_same(project / run, straight)


def test_a_training_of_phases_has_the_lengths_that_it_began_with(project: Path, straight: Path) -> None:
    done = modelc("train", "--resume", "runs/high/0", cwd=project)
    assert done.code == 4 and "is done, at step 200, at the end of its last phase" in done.err
    assert "another training can begin with its weights: `modelc train SPEC --initial-weights runs/high/0`" in done.err
    longer = modelc("train", "--resume", "runs/high/0", "--set", "train.phases.1.epochs=30", cwd=project)
    assert longer.code == 4 and "`--set` may change `train.early_stopping`\n" in longer.err, longer.err


def test_it_is_reproduced_scored_and_predicts(project: Path, straight: Path) -> None:
    again = modelc("reproduce", "runs/high/0", cwd=project)
    assert again.code == 0 and "identical to the bit" in again.out, again.out
    with np.load(project / "rest.npz") as rest:
        np.savez(project / "new.npz", image=rest["image"])
        meant = rest["digit"] + 5
    predicted = modelc("predict", "runs/high/0", "new.npz", "--output", "new.csv", cwd=project)
    assert predicted.code == 0, predicted.err
    with (project / "new.csv").open(encoding="utf-8", newline="") as file:
        found = [int(row["digit"]) for row in csv.DictReader(file)]
    assert np.mean(found == meant) == pytest.approx(accuracy(project, straight), abs=1e-6)


def test_it_is_better_than_training_from_nothing(project: Path, straight: Path, request: pytest.FixtureRequest) -> None:
    scores: dict[str, list[float]] = {"high": [accuracy(project, straight)], "nothing": []}
    for spec, seeds in (("high", (1, 2)), ("nothing", (0, 1, 2))):
        for seed in seeds:
            run = train(project, f"{spec}.yaml", f"{spec}/{seed}", "--set", f"train.seed={seed}")
            scores[spec].append(accuracy(project, run))
    if request.config.getoption("capture") == "no":
        print(scores)
    assert np.mean(scores["high"]) - np.mean(scores["nothing"]) > 0.02
    assert min(scores["high"]) > 0.66


def test_the_run_without_the_first_one_is_scored_too_and_not_repeated(project: Path, straight: Path) -> None:
    away = project / "runs" / "low_away"
    shutil.move(project / "runs" / "low", away)
    try:
        assert accuracy(project, straight) > 0.66
        again = modelc("reproduce", "runs/high/0", cwd=project)
        assert again.code == 4 and "'runs/low/a' is no run" in again.err, again.err
        assert "they are read there again" in again.err and f"put it back below '{project}'" in again.err
        assert "modelc train" not in again.err
    finally:
        shutil.move(away, project / "runs" / "low")
