"""Errors that merely follow from another are not told, and a misspelt definition is blamed where it stands, not its uses."""

from pathlib import Path

import pytest

from modelc.compiler.api import check, check_file
from modelc.compiler.diagnostics.render import in_order
from tests.places import words_at

SPEC = """\
modelc: 1
vars: {width: 8, deep: 3, sizes: [$width, 4]}
blocks:
  Part:
    params: {units: int, rate: 0.5}
    layers:
      - dense: $units
      - dropout: $rate
      - dense: "${units + width}"
  Fork:
    inputs: [left, right]
    nodes:
      both: {from: [left, right], concatenate: -1}
      main: {from: both, dense: 4}
      side: {from: main, dense: 4}
    outputs: [side, main]
model:
  inputs: {image: {shape: [4]}, other: {shape: [4]}}
  nodes:
    head: {from: image, Part: {units: 4}, repeat: $deep}
    tail: {from: [head, image], concatenate: -1}
    fork: {from: [tail, head], Fork: }
    last: {from: fork, Part: {units: "${sizes[0]}"}}
    more: {from: [fork.main, other], concatenate: -1}
  outputs: [last, more]
"""


def found(text: str) -> list[tuple[str, str, tuple[str, ...]]]:
    """What is blamed of a spec: the code, the words and the cures of each error."""
    errors = in_order(check(text, "spec.yaml").errors)
    return [(problem.code, words_at(text, problem.label.place), problem.helps) for problem in errors]


def test_the_spec_is_right() -> None:
    assert not check(SPEC, "spec.yaml").errors


@pytest.mark.parametrize("key", ["vars", "blocks", "params", "outputs: [last", "inputs: {image", "nodes:\n    head"])
def test_a_misspelt_section_is_the_only_error(key: str) -> None:
    right = key.partition(":")[0]
    wrong = right[:2] + "z" + right[2:]
    text = SPEC.replace(key, key.replace(right, wrong, 1), 1)
    ((code, word, helps),) = found(text)
    assert (code, word, helps) == ("E102", wrong, (f"did you mean `{right}`?",))


@pytest.mark.parametrize(
    ("defined", "code"),
    [
        ("width: 8", "E207"),
        ("units: int", "E207"),
        ("Part:\n", "E101"),
        ("main: {from", "E201"),
        ("both: {from", "E201"),
        ("image: {shape", "E201"),
        ("head: {from", "E201"),
        ("left, right]\n    nodes", "E201"),
    ],
)
def test_a_misspelt_definition_is_blamed_where_its_uses_are_several(defined: str, code: str) -> None:
    right = defined.partition(":")[0].partition(",")[0]
    wrong = right[:2] + "z" + right[2:]
    text = SPEC.replace(defined, defined.replace(right, wrong, 1), 1)
    errors = found(text)
    if SPEC.count(right) == 2:
        # One place defines it and one uses it: which of them is wrong is not known.
        assert [error[1] for error in errors] == [right]
        return
    assert errors == [(code, wrong, (f"did you mean `{right}`?",))]
    (problem,) = check(text, "spec.yaml").errors
    assert problem.fix is not None and problem.fix.edits[0].text == right


def test_a_definition_that_is_used_is_not_misspelt() -> None:
    text = SPEC.replace("width: 8", "widht: 8").replace("rate: 0.5", 'rate: "${1 / widht}"')
    assert [(code, word) for code, word, _ in found(text)] == [("E207", "$width"), ("E207", '"${units + width}"')]


def test_what_does_not_follow_is_told() -> None:
    text = SPEC.replace("vars:", "varz:").replace("dropout:", "dropuot:").replace("[last, more]", "[last, many]")
    assert [word for _, word, _ in found(text)] == ["varz", "dropuot", "many"]
    text = SPEC.replace("blocks:", "blokcs:").replace("dense: 4}\n      side", "dense: -4}\n      side")
    assert [word for _, word, _ in found(text)] == ["blokcs"]
    assert [word for _, word, _ in found(text.replace("blokcs", "blocks"))] == ["-4"]


def test_a_definition_in_another_file_is_blamed_there(tmp_path: Path) -> None:
    base, own = SPEC.partition("model:")[0], "model:" + SPEC.partition("model:")[2]
    (tmp_path / "base.yaml").write_text(base.replace("width: 8", "widht: 8"), encoding="utf-8")
    spec = tmp_path / "spec.yaml"
    spec.write_text(f"modelc: 1\nextends: base.yaml\n{own}", encoding="utf-8")
    (problem,) = check_file(spec).errors
    assert (problem.label.place.file.endswith("base.yaml"), problem.label.place.line) == (True, 2)


def test_a_value_that_expressions_cannot_be_computed_with_is_told_once() -> None:
    text = SPEC.replace("width: 8", "width: null").replace("sizes: [$width", 'sizes: ["${width + 1}"')
    ((code, word, _),) = found(text)
    assert code == "E207" and "width" in word
    assert "`null` is not a number" in check(text, "spec.yaml").errors[0].message


def test_what_is_computed_with_a_wrong_value_follows_from_it() -> None:
    text = (
        'modelc: 1\nvars: {width: -3, less: "${width - 4}"}\nmodel:\n  inputs: {x: {shape: [4]}}\n'
        '  layers: [dense: $width, dense: "${2 * width}", dense: $less, dense: "${less - 1}", dense: -5]\n'
    )
    assert [(code, word) for code, word, _ in found(text)] == [("E106", "-3"), ("E106", "-5")]


def test_a_cure_of_what_follows_is_none() -> None:
    """`OneHot` is what others call `category_encoding`, and here the block that is not read."""
    text = (
        "modelc: 1\nblokcs:\n  OneHot: {layers: [{category_encoding: {num_tokens: 3, output_mode: one_hot}}]}\nmodel:\n"
        "  inputs: {x: {shape: [], dtype: int32}}\n  nodes:\n    a: {from: x, OneHot: }\n    b: {from: x, OneHot: }\n"
        "  outputs: [a, b]\n"
    )
    assert [(code, word) for code, word, _ in found(text)] == [("E102", "blokcs")]


DATA = """\
modelc: 1
model:
  inputs: {photo: {shape: [8, 8]}}
  nodes: {flat: {from: photo, flatten: }, digit: {from: flat, dense: 10}}
  outputs: [digit]
data: {source: digits, inputs: {photo: {array: image}}, targets: {digit: {category: label}}}
train: {losses: {digit: {cross_entropy: , of: digit}}, optimizer: adam, epochs: 1}
"""


@pytest.mark.parametrize(
    ("right", "wrong", "blamed"),
    [("inputs: {photo: {shape", "inputs: {phoot: {shape", "phoot"), ("of: digit", "o: digit", "o")],
)
def test_names_in_data_and_losses_are_uses_too(right: str, wrong: str, blamed: str) -> None:
    assert not check(DATA, "spec.yaml").errors
    assert [word for _, word, _ in found(DATA.replace(right, wrong))] == [blamed]


def test_layers_that_are_no_list_may_be_of_one_type() -> None:
    text = "modelc: 1\nmodel:\n  inputs: {x: {shape: [4]}}\n  layers:\n    dense: 3\n    relu:\n    dense: 1\n"
    (problem,) = check(text, "spec.yaml").problems
    assert problem.code == "E105" and problem.helps == ("begin each layer with `- `",)
    # In the arguments of a layer, which is one, it is a mistake of its own.
    (problem,) = check(
        text.replace("dense: 3", "- dense: {units: 3, units: 4}").replace("    relu:\n    dense: 1\n", ""), "s"
    ).problems
    assert problem.code == "E003"
