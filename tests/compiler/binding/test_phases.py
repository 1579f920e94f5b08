"""What is said of phases that train nothing, of lengths at two places, and of what is the same in all phases."""

import pytest

from modelc.compiler.api import check
from modelc.compiler.lowering.prepared_task import prepare

SPEC = """\
modelc: 1
model:
  inputs: {x: {shape: [8, 8]}}
  layers: [flatten, {dense: 4, name: wide}, {dense: 4, name: body, repeat: 8}, {dense: {units: 10, activation: softmax}, name: y}]
data:
  source: digits
  inputs: {x: {array: image}}
  targets: {y: {category: label}}
train:
  loss: cross_entropy
  optimizer: {adamw: {learning_rate: {cosine: {learning_rate: 0.01, warmup_steps: 5}}, weight_decay: 0.1}}
  freeze: [body]
  phases:
    - {name: one, epochs: 2}
    - PHASE
"""
LINE = SPEC.count("\n")


def found(phase: str, more: str = "") -> list[tuple[str, str, int]]:
    problems = check(SPEC.replace("PHASE", phase) + more, "spec.yaml").problems
    return [(one.code, one.message, one.label.place.line) for one in problems]


@pytest.mark.parametrize(
    ("phase", "code", "message"),
    [
        ("{name: two, epochs: 1, freeze: [y, body, wide]}", "E508", "there is nothing to train"),
        ("{name: two, epochs: 1, freeze: [bod]}", "E205", "`bod` stands for no weight"),
        (
            "{name: two, epochs: 1, param_groups: [{paths: [bod], weight_decay: 0}]}",
            "E205",
            "`bod` stands for no weight",
        ),
        ("{name: two}", "E104", "`phases` needs `epochs`, `steps` or `time`"),
        ("{epochs: 2}", "E104", "`phases` needs `name`"),
        ("{name: two, epochs: null}", "E104", "`phases` needs `epochs`, `steps` or `time`"),
        ("{name: two, epochs: 1, steps: 9}", "E108", "has both `epochs` and `steps`"),
        ("{name: two, time: 90}", "E105", "`time` must be a duration such as `10 min`, got the number `90`"),
        ("{name: one, epochs: 2}", "E110", "duplicate name `one` of a phase"),
        ("{name: two, epochs: 2, from: first}", "E106", "`from` must be one of `last`, `best`"),
        ("{name: two, epochs: 2, batch_size: 4}", "E102", "unknown key `batch_size` in "),
        ("{name: two, epochs: 2, optimizer: {adamw: {weight_decy: 1}}}", "E102", "weight_decy"),
    ],
)
def test_a_mistake_in_a_phase_is_one_error_at_its_line(phase: str, code: str, message: str) -> None:
    [(given, said, line)] = found(phase)
    assert (given, line) == (code, LINE) and message in said


def test_lengths_stand_in_phases_alone_and_the_first_has_no_best_weights() -> None:
    [(code, message, _)] = found("{name: two, epochs: 2}", "  epochs: 3\n")
    assert (code, message) == ("E108", "`train` has both `epochs` and `phases`")
    [(code, message, _)] = found("{name: two, epochs: 2}", "  time: 1 h\n")
    assert (code, message) == ("E108", "`train` has both `time` and `phases`")
    text = SPEC.replace("{name: one, epochs: 2}", "{name: one, epochs: 2, from: best}").replace(
        "PHASE", "{name: two, epochs: 1}"
    )
    [problem] = check(text, "spec.yaml").problems
    assert (problem.code, problem.label.place.line) == ("E108", LINE - 1) and "no weights before it" in problem.message


def test_what_phases_do_not_say_is_that_of_train_and_is_reported_once() -> None:
    phase = "{name: two, epochs: 3, optimizer: {adamw: {learning_rate: {cosine: 0.001}}}, freeze: []}"
    task = check(SPEC.replace("PHASE", phase), "spec.yaml").task
    assert task is not None and task.training is not None
    first, second = task.training.phases
    assert first.optimizer.model_dump()["weight_decay"] == second.optimizer.model_dump()["weight_decay"] == 0.1
    rate = second.optimizer.model_dump()["learning_rate"]["cosine"]
    assert (rate["learning_rate"], rate["warmup_steps"]) == (0.001, 5)
    assert {owner for owner, _ in first.frozen} == {f"body/{index}" for index in range(8)} and not second.frozen
    assert task.training.settings.total_epochs(100) == 5
    assert len(prepare(task).rolls) == 1
    apart = SPEC.replace("PHASE", phase.replace("freeze: []", "freeze: [body/1]"))
    found = check(apart, "spec.yaml").task
    assert found is not None and not prepare(found).rolls
    [problem] = check(
        SPEC.replace("freeze: [body]", "freeze: [bod]").replace("PHASE", "{name: two, epochs: 1}"), "s"
    ).problems
    assert problem.code == "E205"


def test_phases_that_the_clock_ends_need_the_length_of_their_schedule_which_is_said_once() -> None:
    text = SPEC.replace("epochs: 2}", "time: 2 h}").replace("PHASE", "{name: two, time: 1 h}")
    [problem] = check(text, "spec.yaml").problems
    assert (problem.code, problem.label.place.line) == ("E104", 11)
    assert problem.message == "`cosine` needs `decay_steps`: `time` alone does not say how many steps there are"
    assert [label.place.line for label in problem.related] == [LINE - 1]
    own = "{name: two, time: 1 h, optimizer: {adamw: {learning_rate: {cosine: {learning_rate: 0.1, decay_steps: 90}}}}}"
    assert not check(SPEC.replace("PHASE", own), "spec.yaml").problems


@pytest.mark.parametrize(
    ("phase", "steps", "epochs"), [("steps: 9", 9 + 2 * 4, 2 + 3), ("epochs: 1", 12, 3), ("steps: 3, time: 1 h", 11, 3)]
)
def test_steps_of_a_phase_end_inside_an_epoch_of_it(phase: str, steps: int, epochs: int) -> None:
    task = check(SPEC.replace("PHASE", f"{{name: two, {phase}}}"), "spec.yaml").task
    assert task is not None and task.training is not None
    settings = task.training.settings
    assert (settings.total_steps(100), settings.total_epochs(100)) == (steps, epochs)


def test_weights_that_a_phase_averages_twice_are_an_error_where_it_does() -> None:
    averages = "  weight_averaging: {ema: 0.9}\n"
    text = SPEC.replace("PHASE", "{name: two, epochs: 1, optimizer: {schedule_free: 0.1}}") + averages
    [problem] = check(text, "spec.yaml").problems
    assert (problem.code, problem.label.place.line) == ("E108", LINE + 1)
    assert "`schedule_free` averages" in problem.message
    assert [one.place.line for one in problem.related] == [LINE]
    # What no phase takes does not count.
    own = "optimizer: {adamw: 0.1}}"
    text = f"{SPEC[: SPEC.index('  optimizer')]}  optimizer: schedule_free\n  phases:\n    - {{name: one, epochs: 1, {own}\n"
    assert not check(text + averages, "spec.yaml").problems


@pytest.mark.parametrize(("said", "patience"), [("", 3), (", early_stopping: null", None), (", early_stopping: 2", 2)])
def test_a_phase_can_be_without_early_stopping(said: str, patience: int | None) -> None:
    text = SPEC.replace("PHASE", f"{{name: two, epochs: 1{said}}}") + "  early_stopping: 3\n"
    text = text.replace("\ntrain:", "\n  validation: 0.2\ntrain:")
    checked = check(text, "spec.yaml")
    assert not checked.problems and checked.task is not None and checked.task.training is not None
    stopping = [phase.settings.early_stopping for phase in checked.task.training.phases]
    assert [one and one.patience for one in stopping] == [3, patience]
