"""What a training does beside its optimizer is said: by the summary, and before training."""

import json
from pathlib import Path

import numpy as np
import pytest

from modelc.compiler.explain.training_facts import training_facts
from modelc.compiler.language.settings import Clipping, EarlyStopping, GroupSpec, Settings
from tests.cli.commands import modelc


@pytest.mark.parametrize(
    ("settings", "facts"),
    [
        (Settings(), {}),
        (Settings(freeze=("body", "**/bias")), {"frozen": "body, **/bias"}),
        (
            Settings(param_groups=(GroupSpec(("body",), 0, 0.1), GroupSpec(("a", "b"), 1, 2.0, 0.0))),
            {"groups": "body: learning rate times 0.1; a, b: learning rate times 2, weight decay 0"},
        ),
        (
            Settings(batch_size=64, gradient_accumulation=4, clip_gradients=Clipping("global_norm", 1.0)),
            {"gradients": "accumulated over 4 parts of 16 rows, clipped to a global norm of 1"},
        ),
        (Settings(clip_gradients=Clipping("norm", 0.5)), {"gradients": "each weight's clipped to a norm of 0.5"}),
        (
            Settings(clip_gradients=Clipping("value", 0.5), gradient_checkpointing=True),
            {"gradients": "clipped to values of 0.5, with values computed again"},
        ),
        (
            Settings(gradient_checkpointing=("encoder/*",)),
            {"gradients": "with values of encoder/* computed again"},
        ),
        (
            Settings(weight_averaging=0.95),
            {"averages": "of the weights, by 0.95 a step: validation and saved weights are these, train/... is not"},
        ),
        (Settings(validate_every=2), {"evaluated": "every 2 epochs, and at the end"}),
        (
            Settings(early_stopping=EarlyStopping(5)),
            {"early stopping": "after 5 epochs without a better validation/loss"},
        ),
        (
            Settings(validate_every=2, early_stopping=EarlyStopping(5, 0.001, 6)),
            {
                "evaluated": "every 2 epochs, and at the end",
                "early stopping": "after 5 evaluations without a better validation/loss by more than 0.001, the first 6 epochs not counted",
            },
        ),
    ],
)
def test_what_a_training_does_is_said_in_words(settings: Settings, facts: dict[str, str]) -> None:
    assert dict(training_facts(settings, "validation/loss")) == facts


def test_summary_and_training_say_it_of_the_whole_and_of_a_phase_what_differs(tmp_path: Path) -> None:
    np.savez(tmp_path / "rows.npz", x=np.zeros((8, 3), "float32"), y=np.zeros(8, "float32"))
    train = {
        "loss": "mean_squared_error",
        "optimizer": "adam",
        "batch_size": 4,
        "gradient_accumulation": 2,
        "phases": [
            {"name": "head", "epochs": 1, "freeze": ["body"]},
            {"name": "all", "epochs": 1, "clip_gradients": {"value": 0.5}},
        ],
    }
    spec = {
        "modelc": 1,
        "model": {"inputs": {"x": {"shape": [3]}}, "layers": [{"dense": 2, "name": "body"}, {"dense": 1, "name": "y"}]},
        "data": {"source": {"npz": "rows.npz"}},
        "train": train,
    }
    (tmp_path / "spec.json").write_text(json.dumps(spec), encoding="utf-8")
    for command in ("summary", "train"):
        out = modelc(command, "spec.json", cwd=tmp_path).out
        found = {line.strip().partition("  ")[0]: line for line in out.splitlines()}
        assert found["gradients"].endswith("  accumulated over 2 parts of 2 rows")
        assert found["phase head"].endswith("; frozen body")
        assert found["phase all"].endswith("; gradients accumulated over 2 parts of 2 rows, clipped to values of 0.5")
