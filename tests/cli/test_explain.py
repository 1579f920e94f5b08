"""`modelc explain`: pages of codes, references of names, and the list of all of them."""

from pathlib import Path

import pytest

from modelc.compiler.api import check
from modelc.compiler.diagnostics.catalog import codes
from modelc.compiler.explain.functions import FUNCTION_PAGES, FunctionPage
from modelc.compiler.explain.keys import KEY_EXAMPLES, key_names, key_pages
from modelc.compiler.language.expressions.operations import FUNCTIONS, NAMED
from modelc.compiler.library.registries import TABLES
from tests.cli.commands import modelc

NAMES = sorted({name for table in TABLES for name in table})


def test_without_argument_everything_is_listed(tmp_path: Path) -> None:
    ended = modelc("explain", cwd=tmp_path)
    assert ended.code == 0
    words = {line.split()[0] for line in ended.out.splitlines() if line.startswith("  ")}
    assert words == {*codes(), *NAMES}


def test_lists_are_cut_for_a_terminal_and_not_for_a_pipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    assert " ...\n" not in modelc("explain", cwd=tmp_path).out
    monkeypatch.setenv("COLUMNS", "80")
    lines = modelc("explain", cwd=tmp_path).out.splitlines()
    assert any(line.endswith(" ...") for line in lines) and max(map(len, lines)) <= 80


@pytest.mark.parametrize("code", codes())
def test_every_code_has_a_page(tmp_path: Path, code: str) -> None:
    ended = modelc("explain", code.lower(), cwd=tmp_path)
    assert ended.code == 0 and ended.out.startswith(f"{code}: ")
    assert "```" not in ended.out and "## " not in ended.out


def test_the_page_of_a_code_shows_what_its_wrong_spec_gives(tmp_path: Path) -> None:
    out = modelc("explain", "E301", cwd=tmp_path).out
    assert out.index("Wrong") < out.index("error[E301]: `conv2d`") < out.index("Right")


@pytest.mark.parametrize("name", NAMES)
def test_every_name_is_explained(tmp_path: Path, name: str) -> None:
    ended = modelc("explain", name, cwd=tmp_path)
    assert ended.code == 0 and ended.out.startswith(f"{name}  (")
    for table in TABLES:
        if name in table:
            for argument in table.find(name).model_fields:
                assert f"\n  {argument}: " in ended.out


def test_the_reference_of_a_layer(tmp_path: Path) -> None:
    out = modelc("explain", "dropout", cwd=tmp_path).out
    assert "  rate: a number of at least 0 and below 1; required\n" in out
    assert "A bare value is `rate`" in out
    assert "Example\n  dropout: 0.5\n" in out


def test_inputs_and_ports_of_a_layer_are_told(tmp_path: Path) -> None:
    out = modelc("explain", "lstm", cwd=tmp_path).out
    assert "Inputs\n  x; initial_state (2 or more), optional\n" in out
    assert "Outputs\n  output, state_h, state_c\n" in out


def test_a_name_of_two_kinds_is_explained_twice(tmp_path: Path) -> None:
    out = modelc("explain", "mean_squared_error", cwd=tmp_path).out
    assert "mean_squared_error  (loss)" in out and "mean_squared_error  (metric)" in out


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("nn.Linear", "dense"),
        ("BatchNormalization", "batch_norm"),
        ("keras.ops.argmax", "argmax"),
        ("mse", "mean_squared_error"),
    ],
)
def test_a_name_of_another_framework_is_explained_as_what_it_is_here(tmp_path: Path, theirs: str, ours: str) -> None:
    ended = modelc("explain", theirs, cwd=tmp_path)
    assert ended.code == 0 and ended.out.startswith(f"`{theirs}` is `{ours}` here.\n\n{ours}  (")


@pytest.mark.parametrize(
    ("word", "shown"),
    [
        ("callbacks.EarlyStopping", "      here: train: {early_stopping: 5}\n"),
        ("validation_split", "      here: data: {validation: 0.2}\n"),
        ("DataLoader", "      here: train: {batch_size: 64}\n"),
        ("clipnorm", "      here: train: {optimizer: adam, clip_gradients: {norm: 1.0}}\n"),
        ("state_dict", "every run keeps its best and last weights"),
        ("nn.Module", "a part to use again is a block"),
        ("net.to(device)", "JAX takes the accelerator it finds"),
    ],
)
def test_a_word_of_another_framework_is_answered_with_what_to_write(tmp_path: Path, word: str, shown: str) -> None:
    ended = modelc("explain", word, cwd=tmp_path)
    assert ended.code == 0 and ended.err == "" and shown in " ".join(ended.out.split("\n      ")) + ended.out


@pytest.mark.parametrize(
    ("word", "shown"),
    [
        ("shape", ("shape  (key)\n", "shape(x)  (in expressions)\n", "shape  an argument of\n")),
        ("classes", ("classes(name)  (in expressions)\n", "classes  an argument of\n")),
        ("index", ("index  (key)\n", "repeat: {times: 3, index: i}\n")),
        ("repeat", ("repeat  (key)\n", "repeat: {times: 3, index: i}\n")),
        ("round", ("round(x)  (in expressions)\n",)),
        ("macro", ("macro  a value of\n  auc ",)),
        ("balanced", ("balanced  a value of\n",)),
        ("ops.abs", ("`ops.abs` is `abs` here.\n",)),
        ("criterion", ("`criterion` is `loss` here.\n\nloss  (key)\n",)),
        ("train_test_split", ("here: data: {validation: 0.2}\n",)),
    ],
)
def test_functions_values_and_other_words_are_explained(tmp_path: Path, word: str, shown: tuple[str, ...]) -> None:
    ended = modelc("explain", word, cwd=tmp_path)
    # Lines are as long as the terminal is wide.
    said = " ".join(ended.out.split())
    assert ended.code == 0 and [text for text in shown if " ".join(text.split()) not in said] == []


def test_every_function_of_expressions_has_a_page() -> None:
    assert sorted(FUNCTION_PAGES) == sorted({*FUNCTIONS, *NAMED})


@pytest.mark.parametrize("page", FUNCTION_PAGES.values(), ids=lambda page: page.call)
def test_the_example_of_a_function_can_be_computed(page: FunctionPage) -> None:
    given = "vars: {width: 6, widths: [4, 3], offset: -2}\n"
    layer = page.example if ": " in page.example else f"dense: {page.example}"
    named = "review: {shape: [4], dtype: int32}" if "embedding" in layer else "x: {shape: [4]}"
    layers = (
        f"[{layer}, flatten, {{dense: 3, name: kind}}]"
        if "embedding" in layer
        else f"[{layer}, {{dense: 3, name: kind}}]"
    )
    read = "inputs: {review: {text: {column: review, length: 4, vocabulary: 9}}}, " if "embedding" in layer else ""
    text = (
        f"modelc: 1\n{given}model: {{inputs: {{{named}}}, layers: {layers}}}\n"
        f"data: {{source: {{npz: rows.npz}}, {read}targets: {{kind: {{category: {{column: kind, classes: 3}}}}}}}}\n"
    )
    assert check(text, "spec.yaml").errors == ()


@pytest.mark.parametrize("example", KEY_EXAMPLES.values())
def test_the_example_of_a_key_is_valid(example: str) -> None:
    items = "".join(f"    {line}\n" for line in example.split("\n"))
    assert not check(f"modelc: 1\nmodel:\n  inputs: {{x: {{shape: [8]}}}}\n  layers:\n{items}", "spec.yaml").problems


def test_a_typo_is_answered_with_the_right_name(tmp_path: Path) -> None:
    ended = modelc("explain", "drpout", cwd=tmp_path)
    assert ended.code == 2 and ended.out == "" and "did you mean `modelc explain dropout`?" in ended.err


def test_an_unknown_code_is_answered_with_those_like_it(tmp_path: Path) -> None:
    ended = modelc("explain", "E299", cwd=tmp_path)
    assert ended.code == 2 and "E201" in ended.err
    assert "lists all codes" in modelc("explain", "E999", cwd=tmp_path).err


def test_a_name_like_nothing_is_answered_with_the_list(tmp_path: Path) -> None:
    ended = modelc("explain", "xyzzy", cwd=tmp_path)
    assert ended.code == 2 and "lists all codes and names" in ended.err


@pytest.mark.parametrize(
    ("section", "key", "example"),
    [
        ("model", "outputs", "dense: {units: 10"),
        ("data", "validation", "source: digits"),
        ("train", "monitor", "epochs: 20"),
    ],
)
def test_a_section_is_explained_by_its_keys_and_an_example(
    tmp_path: Path, section: str, key: str, example: str
) -> None:
    out = modelc("explain", section, cwd=tmp_path).out
    assert out.startswith(f"{section}  (section)\n")
    assert out.index(f"\n  {key} ") < out.index(f"\nExample\n  {section}:\n") < out.index(example)


@pytest.mark.parametrize(
    ("key", "where", "shown"),
    [
        ("nodes", "in a block", "in `model`"),
        ("validation", "in `data`", "\n  first     The first N rows.\n"),
        ("monitor", "in `train`", "decides which weights are best"),
        ("residual", "in place of a layer", "Layers whose output is added to their input: "),
        ("repeat", "beside a layer", "\n  tied   Whether all use one set of weights.\n"),
        ("weight", "beside a loss", "Factor of this term in the total loss."),
    ],
)
def test_a_key_is_explained_wherever_it_stands(tmp_path: Path, key: str, where: str, shown: str) -> None:
    out = modelc("explain", key, cwd=tmp_path).out
    assert out.startswith(f"{key}  (key)\n\n  {where}\n") and shown in out


def test_every_key_of_the_language_has_an_explanation() -> None:
    assert [key for key in key_names() if not all(page.description for page in key_pages(key))] == []


def test_a_slip_in_a_key_is_answered_with_it(tmp_path: Path) -> None:
    ended = modelc("explain", "epoch", cwd=tmp_path)
    assert ended.code == 2 and ended.out == "" and "did you mean `modelc explain epochs`?" in ended.err


def test_an_argument_is_explained_by_the_things_that_have_it(tmp_path: Path) -> None:
    out = modelc("explain", "rho", cwd=tmp_path).out
    assert out == (
        "rho  an argument of\n"
        "  adadelta  What both running means of squares keep of themselves per step.\n"
        "  rmsprop   What the running mean of squared gradients keeps of itself per step.\n"
    )
    assert "lstm" in modelc("explain", "units", cwd=tmp_path).out


def test_a_name_that_is_a_key_too_shows_both(tmp_path: Path) -> None:
    out = modelc("explain", "precision", cwd=tmp_path).out
    assert "precision  (metric)" in out and "precision  (key)\n\n  in `model`" in out
