"""Draws uses of a layer from its configurations: arguments, inputs, masks, the size of the batch, training or not.

What is drawn is the same in every run. Of many draws those come first that together show the most: each argument
given and left out, each value of a flag, one row, one step, masked or not, and pairs of these.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import combinations
from typing import Any

import jax
import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from modelc.compiler.library.base.tensor_type import TensorType
from modelc.compiler.library.contracts.layer import Layer, Plan, PlanError
from modelc.compiler.library.layers import LAYERS
from tests.compiler.library.layers.families import collected, few, special_values
from tests.compiler.library.layers.running import Running, filled

Values = Callable[["Drawn", dict[str, Any]], dict[str, Any]]
"""The inputs of a use, from those of independent random values; for layers that want special ones."""


@dataclass(frozen=True)
class Drawn:
    """One use of a layer: `types` is a type for each slot, or a tuple of them. Values follow from `seed`."""

    name: str
    arguments: Mapping[str, Any]
    types: Mapping[str, Any]
    batch: int
    train: bool
    seed: int

    def __str__(self) -> str:
        shapes = {slot: jax.tree.map(str, types) for slot, types in self.types.items()}
        masked = [slot for slot, mask in self.masks.items() if any(part is not None for part in parts(mask))]
        return f"{self.name}: {dict(self.arguments)} {shapes} x{self.batch} masked={masked} train={self.train}"

    @cached_property
    def layer(self) -> Layer:
        return LAYERS.build({self.name: dict(self.arguments)})

    @cached_property
    def plan(self) -> Plan:
        return self.layer.plan(**self.types)

    @cached_property
    def inputs(self) -> dict[str, Any]:
        """Arrays by slot, none of which has two equal values."""
        random = np.random.default_rng(self.seed)
        found = {slot: each(types, lambda x: self.values(x, random)) for slot, types in self.types.items()}
        special: Values | None = special_values().get(self.name)
        return found if special is None else special(self, found)

    def values(self, x: TensorType, random: np.random.Generator) -> np.ndarray:
        shape = (self.batch, *x.shape)
        if x.is_float:
            return random.normal(size=shape).astype("float32")
        if x.dtype == "bool":
            return random.random(shape) < 0.5
        return random.integers(0, self.layer.vocabulary_size() or 5, shape).astype(x.dtype)

    @cached_property
    def masks(self) -> dict[str, Any]:
        """Masks by slot, with holes and at least one step in each row; None where there is none."""
        random = np.random.default_rng(self.seed + 1)
        return {slot: each(types, lambda x: self.mask(x, random)) for slot, types in self.types.items()}

    def mask(self, x: TensorType, random: np.random.Generator) -> np.ndarray | None:
        if not x.mask:
            return None
        mask = random.random((self.batch, x.shape[0])) < 0.6
        mask[np.arange(self.batch), random.integers(0, x.shape[0], self.batch)] = True
        return mask

    def running(self) -> Running:
        """The layer with random weights and state."""
        given = {slot: mask for slot, mask in self.masks.items() if any(part is not None for part in parts(mask))}
        return filled({self.name: dict(self.arguments)}, self.inputs, given)

    def features(self) -> Iterator[tuple[Any, ...]]:
        """What this use shows, one thing at a time."""
        for argument, info in type(self.layer).model_fields.items():
            given = argument in self.arguments
            yield argument, given
            if given and isinstance(self.arguments[argument], (bool, str, dict)):
                yield argument, str(self.arguments[argument])
            elif given:
                yield argument, isinstance(self.arguments[argument], list), self.arguments[argument] != info.default
        yield "batch", self.batch == 1
        yield "train", self.train
        for slot, types in self.types.items():
            yield slot, isinstance(types, tuple) and len(types)
            for x in parts(types):
                yield slot, "rank", x.rank
                yield slot, "mask", x.mask, self.train
                yield slot, "kind", x.is_float, x.dtype == "bool"
                yield slot, "one", bool(x.shape) and x.shape[0] == 1


def parts(value: Any) -> tuple[Any, ...]:
    """What a slot holds: one thing, or several for a `many` slot."""
    return value if isinstance(value, tuple) else (value,)


def each(value: Any, function: Callable[[Any], Any]) -> Any:
    """`function` of what a slot holds, or of each part."""
    return tuple(map(function, value)) if isinstance(value, tuple) else function(value)


@cache
def draw(name: str) -> tuple[Drawn, ...]:
    """Uses of the layer `name`, the most telling first, in float32 where they are of floats."""
    count = few(name)
    return tuple(telling(valid(name, 40, count), 2 * count))


@cache
def draw_many(name: str) -> tuple[Drawn, ...]:
    """More uses of the layer `name` than anybody would compile, the most telling first."""
    return tuple(telling(valid(name, 150, 8), 40))


def valid(name: str, draws: int, least: int) -> list[Drawn]:
    """The different valid uses among so many draws, or more where they are fewer than `least`."""
    arguments, types = collected("CONFIGURATIONS")[name]
    found: list[Drawn] = []

    def collect(arguments: Any, types: Any, batch: int, train: bool, seed: int) -> None:
        wide = {slot: each(x, lambda x: x.with_dtype("float32") if x.is_float else x) for slot, x in types.items()}
        use = Drawn(name, arguments, wide, batch, train, seed)
        try:
            stateful = bool(use.plan.state)
        except PlanError:
            return
        # Without state or random numbers, training changes nothing; what is random no oracle can know.
        found.append(use if stateful or not train else Drawn(name, arguments, wide, batch, False, seed))

    for _ in range(5):
        run = given(arguments, types, st.sampled_from([1, 2, 3]), st.booleans(), st.integers(0, 10**6))(collect)
        settings(
            max_examples=draws,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )(run)()
        if len({str(use) for use in found}) >= least:
            break
        draws *= 3
    assert found, f"no drawn use of `{name}` is valid"
    return list({str(use): use for use in found}.values())


def telling(uses: list[Drawn], count: int) -> Iterator[Drawn]:
    """At most `count` of `uses`, each that which shows the most pairs of features that the ones before do not."""
    pairs = [set(combinations(sorted(set(use.features()), key=str), 2)) for use in uses]
    left = list(range(len(uses)))
    shown: set[Any] = set()
    for _ in range(min(count, len(uses))):
        best = max(left, key=lambda place: len(pairs[place] - shown))
        left.remove(best)
        shown |= pairs[best]
        yield uses[best]
