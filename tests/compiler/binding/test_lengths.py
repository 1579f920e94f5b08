"""How long a training is and when it is evaluated: what does not fit the data or the schedule is said at its line."""

import pytest

from modelc.compiler.api import check

SPEC = """modelc: 1
model:
  inputs: {x: {shape: [8]}}
  layers: [{dense: 1, name: y}]
data: {source: {npz: r.npz}VALIDATION}
train:
  loss: mean_squared_error
  optimizer: adam
"""
SPLIT = SPEC.replace("VALIDATION", ", validation: 0.2")
WHOLE = SPEC.replace("VALIDATION", "")


def test_evaluations_of_no_rows_are_a_warning() -> None:
    (problem,) = check(f"{WHOLE}  epochs: 5\n  validate_every: 2\n", "spec.yaml").problems
    assert (problem.code, problem.label.place.line) == ("W912", 10)
    assert not check(f"{SPLIT}  epochs: 5\n  validate_every: 2\n", "spec.yaml").problems


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("check_val_every_n_epoch: 2", "did you mean `validate_every`?"),
        ("validation_freq: 2", "did you mean `validate_every`?"),
        ("eval_steps: 100", "`validate_every: N` counts epochs"),
        ("val_check_interval: 0.25", "`validate_every: N` counts epochs"),
    ],
)
def test_words_of_others_are_answered_with_what_to_write(keys: str, said: str) -> None:
    (problem,) = check(f"{SPLIT}  epochs: 5\n  {keys}\n", "spec.yaml").errors
    assert said in problem.helps[0]
