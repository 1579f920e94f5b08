"""For every layer: what `plan` promises is what `apply` gives, over drawn arguments and input types."""

import re
from typing import Any

import jax
import pytest
from hypothesis import given, settings
from pydantic import ValidationError

from modelc.compiler.language.suggestions.suggest import suggest
from modelc.compiler.library.base.registry import Registered, Registry, fold
from modelc.compiler.library.contracts.layer import Call, PlanError
from modelc.compiler.library.contracts.mesh_axes import RULES
from modelc.compiler.library.initializers import INITIALIZERS
from modelc.compiler.library.layers import ACTIVATIONS, LAYERS
from modelc.compiler.syntax.document import read
from tests.compiler.library.layers.drawing import Configurations
from tests.compiler.library.layers.families import collected, kind_of, modules
from tests.compiler.library.layers.running import as_result


def abstract(shape: tuple[int, ...], dtype: str) -> Any:
    """An array for `jax.eval_shape`, which has no values."""
    return jax.ShapeDtypeStruct(shape, dtype)  # type: ignore[no-untyped-call] # jax leaves its constructor untyped


CONFIGURATIONS: Configurations = collected("CONFIGURATIONS")

QUICKLY = [
    name
    for name in LAYERS
    if (re.search(r"[123]d", name) or name.startswith("segment_"))
    and kind_of(name) in ("convolutional", "core", "pooling", "reshaping")
    and name not in ("avg_pool2d", "conv2d", "global_avg_pool2d", "max_pool2d")
]
"""Many layers by one rule: fewer examples of each will do."""


def test_every_layer_has_configurations() -> None:
    assert sorted(CONFIGURATIONS) == sorted(collected("USES")) == sorted(LAYERS)


@pytest.mark.parametrize("name", ["CONFIGURATIONS", "USES", "VALUES", "SLOW", "ORACLES"])
def test_what_is_tested_of_a_layer_is_in_the_folder_of_its_kind(name: str) -> None:
    for module in (*modules("configurations.py"), *modules("oracles.py")):
        for layer in getattr(module, name, ()):
            assert module.__name__.split(".")[-2] == kind_of(layer), layer


@pytest.mark.parametrize("name", list(LAYERS))
def test_apply_gives_what_plan_promises(name: str, request: pytest.FixtureRequest) -> None:
    draws = request.config.getoption("--layer-draws")
    raws, inputs = CONFIGURATIONS[name]
    planned = 0

    @settings(max_examples=draws // 3 if name in ACTIVATIONS or name in QUICKLY else draws)
    @given(raw=raws, types=inputs)
    def check(raw: dict[str, Any], types: dict[str, Any]) -> None:
        nonlocal planned
        layer = LAYERS.build({name: raw})
        refused = None
        try:
            plan = layer.plan(**types)
        except PlanError as error:
            refused = error
        if refused is not None:
            assert refused.help, refused.message
            assert not refused.argument or refused.argument in type(layer).model_fields
            assert not refused.slot or refused.slot in {slot.name for slot in layer.slots}
            return
        planned += 1
        params = {name: abstract(weight.shape, weight.dtype) for name, weight in plan.params.items()}
        entries: list[Any] = [*plan.params.values(), *plan.state.values()]
        assert all(len(entry.axes) == len(entry.shape) for entry in entries)
        assert {axis for weight in plan.params.values() for axis in weight.axes} <= {None, *RULES}
        for batch, train in ((1, False), (3, True)):

            def array(x: Any, batch: int = batch) -> Any:
                if isinstance(x, tuple):
                    return tuple(array(part) for part in x)
                return abstract((batch, *x.shape), x.dtype)

            def mask(x: Any, batch: int = batch) -> Any:
                if isinstance(x, tuple):
                    return tuple(mask(part) for part in x)
                return abstract((batch, x.shape[0]), "bool") if x.mask else None

            def apply(params: Any, state: Any, inputs: Any, masks: Any, rows: Any, train: bool = train) -> Any:
                key = jax.random.key(0) if train else None
                result = as_result(layer.apply(Call(params, state, masks, rows, train, key), **inputs))
                return dict(result.outputs), dict(result.state), dict(result.masks)

            def carried(entry: Any, batch: int = batch) -> Any:
                return abstract((batch, *entry.shape) if entry.per_row else entry.shape, entry.dtype)

            rows = abstract((batch,), "bool") if batch > 1 else None
            state = {name: carried(entry) for name, entry in plan.state.items()}
            handed = {name for name, entry in plan.state.items() if entry.per_row}
            arrays = {slot: array(x) for slot, x in types.items()}
            masks = {slot: mask(x) for slot, x in types.items()}
            outputs, new_state, new_masks = jax.eval_shape(apply, params, state, arrays, masks, rows)
            assert {port: (x.shape, str(x.dtype)) for port, x in outputs.items()} == {
                port: ((batch, *x.shape), x.dtype) for port, x in plan.outputs.items()
            }
            assert set(new_state) <= set(plan.state)
            changing = {name for name, entry in plan.state.items() if entry.changes}
            assert set(new_state) == (changing if train else handed)
            for entry, value in new_state.items():
                assert (value.shape, value.dtype) == (state[entry].shape, state[entry].dtype)
            if layer.masking == "use":
                masked = {port: (batch, x.shape[0]) for port, x in plan.outputs.items() if x.mask}
                assert {port: x.shape for port, x in new_masks.items()} == masked
            else:
                assert not new_masks

    check()
    assert planned > 0, "no drawn configuration was valid"


@pytest.mark.parametrize(
    ("table", "name"),
    [(table, name) for table in (LAYERS, INITIALIZERS) for name in table],
    ids=lambda value: value if isinstance(value, str) else value.kind,
)
def test_every_class_is_documented_with_a_working_example(table: Registry[Any], name: str) -> None:
    cls = table.find(name)
    assert cls.__doc__ and cls.__doc__ != Registered.__doc__
    for field, info in cls.model_fields.items():
        assert info.description and info.description.endswith("."), field
    assert cls.primary is None or cls.primary in cls.model_fields
    document, problems = read(f"example:\n  {cls.example}\n", "example.yaml")
    assert document is not None and not problems
    built = LAYERS.build(document.data["example"])
    assert name in cls.example
    assert LAYERS.build(LAYERS.dump(built)) == built


@pytest.mark.parametrize("table", [LAYERS, INITIALIZERS], ids=lambda table: table.kind)
def test_no_spelling_means_two_things(table: Registry[Any]) -> None:
    seen = {name: name for name in table}
    for name in table:
        for spelling in (word for word in table.find(name).words() if fold(word) != fold(name)):
            assert suggest(spelling, table).new == name
            assert seen.setdefault(spelling, name) == name


@pytest.mark.parametrize("name", list(LAYERS))
def test_an_unknown_argument_is_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="no_such_argument"):
        LAYERS.build({name: {"no_such_argument": 1}})
