"""Tokens that are hidden: how many become what, which never, the same ones in all scores, and a model that learns of them."""

import json
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from modelc.compiler.api import check
from modelc.compiler.library.augmentations import AUGMENTATIONS
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.augmentation import Augmented
from tests.cli.commands import modelc
from tests.runtime.training.test_augmenting import KEY, change

CLASSES, MASK = 40, 3
TEXT = Augmented("text", TensorType((25,), "int32"), is_target=False, labels=True, classes=CLASSES)
WORDS = TEXT._replace(name="words", is_target=True)
IDS = np.random.default_rng(0).integers(0, CLASSES, (2000, 25)).astype(np.int32)


def hidden(key: Any = KEY, ids: Any = IDS, **arguments: Any) -> tuple[np.ndarray, np.ndarray]:
    thing = {"mask_tokens": {"mask": MASK, "never": [0, 1], **arguments}}
    text, words = change(thing, [TEXT, WORDS], [ids, ids], key, jnp.ones(len(ids), bool))
    chosen = words != -1
    np.testing.assert_array_equal(words[chosen], ids[chosen])
    np.testing.assert_array_equal(text[~chosen], ids[~chosen])
    assert (ids[chosen] > 1).all() and text.dtype == words.dtype == np.int32
    return text, chosen


def test_so_many_tokens_are_chosen_hidden_replaced_and_kept_as_is_said() -> None:
    text, chosen = hidden(rate=0.3, kept=0.2, replaced=0.3)
    free = IDS > 1
    assert abs(chosen[free].mean() - 0.3) < 0.01
    became = text[chosen]
    others = (became != MASK) & (became != IDS[chosen])
    # Of what is drawn evenly of 37 ids, one in 37 is the id that was there.
    for share, found in ((0.5, became == MASK), (0.3 * 36 / 37, others)):
        assert abs(found[IDS[chosen] != MASK].mean() - share) < 0.02
    assert {*became[others]} == {*range(CLASSES)} - {0, 1, MASK}
    assert (hidden(rate=1, kept=0, replaced=0)[0][free] == MASK).all()


def scored(ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    by = AUGMENTATIONS.build({"mask_tokens": MASK})
    text, words = by.evaluate([TEXT, WORDS], [jnp.asarray(ids), jnp.asarray(ids)])
    return np.asarray(text), np.asarray(words)


def test_in_scores_a_text_has_the_same_tokens_hidden_whatever_is_beside_it() -> None:
    text, words = scored(IDS)
    assert abs((words != -1)[IDS > 0].mean() - 0.15) < 0.01
    order = np.random.default_rng(1).permutation(len(IDS))[:100]
    for one, other in zip(scored(IDS[order]), (text, words), strict=True):
        np.testing.assert_array_equal(one, other[order])
    # Texts that differ in one token are hidden otherwise.
    near = np.concatenate([IDS[:1]] * 20)
    near[np.arange(20), np.arange(20)] += 1
    assert len({row.tobytes() for row in scored(near)[1] != -1}) > 15


SPEC: dict[str, Any] = {
    "modelc": 1,
    "model": {
        "inputs": {"text": {"shape": [8], "dtype": "int32"}},
        "layers": [
            {"embedding": {"input_dim": 20, "output_dim": 8, "mask_zero": True}},
            {"dense": {"units": 20, "activation": "softmax"}, "name": "words"},
        ],
    },
    "data": {
        "source": {"jsonl": "rows.jsonl"},
        "inputs": {"text": {"text": {"column": "line", "length": 8, "vocabulary": 20}}},
        "targets": {"words": {"same_as": "text"}},
        "augment": [{"mask_tokens": {"mask": 1}, "of": ["text", "words"]}],
        "validation": 0.2,
    },
    "train": {"loss": "cross_entropy", "metrics": ["accuracy"], "optimizer": "adam", "epochs": 1, "batch_size": 16},
}


def test_scores_are_of_hidden_tokens_and_predictions_of_texts_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "spec.json").write_text(json.dumps(SPEC))
    draw = np.random.default_rng(0)
    lines = [{"line": " ".join(draw.choice([*"abcdefgh"], draw.integers(3, 9)))} for _ in range(80)]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    trained = modelc("train", "spec.json", "--run-dir", "run", cwd=tmp_path)
    assert trained.code == 0, trained.err
    (logged,) = (json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines())
    found = json.loads(modelc("evaluate", "run", "--format", "json", cwd=tmp_path).out)["values"]
    assert found["loss"] == pytest.approx(logged["validation/loss"], rel=1e-6)
    # Eight letters are as frequent: what is said of all of them is what a constant can say, and the hidden one is not seen.
    assert 1.7 < found["loss"] < 4 and found["accuracy"] < 0.5
    assert modelc("predict", "run", "rows.jsonl", "--output", "found.npz", cwd=tmp_path).code == 0
    with np.load(tmp_path / "found.npz") as predicted:
        assert predicted["words"].shape == (80, 8)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"mask_tokens": {"mask": 20}, "of": ["text", "words"]}, "has 20 ids, and 20 is none of them"),
        ({"mask_tokens": 1, "of": ["text"]}, "1 inputs and 0 targets are named"),
        ({"mask_tokens": {"mask": 1, "kept": 0.6, "replaced": 0.5}, "of": ["text", "words"]}, "are 1.1 of the chosen"),
    ],
)
def test_what_cannot_be_hidden_is_an_error_where_it_stands(change: Any, said: str) -> None:
    (problem,) = check(json.dumps(SPEC | {"data": SPEC["data"] | {"augment": [change]}}), "a.json").errors
    assert problem.code == "E309" and said in problem.message, problem.message


def test_a_layer_has_room_for_all_ids_that_may_come() -> None:
    text = json.dumps(SPEC).replace('"input_dim": 20', '"input_dim": 19')
    errors = check(text, "a.json").errors
    assert any("has room for 19 ids, and `text` has 20" in problem.message for problem in errors), errors
