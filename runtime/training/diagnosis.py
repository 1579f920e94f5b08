"""Finds, in a batch that was examined, the first thing that is not finite, and says it with its rows and what to do."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from modelc.compiler.diagnostics.phrases import counted
from modelc.compiler.diagnostics.problem import Path
from modelc.compiler.graph.graph import Edge, Node
from modelc.compiler.library.layers import LAYERS
from modelc.compiler.lowering.lower import Incoming
from modelc.compiler.lowering.prepared_task import PreparedTask
from modelc.runtime.training.examination import Examined, Summary

MODERATE = 1e6
"""Values beyond it have grown on the way: what they overflow in is not to blame."""
SHOWN_ROWS = 5
LOWER = "lower the learning rate, or scale the inputs to about -1 to 1"


class Diagnosis(NamedTuple):
    """The first thing that is not finite, in a sentence; `at` is its place in the spec, `rows` the places in the batch of the
    rows where it is, if it is something of rows. Where `found` is false, all is finite.
    """

    message: str
    help: str
    at: Path = ()
    rows: tuple[int, ...] = ()
    found: bool = True

    def notes(self, numbers: Sequence[int], valid: int) -> tuple[str, ...]:
        """The sentence, and its rows by `numbers`, those of the batch in the data."""
        if not self.rows:
            return (self.message,)
        shown = ", ".join(f"{numbers[row]:,}" for row in self.rows[:SHOWN_ROWS])
        more = ", ..." if len(self.rows) > SHOWN_ROWS else ""
        if len(self.rows) == valid > 1:
            return (self.message, f"it is so in each of the {valid:,} rows of the batch: {shown}{more}")
        which = "row" if len(self.rows) == 1 else "rows"
        return (self.message, f"it is so in {len(self.rows):,} of {counted(valid, 'row')}: {which} {shown}{more}")


def diagnose(task: PreparedTask, examined: Examined) -> Diagnosis:
    """The first thing that is not finite: a weight before the step, else a value on the way to the losses, else a loss, else
    a gradient on the way back from them.
    """
    if examined.is_finite:
        # Values that are not, and that nothing reads, do no harm: `relu` after `log` for example.
        return Diagnosis("the loss and the gradients of all weights are finite", LOWER, found=False)
    ways = (of_weights, of_values, of_losses, of_gradients)
    return next(one for way in ways for one in way(task, examined))


def of_weights(task: PreparedTask, examined: Examined) -> Iterator[Diagnosis]:
    """Weights that are not finite before the step."""
    places = {node.path: node.at for node in task.planned.graph.nodes}
    for (path, name), found in examined.weights.items():
        if not found.is_finite:
            message = (
                f"`{name}` of `{path}` is {kind_of(found)} before this step: the update of an earlier one overflowed"
            )
            yield Diagnosis(message, "lower the learning rate", places.get(path, ()))


def of_values(task: PreparedTask, examined: Examined) -> Iterator[Diagnosis]:
    """Values that are not finite, the first to be computed first."""
    for name in task.planned.graph.inputs:
        found = examined.values.get(Edge(name))
        if found is not None and not found.is_finite:
            yield Diagnosis(f"the input `{name}` is {kind_of(found)}", "mend these rows", rows=rows_of(found))
    for node in task.planned.graph.nodes:
        for port in task.planned.plans[node.path].outputs:
            found = examined.values.get(Edge(node.path, port))
            if found is None or found.is_finite:
                continue
            given = given_to(node, examined)
            low, high = range_of(given)
            message = (
                f"{described(node)} gives the first value that is {kind_of(found)}, from values {low:.4g} to {high:.4g}"
            )
            clip = f"keep what goes into {described(node)} where it has a finite answer, by a `clip` before it"
            yield Diagnosis(message, clip if is_moderate(given) else LOWER, node.at, rows_of(found))


def of_losses(task: PreparedTask, examined: Examined) -> Iterator[Diagnosis]:
    """Losses of values that are finite."""
    for term in task.terms:
        found = examined.terms.get(term.name)
        if found is not None and not found.is_finite:
            spans = [examined.values[edge] for edge in term.of if edge in examined.values]
            low, high = range_of(spans)
            message = (
                f"the loss `{term.name}` is {kind_of(found)}, of `{term.shown}` with values {low:.4g} to {high:.4g}"
            )
            yield Diagnosis(message, LOWER, term.at, rows_of(found))
    for name, total in examined.losses.items():
        if not np.isfinite(total):
            what = "the penalty of weights and layers" if name == "penalty" else f"the sum of `{name}` over the batch"
            yield Diagnosis(f"{what} is {total:g}, though all that it is of is finite", LOWER)


def of_gradients(task: PreparedTask, examined: Examined) -> Iterator[Diagnosis]:
    """Gradients of losses that are finite, the first to be computed first: from the last layer on."""
    gradients, nodes = examined.gradients, task.planned.graph.nodes
    into: dict[Edge, list[Summary]] = {}
    for node in nodes:
        for position, edge in enumerate(node.edges):
            if (found := gradients.get(Incoming(node.path, position))) is not None:
                into.setdefault(edge, []).append(found)
    for term in task.terms:
        for edge in term.of:
            found = gradients.get(edge)
            if found is not None and not found.is_finite and all(one.is_finite for one in into.get(edge, ())):
                message = f"the gradient of the loss `{term.name}` with respect to `{edge}` is {kind_of(found)}"
                yield Diagnosis(message, LOWER, term.at, rows_of(found))
    for node in reversed(nodes):
        ports = (Edge(node.path, port) for port in task.planned.plans[node.path].outputs)
        if any(not gradients[edge].is_finite for edge in ports if edge in gradients):
            continue
        incoming = (gradients.get(Incoming(node.path, position)) for position in range(len(node.edges)))
        own = {name: one for (path, name), one in examined.weight_gradients.items() if path == node.owner}
        given = given_to(node, examined)
        low, high = range_of(given)
        advice = f"keep what goes into {described(node)} away from where it is steep, by a `clip` before it"
        for found in incoming:
            if found is not None and not found.is_finite:
                message = f"the gradient of {described(node)} is the first that is {kind_of(found)}, at values {low:.4g} to {high:.4g}"
                yield Diagnosis(message, advice if is_moderate(given) else LOWER, node.at, rows_of(found))
        for name, found in own.items():
            if not found.is_finite:
                message = f"the gradient of `{name}` of {described(node)} is {kind_of(found)}, at values {low:.4g} to {high:.4g}"
                yield Diagnosis(message, LOWER, node.at)


def described(node: Node) -> str:
    """A node in words: its path, and its layer where the path does not say it."""
    assert node.layer is not None
    layer = LAYERS.name_of(node.layer)
    return f"`{node.path}`" if node.path.rpartition("/")[2] == layer else f"`{node.path}` (`{layer}`)"


def given_to(node: Node, examined: Examined) -> list[Summary]:
    """What goes into a node."""
    spots = (Incoming(node.path, position) for position in range(len(node.edges)))
    return [examined.values[spot] for spot in spots if spot in examined.values]


def range_of(found: Sequence[Summary]) -> tuple[float, float]:
    """The least and greatest number of several values."""
    return min((float(one.low) for one in found), default=0.0), max((float(one.high) for one in found), default=0.0)


def is_moderate(found: Sequence[Summary]) -> bool:
    return max(map(abs, range_of(found))) < MODERATE


def kind_of(found: Summary) -> str:
    """What the numbers are that are not finite."""
    if found.nan and found.infinite:
        return "NaN or infinite"
    return "NaN" if found.nan else "infinite"


def rows_of(found: Summary) -> tuple[int, ...]:
    return tuple(int(row) for row in np.flatnonzero(found.bad))
