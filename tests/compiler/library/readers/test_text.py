"""Texts as ids of words, characters and bytes: tokens and their counts against scikit-learn, padding against Keras."""

import json
from typing import Any

import keras
import numpy as np
import pytest
from pydantic import ValidationError
from sklearn.feature_extraction.text import CountVectorizer

from modelc.compiler.diagnostics.exceptions import PlanError, RunError
from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.data_source import Column
from modelc.compiler.library.readers import READERS

Array = np.ndarray[Any, Any]
WORDS = ["The", "cat", "sat", "on", "a", "Žluť", "mat_2", "it's", "3.5", "…", "naïve", "ﬁne", "END."]


def build(**arguments: Any) -> Any:
    return READERS.build({"text": {"column": "x", "length": 12, **arguments}})


def drawn(seed: int, rows: int = 60) -> list[str]:
    """Texts of different lengths, among them empty ones."""
    draw = np.random.default_rng(seed)
    weights = np.arange(1, len(WORDS) + 1) ** 2.0
    return [
        " ".join(draw.choice(WORDS, draw.integers(0, 15), p=weights / weights.sum())) + draw.choice(["", "!", " ?\t"])
        for _ in range(rows)
    ]


def normal(text: str, lowercase: bool) -> str:
    import unicodedata

    found = unicodedata.normalize("NFKC", text)
    return found.lower() if lowercase else found


@pytest.mark.parametrize("dtype", ["U", "S", "T"])
@pytest.mark.parametrize("lowercase", [None, True, False])
@pytest.mark.parametrize("tokenizer", ["words", "whitespace", "characters"])
def test_ids_are_those_of_the_most_frequent_tokens_padded_as_keras_pads(
    tokenizer: str, lowercase: bool | None, dtype: str
) -> None:
    trained, new = drawn(1), drawn(2)
    pattern = r"\S+" if tokenizer == "whitespace" else r"\w+|[^\w\s]"
    analyzer = {"analyzer": "char"} if tokenizer == "characters" else {"token_pattern": pattern}
    counter = CountVectorizer(
        lowercase=False, preprocessor=lambda text: normal(text, lowercase is not False), **analyzer
    ).fit(trained)
    counts = np.asarray(counter.transform(trained).sum(axis=0)).reshape(-1)
    names = counter.get_feature_names_out()
    expected = sorted(zip(-counts, names, strict=True))[:8]
    ids = {name: place for place, (_, name) in enumerate(expected, 2)}
    # The analyzer of characters in scikit-learn takes several spaces for one.
    analyze = (
        counter.build_analyzer() if tokenizer != "characters" else lambda text: [*normal(text, lowercase is not False)]
    )
    tokens = [[ids.get(token, 1) for token in analyze(text)] for text in new]
    reader = build(vocabulary=10, tokenizer=tokenizer, lowercase=lowercase)
    columns = [np.array(texts) for texts in (trained, new)]
    if dtype == "S":
        columns = [np.strings.encode(column, "utf-8") for column in columns]
    if dtype == "T":
        columns = [column.astype(np.dtypes.StringDType()) for column in columns]
    learnt = json.loads(json.dumps(reader.learn({"x": columns[0]})))
    found = reader.read({"x": columns[1]}, TensorType((12,), "int32"), learnt)
    padded = keras.utils.pad_sequences(tokens, maxlen=12, padding="post", truncating="post")
    np.testing.assert_array_equal(found, padded)
    assert found.dtype == np.int32 and reader.class_names(None) == 10 and 1 < found.max() < 10


def test_tags_and_ids_between_spaces_stay_as_they_are() -> None:
    reader = build(vocabulary=["O", "B-PER", "I-PER", "12,5"], tokenizer="whitespace", lowercase=False)
    reader.plan(None, None)
    columns = {"x": np.array(["O B-PER  I-PER\nO", "12,5 x-y"])}
    learnt = reader.learn(columns)
    assert reader.read(columns, None, learnt)[:, :5].tolist() == [[2, 3, 4, 2, 0], [5, 1, 0, 0, 0]]
    assert "% of the tokens in the training rows" in reader.remarks(learnt)[0]


def test_bytes_are_those_of_utf_8_and_nothing_is_learnt() -> None:
    texts = ["Žluť", "", "a b\n", "abcdefghijklmnop"]
    reader = build(tokenizer="bytes")
    tokens = [[byte + 2 for byte in text.encode()] for text in texts]
    expected = keras.utils.pad_sequences(tokens, maxlen=12, padding="post", truncating="post")
    for column in (np.array(texts), np.strings.encode(np.array(texts), "utf-8")):
        np.testing.assert_array_equal(reader.read({"x": column}, None), expected)
    assert reader.class_names(None) == 258
    learnt = reader.learn({"x": np.array(texts)})
    assert reader.remarks(learnt) == (
        "1 of 4 texts in the training rows are longer than `length: 12` and cut at the end; the longest has 16 bytes",
    )


def test_what_new_rows_become_depends_on_what_was_learnt_alone() -> None:
    reader = build(vocabulary=4)
    learnt = reader.learn({"x": np.array(["b a b", "c b a"])})
    assert learnt["words"] == ["b", "a"]
    alone = reader.read({"x": np.array(["c a z"])}, None, learnt)
    among = reader.read({"x": np.array(["z z z", "c a z"])}, None, learnt)
    assert alone[0].tolist() == among[1].tolist() == [1, 3, 1, *[0] * 9]


def test_the_log_says_what_is_cut_unknown_and_unused() -> None:
    reader = build(vocabulary=4, length=2)
    assert reader.remarks(reader.learn({"x": np.array(["b a b", "c b a"])})) == (
        "2 of 2 texts in the training rows are longer than `length: 2` and cut at the end; the longest has 3 words",
        "17 % of the words in the training rows are not in the vocabulary",
    )
    (said,) = build(vocabulary=40).remarks(build(vocabulary=40).learn({"x": np.array(["b a b"])}))
    assert said == "the training rows have 2 different words, and `vocabulary: 40` has room for 38"


def test_a_vocabulary_that_is_given_counts_in_its_order() -> None:
    reader = build(vocabulary=["dog", "cat", "!"])
    column = {"x": np.array(["Cat, dog!"])}
    assert reader.read(column, None, reader.learn(column))[0, :5].tolist() == [3, 1, 2, 4, 0]
    assert reader.class_names(None) == 5
    assert reader.remarks(reader.learn(column)) == ("25 % of the words in the training rows are not in the vocabulary",)


def test_integers_are_texts_of_their_digits() -> None:
    reader = build(vocabulary=["7", "12"])
    assert reader.read({"x": np.array([12, 7])}, None)[:, 0].tolist() == [3, 2]


def test_missing_texts_are_an_error_or_empty() -> None:
    column = {"x": np.ma.masked_array(["a", "a a"], [False, True])}
    with pytest.raises(RunError, match="`x` has 1 missing value, the first in row 1") as caught:
        build(vocabulary=3).read(column, None)
    assert "missing: empty" in caught.value.helps[0]
    reader = build(vocabulary=3, missing="empty")
    assert reader.learn(column)["tokens"] == 1
    assert reader.read(column, None, reader.learn(column))[:, 0].tolist() == [2, 0]


@pytest.mark.parametrize(
    ("arguments", "wanted", "said"),
    [
        ({}, None, "does not say how many ids its words have"),
        ({"tokenizer": "bytes", "vocabulary": 300}, None, "`bytes` are 258 ids"),
        ({"tokenizer": "bytes", "lowercase": False}, None, "`bytes` are read as they are"),
        ({"vocabulary": ["Dog"]}, None, r"read as \['dog'\]"),
        ({"vocabulary": ["[UNK]", "a"]}, None, r"no text has the token '\[UNK\]'"),
        ({"vocabulary": ["it's"], "lowercase": False}, None, "no text has the token"),
        ({"tokenizer": "bpe"}, None, "does not say how many ids its parts of words have"),
        ({"tokenizer": "bpe", "vocabulary": ["a"]}, None, "the tokens of a file are in it"),
        ({"tokenizer": "bpe", "vocabulary": 257}, None, "it has 258 ids at least"),
        ({"tokenizer": {"file": "t.json"}}, None, "does not say how many ids its tokenizer has"),
        ({"tokenizer": {"file": "t.json"}, "vocabulary": 9, "lowercase": True}, None, "the tokenizer file says"),
        ({"padding_id": 3, "vocabulary": 9}, None, "0 fills up short texts"),
        ({"vocabulary": 9}, TensorType((12,)), "returns integer ids, but the input takes float32"),
    ],
)
def test_what_does_not_fit_is_refused_without_the_data(arguments: Any, wanted: Any, said: str) -> None:
    with pytest.raises(PlanError, match=said) as caught:
        build(**arguments).plan(None, wanted)
    assert caught.value.help


@pytest.mark.parametrize("type_", [TensorType((), "float32"), TensorType((3,), "str")])
def test_columns_of_other_types_are_refused(type_: TensorType) -> None:
    with pytest.raises(PlanError, match="expected"):
        build(vocabulary=9).plan({"x": Column(type_)}, None)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"tokenizer": "wordpiece"}, "expected `words`, `whitespace`, `characters`, `bytes`, `bpe` or a file"),
        ({"tokenizer": "tokenizer.json"}, "expected `words`, `whitespace`, `characters`, `bytes`, `bpe` or a file"),
        (
            {"tokenizer": {"path": "tokenizer.json"}},
            "expected `words`, `whitespace`, `characters`, `bytes`, `bpe` or a file",
        ),
        ({"vocabulary": 2}, "a count of at least 3"),
        ({"vocabulary": "words.txt"}, "a count of at least 3"),
        ({"vocabulary": ["a", "b", "a"]}, "`a` is in the vocabulary twice"),
        ({"length": 0}, "greater than or equal to 1"),
    ],
)
def test_arguments_out_of_their_range_are_refused(arguments: Any, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        build(**arguments)
