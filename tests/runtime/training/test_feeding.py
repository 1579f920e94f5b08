"""The rows of a step follow from the seed, the epoch and its place alone, in whatever spans they are asked for, and however they come
to the device.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelc.compiler.language.settings import Blocks
from modelc.compiler.lowering.prepared_task import prepare
from modelc.runtime.data.order import batches_of
from modelc.runtime.training import gathered_rows
from modelc.runtime.training.feeding import Span, feed_of
from modelc.runtime.training.placement import place
from tests.runtime.small import ready, spec, write_rows

WAYS = ("resident", "mapped")
ROW = 4 * 4 + 4
"""The bytes of a row of `small`: four numbers and a label."""


def rows_of(span: Span, step: int) -> dict[str, np.ndarray[Any, Any]]:
    """The rows of a step, as the compiled step takes them."""
    found = {**span.data["inputs"], **span.data["targets"]}
    return {name: np.asarray(array[np.asarray(span.indices)[step]]) for name, array in found.items()}


@pytest.mark.parametrize("bytes_at_once", [1, 3 * 8 * ROW, 2**20])
@pytest.mark.parametrize("shuffle", [True, False, Blocks(3)])
@pytest.mark.parametrize("way", WAYS)
def test_each_step_has_the_same_rows_in_spans_of_any_length_and_order(
    tmp_path: Path, way: Any, shuffle: bool | Blocks, bytes_at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathered_rows, "MOST_BYTES", bytes_at_once)
    task, dataset = ready(spec(), write_rows(tmp_path))
    prepared = prepare(task)
    assert prepared.training is not None
    settings = prepared.training.settings._replace(shuffle=shuffle)
    feed = feed_of(dataset.train, batches_of(settings, 29), place(prepared), way, 2)
    seen = []
    for epoch in (2, 1):
        indices, valid = batches_of(settings, 29)(epoch).steps(0, 4)
        assert valid.tolist() == [8, 8, 8, 5]
        rows = np.concatenate([one[:count] for one, count in zip(indices, valid, strict=True)])
        assert sorted(rows) == list(range(29))
        for start, steps in ((3, 1), (0, 2), (2, 2), (1, 5), (0, 4)):
            span, wanted = None, np.minimum(np.arange(start, start + steps), 3)
            for step in range(steps):
                if span is None or step == span.until:
                    span = feed.span(epoch, start, steps, step)
                found = rows_of(span, step)
                np.testing.assert_array_equal(found["x"], dataset.train.inputs["x"][indices[wanted[step]]])
                np.testing.assert_array_equal(found["y"], dataset.train.targets["y"][indices[wanted[step]]])
                np.testing.assert_array_equal(span.valid, valid[wanted])
            with_rows = steps if way == "resident" else max(1, min(steps, bytes_at_once // (8 * ROW)))
            assert span is not None and span.until % with_rows in (0, steps % with_rows)
        seen.append(rows.tolist())
    assert (seen[0] != seen[1]) == bool(shuffle)
