"""What `modelc.train` shows: lines on a terminal, one output in a notebook, nothing in a program whose output is piped."""

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

import modelc
from modelc.runtime.epoch_display import SHOWN, Cell, display_of
from modelc.runtime.training.observer import EpochRecord, Progress

SPEC: dict[str, Any] = {
    "modelc": 1,
    "model": {"inputs": {"x": {"shape": [1]}}, "layers": [{"dense": 1, "name": "y"}]},
    "data": {"targets": {"y": {"array": "y"}}},
    "train": {"loss": "mean_squared_error", "optimizer": {"sgd": 0.1}, "epochs": 2},
}
ROWS = {"x": [[1.0], [2.0]] * 8, "y": [2.0, 4.0] * 8}


class Notebook:
    """IPython with a kernel, as far as it is used; `outputs` are those of a cell, as they are in the end."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.outputs: list[dict[str, str]] = []
        self.changes = 0
        ipython, shown = ModuleType("IPython"), ModuleType("IPython.display")
        vars(ipython)["get_ipython"] = lambda: SimpleNamespace(kernel=object())
        vars(shown)["display"] = self.display
        monkeypatch.setitem(sys.modules, "IPython", ipython)
        monkeypatch.setitem(sys.modules, "IPython.display", shown)

    def display(self, data: dict[str, str], *, raw: bool, display_id: bool) -> SimpleNamespace:
        assert raw and display_id
        self.outputs.append(data)
        place = len(self.outputs) - 1

        def update(data: dict[str, str], *, raw: bool) -> None:
            assert raw
            self.changes += 1
            self.outputs[place] = data

        return SimpleNamespace(update=update)


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> Notebook:
    return Notebook(monkeypatch)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MODELC_CACHE", str(tmp_path / "cache"))


def record(epoch: int, *, best: bool = False) -> EpochRecord:
    return EpochRecord(epoch, epoch, {"train/loss": 1 / epoch}, 0.1, best)


def unused() -> Any:
    raise AssertionError("weights are copied for nothing")


def test_a_training_prints_lines_where_it_is_asked_to(capsys: pytest.CaptureFixture[str]) -> None:
    run = modelc.train(SPEC, data=ROWS, run_dir="shown", progress=True)
    printed = capsys.readouterr().out.splitlines()
    *printed, ended, best, where = printed
    assert [line.split("   ")[0] for line in printed] == [printed[0], "epoch 1/2", "epoch 2/2"]
    assert printed[0].startswith("first step after ")
    assert ended.startswith("finished 2 epochs; ") and where == "run: shown"
    assert best.startswith("best epoch ") and " by train/loss:   train: loss " in best
    assert f"loss {run.history[1]['train/loss']:.4f}" in printed[2]
    # A pipe is no terminal.
    modelc.train(SPEC, data=ROWS, run_dir="silent")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"progress": "bar"}, "`progress` is True, False or None"),
        ({"run_dir": 1}, "`run_dir` is the path of a folder, not int"),
    ],
)
def test_what_is_no_answer_and_no_folder_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(TypeError, match=said):
        modelc.train(SPEC, data=ROWS, **given)
    assert not Path("runs").exists()


def test_a_training_in_a_notebook_has_one_output(notebook: Notebook, capsys: pytest.CaptureFixture[str]) -> None:
    run = modelc.train(SPEC, data=ROWS, run_dir="cell")
    (output,) = notebook.outputs
    lines = output["text/plain"].splitlines()
    assert [line.split("   ")[0] for line in lines] == [lines[0], "epoch 1/2", "epoch 2/2"]
    assert f"loss {run.history[1]['train/loss']:.4f}" in lines[2]
    assert output["text/html"] == f"<pre>{output['text/plain']}</pre>"
    assert capsys.readouterr().out == ""
    modelc.train(SPEC, data=ROWS, run_dir="none", progress=False)
    assert len(notebook.outputs) == 1


def test_the_output_of_a_notebook_keeps_the_last_epochs_and_the_best(notebook: Notebook) -> None:
    cell = display_of(None, 1000, lambda line: pytest.fail(line), on_terminal=False)
    assert isinstance(cell, Cell)
    for epoch in range(1, 1001):
        cell.epoch(record(epoch, best=epoch == 7), unused)
    # It is not changed a thousand times in less than a second.
    assert notebook.changes < 50
    cell.close()
    lines = notebook.outputs[0]["text/plain"].splitlines()
    assert len(lines) == SHOWN + 2
    assert lines[0].startswith("epoch    7/1000") and lines[0].endswith("best")
    assert lines[1] == "..." and lines[-1].startswith("epoch 1000/1000   train: loss 0.0010 ")


def test_an_epoch_that_runs_has_a_bar_and_names_are_no_markup(notebook: Notebook) -> None:
    cell = Cell(3)
    cell.compiled(1.0)
    cell.next_show = 0.0
    cell.progress(Progress(2, 3, 50, 200, lambda: {"train/<script>/loss": 0.25}, 10.0, 15.0, 250))
    shown = notebook.outputs[0]
    live = "epoch 2/3   [=====               ] 50/200   train: <script>/loss 0.2500   10 steps/s   15 s left"
    assert shown["text/plain"].splitlines()[-1] == live
    assert "<script>" not in shown["text/html"] and "&lt;script&gt;/loss" in shown["text/html"]
    cell.unscored(record(2), "validation/r2")
    cell.close()
    assert "`validation/r2` is NaN in epoch 2" in notebook.outputs[0]["text/plain"]
    assert live not in notebook.outputs[0]["text/plain"]
