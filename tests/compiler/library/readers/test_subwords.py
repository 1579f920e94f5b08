"""Texts as parts of words: what is learnt against the rule of byte-pair encoding, and tokenizers from files against their ids."""

import json
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from modelc.compiler.diagnostics.exceptions import RunError
from modelc.compiler.library.readers import READERS
from modelc.compiler.syntax.file_root import Root

TEXTS = ["low lower lowest", "new newer newest", "Wide wider widest", "naïve ☃ 😀 שלום", "", "low low low low low"]
PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "low", "##er", "##est", "new", "wide", "."]


def build(**arguments: Any) -> Any:
    return READERS.build({"text": {"column": "x", "length": 6, **arguments}})


def column(*texts: str) -> dict[str, Any]:
    return {"x": np.array(texts, np.dtypes.StringDType())}


def file_in(folder: Path, *, padding: bool = True) -> Root:
    """A tokenizer as BERT has: parts of words by WordPiece, between `[CLS]` and `[SEP]`."""
    names = PIECES if padding else ["!", *PIECES[1:]]
    tokenizer = Tokenizer(models.WordPiece({piece: place for place, piece in enumerate(names)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        "[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    return Root(folder, folder)


def test_the_most_frequent_pairs_of_the_training_rows_become_one() -> None:
    texts = [*TEXTS[:3], *["low"] * 5]
    reader = build(tokenizer="bpe", vocabulary=260)
    learnt = json.loads(json.dumps(reader.learn(column(*texts))))
    vocabulary = json.loads(learnt["tokenizer"])["model"]["vocab"]
    words = Counter(word for text in texts for word in text.lower().split())
    pairs = Counter[str]()
    for word, count in words.items():
        for first, second in pairwise(word):
            pairs[first + second] += count
    assert max(pairs, key=pairs.__getitem__) == "lo" and vocabulary["lo"] == 258
    # Of `lo` and `ow`, which are as frequent, the second is no pair any more.
    assert vocabulary["low"] == 259 and learnt["ids"] == 260


def test_no_text_is_unknown_and_each_can_be_had_back() -> None:
    reader = build(tokenizer="bpe", vocabulary=300, length=80)
    learnt = reader.learn(column(*TEXTS))
    new = ["Ünseen 漢字 words", "[UNK] [PAD]", *TEXTS]
    found = reader.read(column(*new), None, learnt)
    tokenizer = Tokenizer.from_str(learnt["tokenizer"])
    texts = [tokenizer.decode(row[row > 0].tolist(), skip_special_tokens=False) for row in found]
    assert texts == [text.lower() for text in new] and not (found == 1).any() and found.max() < 300
    assert found.dtype == np.int32 and reader.class_names(None) == 300


def test_learning_is_repeated_to_the_byte_and_new_rows_change_nothing() -> None:
    reader = build(tokenizer="bpe", vocabulary=290)
    learnt = reader.learn(column(*TEXTS))
    assert learnt == reader.learn(column(*TEXTS))
    alone, among = (reader.read(column(*some), None, learnt) for some in (["lower"], ["zz zz zz", "lower"]))
    assert alone[0].tolist() == among[1].tolist()


def test_a_tokenizer_of_a_file_keeps_its_ids_and_its_special_tokens(tmp_path: Path) -> None:
    reader = build(tokenizer={"file": "tokenizer.json"}, vocabulary=12).below(file_in(tmp_path))
    given = column("Lower newest.", "low low low low low low", "sea", "")
    learnt = json.loads(json.dumps(reader.learn(given)))
    expected = [[2, 4, 5, 7, 6, 3], [2, 4, 4, 4, 4, 3], [2, 1, 3, 0, 0, 0], [2, 3, 0, 0, 0, 0]]
    # With `.` the first has one token too many, and its end is kept.
    (tmp_path / "tokenizer.json").unlink()
    assert reader.read(given, None, learnt).tolist() == expected
    assert reader.remarks(learnt) == (
        "2 of 4 texts in the training rows are longer than `length: 6` and cut at the end; the longest has 8 tokens",
        "the tokenizer has 10 ids, and `vocabulary: 12` has room for more",
    )


def test_what_was_learnt_is_described_without_a_list_of_words(tmp_path: Path) -> None:
    for reader in (
        build(tokenizer="bpe", vocabulary=300),
        build(tokenizer={"file": "tokenizer.json"}, vocabulary=12).below(file_in(tmp_path)),
    ):
        longest = reader.learn(column("low low low", "low"))["longest"]
        assert reader.described(reader.learn(column("low low low", "low"))) == (
            f"the longest text has {longest} tokens",
        )


def test_missing_texts_are_empty_where_the_spec_says_so() -> None:
    given = {"x": np.ma.masked_array(np.array(["low", "??"]), [False, True])}
    reader = build(tokenizer="bpe", vocabulary=258, missing="empty")
    learnt = reader.learn(given)
    assert learnt["texts"] == 1 and reader.read(given, None, learnt)[1].tolist() == [0] * 6


def test_what_fills_up_is_said_where_the_file_does_not(tmp_path: Path) -> None:
    root = file_in(tmp_path, padding=False)
    with pytest.raises(RunError, match="does not say what fills up short texts") as caught:
        build(tokenizer={"file": "tokenizer.json"}, vocabulary=10).below(root).learn(column("low"))
    assert "padding_id: 0" in caught.value.helps[0]
    reader = build(tokenizer={"file": "tokenizer.json"}, vocabulary=10, padding_id=9).below(root)
    assert reader.read(column("low"), None, reader.learn(column("low"))).tolist() == [[2, 4, 3, 9, 9, 9]]


def test_a_file_with_more_ids_says_how_many(tmp_path: Path) -> None:
    reader = build(tokenizer={"file": "tokenizer.json"}, vocabulary=8).below(file_in(tmp_path))
    with pytest.raises(RunError, match="has ids up to 9, and `vocabulary` is 8") as caught:
        reader.learn(column("low"))
    assert caught.value.helps == ("write `vocabulary: 10`",)


@pytest.mark.parametrize("text", ["", "{}", "[1, 2]", '{"model": {"type": "BPE"}}', "\ud800"])
def test_a_file_without_a_tokenizer_is_an_error(text: str, tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(RunError, match=r"'tokenizer.json' has no tokenizer: ") as caught:
        build(tokenizer={"file": "tokenizer.json"}, vocabulary=8).below(Root(tmp_path, tmp_path)).learn(column("low"))
    assert caught.value.code == "E405"


def test_the_extra_is_named_where_it_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "tokenizers", None)
    with pytest.raises(RunError, match="not installed") as caught:
        build(tokenizer="bpe", vocabulary=300).learn(column("low"))
    assert caught.value.helps == ("`pip install 'modelc[text]'`",)
