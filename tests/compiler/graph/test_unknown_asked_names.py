"""Names that there are not, in expressions that ask for shapes: one error, where it is wrong, with its fix."""

import pytest

from tests.compiler.expansion.specs import at, only

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
