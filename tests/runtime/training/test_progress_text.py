"""The lines of epochs and of the best one: what is monitored is always in them, and they fit a terminal."""

import pytest

from modelc.runtime.training.observer import EpochRecord
from modelc.runtime.training.progress_text import best_lines, epoch_text

PARTS, OUTPUTS = ("train", "validation"), ("kind", "price", "size")
METRICS = ("loss", "accuracy", "recall", "recall[a]", "recall[c]", "mean_absolute_error")
MANY = {
    f"{part}/{name}": value
    for part in PARTS
    for name, value in {"loss": 1.0, **{f"{of}/{metric}": 0.5 for of in OUTPUTS for metric in METRICS}}.items()
}
MONITOR = "validation/kind/recall[c]"


def line(values: dict[str, float], monitor: str, width: int | None = None, *, best: bool = False) -> str:
    return epoch_text(EpochRecord(3, 30, values, 1.0, best), 20, monitor, width)


def test_the_value_of_a_class_that_is_monitored_is_shown_and_no_other() -> None:
    for width in (None, 120, 80, 20):
        assert "kind/recall[c] 0.5000" in line(MANY, MONITOR, width)
        assert "recall[a]" not in line(MANY, MONITOR, width) and "price/recall[c]" not in line(MANY, MONITOR, width)
    (*_, said) = best_lines({key: MANY[key] for key in (MONITOR, "validation/kind/recall")}, MONITOR, "best", None)
    assert "recall[c] 0.5000" in said


@pytest.mark.parametrize("width", [90, 120, 200])
@pytest.mark.parametrize("best", [False, True])
def test_a_line_fits_the_terminal_and_says_how_many_values_it_leaves_out(width: int, best: bool) -> None:
    said = line(MANY, MONITOR, width, best=best)
    assert len(said) + len("   best") * best <= width
    assert "validation: loss 1.0000" in said and ("train: loss 1.0000" in said or width == 90)
    shown = len([word for word in said.split() if word.startswith(("0.5000", "1.0000"))])
    assert f"   and {27 - shown} more   1.0 s" in said
    # One more would not have fitted.
    assert len(said) > width - len(", price/mean_absolute_error 0.5000") - len("   best")


def test_a_pipe_has_all_values_in_one_line_an_epoch() -> None:
    said = line(MANY, MONITOR)
    assert said.count(" 0.5000") == 25 and "more" not in said and "\n" not in said


def test_a_short_line_is_what_it_was() -> None:
    values = {"train/loss": 0.2101, "validation/loss": 0.1802}
    assert line(values, "validation/loss", 80) == "epoch  3/20   train: loss 0.2101   validation: loss 0.1802   1.0 s"
    begin = "best epoch 3 by validation/loss"
    assert best_lines(values, "validation/loss", begin, 80) == [
        f"{begin}:   train: loss 0.2101   validation: loss 0.1802"
    ]


def test_many_values_of_the_best_epoch_have_a_line_for_each_output() -> None:
    lines = best_lines(MANY, MONITOR, f"best epoch 3 by {MONITOR}", None)
    assert lines[:3] == [
        f"best epoch 3 by {MONITOR}: 0.5000",
        "  train             loss 1.0000",
        "  train/kind        loss 0.5000, accuracy 0.5000, recall 0.5000, mean_absolute_error 0.5000",
    ]
    assert "  validation/kind   loss 0.5000, accuracy 0.5000, recall 0.5000, recall[c] 0.5000" in lines[6]
    assert len(lines) == 9
