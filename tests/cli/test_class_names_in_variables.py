"""A file of class names that a variable names: as if it were written out, in checks, runs and resolved specs."""

import json
from pathlib import Path

import pytest

from modelc.compiler.api import check_file
from tests.cli.commands import modelc
from tests.cli.test_class_names import NAMES, SPEC, keep

OF_KIND = "{category: {column: kind, classes: CLASSES}}"
VARIABLES = {
    "the mapping": ("names: {file: PATH}", "$names"),
    "the path": ("path: PATH", "{file: $path}"),
    "the path as an expression": ("path: PATH", '{file: "${path}"}'),
    "one variable of another": ("a: $b, b: {file: $c}, c: PATH", "$a"),
    "an entry of a list": ("all: {of: [3, {file: PATH}]}", "$all.of.1"),
    "an entry that is a variable": ("b: {file: PATH}, all: {of: [3, $b]}", "$all.of.1"),
}
"""Variables, and what stands in place of `classes`."""
AROUND = {
    "the arguments": ("given: {column: kind, classes: {file: PATH}}", "{kind: {category: $given}}"),
    "the reader": ("reader: {category: {column: kind, classes: {file: PATH}}}", "{kind: $reader}"),
    "the targets": ("all: {kind: {category: {column: kind, classes: {file: PATH}}}}", "$all"),
}
"""Variables, and what stands in place of `targets`."""


def with_variables(kind: str, path: str = "names.txt") -> str:
    """The spec with the file of its names in variables, as `kind` says."""
    variables, targets = AROUND.get(kind, ("", ""))
    if kind in VARIABLES:
        variables, classes = VARIABLES[kind]
        targets = f"{{kind: {OF_KIND.replace('CLASSES', classes)}}}"
    head, _, rest = SPEC.partition("  targets:\n")
    text = f"{head}  targets: {targets}\n{rest.partition(chr(10))[2]}"
    return text.replace("model:", f"vars: {{{variables.replace('PATH', path)}}}\nmodel:", 1)


@pytest.mark.parametrize("kind", [*VARIABLES, *AROUND])
def test_a_file_of_names_in_a_variable_is_as_if_it_were_written_out(tmp_path: Path, kind: str) -> None:
    plain, varied = (tmp_path / name for name in ("plain", "varied"))
    plain.mkdir()
    varied.mkdir()
    checked = check_file(keep(varied, spec=with_variables(kind)) / "spec.yaml", headers=True)
    assert not checked.problems and checked.task is not None and checked.task.targets is not None
    assert checked.task.targets["kind"].classes == tuple(NAMES)
    assert checked.task.planned.graph.nodes[0].layer.units == 3  # type: ignore[union-attr]  # it is a dense layer
    for content in (b"cat\ncat\n", b"cat\n", None):
        for folder, spec in ((plain, SPEC), (varied, with_variables(kind))):
            keep(folder, content, spec)
            if content is None:
                (folder / "names.txt").unlink()
        (one,) = check_file(plain / "spec.yaml").problems
        (other,) = check_file(varied / "spec.yaml").problems
        assert (one.code, one.message, one.notes, one.helps) == (other.code, other.message, other.notes, other.helps)
        if content is None:
            shown = modelc("validate", "spec.yaml", cwd=varied).out
            assert "--> spec.yaml:2:" in shown, "the path is written among the variables"


def test_a_variable_of_names_that_is_used_elsewhere_stays_what_it_is(tmp_path: Path) -> None:
    text = with_variables("the mapping").replace("npz: rows.npz", "npz: $rows.file")
    text = text.replace("vars: {", "vars: {rows: {file: rows.npz}, ").replace("column: kind", "column: $names.file", 1)
    (problem,) = check_file(keep(tmp_path, spec=text) / "spec.yaml", headers=True).errors
    assert problem.code == "E401" and "`names.txt`" in problem.message


@pytest.mark.parametrize(
    ("variables", "classes", "code"),
    [
        ("a: 3", "$b", "E207"),
        ("a: 3", "{file: $b}", "E207"),
        ("a: $b, b: $a", "$a", "E208"),
        ("a: {file: $a.file}", "$a", "E208"),
        ("a: {file: names.txt}", '"${a}"', "E207"),
        ("a: 3", "{file: $a}", "E105"),
        ("a: {file: names.txt, sep: 1}", "$a", "E102"),
        (", ".join(f"a{index}: $a{index + 1}" for index in range(3000)) + ", a3000: {file: names.txt}", "$a0", "E208"),
    ],
)
def test_a_variable_that_holds_no_file_of_names_is_one_error(
    tmp_path: Path, variables: str, classes: str, code: str
) -> None:
    text = SPEC.replace("{file: names.txt}", classes).replace("model:", f"vars: {{{variables}}}\nmodel:", 1)
    assert [problem.code for problem in check_file(keep(tmp_path, spec=text) / "spec.yaml").errors] == [code]


@pytest.mark.parametrize("kind", ["the mapping", "the path", "the reader"])
def test_a_run_of_names_in_a_variable_is_that_of_its_spec(tmp_path: Path, kind: str) -> None:
    keep(tmp_path, spec=with_variables(kind))
    assert modelc("train", "spec.yaml", cwd=tmp_path).code == 0
    assert modelc("evaluate", "spec.yaml", cwd=tmp_path).err == ""
    shown = modelc("summary", "--resolved", "--format", "json", "spec.yaml", cwd=tmp_path).out
    assert json.loads(shown)["data"]["targets"]["kind"]["category"]["classes"] == {"file": "names.txt"}
    assert json.loads(shown)["model"]["layers"][0]["dense"]["units"] == 3
    (tmp_path / "names.txt").write_text("cat\n$dog\ncow\n", encoding="utf-8")
    ended = modelc("evaluate", "spec.yaml", cwd=tmp_path)
    assert ended.code == 4 and "E607" in ended.err and '"cow"' in ended.err
    ended = modelc("evaluate", "runs/spec", cwd=tmp_path)
    assert ended.code == 0 and "line 3 was 'žluť' and is 'cow'; the run uses the names" in ended.err


def test_sample_weights_are_no_names(tmp_path: Path) -> None:
    text = SPEC.replace(
        "  validation", "  sample_weight: {category: {column: kind, classes: {file: names.txt}}}\n  validation"
    )
    (problem,) = check_file(keep(tmp_path, spec=text) / "spec.yaml", headers=True).errors
    assert problem.code == "E402" and "`sample_weight` needs numbers" in problem.message


def test_a_reader_with_a_file_of_names_may_be_wrong_elsewhere(tmp_path: Path) -> None:
    for units in ("3", '"${classes(kind)}"'):
        text = SPEC.replace('"${classes(kind)}"', units).replace("column: kind", "column: kimd")
        (problem,) = check_file(keep(tmp_path, spec=text) / "spec.yaml", headers=True).errors
        assert problem.code == "E401" and "did you mean `kind`?" in problem.helps
        assert (problem.label.place.line, problem.label.place.column) == (8, 31)
