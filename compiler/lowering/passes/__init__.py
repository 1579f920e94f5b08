"""Passes over a task: each is one pure function in one file that keeps the meaning and changes the form."""

from modelc.compiler.binding.task import Task
from modelc.compiler.library.base.plugin_context import using


def run(task: Task) -> Task:
    """`task` ready to be lowered: activations stand alone, losses take logits, nothing is computed in vain."""
    from modelc.compiler.lowering.passes.drop_unused import drop_unused
    from modelc.compiler.lowering.passes.fuse_losses import fuse_losses
    from modelc.compiler.lowering.passes.roll_repeats import roll_repeats
    from modelc.compiler.lowering.passes.split_activations import split_activations

    with using(task.spec.plugins):
        return roll_repeats(drop_unused(fuse_losses(split_activations(task))))
