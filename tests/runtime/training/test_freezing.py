"""What is frozen stays as it is, to the bit, and training is that of the rest on what the frozen part gives in prediction."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import modelc
from modelc.compiler.lowering.prepared_task import prepare
from modelc.compiler.syntax.file_root import Root
from modelc.runtime.evaluate import evaluate, predict
from modelc.runtime.training.execution import Execution
from modelc.runtime.training.loop import Loop
from modelc.runtime.training.observer import Snapshot
from tests.runtime.small import ready, spec, write_rows
from tests.runtime.training.test_resume import Keeper
from tests.runtime.watching import Watcher

ROWS = 29
DECAYED: dict[str, Any] = {"adamw": {"learning_rate": 0.05, "weight_decay": 0.3}}
BODY: list[Any] = [
    {
        "spectral_norm": {
            "layer": {"dense": {"units": 6, "kernel_regularizer": {"l2": 0.1}, "kernel_constraint": "max_norm"}}
        }
    },
    "batch_norm",
    "relu",
]
HEAD = {"dense": {"units": 3, "activation": "softmax"}, "name": "y"}
BY_SPEC = [{"layers": BODY, "name": "body", "trainable": False}, HEAD]
BY_PATH = [{"layers": BODY, "name": "body"}, HEAD]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Root:
    return write_rows(tmp_path_factory.mktemp("rows"), ROWS)


def trained(raw: dict[str, Any], root: Root) -> tuple[Snapshot, Snapshot, Watcher, Keeper]:
    """The weights at the beginning and at the end."""
    task, dataset = ready(raw, root)
    watcher, keeper = Watcher(), Keeper()
    loop = Loop(prepare(task), dataset, Execution("scan", 256, "test"), watcher, lambda: False, keeper)
    first = loop.first()
    begun = loop.weights(first)()
    loop.run(first)
    return begun, watcher.snapshots[-1], watcher, keeper


def changed(begun: Snapshot, ended: Snapshot) -> set[str]:
    """The paths of all arrays that are not the same bits."""
    return {
        f"{path}/{name}"
        for before, after in ((begun.params, ended.params), (begun.state, ended.state))
        for path, arrays in before.items()
        for name, array in arrays.items()
        if array.tobytes() != after[path][name].tobytes()
    }


def head_alone(layers: list[Any], begun: Snapshot, folder: Path) -> Snapshot:
    """The head, trained on what the layers before it give in prediction. Its first weights are drawn by its path, as ever."""
    before = {"modelc": 1, "model": {"inputs": {"x": {"shape": [4]}}, "layers": layers[:1]}}
    columns = np.load(write_rows(folder, ROWS).folder / "rows.npz")
    task = prepare(modelc.load(before))
    (features,) = predict(task, begun.params, begun.state, {"x": columns["x"]}, ROWS).values()
    raw = spec([HEAD], optimizer=DECAYED)
    raw["model"]["inputs"]["x"]["shape"] = [features.shape[-1]]
    alone, ended, _, _ = trained(raw, write_rows(folder, ROWS, x=np.asarray(features)))
    assert alone.params["y"]["kernel"].tobytes() == begun.params["y"]["kernel"].tobytes()
    return ended


@pytest.mark.parametrize(("layers", "freeze"), [(BY_SPEC, None), (BY_PATH, ["body"])])
def test_frozen_weights_and_statistics_are_the_same_bits_and_the_rest_is_trained_on_what_they_predict(
    layers: list[Any], freeze: list[str] | None, root: Root, tmp_path: Path
) -> None:
    begun, ended, watcher, keeper = trained(spec(layers, optimizer=DECAYED, freeze=freeze), root)
    assert changed(begun, ended) == {"y/kernel", "y/bias"}
    kept = keeper.kept[-1].arrays["optimizer"]
    assert any("kernel" in name for name in kept) and not any("body" in name for name in kept)
    alone = head_alone(layers, begun, tmp_path)
    for name, array in ended.params["y"].items():
        np.testing.assert_allclose(array, alone.params["y"][name], rtol=1e-5, atol=1e-6)
    assert watcher.records[-1].values["train/loss"] < watcher.records[0].values["train/loss"]


def test_a_weight_a_copy_of_a_repeat_and_statistics_alone_are_frozen_by_their_paths(root: Root) -> None:
    layers: list[Any] = [{"layers": [{"dense": 4}, "batch_norm"], "name": "body", "repeat": 8}, HEAD]
    raw = spec(layers, optimizer=DECAYED, epochs=1, batch_size=16, freeze=["body"])
    assert len(prepare(ready(raw, root)[0]).rolls) == 1
    begun, ended, _, keeper = trained(raw, root)
    assert changed(begun, ended) == {"y/kernel", "y/bias"}
    assert not any("body" in name for name in keeper.kept[-1].arrays["optimizer"])
    raw["train"]["freeze"] = ["body/3", "**/bias", "body/*/**/moving_mean", "**/moving_variance"]
    assert not prepare(ready(raw, root)[0]).rolls
    begun, ended, _, _ = trained(raw, root)
    expected = {
        f"body/{index}/{name}" for index in range(8) if index != 3 for name in ("dense/kernel", "batch_norm/gamma")
    }
    expected |= {name.replace("gamma", "beta") for name in expected}
    assert changed(begun, ended) == expected | {"y/kernel"}


def test_dropout_of_what_is_frozen_goes_on(root: Root) -> None:
    dropped = [{"layers": [{"dense": 6}, {"dropout": 0.5}], "name": "body", "trainable": False}, HEAD]
    raw = spec(dropped, optimizer={"sgd": 1e-30}, epochs=1)
    _, ended, watcher, _ = trained(raw, root)
    task, dataset = ready(raw, root)
    still = evaluate(prepare(task), ended.params, ended.state, dataset.train)["loss"]
    assert abs(watcher.records[0].values["train/loss"] - still) > 0.01


def test_a_step_over_a_frozen_part_computes_less(root: Root) -> None:
    wide = [{"layers": [{"dense": 64}, "tanh", {"dense": 64}, "tanh"], "name": "body"}, HEAD]
    flops = []
    for freeze in (None, ["body"]):
        task, dataset = ready(spec(wide, freeze=freeze), root)
        loop = Loop(prepare(task), dataset, Execution("scan", 256, "test"), Watcher(), lambda: False, Keeper())
        span = loop.feed.span(1, 0, loop.span, 0)
        arguments = loop.steps.first(), loop.zero, span.data, span.indices, span.valid, np.int32(0)
        cost: Any = loop.steps.single.lower(*arguments).cost_analysis()  # type: ignore[attr-defined]  # a jitted function
        flops.append(cost["flops"])
    # The backward pass takes twice what the forward pass does.
    assert flops[1] < 0.5 * flops[0]
