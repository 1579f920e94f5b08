"""Specs in files beside each other, and what checking them gives, for the tests of `use` and `extends`."""

from pathlib import Path

from modelc.compiler.api import Checked, check_file

INPUTS = "inputs: {x: {shape: [4]}}"
USING = "modelc: 1\nblocks: {B: {use: other.yaml}}\nmodel: {inputs: {x: {shape: [4]}}, layers: [B, dense: 1]}\n"


def checked(folder: Path, other: str, spec: str = USING) -> Checked:
    """A spec beside the file `other.yaml`."""
    (folder / "other.yaml").write_text(other, encoding="utf-8")
    (folder / "spec.yaml").write_text(spec, encoding="utf-8")
    return check_file(folder / "spec.yaml")


def found(result: Checked) -> list[tuple[str, str, str]]:
    return [
        (problem.code, problem.message, f"{Path(problem.label.place.file).name}:{problem.label.place.line}")
        for problem in result.errors
    ]


STACK = """modelc: 1
vars: {w: 3, stacks: {deep: [dense: $w, {relu: , name: seen}, dense: 9]}, stack: $stacks.deep}
model: {inputs: {x: {shape: [4]}}, layers: $stack}
"""
TWO = f"modelc: 1\nmodel: {{{INPUTS}, nodes: {{seen: {{from: x, dense: 3}}, y: {{from: seen, dense: 9}}}}, outputs: [y]}}\n"


HELD = f"""modelc: 1
vars: {{hidden: {{dense: 5}}, items: [{{dense: 3, name: nm}}]}}
model: {{{INPUTS}, layers: [dense: 8, $hidden, $items.0, dense: 4]}}
"""
