"""The contract of an augmentation, which changes rows in training, several inputs and targets together.

What is drawn depends on the seed, the step and the place of a row in the global batch: so it is the same however rows are fed,
and on however many devices.
"""

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from modelc.compiler.library.base.lazy import Array
from modelc.compiler.library.base.registry import Registered
from modelc.compiler.library.base.tensor_type import TensorType, show_shape
from modelc.compiler.library.base.type_checks import need


class Augmented(NamedTuple):
    """What an augmentation changes: an input, or a target, by its name, and the type of one row of it.

    `labels` says that its values are labels, of so many `classes` where they are known, and `leaves_out` that `LEFT_OUT` may be
    among them.
    """

    name: str
    type: TensorType
    is_target: bool
    labels: bool = False
    classes: int | None = None
    leaves_out: bool = False


class Augmentation(Registered):
    """Abstract: each subclass is one way to change rows in training."""

    mixes: ClassVar[bool] = False
    """Whether it mixes rows, so that labels become distributions over classes; others change each row by itself."""

    leaves_out: ClassVar[bool] = False
    """Whether it leaves elements of targets out of losses and metrics, by `LEFT_OUT`; `evaluate` then says which of rows that are
    scored.
    """

    def check_parts(self, parts: Sequence[Augmented]) -> None:
        """Raise PlanError E309 for inputs and targets that it cannot change together."""
        raise NotImplementedError

    def augment(self, key: Array, parts: Sequence[Augmented], arrays: Sequence[Array], valid: Array) -> list[Array]:
        """The `arrays` `[batch, ...]` of the `parts`, changed by what is drawn from `key`. Of padding rows, which are not `valid`,
        nothing reaches another row.
        """
        raise NotImplementedError

    def evaluate(self, parts: Sequence[Augmented], arrays: Sequence[Array]) -> list[Array]:
        """The `arrays` of the `parts` as they are for scores: always the same for a row, and those of it alone."""
        return [*arrays]


def check_sizes(parts: Sequence[Augmented]) -> None:
    """Raise PlanError E309 unless all images have one height and width."""
    sizes = {part.type.shape[:2]: part.name for part in parts}
    shown = " and ".join(f"`{name}` {show_shape(size)}" for size, name in sizes.items())
    help = "give all of them one height and width, or name those that have it: `of: [photo, mask]`"
    need(len(sizes) <= 1, f"what changes together has several sizes: {shown}", help=help, code="E309")
