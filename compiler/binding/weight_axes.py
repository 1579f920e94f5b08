"""Checks the names in `model.axes` against the names that layers give the axes of their weights."""

from collections.abc import Collection

from modelc.compiler.binding.task import Task
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.language.suggestions.suggest import suggest
from modelc.compiler.language.suggestions.wording import some
from modelc.compiler.library.base.plugin_context import NONE
from modelc.compiler.library.contracts.mesh_axes import RULES


def check_axes(reporter: Reporter, task: Task, names: Collection[str]) -> None:
    """Report names that neither a layer of modelc nor a weight of the model has; none while a layer of a plug-in, which may
    have it, is not known.
    """
    planned = task.planned
    if task.spec.plugins != NONE and any(node.path not in planned.plans for node in planned.graph.nodes):
        return
    own = {name for plan in planned.plans.values() for one in plan.params.values() for name in one.axes if name}
    known = [*RULES, *sorted(own - RULES.keys())]
    for name in names:
        if name not in known:
            message, label = f"unknown axis `{name}` in `axes`", "no layer has such an axis"
            path, note = ("model", "axes", name), f"axes of weights: {some(known)}"
            reporter.add("E102", message, path, key=True, label=label, note=note, suggestion=suggest(name, known))
