"""What is meant by a name that does not exist, and how certain that is."""

from collections.abc import Collection

import pytest

from modelc.compiler.language.suggestions.spelling import distance, synonyms, typo_of
from modelc.compiler.language.suggestions.suggest import suggest
from modelc.compiler.library.layers import ACTIVATIONS, LAYERS
from modelc.compiler.library.registries import table_of


def test_the_distance_counts_single_typos() -> None:
    words = [
        ("dense", "dense", 0),
        ("dens", "dense", 1),
        ("dnese", "dense", 1),
        ("sense", "dense", 1),
        ("desn", "dense", 2),
    ]
    assert [distance(one, other, 3) for one, other, _ in words] == [count for _, _, count in words]
    assert distance("dense", "embedding", 3) == 3


def test_a_typo_needs_one_nearest_name_that_is_long_enough() -> None:
    assert typo_of("relx", ["relu", "selu"]) == "relu"
    assert typo_of("xelu", ["relu", "selu"]) is None
    assert typo_of("lerning_rat", ["learning_rate"]) == "learning_rate"
    assert typo_of("ad", ["add"]) is None
    assert typo_of("conv3", ["conv2"]) is None


@pytest.mark.parametrize(
    ("name", "known", "new", "is_safe"),
    [
        ("Learning-Rate", ["learning_rate"], "learning_rate", True),
        ("lr", ["learning_rate"], "learning_rate", True),
        ("lerning_rate", ["learning_rate"], "learning_rate", True),
        ("dim", ["output_dim"], "output_dim", False),
        ("features", ["units", "filters"], "units", False),
        ("rate_learning", ["learning_rate"], "learning_rate", False),
        ("epochs", ["learning_rate"], "", False),
        ("Linear", LAYERS, "dense", False),
        ("Embed", LAYERS, "embedding", True),
        ("dens", LAYERS, "dense", True),
        ("denser", ACTIVATIONS, "", False),
    ],
)
def test_a_suggestion_says_how_certain_it_is(name: str, known: Collection[str], new: str, is_safe: bool) -> None:
    found = suggest(name, known)
    assert (found.new, found.is_safe, bool(found)) == (new, is_safe, bool(new))
    assert found.help == (f"did you mean `{new}`?" if new else "")


def test_a_word_for_several_things_is_the_one_that_has_its_arguments() -> None:
    assert not suggest("BatchNorm", LAYERS, {"momentum": 0.1}).is_safe
    assert suggest("BatchNorm", LAYERS, {"epsilon": 0.1}).is_safe
    assert suggest("Linear", LAYERS, {"units": 4}).is_safe


def test_a_name_that_the_spec_defines_keeps_the_text_around_it() -> None:
    found = suggest("hiddne", ["hidden"], defined=True).around("", ".port")
    assert (found.written, found.new, found.undefined) == ("hiddne.port", "hidden.port", "hiddne")
    assert not suggest("xyz", ["hidden"]).around("", ".port")


def test_no_name_of_another_framework_is_taken_for_a_typo() -> None:
    import keras
    import optax
    from jax import nn

    modules = {
        "layer": (keras.layers, nn),
        "activation": (keras.activations, nn),
        "loss": (keras.losses, optax.losses),
        "metric": (keras.metrics,),
        "optimizer": (keras.optimizers, optax),
        "initializer": (keras.initializers, nn.initializers),
        "schedule": (keras.optimizers.schedules, optax.schedules),
    }
    for kind, places in modules.items():
        table = table_of(kind)
        for name in {name for place in places for name in vars(place) if not name.startswith("_")}:
            if name not in table and not synonyms(name, table):
                assert typo_of(name, list(table)) is None, f"{kind} {name}"
