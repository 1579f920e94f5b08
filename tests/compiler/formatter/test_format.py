"""The canonical layout: what is moved, what stays as written, and that no spec means something else afterwards."""

import json
import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from modelc.compiler.diagnostics.catalog import codes, page
from modelc.compiler.formatter.format import formatted
from modelc.compiler.formatter.line_tree import Unusual
from modelc.compiler.syntax.document import read
from tests.mutations import mutate

ROOT = Path(__file__).parent.parent.parent.parent
SPECS = sorted([*(ROOT / "specs").glob("*.yaml"), *(ROOT / "cli" / "templates").glob("*.yaml")])
WRITTEN = """\
# What it is for.
# yaml-language-server: $schema=x

train:   # about training
    epochs:   3
    optimizer:
          adam:
              learning_rate: 1e-3   # small

    # the loss
    loss:  cross_entropy


# the model
model:
 inputs:
   'x':
     shape:
     - 4
     -   5
   z: { shape:   [ 4,5 ] ,dtype : int32}
 layers:
 -   dense:
        units:  8
     # about the name
     name: "a"
 - # above
   relu
 - {dense: 8,  # inside
    repeat:   1/1  }
   # behind the item
 # behind the list
description: |
    some text
      more   

    end
modelc: 1
"""
CANONICAL = """\
# What it is for.
# yaml-language-server: $schema=x

modelc: 1
description: |
    some text
      more   

    end
# the model
model:
  inputs:
    'x':
      shape:
        - 4
        - 5
    z: {shape: [4, 5], dtype: int32}
  layers:
    - dense:
        units: 8
      # about the name
      name: "a"
    - # above
      relu
    - {dense: 8,  # inside
       repeat: 1/1}
      # behind the item
    # behind the list
train:   # about training
  epochs: 3
  optimizer:
    adam:
      learning_rate: 1e-3   # small

  # the loss
  loss: cross_entropy
"""


def laid_out(text: str, name: str = "spec.yaml") -> str:
    new, problems = formatted(text, name)
    assert not problems
    return new


def test_sections_columns_and_white_space_become_canonical_and_all_else_stays() -> None:
    assert laid_out(WRITTEN) == CANONICAL
    assert laid_out(CANONICAL) == CANONICAL


@pytest.mark.parametrize("spec", SPECS, ids=lambda path: path.stem)
def test_shipped_specs_are_in_canonical_layout(spec: Path) -> None:
    text = spec.read_text(encoding="utf-8")
    assert laid_out(text, str(spec)) == text, f"run `modelc format {spec}`"


def test_the_right_spec_of_every_code_keeps_what_it_says() -> None:
    for code in codes():
        if right := page(code).right:
            assert data(laid_out(right)) == data(right), code


@pytest.mark.parametrize("spec", SPECS, ids=lambda path: path.stem)
def test_any_layout_of_a_spec_gives_the_same_again(spec: Path) -> None:
    text = spec.read_text(encoding="utf-8")
    for seed in range(10):
        disturbed = disturb(text, random.Random(seed))
        assert data(disturbed) == data(text)
        assert laid_out(disturbed) == text


def disturb(text: str, chance: random.Random) -> str:
    """`text` in another layout: wider levels, blanks at the ends of lines and behind keys, no line break at the end."""
    step = chance.choice((2, 3, 4))
    lines = []
    for line in text.split("\n"):
        indent = len(line) - len(line.lstrip(" "))
        gap = " " * chance.choice((1, 1, 3))
        line = re.sub(r"^((?:- )?[\w-]+): (?=\S)", rf"\g<1>:{gap}", line.lstrip(" "))
        if chance.random() < 0.5 and not {'"', "'", "#"} & set(line):
            line = re.sub(r"(?<=[\w\]}]), (?=\S)|(?<=[{\[])(?=\w)|(?<=[\w\]])(?=[}\]])", noise(chance), line)
        lines.append(" " * (indent // 2 * step) + line + " " * chance.choice((0, 0, 2)))
    # A dash takes two columns: what stands below it is at another column than a level's where those are wider.
    return "\n".join(lines).rstrip() if step == 2 else "\n".join(aligned(lines, step))


def noise(chance: random.Random) -> Callable[[re.Match[str]], str]:
    """More white space, or none, at a place in braces and brackets."""
    return lambda found: ("," if "," in found[0] else "") + " " * chance.choice((0, 1, 3))


def aligned(lines: list[str], step: int) -> list[str]:
    """`lines` with dashes as wide as a level."""
    return [re.sub(r"^( *)- ", rf"\g<1>-{' ' * (step - 1)}", line) for line in lines]


def data(text: str) -> object:
    document, problems = read(text, "spec.yaml")
    assert document is not None and not problems
    return document.data


def test_json_is_laid_out_by_what_fits_and_numbers_keep_their_digits() -> None:
    text = '{"train":{"epochs":3,"optimizer":{"adam":1e-3}},"modelc":1,"model":{"inputs":{"x":{"shape":[4]}},"layers":[{"dense":8.0}]}}'
    right = """\
{
  "modelc": 1,
  "model": {
    "inputs": {"x": {"shape": [4]}},
    "layers": [{"dense": 8.0}]
  },
  "train": {
    "epochs": 3,
    "optimizer": {"adam": 1e-3}
  }
}
"""
    assert laid_out(text, "spec.json") == right
    assert laid_out(right, "spec.json") == right
    long = {"modelc": 1, "model": {"layers": [{"dense": {"units": number}} for number in range(12)]}}
    lines = laid_out(json.dumps(long), "spec.json").split("\n")
    assert '      {"dense": {"units": 3}},' in lines and max(map(len, lines)) <= 120


def test_whatever_is_done_to_a_spec_it_keeps_what_it_says_or_is_left_alone() -> None:
    texts = [spec.read_text(encoding="utf-8") for spec in SPECS]
    changed = refused = 0
    for seed in range(300):
        text = mutate(texts[seed % len(texts)], seed, texts)
        document, found = read(text, "spec.yaml")
        if document is None or found:
            continue
        try:
            new = laid_out(text)
        except Unusual:
            refused += 1
            continue
        changed += new != text
        assert data(new) == document.data
        assert laid_out(new) == new
    assert changed > 20 and refused < 10


def test_line_ends_stay() -> None:
    assert laid_out(WRITTEN.replace("\n", "\r\n")) == CANONICAL.replace("\n", "\r\n")


def test_an_alias_stays_behind_its_anchor() -> None:
    text = "model: {a: &one [1]}\nmodelc: 1\nvars: {b: *one}\n"
    assert laid_out(text) == text
    before = "model: {a: &one [1], b: *one}\n"
    assert laid_out(f"{before}modelc: 1\n") == f"modelc: 1\n{before}"


@pytest.mark.parametrize("end", ["...\n", "\n# of the whole\n# file\n", "\n# of the whole\n...\n"])
def test_what_ends_the_file_stays_there(end: str) -> None:
    train, model = "train:\n  epochs: 3\n", "modelc: 1\n# no name yet\n"
    assert laid_out(train + model + end) == model + train + end


def test_json_texts_stay_as_they_are_written() -> None:
    name = r'"caf\u00e9 \/ \"q\" \\ é"'
    assert laid_out(f'{{"name": {name}, "modelc": 1}}', "spec.json") == (f'{{\n  "modelc": 1,\n  "name": {name}\n}}\n')


def test_a_text_that_cannot_be_read_is_left_with_its_problems() -> None:
    text = "modelc: 1\nmodel: {\n"
    new, problems = formatted(text, "spec.yaml")
    assert new == text and [problem.code for problem in problems] == ["E002"]


def test_a_text_that_would_say_something_else_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from modelc.compiler.formatter import format as layout

    monkeypatch.setattr(layout, "in_order", lambda text, name: text.replace("3", "4"))
    with pytest.raises(Unusual, match="words"):
        formatted(WRITTEN, "spec.yaml")
    monkeypatch.setattr(layout, "in_order", lambda text, name: text.replace("      more", "       more"))
    with pytest.raises(Unusual, match="its meaning"):
        formatted(WRITTEN, "spec.yaml")


def test_keys_with_question_marks_are_refused() -> None:
    with pytest.raises(Unusual):
        formatted("modelc: 1\nmodel:\n    ? a\n    : 1\n", "spec.yaml")


def test_a_text_that_would_not_stay_as_it_is_laid_out_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    from modelc.compiler.formatter import format as layout

    in_columns = layout.laid_out
    monkeypatch.setattr(layout, "laid_out", lambda text, name: in_columns(text, name).replace(" #", "  #"))
    with pytest.raises(Unusual, match="twice"):
        formatted("modelc: 1 # the format\n", "spec.yaml")


def test_what_stands_below_a_dash_stands_a_level_deeper() -> None:
    text = (
        "modelc: 1\nmodel:\n  layers:\n  -\n     relu\n  - # why\n   dense: 3\n  -\n    - -\n       [1,\n        2]\n"
    )
    right = "modelc: 1\nmodel:\n  layers:\n    -\n      relu\n    - # why\n      dense: 3\n    -\n      - -\n          [1,\n           2]\n"
    assert laid_out(text) == right
    assert laid_out(right) == right


def test_comments_of_the_first_section_go_with_it_below_a_head() -> None:
    train, model = "# of train\ntrain: {epochs: 3}\n", "modelc: 1\n"
    assert laid_out(f"# the head\n\n{train}{model}") == f"# the head\n\n{model}{train}"
    assert laid_out(train + model) == f"# of train\n{model}train: {{epochs: 3}}\n"


def test_a_heading_goes_with_the_section_that_it_heads() -> None:
    model = "model: {inputs: {x: {shape: [4]}}, layers: [relu]}\n"
    train, data = "train:\n  epochs: 1\n# seed: 3\n", "data: {source: digits}\n"
    text = f"modelc: 1\n{model}\n# ---- training ----\n\n{train}\n# ---- data ----\n\n# of digits\n{data}"
    right = f"modelc: 1\n{model}\n# ---- data ----\n\n# of digits\n{data}\n# ---- training ----\n\n{train}"
    assert laid_out(text) == right


def test_a_colon_stands_right_behind_its_key() -> None:
    text = "modelc : 1\nmodel :  # all of it\n  inputs  :\n    x: {shape: [4]}\n  layers : [relu]\n"
    assert laid_out(text) == text.replace(" :", ":").replace(" :", ":")
