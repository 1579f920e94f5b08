"""Fixes: what is corrected in the text of a spec, what is left to people, and that nothing else of it changes."""

import json
import os
import random
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from modelc.cli.fixing import Fixed, fix, with_verified_fixes
from modelc.compiler.api import Checked, check
from modelc.compiler.diagnostics.problem import Edit, Fix, Label, Place, Problem, Suggestion

SPECS = sorted((Path(__file__).parent.parent.parent.parent / "specs").glob("*.yaml"))
CHAIN = """\
modelc: 1
model:
  inputs: {x: {shape: [8, 8, 3]}}
  layers:
    - %s
    - flatten
"""


def fixed(text: str, name: str = "spec.yaml") -> str:
    """`text` after every fix that it gets."""
    real = os.path.realpath(name)
    done = Fixed()
    fix(lambda texts: check(texts.get(real, text), name), [real], done)
    return done.texts.get(real, text)


@pytest.mark.parametrize(
    ("written", "right"),
    [
        # Slips, in names, arguments and values.
        ("dens: 8", "dense: 8"),
        ("dense: {unit: 8}", "dense: {units: 8}"),
        ('{dense: 8, repeat: "2"}', "{dense: 8, repeat: 2}"),
        (
            "dense: {units: 8, kernel_initializer: {type: he_normal}}",
            "dense: {units: 8, kernel_initializer: he_normal}",
        ),
        ("dense: {units: 8, kernel_regularizer: {type: l2}}", "dense: {units: 8, kernel_regularizer: l2}"),
        ("dense: {units: 8, activation: rellu}", "dense: {units: 8, activation: relu}"),
        ("conv2d: {filters: 8, kernel_size: 3, padding: smae}", "conv2d: {filters: 8, kernel_size: 3, padding: same}"),
        ('"dens": 8', '"dense": 8'),
        ("'dens' : 8  # eight", "'dense' : 8  # eight"),
        # Words of other frameworks.
        ("BatchNormalization", "batch_norm"),
        ("bn", "batch_norm"),
        ("keras.layers.Dense: 8", "dense: 8"),
        ("Conv2D: {out_channels: 8, kernel_size: 3, stride: 2}", "conv2d: {filters: 8, kernel_size: 3, strides: 2}"),
        ("Linear: {out_features: 10}", "dense: {units: 10}"),
        ("dropout: {p: 0.5}", "dropout: {rate: 0.5}"),
        # A name as a value.
        ("{type: dense, units: 8}", "{dense: {units: 8}}"),
        ("{units: 8, type: dense, name: a, activation: relu}", "{dense: {units: 8, activation: relu}, name: a}"),
        ("{type: relu}", "relu"),
        ("{type: relu, name: a}", "{relu, name: a}"),
        ("type: relu  # why", "relu  # why"),
        ("type: relu\n      name: a", "relu:\n      name: a"),
        ("{type: Dense, unit: 8}", "{dense: {units: 8}}"),
        (
            "type: conv2d   # a\n      # b\n      filters: 8\n\n      kernel_size:  # c\n        - 3\n        - 3\n      name: a # d",
            "conv2d:   # a\n        # b\n        filters: 8\n\n        kernel_size:  # c\n          - 3\n          - 3\n      name: a # d",
        ),
        (
            "filters: 8 # a\n      # b\n      type: conv2d # c\n      name: z\n      kernel_size: 3",
            "# b\n      conv2d: # c\n        filters: 8 # a\n        kernel_size: 3\n      name: z",
        ),
        # Plain values.
        ("dense: {units: 8, use_bias: True}", "dense: {units: 8, use_bias: true}"),
        ("dense: {units: 8, use_bias: 'no'}", "dense: {units: 8, use_bias: false}"),
        ('dense: {units: "8"}', "dense: {units: 8}"),
        ("dense: 8.0", "dense: 8"),
        ("dropout: {rate: '.5'}", "dropout: {rate: .5}"),
        # Axes.
        ("softmax: {axis: 3}", "softmax: {axis: -1}"),
        ("layer_norm: {axis: 1}", "layer_norm: {axis: -3}"),
    ],
)
def test_what_is_beyond_doubt_is_corrected_and_all_else_stays(written: str, right: str) -> None:
    assert fixed(CHAIN % written) == CHAIN % right
    assert not check(CHAIN % right, "spec.yaml").errors


@pytest.mark.parametrize(
    "written",
    [
        "conv4d: {filters: 8, kernel_size: 3}",  # as near to three layers
        "conv_transpose: {filters: 8, kernel_size: 3}",
        "dense: {units: 8, unit: 9}",  # the key is there already
        "dense: {unit: 8, unts: 9}",  # two that mean one
        "wibble: 8",
        "BatchNorm2d: {momentum: 0.1}",  # counted from the other end
        "{type: BatchNorm2d, momentum: 0.1}",
        "{type: BatchNorm2d, Momentum: 0.1}",
        "BatchNorm2d: {momntum: 0.1}",
        "dense: {units: 8, activation: adan}",
        "{type: dense, units: 8, config: 3}",  # an argument that nothing here has
        "{type: dense, # why\n       units: 8}",  # a comment inside a flow mapping
        "dense: &a {unit: 8}",  # an alias may repeat it
        "{class_name: Dense, config: {units: 8}}",  # two levels become one
        "embedding: {input_dim: 3, size: 9}",  # called so for other values
    ],
)
def test_what_is_in_doubt_is_left_alone(written: str) -> None:
    text = CHAIN % written
    assert check(text, "spec.yaml").errors
    assert fixed(text) == text


def test_what_came_through_a_variable_is_left_alone() -> None:
    text = (CHAIN % "dense: {units: 8, activation: $act}").replace("model:\n", "vars: {act: rellu}\nmodel:\n", 1)
    assert check(text, "spec.yaml").errors
    assert fixed(text) == text


def test_variables_arguments_of_blocks_and_their_bodies_are_corrected() -> None:
    text = """\
modelc: 1
vars: {width: 8}
blocks:
  Unit:
    parms: {size: integer}   # what it takes
    layers: [dense: {unit: $siz}, rellu]
model:
  inputs: {x: {shape: [4]}}
  layers:
    - Unit: {sise: 4}
    - Unt: $widht
"""
    right = """\
modelc: 1
vars: {width: 8}
blocks:
  Unit:
    params: {size: int}   # what it takes
    layers: [dense: {units: $size}, relu]
model:
  inputs: {x: {shape: [4]}}
  layers:
    - Unit: {size: 4}
    - Unit: $width
"""
    assert fixed(text) == right
    assert not check(right, "spec.yaml").problems


def test_references_ports_and_sections_are_corrected() -> None:
    text = """\
modelc: 1
modle:
  inputs: {words: {shape: [12], dtype: int64}}
  nodes:
    table: {frm: words, embedding: {vocab_size: 100, output_dim: 8}}
    read: {from: tabel, lstm: 4}
    score: {from: read.stat_c, dense: 1}
  outputs: [scroe]
train:
  loss: mse
  optimzer: {adam: {lr: 0.001}}
  num_epochs: 3
"""
    right = """\
modelc: 1
model:
  inputs: {words: {shape: [12], dtype: int32}}
  nodes:
    table: {from: words, embedding: {input_dim: 100, output_dim: 8}}
    read: {from: table, lstm: 4}
    score: {from: read.state_c, dense: 1}
  outputs: [score]
train:
  loss: mean_squared_error
  optimizer: {adam: {learning_rate: 0.001}}
  epochs: 3
"""
    assert fixed(text) == right


def test_json_keeps_its_quotes_and_its_layout() -> None:
    text = """{
  "modelc": 1,
  "model": {
    "inputs": {"x": {"shape": [4], "dtype": "float64"}},
    "layers": [
      {"Dense": {"unit": "8", "use_bias": "yes"}},
      {
        "type": "dense",
        "units": 3
      },
      {"type": "relu", "name": "a"}
    ]
  }
}
"""
    right = """{
  "modelc": 1,
  "model": {
    "inputs": {"x": {"shape": [4], "dtype": "float32"}},
    "layers": [
      {"dense": {"units": 8, "use_bias": true}},
      {
        "dense": {"units": 3}
      },
      {"relu": null, "name": "a"}
    ]
  }
}
"""
    assert fixed(text, "spec.json") == right
    json.loads(right)


def test_carriage_returns_and_wide_characters_stay() -> None:
    text = (CHAIN % "dens: 8  # größer 🙂 → ok").replace("\n", "\r\n")
    assert fixed(text) == text.replace("dens:", "dense:")


def test_an_axis_that_means_another_in_each_use_of_a_block_is_left_alone() -> None:
    text = """\
modelc: 1
blocks: {Unit: {layers: [softmax: {axis: 1}]}}
model:
  inputs: {x: {shape: [4]}, y: {shape: [4, 4]}}
  nodes:
    a: {from: x, Unit: }
    b: {from: y, Unit: }
  outputs: [a, b]
"""
    assert len(check(text, "spec.yaml").errors) == 2
    assert fixed(text) == text


@pytest.mark.parametrize("stubborn", [0, 3])
def test_many_fixes_are_checked_together_and_one_that_cures_nothing_is_found(stubborn: int) -> None:
    text = CHAIN % "\n    - ".join(["dens: 8"] * 60)
    place = Place("spec.yaml", 1, 1, 1, 7)
    left = [
        Problem("E102", f"stubborn {number}", Label(place), suggestion=Suggestion("modelc", "modelc", place=place), fix=Fix("none", (Edit(place, "modelc"),)))
        for number in range(stubborn)
    ]  # fmt: skip
    texts: list[str] = []

    def checked(given: Mapping[str, str]) -> Checked:
        texts.append(given.get(os.path.realpath("spec.yaml"), text))
        found = check(texts[-1], "spec.yaml")
        return found._replace(problems=(*found.problems, *left))

    done = Fixed()
    fix(checked, [os.path.realpath("spec.yaml")], done)
    assert done.texts[os.path.realpath("spec.yaml")] == text.replace("dens:", "dense:")
    assert done.counts[os.path.realpath("spec.yaml")] == 60 and len(texts) <= 2 + 20 * stubborn
    texts.clear()
    verified = [one.fix for one in with_verified_fixes(checked, checked({}), {}).problems]
    assert verified.count(None) == stubborn and len(texts) <= 2 + 20 * stubborn


def test_a_fix_says_what_it_does_and_where() -> None:
    text = CHAIN % "dens: 8"
    checked = check(text, "spec.yaml")
    (problem,) = with_verified_fixes(
        lambda texts: check(texts.get(os.path.realpath("spec.yaml"), text), "spec.yaml"), checked, {}
    ).problems
    assert problem.fix is not None
    (edit,) = problem.fix.edits
    assert (problem.fix.title, edit.place, edit.text) == ("write `dense` for `dens`", problem.label.place, "dense")


@pytest.mark.parametrize("spec", SPECS, ids=lambda path: path.stem)
def test_a_typo_in_a_shipped_spec_is_put_right_or_left_alone(spec: Path, request: pytest.FixtureRequest) -> None:
    count = request.config.getoption("--typos")
    text = spec.read_text(encoding="utf-8")
    chance = random.Random(spec.stem)
    words = [
        word for word in re.finditer(r"[A-Za-z_][A-Za-z0-9_]{2,}", text) if "#" not in line_before(text, word.start())
    ]
    corrected = 0
    for word in chance.sample(words, min(len(words), count)):
        damaged = text[: word.start()] + slipped(word[0], chance) + text[word.end() :]
        if not check(damaged, str(spec)).errors:
            continue
        mended = fixed(damaged, str(spec))
        assert fixed(mended, str(spec)) == mended
        assert comments(mended) == comments(text)
        if mended != damaged:
            corrected += 1
            assert mended == text or not check(mended, str(spec)).errors, f"{word[0]} at {word.start()}"
    assert corrected >= min(count, len(words)) // 5


def line_before(text: str, index: int) -> str:
    return text[text.rfind("\n", 0, index) + 1 : index]


def slipped(word: str, chance: random.Random) -> str:
    """`word` with one typo."""
    at = chance.randrange(len(word) - 1)
    return chance.choice(
        (
            word[:at] + word[at + 1 :],
            word[:at] + chance.choice("aeioustr") + word[at:],
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
            word[:at] + chance.choice("aeioustr") + word[at + 1 :],
        )
    )


def comments(text: str) -> list[str]:
    return re.findall(r"(?:^|\s)(#.*)", text)


def test_a_number_that_is_another_one_elsewhere_is_nobodys_guess() -> None:
    text = "modelc: 1\nmodel: {inputs: {x: {shape: [4]}}, layers: [dense: 010, dense: '8', dense: '0']}\n"
    problems = check(text, "spec.yaml").problems
    assert [problem.fix is not None for problem in problems] == [False, True, True]
