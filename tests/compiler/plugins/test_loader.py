"""Plug-ins as values: what opens them, what is refused, and that nothing is imported that was not enabled."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import yaml

import modelc
from modelc.compiler.api import check
from modelc.compiler.diagnostics.exceptions import PluginError
from modelc.compiler.explain.entries import entries
from modelc.compiler.explain.pretty_printer import show_named
from modelc.compiler.language.json_schema.builder import json_schema
from modelc.compiler.language.suggestions.suggest import suggest
from modelc.compiler.library.base.plugin_context import NONE, enabled, using
from modelc.compiler.library.base.registry import Registry
from modelc.compiler.library.layers import ACTIVATIONS, LAYERS
from modelc.compiler.library.losses import LOSSES
from modelc.compiler.library.registries import TABLES
from modelc.compiler.plugins.loader import open_plugins
from tests.made_plugins import CODE, SPEC, THINGS, make_file, make_package

MODEL: dict[str, Any] = {key: value for key, value in yaml.safe_load(SPEC).items() if key in ("modelc", "model")}


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on `sys.path` with an installed plug-in, forgotten afterwards."""
    folder = make_package(tmp_path / "site")
    monkeypatch.syspath_prepend(folder)
    yield folder
    for name in [name for name in sys.modules if name.partition(".")[0] == "modelc_shift"]:
        del sys.modules[name]


def codes(text: str) -> list[str]:
    return [problem.code for problem in check(text, "spec.yaml").problems]


def test_a_distribution_is_opened_without_an_import_and_imported_by_what_a_spec_names(package: Path) -> None:
    plugins = open_plugins(["modelc-shift"])
    assert "modelc_shift" not in sys.modules and not (package / "imported").exists()
    (plugin,) = plugins.plugins
    assert (plugin.name, plugin.version, plugin.sha256) == ("modelc-shift", "1.2", None)
    with using(plugins):
        assert "shift" in LAYERS and "bent" in LAYERS and "bent" in ACTIVATIONS and "shift" not in ACTIVATIONS
        assert codes("modelc: 1\nmodel: {inputs: {x: {shape: [2]}}, layers: [dense: 2]}\n") == []
        assert not (package / "imported").exists()
        assert codes(SPEC) == []
        assert (package / "imported").exists()
    assert "shift" not in LAYERS and enabled() is NONE


def test_everything_that_the_tables_do_works_for_classes_of_plugins(package: Path) -> None:
    with using(open_plugins(["modelc-shift"])):
        shift = LAYERS.build({"shift": {"by": 1.0, "activation": "bent"}})
        assert LAYERS.name_of(shift) == "shift"
        assert LAYERS.dump(shift) == {"shift": {"by": 1.0, "activation": "bent"}}
        assert LAYERS.build(LAYERS.dump(shift)) == shift
        assert show_named(shift) == "shift: {by: 1, activation: bent}"
        assert suggest("shfit", LAYERS).new == suggest("AddConstant", LAYERS).new == "shift"
        assert [entry.kind for entry in entries("pinball")] == ["loss", "metric"]
        assert [entry.kind for entry in entries("bent")] == ["activation"]
        definitions = json_schema()["definitions"]
        assert {f"{kind}.{name}" for kind, name in (key.split(".") for key in THINGS)} <= set(definitions)
        assert "layer.bent" in definitions
    assert "layer.shift" not in json_schema()["definitions"]
    with pytest.raises(LookupError, match="is not a layer of modelc or of an enabled plug-in"):
        LAYERS.name_of(shift)


def test_mistakes_with_a_plugin_are_told_like_those_with_a_built_in_layer(tmp_path: Path) -> None:
    layers = ["shift: {bye: 1}", "shift: 11", "shift: {by: 1, activation: bant}", "shfit: 1"]
    text = "modelc: 1\nmodel:\n  inputs: {x: {shape: [2]}}\n  layers:\n" + "".join(f"    - {x}\n" for x in layers)
    with using(open_plugins([make_file(tmp_path / "shift.py")])):
        problems = check(text, "spec.yaml").problems
    assert [problem.code for problem in problems] == ["E102", "E106", "E101", "E101"]
    assert [problem.helps for problem in problems if problem.code == "E101"] == [
        ("did you mean `bent`?",),
        ("did you mean `shift`?",),
    ]


@pytest.mark.parametrize("given", ["modelc-shift", "file"])
def test_load_and_compile_enable_plugins_for_one_call(package: Path, tmp_path: Path, given: str) -> None:
    plugins = [make_file(tmp_path / "shift.py") if given == "file" else given]
    with pytest.raises(modelc.SpecError):
        modelc.load(MODEL)
    task = modelc.load(MODEL, plugins=plugins)
    assert enabled() is NONE
    x = np.array([[-3.0, 1.0, 0.25, -0.5]], "float32")
    bent = np.where(x + 0.5 > 0, x + 0.5, (x + 0.5) / 2)
    bent = np.where(bent > 0, bent, bent / 2)
    expected = bent.sum() / 2 if bent.sum() > 0 else bent.sum() / 4
    for model in (modelc.compile(task), modelc.compile(MODEL, plugins=plugins)):
        params, state = model.init(jax.random.key(0))
        outputs, _ = model.apply(params, state, {"x": jnp.asarray(x)})
        np.testing.assert_allclose(outputs["y"], [[expected]], rtol=1e-6)


def test_a_file_that_is_opened_twice_is_one_module_and_a_changed_one_is_another(tmp_path: Path) -> None:
    path = make_file(tmp_path / "shift.py")
    first, again = open_plugins([path]), open_plugins([str(path), path])
    assert len(again.plugins) == 1
    assert first.of("layer")["shift"].cls is again.of("layer")["shift"].cls
    make_file(path, CODE + "\nCHANGED = True\n")
    changed = open_plugins([path])
    assert changed.plugins[0].sha256 != first.plugins[0].sha256
    assert changed.of("layer")["shift"].cls is not first.of("layer")["shift"].cls
    assert [file.name for file in tmp_path.iterdir()] == ["shift.py"], "no bytecode is left beside it"


def test_an_unknown_name_that_an_installed_plugin_has_names_it_from_metadata(package: Path) -> None:
    for problem in check(SPEC, "spec.yaml").problems:
        assert problem.code == "E101"
        assert problem.helps == ("the installed plug-in `modelc-shift` has it: add `--plugin modelc-shift`",)
    text = "modelc: 1\nmodel: {inputs: {x: {shape: [2]}}, layers: [pinball]}\n"
    (problem,) = check(text, "spec.yaml").problems
    assert "plug-in" not in str(problem.helps), "it has no such layer, but a loss"
    assert not (package / "imported").exists()


@pytest.mark.parametrize(
    "layer",
    [
        *("modelc_shift.things:Shift", "modelc_shift", "modelc-shift", "layer.shift", "shift.py", "os:system"),
        *("layers.dense:Dense", "../shift.py", "{plugin: modelc-shift}", "{shift: 1, plugin: modelc-shift}"),
        *("{activation: bent}", "{dense: {units: 2, kernel_initializer: modelc_shift.things:Halves}}"),
    ],
)
def test_nothing_that_a_spec_says_imports_anything(package: Path, tmp_path: Path, layer: str) -> None:
    (tmp_path / "shift.py").write_text(f"open({str(tmp_path / 'run')!r}, 'w').close()\n")
    for more in ("", "plugins: [modelc-shift]\n", "plugin: ../shift.py\n"):
        text = f"modelc: 1\n{more}model:\n  inputs: {{x: {{shape: [2]}}}}\n  layers:\n    - {layer}\n"
        assert codes(text)
    assert not (package / "imported").exists() and not (tmp_path / "run").exists()
    assert "modelc_shift" not in sys.modules


def use(given: tuple[str | Path, ...]) -> None:
    """Open plug-ins and import all that they have."""
    for things in open_plugins(given).things.values():
        for thing in things.values():
            assert thing.cls


def message(*given: "str | Path") -> str:
    """What is said of plug-ins that cannot be used."""
    with pytest.raises(PluginError) as caught:
        use(given)
    error = caught.value
    assert error.code == "E605"
    return "\n".join([error.message, *error.notes, *error.helps])


def test_what_is_no_plugin_is_refused(package: Path, tmp_path: Path) -> None:
    assert "no installed plug-in `modelc-shfit`\ndid you mean `modelc-shift`?" in message("modelc-shfit")
    assert "the package `numpy` is installed but is not a plug-in" in message("numpy")
    assert "neither the name of a package nor a path that ends in `.py`" in message("shift/")
    assert "cannot be read: no such file or directory" in message(tmp_path / "none.py")
    assert "does not declare what it provides" in message(make_file(tmp_path / "a.py", things={}))
    assert "write the kind and the name, such as `layer.shift`" in message(
        make_file(tmp_path / "b.py", things={"shift": "Shift"})
    )
    assert "such as `loss.pinball`" in message(make_file(tmp_path / "c.py", things={"los.pinball": "Pinball"}))
    assert "such as `layer.shift`" in message(make_file(tmp_path / "d.py", things={"layer.no name": "Shift"}))


def test_names_that_are_taken_are_refused(package: Path, tmp_path: Path) -> None:
    assert "has a layer `dense`, a name that modelc itself uses" in message(
        make_file(tmp_path / "a.py", things={"layer.dense": "Shift"})
    )
    assert "has a layer `dense`, a name that modelc itself uses" in message(
        make_file(tmp_path / "a.py", things={"activation.dense": "Bent"})
    )
    assert "the plug-ins `modelc-shift` and `" in message("modelc-shift", make_file(tmp_path / "b.py"))
    both = {"activation.shift": "Bent", "layer.shift": "Shift"}
    path = make_file(tmp_path / "c.py", CODE.replace('= "bent"', '= "shift"'), both)
    assert f"the plug-in `{path}` has a layer `shift` twice" in message(path)
    twice = {"layer.shift": "Shift", "loss.shift": "Pinball"}
    path = make_file(tmp_path / "d.py", CODE.replace('"pinball: 0.9"', '"shift"'), twice)
    assert set(open_plugins([path]).things) == {"layer", "loss"}


def test_code_that_does_not_import_is_told_with_its_own_lines(tmp_path: Path) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text("def below():\n    return 1 / 0\n\n\nbelow()\n")
    said = message(broken)
    assert f"`{broken}` cannot be imported: ZeroDivisionError: division by zero" in said
    assert f"{broken}:5: below()\n{broken}:2: return 1 / 0" in said
    broken.write_text("class A(:\n")
    assert f"SyntaxError: invalid syntax\n{broken}:1: class A(:" in message(broken)
    broken.write_text("from modelc.compiler.layer import Layer\n")
    assert message(broken).endswith(
        f"{broken}:1: from modelc.compiler.layer import Layer\nplug-ins import from `modelc.plugin`"
    )
    broken.write_text("import sys\nsys.exit(0)\n")
    assert "cannot be imported: SystemExit: 0" in message(broken)
    broken.write_text("class E(BaseException):\n    def __str__(self):\n        raise ValueError\n\n\nraise E\n")
    assert message(broken).endswith(f"cannot be imported: E\n{broken}:6: raise E")
    broken.write_bytes(b"x = 1\0\n")
    assert message(broken).endswith("source code string cannot contain null bytes")
    broken.write_bytes(b"\xff\n")
    assert "cannot be imported: " in message(broken)


def test_a_distribution_that_does_not_import_is_told_when_it_is_named(package: Path) -> None:
    (package / "modelc_shift" / "things.py").write_text("import no_such_module\n")
    plugins = open_plugins(["modelc-shift"])
    with using(plugins), pytest.raises(PluginError, match="the layer `shift` of the plug-in `modelc-shift`") as caught:
        check(SPEC, "spec.yaml")
    assert "ModuleNotFoundError: No module named 'no_such_module'" in caught.value.message
    assert caught.value.notes == (f"{package / 'modelc_shift' / 'things.py'}:1: import no_such_module",)


BREACHES = {
    '"""Adds a number to each value: `y = activation(x + by)`.\n\n    Input and output `[...]`; no weights.\n    """': (
        "pass",
        "`Shift` has no docstring",
    ),
    'Field(description="What is added.", ge=-10, le=10)': ("Field(ge=-10)", "field `by` of `Shift` has no description"),
    '"shift: 0.5"': ('"0.5"', "`Shift` has no `example` that uses `shift`"),
    'primary: ClassVar[str | None] = "by"\n    spellings': (
        'primary: ClassVar[str | None] = "add"\n    spellings',
        "the `primary` of `Shift`, `add`, is not one of its fields",
    ),
    "    def apply(self, call: Call, x):\n        return self.activation.function(x + self.by)\n": (
        "",
        "`Shift` has no `apply`",
    ),
    'def plan(self, x):\n        need(x.is_float, f"expected': (
        'def plan(self, a):\n        x = a\n        need(x.is_float, f"expected',
        "`Shift.plan` does not take its input `x`",
    ),
    "def apply(self, call: Call, x):\n        return self.activation": (
        "def apply(self, call: Call, y):\n        x = y\n        return self.activation",
        "`Shift.apply` does not take its input `x`",
    ),
    "def apply(self, call: Call, x):\n        return self.activation.function(x": (
        "def apply(self, x):\n        return self.activation.function(x",
        "`Shift.apply` does not begin with `self, call`",
    ),
    'ClassVar[str] = "shift: 0.5"': ("ClassVar[object] = 3", "`Shift` has no `example` that uses `shift`"),
    "class Shift(Layer):": ("class Shift:", "`Shift` is not a subclass of `modelc.plugin.Layer`"),
    "class Shift(Layer)": ("class Shift(Activation)", "the base class of the kind `activation`"),
    '    by: Annotated[float, Field(description="What is added."': (
        '    model_config = {"extra": "ignore"}\n    by: Annotated[float, Field(description="What is added."',
        "`model_config` of `Shift` changes `extra`",
    ),
    "by: Annotated[float,": (
        "by: Annotated[complex,",
        "the field `by` of `Shift` has a type that a spec cannot express",
    ),
    "by: Annotated[float, ": ('by: Annotated["Nowhere", ', "the fields of `Shift` cannot be evaluated"),
    'better: ClassVar[Literal["higher", "lower"]] = "lower"\n    ': ("", "`PinballMetric` does not say its `better`"),
    "    @property\n    def subject(self) -> str:\n        return self.column\n": ("", "`Doubled` has no `subject`"),
}


@pytest.mark.parametrize("written", BREACHES, ids=[said for _, said in BREACHES.values()])
def test_a_class_that_breaks_the_pattern_is_refused(tmp_path: Path, written: str) -> None:
    instead, said = BREACHES[written]
    assert written in CODE
    assert said in message(make_file(tmp_path / "shift.py", CODE.replace(written, instead)))


def test_the_classes_of_modelc_keep_to_the_pattern_themselves() -> None:
    from modelc.compiler.plugins.conformance import violations

    for table in TABLES:
        for name in table:
            if table is LAYERS and name in ACTIVATIONS:
                continue
            assert violations(table, name, table.find(name)) == []


def test_the_kind_of_a_table_is_the_name_of_its_base() -> None:
    kinds = [table.kind for table in TABLES]
    assert len(set(kinds)) == len(kinds)
    assert LOSSES.kind == "loss" and LAYERS.kind == "layer"


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.kind)
def test_what_is_no_class_is_said_to_be_none_whatever_the_kind(table: Registry[Any]) -> None:
    from modelc.compiler.plugins.conformance import contract_of, violations

    assert violations(table, "x", 3) == [f"`3` is not a subclass of `{contract_of(table)}`"]
