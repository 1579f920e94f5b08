"""The rows of a step follow from the seed, the epoch and its place alone, in whatever spans they are asked for."""

from pathlib import Path

import numpy as np
import pytest

from modelc.compiler.lowering.prepared_task import prepare
from modelc.runtime.training.feeding import ResidentRows
from modelc.runtime.training.step import make
from tests.runtime.small import ready, spec, write_rows


@pytest.mark.parametrize("shuffle", [True, False])
def test_each_step_has_the_same_rows_in_spans_of_any_length_and_order(tmp_path: Path, shuffle: bool) -> None:
    task, dataset = ready(spec(shuffle=shuffle), write_rows(tmp_path))
    prepared = prepare(task)
    assert prepared.training is not None
    settings, placement = prepared.training.settings, make(prepared, 8).placement
    feed = ResidentRows(dataset.train, settings, placement)
    seen = []
    for epoch in (2, 1):
        whole = feed.span(epoch, 0, 4)
        assert [int(valid) for valid in whole.valid] == [8, 8, 8, 5]
        rows = np.concatenate([one[:count] for one, count in zip(whole.indices, whole.valid, strict=True)])
        assert sorted(rows) == list(range(29))
        for start, steps in ((3, 1), (0, 2), (2, 2), (1, 5)):
            part = feed.span(epoch, start, steps)
            wanted = np.minimum(np.arange(start, start + steps), 3)
            np.testing.assert_array_equal(part.indices, np.asarray(whole.indices)[wanted])
            np.testing.assert_array_equal(part.valid, np.asarray(whole.valid)[wanted])
        seen.append(rows.tolist())
    assert (seen[0] != seen[1]) == shuffle
