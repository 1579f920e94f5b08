"""What authors of plug-ins have beside the contracts: a class enabled without a file, and the notation of specs."""

from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, ClassVar

import pytest
from pydantic import Field, ValidationError

import modelc
from modelc.compiler.library.base.plugin_context import NONE, enabled
from modelc.compiler.library.registries import TABLES
from modelc.compiler.plugins.conformance import contract_of
from modelc.plugin import (
    Activation,
    Initializer,
    Layer,
    Plan,
    PluginError,
    TensorType,
    build,
    dump,
    enable,
    example,
    find,
    name_of,
)
from tests.made_plugins import make_file

MODEL: dict[str, Any] = {"modelc": 1, "model": {"inputs": {"x": {"shape": [4]}}, "layers": [{"half": 3}]}}


class Half(Layer):
    """Half of each value, so many times. Input and output `[...]`; no weights."""

    primary: ClassVar[str | None] = "times"
    example: ClassVar[str] = "half: 2"

    times: Annotated[int, Field(description="How many times.")] = 1

    def plan(self, x: TensorType) -> Plan:
        return Plan.of(x)

    def apply(self, call: Any, x: Any) -> Any:
        return x / 2**self.times


class Curve(Activation):
    """Its square."""

    example: ClassVar[str] = "dense: {units: 3, activation: curve}"

    def function(self, x: Any) -> Any:
        return x * x


def test_a_class_is_enabled_for_what_happens_inside_under_the_name_of_its_example() -> None:
    with enable(Half):
        assert find(Layer, "half") is Half and name_of(Half) == "half"
        assert [node.path for node in modelc.load(MODEL).planned.graph.nodes] == ["half"]
    assert enabled() is NONE
    with pytest.raises(modelc.SpecError, match="unknown layer `half`"):
        modelc.load(MODEL)
    with pytest.raises(LookupError, match="is not a layer of modelc or of an enabled plug-in"):
        name_of(Half)


def test_plugins_are_enabled_beside_those_that_are_already(tmp_path: Path) -> None:
    path = make_file(tmp_path / "shift.py")
    with enable(Half), enable(str(path)), enable(Half, path):
        assert dump(build(Layer, {"shift": 1.5})) == {"shift": {"by": 1.5, "activation": "linear"}}
        assert find(Layer, "half") is Half
        assert len(enabled().plugins) == 2


def test_the_notation_is_read_and_written_for_each_kind() -> None:
    with enable(Half):
        assert build(Layer, "half") == build(Layer, {"half": None}) == build(Layer, {"half": 1}) == Half()
        assert dump(Half(times=3)) == {"half": {"times": 3}}
        assert example(Half) == {"half": 2}
    assert dump(build(Activation, "relu")) == dump(build(Layer, "relu"))
    assert find(Activation, "relu") is find(Layer, "relu")
    assert dump(build(Initializer, {"constant": 2.0})) == {"constant": {"value": 2.0}}
    with pytest.raises(ValidationError, match="unknown layer half"):
        build(Layer, "half")
    with pytest.raises(LookupError, match="there is no layer `half`: enable its plug-in, or give its class"):
        find(Layer, "half")
    with pytest.raises(LookupError, match=r"`Half` is not a kind, such as `modelc.plugin.Layer`"):
        build(Half, 3)
    with pytest.raises(LookupError, match="`Plain` is not a subclass of any kind"):
        name_of(Plain)  # type: ignore[arg-type]  # what a caller without types may do


class Plain:
    pass


def refused(cls: Any) -> str:
    with pytest.raises(PluginError) as caught, enable(cls):
        pass
    assert caught.value.code == "E605"
    return "\n".join([caught.value.message, *caught.value.notes, *caught.value.helps])


def made(name: str, base: type[Layer] = Half, **attributes: Any) -> type[Layer]:
    """A subclass of `base` with other class variables."""
    return type(name, (base,), {"__doc__": "One.", "__module__": __name__, **attributes})


def test_a_class_that_specs_could_not_name_is_refused() -> None:
    assert (
        refused(Plain)
        == "`Plain` is not a subclass of any kind\nderive it from `modelc.plugin.Layer`, or from another kind"
    )
    assert refused(made("Open", example="half: {times")) == "the example of `Open` cannot be read: 'half: {times'"
    two = refused(made("Two", example="half: 1\n  other: 2"))
    assert two == "the example of `Two` must be one layer as a spec writes it\nits example: 'half: 1\\n  other: 2'"
    assert "must be one layer as a spec writes it" in refused(made("Empty", example=""))
    assert "has a layer `dense`, a name that modelc itself uses" in refused(made("Dense", example="dense: 3"))
    assert "`Silent` has no docstring\n`modelc.plugin.Layer` has the contract" in refused(made("Silent", __doc__=""))
    with enable(Half):
        assert refused(made("Other")) == (
            "the plug-ins `Half` and `Other` both have a layer `half`\nenable one of them"
        )


def test_the_contract_that_messages_name_is_the_base_of_its_kind() -> None:
    """Augmentations are the exception, until their contract joins `modelc.plugin`."""
    apart = set()
    for table in TABLES:
        module, _, name = contract_of(table).rpartition(".")
        assert getattr(import_module(module), name) is table.base
        if module != "modelc.plugin":
            apart.add(table.kind)
    assert apart == {"augmentation"}
