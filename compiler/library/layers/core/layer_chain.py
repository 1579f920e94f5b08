"""Layers in sequence as one layer, for the wrappers that take several."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from modelc.compiler.library.base.lazy import Array
from modelc.compiler.library.contracts.layer import (
    Activation,
    Call,
    Layer,
    Plan,
    PlanError,
    Result,
    State,
    TensorType,
    Weight,
    join,
    need,
    show_shape,
)
from modelc.compiler.library.layers import LAYERS
from modelc.compiler.library.layers.activations.functions import Linear
from modelc.compiler.library.layers.core.wrapper import plan_inside


class LayerChain(Layer):
    """`parts` in sequence, each of the output of the one before; a spec writes them as a list.

    Input as that of the first, ports as those of the last. A part is called by its layer, counted from the second of a kind:
    the weights of `[dense: 8, relu, dense: 4]` are `dense/...` and `dense_2/...`. A mask that a part makes goes on to the
    next; one that is not passed on is an error.
    """

    masking = "use"

    parts: tuple[Layer, ...]

    def each(self) -> Iterator[tuple[str, Layer]]:
        """Each part with its name."""
        seen: dict[str, int] = {}
        for part in self.parts:
            kind = LAYERS.name_of(part)
            seen[kind] = seen.get(kind, 0) + 1
            yield kind if seen[kind] == 1 else f"{kind}_{seen[kind]}", part

    def plan(self, x: TensorType) -> Plan:
        need(len(self.parts) > 0, "expected at least one layer, got none", help="list the layers", argument="layer")
        outputs: Mapping[str, TensorType] = {"output": x}
        params: dict[str, Weight] = {}
        state: dict[str, State] = {}
        for place, (name, part) in enumerate(self.each()):
            value = outputs["output"]
            message = f"expected layers with one input, got `{LAYERS.name_of(part)}`"
            need(slot_of(part) is not None, message, help="join several inputs outside of the list", argument="layer")
            note = f"`{name}`, layer {place + 1} of the list, gets {show_shape(value.shape)}"
            try:
                plan = plan_inside(part, value, note=note, place=(place,))
            except PlanError as error:
                message = error.message if error.message.startswith("`") else f"`{name}`: {error.message}"
                raise replace(error, message=message, argument="layer", slot="") from None
            dropped = value.mask and (part.masking == "drop" or plan.drops_mask)
            message = f"`{name}` drops the mask of the layer before it, and would take padding for data"
            need(
                not dropped,
                message,
                help="omit `mask_zero`, or put a layer that uses the mask before it",
                argument="layer",
            )
            outputs = plan.outputs
            if part.masking != "use":
                outputs = {port: output.with_mask(value.mask) for port, output in outputs.items()}
            params |= join(name, plan.params)
            state |= join(name, plan.state)
        return Plan(outputs, params, state)

    def apply(self, call: Call, x: Array) -> Result:
        value, mask = x, call.masks.get("x")
        result = Result.of(x)
        state: dict[str, Array] = {}
        penalties: dict[str, Array] = {}
        for name, part in self.each():
            slot = slot_of(part) or ""
            given: Any = part.apply(replace(call.part(name), masks={slot: mask}), **{slot: value})
            result = Result.given(given)
            if part.masking != "use":
                passed = {} if mask is None or part.masking == "drop" else dict.fromkeys(result.outputs, mask)
                result = replace(result, masks=passed)
            value, mask = result.outputs["output"], result.masks.get("output")
            state |= join(name, result.state)
            penalties |= join(name, result.penalties)
        return replace(result, state=state, penalties=penalties)

    def split(self) -> tuple[Layer, Activation] | None:
        if not self.parts:
            return None
        *before, last = self.parts
        if isinstance(last, Activation):
            return (LayerChain(parts=tuple(before)) if before else Linear()), last
        parts = last.split()
        if parts is None:
            return None
        plain, activation = parts
        kept = before if isinstance(plain, Linear) else [*before, plain]
        return (LayerChain(parts=tuple(kept)) if kept else Linear()), activation

    def ends_in(self) -> Activation | None:
        for part in reversed(self.parts):
            split = part.split()
            found = part if isinstance(part, Activation) else split[1] if split is not None else part.ends_in()
            if found is not None and not isinstance(found, Linear):
                return found
            if not part.keeps_range() and not isinstance(part, Linear):
                break
        return None

    def vocabulary_size(self) -> int | None:
        for part in self.parts:
            if (size := part.vocabulary_size()) is not None:
                return size
            if not part.moves():
                break
        return None

    def moves(self) -> bool:
        return all(part.moves() for part in self.parts)

    def keeps_digits(self) -> bool:
        return all(part.keeps_digits() for part in self.parts)

    def keeps_range(self) -> bool:
        return all(part.keeps_range() for part in self.parts)

    def layers(self) -> tuple[Layer, ...]:
        return tuple(layer for part in self.parts for layer in part.layers())


def slot_of(layer: Layer) -> str | None:
    """The one input of a layer; None where it takes several."""
    needed = [slot for slot in layer.slots if slot.required]
    return needed[0].name if len(needed) == 1 and not needed[0].many else None
