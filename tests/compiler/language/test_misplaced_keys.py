"""Keys that stand in another section than theirs, or in none: one error for all that belong together."""

import pytest

from modelc.compiler.api import check

MODEL = (
    "model:\n  inputs: {x: {shape: [8, 8]}}\n  layers: [flatten, {dense: {units: 10, activation: softmax}, name: y}]\n"
)
DATA = "data:\n  source: digits\n  inputs: {x: {array: image}}\n  targets: {y: {category: label}}\n  validation: 0.2\n"
TRAIN = "train:\n  loss: cross_entropy\n  optimizer: adam\n  batch_size: 64\n  epochs: 5\n"
SECTIONS = {"model": MODEL, "data": DATA, "train": TRAIN}


def without_name(section: str) -> str:
    """The keys of a section at the left margin."""
    return "".join(f"{line[2:]}\n" for line in section.splitlines()[1:])


def errors(text: str) -> list[tuple[str, str, str]]:
    found = check(f"modelc: 1\n{text}", "spec.yaml").errors
    return [(problem.code, problem.message, " ".join(problem.helps)) for problem in found]


def test_the_spec_is_valid() -> None:
    assert not check("modelc: 1\n" + "".join(SECTIONS.values()), "spec.yaml").problems


@pytest.mark.parametrize("flat", [("model",), ("data",), ("train",), ("model", "train"), ("data", "train")])
def test_a_section_without_its_name_is_one_error(flat: tuple[str, ...]) -> None:
    text = "".join(without_name(section) if name in flat else section for name, section in SECTIONS.items())
    found = errors(text)
    assert [code for code, _, _ in found] == ["E102"] * len(flat)
    for (_, message, help), name in zip(found, flat, strict=True):
        keys = [line.partition(":")[0].strip() for line in SECTIONS[name].splitlines()[1:]]
        assert all(f"`{key}`" in message for key in keys) and message.endswith(f"belong in `{name}`")
        assert help == f"write `{name}:` above, and indent them below it"


def test_a_key_beside_its_section_goes_into_it() -> None:
    rest = TRAIN.replace("  batch_size: 64\n", "").replace("  epochs: 5\n", "")
    assert errors(MODEL + DATA + rest + "batch_size: 64\nepochs: 5\n") == [
        ("E102", "`batch_size` and `epochs` belong in `train`", "indent them below `train:`")
    ]
    assert errors(MODEL + DATA + rest + "  batch_size: 64\nepochs: 5\n") == [
        ("E102", "`epochs` belongs in `train`", "indent it below `train:`")
    ]


@pytest.mark.parametrize(
    ("inputs", "home"),
    [("{x: {shape: [8, 8]}}", "model"), ("{x: {array: image}}", "data"), ("{}", "model` or `data")],
)
def test_what_a_key_has_says_in_which_of_two_sections_it_belongs(inputs: str, home: str) -> None:
    found = errors(f"{TRAIN}inputs: {inputs}\n")
    assert ("E102", f"`inputs` belongs in `{home}`") in [one[:2] for one in found]


def test_other_names_are_said_where_the_keys_belong() -> None:
    rest = MODEL + DATA + "loss: cross_entropy\noptimiser: adam\nepochs: 5\n"
    assert errors(rest) == [
        (
            "E102",
            "`loss`, `optimiser` and `epochs` belong in `train`",
            "write `train:` above, and indent them below it, `optimiser` as `optimizer`",
        )
    ]


def test_keys_of_one_section_in_another_are_one_error() -> None:
    text = MODEL.replace("inputs", "optimizer: adam\n  epochs: 5\n  inputs") + DATA + TRAIN
    text = (
        text.replace("optimizer: adam\n  batch", "batch").replace("  epochs: 5\n", "", 1).replace("  epochs: 5\n", "")
    )
    text = text.replace("optimizer: adam\n", "optimizer: adam\n  epochs: 5\n")
    assert errors(text) == [("E102", "`optimizer` and `epochs` belong in `train`", "move them below `train:`")]


@pytest.mark.parametrize("home", ["model", "data", "train"])
@pytest.mark.parametrize("own", ["", "vars: {other: 3}\n"])
def test_definitions_in_a_section_are_one_error_and_known(home: str, own: str) -> None:
    lines = "  vars: {classes: 10}\n  blocks: {Wide: {layers: [dense: 8, relu]}}\n"
    sections = {**SECTIONS, home: SECTIONS[home].replace(f"{home}:\n", f"{home}:\n{lines}")}
    text = own + "".join(sections.values()).replace("units: 10", "units: $classes").replace(
        "flatten,", "flatten, Wide,"
    )
    found = errors(text)
    assert [one[:2] for one in found] == [
        ("E102", f"unknown key `vars` in `{home}`"),
        ("E102", f"unknown key `blocks` in `{home}`"),
    ]
    assert all("move it out to the left margin" in help for _, _, help in found)


def test_mistakes_in_misplaced_definitions_are_found() -> None:
    text = MODEL.replace("model:\n", "model:\n  blocks: {Wide: {layers: [dense: 8, rellu]}}\n").replace(
        "flatten,", "flatten, Wide,"
    )
    assert [one[:2] for one in errors(text)] == [
        ("E102", "unknown key `blocks` in `model`"),
        ("E101", "unknown layer `rellu`"),
    ]


@pytest.mark.parametrize(
    ("hiding", "words"),
    [
        ("blocks: {B: {params: {w: 4}, layers: [dense: $w]}}\nmodel: {inputs: {x: {shape: [4]}}, layers: [B: 3]}\n", "remove it; or, where it is meant to reach `B`, write `B: $w`"),
        ("model: {inputs: {x: {shape: [4]}}, layers: [{dense: '${w + 1}', repeat: {times: 2, index: w}}]}\n", "rename"),
        ("model: {inputs: {x: {shape: [4]}}, layers: [dense: 3]}\n", "remove it"),
    ],
)  # fmt: skip
def test_a_variable_that_something_hides_is_passed_on_or_renamed(hiding: str, words: str) -> None:
    (problem,) = check(f"modelc: 1\nvars: {{w: 8}}\n{hiding}", "spec.yaml").problems
    assert problem.code == "W909" and len(problem.related) == (words != "remove it")
    assert words in problem.helps[0] if words == "rename" else problem.helps == (words,)


@pytest.mark.parametrize("name", ["model", "data", "train"])
def test_a_section_whose_keys_are_not_indented_is_one_error(name: str) -> None:
    text = "".join(
        f"{name}:\n{without_name(section)}" if other == name else section for other, section in SECTIONS.items()
    )
    (problem,) = check(f"modelc: 1\n{text}", "spec.yaml").errors
    assert problem.message.endswith(f"belong in `{name}`") and problem.helps == (f"indent them below `{name}:`",)
    assert problem.related[-1].text == "nothing stands below it"


@pytest.mark.parametrize(
    ("key", "home"), [("network", "model"), ("dataset", "data"), ("training", "train"), ("fit", "train")]
)
def test_another_name_of_a_section_is_told_by_its_entries(key: str, home: str) -> None:
    text = "".join(SECTIONS.values()).replace(f"{home}:\n", f"{key}:\n")
    assert errors(text) == [("E102", f"unknown key `{key}` in a spec", f"did you mean `{home}`?")]


def test_two_names_for_one_section_are_one_error() -> None:
    text = MODEL + DATA + "compile:\n  loss: cross_entropy\n  optimizer: adam\nfit: {epochs: 3}\n"
    message = "`compile` and `fit` are no sections: the entries are keys of `train`"
    assert errors(text) == [("E102", message, "write `train:` with all of the entries below it")]
    text = MODEL + DATA + TRAIN.replace("  batch_size: 64\n", "") + "fit: {batch_size: 64}\n"
    message = "`fit` is no section: the entries are keys of `train`"
    assert errors(text) == [("E102", message, "move the entries below `train:`")]


def test_other_words_for_variables_are_known_and_what_uses_them_is_no_mistake() -> None:
    text = "variables: {classes: 10}\n" + "".join(SECTIONS.values()).replace("units: 10", "units: $classes")
    assert errors(text) == [("E102", "unknown key `variables` in a spec", "did you mean `vars`?")]


def test_a_key_that_its_section_has_already_is_to_be_kept_once() -> None:
    found = errors(MODEL + DATA + TRAIN + "loss: mean_squared_error\n")
    assert found == [
        (
            "E102",
            "`loss` belongs in `train`, which has `loss` already",
            "indent it below `train:`, and keep one of the two",
        )
    ]


@pytest.mark.parametrize("value", ["3", "[a]", "{}", "{a: 3, b: 4}", "{inputs: {x: 3}}", "{epochs: 3, a: 1, b: 2}"])
def test_what_is_like_no_section_is_only_unknown(value: str) -> None:
    ((code, message, help),) = errors("".join(SECTIONS.values()) + f"something: {value}\n")
    assert (code, message) == ("E102", "unknown key `something` in a spec") and not help
