"""`train.initial_weights`: how it is read, what is said of other forms, and of the words of others for it."""

from typing import Any

import pytest

from modelc.compiler.api import check
from modelc.compiler.diagnostics.problem import Problem
from modelc.compiler.explain.foreign_words import foreign_word
from modelc.compiler.explain.keys import EXAMPLE
from modelc.compiler.language.initial_weights import WeightsFrom
from modelc.compiler.language.suggestions.initial_weight_words import LAYER_WORDS, SECTION_WORDS

SPEC = """\
modelc: 1
blocks: {Unit: {layers: [dense: 4, batch_norm]}}
model:
  inputs: {x: {shape: [3]}}
  nodes:
    body: {from: x, layers: [normalization, Unit: {}]}
    twin: {from: x, share: body}
    y: {from: [body, twin], layers: [add, {dense: 1}]}
  outputs: [y]
data: {source: {npz: rows.npz}, targets: {y: {array: y}}}
train: {loss: mean_squared_error, optimizer: adam, epochs: 1, initial_weights: FROM}
"""


def checked(value: str) -> tuple[tuple[Problem, ...], tuple[WeightsFrom, ...]]:
    found = check(SPEC.replace("FROM", value), "spec.yaml")
    train = None if found.task is None else found.task.spec.train
    assert train is not None and train.settings is not None
    return found.problems, train.settings.initial_weights


@pytest.mark.parametrize(
    ("value", "places", "takes"),
    [
        ("{run: runs/a}", ["runs/a"], [None]),
        ("{file: a.safetensors}", ["a.safetensors"], [None]),
        ("{run: runs/a, take: [body, '**/bias']}", ["runs/a"], [[("body", None), ("**/bias", None)]]),
        (
            "[{run: a, take: [{from: x/b, to: body}, {from: body}]}, {file: b, take: [{to: ''}]}]",
            ["a", "b"],
            [[("x/b", "body"), ("body", None)], [("", "")]],
        ),
    ],
)
def test_places_and_what_is_taken_are_read(value: str, places: list[str], takes: list[Any]) -> None:
    problems, found = checked(value)
    assert problems == ()
    assert [one.named for one in found] == places
    assert [one.take and [(take.pattern, take.to) for take in one.take] for one in found] == takes


@pytest.mark.parametrize(
    ("value", "code", "message", "help"),
    [
        ("runs/a", "E105", "`initial_weights` must be a mapping", "write `initial_weights: {run: runs/a}`"),
        ("a.safetensors", "E105", "must be a mapping", "write `initial_weights: {file: a.safetensors}`"),
        ("7", "E105", "must be a mapping", "`initial_weights: {run: runs/first}`"),
        ("{take: [body]}", "E104", "`initial_weights` needs `run` or `file`", "say where they come from"),
        ("[]", "E104", "`initial_weights` is empty", "say where they come from"),
        ("{run: a, file: b}", "E108", "has both `run` and `file`", ""),
        ("{run: a, layout: torch}", "E108", "has both `run` and `layout`", "remove `layout`"),
        ("{file: a, layout: pytorch}", "E106", "must be one of `modelc`, `torch`", "did you mean `torch`?"),
        ("{run: a, take: body}", "E105", "`take` must be a list", "write a list: `take: [encoder"),
        ("{run: a, take: []}", "E104", "`take` is empty", "leave `take` out"),
        ("{run: a, take: [{form: body}]}", "E102", "unknown key `form`", "did you mean `from`?"),
        ("{run: a, take: [boddy]}", "E205", "`boddy` stands for no weight", "did you mean `body`?"),
        ("{run: a, take: [twin]}", "E205", "`twin` stands for no weight", "write `body/normalization`"),
        ("{run: a, take: [{from: z, to: bdy}]}", "E205", "`bdy` stands for no weight", "did you mean `body`?"),
        ("{run: a, take: [{from: z, to: 'body/*'}]}", "E106", "`to` is one path", "write the path of a node or block"),
        ("{run: a, take: [{from: 'z/**', to: body}]}", "E106", "with `to`, `from` is one path", "leave `to` out"),
        ("{run: a, takes: [body]}", "E102", "unknown key `takes`", "did you mean `take`?"),
    ],
)
def test_what_cannot_be_meant_is_an_error_at_its_place(value: str, code: str, message: str, help: str) -> None:
    (problem,), _ = checked(value)
    assert problem.code == code and message in problem.message
    assert help in " ".join(problem.helps)
    assert problem.label.place.line == 11


@pytest.mark.parametrize("word", SECTION_WORDS)
def test_words_of_others_below_train_are_answered_with_the_key(word: str) -> None:
    (problem,) = check(EXAMPLE.replace("train:\n", f"train:\n  {word}: runs/a\n"), "spec.yaml").errors
    assert problem.helps == ("write `initial_weights: {run: runs/a}` below `train:`",)
    # One of them is another name of an initializer, too.
    assert word == "pretrained" or "initial_weights" in foreign_word(word)


@pytest.mark.parametrize(
    ("line", "help"),
    [
        ("weights: imagenet", "nothing is downloaded"),
        ("weights: a/b.safetensors", "write `initial_weights: {file: a/b.safetensors}`"),
        ("load_weights: model", "nothing is downloaded"),
        ("weights: importance", "sample_weight"),
    ],
)
def test_the_value_tells_what_is_meant(line: str, help: str) -> None:
    (problem,) = check(EXAMPLE.replace("train:\n", f"train:\n  {line}\n"), "spec.yaml").errors
    assert help in " ".join(problem.helps)


@pytest.mark.parametrize("word", LAYER_WORDS)
def test_arguments_of_layers_are_answered_too(word: str) -> None:
    (problem,) = check(EXAMPLE.replace("units: 64", f"units: 64, {word}: true"), "spec.yaml").errors
    assert "`initial_weights: {run: runs/NAME}`" in " ".join(problem.helps)


def test_a_layer_for_it_is_none() -> None:
    (problem,) = check(EXAMPLE.replace("    - flatten\n", "    - flatten\n    - pretrained: resnet\n"), "s.yaml").errors
    assert problem.code == "E101" and "this is no layer: write `initial_weights:" in " ".join(problem.helps)
