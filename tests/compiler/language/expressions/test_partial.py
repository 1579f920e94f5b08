"""What stands in an expression beside a shape: names as they are written, entries of what waits, and classes."""

import pytest

from tests.compiler.expansion.specs import CHAIN, checked, layers, only
from tests.compiler.graph.test_asked_shapes import graph


def test_a_name_is_what_was_written_also_where_python_reads_a_number_in_it() -> None:
    names = ["stem-1_0", "stem-10", "stem-0x1", "stem-1e2", "stem-1_0b"]
    nodes = "".join(f"{name}: {{from: x, dense: {size}}}\n" for size, name in enumerate(names, start=3))
    asked = "".join(
        f'a{size}: {{from: x, dense: "${{shape({name})[-1]}}"}}\nb{size}: {{from: x, Twice: "${{shape( {name} )[-1]}}"}}\n'
        for size, name in enumerate(names[:-1], start=3)
    )
    last = "c: {from: x, dense: \"${shape('stem-1_0b')[-1]}\"}"
    above = 'blocks: {Twice: {params: {n: 1}, layers: [dense: "${2 * n}"]}}\n'
    every = [*names, *(f"{letter}{size}" for letter in "ab" for size in range(3, 7)), "c"]
    found = layers(graph(nodes + asked + last, *every, above=above))
    assert {path: layer.units for path, layer in found.items() if path[1:].isdecimal()} == {
        f"a{size}": size for size in range(3, 7)
    }
    assert [found[f"b{size}/dense"].units for size in range(3, 7)] == [6, 8, 10, 12]
    assert found["c"].units == 7


@pytest.mark.parametrize(
    ("name", "function"), [("in", "shape"), ("stem-01", "shape"), ("is.not", "shape"), ("if", "classes")]
)
def test_a_name_that_python_cannot_read_needs_quotes(name: str, function: str) -> None:
    problem = only(CHAIN + f'    - dense: "${{4 + {function}({name})[-1]}}"\n')
    assert (problem.code, problem.helps) == ("E207", (f"write the name in quotes: `{function}('{name}')`",))


ENTRIES = """
vars: {s: "${shape(x)}", both: {a: "${[2] + shape(x)}"}, many: [5, "${shape(x)}"], last: "${shape(x)[0] - 2}"}
blocks: {Part: {params: {w: [9]}, layers: [dense: "${w[-1] + 1}", dense: $w.0, dense: "${len(w)}"]}}
"""


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        ('dense: "${s[-1]}"', [3]),
        ("dense: $s.0", [4]),
        ('dense: "${s[1:][0] + both.a[0] + many[1][-2]}"', [9]),
        ('dense: "${both.a[last] + many[0]}"', [8]),
        ('dense: "${[7, 8, 9][last] + sum(s)}"', [16]),
        ("Part: $s", [4, 4, 2]),
        ('Part: ["${shape(x)[-1]}", 6]', [7, 3, 2]),
        ('Part: "${many[1] + s}"', [4, 4, 4]),
        ('Part: "${s + s}"', [4, 4, 4]),
    ],
)
def test_a_variable_or_parameter_that_is_a_shape_has_entries(layer: str, expected: list[int]) -> None:
    found = checked(f"{ENTRIES}model: {{inputs: {{x: {{shape: [4, 3]}}}}, layers: [{layer}]}}\n")
    assert not found.errors and found.task is not None
    assert [plan.output.shape[-1] for plan in found.task.planned.plans.values()] == expected


@pytest.mark.parametrize("expression", ["p ** p", "2 * (p ** p if n == 2 else p)", "[p ** p, p - p][0]"])
def test_a_variable_that_waits_may_stand_on_both_sides_of_an_operator(expression: str) -> None:
    found = checked(f"""
vars: {{n: 2, p: "${{shape(x)[1] ** n}}"}}
model: {{inputs: {{x: {{shape: [4, 2]}}}}, layers: [dense: "${{({expression}) + 0 * n}}"]}}
""")
    assert found.task is not None and not found.problems
    assert found.task.planned.plans["dense"].output.shape == (4, 512 if "2 *" in expression else 256)


def test_strings_stay_what_they_are_where_names_move_out() -> None:
    text = """
vars: {act: "shape(x)'"}
blocks: {Part: {params: {w: 1}, layers: [dense: "${w + 1}"]}}
model: {inputs: {x: {shape: [4, 3]}}, layers: [Part: "${shape(x)[0] * (2 if act == 'no' else 9) + len('shape(y), 1')}"]}
"""
    assert layers(text)["Part/dense"].units == 4 * 9 + 11 + 1


def test_entries_of_entries_take_no_more_time_the_deeper_they_are() -> None:
    problem = only('vars: {s: "${shape(x)}"}\n' + CHAIN + f'    - dense: "${{s{"[0]" * 150}}}"\n')
    assert problem.message == "`shape(x)[0]` has no entry 0"


TARGET = (
    "data: {source: {npz: q.npz}, inputs: {x: {array: x}}, targets: {kind: {category: {column: kind, classes: 3}}}}\n"
)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("classes(kind) + shape(input)[0]", 7),
        ("[shape(x)[1], classes(kind) * n][1]", 6),
        ("max(shape(x)) if classes(kind) == 3 else 1", 4),
        ("classes(kind) if shape(x)[0] > classes(kind) else 1", 3),
        ("size * classes(kind)", 12),
    ],
)
def test_classes_stand_beside_shapes(expression: str, expected: int) -> None:
    text = f"""
vars: {{n: 2, size: "${{shape(x)[0]}}"}}
model:
  inputs: {{x: {{shape: [4, 2]}}}}
  layers: [dense: "${{{expression}}}", flatten: , {{dense: "${{classes(kind)}}", name: kind}}]
"""
    # Also where no node has the name of the target.
    for name in ("kind", "other"):
        found = checked(text.replace("name: kind", f"name: {name}") + TARGET)
        assert found.task is not None and found.task.planned.plans["dense"].output.shape == (4, expected)
