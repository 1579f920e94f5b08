"""Words of others for clipping and averages are answered with what is written here, and that is valid."""

import re

import pytest

from modelc.compiler.api import check
from modelc.compiler.explain.keys import EXAMPLE
from modelc.compiler.library.base.update_words import ACCUMULATION, GROUPING, TRUNCATION, UPDATE_WORDS

OPTIMIZER = "optimizer: {adam: {learning_rate: 0.001}}"


def helped(text: str) -> tuple[str, str]:
    """The code and the help of the only error."""
    [problem] = check(text, "spec.yaml").errors
    [help] = problem.helps
    return problem.code, help


def with_written(help: str) -> str:
    """The example with the keys of `train` that a help writes, the first of each."""
    written = re.findall(
        r"`((?:clip_gradients|weight_averaging|gradient_accumulation|gradient_checkpointing): [^`]*)`", help
    )
    keys = {one.partition(":")[0]: one for one in reversed(written)}
    return "".join([EXAMPLE.rstrip("\n"), *(f"\n  {one}" for one in keys.values()), "\n"])


@pytest.mark.parametrize("word", UPDATE_WORDS)
def test_each_word_is_answered_in_train_and_in_an_optimizer_with_a_key_that_is_valid(word: str) -> None:
    value = "2" if word in ACCUMULATION else "0.5"
    in_train = helped(EXAMPLE.replace("train:\n", f"train:\n  {word}: {value}\n"))
    in_optimizer = helped(EXAMPLE.replace("learning_rate: 0.001", f"learning_rate: 0.001, {word}: {value}"))
    assert in_train == in_optimizer == ("E102", UPDATE_WORDS[word].replace("{value}", value))
    given = with_written(in_train[1])
    # Groups name nodes, which are those of a model of its own.
    assert word in GROUPING or (given != EXAMPLE and not check(given, "spec.yaml").errors)


@pytest.mark.parametrize(
    ("optimizer", "right", "beside"),
    [
        ("{name: adam, clipnorm: 1.5}", "adam", ["clip_gradients: {norm: 1.5}"]),
        (
            "{type: adam, use_ema: true, ema_momentum: 0.9, global_clipnorm: 2, learning_rate: 0.01}",
            "{adam: {learning_rate: 0.01}}",
            ["weight_averaging: {ema: 0.9}", "clip_gradients: {global_norm: 2}"],
        ),
        (
            "{class_name: Adam, config: {clipvalue: 0.5, learning_rate: 0.01}}",
            "{adam: {learning_rate: 0.01}}",
            ["clip_gradients: {value: 0.5}"],
        ),
    ],
)
def test_other_forms_of_an_optimizer_keep_what_is_written_beside_it_here(
    optimizer: str, right: str, beside: list[str]
) -> None:
    _, help = helped(EXAMPLE.replace(OPTIMIZER, f"optimizer: {optimizer}"))
    assert f"write `optimizer: {right}`" in help
    assert re.findall(r"beside it, write `([^`]*)`", help) == beside
    assert not check(with_written(help), "spec.yaml").errors


def test_truncated_back_propagation_is_answered_with_how_rows_are_cut() -> None:
    for word in TRUNCATION:
        assert helped(EXAMPLE.replace("train:\n", f"train:\n  {word}: 20\n")) == ("E102", TRUNCATION[word])


@pytest.mark.parametrize("layer", ["gradient_checkpointing", "remat: [dense: 8]", "dense: {units: 8, recompute: true}"])
def test_what_others_write_at_layers_is_answered_with_the_key_of_training(layer: str) -> None:
    _, help = helped(EXAMPLE.replace("    - flatten\n", f"    - flatten\n    - {layer}\n"))
    assert help == UPDATE_WORDS["remat"]


@pytest.mark.parametrize(
    ("key", "code", "help"),
    [
        ("clip_gradients: 1.0", "E105", "write `clip_gradients: {global_norm: 1.0}`"),
        ("clip_gradients: {}", "E104", "write `clip_gradients: {global_norm: 1.0}`"),
        ("clip_gradients: {norm: 1, value: 2}", "E108", "keep one: each bounds all gradients of a step"),
        ("weight_averaging: 0.9", "E105", "write `weight_averaging: {ema: 0.9}`"),
        ("weight_averaging: {ema: 99}", "E106", "this is a fraction: write `0.99` for 99%"),
    ],
)
def test_other_values_are_answered_with_what_is_written(key: str, code: str, help: str) -> None:
    assert helped(EXAMPLE.replace("train:\n", f"train:\n  {key}\n")) == (code, help)


@pytest.mark.parametrize(
    "key", ["clip_gradients: {norm: 0}", "clip_gradients: {value: -1}", "weight_averaging: {ema: 0}"]
)
def test_numbers_without_a_meaning_are_out_of_bounds(key: str) -> None:
    [problem] = check(EXAMPLE.replace("train:\n", f"train:\n  {key}\n"), "spec.yaml").errors
    assert problem.code == "E106" and "must be greater than 0" in problem.message
