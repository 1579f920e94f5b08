"""Whether the patterns of `gradient_checkpointing` stand for nodes of the model."""

from modelc.compiler.binding.task import Task
from modelc.compiler.language.settings import Settings
from modelc.compiler.language.suggestions.reporter import Reporter

AT = ("train", "gradient_checkpointing")


def check_checkpointing(reporter: Reporter, task: Task, settings: Settings) -> None:
    """Report patterns that stand for no node."""
    patterns = settings.gradient_checkpointing
    if not isinstance(patterns, tuple) or not patterns:
        return
    from modelc.compiler.graph.weight_paths import check_pattern

    nodes = [node.path for node in task.planned.graph.nodes]
    written = reporter.document.data["train"]["gradient_checkpointing"]
    for index, pattern in enumerate(written):
        if pattern in patterns:
            check_pattern(reporter, pattern, (*AT, index), task.planned, nodes)
