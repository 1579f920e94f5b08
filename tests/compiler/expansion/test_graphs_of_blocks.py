"""What would silently be another model, or none: refused where it is written. And what the order of the text must not change."""

import pytest

from modelc.compiler.api import check
from tests.compiler.expansion.specs import CHAIN, at, checked, only, paths

GRAPH = "model:\n  inputs: {x: {shape: [5, 4]}, z: {shape: [5, 4]}}\n  nodes:\n"
TRAIN = "train: {%s, optimizer: adam, epochs: 1}\n"


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        (f"{CHAIN}    - {{relu: , name: x}}\n", "E110", "`x` is the name of the input and of a layer"),
        (
            "model: {inputs: {dense: {shape: [4]}}, layers: [dense: 8, dense: 3]}\n",
            "E110",
            "`dense` is the name of the input and of a layer",
        ),
        (
            f"{CHAIN}    - {{dense: 3, name: y}}\n{TRAIN % 'losses: {y: {mean_squared_error: , of: []}}'}",
            "E104",
            "`of` is empty",
        ),
        (f"{CHAIN}    - dense: 3\n{TRAIN % 'losses: {}'}", "E104", "`losses` is empty"),
        (
            (
                f"{GRAPH}    a: {{from: x, relu}}\n    b: {{from: [a, z], parallel: {{join: add, branches: {{p: [], q: [add]}}}}}}\n"
                "  outputs: [b]\n"
            ),
            "E204",
            "an empty branch takes one input, got 2",
        ),
        (
            (
                f"blocks: {{B: {{inputs: [i], nodes: {{d: {{from: i.state_h, dense: 3}}}}, outputs: [d]}}}}\n{GRAPH}"
                "    l: {from: [x, z], layers: [add, lstm: 3]}\n    b: {from: l, B}\n  outputs: [b]\n"
            ),
            "E203",
            "the input `i` has no port `state_h`",
        ),
        (
            (
                f"{GRAPH}    a: {{from: [x, z], add}}\n    b: {{from: x, lstm: 8, repeat: 0}}\n"
                "    c: {from: b.state_h, dense: 2}\n  outputs: [a, c]\n"
            ),
            "E203",
            "`b` has no port `state_h`",
        ),
        (
            (
                f"{GRAPH}    a: {{from: [x, z], layers: [add, lstm: 8]}}\n    b: {{from: a, layers: [{{relu: , repeat: 0}}]}}\n"
                "    c: {from: b.state_h, dense: 2}\n  outputs: [a, c]\n"
            ),
            "E203",
            "`b/relu` has no port `state_h`",
        ),
        (
            (
                f"{GRAPH}    a: {{from: [x, z], add}}\n    b: {{from: a.zz, relu, repeat: 0}}\n"
                "    c: {from: b, dense: 2}\n  outputs: [a, c]\n"
            ),
            "E203",
            "`a` has no port `zz`",
        ),
        (
            f"{GRAPH}    a: {{from: {{zz: x}}, relu, repeat: 0}}\n  outputs: [a, z]\n",
            "E204",
            "`relu` has no input `zz`",
        ),
        (
            (
                f"{GRAPH}    a: {{from: {{zz: x}}, parallel: {{join: add, branches: {{p: [], q: []}}}}}}\n"
                "  outputs: [a, z]\n"
            ),
            "E204",
            "`parallel` has no input `zz`",
        ),
        (
            (
                f"{GRAPH}    a: {{from: [x, z], add}}\n    r: {{from: r, relu, repeat: 0}}\n    q: {{from: r, dense: 3}}\n"
                "  outputs: [a, q]\n"
            ),
            "E202",
            "the node `r` feeds itself",
        ),
        (
            (
                "blocks: {B: {inputs: [i], nodes: {a: {from: i, relu}, output: {from: i, tanh}}, outputs: [a, output]}}\n"
                f"{CHAIN}    - B\n"
            ),
            "E110",
            "`output` is the name of the first output of a block",
        ),
        (
            f"blocks: {{B: {{params: {{n: int, m: '${{2 * n}}'}}, layers: [dense: $n, dense: $m]}}}}\n{CHAIN}    - B: 2\n",
            "E207",
            "the default of `m` refers to `n`, another parameter of `B`",
        ),
        (
            (
                f"blocks: {{B: {{layers: [share: outer]}}}}\n{GRAPH}    outer: {{from: [x, z], add}}\n    b: {{from: outer, B}}\n"
                "  outputs: [b]\n"
            ),
            "E201",
            "unknown node `outer`",
        ),
        (
            (
                "model:\n  inputs: {x: {shape: [4], dtype: int32}}\n  nodes:\n"
                "    tok: {from: x, layers: [embedding: {input_dim: 9, output_dim: 4}]}\n"
                "    u: {from: tok, unembed: tok}\n  outputs: [u]\n"
            ),
            "E209",
            "`unembed` needs an `embedding`, `tok` is a list of layers",
        ),
    ],
    ids=lambda value: value[:50] if " " in value else "",
)
def test_what_would_silently_be_something_else_is_refused(text: str, code: str, message: str) -> None:
    assert [(problem.code, problem.message) for problem in checked(text).errors] == [(code, message)]


def test_a_chain_block_shares_its_own_layers() -> None:
    text = f"blocks: {{B: {{layers: [{{dense: 4, name: one}}, share: one]}}}}\n{CHAIN}    - B\n"
    found = checked(text)
    assert found.task is not None and not found.problems
    assert [(node.path, node.owner) for node in found.task.planned.graph.nodes] == [
        ("B/one", "B/one"),
        ("B/share", "B/one"),
    ]


@pytest.mark.parametrize("given", ["{query: x, value: z}", "{value: z, query: x}"])
def test_the_order_of_names_in_from_changes_nothing(given: str) -> None:
    attention = "multi_head_attention: {num_heads: 2, key_dim: 4}"
    text = (
        f"{GRAPH}    a: {{from: {given}, residual: [{attention}]}}\n    b: {{from: {given}, {attention}, repeat: 2}}\n"
    )
    found = checked(f"{text}  outputs: [a, b]\n")
    assert found.task is not None and not found.problems
    graph = found.task.planned.graph
    joined = graph.node("a/residual/add") or graph.node("a/add")
    assert joined is not None and joined.feeds is not None and str(joined.feeds[0].edge) == "x"
    second = graph.node("b/1")
    assert second is not None and [str(feed.edge) for feed in second.feeds or ()] == ["b/0", "z"]


def test_a_model_that_is_a_variable_may_hold_blocks() -> None:
    text = "vars: {m: {inputs: {x: {shape: [4]}}, layers: [B]}}\nblocks: {B: {layers: [dense: 3]}}\nmodel: $m\n"
    assert paths(text) == ["B/dense"]


def test_more_layers_than_anybody_means_are_refused() -> None:
    text = f"{CHAIN}    - {{residual: [{{residual: [{{relu: , repeat: 1000}}], repeat: 1000}}], repeat: 1000}}\n"
    problem = only(text)
    assert (problem.code, problem.message) == (
        "E005",
        "with its blocks and repeats expanded, the spec has 1,001,001,000 layers and blocks, the limit is 5,000",
    )


@pytest.mark.parametrize(
    ("node", "rest"),
    [
        ("b: {from: a., relu}", "outputs: [b]"),
        ("b: {from: a, relu}", "outputs: {b: b, c: a.}"),
        ("b: {from: a, share: a.}", "outputs: [b]"),
        (
            "b: {from: a, relu}",
            "outputs: [b]\ntrain: {losses: {b: {mean_squared_error: , mask: a.}}, optimizer: adam, epochs: 1}",
        ),
    ],
)
def test_nothing_behind_a_dot_is_no_port(node: str, rest: str) -> None:
    problem = only(f"{GRAPH}    a: {{from: [x, z], add}}\n    {node}\n  {rest}\n")
    assert (problem.code, problem.message, problem.helps) == ("E203", "`a.` does not name a port", ("write `a`",))


@pytest.mark.parametrize("named", ["a.zz", "inner.zz"])
def test_a_port_that_a_block_gives_is_blamed_in_its_outputs(named: str) -> None:
    block = (
        "blocks:\n  C: {inputs: [i], nodes: {a: {from: i, relu}}, outputs: [a]}\n"
        "  B:\n    inputs: [i]\n    nodes: {a: {from: i, lstm: 3}, inner: {from: a, C}}\n"
        f"    outputs: {{q: inner, p: {named}}}\n"
    )
    for used, outputs in (("", "[b, d]"), ("    c: {from: b.p, dense: 3}\n", "[b, c, d]"), ("", "[b.p, d]")):
        text = f"{block}{GRAPH}    b: {{from: x, B}}\n    d: {{from: z, B}}\n{used}  outputs: {outputs}\n"
        (problem,) = checked(text).errors
        assert (problem.code, at(text, problem)) == ("E203", named)


@pytest.mark.parametrize("text", ["$a{}", "${{a{} + 1}}"])
def test_variables_made_of_many_others_are_refused_at_the_one_too_many(text: str) -> None:
    chain = ", ".join(f"a{place}: '{text.format(place + 1)}'" for place in range(400))
    problem = only(f"vars: {{{chain}, a400: 1}}\n{CHAIN}    - dense: $a0\n")
    assert (problem.code, problem.message) == ("E208", "more than 32 variables depend on each other")


def test_shares_of_shares_are_of_any_number() -> None:
    nodes = "".join(f"    n{place}: {{from: n{place - 1}, share: n{place - 1}}}\n" for place in range(1, 400))
    text = (
        f"model:\n  inputs: {{x: {{shape: [4]}}}}\n  nodes:\n    n0: {{from: x, dense: 4}}\n{nodes}  outputs: [n399]\n"
    )
    found = checked(text)
    assert found.task is not None and {node.owner for node in found.task.planned.graph.nodes} == {"n0"}


def test_shares_in_a_circle_are_one_mistake() -> None:
    nodes = "    a: {from: x, share: c}\n    b: {from: a, share: a}\n    c: {from: b, share: b}\n"
    problem = only(f"model:\n  inputs: {{x: {{shape: [4]}}}}\n  nodes:\n{nodes}  outputs: [c]\n")
    assert (problem.code, problem.message) == ("E209", "`c` shares its own layers: c -> b -> a -> c")


def test_what_stands_too_deep_to_be_built_is_refused() -> None:
    nodes = "".join(f"    n{place}: {{from: x, layers: [relu, share: n{place - 1}]}}\n" for place in range(1, 400))
    text = f"model:\n  inputs: {{x: {{shape: [4]}}}}\n  nodes:\n    n0: {{from: x, relu}}\n{nodes}  outputs: [n399]\n"
    problem = only(text)
    assert (problem.code, problem.label.place.line) == ("E005", 75)
    assert "the limit is 5,000" in problem.message


def test_the_table_of_a_shared_embedding_is_that_of_the_embedding() -> None:
    text = (
        "model:\n  inputs: {x: {shape: [4], dtype: int32}, y: {shape: [4], dtype: int32}}\n  nodes:\n"
        "    e: {from: x, embedding: {input_dim: 9, output_dim: 4}}\n    f: {from: y, share: e}\n"
        "    g: {from: f, unembed: f}\n  outputs: [e, g]\n"
    )
    found = checked(text)
    assert found.task is not None and not found.problems
    assert {node.path: node.owner for node in found.task.planned.graph.nodes} == {"e": "e", "f": "e", "g": "e"}


PORTS = """\
modelc: 1
blocks:
  Two: {inputs: [a, b], nodes: {j: {from: [a, b], add}, k: {from: a, relu}, l: {from: [j, k], add}}, outputs: [l]}
model:
  inputs: {w: {shape: [12, 3]}}
  nodes:
    r: {from: w, lstm: 4}
    t: {from: [r.state_h, r.state_c], Two}
    u: {from: [t, r.state_h], Two}
    y: {from: [u, t], add}
  outputs: [y]
"""


@pytest.mark.parametrize(
    ("right", "wrong", "owner"),
    [("[r.state_h, r.state_c]", "[r.state_d, r.state_c]", "r"), ("[t, r.state_h]", "[t.foo, r.state_h]", "t")],
)
def test_a_port_that_is_given_to_a_block_is_blamed_where_it_is_given(right: str, wrong: str, owner: str) -> None:
    assert not check(PORTS, "spec.yaml").problems
    text = PORTS.replace(right, wrong)
    (problem,) = check(text, "spec.yaml").problems
    named = wrong[1:].partition(",")[0]
    assert (problem.code, problem.message) == ("E203", f"`{owner}` has no port `{named.partition('.')[2]}`")
    line = text.splitlines()[problem.label.place.line - 1]
    assert line[problem.label.place.column - 1 :].startswith(f"{named}, r.")


@pytest.mark.parametrize("shared", ["{from: [w, v], add}", "{from: [w, v], layers: [add, relu]}"])
def test_a_share_with_too_few_inputs_is_blamed_itself(shared: str) -> None:
    nodes = f"{{s: {shared}, t: {{from: w, share: s}}, y: {{from: [s, t], concatenate}}}}"
    text = f"modelc: 1\nmodel: {{inputs: {{w: {{shape: [3]}}, v: {{shape: [3]}}}}, nodes: {nodes}, outputs: [y]}}\n"
    (problem,) = check(text, "spec.yaml").problems
    assert (problem.code, problem.message) == ("E204", "`add` takes 2 or more inputs, got 1")
    assert text.splitlines()[1][problem.label.place.column - 8 :].startswith("share: s")


@pytest.mark.parametrize(
    ("outputs", "code"),
    [("[r, r.state_c]", "E110"), ("{first: r, state_c: [r]}", "E105"), ("{first: r, state_c: $none}", "E207")],
)
def test_no_port_is_missed_where_outputs_of_a_block_cannot_be_read(outputs: str, code: str) -> None:
    text = f"""\
        blocks:
          R:
            inputs: [q]
            nodes: {{r: {{from: q, lstm: 4}}}}
            outputs: {outputs}
        model:
          inputs: {{x: {{shape: [5, 4]}}}}
          nodes:
            o: {{from: x, R: }}
            p: {{from: o.state_c, dense: 2}}
          outputs: [p]
    """
    assert only(text).code == code
