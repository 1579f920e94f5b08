"""How long a training is and when it is evaluated: what does not fit the data or the schedule is said at its line."""

import pytest

from modelc.compiler.api import check
from modelc.compiler.diagnostics.problem import Problem

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


PLATEAU = "{adam: {learning_rate: {reduce_on_plateau: {learning_rate: 0.1, patience: 4}}}}"
NEEDS = "needs {} evaluations before the last epoch"
CHOICE = "with a single one there is no choice of the best weights"


@pytest.mark.parametrize(
    ("keys", "said", "instead"),
    [
        ({"epochs": 60, "validate_every": 100}, [CHOICE], 30),
        ({"epochs": 60, "validate_every": 100, "monitor": "train/loss"}, [], None),
        ({"epochs": 60, "validate_every": 60}, [], None),
        ({"epochs": 1, "validate_every": 5}, [], None),
        (
            {"epochs": 60, "validate_every": 100, "early_stopping": 3, "optimizer": PLATEAU},
            [f"`early_stopping` {NEEDS.format(4)}", f"`reduce_on_plateau` {NEEDS.format(5)}", CHOICE],
            11,
        ),
        ({"epochs": 21, "validate_every": 5, "early_stopping": 3}, [], None),
        ({"epochs": 20, "validate_every": 5, "early_stopping": 3}, [f"`early_stopping` {NEEDS.format(4)}"], 4),
        ({"epochs": 20, "validate_every": 4, "early_stopping": 3}, [], None),
        ({"epochs": 20, "validate_every": 4, "optimizer": PLATEAU}, [f"`reduce_on_plateau` {NEEDS.format(5)}"], 3),
        (
            {"epochs": 20, "validate_every": 4, "early_stopping": "{patience: 3, start: 4}"},
            [f"`early_stopping` {NEEDS.format(4)}"],
            3,
        ),
        # No epoch is left for it where each is evaluated either.
        ({"epochs": 4, "validate_every": 2, "early_stopping": 3}, [], None),
        ({"time": "1 h", "validate_every": 100, "early_stopping": 3}, [], None),
        (
            {
                "validate_every": 4,
                "phases": "[{name: a, epochs: 6, early_stopping: 1}, {name: b, epochs: 7, early_stopping: 1}]",
            },
            [f"`early_stopping` of the phase `a` {NEEDS.format(2)}"],
            2,
        ),
    ],
)
def test_evaluations_that_are_too_few_for_what_goes_by_them_are_a_warning(
    keys: dict[str, object], said: list[str], instead: int | None
) -> None:
    def found(**more: object) -> tuple[Problem, ...]:
        whole = {"optimizer": "adam", **keys, **more}
        head = SPLIT.replace("  optimizer: adam\n", "")
        return check(head + "".join(f"  {key}: {value}\n" for key, value in whole.items()), "spec.yaml").problems

    problems = found()
    assert [problem.code for problem in problems] == ["W912"] * bool(said)
    if said:
        (problem,) = problems
        assert problem.message.partition(": ")[2].partition(": ")[2] == ", and ".join(said)
        assert problem.helps == (f"evaluate more often, such as `validate_every: {instead}`",)
        assert not found(validate_every=instead)


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
