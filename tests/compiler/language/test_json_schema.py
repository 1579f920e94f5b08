"""The JSON Schema of the language, against the specs that are shipped, what the readers say, and misspelt keys."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator
from pydantic import BeforeValidator

from modelc.compiler.language.json_schema.builder import json_schema
from modelc.compiler.library.base.encodings import read_encoding
from modelc.compiler.library.base.fields import (
    ReadRange,
    ReadSizes,
    read_axes,
    read_names,
    read_numbers,
    read_ratio,
    read_tuple,
)
from modelc.compiler.library.base.registry import Registered, Registry
from modelc.compiler.library.base.tokens import read_tokenizer, read_words
from modelc.compiler.library.readers.category_columns import read_counts
from modelc.compiler.library.readers.checks import read_rows
from modelc.compiler.library.readers.class_arguments import read_classes, read_vocabulary
from modelc.compiler.library.readers.date import read_format
from modelc.compiler.library.readers.json_labels import read_json_labels
from modelc.compiler.library.readers.numeric import read_missing, read_standardize
from modelc.compiler.library.registries import TABLES, table_of
from modelc.compiler.library.sources.files import read_patterns
from modelc.compiler.library.sources.npy import read_files
from modelc.compiler.library.sources.tables.csv import read_column_names, read_delimiter
from modelc.compiler.library.sources.tables.made_paths import read_paths
from modelc.compiler.library.sources.tables.text_parts import read_parts
from modelc.compiler.syntax.document import read
from tests.shipped_specs import SPECS, ends_in_a_key, places, with_misspelt

SCHEMA = json_schema()
VALIDATOR = Draft7Validator(SCHEMA)
THINGS = [(table, name) for table in TABLES for name in table]
NAMES = [f"{table.kind}-{name}" for table, name in THINGS]


def parsed(text: str) -> Any:
    document, problems = read(text, "spec.yaml")
    assert document is not None and not problems
    return document.data


def errors(data: Any) -> list[str]:
    return [f"{'.'.join(map(str, error.absolute_path))}: {error.message}" for error in VALIDATOR.iter_errors(data)]


def chain(layer: Any) -> dict[str, Any]:
    return {"modelc": 1, "model": {"inputs": {"x": {"shape": [4]}}, "layers": [layer]}}


def training(**keys: Any) -> dict[str, Any]:
    return chain("relu") | {"data": {"source": "digits"}, "train": {"optimizer": "adam", **keys}}


def test_the_schema_is_a_draft_7_schema_without_unions() -> None:
    Draft7Validator.check_schema(SCHEMA)
    text = json.dumps(SCHEMA)
    assert '"oneOf"' not in text and '"anyOf"' not in text


def test_every_reference_is_there() -> None:
    text = json.dumps(SCHEMA)
    used = {part.split('"')[0] for part in text.split("#/definitions/")[1:]}
    assert used <= SCHEMA["definitions"].keys()


@pytest.mark.parametrize("spec", SPECS, ids=lambda path: path.stem)
def test_every_shipped_spec_validates(spec: Path) -> None:
    assert errors(parsed(spec.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("spec", SPECS, ids=lambda path: path.stem)
def test_every_misspelt_key_that_is_not_free_is_refused(spec: Path, pytestconfig: pytest.Config) -> None:
    data = parsed(spec.read_text(encoding="utf-8"))
    keys = [path for path in places(spec, pytestconfig, ends_in_a_key) if not free(path)]
    accepted = [path for path in keys if not errors(with_misspelt(data, path))]
    assert not accepted


def free(path: tuple[Any, ...]) -> bool:
    """Whether the key at the end of `path` is a name that the spec chooses, or what only such a name gives a meaning."""
    if len(path) == 1:
        return False
    if path[0] == "vars" or any(isinstance(key, str) and key[:1].isupper() for key in path[2:]):
        return True
    if path[0] == "blocks" and len(path) > 2:
        path = ("model", *path[2:])
        if path[1] == "params":
            return len(path) == 3
    return path[-2] in ("branches", "from") or path[:-1] in {
        ("blocks",),
        ("model", "inputs"),
        ("model", "nodes"),
        ("model", "outputs"),
        ("data", "inputs"),
        ("data", "targets"),
        ("train", "losses"),
        ("train", "metrics"),
    }


def in_a_spec(table: Registry[Any], example: Any) -> dict[str, Any]:
    """A whole spec around an example, which may be of the thing itself or of what it is an argument of."""
    name = example if isinstance(example, str) else next(iter(example))
    by_kind = {
        "loss": training(loss=example),
        "metric": training(metrics=[example]),
        "optimizer": training(optimizer=example),
        "schedule": training(optimizer={"sgd": {"learning_rate": example}}),
        "source": chain("relu") | {"data": {"source": example}},
        "regularizer": chain({"dense": {"units": 2, "kernel_regularizer": example}}),
        "constraint": chain({"dense": {"units": 2, "kernel_constraint": example}}),
        "reader": chain("relu") | {"data": {"source": "digits", "inputs": {"x": example}}},
        "augmentation": chain("relu") | {"data": {"source": "digits", "augment": [example]}},
    }
    # Something else may be called as a layer is: the metric `mean`, the schedule `constant`.
    if name in table_of("layer") and (name not in table or table.kind not in by_kind):
        return chain(example)
    return by_kind[table.kind]


@pytest.mark.parametrize(("table", "name"), THINGS, ids=NAMES)
def test_every_example_validates(table: Registry[Any], name: str) -> None:
    cls: type[Registered] = table.find(name)
    assert cls.example, "everything has an example"
    example = parsed(f"item:\n  {cls.example}\n")["item"]
    assert errors(in_a_spec(table, example)) == []


@pytest.mark.parametrize(("table", "name"), THINGS, ids=NAMES)
def test_a_misspelt_argument_of_anything_is_refused(table: Registry[Any], name: str) -> None:
    schema = {**SCHEMA["definitions"][f"{table.kind}.{name}"], "definitions": SCHEMA["definitions"]}
    assert not Draft7Validator(schema).is_valid({"misspelt": 1})


@pytest.mark.parametrize(("table", "name"), THINGS, ids=NAMES)
def test_a_bare_name_is_allowed_exactly_where_the_reader_builds_it(table: Registry[Any], name: str) -> None:
    try:
        table.build(name)
    except ValueError:
        built = False
    else:
        built = True
    schema = {**SCHEMA["definitions"][f"any.{table.kind}"], "definitions": SCHEMA["definitions"]}
    assert Draft7Validator(schema).is_valid(name) is built


@pytest.mark.parametrize(
    "data",
    [
        chain("flatten"),
        chain({"flatten": None}),
        chain({"flatten": {}}),
        chain({"dense": 10}),
        chain({"dense": {"units": 10}, "name": "a"}),
        chain({"conv2d": {"filters": 3, "kernel_size": [3, 3]}}),
        chain({"conv2d": {"filters": 3, "kernel_size": 3}}),
        chain({"rescaling": "1/255"}),
        chain({"rescaling": 0.5}),
        chain({"layer_norm": {"axis": -1}}),
        chain({"layer_norm": {"axis": [-1, -2]}}),
        chain({"dense": {"units": 3, "activation": {"leaky_relu": 0.1}}}),
        chain({"bidirectional": {"layer": {"lstm": 3}}}),
        chain({"bidirectional": {"lstm": {"units": 3}, "merge_mode": "sum"}}),
        chain({"time_distributed": [{"dense": 3}, "relu"]}),
        chain({"time_distributed": {"layer": [{"spectral_norm": {"dense": 3}}]}}),
        chain({"time_distributed": "$part"}),
        chain({"activation": {"leaky_relu": 0.1}}),
        chain({"layers": ["relu", {"dense": 3}], "name": "part", "repeat": 2}),
        chain({"residual": {"layers": ["relu"], "shortcut": [], "join": {"concatenate": -1}}}),
        training(metrics=[{"auc": {"curve": "PR"}, "name": "pr_auc", "of": "y", "target": "t"}]),
        chain({"max_pool2d": None}),
        chain({"conv1d": {"filters": 3, "kernel_size": 3}}),
        chain({"zero_padding1d": [2, 0]}),
        chain({"zero_padding2d": 1}),
        chain({"zero_padding2d": [1, 2]}),
        chain({"zero_padding2d": [[1, 0], 2]}),
        training(optimizer="adam"),
        training(optimizer={"sgd": 0.1}),
        training(optimizer={"sgd": {"learning_rate": {"cosine": 0.1}}}),
        training(optimizer={"sgd": {"learning_rate": "1/10"}}),
        training(losses={"a": {"cross_entropy": None, "of": ["a"], "weight": 2}, "b": "none"}),
        training(metrics={"a": ["accuracy"]}),
        training(epochs=3, early_stopping=None),
        training(early_stopping={"patience": "$patience", "min_delta": "1/100", "start": 2}),
        training(epochs="$epochs", metrics="$metrics", optimizer={"adam": "$rate"}),
        chain({"dense": "$width", "repeat": "${2 * depth}"}),
        chain({"dense": "${shape(input)[-1] // 16}"}),
        chain({"dense": {"units": "${classes(kind)}"}, "repeat": {"times": 6, "index": "i"}}),
        chain({"conv2d": {"filters": 3, "kernel_size": ["${shape(x)[0]}", 3], "strides": "${min(shape(x))}"}}),
        chain({"reshape": "${[1] + shape(input)}"}),
        chain({"dropout": "${1 / shape(x)[0]}"}),
        chain({"Brick": {"width": 3}, "repeat": 2}),
        chain("Brick"),
        chain("$layer"),
        chain({"conv2d": {"filters": 3, "kernel_size": ["$k", 3]}}),
        chain({"reshape": ["$n", 2]}),
        chain({"zero_padding2d": [["$n", 0], 2]}),
        {"modelc": 1, "model": {"inputs": {"x": {"shape": ["$n", 4]}}, "layers": ["relu"]}},
        training(loss={"cross_entropy": {"class_weight": {"a": "$weight"}}}),
        {"modelc": 1, "extends": "base.yaml", "vars": {"width": 64}, "train": {"optimizer": {"adam": 0.001}}},
        {"modelc": 1, "extends": "base.yaml", "model": {"precision": "mixed_bfloat16"}, "data": {"validation": 0.1}},
        {"modelc": 1, "extends": "base.yaml", "model": {"nodes": {"h": {"conv2d": {"filters": 8}}}}},
        {"modelc": 1, "extends": "base.yaml", "model": {"inputs": {"x": {"dtype": "int32"}}}},
        {"modelc": 1, "extends": "base.yaml", "train": {"losses": {"a": {"cross_entropy": None, "weight": 2}}}},
        chain({"conv2d": {"filters": "$f", "kernel_size": "$k", "padding": "$p", "use_bias": "$b"}}),
    ],
    ids=json.dumps,
)
def test_what_the_language_allows_validates(data: Any) -> None:
    assert errors(data) == []


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (chain({"dens": 10}), "'dens' does not match any of the regexes: '^[A-Z][A-Za-z0-9_-]*$'"),
        (chain({"dense": {"unit": 10}}), "'unit' was unexpected"),
        (chain({"dense": 3, "nam": "a"}), "'nam' does not match any of the regexes"),
        (chain({"dense": 3, "repeat": {"tims": 2}}), "'tims' was unexpected"),
        ({"modelc": 1}, "'model' is a required property"),
        ({"extends": "base.yaml"}, "'modelc' is a required property"),
        (chain("relu") | {"data": {"validation": 0.1}}, "'source' is a required property"),
        (chain({"reshape": ["n", 2]}), "'n' is not of type 'integer'"),
        (chain(3), "3 is not of type 'string', 'object'"),
        (chain({"dense": [1]}), "[1] is not of type 'integer', 'string'"),
        (chain({"conv2d": {"filters": 3, "kernel_size": 3, "padding": 3}}), "3 is not one of ['valid', 'same']"),
        (chain("relu") | {"blocks": {"small": {"layers": ["relu"]}}}, "'small' does not match"),
        (chain("relu") | {"vars": {"a-b": 1}}, "'a-b' does not match"),
        (chain({"dense": "ten"}), "'ten' is not of type 'integer'"),
        (chain({"dense": 0}), "0 is less than the minimum of 1"),
        (chain({"dense": {}}), "'units' is a required property"),
        (chain({"dense": None}), "None is not of type 'integer'"),
        (chain({"dense": 3, "relu": None}), "too many properties"),
        (chain({"dense": {"units": 3, "activation": "rely"}}), "'rely' is not one of"),
        (chain("flaten"), "'flaten' is not one of"),
        (chain({"bidirectional": {"lstn": 3}}), "'lstn' was unexpected"),
        (chain({"bidirectional": {"lstm": 3, "gru": 3}}), "too many properties"),
        (chain({"bidirectional": {}}), "{} should be non-empty"),
        (chain({"time_distributed": [{"dens": 3}]}), "'dens' was unexpected"),
        (chain({"residual": {"layer": ["relu"]}}), "'layer' was unexpected"),
        (chain({"residual": {"shortcut": ["relu"]}}), "'layers' is a required property"),
        (training(metrics=[{"auc": None, "nam": "a"}]), "'nam' was unexpected"),
        (chain("dense"), "'dense' is not one of"),
        (chain({"rescaling": "a/b"}), "'a/b' does not match"),
        (chain({"softmax": 1}), "1 is greater than the maximum of -1"),
        (chain("relu") | {"mode": 1}, "'mode' was unexpected"),
        (
            {"modelc": 1, "extends": "a.yaml", "model": {"nodes": {"h": {"dense": {"unit": 3}}}}},
            "'unit' was unexpected",
        ),
        (training(early_stopping={"start": 2}), "'patience' is a required property"),
        (training(epochs=3, steps=4), "False schema does not allow 4"),
        (training(loss="cross_entropy", losses={}), "False schema does not allow {}"),
        (training(optimizer={"sgd": {"learning_rate": -1}}), "-1 is less than or equal to the minimum of 0"),
        (training(optimizer={"sgd": {"learning_rate": "cosin"}}), "'cosin' is not of type 'number', 'object'"),
    ],
    ids=lambda value: value if isinstance(value, str) else json.dumps(value),
)
def test_what_is_wrong_is_blamed_alone(data: Any, said: str) -> None:
    (error,) = errors(data)
    assert said in error


def test_every_validator_that_runs_before_a_field_is_known_to_the_schema() -> None:
    known = {read_ratio, read_axes, read_names, read_numbers, read_tuple, read_rows, read_classes, read_vocabulary}
    known |= {read_missing, read_delimiter, read_encoding, read_patterns, read_counts, read_column_names, read_paths}
    known |= {read_tokenizer, read_words, read_format, read_standardize, read_parts, read_files, read_json_labels}
    for table, name in THINGS:
        for info in table.find(name).model_fields.values():
            for mark in info.metadata:
                if isinstance(mark, BeforeValidator):
                    assert mark.func in known or isinstance(mark.func, ReadSizes | ReadRange)


def test_everything_in_the_schema_that_a_user_can_write_is_described() -> None:
    for table, name in THINGS:
        definition = SCHEMA["definitions"][f"{table.kind}.{name}"]
        assert definition["description"]
        arguments = definition.get("properties") or definition.get("then", {}).get("properties", {})
        # What a wrapper may wrap is a reference to a definition, which is one of these.
        assert all(schema.get("description") or "$ref" in schema for schema in arguments.values())


def test_check_jsonschema_accepts_every_shipped_spec(tmp_path: Path) -> None:
    """The command that continuous checks and pre-commit run, with a YAML reader of its own."""
    schema = tmp_path / "modelc.schema.json"
    schema.write_text(json.dumps(SCHEMA), encoding="utf-8")
    wrong = tmp_path / "wrong.yaml"
    digits = next(spec for spec in SPECS if spec.stem == "digits")
    wrong.write_text(digits.read_text(encoding="utf-8").replace("optimizer:", "optimiser:"), encoding="utf-8")
    command = [sys.executable, "-m", "check_jsonschema", "--schemafile", str(schema)]
    done = subprocess.run([*command, *map(str, SPECS)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    done = subprocess.run([*command, str(wrong)], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "'optimiser' was unexpected" in done.stdout


@pytest.mark.parametrize(
    ("classes", "right"),
    [("{file: names.txt}", True), ("[a, b]", True), ("3", True), ("$n", True), ("{file: names.txt, a: 1}", False), ("{}", False), ("{file: 3}", False)],
)  # fmt: skip
def test_names_of_classes_may_be_in_a_file(classes: str, right: bool) -> None:
    text = f"modelc: 1\nmodel: {{inputs: {{x: {{shape: [4]}}}}, layers: [relu]}}\ndata: {{source: digits, targets: {{y: {{category: {{column: y, classes: {classes}}}}}}}}}\n"
    assert bool(errors(parsed(text))) != right
