"""The order of an epoch is a pure function of its seed and number; that of blocks keeps neighbours together, and any part of it is
found without the rest.
"""

import numpy as np
import pytest

from modelc.compiler.language.settings import Blocks
from modelc.runtime.data.block_order import NEIGHBOURS
from modelc.runtime.data.order import Batches, Order

ROWS = (1, 7, 29, 100, 1000)
SHUFFLED = [6, 7, 8, 4, 11, 0, 1, 5, 10, 3, 9, 2]
OF_ONE = [8, 10, 3, 0, 11, 6, 9, 1, 2, 4, 7, 5]
OF_FOUR = [4, 12, 2, 14, 23, 20, 9, 21, 22, 8, 11, 10]
BLOCKS = (1, 2, 3, 10, 37, 5000)


@pytest.mark.parametrize("rows", ROWS)
@pytest.mark.parametrize("size", BLOCKS)
def test_each_epoch_has_every_row_once_wherever_it_is_cut(rows: int, size: int) -> None:
    for epoch in (1, 2):
        order = Order(3, epoch, rows, Blocks(size))
        whole = order.between(0, rows)
        assert sorted(whole) == list(range(rows))
        for start in range(0, rows, 11):
            stop = min(start + 17, rows)
            np.testing.assert_array_equal(order.between(start, stop), whole[start:stop])
            extents = order.extents(start, stop)
            assert all(any(first <= row < last for first, last in extents) for row in whole[start:stop])


def test_rows_of_a_few_blocks_come_together_and_in_no_order() -> None:
    size, rows = 10, 1000
    order = Order(0, 1, rows, Blocks(size))
    whole = order.between(0, rows)
    group = NEIGHBOURS * size
    for start in range(0, rows, group):
        blocks = set((whole[start : start + group] // size).tolist())
        assert len(blocks) == len(whole[start : start + group]) // size
    inside = np.abs(np.diff(whole[:group]))
    assert (inside > 1).mean() > 0.9
    assert sorted(set((whole[:group] // size).tolist())) != list(range(NEIGHBOURS))
    assert sum(stop - start for start, stop in order.extents(0, group)) == group


def test_seed_and_epoch_draw_another_order() -> None:
    orders = [Order(seed, epoch, 200, Blocks(5)).between(0, 200).tolist() for seed in (0, 1) for epoch in (1, 2)]
    assert len(set(map(tuple, orders))) == 4
    assert orders[0] == Order(0, 1, 200, Blocks(5)).between(0, 200).tolist()


def test_the_draws_stay_what_they_are() -> None:
    assert Order(7, 2, 12, True).between(0, 12).tolist() == SHUFFLED
    assert Order(7, 2, 12, Blocks(1)).between(0, 12).tolist() == OF_ONE
    assert Order(7, 2, 40, Blocks(4)).between(28, 40).tolist() == OF_FOUR


def test_a_smaller_last_batch_repeats_its_own_rows() -> None:
    batches = Batches(Order(0, 1, 10), 4)
    assert len(batches) == 3
    rows, valid = batches.steps(1, 4)
    assert rows.tolist() == [[4, 5, 6, 7], *[[8, 9, 8, 9]] * 3]
    assert valid.tolist() == [4, 2, 2, 2]
    rows, valid = batches.steps(7, 1)
    assert rows.tolist() == [[8, 9, 8, 9]] and valid.tolist() == [2]
