"""`modelc plot`: the texts of a graph, and pictures of them by the program of the extra `plot`."""

import json
import subprocess
from pathlib import Path

import pytest

from modelc.cli import plot
from modelc.compiler.api import check_file
from modelc.compiler.explain.diagram import dot
from modelc.compiler.explain.summary import summarize
from tests.cli.commands import modelc

SPECS = sorted((Path(__file__).parent.parent.parent / "specs").glob("*.yaml"))
SPEC = """\
modelc: 1
name: small
blocks:
  Deep:
    layers:
      - einsum_dense: {equation: "...d,dh->...h", output_shape: [3], activation: relu}
      - {dense: 3, repeat: 2}
model:
  inputs: {x: {shape: [4, 5]}, n: {shape: [], dtype: int32}}
  nodes:
    seen: {from: x, lstm: 3}
    head: {from: seen.state_h, layers: [Deep]}
    id: {from: n, embedding: {input_dim: 7, output_dim: 3}}
    both: {from: [head, id], add}
  outputs: [both]
"""
DOT = r"""digraph "small" {
  rankdir=TB;
  node [shape=box, style="rounded,filled", fillcolor=white, fontname=Helvetica, fontsize=11];
  edge [fontname=Helvetica, fontsize=9];
  n0 [label="x\n[4, 5]", shape=ellipse, fillcolor=lightgrey];
  n1 [label="n\n[] int32", shape=ellipse, fillcolor=lightgrey];
  n2 [label="id\nembedding: {input_dim: 7, output_dim: 3}\n[3]\n21 parameters"];
  n3 [label="seen\nlstm: 3\noutput [3]\nstate_h [3]\nstate_c [3]\n108 parameters"];
  n7 [label="both\nadd\n[3]"];
  subgraph cluster_0 {
    label="head"; labeljust=l; style="rounded,dashed"; fontname=Helvetica; fontsize=11;
    subgraph cluster_1 {
      label="Deep"; labeljust=l; style="rounded,dashed"; fontname=Helvetica; fontsize=11;
      n4 [label="einsum_dense\neinsum_dense: {equation: '...d,dh->...h', out...\n[3]\n9 parameters"];
      subgraph cluster_2 {
        label="dense"; labeljust=l; style="rounded,dashed"; fontname=Helvetica; fontsize=11;
        n5 [label="0\ndense: 3\n[3]\n12 parameters"];
        n6 [label="1\ndense: 3\n[3]\n12 parameters"];
      }
    }
  }
  o0 [shape=ellipse, fillcolor=lightgrey, label="both"];
  n1 -> n2;
  n0 -> n3;
  n3 -> n4 [label="state_h"];
  n4 -> n5;
  n5 -> n6;
  n6 -> n7;
  n2 -> n7;
  n7 -> o0;
}
"""
MERMAID = r"""flowchart LR
  n0(["x<br>[4, 5]"])
  n1(["n<br>[] int32"])
  n2["id<br>embedding: {input_dim: 7, output_dim: 3}<br>[3]<br>21 parameters"]
  n3["seen<br>lstm: 3<br>output [3]<br>state_h [3]<br>state_c [3]<br>108 parameters"]
  n7["both<br>add<br>[3]"]
  subgraph s0 ["head"]
    subgraph s1 ["Deep"]
      n4["einsum_dense<br>einsum_dense: {equation: '...d,dh-#gt;...h', out...<br>[3]<br>9 parameters"]
      subgraph s2 ["dense"]
        n5["0<br>dense: 3<br>[3]<br>12 parameters"]
        n6["1<br>dense: 3<br>[3]<br>12 parameters"]
      end
    end
  end
  o0(["both"])
  n1 --> n2
  n0 --> n3
  n3 -->|"state_h"| n4
  n4 --> n5
  n5 --> n6
  n6 --> n7
  n2 --> n7
  n7 --> o0
"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "spec.yaml"
    path.write_text(SPEC)
    return path


def test_the_text_is_the_graph_in_dot(spec: Path) -> None:
    ended = modelc("plot", "spec.yaml", cwd=spec.parent)
    assert (ended.code, ended.out, ended.err) == (0, DOT, "")


def test_the_text_is_the_graph_in_mermaid(spec: Path) -> None:
    ended = modelc("plot", "spec.yaml", "--format", "mermaid", "--direction", "LR", cwd=spec.parent)
    assert (ended.code, ended.out, ended.err) == (0, MERMAID, "")


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_a_program_reads_every_shipped_spec_as_its_graph(path: Path) -> None:
    task = check_file(path).task
    assert task is not None
    summary = summarize(task)
    program = plot.drawer()
    assert program is not None
    read = subprocess.run([program, "-Tdot_json"], input=dot(summary).encode(), capture_output=True, check=True)
    found = json.loads(read.stdout)
    nodes = {item["_gvid"]: item["name"] for item in found["objects"] if "nodes" not in item}
    places = {row.path: f"n{number}" for number, row in enumerate(summary.rows)}
    places |= {f"output {name}": f"o{number}" for number, (name, _) in enumerate(summary.outputs)}
    assert sorted(nodes.values()) == sorted(places.values())
    edges = [(edge, row.path) for row in summary.rows for edge in row.inputs]
    edges += [(edge, f"output {name}") for name, edge in summary.outputs]
    expected = sorted((places[edge if edge in places else edge.rpartition(".")[0]], places[end]) for edge, end in edges)
    assert sorted((nodes[edge["tail"]], nodes[edge["head"]]) for edge in found.get("edges", ())) == expected
    scopes = {row.path.rpartition("/")[0] for row in summary.rows} - {""}
    scopes |= {scope[:place] for scope in scopes for place, letter in enumerate(scope) if letter == "/"}
    assert sum("nodes" in item for item in found["objects"]) == len(scopes)


@pytest.mark.parametrize(
    ("name", "start"), [("a.svg", b"<?xml"), ("a.PNG", b"\x89PNG"), ("a.dot", b"digraph"), ("a.mmd", b"flowchart TB")]
)
def test_the_ending_says_what_is_written(spec: Path, name: str, start: bytes) -> None:
    ended = modelc("plot", "spec.yaml", "-o", name, cwd=spec.parent)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == f"8 inputs and layers in {name}\n"
    assert (spec.parent / name).read_bytes().startswith(start)


def test_a_setting_is_seen(spec: Path) -> None:
    ended = modelc("plot", "spec.yaml", "--set", "model.nodes.seen.lstm.units=6", cwd=spec.parent)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == DOT.replace("lstm: 3", "lstm: 6").replace("[3]\\nstate", "[6]\\nstate").replace(
        "state_c [3]\\n108", "state_c [6]\\n288"
    ).replace("9 parameters", "18 parameters")


def test_a_spec_with_a_mistake_is_not_drawn(spec: Path) -> None:
    ended = modelc(
        "plot", "spec.yaml", "--set", "model.nodes.id.embedding.output_dim=4", "-o", "a.dot", cwd=spec.parent
    )
    assert (ended.code, ended.out) == (1, "")
    assert "error[E302]" in ended.err
    assert not (spec.parent / "a.dot").exists()


def test_a_name_that_says_nothing_is_refused(spec: Path) -> None:
    ended = modelc("plot", "spec.yaml", "-o", "picture.txt", cwd=spec.parent)
    assert ended.code == 2
    assert "`picture.txt` has no known image format" in ended.err
    assert ".svg" in ended.err


def test_a_file_and_a_format_are_refused_together(spec: Path) -> None:
    ended = modelc("plot", "spec.yaml", "-o", "a.dot", "--format", "dot", cwd=spec.parent)
    assert ended.code == 2
    assert "use only one of them" in ended.err


def test_without_a_program_the_extra_is_named(spec: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plot, "PROGRAMS", ("no-such-program",))
    ended = modelc("plot", "spec.yaml", "-o", "a.svg", cwd=spec.parent)
    assert ended.code == 2
    assert "pip install 'modelc[plot]'" in ended.err
    assert not (spec.parent / "a.svg").exists()


def test_a_program_that_fails_is_quoted(spec: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(plot.DRAWN, ".svg", "nothing")
    ended = modelc("plot", "spec.yaml", "-o", "a.svg", cwd=spec.parent)
    assert ended.code == 2
    assert "cannot draw the model as nothing" in ended.err


def test_a_folder_that_is_not_there(spec: Path) -> None:
    ended = modelc("plot", "spec.yaml", "-o", "no/a.dot", cwd=spec.parent)
    assert ended.code == 4
    assert "error[E604]" in ended.err
