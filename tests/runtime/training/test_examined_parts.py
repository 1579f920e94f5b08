"""The parts of a batch are examined as the step computes them: with its rows, random numbers, statistics and counts."""

from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from modelc.compiler.library.base.prng import derive, root_key
from modelc.compiler.lowering.prepared_task import prepare
from modelc.runtime.data.order import batches_of
from modelc.runtime.training.examination import Examined
from modelc.runtime.training.examined_parts import examined_parts
from modelc.runtime.training.loop_state import weights_of
from modelc.runtime.training.replay import batch_of
from tests.runtime.kinds import raw_of, rows_in
from tests.runtime.small import ready
from tests.runtime.training.test_resume import Keeper, loop_of
from tests.runtime.watching import Watcher


@pytest.mark.parametrize("kind", ["image", "series", "weighted", "blocks"])
def test_what_the_parts_of_a_step_come_to_is_what_the_step_did(kind: str, tmp_path: Path) -> None:
    raw = raw_of(kind)
    raw["train"] |= {"gradient_accumulation": 2, "batch_size": 8, "epochs": 1}
    root = rows_in(tmp_path)
    keeper, watcher = Keeper(), Watcher()
    loop = loop_of(raw, root, 1, watcher, keeper)
    loop.run(loop.first())
    before, after = keeper.kept[0], keeper.kept[1]
    task, dataset = ready(raw, root)
    prepared = prepare(task)
    assert prepared.training is not None
    settings = prepared.training.settings
    (indices,), (valid,) = batches_of(settings, dataset.train.rows, None)(1).steps(1, 1)
    params, state = weights_of(before)
    key = derive(root_key(settings.seed), "step", jnp.int32(1))
    found = [*examined_parts(prepared, params, state, batch_of(dataset.train, indices, int(valid)), key)]
    assert sorted(row for one in found for row in one.batch.indices) == sorted(indices)

    total = sum(next(iter(one.examined.losses.values())) for one in found)
    steps = watcher.losses
    rows = counts_of(kind, dataset, indices)
    # The mean so far, of one batch and of two.
    first = counts_of(kind, dataset, batches_of(settings, dataset.train.rows, None)(1).steps(0, 1)[0][0])
    assert total == pytest.approx(steps[1] * (first + rows) - steps[0] * first, rel=1e-4)
    need_state(found[-1].examined, weights_of(after)[1], kind)


def counts_of(kind: str, dataset: Any, indices: Any) -> float:
    return float(dataset.train.targets["counts"][indices].sum()) if kind == "weighted" else float(len(indices))


def need_state(found: Examined, wanted: Any, kind: str) -> None:
    """The statistics behind the last part are those behind the step; what is handed on by rows is of half of them."""
    names = [(path, name) for path, named in found.state.items() for name in named]
    assert names or kind not in ("image", "series")
    for path, name in names:
        mine, step = np.asarray(found.state[path][name]), np.asarray(wanted[path][name])
        step = step[1::2] if kind == "series" and mine.shape != step.shape else step
        np.testing.assert_allclose(mine, step, rtol=1e-4, atol=1e-6)
