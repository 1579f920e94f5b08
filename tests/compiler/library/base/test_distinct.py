"""The distinct values of arrays, also of texts that NumPy's own way to sort them ends the process with."""

import numpy as np
import pytest

from modelc.compiler.library.base.distinct import distinct


def test_texts_that_are_there_twice_in_their_order_are_found() -> None:
    names = sorted(f"{number % 4}_{number}" for number in range(1_500)) * 2
    found = distinct(np.array(names, np.dtypes.StringDType()))
    assert found.values.tolist() == names[:1_500] and found.first.tolist() == [*range(1_500)]
    assert found.among.tolist() == [*range(1_500)] * 2 and set(found.counts.tolist()) == {2}


@pytest.mark.parametrize("values", [[["b", "a"], ["b", "c"]], [3, 1, 3], [True, False], [b"b", b"a"]])
def test_values_of_any_kind_are_sorted(values: list[object]) -> None:
    array = np.array(values)
    found = distinct(array)
    assert found.values.tolist() == sorted(set(array.ravel().tolist()))
    assert found.values[found.among].tolist() == array.ravel().tolist()
    assert array.ravel()[found.first].tolist() == found.values.tolist()
