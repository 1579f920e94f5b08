"""Training over a repeat that is computed as one loop: the same weights as over the copies in sequence."""

from pathlib import Path
from typing import Any

import pytest

from modelc.compiler.lowering.prepared_task import prepare
from modelc.runtime.evaluate import evaluate, predict
from modelc.runtime.training.execution import Execution
from modelc.runtime.training.loop import fit
from tests.compiler.lowering.test_rolled_repeats import largest_difference, raw, unrolled
from tests.runtime.small import ready, write_rows
from tests.runtime.watching import Watcher


@pytest.mark.parametrize("optimizer", [{"sgd": 0.1}, {"adamw": {"learning_rate": 0.01, "weight_decay": 0.1}}])
def test_training_is_that_of_the_copies(tmp_path: Path, optimizer: Any) -> None:
    root = write_rows(tmp_path)
    task, dataset = ready(raw(optimizer=optimizer, epochs=2), root)
    execution = Execution("scan", 4, "for a test")
    prepared, found = prepare(task), []
    for one in (prepared, unrolled(prepared)):
        watching = Watcher()
        fit(one, dataset, execution, watching, lambda: False)
        found.append(watching)
    first, second = (watching.snapshots[-1] for watching in found)
    assert set(first.params) == set(second.params) and "Body/3/residual/dense" in first.params
    assert largest_difference((first.params, first.state), (second.params, second.state)) < 1e-5
    scores = evaluate(prepared, first.params, first.state, dataset.train)
    assert scores["loss"] == pytest.approx(found[0].records[-1].values["train/loss"], rel=0.5)
    predicted = predict(prepared, first.params, first.state, dataset.train.inputs, dataset.train.rows)
    assert predicted["y"].shape == (29, 3)
