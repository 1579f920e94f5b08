"""Keys and forms of other frameworks are answered with what is written here, and no help leads to a spec that fails."""

import pytest

from modelc.compiler.api import check
from modelc.compiler.diagnostics.problem import Problem
from modelc.compiler.explain.keys import EXAMPLE
from modelc.compiler.language.suggestions.foreign_keys import KEYS, key_hint
from modelc.compiler.language.suggestions.hints import ABSENT, ARGUMENTS
from modelc.compiler.library.layers import LAYERS
from modelc.compiler.syntax.document import read


def error(text: str, settings: tuple[str, ...] = ()) -> Problem:
    [found] = check(text, "spec.yaml", settings).errors
    return found


def at(section: str, key: str) -> str:
    """The example with `key` in a section, or at its top."""
    return EXAMPLE.replace(f"{section}:\n", f"{section}:\n  {key}: 1\n", 1) if section else f"{EXAMPLE}{key}: 1\n"


@pytest.mark.parametrize(
    ("optimizer", "right"),
    [
        ("{name: adam, lr_mult: 1.0}", "adam"),
        ("{type: adam, lr_scale: 1.0, lr_mult: 1.0, learning_rate: 0.01}", "{adam: {learning_rate: 0.01}}"),
        ("{class_name: Adam, config: {lr_mult: 1.0, learning_rate: 0.01}}", "{adam: {learning_rate: 0.01}}"),
        ("{keras.optimizers.Adam: {lr_mult: 1.0}}", "adam"),
    ],
)
def test_a_form_of_others_is_answered_without_what_stands_beside_it(optimizer: str, right: str) -> None:
    form = "optimizer: {adam: {learning_rate: 0.001}}"
    [help] = error(EXAMPLE.replace(form, f"optimizer: {optimizer}")).helps
    assert f"`optimizer: {right}`" in help or f"`{right}`" in help
    assert (
        error(EXAMPLE.replace(form, f"optimizer: {optimizer}")).code != "E107"
        or "beside it, write `param_groups: " in help
    )
    assert not check(EXAMPLE.replace(form, f"optimizer: {right}"), "spec.yaml").errors


def test_a_key_that_is_a_typo_of_what_there_is_stays_one() -> None:
    problem = error(EXAMPLE.replace("name: digit", "name: digit\n      repeat: {time: 2}"))
    assert problem.code == "E102" and "did you mean `times`?" in problem.helps


def test_nothing_advises_to_freeze_by_stop_gradient() -> None:
    texts = [*ARGUMENTS.values(), *ABSENT.values(), *map(key_hint, KEYS)]
    assert not [text for text in texts if "stop_gradient" in text]
    assert "does not freeze" in " ".join((LAYERS.find("stop_gradient").__doc__ or "").split())


IMAGE = "modelc: 1\nmodel: {inputs: {x: {shape: [8, 8, 3]}}, layers: [LAYER, flatten, dense: 1]}\n"
SERIES = "modelc: 1\nmodel: {inputs: {x: {shape: [12, 3]}}, layers: [lstm: 4, dense: 1]}\n"


@pytest.mark.parametrize(
    "text",
    [
        IMAGE.replace("LAYER", "random_flip"),
        IMAGE.replace("LAYER", "random_rotation: 0.1"),
        EXAMPLE.replace("loss: cross_entropy", "loss: {cross_entropy: {class_weight: balanced}}"),
        EXAMPLE.replace("epochs: 20", "steps: 20"),
        EXAMPLE.replace("epochs: 20", "epochs: 20\n  batch_size: 256"),
        EXAMPLE.replace("adam: {learning_rate: 0.001}", "adamw: {learning_rate: 0.001, weight_decay: 0.1}"),
        SERIES + "data: {source: {npz: a.npz}, inputs: {x: {array: x}}, targets: {output: {array: y}}}\n",
        # The examples in the helps for keys of others.
        EXAMPLE.replace("optimizer: {adam: {learning_rate: 0.001}}", "optimizer: {adam: {learning_rate: {cosine: 0.001}}}"),
        EXAMPLE.replace("loss: cross_entropy", "losses: {digit: {cross_entropy, weight: 0.5}}"),
    ],
)  # fmt: skip
def test_what_helps_advise_is_valid(text: str) -> None:
    assert check(text, "spec.yaml").errors == ()


@pytest.mark.parametrize("word", ["callbacks", "loss_weights", "lr_scheduler", "scheduler", "warmup_steps"])
def test_keys_of_others_with_another_form_here_are_answered_with_it(word: str) -> None:
    problem = error(at("train", word))
    document, _ = read(at("train", word), "spec.yaml")
    assert document is not None
    assert (problem.code, problem.helps) == ("E102", (key_hint(word, 1, document.data),))
