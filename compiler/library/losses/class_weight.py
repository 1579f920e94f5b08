"""Class weights of losses: the argument `class_weight`, by name or index of the classes."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, Self

from modelc.compiler.diagnostics.likeness import most_alike
from modelc.compiler.library.base.fields import Field, NonNegative, OrWord
from modelc.compiler.library.base.lazy import Array, NumpyArray, jnp
from modelc.compiler.library.base.type_checks import PlanError, TensorType
from modelc.compiler.library.contracts.loss import Loss

BALANCED = "balanced"
BEYOND = "classes count from 0 to {last}"
Weights = dict[str, NonNegative] | None
"""Weights by class; a class that is left out counts 1."""
ClassWeight = Annotated[dict[str, NonNegative] | Literal["balanced"] | None, OrWord(BALANCED, Weights)]


class WeighsClasses(Loss):
    """Abstract: a loss whose classes may count differently. Each element is multiplied by the weight of its class, and
    the sum is divided by the number of elements, not of weights.

    `balanced` stands for numbers that the training rows give: `rows / (classes * rows of the class)`. They are put in
    its place before anything is compiled.
    """

    class_weight: Annotated[
        ClassWeight,
        Field(
            description="Weights of classes, by name or index, 1 for others; `balanced`: the rarer a class, the higher."
        ),
    ] = None

    beyond: ClassVar[str] = BEYOND
    """The help for a class that is not there."""

    def width(self, output: TensorType) -> int:
        """How many classes there are."""
        raise NotImplementedError

    def counts(self, target: NumpyArray, output: TensorType) -> NumpyArray:
        """The number of elements of each class in `target`, `[rows, ...]`."""
        raise NotImplementedError

    def weighs(self, target: NumpyArray, output: TensorType) -> bool:
        """Whether any element of `target`, `[rows, ...]`, has a class whose weight is above 0."""
        if not isinstance(self.class_weight, dict):
            return True
        counts = self.counts(target, output)
        return any(count > 0 and self.class_weight.get(str(index), 1.0) > 0 for index, count in enumerate(counts))

    def with_classes(self, names: tuple[str, ...], output: TensorType) -> Self:
        if not self.class_weight or isinstance(self.class_weight, str):
            return self
        return self.model_copy(
            update={"class_weight": by_index(self.class_weight, names, self.width(output), self.beyond)}
        )

    def class_weights(self, count: int, like: Array) -> Array:
        """The weights of all classes, by index, in the dtype of `like`. Raises TypeError for a word without numbers."""
        if isinstance(self.class_weight, str):
            raise TypeError("`balanced` has no numbers before they are counted: see modelc.runtime.data.class_balance")
        weights = self.class_weight or {}
        return jnp.asarray([weights.get(str(index), 1.0) for index in range(count)], like.dtype)


def by_index(
    weights: Mapping[str, float], names: tuple[str, ...], count: int, beyond: str = BEYOND
) -> dict[str, float]:
    """`weights` with every class by its index, as text. `names` are those of the classes, empty where they have none.

    Raises PlanError E304 for a class that is not there or is given twice, and where all weights are 0. An index will not
    do where names are numerals. As everywhere in a spec, `$$` is a dollar sign at the beginning of a name.
    """
    numerals = any(name.isdecimal() for name in names)
    found: dict[str, float] = {}
    for written, weight in weights.items():
        name = written[1:] if written.startswith("$$") else written
        if name in names:
            index = names.index(name)
        elif written.isdecimal() and not numerals:
            index = int(written)
        else:
            raise unknown(written, names, count)
        if index >= count:
            message = f"`class_weight` names the class {written}, but there are {count} classes"
            raise wrong_class(written, message, help=beyond.format(last=count - 1))
        if str(index) in found:
            message = f"`class_weight` has the class `{names[index] if names else index}` twice"
            raise wrong_class(written, message, help="give each class once, by its name or its index")
        found[str(index)] = weight
    if len(found) == count and not any(found.values()):
        message, help = "`class_weight` is 0 for every class: nothing would count", "give a class a weight above 0"
        raise PlanError(message, help=help, argument="class_weight", code="E304")
    return found


def unknown(written: str, names: tuple[str, ...], count: int) -> PlanError:
    """The error for a class that is neither a name nor an index."""
    if names:
        close = most_alike(written, [f"${name}" if name.startswith("$") else name for name in names])
        advice = f"did you mean `{close}`?" if close else "use the names of the classes"
        note = f"classes: {', '.join(names)}"
    else:
        advice = (
            f"write indexes from 0 to {count - 1}, or name the classes: `category: {{classes: [...]}}` of the target"
        )
        note = "the classes of this target have no names"
    return wrong_class(written, f"unknown class `{written}` in `class_weight`", help=advice, note=note)


def wrong_class(written: str, message: str, *, help: str, note: str = "") -> PlanError:
    """The error at the class `written`."""
    return PlanError(message, help=help, note=note, argument="class_weight", entry=written, code="E304")
