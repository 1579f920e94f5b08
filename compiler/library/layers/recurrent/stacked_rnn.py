"""The layer that runs several recurrent layers as one."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Annotated, Any

from modelc.compiler.library.base.fields import Field
from modelc.compiler.library.base.lazy import Array
from modelc.compiler.library.base.registry import FromRegistry
from modelc.compiler.library.base.type_checks import TensorType, need, show_shape
from modelc.compiler.library.contracts.layer import Activation, Call, Layer, Plan, Result, Slot, State, Weight, join
from modelc.compiler.library.layers import LAYERS
from modelc.compiler.library.layers.core.wrapper import plan_inside
from modelc.compiler.library.layers.recurrent.base import Recurrent, Stateful


class StackedRNN(Layer):
    """Recurrent layers as one: at each step the first takes the inputs, each other one the output of the one before.

    Input as that of the first of `cells`, output as that of the last; as `initial_state` optionally the states of all,
    in order. A part is called by its layer, counted from the second of a kind: the weights of `[lstm: 64, lstm: 32]` are
    `lstm/...` and `lstm_2/...`, the ports `lstm_state_h`, `lstm_state_c`, `lstm_2_state_h`, `lstm_2_state_c`.

    A masked step keeps all states and repeats the last output; `go_backwards` turns the whole stack around, with its
    mask. Each of `cells` has its own arguments but these and `stateful`. Follows Keras 3 `layers.RNN` of
    `layers.StackedRNNCells`, and runs each over all steps before the next, which is the same. In torch this is
    `num_layers`, for equal layers only.
    """

    keras = "layers.StackedRNNCells"
    slots = (Slot("x"), Slot("initial_state", many=True, required=False))
    primary = "cells"
    spellings = ("multi_rnn_cell", "stacked_lstm", "stacked_gru")
    masking = "use"
    example = "stacked_rnn: {cells: [lstm: 64, gru: 32], return_sequences: true}"

    cells: Annotated[
        tuple[Layer, ...],
        FromRegistry(LAYERS, several=True),
        Field(description="The recurrent layers, from the first to the last."),
    ]
    return_sequences: Annotated[bool, Field(description="Whether to output all steps, not only the last.")] = False
    go_backwards: Annotated[bool, Field(description="Whether to run from the last step to the first.")] = False
    stateful: Stateful = None

    def with_all_steps(self) -> Layer | None:
        return None if self.return_sequences else self.model_copy(update={"return_sequences": True})

    def plan(self, x: TensorType, initial_state: tuple[TensorType, ...] | None = None) -> Plan:
        help = "write for example `stacked_rnn: [lstm: 64, gru: 32]`"
        need(len(self.cells) > 0, "expected at least one recurrent layer, got none", help=help, argument="cells")
        for cell in self.cells:
            need_cell(cell)
        if initial_state:
            self.need_states(initial_state)
        outputs: dict[str, TensorType] = {}
        params: dict[str, Weight] = {}
        state: dict[str, State] = {}
        value = x
        for place, (name, cell, states) in enumerate(self.each(initial_state)):
            note = f"`{name}` in the stack gets {show_shape(value.shape)}"
            plan = plan_inside(cell, value, states, note=note, argument="cells", place=(place,))
            value = plan.output
            outputs |= {f"{name}_{port}": type_ for port, type_ in plan.outputs.items() if port != "output"}
            params |= join(name, plan.params)
            state |= join(name, plan.state)
        return Plan({"output": value, **outputs}, params, state)

    def apply(self, call: Call, x: Array, initial_state: tuple[Array, ...] | None = None) -> Result:
        outputs: dict[str, Array] = {}
        state: dict[str, Array] = {}
        value, masks = x, {"x": call.masks.get("x")}
        for name, cell, states in self.each(initial_state):
            result: Any = cell.apply(replace(call.part(name), masks=masks), value, states)
            value, masks = result.outputs["output"], {"x": result.masks.get("output")}
            outputs |= {f"{name}_{port}": array for port, array in result.outputs.items() if port != "output"}
            state |= join(name, result.state)
        return Result({"output": value, **outputs}, state=state, masks=result.masks)

    def each(self, states: Sequence[Any] | None) -> Iterator[tuple[str, Layer, Any]]:
        """Each cell with its name, as the layer that runs over all steps, and with its part of `states`."""
        seen: Counter[str] = Counter()
        begin = 0
        for place, cell in enumerate(self.cells):
            kind = LAYERS.name_of(cell)
            seen[kind] += 1
            last = place == len(self.cells) - 1
            # The first turns the sequence around, and the others take it as it then is.
            backwards = place == 0 and self.go_backwards
            of_all = {
                "return_sequences": not last or self.return_sequences,
                "go_backwards": backwards,
                "stateful": self.stateful,
            }
            running = cell.model_copy(update=of_all)
            count = len(parts_of(cell))
            own = tuple(states[begin : begin + count]) if states else None
            begin += count
            yield kind if seen[kind] == 1 else f"{kind}_{seen[kind]}", running, own

    def need_states(self, initial_state: tuple[TensorType, ...]) -> None:
        """Raise PlanError unless there is one state for each part of the states of all cells."""
        names = [f"{name}_state_{part}" for name, cell, _ in self.each(None) for part in parts_of(cell)]
        message = f"expected {len(names)} states as `initial_state`, got {len(initial_state)}"
        help = f"give all states of another stack: `initial_state: [{', '.join(f'other.{name}' for name in names)}]`"
        need(len(initial_state) == len(names), message, help=help, slot="initial_state")

    def ends_in(self) -> Activation | None:
        return self.cells[-1].ends_in() if self.cells else None

    def layers(self) -> tuple[Layer, ...]:
        return (self, *(layer for cell in self.cells for layer in cell.layers()))


def parts_of(cell: Layer) -> tuple[str, ...]:
    """The letters of the parts of a cell's state."""
    assert isinstance(cell, Recurrent), "`plan` refuses others"
    return cell.parts


def need_cell(cell: Layer) -> None:
    """Raise PlanError for what cannot run in a stack, and for arguments that are those of the whole stack."""
    name = LAYERS.name_of(cell)
    help = (
        "put `bidirectional` around the stack: `bidirectional: {stacked_rnn: [lstm: 64, gru: 32]}`"
        if name == "bidirectional"
        else "only layers such as `lstm` and `gru` have a recurrent state; put others before or after the stack"
    )
    need(isinstance(cell, Recurrent), f"expected recurrent layers, got `{name}`", help=help, argument="cells")
    advice_by_argument = {
        "return_sequences": "remove it: cells always get whole sequences, and `return_sequences` of the stack "
        "sets its output",
        "go_backwards": "remove it, and give the whole stack `go_backwards: true` to run it backwards",
        "stateful": "remove it, and give it to the whole stack",
    }
    for argument, advice in advice_by_argument.items():
        given = getattr(cell, argument)
        message = f"`{name}` in the stack has `{argument}: {'true' if given is True else given}`"
        need(not given, message, help=advice, argument="cells")
