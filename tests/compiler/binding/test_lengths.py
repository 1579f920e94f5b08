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
        ("max_time: 10 min", "did you mean `time`?"),
        ("callbacks: [{Timer: {duration: '00:00:10:00'}}]", "write `time: 10 min`, beside `epochs`"),
        ("time: 600", "write `time: 10 min`, in `s`, `min` or `h`"),
        ("time: '00:12:00:30'", "write `time: 43230 s`, in `s`, `min` or `h`"),
        ("max_time: '00:12:00:30'", "write `time: 43230 s`, in `s`, `min` or `h`"),
        ("max_time: {hours: 1, minutes: 30}", "write `time: 90 min`, in `s`, `min` or `h`"),
        ("time_limit: 7200", "write `time: 2 h`, in `s`, `min` or `h`"),
        ("max_minutes: 45", "write `time: 45 min`, beside `epochs` or `steps` or in their place"),
        ("max_hours: 1.5", "write `time: 90 min`, beside"),
        ("max_train_time: 90", "write `time: 90 s`, beside"),
        ("time_budget: 1 hour", "write `time: 1 h`, beside"),
        ("callbacks: ['Timer(duration=\"00:00:10:00\")']", "write `time: 10 min`, beside `epochs`"),
        ("callbacks: [{Timer: {duration: {weeks: 2}}}]", "write `time: 336 h`, beside `epochs`"),
        (
            "trainer: {max_time: '00:00:10:00', max_epochs: 5, accelerator: gpu}",
            "write `time: 10 min`, `epochs: 5` below `train:`; for `accelerator`, remove it",
        ),
        ("trainer: {max_minutes: 3, fast_dev_run: true}", "below `train:`; for `max_minutes`, write `time: 3 min`"),
        ("time: {minutes: 5}", "write `time: 5 min`, in `s`, `min` or `h`"),
        ("time: 10Min", "write `time: 10 min`, in `s`, `min` or `h`"),
        ("time: 10 parsecs", "write `time: 10 min`, in `s`, `min` or `h`"),
        ("time: 0 s", "write `time: 10 min`, in `s`, `min` or `h`"),
        ("eval_steps: 100", "`validate_every: N` counts epochs"),
        ("val_check_interval: 0.25", "`validate_every: N` counts epochs"),
    ],
)
def test_words_of_others_are_answered_with_what_to_write(keys: str, said: str) -> None:
    (problem,) = check(f"{SPLIT}  epochs: 5\n  {keys}\n", "spec.yaml").errors
    assert said in problem.helps[0]


@pytest.mark.parametrize(
    ("rate", "missing"),
    [
        ("{cosine: 0.1}", "decay_steps"),
        ("{cosine: {learning_rate: 0.1, decay_steps: 100}}", ""),
        ("{one_cycle: 0.1}", "total_steps"),
        ("{linear: 0.1}", "decay_steps"),
        ("{reduce_on_plateau: 0.1}", ""),
        ("0.1", ""),
    ],
)
def test_a_schedule_for_all_of_a_training_needs_to_know_its_steps(rate: str, missing: str) -> None:
    text = SPLIT.replace("optimizer: adam", f"optimizer: {{adam: {{learning_rate: {rate}}}}}")
    problems = check(f"{text}  time: 10 min\n", "spec.yaml").problems
    assert [(one.code, one.label.place.line) for one in problems] == [("E104", 8)] * bool(missing)
    assert all(f"needs `{missing}`" in one.message for one in problems)
    assert not check(f"{text}  time: 10 min\n  epochs: 5\n", "spec.yaml").errors
