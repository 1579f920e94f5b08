"""The pages for those who come from Keras or PyTorch: what stands on the left exists there, on the right here."""

import ast
import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import jax
import keras
import numpy as np
import pytest
from pydantic import ValidationError

from modelc.cli.main import COMMANDS
from modelc.compiler.api import check, check_file
from modelc.compiler.explain.counterparts import counterparts_of, names_in, pages
from modelc.compiler.explain.entries import entries, named_elsewhere
from modelc.compiler.explain.foreign_words import foreign_word
from modelc.compiler.explain.keys import EXAMPLE
from modelc.compiler.library.base.registry import Registered, Registry
from modelc.compiler.library.registries import TABLES
from modelc.compiler.syntax.document import read
from tests.cli.commands import modelc

SEVERAL = """\
modelc: 1
model:
  inputs: {x: {shape: [8]}}
  nodes:
    code: {from: x, dense: 4}
    size: {from: code, layers: [power: 2, mean: -1]}
    kind: {from: code, dense: {units: 3, activation: softmax}}
    price: {from: code, dense: 1}
  outputs: [kind, price]
data: {source: {npz: rows.npz}, targets: {kind: {category: label}, price: {array: cost}}}
train:
  losses: {kind: cross_entropy, price: mean_squared_error, size: {minimize: {}, weight: 0.01}}
  metrics: {kind: [accuracy]}
  optimizer: adam
  steps: 1000
"""
"""Several outputs and losses; `EXAMPLE` has one of each."""
TABLE = """\
modelc: 1
model: {inputs: {city: {shape: [], dtype: int32}}, layers: [embedding: {input_dim: 4, output_dim: 1}]}
data: {source: {npz: rows.npz}}
train: {loss: mean_squared_error, optimizer: adam, epochs: 1}
"""
COLOURS = """\
modelc: 1
model: {inputs: {image: {shape: [32, 32, 3]}}, layers: [flatten, {dense: {units: "${classes(kind)}", activation: softmax}, name: kind}]}
data: {source: cifar10, targets: {kind: {category: label}}}
train: {loss: cross_entropy, optimizer: adam, epochs: 1}
"""
REVIEWS = """\
modelc: 1
model:
  inputs: {review: {shape: [200], dtype: int32}}
  layers: [embedding: {input_dim: 20000, output_dim: 1}, flatten, {dense: {units: 1, activation: sigmoid}, name: label}]
data: {source: imdb}
train: {loss: binary_cross_entropy, optimizer: adam, epochs: 1}
"""
TEXTS = REVIEWS.replace("source: imdb", "source: {npz: rows.npz}")
SERIES = """
modelc: 1
model:
  inputs: {load: {shape: [72]}}
  layers: [{dense: 24, name: ahead}]
data:
  source: {csv: loads.csv}
  inputs: {load: {number: load}}
  targets: {ahead: {number: load}}
train: {loss: mean_squared_error, optimizer: adam, epochs: 1}
"""
BASES = (EXAMPLE, EXAMPLE.replace("[8, 8]", "[28, 28]"), SEVERAL, TABLE, COLOURS, REVIEWS, TEXTS, SERIES)
ROWS = [(framework, found) for framework, page in pages().items() for rows in page.values() for found in rows]
MODULES = (
    "activations", "callbacks", "constraints", "initializers", "layers", "losses", "metrics", "optimizers",
    "optimizers.schedules", "regularizers",
)  # fmt: skip


def kind_of(here: str) -> str:
    """What the right side of a row is: nothing, a command, a part of a spec, or a named thing."""
    if not here:
        return "nothing"
    if here.startswith("modelc "):
        return "command"
    return "spec" if here.startswith(("model: ", "data: ", "train: ")) else "thing"


def of_kind(kind: str) -> list[str]:
    return sorted({found.here for _, found in ROWS if kind_of(found.here) == kind})


@pytest.mark.parametrize("part", of_kind("spec"))
def test_a_part_of_a_spec_is_valid_in_one(part: str, tmp_path: Path) -> None:
    """By itself if it has inputs, else as an overlay of another spec."""
    if "inputs: {x:" in part or "inputs: {image: {shape" in part:
        assert not check(f"modelc: 1\n{part}\n", "spec.yaml").problems
        return
    (tmp_path / "overlay.yaml").write_text(f"modelc: 1\nextends: base.yaml\n{part}\n")
    for file in re.findall(r"\{file: ([\w.]+)\}", part):
        (tmp_path / file).write_text("rome\nparis\nberlin\n")
    met = []
    for base in BASES:
        (tmp_path / "base.yaml").write_text(base)
        met.append(check_file(tmp_path / "overlay.yaml").problems)
    assert not all(met), [problem.message for problems in met for problem in problems]


@pytest.mark.parametrize("thing", of_kind("thing"))
def test_a_named_thing_is_one(thing: str) -> None:
    document, _ = read(f"thing: {thing}\n" if ": " not in thing else f"thing:\n  {thing}\n", "thing")
    assert document is not None
    name = re.split(r"\W", thing)[0]
    refused = []
    tables = [table for table in TABLES if name in table]
    for table in tables:
        try:
            table.build(document.data["thing"])
        except ValidationError as error:
            refused.append(error)
    # A loss and a metric may have one name and other arguments.
    assert len(refused) < len(tables), refused


@pytest.mark.parametrize("command", of_kind("command"))
def test_a_command_is_one(command: str) -> None:
    _, name, *words = command.split()
    assert name in COMMANDS
    help = modelc(name, "--help", cwd=Path.cwd()).out
    for option in (word for word in words if word.startswith("-")):
        assert option in help


def calls(code: str) -> Iterator[tuple[str, list[str]]]:
    """Each dotted name in `code`, with the keywords of its call."""
    tree = ast.parse(code)
    called = {
        id(node.func): [word.arg or "" for word in node.keywords]
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield ast.unparse(node), called.get(id(node), [])


@pytest.mark.parametrize("table", pages()["Keras"])
def test_what_is_written_in_keras_exists_there(table: str) -> None:
    for name, keywords in (call for found in pages()["Keras"][table] for call in calls(found.there)):
        first, _, rest = name.partition(".")
        if first in ("history", "tf") or "(" in name:
            # TensorFlow is no dependency of the tests; what a call gives has no name.
            continue
        owner: Any = keras
        if first in ("model", "layer"):
            owner = keras.Model
        else:
            rest = name.removeprefix("keras.")
        for part in rest.split("."):
            # What an instance has, such as `trainable`, the class has as a property.
            assert hasattr(owner, part), f"there is no {name}"
            owner = getattr(owner, part)
        if keywords and callable(owner):
            taken = inspect.signature(owner).parameters
            open_ended = any(one.kind is one.VAR_KEYWORD for one in taken.values())
            layer = inspect.isclass(owner) and issubclass(owner, keras.layers.Layer) and owner is not keras.Model
            known = {*taken, *(("name", "dtype", "trainable", "activity_regularizer") if layer else ())}
            assert set(keywords) <= known or (open_ended and not layer), (name, keywords)


def test_explain_knows_every_word() -> None:
    for framework, found in ROWS:
        assert found.here or found.note, found
        for word in names_in(found.there):
            assert (framework, found) in counterparts_of(word)


@pytest.mark.parametrize("module", MODULES)
def test_everything_in_keras_has_a_counterpart_or_is_said_to_have_none(module: str) -> None:
    things = {
        name: thing
        for name, thing in vars(import_module(f"keras.{module}")).items()
        if callable(thing) and not name.startswith("_") and name not in ("deserialize", "get", "serialize")
    }
    assert things
    for name in things:
        known = named_elsewhere(f"{module}.{name}") or entries(name) or counterparts_of(name) or foreign_word(name)
        assert known, f"keras.{module}.{name}"


def test_defaults_that_are_not_those_of_keras_are_all_on_its_page() -> None:
    listed = {
        (name, keyword.arg)
        for found in pages()["Keras"]["defaults"]
        for call in ast.walk(ast.parse(found.there))
        if isinstance(call, ast.Call)
        for name, keyword in ((ast.unparse(call.func), keyword) for keyword in call.keywords)
        if default_in_keras(name, keyword.arg or "") in (inspect.Parameter.empty, ast.literal_eval(keyword.value))
    }
    found = {
        (cls.keras, argument)
        for table in TABLES
        for cls in map(table.find, table)
        if cls.keras.partition(".")[0] not in ("", "ops", "activations")
        for argument, info in cls.model_fields.items()
        if not info.is_required()
        for theirs in [default_in_keras(cls.keras, argument)]
        if theirs is not inspect.Parameter.empty and not is_same(table, cls, argument, theirs)
    }
    written = {name for found in pages()["Keras"]["defaults"] for name, _ in calls(found.there)}
    assert found <= listed and written == {name for name, _ in listed}


def default_in_keras(name: str, argument: str) -> Any:
    """The default of an argument of a class in Keras, `Parameter.empty` where it has none or no such argument."""
    owner: Any = keras
    for part in name.split("."):
        owner = getattr(owner, part)
    parameter = inspect.signature(owner).parameters.get(argument)
    return inspect.Parameter.empty if parameter is None else parameter.default


SPELT_OTHERWISE = ("activation", "alpha_initializer", "embeddings_initializer", "stateful")
"""Arguments whose default in Keras is `None`, `"Zeros"`, `"uniform"` and `False` for what `linear`, `zeros`, `random_uniform`
and `null` say here."""


def is_same(table: Registry[Any], cls: type[Registered], argument: str, theirs: Any) -> bool:
    """Whether a spec that gives `argument` the default of Keras has what it has without it."""
    ours = cls.model_fields[argument].get_default(call_default_factory=True)
    # No decay is one of 0 here, and no layers are an empty list of them.
    theirs = {"weight_decay": 0.0, "exclude_layers": ()}.get(argument) if theirs is None else theirs
    if theirs == ours or argument in SPELT_OTHERWISE:
        return True
    name, given = table.name_of(cls), arguments_of(cls)
    try:
        built = table.build({name: {**given, argument: list(theirs) if isinstance(theirs, tuple) else theirs}})
    except ValidationError:
        return False
    return bool(getattr(built, argument) == ours)


def arguments_of(cls: type[Registered]) -> dict[str, Any]:
    """The arguments of the example of a class."""
    document, _ = read(f"example:\n  {cls.example}\n" if ":" in cls.example else f"example: {cls.example}\n", "example")
    assert document is not None
    example = document.data["example"]
    given = next(iter(example.values())) if isinstance(example, dict) else None
    if isinstance(given, dict) and given.keys() <= cls.model_fields.keys():
        return given
    return {} if given is None else {str(cls.primary): given}


@pytest.mark.parametrize(("start", "shape"), [("nn.Linear(", (16, 4)), ("nn.Conv2d(", (2, 2, 4, 8))])
def test_the_kernels_of_pytorch_are_uniform_up_to_one_by_the_root_of_what_feeds_them(
    start: str, shape: tuple[int, ...]
) -> None:
    """As PyTorch documents them for both: fan-in is 16 for either shape."""
    (found,) = (row for row in pages()["PyTorch"]["defaults"] if row.there.startswith(start))
    document, _ = read(f"layer:\n  {found.here}\n", "layer")
    assert document is not None
    layer = next(table for table in TABLES if table.kind == "layer").build(document.data["layer"])
    drawn = np.abs([layer.kernel_initializer.sample(jax.random.key(seed), shape, "float32") for seed in range(20)])
    assert 0.24 < drawn.max() <= 0.25 and abs(drawn.mean() - 0.125) < 0.01
