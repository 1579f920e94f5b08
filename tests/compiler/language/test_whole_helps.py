"""Where several keys are written otherwise here, each help has all of them: what it says to write is one valid spec."""

import re
from typing import Any

import pytest

from modelc.compiler.api import Checked, check
from modelc.compiler.language.settings import EarlyStopping
from modelc.compiler.library.layers import kind_of
from modelc.compiler.library.optimizers import OPTIMIZERS

TRAIN = "modelc: 1\nmodel: {{inputs: {{x: {{shape: [4]}}}}, layers: [dense: 1]}}\ntrain: {{loss: mean_squared_error, epochs: 100, {}}}\n"


def written(help: str) -> list[str]:
    return re.findall(r"`([^`]*)`", help)


def checked(text: str) -> Checked:
    found = check(text, "spec.yaml")
    assert found.task is not None and not found.errors, found.errors
    return found


@pytest.mark.parametrize(
    "keys",
    [
        "optimizer: {adam: 0.01, warmup_steps: 100, weight_decay: 0.02, callbacks: [{EarlyStopping: {patience: 3}}]}",
        "optimizer: {adam: {learning_rate: 0.01, warmup_steps: 100, weight_decay: 0.02, early_stopping: 3}}",
        "optimizer: {adam: 0.01}, warmup: 100, weight_decay: 0.02, callbacks: [{EarlyStopping: {patience: 3}}]",
        "optimizer: adam, lr: 0.01, warmup_steps: 100, weight_decay: 0.02, callbacks: {early_stopping: 3}",
        "optimizer: {type: Adam, lr: 0.01, warmup_steps: 100, weight_decay: 0.02, early_stopping: 3}",
        "optimizer: [adam: 0.01, warmup_steps: 100, weight_decay: 0.02, early_stopping: 3]",
        "optimizer: {adamw: {learning_rate: {cosine: 0.01}, weight_decay: 0.02}, warmup: 100, early_stopping: 3}",
        "optimizer: {adam: 0.01, schedule: cosine, num_warmup_steps: 100, weight_decay: 0.02, early_stopping: 3}",
    ],
)
def test_an_optimizer_is_written_out_with_all_that_is_written_in_it(keys: str) -> None:
    problems = check(TRAIN.format(keys), "spec.yaml").errors
    helps = {help for problem in problems for help in problem.helps}
    (help,) = helps
    optimizer, stopping = (text for text in written(help) if text.startswith(("optimizer:", "early_stopping:")))
    task = checked(TRAIN.format(f"{optimizer}, {stopping}")).task
    assert task is not None
    train: Any = task.spec.train
    assert train.settings.early_stopping == EarlyStopping(3)
    found: Any = OPTIMIZERS.dump(train.optimizer)["adamw"]
    schedule = found["learning_rate"]["cosine"]
    assert (schedule["learning_rate"], schedule["warmup_steps"], found["weight_decay"]) == (0.01, 100, 0.02)
    assert "penalty" in help or "adamw:" in keys


def test_what_an_optimizer_cannot_do_is_said_beside_what_it_can() -> None:
    for problem in check(
        TRAIN.format("optimizer: {sgd: {momentum: 0.9, weight_decay: 0.1, warmup: 5}}"), "spec.yaml"
    ).errors:
        (help,) = problem.helps
        assert "`kernel_regularizer: {l2: ...}` with half of 0.1" in help
        checked(TRAIN.format(written(help)[0]))
    for problem in check(
        TRAIN.format("optimizer: {adam: 0.1}, scheduler: plateau, weight_decay: 0.1"), "spec.yaml"
    ).errors:
        assert "reduce_on_plateau" in problem.helps[0] and "adamw: {learning_rate" in problem.helps[0]


@pytest.mark.parametrize(
    ("scheduler", "schedule"),
    [
        ("OneCycleLR", "one_cycle: 0.1"),
        ("{type: linear, num_warmup_steps: 5}", "linear: {learning_rate: 0.1, warmup_steps: 5}"),
        (
            "{CosineAnnealingWarmRestarts: {T_mult: 2}}",
            "cosine_restarts: {learning_rate: 0.1, t_mul: 2, first_decay_steps: STEPS}",
        ),
        (
            "{StepLR: {step_size: 30, gamma: 0.1}}",
            "exponential: {learning_rate: 0.1, decay_steps: STEPS, decay_rate: RATE}",
        ),
        (
            "{ExponentialDecay: {initial_learning_rate: 0.01, decay_steps: 7, decay_rate: 0.5}}",
            "exponential: {learning_rate: 0.01, decay_steps: 7, decay_rate: 0.5}",
        ),
        ("[{MultiStepLR: {milestones: [3, 6]}}]", "piecewise: {boundaries: BOUNDARIES, values: VALUES}"),
    ],
)
@pytest.mark.parametrize("place", ["optimizer: {adam: 0.1}, SCHEDULER", "optimizer: {adam: 0.1, SCHEDULER}"])
def test_a_schedule_of_others_is_written_with_what_it_has_to_have(place: str, scheduler: str, schedule: str) -> None:
    text = TRAIN.format(place.replace("SCHEDULER", f"lr_scheduler: {scheduler}"))
    helps = {help for problem in check(text, "spec.yaml").errors for help in problem.helps}
    assert any(f"`optimizer: {{adam: {{learning_rate: {{{schedule}}}}}}}`" in help for help in helps), helps
    if "gamma" in scheduler:
        assert all("`staircase: true`" in help and "batches of an epoch" in help for help in helps), helps


@pytest.mark.parametrize(
    ("keys", "written"),
    [
        ("optimizer: nadam, optimizer_kwargs: {lr: 0.1, beta_1: 0.8}", "nadam: {learning_rate: 0.1, beta_1: 0.8}"),
        ("optimizer: {nadam: {params: {lr: 0.1, beta_1: 0.8}}}", "nadam: {learning_rate: 0.1, beta_1: 0.8}"),
        (
            "optimizer: adam, lr_scheduler_type: linear, num_warmup_steps: 9",
            "adam: {learning_rate: {linear: {learning_rate: 0.001, warmup_steps: 9}}}",
        ),
        (
            "optimizer: adam, scheduler: polynomial, scheduler_params: {power: 2}",
            "adam: {learning_rate: {polynomial: {learning_rate: 0.001, power: 2}}}",
        ),
        (
            "optimizer: {lars: 0.5}, warmup_steps: 9",
            "lars: {learning_rate: {cosine: {learning_rate: 0.5, warmup_steps: 9}}}",
        ),
        (
            "optimizer: {schedule_free: 0.5}, warmup_steps: 9",
            "schedule_free: {learning_rate: {constant: {learning_rate: 0.5, warmup_steps: 9}}}",
        ),
    ],
)
def test_arguments_that_stand_beside_are_written_into_the_optimizer(keys: str, written: str) -> None:
    for problem in check(TRAIN.format(keys), "spec.yaml").errors:
        assert f"`optimizer: {{{written}}}`" in problem.helps[0], problem
    checked(TRAIN.format(f"optimizer: {{{written}}}"))


@pytest.mark.parametrize("key", ["weight_decay: 0.01", "lr: 0.1", "callbacks: [{early_stopping: 3}]"])
def test_of_one_key_alone_nothing_else_is_said(key: str) -> None:
    (problem,) = check(TRAIN.format(f"optimizer: adam, {key}"), "spec.yaml").errors
    assert "`cosine`" not in problem.helps[0] and problem.helps[0].count("optimizer:") <= 1


@pytest.mark.parametrize("where", ["list", "node"])
@pytest.mark.parametrize(
    ("layer", "kinds"),
    [
        ("lstm: {units: 8, num_layers: 3, dropout: 0.2}", ["stacked_rnn"]),
        ("gru: {hidden_size: 8, num_layers: 2, batch_first: true, return_sequences: true}", ["stacked_rnn"]),
        ("lstm: {units: 8, num_layers: 2, bidirectional: true, dropout: 0.2}", ["bidirectional", "bidirectional"]),
        ("gru: {units: 8, bidirectional: true, dropout: 0.2}", ["bidirectional"]),
        ("lstm: {units: 8, num_layers: 6, dropout: 0.2}", ["lstm"] * 6),
        ("gru: {units: [8, 6, 4], dropout: 0.2}", ["gru"] * 3),
        ("lstm: [8, 4]", ["lstm"] * 2),
        ("dense: {units: [8, 4], activation: relu}", ["dense"] * 2),
        ("bidirectional: {lstm: {units: 8, num_layers: 2, dropout: 0.2}}", ["bidirectional", "bidirectional"]),
        ("{type: LSTM, hidden_size: 8, num_layers: 2, bidirectional: true}", ["bidirectional", "bidirectional"]),
        ("{class_name: GRU, config: {units: 8, num_layers: 2, dropout: 0.2}}", ["stacked_rnn"]),
    ],
)
def test_several_layers_in_one_are_written_out_with_its_arguments(layer: str, kinds: list[str], where: str) -> None:
    inner = layer.strip("{}") if layer.startswith("{type") else layer
    if where == "node" and layer.startswith("{class"):
        inner = layer[1:-1]

    def spec(layers: str) -> str:
        body = f"layers: [{layers}]" if where == "list" else f"nodes: {{y: {{from: x, {layers}}}}}, outputs: [y]"
        return f"modelc: 1\nmodel: {{inputs: {{x: {{shape: [9, 5]}}}}, {body}}}\n"

    problems = check(spec(layer if where == "list" else inner), "spec.yaml").errors
    helps = {
        help for problem in problems for help in problem.helps if "did you" not in help and "remove it" not in help
    }
    (help,) = helps
    parts = [text for text in written(help) if ":" in text]
    items = ", ".join(part.removeprefix("- ") for part in parts)
    task = checked(spec(items)).task
    assert task is not None
    layers = [node.layer for node in task.planned.graph.nodes if node.layer is not None]
    assert [kind_of(one) for one in layers] == kinds
    if "dropout" in layer:
        assert str([one.model_dump() for one in layers]).count("'dropout': 0.2") >= len(kinds)
    if "activation" in layer:
        assert all(type(getattr(one, "activation", None)).__name__ == "Relu" for one in layers)
    last = layers[-1].model_dump()
    assert last.get("return_sequences", False) == ("return_sequences: true" in layer)


def test_a_layer_that_is_written_out_in_full_keeps_what_stands_beside_it() -> None:
    text = "modelc: 1\nmodel: {{inputs: {{x: {{shape: [9, 5]}}}}, layers: [{}]}}\n"
    (problem,) = check(
        text.format("{type: dense, units: 3, activation: relu, name: out, repeat: 2}"), "spec.yaml"
    ).errors
    (layer,) = written(problem.helps[0])
    assert layer == "{dense: {units: 3, activation: relu}, name: out, repeat: 2}"
    checked(text.format(layer))
    (problem,) = check(text.format("{type: MaxPool1d, kernel_size: 3, stride: 2, padding: 1}"), "spec.yaml").errors
    assert written(problem.helps[0])[:2] == ["zero_padding1d: 1", "max_pool1d: {pool_size: 3, strides: 2}"]


@pytest.mark.parametrize(
    ("node", "wanted"),
    [
        ("from: reply, embedding: {input_dim: 9, output_dim: 4}, share: table", "{from: reply, share: table}"),
        ("from: reply, embedding: {input_dim: 9, output_dim: 4, share: table}", "{from: reply, share: table}"),
        ("from: body, dense: {units: 9, weights: table}", "{from: body, unembed: table}"),
        ("from: body, dense: 9, tied_to: table", "{from: body, unembed: table}"),
        ("from: body, dense: 4, share_with: body", "{from: body, share: body}"),
        ("from: body, dense: 4, weights: body, repeat: 2", "{from: body, share: body, repeat: 2}"),
        ("from: body, share: table", "unembed: table"),
    ],
)
def test_shared_weights_are_written_in_place_of_the_layer(node: str, wanted: str) -> None:
    text = f"""\
modelc: 1
model:
  inputs: {{text: {{shape: [5], dtype: int32}}, reply: {{shape: [5], dtype: int32}}}}
  nodes:
    table: {{from: text, embedding: {{input_dim: 9, output_dim: 4}}}}
    body: {{from: table, dense: 4}}
    end: {{{node}}}
    other: {{from: reply, embedding: {{input_dim: 9, output_dim: 4}}}}
  outputs: [end, other]
"""
    (problem,) = check(text, "spec.yaml").errors
    found = written(problem.helps[0])[-1]
    assert found == wanted
    mended = found if found.startswith("{") else f"{{from: body, {found}}}"
    checked(text.replace(f"{{{node}}}", mended))


def test_weights_that_name_no_node_are_those_of_a_file() -> None:
    text = "modelc: 1\nmodel: {inputs: {x: {shape: [4]}}, nodes: {y: {from: x, dense: 3, weights: imagenet}}, outputs: [y]}\n"
    (problem,) = check(text, "spec.yaml").errors
    assert problem.code == "E102"
    assert "`initial_weights: {run: runs/NAME}`" in problem.helps[0]
