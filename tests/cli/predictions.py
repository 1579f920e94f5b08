"""Predictions of the run `run` in a folder, as a user asks for them."""

from pathlib import Path

from tests.cli.commands import Ended, modelc
from tests.cli.test_predict import table


def answers(folder: Path, *arguments: str) -> list[str]:
    """The first column of what is predicted."""
    ended = modelc("predict", "run", *arguments, "--output", "out.csv", cwd=folder)
    assert ended.code == 0, ended.err
    return [line[0] for line in table(folder / "out.csv")[1]]


def refused(folder: Path, *arguments: str) -> Ended:
    """What is said of rows that cannot be predicted."""
    ended = modelc("predict", "run", *arguments, "--output", "out.csv", cwd=folder)
    assert ended.code == 4 and "Traceback" not in ended.err
    return ended
