"""Callbacks of Keras and Lightning as people write them into a spec: one error, which says what each is here."""

import pytest

from modelc.compiler.api import check

SPEC = """\
modelc: 1
model:
  inputs: {x: {shape: [8, 8]}}
  layers: [flatten, {dense: {units: 10, activation: softmax}, name: y}]
data: {source: digits, inputs: {x: {array: image}}, targets: {y: {category: label}}, validation: 0.2}
train:
  loss: cross_entropy
  metrics: [accuracy]
  optimizer: {adam: {learning_rate: 0.02, beta_1: 0.8}}
  epochs: 5
"""
STOP = "write `early_stopping: 7`"
BOTH = f"{STOP} and `monitor: validation/accuracy` beside it"
KEPT = "needs nothing: every run keeps its best and its last weights"
PLATEAU = (
    "a schedule is the value of the learning rate: `optimizer: {adam: {learning_rate: {reduce_on_plateau: {learning_rate: 0.02, "
    "%s}}, beta_1: 0.8}}`"
)
LOG = "`metrics.jsonl` in the run has a line for each epoch"


def helps(key: str) -> list[str]:
    (problem,) = check(f"{SPEC}  {key}\n", "spec.yaml").errors
    assert problem.code == "E102" and problem.label.place.line == 11
    return list(problem.helps)


@pytest.mark.parametrize(
    ("callbacks", "said"),
    [
        ("[{EarlyStopping: {patience: 7}}]", [STOP]),
        ("[{EarlyStopping: {patience: 7, monitor: val_acc, mode: max}}]", [BOTH]),
        ("[{type: EarlyStopping, patience: 7}]", [STOP]),
        ("[{_target_: lightning.pytorch.callbacks.EarlyStopping, patience: 7}]", [STOP]),
        ("[keras.callbacks.EarlyStopping: {patience: 7}]", [STOP]),
        ("[{early_stopping: 7}]", [STOP]),
        ("{early_stopping: {patience: 7}}", [STOP]),
        ("[EarlyStopping(monitor='val_accuracy', patience=7)]", [BOTH]),
        ("[EarlyStopping(patience=7), ModelCheckpoint('best.h5')]", [STOP, f"`ModelCheckpoint` {KEPT}"]),
        ("[EarlyStopping]", ["write `early_stopping: N`, the epochs to wait"]),
        ("[{EarlyStopping: {patience: 7, min_delta: 0.1}}]", ["write `early_stopping: {patience: 7, min_delta: 0.1}`"]),
        ("[{EarlyStopping: {patience: 0, start_from_epoch: 2, baseline: 0.4}}]", ["write `early_stopping: {patience: 1, start: 2}`; `baseline` is not in this version"]),
        ("[{ReduceLROnPlateau: {factor: 0.2, patience: 4}}]", [f"for `ReduceLROnPlateau`, {PLATEAU % 'factor: 0.2, patience: 4'}"]),
        ("[ReduceLROnPlateau(monitor='val_loss', min_lr=0.001, verbose=1)]", [f"for `ReduceLROnPlateau`, {PLATEAU % 'min_lr: 0.001'}; for `monitor`: it goes by the `monitor` of `train`: write `monitor` there, such as `monitor: validation/loss`"]),
        ("[model_checkpoint, tensorboard]", [f"`model_checkpoint` {KEPT}", f"`tensorboard` is not in this version; {LOG}"]),
        ("[CSVLogger, {TerminateOnNaN: {}}]", [f"`CSVLogger` needs nothing: {LOG}", "`TerminateOnNaN` needs nothing: a loss that is not finite ends the training with an error"]),
        ("[LearningRateMonitor]", [f"`LearningRateMonitor` needs nothing: {LOG}, with the learning rate"]),
        ("[{BackupAndRestore: backup}]", ["`BackupAndRestore` needs nothing: `modelc train --resume RUN` goes on with a run that was stopped"]),
        ("[{ModelCheckpoint: {save_freq: 100}}]", ["for `ModelCheckpoint`, `modelc train SPEC --checkpoint-every '100 steps'`, or `10 min`, says when to save; every run keeps its best and its last weights"]),
    ],
)  # fmt: skip
def test_each_callback_is_answered_with_the_numbers_that_were_given(callbacks: str, said: list[str]) -> None:
    assert helps(f"callbacks: {callbacks}") == said


@pytest.mark.parametrize(
    "callbacks", ["[MyCallback]", "[]", "3", "[EarlyStopping(patience=7]", "[[[{a: b}]]]", "['((((']"]
)
def test_what_is_not_known_is_answered_in_general(callbacks: str) -> None:
    (said,) = helps(f"callbacks: {callbacks}")
    assert "early_stopping" in said


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("reduce_lr_on_plateau: {factor: 0.5}", f"for `reduce_lr_on_plateau`, {PLATEAU % 'factor: 0.5'}"),
        ("tensorboard: true", f"`tensorboard` is not in this version; {LOG}"),
        ("csv_logger: log.csv", f"`csv_logger` needs nothing: {LOG}"),
    ],
)
def test_a_callback_as_a_key_is_answered_so_too(key: str, said: str) -> None:
    assert helps(key) == [said]


def test_early_stopping_by_its_name_in_keras_keeps_its_fix() -> None:
    (problem,) = check(f"{SPEC}  EarlyStopping: 5\n", "spec.yaml").errors
    assert problem.helps == ("did you mean `early_stopping`?",)


def test_what_is_said_can_be_written() -> None:
    text = (
        SPEC.replace("{learning_rate: 0.02,", "{learning_rate: {cosine: 0.02},")
        + "  early_stopping: 7\n  monitor: validation/accuracy\n"
    )
    assert not check(text, "spec.yaml").problems
