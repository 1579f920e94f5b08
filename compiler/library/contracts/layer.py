"""The contract of a layer: a frozen value with two pure methods, `plan` (types, no jax) and `apply` (arrays), and for a
few layers a third, `fit`, which learns state from the training rows before training.

What a layer needs to compute comes in a `Call`; what it gives beside one array goes out in a `Result`.
Interpreters other than these (cost, export) are functions over the graph, not methods here.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal, Self

from modelc.compiler.diagnostics.exceptions import PlanError, need
from modelc.compiler.diagnostics.phrases import name_list
from modelc.compiler.library.base.lazy import Array, NumpyArray
from modelc.compiler.library.base.registry import Registered
from modelc.compiler.library.base.tensor_type import TensorType, show_shape
from modelc.compiler.library.base.type_checks import need_axis, need_distinct_axes, need_floats, need_size
from modelc.compiler.library.contracts.layer_call import Batch, Call, Result
from modelc.compiler.library.contracts.weight_rules import Constraint, Initializer, Regularizer, Unfitted

__all__ = [
    "Activation", "Batch", "Call", "Kept", "Layer", "Plan", "PlanError", "Result", "Slot", "State", "TensorType",
    "Unfitted", "Weight", "need", "need_axis", "need_distinct_axes", "need_floats", "show_shape",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Slot:
    """One input of a layer. A `many` slot takes one edge or more (at least `least`) and reaches the layer as a tuple.

    `parts` says which ports of a like layer it takes, in order, where there are such.
    """

    name: str
    many: bool = False
    required: bool = True
    least: int = 1
    parts: tuple[str, ...] = ()


Kept = Literal["values", "numbers", "range"] | None


def need_fillable(shape: tuple[int, ...], initializer: Initializer) -> None:
    """Raise PlanError unless `initializer` can fill a weight of `shape`."""
    need_size("a weight", shape)
    initializer.check(shape)


@dataclass(frozen=True, slots=True)
class Weight:
    """An array that training changes, unless it is frozen: then it is not `trainable`. `axes` has one logical name per axis
    (`embed`, `mlp`, `heads`, `vocab`, ...) or None.

    `regularizer` adds its penalty to the loss, `constraint` brings the weight back after each step. Its learning rate is that of
    the optimizer times `rate_factor`, its `decay` that of the optimizer where it is None; where it is `excluded`, it goes by the
    optimizer of such weights.
    """

    shape: tuple[int, ...]
    initializer: Initializer
    axes: tuple[str | None, ...]
    dtype: str = "float32"
    regularizer: Regularizer | None = None
    constraint: Constraint | None = None
    trainable: bool = True
    rate_factor: float = 1.0
    decay: float | None = None
    excluded: bool = False

    def __post_init__(self) -> None:
        need_fillable(self.shape, self.initializer)
        for rule in (self.regularizer, self.constraint):
            if rule is not None:
                rule.check(self.shape)


@dataclass(frozen=True, slots=True)
class State:
    """An array that training carries along without gradients.

    `per_row` says one for each row of the batch, which the same row of the next batch goes on with. It begins at zeros,
    and `lasts` until the end of an epoch or of the run; a call whose `state` has none of it begins at zeros too.
    With the initializer `Unfitted` it is what the layer's `fit` learns before training, and training leaves it alone, as
    it does what is `fixed`, by the layer itself or because it is frozen.
    """

    shape: tuple[int, ...]
    initializer: Initializer
    axes: tuple[str | None, ...]
    dtype: str = "float32"
    per_row: bool = False
    lasts: Literal["epoch", "run"] = "epoch"
    fixed: bool = False

    def __post_init__(self) -> None:
        need_fillable(self.shape, self.initializer)

    @property
    def fitted(self) -> bool:
        """Whether `fit` learns it."""
        return isinstance(self.initializer, Unfitted)

    @property
    def changes(self) -> bool:
        """Whether training changes it."""
        return not (self.fitted or self.fixed)

    @property
    def is_statistic(self) -> bool:
        """Whether training changes it for all rows alike: moving averages and the like."""
        return self.changes and not self.per_row


@dataclass(frozen=True, slots=True)
class Plan:
    """What a layer makes of its input types: a type per port, and the weights and state it needs, by name."""

    outputs: Mapping[str, TensorType]
    params: Mapping[str, Weight] = field(default_factory=dict)
    state: Mapping[str, State] = field(default_factory=dict)
    drops_mask: bool = False
    """Whether a layer that uses masks has no place for the one it was given here: said in a warning."""

    def __post_init__(self) -> None:
        for type_ in self.outputs.values():
            need_size("an output", type_.shape)

    @classmethod
    def of(
        cls,
        output: TensorType,
        params: Mapping[str, Weight] | None = None,
        state: Mapping[str, State] | None = None,
        *,
        drops_mask: bool = False,
    ) -> Self:
        """The plan of a layer with the one port `output`."""
        return cls({"output": output}, params or {}, state or {}, drops_mask)

    @property
    def output(self) -> TensorType:
        return self.outputs["output"]

    def trained(self) -> tuple[str, ...]:
        """The names of all that training changes for all rows alike: weights and statistics."""
        weights = (name for name, weight in self.params.items() if weight.trainable)
        return (*weights, *(name for name, entry in self.state.items() if entry.is_statistic))

    def frozen(self, names: Collection[str]) -> Self:
        """The plan of which training leaves these weights and statistics as they are, with neither penalties nor constraints."""
        params = {
            name: replace(weight, trainable=False, regularizer=None, constraint=None) if name in names else weight
            for name, weight in self.params.items()
        }
        state = {name: replace(entry, fixed=True) if name in names else entry for name, entry in self.state.items()}
        return replace(self, params=params, state=state)

    @property
    def fitted(self) -> Mapping[str, State]:
        """The state entries that `fit` learns."""
        return {name: entry for name, entry in self.state.items() if entry.fitted}


class Layer(Registered):
    """Abstract: each subclass is one layer and is not subclassed further.

    `plan` and `apply` take one argument per slot, named as the slot. `plan` raises `PlanError` when the types do not
    fit. A layer with state that is `Unfitted` has one slot, and `fit`.
    """

    slots: ClassVar[tuple[Slot, ...]] = (Slot("x"),)
    masking: ClassVar[Literal["pass", "use", "drop"]] = "drop"
    """What becomes of an input's mask: passed on to every output unchanged, used by `plan` and `apply` themselves, or
    dropped with a warning. Only a layer that says `use` sets masks in its plan and its result."""
    instead: ClassVar[str] = ""
    """What does the same and uses a mask, for a layer that drops it."""
    keeps: ClassVar[Kept] = None
    """What the output has of its inputs: their `values` (flatten, maximum), see `moves`; the same `numbers` in another
    dtype (cast); or only their `range`, values between theirs (average). Behind each, probabilities still are
    probabilities; None says that the values are new ones.
    """
    penalizes: ClassVar[bool] = False
    """Whether `apply` adds penalties to the loss."""
    mixes_rows: ClassVar[bool] = False
    """Whether in training what it makes of a row depends on the other rows of its batch, while it updates its statistics."""
    loop_safe: ClassVar[bool] = True
    """Whether its gradient is as fast inside a compiled loop as outside one on XLA's CPU backend."""
    exact: ClassVar[bool] = False
    """Whether values come into it as wide as they were before any layer that only `moves` them, whatever
    `model.precision` says: eight bits do not distinguish one year from the next."""
    idle: ClassVar[bool] = False
    """Whether outside training it gives its first slot, bit for bit: then it keeps digits, though training computes."""
    given: ClassVar[tuple[str, ...]] = ()
    """The arguments that say by hand what `fit` would learn."""

    def plan(self, *inputs: Any, **named: Any) -> Plan:
        raise NotImplementedError

    def apply(self, call: Call, *inputs: Any, **named: Any) -> Array | Result:
        raise NotImplementedError

    def fit(self, batches: Iterable[Batch]) -> Mapping[str, NumpyArray]:
        """What the layer learns from all training rows: by name, the state entries that `plan` leaves `Unfitted`.

        The batches can be iterated once, how they are cut changes no result, and all rows count the same, whatever
        their weight in the loss. Computed with numpy on the host. The caller reports values that are not finite.
        """
        raise NotImplementedError(f"{type(self).__name__} has state to be learnt and no `fit`")

    def by_hand(self) -> str:
        """`, or give it `mean` and `variance``: the end of a help if `fit` is not possible."""
        return f", or give it {name_list(self.given)}" if self.given else ""

    def weight(self, name: str, shape: tuple[int, ...], axes: tuple[str | None, ...], dtype: str = "float32") -> Weight:
        """The weight that the fields `NAME_initializer`, `NAME_regularizer` and `NAME_constraint` describe."""
        return Weight(
            shape,
            getattr(self, f"{name}_initializer"),
            axes,
            dtype,
            getattr(self, f"{name}_regularizer", None),
            getattr(self, f"{name}_constraint", None),
        )

    def caution(self) -> PlanError | None:
        """What is computed as it is written, and probably not meant: a warning, with the code of one, about an argument; its
        note is the label there.
        """
        return None

    def moves(self) -> bool:
        """Whether it computes nothing: every value of its outputs is one of its first slot, bit for bit and in that
        dtype, or a constant, such as 0 or one of its arguments.
        """
        return self.keeps == "values"

    def draws(self, x: TensorType) -> int:
        """Of what moves values by chance in training, how many draws bring every one that any brings; 0 for all others."""
        return 0

    def drawn(self, x: Array, number: Array | int) -> Array:
        """The output in training for `x` `[batch, ...]` by one of the `draws`, all rows alike."""
        raise NotImplementedError(f"{type(self).__name__} has `draws` and no `drawn`")

    def keeps_range(self) -> bool:
        """Whether probabilities that come in still are probabilities behind it."""
        return self.keeps is not None

    def keeps_digits(self) -> bool:
        """Whether mixed precision does not round in front of it, on the way to what takes exact values."""
        return self.moves() or self.idle

    def split(self) -> "tuple[Layer, Activation] | None":
        """This layer without its last activation, and that activation; None for a layer that ends in none."""
        return None

    def vocabulary_size(self) -> int | None:
        """How many ids there are, for a layer that looks its input up in a table; None for all others."""
        return None

    def vocabularies(self, **types: Any) -> Mapping[str, int]:
        """The slots whose values are ids, each with how many there are; `types` are those of all slots, as `plan` has them."""
        size = self.vocabulary_size()
        return {} if size is None else {self.slots[0].name: size}

    def may_look_up(self) -> bool:
        """Whether it may take values for ids: most layers have neither a table nor a rule of their own for it."""
        return self.vocabulary_size() is not None or type(self).vocabularies is not Layer.vocabularies

    def keeps_integers(self) -> bool:
        """Whether integers of any size are integers to it. Where they are not, those in the data that the floats which it
        makes of them cannot hold are errors.
        """
        return self.vocabulary_size() is not None

    def num_output_ids(self) -> int | None:
        """For a layer whose output is ids: how many different ones, counted from 0; None for all others."""
        return None

    def with_all_steps(self) -> "Layer | None":
        """The same layer giving all steps, for one that gives only the last it computes; None for all others."""
        return None

    def layers(self) -> "tuple[Layer, ...]":
        """This layer and, for a wrapper, those inside it."""
        return (self,)

    def ends_in(self) -> "Activation | None":
        """The activation inside a wrapper that shapes the output but cannot be split off; None for most layers."""
        return None


def join(prefix: str, entries: Mapping[str, Any]) -> dict[str, Any]:
    """The weights or state of an inner layer under the name it has in a composite one: `prefix/...`."""
    return {f"{prefix}/{name}": entry for name, entry in entries.items()}


class Activation(Layer):
    """Abstract: each subclass is one function of every value on its own, or along one axis, without weights.

    Activations stand as layers (`- relu`), as arguments (`dense: {units: 10, activation: relu}`) and in `activation:
    relu`. Integers are refused: `plan` wants a float input.
    """

    masking = "pass"
    gives_probabilities: ClassVar[bool] = False
    """Whether its values are probabilities, or their logarithms."""

    def plan(self, x: TensorType) -> Plan:
        need_floats(x)
        return Plan.of(x)

    def apply(self, call: Call, x: Array) -> Array:
        return self.function(x)

    def function(self, x: Array) -> Array:
        """The activation of `x`, of the same shape and dtype."""
        raise NotImplementedError

    def after(self, x: TensorType, argument: str = "activation") -> TensorType:
        """The type of `x` behind this activation, where that is the `argument` of another layer.

        Raises `plan`'s error, blamed on `argument`.
        """
        try:
            return self.plan(x).output
        except PlanError as error:
            raise PlanError(
                error.message, help=error.help, note=error.note, argument=argument, code=error.code
            ) from None
