"""Class names in a file are read once in a check, which may look at its text again and again."""

from pathlib import Path

import pytest

from modelc.compiler.api import check_file
from modelc.compiler.expansion import class_names

SPEC = """modelc: 1
model:
  inputs: {x: {shape: [4]}}
  nodes:
    a: {from: x, dnese: 4}
    kind: {from: x, dense: {units: 2, activation: softmax}}
  outputs: [kind]
data:
  source: {npz: rows.npz}
  targets:
    kind: {category: {column: kind, classes: {file: names.txt}}}
train: {loss: cross_entropy, optimizer: adam, epochs: 1, epochs: 2}
"""


@pytest.mark.parametrize("names", [b"cat\ndog\n", b"cat\ncat\n"])
def test_names_are_looked_at_once(tmp_path: Path, names: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a typo whose fix is tried, a key that stands twice, each value of which is, and a setting."""
    (tmp_path / "spec.yaml").write_text(SPEC, encoding="utf-8")
    (tmp_path / "names.txt").write_bytes(names)
    seen: list[bytes] = []
    names_in = class_names.names_in

    def counting(data: bytes, name: str) -> object:
        seen.append(data)
        return names_in(data, name)

    monkeypatch.setattr(class_names, "names_in", counting)
    found = check_file(tmp_path / "spec.yaml", settings=("model.inputs.x.shape=[5]",))
    codes = {problem.code for problem in found.problems}
    assert codes == {"E003", "E101"} | ({"E106"} if names == b"cat\ncat\n" else set())
    assert seen == [names]


@pytest.mark.parametrize(
    ("text", "line", "first", "notes"),
    [
        ("a\nb\na\n", 3, 1, ()),
        ("a\nb\nb\na\nc\na\n", 3, 2, ("2 more names stand in several lines",)),
        ("a\nb\nb\na\n", 3, 2, ("1 more name stands in several lines",)),
    ],
)
def test_the_first_name_that_stands_twice_is_shown(
    tmp_path: Path, text: str, line: int, first: int, notes: tuple[str, ...]
) -> None:
    (tmp_path / "spec.yaml").write_text(SPEC.replace("dnese", "dense").replace(", epochs: 2", ""), encoding="utf-8")
    (tmp_path / "names.txt").write_text(text, encoding="utf-8")
    (problem,) = (one for one in check_file(tmp_path / "spec.yaml").problems if one.is_error)
    assert (problem.label.place.line, problem.related[0].place.line, problem.notes) == (line, first, notes)
