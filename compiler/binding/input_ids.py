"""Warns of inputs that are read with more classes than a layer that looks them up has room for."""

from collections.abc import Mapping

from modelc.compiler.binding.task import Binding, Task
from modelc.compiler.language.suggestions.reporter import Reporter
from modelc.compiler.library.layers import kind_of


def warn_of_ids(reporter: Reporter, task: Task, bindings: Mapping[str, Binding]) -> None:
    """Warn, once for each input of `bindings`, of the first layer that takes it for ids and has fewer than it has classes.

    Only where the input goes straight into the layer: what stands between may make fewer of them.
    """
    warned: set[str] = set()
    for node in task.planned.graph.nodes:
        for edge, room in task.planned.looked_up(node).items():
            binding = bindings.get(edge.node)
            if binding is None or binding.classes is None or edge.node in warned:
                continue
            count = binding.classes if isinstance(binding.classes, int) else len(binding.classes)
            if count <= room:
                continue
            assert node.layer is not None
            warned.add(edge.node)
            message = (
                f"`{kind_of(node.layer)}` at `{node.path}` has room for {room:,} ids, and the input `{edge.node}` is read with "
                f"{count:,} classes"
            )
            help = f'write `"${{classes({edge.node})}}"`, or {count}, in place of {room}'
            related = [(binding.at, f"{count:,} classes")]
            reporter.add("W918", message, node.at, key=True, label=f"ids below {room:,}", help=help, related=related)
