"""What is said of patterns that freeze nothing, of models that are frozen as a whole, and of `trainable` where it says nothing."""

import pytest

from modelc.compiler.api import check

SPEC = """\
modelc: 1
model:
  inputs: {x: {shape: [8, 8]}}
  nodes:
    flat: {from: x, flatten: {}}
    hidden: {from: flat, dense: 4}
    norm: {from: hidden, batch_norm: {center: false, scale: false}}
    y: {from: norm, dense: {units: 10, activation: softmax}}
  outputs: [y]
data:
  source: digits
  inputs: {x: {array: image}}
  targets: {y: {category: label}}
train:
  loss: cross_entropy
  optimizer: adam
  epochs: 5
"""


def found(freeze: str, text: str = SPEC) -> list[tuple[str, str, int]]:
    problems = check(text + (f"  freeze: {freeze}\n" if freeze else ""), "spec.yaml").problems
    return [(one.code, one.message, one.label.place.line) for one in problems]


@pytest.mark.parametrize(
    "freeze", ["[hidden]", "[hidden/kernel, norm]", "['**/bias']", "[norm]", "[norm/moving_mean]", "[]"]
)
def test_nodes_weights_and_statistics_can_be_frozen(freeze: str) -> None:
    assert found(freeze) == []


@pytest.mark.parametrize(
    ("freeze", "code", "message"),
    [
        ("[hiden]", "E205", "`hiden` stands for no weight of the model"),
        ("[hidden, flat]", "E205", "`flat` stands for no weight of the model"),
        ("hidden", "E105", "`freeze` must be a list"),
        ("[3]", "E105", ""),
        ("[hidden, y]", "E508", "every weight of the model is frozen, so there is nothing to train"),
        ("['**']", "E508", "every weight of the model is frozen, so there is nothing to train"),
    ],
)
def test_patterns_that_freeze_nothing_or_everything_are_errors_at_their_place(
    freeze: str, code: str, message: str
) -> None:
    [(given, said, line)] = found(freeze)
    assert (given, line) == (code, SPEC.count("\n") + 1) and message in said


def test_weights_that_are_frozen_for_good_and_by_a_training_are_all_that_is_frozen() -> None:
    text = SPEC.replace("dense: 4}", "dense: 4, trainable: false}")
    assert found("", text) == found("[hidden]", text) == []
    assert [code for code, _, _ in found("[y]", text)] == ["E508"]
    whole = text.replace("softmax}}", "softmax}, trainable: false}")
    assert [code for code, _, _ in found("", whole)] == ["E508"]
    assert check(whole[: whole.index("data:")], "spec.yaml").problems == ()


def test_what_uses_the_weights_of_another_node_is_frozen_with_it() -> None:
    shared = SPEC.replace("{from: norm, dense: {", "{from: again, dense: {").replace(
        "    y:",
        "    twin: {from: x, layers: [flatten, dense: 4]}\n    again: {from: x, share: twin, trainable: false}\n    y:",
    )
    [(code, message)] = [(code, message) for code, message, _ in found("", shared) if code[0] == "E"]
    assert code == "E108" and "uses the weights of `twin`, which are frozen where they are" in message
    assert not check(
        shared.replace("share: twin, trainable: false", "share: twin, trainable: true"), "spec.yaml"
    ).errors


@pytest.mark.parametrize(
    ("optimizer", "groups", "code", "message"),
    [
        ("adamw", "[{paths: [hidden], learning_rate_factor: 0.1}, {paths: ['**/kernel'], weight_decay: 0}]", "", ""),
        ("adamw", "[{paths: ['**'], weight_decay: 0.1}]", "", ""),
        ("adamw", "[{paths: [hiden], weight_decay: 0}]", "E205", "`hiden` stands for no weight of the model"),
        ("adamw", "[{paths: [hidden]}]", "E104", "needs `learning_rate_factor` or `weight_decay`"),
        ("adamw", "[{weight_decay: 0}]", "E104", "needs `paths`"),
        ("adamw", "[{paths: [hidden], weight_decay: -1}]", "E106", "`weight_decay` must be at least 0"),
        (
            "adamw",
            "[{paths: ['**/bias'], weight_decay: 0.1}]",
            "E108",
            "biases, scales and other weights of one axis decay in no",
        ),
        ("sgd", "[{paths: [hidden], weight_decay: 0}]", "E108", "`sgd` decays no weights"),
        ("adamw", "[{paths: [hidden], lr: 0.1}]", "E102", "unknown key `lr`"),
        ("adamw", "{paths: [hidden], weight_decay: 0}", "E105", "`param_groups` must be a list"),
    ],
)
def test_groups_that_do_nothing_are_errors_at_their_place(optimizer: str, groups: str, code: str, message: str) -> None:
    text = SPEC.replace("optimizer: adam", f"optimizer: {optimizer}") + f"  param_groups: {groups}\n"
    problems = check(text, "spec.yaml").problems
    assert [(one.code, one.label.place.line) for one in problems] == [(code, SPEC.count("\n") + 1)] * bool(code)
    assert all(message in one.message for one in problems)


def test_what_an_optimizer_excludes_is_found_or_an_error_at_its_place() -> None:
    text = SPEC.replace("optimizer: adam", "optimizer: {muon: {exclude_layers: [hidden, hiden]}}")
    [problem] = check(text, "spec.yaml").errors
    assert (problem.code, problem.message) == ("E205", "`hiden` stands for no weight of the model")
    place = problem.label.place
    assert text.splitlines()[place.line - 1][place.column - 1 :].startswith("hiden]")
    assert not check(text.replace(", hiden", ""), "spec.yaml").errors
    [problem] = check(text.replace("[hidden, hiden]", "hiden"), "spec.yaml").errors
    assert problem.code == "E205"


@pytest.mark.parametrize(
    ("settings", "warns"),
    [
        ("  freeze: [hidden]\n  param_groups: [{paths: [hidden], learning_rate_factor: 0.1}]\n", True),
        ("  freeze: [hidden/kernel]\n  param_groups: [{paths: [hidden], learning_rate_factor: 0.1}]\n", False),
        ("  freeze: [y]\n  param_groups: [{paths: [hidden], learning_rate_factor: 0.1}]\n", False),
    ],
)
def test_a_group_whose_weights_are_all_frozen_is_warned_of(settings: str, warns: bool) -> None:
    problems = check(SPEC + settings, "spec.yaml").problems
    assert [one.code for one in problems] == ["W912"] * warns
    text = SPEC.replace("dense: 4}", "dense: 4, trainable: false}") + settings.partition("\n")[2]
    assert [one.code for one in check(text, "spec.yaml").problems] == ["W912"]


@pytest.mark.parametrize(("second", "codes"), [("", ["W912"]), (", freeze: []", [])])
def test_a_group_is_of_use_where_a_phase_trains_its_weights(second: str, codes: list[str]) -> None:
    phases = f"  phases: [{{name: one, epochs: 1}}, {{name: two, epochs: 1{second}}}]\n"
    groups = "  freeze: [hidden]\n  param_groups: [{paths: [hidden], learning_rate_factor: 0.1}]\n"
    text = SPEC.replace("  epochs: 5\n", phases) + groups
    assert [one.code for one in check(text, "spec.yaml").problems] == codes


def test_a_decay_of_a_group_is_looked_at_with_the_optimizer_of_each_phase() -> None:
    phases = "  phases: [{name: one, epochs: 1, optimizer: adamw}, {name: two, epochs: 1, optimizer: adamw}, {name: three, epochs: 1}]\n"
    groups = "  param_groups: [{paths: [hidden], weight_decay: 0.1}]\n"
    [problem] = check(SPEC.replace("  epochs: 5\n", phases) + groups, "spec.yaml").problems
    assert (problem.code, problem.message) == ("E108", "`adam` decays no weights")
