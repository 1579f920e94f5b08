"""Mistakes of which one place is to blame, though several would do: what wraps a layer, targets of losses, outputs without one."""

import pytest

from modelc.compiler.api import check
from tests.places import words_at


def cures(text: str) -> dict[str, str]:
    """What is blamed in a spec, each with the cure."""
    problems = check(text, "spec.yaml").problems
    return {words_at(text, problem.label.place): " ".join(problem.helps) for problem in problems}


SEQUENCE = "modelc: 1\n{}model:\n  inputs: {{x: {{shape: [5, 4]}}}}\n  layers: [{}]\n"


@pytest.mark.parametrize(
    ("layer", "blamed", "cure"),
    [
        (
            "time_distributed: {dense: 4, repeat: 2, name: q}",
            "repeat",
            "write `{time_distributed: {dense: 4}, repeat: 2, name: q}`",
        ),
        ("time_distributed: {dense: 4, relu: }", "relu", "write them as a list: `time_distributed: [dense: 4, relu]`"),
        (
            "bidirectional: [lstm: 4, gru: 3]",
            "[lstm: 4, gru: 3]",
            "write one for each, `bidirectional: {lstm: {units: 4, return_sequences: true}}` and `bidirectional: {gru: 3}`",
        ),
        (
            "time_distributed: {residual: [dense: 4]}",
            "residual",
            "use a layer here, and put `residual` around the whole",
        ),
        (
            "time_distributed: {parallel: [dense: 4], join: add}",
            "parallel",
            "use a layer here, and put `parallel` around",
        ),
        (
            "time_distributed: {layer: {residual: [dense: 4]}}",
            "residual",
            "use a layer here, and put `residual` around",
        ),
        ("{dense: 4, name: d}, time_distributed: {share: d}", "share", "use the layer itself"),
        ("bidirectional: {B: }, B", "B", "use a layer here, and put the structure around it into the block"),
        (
            "bidirectional: {layer: {lstm: 4, repeat: 2}}",
            "repeat",
            "move `repeat` out to the same indentation as `bidirectional`",
        ),
        ("stacked_rnn: [{lstm: 4, name: q}]", "name", "move `name` out to the same indentation as `stacked_rnn`"),
    ],
)
def test_what_is_written_at_the_wrong_level_of_a_wrapper_is_one_mistake(layer: str, blamed: str, cure: str) -> None:
    text = SEQUENCE.format("blocks: {B: {layers: [lstm: 4]}}\n" if "B" in layer else "", layer)
    (problem,) = check(text, "spec.yaml").problems
    assert words_at(text, problem.label.place) == blamed
    assert problem.helps and problem.helps[0].startswith(cure)


TARGETS = """\
modelc: 1
model:
  inputs: {{x: {{shape: [4]}}}}
  nodes: {{price: {{from: x, dense: 1}}, w: {{from: x, dense: 1}}}}
  outputs: [price, w]
data:
  source: {{npz: {{train: d.npz}}}}
  inputs: {{x: {{array: x}}}}
  targets: {{{}}}
train:
  losses: {{{}}}
  optimizer: adam
  epochs: 1
"""


@pytest.mark.parametrize(
    ("targets", "losses", "blamed"),
    [
        # One term says a target, and one target is asked for by none.
        ("price, known", "w: {mse: , target: kn}, price: mse", {"kn": "did you mean `known`?"}),
        # Which of two is meant cannot be known: neither is blamed.
        ("price, known, w", "w: {mse: , target: kn}, price: mse", {"kn": ""}),
        ("price, known, w", "w: {mse: , target: knwn}, price: mse", {"knwn": "did you mean `known`?", "w": ""}),
        ("prize, known", "w: {mse: , target: knwn}, price: mse", {"knwn": "known", "prize": "did you mean `price`?"}),
        # Two say the same: it is the name in `data` that is wrong.
        ("prize", "w: {mse: , target: price}, price: mse", {"prize": "did you mean `price`?"}),
        ("prize", "w: mse, price: {mse: , target: cost}", {"cost": "did you mean `prize`?"}),
    ],
)
def test_the_name_of_a_target_that_is_wrong_is_blamed_once(targets: str, losses: str, blamed: dict[str, str]) -> None:
    entries = ", ".join(f"{name}: {{array: c}}" for name in targets.split(", "))
    text = TARGETS.format(entries, losses.replace("mse", "mean_squared_error"))
    found = cures(text)
    assert found.keys() == blamed.keys()
    assert all(cure in found[word] and bool(cure) == bool(found[word]) for word, cure in blamed.items()), found


@pytest.mark.parametrize(
    ("losses", "blamed"),
    [
        ("w: {none: , weight: 2, mask: x}, price: mse", {"weight": "remove `weight`", "mask": "remove `mask`"}),
        ("w: {none: , target: w}, price: mse", {"target": "remove `target`"}),
        (
            "w: none, price: mse, again: {mse: , of: w, target: known}",
            {"none": "remove `w: none`, or the term `again`"},
        ),
    ],
)
def test_an_output_without_a_loss_has_nothing_beside_it(losses: str, blamed: dict[str, str]) -> None:
    terms = losses.replace("mse", "mean_squared_error")
    targets = ", ".join(f"{name}: {{array: c}}" for name in ("price", "w", "known") if f"target: {name}" in losses)
    text = TARGETS.format(targets, terms)
    found = cures(text)
    assert found == blamed
