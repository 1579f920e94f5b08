"""The digits in the package against scikit-learn's copy."""

from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

from modelc.compiler.library.contracts.data_source import column_of
from modelc.compiler.library.sources import SOURCES
from modelc.compiler.syntax.file_root import Root

ROOT = Root(Path("nowhere"), Path("nowhere"))


def test_digits_are_those_of_scikit_learn() -> None:
    loaded = SOURCES.build("digits").load(ROOT)
    reference = load_digits()
    assert loaded.test is None
    np.testing.assert_array_equal(loaded.train["image"], reference.images)
    np.testing.assert_array_equal(loaded.train["label"], reference.target)


def test_what_is_said_without_reading_is_true() -> None:
    source = SOURCES.build("digits")
    columns, train = source.inspect(ROOT).columns, source.load(ROOT).train
    assert columns is not None and columns == source.columns()
    assert columns.keys() == train.keys()
    for name, column in columns.items():
        assert (column.type, column.rows) == (column_of(train[name]).type, len(train[name]))
    assert columns["label"].classes == train["label"].max() + 1


def test_the_licence_is_beside_the_data() -> None:
    import modelc.compiler.library.sources.digits as module

    text = Path(str(module.__file__)).with_name("digits.txt").read_text()
    assert "CC BY 4.0" in text
    assert "10.24432/C50P49" in text
