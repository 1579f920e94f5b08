"""`repeat: {times: 6, index: i}`: copies that know their number."""

import numpy as np
import pytest

from modelc.compiler import api
from modelc.compiler.api import check
from modelc.compiler.expansion.layer_count import check_layers
from modelc.compiler.expansion.resolved_spec import resolve
from modelc.compiler.expansion.yaml_writer import to_yaml
from modelc.compiler.library.base.lazy import jax
from modelc.compiler.lowering.passes.roll_repeats import roll_repeats
from modelc.compiler.syntax.document import read
from tests.compiler.expansion.specs import CHAIN, HEAD, at, checked, layers, only, paths

BLOCK = "blocks: {B: {params: {n: int, times: 1}, layers: [{dense: $n, repeat: $times}]}}\n"


def units(text: str) -> dict[str, int]:
    return {path: layer.units for path, layer in layers(text).items() if hasattr(layer, "units")}


@pytest.mark.parametrize(
    ("above", "item", "expected"),
    [
        ("", '{dense: "${2 ** i + 2}", repeat: {times: 3, index: i}}', {"dense/0": 3, "dense/1": 4, "dense/2": 6}),
        ("vars: {n: 2}\n", '{dense: "${i + n}", repeat: {times: $n, index: i}}', {"dense/0": 2, "dense/1": 3}),
        ("vars: {i: 7}\n", "{dense: $i, name: a}", {"a": 7}),
        (
            BLOCK,
            '{B: {n: "${i + 1}", times: "${2 - i}"}, repeat: {times: 2, index: i}}',
            {"B/0/dense/0": 1, "B/0/dense/1": 1, "B/1/dense/0": 2},
        ),
        (
            "",
            '{residual: [{dense: "${i + j + 1}", repeat: {times: 2, index: j}}, dense: 4], repeat: {times: 2, index: i}}',
            {
                "residual/0/dense/0": 1, "residual/0/dense/1": 2, "residual/0/dense_2": 4,
                "residual/1/dense/0": 2, "residual/1/dense/1": 3, "residual/1/dense_2": 4,
            },
        ),
        (
            "",
            '{layers: [{dense: "${i + j + 2}", repeat: {times: "${2 * i}", index: j}}, dense: "${i + 5}"], repeat: {times: 2, index: i}}',
            {"layers/0/dense": 5, "layers/1/dense/0": 3, "layers/1/dense/1": 4, "layers/1/dense_2": 6},
        ),
        ("vars: {r: {times: 2, index: k}}\n", '{dense: "${k + 3}", repeat: $r}', {"dense/0": 3, "dense/1": 4}),
        ("", '{dense: "${shape(input)[-1] + i}", repeat: {times: 3, index: i}}', {"dense/0": 4, "dense/1": 5, "dense/2": 7}),
    ],
)  # fmt: skip
def test_the_index_counts_the_copies(above: str, item: str, expected: dict[str, int]) -> None:
    assert units(f"{above}{CHAIN}    - {item}\n") == expected


def test_a_node_of_several_layers_and_one_copy_and_none() -> None:
    nodes = """
    a: {from: x, layers: [dense: "${i + 2}", dense: "${3 * i + 1}"], repeat: {times: 2, index: i}}
    b: {from: a, dense: "${i + 5}", repeat: {times: 1, index: i}}
    c: {from: b, dense: "${i + 5}", repeat: {times: 0, index: i}}
    d: {from: c, dense: 1}
"""
    text = f"model:\n  inputs: {{x: {{shape: [4]}}}}\n  nodes:{nodes}  outputs: [d]\n"
    found = {"a/0/dense": 2, "a/0/dense_2": 1, "a/1/dense": 3, "a/1/dense_2": 4, "b/0": 5, "d": 1}
    assert units(text) == found


def test_paths_and_draws_are_those_of_copies_that_are_alike() -> None:
    def weights(repeat: str, size: str) -> dict[str, np.ndarray]:
        found = checked(f"{CHAIN}    - {{dense: {size}, repeat: {repeat}}}\n")
        assert found.task is not None
        params, _ = api.compile(found.task).init(jax.random.key(3))
        return {path: np.asarray(entries["kernel"]) for path, entries in params.items()}

    plain, indexed = weights("3", "4"), weights("{times: 3, index: i}", '"${4 + 0 * i}"')
    assert plain.keys() == indexed.keys()
    assert all(np.array_equal(plain[path], indexed[path]) for path in plain)


def test_copies_that_differ_are_no_loop_and_those_that_do_not_are() -> None:
    def loops(size: str) -> int:
        found = checked(f'{CHAIN}    - {{dense: "{size}", repeat: {{times: 9, index: i}}}}\n')
        assert found.task is not None and not found.errors
        return len(roll_repeats(found.task))

    assert (loops("${4 + 0 * i}"), loops("${4 + i}")) == (1, 0)


def test_the_resolved_form_keeps_the_index() -> None:
    text = f'{HEAD}vars: {{w: 2}}\n{CHAIN}    - {{dense: "${{w * i + 1}}", repeat: {{times: 3, index: i}}}}\n    - dense: $w\n'
    found = check(text, "spec.yaml")
    assert found.document is not None and not found.problems
    resolved = to_yaml(resolve(found.document), found.sources)
    assert '"${w * i + 1}"' in resolved and "index: i" in resolved
    assert units(resolved.partition("\n")[2]) == {"dense/0": 1, "dense/1": 3, "dense/2": 5, "dense_2": 2}


def test_an_index_that_is_not_used_is_a_warning() -> None:
    text = f"{CHAIN}    - {{dense: 4, repeat: {{times: 3, index: i}}}}\n"
    assert (only(text).code, at(text, only(text))) == ("W909", "i")
    assert paths(text.replace("dense: 4", 'dense: "${4 if true else i}"').replace("4 if true else i", "4 + i"))


@pytest.mark.parametrize(
    ("item", "code", "where", "words", "help"),
    [
        (
            'dense: "${i + 1}", repeat: {times: 3, index: i, tied: true}',
            "E108",
            "index",
            "share their weights",
            "remove",
        ),
        ("dense: $i, repeat: {times: 3, index: i}", "E106", "$i", "at least 1, got 0", ""),
        ('dense: "${3 - i}", repeat: {times: 9, index: i}', "E106", '"${3 - i}"', "at least 1, got 0", ""),
        ('dense: "${[3, 4][i]}", repeat: {times: 9, index: i}', "E207", '"${[3, 4][i]}"', "no entry 2", "it has 2"),
        ("dense: 3, repeat: {times: 3, index: $i}", "E110", "$i", "not a name", "`index: i`"),
        ("dense: $i, repeat: {times: 3, index: $other}", "E110", "$other", "not a name", "`index: other`"),
        ("dense: $i, repeat: {times: 3, index: 3}", "E105", "3", "must be a name", "`index: i`"),
        ("dense: $i, repeat: {times: 3, index: my-i}", "E110", "my-i", "cannot be the name of a variable", ""),
        ("dense: 3, repeat: {times: 3, index: 3}", "E105", "3", "must be a name", "`index: i`"),
        ("dense: 3, repeat: {times: 3, index: my-i}", "E110", "my-i", "cannot be the name of a variable", ""),
        ('dense: "${i + 1}", repeat: {times: 2.5, index: i}', "E105", "2.5", "must be an integer", ""),
        ('dense: "${i + 1}", repeat: {index: i}', "E104", "repeat", "needs `times`", ""),
        ('dens: "${i + 1}", repeat: {times: 3, index: i}', "E101", "dens", "unknown layer", "`dense`"),
        ('dense: "${2 ** i}", repeat: 6', "E207", '"${2 ** i}"', "no variable `i`", "`repeat: {times: 6, index: i}`"),
        ('B: {n: "${i / 2}"}, repeat: {times: 3, index: i}', "E105", '"${i / 2}"', "must be an integer", "`//`"),
        ("C: , repeat: {times: 3, index: i}", "E207", '"${i + 1}"', "no variable `i`", "`C: {i: $i}`"),
    ],
)
def test_one_error_for_all_copies(item: str, code: str, where: str, words: str, help: str) -> None:
    blocks = {
        "B": "params: {n: int, times: 1}, layers: [{dense: $n, repeat: $times}]",
        "C": 'layers: [dense: "${i + 1}"]',
    }
    above = f"blocks: {{{item[0]}: {{{blocks[item[0]]}}}}}\n" if item[0] in blocks else ""
    text = f"{above}{CHAIN}    - {{{item}}}\n"
    (problem,) = [one for one in checked(text).problems if one.is_error]
    assert (problem.code, at(text, problem)) == (code, where)
    assert words in problem.message and help in " ".join(problem.helps)


def test_a_variable_holds_no_such_repeat() -> None:
    text = 'vars: {t: [{dense: "${i + 1}", repeat: {times: 3, index: i}}]}\nmodel:\n  inputs: {x: {shape: [4]}}\n  layers: $t\n'
    problem = only(text)
    assert problem.code == "E207" and "make it a block" in problem.helps[0]


def test_what_nobody_writes_is_an_unknown_key() -> None:
    text = f"{CHAIN}    - {{dense: 3, repeat: {{times: 3, copies: [dense: 4]}}}}\n"
    assert only(text).code == "E102"


def test_the_copies_count_as_layers() -> None:
    text = f'{HEAD}{CHAIN}    - {{dense: "${{i + 1}}", repeat: {{times: 1000, index: i}}}}\n'
    six = text + text.splitlines()[-1].join(["", "\n"]) * 5
    document, _ = read(six, "spec.yaml")
    assert document is not None
    problem = check_layers(document)
    assert problem is not None and "6,000 layers" in problem.message
    # What only the copies tell is counted while they are made.
    grows = '{residual: [{dense: 1, repeat: "${i + 1}"}], repeat: {times: 200, index: i}}'
    assert [one.code for one in checked(f"{CHAIN}    - {grows}\n").errors] == ["E005"]
