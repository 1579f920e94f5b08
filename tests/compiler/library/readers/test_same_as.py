"""The reader that hands an input on as a target."""

import numpy as np
import pytest

from modelc.compiler.diagnostics.exceptions import PlanError
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.data_source import Column
from modelc.compiler.library.readers import READERS


def test_it_names_an_input_and_gives_its_finished_array() -> None:
    reader = READERS.build({"same_as": "image"})
    array = np.ones((2, 3), np.float32)
    assert (reader.subject, reader.origin) == ("image", "input")
    assert reader.plan(None, None) is None
    assert reader.plan({"image": Column(TensorType((3,)))}, None) == TensorType((3,))
    assert reader.read({"image": array}, None) is array


def test_another_dtype_is_refused() -> None:
    with pytest.raises(PlanError) as caught:
        READERS.build({"same_as": "image"}).plan({"image": Column(TensorType((3,)))}, TensorType((3,), "int32"))
    assert caught.value.code == "E402"
