"""The JSON Schema in the real yaml-language-server: what it completes, shows and blames, to the exact word."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from modelc.cli.init import TEMPLATES
from modelc.compiler.language.argument_shapes import summary_of
from modelc.compiler.language.json_schema.builder import json_schema
from modelc.compiler.library.layers.convolutional.conv import Conv2D
from modelc.compiler.library.layers.core.dense import Dense
from modelc.compiler.library.losses import LOSSES
from modelc.compiler.library.registries import table_of
from tests.editors.server import SCHEMA, Server, install
from tests.shipped_specs import SPECS
from tests.test_docs import ROOT, Block, blocks

CHAIN = "modelc: 1\nmodel:\n  inputs: {x: {shape: [4]}}\n  layers:\n"
GRAPH = "modelc: 1\nmodel:\n  inputs: {x: {shape: [4]}}\n  outputs: [a]\n  nodes:\n"
WHOLE = f"{CHAIN}    - relu\n"
LANGUAGE = [block for block in blocks(ROOT / "docs" / "language.md") if block.language == "yaml"]


@pytest.fixture(scope="module")
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    script = install(request.config.cache.mkdir("yaml-language-server"))
    folder = tmp_path_factory.mktemp("specs")
    (folder / SCHEMA).write_text(json.dumps(json_schema()), encoding="utf-8")
    server = Server(script, folder)
    yield server
    server.stop()


@pytest.mark.parametrize("spec", [*SPECS, *sorted(TEMPLATES.glob("*.yaml"))], ids=lambda path: path.stem)
def test_nothing_in_a_shipped_spec_is_blamed(server: Server, spec: Path) -> None:
    assert server.blamed(spec.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("block", LANGUAGE, ids=lambda block: str(block.line))
def test_nothing_in_a_spec_of_the_language_reference_is_blamed(server: Server, block: Block) -> None:
    assert server.blamed(block.text) == []


def test_nothing_in_a_spec_that_is_laid_over_another_is_blamed(server: Server) -> None:
    spec = "modelc: 1\nextends: base.yaml\nvars: {width: 64}\ntrain: {optimizer: {adam: {learning_rate: 0.001}}}\n"
    assert server.blamed(spec) == []
    # Nor what it changes of a thing, and does not say whole.
    spec += "model: {inputs: {x: {dtype: int32}}, nodes: {h: {conv2d: {filters: 8}}, k: {dense: {activation: relu}}}}\n"
    assert server.blamed(spec) == []
    assert [blamed for blamed, _ in server.blamed(spec.replace("filters", "filtres"))] == ["filtres"]


@pytest.mark.parametrize(
    "text", [f"{CHAIN}    - |", f"{CHAIN}    - relu\n    - de|\n    - relu\n", f"{CHAIN}    - {{d|}}"]
)
def test_every_layer_and_what_stands_in_the_place_of_one_is_offered(server: Server, text: str) -> None:
    offered = server.complete(text)
    assert offered.keys() >= {*table_of("layer"), "residual", "parallel", "share", "unembed", "name", "repeat"}
    assert offered["dense"]["documentation"] == summary_of(Dense)


def test_layers_are_written_with_places_for_what_they_need(server: Server) -> None:
    offered = server.complete(f"{CHAIN}    - |")
    written = {name: offered[name]["insertText"] for name in ("relu", "dense", "conv2d")}
    assert written == {"relu": "relu", "dense": "dense: ", "conv2d": "conv2d: {filters: $1, kernel_size: $2}"}


def test_layers_are_offered_in_a_node(server: Server) -> None:
    offered = server.complete(f"{GRAPH}    a:\n      from: x\n      |\n")
    assert offered.keys() >= {*table_of("layer"), "layers", "residual", "repeat"}


# The server offers nothing right behind the `{` of an empty mapping, whatever the schema: a first letter is needed there.
@pytest.mark.parametrize(
    "text",
    [
        f"{CHAIN}    - dense: {{u|}}",
        f"{CHAIN}    - dense:\n        |",
        f"{CHAIN}    - residual:\n        - dense: {{u|}}",
    ],
)
def test_the_arguments_of_the_layer_are_offered_with_what_they_are(server: Server, text: str) -> None:
    offered = server.complete(text)
    about = {name: item["documentation"] for name, item in offered.items()}
    assert about == {name: info.description for name, info in Dense.model_fields.items()}


def test_arguments_that_are_there_are_not_offered_again(server: Server) -> None:
    offered = server.complete(f"{CHAIN}    - dense:\n        units: 3\n        |")
    assert offered.keys() == Dense.model_fields.keys() - {"units"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"{CHAIN}    - conv2d: {{padding: |}}", {"valid", "same"}),
        (f"{CHAIN}    - conv2d:\n        padding: |", {"valid", "same"}),
        (f"{CHAIN}    - dense: {{units: 3, use_bias: |}}", {"true", "false"}),
        ("modelc: 1\nmodel:\n  precision: |\n", {"float32", "mixed_bfloat16", "mixed_float16"}),
    ],
)
def test_the_words_that_a_value_may_be_are_offered(server: Server, text: str, words: set[str]) -> None:
    assert server.complete(text).keys() == words


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (f"{WHOLE}train:\n  loss: |", "loss"),
        (f"{WHOLE}train:\n  loss: cross|", "loss"),
        (f"{WHOLE}train: {{loss: |}}", "loss"),
        (f"{WHOLE}train:\n  optimizer: |", "optimizer"),
        (f"{WHOLE}data:\n  source: |", "source"),
        (f"{CHAIN}    - dense: {{units: 3, activation: |}}", "activation"),
        (f"{CHAIN}    - dense:\n        units: 3\n        kernel_initializer: |", "initializer"),
        (f"{WHOLE}train: {{metrics: [|]}}", "metric"),
        (f"{WHOLE}train:\n  metrics:\n    - |", "metric"),
    ],
)
def test_the_names_that_may_stand_alone_are_offered_with_what_they_are(server: Server, text: str, kind: str) -> None:
    table = table_of(kind)
    alone = [name for name in table if not any(info.is_required() for info in table.find(name).model_fields.values())]
    offered = server.complete(text)
    assert offered.keys() >= set(alone)
    assert {offered[name]["documentation"] for name in alone} == {summary_of(table.find(name)) for name in alone}


def test_the_keys_of_sections_are_offered(server: Server) -> None:
    assert server.complete(f"{WHOLE}|").keys() == {"name", "description", "extends", "vars", "blocks", "data", "train"}
    assert server.complete(f"{WHOLE}train:\n  |").keys() >= {"loss", "losses", "optimizer", "batch_size", "epochs"}
    assert server.complete(f"{WHOLE}blocks:\n  Brick:\n    |").keys() >= {"params", "layers", "nodes", "use"}


UNITS, PADDING = Dense.model_fields["units"].description, Conv2D.model_fields["padding"].description
ACTIVATION = Dense.model_fields["activation"].description
SUM = summary_of(Dense)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"{CHAIN}    - dense: {{un|its: 3}}", UNITS),
        (f"{CHAIN}    - dense: {{units: $wi|dth}}", UNITS),
        (f"{CHAIN}    - de|nse: {{units: 3}}", SUM),
        (f"{CHAIN}    - de|nse: 3", f"{SUM}\n\n`units`: {UNITS}"),
        (f"{CHAIN}    - fla|tten", summary_of(table_of("layer").find("flatten"))),
        (f"{CHAIN}    - conv2d: {{pad|ding: same}}", f"{PADDING}\n\nAllowed Values:\n\n* `same`\n* `valid`"),
        (
            f"{CHAIN}    - dense: {{units: 3, activ|ation: relu}}",
            f"#### {ACTIVATION}\n\n{summary_of(table_of('activation').find('relu'))}",
        ),
        (f"{CHAIN}    - dense: {{units: 3, activ|ation: {{leaky_relu: 0.1}}}}", ACTIVATION),
        (
            f"{CHAIN}    - resid|ual: [relu]",
            "Layers whose output is added to their input: a list, or a mapping with a `shortcut` and a `join`.",
        ),
        (f"{WHOLE}train: {{bat|ch_size: 3}}", "Rows per step."),
        (f"{WHOLE}tr|ain: {{batch_size: 3}}", "How the model is trained."),
        (
            f"{WHOLE}train: {{loss: cross_en|tropy}}",
            f"#### The loss of a model with one output.\n\n{summary_of(LOSSES.find('cross_entropy'))}",
        ),
    ],
)
def test_a_word_is_shown_with_what_it_is(server: Server, text: str, shown: str) -> None:
    assert server.hover(text) == shown.replace("\\", "")


@pytest.mark.parametrize(
    ("text", "blamed"),
    [
        (f"{CHAIN}    - dense: {{unit: 10}}", "unit"),
        (f"{CHAIN}    - dense: {{units: 10, activaton: relu}}", "activaton"),
        (f"{CHAIN}    - dens: 10", "dens"),
        (f"{CHAIN}    - relu\n    - flaten", "flaten"),
        (f"{CHAIN}    - dense", "dense"),
        (f"{CHAIN}    - dense: {{}}", "dense"),
        (f"{CHAIN}    - dense: ten", "ten"),
        (f"{CHAIN}    - dense: {{units: true}}", "true"),
        (f"{CHAIN}    - dense: {{units: 1.5}}", "1.5"),
        (f"{CHAIN}    - dense: {{units: 0}}", "0"),
        (f"{CHAIN}    - dense: [1]", "[1]"),
        (f"{CHAIN}    - 3", "3"),
        (f"{CHAIN}    - conv2d: {{filters: 3, kernel_size: 3, padding: sam}}", "sam"),
        (f"{CHAIN}    - dense: {{units: 1, activation: rely}}", "rely"),
        (f"{CHAIN}    - dense: {{units: 1, kernel_regularizer: {{l2: {{factr: 1}}}}}}", "factr"),
        (f"{CHAIN}    - {{dense: 3, nam: a}}", "nam"),
        (f"{CHAIN}    - {{dense: 3, repeat: {{time: 3}}}}", "time"),
        (f"{CHAIN}    - {{dense: 3, repeat: -1}}", "-1"),
        (f"{CHAIN}    - {{dense: 3, relu: }}", "{dense: 3, relu: }"),
        (f"{CHAIN}    - residual: [dens: 3]", "dens"),
        (f"{CHAIN}    - parallel: {{joi: add, branches: {{a: [], b: []}}}}", "joi"),
        (f"{CHAIN}    - parallel: {{join: add, branches: {{a: [], b: [dens: 1]}}}}", "dens"),
        (f"{CHAIN}    - bidirectional: {{layer: {{lstn: 3}}}}", "lstn"),
        (f"{GRAPH}    a: {{form: x, dense: 3}}", "form"),
        (f"{GRAPH}    a: {{dense: 3}}", "a"),
        (f"{GRAPH}    a: {{from: x, dens: 3}}", "dens"),
        (f"{GRAPH}    a: {{from: x, layers: [dens: 3]}}", "dens"),
        (f"{GRAPH}    a: {{from: 3, dense: 3}}", "3"),
        (f"{WHOLE}trai: {{}}", "trai"),
        (f"{WHOLE}train: adam", "adam"),
        (f"{WHOLE}train: {{los: none, epochs: 3}}", "los"),
        (f"{WHOLE}train: {{optimizer: adam, epochs: 3, steps: 4}}", "steps"),
        (f"{WHOLE}train: {{optimizer: adam, metrics: [acuracy]}}", "acuracy"),
        (f"{WHOLE}train: {{optimizer: adam, metrics: accuracy}}", "accuracy"),
        (f"{WHOLE}train: {{optimizer: adam, early_stopping: many}}", "many"),
        (f"{WHOLE}train: {{optimizer: {{adam: {{learning_rat: 3}}}}}}", "learning_rat"),
        (f"{WHOLE}train: {{optimizer: {{adam: {{learning_rate: {{cosine: {{alpa: 1}}}}}}}}}}", "alpa"),
        (f"{WHOLE}train: {{optimizer: adam, losses: {{a: {{cross_entropy: , weigt: 1}}}}}}", "weigt"),
        (f"{WHOLE}data: {{sorce: digits}}", "sorce"),
        (f"{WHOLE}data: {{validation: 0.1}}", "data"),
        (f"{WHOLE}data: {{source: digts}}", "digts"),
        (f"{WHOLE}data: {{source: digits, inputs: {{x: {{array: {{colum: a}}}}}}}}", "colum"),
        (f"{WHOLE}data: {{source: digits, validation: {{firs: 3}}}}", "firs"),
        (f"{WHOLE}extends: {{file: a.yaml, remov: [b]}}", "remov"),
        (f"{WHOLE}vars: [1]", "[1]"),
        (f"{WHOLE}blocks: {{brick: {{layers: [relu]}}}}", "brick"),
        (f"{WHOLE}blocks: {{Brick: {{layer: [relu]}}}}", "layer"),
        (f"{WHOLE}blocks: {{Brick: {{layers: [dens: 3]}}}}", "dens"),
        ("modelc: 1\nmodel: {input: {x: {shape: [4]}}, layers: [relu]}", "input"),
        ("modelc: 1\nmodel: {inputs: {x: {shap: [4]}}, layers: [relu]}", "shap"),
        ("modelc: 1\nmodel: {inputs: {x: {shape: [4], dtype: int}}, layers: [relu]}", "int"),
        ("modelc: 2\nmodel: {inputs: {x: {shape: [4]}}, layers: [relu]}", "2"),
    ],
)
def test_exactly_what_is_wrong_is_blamed(server: Server, text: str, blamed: str) -> None:
    found = server.blamed(text)
    assert [words for words, _ in found] == [blamed], found
