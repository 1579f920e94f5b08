"""Names that there are not, in expressions that ask for shapes: one error, where it is wrong, with its fix."""

import pytest

from tests.compiler.expansion.specs import CHAIN, at, checked, only

NAMES = "model:\n  inputs: {image: {shape: [4]}}\n  nodes:\n    FIRST: {from: image, dense: 5}\n"


@pytest.mark.parametrize(
    ("rest", "message", "edited"),
    [
        (
            'out: {from: hidden, dense: "${shape(hidden)[-1]}"}',
            "`hiden` is never used, but `hidden` is used and not defined",
            "hidden",
        ),
        (
            'o: {from: hidden, dense: "${shape(hidden)[0] * shape(hidden)[-1]}"}\n    out: {from: o, dense: 2}',
            "`hiden` is never used, but `hidden` is used and not defined",
            "hidden",
        ),
        (
            'out: {from: image, dense: "${shape(image)[0] + shape(hidden)[-1]}"}',
            "unknown node `hidden` in `shape(hidden)`",
            '"${shape(image)[0] + shape(hiden)[-1]}"',
        ),
    ],
)
def test_a_misspelt_name_is_one_error_where_it_is_wrong_and_is_fixed(rest: str, message: str, edited: str) -> None:
    text = NAMES.replace("FIRST", "hiden") + f"    {rest}\n  outputs: [out]\n"
    problem = only(text)
    assert problem.code == "E201" and problem.message == message
    assert problem.fix is not None and [edit.text for edit in problem.fix.edits] == [edited]


@pytest.mark.parametrize(
    "body", ['{dense: "${shape(input)[-1] + n}"}, {dense: $n}', '{dense: "${n}"}, {dense: "${n * 2}"}']
)
def test_an_unknown_name_in_an_argument_of_a_block_is_reported_at_the_argument(body: str) -> None:
    text = f"""
blocks: {{Part: {{params: {{n: 2}}, layers: [{body}]}}}}
model: {{inputs: {{image: {{shape: [4]}}}}, layers: [Part: "${{shape(imagee)[0]}}"]}}
"""
    problem = only(text)
    assert (problem.code, at(text, problem)) == ("E201", '"${shape(imagee)[0]}"')
    assert problem.helps == ("did you mean `shape(image)`?",)


@pytest.mark.parametrize(
    ("expression", "message", "help"),
    [
        ("shapee(input)[0]", "`shapee` is not a function", "did you mean `shape(...)`?"),
        ("4 + shap(image)[0] * shape(x)[0]", "`shap` is not a function", "did you mean `shape(...)`?"),
        ("clases(kind)", "`clases` is not a function", "did you mean `classes(...)`?"),
        ("2 * rond(3.5)", "`rond` is not a function", "did you mean `round(...)`?"),
        (
            "len(input) + 1",
            "there is no variable `input`",
            "`input` is no variable: how many axes it has is `len(shape(input))`",
        ),
        ("4 * len( x )", "there is no variable `x`", "`x` is no variable: how many axes it has is `len(shape(x))`"),
        ("shape(inptu)[-1]", "unknown node `inptu` in `shape(inptu)`", "did you mean `shape(input)`?"),
    ],
)
def test_a_function_or_a_name_that_is_misspelt_is_answered_with_what_was_meant(
    expression: str, message: str, help: str
) -> None:
    problem = only(CHAIN + f'    - dense: "${{{expression}}}"\n')
    assert (problem.message, problem.helps) == (message, (help,))


def test_the_functions_that_there_are_are_all_listed() -> None:
    problem = only(CHAIN + '    - dense: "${frobnicate(shape(x))}"\n')
    assert all(f"`{name}`" in problem.helps[0] for name in ("shape", "classes", "len", "round"))


def test_what_no_condition_chooses_is_not_looked_up_nor_called() -> None:
    assert checked(CHAIN + '    - dense: "${3 if shape(x)[0] > 0 or true else 4}"\n').task is not None
    assert checked(CHAIN + '    - dense: "${1 + (3 if true else nothing(else_))}"\n').task is not None
    assert checked(CHAIN + '    - dense: "${3 if true else shap(x)}"\n').task is not None
