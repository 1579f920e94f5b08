"""`${classes(kind)}`: how many classes the data declares."""

import pytest

from tests.compiler.expansion.specs import at, checked, layers, only

SPEC = """
vars: {names: [a, b, c], n: 7}
model:
  inputs: {x: {shape: [4]}, city: {shape: [], dtype: int32}}
  nodes:
    e: {from: city, embedding: {input_dim: "${classes(city) + 1}", output_dim: 2}}
    j: {from: [x, e], concatenate: }
    kind: {from: j, dense: {units: "${classes(kind)}", activation: softmax}}
  outputs: [kind]
data:
  source: {npz: rows.npz}
  inputs: {x: {array: x}, city: {category: {column: city, classes: $n}}}
  targets: {kind: {category: {column: kind, classes: $names, unknown: other}}}
train: {loss: cross_entropy, optimizer: adam, epochs: 1}
"""


def test_the_number_stands_in_one_place() -> None:
    found = layers(SPEC)
    assert (found["kind"].units, found["e"].input_dim) == (4, 8)


def test_ids_are_counted_under_their_own_word() -> None:
    text = SPEC.replace("classes(city) + 1", "vocabulary(city)").replace("city, classes: $n", "city, vocabulary: $n")
    assert layers(text)["e"].input_dim == 7


def test_a_reader_of_windows_declares_it_too() -> None:
    text = SPEC.replace("classes: $n}}}", "classes: $n}, span: static}}").replace("{shape: [4]}", "{shape: [3, 4]}")
    text = text.replace("targets: {kind:", "windows: {context: 3, horizon: 1}\n  targets: {kind:")
    text = text.replace("    j: {from: [x, e]", "    f: {from: x, flatten}\n    j: {from: [f, e]")
    assert layers(text)["e"].input_dim == 8
    assert layers(text.replace("classes(city) + 1", "vocabulary(city)").replace("n: 7", "n: 5"))["e"].input_dim == 5


def test_a_source_may_know_it() -> None:
    text = """
model:
  inputs: {image: {shape: [8, 8]}}
  layers: [flatten, {dense: "${classes(digit)}", name: digit}]
data: {source: digits, inputs: {image: {array: image}}, targets: {digit: {category: label}}}
train: {loss: cross_entropy, optimizer: adam, epochs: 1}
"""
    assert layers(text)["digit"].units == 10


def test_a_source_that_is_not_known_is_one_error() -> None:
    text = """
model:
  inputs: {image: {shape: [8, 8]}}
  layers: [flatten, {dense: "${classes(digit)}", name: digit}]
data: {source: {tfds: {name: cifar10}}, inputs: {image: {array: image}}, targets: {digit: {category: label}}}
train: {loss: cross_entropy, optimizer: adam, epochs: 1}
"""
    problem = only(text)
    assert problem.code == "E101" and problem.helps == ("a data set is written by its name alone: `cifar10`",)


def test_a_name_that_the_data_does_not_read_is_found_beside_a_source_that_is_not_known() -> None:
    text = """
model:
  inputs: {image: {shape: [8, 8]}}
  layers: [flatten, {dense: "${classes(digit)}", name: digit}]
data: {source: nothing_like_it, inputs: {}}
train: {loss: cross_entropy, optimizer: adam, epochs: 1}
"""
    assert {problem.code for problem in checked(text).problems} >= {"E101", "E207"}


def test_it_may_stand_where_a_number_must_be_known() -> None:
    text = SPEC.replace("dense: {units", "repeat: 1, dense: {units").replace(
        "repeat: 1", 'repeat: "${classes(kind) - 3}"'
    )
    assert layers(text)["kind/0"].units == 4


@pytest.mark.parametrize(
    ("old", "new", "words", "help"),
    [
        ("classes(city) + 1", "classes(town) + 1", "no input or target `town`", "reads kind, x, city"),
        ("classes(city) + 1", "classes(citi) + 1", "no input or target `citi`", "`city`"),
        ("classes(city) + 1", "classes(x) + 1", "`array` of `x` reads no classes", "category"),
        ("classes(city) + 1", "vocabulary(x)", "`array` of `x` reads no classes", "category"),
        ("classes(city) + 1", "classes(3)", "does not ask for one name", "`classes(kind)`"),
        (", classes: $n}", "}", "does not say how many classes", "classes: 10"),
        (", classes: $n}", ', classes: "${classes(city)}"}', "depends on itself", "write the number"),
    ],
)
def test_one_error_where_there_is_none(old: str, new: str, words: str, help: str) -> None:
    text = SPEC.replace(old, new)
    text = text if "$n}" in text else text.replace(", n: 7", "")
    problem = only(text)
    assert problem.code == "E207" and words in problem.message and help in problem.helps[0]
    assert at(text, problem).startswith('"${')


def test_without_data_there_is_none() -> None:
    text = SPEC.partition("data:")[0].replace("classes(kind)", "3").replace("{names: [a, b, c], n: 7}", "{}")
    problem = only(text)
    assert "no input or target `city`" in problem.message and problem.helps[0].startswith("declare them: `data:")


def test_an_input_and_a_target_of_one_name_must_agree() -> None:
    text = (
        SPEC.replace("targets: {kind", "targets: {city")
        .replace("classes(kind)", "classes(city)")
        .replace("    kind:", "    out:")
    )
    text = text.replace("outputs: [kind]", "outputs: {city: out}")
    assert any("a target with 4 classes and an input with 7" in one.message for one in checked(text).problems)


@pytest.mark.parametrize("source", ["mnist", "digits"])
def test_a_target_that_is_not_declared_is_one_error_with_the_column_of_labels(source: str) -> None:
    shape = {"mnist": "[28, 28]", "digits": "[8, 8]"}[source]
    text = f"""
model:
  inputs: {{image: {{shape: {shape}}}}}
  layers: [flatten, {{dense: "${{classes(figure)}}", name: figure}}]
data:
  source: {source}
train: {{loss: cross_entropy, optimizer: {{sgd: "${{1 / classes(figure)}}"}}, epochs: "${{classes(figure)}}"}}
"""
    problem = only(text)
    assert (problem.code, problem.helps) == (
        "E207",
        ("declare them: `data: {targets: {figure: {category: label}}}`",),
    )
    declared = text.replace(f"source: {source}\n", f"source: {source}\n  targets: {{figure: {{category: label}}}}\n")
    assert checked(declared).problems == ()
    # Of two names that are not declared, each is one error.
    two = checked(text.replace('epochs: "${classes(figure)}', 'epochs: "${classes(number)}'))
    assert [one.message.split("`")[-2] for one in two.problems] == ["figure", "number"]


def test_typos_of_a_declared_name_are_each_named_and_hide_no_other_target() -> None:
    problems = checked("""
model:
  inputs: {image: {shape: [28, 28]}}
  nodes: {flat: {from: image, flatten}, kind: {from: flat, dense: "${classes(knd)}"}, other: {from: flat, dense: 4}}
  outputs: [kind, other]
data: {source: mnist, targets: {kind: {category: label}}}
train: {losses: {kind: cross_entropy, other: mean_squared_error}, optimizer: adam, epochs: "${classes(knd)}"}
""").problems
    assert [(one.code, one.helps) for one in problems] == [
        ("E207", ("did you mean `kind`?",)),
        ("E207", ("did you mean `kind`?",)),
        ("E401", ("bind it: `targets: {other: {category: label}}`",)),
    ]
