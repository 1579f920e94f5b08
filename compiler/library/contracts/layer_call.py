"""What the methods of a layer get and give: a `Call` and a `Result` of `apply`, and a `Batch` of `fit`."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from modelc.compiler.library.base.lazy import Array, NumpyArray


@dataclass(frozen=True, slots=True)
class Call:
    """All that `apply` may use beside its input arrays.

    `masks` has an entry per slot: a bool array `[batch, time]`, None, or a tuple of these for a `many` slot.
    `rows` is a bool array `[batch]`, false for padding rows; None if all rows are valid.
    `key` is this node's key for this step, None outside training. `fixed` names the state that training leaves as it is.
    """

    params: Mapping[str, Array]
    state: Mapping[str, Array] = field(default_factory=dict)
    masks: Mapping[str, Any] = field(default_factory=dict)
    rows: Array | None = None
    train: bool = False
    key: Array | None = None
    fixed: frozenset[str] = frozenset()

    def updates(self, *names: str) -> bool:
        """Whether to give new values of these state entries: in training, unless one of them is frozen."""
        return self.train and self.fixed.isdisjoint(names)

    def part(self, name: str) -> "Call":
        """The call of the inner layer `name` of a composite layer, whose weights are named `name/...`."""
        from modelc.compiler.library.base.prng import derive

        prefix = name + "/"
        return replace(
            self,
            params={k.removeprefix(prefix): v for k, v in self.params.items() if k.startswith(prefix)},
            state={k.removeprefix(prefix): v for k, v in self.state.items() if k.startswith(prefix)},
            key=None if self.key is None else derive(self.key, name),
            fixed=frozenset(k.removeprefix(prefix) for k in self.fixed if k.startswith(prefix)),
        )

    def random(self, purpose: str) -> Array:
        """A key for one purpose inside the layer. Raises ValueError when training is asked for without a key."""
        from modelc.compiler.library.base.prng import derive

        if self.key is None:
            raise ValueError("apply(..., train=True) of a model with random layers needs a key")
        return derive(self.key, purpose)


@dataclass(frozen=True, slots=True)
class Result:
    """What `apply` gives when it is more than one array: an array per port, new state, masks by port, penalties by
    name.
    """

    outputs: Mapping[str, Array]
    state: Mapping[str, Array] = field(default_factory=dict)
    masks: Mapping[str, Array] = field(default_factory=dict)
    penalties: Mapping[str, Array] = field(default_factory=dict)

    @classmethod
    def of(cls, output: Array, **others: Any) -> Self:
        """The result of a layer with the one port `output`."""
        return cls({"output": output}, **others)

    @classmethod
    def given(cls, returned: "Array | Result") -> "Result":
        """What `apply` has returned: an array alone is the port `output`."""
        return returned if isinstance(returned, Result) else cls.of(returned)


@dataclass(frozen=True, slots=True)
class Batch:
    """Some training rows as they come into a layer, on the host, for `fit`: `values` is `[rows, ...]`, all of them
    real; `mask` is `[rows, time]`, None where every step is real.
    """

    values: NumpyArray
    mask: NumpyArray | None = None
