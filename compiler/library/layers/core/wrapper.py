"""What wrappers share: the plan of the layer inside, whose refusals are blamed on the wrapper's argument."""

from typing import Any

from modelc.compiler.diagnostics.exceptions import PlanError, need
from modelc.compiler.library.contracts.layer import Layer, Plan
from modelc.compiler.library.layers import LAYERS


def plan_inside(layer: Layer, *inputs: Any, note: str = "", argument: str = "layer") -> Plan:
    """The plan of `layer` for `inputs`.

    Raises its PlanError, blamed on the wrapper's `argument` where it was on one of the inner arguments, and on
    `initial_state` where it was on that; `note` says what the inner layer's shapes are, if it has no note itself.
    A layer that learns from the training rows is refused: `fit` is asked for at nodes only.
    """
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
        ) from None
    name = LAYERS.name_of(layer)
    need(
        not plan.fitted,
        f"`{name}` learns from the training rows, which it cannot do inside another layer",
        help=f"write `{name}` as a layer of its own" + layer.by_hand(),
        argument="layer",
    )
    return plan
