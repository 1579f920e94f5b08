"""Words of others for something with arguments that are not its default ones: each is answered with these."""

from pathlib import Path
from typing import Any

import pytest

from modelc.compiler.language.suggestions.suggest import suggest_registered
from modelc.compiler.library.registries import TABLES, table_of
from tests.cli.commands import modelc

WORDS = [(table.kind, name, word) for table in TABLES for name in table for word in table.find(name).values_of_words]


@pytest.mark.parametrize(
    ("kind", "word", "arguments", "written"),
    [
        ("metric", "quadratic_weighted_kappa", None, "`cohen_kappa: quadratic`"),
        ("metric", "QuadraticWeightedKappa", None, "`cohen_kappa: quadratic`"),
        ("metric", "qwk", {"threshold": 0.3}, "`cohen_kappa: {weights: quadratic, threshold: 0.3}`"),
        ("metric", "weighted_kappa", None, "`cohen_kappa: linear` or `cohen_kappa: quadratic`"),
        ("metric", "weighted_kappa", {"weights": "linear"}, "`cohen_kappa: linear`"),
        ("metric", "average_precision", None, "`auc: PR`"),
        ("metric", "pr_auc", {"class_id": 1}, "`auc: {curve: PR, class_id: 1}`"),
        ("metric", "f2", None, "`f_beta: 2`"),
        ("metric", "top_k_accuracy_score", None, "`top_k_accuracy: 2`"),
        ("metric", "top_k_accuracy_score", {"k": 3}, "`top_k_accuracy: 3`"),
        ("loss", "TripletMarginLoss", None, "`triplet: {margin: 1, distance: euclidean}`"),
        ("loss", "TripletMarginLoss", {"margin": 0.5}, "`triplet: {margin: 0.5, distance: euclidean}`"),
        ("optimizer", "momentum", 0.01, "`sgd: {momentum: 0.9, learning_rate: 0.01}`"),
        ("schedule", "step_decay", {"decay_steps": 9}, "`exponential: {staircase: true, decay_steps: 9}`"),
        ("layer", "InstanceNorm", None, "`group_norm: -1`"),
        ("layer", "instance_norm", {"eps": 0.1}, "`group_norm: {groups: -1, epsilon: 0.1}`"),
        ("layer", "RandomHorizontalFlip", 0.5, "`random_flip: horizontal`"),
        ("layer", "UpsamplingBilinear2d", {"size": 4}, "`up_sampling2d: {interpolation: bilinear, size: 4}`"),
        ("initializer", "normal_", None, "`random_normal: 1`"),
        ("layer", "square", None, "`power: 2`"),
    ],
)
def test_a_word_is_answered_with_the_arguments_that_it_stands_for(
    kind: str, word: str, arguments: Any, written: str
) -> None:
    found = suggest_registered(word, table_of(kind), 0 if arguments is None else word, arguments)
    assert found.help == f"did you mean {written}?" and not found.is_safe


@pytest.mark.parametrize(("kind", "name", "word"), WORDS)
def test_explain_says_the_arguments_that_a_word_stands_for(tmp_path: Path, kind: str, name: str, word: str) -> None:
    """What it proposes is the thing with other arguments than its default ones, and is read."""
    cls = table_of(kind).find(name)
    for way in cls.arguments_of_word(word):
        assert way and all(cls.model_fields[key].default != value for key, value in way.items())
    said = modelc("explain", word, cwd=tmp_path).out.partition("\n")[0]
    assert said.startswith((f"`{word}` is `{name}: ", f"{word}  ")), said
