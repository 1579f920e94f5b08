"""Compares the columns of the test rows of a source with those of its training rows."""

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.base.tensor_type import show_shape
from modelc.compiler.library.contracts.data_source import FileColumns


def check_alike(train: FileColumns, test: FileColumns, train_path: str, test_path: str) -> None:
    """Raise RunError E404 where a column has other rows in the test file than in the training file, or is missing; E405 where it
    can be none there.
    """
    for name, column in train.items():
        if name in test.refused:
            raise test.refused[name]
        if name not in test:
            raise RunError("E404", f"the column `{name}` of {train_path!r} is missing in {test_path!r}")
        given, taken = test[name].type, column.type
        if given is not None and taken is not None and given.shape != taken.shape:
            raise RunError(
                "E404",
                f"one row of the column `{name}` has shape {show_shape(taken.shape)} in {train_path!r} and "
                f"{show_shape(given.shape)} in {test_path!r}",
            )
