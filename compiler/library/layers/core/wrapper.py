"""The base of wrappers: properties and plan of the wrapped layer, whose errors are blamed on the argument."""

from typing import Any

from modelc.compiler.library.contracts.layer import Activation, Layer, Plan, PlanError, need
from modelc.compiler.library.layers import LAYERS
from modelc.compiler.library.layers.activations.functions import Linear


class Wrapper(Layer):
    """Abstract: a layer around `layer`, which looks up what that looks up and ends as that ends."""

    primary = "layer"

    layer: Any

    @property
    def inner(self) -> Layer:
        """What it runs."""
        layer: Layer = self.layer
        return layer

    @classmethod
    def is_made_for(cls, layer: type[Layer]) -> bool:
        """Whether it can run layers of the class, as far as their arguments say."""
        return True

    def vocabulary_size(self) -> int | None:
        return self.inner.vocabulary_size()

    def ends_in(self) -> Activation | None:
        return self.inner.ends_in()

    def keeps_range(self) -> bool:
        return self.inner.keeps_range()

    def layers(self) -> tuple[Layer, ...]:
        return (self, *self.inner.layers())


def split_inside(wrapper: Wrapper) -> tuple[Layer, Activation] | None:
    """The `split` of a wrapper that computes nothing behind its layer."""
    parts: tuple[Layer, Activation] | None = wrapper.layer.split()
    if parts is None or isinstance(parts[0], Linear):
        return parts
    return wrapper.model_copy(update={"layer": parts[0]}), parts[1]


def plan_inside(
    layer: Layer, *inputs: Any, note: str = "", argument: str = "layer", place: tuple[int, ...] = ()
) -> Plan:
    """The plan of `layer` for `inputs`.

    Raises its PlanError, blamed on the wrapper's `argument` where it was on one of the inner arguments, and on
    `initial_state` where it was on that; `note` says what the inner layer's shapes are, if it has no note itself. In a
    list, `place` is its index.
    A layer that learns from the training rows is refused: `fit` is asked for at nodes only.
    """
    name = LAYERS.name_of(layer)
    try:
        plan = layer.plan(*inputs)
    except PlanError as error:
        raise PlanError(
            error.message,
            help=error.help,
            note=error.note or note,
            argument=argument if error.argument else "",
            slot="initial_state" if error.slot == "initial_state" else "",
            code=error.code,
            inside=(argument, *place, name, *error.way_in()),
        ) from None
    message = f"`{name}` is fitted to the training rows, which is not possible inside another layer"
    need(not plan.fitted, message, help=f"use `{name}` as a separate layer" + layer.by_hand(), argument="layer")
    return plan
